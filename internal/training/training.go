// Package training leads a learner through a module: one thing a page, an answer, feedback, onward; practice where an outcome falls
// short; and completion.
//
// A journey is private to its learner. It holds answers while they are needed; on completion they are erased, together with the route that was
// taken, and what remains is the day. What others may know, a standing, is handed to whoever keeps standings by a pending mark inside the
// journey, so that neither can be lost without the other.
package training

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
)

// Journey is one learner's way through one module.
type Journey struct {
	ID      string `bson:"_id"` // person:module
	Person  string `bson:"person"`
	Module  string `bson:"module"`
	Edition string `bson:"edition"` // met last
	Route   string `bson:"route"`
	Seed    string `bson:"seed"`  // draws variants and the order of options
	Place   string `bson:"place"` // id of the item where the learner is

	Read    []string                  `bson:"read"`    // pages and reflections gone past
	Answers map[string]content.Answer `bson:"answers"` // by item id, first way through
	Walks   map[string][]string       `bson:"walks"`   // scenarios under way: the steps so far
	// Explored holds, by scenario and ending, the path last taken there.
	Explored map[string]map[string][]string `bson:"explored"`
	Practice []Practice                     `bson:"practice"`
	Rounds   int                            `bson:"rounds"` // of practice

	Acknowledged map[string][]string `bson:"acknowledged"` // content notes gone past, by section id
	Skipped      []string            `bson:"skipped"`      // item ids left for the end, in that order

	Month        string    `bson:"month"`     // of the last activity, 2006-01, so that what is left alone can be forgotten; monthDone once completed
	Completed    string    `bson:"completed"` // civil date; empty: under way
	Pending      string    `bson:"pending"`   // what has to follow: Nothing or Standing
	ClaimedUntil time.Time `bson:"claimed_until"`
}

// Practice is one more try at a place that missed full marks: a fresh variant, or a page to read again when no fresh one is left.
type Practice struct {
	Route   string          `bson:"route" json:"route"`
	Outcome string          `bson:"outcome" json:"outcome"`
	Slot    string          `bson:"slot" json:"slot"` // id of the item that was asked first; empty for a page to read again
	Item    string          `bson:"item" json:"item"`
	Done    bool            `bson:"done" json:"done"`
	Answer  *content.Answer `bson:"answer" json:"answer"`
}

// emptyJourney is a journey on which nothing has happened.
func emptyJourney(id, person string, m *content.Module) Journey {
	return Journey{
		ID: id, Person: person, Module: m.ID, Edition: m.Edition, Pending: PendingNothing,
		Read: []string{}, Answers: map[string]content.Answer{}, Walks: map[string][]string{}, Explored: map[string]map[string][]string{}, Practice: []Practice{},
		Acknowledged: map[string][]string{}, Skipped: []string{},
	}
}

// monthDone stands for the month of a completed journey: it is not forgotten for lying still, and its day says enough.
const monthDone = "done"

// What a journey can have pending.
const (
	PendingNothing  = "none"
	PendingStanding = "standing"
)

// Standings keeps what others may know of a completed journey.
type Standings interface {
	// Meet records that a person has met a requirement; doing it again changes nothing.
	Meet(ctx context.Context, person, institution, requirement, edition, day string) error
	// Again says whether a module that was completed on a day has to be completed once more.
	Again(ctx context.Context, person, institution, module, day string) (bool, error)
}

// Duty is something that a learner's institution requires.
type Duty struct {
	Module   string
	Workshop string // template of the module that has to be attended; empty: the module is to be completed
	Due      string // civil date; empty: no date
	Met      string // civil date; empty: not yet
	From     string // civil date from which a completion counts; empty: from ever
}

// Held is a certificate that a learner has.
type Held struct {
	Module string
	Title  locale.Phrase
	Day    string
	Path   string
}

// Desk answers what a learner's home shows besides journeys.
type Desk interface {
	Duties(ctx context.Context, person people.Person) ([]Duty, error)
	Certificates(ctx context.Context, person people.Person, lang string) ([]Held, error)
}

