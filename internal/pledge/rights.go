package pledge

import (
	"context"
	"errors"
	"fmt"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// Kept is a signature, for whoever asks for what is held on them.
type Kept struct {
	Kind     Kind   `json:"kind"`
	Version  string `json:"version"`
	Action   string `json:"action"`
	Group    string `json:"group,omitempty"`
	Initials string `json:"initials,omitempty"`
	Role     string `json:"role,omitempty"`
	Month    string `json:"month,omitempty"`
	State    string `json:"state"`
	Shown    string `json:"shown"`
}

// ExportPerson returns every signature under a person's addresses, found by the HMAC that it is kept under.
func (s *Service) ExportPerson(ctx context.Context, person people.Person) (any, error) {
	kept := []Kept{}
	err := s.eachOf(ctx, person, func(p Pledge) error {
		kept = append(kept, Kept{Kind: p.Kind, Version: p.Version, Action: p.Action, Group: p.Group, Initials: p.Initials, Role: p.Role, Month: p.Month, State: p.State, Shown: p.Shown})
		return nil
	})
	return kept, err
}

// ErasePerson withdraws every signature under a person's addresses, those made for a group too: its contact is nobody then. The count follows.
func (s *Service) ErasePerson(ctx context.Context, person people.Person) error {
	defer s.total.forget(person.Institution)
	return s.eachOf(ctx, person, func(p Pledge) error {
		if err := s.store.delete(ctx, p.ID); err != nil && !errors.Is(err, fault.NotFound) {
			return fmt.Errorf("erase pledge: %w", err)
		}
		return nil
	})
}

func (s *Service) eachOf(ctx context.Context, person people.Person, do func(Pledge) error) error {
	for _, id := range s.idsOf(person, Kinds()...) {
		p, err := s.store.get(ctx, id)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err == nil {
			err = do(p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// idsOf lists every id that a signature of a person can have, for some kinds.
func (s *Service) idsOf(person people.Person, kinds ...Kind) []string {
	var ids []string
	for _, email := range person.Addresses() {
		for _, key := range s.cfg.Keys {
			for _, kind := range kinds {
				ids = append(ids, identify(key, person.Institution, kind, email))
			}
		}
	}
	return ids
}
