// Package storetest holds the contract that every engine passes, and opens engines for the tests of other packages.
package storetest

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/mongodb"
	"github.com/upstander/upstander/internal/store/sqlite"
)

// AddressVariable names a MongoDB to test against, besides or instead of SQLite. With FerretDB add ?maxPoolSize=1.
const AddressVariable = "UPSTANDER_TEST_STORE"

// Place is somewhere that an engine can be opened, closed and opened again.
type Place struct {
	Name    string
	Address string // a file path for SQLite, mongodb://… for MongoDB
}

// Open opens the place as it is.
func (p Place) Open(ctx context.Context) (store.Engine, error) {
	if strings.HasPrefix(p.Address, "mongodb") {
		return mongodb.Open(ctx, p.Address, Now)
	}
	return sqlite.Open(ctx, p.Address, Now)
}

// Now is the tests' clock.
func Now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// Places returns a fresh, empty place for each engine that can be had: SQLite always, MongoDB where AddressVariable names one.
func Places(t testing.TB) []Place {
	places := []Place{{Name: "sqlite", Address: filepath.Join(t.TempDir(), "upstander.db")}}
	if address := os.Getenv(AddressVariable); address != "" {
		places = append(places, mongo(t, address))
	}
	return places
}

// Fresh returns one empty place: on MongoDB where AddressVariable names one, else on SQLite.
func Fresh(t testing.TB) Place {
	if address := os.Getenv(AddressVariable); address != "" {
		return mongo(t, address)
	}
	return Place{Name: "sqlite", Address: filepath.Join(t.TempDir(), "upstander.db")}
}

// Open opens a fresh engine for a test of another package and closes it when the test ends.
func Open(t testing.TB) store.Engine {
	t.Helper()
	return open(t, Fresh(t))
}

func open(t testing.TB, p Place) store.Engine {
	t.Helper()
	e, err := p.Open(t.Context())
	if err != nil {
		t.Fatalf("open %s: %v", p.Name, err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// mongo names a database of its own for the test and drops it afterwards.
func mongo(t testing.TB, address string) Place {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatalf("%s: %v", AddressVariable, err)
	}
	u.Path = "/t_" + strings.ToLower(rand.Text()[:12])
	p := Place{Name: "mongodb", Address: u.String()}
	t.Cleanup(func() {
		e, err := mongodb.Open(context.Background(), p.Address, Now)
		if err == nil {
			err = e.Drop(context.Background())
			e.Close()
		}
		if err != nil {
			t.Errorf("drop test database: %v", err)
		}
	})
	return p
}

// ID returns ids that sort in the order of n.
func ID(n int) string { return fmt.Sprintf("id-%06d", n) }
