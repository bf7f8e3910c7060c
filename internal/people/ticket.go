package people

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/upstander/upstander/internal/fault"
)

// ticket is a kind of thing that Redis keeps for one use, such as a sign-in under way, and says nothing about to anybody who does not hold it.
type ticket[T any] struct {
	kind  string // sets its ids apart from those of other kinds; the sign-in code has none
	life  time.Duration
	tries int // with a wrong secret, until it is void
}

// maxTicket is the longest id and the longest secret that are looked at: what browsers send back may be anything.
const maxTicket = 64

func (k ticket[T]) key(id string) string {
	if k.kind == "" {
		return id
	}
	return k.kind + ":" + id
}

// proof is what Redis compares: of the secret, and of the id alone where whoever knows it may have what it stands for.
func (k ticket[T]) proof(s *Service, id, secret string) string {
	if secret == "" {
		return s.hash(k.kind, id)
	}
	return s.hash(id, secret)
}

// keep keeps what is to be found under the id. Whoever takes it must know the secret, too, unless it is empty.
func (k ticket[T]) keep(ctx context.Context, s *Service, id, secret string, what T) error {
	payload, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return s.codes.Keep(ctx, k.key(id), k.proof(s, id, secret), string(payload), k.life, k.tries)
}

// peek looks at what is kept without using it up; fault.NotFound when it has run out.
func (k ticket[T]) peek(ctx context.Context, s *Service, id string) (what T, err error) {
	if id == "" || len(id) > maxTicket {
		return what, k.gone()
	}
	payload, err := s.codes.Payload(ctx, k.key(id))
	if err != nil {
		return what, err
	}
	return what, json.Unmarshal([]byte(payload), &what)
}

// take uses it up. fault.NotFound when it has run out, fault.Invalid when the secret is another.
func (k ticket[T]) take(ctx context.Context, s *Service, id, secret string) (what T, err error) {
	if id == "" || len(id) > maxTicket || len(secret) > maxTicket {
		return what, k.gone()
	}
	payload, err := s.codes.Redeem(ctx, k.key(id), k.proof(s, id, secret))
	if err != nil {
		return what, err
	}
	return what, json.Unmarshal([]byte(payload), &what)
}

func (k ticket[T]) gone() error { return fmt.Errorf("sign-in %q: %w", k.kind, fault.NotFound) }
