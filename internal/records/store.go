package records

import (
	"context"
	"time"

	"github.com/upstander/upstander/internal/store"
)

// Engine is where the marks of erasures are kept.
type Engine = store.Engine

type erasureStore struct{ erasures *store.Collection[Erasure] }

func openStore(ctx context.Context, e store.Engine) (*erasureStore, error) {
	c, err := store.Open[Erasure](ctx, e, store.Schema{Name: "erasures", Indexes: []store.Index{store.On("claimed_until")}})
	if err != nil {
		return nil, err
	}
	return &erasureStore{c}, nil
}

func (s *erasureStore) insert(ctx context.Context, e Erasure) error { return s.erasures.Insert(ctx, e) }

func (s *erasureStore) update(ctx context.Context, id string, change func(*Erasure) error) (Erasure, error) {
	return s.erasures.Update(ctx, id, change)
}

func (s *erasureStore) delete(ctx context.Context, id string) error {
	return s.erasures.Delete(ctx, id)
}

// due returns some erasures that nobody is working on and whose time has come.
func (s *erasureStore) due(ctx context.Context, now time.Time) ([]Erasure, error) {
	page, err := s.erasures.Find(ctx, store.All().Range("claimed_until", nil, now.Add(time.Millisecond)).Limit(50))
	return page.Items, err
}
