package people

import (
	"fmt"
	"sync"
	"time"

	"github.com/upstander/upstander/internal/fault"
)

// A provider's description is read again after describedFor. While that fails the old one serves until it is describedAtMost old, and for retryAfter
// nobody waits for another try.
const (
	describedFor    = time.Hour
	describedAtMost = 24 * time.Hour
	retryAfter      = 5 * time.Second
)

// described keeps what an identity provider has last said of itself. It is asked when somebody needs it, so that the program starts without it.
type described[T any] struct {
	mu     sync.Mutex
	known  T
	until  time.Time // the end that the provider itself sets; zero: none
	read   time.Time // zero: never
	failed time.Time
	why    error
}

// by returns the description at hand and asks where there is none, or an old one; fault.Unavailable when there is none to be had.
func (d *described[T]) by(now func() time.Time, ask func() (description T, until time.Time, err error)) (T, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	at := now()
	if d.usable(at, describedFor) {
		return d.known, nil
	}
	if d.why == nil || at.Sub(d.failed) >= retryAfter {
		found, until, err := ask()
		if d.why = err; err == nil {
			d.known, d.until, d.read = found, until, at
		} else {
			d.failed = now()
		}
	}
	if d.why != nil && !d.usable(at, describedAtMost) {
		var none T
		return none, fmt.Errorf("%w: identity provider: %w", fault.Unavailable, d.why)
	}
	return d.known, nil
}

func (d *described[T]) usable(at time.Time, life time.Duration) bool {
	return !d.read.IsZero() && at.Sub(d.read) < life && !ended(d.until, at)
}

func ended(until, at time.Time) bool { return !until.IsZero() && at.After(until) }
