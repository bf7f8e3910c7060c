package app

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/records"
	"github.com/upstander/upstander/internal/store"
)

// Open wires the services for a command: beside a running server or without one, with no server and no mail of its own. Close it after use.
func Open(ctx context.Context, cfg config.Config, opts Options) (_ *App, err error) {
	a := &App{cfg: cfg, opts: opts, log: newLog(cfg, opts), stop: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if opts.Demo {
		if err := a.secret(); err != nil {
			return nil, err
		}
	}
	_, err = a.open(ctx, nil)
	return a, err
}

// errNoSecret says that a person's pledges could not be found.
var errNoSecret = errors.New("UPSTANDER_SECRET is not set: without it nobody's pledges are found")

// FindPerson returns the person with an id or an e-mail address.
func (a *App) FindPerson(ctx context.Context, idOrEmail string) (people.Person, error) {
	p, err := a.people.Person(ctx, idOrEmail)
	if errors.Is(err, fault.NotFound) && strings.Contains(idOrEmail, "@") {
		var in *people.Institution
		if in, err = a.people.InstitutionOf(strings.ToLower(strings.TrimSpace(idOrEmail))); err == nil {
			p, err = a.people.ByEmail(ctx, in.ID, idOrEmail)
		}
	}
	if errors.Is(err, fault.NotFound) {
		err = errors.New("nobody has this id or e-mail address")
	}
	return p, err
}

// ExportPerson returns all that is held on a person; private adds what staff may never see, for that person alone.
func (a *App) ExportPerson(ctx context.Context, p people.Person, private bool) (records.File, error) {
	if a.cfg.Secret == "" {
		return records.File{}, errNoSecret
	}
	return a.records.ExportFor(ctx, audit.Operator, p, private)
}

// ErasePerson erases all that is held on a person. Beside a running server, that server makes the second pass; ended says whether it is over.
func (a *App) ErasePerson(ctx context.Context, p people.Person) (ended bool, err error) {
	if a.cfg.Secret == "" {
		return false, errNoSecret
	}
	err = a.records.Erase(ctx, audit.Operator, p)
	switch {
	case errors.Is(err, records.ErrLastAdmin):
		return false, fmt.Errorf("%s is the last admin of %s: make somebody else one first (upstander grant EMAIL admin), then take the role away on the page Roles", p.ID, p.Institution)
	case errors.Is(err, records.ErrAdmin):
		return false, fmt.Errorf("%s is an admin: take the role away first, on the page Roles", p.ID)
	case err != nil:
		return false, err
	}
	serving, err := store.HeldLeases(ctx, a.engine, store.ServingPrefix)
	if err != nil || len(serving) > 1 { // one is this command's own
		return false, err
	}
	return true, a.records.Settle(ctx, p.ID)
}

// MovePerson changes the address that somebody signs in with, and tells the one that they had.
func (a *App) MovePerson(ctx context.Context, p people.Person, email string) error {
	err := a.audit.Record(ctx, audit.Entry{Institution: p.Institution, Actor: audit.Operator, Verb: audit.AddressChange, Subject: p.ID})
	if err != nil {
		return err
	}
	err = a.people.Move(ctx, p, email)
	switch {
	case errors.Is(err, fault.Conflict):
		return errors.New("somebody else has this address")
	case errors.Is(err, fault.Invalid):
		return fmt.Errorf("this is not an address of %s", p.Institution)
	case err != nil || a.cfg.SMTP == "":
		return err
	}
	sender, err := mail.NewSMTP(a.cfg.SMTP, a.cfg.MailFrom)
	if err != nil {
		return err
	}
	return a.people.TellMoved(ctx, sender, p)
}

// Sweep removes what has been kept long enough.
func (a *App) Sweep(ctx context.Context) (map[records.Kind]int, error) {
	if _, err := a.records.SweepErasures(ctx); err != nil {
		return nil, err
	}
	return a.records.Sweep(ctx)
}

// Kinds lists the kinds of data that a sweep looks at.
func Kinds() []records.Kind {
	var all []records.Kind
	for _, k := range records.Retention() {
		all = append(all, k.Kind)
	}
	return all
}
