package requirement_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/requirement"
)

// TestEveryProblemComesAsAFile sends a file with more problems than a page lists, and takes all of them away while the file is kept.
func TestEveryProblemComesAsAFile(t *testing.T) {
	d, staff := staffed(t)
	var b strings.Builder
	b.WriteString(head)
	for i := range 600 {
		fmt.Fprintf(&b, "n%d,wrong,Name %d,2026,=Law,4,,\n", i, i)
	}
	b.WriteString("n600,good@north.example,Good Row,2026,Law,4,,\n")
	at := send(staff, "/app/staff/roster", "roster.csv", b.String()).Location
	has(t, staff.Get(at), "700 more problems are not listed", at+"/problems.csv")
	file := staff.Get(at + "/problems.csv")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(file.Body, "\ufeff"))).ReadAll()
	d.do(err)
	if len(rows) != 1201 || rows[0][2] != "What to change" || strings.Join(rows[1200], "|") != "601|E (department)|This cell holds a formula. Put its value there." {
		t.Errorf("%d rows, the last is %q", len(rows), rows[len(rows)-1])
	}
	if a := d.site.SignIn("staff@south.example", "staff").Get(at + "/problems.csv"); a.Status != http.StatusNotFound {
		t.Errorf("staff of another institution: %d", a.Status)
	}
	if a := staff.Post(at, "do", "import"); a.Status != http.StatusSeeOther {
		t.Fatalf("import: %d", a.Status)
	}
	if a := staff.Get(at + "/problems.csv"); a.Status != http.StatusNotFound || strings.Contains(staff.Get(at).Body, "problems.csv") {
		t.Errorf("a file that is forgotten: %d", a.Status)
	}
}

// TestRowsWithSwappedColumns names each row in which name and address have changed places, and takes the others.
func TestRowsWithSwappedColumns(t *testing.T) {
	d := newDesk(t)
	var rows []string
	var want []requirement.Fault
	for i := range 20 {
		cells := []string{fmt.Sprintf("n%d@north.example", i), fmt.Sprint("Name ", i)}
		if i%7 == 3 {
			cells[0], cells[1] = cells[1], cells[0]
			want = append(want, requirement.Fault{Row: i + 2, Column: "B (email)", Key: "roster.email-wrong"})
		}
		rows = append(rows, fmt.Sprintf("n%d,%s,2026,Law,4,,", i, strings.Join(cells, ",")))
	}
	report, err := d.Import(t.Context(), "north", lines(rows...), requirement.Import{})
	d.do(err)
	if diff := cmp.Diff(requirement.Report{Outcome: requirement.Outcome{Rows: 20, Added: 17, Wrong: 3}, Faults: want}, report); diff != "" {
		t.Errorf("report (-want +got)\n%s", diff)
	}
}

// TestTwoInstitutionsAtOnce imports two rosters side by side; while one is under way, another of the same institution is refused.
func TestTwoInstitutionsAtOnce(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	const n = 2000
	roster := func(institution string) requirement.Source {
		rows := make([]string, n)
		for i := range rows {
			rows[i] = fmt.Sprintf("n%d,n%d@%s.example,Name %d,2026,Department %d,4,,", i, i, institution, i, i%20)
		}
		return lines(rows...)
	}
	var again error
	var once sync.Once
	var all sync.WaitGroup
	for _, in := range []string{"north", "south"} {
		how := requirement.Import{Progress: func(int64, int64) {
			if in == "north" {
				once.Do(func() { _, again = d.Import(ctx, "north", lines("x,x@north.example,X,,,,,"), requirement.Import{}) })
			}
		}}
		all.Go(func() {
			report, err := d.Import(ctx, in, roster(in), how)
			if diff := cmp.Diff(requirement.Report{Outcome: requirement.Outcome{Rows: n, Added: n}}, report); diff != "" || err != nil {
				t.Errorf("%s (-want +got)\n%s %v", in, diff, err)
			}
		})
	}
	all.Wait()
	if !errors.Is(again, fault.Conflict) {
		t.Errorf("the same institution twice at once: %v", again)
	}
	for _, in := range []string{"north", "south"} {
		report, err := d.Import(ctx, in, roster(in), requirement.Import{DryRun: true})
		if d.do(err); report.Outcome.Same != n {
			t.Errorf("%s has %+v", in, report.Outcome)
		}
	}
}
