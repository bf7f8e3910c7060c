package requirement

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/upstander/upstander/internal/fault"
)

// errStale says that a document is no longer what it was when its successor was worked out.
var errStale = errors.New("changed in between")

// settle brings one standing in line with the roster, the requirement, the completions and the exception, and returns the places whose counts may
// have changed. The standing is read first and replaced only if it is still the same: whoever worked with older facts starts again.
func (s *Service) settle(ctx context.Context, person string, r Requirement) (places []string, err error) {
	id := standingID(person, r.ID, r.CycleOn(s.cfg.Today()).ID)
	for {
		had, err := s.store.standing(ctx, id)
		found := err == nil
		if err != nil && !errors.Is(err, fault.NotFound) {
			return nil, err
		}
		want, asked, err := s.derive(ctx, person, r)
		if err != nil {
			return nil, err
		}
		switch {
		case found && asked && had != want:
			err = s.store.replaceStanding(ctx, had, want)
		case found && !asked:
			err = s.store.removeStanding(ctx, had)
		case !found && asked:
			err = s.store.insertStanding(ctx, want)
		}
		if errors.Is(err, errStale) {
			continue
		}
		for _, place := range []string{had.Place, want.Place} {
			if place != "" && !slices.Contains(places, place) {
				places = append(places, place)
			}
		}
		return places, err
	}
}

// derive reads the facts and works out a standing from them.
func (s *Service) derive(ctx context.Context, person string, r Requirement) (Standing, bool, error) {
	m, err := s.store.member(ctx, person)
	if errors.Is(err, fault.NotFound) {
		return Standing{}, false, nil
	}
	if err != nil {
		return Standing{}, false, err
	}
	today := s.cfg.Today()
	ex, err := s.store.exception(ctx, standingID(person, r.ID, r.CycleOn(today).ID))
	if err != nil {
		return Standing{}, false, err
	}
	done, err := s.store.completions(ctx, person)
	if err != nil {
		return Standing{}, false, err
	}
	st, asked := derive(m, r, today, done, ex)
	return st, asked, nil
}

// settleAndCount settles one standing and counts its place again, whether or not it changed: whoever began before us may have stopped in between.
func (s *Service) settleAndCount(ctx context.Context, person string, r Requirement) error {
	cycle := r.CycleOn(s.cfg.Today()).ID
	places, err := s.settle(ctx, person, r)
	for _, place := range places {
		if err == nil {
			err = s.recount(ctx, r, cycle, place)
		}
	}
	return err
}

// followCompletion settles what a completion can change and takes its mark away.
func (s *Service) followCompletion(ctx context.Context, c Completion) error {
	all, err := s.store.requirements(ctx, c.Institution, "")
	if err != nil {
		return err
	}
	for _, r := range all {
		if slices.Contains(r.Modules, c.Module) {
			if err := s.settleAndCount(ctx, c.Person, r); err != nil {
				return err
			}
		}
	}
	return s.store.updateCompletion(ctx, c.ID, func(c *Completion) {
		c.Pending, c.ClaimedUntil = PendingNothing, time.Time{} // the minute is nobody's business
	})
}

// followException settles what an exception can change and takes its mark away, unless staff have decided otherwise meanwhile.
func (s *Service) followException(ctx context.Context, ex Exception) error {
	r, err := s.store.requirement(ctx, ex.Requirement)
	if err == nil && r.Ended == "" {
		err = s.settleAndCount(ctx, ex.Person, r)
	}
	if err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	err = s.store.updateException(ctx, ex.ID, func(now *Exception) {
		if now.Due == ex.Due && now.Status == ex.Status && now.Day == ex.Day {
			now.Pending, now.ClaimedUntil = PendingNothing, time.Time{}
		}
	})
	if isGone(err) {
		return nil
	}
	return err
}

// claimFor is how long a sweeper may work on one thing before another takes it over.
const claimFor = time.Minute

// Sweep does what was left pending by a server that stopped in between, brings changed requirements about, and once a day every requirement, for a new
// cycle may have begun.
func (s *Service) Sweep(ctx context.Context) error {
	done, err := s.store.pendingCompletions(ctx, s.cfg.Now())
	if err != nil {
		return err
	}
	for _, c := range done {
		if err := s.followCompletion(ctx, c); err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
	}
	decided, err := s.store.pendingExceptions(ctx, s.cfg.Now())
	if err != nil {
		return err
	}
	for _, ex := range decided {
		if err := s.followException(ctx, ex); err != nil {
			return err
		}
	}
	return s.sweepRequirements(ctx)
}

func (s *Service) sweepRequirements(ctx context.Context) error {
	for _, list := range []func() ([]Requirement, error){
		func() ([]Requirement, error) { return s.store.pendingRequirements(ctx, s.cfg.Now()) },
		func() ([]Requirement, error) { return s.store.unsweptRequirements(ctx, s.cfg.Today()) },
	} {
		all, err := list()
		if err != nil {
			return err
		}
		for _, r := range all {
			if err := s.reconcile(ctx, r.ID); err != nil && !errors.Is(err, errStale) {
				return err
			}
		}
	}
	return nil
}

// reconcile settles everybody's standing with a requirement, page by page of the roster, and counts all its places again. It notes how far it has come
// and goes on from there after an interruption; when the requirement changes meanwhile it stops, and the next sweep begins anew.
func (s *Service) reconcile(ctx context.Context, id string) error {
	today := s.cfg.Today()
	r, err := s.claim(ctx, id, today)
	if err != nil {
		return err
	}
	for {
		page, err := s.store.membersOf(ctx, r.Institution, r.Cursor)
		if err != nil {
			return err
		}
		for _, m := range page.Items {
			if _, err := s.settle(ctx, m.ID, r); err != nil {
				return err
			}
		}
		if page.Next == "" {
			break
		}
		if r, err = s.progress(ctx, r, func(now *Requirement) { now.Cursor, now.ClaimedUntil = page.Next, s.cfg.Now().Add(claimFor) }); err != nil {
			return err
		}
	}
	if err := s.recountAll(ctx, r, r.CycleOn(today).ID); err != nil {
		return err
	}
	_, err = s.progress(ctx, r, func(now *Requirement) {
		now.Pending, now.Cursor, now.ClaimedUntil, now.Swept = PendingNothing, "", time.Time{}, today
	})
	return err
}

// claim takes a requirement to work on it alone; errStale when there is nothing to do or somebody else does it.
func (s *Service) claim(ctx context.Context, id, today string) (Requirement, error) {
	return s.store.updateRequirement(ctx, id, func(r *Requirement) error {
		if r.Ended != "" || r.ClaimedUntil.After(s.cfg.Now()) || r.Pending == PendingNothing && r.Swept >= today {
			return errStale
		}
		if r.Pending == PendingNothing {
			r.Pending, r.Cursor = PendingStandings, ""
		}
		r.ClaimedUntil = s.cfg.Now().Add(claimFor)
		return nil
	})
}

// progress changes a claimed requirement if nobody else has touched it.
func (s *Service) progress(ctx context.Context, r Requirement, change func(*Requirement)) (Requirement, error) {
	return s.store.updateRequirement(ctx, r.ID, func(now *Requirement) error {
		if !now.ClaimedUntil.Equal(r.ClaimedUntil) || now.Cursor != r.Cursor || now.Pending != r.Pending {
			return errStale
		}
		change(now)
		return nil
	})
}
