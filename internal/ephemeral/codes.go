package ephemeral

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/upstander/upstander/internal/fault"
)

// Codes keeps one-time codes until they are used, used up or out of date. It is given a keyed hash of each code, never the code.
// When Redis is away no code is taken: it fails closed.
type Codes struct {
	rdb    *redis.Client
	redeem *redis.Script
}

// NewCodes returns the store of one-time codes.
func (c *Client) NewCodes() *Codes { return &Codes{rdb: c.rdb, redeem: redis.NewScript(redeem)} }

// Keep remembers the hash of a code and what it is for, for a time and a number of tries. An older code of the same id is void.
func (c *Codes) Keep(ctx context.Context, id, hash, payload string, ttl time.Duration, tries int) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	_, err := c.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.Del(ctx, codeKey(id))
		p.HSet(ctx, codeKey(id), "hash", hash, "payload", payload, "tries", tries)
		p.PExpire(ctx, codeKey(id), ttl)
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep code: %w", explain(err))
	}
	return nil
}

// redeem compares and uses up in one step, so that two requests at once cannot both win or try more often than allowed.
const redeem = `
local v = redis.call('HMGET', KEYS[1], 'hash', 'payload')
if not v[1] then return {'gone', ''} end
if v[1] == ARGV[1] then
	redis.call('DEL', KEYS[1])
	return {'taken', v[2]}
end
if redis.call('HINCRBY', KEYS[1], 'tries', -1) <= 0 then redis.call('DEL', KEYS[1]) end
return {'wrong', ''}`

// Redeem uses a code up and returns what it is for: fault.Invalid when the hash is wrong, fault.NotFound when there is no such code
// (any more).
func (c *Codes) Redeem(ctx context.Context, id, hash string) (payload string, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	r, err := c.redeem.Run(ctx, c.rdb, []string{codeKey(id)}, hash).StringSlice()
	if err != nil {
		return "", fmt.Errorf("redeem code: %w", explain(err))
	}
	if len(r) != 2 {
		return "", errors.New("redeem code: Redis answered in another shape")
	}
	switch r[0] {
	case "taken":
		return r[1], nil
	case "wrong":
		return "", fmt.Errorf("redeem code: %w", fault.Invalid)
	}
	return "", fmt.Errorf("redeem code: %w", fault.NotFound)
}

// Payload returns what a code is for without using it up; fault.NotFound when there is no such code (any more).
func (c *Codes) Payload(ctx context.Context, id string) (string, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	payload, err := c.rdb.HGet(ctx, codeKey(id), "payload").Result()
	if errors.Is(err, redis.Nil) {
		return "", fmt.Errorf("read code: %w", fault.NotFound)
	}
	if err != nil {
		return "", fmt.Errorf("read code: %w", explain(err))
	}
	return payload, nil
}

func codeKey(id string) string { return "code:" + id }
