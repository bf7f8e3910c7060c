package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"golang.org/x/sync/errgroup"

	"github.com/upstander/upstander/internal/fault"
)

// shape records which version the documents of a collection have been brought to.
type shape struct {
	ID      string `bson:"_id"` // the collection's name
	Version int32  `bson:"version"`
}

// migrate brings every document to the schema's version, once, under a lease: of several servers that start together one
// does the work and the others wait. Documents are rewritten one by one with compare-and-swap, so it can be cut off and
// run again.
func (c *Collection[T]) migrate(ctx context.Context) error {
	if len(c.schema.Migrations) == 0 {
		return nil
	}
	shapes, err := Open[shape](ctx, c.engine, Schema{Name: "store_shapes"})
	if err != nil {
		return err
	}
	for {
		at, err := shapes.Get(ctx, c.schema.Name)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		if at.Version >= c.schema.Version {
			return nil
		}
		lease, err := AcquireLease(ctx, c.engine, "migrate:"+c.schema.Name, time.Minute)
		if errors.Is(err, fault.Conflict) {
			if err := pause(ctx, 9); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		err = c.rewrite(ctx, lease)
		if err == nil {
			_, err = shapes.Upsert(ctx, c.schema.Name, func(s *shape, _ bool) error {
				*s = shape{ID: c.schema.Name, Version: c.schema.Version}
				return nil
			})
		}
		return errors.Join(err, lease.Release(ctx))
	}
}

// rewriters is how many documents are rewritten at the same time: SQLite commits together what comes together, and a small pool of connections to a
// server still serves everybody.
const rewriters = 16

func (c *Collection[T]) rewrite(ctx context.Context, lease *Lease) error {
	p := Plan{Limit: 200}
	for {
		docs, err := c.engine.Walk(ctx, c.schema, p)
		if err != nil {
			return err
		}
		work, working := errgroup.WithContext(ctx)
		work.SetLimit(rewriters)
		for _, d := range docs {
			work.Go(func() error { return c.rewriteOne(working, d) })
		}
		if err := work.Wait(); err != nil {
			return err
		}
		if len(docs) < p.Limit {
			return nil
		}
		p.Cursor = []any{docs[len(docs)-1].ID}
		if err := lease.Renew(ctx); err != nil {
			return err
		}
	}
}

func (c *Collection[T]) rewriteOne(ctx context.Context, d Document) error {
	for v, _ := d.Raw.Lookup("_v").AsInt64OK(); int32(v) < c.schema.Version; v, _ = d.Raw.Lookup("_v").AsInt64OK() {
		doc, err := c.decode(d.Raw)
		if err != nil {
			return err
		}
		next, err := c.encode(doc, c.schema.next(d.Rev))
		if err != nil {
			return err
		}
		swapped, err := c.engine.Swap(ctx, c.schema, next, d.Rev)
		if err != nil {
			return err
		}
		if swapped {
			return nil
		}
		if d, err = c.engine.Fetch(ctx, c.schema, d.ID); errors.Is(err, fault.NotFound) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// upgrade brings a document that an older program wrote into today's shape, in memory.
func (s *Schema) upgrade(raw bson.Raw) (bson.Raw, error) {
	v, _ := raw.Lookup("_v").AsInt64OK()
	switch {
	case int32(v) == s.Version:
		return raw, nil
	case int32(v) > s.Version:
		return nil, fmt.Errorf("store %s: a document has version %d, this program knows %d: a newer one wrote it", s.Name, v, s.Version)
	}
	fields := Fields{}
	if err := bson.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("store %s: decode: %w", s.Name, err)
	}
	for _, m := range s.Migrations {
		if m.To <= int32(v) {
			continue
		}
		if err := m.Change(fields); err != nil {
			return nil, fmt.Errorf("store %s: migrate %v to version %d: %w", s.Name, fields[IDField], m.To, err)
		}
	}
	return bson.Marshal(fields)
}
