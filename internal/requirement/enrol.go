package requirement

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/upstander/upstander/internal/fault"
)

// enrolment brings rows onto one institution's roster, and standings after them. Batches may be added at the same time as long as no person is in two
// of them. While it runs, every requirement carries its pending mark: if it does not come to its end, everything is looked at again.
type enrolment struct {
	s           *Service
	institution string
	today       string
	dry         bool
	rules       []Requirement   // in force
	owed        map[string]bool // requirements that had something pending before
	refused     func(line int, column, key string)

	mu      sync.Mutex
	named   map[string]bool // values of the roster that are known by name
	outcome Outcome
	places  map[string]bool // whose cells have to be counted again

	// A few rows are looked up one by one. For a long file the roster is read once, and a few bytes of everybody kept.
	long       bool
	readRoster sync.Once
	unread     error
	seed       maphash.Seed
	roster     map[uint64]uint64 // who was there before, by digests of their ids: those of their rows
}

func (s *Service) enrolment(ctx context.Context, institution string, dry bool, refused func(line int, column, key string)) (*enrolment, error) {
	rules, err := s.store.requirements(ctx, institution, "")
	if err != nil {
		return nil, err
	}
	return &enrolment{
		s: s, institution: institution, today: s.cfg.Today(), dry: dry, rules: rules, owed: map[string]bool{}, named: map[string]bool{}, refused: refused,
		places: map[string]bool{}, seed: maphash.MakeSeed(),
	}, nil
}

// Enrol brings clean rows onto an institution's roster; refused is told of those that clash with somebody who is there.
func (s *Service) Enrol(ctx context.Context, institution string, rows []Row, refused func(line int, key string)) (Outcome, error) {
	e, err := s.enrolment(ctx, institution, false, func(line int, _, key string) { refused(line, key) })
	if err == nil {
		err = e.begin(ctx)
	}
	if err != nil {
		return Outcome{}, err
	}
	e.long = len(rows) >= batchRows
	for batch := range slices.Chunk(rows, batchRows) {
		if err := e.add(ctx, batch); err != nil {
			return e.outcome, err
		}
	}
	e.outcome.Rows = len(rows)
	return e.outcome, e.end(ctx)
}

// count adds to the outcome.
func (e *enrolment) count(n func(*Outcome)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n(&e.outcome)
}

func (e *enrolment) touch(places ...string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, p := range places {
		e.places[p] = true
	}
}

// importFor is how long an import may take before a sweeper takes over what it left pending.
const importFor = 10 * time.Minute

// begin puts the pending mark on every requirement and claims it.
func (e *enrolment) begin(ctx context.Context) error {
	if e.dry {
		return nil
	}
	until := e.s.cfg.Now().Add(importFor)
	for i, r := range e.rules {
		now, err := e.s.store.updateRequirement(ctx, r.ID, func(r *Requirement) error {
			e.owed[r.ID] = r.Pending != PendingNothing || r.Swept != e.today
			r.Pending, r.Cursor, r.ClaimedUntil = PendingStandings, "", until
			return nil
		})
		if err != nil {
			return err
		}
		e.rules[i] = now
	}
	return nil
}

// end counts every place that has changed and takes the marks away; a requirement that was changed meanwhile, or had something pending before, keeps
// its mark.
func (e *enrolment) end(ctx context.Context) error {
	if e.dry {
		return nil
	}
	for _, r := range e.rules {
		if err := e.s.recountPlaces(ctx, r, r.CycleOn(e.today).ID, e.places); err != nil {
			return err
		}
		_, err := e.s.progress(ctx, r, func(now *Requirement) {
			now.ClaimedUntil = time.Time{}
			if !e.owed[r.ID] {
				now.Pending = PendingNothing
			}
		})
		if err != nil && !errors.Is(err, errStale) {
			return err
		}
	}
	return nil
}

// add takes one batch: rows of people who are there already one by one, the others together.
func (e *enrolment) add(ctx context.Context, rows []Row) error {
	fresh, err := e.addKnown(ctx, rows)
	if err != nil {
		return err
	}
	if e.dry {
		return e.tryFresh(ctx, fresh)
	}
	if err := e.name(ctx, rows); err != nil {
		return err
	}
	return e.addFresh(ctx, fresh)
}

