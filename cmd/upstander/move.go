package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/app"
)

func moveCommand() *cobra.Command {
	var from, to string
	cmd := &cobra.Command{
		Use:   "move --from ADDRESS --to ADDRESS",
		Short: "Copy everything from one store to another and verify it",
		Long: "Copy every collection from one store to another, empty one, and compare counts and checksums. An address is mongodb://… or the file of an\n" +
			"embedded store. No server may be running on either. After an interruption run it again: it goes on where it stopped.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := app.Move(cmd.Context(), from, to, newBar(cmd.ErrOrStderr())); err != nil {
				return fmt.Errorf("move: %w", err)
			}
			fmt.Fprintln(cmd.OutOrStdout(), "moved and verified; now name the new store in UPSTANDER_STORE")
			return nil
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "store to read")
	cmd.Flags().StringVar(&to, "to", "", "empty store to fill")
	_ = cmd.MarkFlagRequired("from") // fails only for a flag that does not exist
	_ = cmd.MarkFlagRequired("to")
	return cmd
}
