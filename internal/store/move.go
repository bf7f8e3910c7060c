package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/upstander/upstander/internal/fault"
)

// ServingPrefix starts the name of the lease that every running server holds on its store; MovingPrefix of the one that a
// move holds on both of its stores. Each looks for the other's.
const (
	ServingPrefix = "serving:"
	MovingPrefix  = "moving:"
)

// moveMark lies in a target while it is being filled, so that a move can go on after an interruption and a server does not
// start on half of the data.
type moveMark struct {
	ID   string `bson:"_id"`
	From string `bson:"from"` // says which source, without its password
}

const (
	markCollection = "store_moves"
	markID         = "target"
)

// UnfinishedMove says from where a move into this store was begun and not ended; empty when there is none.
func UnfinishedMove(ctx context.Context, e Engine) (from string, err error) {
	marks, err := Open[moveMark](ctx, e, Schema{Name: markCollection})
	if err != nil {
		return "", err
	}
	m, err := marks.Get(ctx, markID)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return m.From, err
}

// MarkMove marks the target as being filled from this source. It refuses a target that holds documents (fault.Conflict),
// but for one that an interrupted move from the same source left behind.
func MarkMove(ctx context.Context, target Engine, from string) error {
	was, err := UnfinishedMove(ctx, target)
	if err != nil {
		return err
	}
	if was == from {
		return nil
	}
	if was != "" {
		return fmt.Errorf("the target is half filled from %s: %w", was, fault.Conflict)
	}
	used, err := Used(ctx, target)
	if err != nil {
		return err
	}
	if used != "" {
		return fmt.Errorf("the target holds %s already: %w", used, fault.Conflict)
	}
	marks, err := Open[moveMark](ctx, target, Schema{Name: markCollection})
	if err != nil {
		return err
	}
	return marks.Insert(ctx, moveMark{ID: markID, From: from})
}

// Used names a collection of the store that holds documents; empty when none does.
func Used(ctx context.Context, e Engine) (string, error) {
	names, err := MovableCollections(ctx, e)
	if err != nil {
		return "", err
	}
	for _, name := range names {
		docs, err := e.Walk(ctx, &Schema{Name: name, Version: 1}, Plan{Limit: 1})
		if err != nil {
			return "", err
		}
		if len(docs) > 0 {
			return name, nil
		}
	}
	return "", nil
}

// UnmarkMove says that the target is complete.
func UnmarkMove(ctx context.Context, target Engine) error {
	marks, err := Open[moveMark](ctx, target, Schema{Name: markCollection})
	if err != nil {
		return err
	}
	return marks.Delete(ctx, markID)
}

// MovableCollections lists the collections of a store that hold the product's data: all but the store's own.
func MovableCollections(ctx context.Context, e Engine) ([]string, error) {
	names, err := e.Names(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(names, own), nil
}

// own says whether a collection is the store's own; leases and marks are about one database and stay there. Which
// version the documents have been brought to travels with each document, so shapes need not move either.
func own(name string) bool { return strings.HasPrefix(name, "store_") }

// Copy streams one collection from source to target in the order of the id, going on after the last document that is there.
// s is the collection's schema as the target was opened with; copied is called after every page with the documents written.
func Copy(ctx context.Context, source, target Engine, s *Schema, copied func(n int)) error {
	plan := Plan{Limit: 500}
	last, err := target.Walk(ctx, s, Plan{Desc: true, Limit: 1})
	if err != nil {
		return fmt.Errorf("read target %s: %w", s.Name, err)
	}
	if len(last) > 0 {
		plan.Cursor = []any{last[0].ID}
	}
	for {
		docs, err := source.Walk(ctx, s, plan)
		if err != nil {
			return fmt.Errorf("read source %s: %w", s.Name, err)
		}
		if len(docs) > 0 {
			refused, err := target.Insert(ctx, s, docs)
			if err != nil {
				return fmt.Errorf("write target %s: %w", s.Name, err)
			}
			if len(refused) > 0 {
				return fmt.Errorf("write target %s: %w on %v", s.Name, fault.Conflict, refused)
			}
			copied(len(docs))
		}
		if len(docs) < plan.Limit {
			return nil
		}
		plan.Cursor = []any{docs[len(docs)-1].ID}
	}
}

// Digest is the number of documents of a collection and a checksum over all of them that does not depend on the order of
// their fields.
type Digest struct {
	Documents int64
	Sum       [sha256.Size]byte
}

// DigestOf walks a whole collection; walked is called after every page with the documents read.
func DigestOf(ctx context.Context, e Engine, s *Schema, walked func(n int)) (Digest, error) {
	var d Digest
	h := sha256.New()
	plan := Plan{Limit: 500}
	for {
		docs, err := e.Walk(ctx, s, plan)
		if err != nil {
			return d, fmt.Errorf("read %s: %w", s.Name, err)
		}
		for _, doc := range docs {
			if err := canonical(h, doc.Raw); err != nil {
				return d, fmt.Errorf("read %s: document %s: %w", s.Name, doc.ID, err)
			}
		}
		d.Documents += int64(len(docs))
		walked(len(docs))
		if len(docs) < plan.Limit {
			h.Sum(d.Sum[:0])
			return d, nil
		}
		plan.Cursor = []any{docs[len(docs)-1].ID}
	}
}

// sameContent says whether two documents differ in nothing but the order of fields: maps come out in another order each time.
func sameContent(a, b bson.Raw) bool {
	if len(a) != len(b) {
		return false
	}
	if bytes.Equal(a, b) {
		return true
	}
	x, y := sha256.New(), sha256.New()
	return canonical(x, a) == nil && canonical(y, b) == nil && bytes.Equal(x.Sum(nil), y.Sum(nil))
}

// canonical writes a document with the fields of every level in the order of their names.
func canonical(h hash.Hash, raw bson.Raw) error {
	elements, err := raw.Elements()
	if err != nil {
		return err
	}
	slices.SortFunc(elements, func(a, b bson.RawElement) int { return strings.Compare(a.Key(), b.Key()) })
	for _, e := range elements {
		v := e.Value()
		fmt.Fprintf(h, "%d:%s %d ", len(e.Key()), e.Key(), v.Type)
		switch v.Type {
		case bson.TypeEmbeddedDocument:
			if err := canonical(h, v.Document()); err != nil {
				return err
			}
		case bson.TypeArray:
			if err := canonicalArray(h, v.Array()); err != nil {
				return err
			}
		default:
			fmt.Fprintf(h, "%d:", len(v.Value))
			h.Write(v.Value)
		}
	}
	_, err = h.Write(bytes.Repeat([]byte{0}, 2)) // ends a level
	return err
}

func canonicalArray(h hash.Hash, a bson.RawArray) error {
	values, err := a.Values()
	if err != nil {
		return err
	}
	fmt.Fprintf(h, "%d ", len(values))
	for _, v := range values {
		one, err := bson.Marshal(bson.D{{Key: "", Value: v}})
		if err != nil {
			return err
		}
		if err := canonical(h, one); err != nil {
			return err
		}
	}
	return nil
}
