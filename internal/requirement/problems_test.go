package requirement_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

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
