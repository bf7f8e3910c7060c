package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// Insert implements store.Engine.
func (e *Engine) Insert(ctx context.Context, s *store.Schema, docs []store.Document) ([]string, error) {
	fields := s.IndexedFields()
	text := "INSERT INTO " + table(s) + " (" + strings.Join(append([]string{"id", "rev", "doc"}, columns(fields)...), ", ") +
		") VALUES (?, ?, ?" + strings.Repeat(", ?", len(fields)) + ") ON CONFLICT DO NOTHING"
	rows := make([][]any, len(docs))
	for i, d := range docs {
		values, err := row(d, fields)
		if err != nil {
			return nil, err
		}
		rows[i] = append([]any{d.ID, d.Rev, []byte(d.Raw)}, values...)
	}
	var refused []string
	err := e.writer.do(ctx, func(w *writer) error {
		refused = nil
		for i, args := range rows {
			n, err := w.exec(text, args...)
			if err != nil {
				return err
			}
			if n == 0 {
				refused = append(refused, docs[i].ID)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err // refused may still be written to
	}
	return refused, nil
}

// Swap implements store.Engine.
func (e *Engine) Swap(ctx context.Context, s *store.Schema, d store.Document, rev int64) (bool, error) {
	fields := s.IndexedFields()
	text := "UPDATE " + table(s) + " SET rev = ?, doc = ?"
	for _, f := range fields {
		text += ", " + column(f) + " = ?"
	}
	text += " WHERE id = ? AND rev = ?"
	values, err := row(d, fields)
	if err != nil {
		return false, err
	}
	args := append(append([]any{d.Rev, []byte(d.Raw)}, values...), d.ID, rev)
	var changed int64
	err = e.writer.do(ctx, func(w *writer) (err error) {
		changed, err = w.exec(text, args...)
		return err
	})
	if err != nil {
		return false, err
	}
	return changed == 1, nil
}

// Remove implements store.Engine.
func (e *Engine) Remove(ctx context.Context, s *store.Schema, id string) error {
	return e.writer.do(ctx, func(w *writer) error {
		n, err := w.exec("DELETE FROM "+table(s)+" WHERE id = ?", id)
		if err == nil && n == 0 {
			return fault.NotFound
		}
		return err
	})
}

// RemoveSome implements store.Engine.
func (e *Engine) RemoveSome(ctx context.Context, s *store.Schema, p store.Plan) (int, error) {
	which, args := walk(s, p, "rowid")
	var n int64
	err := e.writer.do(ctx, func(w *writer) (err error) {
		n, err = w.exec("DELETE FROM "+table(s)+" WHERE rowid IN ("+which+")", args...)
		return err
	})
	if err != nil {
		return 0, err
	}
	return int(n), nil
}

// Add implements store.Engine. Reading and writing happen in the one transaction that the writer holds anyway.
func (e *Engine) Add(ctx context.Context, s *store.Schema, id, field string, n int64) error {
	return e.writer.do(ctx, func(w *writer) error {
		r, err := w.row("SELECT doc FROM "+table(s)+" WHERE id = ?", id)
		if err != nil {
			return err
		}
		var raw []byte
		err = r.Scan(&raw)
		if err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		next, rev, err := increase(raw, id, field, n)
		if err != nil {
			return err
		}
		_, err = w.exec("INSERT INTO "+table(s)+" (id, rev, doc) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET rev = excluded.rev, doc = excluded.doc",
			id, rev, next)
		return err
	})
}

func increase(raw []byte, id, field string, n int64) (next []byte, rev int64, err error) {
	doc := bson.D{{Key: store.IDField, Value: id}, {Key: "_rev", Value: int64(0)}, {Key: "_v", Value: int32(1)}}
	if raw != nil {
		if err := bson.Unmarshal(raw, &doc); err != nil {
			return nil, 0, err
		}
	}
	found := false
	for i := range doc {
		switch doc[i].Key {
		case "_rev":
			rev, _ = doc[i].Value.(int64)
			rev++
			doc[i].Value = rev
		case field:
			was, _ := doc[i].Value.(int64)
			doc[i].Value, found = was+n, true
		}
	}
	if !found {
		doc = append(doc, bson.E{Key: field, Value: n})
	}
	next, err = bson.Marshal(doc)
	return next, rev, err
}

// row reads the indexed fields of a document as column values.
func row(d store.Document, fields []string) ([]any, error) {
	values := make([]any, len(fields))
	for i, f := range fields {
		v, err := store.Indexed(d.Raw, f)
		if err != nil {
			return nil, err
		}
		values[i] = parameter(v)
	}
	return values, nil
}
