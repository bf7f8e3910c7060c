package app

import (
	"context"
	"crypto/rand"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/mongodb"
	"github.com/upstander/upstander/internal/store/sqlite"
)

// StorePath is where the embedded store lies.
func StorePath(cfg config.Config) string { return filepath.Join(cfg.Data, "upstander.db") }

// OpenEngine opens the store that the configuration names.
func OpenEngine(ctx context.Context, cfg config.Config, now func() time.Time) (store.Engine, error) {
	if cfg.Store != "" {
		return OpenAddress(ctx, cfg.Store, now)
	}
	return OpenAddress(ctx, StorePath(cfg), now)
}

// OpenAddress opens mongodb://… or a file of the embedded store.
func OpenAddress(ctx context.Context, address string, now func() time.Time) (store.Engine, error) {
	if strings.HasPrefix(address, "mongodb://") || strings.HasPrefix(address, "mongodb+srv://") {
		e, err := mongodb.Open(ctx, address, now)
		if err != nil {
			return nil, err // not e: a nil pointer inside an interface is not nil
		}
		return e, nil
	}
	e, err := sqlite.Open(ctx, address, now)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// servingLease is how long after a crash a store still counts as being served.
const servingLease = 30 * time.Second

// claim marks the store as being served, and refuses one that is being moved or only half filled.
func (a *App) claim(ctx context.Context) (err error) {
	from, err := store.Unfinished(ctx, a.engine)
	if err != nil {
		return err
	}
	if from != "" {
		return fmt.Errorf("this store is half filled from %s: run `upstander move` again", from)
	}
	moving, err := store.Held(ctx, a.engine, store.MovingPrefix)
	if err != nil {
		return err
	}
	if len(moving) > 0 {
		return fmt.Errorf("this store is being moved (%s)", strings.Join(moving, ", "))
	}
	a.lease, err = store.Acquire(ctx, a.engine, store.ServingPrefix+rand.Text(), servingLease)
	return err
}
