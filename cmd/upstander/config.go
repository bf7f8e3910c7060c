package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/config"
)

func configCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "config",
		Short: "List every setting with its value; secrets are not shown",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := settings()
			w := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "VARIABLE\tVALUE\tDEFAULT\tMEANING")
			for _, v := range config.Table(cfg) {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", v.Name, v.Value, v.Default, v.Help)
			}
			if flushed := w.Flush(); flushed != nil {
				return flushed
			}
			return err
		},
	}
}
