package store

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/upstander/upstander/internal/fault"
)

// Collection is a typed view of the documents under one schema. T is a struct whose first field is ID string `bson:"_id"`.
// Its methods may be called from any number of goroutines.
type Collection[T any] struct {
	engine Engine
	schema *Schema
}

// envelope adds what the store needs to a document: its revision and the version of its shape.
type envelope[T any] struct {
	Doc     T     `bson:",inline"`
	Rev     int64 `bson:"_rev"`
	Version int32 `bson:"_v"`
}

// Open makes the collection ready: it prepares the engine, brings old documents up to date under a lease and builds the
// indexes. It fails when documents break a unique index or lack an indexed field.
func Open[T any](ctx context.Context, e Engine, s Schema) (*Collection[T], error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	c := &Collection[T]{engine: e, schema: &s}
	var zero T
	raw, err := bson.Marshal(zero)
	if err != nil {
		return nil, fmt.Errorf("store %s: %T is no document: %w", s.Name, zero, err)
	}
	first, err := bson.Raw(raw).IndexErr(0)
	if err != nil || first.Key() != IDField || first.Value().Type != bson.TypeString {
		return nil, fmt.Errorf("store %s: the first field of %T must be ID string `bson:\"_id\"`", s.Name, zero)
	}
	if err := e.Prepare(ctx, c.schema); err != nil {
		return nil, fmt.Errorf("prepare collection %s: %w", s.Name, err)
	}
	if err := c.migrate(ctx); err != nil {
		return nil, fmt.Errorf("migrate collection %s: %w", s.Name, err)
	}
	if err := e.Index(ctx, c.schema); err != nil {
		return nil, fmt.Errorf("index collection %s: %w", s.Name, err)
	}
	return c, nil
}

// Get returns the document with this id, or fault.NotFound.
func (c *Collection[T]) Get(ctx context.Context, id string) (T, error) {
	doc, _, err := c.fetch(ctx, id)
	return doc, err
}

// Insert adds a document; fault.Conflict when its id or a unique field is taken.
func (c *Collection[T]) Insert(ctx context.Context, doc T) error {
	refused, err := c.InsertMany(ctx, []T{doc})
	if err != nil {
		return err
	}
	if len(refused) > 0 {
		return fmt.Errorf("store %s: %w on %s", c.schema.Name, fault.Conflict, refused[0])
	}
	return nil
}

// insertSome is how many documents are inserted in one go: whoever else writes does not wait for more than these.
const insertSome = 1000

// InsertMany adds every document whose id and unique fields are free, and returns the ids of the others, sorted. When it fails, some may have been added.
func (c *Collection[T]) InsertMany(ctx context.Context, docs []T) (refused []string, err error) {
	for some := range slices.Chunk(docs, insertSome) {
		encoded := make([]Document, len(some))
		for i, d := range some {
			if encoded[i], err = c.encode(d, c.schema.next(0)); err != nil {
				return nil, err
			}
		}
		ids, err := c.engine.Insert(ctx, c.schema, encoded)
		if err != nil {
			return nil, fmt.Errorf("store %s: insert: %w", c.schema.Name, err)
		}
		refused = append(refused, ids...)
	}
	slices.Sort(refused)
	return refused, nil
}

// Update reads the document, lets change alter it and writes it back if nobody else did meanwhile; otherwise it starts
// again, until it succeeds or ctx ends. change may run several times, must not call the store, and must leave the id
// alone; an error from it ends the update with nothing written. A change that alters nothing writes nothing.
func (c *Collection[T]) Update(ctx context.Context, id string, change func(*T) error) (T, error) {
	var none T
	for try := 0; ; try++ {
		doc, was, err := c.fetch(ctx, id)
		if err != nil {
			return none, err
		}
		if err := change(&doc); err != nil {
			return none, err
		}
		now, err := c.encode(doc, was.Rev)
		if err != nil {
			return none, err
		}
		if now.ID != id {
			return none, fmt.Errorf("store %s: an update must not change the id", c.schema.Name)
		}
		if sameContent(now.Raw, was.Raw) {
			return doc, nil
		}
		if now, err = c.encode(doc, c.schema.next(was.Rev)); err != nil {
			return none, err
		}
		swapped, err := c.engine.Swap(ctx, c.schema, now, was.Rev)
		if err != nil {
			return none, fmt.Errorf("store %s: update: %w", c.schema.Name, err)
		}
		if swapped {
			return doc, nil
		}
		if err := pause(ctx, try); err != nil {
			return none, fmt.Errorf("store %s: update: %w", c.schema.Name, err)
		}
	}
}

