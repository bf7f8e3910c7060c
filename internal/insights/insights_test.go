package insights_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/xuri/excelize/v2"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/insights"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/storetest"
)

const today = "2026-11-20"

// campus is a site with two universities, their rosters and requirements.
type campus struct {
	*peopletest.Site
	requirements *requirement.Service
	audit        *audit.Log
	insights     *insights.Service
	now          time.Time
}

func newCampus(t testing.TB) *campus {
	t.Helper()
	c := &campus{Site: peopletest.New(t, nil), now: storetest.Now()}
	var err error
	n := 0
	c.requirements, err = requirement.New(t.Context(), requirement.Config{
		Engine: c.Engine, Institutions: c.People, Persons: c.People, Today: func() string { return today }, Now: storetest.Now, Log: slog.New(slog.DiscardHandler),
		Modules: func() []requirement.Module {
			return []requirement.Module{{ID: "consent", Title: locale.Text{"en": "Consent"}}, {ID: "bystander", Title: locale.Text{"en": "Bystander"}}}
		},
		NewID: func() string { n++; return fmt.Sprintf("req%d", n) },
	})
	if err != nil {
		t.Fatal(err)
	}
	c.audit = auditOn(t, c.Engine)
	c.insights = insights.New(insights.Config{Requirements: c.requirements, Audit: c.audit, Today: func() string { return today }, Now: func() time.Time { return c.now }})
	return c
}

