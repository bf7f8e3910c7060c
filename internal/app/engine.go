package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/mongodb"
	"github.com/upstander/upstander/internal/store/sqlite"
)

// StorePath is where the embedded store lies.
func StorePath(cfg config.Config) string { return filepath.Join(cfg.Data, "upstander.db") }

// clock is the program's time: UTC, cut to what the stores keep.
func clock() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// openEngine opens the store that the configuration names.
func openEngine(ctx context.Context, cfg config.Config) (store.Engine, error) {
	if cfg.Store != "" {
		return openAddress(ctx, cfg.Store)
	}
	return openAddress(ctx, StorePath(cfg))
}

// openAddress opens mongodb://… or a file of the embedded store.
func openAddress(ctx context.Context, address string) (store.Engine, error) {
	scheme, _, named := strings.Cut(address, "://")
	switch {
	case scheme == "mongodb" || scheme == "mongodb+srv":
		e, err := mongodb.Open(ctx, address, clock)
		if err != nil {
			return nil, err // not e: a nil pointer inside an interface is not nil
		}
		return e, nil
	case named:
		return nil, fmt.Errorf("%w: %s:// names no store that this program knows", fault.Invalid, scheme)
	}
	e, err := sqlite.Open(ctx, address, clock)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// openExisting is openAddress for a store that must be there: a slip of the finger shall not make an empty one.
func openExisting(ctx context.Context, address string) (store.Engine, error) {
	if !strings.Contains(address, "://") {
		if _, err := os.Stat(address); err != nil {
			return nil, err
		}
	}
	return openAddress(ctx, address)
}

// Leases last this long without being renewed: how long a store still counts as being served or moved after a crash.
const (
	servingLease = 30 * time.Second
	movingLease  = 15 * time.Second
)

// hold takes a lease on a store and renews it until release is called. Whoever must not run at the same time takes its own lease first and looks for
// the other's afterwards, so that of two that start together at least one sees the other. lost is called once when the lease cannot be kept.
func hold(ctx context.Context, e store.Engine, name string, ttl time.Duration, lost func(error)) (release func(), err error) {
	lease, err := store.AcquireLease(ctx, e, name, ttl)
	if err != nil {
		return nil, err
	}
	renew, stop := context.WithCancel(context.WithoutCancel(ctx))
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		t := time.NewTicker(ttl / 3)
		defer t.Stop()
		kept := time.Now()
		for {
			select {
			case <-renew.Done():
				return
			case <-t.C:
			}
			err := lease.Renew(renew)
			switch {
			case err == nil:
				kept = time.Now()
			case renew.Err() != nil:
				return
			case errors.Is(err, fault.Conflict), time.Since(kept) > ttl:
				lost(fmt.Errorf("the lease %s is lost: %w", name, err))
				return
			}
		}
	}()
	return func() {
		stop()
		<-stopped
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = lease.Release(ctx) // it would run out by itself
	}, nil
}

// serving claims a store for a server or a command that writes. It refuses one that is being moved or is half filled.
func serving(ctx context.Context, e store.Engine, lost func(error)) (release func(), err error) {
	release, err = hold(ctx, e, store.ServingPrefix+rand.Text(), servingLease, lost)
	if err != nil {
		return nil, err
	}
	if err := notMoving(ctx, e); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

func notMoving(ctx context.Context, e store.Engine) error {
	from, err := store.UnfinishedMove(ctx, e)
	if err != nil {
		return err
	}
	if from != "" {
		return fmt.Errorf("this store is half filled from %s: run `upstander move` again", from)
	}
	moving, err := store.HeldLeases(ctx, e, store.MovingPrefix)
	if err == nil && len(moving) > 0 {
		err = errors.New("this store is being moved")
	}
	return err
}

// moving claims a store for a move. It refuses one that a server is running on.
func moving(ctx context.Context, e store.Engine, lost func(error)) (release func(), err error) {
	release, err = hold(ctx, e, store.MovingPrefix+"store", movingLease, lost)
	if errors.Is(err, fault.Conflict) {
		return nil, fmt.Errorf("another move is running on it (one that was killed counts for %v more)", movingLease)
	}
	if err != nil {
		return nil, err
	}
	running, err := store.HeldLeases(ctx, e, store.ServingPrefix)
	if err == nil && len(running) > 0 {
		err = fmt.Errorf("%d servers are running on it (one that was killed counts for %v more)", len(running), servingLease)
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// demoMark lies in a store that the demo has filled: anybody may have become anything there. It moves with the rest.
type demoMark struct {
	ID string `bson:"_id"`
}

func openDemoMark(ctx context.Context, e store.Engine) (*store.Collection[demoMark], error) {
	return store.Open[demoMark](ctx, e, store.Schema{Name: "demo"})
}

// keepApart keeps the demo out of a store of real people, and the real program out of the demo's.
func keepApart(ctx context.Context, e store.Engine, demo bool) error {
	marks, err := openDemoMark(ctx, e)
	if err != nil {
		return err
	}
	_, err = marks.Get(ctx, "demo")
	switch marked := err == nil; {
	case err != nil && !errors.Is(err, fault.NotFound):
		return err
	case marked && !demo:
		return errors.New("this store belongs to the demo, where anybody can enter as anybody: name another one")
	case marked || !demo:
		return nil
	}
	used, err := store.Used(ctx, e)
	if err != nil {
		return err
	}
	if used != "" {
		return fmt.Errorf("this store holds %s of a real deployment, and the demo lets anybody in: name another data folder", used)
	}
	return marks.Insert(ctx, demoMark{ID: "demo"})
}
