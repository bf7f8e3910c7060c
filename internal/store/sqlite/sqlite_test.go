package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

type doc struct {
	ID    string    `bson:"_id"`
	Group string    `bson:"group"`
	Place string    `bson:"place"`
	N     int64     `bson:"n"`
	At    time.Time `bson:"at"`
	Text  string    `bson:"text"`
}

var schema = store.Schema{Name: "docs", Indexes: []store.Index{
	store.On("group", "place", "n"), store.On("at"), store.Unique("group", "n"),
}}

func open(t testing.TB, path string) *Engine {
	t.Helper()
	e, err := Open(t.Context(), path, func() time.Time { return time.Unix(0, 0).UTC() })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

func fill(t testing.TB, e *Engine, n int) *store.Collection[doc] {
	t.Helper()
	c, err := store.Open[doc](t.Context(), e, schema)
	if err != nil {
		t.Fatal(err)
	}
	var all []doc
	for i := range n {
		all = append(all, doc{ID: fmt.Sprint(i), Group: fmt.Sprint("g", i%10), Place: fmt.Sprint("p/", i%7), N: int64(i), At: time.UnixMilli(int64(i)).UTC()})
	}
	if refused, err := c.InsertMany(t.Context(), all); err != nil || len(refused) > 0 {
		t.Fatal(refused, err)
	}
	return c
}

func TestPragmas(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "a.db"))
	both := map[string]string{"journal_mode": "wal", "synchronous": "2", "secure_delete": "1", "busy_timeout": "5000", "foreign_keys": "0", "temp_store": "2"}
	ask := func(who string, row func(query string) *sql.Row, want map[string]string) {
		t.Helper()
		for name, value := range want {
			var got string
			if err := row("PRAGMA " + name).Scan(&got); err != nil || got != value {
				t.Errorf("%s: %s is %s, want %s (%v)", who, name, got, value, err)
			}
		}
	}
	reads := func(query string) *sql.Row { return e.reads.QueryRow(query) }
	writes := func(query string) *sql.Row { return e.writer.conn.QueryRowContext(t.Context(), query) }
	ask("reads", reads, both)
	ask("writes", writes, both)
	ask("reads", reads, map[string]string{"cache_size": "-32000", "query_only": "1"})
	ask("writes", writes, map[string]string{"cache_size": "-64000", "wal_autocheckpoint": "8000", "query_only": "0"})
	if _, err := e.reads.Exec("CREATE TABLE x (y)"); err == nil {
		t.Error("a reading connection wrote")
	}
}

// TestPlans asks SQLite how it would run every statement that plans can make: by a search, and without sorting.
func TestPlans(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "a.db"))
	fill(t, e, 1000)
	byPlace, byAt, unique := &schema.Indexes[0], &schema.Indexes[1], &schema.Indexes[2]
	g := []any{"g1"}
	plans := map[string]store.Plan{
		"by id":                  {},
		"beyond an id":           {Cursor: []any{"5"}},
		"id range":               {Low: "3", High: "5"},
		"equal":                  {Index: byPlace, Equal: g},
		"equal, cursor":          {Index: byPlace, Equal: g, Cursor: []any{"p/3", int64(4), "4"}},
		"equal, prefix":          {Index: byPlace, Equal: g, Low: "p/", High: "p0"},
		"equal, prefix, cursor":  {Index: byPlace, Equal: g, Low: "p/", High: "p0", Cursor: []any{"p/3", int64(4), "4"}},
		"two equal":              {Index: byPlace, Equal: []any{"g1", "p/1"}},
		"two equal, cursor":      {Index: byPlace, Equal: []any{"g1", "p/1"}, Cursor: []any{int64(4), "4"}},
		"all equal":              {Index: byPlace, Equal: []any{"g1", "p/1", int64(1)}},
		"time range":             {Index: byAt, Low: time.UnixMilli(5), High: time.UnixMilli(9)},
		"whole index":            {Index: byAt},
		"whole index, cursor":    {Index: byAt, Cursor: []any{time.UnixMilli(5), "5"}},
		"unique":                 {Index: unique, Equal: []any{"g1", int64(1)}},
		"in a unique's order":    {Index: unique, Equal: g},
		"in a unique's, onwards": {Index: unique, Equal: g, Cursor: []any{int64(5), "5"}},
	}
	check := func(name, text string, args []any) {
		rows, err := e.reads.Query("EXPLAIN QUERY PLAN "+text, args...)
		if err != nil {
			t.Errorf("%s: %s: %v", name, text, err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			ok := strings.HasPrefix(step, "SEARCH") || strings.HasPrefix(step, "LIST SUBQUERY") || strings.HasPrefix(step, "CO-ROUTINE g") || step == "SCAN g" || step == "CREATE BLOOM FILTER"
			if !ok || strings.Contains(step, "TEMP B-TREE") {
				t.Errorf("%s: %s: %s", name, step, text)
			}
		}
	}
	for name, p := range plans {
		for _, desc := range []bool{false, true} {
			p.Desc, p.Limit = desc, 50
			text, args := walk(&schema, p, "id, rev, doc")
			check(fmt.Sprint(name, " desc=", desc), text, args)
			which, args := walk(&schema, p, "rowid")
			check(name+", delete", "DELETE FROM "+table(&schema)+" WHERE rowid IN ("+which+")", args)
		}
		if p.Index != nil && p.Cursor == nil {
			var fields []string
			if key := p.Key(); len(key) > 1 {
				fields = key[:len(key)-1]
			}
			text, args := tally(&schema, p, fields)
			check(name+", tally", text, args)
		}
	}
}

