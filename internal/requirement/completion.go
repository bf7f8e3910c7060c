package requirement

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/upstander/upstander/internal/fault"
)

// Completion says that a person has completed a module on a day.
type Completion struct {
	ID           string    `bson:"_id"` // person:module:once; person:module:day when it was completed again for a later cycle
	Person       string    `bson:"person"`
	Institution  string    `bson:"institution"`
	Module       string    `bson:"module"`  // or module/template of a workshop that was attended
	Cycle        string    `bson:"cycle"`   // the last part of the id
	Day          string    `bson:"day"`     // civil date, 2006-01-02
	Edition      string    `bson:"edition"` // of the module, for the certificate
	Pending      string    `bson:"pending"`
	ClaimedUntil time.Time `bson:"claimed_until"`
}

// completed returns the first completion of a module that counts from a day.
func completed(done []Completion, module, from string) (first Completion, found bool) {
	for _, c := range done {
		if c.Module == module && c.Day >= from && (!found || c.Day < first.Day) {
			first, found = c, true
		}
	}
	return first, found
}

// Meet records that a person has completed a module, or attended a workshop, on a day. The first day stands, unless a requirement asks for the module again since.
func (s *Service) Meet(ctx context.Context, person, institution, module, edition, day string) error {
	done, err := s.store.completions(ctx, person)
	if err != nil {
		return err
	}
	c := Completion{Person: person, Institution: institution, Module: module, Cycle: Once, Day: day, Edition: edition, Pending: PendingStandings}
	if last, ok := latest(done, module); ok {
		again, err := s.Again(ctx, person, institution, module, last.Day)
		if err != nil {
			return err
		}
		if !again || day <= last.Day {
			return s.followCompletion(ctx, last)
		}
		c.Cycle = day
	}
	c.ID = standingID(person, module, c.Cycle)
	if err := s.store.insertCompletion(ctx, c); err != nil && !errors.Is(err, fault.Conflict) {
		return err
	}
	return s.followCompletion(ctx, c)
}

// Credit takes completions over from elsewhere, many at once. Those that are there already stay as they are.
func (s *Service) Credit(ctx context.Context, list []Completion) error {
	for i, c := range list {
		c.Cycle, c.Pending = Once, PendingStandings
		c.ID = standingID(c.Person, c.Module, c.Cycle)
		if _, err := s.store.member(ctx, c.Person); errors.Is(err, fault.NotFound) { // nobody's standing follows from it yet
			c.Pending = PendingNothing
		} else if err != nil {
			return err
		}
		list[i] = c
	}
	return s.store.insertCompletions(ctx, list)
}

func latest(done []Completion, module string) (last Completion, found bool) {
	for _, c := range done {
		if c.Module == module && (!found || c.Day > last.Day) {
			last, found = c, true
		}
	}
	return last, found
}

// Completed returns a person's latest completion of a module, or fault.NotFound.
func (s *Service) Completed(ctx context.Context, person, module string) (Completion, error) {
	done, err := s.store.completions(ctx, person)
	if err != nil {
		return Completion{}, err
	}
	last, ok := latest(done, module)
	if !ok {
		return Completion{}, fmt.Errorf("completion: %w", fault.NotFound)
	}
	return last, nil
}