func auditOn(t testing.TB, e store.Engine) *audit.Log {
	t.Helper()
	log, err := audit.New(t.Context(), audit.Config{Engine: e, Now: storetest.Now, NewID: uuid.NewString})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func (c *campus) open() {
	insights.Routes(c.Doors, c.insights)
}

// require asks everybody of an institution for a module.
func (c *campus) require(institution, module string) string {
	c.T.Helper()
	return c.requireBy(institution, module, "2027-01-29")
}

// late asks everybody for a module by a day that has passed.
func (c *campus) late(institution, module string) string {
	c.T.Helper()
	return c.requireBy(institution, module, "2026-11-01")
}

func (c *campus) requireBy(institution, module, due string) string {
	c.T.Helper()
	r, err := c.requirements.Add(c.T.Context(), requirement.Requirement{
		Institution: institution, Title: locale.Text{"en": "The " + module + " requirement of " + institution}, Modules: []string{module}, Due: due,
	})
	if err != nil {
		c.T.Fatal(err)
	}
	return r.ID
}

// enrol puts n people of a place on the roster and returns their external ids. Places are written cohort/department/level.
func (c *campus) enrol(institution, place string, n int) []string {
	c.T.Helper()
	part := strings.Split(place, "/")
	var rows []requirement.Row
	var ids []string
	for i := range n {
		id := strings.ToLower(fmt.Sprintf("%s-%s-%d", institution, strings.ReplaceAll(place, "/", "-"), i))
		ids = append(ids, id)
		rows = append(rows, requirement.Row{
			Line: i + 2, ExternalID: id, Email: id + "@" + institution + ".example", Name: fmt.Sprintf("Person%d of%s", i, strings.ReplaceAll(id, "-", "")),
			Cohort: part[0], Department: part[1], Level: part[2],
		})
	}
	_, err := c.requirements.Enrol(c.T.Context(), institution, rows, func(line int, key string) { c.T.Fatalf("row %d: %s", line, key) })
	if err != nil {
		c.T.Fatal(err)
	}
	return ids
}

// meet lets somebody complete a module, on a day.
func (c *campus) meet(institution, externalID, module, day string) {
	c.T.Helper()
	p, err := c.People.Grant(c.T.Context(), externalID+"@"+institution+".example", people.Student)
	if err == nil {
		err = c.requirements.Meet(c.T.Context(), p.ID, institution, module, "2026.1", day)
	}
	if err != nil {
		c.T.Fatal(err)
	}
}

// small is an institution with one department of three people.
func small(t testing.TB) (c *campus, required string) {
	c = newCampus(t)
	required = c.require("north", "consent")
	for place, n := range map[string]int{"2026/Arts/UG": 12, "2026/Law/UG": 14, "2026/Law/PG": 11, "2026/Music/UG": 3, "2025/Arts/UG": 10, "2025/Law/UG": 20} {
		for i, id := range c.enrol("north", place, n) {
			if i%3 == 0 {
				c.meet("north", id, "consent", "2026-11-02")
			}
		}
	}
	c.open()
	return c, required
}

func get(t *testing.T, v *peopletest.Visitor, path string, status int) string {
	t.Helper()
	a := v.Get(path)
	if a.Status != status {
		t.Fatalf("%s: %d\n%s", path, a.Status, a.Body)
	}
	return a.Body
}

var tags = regexp.MustCompile(`<[^>]*>`)

// words are what a page says, without its markup.
func words(body string) string {
	_, main, _ := strings.Cut(body, "<main")
	main, _, _ = strings.Cut(main, "</main>")
	return strings.Join(strings.Fields(tags.ReplaceAllString(main, " ")), " ")
}

func TestStaffSeeWhoHasMetIt(t *testing.T) {
	c, required := small(t)
	staff := c.SignIn("staff@north.example", people.Staff)
	page := words(get(t, staff, "/app/staff/insights", 200))
	for _, want := range []string{"People 70", "Met 25 35 % of those who have to", "Not yet 45", "Overdue 0", "2026 14 / 40 26 0 0", "2025 11 / 30 19 0 0", "Due 29 January 2027", "In the last 2 whole weeks 12.5 a week met it on average", "70 of 70 will have by 29 January 2027"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in %s", want, page)
		}
	}
	page = words(get(t, staff, "/app/staff/insights?place=north/2026/law/", 200))
	if !strings.Contains(page, "People 25") || !strings.Contains(page, "UG 5 / 14 9 0 0") || !strings.Contains(page, "PG 4 / 11 7 0 0") {
		t.Errorf("a department: %s", page)
	}
	page = words(get(t, staff, "/app/staff/people?place=north/2026/music", 200))
	if strings.Count(page, "Person") != 3 || !strings.Contains(page, "Person0 ofnorth2026musicug0 north-2026-music-ug-0 2026 Music UG Met 2 November 2026 29 January 2027") {
		t.Errorf("a list: %s", page)
	}
	if page := words(get(t, staff, "/app/staff/people?by=day&status=met", 200)); strings.Count(page, "2 November 2026") != 25 {
		t.Errorf("by day: %s", page)
	}
	if page := words(get(t, staff, "/app/staff/people?q=north-2025-law-ug-1", 200)); strings.Count(page, "Person") != 11 {
		t.Errorf("search by id: %s", page)
	}
	first := get(t, staff, "/app/staff/people?requirement="+required, 200)
	next := regexp.MustCompile(`rel="next" href="([^"]+)"`).FindStringSubmatch(first)
	if next == nil {
		t.Fatal("no next page")
	}
	second := get(t, staff, strings.ReplaceAll(next[1], "&amp;", "&"), 200)
	if strings.Count(words(first), "Person") != 50 || strings.Count(words(second), "Person") != 20 || !strings.Contains(second, `rel="prev"`) {
		t.Errorf("%d, then %d", strings.Count(words(first), "Person"), strings.Count(words(second), "Person"))
	}
	for _, bad := range []string{"/app/staff/people?by=age", "/app/staff/people?status=late", "/app/staff/people?q=" + strings.Repeat("x", 81)} {
		get(t, staff, bad, 422)
	}
	for _, gone := range []string{"/app/staff/insights?requirement=none", "/app/staff/insights?cycle=2025-08-01", "/app/staff/insights?place=north/a/b/c/d/", "/app/staff/people?place=north/2026/law/ug/x/y/", "/app/staff/people?requirement=none"} {
		get(t, staff, gone, 404)
	}
}

