package insights_test

import (
	"fmt"
	"html"
	"net/url"
	"regexp"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/insights"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/requirement"
)

// TestWhoIsOverdueIsListed has people overdue since several days, not yet, exempt and met, and lists those who are: as many as the dashboard counts and
// links to, the longest first, on pages and in the file, for every kind of place.
func TestWhoIsOverdueIsListed(t *testing.T) {
	c := newCampus(t)
	required := c.late("north", "consent")
	ctx, who := t.Context(), map[string]string{}
	for place, n := range map[string]int{"2026/Arts/UG": 40, "2026/Law/UG": 33, "2026/Law/PG": 11, "2025/Law/UG": 20} {
		for i, id := range c.enrol("north", place, n) {
			p, err := c.People.Grant(ctx, id+"@north.example", people.Student)
			if err != nil {
				t.Fatal(err)
			}
			due := "2026-11-01"
			switch i % 7 {
			case 0:
				c.meet("north", id, "consent", "2026-11-02")
				continue
			case 1:
				err = c.requirements.Excuse(ctx, p.ID, required)
				due = ""
			case 2:
				err = c.requirements.Extend(ctx, p.ID, required, today)
				due = ""
			case 3:
				due = fmt.Sprintf("2026-11-%02d", 2+i%17)
				err = c.requirements.Extend(ctx, p.ID, required, due)
			}
			if err != nil {
				t.Fatal(err)
			}
			if due != "" {
				who[p.ID] = due
			}
		}
	}
	c.open()
	staff := c.SignIn("staff@north.example", people.Staff)
	number := regexp.MustCompile(`<dd><a href="([^"]+)">(\d+)<span`)
	for _, place := range []string{"north/", "north/2026/", "north/2026/law/", "north/2026/law/pg/", "north/2025/law/"} {
		link := number.FindStringSubmatch(get(t, staff, "/app/staff/insights?place="+place, 200))
		if link == nil {
			t.Fatalf("%s: no number leads to who is overdue", place)
		}
		names, _ := turned(t, staff, html.UnescapeString(link[1]), "next")
		if fmt.Sprint(len(names)) != link[2] || len(names) == 0 {
			t.Errorf("%s: %d are listed and %s counted", place, len(names), link[2])
		}
		file := inFile(t, staff, url.Values{"place": {place}, "status": {requirement.Overdue}})
		if diff := cmp.Diff(names, file); diff != "" {
			t.Errorf("%s (-pages +file)\n%s", place, diff)
		}
		var dues []string
		for w := (insights.Wanted{Status: requirement.Overdue}); ; {
			l, err := c.insights.People(ctx, insights.Whole("north"), insights.Look{Place: place}, w)
			if err != nil {
				t.Fatal(err)
			}
			for _, st := range l.People {
				if dues = append(dues, st.Due); who[st.Person] != st.Due {
					t.Errorf("%s lists somebody who is due on %s, by %q", place, st.Due, who[st.Person])
				}
			}
			if w.After = l.Next; w.After == "" {
				break
			}
		}
		if !slices.IsSorted(dues) || place == "north/" && len(dues) != len(who) {
			t.Errorf("%s: %d of %d, %v", place, len(dues), len(who), dues)
		}
	}
	if found := onPage(get(t, staff, "/app/staff/people?status=overdue&q=person4", 200)); len(found) == 0 || !slices.Equal(found, inFile(t, staff, url.Values{"status": {"overdue"}, "q": {"person4"}})) {
		t.Errorf("a search among them: %v", found)
	}
	if facilitator := c.SignIn("facilitator@north.example", people.Facilitator); number.MatchString(get(t, facilitator, "/app/staff/insights", 200)) {
		t.Error("a facilitator's number leads to names")
	}
}
