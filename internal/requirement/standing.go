package requirement

import (
	"context"
	"fmt"
	"strings"
)

// Standing says whether a person has met a requirement in one cycle. It exists for everybody whom the requirement describes.
type Standing struct {
	ID          string `bson:"_id"` // person:requirement:cycle
	Person      string `bson:"person"`
	Institution string `bson:"institution"`
	Requirement string `bson:"requirement"`
	Cycle       string `bson:"cycle"`
	Status      string `bson:"status"`
	Due         string `bson:"due"`     // civil date, with the person's extension; empty: no date
	Day         string `bson:"day"`     // civil date on which it was met; empty: not met
	Edition     string `bson:"edition"` // of the module that was completed last
	Place       string `bson:"place"`
	Cohort      string `bson:"cohort"` // the beginning of the place that names the cohort: institution/cohort/
	NameKey     string `bson:"name_key"`
	Name        string `bson:"name"`
	ExternalID  string `bson:"external_id"`
}

// Number returns the institution's own id of the person; empty where it gave none.
func (st Standing) Number() string {
	if strings.HasPrefix(st.ExternalID, noExternalID) {
		return ""
	}
	return st.ExternalID
}

// What a standing can be.
const (
	Open   = "open"
	Met    = "met"
	Exempt = "exempt"
)

// Overdue is what lists call a standing that is open after its day.
const Overdue = "overdue"

// Overdue says whether a standing is open after its day.
func (st Standing) Overdue(today string) bool {
	return st.Status == Open && st.Due != "" && st.Due < today
}

// derive says how somebody stands with a requirement; false when it does not ask anything of them.
func derive(m Member, r Requirement, today string, done []Completion, ex Exception) (Standing, bool) {
	c := r.CycleOn(today)
	if r.Ended != "" || m.Institution != r.Institution || m.Left != "" && m.Left <= today || !r.Group.Describes(m) {
		return Standing{}, false
	}
	st := Standing{
		ID: standingID(m.ID, r.ID, c.ID), Person: m.ID, Institution: m.Institution, Requirement: r.ID, Cycle: c.ID, Status: Open, Due: c.Due,
		Place: m.Place, Cohort: cohortPath(m.Place), NameKey: m.NameKey, Name: m.Name, ExternalID: m.ExternalID,
	}
	if ex.Due != "" {
		st.Due = ex.Due
	}
	switch day, edition, met := r.met(c, done); {
	case met:
		st.Status, st.Day, st.Edition = Met, day, edition
	case ex.Status == Met:
		st.Status, st.Day = Met, ex.Day
	case ex.Status == Exempt:
		st.Status = Exempt
	}
	return st, true
}

// met says whether every module has been completed in a cycle and the workshop attended, on which day the last was, and in which edition.
func (r Requirement) met(c Cycle, done []Completion) (day, edition string, ok bool) {
	for _, module := range r.parts() {
		first, found := completed(done, module, c.From)
		if !found {
			return "", "", false
		}
		if first.Day > day {
			day, edition = first.Day, first.Edition
		}
	}
	return day, edition, true
}

// Standing returns how a person stands with a requirement in its cycle of today, or fault.NotFound when it asks nothing of them.
func (s *Service) Standing(ctx context.Context, person, requirement string) (Standing, error) {
	r, err := s.store.requirement(ctx, requirement)
	if err != nil {
		return Standing{}, err
	}
	return s.store.standing(ctx, standingID(person, r.ID, r.CycleOn(s.cfg.Today()).ID))
}

// Standings lists everything that is kept of a person's standings, past cycles too.
func (s *Service) Standings(ctx context.Context, person string) ([]Standing, error) {
	return s.store.standingsOf(ctx, person)
}

// Duty is a module, or a workshop, that a requirement asks of one person.
type Duty struct {
	Requirement string
	Module      string // or module/template
	Workshop    bool   // it is to be attended
	From        string // civil date from which a completion counts; empty: from ever
	Due         string // civil date; empty: no date
	Met         string // civil date; empty: not yet
}

// Duties lists the modules that a person has to complete, by due date. Whoever is not on the roster has those that are asked of everybody.
func (s *Service) Duties(ctx context.Context, person, institution string) ([]Duty, error) {
	if _, err := s.cfg.Institutions.Institution(institution); err != nil {
		return nil, err
	}
	all, err := s.store.requirements(ctx, institution, "")
	if err != nil {
		return nil, err
	}
	f, err := s.facts(ctx, person)
	if err != nil {
		return nil, err
	}
	if f.member.ID == "" {
		f.member = Member{ID: person, Institution: institution, Place: PlaceOf(institution, "", "", "")}
	}
	var duties []Duty
	for _, r := range all {
		duties = append(duties, f.duties(r)...)
	}
	return duties, nil
}

// duties lists what a requirement asks, and what of it has been done.
func (f facts) duties(r Requirement) []Duty {
	st, asked := f.derive(r)
	if !asked {
		return nil
	}
	var duties []Duty
	from := r.CycleOn(f.today).From
	for _, module := range r.parts() {
		d := Duty{Requirement: r.ID, Module: module, Workshop: module == r.Workshop, From: from, Due: st.Due}
		if one, ok := completed(f.done, module, from); ok {
			d.Met = one.Day
		}
		if st.Status == Open || d.Met != "" {
			duties = append(duties, d)
		}
	}
	return duties
}

// Again says whether a requirement asks for a module that was completed on a day once more, because a new cycle has begun since.
func (s *Service) Again(ctx context.Context, person, institution, module, day string) (bool, error) {
	duties, err := s.Duties(ctx, person, institution)
	for _, d := range duties {
		if d.Module == module && d.Met == "" && day < d.From {
			return true, nil
		}
	}
	return false, err
}

func standingID(person, requirement, cycle string) string {
	return fmt.Sprintf("%s:%s:%s", person, requirement, cycle)
}