func TestNothingRequiredYet(t *testing.T) {
	c := newCampus(t)
	c.open()
	staff := c.SignIn("staff@north.example", people.Staff)
	if page := words(get(t, staff, "/app/staff/insights", 200)); !strings.Contains(page, "Nothing is required here yet") {
		t.Error(page)
	}
	get(t, staff, "/app/staff/people", 404)
	c.require("north", "consent")
	if page := words(get(t, staff, "/app/staff/insights", 200)); !strings.Contains(page, "Nobody here has to meet this requirement.") {
		t.Error(page)
	}
}

func TestWhoMayOpenWhat(t *testing.T) {
	c, _ := small(t)
	for _, v := range []struct {
		who                        *peopletest.Visitor
		dashboard, people, exports int
	}{
		{c.Visitor(), 303, 303, 303},
		{c.SignIn("student@north.example"), 403, 403, 403},
		{c.SignIn("responder@north.example", people.Responder), 403, 403, 403},
		{c.SignIn("facilitator@north.example", people.Facilitator), 200, 403, 403},
		{c.SignIn("staff@north.example", people.Staff), 200, 200, 200},
		{c.SignIn("admin@north.example", people.Admin), 200, 200, 200},
	} {
		get(t, v.who, "/app/staff/insights", v.dashboard)
		get(t, v.who, "/app/staff/people", v.people)
		if a := v.who.Post("/app/staff/export", "format", "csv"); a.Status != v.exports {
			t.Errorf("%s exports: %d", v.who.Person.Email, a.Status)
		}
	}
	// Without the doors the rules still hold.
	for _, sight := range []insights.Sight{insights.SightOf(people.Person{Institution: "north", Roles: []people.Role{people.Facilitator}}), insights.SightOf(people.Person{Institution: "north"})} {
		if _, err := c.insights.People(t.Context(), sight, insights.Look{}, insights.Wanted{}); !errors.Is(err, fault.Denied) {
			t.Errorf("people: %v", err)
		}
		if _, err := c.insights.Export(t.Context(), "x", sight, insights.Look{}, insights.Wanted{}, insights.CSV); !errors.Is(err, fault.Denied) {
			t.Errorf("export: %v", err)
		}
	}
	if _, err := c.insights.Dashboard(t.Context(), insights.SightOf(people.Person{Institution: "north"}), insights.Look{}); !errors.Is(err, fault.Denied) {
		t.Errorf("a student's dashboard: %v", err)
	}
}

func TestStaffOfOneUniversitySeeNothingOfTheOther(t *testing.T) {
	c := newCampus(t)
	north, south := c.require("north", "consent"), c.require("south", "consent")
	c.enrol("north", "2026/Arts/UG", 12)
	for _, id := range c.enrol("south", "2026/Geology/UG", 13) {
		c.meet("south", id, "consent", today)
	}
	c.open()
	staff := c.SignIn("staff@north.example", people.Staff)
	for path, status := range map[string]int{
		"/app/staff/insights": 200, "/app/staff/people": 200, "/app/staff/people?q=south": 200, "/app/staff/insights?requirement=" + north: 200,
		"/app/staff/insights?requirement=" + south: 404, "/app/staff/people?requirement=" + south: 404,
		"/app/staff/insights?place=south/": 403, "/app/staff/people?place=south/": 403, "/app/staff/insights?place=south/2026/": 403,
		"/app/staff/insights?place=north/../south/": 200, "/app/staff/people?place=north/../south/": 200,
	} {
		if page := get(t, staff, path, status); strings.Contains(page, "ofsouth") || strings.Contains(page, "Geology") || strings.Contains(page, "south-2026") {
			t.Errorf("%s shows the other university", path)
		}
	}
	for _, form := range [][]string{{"requirement", south}, {"place", "south/"}} {
		if a := staff.Post("/app/staff/export", append(form, "format", "csv")...); a.Status == 200 || strings.Contains(a.Body, "south-2026") {
			t.Errorf("export of %v: %d", form, a.Status)
		}
	}
	if a := staff.Post("/app/staff/export", "format", "csv"); strings.Contains(a.Body, "south") || strings.Count(a.Body, "\r\n") != 13 {
		t.Errorf("export: %s", a.Body)
	}
}

