// Package ephemeral keeps in Redis what may be lost: sessions, one-time codes, rate limits and signals between servers. Losing it
// costs a new sign-in, never an answer or a certificate.
//
// Without an address a Redis runs inside the process and forgets everything when it stops. When Redis is away every call fails
// with fault.Unavailable within a second and recovers by itself; each caller says whether it then goes on or stops.
package ephemeral

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/upstander/upstander/internal/fault"
)

// A try waits this long for a connection and for an answer, and all tries of a call together no longer than patience: go-redis would wait for
// seconds by default.
const (
	dialTimeout = 300 * time.Millisecond
	callTimeout = 400 * time.Millisecond
	patience    = 800 * time.Millisecond
)

// bounded is the context of one call.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, patience)
}

// tick is how often the embedded Redis's clock, which stands still by itself, is moved on.
const tick = 100 * time.Millisecond

// Client is a connection to Redis.
type Client struct {
	rdb  *redis.Client
	mini *miniredis.Miniredis
	stop context.CancelFunc
	done chan struct{}
}

// Open connects to redis://… or rediss://…, or starts the embedded Redis when address is empty. It does not wait for Redis to
// answer: a server that starts before its Redis serves what needs none.
func Open(address string) (*Client, error) {
	c := &Client{done: make(chan struct{}), stop: func() {}}
	options := &redis.Options{}
	if address == "" {
		c.mini = miniredis.NewMiniRedis()
		options.Password = rand.Text() // the port is open to every account of the machine
		c.mini.RequireAuth(options.Password)
		if err := c.mini.Start(); err != nil {
			return nil, fmt.Errorf("start the embedded Redis: %w", err)
		}
		options.Addr = c.mini.Addr()
		ctx, stop := context.WithCancel(context.Background())
		c.stop = stop
		go c.advance(ctx)
	} else {
		var err error
		if options, err = redis.ParseURL(address); err != nil {
			return nil, errors.New("open Redis: the address cannot be read") // the cause would repeat the password
		}
		close(c.done)
	}
	options.DialTimeout = dialTimeout
	options.ReadTimeout = callTimeout
	options.WriteTimeout = callTimeout
	options.PoolTimeout = callTimeout
	options.MaxRetries = 1
	options.MinRetryBackoff = 10 * time.Millisecond
	options.MaxRetryBackoff = 20 * time.Millisecond
	options.DialerRetries = 1
	options.ContextTimeoutEnabled = true
	options.DisableIdentity = true
	c.rdb = redis.NewClient(options)
	return c, nil
}

// Quiet keeps the Redis library's own log out of ours, but for what would be logged as debug. It is for the whole process.
func Quiet(log *slog.Logger) { redis.SetLogger(quiet{log}) }

type quiet struct{ log *slog.Logger }

func (q quiet) Printf(ctx context.Context, format string, v ...any) {
	q.log.DebugContext(ctx, "redis", "text", fmt.Sprintf(format, v...))
}

func (c *Client) advance(ctx context.Context) {
	defer close(c.done)
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			c.mini.FastForward(tick)
		}
	}
}

// Embedded says whether this is the Redis inside the process.
func (c *Client) Embedded() bool { return c.mini != nil }

// Ping fails with fault.Unavailable when Redis does not answer.
func (c *Client) Ping(ctx context.Context) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return explain(c.rdb.Ping(ctx).Err())
}

// Pass lets time pass for whatever has an end, so that tests need not wait for it.
func (c *Client) Pass(ctx context.Context, d time.Duration) error {
	all := c.rdb.Scan(ctx, 0, "*", 0).Iterator()
	for all.Next(ctx) {
		left, err := c.rdb.PTTL(ctx, all.Val()).Result()
		if err == nil && left > 0 { // below nought: it has no end
			err = c.rdb.PExpire(ctx, all.Val(), left-d).Err()
		}
		if err != nil {
			return fmt.Errorf("let time pass: %w", explain(err))
		}
	}
	return explain(all.Err())
}

// Close lets go of everything.
func (c *Client) Close() error {
	c.stop()
	<-c.done
	err := c.rdb.Close()
	if c.mini != nil {
		c.mini.Close()
	}
	return err
}

// explain names Redis's errors in the program's own terms. redis.Nil is the callers' business.
func explain(err error) error {
	var re redis.Error
	var ne net.Error
	switch {
	case err == nil, errors.Is(err, redis.Nil), errors.Is(err, context.Canceled):
		return err
	case errors.As(err, &ne), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, context.DeadlineExceeded),
		errors.Is(err, redis.ErrClosed), errors.Is(err, redis.ErrPoolTimeout), errors.As(err, &re):
		return fmt.Errorf("%w: redis: %w", fault.Unavailable, err)
	}
	return err
}
