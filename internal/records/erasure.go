package records

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// Erasure is the mark of one that has begun and not ended. It is all that still says who the person was, and goes last.
type Erasure struct {
	ID           string        `bson:"_id"` // of the person
	Person       people.Person `bson:"person"`
	Pass         int           `bson:"pass"` // 1, then 2
	Done         []string      `bson:"done"` // shares erased in this pass
	ClaimedUntil time.Time     `bson:"claimed_until"`
}

const (
	// claimFor is how long one program may work on an erasure before another takes it over.
	claimFor = time.Minute
	// settleFor is how long after the first pass the second begins: no request lasts that long, so nothing is written about the person afterwards.
	settleFor = time.Minute
)

// Erase removes what is held on a person. It returns after the first pass, when all that was there is gone; what a request under way may have added
// goes with the second pass. ErrAdmin or ErrLastAdmin for an admin: the role is taken away first, so that an institution cannot lose its last one this way.
func (s *Service) Erase(ctx context.Context, actor string, p people.Person) error {
	if err := s.mayErase(ctx, p); err != nil {
		return fmt.Errorf("erase: %w", err)
	}
	if err := s.cfg.Audit.Record(ctx, audit.Entry{Institution: p.Institution, Actor: actor, Verb: audit.PersonErase, Subject: p.ID}); err != nil {
		return err
	}
	err := s.store.insert(ctx, Erasure{ID: p.ID, Person: p, Pass: 1, Done: []string{}, ClaimedUntil: s.cfg.Now()})
	if err != nil && !errors.Is(err, fault.Conflict) { // begun before: go on with it
		return fmt.Errorf("erase: %w", err)
	}
	return s.goOn(ctx, p.ID)
}

// Why a person is not erased; both come with fault.Conflict. The second asks for one step more: there must be another admin before the role can be taken away.
var (
	ErrAdmin     = errors.New("this is an admin")
	ErrLastAdmin = errors.New("this is the last admin")
)

func (s *Service) mayErase(ctx context.Context, p people.Person) error {
	if !p.Is(people.Admin) {
		return nil
	}
	last, err := s.cfg.People.IsLastAdmin(ctx, p)
	switch {
	case err != nil:
		return err
	case last:
		return fmt.Errorf("%w: %w", fault.Conflict, ErrLastAdmin)
	}
	return fmt.Errorf("%w: %w", fault.Conflict, ErrAdmin)
}

// Settle ends an erasure at once, without waiting for requests under way: for a command where no server is running.
func (s *Service) Settle(ctx context.Context, person string) error {
	_, err := s.store.update(ctx, person, func(e *Erasure) error { e.ClaimedUntil = s.cfg.Now(); return nil })
	if err == nil {
		err = s.goOn(ctx, person)
	}
	if errors.Is(err, fault.NotFound) { // ended meanwhile
		return nil
	}
	return err
}

// SweepErasures goes on with erasures that wait for their second pass or were cut off, and returns how many passes it made.
func (s *Service) SweepErasures(ctx context.Context) (int, error) {
	var failed []error
	n := 0
	for {
		due, err := s.store.due(ctx, s.cfg.Now())
		if err != nil || len(due) == 0 {
			return n, errors.Join(append(failed, err)...)
		}
		for _, e := range due {
			err := s.goOn(ctx, e.ID) // claimed now, so the next look does not find it again
			switch {
			case err == nil:
				n++
			case ctx.Err() != nil:
				return n, errors.Join(append(failed, err)...)
			default:
				failed = append(failed, err)
			}
		}
	}
}

// goOn makes one pass, unless somebody else is at it.
func (s *Service) goOn(ctx context.Context, person string) error {
	claimed := false
	e, err := s.store.update(ctx, person, func(e *Erasure) error {
		claimed = !e.ClaimedUntil.After(s.cfg.Now())
		if claimed {
			e.ClaimedUntil = s.cfg.Now().Add(claimFor)
		}
		return nil
	})
	if err != nil || !claimed {
		return err
	}
	for _, part := range s.cfg.Parts {
		if slices.Contains(e.Done, part.Name) {
			continue
		}
		if err := part.Rights.ErasePerson(ctx, e.Person); err != nil {
			return fmt.Errorf("erase %s: %w", part.Name, err)
		}
		if _, err := s.store.update(ctx, person, func(e *Erasure) error { e.Done = append(e.Done, part.Name); return nil }); err != nil {
			return fmt.Errorf("erase %s: %w", part.Name, err)
		}
	}
	if e.Pass == 1 {
		_, err = s.store.update(ctx, person, func(e *Erasure) error {
			e.Pass, e.Done, e.ClaimedUntil = 2, []string{}, s.cfg.Now().Add(settleFor)
			return nil
		})
		return err
	}
	return s.store.delete(ctx, person)
}