func TestScopeHoldsWhateverTheAddressSays(t *testing.T) {
	c, required := small(t)
	sight := insights.SightOf(people.Person{Institution: "north", Roles: []people.Role{people.Staff}, Scope: []string{"north/2026/law/", "north/2025/law", "north/2025/law/ug/", "south/"}})
	if diff := cmp.Diff([]string{"north/2025/law/", "north/2026/law/"}, sight.Places); diff != "" {
		t.Fatal(diff)
	}
	d, err := c.insights.Dashboard(t.Context(), sight, insights.Look{})
	if err != nil || d.Numbers.All != 45 || len(d.Rows) != 2 {
		t.Errorf("all of the scope: %+v, %v", d.Rows, err)
	}
	for _, place := range []string{"north/", "north", "north/2026/", "north/2026/la", "north/2026/arts/", "north/2026/law-and-more/", "south/", "/", "north/2026/LAW/", "n"} {
		look := insights.Look{Requirement: required, Place: place}
		if d, err := c.insights.Dashboard(t.Context(), sight, look); !errors.Is(err, fault.Denied) {
			t.Errorf("dashboard of %q: %+v, %v", place, d.Numbers, err)
		}
		if l, err := c.insights.People(t.Context(), sight, look, insights.Wanted{}); !errors.Is(err, fault.Denied) {
			t.Errorf("people of %q: %v, %v", place, l.People, err)
		}
		if _, err := c.insights.Export(t.Context(), "x", sight, look, insights.Wanted{}, insights.CSV); !errors.Is(err, fault.Denied) {
			t.Errorf("export of %q: %v", place, err)
		}
	}
	for _, w := range []insights.Wanted{{}, {By: requirement.ByDay}, {Search: "person"}, {Search: "north"}} {
		for _, place := range []string{"", "north/2026/law/", "north/2025/law/ug/"} {
			l, err := c.insights.People(t.Context(), sight, insights.Look{Place: place}, w)
			if err != nil || len(l.People) == 0 {
				t.Fatalf("%q %+v: %v", place, w, err)
			}
			for _, st := range l.People {
				if !strings.HasPrefix(st.Place, "north/2026/law/") && !strings.HasPrefix(st.Place, "north/2025/law/") {
					t.Errorf("%q %+v lists somebody of %s", place, w, st.Place)
				}
			}
		}
	}
	if rows := exported(t, c, sight, insights.Look{}, insights.Wanted{}); len(rows) != 46 {
		t.Errorf("%d rows of the scope", len(rows))
	}
	// A scope that names no place of the institution opens nothing, rather than everything.
	if s := insights.SightOf(people.Person{Institution: "north", Roles: []people.Role{people.Staff}, Scope: []string{"south/"}}); len(s.Places) != 0 {
		t.Errorf("%v", s.Places)
	}
	if s := insights.SightOf(people.Person{Institution: "north", Roles: []people.Role{people.Admin, people.Staff}, Scope: []string{"north/2026/"}}); !slices.Equal(s.Places, []string{"north/"}) {
		t.Errorf("an administrator's: %v", s.Places)
	}
}

// TestACursorDoesNotLeaveTheScope turns over a page with the cursor of a wider list.
func TestACursorDoesNotLeaveTheScope(t *testing.T) {
	c, _ := small(t)
	wide, err := c.insights.People(t.Context(), insights.Whole("north"), insights.Look{}, insights.Wanted{})
	if err != nil || wide.Next == "" {
		t.Fatal(err)
	}
	sight := insights.SightOf(people.Person{Institution: "north", Roles: []people.Role{people.Staff}, Scope: []string{"north/2026/law/ug/"}})
	for _, w := range []insights.Wanted{{After: wide.Next}, {Before: wide.Next}} {
		l, err := c.insights.People(t.Context(), sight, insights.Look{}, w)
		if err != nil && !errors.Is(err, fault.Invalid) {
			t.Fatal(err)
		}
		for _, st := range l.People {
			if st.Place != "north/2026/law/ug/" {
				t.Errorf("%+v lists somebody of %s", w, st.Place)
			}
		}
	}
}

