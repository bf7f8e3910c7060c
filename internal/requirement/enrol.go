package requirement

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// Row is what a roster says of one person.
type Row struct {
	Line       int    // in the file
	ExternalID string // the institution's own id
	Email      string
	Name       string // as it is written
	Family     string // what the name is ordered by, where the roster tells it; else empty
	Cohort     string
	Department string
	Level      string
	Mode       string
	Partner    string
	Placement  string
	Labels     []string
	Entry      string // civil day; empty: not known
	Left       string // civil day; empty: enrolled
}

// Outcome counts what an import did, or would do.
type Outcome struct {
	Rows    int `bson:"rows"`
	Added   int `bson:"added"`
	Changed int `bson:"changed"`
	Same    int `bson:"same"`
	Closed  int `bson:"closed"` // left, as the roster or its silence says
	Wrong   int `bson:"wrong"`  // rows that were left out
}

// digest tells whether a row has changed since it was last imported.
func (r Row) digest() string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{
		r.ExternalID, r.Email, r.Name, r.Family, r.Cohort, r.Department, r.Level, r.Mode, r.Partner, r.Placement, r.Entry, r.Left,
	}, r.Labels...), "\x00")))
	return hex.EncodeToString(sum[:12])
}

func (r Row) member(id, institution string) Member {
	given := r.Name
	if r.Family != "" {
		given = strings.TrimSpace(strings.Replace(r.Name, r.Family, "", 1))
	}
	labels := r.Labels
	if labels == nil {
		labels = []string{}
	}
	return Member{
		ID: id, Institution: institution, ExternalID: r.ExternalID, Email: r.Email, Name: r.Name, NameKey: nameKey(r.Family, given),
		Cohort: r.Cohort, Department: r.Department, Level: r.Level, Mode: r.Mode, Partner: r.Partner, Placement: r.Placement, Labels: labels,
		Entry: r.Entry, Left: r.Left, Place: PlaceOf(institution, r.Cohort, r.Department, r.Level), Row: r.digest(),
	}
}

// enrolment brings rows onto one institution's roster, and standings after them. Its places are those whose cells have to be counted again.
type enrolment struct {
	s           *Service
	institution string
	today       string
	rules       []Requirement // in force
	outcome     Outcome
	refused     func(line int, key string)
	places      map[string]bool
}

// Enrol brings rows onto an institution's roster. Rows must be clean: refused is told of those that clash with somebody who is there.
func (s *Service) Enrol(ctx context.Context, institution string, rows []Row, refused func(line int, key string)) (Outcome, error) {
	rules, err := s.store.requirements(ctx, institution, "")
	if err != nil {
		return Outcome{}, err
	}
	e := &enrolment{s: s, institution: institution, today: s.cfg.Today(), rules: rules, refused: refused, places: map[string]bool{}}
	for batch := range slices.Chunk(rows, 500) {
		if err := e.add(ctx, batch); err != nil {
			return e.outcome, err
		}
	}
	return e.outcome, e.recount(ctx)
}

// add takes one batch: rows of people who are there already one by one, the others together.
func (e *enrolment) add(ctx context.Context, rows []Row) error {
	var fresh []Row
	for _, r := range rows {
		e.outcome.Rows++
		had, err := e.s.store.memberByExternalID(ctx, e.institution, r.ExternalID)
		switch {
		case isGone(err):
			fresh = append(fresh, r)
			continue
		case err != nil:
			return err
		case had.Row == r.digest():
			e.outcome.Same++
			continue
		}
		if err := e.change(ctx, had, r); err != nil {
			return err
		}
	}
	return e.addFresh(ctx, fresh)
}

// change takes a row that differs from what the roster holds.
func (e *enrolment) change(ctx context.Context, had Member, r Row) error {
	if had.Email != r.Email {
		err := e.s.cfg.Persons.Readdress(ctx, had.ID, r.Email)
		if errors.Is(err, fault.Conflict) {
			e.refuse(r, "roster.email-taken")
			return nil
		}
		if err != nil && !isGone(err) {
			return err
		}
	}
	now := r.member(had.ID, e.institution)
	if err := e.s.store.replaceMember(ctx, had, now); err != nil {
		return err
	}
	if had.Left == "" && now.Left != "" {
		e.outcome.Closed++
	} else {
		e.outcome.Changed++
	}
	return e.settle(ctx, had.ID)
}

// addFresh takes rows of people who are not on the roster. Those who have never signed in have completed nothing: their standings need no look.
func (e *enrolment) addFresh(ctx context.Context, rows []Row) error {
	persons := make([]people.Person, len(rows))
	for i, r := range rows {
		persons[i] = people.Person{Institution: e.institution, Email: r.Email, Name: r.Name}
	}
	ids, known, err := e.s.cfg.Persons.Enrol(ctx, persons)
	if err != nil {
		return err
	}
	var members []Member
	var lines []Row
	for i, r := range rows {
		if known[i] {
			if _, err := e.s.store.member(ctx, ids[i]); err == nil {
				e.refuse(r, "roster.email-taken")
				continue
			} else if !isGone(err) {
				return err
			}
		}
		members, lines = append(members, r.member(ids[i], e.institution)), append(lines, r)
	}
	refused, err := e.s.store.insertMembers(ctx, members)
	if err != nil {
		return err
	}
	var standings []Standing
	for i, m := range members {
		if _, there := slices.BinarySearch(refused, m.ID); there {
			e.refuse(lines[i], "roster.taken")
			continue
		}
		e.outcome.Added++
		if slices.Contains(ids, m.ID) && known[slices.Index(ids, m.ID)] {
			if err := e.settle(ctx, m.ID); err != nil {
				return err
			}
			continue
		}
		for _, r := range e.rules {
			if st, asked := derive(m, r, e.today, nil, Exception{}); asked {
				standings = append(standings, st)
				e.places[m.Place] = true
			}
		}
	}
	_, err = e.s.store.insertStandings(ctx, standings)
	return err
}

func (e *enrolment) settle(ctx context.Context, person string) error {
	for _, r := range e.rules {
		places, err := e.s.settle(ctx, person, r)
		if err != nil {
			return err
		}
		for _, p := range places {
			e.places[p] = true
		}
	}
	return nil
}

func (e *enrolment) refuse(r Row, key string) {
	e.outcome.Wrong++
	e.refused(r.Line, key)
}

// recount counts every place that has changed.
func (e *enrolment) recount(ctx context.Context) error {
	for _, r := range e.rules {
		for place := range e.places {
			if err := e.s.recount(ctx, r, r.CycleOn(e.today).ID, place); err != nil {
				return err
			}
		}
	}
	return nil
}

// ExportPerson returns everything that is held on a person here, for whoever asks to see it.
func (s *Service) ExportPerson(ctx context.Context, person string) (any, error) {
	var all struct {
		Roster      *Member      `json:"roster"`
		Completions []Completion `json:"completions"`
		Exceptions  []Exception  `json:"exceptions"`
		Standings   []Standing   `json:"standings"`
	}
	m, err := s.store.member(ctx, person)
	if err == nil {
		all.Roster = &m
	} else if !isGone(err) {
		return nil, err
	}
	if all.Completions, err = s.store.completions(ctx, person); err != nil {
		return nil, err
	}
	if all.Exceptions, err = s.store.exceptionsOf(ctx, person); err != nil {
		return nil, err
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
