// Package ephemeraltest opens a Redis for tests: the one that UPSTANDER_TEST_REDIS names, emptied first, or the embedded one.
package ephemeraltest

import (
	"fmt"
	"net/url"
	"os"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/upstander/upstander/internal/ephemeral"
)

// AddressVariable names a real Redis to test against, redis://127.0.0.1:6379. Its databases are emptied: name one of its own.
const AddressVariable = "UPSTANDER_TEST_REDIS"

// databases is how many a Redis has by default.
const databases = 16

var taken atomic.Int64

func next() int64 { return taken.Add(1) }

// Open returns a client on an empty Redis and closes it when the test ends.
func Open(t testing.TB) *ephemeral.Client {
	t.Helper()
	c, err := ephemeral.Open(Address(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// Address returns the address of an emptied real Redis, or nothing for the embedded one. Each call takes another of a Redis's numbered
// databases, so that tests at the same time leave each other alone.
func Address(t testing.TB) string {
	t.Helper()
	address := os.Getenv(AddressVariable)
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("%s: %v", AddressVariable, err)
	}
	u.Path = fmt.Sprintf("/%d", next()%databases)
	address = u.String()
	o, err := redis.ParseURL(address)
	if err != nil {
		t.Fatalf("%s: %v", AddressVariable, err)
	}
	rdb := redis.NewClient(o)
	defer rdb.Close()
	if err := rdb.FlushDB(t.Context()).Err(); err != nil {
		t.Fatalf("%s: %v", AddressVariable, err)
	}
	return address
}