func exported(t *testing.T, c *campus, sight insights.Sight, look insights.Look, w insights.Wanted) [][]string {
	t.Helper()
	e, err := c.insights.Export(t.Context(), uuid.NewString(), sight, look, w, insights.CSV)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := e.Write(t.Context(), &b, english(t)); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(b.String(), "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func english(t testing.TB) insights.Say {
	t.Helper()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	return words.In("en").T
}

func TestExportHoldsTheListAndNothingElse(t *testing.T) {
	c, _ := small(t)
	staff := c.SignIn("staff@north.example", people.Staff)
	a := staff.Post("/app/staff/export", "format", "csv", "place", "north/2026/music/", "status", "open")
	if a.Status != 200 || !strings.HasPrefix(a.Body, "\ufeff") || !strings.Contains(a.Header.Get("Content-Disposition"), ".csv") || a.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", a.Status, a.Header)
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.Body, "\ufeff"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"Their id", "Name", "Cohort", "Department", "Level", "Standing", "Met on", "Due"},
		{"north-2026-music-ug-1", "Person1 ofnorth2026musicug1", "2026", "Music", "UG", "Not yet", "", "2027-01-29"},
		{"north-2026-music-ug-2", "Person2 ofnorth2026musicug2", "2026", "Music", "UG", "Not yet", "", "2027-01-29"},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
	x := staff.Post("/app/staff/export", "format", "xlsx", "place", "north/2026/music/", "status", "open")
	book, err := excelize.OpenReader(strings.NewReader(x.Body))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	if rows, err := book.GetRows("Sheet1"); err != nil || len(rows) != 3 || rows[2][0] != "north-2026-music-ug-2" {
		t.Errorf("%q, %v", rows, err)
	}
	if a := staff.Post("/app/staff/export", "format", "pdf"); a.Status != 422 {
		t.Errorf("an unknown format: %d", a.Status)
	}
}

func TestEveryExportIsInTheAuditLogFirst(t *testing.T) {
	c, required := small(t)
	staff := c.SignIn("staff@north.example", people.Staff)
	staff.Post("/app/staff/export", "format", "csv", "place", "north/2026/", "status", "met", "q", "Person1")
	staff.Post("/app/staff/export", "format", "pdf") // none was made
	entries, err := c.audit.Entries(t.Context(), audit.Filter{Institution: "north"}, "", "")
	if err != nil || len(entries.Items) != 1 {
		t.Fatalf("%+v, %v", entries.Items, err)
	}
	e := entries.Items[0]
	if e.Verb != audit.ListExport || e.Actor != staff.Person.ID || e.Subject != required || e.Detail != "csv once north/2026/ met search" {
		t.Errorf("%+v", e)
	}
	// A log that cannot be written lets nothing out.
	broken, err := storetest.Fresh(t).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	log := auditOn(t, broken)
	broken.Close()
	s := insights.New(insights.Config{Requirements: c.requirements, Audit: log, Today: func() string { return today }, Now: storetest.Now})
	if e, err := s.Export(t.Context(), "x", insights.Whole("north"), insights.Look{}, insights.Wanted{}, insights.CSV); err == nil || e.Write != nil {
		t.Errorf("%+v, %v", e, err)
	}
}

