package requirement

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

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
		f, err := s.facts(ctx, person)
		if err != nil {
			return nil, err
		}
		want, asked := f.derive(r)
		err = s.put(ctx, had, want, found, asked)
		if errors.Is(err, errStale) {
			continue
		}
		return placesOf(places, had, want), err
	}
}

// put writes what a standing has become; errStale when it is no longer what it had been.
func (s *Service) put(ctx context.Context, had, want Standing, found, asked bool) error {
	switch {
	case found && asked && had != want:
		return s.store.replaceStanding(ctx, had, want)
	case found && !asked:
		return s.store.removeStanding(ctx, had)
	case !found && asked:
		return s.store.insertStanding(ctx, want)
	}
	return nil
}

// placesOf adds the places of standings to a list, each once.
func placesOf(places []string, standings ...Standing) []string {
	for _, st := range standings {
		if st.Place != "" && !slices.Contains(places, st.Place) {
			places = append(places, st.Place)
		}
	}
	return places
}

// settlePerson settles somebody's standings with several requirements, and reads the facts once for all of them.
func (s *Service) settlePerson(ctx context.Context, person string, rules []Requirement) (places []string, err error) {
	before, err := s.store.standingsOf(ctx, person)
	if err != nil {
		return nil, err
	}
	f, err := s.facts(ctx, person)
	if err != nil {
		return nil, err
	}
	for _, r := range rules {
		id := standingID(person, r.ID, r.CycleOn(f.today).ID)
		var had Standing
		at := slices.IndexFunc(before, func(st Standing) bool { return st.ID == id })
		if at >= 0 {
			had = before[at]
		}
		want, asked := f.derive(r)
		switch err := s.put(ctx, had, want, at >= 0, asked); {
		case errors.Is(err, errStale):
			more, err := s.settle(ctx, person, r)
			if err != nil {
				return nil, err
			}
			places = append(places, more...)
		case err != nil:
			return nil, err
		}
		places = placesOf(places, had, want)
	}
	return places, nil
}

// facts are what somebody's standings follow from.
type facts struct {
	today   string
	member  Member // empty: not on the roster
	done    []Completion
	decided []Exception
}

func (s *Service) facts(ctx context.Context, person string) (f facts, err error) {
	f.today = s.cfg.Today()
	if f.member, err = s.store.member(ctx, person); err != nil && !errors.Is(err, fault.NotFound) {
		return facts{}, err
	}
	if f.decided, err = s.store.exceptionsOf(ctx, person); err != nil {
		return facts{}, err
	}
	f.done, err = s.store.completions(ctx, person)
	return f, err
}

// derive says how somebody stands with a requirement; false when it does not ask anything of them.
func (f facts) derive(r Requirement) (Standing, bool) {
	id := standingID(f.member.ID, r.ID, r.CycleOn(f.today).ID)
	var ex Exception
	if at := slices.IndexFunc(f.decided, func(ex Exception) bool { return ex.ID == id }); at >= 0 {
		ex = f.decided[at]
	}
	return derive(f.member, r, f.today, f.done, ex)
}

// settleAndCount settles somebody's standings and counts their places again, whether or not they changed: whoever began before us may have stopped in
// between.
func (s *Service) settleAndCount(ctx context.Context, person string, rules ...Requirement) error {
	places, err := s.settlePerson(ctx, person, rules)
	if err != nil {
		return err
	}
	for _, r := range rules {
		for _, place := range places {
			if err := s.recount(ctx, r, r.CycleOn(s.cfg.Today()).ID, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// followCompletion settles what a completion can change and takes its mark away.
func (s *Service) followCompletion(ctx context.Context, c Completion) error {
	rules, err := s.store.requirements(ctx, c.Institution, "")
	if err != nil {
		return err
	}
	rules = slices.DeleteFunc(rules, func(r Requirement) bool { return !slices.Contains(r.parts(), c.Module) })
	if err := s.settleAndCount(ctx, c.Person, rules...); err != nil {
		return err
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
	if errors.Is(err, fault.NotFound) {
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
		work, working := errgroup.WithContext(ctx)
		work.SetLimit(writers)
		for _, m := range page.Items {
			work.Go(func() error {
				_, err := s.settle(working, m.ID, r)
				return err
			})
		}
		if err := work.Wait(); err != nil {
			return err
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
