package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/app"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
)

func checkCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "check [folder]",
		Short: "Check the training modules and name every problem",
		Long:  "Check the training modules of a folder, of UPSTANDER_MODULES, or those inside the program, and print every problem as file:line:column.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			fsys, err := modulesOf(args)
			if err != nil {
				return err
			}
			lib, err := content.Load(fsys)
			var problems content.Problems
			if err != nil && !errors.As(err, &problems) {
				return err
			}
			if err == nil {
				problems = lib.Overdue(time.Now())
			}
			for _, p := range problems {
				fmt.Fprintln(cmd.OutOrStdout(), p)
			}
			if len(problems) > 0 {
				return fmt.Errorf("%d problems", len(problems))
			}
			for _, m := range lib.Modules() {
				fmt.Fprintf(cmd.OutOrStdout(), "%s %s: %s\n", m.ID, m.Edition, m.Contents())
			}
			words, err := locale.Load()
			if err != nil {
				return err
			}
			for _, r := range append(lib.Reviews(), words.Reviews()...) {
				fmt.Fprintln(cmd.OutOrStdout(), r)
			}
			return nil
		},
	}
}

func modulesOf(args []string) (fs.FS, error) {
	if len(args) == 1 {
		return os.DirFS(args[0]), nil
	}
	cfg, err := settings()
	return app.ModuleFiles(cfg, app.Options{}), err
}