// TestAFacilitatorSeesNoNamesAndNoSmallGroup walks every page that a facilitator can reach, by link and by typing addresses.
func TestAFacilitatorSeesNoNamesAndNoSmallGroup(t *testing.T) {
	c, _ := small(t)
	facilitator := c.SignIn("facilitator@north.example", people.Facilitator)
	seen := crawl(t, facilitator, "/app/staff/insights")
	if len(seen) < 5 {
		t.Fatalf("only %d pages", len(seen))
	}
	for path, body := range seen {
		if regexp.MustCompile(`Person\d|@north|of(north|south)`).MatchString(body) {
			t.Errorf("%s shows a name", path)
		}
		if strings.Contains(path, "music") || strings.Contains(path, "arts%2F") && strings.Contains(path, "2026") {
			t.Errorf("%s is linked to", path)
		}
	}
	front := words(seen["/app/staff/insights"])
	if !strings.Contains(front, "2026 15 / 40 25 0 0") {
		t.Error(front)
	}
	cohort := words(get(t, facilitator, "/app/staff/insights?place=north/2026/", 200))
	if !strings.Contains(cohort, "Music not shown") || !strings.Contains(cohort, "Arts not shown") || !strings.Contains(cohort, "Law 10 / 25 15 0 0") || !strings.Contains(cohort, "Groups under 10 are not shown") {
		t.Errorf("a cohort: %s", cohort)
	}
	for _, place := range []string{"north/2026/music/", "north/2026/music/ug/", "north/2026/arts/", "north/2026/arts/ug/"} {
		page := words(get(t, facilitator, "/app/staff/insights?place="+place, 200))
		_, about, _ := strings.Cut(page, "Show ")
		if !strings.Contains(about, "Groups under 10 are not shown") || strings.Contains(about, "Met") || strings.Contains(about, "People") || strings.Contains(about, "January") {
			t.Errorf("%s: %s", place, about)
		}
	}
}

// crawl follows every link to the dashboard and the lists.
func crawl(t *testing.T, v *peopletest.Visitor, from string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	links := regexp.MustCompile(`href="(/app/staff/(?:insights|people)(?:\?[^"#]*)?)"`)
	for todo := []string{from}; len(todo) > 0; {
		path := todo[0]
		todo = todo[1:]
		if _, again := seen[path]; again {
			continue
		}
		seen[path] = get(t, v, path, 200)
		for _, m := range links.FindAllStringSubmatch(seen[path], -1) {
			todo = append(todo, strings.ReplaceAll(m[1], "&amp;", "&"))
		}
	}
	return seen
}

