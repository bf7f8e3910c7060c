package requirement_test

import (
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/store/storetest"
)

// desk is a service on a real store, with a day that tests turn over.
type desk struct {
	*requirement.Service
	t     testing.TB
	site  *peopletest.Site
	audit *audit.Log
	today string
	n     int
	later time.Duration // on the clock
	fatal bool          // whoever asks for the day ends the server
	asked func()        // when somebody does
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{t: t, site: peopletest.New(t, nil), today: "2026-11-20"}
	var err error
	if d.audit, err = audit.New(t.Context(), audit.Config{Engine: d.site.Engine, Now: storetest.Now, NewID: uuid.NewString}); err != nil {
		t.Fatal(err)
	}
	d.Service, err = requirement.New(t.Context(), requirement.Config{
		Engine: d.site.Engine, Institutions: d.site.People, Persons: d.site.People, Today: d.day,
		Modules: func() []requirement.Module {
			return []requirement.Module{{ID: "consent", Title: locale.Text{"en": "Consent"}}, {ID: "bystander", Title: locale.Text{"en": "Active bystander"}}}
		},
		Workshops: func() []requirement.Module {
			return []requirement.Module{{ID: "consent/talk", Title: locale.Text{"en": "Talk"}}}
		},
		Now: func() time.Time { return time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC).Add(d.later) }, NewID: d.newID, Log: slog.New(slog.DiscardHandler), Audit: d.audit,
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (d *desk) day() string {
	if d.fatal {
		panic("the server ends")
	}
	if d.asked != nil {
		d.asked()
	}
	return d.today
}

func (d *desk) newID() string { d.n++; return fmt.Sprintf("r%d", d.n) }

func (d *desk) do(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) add(r requirement.Requirement) requirement.Requirement {
	d.t.Helper()
	r.Institution = "north"
	r, err := d.Add(d.t.Context(), r)
	d.do(err)
	d.do(d.Sweep(d.t.Context()))
	return r
}

func (d *desk) enrol(rows ...requirement.Row) requirement.Outcome {
	d.t.Helper()
	o, err := d.Enrol(d.t.Context(), "north", rows, func(line int, key string) { d.t.Errorf("row %d: %s", line, key) })
	d.do(err)
	return o
}

func (d *desk) person(email string) string {
	d.t.Helper()
	ids, _, err := d.site.People.Enrol(d.t.Context(), []people.Person{{Institution: "north", Email: email}})
	d.do(err)
	return ids[0]
}

func row(id, name, department string) requirement.Row {
	return requirement.Row{ExternalID: id, Email: id + "@north.example", Name: name, Cohort: "2026", Department: department, Level: "4"}
}

func TestCompletionsMeetARequirement(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	r := d.add(requirement.Requirement{Modules: []string{"consent", "bystander"}, Due: "2027-01-29"})
	d.enrol(row("n1", "Sam Example", "Computing"))
	sam := d.person("n1@north.example")
	stands := func(want requirement.Standing) {
		t.Helper()
		got, err := d.Standing(ctx, sam, r.ID)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("standing (-want +got)\n%s %v", diff, err)
		}
	}
	want := requirement.Standing{
		ID: sam + ":r1:once", Person: sam, Institution: "north", Requirement: "r1", Cycle: "once", Status: "open", Due: "2027-01-29",
		Place: "north/2026/computing/4/", Cohort: "north/2026/", NameKey: "sam example", Name: "Sam Example", ExternalID: "n1",
	}
	stands(want)
	d.do(d.Meet(ctx, sam, "north", "consent", "2026.1", "2026-11-20"))
	stands(want)
	for _, day := range []string{"2026-11-23", "2026-12-24"} { // the second time changes nothing
		d.do(d.Meet(ctx, sam, "north", "bystander", "2026.2", day))
	}
	want.Status, want.Day, want.Edition = "met", "2026-11-23", "2026.2"
	stands(want)
	cells, err := d.Cells(ctx, r.ID, "once", "north/")
	d.do(err)
	if len(cells) != 1 || cells[0].All != 1 || cells[0].Met != 1 || cells[0].Weeks["2026-W48"] != 1 || cells[0].Place != want.Place {
		t.Errorf("cells: %+v", cells)
	}
}

func TestDuties(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	d.add(requirement.Requirement{Modules: []string{"consent"}, Due: "2027-01-29"})
	d.add(requirement.Requirement{Modules: []string{"bystander"}, Group: requirement.Group{Departments: []string{"law"}}})
	d.enrol(row("n1", "Sam Example", "Law"))
	sam, stranger := d.person("n1@north.example"), d.person("not.on.the.roster@north.example")
	d.do(d.Meet(ctx, sam, "north", "consent", "2026.1", "2026-11-20"))
	for person, want := range map[string][]requirement.Duty{
		sam:      {{Requirement: "r2", Module: "bystander"}, {Requirement: "r1", Module: "consent", Due: "2027-01-29", Met: "2026-11-20"}},
		stranger: {{Requirement: "r1", Module: "consent", Due: "2027-01-29"}},
	} {
		duties, err := d.Duties(ctx, person, "north")
		if diff := cmp.Diff(want, duties); diff != "" || err != nil {
			t.Errorf("duties (-want +got)\n%s %v", diff, err)
		}
	}
	if _, err := d.Duties(ctx, sam, "nowhere"); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown institution: %v", err)
	}
}

