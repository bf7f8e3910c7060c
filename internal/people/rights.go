package people

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/upstander/upstander/internal/fault"
)

// Kept is what this package holds on a person, for whoever asks for it.
type Kept struct {
	ID          string   `json:"id"`
	Institution string   `json:"institution"`
	Email       string   `json:"email"`
	Former      []string `json:"former_emails,omitempty"`
	Name        string   `json:"name,omitempty"`
	Language    string   `json:"language"`
	Roles       []Role   `json:"roles"`
	Since       string   `json:"since"`
	SignedIn    int      `json:"signed_in_devices"`

	GroupRoles []Role   `json:"roles_by_group,omitempty"`
	Scope      []string `json:"scope,omitempty"`
	Identities []string `json:"identities,omitempty"` // by which the university's own sign-in knows the person
	Passkeys   []string `json:"passkeys,omitempty"`   // each by its name, and when it was made
	Recovery   int      `json:"recovery_codes,omitempty"`
}

// ExportPerson returns what is held on a person here.
func (s *Service) ExportPerson(ctx context.Context, p Person) (any, error) {
	n, err := s.Devices(ctx, p.ID)
	if err != nil && !errors.Is(err, fault.Unavailable) { // sessions may be away; the rest is held all the same
		return nil, err
	}
	kept, err := s.waysOf(ctx, p)
	if err != nil {
		return nil, err
	}
	kept.ID, kept.Institution, kept.Email, kept.Former, kept.Name, kept.Language, kept.Roles = p.ID, p.Institution, p.Email, p.Former, p.Name, p.Language, p.Roles
	kept.Since, kept.SignedIn = p.Since.Format(time.RFC3339), n
	return kept, nil
}

// waysOf is what is held on how a person signs in, and on what they may do besides.
func (s *Service) waysOf(ctx context.Context, p Person) (Kept, error) {
	kept := Kept{GroupRoles: p.GroupRoles, Scope: p.Scope}
	identities, err := s.store.identitiesOf(ctx, p.ID)
	if err != nil {
		return kept, err
	}
	for _, i := range identities {
		kept.Identities = append(kept.Identities, i.Issuer+" "+i.ID)
	}
	keys, err := s.store.passkeysOf(ctx, p.ID)
	if err != nil {
		return kept, err
	}
	for _, k := range keys {
		kept.Passkeys = append(kept.Passkeys, k.ID+" "+k.Since.Format(time.RFC3339))
	}
	kept.Recovery, err = s.RecoveryLeft(ctx, p.ID)
	return kept, err
}

// ErasePerson signs a person out everywhere and forgets who that was. Erasing nobody is no error. Sessions that cannot be reached now lead to nobody
// and run out by themselves.
func (s *Service) ErasePerson(ctx context.Context, p Person) error {
	if err := s.store.forgetWays(ctx, p.ID); err != nil {
		return fmt.Errorf("erase person: %w", err)
	}
	if err := s.store.delete(ctx, p.ID); err != nil && !errors.Is(err, fault.NotFound) {
		return fmt.Errorf("erase person: %w", err)
	}
	if err := s.SignOutEverywhere(ctx, p.ID); err != nil && !errors.Is(err, fault.Unavailable) {
		return fmt.Errorf("erase person: %w", err)
	}
	return nil
}

// ByEmail returns the person of an institution who has this address, or fault.NotFound.
func (s *Service) ByEmail(ctx context.Context, institution, email string) (Person, error) {
	email, err := CleanEmail(email)
	if err != nil {
		return Person{}, fmt.Errorf("person by address: %w", fault.NotFound)
	}
	return s.store.byEmail(ctx, institution, email)
}
