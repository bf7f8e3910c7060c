package training

import (
	"context"
	"time"

	"github.com/upstander/upstander/internal/store"
)

// Engine is where journeys are kept.
type Engine = store.Engine

type journeyStore struct{ journeys *store.Collection[Journey] }

func openStore(ctx context.Context, e store.Engine) (*journeyStore, error) {
	j, err := store.Open[Journey](ctx, e, store.Schema{Name: "journeys", SecretHistory: true, Indexes: []store.Index{
		store.On("person", "module"),
		store.On("pending", "claimed_until"),
		store.On("month"),
	}, Version: 2, Migrations: []store.Migration{{To: 2, Change: addMonth}}})
	if err != nil {
		return nil, err
	}
	return &journeyStore{j}, nil
}

func (s *journeyStore) get(ctx context.Context, id string) (Journey, error) {
	return s.journeys.Get(ctx, id)
}

func (s *journeyStore) update(ctx context.Context, id string, change func(*Journey) error) (Journey, error) {
	return s.journeys.Update(ctx, id, change)
}

func (s *journeyStore) upsert(ctx context.Context, id string, change func(j *Journey, found bool) error) (Journey, error) {
	return s.journeys.Upsert(ctx, id, change)
}

// byPerson returns all of a learner's journeys. There are as many as there are modules: one page.
func (s *journeyStore) byPerson(ctx context.Context, person string) ([]Journey, error) {
	page, err := s.journeys.Find(ctx, store.Where("person", person).Limit(store.MaxPage))
	return page.Items, err
}

// pending returns some journeys whose standing has to be recorded and that nobody is working on.
func (s *journeyStore) pending(ctx context.Context, now time.Time) ([]Journey, error) {
	page, err := s.journeys.Find(ctx, store.Where("pending", PendingStanding).Range("claimed_until", nil, now.Add(time.Millisecond)).Limit(100))
	return page.Items, err
}

// addMonth gives journeys from before months were kept the month in which that began.
func addMonth(f store.Fields) error {
	f["month"] = "2026-11"
	if done, _ := f["completed"].(string); done != "" {
		f["month"] = monthDone
	}
	return nil
}

func (s *journeyStore) deleteOf(ctx context.Context, person string) (int, error) {
	return s.journeys.DeleteWhere(ctx, store.Where("person", person))
}

// deleteIdle deletes journeys whose last month is before this one; those that are completed have none.
func (s *journeyStore) deleteIdle(ctx context.Context, month string) (int, error) {
	return s.journeys.DeleteWhere(ctx, store.All().Range("month", nil, month))
}
