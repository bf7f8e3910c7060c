package people

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/mail"
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
		p.Roles, p.GroupRoles, p.Scope, p.Listed = []Role{}, []Role{}, []string{}, true
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

// Movable says whether a list may change the address that somebody signs in with: only before they have ever signed in, and never that of whoever
// has a role. Whoever keeps the list could else open another person's account with an address of their own.
func (p Person) Movable() bool { return p.Listed && len(p.Roles)+len(p.GroupRoles) == 0 }

// Readdress changes the address of somebody whom a list has made known. fault.Denied when the person is not Movable, fault.Conflict when the address
// is another person's.
func (s *Service) Readdress(ctx context.Context, person, email string) error {
	return s.readdress(ctx, person, email, func(p *Person) error {
		if !p.Movable() {
			return fmt.Errorf("e-mail address of somebody who has signed in: %w", fault.Denied)
		}
		return nil
	})
}

// Move changes the address that somebody signs in with, on an operator's word, and signs them out everywhere.
// fault.Conflict when the new one is another person's, fault.Invalid when it is none of the person's institution.
func (s *Service) Move(ctx context.Context, p Person, email string) error {
	in, err := s.InstitutionOf(strings.ToLower(strings.TrimSpace(email)))
	if err != nil || in.ID != p.Institution {
		return fmt.Errorf("%w: not an address of %s", fault.Invalid, p.Institution)
	}
	if err := s.readdress(ctx, p.ID, email, func(*Person) error { return nil }); err != nil {
		return err
	}
	return s.SignOutEverywhere(ctx, p.ID)
}

// TellMoved writes to the address that somebody had that it opens nothing any more.
func (s *Service) TellMoved(ctx context.Context, sender mail.Sender, p Person) error {
	in, err := s.Institution(p.Institution)
	if err != nil {
		return err
	}
	words := s.cfg.Catalogue.In(p.Language)
	return sender.Send(ctx, mail.Message{
		To: p.Email, Lang: p.Language, Subject: words.T("mail.moved.subject"), Text: words.T("mail.moved.text", "Institution", in.Name.In(p.Language)),
	})
}

// moveTo changes the address and remembers the one before.
func (p *Person) moveTo(email string) {
	p.Former = slices.DeleteFunc(append(p.Former, p.Email), func(f string) bool { return f == email })
	p.Email = email
}

func (s *Service) readdress(ctx context.Context, person, email string, may func(*Person) error) error {
	email, err := CleanEmail(email)
	if err != nil {
		return err
	}
	p, err := s.store.get(ctx, person)
	if err != nil || p.Email == email {
		return err
	}
	_, err = s.store.update(ctx, person, func(p *Person) error { // the index on addresses refuses another person's
		if err := may(p); err != nil {
			return err
		}
		p.moveTo(email)
		return nil
	})
	if err != nil {
		return fmt.Errorf("e-mail address: %w", err)
	}
	return nil
}

// Known returns the id of the person with an e-mail address, or fault.NotFound.
func (s *Service) Known(ctx context.Context, institution, email string) (string, error) {
	p, err := s.store.byEmail(ctx, institution, email)
	return p.ID, err
}
