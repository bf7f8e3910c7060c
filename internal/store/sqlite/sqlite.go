// Package sqlite keeps documents in one SQLite file: nothing to install, and durable through a power cut.
//
// A collection is a table with the document's BSON in a blob beside one real column per indexed field. All writes of the
// process go through one goroutine that commits everything queued in one transaction (group commit: one fsync for many
// writers); reads have their own connections and see the last commit (WAL). Other processes may open the same file.
//
// secure_delete overwrites what is deleted, and the write-ahead log is cut to nothing soon after the writes pause: an erased
// answer does not stay readable in the file.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// tablePrefix keeps our tables apart from SQLite's own.
const tablePrefix = "d_"

// busyTimeout is how long a connection waits for another process that is writing.
const busyTimeout = 5 * time.Second

// pragmas are in force on every connection; a test asserts them.
func pragmas(more ...string) []string {
	return append([]string{
		fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
		"journal_mode(WAL)",
		"synchronous(FULL)",
		"secure_delete(ON)",
		"foreign_keys(OFF)",
		"temp_store(MEMORY)",
	}, more...)
}

// Engine is one open file. It implements store.Engine.
type Engine struct {
	path   string
	now    func() time.Time
	reads  *sql.DB
	writes *sql.DB
	writer *writer

	statements sync.Map // query text -> *sql.Stmt on reads
}

// Open opens or creates the file, and the folder it lies in. now is the clock that leases go by.
func Open(ctx context.Context, path string, now func() time.Time) (*Engine, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be written: %w", err)
	}
	if err := writable(path); err != nil {
		return nil, err
	}
	e := &Engine{path: path, now: now}
	var err error
	if e.writes, err = connect(path, 1, pragmas("cache_size(-64000)", "wal_autocheckpoint(8000)")); err != nil {
		return nil, err
	}
	if e.reads, err = connect(path, 4, pragmas("cache_size(-32000)", "query_only(ON)")); err != nil {
		e.writes.Close()
		return nil, err
	}
	if e.writer, err = startWriter(ctx, e.writes); err != nil {
		e.reads.Close()
		e.writes.Close()
		return nil, fmt.Errorf("open %s: %w", path, explain(err))
	}
	if err := e.Ping(ctx); err != nil {
		e.Close()
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	return e, nil
}

// writable finds out at once, with a clear message, what SQLite would only say at the first write.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("the data file cannot be written: %w", err)
	}
	f.Close()
	probe, err := os.CreateTemp(filepath.Dir(path), ".probe-*")
	if err != nil {
		return fmt.Errorf("the data folder cannot be written: %w", err)
	}
	defer os.Remove(probe.Name())
	_, err = probe.Write(make([]byte, 64<<10))
	if err = errors.Join(err, probe.Sync(), probe.Close()); err != nil {
		return fmt.Errorf("the data folder cannot be written (is the disk full?): %w", err)
	}
	return nil
}

func connect(path string, connections int, pragmas []string) (*sql.DB, error) {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": pragmas}
	db, err := sql.Open("sqlite", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+q.Encode())
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// Now implements store.Engine.
func (e *Engine) Now() time.Time { return e.now() }

// Ping implements store.Engine.
func (e *Engine) Ping(ctx context.Context) error {
	var one int
	if err := e.reads.QueryRowContext(ctx, "SELECT 1 FROM sqlite_schema LIMIT 1").Scan(&one); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return explain(err)
	}
	return nil
}

// Close waits for the writes under way, cuts the log and closes the file.
func (e *Engine) Close() error {
	err := e.writer.close()
	e.statements.Range(func(_, stmt any) bool {
		stmt.(*sql.Stmt).Close()
		return true
	})
	return errors.Join(err, e.reads.Close(), e.writes.Close())
}

// Names implements store.Engine.
func (e *Engine) Names(ctx context.Context) ([]string, error) {
	rows, err := e.query(ctx, `SELECT name FROM sqlite_schema WHERE type='table' AND name GLOB 'd_*' ORDER BY name`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, explain(err)
		}
		names = append(names, strings.TrimPrefix(name, tablePrefix))
	}
	return names, explain(rows.Err())
}

// Fetch implements store.Engine.
func (e *Engine) Fetch(ctx context.Context, s *store.Schema, id string) (store.Document, error) {
	rows, err := e.query(ctx, "SELECT id, rev, doc FROM "+table(s)+" WHERE id = ?", id)
	if err != nil {
		return store.Document{}, err
	}
	docs, err := documents(rows)
	if err != nil {
		return store.Document{}, err
	}
	if len(docs) == 0 {
		return store.Document{}, fault.NotFound
	}
	return docs[0], nil
}

// Walk implements store.Engine.
func (e *Engine) Walk(ctx context.Context, s *store.Schema, p store.Plan) ([]store.Document, error) {
	text, args := walk(s, p, "id, rev, doc")
	rows, err := e.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	return documents(rows)
}

// Tally implements store.Engine.
func (e *Engine) Tally(ctx context.Context, s *store.Schema, p store.Plan, fields []string) ([]store.Group, error) {
	text, args := tally(s, p, fields)
	rows, err := e.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var groups []store.Group
	for rows.Next() {
		// Columns hold plain SQLite values; a sample document of the group says whether a number was a bool or a time.
		values, sample, n := make([]any, len(fields)), []byte(nil), int64(0)
		into := make([]any, 0, len(fields)+2)
		for i := range values {
			into = append(into, &values[i])
		}
		if err := rows.Scan(append(into, &sample, &n)...); err != nil {
			return nil, explain(err)
		}
		for i, f := range fields {
			if values[i], err = store.Indexed(sample, f); err != nil {
				return nil, err
			}
		}
		groups = append(groups, store.Group{Values: values, N: n})
	}
	return groups, explain(rows.Err())
}

// query runs a prepared statement; the few dozen texts that schemas and plans can make are prepared once.
func (e *Engine) query(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	kept, ok := e.statements.Load(text)
	if !ok {
		fresh, err := e.reads.PrepareContext(ctx, text)
		if err != nil {
			return nil, explain(err)
		}
		var loaded bool
		if kept, loaded = e.statements.LoadOrStore(text, fresh); loaded {
			fresh.Close()
		}
	}
	rows, err := kept.(*sql.Stmt).QueryContext(ctx, args...)
	return rows, explain(err)
}

func documents(rows *sql.Rows) ([]store.Document, error) {
	defer rows.Close()
	var docs []store.Document
	for rows.Next() {
		var d store.Document
		var raw []byte
		if err := rows.Scan(&d.ID, &d.Rev, &raw); err != nil {
			return nil, explain(err)
		}
		d.Raw = bson.Raw(raw)
		docs = append(docs, d)
	}
	return docs, explain(rows.Err())
}

// explain names SQLite's errors in the program's own terms.
func explain(err error) error {
	var se *sqlite.Error
	switch {
	case err == nil, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", fault.Unavailable, err)
	case errors.As(err, &se):
		switch se.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT:
			return fmt.Errorf("%w: %w", fault.Conflict, err)
		case sqlite3.SQLITE_INTERRUPT:
			return fmt.Errorf("%w: %w", context.Canceled, err)
		case sqlite3.SQLITE_TOOBIG:
			return fmt.Errorf("%w: %w", fault.TooLarge, err)
		case sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_CANTOPEN,
			sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_PERM:
			return fmt.Errorf("%w: %w", fault.Unavailable, err)
		}
	case errors.Is(err, sql.ErrConnDone), strings.Contains(err.Error(), "database is closed"):
		return fmt.Errorf("%w: %w", fault.Unavailable, err)
	}
	return err
}
