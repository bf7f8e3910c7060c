package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/pledge"
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
	return a.seedWall(ctx, in)
}

// eventDay is the day of something that the demo's universities announce.
var eventDay = regexp.MustCompile(`(?m)^        day: (\d{4}-\d\d-\d\d)$`)

// announced moves what the demo announces by whole weeks, so that the first of it is two or three weeks ahead whenever somebody looks.
func announced(src []byte, now time.Time) []byte {
	days := eventDay.FindAllSubmatch(src, -1)
	first := slices.MinFunc(days, func(a, b [][]byte) int { return bytes.Compare(a[1], b[1]) })
	from, err := time.Parse(time.DateOnly, string(first[1]))
	if err != nil {
		return src // people says what is wrong with it
	}
	weeks := int(math.Floor(now.Sub(from).Hours()/(7*24))) + 3
	return eventDay.ReplaceAllFunc(src, func(line []byte) []byte {
		day, err := time.Parse(time.DateOnly, string(line[len(line)-len(time.DateOnly):]))
		if err != nil {
			return line
		}
		return day.AddDate(0, 0, 7*weeks).AppendFormat(line[:len(line)-len(time.DateOnly):len(line)-len(time.DateOnly)], time.DateOnly)
	})
}

// wall lists who has pledged in the demo: made-up initials, and what each is.
func wall() []string {
	return []string{
		"AB student", "C. student", "DW student", "E.L. staff", "FK student", "GM student", "H friend", "IO student", "J.J. student", "KA staff",
		"LT student", "M student", "NR student", "O.P. student", "PS staff", "Q student", "RE student", "S.Y. friend", "TH student", "UV student",
		"W student", "XZ student", "Y.D. staff",
	}
}

func (a *App) seedWall(ctx context.Context, in people.Institution) error {
	actions := a.pledges.Actions()
	for i, entry := range wall() {
		initials, role, _ := strings.Cut(entry, " ")
		who := people.Person{Institution: in.ID, Email: fmt.Sprintf("pledge-%d@%s", i+1, in.EmailDomains[0])}
		if err := a.pledges.SignAs(ctx, who, pledge.Draft{Action: actions[i%len(actions)], Wall: true, Initials: initials, Role: role}); err != nil {
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
