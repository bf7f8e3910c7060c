package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/store"
)

// Progress is told how much of something is done.
type Progress interface {
	Show(what string, done, total int64)
}

// Move copies every collection of one store into another, empty one, and verifies counts and checksums. It refuses stores that are in use, and
// goes on where an interrupted move from the same source stopped.
func Move(ctx context.Context, from, to string, progress Progress) (err error) {
	now := func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
	if same(from, to) {
		return errors.New("source and target are the same store")
	}
	source, err := OpenAddress(ctx, from, now)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := OpenAddress(ctx, to, now)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	for name, e := range map[string]store.Engine{"source": source, "target": target} {
		release, err := holdStill(ctx, e)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		defer release()
	}
	names, err := store.Movable(ctx, source)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("the source holds nothing")
	}
	if err := store.MarkMove(ctx, target, redacted(from)); err != nil {
		return err
	}
	known, err := prepare(ctx, target)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	for _, name := range names {
		s, ok := known[name]
		if !ok {
			return fmt.Errorf("this program knows no collection %q: a newer one wrote the source", name)
		}
		if err := copyOne(ctx, source, target, s, progress); err != nil {
			return err
		}
	}
	return store.UnmarkMove(ctx, target)
}

func copyOne(ctx context.Context, source, target store.Engine, s *store.Schema, progress Progress) error {
	var done int64
	before, err := store.Sum(ctx, source, s, func(n int) { done += int64(n); progress.Show(s.Name+": read", done, 0) })
	if err != nil {
		return err
	}
	done = 0
	if err := store.Copy(ctx, source, target, s, func(n int) { done += int64(n); progress.Show(s.Name+": copy", done, before.Documents) }); err != nil {
		return err
	}
	done = 0
	after, err := store.Sum(ctx, target, s, func(n int) { done += int64(n); progress.Show(s.Name+": verify", done, before.Documents) })
	if err != nil {
		return err
	}
	if before != after {
		return fmt.Errorf("%s differs after the copy: %d documents, then %d", s.Name, before.Documents, after.Documents)
	}
	return nil
}

// movingLease is how long after a crash a store still counts as being moved.
const movingLease = 15 * time.Second

// holdStill keeps servers and other moves away from a store until release is called.
func holdStill(ctx context.Context, e store.Engine) (release func(), err error) {
	serving, err := store.Held(ctx, e, store.ServingPrefix)
	if err != nil {
		return nil, err
	}
	if len(serving) > 0 {
		return nil, fmt.Errorf("%d servers are running on it (one that was killed counts for %v more)", len(serving), servingLease)
	}
	lease, err := store.Acquire(ctx, e, store.MovingPrefix+"store", movingLease)
	if errors.Is(err, fault.Conflict) {
		return nil, fmt.Errorf("another move is running on it (one that was killed counts for %v more)", movingLease)
	}
	if err != nil {
		return nil, err
	}
	done := make(chan struct{})
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		t := time.NewTicker(movingLease / 3)
		defer t.Stop()
		for {
			select {
			case <-done:
				return
			case <-t.C:
				_ = lease.Renew(ctx) // when it fails the store is away, and the copy fails by itself
			}
		}
	}()
	return func() {
		close(done)
		<-stopped
		_ = lease.Release(context.WithoutCancel(ctx)) // it would run out by itself
	}, nil
}

// prepare opens every feature's collections on an engine and returns their schemas by name.
func prepare(ctx context.Context, e store.Engine) (map[string]*store.Schema, error) {
	r := &recorder{Engine: e, schemas: map[string]*store.Schema{}}
	words, err := locale.Load()
	if err != nil {
		return nil, err
	}
	redis, err := ephemeral.Open("") // services want one; none is used
	if err != nil {
		return nil, err
	}
	defer redis.Close()
	a := &App{engine: r, redis: redis, words: words, opts: Options{Demo: true}, now: e.Now}
	return r.schemas, a.services(ctx, nil)
}

// recorder notes the schemas that features open.
type recorder struct {
	store.Engine
	schemas map[string]*store.Schema
}

func (r *recorder) Prepare(ctx context.Context, s *store.Schema) error {
	r.schemas[s.Name] = s
	return r.Engine.Prepare(ctx, s)
}

func same(a, b string) bool {
	if strings.Contains(a, "://") || strings.Contains(b, "://") {
		return a == b
	}
	x, err1 := filepath.Abs(a)
	y, err2 := filepath.Abs(b)
	return err1 == nil && err2 == nil && x == y
}

func redacted(address string) string {
	if u, err := url.Parse(address); err == nil && u.User != nil {
		return u.Redacted()
	}
	return address
}

// Grant gives somebody a role, beside a running server or without one.
func Grant(ctx context.Context, cfg config.Config, opts Options, email string, role people.Role) (_ people.Person, err error) {
	if !slices.Contains(people.Roles(), role) {
		return people.Person{}, fmt.Errorf("there is no role %q; there are %v", role, people.Roles())
	}
	a := &App{cfg: cfg, opts: Options{Demo: true}, now: func() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }, stop: func() {}}
	defer func() { err = errors.Join(err, a.Close()) }()
	a.log = newLog(cfg, opts)
	if a.words, err = locale.Load(); err != nil {
		return people.Person{}, err
	}
	if a.library, err = newLibrary(cfg, opts, a.log); err != nil {
		return people.Person{}, err
	}
	institutions, err := readInstitutions(cfg, opts, a.words, a.library.now())
	if err != nil {
		return people.Person{}, err
	}
	if a.engine, err = OpenEngine(ctx, cfg, a.now); err != nil {
		return people.Person{}, err
	}
	if a.redis, err = ephemeral.Open(""); err != nil {
		return people.Person{}, err
	}
	if err := a.services(ctx, institutions); err != nil {
		return people.Person{}, err
	}
	p, err := a.people.Grant(ctx, email, role)
	if errors.Is(err, fault.NotFound) {
		return p, fmt.Errorf("%s ends in the e-mail domain of no institution", email)
	}
	return p, err
}
