package reminder

import (
	"context"
	"fmt"

	"github.com/upstander/upstander/internal/people"
)

// Kept is a reminder, for whoever asks for what is held on them.
type Kept struct {
	Requirement string `json:"requirement"`
	Cycle       string `json:"cycle"`
	Due         string `json:"due"`
	Step        int    `json:"days_from_due"`
	Day         string `json:"day"`
	State       string `json:"state"`
	Code        int    `json:"mail_server_said,omitempty"`
}

// ExportPerson returns the reminders of a person.
func (s *Service) ExportPerson(ctx context.Context, p people.Person) (any, error) {
	kept := []Kept{}
	for r, err := range s.store.of(ctx, p.ID) {
		if err != nil {
			return nil, err
		}
		kept = append(kept, Kept{r.Requirement, r.Cycle, r.Due, r.Step, r.Day, r.State, r.Code})
	}
	return kept, nil
}

// ErasePerson deletes the reminders of a person.
func (s *Service) ErasePerson(ctx context.Context, p people.Person) error {
	if err := s.store.deleteOf(ctx, p.ID); err != nil {
		return fmt.Errorf("erase reminders: %w", err)
	}
	return nil
}
