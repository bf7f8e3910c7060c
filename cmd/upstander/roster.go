package main

import (
	"errors"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/app"
)

func rosterCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "roster", Short: "Look after who is on an institution's roster", Args: cobra.NoArgs}
	cmd.AddCommand(rosterImportCommand())
	return cmd
}

func rosterImportCommand() *cobra.Command {
	var institution, problems string
	var dry, complete, demo bool
	cmd := &cobra.Command{
		Use:   "import FILE --institution ID",
		Short: "Bring a CSV or XLSX file onto a roster",
		Long: "Bring a CSV or XLSX file onto an institution's roster, beside a running server or without one. Rows that are wrong are left out and listed with\n" +
			"their row and column; the others are taken. The same file again changes nothing.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := settings()
			if err != nil {
				return err
			}
			how := app.RosterImport{File: args[0], Institution: institution, DryRun: dry, Complete: complete}
			run := func(out io.Writer) error {
				return app.ImportRoster(cmd.Context(), cfg, app.Options{Demo: demo}, how, newBar(cmd.ErrOrStderr()), out)
			}
			if problems == "" {
				err = run(cmd.OutOrStdout())
			} else {
				err = withProblems(problems, cmd.OutOrStdout(), &how, run)
			}
			if err != nil {
				return fmt.Errorf("roster import: %w", err)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&institution, "institution", "", "id of the institution")
	cmd.Flags().BoolVar(&dry, "dry-run", false, "say what would happen and write nothing")
	cmd.Flags().BoolVar(&complete, "complete", false, "the file is complete: close everybody who is not in it")
	cmd.Flags().StringVar(&problems, "problems", "", "write every problem with the file to this CSV file")
	cmd.Flags().BoolVar(&demo, "demo", false, "in the demo's institutions")
	_ = cmd.MarkFlagRequired("institution") // fails only for a flag that does not exist
	return cmd
}

// withProblems runs an import and writes its problems to a file, also where they are why nothing was taken.
func withProblems(path string, out io.Writer, how *app.RosterImport, run func(out io.Writer) error) error {
	var refused error
	err := exportTo(path, out, func(w io.Writer) error {
		how.Problems = w
		err := run(out)
		if errors.Is(err, app.ErrNotTaken) {
			refused, err = err, nil
		}
		return err
	})
	return errors.Join(err, refused)
}
