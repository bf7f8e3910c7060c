package workshop

import (
	"context"
	"fmt"

	"github.com/upstander/upstander/internal/people"
)

// Kept is an attendance, for whoever asks for what is held on them. What phones send is held under no person.
type Kept struct {
	Module  string `json:"module"`
	Edition string `json:"edition"`
	Day     string `json:"day"`
}

// ExportPerson returns a person's attendances.
func (s *Service) ExportPerson(ctx context.Context, p people.Person) (any, error) {
	kept := []Kept{}
	err := s.store.eachAttendanceOf(ctx, p.ID, func(a Attended) {
		kept = append(kept, Kept{Module: a.Module, Edition: a.Edition, Day: a.Day})
	})
	return kept, err
}

// nobody stands in a room in the place of a facilitator who has been erased.
const nobody = "none"

// ErasePerson deletes a person's attendances and takes them out of the rooms that they led. What a room came to stays: it names nobody.
func (s *Service) ErasePerson(ctx context.Context, p people.Person) error {
	if err := s.store.erasePerson(ctx, p.ID); err != nil {
		return fmt.Errorf("erase attendance: %w", err)
	}
	return nil
}
