package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// thing has a field of every kind that a document may hold.
type thing struct {
	ID     string            `bson:"_id"`
	Group  string            `bson:"group"`
	Place  string            `bson:"place"`
	N      int64             `bson:"n"`
	Open   bool              `bson:"open"`
	Due    time.Time         `bson:"due"`
	Ratio  float64           `bson:"ratio"`
	Blob   []byte            `bson:"blob"`
	Labels []string          `bson:"labels"`
	Inner  inner             `bson:"inner"`
	Map    map[string]inner  `bson:"map"`
	Maybe  *inner            `bson:"maybe"`
	Words  map[string]string `bson:"words,omitempty"`
}

type inner struct {
	Text string    `bson:"text"`
	At   time.Time `bson:"at"`
	More []inner   `bson:"more"`
}

var things = store.Schema{Name: "things", Indexes: []store.Index{
	store.On("group", "place", "n"),
	store.On("group", "due"),
	store.On("open", "n"),
	store.Unique("group", "n"),
	store.On("n"),
}}

// each runs a test on every engine.
func each(t *testing.T, test func(t *testing.T, p Place, e store.Engine)) {
	for _, p := range Places(t) {
		t.Run(p.Name, func(t *testing.T) { test(t, p, open(t, p)) })
	}
}

func collection(t *testing.T, e store.Engine) *store.Collection[thing] {
	t.Helper()
	c, err := store.Open[thing](t.Context(), e, things)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func some(n int) []thing {
	day := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	all := make([]thing, n)
	for i := range all {
		all[i] = thing{
			ID: ID(i), Group: []string{"a", "b"}[i%2], Place: []string{"art", "art/fine", "science", "science/physics"}[i%4],
			N: int64(i), Open: i%3 == 0, Due: day.Add(time.Duration(i) * time.Hour),
		}
	}
	return all
}

func insert(t *testing.T, c *store.Collection[thing], all []thing) {
	t.Helper()
	refused, err := c.InsertMany(t.Context(), all)
	if err != nil || len(refused) > 0 {
		t.Fatalf("insert: refused %v, %v", refused, err)
	}
}

func TestValuesComeBackEqual(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		at := time.Date(2026, 3, 29, 1, 30, 0, 123e6, time.UTC)
		want := thing{
			ID: "ŵy/ö:1", Group: "a", Place: "Ynys Môn/日本/\U0001F9E1", N: -1 << 62, Open: true, Due: at, Ratio: 0.1,
			Blob: []byte{0, 1, 255}, Labels: []string{"", "x"}, Inner: inner{Text: "line\nline", At: at, More: []inner{{Text: "deep", At: at}}},
			Map: map[string]inner{"k": {Text: "v", At: at}}, Maybe: &inner{At: at}, Words: map[string]string{"cy": "cydsyniad"},
		}
		insert(t, c, []thing{want})
		got, err := c.Get(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if _, err := c.Get(t.Context(), "nobody"); !errors.Is(err, fault.NotFound) {
			t.Errorf("an unknown id: %v", err)
		}
	})
}

func TestConcurrentUpdatesLoseNothing(t *testing.T) {
	const writers, times = 16, 200
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		insert(t, c, []thing{{ID: "sum", Due: Now()}})
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
		defer cancel()
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range times {
					if _, err := c.Update(ctx, "sum", func(d *thing) error { d.N++; return nil }); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		got, err := c.Get(t.Context(), "sum")
		if err != nil || got.N != writers*times {
			t.Errorf("sum is %d, want %d (%v)", got.N, writers*times, err)
		}
	})
}

