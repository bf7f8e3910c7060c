package main

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/spf13/cobra"

	"github.com/upstander/upstander/internal/app"
	"github.com/upstander/upstander/internal/config"
)

func serveCommand() *cobra.Command {
	var opts app.Options
	var anywhere bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the site until SIGTERM",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := settings()
			if err != nil {
				return err
			}
			if opts.Demo && !anywhere && !loopback(cfg.Addr) {
				return fmt.Errorf("the demo lets anybody in, so it listens on loopback only, not on %s; --anywhere says that you mean it", cfg.Addr)
			}
			opts.Log = cmd.ErrOrStderr()
			return serve(cmd, cfg, opts)
		},
	}
	cmd.Flags().BoolVar(&opts.Demo, "demo", false, "demo institutions and data, and sign-in by one button a role")
	cmd.Flags().BoolVar(&anywhere, "anywhere", false, "let the demo listen on an address that is not loopback")
	cmd.Flags().StringVar(&opts.Source, "source", "", "folder of the sources: views, assets and modules are read from it again as they change")
	return cmd
}

func serve(cmd *cobra.Command, cfg config.Config, opts app.Options) (err error) {
	for _, v := range config.Table(cfg) {
		if v.Value != v.Default {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s=%s\n", v.Name, v.Value)
		}
	}
	ln, err := net.Listen("tcp", cfg.Addr)
	if err != nil {
		return err
	}
	a, err := app.New(cmd.Context(), cfg, opts)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if opts.Demo {
		if err := a.Greet(cmd.Context(), cmd.OutOrStdout()); err != nil {
			return err
		}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "listening on %s\n", ln.Addr())
	return a.Serve(cmd.Context(), ln)
}

func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
