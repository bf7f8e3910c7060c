// Package requirement knows who must complete what by when, and who has.
//
// A roster says who is there (Member), a requirement which modules a described group has to complete and by when (Requirement), a completion that
// somebody did (Completion; attendance of a workshop is one, too), an exception what staff decided for one person (Exception). A standing is derived from these four, and a cell counts the
// standings of one place. Whoever changes one of the four leaves a pending mark in it until standings and cells have followed, so that a program
// that is killed in between loses nothing.
//
// A standing is all that staff ever see of a person's training: the requirement, met or not yet, and the day. It holds no start, no duration,
// no score, no route and no list of items, and no exception has room for a reason.
package requirement

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
)

// Requirement says that a group has to complete a bundle of modules by a day.
type Requirement struct {
	ID          string      `bson:"_id"`
	Institution string      `bson:"institution"`
	Title       locale.Text `bson:"title"` // empty: the titles of its modules
	Modules     []string    `bson:"modules"`
	Workshop    string      `bson:"workshop"` // a template that has to be attended besides, as module/template; empty: none
	Group       Group       `bson:"group"`
	Start       string      `bson:"start"` // civil day from which a completion counts; empty: any
	Due         string      `bson:"due"`   // civil day, of the first cycle; empty: no date
	Renewal     Renewal     `bson:"renewal"`
	Ended       string      `bson:"ended"`  // civil day on which staff ended it; empty: in force
	Seeded      string      `bson:"seeded"` // the due day in the institution's file, where the requirement comes from there
	Swept       string      `bson:"swept"`  // civil day on which everybody's standing was last looked at

	Pending      string    `bson:"pending"` // what has to follow: PendingNothing or PendingStandings
	Cursor       string    `bson:"cursor"`  // how far that has come
	ClaimedUntil time.Time `bson:"claimed_until"`
}

// Group describes who has to. Every list that is not empty must hold what the member has; an empty group is the whole institution.
type Group struct {
	Places      []string `bson:"places"`      // beginnings of a place: aldermoor/2026/
	Departments []string `bson:"departments"` // slugs, in whatever cohort
	Levels      []string `bson:"levels"`      // slugs
	Modes       []string `bson:"modes"`       // slugs
	Labels      []string `bson:"labels"`      // slugs; one of them is enough
	EnteredFrom string   `bson:"entered_from"`
	EnteredTo   string   `bson:"entered_to"` // the last day that counts
}

// parts lists what has to be completed: the modules, and the workshop, to which somebody's attendance is the completion.
func (r Requirement) parts() []string {
	if r.Workshop == "" {
		return r.Modules
	}
	return append(slices.Clone(r.Modules), r.Workshop)
}

// Everybody says whether the group is the whole institution.
func (g Group) Everybody() bool {
	return len(g.Places)+len(g.Departments)+len(g.Levels)+len(g.Modes)+len(g.Labels) == 0 && g.EnteredFrom == "" && g.EnteredTo == ""
}

// Describes says whether somebody belongs to the group. An entry date that is not known fits no period.
func (g Group) Describes(m Member) bool {
	within := func(list []string, have string) bool { return len(list) == 0 || slices.Contains(list, have) }
	return (len(g.Places) == 0 || slices.ContainsFunc(g.Places, func(p string) bool { return Within(m.Place, p) })) &&
		within(g.Departments, slug(m.Department)) && within(g.Levels, slug(m.Level)) && within(g.Modes, slug(m.Mode)) &&
		(len(g.Labels) == 0 || slices.ContainsFunc(m.Labels, func(l string) bool { return slices.Contains(g.Labels, slug(l)) })) &&
		(g.EnteredFrom == "" || m.Entry >= g.EnteredFrom) && (g.EnteredTo == "" || m.Entry != "" && m.Entry <= g.EnteredTo)
}

// What a requirement, a completion or an exception can have pending.
const (
	PendingNothing   = "none"
	PendingStandings = "standings"
)