func TestConcurrentCountersLoseNothing(t *testing.T) {
	const writers, times = 16, 50
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c, err := store.OpenCounters(t.Context(), e, "tallies")
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range writers {
			wg.Go(func() {
				for range times {
					if err := errors.Join(c.Add(t.Context(), "day", "up", 2), c.Add(t.Context(), "day", "down", -1)); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		got, err := c.Read(t.Context(), "day")
		if err != nil || got["up"] != 2*writers*times || got["down"] != -writers*times {
			t.Errorf("got %v, %v", got, err)
		}
		if none, err := c.Read(t.Context(), "never"); err != nil || len(none) != 0 {
			t.Errorf("an absent counter: %v, %v", none, err)
		}
	})
}

func TestConflicts(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		insert(t, c, some(4))
		if err := c.Insert(t.Context(), thing{ID: ID(0), N: 99, Due: Now()}); !errors.Is(err, fault.Conflict) {
			t.Errorf("a taken id: %v", err)
		}
		if err := c.Insert(t.Context(), thing{ID: "new", Group: "a", N: 2, Due: Now()}); !errors.Is(err, fault.Conflict) {
			t.Errorf("a taken unique value: %v", err)
		}
		if _, err := c.Update(t.Context(), ID(0), func(d *thing) error { d.N = 2; return nil }); !errors.Is(err, fault.Conflict) {
			t.Errorf("an update into a taken unique value: %v", err)
		}
		refused, err := c.InsertMany(t.Context(), []thing{
			{ID: "x", Group: "c", N: 1, Due: Now()}, {ID: ID(1), N: 50, Due: Now()}, {ID: "y", Group: "c", N: 1, Due: Now()}, {ID: "z", Group: "c", N: 2, Due: Now()},
		})
		if diff := cmp.Diff([]string{ID(1), "y"}, refused); diff != "" || err != nil {
			t.Errorf("refused (-want +got) %s, %v", diff, err)
		}
		for _, id := range []string{"x", "z"} {
			if _, err := c.Get(t.Context(), id); err != nil {
				t.Errorf("%s was not refused and is not there: %v", id, err)
			}
		}
		errStop := errors.New("stop")
		if _, err := c.Update(t.Context(), ID(0), func(d *thing) error { d.Place = "gone"; return errStop }); !errors.Is(err, errStop) {
			t.Errorf("a change that fails: %v", err)
		}
		if got, _ := c.Get(t.Context(), ID(0)); got.Place != "art" {
			t.Errorf("a failed change was written: %q", got.Place)
		}
		if _, err := c.Update(t.Context(), "nobody", func(*thing) error { return nil }); !errors.Is(err, fault.NotFound) {
			t.Errorf("an update of nothing: %v", err)
		}
	})
}

func TestUpsert(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, err := c.Upsert(t.Context(), "one", func(d *thing, found bool) error {
					if !found {
						*d = thing{ID: "one", Due: Now()}
					}
					d.N++
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got, err := c.Get(t.Context(), "one"); err != nil || got.N != 8 {
			t.Errorf("got %d, %v", got.N, err)
		}
	})
}

func TestRefusedDocuments(t *testing.T) {
	type loose struct {
		ID    string `bson:"_id"`
		Field any    `bson:"field,omitempty"`
	}
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c, err := store.Open[loose](t.Context(), e, store.Schema{Name: "loose", Indexes: []store.Index{store.On("field")}})
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range map[string]any{
			"absent": nil, "null": (*string)(nil), "array": []string{"a"}, "document": inner{}, "fraction": 0.5, "not text": "\xff",
		} {
			if err := c.Insert(t.Context(), loose{ID: "x", Field: v}); err == nil {
				t.Errorf("%s was taken", name)
			}
		}
		for name, id := range map[string]string{"empty": "", "long": strings.Repeat("x", store.MaxID+1), "not text": "\xff"} {
			if err := c.Insert(t.Context(), loose{ID: id, Field: "a"}); !errors.Is(err, fault.Invalid) {
				t.Errorf("an id that is %s: %v", name, err)
			}
		}
		if err := c.Insert(t.Context(), loose{ID: "big", Field: strings.Repeat("x", store.MaxDocument)}); !errors.Is(err, fault.TooLarge) {
			t.Errorf("an oversized document: %v", err)
		}
	})
}

func TestQueriesWithoutIndexAreErrors(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		for name, q := range map[string]store.Query{
			"unindexed field":         store.Where("ratio", 1),
			"not a prefix":            store.Where("place", "art"),
			"hole":                    store.Where("group", "a").Where("open", true),
			"range on a second field": store.Where("group", "a").Range("open", nil, nil),
			"unindexed range":         store.All().Range("ratio", nil, nil),
			"order of no index":       store.Where("group", "a").By("open"),
		} {
			if _, err := c.Find(t.Context(), q); !errors.Is(err, store.ErrUncovered) {
				t.Errorf("%s: find: %v", name, err)
			}
			if _, err := c.DeleteWhere(t.Context(), q); !errors.Is(err, store.ErrUncovered) {
				t.Errorf("%s: delete: %v", name, err)
			}
		}
		if _, err := c.Tally(t.Context(), store.Where("group", "a"), "n", "place"); !errors.Is(err, store.ErrUncovered) {
			t.Errorf("a tally in no index's order: %v", err)
		}
	})
}

func ids(all []thing) string {
	var s []string
	for _, d := range all {
		s = append(s, strings.TrimPrefix(d.ID, "id-0000"))
	}
	return strings.Join(s, " ")
}