func TestAWorkshopIsAskedForBesidesModules(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	r := d.add(requirement.Requirement{Modules: []string{"consent"}, Workshop: "consent/talk", Renewal: requirement.Renewal{Every: requirement.AcademicYear}, Start: "2026-08-01"})
	if _, err := d.Add(ctx, requirement.Requirement{Institution: "north", Modules: []string{"consent"}, Workshop: "consent/none"}); !errors.Is(err, fault.Invalid) {
		t.Errorf("a workshop that there is not: %v", err)
	}
	d.enrol(row("n1", "Sam Example", "Law"), row("n2", "Alex Example", "Law"))
	sam, alex := d.person("n1@north.example"), d.person("n2@north.example")
	stands := func(person, want string) {
		t.Helper()
		got, err := d.Standing(ctx, person, r.ID)
		if d.do(err); got.Status != want {
			t.Errorf("%s instead of %s", got.Status, want)
		}
	}
	d.do(d.Meet(ctx, sam, "north", "consent/talk", "2026.1", "2026-07-31")) // in the cycle before
	d.do(d.Meet(ctx, sam, "north", "consent", "2026.1", "2026-11-20"))
	stands(sam, "open")
	duties, err := d.Duties(ctx, sam, "north")
	want := []requirement.Duty{
		{Requirement: r.ID, Module: "consent", From: "2026-08-01", Met: "2026-11-20"}, {Requirement: r.ID, Module: "consent/talk", Workshop: true, From: "2026-08-01"},
	}
	if diff := cmp.Diff(want, duties); diff != "" || err != nil {
		t.Errorf("duties (-want +got)\n%s %v", diff, err)
	}
	d.do(d.Meet(ctx, sam, "north", "consent/talk", "2026.1", "2026-11-21"))
	stands(sam, "met")
	d.do(d.Meet(ctx, alex, "north", "consent/talk", "2026.1", "2026-11-21")) // there, but the module is open
	stands(alex, "open")
	cells, err := d.Cells(ctx, r.ID, "2026-08-01", "north/")
	if d.do(err); len(cells) != 1 || cells[0].All != 2 || cells[0].Met != 1 {
		t.Errorf("cells: %+v", cells)
	}
	r.Workshop = "" // staff ask for it no more
	_, err = d.Change(ctx, r)
	d.do(err)
	d.do(d.Meet(ctx, alex, "north", "consent", "2026.1", "2026-11-22"))
	stands(alex, "met")
}

func TestBeginSeedsTheInstitutionsFile(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	in, err := d.site.People.Institution("north")
	d.do(err)
	in.Requires = []people.Duty{{Module: "consent", Due: "2027-01-29"}}
	begin := func(due string) {
		t.Helper()
		d.do(d.Begin(ctx))
		all, err := d.Requirements(ctx, "north")
		if err != nil || len(all) != 1 || all[0].ID != "north-consent" || all[0].Due != due || !all[0].Group.Everybody() {
			t.Errorf("requirements: %+v, %v", all, err)
		}
	}
	begin("2027-01-29")
	r, err := d.Requirement(ctx, "north-consent")
	d.do(err)
	r.Due = "2027-02-26"
	_, err = d.Change(ctx, r)
	d.do(err)
	begin("2027-02-26") // what staff changed stays
	in.Requires[0].Due = "2027-03-05"
	begin("2027-03-05") // until the file says something new
}
