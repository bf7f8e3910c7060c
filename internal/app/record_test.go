package app

import (
	"go/ast"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/audit"
)

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
		"/app/staff/roster":                      {audit.RosterCheck},
		"/app/staff/roster/:upload":              {audit.RosterImport, audit.RosterDiscard},
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
		"an operator's command":                  {audit.AddressChange},
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
	named := map[string]bool{} // audit.ListExport
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
			return true
		})
	}
	for _, v := range audit.Verbs() {
		if !named[strings.ReplaceAll(string(v), "-", "")] {
			t.Errorf("the program never names %s", v)
		}
	}
}
