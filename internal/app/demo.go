package app

import (
	"context"
	"fmt"
	"io"

	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
)

// sample is the demo's student who has completed everything, so that there is a certificate to look at.
const sample = "robin.sample"

// seed makes the demo's data; what is there already stays.
func (a *App) seed(ctx context.Context) error {
	in := a.people.Institutions()[0]
	p, err := a.people.Grant(ctx, sample+"@"+in.EmailDomains[0], people.Student)
	if err != nil {
		return err
	}
	for _, m := range a.library.now().Modules() {
		if err := a.requirements.Meet(ctx, p.ID, in.ID, m.ID, m.Edition, "2026-10-05"); err != nil {
			return err
		}
		if _, err := a.certificates.Issue(ctx, p, m.ID, "Robin Sample"); err != nil {
			return err
		}
	}
	return nil
}

// Greet prints where the demo is and how to enter it.
func (a *App) Greet(ctx context.Context, out io.Writer) error {
	in := a.people.Institutions()[0]
	p, err := a.people.Grant(ctx, sample+"@"+in.EmailDomains[0], people.Student)
	if err != nil {
		return err
	}
	held, err := a.certificates.Held(ctx, p.ID)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n  Upstander, demo:  %s\n", a.cfg.URL)
	fmt.Fprintf(out, "  Sign in:          %s/app/sign-in   (one button a role, or any address @%s)\n", a.cfg.URL, in.EmailDomains[0])
	for _, c := range held {
		fmt.Fprintf(out, "  A certificate:    %s\n", a.server.FullLink(in.ID, locale.Source, "/verify/"+c.Grouped()))
	}
	fmt.Fprintf(out, "  Stop:             Ctrl+C\n\n")
	return nil
}
