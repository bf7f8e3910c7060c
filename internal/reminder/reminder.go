// Package reminder writes to those who have not yet met a requirement: before, on and after its due date.
//
// Its rules:
//
//   - Nothing leaves before a member of staff has seen the words in both languages and how many it goes to, and has pressed the button.
//   - How somebody stands is looked up right before each message: whoever has met the requirement, is exempt, has left or has got more time hears
//     nothing of the old date.
//   - Messages leave on working days of the institution's nation, between the hours of the plan, in London's time, and in the language that the person
//     chose.
//   - Each goes out at least once, under a Message-ID made of what it is: where a machine dies between the mail server's word and our mark, the second
//     one bears the same id, and mailboxes fold the two.
//   - It is known of a message that it was sent, and on which day; not whether it was opened. No link in it names its reader.
package reminder

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/people"
)

// Plan says on which days around its due date a requirement reminds people. It is off until staff let it go.
type Plan struct {
	ID          string `bson:"_id"` // of the requirement
	Institution string `bson:"institution"`
	Steps       []int  `bson:"steps"`     // days from the due date: -7 is a week before
	FromHour    int    `bson:"from_hour"` // London; messages leave from this hour on
	ToHour      int    `bson:"to_hour"`   // and before this one
	On          bool   `bson:"on"`
	Since       string `bson:"since"` // civil day on which it was let go; earlier steps are not made up for
}

// Days lists the steps that a plan can have, the earliest first.
func Days() []int { return []int{-28, -14, -7, -3, -1, 0, 1, 7, 14, 28} }

// standard is the plan that staff find before they have changed anything.
func standard(r Requirement) Plan {
	return Plan{ID: r.ID, Institution: r.Institution, Steps: []int{-14, -3, 0, 7}, FromHour: 9, ToHour: 17}
}

// Requirement is what there is to know of a requirement here.
type Requirement struct {
	ID, Institution string
	Titles          locale.Text
	Cycle           string
	Due             string // civil day; empty: no date, and nothing to remind of
}

// Standing is how somebody stands with a requirement.
type Standing struct {
	Person, Name, Place string
	Cycle               string
	Due                 string // civil day, with the person's extension
	Open                bool   // neither met nor exempt
}

// Standings knows who must do what by when, and who has.
type Standings interface {
	// Requirements lists those of an institution that are in force.
	Requirements(ctx context.Context, institution string) ([]Requirement, error)
	// Requirement returns one that is in force, or fault.NotFound.
	Requirement(ctx context.Context, id string) (Requirement, error)
	// OpenOn lists some of those who have not met a requirement that is due for them on a day; next is empty at the end.
	OpenOn(ctx context.Context, r Requirement, due, after string) (list []Standing, next string, err error)
	// Open counts those who have not met a requirement.
	Open(ctx context.Context, r Requirement) (int, error)
	// Standing returns how a person stands now, or fault.NotFound when nothing is asked of them.
	Standing(ctx context.Context, person, requirement string) (Standing, error)
}

// Config is what the service is made from.
type Config struct {
	Engine    Engine
	Standings Standings
	People    *people.Service
	Audit     *audit.Log
	Catalogue *locale.Catalogue
	Connect   func(ctx context.Context) (mail.Link, error) // nil in a demo without a mail server: nothing leaves
	Link      func(institution, lang, page string) string  // of the public half
	Home      string                                       // address of the signed-in half
	Host      string                                       // right-hand side of a Message-ID
	PerMinute int                                          // messages that leave at most
	Now       func() time.Time
	Log       *slog.Logger
	// Sees says whether somebody of the staff may see the name of a person at a place; nil: staff see every name.
	Sees func(by people.Person, place string) bool
}

// Service is the package's verbs.
type Service struct {
	cfg      Config
	store    *reminderStore
	london   *time.Location
	holidays *locale.Holidays
}

// New opens the store.
func New(ctx context.Context, cfg Config) (*Service, error) {
	s, err := openStore(ctx, cfg.Engine)
	if err != nil {
		return nil, err
	}
	london, err := locale.London()
	if err != nil {
		return nil, err
	}
	holidays, err := locale.LoadHolidays()
	if err != nil {
		return nil, err
	}
	if cfg.Sees == nil {
		cfg.Sees = func(people.Person, string) bool { return true }
	}
	return &Service{cfg, s, london, holidays}, nil
}

// Plan returns a requirement's plan, or the standard one where staff have not set any.
func (s *Service) Plan(ctx context.Context, r Requirement) (Plan, error) {
	p, err := s.store.plan(ctx, r.ID)
	if errors.Is(err, fault.NotFound) {
		return standard(r), nil
	}
	return p, err
}

