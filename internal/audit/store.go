package audit

import (
	"context"
	"iter"
	"time"

	"github.com/upstander/upstander/internal/store"
)

// Engine is where the log is kept.
type Engine = store.Engine

// Page is one page of entries with the cursors of its neighbours.
type Page = store.Page[Entry]

// pageSize is how many entries a page shows.
const pageSize = 50

type entryStore struct{ entries *store.Collection[Entry] }

// openStore declares an index for every combination of filters: the id behind each is the order of time, so a range of days is a range of ids.
func openStore(ctx context.Context, e store.Engine) (*entryStore, error) {
	entries, err := store.Open[Entry](ctx, e, store.Schema{Name: "audit", Indexes: []store.Index{
		store.On("institution"),
		store.On("institution", "actor"),
		store.On("institution", "subject"),
		store.On("institution", "verb"),
		store.On("institution", "actor", "verb"),
		store.On("institution", "actor", "subject"),
		store.On("institution", "subject", "verb"),
		store.On("institution", "actor", "subject", "verb"),
	}})
	if err != nil {
		return nil, err
	}
	return &entryStore{entries}, nil
}

func (s *entryStore) insert(ctx context.Context, e Entry) error { return s.entries.Insert(ctx, e) }

func (f Filter) query() store.Query {
	q := store.Where("institution", f.Institution)
	if f.Actor != "" {
		q = q.Where("actor", f.Actor)
	}
	if f.Verb != "" {
		q = q.Where("verb", f.Verb)
	}
	if f.Subject != "" {
		q = q.Where("subject", f.Subject)
	}
	return q.Range(store.IDField, firstID(f.From), firstID(f.To))
}

func (s *entryStore) page(ctx context.Context, f Filter, after, before string) (Page, error) {
	q := f.query().Desc().Limit(pageSize)
	return s.entries.Find(ctx, q.After(after).Before(before))
}

func (s *entryStore) each(ctx context.Context, f Filter) iter.Seq2[Entry, error] {
	return s.entries.Each(ctx, f.query())
}

// forgetBefore ends the retention of old entries; it is the only way out of the log.
func (s *entryStore) forgetBefore(ctx context.Context, institution string, before time.Time) (int, error) {
	return s.entries.DeleteWhere(ctx, Filter{Institution: institution, To: before}.query())
}
