package requirement_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/requirement"
)

// TestForget lets three academic years pass. A year's standings and counts go when it was over before the day, and nothing else does until a requirement
// has ended.
func TestForget(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	yearly := d.add(requirement.Requirement{Modules: []string{"consent"}, Renewal: requirement.Renewal{Every: requirement.AcademicYear}, Start: "2026-08-01"})
	once := d.add(requirement.Requirement{Modules: []string{"bystander"}})
	d.enrol(row("n1", "Sam Example", "Law"))
	sam := d.person("n1@north.example")
	for _, d.today = range []string{"2026-11-20", "2027-11-20", "2028-11-20"} {
		d.do(d.Sweep(ctx))
	}
	left := func() (years []string) {
		t.Helper()
		held, err := d.ExportPerson(ctx, sam)
		d.do(err)
		for _, st := range held.Standings {
			cells, err := d.Cells(ctx, st.Requirement, st.Cycle, "north/")
			if d.do(err); len(cells) != 1 {
				t.Errorf("a standing of %s without its count", st.Cycle)
			}
			years = append(years, st.Cycle)
		}
		return years
	}
	forget := func(day string, want int, kept string) {
		t.Helper()
		n, err := d.Forget(ctx, "north", day)
		if got := fmt.Sprint(left()); n != want || got != kept || err != nil {
			t.Errorf("before %s: %d, left %s, %v", day, n, got, err)
		}
	}
	all := "[2026-08-01 2027-08-01 2028-08-01 once]"
	forget("2027-07-31", 0, all)
	if n, err := d.Forget(ctx, "south", "2027-08-01"); n != 0 || err != nil {
		t.Errorf("of another institution: %d, %v", n, err)
	}
	forget("2027-08-01", 1, "[2027-08-01 2028-08-01 once]")
	if cells, err := d.Cells(ctx, yearly.ID, "2026-08-01", "north/"); err != nil || len(cells) != 0 {
		t.Errorf("counts are left: %v, %v", cells, err)
	}
	yearly.Start = "2030-08-01" // put off: what is there is no older for that
	_, err := d.Change(ctx, yearly)
	d.do(err)
	forget("2027-08-01", 0, "[2027-08-01 2028-08-01 once]")
	forget("2028-08-01", 1, "[2028-08-01 once]")
	d.today = "2028-07-01"
	d.do(d.End(ctx, once.ID))
	forget("2028-07-01", 0, "[2028-08-01 once]")
	forget("2028-07-02", 1, "[2028-08-01]")
}

// TestLeftBefore walks more people than a page holds, and misses nobody although those before them go.
func TestLeftBefore(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	const many = 1100
	var rows []requirement.Row
	for i := range many {
		r := row(fmt.Sprintf("n%d", i), "Sam Example", "Law")
		r.Left = "2026-01-01"
		rows = append(rows, r)
	}
	later := row("later", "Alex Example", "Law")
	later.Left = "2026-01-02"
	d.enrol(append(rows, row("here", "Kim Example", "Law"), later)...)
	n := 0
	for m, err := range d.LeftBefore(ctx, "2026-01-02") {
		d.do(err)
		if n++; n%2 == 0 {
			d.do(d.ErasePerson(ctx, m.ID))
		}
	}
	if n != many {
		t.Errorf("%d of %d", n, many)
	}
	if _, err := d.PersonOf(ctx, "north", "later"); errors.Is(err, fault.NotFound) {
		t.Error("somebody who left later is gone")
	}
}