// addKnown takes rows of people who are on the roster and returns the others. Rows that differ are written side by side.
func (e *enrolment) addKnown(ctx context.Context, rows []Row) (fresh []Row, err error) {
	known, err := e.known(ctx)
	if err != nil {
		return nil, err
	}
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(writers)
	defer func() { err = errors.Join(work.Wait(), err) }()
	for _, r := range rows {
		there, same := known(r)
		if !there {
			fresh = append(fresh, r)
			continue
		}
		if same {
			e.count(func(o *Outcome) { o.Same++ })
			continue
		}
		had, err := e.s.store.memberByExternalID(ctx, e.institution, r.ExternalID)
		switch {
		case errors.Is(err, fault.NotFound):
			fresh = append(fresh, r)
		case err != nil:
			return nil, err
		case had.Row == r.digest():
			e.count(func(o *Outcome) { o.Same++ })
		default:
			work.Go(func() error { return e.change(ctx, had, r) })
		}
	}
	return fresh, nil
}

// known returns what tells at once whether a row's person may have been there before, and with the same row.
func (e *enrolment) known(ctx context.Context) (func(Row) (there, same bool), error) {
	if !e.long {
		return func(Row) (bool, bool) { return true, false }, nil
	}
	e.readRoster.Do(func() {
		e.roster = map[uint64]uint64{}
		for m, err := range e.s.store.eachMember(ctx, e.institution) {
			if err != nil {
				e.unread = err
				return
			}
			e.roster[maphash.String(e.seed, m.ExternalID)] = maphash.String(e.seed, m.Row)
		}
	})
	return func(r Row) (there, same bool) {
		row, there := e.roster[maphash.String(e.seed, r.ExternalID)]
		return there, there && row == maphash.String(e.seed, r.digest())
	}, e.unread
}

// name keeps how cohorts, departments and the like are written, for whoever chooses from them.
func (e *enrolment) name(ctx context.Context, rows []Row) error {
	var fresh []Value
	e.mu.Lock()
	for _, r := range rows {
		for _, v := range r.values(e.institution) {
			if !e.named[v.ID] {
				e.named[v.ID] = true
				fresh = append(fresh, v)
			}
		}
	}
	e.mu.Unlock()
	return e.s.store.insertValues(ctx, fresh)
}

// change takes a row that differs from what the roster holds.
func (e *enrolment) change(ctx context.Context, had Member, r Row) error {
	left := func(o *Outcome) { o.Closed++ }
	changed := func(o *Outcome) { o.Changed++ }
	if had.Email != r.Email {
		switch err := e.readdress(ctx, had.ID, r.Email); {
		case errors.Is(err, fault.Conflict):
			e.refused(r.Line, colEmail, "roster.email-taken")
			return nil
		case errors.Is(err, fault.Denied): // the rest of the row is taken, and the address looked at again with the next file
			e.refused(r.Line, colEmail, "roster.email-kept")
			r.Email, left, changed = had.Email, nothing, nothing
		case err != nil:
			return err
		}
		if had.Row == r.digest() {
			return nil
		}
	}
	today := e.today
	if had.Left != "" {
		today = had.Left
	}
	now := r.member(had.ID, e.institution, today)
	if !e.dry {
		if err := e.s.store.replaceMember(ctx, had, now); err != nil {
			return err
		}
	}
	if had.Left == "" && now.Left != "" {
		e.count(left)
	} else {
		e.count(changed)
	}
	return e.settle(ctx, had.ID)
}

// nothing is counted of a row that is among the wrong ones already.
func nothing(*Outcome) {}

// readdress lets somebody sign in with another address, or says whether that could be done.
func (e *enrolment) readdress(ctx context.Context, person, email string) error {
	if !e.dry {
		return e.s.cfg.Persons.Readdress(ctx, person, email)
	}
	p, err := e.s.cfg.Persons.Person(ctx, person)
	if err != nil || p.Email == email {
		return err
	}
	if !p.Movable() {
		return fault.Denied
	}
	_, err = e.s.cfg.Persons.Known(ctx, e.institution, email)
	if err == nil {
		return fault.Conflict
	}
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// insert adds standings. Where one is there already, somebody has completed something this very moment: it is settled alone.
func (e *enrolment) insert(ctx context.Context, standings []Standing) error {
	refused, err := e.s.store.insertStandings(ctx, standings)
	if err != nil {
		return err
	}
	for _, st := range standings {
		if _, there := slices.BinarySearch(refused, st.ID); there {
			if err := e.settle(ctx, st.Person); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *enrolment) settle(ctx context.Context, person string) error {
	if e.dry {
		return nil
	}
	places, err := e.s.settlePerson(ctx, person, e.rules)
	e.touch(places...)
	return err
}
