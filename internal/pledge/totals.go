package pledge

import (
	"context"
	"sync"
	"time"
)

// Totals counts an institution's confirmed pledges by kind.
type Totals map[Kind]int

// All adds the kinds up.
func (t Totals) All() int {
	n := 0
	for _, one := range t {
		n += one
	}
	return n
}

// freshFor is how long a count is shown before it is taken again: the wall is looked at far more often than it is signed.
const freshFor = 5 * time.Second

// totals keeps the last count of each institution. What is signed on this server shows at once.
type totals struct {
	mu   sync.Mutex
	kept map[string]counted
}

type counted struct {
	n  Totals
	at time.Time
}

func (t *totals) forget(institution string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.kept, institution)
}

// Totals returns how many have pledged. Only one caller counts at a time.
func (s *Service) Totals(ctx context.Context, institution string) (Totals, error) {
	s.total.mu.Lock()
	defer s.total.mu.Unlock()
	if c, ok := s.total.kept[institution]; ok && s.cfg.Now().Sub(c.at) < freshFor {
		return c.n, nil
	}
	n, err := s.store.count(ctx, institution)
	if err == nil {
		s.total.kept[institution] = counted{n, s.cfg.Now()}
	}
	return n, err
}
