package requirement_test

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/storetest"
)

// sizes are the rosters that are measured. FerretDB, which may stand behind a MongoDB's address, is slow to fill.
func sizes() []int {
	if os.Getenv(storetest.AddressVariable) != "" {
		return []int{500, 5_000}
	}
	return []int{5_000, 50_000}
}

// each gives n rows of made-up people in five cohorts, forty departments and four levels, after the names of the columns.
func each(institution string, n, year int, take func(cells []string)) {
	take([]string{"id", "email", "first name", "family name", "cohort", "department", "level", "labels", "entry"})
	for i := range n {
		id := fmt.Sprintf("%d", 20_000_000+i*7919%1_000_003)
		take([]string{
			id, id + "@" + institution + ".example", fmt.Sprint("Name", i%997), fmt.Sprint("Family", i%1999), fmt.Sprint(2022 + i%5),
			fmt.Sprint("Department ", i/5%40), fmt.Sprint("Level ", year+i/200%4), "Halls", "2026-09-21",
		})
	}
}

// file writes a roster into a file, so that it is no part of the memory that is measured.
func file(b *testing.B, name string, write func(w io.Writer) error) requirement.Source {
	b.Helper()
	path := filepath.Join(b.TempDir(), name)
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	w := bufio.NewWriter(f)
	if err := write(w); err != nil {
		b.Fatal(err)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
	return requirement.Source{Name: name, Open: func() (io.ReadCloser, error) { return os.Open(path) }, Path: path}
}

func text(b *testing.B, institution string, n, year int) requirement.Source {
	return file(b, "roster.csv", func(w io.Writer) error {
		out := csv.NewWriter(w)
		each(institution, n, year, func(cells []string) { _ = out.Write(cells) }) // Error tells
		out.Flush()
		return out.Error()
	})
}

func workbook(b *testing.B, institution string, n, year int) requirement.Source {
	return file(b, "roster.xlsx", func(w io.Writer) error {
		f := excelize.NewFile()
		defer f.Close()
		row := 0
		var failed error
		each(institution, n, year, func(cells []string) {
			row++
			if err := f.SetSheetRow("Sheet1", fmt.Sprint("A", row), &cells); err != nil {
				failed = err
			}
		})
		if failed != nil {
			return failed
		}
		_, err := f.WriteTo(w) // as spreadsheets do it: every text once, in a part of its own
		return err
	})
}

// usage looks at the memory until it is told to stop.
type usage struct {
	heap, resident uint64
	cpu            time.Duration
	stop           chan struct{}
	stopped        sync.WaitGroup
}

func watch() *usage {
	runtime.GC()
	debug.FreeOSMemory()
	u := &usage{stop: make(chan struct{}), cpu: processor()}
	u.stopped.Go(func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			u.heap, u.resident = max(u.heap, m.HeapAlloc), max(u.resident, resident())
			select {
			case <-u.stop:
				return
			case <-tick.C:
			}
		}
	})
	return u
}

// end writes what was used, at the most or altogether.
func (u *usage) end(b *testing.B) {
	close(u.stop)
	u.stopped.Wait()
	b.ReportMetric((processor() - u.cpu).Seconds(), "cpu-s")
	b.ReportMetric(float64(u.heap)/(1<<20), "MB-heap")
	b.ReportMetric(float64(u.resident)/(1<<20), "MB-resident")
	b.ReportMetric(0, "ns/op")
}

// processor is the time that this program has kept processors busy. Unlike the clock's it does not depend on what else the machine does.
func processor() time.Duration {
	var r syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &r); err != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// resident is the memory of this program, SQLite's own with it; nought where the system does not tell.
func resident() uint64 {
	content, err := os.ReadFile("/proc/self/statm")
	var size, pages uint64
	if _, err2 := fmt.Fscan(bytes.NewReader(content), &size, &pages); err != nil || err2 != nil {
		return 0
	}
	return pages * uint64(os.Getpagesize())
}

// waits is how long somebody else's writes take while a roster is imported.
type waits struct {
	most    time.Duration
	stop    chan struct{}
	stopped sync.WaitGroup
}

func (d *desk) wait(b *testing.B) *waits {
	w := &waits{stop: make(chan struct{})}
	others, err := store.OpenCounters(b.Context(), d.site.Engine, "others")
	d.do(err)
	w.stopped.Go(func() {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-w.stop:
				return
			case <-tick.C:
			}
			began := time.Now()
			if err := others.Add(b.Context(), "one", "n", 1); err != nil && !errors.Is(err, fault.Unavailable) { // FerretDB may keep them too long
				b.Error(err)
				return
			}
			w.most = max(w.most, time.Since(began))
		}
	})
	return w
}

func (w *waits) end(b *testing.B) {
	close(w.stop)
	w.stopped.Wait()
	b.ReportMetric(w.most.Seconds(), "s-others-wait")
}

// BenchmarkImport brings a roster of n people, four standings each, from a file onto a store: as text and as a spreadsheet onto an empty one, two
// institutions' at once, the same file once more, and the next year's, in which everybody is at another level.
func BenchmarkImport(b *testing.B) {
	for _, n := range sizes() {
		all, same := requirement.Outcome{Rows: n, Added: n}, requirement.Outcome{Rows: n, Same: n}
		for _, kind := range []struct {
			name   string
			file   func(b *testing.B, institution string, n, year int) requirement.Source
			at     []string
			before bool
			year   int
			want   requirement.Outcome
		}{
			{"csv", text, []string{"north"}, false, 3, all},
			{"xlsx", workbook, []string{"north"}, false, 3, all},
			{"two-at-once", text, []string{"north", "south"}, false, 3, all},
			{"csv-again", text, []string{"north"}, true, 3, same},
			{"csv-next-year", text, []string{"north"}, true, 4, requirement.Outcome{Rows: n, Changed: n}},
		} {
			b.Run(fmt.Sprintf("%s/%d", kind.name, n), func(b *testing.B) {
				d := newDesk(b)
				var before, files []requirement.Source
				for _, in := range kind.at {
					for range 4 {
						_, err := d.Add(b.Context(), requirement.Requirement{Institution: in, Modules: []string{"consent"}, Due: "2027-01-29"})
						d.do(err)
					}
					before, files = append(before, kind.file(b, in, n, 3)), append(files, kind.file(b, in, n, kind.year))
				}
				d.do(d.Sweep(b.Context()))
				if kind.before {
					d.imports(b, kind.at, before, all)
				}
				used, waiting, began := watch(), d.wait(b), time.Now()
				d.imports(b, kind.at, files, kind.want)
				took := time.Since(began)
				waiting.end(b)
				used.end(b)
				b.ReportMetric(took.Seconds(), "s")
				b.ReportMetric(float64(n*len(kind.at))/took.Seconds(), "rows/s")
			})
		}
	}
}

// imports brings each institution's file onto its roster, all at the same time.
func (d *desk) imports(b *testing.B, at []string, files []requirement.Source, want requirement.Outcome) {
	var all sync.WaitGroup
	for i, in := range at {
		all.Go(func() {
			r, err := d.Import(b.Context(), in, files[i], requirement.Import{})
			if err != nil || r.Outcome != want {
				b.Errorf("%s: %+v, %v", in, r, err)
			}
		})
	}
	all.Wait()
}
