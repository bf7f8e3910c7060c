package storetest

import (
	"context"
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// TestRowsOfOneEngineAreReadByTheOther copies from every engine to every other and back.
func TestRowsOfOneEngineAreReadByTheOther(t *testing.T) {
	each(t, func(t *testing.T, _ Place, source store.Engine) {
		from := collection(t, source)
		insert(t, from, some(700))
		counters, err := store.OpenCounters(t.Context(), source, "tallies")
		if err != nil {
			t.Fatal(err)
		}
		for _, field := range []string{"b", "a"} {
			if err := counters.Add(t.Context(), "day", field, 3); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range Places(t) {
			t.Run("to "+p.Name, func(t *testing.T) {
				target := open(t, p)
				to := collection(t, target)
				if _, err := store.OpenCounters(t.Context(), target, "tallies"); err != nil {
					t.Fatal(err)
				}
				for _, s := range []*store.Schema{&things, {Name: "tallies"}} {
					copied := 0
					if err := store.Copy(t.Context(), source, target, s, func(n int) { copied += n }); err != nil {
						t.Fatal(err)
					}
					a, err1 := store.DigestOf(t.Context(), source, s, func(int) {})
					b, err2 := store.DigestOf(t.Context(), target, s, func(int) {})
					if err := errors.Join(err1, err2); err != nil || a != b || int64(copied) != a.Documents {
						t.Errorf("%s: source %d, target %d, copied %d, sums equal %v, %v", s.Name, a.Documents, b.Documents, copied, a.Sum == b.Sum, err)
					}
				}
				one, err1 := from.Find(t.Context(), store.Where("group", "a").Prefix("place", "sci"))
				other, err2 := to.Find(t.Context(), store.Where("group", "a").Prefix("place", "sci"))
				if diff := cmp.Diff(one, other); diff != "" || err1 != nil || err2 != nil {
					t.Errorf("(-source +target) %s %v %v", diff, err1, err2)
				}
				if _, err := to.Update(t.Context(), ID(3), func(d *thing) error { d.Place = "moved"; return nil }); err != nil {
					t.Errorf("update after the move: %v", err)
				}
				after, _ := store.DigestOf(t.Context(), target, &things, func(int) {})
				before, _ := store.DigestOf(t.Context(), source, &things, func(int) {})
				if after == before {
					t.Error("the checksum does not see a changed document")
				}
			})
		}
	})
}

func TestCopyGoesOnAfterAnInterruption(t *testing.T) {
	each(t, func(t *testing.T, _ Place, source store.Engine) {
		insert(t, collection(t, source), some(1200))
		target := open(t, Fresh(t))
		collection(t, target)
		ctx, cancel := context.WithCancel(t.Context())
		if err := store.Copy(ctx, source, target, &things, func(int) { cancel() }); !errors.Is(err, context.Canceled) {
			t.Fatalf("the interruption: %v", err)
		}
		copied := 0
		if err := store.Copy(t.Context(), source, target, &things, func(n int) { copied += n }); err != nil || copied != 700 {
			t.Errorf("%d documents were copied on resuming, want 700 (%v)", copied, err)
		}
	})
}

func TestMarks(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		if err := store.MarkMove(t.Context(), e, "one"); err != nil {
			t.Fatal(err)
		}
		insert(t, collection(t, e), some(1))
		if err := store.MarkMove(t.Context(), e, "one"); err != nil {
			t.Errorf("resuming: %v", err)
		}
		if err := store.MarkMove(t.Context(), e, "other"); !errors.Is(err, fault.Conflict) {
			t.Errorf("another source: %v", err)
		}
		if from, err := store.UnfinishedMove(t.Context(), e); from != "one" || err != nil {
			t.Errorf("unfinished from %q, %v", from, err)
		}
		if err := store.UnmarkMove(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		if err := store.MarkMove(t.Context(), e, "one"); !errors.Is(err, fault.Conflict) {
			t.Errorf("a target that holds documents: %v", err)
		}
	})
}

func TestLeases(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		first, err := store.AcquireLease(t.Context(), e, "serving:a", time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.AcquireLease(t.Context(), e, "serving:a", time.Hour); !errors.Is(err, fault.Conflict) {
			t.Errorf("a held lease: %v", err)
		}
		if held, err := store.HeldLeases(t.Context(), e, store.ServingPrefix); len(held) != 1 || err != nil {
			t.Errorf("held: %v, %v", held, err)
		}
		if err := errors.Join(first.Renew(t.Context()), first.Release(t.Context())); err != nil {
			t.Fatal(err)
		}
		if held, err := store.HeldLeases(t.Context(), e, store.ServingPrefix); len(held) != 0 || err != nil {
			t.Errorf("held after the release: %v, %v", held, err)
		}
		second, err := store.AcquireLease(t.Context(), e, "serving:a", -time.Second) // runs out at once
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.AcquireLease(t.Context(), e, "serving:a", time.Hour); err != nil {
			t.Errorf("a lease that ran out: %v", err)
		}
		if err := second.Renew(t.Context()); !errors.Is(err, fault.Conflict) {
			t.Errorf("renewing a lease that went to another: %v", err)
		}
	})
}

