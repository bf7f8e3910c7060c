package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/upstander/upstander/internal/fault"
)

// maxBatch bounds how many queued writes share one transaction, and so how long the first of them waits.
const maxBatch = 256

// How soon the write-ahead log is cut to nothing: after a pause in the writing, or at the latest after busyFor.
const (
	idleFor = time.Second
	busyFor = 30 * time.Second
)

// writer runs every write of the process, one after the other, on one connection. Whatever has queued up while one transaction
// was being committed goes into the next one together.
type writer struct {
	conn       *sql.Conn
	statements map[string]*sql.Stmt // touched by the writing goroutine only
	queue      chan *job
	closing    chan struct{}
	done       chan struct{}
	once       sync.Once
}

// job is one write. run may be called again after a rollback, so it must set its results anew each time.
type job struct {
	ctx  context.Context
	run  func(*writer) error
	all  bool // a refusal rolls back as well: changes of the schema are whole or not at all
	err  error
	done chan struct{}
}

func startWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{
		conn:       conn,
		statements: map[string]*sql.Stmt{},
		queue:      make(chan *job, maxBatch),
		closing:    make(chan struct{}),
		done:       make(chan struct{}),
	}
	go w.loop()
	return w, nil
}

// do queues a write and waits until it is on the disk. When ctx ends while the write is under way its outcome is unknown.
func (w *writer) do(ctx context.Context, run func(*writer) error) error {
	return w.wait(&job{ctx: ctx, run: run, done: make(chan struct{})})
}

// change is do for a change of the schema.
func (w *writer) change(ctx context.Context, run func(*writer) error) error {
	return w.wait(&job{ctx: ctx, run: run, all: true, done: make(chan struct{})})
}

func (w *writer) wait(j *job) error {
	ctx := j.ctx
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return fmt.Errorf("%w: the store is closed", fault.Unavailable)
	case w.queue <- j:
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-j.done:
		return j.err
	case <-w.done:
		// The loop has ended; it may have answered this job just before.
		select {
		case <-j.done:
			return j.err
		default:
			return fmt.Errorf("%w: the store is closed", fault.Unavailable)
		}
	}
}

func (w *writer) close() error {
	w.once.Do(func() { close(w.closing) })
	<-w.done
	return nil
}

func (w *writer) loop() {
	defer close(w.done)
	idle, busy := time.NewTimer(idleFor), time.NewTicker(busyFor)
	defer idle.Stop()
	defer busy.Stop()
	dirty := false
	for {
		select {
		case j := <-w.queue:
			w.commit(w.gather(j))
			dirty = true
			idle.Reset(idleFor)
			continue
		case <-idle.C:
		case <-busy.C:
		case <-w.closing:
			w.drain()
			return
		}
		if dirty {
			if dirty = !w.cutLog(); dirty {
				idle.Reset(idleFor)
			}
		}
	}
}

// drain finishes what is queued and closes the connection.
func (w *writer) drain() {
	for {
		select {
		case j := <-w.queue:
			w.commit(w.gather(j))
			continue
		default:
		}
		break
	}
	w.cutLog()
	for _, s := range w.statements {
		s.Close()
	}
	w.conn.Close()
}

func (w *writer) gather(first *job) []*job {
	batch := append(make([]*job, 0, 16), first)
	for len(batch) < maxBatch {
		select {
		case j := <-w.queue:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// commit runs the batch in one transaction. When one job fails hard (the disk, not a refusal), each is tried on its own, so
// that a single oversized write cannot fail its neighbours.
func (w *writer) commit(batch []*job) {
	live := batch[:0:0]
	for _, j := range batch {
		if err := j.ctx.Err(); err != nil {
			j.err = err
			close(j.done)
			continue
		}
		live = append(live, j)
	}
	if len(live) == 0 {
		return
	}
	err := w.transact(live)
	if err != nil && len(live) > 1 {
		for _, j := range live {
			j.err = w.transact([]*job{j})
			close(j.done)
		}
		return
	}
	for _, j := range live {
		if err != nil {
			j.err = err
		}
		close(j.done)
	}
}

// transact begins, runs every job, commits. A refusal (fault.Conflict, fault.NotFound) stays with its job and leaves the
// others' work in place; any other error rolls all of it back.
func (w *writer) transact(jobs []*job) error {
	ctx := context.Background() // a transaction under way is not cut off by one caller's deadline
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return explain(err)
	}
	for _, j := range jobs {
		j.err = explain(j.run(w))
		refused := errors.Is(j.err, fault.Conflict) || errors.Is(j.err, fault.NotFound)
		if j.err != nil && (j.all || !refused) {
			w.rollback(ctx)
			return j.err
		}
	}
	if _, err := w.conn.ExecContext(ctx, "COMMIT"); err != nil {
		w.rollback(ctx)
		return explain(err)
	}
	return nil
}

// rollback ignores its own error: SQLite has rolled back by itself after some failures, and the first error tells more.
func (w *writer) rollback(ctx context.Context) { _, _ = w.conn.ExecContext(ctx, "ROLLBACK") }

// exec runs a prepared statement inside the transaction and returns how many rows it changed.
func (w *writer) exec(text string, args ...any) (int64, error) {
	s, err := w.prepare(text)
	if err != nil {
		return 0, err
	}
	r, err := s.Exec(args...)
	if err != nil {
		return 0, explain(err)
	}
	return r.RowsAffected()
}

// row reads one row inside the transaction.
func (w *writer) row(text string, args ...any) (*sql.Row, error) {
	s, err := w.prepare(text)
	if err != nil {
		return nil, err
	}
	return s.QueryRow(args...), nil
}

func (w *writer) prepare(text string) (*sql.Stmt, error) {
	if s, ok := w.statements[text]; ok {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, explain(err)
	}
	w.statements[text] = s
	return s, nil
}

// cutLog moves the write-ahead log into the file and cuts it to nothing, and says whether it could. It does not wait for readers: writes
// would have to wait with it.
func (w *writer) cutLog() bool {
	ctx := context.Background()
	if _, err := w.conn.ExecContext(ctx, "PRAGMA busy_timeout = 0"); err != nil {
		return false
	}
	var busy, pages, moved int
	err := w.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	_, reset := w.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout = %d", busyTimeout.Milliseconds()))
	return err == nil && reset == nil && busy == 0
}
