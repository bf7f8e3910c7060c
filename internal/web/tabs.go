package web

import (
	"net/http"
	"slices"

	"github.com/gofiber/fiber/v2"
)

// Tabs are the places of one part of the site, for part/staff-tabs.
type Tabs struct {
	Label string
	Tabs  []Alternative
}

// tab is a page of staff that stands above every other of them.
type tab struct{ name, path, key string }

// staffTabs lists them in order. Only those show that are there, and whose door the person may enter.
func staffTabs() []tab {
	return []tab{
		{"insights", "/app/staff/insights", "staff.insights"},
		{"people", "/app/staff/people", "staff.people"},
		{"requirements", "/app/staff/requirements", "staff.requirements"},
		{"roster", "/app/staff/roster", "staff.roster"},
		{"reminders", "/app/reminders", "staff.reminders"},
		{"groups", "/app/pledges", "staff.groups"},
		{"records", "/app/records", "staff.records"},
		{"roles", "/app/roles", "staff.roles"},
		{"audit", "/app/audit", "staff.audit"},
	}
}

// Opens tells the pages of a request which doors the person who is looking may enter.
func (s *Server) Opens(c *fiber.Ctx, doors []string) { requestOf(c).doors = doors }

// May says whether the person who is looking may enter a door, so that nothing is offered which then stays shut.
func (b Base) May(door string) bool { return slices.Contains(b.doors, door) }

// StaffTabs lists what the person may open of what staff have, with the place where the page is; nothing for whoever is only a student.
func (b Base) StaffTabs(current string) Tabs {
	t := Tabs{Label: b.T("staff.tabs")}
	for _, one := range staffTabs() {
		at := slices.IndexFunc(b.server.routes, func(r Route) bool { return r.Method == http.MethodGet && r.Path == one.path })
		if at >= 0 && b.May(b.server.routes[at].Door) {
			t.Tabs = append(t.Tabs, Alternative{Text: b.T(one.key), URL: one.path, Current: one.name == current})
		}
	}
	return t
}
