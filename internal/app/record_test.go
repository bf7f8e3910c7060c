package app

import (
	"os"
	"regexp"
	"testing"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/people"
)

var deeds = regexp.MustCompile(`"(?:roster\.import|requirement\.set|requirement\.change|requirement\.end)"`)

// TestStaffDeedsAreRecorded: every deed that requirement names has a verb in the log, and one without is refused.
func TestStaffDeedsAreRecorded(t *testing.T) {
	a := newApp(t, Options{Demo: true})
	staff, err := a.people.Grant(t.Context(), "staff@aldermoor.example", people.Staff)
	if err != nil {
		t.Fatal(err)
	}
	src, err := os.ReadFile("../requirement/http.go")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{"standing.extend": true, "standing.exempt": true, "standing.met": true, "standing.restore": true}
	for _, m := range deeds.FindAllString(string(src), -1) {
		named[m[1:len(m)-1]] = true
	}
	for deed := range named {
		if err := a.record(t.Context(), staff, deed, "subject", ""); err != nil {
			t.Errorf("%s: %v", deed, err)
		}
	}
	page, err := a.audit.Entries(t.Context(), audit.Filter{Institution: "aldermoor", Actor: staff.ID}, "", "")
	if err != nil || len(page.Items) != 8 {
		t.Errorf("%d entries, %v", len(page.Items), err)
	}
	if err := a.record(t.Context(), staff, "requirement.unheard-of", "subject", ""); err == nil {
		t.Error("a deed without a verb was done")
	}
}