func TestOrderRangeAndPrefix(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		all := some(16)
		slices.Reverse(all)
		insert(t, c, all)
		day := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
		for name, test := range map[string]struct {
			q    store.Query
			want string
		}{
			"by id":            {store.All().Limit(4), "00 01 02 03"},
			"by id, down":      {store.All().Desc().Limit(3), "15 14 13"},
			"id prefix":        {store.All().Prefix(store.IDField, "id-00001"), "10 11 12 13 14 15"},
			"equal":            {store.Where("group", "a"), "00 04 08 12 02 06 10 14"},
			"equal, down":      {store.Where("group", "a").Desc(), "14 10 06 02 12 08 04 00"},
			"prefix":           {store.Where("group", "b").Prefix("place", "science"), "03 07 11 15"},
			"prefix of whole":  {store.Where("group", "b").Prefix("place", "science/"), "03 07 11 15"},
			"empty prefix":     {store.Where("group", "b").Prefix("place", ""), "01 05 09 13 03 07 11 15"},
			"two equal":        {store.Where("place", "art").Where("group", "a"), "00 04 08 12"},
			"two equal, range": {store.Where("group", "a").Where("place", "art").Range("n", 4, 12), "04 08"},
			"time range":       {store.Where("group", "a").Range("due", day.Add(2*time.Hour), day.Add(8*time.Hour)), "02 04 06"},
			"open range":       {store.Where("group", "a").Range("due", nil, day.Add(3*time.Hour)), "00 02"},
			"other order":      {store.Where("group", "a").By("due").Limit(3), "00 02 04"},
			"bool":             {store.Where("open", true), "00 03 06 09 12 15"},
			"unique":           {store.Where("group", "a").Where("n", 6), "06"},
			"whole index":      {store.All().By("n").Limit(3), "00 01 02"},
			"whole index down": {store.All().By("n").Desc().Limit(3), "15 14 13"},
			"number range":     {store.All().Range("n", 5, 8), "05 06 07"},
			"nothing":          {store.Where("group", "none"), ""},
		} {
			page, err := c.Find(t.Context(), test.q)
			if err != nil || ids(page.Items) != test.want {
				t.Errorf("%s: got %q, want %q (%v)", name, ids(page.Items), test.want, err)
			}
		}
	})
}

func TestPagingBothWays(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		insert(t, c, some(23))
		for name, q := range map[string]store.Query{
			"by id": store.All(), "down": store.All().Desc(), "by index": store.Where("group", "a"), "by index, down": store.Where("group", "a").Desc(),
			"prefix": store.Where("group", "a").Prefix("place", "art"), "unique": store.Where("group", "b").By("n"), "number": store.All().By("n"),
		} {
			whole, err := c.Find(t.Context(), q.Limit(100))
			if err != nil {
				t.Fatal(err)
			}
			var forth, back []thing
			page, err := c.Find(t.Context(), q.Limit(3))
			for ; err == nil; page, err = c.Find(t.Context(), q.Limit(3).After(page.Next)) {
				forth = append(forth, page.Items...)
				if page.Next == "" {
					break
				}
			}
			if err != nil || ids(forth) != ids(whole.Items) {
				t.Errorf("%s: forward %q, want %q (%v)", name, ids(forth), ids(whole.Items), err)
			}
			back = page.Items
			for page.Prev != "" {
				if page, err = c.Find(t.Context(), q.Limit(3).Before(page.Prev)); err != nil {
					t.Fatal(err)
				}
				back = append(slices.Clone(page.Items), back...)
			}
			if ids(back) != ids(whole.Items) {
				t.Errorf("%s: backward %q, want %q", name, ids(back), ids(whole.Items))
			}
		}
	})
}

func TestPagingUnderWrites(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		insert(t, c, some(20))
		q := store.Where("group", "a").By("due").Limit(4)
		first, err := c.Find(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		// A document in front, one deleted behind, and the last one of the page itself deleted: the next page goes on where it should.
		insert(t, c, []thing{{ID: "front", Group: "a", N: 1000, Due: first.Items[0].Due.Add(-time.Hour)}})
		for _, id := range []string{ID(8), ID(6)} {
			if err := c.Delete(t.Context(), id); err != nil {
				t.Fatal(err)
			}
		}
		next, err := c.Find(t.Context(), q.After(first.Next))
		if want := "10 12 14 16"; err != nil || ids(next.Items) != want {
			t.Errorf("got %q, want %q (%v)", ids(next.Items), want, err)
		}
	})
}