// Institutions says what an institution asks of its students.
type Institutions interface {
	Institution(id string) (*people.Institution, error)
	Institutions() []people.Institution
}

// Persons knows who can sign in.
type Persons interface {
	Person(ctx context.Context, id string) (people.Person, error)
	// Enrol makes people known by their e-mail address and returns the id of each, in the same order; known are those that had been there before.
	Enrol(ctx context.Context, list []people.Person) (ids []string, known []bool, err error)
	// Known returns the id of the person with an e-mail address, or fault.NotFound.
	Known(ctx context.Context, institution, email string) (string, error)
	// Readdress changes somebody's e-mail address; fault.Conflict when it is another person's, fault.Denied when a roster may not change it.
	Readdress(ctx context.Context, person, email string) error
}

// Module is something that a requirement can ask for.
type Module struct {
	ID    string
	Title locale.Text
}

// Config is what the service is made from.
type Config struct {
	Engine       Engine
	Institutions Institutions
	Persons      Persons
	Modules      func() []Module // that there are, in their order
	Workshops    func() []Module // templates for workshops, as module/template; nil: there are none
	Today        func() string   // civil date
	Now          func() time.Time
	NewID        func() string // short and random, for requirements
	Log          *slog.Logger
	Audit        *audit.Log // what staff do is recorded before it is done; pages need it
}

// Service is the package's verbs.
type Service struct {
	cfg   Config
	store *requirementStore
}

// New opens the store.
func New(ctx context.Context, cfg Config) (*Service, error) {
	s, err := openStore(ctx, cfg.Engine)
	if err != nil {
		return nil, err
	}
	return &Service{cfg, s}, nil
}

// Begin makes the requirements of the institutions' files that are not there yet: one for every entry of requires, for everybody. An entry whose
// date changes in the file changes its requirement; what staff changed stays.
func (s *Service) Begin(ctx context.Context) error {
	for _, m := range s.cfg.Modules() {
		if err := s.store.carryOver(ctx, m.ID); err != nil {
			return fmt.Errorf("carry completions over: %w", err)
		}
	}
	for _, in := range s.cfg.Institutions.Institutions() {
		for _, d := range in.Requires {
			if err := s.seed(ctx, in.ID, d); err != nil {
				return fmt.Errorf("seed requirement: %w", err)
			}
		}
	}
	return nil
}

func (s *Service) seed(ctx context.Context, institution string, d people.Duty) error {
	id := institution + "-" + d.Module
	had, err := s.store.requirement(ctx, id)
	switch {
	case errors.Is(err, fault.NotFound):
		err = s.store.insertRequirement(ctx, tidy(Requirement{
			ID: id, Institution: institution, Modules: []string{d.Module}, Due: d.Due, Seeded: d.Due, Pending: PendingStandings,
		}))
		if errors.Is(err, fault.Conflict) { // another server was quicker
			return nil
		}
		return err
	case err != nil || had.Seeded == d.Due:
		return err
	}
	_, err = s.change(ctx, id, func(r *Requirement) { r.Due, r.Seeded = d.Due, d.Due })
	return err
}

// tidy leaves no list or map absent.
func tidy(r Requirement) Requirement {
	if r.Title == nil {
		r.Title = locale.Text{}
	}
	for _, list := range []*[]string{&r.Modules, &r.Group.Places, &r.Group.Departments, &r.Group.Levels, &r.Group.Modes, &r.Group.Labels} {
		if *list == nil {
			*list = []string{}
		}
	}
	if r.Renewal.Every == "" {
		r.Renewal.Every = Never
	}
	if r.Pending == "" {
		r.Pending = PendingNothing
	}
	return r
}

// Requirements lists what an institution requires now, by due date.
func (s *Service) Requirements(ctx context.Context, institution string) ([]Requirement, error) {
	return s.store.requirements(ctx, institution, "")
}

// Ended lists what an institution required once, the latest first.
func (s *Service) Ended(ctx context.Context, institution string) ([]Requirement, error) {
	return s.store.endedRequirements(ctx, institution)
}