// Config is what the service is made from.
type Config struct {
	Engine    Engine
	Library   func() *content.Library // the modules as they are now
	Standings Standings
	Persons   interface {
		Person(ctx context.Context, id string) (people.Person, error)
	}
	Today   func() string // civil date
	Now     func() time.Time
	NewSeed func() string
	Log     *slog.Logger
}

// Service is the package's verbs.
type Service struct {
	cfg   Config
	store *journeyStore
}

// New opens the store.
func New(ctx context.Context, cfg Config) (*Service, error) {
	js, err := openStore(ctx, cfg.Engine)
	if err != nil {
		return nil, err
	}
	return &Service{cfg, js}, nil
}

// Module returns the module with an id, or fault.NotFound.
func (s *Service) Module(id string) (*content.Module, error) {
	m, ok := s.cfg.Library().Module(id)
	if !ok {
		return nil, fmt.Errorf("module %q: %w", id, fault.NotFound)
	}
	return m, nil
}

// ModuleBySlug returns the module that an address in the signed-in half names, or fault.NotFound.
func (s *Service) ModuleBySlug(slug string) (*content.Module, error) {
	m, ok := s.cfg.Library().ModuleBySlug(slug)
	if !ok {
		return nil, fmt.Errorf("module %q: %w", slug, fault.NotFound)
	}
	return m, nil
}

// Modules lists every module.
func (s *Service) Modules() []*content.Module { return s.cfg.Library().Modules() }

// number tells a module from the others where its title may not stand: in a browser's history.
func (s *Service) number(m *content.Module) int {
	return slices.IndexFunc(s.Modules(), func(o *content.Module) bool { return o.ID == m.ID }) + 1
}

// Journey returns a learner's way through a module, or fault.NotFound when it has not begun.
func (s *Service) Journey(ctx context.Context, person string, m *content.Module) (Journey, error) {
	return s.store.get(ctx, journeyID(person, m.ID))
}

// Journeys lists everything that a learner has begun.
func (s *Service) Journeys(ctx context.Context, person string) ([]Journey, error) {
	return s.store.byPerson(ctx, person)
}

// Start begins a journey on a route, or changes the route of one under way: the answers and the practice of both routes are kept until completion. A
// completed journey stays as it is, unless the module has to be completed once more: then it begins anew.
func (s *Service) Start(ctx context.Context, person string, m *content.Module, route string) error {
	if _, ok := m.Route(route); !ok {
		return fmt.Errorf("route %q: %w", route, fault.NotFound)
	}
	id := journeyID(person, m.ID)
	again, err := s.again(ctx, id)
	if err != nil {
		return err
	}
	_, err = s.store.upsert(ctx, id, func(j *Journey, found bool) error {
		switch {
		case !found, again && j.Completed != "" && j.Pending == PendingNothing:
			*j = emptyJourney(id, person, m)
			j.Route, j.Seed, j.Month = route, s.cfg.NewSeed(), s.month()
		case j.Completed == "" && j.Route != route:
			j.Route, j.Month = route, s.month()
		default:
			return nil
		}
		lay(m, j).settleIn()
		return nil
	})
	return err
}

