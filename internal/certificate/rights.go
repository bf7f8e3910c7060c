package certificate

import (
	"context"
	"fmt"

	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
)

// Kept is a certificate, for whoever asks for what is held on them.
type Kept struct {
	Code        string      `json:"code"`
	Requirement string      `json:"requirement"`
	Titles      locale.Text `json:"titles"`
	Edition     string      `json:"edition"`
	Day         string      `json:"day"`
	Name        string      `json:"name"`
}

// ExportPerson returns a person's certificates.
func (s *Service) ExportPerson(ctx context.Context, p people.Person) (any, error) {
	held, err := s.store.byPerson(ctx, p.ID)
	kept := make([]Kept, len(held))
	for i, c := range held {
		kept[i] = Kept{Code: c.Code, Requirement: c.Requirement, Titles: c.Titles, Edition: c.Edition, Day: c.Day, Name: c.Name}
	}
	return kept, err
}

// ErasePerson deletes a person's certificates; a printed one is no longer known then.
func (s *Service) ErasePerson(ctx context.Context, p people.Person) error {
	if _, err := s.store.deleteOf(ctx, p.ID); err != nil {
		return fmt.Errorf("erase certificates: %w", err)
	}
	return nil
}

// Forget deletes certificates of requirements that were met before a day, and returns how many.
func (s *Service) Forget(ctx context.Context, day string) (int, error) {
	return s.store.deleteBefore(ctx, day)
}