// Requirement returns one, in force or ended, or fault.NotFound.
func (s *Service) Requirement(ctx context.Context, id string) (Requirement, error) {
	return s.store.requirement(ctx, id)
}

// Add makes a requirement and leaves it to the sweeper to give everybody in the group a standing.
func (s *Service) Add(ctx context.Context, r Requirement) (Requirement, error) {
	r = tidy(r)
	if err := s.check(r); err != nil {
		return r, err
	}
	r.Pending, r.Ended, r.Cursor = PendingStandings, "", ""
	for {
		r.ID = s.cfg.NewID()
		if err := s.store.insertRequirement(ctx, r); !errors.Is(err, fault.Conflict) {
			return r, err
		}
	}
}

// Change replaces what a requirement says. Standings follow in the background.
func (s *Service) Change(ctx context.Context, r Requirement) (Requirement, error) {
	r = tidy(r)
	if err := s.check(r); err != nil {
		return r, err
	}
	return s.change(ctx, r.ID, func(had *Requirement) {
		had.Title, had.Modules, had.Workshop, had.Group, had.Start, had.Due, had.Renewal = r.Title, r.Modules, r.Workshop, r.Group, r.Start, r.Due, r.Renewal
	})
}

// End takes a requirement out of force: it asks nothing of anybody any more, and its standings stay as they were on that day.
func (s *Service) End(ctx context.Context, id string) error {
	_, err := s.store.updateRequirement(ctx, id, func(r *Requirement) error {
		if r.Ended == "" {
			r.Ended, r.Pending = s.cfg.Today(), PendingNothing
		}
		return nil
	})
	return err
}

func (s *Service) change(ctx context.Context, id string, change func(*Requirement)) (Requirement, error) {
	return s.store.updateRequirement(ctx, id, func(r *Requirement) error {
		if r.Ended != "" {
			return fmt.Errorf("requirement has ended: %w", fault.Conflict)
		}
		change(r)
		r.Pending, r.Cursor, r.ClaimedUntil = PendingStandings, "", time.Time{}
		return nil
	})
}

// maxTitle is the longest title in characters.
const maxTitle = 120

func (s *Service) check(r Requirement) error {
	var p fault.Problems
	in, err := s.cfg.Institutions.Institution(r.Institution)
	if err != nil {
		return err
	}
	for _, title := range r.Title {
		if len([]rune(title)) > maxTitle {
			p.Add("title", "form.too-long")
		}
	}
	if len(r.Modules) == 0 {
		p.Add("modules", "requirement.modules-missing")
	}
	for _, id := range r.Modules {
		if !slices.ContainsFunc(s.cfg.Modules(), func(m Module) bool { return m.ID == id }) {
			p.Add("modules", "form.choose")
		}
	}
	if r.Workshop != "" && !slices.ContainsFunc(s.workshops(), func(m Module) bool { return m.ID == r.Workshop }) {
		p.Add("workshop", "form.choose")
	}
	for field, day := range map[string]string{"start": r.Start, "due": r.Due, "entered-from": r.Group.EnteredFrom, "entered-to": r.Group.EnteredTo} {
		if !civil(day) {
			p.Add(field, "form.day-wrong")
		}
	}
	for _, place := range r.Group.Places {
		if !Within(place, WholeOf(in.ID)) {
			p.Add("places", "form.choose")
		}
	}
	p = append(p, r.Renewal.problems(r.Start)...)
	if len(p) == 0 && r.Start != "" && r.Due != "" && r.Due < r.Start {
		p.Add("due", "requirement.due-early")
	}
	slices.SortStableFunc(p, func(a, b fault.Problem) int { return strings.Compare(a.Field, b.Field) })
	return p.Err()
}

// workshops lists the templates that a requirement can name.
func (s *Service) workshops() []Module {
	if s.cfg.Workshops == nil {
		return nil
	}
	return s.cfg.Workshops()
}

// civil says whether a text is a civil day or empty.
func civil(day string) bool {
	_, err := time.Parse(time.DateOnly, day)
	return day == "" || err == nil
}
