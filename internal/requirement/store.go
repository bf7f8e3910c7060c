package requirement

import (
	"context"

	"github.com/upstander/upstander/internal/store"
)

// Engine is where standings are kept.
type Engine = store.Engine

type standingStore struct{ standings *store.Collection[Standing] }

func openStore(ctx context.Context, e store.Engine) (*standingStore, error) {
	standings, err := store.Open[Standing](ctx, e, store.Schema{Name: "standings", Indexes: []store.Index{store.On("person", "requirement", "cycle")}})
	if err != nil {
		return nil, err
	}
	return &standingStore{standings}, nil
}

func (s *standingStore) insert(ctx context.Context, st Standing) error {
	return s.standings.Insert(ctx, st)
}

func (s *standingStore) get(ctx context.Context, id string) (Standing, error) {
	return s.standings.Get(ctx, id)
}

// byPerson returns a person's standings by requirement. There are as many as there are requirements: one page.
func (s *standingStore) byPerson(ctx context.Context, person string) (map[string]Standing, error) {
	page, err := s.standings.Find(ctx, store.Where("person", person).Limit(store.MaxPage))
	if err != nil {
		return nil, err
	}
	met := make(map[string]Standing, len(page.Items))
	for _, st := range page.Items {
		met[st.Requirement] = st
	}
	return met, nil
}
