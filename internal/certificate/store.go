package certificate

import (
	"context"

	"github.com/upstander/upstander/internal/store"
)

// Engine is where certificates are kept.
type Engine = store.Engine

type certificateStore struct {
	certificates *store.Collection[Certificate]
}

func openStore(ctx context.Context, e store.Engine) (*certificateStore, error) {
	c, err := store.Open[Certificate](ctx, e, store.Schema{Name: "certificates", Indexes: []store.Index{store.Unique("code"), store.On("person", "day"), store.On("day")}})
	if err != nil {
		return nil, err
	}
	return &certificateStore{c}, nil
}

func (s *certificateStore) upsert(ctx context.Context, id string, change func(c *Certificate, found bool) error) (Certificate, error) {
	return s.certificates.Upsert(ctx, id, change)
}

func (s *certificateStore) byCode(ctx context.Context, code string) (Certificate, error) {
	return s.certificates.One(ctx, store.Where("code", code))
}

// byPerson returns all of a person's certificates, the oldest first. There are as many as there are requirements: one page.
func (s *certificateStore) byPerson(ctx context.Context, person string) ([]Certificate, error) {
	page, err := s.certificates.Find(ctx, store.Where("person", person).Limit(store.MaxPage))
	return page.Items, err
}

func (s *certificateStore) deleteOf(ctx context.Context, person string) (int, error) {
	return s.certificates.DeleteWhere(ctx, store.Where("person", person))
}

func (s *certificateStore) deleteBefore(ctx context.Context, day string) (int, error) {
	return s.certificates.DeleteWhere(ctx, store.All().Range("day", nil, day))
}
