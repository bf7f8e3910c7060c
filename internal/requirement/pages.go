package requirement

import (
	"fmt"

	"github.com/upstander/upstander/internal/web"
)

// rosterPage takes a roster file and lists the latest ones.
type rosterPage struct {
	web.Base
	Columns  []string
	Most     int // megabytes of a file
	Complete bool
	Uploads  []uploadRow
}

type uploadRow struct {
	ID, Name, Day, State string
	Outcome              Outcome
}

// uploadPage shows what a file would do, how far it has come, or what it did.
type uploadPage struct {
	web.Base
	Upload Upload
	Faults []faultRow
}

type faultRow struct {
	Row    int
	Column string
	Reason string
}

// Busy says whether the file is being worked on.
func (p uploadPage) Busy() bool { return p.Upload.State == Checking || p.Upload.State == Importing }

// Broke says whether the file has been given up.
func (p uploadPage) Broke() bool { return p.Upload.State == GivenUp }

// Ready says whether the file waits for being imported.
func (p uploadPage) Ready() bool { return p.Upload.State == Checked && !p.Upload.Report.Refused }

// listPage lists what the institution requires.
type listPage struct {
	web.Base
	Requirements []requirementRow
	Ended        []requirementRow
}

type requirementRow struct {
	ID, Title, Due string
	Renewal        string
	Everybody      bool
	All, Met       int
}

// formPage makes or changes a requirement.
type formPage struct {
	web.Base
	Requirement Requirement
	Modules     []choice
	Workshops   []choice // templates
	Groups      []choices
	Preview     Preview
	Previewed   bool
}

type choice struct {
	Value, Text string
	Chosen      bool
}

// choices are the values of one kind that a group can be described by.
type choices struct {
	Kind string
	List []choice
}

// Fresh says whether the requirement is not there yet.
func (p formPage) Fresh() bool { return p.Requirement.ID == "" }

// Action is where the form is sent to.
func (p formPage) Action() string {
	if p.Fresh() {
		return "/app/staff/requirements/new"
	}
	return "/app/staff/requirements/" + p.Requirement.ID
}

// Renewals lists how often a requirement can be renewed.
func (formPage) Renewals() []string { return Renewals() }

// Months writes the number of months, or nothing.
func (p formPage) Months() string {
	if p.Requirement.Renewal.Months == 0 {
		return ""
	}
	return fmt.Sprint(p.Requirement.Renewal.Months)
}

// personPage shows one person's standings to staff, and what staff may decide.
type personPage struct {
	web.Base
	Member    Member
	Place     []string // cohort, department, level
	Today     string
	Standings []standingRow
}

type standingRow struct {
	Requirement, Title string
	Status, Day, Due   string
	Overdue            bool
	Extended, Decided  string
}

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{
		"requirement/roster": rosterPage{}, "requirement/upload": uploadPage{}, "requirement/list": listPage{}, "requirement/form": formPage{},
		"requirement/person": personPage{},
	}
}
