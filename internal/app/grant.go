package app

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// Grant gives somebody a role, beside a running server or without one. The audit log takes it down first.
func Grant(ctx context.Context, cfg config.Config, opts Options, email string, role people.Role) (_ people.Person, err error) {
	if !slices.Contains(people.Roles(), role) {
		return people.Person{}, fmt.Errorf("there is no role %q; there are %v", role, people.Roles())
	}
	a, err := Open(ctx, cfg, opts)
	if err != nil {
		return people.Person{}, err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	p, err := a.people.GrantBy(ctx, audit.Operator, email, role)
	if errors.Is(err, fault.NotFound) {
		return p, fmt.Errorf("%s ends in the e-mail domain of no institution", email)
	}
	return p, err
}
