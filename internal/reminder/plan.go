package reminder

import (
	"context"
	"errors"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
)

// Reminder is one message to one person.
type Reminder struct {
	ID          string    `bson:"_id"` // requirement:cycle:person:due:step
	Institution string    `bson:"institution"`
	Requirement string    `bson:"requirement"`
	Cycle       string    `bson:"cycle"`
	Person      string    `bson:"person"`
	Due         string    `bson:"due"`
	Step        int       `bson:"step"`
	Day         string    `bson:"day"` // civil day for which it was planned; once sent, on which it was
	State       string    `bson:"state"`
	Returned    bool      `bson:"returned"` // Bounced or GivenUp
	Tries       int       `bson:"tries"`
	Code        int       `bson:"code"`    // of the mail server that refused it; nought: none
	NextAt      time.Time `bson:"next_at"` // when it may be tried; while somebody is at it, when another may take it over
}

// What has become of a reminder.
const (
	Waiting = "waiting"
	Sent    = "sent"     // the mail server has taken it
	Bounced = "bounced"  // the mail server refuses it for good
	GivenUp = "given-up" // not taken within days
	Dropped = "dropped"  // not needed any more
)

// Wave is the planning of one step for one due date: how far the list of people has been walked.
type Wave struct {
	ID     string `bson:"_id"` // requirement:cycle::due:step
	Day    string `bson:"day"`
	Cursor string `bson:"cursor"`
	Done   bool   `bson:"done"`
}

const (
	// catchUp is for how many days a step that was missed, because nothing ran, is still made up for.
	catchUp = 3
	// reach bounds how far a working day lies from any day: Christmas and two weekends stay within it.
	reach = 10
	// claimFor is how long one program may work on something before another takes it over.
	claimFor = 2 * time.Minute
)

// PlanDue writes down the reminders of every step whose day has come. Planning again adds nothing: each has its own id.
func (s *Service) PlanDue(ctx context.Context) (int, error) {
	n := 0
	var failed []error
	for plan, err := range s.store.plansOn(ctx) {
		if err != nil {
			return n, err
		}
		r, err := s.cfg.Standings.Requirement(ctx, plan.ID)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err == nil {
			var more int
			more, err = s.planOne(ctx, plan, r)
			n += more
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	return n, errors.Join(failed...)
}

func (s *Service) planOne(ctx context.Context, plan Plan, r Requirement) (int, error) {
	nation, err := s.nation(plan.Institution)
	if err != nil {
		return 0, err
	}
	from, err := s.opens(plan)
	if err != nil {
		return 0, err
	}
	if from.IsZero() {
		from = s.cfg.Now()
	}
	n := 0
	for _, step := range plan.Steps {
		for _, due := range s.dueDates(nation, plan, step) {
			more, err := s.wave(ctx, r, step, due, from)
			n += more
			if err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

func (s *Service) nation(institution string) (string, error) {
	in, err := s.cfg.People.Institution(institution)
	if err != nil {
		return "", err
	}
	return locale.NationOf(in.Nation), nil
}

type dueDate struct{ date, day string }

// dueDates lists the due dates for which a step falls on today, or on one of the last days on which nothing may have run.
func (s *Service) dueDates(nation string, plan Plan, step int) []dueDate {
	today := civilDay(s.today())
	var found []dueDate
	for d := today.AddDate(0, 0, -step-catchUp-reach); !d.After(today.AddDate(0, 0, -step+reach)); d = d.AddDate(0, 0, 1) {
		day := s.sendDay(nation, d, step)
		if day.After(today) || day.Before(today.AddDate(0, 0, -catchUp)) || day.Format(time.DateOnly) < plan.Since {
			continue
		}
		found = append(found, dueDate{d.Format(time.DateOnly), day.Format(time.DateOnly)})
	}
	return found
}

// sendDay is the working day of a step: what would fall on a free day goes out before it, so that nobody learns of a date too late; after the due
// date it goes out behind it.
func (s *Service) sendDay(nation string, due time.Time, step int) time.Time {
	day, onward := due.AddDate(0, 0, step), -1
	if step > 0 {
		onward = 1
	}
	for !s.holidays.Working(nation, day) {
		day = day.AddDate(0, 0, onward)
	}
	return day
}

// wave walks those who are due on a date and have not met the requirement, page by page of an index, and leaves a reminder for each.
func (s *Service) wave(ctx context.Context, r Requirement, step int, due dueDate, from time.Time) (int, error) {
	id := reminderID(r, "", due.date, step)
	n := 0
	for {
		w, found, err := s.store.wave(ctx, id)
		if err != nil || found && w.Done {
			return n, err
		}
		list, next, err := s.cfg.Standings.OpenOn(ctx, r, due.date, w.Cursor)
		if err != nil || len(list) == 0 && !found { // nobody has this date: there is nothing to remember
			return n, err
		}
		if !found {
			if err := s.store.insertWave(ctx, Wave{ID: id, Day: due.day}); err != nil {
				return n, err
			}
		}
		batch := make([]Reminder, len(list))
		for i, st := range list {
			batch[i] = Reminder{
				ID: reminderID(r, st.Person, due.date, step), Institution: r.Institution, Requirement: r.ID, Cycle: r.Cycle, Person: st.Person, Due: due.date, Step: step,
				Day: due.day, State: Waiting, NextAt: from,
			}
		}
		refused, err := s.store.insert(ctx, batch)
		n += len(batch) - len(refused)
		if err != nil {
			return n, err
		}
		if err := s.store.updateWave(ctx, id, func(w *Wave) { w.Cursor, w.Done = next, next == "" }); err != nil {
			return n, err
		}
		if next == "" {
			return n, nil
		}
	}
}

func civilDay(day string) time.Time {
	t, _ := time.Parse(time.DateOnly, day) // written by today
	return t
}
