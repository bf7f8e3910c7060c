package ephemeral

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
)

// Presence counts who has been heard of lately in a place. Members are hashed. It may be lost at any time; whoever asks goes on without it.
type Presence struct {
	rdb    *redis.Client
	now    func() time.Time
	within time.Duration
}

// NewPresence returns a count of those heard of within a time.
func (c *Client) NewPresence(within time.Duration, now func() time.Time) *Presence {
	return &Presence{rdb: c.rdb, now: now, within: within}
}

// Hear notes that a member is in the place now.
func (p *Presence) Hear(ctx context.Context, place, member string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	sum := sha256.Sum256([]byte(place + member))
	_, err := p.rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.ZAdd(ctx, "here:"+place, redis.Z{Score: float64(p.now().UnixMilli()), Member: hex.EncodeToString(sum[:8])})
		pipe.ZRemRangeByScore(ctx, "here:"+place, "-inf", "("+strconv.FormatInt(p.now().Add(-p.within).UnixMilli(), 10))
		pipe.PExpire(ctx, "here:"+place, p.within)
		return nil
	})
	if err != nil {
		return fmt.Errorf("note presence: %w", explain(err))
	}
	return nil
}

// Count returns how many members have been heard of lately.
func (p *Presence) Count(ctx context.Context, place string) (int, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	n, err := p.rdb.ZCount(ctx, "here:"+place, strconv.FormatInt(p.now().Add(-p.within).UnixMilli(), 10), "+inf").Result()
	if err != nil {
		return 0, fmt.Errorf("count presence: %w", explain(err))
	}
	return int(n), nil
}