// Set changes a plan. fault.Problems on "steps", "from" and "to". A plan that is on stays on; steps that have gone do not go again.
func (s *Service) Set(ctx context.Context, by people.Person, r Requirement, steps []int, from, to int) error {
	var p fault.Problems
	slices.Sort(steps)
	steps = slices.Compact(steps)
	if len(steps) == 0 {
		p.Add("steps", "reminder.steps-none")
	}
	for _, day := range steps {
		if !slices.Contains(Days(), day) {
			p.Add("steps", "form.choose")
		}
	}
	if from < 7 || to > 21 || from >= to {
		p.Add("from", "reminder.hours-wrong")
	}
	if err := p.Err(); err != nil {
		return err
	}
	detail := fmt.Sprintf("days %v, %d:00 to %d:00", steps, from, to)
	return s.change(ctx, by, r, audit.ReminderPlan, detail, func(plan *Plan) { plan.Steps, plan.FromHour, plan.ToHour = steps, from, to })
}

// LetGo turns a plan on. From the next working hour on messages leave.
func (s *Service) LetGo(ctx context.Context, by people.Person, r Requirement) error {
	if r.Due == "" {
		return fmt.Errorf("remind of a requirement without a date: %w", fault.Conflict)
	}
	return s.change(ctx, by, r, audit.ReminderSend, "", func(plan *Plan) {
		if !plan.On {
			plan.On, plan.Since = true, s.today()
		}
	})
}

// Stop turns a plan off: what has not left stays here.
func (s *Service) Stop(ctx context.Context, by people.Person, r Requirement) error {
	return s.change(ctx, by, r, audit.ReminderStop, "", func(plan *Plan) { plan.On = false })
}

// change records first and changes then.
func (s *Service) change(ctx context.Context, by people.Person, r Requirement, verb audit.Verb, detail string, change func(*Plan)) error {
	if r.Institution != by.Institution {
		return fmt.Errorf("plan of another institution: %w", fault.NotFound)
	}
	if len(by.Scope) > 0 { // a plan writes to the whole institution
		return fmt.Errorf("plan by staff of some places: %w", fault.Denied)
	}
	if err := s.cfg.Audit.Record(ctx, audit.Entry{Institution: r.Institution, Actor: by.ID, Verb: verb, Subject: r.ID, Detail: detail}); err != nil {
		return err
	}
	return s.store.upsertPlan(ctx, r.ID, func(p *Plan, found bool) {
		if !found {
			*p = standard(r)
		}
		change(p)
	})
}

// Message is a reminder in one language, as it leaves.
type Message struct{ Lang, Subject, Text string }

// Write says what a step's message says in a language.
func (s *Service) Write(r Requirement, step int, due, lang string) (Message, error) {
	in, err := s.cfg.People.Institution(r.Institution)
	if err != nil {
		return Message{}, err
	}
	kind := "mail.reminder-before"
	switch {
	case step == 0:
		kind = "mail.reminder-on"
	case step > 0:
		kind = "mail.reminder-after"
	}
	words := s.cfg.Catalogue.In(lang)
	values := []any{"Institution", in.Name.In(lang), "Title", r.Titles.In(lang), "Day", words.CivilDay(due), "Link", s.cfg.Home, "Support", s.cfg.Link(r.Institution, lang, "/support")}
	return Message{Lang: lang, Subject: words.T(kind+".subject", values...), Text: words.T(kind+".text", values...)}, nil
}

// Count says how many messages of a requirement's cycle are in each state.
func (s *Service) Count(ctx context.Context, r Requirement) (map[string]int, error) {
	return s.store.count(ctx, r.ID, r.Cycle)
}

// Returned lists one page of the messages that came back or were given up.
func (s *Service) Returned(ctx context.Context, r Requirement, after, before string) (Page, error) {
	return s.store.returned(ctx, r.ID, r.Cycle, after, before)
}

// Forget deletes what is known of messages planned before a civil day, and returns how many.
func (s *Service) Forget(ctx context.Context, day string) (int, error) {
	return s.store.forget(ctx, day)
}

func (s *Service) today() string { return s.cfg.Now().In(s.london).Format(time.DateOnly) }

// messageID is the same whenever the same message goes out.
func (s *Service) messageID(d Reminder) string {
	sum := sha256.Sum256([]byte(d.ID))
	return hex.EncodeToString(sum[:16]) + "@" + s.cfg.Host
}

func reminderID(r Requirement, person, due string, step int) string {
	return r.ID + ":" + r.Cycle + ":" + person + ":" + due + ":" + strconv.Itoa(step)
}
