package insights

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/upstander/upstander/internal/fault"
)

func rowsOf(rows ...[]string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

// awkward are names that programs have stumbled over.
func awkward() [][]string {
	return [][]string{
		{"1", "Siân ap Rhys, Llŷr"},
		{"2", `=HYPERLINK("http://elsewhere.example")`},
		{"3", "+44"},
		{"-4", "-"},
		{"5", "@sum"},
		{"6", "\tx"},
		{"7", `He said "hm"`},
		{"8", "李小龍 😀"},
		{"9", ""},
		{"10", " spaces "},
		{"11", "two\nlines"},
		{"12", "\rx"},
	}
}

func TestCSVIsWhatSpreadsheetsWant(t *testing.T) {
	var b bytes.Buffer
	if err := write(&b, CSV, []string{"Id", "=Name"}, rowsOf(awkward()...)); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(b.String(), "\ufeff")
	if !marked || !strings.HasPrefix(text, "Id,'=Name\r\n") {
		t.Errorf("it begins with %q", text[:20])
	}
	got, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range got {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
				t.Errorf("%q would be taken for a formula", cell)
			}
		}
	}
	if len(got) != 13 || got[1][1] != "Siân ap Rhys, Llŷr" || got[2][1] != `'=HYPERLINK("http://elsewhere.example")` || got[4][0] != "'-4" || got[11][1] != "two\nlines" {
		t.Errorf("%q", got)
	}
}

func TestWorkbookHoldsTextOnly(t *testing.T) {
	var b bytes.Buffer
	if err := writeXLSX(&b, []string{"Id", "Name"}, rowsOf(awkward()...), 6); err != nil {
		t.Fatal(err)
	}
	book, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	var got [][]string
	for _, sheet := range book.GetSheetList() { // five rows each, below the headings
		rows, err := book.GetRows(sheet)
		if err != nil || len(rows) > 6 || !cmp.Equal(rows[0], []string{"Id", "Name"}) {
			t.Fatalf("%s: %q, %v", sheet, rows, err)
		}
		for i := range rows {
			if f, err := book.GetCellFormula(sheet, fmt.Sprintf("B%d", i+1)); f != "" || err != nil {
				t.Errorf("a formula: %q, %v", f, err)
			}
			if kind, err := book.GetCellType(sheet, fmt.Sprintf("A%d", i+1)); kind != excelize.CellTypeInlineString || err != nil {
				t.Errorf("A%d is no text: %v, %v", i+1, kind, err)
			}
		}
		got = append(got, rows[1:]...)
	}
	want := awkward()
	want[8] = []string{"9"} // what is empty at the end of a row is not kept
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
	if n := len(book.GetSheetList()); n != 3 {
		t.Errorf("%d sheets", n)
	}
}

func TestExportStopsWhenSomethingGoesWrong(t *testing.T) {
	gone := errors.New("gone")
	for _, f := range Formats() {
		failing := func(yield func([]string, error) bool) {
			for range 1000 {
				if !yield([]string{"a"}, nil) {
					return
				}
			}
			yield(nil, gone)
		}
		if err := write(io.Discard, f, []string{"A"}, failing); !errors.Is(err, gone) {
			t.Errorf("%s from a store that fails: %v", f, err)
		}
		if err := write(closed{}, f, []string{"A"}, rowsOf(make([][]string, 100_000)...)); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("%s to nobody: %v", f, err)
		}
	}
	endless := func(yield func([]string, error) bool) {
		for yield([]string{"a"}, nil) {
		}
	}
	if err := write(closed{}, CSV, []string{"A"}, endless); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("an endless list to nobody: %v", err)
	}
	if err := write(io.Discard, "pdf", nil, rowsOf()); !errors.Is(err, fault.Invalid) {
		t.Errorf("a format that there is not: %v", err)
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestExportNeedsLittleMemory writes many rows and twice as many: the second needs no more than the first. Both are more than a workbook keeps in memory.
func TestExportNeedsLittleMemory(t *testing.T) {
	for _, f := range Formats() {
		some, many := peakOf(t, f, 45_000), peakOf(t, f, 90_000)
		if many > some+some/3+1<<20 || many > 100<<20 {
			t.Errorf("%s: %d MB, then %d MB", f, some>>20, many>>20)
		}
	}
}

// peakOf returns the most that the heap held above what it held before, in bytes.
func peakOf(t testing.TB, f Format, rows int) uint64 {
	t.Helper()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	before, most := m.HeapAlloc, uint64(0)
	look := func() {
		runtime.ReadMemStats(&m)
		if m.HeapAlloc > before {
			most = max(most, m.HeapAlloc-before)
		}
	}
	many := func(yield func([]string, error) bool) {
		for i := range rows {
			if i%1000 == 0 {
				look()
			}
			if !yield([]string{fmt.Sprintf("a%07d", i), "Sam Sample", "2026", "Arts", "Undergraduate", "Met", "2026-11-20", "2027-01-29"}, nil) {
				return
			}
		}
	}
	began := time.Now()
	if err := write(io.Discard, f, []string{"Id", "Name", "Cohort", "Department", "Level", "Status", "Day", "Due"}, many); err != nil {
		t.Fatal(err)
	}
	look()
	t.Logf("%s: %d rows in %v, %d MB", f, rows, time.Since(began).Round(time.Millisecond), most>>20)
	return most
}
