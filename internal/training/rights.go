package training

import (
	"context"
	"fmt"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/people"
)

// Kept is a journey, for the learner who asks for what is held on them. Nobody else is ever shown one.
type Kept struct {
	Module       string                         `json:"module"`
	Edition      string                         `json:"edition"`
	Route        string                         `json:"route,omitempty"`
	Place        string                         `json:"place,omitempty"`
	Read         []string                       `json:"read"`
	Answers      map[string]content.Answer      `json:"answers"`
	Walks        map[string][]string            `json:"stories_under_way"`
	Explored     map[string]map[string][]string `json:"stories_ended"`
	Practice     []Practice                     `json:"practice"`
	Rounds       int                            `json:"rounds_of_practice"`
	Acknowledged map[string][]string            `json:"content_notes_gone_past"`
	Skipped      []string                       `json:"left_for_the_end"`
	Seed         string                         `json:"drawn_by"`
	Month        string                         `json:"month_of_last_activity"`
	Completed    string                         `json:"completed,omitempty"`
}

// ExportPerson returns a learner's journeys.
func (s *Service) ExportPerson(ctx context.Context, p people.Person) (any, error) {
	all, err := s.store.byPerson(ctx, p.ID)
	kept := make([]Kept, len(all))
	for i, j := range all {
		kept[i] = Kept{
			Module: j.Module, Edition: j.Edition, Route: j.Route, Place: j.Place, Read: j.Read, Answers: j.Answers, Walks: j.Walks, Explored: j.Explored,
			Practice: j.Practice, Rounds: j.Rounds, Acknowledged: j.Acknowledged, Skipped: j.Skipped, Seed: j.Seed, Month: j.Month, Completed: j.Completed,
		}
	}
	return kept, err
}

// ErasePerson deletes a learner's journeys.
func (s *Service) ErasePerson(ctx context.Context, p people.Person) error {
	if _, err := s.store.deleteOf(ctx, p.ID); err != nil {
		return fmt.Errorf("erase journeys: %w", err)
	}
	return nil
}

// Forget deletes journeys that were begun, not completed, and left alone since before a month (2006-01), and returns how many.
func (s *Service) Forget(ctx context.Context, month string) (int, error) {
	return s.store.deleteIdle(ctx, month)
}
