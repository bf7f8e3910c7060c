package ephemeral

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Signals passes short words between servers: "this has changed, look again". A signal may get lost, so whoever waits for one also
// looks by himself from time to time.
type Signals struct{ rdb *redis.Client }

// NewSignals returns the signal bus.
func (c *Client) NewSignals() *Signals { return &Signals{rdb: c.rdb} }

// Send tells everybody who listens to the topic now.
func (s *Signals) Send(ctx context.Context, topic, word string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	if err := s.rdb.Publish(ctx, "signal:"+topic, word).Err(); err != nil {
		return fmt.Errorf("send signal: %w", explain(err))
	}
	return nil
}

// Listen returns the words sent to a topic from now on. The channel closes when ctx ends; while Redis is away it stays silent and
// goes on when Redis is back. A slow listener loses the oldest words.
func (s *Signals) Listen(ctx context.Context, topic string) (<-chan string, error) {
	sub := s.rdb.Subscribe(ctx, "signal:"+topic)
	if _, err := sub.Receive(ctx); err != nil {
		sub.Close()
		return nil, fmt.Errorf("listen to signals: %w", explain(err))
	}
	out := make(chan string, 16)
	in := sub.Channel(redis.WithChannelSize(64))
	go func() {
		defer close(out)
		defer sub.Close()
		for {
			select {
			case <-ctx.Done():
				return
			case m, ok := <-in:
				if !ok {
					return
				}
				pass(out, m.Payload)
			}
		}
	}()
	return out, nil
}

// pass makes room by dropping the oldest word; only the one sender calls it.
func pass(out chan string, word string) {
	for {
		select {
		case out <- word:
			return
		default:
		}
		select {
		case <-out:
		default:
		}
	}
}
