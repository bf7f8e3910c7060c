package ephemeraltest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/upstander/upstander/internal/ephemeral"
)

// OpenInside is Open for a test that looks for what must not be there: inside returns every key that is kept, and all that stands under it.
func OpenInside(t testing.TB) (c *ephemeral.Client, inside func() string) {
	t.Helper()
	address := Address(t)
	if address == "" {
		address = "redis://" + miniredis.RunT(t).Addr()
	}
	c, err := ephemeral.Open(address)
	if err != nil {
		t.Fatal(err)
	}
	o, err := redis.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	rdb := redis.NewClient(o)
	t.Cleanup(func() { c.Close(); rdb.Close() })
	return c, func() string {
		t.Helper()
		var all strings.Builder
		keys := rdb.Scan(t.Context(), 0, "*", 0).Iterator()
		for keys.Next(t.Context()) {
			kept, err := read(t, rdb, keys.Val())
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintln(&all, keys.Val(), kept)
		}
		if err := keys.Err(); err != nil {
			t.Fatal(err)
		}
		return all.String()
	}
}

// read returns what stands under a key, of whatever type it is.
func read(t testing.TB, rdb *redis.Client, key string) (any, error) {
	kind, err := rdb.Type(t.Context(), key).Result()
	if err != nil {
		return nil, err
	}
	switch kind {
	case "string":
		return rdb.Get(t.Context(), key).Result()
	case "hash":
		return rdb.HGetAll(t.Context(), key).Result()
	case "list":
		return rdb.LRange(t.Context(), key, 0, -1).Result()
	case "set":
		return rdb.SMembers(t.Context(), key).Result()
	case "zset":
		return rdb.ZRangeWithScores(t.Context(), key, 0, -1).Result()
	case "none": // gone meanwhile
		return nil, nil
	}
	return nil, fmt.Errorf("%s is a %s, which nobody reads here", key, kind)
}
