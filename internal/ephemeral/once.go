package ephemeral

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Once remembers for a time what has been seen, so that it is taken once only. When Redis is away nothing is taken: it fails closed.
type Once struct{ rdb *redis.Client }

// NewOnce returns the memory of what has been seen.
func (c *Client) NewOnce() *Once { return &Once{rdb: c.rdb} }

// First says whether a key is seen for the first time, and remembers it.
func (o *Once) First(ctx context.Context, key string, ttl time.Duration) (bool, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	sum := sha256.Sum256([]byte(key))
	first, err := o.rdb.SetNX(ctx, "once:"+hex.EncodeToString(sum[:]), 1, ttl).Result()
	if err != nil {
		return false, fmt.Errorf("take once: %w", explain(err))
	}
	return first, nil
}
