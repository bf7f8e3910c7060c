package store

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/upstander/upstander/internal/fault"
)

// Counters is a collection of documents that hold nothing but whole numbers by name. No feature keeps any yet, tests alone do: they are there for what is
// counted without a person, such as how an item is answered.
type Counters struct {
	engine Engine
	schema *Schema
}

// OpenCounters makes a collection of counters ready.
func OpenCounters(ctx context.Context, e Engine, name string) (*Counters, error) {
	s := &Schema{Name: name}
	if err := s.check(); err != nil {
		return nil, err
	}
	if err := e.Prepare(ctx, s); err != nil {
		return nil, fmt.Errorf("prepare counters %s: %w", name, err)
	}
	return &Counters{engine: e, schema: s}, nil
}

// Add adds n to a field, atomically; an absent document or field starts at zero.
func (c *Counters) Add(ctx context.Context, id, field string, n int64) error {
	if id == "" || len(id) > MaxID || checkText(id) != nil || !nameRule.MatchString(field) {
		return fmt.Errorf("store %s: counter %q of %q: %w", c.schema.Name, field, id, fault.Invalid)
	}
	if err := c.engine.Add(ctx, c.schema, id, field, n); err != nil {
		return fmt.Errorf("store %s: add: %w", c.schema.Name, err)
	}
	return nil
}

// Read returns every number of a counter document; none when it is absent.
func (c *Counters) Read(ctx context.Context, id string) (map[string]int64, error) {
	doc, err := c.engine.Fetch(ctx, c.schema, id)
	if errors.Is(err, fault.NotFound) {
		return map[string]int64{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("store %s: read: %w", c.schema.Name, err)
	}
	return numbers(doc.Raw)
}

// Delete removes a counter document; removing what is absent is no error.
func (c *Counters) Delete(ctx context.Context, id string) error {
	if err := c.engine.Remove(ctx, c.schema, id); err != nil && !errors.Is(err, fault.NotFound) {
		return fmt.Errorf("store %s: delete: %w", c.schema.Name, err)
	}
	return nil
}

func numbers(raw bson.Raw) (map[string]int64, error) {
	elements, err := raw.Elements()
	if err != nil {
		return nil, err
	}
	n := make(map[string]int64, len(elements))
	for _, e := range elements {
		if e.Key() == IDField || e.Key() == "_rev" || e.Key() == "_v" {
			continue
		}
		v, ok := e.Value().AsInt64OK()
		if !ok {
			return nil, fmt.Errorf("counter %s is no number", e.Key())
		}
		n[e.Key()] = v
	}
	return n, nil
}
