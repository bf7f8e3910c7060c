package app

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/store"
)

// Progress is told how much of something is done.
type Progress interface {
	Show(what string, done, total int64)
}

// Move copies every collection of one store into another, empty one, and verifies counts and checksums. It refuses stores that are in use, and
// goes on where an interrupted move from the same source stopped.
func Move(ctx context.Context, from, to string, progress Progress) (err error) {
	if same(from, to) {
		return errors.New("source and target are the same store")
	}
	source, err := openExisting(ctx, from)
	if err != nil {
		return fmt.Errorf("source: %w", err)
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := openAddress(ctx, to)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, one := range []struct {
		name   string
		engine store.Engine
	}{{"source", source}, {"target", target}} {
		release, err := moving(ctx, one.engine, cancel)
		if err != nil {
			return fmt.Errorf("%s: %w", one.name, err)
		}
		defer release()
	}
	if used, err := store.Used(ctx, source); err != nil || used == "" {
		return errors.Join(err, errors.New("the source holds nothing"))
	}
	if err := store.MarkMove(ctx, target, withoutSecrets(from)); err != nil {
		return err
	}
	if err := copyAll(ctx, source, target, progress); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	return store.UnmarkMove(ctx, target)
}

// copyAll opens both stores as the features do, which brings the source's documents into today's shape, and copies every collection.
func copyAll(ctx context.Context, source, target store.Engine, progress Progress) error {
	if _, err := prepare(ctx, source); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	known, err := prepare(ctx, target)
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	names, err := store.MovableCollections(ctx, source)
	if err != nil {
		return err
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
	return nil
}

func copyOne(ctx context.Context, source, target store.Engine, s *store.Schema, progress Progress) error {
	var done int64
	before, err := store.DigestOf(ctx, source, s, func(n int) { done += int64(n); progress.Show(s.Name+": read", done, 0) })
	if err != nil {
		return err
	}
	done = 0
	if err := store.Copy(ctx, source, target, s, func(n int) { done += int64(n); progress.Show(s.Name+": copy", done, before.Documents) }); err != nil {
		return err
	}
	done = 0
	after, err := store.DigestOf(ctx, target, s, func(n int) { done += int64(n); progress.Show(s.Name+": verify", done, before.Documents) })
	if err != nil {
		return err
	}
	if before != after {
		return fmt.Errorf("%s differs after the copy: %d documents, then %d", s.Name, before.Documents, after.Documents)
	}
	return nil
}

// prepare opens every feature's collections on an engine and returns their schemas by name.
func prepare(ctx context.Context, e store.Engine) (map[string]*store.Schema, error) {
	r := &recorder{Engine: e, schemas: map[string]*store.Schema{}}
	catalogue, err := locale.Load()
	if err != nil {
		return nil, err
	}
	redis, err := ephemeral.Open("") // services want one; none is used
	if err != nil {
		return nil, err
	}
	defer redis.Close()
	if _, err := openDemoMark(ctx, r); err != nil {
		return nil, err
	}
	a := &App{engine: r, redis: redis, catalogue: catalogue}
	return r.schemas, a.services(ctx, nil, nil)
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

// withoutSecrets is what may be written down of an address: no password, and no options, for these hold passwords too.
func withoutSecrets(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return address
	}
	return u.Scheme + "://" + u.Host + u.Path
}
