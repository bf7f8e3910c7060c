package requirement

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/fault"
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

// Exception is what staff decided for one person, a requirement and a cycle. It has no room for a reason.
type Exception struct {
	ID           string    `bson:"_id"` // person:requirement:cycle
	Person       string    `bson:"person"`
	Requirement  string    `bson:"requirement"`
	Cycle        string    `bson:"cycle"`
	Due          string    `bson:"due"`    // civil day instead of the requirement's; empty: none
	Status       string    `bson:"status"` // Exempt, Met or empty
	Day          string    `bson:"day"`    // of a Met by hand
	Pending      string    `bson:"pending"`
	ClaimedUntil time.Time `bson:"claimed_until"`
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
			c = last
		} else {
			c.Cycle = day
		}
	}
	if c.ID == "" {
		c.ID = standingID(person, module, c.Cycle)
		if err := s.store.insertCompletion(ctx, c); err != nil && !errors.Is(err, fault.Conflict) {
			return err
		}
	}
	return s.followCompletion(ctx, c)
}

// Credit takes completions over from elsewhere, many at once. Those that are there already stay as they are.
func (s *Service) Credit(ctx context.Context, list []Completion) error {
	for i, c := range list {
		c.Cycle, c.Pending = Once, PendingStandings
		c.ID = standingID(c.Person, c.Module, c.Cycle)
		if _, err := s.store.member(ctx, c.Person); isGone(err) { // nobody's standing follows from it yet
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

// Extend gives a person another day for the cycle of today; an empty one takes the extension back.
func (s *Service) Extend(ctx context.Context, person, requirement, due string) error {
	if err := checkDue(due); err != nil {
		return err
	}
	return s.except(ctx, person, requirement, func(ex *Exception) { ex.Due = due })
}

func checkDue(due string) error {
	if !civil(due) {
		return fault.Problems{{Field: "due", Key: "form.day-wrong"}}
	}
	return nil
}

// Excuse exempts a person in the cycle of today.
func (s *Service) Excuse(ctx context.Context, person, requirement string) error {
	return s.except(ctx, person, requirement, func(ex *Exception) { ex.Status, ex.Day = Exempt, "" })
}

// MeetByHand says that a person has met a requirement elsewhere, on a day of the cycle of today or before.
func (s *Service) MeetByHand(ctx context.Context, person, requirement, day string) error {
	if err := s.checkMet(day); err != nil {
		return err
	}
	return s.except(ctx, person, requirement, func(ex *Exception) { ex.Status, ex.Day = Met, day })
}

func (s *Service) checkMet(day string) error {
	if day == "" || !civil(day) || day > s.cfg.Today() {
		return fault.Problems{{Field: "day", Key: "form.day-wrong"}}
	}
	return nil
}

// Restore takes back an exemption or what was met by hand.
func (s *Service) Restore(ctx context.Context, person, requirement string) error {
	return s.except(ctx, person, requirement, func(ex *Exception) { ex.Status, ex.Day = "", "" })
}

// Exception returns what staff decided for a person in the cycle of today; nothing in it when they decided nothing.
func (s *Service) Exception(ctx context.Context, person, requirement string) (Exception, error) {
	r, err := s.store.requirement(ctx, requirement)
	if err != nil {
		return Exception{}, err
	}
	return s.store.exception(ctx, standingID(person, requirement, r.CycleOn(s.cfg.Today()).ID))
}

func (s *Service) except(ctx context.Context, person, requirement string, change func(*Exception)) error {
	st, err := s.Standing(ctx, person, requirement)
	if err != nil {
		return err
	}
	ex, err := s.store.upsertException(ctx, st.ID, func(ex *Exception) {
		ex.ID, ex.Person, ex.Requirement, ex.Cycle = st.ID, person, requirement, st.Cycle
		change(ex)
		ex.Pending, ex.ClaimedUntil = PendingStandings, time.Time{}
	})
	if err != nil {
		return err
	}
	return s.followException(ctx, ex)
}

// The orders of a list of people.
const (
	ByName = "name"
	ByDay  = "day" // on which they met it, the latest first; lists those who have
	ByDue  = "due" // the longest overdue first; lists those who are
)

// Query says which people are wanted and in which order.
type Query struct {
	Requirement string
	Cycle       string // empty: the one of today
	Place       string // a place or the beginning of one; empty: the whole institution
	Status      string // Open, Met, Exempt or Overdue; empty: all
	By          string // ByName, ByDay or ByDue; those who are overdue come by due date
	Search      string // beginnings of names or of the external id
	After       string
	Before      string
	Limit       int

	today string
}

// People lists standings, one page of them.
func (s *Service) People(ctx context.Context, q Query) (Page, error) {
	q, err := s.complete(ctx, q)
	if err != nil {
		return Page{}, err
	}
	if q.Search != "" {
		return s.search(ctx, q)
	}
	return s.store.people(ctx, q)
}

// complete fills in what a query may leave open.
func (s *Service) complete(ctx context.Context, q Query) (Query, error) {
	r, err := s.store.requirement(ctx, q.Requirement)
	if err != nil {
		return q, err
	}
	q.today = s.cfg.Today()
	if q.Cycle == "" {
		q.Cycle = r.CycleOn(q.today).ID
	}
	if q.Status == Overdue || q.By == ByDue {
		q.Status, q.By = Overdue, ByDue
	}
	if q.Place == "" {
		q.Place = WholeOf(r.Institution)
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	return q, nil
}

// OpenOn lists one page of those who have not met a requirement that is due for them on a day, with the cursor of the next.
func (s *Service) OpenOn(ctx context.Context, requirement, cycle, due, after string) (Page, error) {
	return s.store.openOn(ctx, requirement, cycle, due, after)
}

// EachStanding walks all standings of a query, place by place and in each by name, whatever its order says; those who are overdue come by due date.
func (s *Service) EachStanding(ctx context.Context, q Query) iter.Seq2[Standing, error] {
	return func(yield func(Standing, error) bool) {
		q, err := s.complete(ctx, q)
		if err != nil {
			yield(Standing{}, err)
			return
		}
		if q.By == ByDue {
			s.store.eachOverdue(ctx, q)(yield)
			return
		}
		s.store.eachStanding(ctx, q)(yield)
	}
}

func standingID(person, requirement, cycle string) string {
	return fmt.Sprintf("%s:%s:%s", person, requirement, cycle)
}
