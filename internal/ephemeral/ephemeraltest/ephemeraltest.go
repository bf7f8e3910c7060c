// Package ephemeraltest opens a Redis for tests: the one that UPSTANDER_TEST_REDIS names, emptied first, or the embedded one.
package ephemeraltest

import (
	"os"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/upstander/upstander/internal/ephemeral"
)

// AddressVariable names a real Redis to test against, redis://127.0.0.1:6379/9. Its database is emptied: name one of its own.
const AddressVariable = "UPSTANDER_TEST_REDIS"

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

// Address returns the address of an emptied real Redis, or nothing for the embedded one.
func Address(t testing.TB) string {
	t.Helper()
	address := os.Getenv(AddressVariable)
	if address == "" {
		return ""
	}
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
