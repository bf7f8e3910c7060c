package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/campaign"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/pledge"
)

func reviewCommand() *cobra.Command {
	var lang string
	var pass []string
	c := &cobra.Command{
		Use:   "review folder",
		Short: "List the translated strings that await a native reader, or pass them",
		Long: `List the translated strings that await a native reader, each with what it translates. The folder holds training modules, message
catalogues, the directory of support or the pledge's wording.

--pass records that a native reader has passed every string whose id begins so: --pass consent/asking for a section, --pass interface/gate.title for a
message. A string waits again as soon as it, or what it translates, changes.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			reviews, err := reviewsOf(args[0])
			if err != nil {
				return err
			}
			for _, prefix := range pass {
				if err := passStrings(cmd.OutOrStdout(), args[0], reviews, lang, prefix); err != nil {
					return err
				}
			}
			for _, r := range reviews {
				if lang != "" && r.Lang != lang {
					continue
				}
				if len(pass) == 0 {
					printPending(cmd.OutOrStdout(), r)
				}
				fmt.Fprintln(cmd.OutOrStdout(), r)
			}
			return nil
		},
	}
	c.Flags().StringVar(&lang, "language", "", "only this language")
	c.Flags().StringArrayVar(&pass, "pass", nil, "pass every string whose id begins so; may be given several times")
	return c
}

// reviewsOf reads a folder of modules, of catalogues, of the directory or of the pledge's wording.
func reviewsOf(folder string) ([]locale.Review, error) {
	fsys := os.DirFS(folder)
	holds := func(file string) bool { _, err := fs.Stat(fsys, file); return err == nil }
	switch {
	case holds("support.yaml"):
		return campaign.ReviewsIn(fsys)
	case holds("pledge.yaml"):
		return pledge.ReviewsIn(fsys)
	case holds(locale.Source + ".yaml"):
		words, err := locale.LoadFrom(fsys)
		if err != nil {
			return nil, err
		}
		return words.Reviews(), nil
	}
	lib, err := content.Load(fsys)
	if err != nil {
		return nil, err
	}
	return lib.Reviews(), nil
}

// passStrings lets what begins with a prefix pass, and writes it down.
func passStrings(out io.Writer, folder string, reviews []locale.Review, lang, prefix string) error {
	of, id, _ := strings.Cut(prefix, "/")
	known := false
	for _, r := range reviews {
		if r.Of != of || lang != "" && r.Lang != lang {
			continue
		}
		known = true
		n := r.Pass(id)
		fmt.Fprintf(out, "%s, %s: %d passed\n", prefix, r.Lang, n)
		if n == 0 {
			continue
		}
		file := filepath.Join(folder, filepath.FromSlash(r.File))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil { //nolint:gosec // sources, for everybody to read
			return err
		}
		if err := os.WriteFile(file, r.Bytes(), 0o644); err != nil { //nolint:gosec // as above
			return err
		}
	}
	if !known {
		return errors.New(prefix + ": an id begins with a module's id, glossary, interface, support or pledge, and a stroke")
	}
	return nil
}

func printPending(out io.Writer, r locale.Review) {
	for _, s := range r.Pending() {
		fmt.Fprintf(out, "%s/%s\n  %s: %s\n  %s: %s\n\n", r.Of, s.ID, locale.Source, s.Source, r.Lang, s.Text)
	}
}
