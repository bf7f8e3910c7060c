// Command upstander serves the platform and looks after its data. `upstander help` lists what it can do.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := &cobra.Command{
		Use:           "upstander",
		Short:         "Consent and active bystander training for universities",
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.AddCommand(serveCommand(), checkCommand(), reviewCommand(), moveCommand(), backupCommand(), restoreCommand(), grantCommand(), personCommand(), sweepCommand(), rosterCommand(), exportCommand(), configCommand(), versionCommand())
	if err := root.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "upstander:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

// settings reads the environment for a command.
func settings() (config.Config, error) { return config.Load(os.LookupEnv) }
