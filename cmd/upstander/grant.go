package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/app"
	"github.com/upstander/upstander/internal/people"
)

func grantCommand() *cobra.Command {
	var demo bool
	cmd := &cobra.Command{
		Use:   "grant EMAIL ROLE",
		Short: "Give somebody a role: student, facilitator, staff, responder or admin",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := settings()
			if err != nil {
				return err
			}
			p, err := app.Grant(cmd.Context(), cfg, app.Options{Demo: demo}, args[0], people.Role(args[1]))
			if err != nil {
				return fmt.Errorf("grant: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s at %s: %v\n", p.Email, p.Institution, p.Roles)
			return nil
		},
	}
	cmd.Flags().BoolVar(&demo, "demo", false, "in the demo's institutions")
	return cmd
}
