package people

import (
	"context"

	"github.com/upstander/upstander/internal/store"
)

// Engine is where persons are kept.
type Engine = store.Engine

type personStore struct{ persons *store.Collection[Person] }

func openStore(ctx context.Context, e store.Engine) (*personStore, error) {
	persons, err := store.Open[Person](ctx, e, store.Schema{Name: "people", Indexes: []store.Index{store.Unique("institution", "email")}})
	if err != nil {
		return nil, err
	}
	return &personStore{persons}, nil
}

func (s *personStore) get(ctx context.Context, id string) (Person, error) {
	return s.persons.Get(ctx, id)
}

func (s *personStore) byEmail(ctx context.Context, institution, email string) (Person, error) {
	return s.persons.One(ctx, store.Where("institution", institution).Where("email", email))
}

func (s *personStore) insert(ctx context.Context, p Person) error { return s.persons.Insert(ctx, p) }

func (s *personStore) update(ctx context.Context, id string, change func(*Person) error) (Person, error) {
	return s.persons.Update(ctx, id, change)
}

// insertMany adds those whose id and address are free and returns the ids of the others, sorted.
func (s *personStore) insertMany(ctx context.Context, list []Person) ([]string, error) {
	return s.persons.InsertMany(ctx, list)
}

func (s *personStore) delete(ctx context.Context, id string) error { return s.persons.Delete(ctx, id) }