// again says whether a completed journey is asked for once more.
func (s *Service) again(ctx context.Context, id string) (bool, error) {
	j, err := s.store.get(ctx, id)
	if errors.Is(err, fault.NotFound) || err == nil && j.Completed == "" {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return s.Again(ctx, j)
}

// Again says whether a requirement asks for a completed journey once more, because it has been renewed since.
func (s *Service) Again(ctx context.Context, j Journey) (bool, error) {
	if j.Completed == "" {
		return false, nil
	}
	p, err := s.cfg.Persons.Person(ctx, j.Person)
	if err != nil {
		return false, err
	}
	return s.cfg.Standings.Again(ctx, p.ID, p.Institution, j.Module, j.Completed)
}

// Answer takes a learner's answer to an item. An item that has been answered keeps its answer: a second post, another tab or the back button
// change nothing, and taken is false then. fault.Problems says what is missing; fault.NotFound that the item is not on the learner's way.
func (s *Service) Answer(ctx context.Context, person string, m *content.Module, item *content.Item, a content.Answer) (taken bool, err error) {
	if item.Kind == content.Scenario { // a story is answered step by step
		a = content.Answer{}
	}
	if err := item.Check(a); err != nil {
		return false, err
	}
	_, err = s.change(ctx, person, m, func(w way) error {
		taken, err = w.answer(item, a)
		return err
	})
	return taken, err
}

// Step takes one choice of a scenario: the one after at steps. A step that was taken already changes nothing.
func (s *Service) Step(ctx context.Context, person string, m *content.Module, item *content.Item, at int, step string) error {
	_, err := s.change(ctx, person, m, func(w way) error { return w.step(item, at, step) })
	return err
}

// Rewind goes back in a scenario to where the given number of steps had been taken; to 0 starts it anew.
func (s *Service) Rewind(ctx context.Context, person string, m *content.Module, item *content.Item, to int) error {
	_, err := s.change(ctx, person, m, func(w way) error { return w.rewind(item, to) })
	return err
}

// Acknowledge goes past the content notes before an item: they are not put in its way again in that section.
func (s *Service) Acknowledge(ctx context.Context, person string, m *content.Module, item *content.Item) error {
	_, err := s.change(ctx, person, m, func(w way) error { return w.acknowledge(item) })
	return err
}

// Skip leaves an item that carries a content note for the end of the route. It is not done by that; more is false when nothing else is left.
func (s *Service) Skip(ctx context.Context, person string, m *content.Module, item *content.Item) (more bool, err error) {
	_, err = s.change(ctx, person, m, func(w way) error {
		more, err = w.skip(item)
		return err
	})
	return more, err
}

// Onward goes past an item, to the next thing to do: the rest of the route, then practice, then completion. Going on from an item that is not
// done yet leads back to it.
func (s *Service) Onward(ctx context.Context, person string, m *content.Module, item *content.Item) error {
	j, err := s.change(ctx, person, m, func(w way) error { return w.onward(item, s.cfg.Today()) })
	if err == nil && j.Pending == PendingStanding {
		if err := s.settle(ctx, j); err != nil { // the sweeper will try again; the learner has completed all the same
			s.cfg.Log.WarnContext(ctx, "standing not recorded yet", "error", err.Error())
		}
	}
	return err
}

// change alters a journey that is under way.
func (s *Service) change(ctx context.Context, person string, m *content.Module, change func(way) error) (Journey, error) {
	return s.store.update(ctx, journeyID(person, m.ID), func(j *Journey) error {
		if j.Completed != "" {
			return nil
		}
		j.Edition, j.Month = m.Edition, s.month()
		return change(lay(m, j))
	})
}

func (s *Service) month() string { return s.cfg.Today()[:len("2006-01")] }

// settle records the standing of a completed journey and takes the pending mark away.
func (s *Service) settle(ctx context.Context, j Journey) error {
	p, err := s.cfg.Persons.Person(ctx, j.Person)
	if err == nil {
		err = s.cfg.Standings.Meet(ctx, j.Person, p.Institution, j.Module, j.Edition, j.Completed)
	}
	if err != nil && !errors.Is(err, fault.NotFound) { // a person who has been erased needs no standing
		return fmt.Errorf("settle journey: %w", err)
	}
	_, err = s.store.update(ctx, j.ID, func(j *Journey) error {
		j.Pending, j.ClaimedUntil = PendingNothing, time.Time{} // the minute is nobody's business
		return nil
	})
	return err
}

// claimFor is how long a sweeper may work on one journey before another takes it over.
const claimFor = time.Minute

// Sweep settles what was left pending by a server that stopped in between, and returns how many journeys it settled.
func (s *Service) Sweep(ctx context.Context) (int, error) {
	due, err := s.store.pending(ctx, s.cfg.Now())
	if err != nil {
		return 0, err
	}
	n := 0
	for _, j := range due {
		claimed := false
		j, err := s.store.update(ctx, j.ID, func(j *Journey) error {
			claimed = j.Pending == PendingStanding && !j.ClaimedUntil.After(s.cfg.Now())
			if claimed {
				j.ClaimedUntil = s.cfg.Now().Add(claimFor)
			}
			return nil
		})
		if err != nil {
			return n, err
		}
		if !claimed {
			continue
		}
		if err := s.settle(ctx, j); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

func journeyID(person, module string) string { return person + ":" + module }
