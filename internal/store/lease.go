package store

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/upstander/upstander/internal/fault"
)

// Lease is the right to do something alone, for a time. Whoever holds it renews it well before it runs out; when the holder
// dies, it runs out by itself.
type Lease struct {
	leases *Collection[leaseDoc]
	name   string
	holder string
	ttl    time.Duration
}

type leaseDoc struct {
	ID     string    `bson:"_id"`
	Holder string    `bson:"holder"`
	Until  time.Time `bson:"until"`
}

const leaseCollection = "store_leases"

// AcquireLease takes the lease of this name, or fails with fault.Conflict while somebody else holds it.
func AcquireLease(ctx context.Context, e Engine, name string, ttl time.Duration) (*Lease, error) {
	leases, err := Open[leaseDoc](ctx, e, Schema{Name: leaseCollection})
	if err != nil {
		return nil, err
	}
	l := &Lease{leases: leases, name: name, holder: rand.Text(), ttl: ttl}
	if err := l.hold(ctx); err != nil {
		return nil, err
	}
	return l, nil
}

// Renew makes the lease last for its full time again. It fails with fault.Conflict when it had run out and gone to another.
func (l *Lease) Renew(ctx context.Context) error { return l.hold(ctx) }

func (l *Lease) hold(ctx context.Context) error {
	now := l.leases.engine.Now()
	_, err := l.leases.Upsert(ctx, l.name, func(d *leaseDoc, found bool) error {
		if found && d.Holder != l.holder && now.Before(d.Until) {
			return fmt.Errorf("lease %s is held until %s: %w", l.name, d.Until.Format(time.RFC3339), fault.Conflict)
		}
		*d = leaseDoc{ID: l.name, Holder: l.holder, Until: now.Add(l.ttl).Truncate(time.Millisecond)}
		return nil
	})
	return err
}

// Release gives the lease back at once.
func (l *Lease) Release(ctx context.Context) error {
	_, err := l.leases.Update(ctx, l.name, func(d *leaseDoc) error {
		if d.Holder == l.holder {
			d.Until = time.Time{}
		}
		return nil
	})
	return err
}

// Alone says whether at most one server, ours, holds a serving lease: only then may what an older schema needed be dropped. The store's own
// collections never change their shape.
func Alone(ctx context.Context, e Engine, s *Schema) (bool, error) {
	if own(s.Name) {
		return false, nil
	}
	serving, err := HeldLeases(ctx, e, ServingPrefix)
	return len(serving) <= 1, err
}

// HeldLeases lists the names with this prefix of the leases that are held now.
func HeldLeases(ctx context.Context, e Engine, prefix string) ([]string, error) {
	leases, err := Open[leaseDoc](ctx, e, Schema{Name: leaseCollection})
	if err != nil {
		return nil, err
	}
	var names []string
	for d, err := range leases.Each(ctx, All().Prefix(IDField, prefix)) {
		if err != nil {
			return nil, err
		}
		if e.Now().Before(d.Until) {
			names = append(names, d.ID)
		}
	}
	return names, nil
}
