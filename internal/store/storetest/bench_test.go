package storetest

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/store"
)

// BenchmarkGrowth measures each operation at 1,000 and at 100,000 documents in one run and reports how much dearer the larger collection is: a
// B-tree's depth, at most about twice.
func BenchmarkGrowth(b *testing.B) {
	for _, p := range Places(b) {
		sizes := []int{1_000, 100_000}
		if p.Name == "mongodb" {
			sizes = []int{1_000, 10_000} // FerretDB, which may stand behind it, is slow to fill
		}
		b.Run(p.Name, func(b *testing.B) {
			e, err := p.Open(b.Context())
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close()
			collections := make([]*store.Collection[thing], len(sizes))
			for i, n := range sizes {
				collections[i] = filled(b, e, n)
			}
			for name, op := range operations() {
				b.Run(name, func(b *testing.B) {
					took := make([]time.Duration, len(sizes))
					for i, n := range sizes {
						dice := rand.New(rand.NewPCG(1, 2))
						for range 50 { // warm
							op(b, collections[i], dice.IntN(n), n)
						}
						began := time.Now()
						for range b.N {
							op(b, collections[i], dice.IntN(n), n)
						}
						took[i] = time.Since(began) / time.Duration(b.N)
					}
					b.ReportMetric(float64(took[0].Microseconds()), fmt.Sprintf("µs@%d", sizes[0]))
					b.ReportMetric(float64(took[1].Microseconds()), fmt.Sprintf("µs@%d", sizes[1]))
					b.ReportMetric(float64(took[1])/float64(took[0]), "growth")
					b.ReportMetric(0, "ns/op")
				})
			}
		})
	}
}

func operations() map[string]func(b *testing.B, c *store.Collection[thing], i, n int) {
	return map[string]func(b *testing.B, c *store.Collection[thing], i, n int){
		"get-by-id": func(b *testing.B, c *store.Collection[thing], i, _ int) {
			if _, err := c.Get(b.Context(), ID(i)); err != nil {
				b.Fatal(err)
			}
		},
		"find-50-by-index": func(b *testing.B, c *store.Collection[thing], i, n int) {
			page, err := c.Find(b.Context(), store.Where("group", "a").Range("n", int64(min(i, n-200)), nil).Limit(50))
			if err != nil || len(page.Items) != 50 {
				b.Fatal(len(page.Items), err)
			}
		},
		"compare-and-swap": func(b *testing.B, c *store.Collection[thing], i, _ int) {
			if _, err := c.Update(b.Context(), ID(i), func(d *thing) error { d.Ratio++; return nil }); err != nil {
				b.Fatal(err)
			}
		},
	}
}

func filled(b *testing.B, e store.Engine, n int) *store.Collection[thing] {
	b.Helper()
	c, err := store.Open[thing](b.Context(), e, store.Schema{Name: fmt.Sprint("things_", n), Indexes: []store.Index{store.On("group", "n"), store.Unique("n")}})
	if err != nil {
		b.Fatal(err)
	}
	all := some(n)
	for from := 0; from < n; from += 500 {
		if _, err := c.InsertMany(b.Context(), all[from:min(from+500, n)]); err != nil { // what is there from a run before stays
			b.Fatal(err)
		}
	}
	return c
}

// BenchmarkWriters shows what group commit gives: durable compare-and-swap writes a second from one writer and from 64.
func BenchmarkWriters(b *testing.B) {
	for _, p := range Places(b)[:1] {
		for _, writers := range []int{1, 64} {
			b.Run(fmt.Sprintf("%s/%d", p.Name, writers), func(b *testing.B) {
				e, err := p.Open(b.Context())
				if err != nil {
					b.Fatal(err)
				}
				defer e.Close()
				c := filled(b, e, 1_000)
				began := time.Now()
				work := make(chan int, writers)
				done := make(chan error, writers)
				for range writers {
					go func() {
						for i := range work {
							if _, err := c.Update(b.Context(), ID(i%1_000), func(d *thing) error { d.Ratio++; return nil }); err != nil {
								done <- err
								return
							}
						}
						done <- nil
					}()
				}
				for i := range b.N {
					work <- i
				}
				close(work)
				for range writers {
					if err := <-done; err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N)/time.Since(began).Seconds(), "writes/s")
			})
		}
	}
}
