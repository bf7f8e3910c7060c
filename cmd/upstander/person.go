package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/app"
)

func personCommand() *cobra.Command {
	var opts app.Options
	cmd := &cobra.Command{Use: "person", Short: "Export or erase what is held on somebody, or change the address they sign in with"}
	cmd.PersistentFlags().BoolVar(&opts.Demo, "demo", false, "in the demo's institutions")
	cmd.AddCommand(exportPersonCommand(&opts), erasePersonCommand(&opts), movePersonCommand(&opts))
	return cmd
}

func exportPersonCommand(opts *app.Options) *cobra.Command {
	var private bool
	cmd := &cobra.Command{
		Use:   "export ID|EMAIL",
		Short: "Print everything that is held on a person, as JSON",
		Long: "Print what is held on a person, as JSON. What staff may never see (answers, the way that was taken, pledges, certificates) is left out unless\n" +
			"--with-private asks for it: then the file is for that person alone, and nobody else may read it. The audit log says which of the two it was.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, *opts, func(a *app.App) error {
				p, err := a.FindPerson(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				file, err := a.ExportPerson(cmd.Context(), p, private)
				if err != nil {
					return err
				}
				out := json.NewEncoder(cmd.OutOrStdout())
				out.SetIndent("", "  ")
				return out.Encode(file)
			})
		},
	}
	cmd.Flags().BoolVar(&private, "with-private", false, "with what only that person may read")
	return cmd
}

func erasePersonCommand(opts *app.Options) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use:   "erase ID|EMAIL --yes",
		Short: "Erase everything that is held on a person, for good",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, *opts, func(a *app.App) error {
				p, err := a.FindPerson(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if !yes {
					return fmt.Errorf("this would erase %s at %s for good; --yes says that you mean it", p.Email, p.Institution)
				}
				ended, err := a.ErasePerson(cmd.Context(), p)
				if err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s is erased\n", p.ID)
				if !ended {
					fmt.Fprintln(cmd.OutOrStdout(), "within two minutes the running server looks again for what was under way")
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&yes, "yes", false, "do it")
	return cmd
}

func movePersonCommand(opts *app.Options) *cobra.Command {
	return &cobra.Command{
		Use:   "address ID|EMAIL NEW",
		Short: "Change the address that somebody signs in with",
		Long: "Change the address that somebody signs in with. A roster changes it only before they have ever signed in, for whoever keeps the roster could else\n" +
			"open other people's accounts: be sure that the new address is theirs. They are signed out everywhere (beside a server\n" +
			"that keeps its sessions in Redis), the address that they had is told, and the audit log keeps that it was done.",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return withApp(cmd, *opts, func(a *app.App) error {
				p, err := a.FindPerson(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if err := a.MovePerson(cmd.Context(), p, args[1]); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s signs in with %s now\n", p.ID, args[1])
				return nil
			})
		},
	}
}

func sweepCommand() *cobra.Command {
	var opts app.Options
	cmd := &cobra.Command{
		Use:   "sweep",
		Short: "Remove what has been kept long enough; a running server does so by itself",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return withApp(cmd, opts, func(a *app.App) error {
				removed, err := a.Sweep(cmd.Context())
				for _, k := range app.Kinds() {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %d removed\n", k, removed[k])
				}
				return err
			})
		},
	}
	cmd.Flags().BoolVar(&opts.Demo, "demo", false, "in the demo's institutions")
	return cmd
}

// withApp opens the program's services, does something with them and closes them again.
func withApp(cmd *cobra.Command, opts app.Options, do func(*app.App) error) (err error) {
	cfg, err := settings()
	if err != nil {
		return err
	}
	opts.Log = cmd.ErrOrStderr()
	a, err := app.Open(cmd.Context(), cfg, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return do(a)
}
