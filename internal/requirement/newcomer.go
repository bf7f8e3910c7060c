package requirement

import (
	"context"
	"errors"
	"slices"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// tryFresh says what addFresh would do.
func (e *enrolment) tryFresh(ctx context.Context, rows []Row) error {
	for _, r := range rows {
		person, err := e.s.cfg.Persons.Known(ctx, e.institution, r.Email)
		if err == nil {
			_, err = e.s.store.member(ctx, person)
		}
		switch {
		case err == nil:
			e.refused(r.Line, colEmail, "roster.email-taken")
		case errors.Is(err, fault.NotFound):
			e.count(func(o *Outcome) { o.Added++ })
		default:
			return err
		}
	}
	return nil
}

// newcomer is a row whose person is not on the roster.
type newcomer struct {
	row    Row
	member Member
	known  bool // they could sign in before, and may have completed something
}

// addFresh takes rows of people who are not on the roster.
func (e *enrolment) addFresh(ctx context.Context, rows []Row) error {
	all, err := e.newcomers(ctx, rows)
	if err != nil {
		return err
	}
	members := make([]Member, len(all))
	for i, n := range all {
		members[i] = n.member
	}
	refused, err := e.s.store.insertMembers(ctx, members)
	if err != nil {
		return err
	}
	var standings []Standing
	for _, n := range all {
		if _, there := slices.BinarySearch(refused, n.member.ID); there {
			e.refused(n.row.Line, colID, "roster.taken")
			continue
		}
		e.count(func(o *Outcome) { o.Added++ })
		own, err := e.standings(ctx, n)
		if err != nil {
			return err
		}
		standings = append(standings, own...)
	}
	return e.insert(ctx, standings)
}

// newcomers makes people known by their addresses and leaves out rows whose address is that of somebody on the roster.
func (e *enrolment) newcomers(ctx context.Context, rows []Row) ([]newcomer, error) {
	persons := make([]people.Person, len(rows))
	for i, r := range rows {
		persons[i] = people.Person{Institution: e.institution, Email: r.Email, Name: r.Name}
	}
	ids, known, err := e.s.cfg.Persons.Enrol(ctx, persons)
	if err != nil {
		return nil, err
	}
	var all []newcomer
	for i, r := range rows {
		n := newcomer{row: r, member: r.member(ids[i], e.institution, e.today), known: known[i]}
		taken, err := e.taken(ctx, n)
		if err != nil {
			return nil, err
		}
		if taken {
			e.refused(r.Line, colEmail, "roster.email-taken")
			continue
		}
		all = append(all, n)
	}
	return all, nil
}

// taken says whether somebody is on the roster by another number.
func (e *enrolment) taken(ctx context.Context, n newcomer) (bool, error) {
	if !n.known {
		return false, nil
	}
	_, err := e.s.store.member(ctx, n.member.ID)
	if errors.Is(err, fault.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// standings are what the requirements ask of a newcomer. Who was not known before has completed nothing: there are no facts to read.
func (e *enrolment) standings(ctx context.Context, n newcomer) ([]Standing, error) {
	f := facts{today: e.today, member: n.member}
	if n.known {
		var err error
		if f, err = e.s.facts(ctx, n.member.ID); err != nil {
			return nil, err
		}
	}
	var all []Standing
	for _, r := range e.rules {
		if st, asked := f.derive(r); asked {
			all = append(all, st)
			e.touch(n.member.Place)
		}
	}
	return all, nil
}
