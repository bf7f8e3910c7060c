package ephemeral

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/go-redis/redis_rate/v10"

	"github.com/upstander/upstander/internal/fault"
)

// Limits counts attempts. Keys are hashed, so that Redis holds no address and no name. When Redis is away Allow fails with
// fault.Unavailable; whoever guards a secret stops then, whoever only guards against load may go on.
type Limits struct{ limiter *redis_rate.Limiter }

// NewLimits returns the rate limiter.
func (c *Client) NewLimits() *Limits { return &Limits{limiter: redis_rate.NewLimiter(c.rdb)} }

// Limit is how often something may be done: so many times at once, and as many again in every period.
type Limit struct {
	Name  string // what is limited
	Times int
	Per   time.Duration
}

// Check fails with fault.Wait when there have been too many attempts of key, without counting one.
func (l *Limits) Check(ctx context.Context, limit Limit, key string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	r, err := l.limiter.AllowN(ctx, limit.key(key), limit.rate(), 0)
	if err != nil {
		return fmt.Errorf("limit %s: %w", limit.Name, explain(err))
	}
	if r.Remaining == 0 {
		return fault.Wait{For: limit.Per / time.Duration(limit.Times)}
	}
	return nil
}

// Allow counts one attempt of key and fails with fault.Wait when there have been too many.
func (l *Limits) Allow(ctx context.Context, limit Limit, key string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	r, err := l.limiter.Allow(ctx, limit.key(key), limit.rate())
	if err != nil {
		return fmt.Errorf("limit %s: %w", limit.Name, explain(err))
	}
	if r.Allowed == 0 {
		return fault.Wait{For: r.RetryAfter}
	}
	return nil
}

func (l Limit) key(key string) string {
	sum := sha256.Sum256([]byte(key))
	return l.Name + ":" + hex.EncodeToString(sum[:16])
}

func (l Limit) rate() redis_rate.Limit {
	return redis_rate.Limit{Rate: l.Times, Burst: l.Times, Period: l.Per}
}
