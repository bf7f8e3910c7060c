package reminder

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// Engine is where plans and reminders are kept.
type Engine = store.Engine

// Page is one page of reminders with the cursors of its neighbours.
type Page = store.Page[Reminder]

type reminderStore struct {
	plans     *store.Collection[Plan]
	waves     *store.Collection[Wave]
	reminders *store.Collection[Reminder]
}

func openStore(ctx context.Context, e store.Engine) (_ *reminderStore, err error) {
	s := &reminderStore{}
	if s.plans, err = store.Open[Plan](ctx, e, store.Schema{Name: "reminder_plans", Indexes: []store.Index{store.On("on")}}); err != nil {
		return nil, err
	}
	if s.waves, err = store.Open[Wave](ctx, e, store.Schema{Name: "reminder_waves", Indexes: []store.Index{store.On("day")}}); err != nil {
		return nil, err
	}
	s.reminders, err = store.Open[Reminder](ctx, e, store.Schema{Name: "reminders", Indexes: []store.Index{
		store.On("state", "next_at"),
		store.On("requirement", "cycle", "state"),
		store.On("requirement", "cycle", "returned"),
		store.On("person"),
		store.On("day"),
	}})
	return s, err
}

func (s *reminderStore) plan(ctx context.Context, id string) (Plan, error) {
	return s.plans.Get(ctx, id)
}

func (s *reminderStore) upsertPlan(ctx context.Context, id string, change func(p *Plan, found bool)) error {
	_, err := s.plans.Upsert(ctx, id, func(p *Plan, found bool) error { change(p, found); return nil })
	return err
}

func (s *reminderStore) plansOn(ctx context.Context) iter.Seq2[Plan, error] {
	return s.plans.Each(ctx, store.Where("on", true))
}

func (s *reminderStore) wave(ctx context.Context, id string) (w Wave, found bool, err error) {
	w, err = s.waves.Get(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return w, false, nil
	}
	return w, err == nil, err
}

func (s *reminderStore) insertWave(ctx context.Context, w Wave) error {
	err := s.waves.Insert(ctx, w)
	if errors.Is(err, fault.Conflict) { // another program was quicker; both may walk, for each reminder has its own id
		return nil
	}
	return err
}

func (s *reminderStore) updateWave(ctx context.Context, id string, change func(*Wave)) error {
	_, err := s.waves.Update(ctx, id, func(w *Wave) error { change(w); return nil })
	return err
}

func (s *reminderStore) insert(ctx context.Context, list []Reminder) (refused []string, err error) {
	return s.reminders.InsertMany(ctx, list)
}

func (s *reminderStore) update(ctx context.Context, id string, change func(*Reminder) error) (Reminder, error) {
	return s.reminders.Update(ctx, id, change)
}

// mark changes a reminder; one that has been erased meanwhile needs no mark.
func (s *reminderStore) mark(ctx context.Context, id string, change func(*Reminder)) error {
	_, err := s.reminders.Update(ctx, id, func(r *Reminder) error { change(r); return nil })
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// due returns some reminders whose time has come, the longest waiting first.
func (s *reminderStore) due(ctx context.Context, now time.Time, n int) ([]Reminder, error) {
	page, err := s.reminders.Find(ctx, store.Where("state", Waiting).Range("next_at", nil, now.Add(time.Millisecond)).Limit(n))
	return page.Items, err
}

func (s *reminderStore) count(ctx context.Context, requirement, cycle string) (map[string]int, error) {
	groups, err := s.reminders.Tally(ctx, store.Where("requirement", requirement).Where("cycle", cycle), "state")
	n := map[string]int{}
	for _, g := range groups {
		n[g.Text(0)] = int(g.N)
	}
	return n, err
}

func (s *reminderStore) returned(ctx context.Context, requirement, cycle, after, before string) (Page, error) {
	q := store.Where("requirement", requirement).Where("cycle", cycle).Where("returned", true).Limit(50)
	return s.reminders.Find(ctx, q.After(after).Before(before))
}

func (s *reminderStore) of(ctx context.Context, person string) iter.Seq2[Reminder, error] {
	return s.reminders.Each(ctx, store.Where("person", person))
}

func (s *reminderStore) deleteOf(ctx context.Context, person string) error {
	_, err := s.reminders.DeleteWhere(ctx, store.Where("person", person))
	return err
}

func (s *reminderStore) forget(ctx context.Context, day string) (int, error) {
	n, err := s.reminders.DeleteWhere(ctx, store.All().Range("day", nil, day))
	if err == nil {
		_, err = s.waves.DeleteWhere(ctx, store.All().Range("day", nil, day))
	}
	return n, err
}
