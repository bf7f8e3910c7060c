package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/app"
	"github.com/upstander/upstander/internal/insights"
)

func exportCommand() *cobra.Command {
	var demo bool
	var format string
	var o app.ExportOrder
	cmd := &cobra.Command{
		Use:   "export FILE|-",
		Short: "Write who has met a requirement to a CSV or XLSX file; the audit log takes it down",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			cfg, err := settings()
			if err != nil {
				return err
			}
			a, err := app.Open(cmd.Context(), cfg, app.Options{Demo: demo})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.Close()) }()
			o.Format = insights.Format(format)
			return exportTo(args[0], cmd.OutOrStdout(), func(w io.Writer) error { return a.Export(cmd.Context(), o, w) })
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Institution, "institution", "", "whose people: the id in institutions.yaml")
	f.StringVar(&o.Look.Requirement, "requirement", "", "id of the requirement")
	f.StringVar(&o.Look.Cycle, "cycle", "", "first day of an earlier period; empty: the one of today")
	f.StringVar(&o.Look.Place, "place", "", "only below this place, such as aldermoor/2026/arts/")
	f.StringVar(&o.Wanted.Status, "status", "", "only open, overdue, met or exempt")
	f.StringVar(&format, "format", string(insights.CSV), "csv or xlsx")
	f.BoolVar(&demo, "demo", false, "from the demo's institutions")
	for _, name := range []string{"institution", "requirement"} {
		_ = cmd.MarkFlagRequired(name) // fails for no flag that is there
	}
	return cmd
}

// exportTo writes to a file, or to out where the path is "-". A file appears whole or not at all, and only its owner can read it.
func exportTo(path string, out io.Writer, write func(io.Writer) error) (err error) {
	if path == "-" {
		w := bufio.NewWriterSize(out, 1<<16)
		return errors.Join(write(w), w.Flush())
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".upstander-export-*") // readable by its owner alone
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<16)
	if err := errors.Join(write(w), w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("put the export in its place: %w", err)
	}
	return nil
}