func TestLeaseIsHeldByOneOfMany(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		var mu sync.Mutex
		won := 0
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if _, err := store.AcquireLease(t.Context(), e, "sweep", time.Hour); err == nil {
					mu.Lock()
					won++
					mu.Unlock()
				} else if !errors.Is(err, fault.Conflict) {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d holders", won)
		}
	})
}

type oldPerson struct {
	ID   string `bson:"_id"`
	Name string `bson:"name"`
}

type newPerson struct {
	ID    string `bson:"_id"`
	Name  string `bson:"name"`
	Short string `bson:"short"`
}

func TestMigrations(t *testing.T) {
	shorten := store.Migration{To: 2, Change: func(f store.Fields) error {
		name, _ := f["name"].(string)
		f["short"] = name[:1]
		return nil
	}}
	older := store.Schema{Name: "persons", Indexes: []store.Index{store.On("name")}}
	newer := store.Schema{Name: "persons", Version: 2, Migrations: []store.Migration{shorten}, Indexes: []store.Index{store.On("short", "name")}}
	each(t, func(t *testing.T, p Place, e store.Engine) {
		old, err := store.Open[oldPerson](t.Context(), e, older)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 450 {
			if err := old.Insert(t.Context(), oldPerson{ID: ID(i), Name: string(rune('a'+i%3)) + "-name"}); err != nil {
				t.Fatal(err)
			}
		}
		bad := newer
		bad.Version, bad.Migrations = 1, nil
		if _, err := store.Open[newPerson](t.Context(), e, bad); !errors.Is(err, store.ErrUnindexable) {
			t.Errorf("a new index that would leave old documents out: %v", err)
		}
		var wg sync.WaitGroup
		for range 3 { // several servers start at once
			wg.Go(func() {
				if _, err := store.Open[newPerson](t.Context(), e, newer); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		now, err := store.Open[newPerson](t.Context(), e, newer)
		if err != nil {
			t.Fatal(err)
		}
		groups, err := now.Tally(t.Context(), store.All(), "short")
		if err != nil || len(groups) != 3 || groups[0].N+groups[1].N+groups[2].N != 450 {
			t.Errorf("after the migration: %v, %v", groups, err)
		}
		// A document that an older program writes afterwards is read in today's shape.
		if _, err := now.Get(t.Context(), ID(0)); err != nil {
			t.Error(err)
		}
		older := older
		older.Indexes = nil
		back, err := store.Open[oldPerson](t.Context(), open(t, p), older)
		if err == nil {
			_, err = back.Get(t.Context(), ID(0))
		}
		if err == nil {
			t.Error("an older program read a newer document")
		}
	})
}

func TestUniqueIndexOverDuplicates(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c, err := store.Open[oldPerson](t.Context(), e, store.Schema{Name: "persons"})
		if err != nil {
			t.Fatal(err)
		}
		if refused, err := c.InsertMany(t.Context(), []oldPerson{{"a", "same"}, {"b", "same"}}); err != nil || len(refused) > 0 {
			t.Fatal(refused, err)
		}
		_, err = store.Open[oldPerson](t.Context(), e, store.Schema{Name: "persons", Indexes: []store.Index{store.Unique("name")}})
		if !errors.Is(err, fault.Conflict) {
			t.Errorf("got %v, want a conflict", err)
		}
	})
}

func TestUnwritablePlace(t *testing.T) {
	p := Place{Address: filepath.Join("/proc", "nowhere", "upstander.db")}
	if _, err := p.Open(t.Context()); err == nil {
		t.Error("a folder that cannot be written was opened")
	}
}
