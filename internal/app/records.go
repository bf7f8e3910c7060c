package app

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/records"
)

// asked is what was asked of a person and how they stand with it: what staff see.
type asked struct{ a *App }

func (r asked) ExportPerson(ctx context.Context, p people.Person) (any, error) {
	held, err := r.a.requirements.ExportPerson(ctx, p.ID)
	held.Completions = nil
	return held, err
}

func (r asked) ErasePerson(ctx context.Context, p people.Person) error {
	return r.a.requirements.ErasePerson(ctx, p.ID)
}

// completed is which modules a person has completed, asked or not. It is erased together with what was asked.
type completed struct{ a *App }

func (r completed) ExportPerson(ctx context.Context, p people.Person) (any, error) {
	held, err := r.a.requirements.ExportPerson(ctx, p.ID)
	return held.Completions, err
}

func (completed) ErasePerson(context.Context, people.Person) error { return nil }

// leavers tells records who left long ago.
type leavers struct{ a *App }

func (l leavers) LeftBefore(ctx context.Context, day string) iter.Seq2[people.Person, error] {
	return func(yield func(people.Person, error) bool) {
		for m, err := range l.a.requirements.LeftBefore(ctx, day) {
			p := people.Person{ID: m.ID, Institution: m.Institution, Email: m.Email}
			if err == nil {
				if known, perr := l.a.people.Person(ctx, m.ID); perr == nil {
					p = known
				} else if !errors.Is(perr, fault.NotFound) {
					err = perr
				}
			}
			if !yield(p, err) {
				return
			}
		}
	}
}

// openRecords puts together what each feature holds on a person, in the order of erasure, and what each forgets in time.
func (a *App) openRecords(ctx context.Context) (err error) {
	a.records, err = records.New(ctx, records.Config{
		Engine: a.engine, People: a.people, Audit: a.audit, Now: clock, Log: a.log,
		Leavers: leavers{a},
		Parts: []records.Part{
			{Name: "identity", Rights: a.people},
			{Name: "training", Private: true, Rights: a.training},
			{Name: "requirements", Rights: asked{a}},
			{Name: "completions", Private: true, Rights: completed{a}},
			{Name: "reminders", Rights: a.reminders},
			{Name: "certificates", Private: true, Rights: a.certificates},
			{Name: "pledges", Private: true, Rights: a.pledges},
			{Name: "workshops", Private: true, Rights: a.workshops},
		},
		Forget: a.forgetters(),
	})
	return err
}

// forgetters lists what forgets each kind of data that is older than its period.
func (a *App) forgetters() map[records.Kind]func(context.Context, time.Time) (int, error) {
	byDay := func(forget func(context.Context, string) (int, error)) func(context.Context, time.Time) (int, error) {
		return func(ctx context.Context, before time.Time) (int, error) {
			return forget(ctx, before.Format(time.DateOnly))
		}
	}
	return map[records.Kind]func(context.Context, time.Time) (int, error){
		records.Pledges: a.pledges.Forget,
		records.Journeys: func(ctx context.Context, before time.Time) (int, error) {
			return a.training.Forget(ctx, before.Format("2006-01"))
		},
		records.Reminders:    byDay(a.reminders.Forget),
		records.Certificates: byDay(a.certificates.Forget),
		records.Bookings:     byDay(a.workshops.ForgetBookings),
		records.Workshops:    byDay(a.everywhere(a.workshops.Forget)),
		records.Standings:    byDay(a.everywhere(a.requirements.Forget)),
	}
}

// everywhere forgets at one institution after the other.
func (a *App) everywhere(forget func(ctx context.Context, institution, day string) (int, error)) func(context.Context, string) (int, error) {
	return func(ctx context.Context, day string) (int, error) {
		total := 0
		for _, in := range a.people.Institutions() {
			n, err := forget(ctx, in.ID, day)
			total += n
			if err != nil {
				return total, err
			}
		}
		return total, nil
	}
}
