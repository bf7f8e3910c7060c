package requirement

import (
	"context"
	"errors"

	"github.com/upstander/upstander/internal/fault"
)

// Held is everything that is held on a person here. Completions are the person's own: a module may have been completed without anybody asking for it.
type Held struct {
	Roster      *Member      `json:"roster"`
	Completions []Completion `json:"completions,omitempty"`
	Exceptions  []Exception  `json:"exceptions"`
	Standings   []Standing   `json:"standings"`
}

// ExportPerson returns everything that is held on a person here, for whoever asks to see it.
func (s *Service) ExportPerson(ctx context.Context, person string) (Held, error) {
	var all Held
	m, err := s.store.member(ctx, person)
	if err == nil {
		all.Roster = &m
	} else if !errors.Is(err, fault.NotFound) {
		return Held{}, err
	}
	if all.Completions, err = s.store.completions(ctx, person); err != nil {
		return Held{}, err
	}
	if all.Exceptions, err = s.store.exceptionsOf(ctx, person); err != nil {
		return Held{}, err
	}
	all.Standings, err = s.store.standingsOf(ctx, person)
	return all, err
}

// ErasePerson forgets a person and counts again where they stood. Done again it changes nothing.
func (s *Service) ErasePerson(ctx context.Context, person string) error {
	standings, err := s.store.standingsOf(ctx, person)
	if err != nil {
		return err
	}
	if err := s.store.erase(ctx, person); err != nil {
		return err
	}
	for _, st := range standings {
		if err := s.store.removeStanding(ctx, st); err != nil && !errors.Is(err, errStale) {
			return err
		}
		if err := s.recount(ctx, Requirement{ID: st.Requirement, Institution: st.Institution}, st.Cycle, st.Place); err != nil {
			return err
		}
	}
	return nil
}
