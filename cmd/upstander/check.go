package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/app"
	"github.com/upstander/upstander/internal/campaign"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
)

func checkCommand() *cobra.Command {
	var complete bool
	c := &cobra.Command{
		Use:   "check [folder]",
		Short: "Check the training modules and name every problem",
		Long: `Check the training modules of a folder, of UPSTANDER_MODULES, or those inside the program, and print every problem as file:line:column: what is wrong,
and what should have been reviewed by now, in the directory of support too.

--complete also refuses a module, or anything else that the program says, that lacks a word in any language of the interface.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			fsys, err := modulesOf(args)
			if err != nil {
				return err
			}
			lib, problems, err := checked(fsys, time.Now())
			if err != nil {
				return err
			}
			words, err := locale.Load()
			if err != nil {
				return err
			}
			reviews, err := app.Reviews(lib, words)
			if err != nil {
				return err
			}
			if complete {
				problems = append(problems, lacking(lib, words, reviews)...)
			}
			for _, p := range problems {
				fmt.Fprintln(cmd.OutOrStdout(), p)
			}
			if len(problems) > 0 {
				return fmt.Errorf("%d problems", len(problems))
			}
			for _, m := range lib.Modules() {
				fmt.Fprintf(cmd.OutOrStdout(), "%s %s: %s\n%s: %s\n", m.ID, m.Edition, m.Contents(), m.ID, m.Times())
			}
			for _, r := range reviews {
				fmt.Fprintln(cmd.OutOrStdout(), r)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&complete, "complete", false, "also refuse what lacks a word in any language")
	return c
}

// checked reads the modules with everything that is wrong or overdue.
func checked(fsys fs.FS, today time.Time) (lib *content.Library, problems []string, err error) {
	var wrong content.Problems
	if lib, err = content.Load(fsys); err != nil && !errors.As(err, &wrong) {
		return nil, nil, err
	}
	due, err := campaign.Overdue(today)
	hasty := content.Problems{}
	if wrong == nil { // what cannot be read is no basis for an estimate
		hasty = lib.Hasty()
	}
	for _, p := range slices.Concat(wrong, hasty, lib.Overdue(today), due) {
		problems = append(problems, p.String())
	}
	return lib, problems, err
}

// lacking lists what is not translated whole into every language of the interface.
func lacking(lib *content.Library, words *locale.Catalogue, reviews []locale.Review) (problems []string) {
	wanted := []string{}
	for _, m := range lib.Modules() {
		wanted = append(wanted, m.ID)
	}
	if len(lib.Terms(locale.Source)) > 0 {
		wanted = append(wanted, "glossary")
	}
	for _, lang := range words.Languages()[1:] { // the first is the source
		for _, what := range wanted {
			if !slices.ContainsFunc(reviews, func(r locale.Review) bool { return r.Of == what && r.Lang == lang }) {
				problems = append(problems, fmt.Sprintf("%s: nothing is translated into %s", what, lang))
			}
		}
	}
	for _, r := range reviews {
		if len(r.Missing) > 0 {
			problems = append(problems, fmt.Sprintf("%s: not translated into %s: %s", r.Of, r.Lang, strings.Join(r.Missing, ", ")))
		}
	}
	return problems
}

func modulesOf(args []string) (fs.FS, error) {
	if len(args) == 1 {
		return os.DirFS(args[0]), nil
	}
	cfg, err := settings()
	return app.ModuleFiles(cfg, app.Options{}), err
}
