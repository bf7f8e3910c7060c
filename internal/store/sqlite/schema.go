package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// Prepare implements store.Engine: the table, and a column for every indexed field.
func (e *Engine) Prepare(ctx context.Context, s *store.Schema) error {
	return e.writer.change(ctx, func(w *writer) error {
		if _, err := w.exec("CREATE TABLE IF NOT EXISTS " + table(s) + " (id TEXT NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, doc BLOB NOT NULL) STRICT"); err != nil {
			return err
		}
		have, err := w.strings("SELECT name FROM pragma_table_info(?)", tablePrefix+s.Name)
		if err != nil {
			return err
		}
		for _, f := range s.IndexedFields() {
			if slices.Contains(have, "f_"+f) {
				continue
			}
			if _, err := w.exec("ALTER TABLE " + table(s) + " ADD COLUMN " + column(f) + " ANY"); err != nil {
				return err
			}
		}
		return nil
	})
}

// Index implements store.Engine. An index that is there is complete: it is made in the same transaction that fills its
// columns. Indexes and columns that the schema no longer names are dropped, unless another server, perhaps of an older version, is using them.
func (e *Engine) Index(ctx context.Context, s *store.Schema) error {
	tidy, err := store.Alone(ctx, e, s)
	if err != nil {
		return err
	}
	return e.writer.change(ctx, func(w *writer) error {
		have, err := w.strings("SELECT name FROM sqlite_schema WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL", tablePrefix+s.Name)
		if err != nil {
			return err
		}
		var wanted []string
		var missing []store.Index
		for _, x := range s.Indexes {
			name := indexName(s, &x)
			wanted = append(wanted, name)
			if !slices.Contains(have, name) {
				missing = append(missing, x)
			}
		}
		if tidy {
			if err := w.dropStale(s, have, wanted); err != nil {
				return err
			}
		}
		if len(missing) == 0 {
			return nil
		}
		if err := w.fillColumns(s); err != nil {
			return err
		}
		for _, x := range missing {
			if err := w.createIndex(s, x); err != nil {
				return err
			}
		}
		return nil
	})
}

func (w *writer) createIndex(s *store.Schema, x store.Index) error {
	kind, fields := "INDEX ", columns(x.Fields)
	if x.Unique {
		kind = "UNIQUE INDEX "
	} else {
		fields = append(fields, "id")
	}
	_, err := w.exec("CREATE " + kind + quote(indexName(s, &x)) + " ON " + table(s) + " (" + strings.Join(fields, ", ") + ")")
	if errors.Is(err, fault.Conflict) {
		return fmt.Errorf("documents share the same %s: %w", strings.Join(x.Fields, ", "), err)
	}
	return err
}

func (w *writer) dropStale(s *store.Schema, have, wanted []string) error {
	for _, name := range have {
		if slices.Contains(wanted, name) {
			continue
		}
		if _, err := w.exec("DROP INDEX " + quote(name)); err != nil {
			return err
		}
	}
	have, err := w.strings("SELECT name FROM pragma_table_info(?) WHERE name GLOB 'f_*'", tablePrefix+s.Name)
	if err != nil {
		return err
	}
	for _, name := range have {
		if slices.Contains(s.IndexedFields(), strings.TrimPrefix(name, "f_")) {
			continue
		}
		if _, err := w.exec("ALTER TABLE " + table(s) + " DROP COLUMN " + quote(name)); err != nil {
			return err
		}
	}
	return nil
}

// fillColumns reads the indexed fields of the documents that were there before their columns were.
func (w *writer) fillColumns(s *store.Schema) error {
	fields := s.IndexedFields()
	set, empty := make([]string, len(fields)), make([]string, len(fields))
	for i, f := range fields {
		set[i], empty[i] = column(f)+" = ?", column(f)+" IS NULL"
	}
	last := int64(-1)
	for {
		r, err := w.row("SELECT rowid, id, doc FROM "+table(s)+" WHERE rowid > ? AND ("+strings.Join(empty, " OR ")+") ORDER BY rowid LIMIT 1", last)
		if err != nil {
			return err
		}
		var d store.Document
		var raw []byte
		if err := r.Scan(&last, &d.ID, &raw); errors.Is(err, sql.ErrNoRows) {
			return nil
		} else if err != nil {
			return err
		}
		d.Raw = raw
		values, err := row(d, fields)
		if err != nil {
			return fmt.Errorf("document %s: %w", d.ID, err)
		}
		if _, err := w.exec("UPDATE "+table(s)+" SET "+strings.Join(set, ", ")+" WHERE rowid = ?", append(values, last)...); err != nil {
			return err
		}
	}
}

func (w *writer) strings(text string, args ...any) ([]string, error) {
	rows, err := w.conn.QueryContext(context.Background(), text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		var one string
		if err := rows.Scan(&one); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