// TestErasedIsGone reads the bytes of the file and of its log.
func TestErasedIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	e := open(t, path)
	c := fill(t, e, 10)
	const secret = "what-nobody-may-read-again"
	ctx := t.Context()
	if err := c.Insert(ctx, doc{ID: "s", N: 77, Text: strings.Repeat(secret, 3000)}); err != nil {
		t.Fatal(err)
	}
	if err := c.Insert(ctx, doc{ID: "u", N: 78, Text: secret}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Update(ctx, "u", func(d *doc) error { d.Text = ""; return nil }); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(ctx, "s"); err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		b, err := os.ReadFile(path + suffix)
		if err == nil && strings.Contains(string(b), secret) {
			t.Errorf("the erased text is still in a.db%s", suffix)
		}
	}
}

// TestLogIsCutWhileRunning waits for the writer to notice the pause.
func TestLogIsCutWhileRunning(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	e := open(t, path)
	fill(t, e, 100)
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-deadline:
			t.Fatal("the write-ahead log was not cut")
		case <-tick.C:
			if info, err := os.Stat(path + "-wal"); err == nil && info.Size() == 0 {
				return
			}
		}
	}
}

// TestOneBadWriteFailsAlone queues a write that the disk layer refuses among good ones.
func TestOneBadWriteFailsAlone(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "a.db"))
	c := fill(t, e, 0)
	errDisk := errors.New("no such table")
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if i%8 == 0 {
				err := e.writer.do(context.Background(), func(*writer) error { return errDisk })
				if !errors.Is(err, errDisk) {
					t.Errorf("the bad write: %v", err)
				}
				return
			}
			if err := c.Insert(context.Background(), doc{ID: fmt.Sprint(i), N: int64(i)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	n, err := c.Tally(t.Context(), store.All().Range("at", nil, nil))
	if err != nil || n[0].N != 35 {
		t.Errorf("%v documents, %v", n, err)
	}
}

func TestClosedStore(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "a.db"))
	c := fill(t, e, 1)
	e.Close()
	if err := c.Insert(t.Context(), doc{ID: "x", N: 5}); !errors.Is(err, fault.Unavailable) {
		t.Errorf("a write: %v", err)
	}
	if _, err := c.Get(t.Context(), "0"); !errors.Is(err, fault.Unavailable) {
		t.Errorf("a read: %v", err)
	}
}