func TestCursorsFromOutside(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		insert(t, c, some(8))
		art, err := c.Find(t.Context(), store.Where("group", "a").Prefix("place", "art").Limit(1))
		if err != nil {
			t.Fatal(err)
		}
		byID, err := c.Find(t.Context(), store.All().Limit(1))
		if err != nil {
			t.Fatal(err)
		}
		for name, cursor := range map[string]string{
			"rubbish": "!!!", "not BSON": "AAAA", "long": strings.Repeat("A", 1<<20), "another order's": byID.Next, "outside the range": art.Next,
		} {
			q := store.Where("group", "a").Prefix("place", "science").After(cursor)
			if _, err := c.Find(t.Context(), q); !errors.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func TestTally(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		insert(t, c, some(16))
		show := func(q store.Query, fields ...string) string {
			groups, err := c.Tally(t.Context(), q, fields...)
			if err != nil {
				t.Fatal(err)
			}
			var s []string
			for _, g := range groups {
				s = append(s, fmt.Sprint(append(slices.Clone(g.Values), g.N)))
			}
			return strings.Join(s, " ")
		}
		for name, test := range map[string]struct{ got, want string }{
			"one field":  {show(store.Where("group", "a"), "place"), "[art 4] [science 4]"},
			"prefix":     {show(store.Where("group", "b").Prefix("place", "science"), "place"), "[science/physics 4]"},
			"two fields": {show(store.Where("group", "a").Prefix("place", "sci"), "place", "n"), "[science 2 1] [science 6 1] [science 10 1] [science 14 1]"},
			"all":        {show(store.Where("group", "a")), "[8]"},
			"none":       {show(store.Where("group", "zz")), "[0]"},
			"no group":   {show(store.Where("group", "zz"), "place"), ""},
			"bool":       {show(store.All(), "open"), "[false 10] [true 6]"},
		} {
			if test.got != test.want {
				t.Errorf("%s: got %s, want %s", name, test.got, test.want)
			}
		}
	})
}

func TestDeleteWhere(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		insert(t, c, some(1203))
		n, err := c.DeleteWhere(t.Context(), store.All().Prefix(store.IDField, "id-000"))
		if err != nil || n != 1000 {
			t.Errorf("deleted %d, %v", n, err)
		}
		n, err = c.DeleteWhere(t.Context(), store.Where("group", "a").Range("n", nil, 1100))
		if err != nil || n != 50 {
			t.Errorf("deleted %d by index, %v", n, err)
		}
		left, err := c.Tally(t.Context(), store.All().Range("n", nil, nil))
		if err != nil {
			t.Fatal(err)
		}
		if left[0].N != 203-50 {
			t.Errorf("%d are left, want %d", left[0].N, 203-50)
		}
		if err := c.Delete(t.Context(), "nobody"); !errors.Is(err, fault.NotFound) {
			t.Errorf("deleting nothing: %v", err)
		}
	})
}

func TestCancelledContext(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		insert(t, c, some(2))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := c.Get(ctx, ID(0))
		_, err2 := c.Find(ctx, store.All())
		_, err3 := c.Update(ctx, ID(0), func(d *thing) error { d.N = 77; return nil })
		for _, err := range []error{err, err2, err3, c.Insert(ctx, thing{ID: "late", N: 9, Due: Now()}), c.Delete(ctx, ID(1))} {
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want context.Canceled", err)
			}
		}
		if got, err := c.Get(t.Context(), ID(0)); err != nil || got.N == 77 {
			t.Errorf("a cancelled update was written: %v, %v", got.N, err)
		}
	})
}

func TestMebibyte(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		want := thing{ID: "big", Due: Now(), Blob: bytes.Repeat([]byte("0123456789abcdef"), 1<<16)}
		insert(t, c, []thing{want})
		got, err := c.Update(t.Context(), "big", func(d *thing) error { d.N = 1; return nil })
		if err != nil || !bytes.Equal(got.Blob, want.Blob) {
			t.Errorf("%d bytes came back, %v", len(got.Blob), err)
		}
	})
}

func TestReopening(t *testing.T) {
	for _, p := range Places(t) {
		t.Run(p.Name, func(t *testing.T) {
			for round := range 3 {
				e, err := p.Open(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				c := collection(t, e)
				insert(t, c, []thing{{ID: ID(round), N: int64(round), Due: Now()}})
				page, err := c.Find(t.Context(), store.All())
				if err != nil || len(page.Items) != round+1 {
					t.Errorf("round %d: %d documents, %v", round, len(page.Items), err)
				}
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// TestAChangeOfNothingWritesNothing looks at the revision: maps, whose order differs each time, must not look like a change.
func TestAChangeOfNothingWritesNothing(t *testing.T) {
	each(t, func(t *testing.T, _ Place, e store.Engine) {
		c := collection(t, e)
		d := thing{ID: "one", Due: Now(), Map: map[string]inner{}, Words: map[string]string{}}
		for i := range 30 {
			d.Map[ID(i)], d.Words[ID(i)] = inner{Text: ID(i)}, ID(i)
		}
		insert(t, c, []thing{d})
		before, err := e.Fetch(t.Context(), &things, "one")
		if err != nil {
			t.Fatal(err)
		}
		for range 10 {
			if _, err := c.Update(t.Context(), "one", func(*thing) error { return nil }); err != nil {
				t.Fatal(err)
			}
		}
		after, err := e.Fetch(t.Context(), &things, "one")
		if err != nil || after.Rev != before.Rev {
			t.Errorf("revision %d, then %d, %v", before.Rev, after.Rev, err)
		}
	})
}