// TestFiguresForGroupsAreSteady has a second requirement, for a few, and looks at when and how it comes into the figures.
func TestFiguresForGroupsAreSteady(t *testing.T) {
	c := newCampus(t)
	first := c.require("north", "consent")
	var ids []string
	for place, n := range map[string]int{"2026/Arts/UG": 30, "2026/Arts/PG": 6, "2026/Law/UG": 40, "2026/Music/UG": 40} {
		ids = append(ids, c.enrol("north", place, n)...)
	}
	group := insights.SightOf(people.Person{Institution: "north", Roles: []people.Role{people.Facilitator}})
	look := func(id, place string) insights.Dashboard {
		t.Helper()
		d, err := c.insights.Dashboard(t.Context(), group, insights.Look{Requirement: id, Place: place})
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	cohort := look(first, "north/2026/")
	if len(cohort.Rows) != 3 || cohort.Numbers.All != 115 || cohort.Numbers.Met != 0 {
		t.Fatalf("%+v", cohort)
	}
	if d := look(first, "north/2026/arts/"); d.Numbers.All != 35 || len(d.Rows) != 2 || !d.Rows[0].Hidden || !d.Rows[1].Hidden || d.Rows[1].Numbers != (insights.Numbers{}) {
		t.Errorf("%+v", d)
	}
	for _, id := range ids[:9] {
		c.meet("north", id, "consent", today)
	}
	second, err := c.requirements.Add(t.Context(), requirement.Requirement{
		Institution: "north", Title: locale.Text{"en": "For postgraduates"}, Modules: []string{"bystander"}, Due: "2027-01-29", Group: requirement.Group{Levels: []string{"pg"}},
	})
	if err == nil {
		err = c.requirements.Sweep(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	if d := look(first, "north/2026/"); d.Numbers.Met != 0 {
		t.Errorf("a number went up while it was watched: %+v", d)
	}
	c.now = c.now.Add(2 * time.Minute)
	if d := look(first, "north/2026/"); d.Numbers.Met != 10 || len(d.Rows) != 3 || d.Rows[0].Hidden {
		t.Errorf("a requirement for a few hides one for all: %+v", d)
	}
	if d := look(second.ID, ""); !d.Hidden || d.Numbers != (insights.Numbers{}) || len(d.Rows) != 0 || len(d.Trend.Weeks) != 0 {
		t.Errorf("six people in all: %+v", d)
	}
}

// TestStaffPagesShowNothingButTheStanding walks every page and file of staff and looks for what staff can never see.
func TestStaffPagesShowNothingButTheStanding(t *testing.T) {
	c, required := small(t)
	staff := c.SignIn("staff@north.example", people.Staff)
	shown := map[string]string{}
	for path, body := range crawl(t, staff, "/app/staff/insights") {
		shown[path] = words(body)
	}
	shown["csv"] = staff.Post("/app/staff/export", "format", "csv", "requirement", required).Body
	for sheet, cells := range sheets(t, staff.Post("/app/staff/export", "format", "xlsx", "requirement", required).Body) {
		shown["xlsx "+sheet] = cells
	}
	if !strings.Contains(shown["xlsx Sheet1"], "north-2026-law-ug-0") {
		t.Errorf("the sheet was not read: %.200q", shown["xlsx Sheet1"])
	}
	if len(shown) < 15 {
		t.Fatalf("only %d pages", len(shown))
	}
	forbidden := regexp.MustCompile(`(?i)\b\d{1,2}:\d{2}\b|minute|second[s ]|score|route|way you|another way|answer|began|started|attempt|item|section|@north\.example|[0-9a-f]{8}-[0-9a-f]{4}|2026\.1`)
	for path, text := range shown {
		if found := forbidden.FindString(text); found != "" {
			t.Errorf("%s shows %q", path, found)
		}
	}
}

// sheets returns the text of every sheet of a workbook, by name: of every cell, and of the notes and properties that could stand beside them.
func sheets(t *testing.T, body string) map[string]string {
	t.Helper()
	book, err := excelize.OpenReader(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	all := map[string]string{}
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			all[sheet] += strings.Join(row, " ") + "\n"
		}
		notes, err := book.GetComments(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for _, note := range notes {
			all[sheet] += note.Text + "\n"
		}
	}
	about, err := book.GetDocProps()
	if err != nil {
		t.Fatal(err)
	}
	all["properties"] = strings.Join([]string{about.Title, about.Subject, about.Description, about.Keywords, about.Category}, " ")
	return all
}

func TestRolesDecideWhichTabsShow(t *testing.T) {
	c, _ := small(t)
	for who, want := range map[*peopletest.Visitor]string{
		c.SignIn("facilitator@north.example", people.Facilitator): "Dashboard",
		c.SignIn("staff@north.example", people.Staff):             "Dashboard People",
	} {
		_, nav, _ := strings.Cut(get(t, who, "/app/staff/insights", http.StatusOK), `<ul class="tabs">`)
		nav, _, _ = strings.Cut(nav, "</ul>")
		if got := strings.Join(strings.Fields(tags.ReplaceAllString(nav, " ")), " "); got != want {
			t.Errorf("%s: %q", who.Person.Email, got)
		}
	}
}

func TestFiltersStandInTheAddress(t *testing.T) {
	c, required := small(t)
	staff := c.SignIn("staff@north.example", people.Staff)
	q := url.Values{"requirement": {required}, "cycle": {"once"}, "place": {"north/2026/law/"}, "status": {"open"}, "by": {"name"}, "q": {"person2"}}
	page := get(t, staff, "/app/staff/people?"+q.Encode(), 200)
	for _, want := range []string{`value="` + required + `" selected`, `value="open" selected`, `value="name" selected`, `value="person2"`, `name="place" value="north/2026/law/"`} {
		if !strings.Contains(page, want) {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(page, "<script>alert") || strings.Contains(get(t, staff, "/app/staff/people?q="+url.QueryEscape(`"><script>alert(1)</script>`), 200), "<script>alert") {
		t.Error("what was typed is not escaped")
	}
}
