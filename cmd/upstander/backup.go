package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/app"
	"github.com/upstander/upstander/internal/store/sqlite"
)

func backupCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "backup FILE",
		Short: "Write a consistent copy of the embedded store, also while it runs",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := embedded()
			if err != nil {
				return err
			}
			if err := sqlite.Backup(cmd.Context(), path, args[0]); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s written and checked\n", args[0])
			return nil
		},
	}
}

func restoreCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "restore FILE",
		Short: "Check a backup and put it where the embedded store would lie",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := embedded()
			if err != nil {
				return err
			}
			if err := sqlite.Restore(cmd.Context(), args[0], path); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s restored to %s\n", args[0], path)
			return nil
		},
	}
}

// embedded returns the path of the embedded store; MongoDB has tools of its own.
func embedded() (string, error) {
	cfg, err := settings()
	if err != nil {
		return "", err
	}
	if cfg.Store != "" {
		return "", errors.New("UPSTANDER_STORE names a MongoDB: back it up with mongodump")
	}
	return app.StorePath(cfg), nil
}
