package ephemeral

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/upstander/upstander/internal/fault"
)

// Sessions tell who has signed in. A session is a random 256-bit token in a browser's cookie; Redis holds only its SHA-256, so that
// reading Redis opens no session. When Redis is away nobody is signed in: it fails closed.
type Sessions struct {
	rdb  *redis.Client
	idle time.Duration
	life time.Duration
	now  func() time.Time
	find *redis.Script
}

// NewSessions returns the session store. A session ends when it has not been used for idle, and at the latest after life.
func (c *Client) NewSessions(idle, life time.Duration, now func() time.Time) *Sessions {
	return &Sessions{rdb: c.rdb, idle: idle, life: life, now: now, find: redis.NewScript(find)}
}

// Begin starts a session and returns its token.
func (s *Sessions) Begin(ctx context.Context, person string) (token string, err error) {
	random := make([]byte, 32)
	rand.Read(random) // never fails
	token = base64.RawURLEncoding.EncodeToString(random)
	id, until := sessionID(token), s.now().Add(s.life)
	_, err = s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, sessionKey(id), "person", person, "until", until.UnixMilli())
		p.PExpire(ctx, sessionKey(id), min(s.idle, s.life))
		p.ZAdd(ctx, personKey(person), redis.Z{Score: float64(until.UnixMilli()), Member: id})
		p.PExpireAt(ctx, personKey(person), until)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("begin session: %w", explain(err))
	}
	return token, nil
}

// find answers and renews in one round trip: the idle time starts again, but never beyond the end of the session's life.
const find = `
local v = redis.call('HMGET', KEYS[1], 'person', 'until')
if not v[1] or not v[2] then return false end
local left = tonumber(v[2]) - tonumber(ARGV[1])
if left <= 0 then
	redis.call('DEL', KEYS[1])
	return false
end
redis.call('PEXPIRE', KEYS[1], math.min(left, tonumber(ARGV[2])))
return v[1]`

// Find returns whose session the token is, and renews it; fault.SignIn when there is none.
func (s *Sessions) Find(ctx context.Context, token string) (person string, err error) {
	if len(token) > 100 {
		return "", fault.SignIn
	}
	args := []any{strconv.FormatInt(s.now().UnixMilli(), 10), strconv.FormatInt(s.idle.Milliseconds(), 10)}
	person, err = s.find.Run(ctx, s.rdb, []string{sessionKey(sessionID(token))}, args...).Text()
	if errors.Is(err, redis.Nil) {
		return "", fault.SignIn
	}
	if err != nil {
		return "", fmt.Errorf("find session: %w", explain(err))
	}
	return person, nil
}

// End ends one session; ending none is no error.
func (s *Sessions) End(ctx context.Context, token string) error {
	id := sessionID(token)
	person, err := s.rdb.HGet(ctx, sessionKey(id), "person").Result()
	if errors.Is(err, redis.Nil) {
		return nil
	}
	if err == nil {
		_, err = s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			p.Del(ctx, sessionKey(id))
			p.ZRem(ctx, personKey(person), id)
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("end session: %w", explain(err))
	}
	return nil
}

// Count says how many sessions a person has, and forgets those that have run out.
func (s *Sessions) Count(ctx context.Context, person string) (int, error) {
	ids, err := s.rdb.ZRange(ctx, personKey(person), 0, -1).Result()
	if err != nil {
		return 0, fmt.Errorf("count sessions: %w", explain(err))
	}
	there := make([]*redis.IntCmd, len(ids))
	if len(ids) > 0 {
		_, err = s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for i, id := range ids {
				there[i] = p.Exists(ctx, sessionKey(id))
			}
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("count sessions: %w", explain(err))
		}
	}
	n := 0
	for i, id := range ids {
		if there[i].Val() == 1 {
			n++
		} else if err := s.rdb.ZRem(ctx, personKey(person), id).Err(); err != nil {
			return 0, fmt.Errorf("count sessions: %w", explain(err))
		}
	}
	return n, nil
}

// EndAll ends every session of a person.
func (s *Sessions) EndAll(ctx context.Context, person string) error {
	ids, err := s.rdb.ZRange(ctx, personKey(person), 0, -1).Result()
	if err == nil {
		_, err = s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			for _, id := range ids {
				p.Del(ctx, sessionKey(id))
			}
			p.Del(ctx, personKey(person))
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("end all sessions: %w", explain(err))
	}
	return nil
}

func sessionID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

func sessionKey(id string) string    { return "session:" + id }
func personKey(person string) string { return "sessions:" + person }
