package app

import (
	"context"
	"errors"
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

func (l leavers) LeftBefore(ctx context.Context, day string, limit int) ([]people.Person, error) {
	members, err := l.a.requirements.LeftBefore(ctx, day, limit)
	if err != nil {
		return nil, err
	}
	list := make([]people.Person, len(members))
	for i, m := range members {
		list[i], err = l.a.people.Person(ctx, m.ID)
		switch {
		case errors.Is(err, fault.NotFound):
			list[i] = people.Person{ID: m.ID, Institution: m.Institution, Email: m.Email}
		case err != nil:
			return nil, err
		}
	}
	return list, nil
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
		Forget: map[records.Kind]func(context.Context, time.Time) (int, error){
			records.Pledges: func(ctx context.Context, _ time.Time) (int, error) { return a.pledges.Sweep(ctx) },
			records.Journeys: func(ctx context.Context, before time.Time) (int, error) {
				return a.training.Forget(ctx, before.Format("2006-01"))
			},
			records.Reminders: func(ctx context.Context, before time.Time) (int, error) {
				return a.reminders.Forget(ctx, before.Format(time.DateOnly))
			},
			records.Certificates: func(ctx context.Context, before time.Time) (int, error) {
				return a.certificates.Forget(ctx, before.Format(time.DateOnly))
			},
			records.Bookings: func(ctx context.Context, before time.Time) (int, error) {
				return a.workshops.ForgetBookings(ctx, before.Format(time.DateOnly))
			},
		},
	})
	return err
}
