package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
)

// Grant gives somebody a role, beside a running server or without one.
func Grant(ctx context.Context, cfg config.Config, opts Options, email string, role people.Role) (_ people.Person, err error) {
	if !slices.Contains(people.Roles(), role) {
		return people.Person{}, fmt.Errorf("there is no role %q; there are %v", role, people.Roles())
	}
	a, err := newCommand(ctx, cfg, opts)
	if err != nil {
		return people.Person{}, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	p, err := a.people.Grant(ctx, email, role)
	if errors.Is(err, fault.NotFound) {
		return p, fmt.Errorf("%s ends in the e-mail domain of no institution", email)
	}
	return p, err
}

// newCommand wires a program that changes something beside a running server, or without one. Close it after use.
func newCommand(ctx context.Context, cfg config.Config, opts Options) (_ *App, err error) {
	a := &App{cfg: cfg, opts: opts, log: newLog(cfg, opts), stop: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.catalogue, err = locale.Load(); err != nil {
		return nil, err
	}
	if a.library, err = newLibrary(cfg, opts, a.log); err != nil {
		return nil, err
	}
	institutions, err := readInstitutions(cfg, opts, a.catalogue, a.library.now())
	if err != nil {
		return nil, err
	}
	if err := a.openStore(ctx); err != nil {
		return nil, err
	}
	if a.redis, err = ephemeral.Open(""); err != nil {
		return nil, err
	}
	return a, a.services(ctx, institutions, nil)
}
