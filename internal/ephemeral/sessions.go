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
}

// NewSessions returns the session store. A session ends when it has not been used for idle, and at the latest after life.
func (c *Client) NewSessions(idle, life time.Duration, now func() time.Time) *Sessions {
	return &Sessions{rdb: c.rdb, idle: idle, life: life, now: now}
}

// Begin starts a session and returns its token. by is how the person has shown who they are; Find tells it again.
func (s *Sessions) Begin(ctx context.Context, person, by string) (token string, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	random := make([]byte, 32)
	rand.Read(random) // never fails
	token = base64.RawURLEncoding.EncodeToString(random)
	id, until := sessionID(token), s.now().Add(s.life)
	_, err = s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.HSet(ctx, sessionKey(id), "person", person, "by", by, "until", until.UnixMilli())
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

// Session is whose a token is, and how the person had shown who they are when it began.
type Session struct{ Person, By string }

// Find returns what session the token is of, and renews it; fault.SignIn when there is none. One round trip reads and renews; renewing what is not
// there does nothing, and the end of a session's life is read, not renewed.
func (s *Sessions) Find(ctx context.Context, token string) (Session, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if len(token) > 100 {
		return Session{}, fault.SignIn
	}
	key := sessionKey(sessionID(token))
	var read *redis.SliceCmd
	_, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
		read = p.HMGet(ctx, key, "person", "until", "by")
		p.PExpire(ctx, key, s.idle)
		return nil
	})
	if err != nil {
		return Session{}, fmt.Errorf("find session: %w", explain(err))
	}
	person, _ := read.Val()[0].(string)
	until, _ := read.Val()[1].(string)
	by, _ := read.Val()[2].(string)
	end, _ := strconv.ParseInt(until, 10, 64) // absent: 0, long past
	if s.now().UnixMilli() < end {
		return Session{Person: person, By: by}, nil
	}
	return Session{}, s.forget(ctx, key)
}

// forget removes a session whose life is over.
func (s *Sessions) forget(ctx context.Context, key string) error {
	if err := s.rdb.Del(ctx, key).Err(); err != nil {
		return fmt.Errorf("find session: %w", explain(err))
	}
	return fault.SignIn
}

// End ends one session; ending none is no error.
func (s *Sessions) End(ctx context.Context, token string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
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
	ctx, cancel := bounded(ctx)
	defer cancel()
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
	ctx, cancel := bounded(ctx)
	defer cancel()
	ids, err := s.rdb.ZRange(ctx, personKey(person), 0, -1).Result()
	if err == nil {
		_, err = s.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			for _, id := range ids { // only what was read: a session that begins meanwhile stays on the list
				p.Del(ctx, sessionKey(id))
				p.ZRem(ctx, personKey(person), id)
			}
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