// Upsert is Update for a document that may not be there yet: change then gets create's result and found is false.
func (c *Collection[T]) Upsert(ctx context.Context, id string, change func(doc *T, found bool) error) (T, error) {
	var none T
	for {
		doc, err := c.Update(ctx, id, func(d *T) error { return change(d, true) })
		if !errors.Is(err, fault.NotFound) {
			return doc, err
		}
		var fresh T
		if err := change(&fresh, false); err != nil {
			return none, err
		}
		if err := c.Insert(ctx, fresh); !errors.Is(err, fault.Conflict) {
			return fresh, err
		}
		// Somebody inserted it between our two looks, or a unique field is taken by another document.
		if _, err := c.Get(ctx, id); err != nil {
			return none, fmt.Errorf("store %s: %w on a unique field of %s", c.schema.Name, fault.Conflict, id)
		}
	}
}

// Delete removes the document with this id, or fails with fault.NotFound.
func (c *Collection[T]) Delete(ctx context.Context, id string) error {
	if err := c.engine.Remove(ctx, c.schema, id); err != nil {
		return fmt.Errorf("store %s: delete: %w", c.schema.Name, err)
	}
	return nil
}

// DeleteWhere removes every document of the query and returns how many, in steps that let others write in between.
func (c *Collection[T]) DeleteWhere(ctx context.Context, q Query) (int, error) {
	p, err := c.schema.plan(q.Limit(500), nil)
	if err != nil {
		return 0, err
	}
	for total := 0; ; {
		n, err := c.engine.RemoveSome(ctx, c.schema, p)
		total += n
		if err != nil {
			return total, fmt.Errorf("store %s: delete where: %w", c.schema.Name, err)
		}
		if n < p.Limit {
			return total, nil
		}
	}
}

// Page is one page of documents and the cursors of its neighbours; an empty cursor says that there is none.
type Page[T any] struct {
	Items      []T
	Next, Prev string
}

// Find returns one page of the query.
func (c *Collection[T]) Find(ctx context.Context, q Query) (Page[T], error) {
	p, err := c.schema.plan(q, nil)
	if err != nil {
		return Page[T]{}, err
	}
	size := p.Limit
	p.Limit++ // one more tells whether there is a further page
	docs, err := c.engine.Walk(ctx, c.schema, p)
	if err != nil {
		return Page[T]{}, fmt.Errorf("store %s: find: %w", c.schema.Name, err)
	}
	more := len(docs) > size
	if more {
		docs = docs[:size]
	}
	backward := q.before != ""
	if backward {
		slices.Reverse(docs)
	}
	page := Page[T]{Items: make([]T, len(docs))}
	for i, d := range docs {
		if page.Items[i], err = c.decode(d.Raw); err != nil {
			return Page[T]{}, err
		}
	}
	if len(docs) == 0 {
		return page, nil
	}
	if more || backward {
		if page.Next, err = writeCursor(p, docs[len(docs)-1]); err != nil {
			return Page[T]{}, err
		}
	}
	if backward && more || !backward && q.after != "" {
		if page.Prev, err = writeCursor(p, docs[0]); err != nil {
			return Page[T]{}, err
		}
	}
	return page, nil
}

