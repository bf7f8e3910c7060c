package people

import (
	"context"
	"errors"
	"fmt"

	"github.com/upstander/upstander/internal/fault"
)

// Kept is what this package holds on a person, for whoever asks for it.
type Kept struct {
	ID          string `json:"id"`
	Institution string `json:"institution"`
	Email       string `json:"email"`
	Name        string `json:"name,omitempty"`
	Language    string `json:"language"`
	Roles       []Role `json:"roles"`
	Since       string `json:"since"`
	SignedIn    int    `json:"signed_in_devices"`
}

// ExportPerson returns what is held on a person here.
func (s *Service) ExportPerson(ctx context.Context, p Person) (any, error) {
	n, err := s.Devices(ctx, p.ID)
	if err != nil && !errors.Is(err, fault.Unavailable) { // sessions may be away; the rest is held all the same
		return nil, err
	}
	return Kept{
		ID: p.ID, Institution: p.Institution, Email: p.Email, Name: p.Name, Language: p.Language, Roles: p.Roles, Since: p.Since.Format("2006-01-02T15:04:05Z07:00"), SignedIn: n,
	}, nil
}

// ErasePerson signs a person out everywhere and forgets who that was. Erasing nobody is no error. Sessions that cannot be reached now lead to nobody
// and run out by themselves.
func (s *Service) ErasePerson(ctx context.Context, p Person) error {
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
