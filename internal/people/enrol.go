package people

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
)

// Enrol makes people known by their e-mail address, for a roster: institution, address, name and language are taken from the list. It returns the id of
// each, in the same order; known are those that had been there before, and nothing of theirs changes.
func (s *Service) Enrol(ctx context.Context, list []Person) (ids []string, known []bool, err error) {
	ids, known = make([]string, len(list)), make([]bool, len(list))
	fresh := make([]Person, len(list))
	for i, p := range list {
		if p.Email, err = CleanEmail(p.Email); err != nil {
			return nil, nil, err
		}
		if p.Language == "" {
			p.Language = locale.Source
		}
		p.ID, p.Since = s.cfg.NewID(), s.cfg.Now()
		p.Roles, p.GroupRoles, p.Scope = []Role{}, []Role{}, []string{}
		fresh[i], ids[i] = p, p.ID
	}
	refused, err := s.store.insertMany(ctx, fresh)
	if err != nil {
		return nil, nil, fmt.Errorf("enrol: %w", err)
	}
	for i, p := range fresh {
		if _, there := slices.BinarySearch(refused, p.ID); !there {
			continue
		}
		had, err := s.store.byEmail(ctx, p.Institution, p.Email)
		if err != nil {
			return nil, nil, fmt.Errorf("enrol: %w", err)
		}
		ids[i], known[i] = had.ID, true
	}
	return ids, known, nil
}

// Readdress changes somebody's e-mail address; fault.Conflict when it is another person's.
func (s *Service) Readdress(ctx context.Context, person, email string) error {
	email, err := CleanEmail(email)
	if err != nil {
		return err
	}
	p, err := s.store.get(ctx, person)
	if err != nil || p.Email == email {
		return err
	}
	if had, err := s.store.byEmail(ctx, p.Institution, email); err == nil && had.ID != person {
		return fmt.Errorf("e-mail address: %w", fault.Conflict)
	} else if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	_, err = s.store.update(ctx, person, func(p *Person) error { p.Email = email; return nil })
	return err
}

// Known returns the id of the person with an e-mail address, or fault.NotFound.
func (s *Service) Known(ctx context.Context, institution, email string) (string, error) {
	p, err := s.store.byEmail(ctx, institution, email)
	return p.ID, err
}
