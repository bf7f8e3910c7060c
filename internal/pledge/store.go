package pledge

import (
	"context"
	"time"

	"github.com/upstander/upstander/internal/store"
)

// Engine is where pledges are kept.
type Engine = store.Engine

// Page is one page of pledges with the cursors of its neighbours.
type Page = store.Page[Pledge]

// wallSize is how many pledges a page of the wall shows.
const wallSize = 60

type pledgeStore struct{ pledges *store.Collection[Pledge] }

func openStore(ctx context.Context, e store.Engine) (*pledgeStore, error) {
	p, err := store.Open[Pledge](ctx, e, store.Schema{Name: "pledges", Indexes: []store.Index{
		store.On("institution", "state", "kind"),
		store.On("institution", "state", "shown", "month"),
		store.Unique("token"),
		store.On("state", "until"),
	}})
	if err != nil {
		return nil, err
	}
	return &pledgeStore{p}, nil
}

func (s *pledgeStore) get(ctx context.Context, id string) (Pledge, error) {
	return s.pledges.Get(ctx, id)
}

func (s *pledgeStore) upsert(ctx context.Context, id string, change func(p *Pledge, id string, found bool) error) (Pledge, error) {
	return s.pledges.Upsert(ctx, id, func(p *Pledge, found bool) error { return change(p, id, found) })
}

func (s *pledgeStore) update(ctx context.Context, id string, change func(*Pledge) error) (Pledge, error) {
	return s.pledges.Update(ctx, id, change)
}

func (s *pledgeStore) delete(ctx context.Context, id string) error { return s.pledges.Delete(ctx, id) }

func (s *pledgeStore) byToken(ctx context.Context, hash string) (Pledge, error) {
	return s.pledges.One(ctx, store.Where("token", hash))
}

func (s *pledgeStore) count(ctx context.Context, institution string) (Totals, error) {
	groups, err := s.pledges.Tally(ctx, store.Where("institution", institution).Where("state", Confirmed), "kind")
	n := Totals{}
	for _, g := range groups {
		n[Kind(g.Text(0))] = int(g.N)
	}
	return n, err
}

func (s *pledgeStore) wall(ctx context.Context, institution, after, before string) (Page, error) {
	q := store.Where("institution", institution).Where("state", Confirmed).Where("shown", OnWall).Desc().Limit(wallSize)
	return s.pledges.Find(ctx, q.After(after).Before(before))
}

func (s *pledgeStore) asking(ctx context.Context, institution string) ([]Pledge, error) {
	page, err := s.pledges.Find(ctx, store.Where("institution", institution).Where("state", Confirmed).Where("shown", Asked).Limit(200))
	return page.Items, err
}

func (s *pledgeStore) forget(ctx context.Context, until time.Time) (int, error) {
	return s.pledges.DeleteWhere(ctx, store.Where("state", Waiting).Range("until", nil, until))
}