func TestBackupAndRestore(t *testing.T) {
	dir := t.TempDir()
	path, copied, again := filepath.Join(dir, "a.db"), filepath.Join(dir, "b.db"), filepath.Join(dir, "sub", "c.db")
	e := open(t, path)
	c := fill(t, e, 500)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // the store goes on being used
		defer close(stopped)
		for i := 1000; ; i++ {
			select {
			case <-stop:
				return
			default:
				_ = c.Insert(context.Background(), doc{ID: fmt.Sprint(i), N: int64(i)})
			}
		}
	}()
	err := Backup(t.Context(), path, copied)
	close(stop)
	<-stopped
	if err != nil {
		t.Fatal(err)
	}
	if err := Backup(t.Context(), path, copied); !errors.Is(err, fault.Conflict) {
		t.Errorf("a backup over a backup: %v", err)
	}
	if err := Restore(t.Context(), copied, again); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), copied, path); !errors.Is(err, fault.Conflict) {
		t.Errorf("a restore over a store: %v", err)
	}
	back := open(t, again)
	restored, err := store.Open[doc](t.Context(), back, schema)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := restored.Get(t.Context(), "499"); err != nil || d.N != 499 {
		t.Errorf("after the restore: %v, %v", d, err)
	}

	// After a crash somebody moves the file away and forgets the log beside it.
	beside := filepath.Join(dir, "f.db")
	if err := os.WriteFile(beside+"-wal", []byte("old log"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), copied, beside); !errors.Is(err, fault.Conflict) {
		t.Errorf("a restore beside an old log: %v", err)
	}
	if info, err := os.Stat(copied); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the backup: %v, %v", info.Mode(), err)
	}

	damaged := filepath.Join(dir, "damaged.db")
	b, err := os.ReadFile(copied)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 2; i < len(b)/2+8192; i++ {
		b[i] ^= 0x5a
	}
	if err := os.WriteFile(damaged, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Restore(t.Context(), damaged, filepath.Join(dir, "d.db")); err == nil {
		t.Error("a damaged backup was restored")
	}
	if _, err := os.Stat(filepath.Join(dir, "d.db")); err == nil {
		t.Error("a failed restore left a file behind")
	}
	if err := Restore(t.Context(), filepath.Join(dir, "none.db"), filepath.Join(dir, "e.db")); err == nil {
		t.Error("a backup that is not there was restored")
	}
}

func TestTwoProcessesShareTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	one, other := fill(t, open(t, path), 1), fill(t, open(t, path), 0)
	var wg sync.WaitGroup
	for _, c := range []*store.Collection[doc]{one, other} {
		wg.Go(func() {
			for range 100 {
				if _, err := c.Update(context.Background(), "0", func(d *doc) error { d.N++; return nil }); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if d, err := one.Get(t.Context(), "0"); err != nil || d.N != 200 {
		t.Errorf("got %d, %v", d.N, err)
	}
}

// TestFullDisk lets SQLite run out of pages, as on a full disk: the write is refused, nothing is lost, and it goes on once there is room.
func TestFullDisk(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "a.db"))
	c := fill(t, e, 100)
	if err := e.writer.do(t.Context(), func(w *writer) error {
		_, err := w.conn.ExecContext(context.Background(), "PRAGMA max_page_count = 40")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 1<<20)
	if err := c.Insert(t.Context(), doc{ID: "big", N: 1000, Text: big}); !errors.Is(err, fault.Unavailable) {
		t.Errorf("on a full disk: %v", err)
	}
	if d, err := c.Get(t.Context(), "99"); err != nil || d.N != 99 {
		t.Errorf("what was there: %v, %v", d.N, err)
	}
	if err := e.writer.do(t.Context(), func(w *writer) error {
		_, err := w.conn.ExecContext(context.Background(), "PRAGMA max_page_count = 100000")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := c.Insert(t.Context(), doc{ID: "big", N: 1000, Text: big}); err != nil {
		t.Errorf("once there is room: %v", err)
	}
}

// TestAReaderDoesNotHoldWritersUp keeps a read transaction open for longer than the writer waits before it cuts the log.
func TestAReaderDoesNotHoldWritersUp(t *testing.T) {
	e := open(t, filepath.Join(t.TempDir(), "a.db"))
	c := fill(t, e, 10)
	reader, err := e.reads.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	var n int
	if _, err := reader.ExecContext(t.Context(), "BEGIN DEFERRED"); err != nil {
		t.Fatal(err)
	}
	if err := reader.QueryRowContext(t.Context(), "SELECT count(*) FROM d_docs").Scan(&n); err != nil {
		t.Fatal(err)
	}
	var slowest time.Duration
	for i, began := 0, time.Now(); time.Since(began) < 3*idleFor; i++ {
		if err := c.Insert(t.Context(), doc{ID: fmt.Sprint("x", i), N: int64(1000 + i)}); err != nil {
			t.Fatal(err)
		}
		write := time.Now()
		pause := time.NewTimer(idleFor + idleFor/10) // the writer tries to cut the log meanwhile
		<-pause.C
		if err := c.Insert(t.Context(), doc{ID: fmt.Sprint("y", i), N: int64(2000 + i)}); err != nil {
			t.Fatal(err)
		}
		slowest = max(slowest, time.Since(write)-idleFor-idleFor/10)
	}
	if slowest > busyTimeout/2 {
		t.Errorf("a write waited %v", slowest)
	}
}
