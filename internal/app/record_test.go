package app

import (
	"go/ast"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
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

// recorded says which verbs a route of the staff's leaves in the log; none where nothing changes and nothing leaves.
func recorded() map[string][]audit.Verb {
	return map[string][]audit.Verb{
		"/app/roles":                             nil, // finds somebody
		"/app/roles/:person":                     {audit.RoleGrant, audit.RoleRevoke, audit.ScopeChange},
		"/app/pledges":                           {audit.PledgeModerate},
		"/app/workshops/plan":                    {audit.WorkshopSchedule},
		"/app/workshops/plan/:session":           {audit.WorkshopChange, audit.WorkshopCancel},
		"/app/workshops/plan/:session/begin":     nil, // the room itself says who began it, and on which day
		"/app/workshops":                         nil, // likewise
		"/app/workshops/:room/lead":              nil, // another device of whoever began it
		"/app/staff/roster":                      nil, // looks at a file
		"/app/staff/roster/:upload":              {audit.RosterImport},
		"/app/staff/requirements/new":            {audit.RequirementAdd},
		"/app/staff/requirements/:requirement":   {audit.RequirementChange, audit.RequirementClose},
		"/app/staff/people/:person":              {audit.StandingExtend, audit.StandingExempt, audit.StandingMeet, audit.StandingReopen},
		"/app/reminders/:requirement":            {audit.ReminderPlan, audit.ReminderSend, audit.ReminderStop},
		"/app/staff/export":                      {audit.ListExport},
		"/app/records":                           nil, // finds somebody
		"/app/records/:person/file":              {audit.PersonExport},
		"/app/records/:person/erase":             {audit.PersonErase},
		"/app/audit":                             {audit.AuditExport},
		"GET /app/workshops/plan/:session/names": {audit.WorkshopNames},
		"a person's own":                         {audit.IdentityClaim, audit.PasskeyAdd, audit.PasskeyRemove, audit.RecoveryUse},
		"a sweep":                                {audit.RetentionSweep},
	}
}

// TestEveryVerbHasItsDeed: every form of the staff's has been thought of, every verb of the filter can be found in the log one day, and the program names it.
func TestEveryVerbHasItsDeed(t *testing.T) {
	a := newApp(t, Options{Demo: true})
	known, claimed := recorded(), map[audit.Verb]bool{}
	for _, r := range a.server.Routes() {
		if r.Method != http.MethodPost || !slices.Contains([]string{"admin", "staff", "office", "aggregates", "facilitator"}, r.Door) {
			continue
		}
		if _, ok := known[r.Path]; !ok {
			t.Errorf("POST %s (%s): what does it leave in the log?", r.Path, r.Door)
		}
	}
	for _, verbs := range known {
		for _, v := range verbs {
			claimed[v] = true
		}
	}
	for _, v := range audit.Verbs() {
		if !claimed[v] {
			t.Errorf("nothing leaves %s in the log", v)
		}
	}
	named := map[string]bool{} // audit.ListExport, and the texts of those who do not import audit
	for path, file := range sources(t) {
		if strings.HasPrefix(path, "../audit/") {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "audit" {
					named[strings.ToLower(sel.Sel.Name)] = true
				}
			}
			if e, ok := n.(ast.Expr); ok {
				if text, ok := literal(e); ok {
					named[strings.ReplaceAll(text, "-", "")] = true
				}
			}
			return true
		})
	}
	for _, v := range audit.Verbs() {
		if !named[strings.ReplaceAll(string(v), "-", "")] {
			t.Errorf("the program never names %s", v)
		}
	}
}