// One returns the first document of the query, or fault.NotFound.
func (c *Collection[T]) One(ctx context.Context, q Query) (T, error) {
	var none T
	p, err := c.schema.plan(q.Limit(1), nil)
	if err != nil {
		return none, err
	}
	docs, err := c.engine.Walk(ctx, c.schema, p)
	if err != nil {
		return none, fmt.Errorf("store %s: find one: %w", c.schema.Name, err)
	}
	if len(docs) == 0 {
		return none, fmt.Errorf("store %s: %w", c.schema.Name, fault.NotFound)
	}
	return c.decode(docs[0].Raw)
}

// Each walks all documents of the query page by page; documents written meanwhile may or may not be seen, none twice
// unless its indexed fields moved.
func (c *Collection[T]) Each(ctx context.Context, q Query) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		q := q.Limit(500)
		for {
			page, err := c.Find(ctx, q)
			if err != nil {
				yield(none, err)
				return
			}
			for _, doc := range page.Items {
				if !yield(doc, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q = q.After(page.Next)
		}
	}
}

// Tally counts the documents of the query by the values of the given fields, which must follow the query's equalities in a
// declared index. Without fields it returns one group: all of them.
func (c *Collection[T]) Tally(ctx context.Context, q Query, fields ...string) ([]Group, error) {
	p, err := c.schema.plan(q, fields)
	if err != nil {
		return nil, err
	}
	groups, err := c.engine.Tally(ctx, c.schema, p, fields)
	if err != nil {
		return nil, fmt.Errorf("store %s: tally: %w", c.schema.Name, err)
	}
	return groups, nil
}

func (c *Collection[T]) fetch(ctx context.Context, id string) (T, Document, error) {
	var none T
	if id == "" || len(id) > MaxID || checkText(id) != nil {
		return none, Document{}, fmt.Errorf("store %s: %w", c.schema.Name, fault.NotFound)
	}
	d, err := c.engine.Fetch(ctx, c.schema, id)
	if err != nil {
		return none, Document{}, fmt.Errorf("store %s: get: %w", c.schema.Name, err)
	}
	doc, err := c.decode(d.Raw)
	return doc, d, err
}

func (c *Collection[T]) encode(doc T, rev int64) (Document, error) {
	raw, err := bson.Marshal(envelope[T]{doc, rev, c.schema.Version})
	if err != nil {
		return Document{}, fmt.Errorf("store %s: encode: %w", c.schema.Name, err)
	}
	if len(raw) > MaxDocument {
		return Document{}, fmt.Errorf("store %s: document of %d bytes: %w", c.schema.Name, len(raw), fault.TooLarge)
	}
	id := bson.Raw(raw).Lookup(IDField).StringValue()
	if id == "" || len(id) > MaxID || checkText(id) != nil {
		return Document{}, fmt.Errorf("store %s: an id is valid text of 1 to %d bytes: %w", c.schema.Name, MaxID, fault.Invalid)
	}
	for _, f := range c.schema.IndexedFields() {
		v, err := Indexed(raw, f)
		if err != nil {
			return Document{}, fmt.Errorf("store %s: %w", c.schema.Name, err)
		}
		if text, ok := v.(string); ok && len(text) > MaxIndexed {
			return Document{}, fmt.Errorf("store %s: %s is longer than %d bytes: %w", c.schema.Name, f, MaxIndexed, fault.TooLarge)
		}
	}
	return Document{ID: id, Rev: rev, Raw: raw}, nil
}

func (c *Collection[T]) decode(raw bson.Raw) (T, error) {
	var env envelope[T]
	raw, err := c.schema.upgrade(raw)
	if err != nil {
		return env.Doc, err
	}
	if err := bson.Unmarshal(raw, &env); err != nil {
		return env.Doc, fmt.Errorf("store %s: decode: %w", c.schema.Name, err)
	}
	return env.Doc, nil
}

// next is the revision after one.
func (s *Schema) next(rev int64) int64 {
	if s.SecretHistory {
		return rand.Int64()
	}
	return rev + 1
}

// pause waits a little longer with every failed try, by lot, so that writers of one document stop meeting.
func pause(ctx context.Context, try int) error {
	longest := time.Millisecond << min(try, 5)
	t := time.NewTimer(rand.N(longest))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
