package insights_test

import (
	"encoding/csv"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/insights"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/requirement"
)

// call puts people with names and ids of their own onto the roster, and lets every second one complete the module.
func (c *campus) call(named map[string]string) {
	c.T.Helper()
	var rows []requirement.Row
	for id, name := range named {
		rows = append(rows, requirement.Row{ExternalID: id, Email: strings.Map(plain, id) + "@north.example", Name: name, Cohort: "2026", Department: "Law", Level: "UG"})
	}
	slices.SortFunc(rows, func(a, b requirement.Row) int { return strings.Compare(a.ExternalID, b.ExternalID) })
	if _, err := c.requirements.Enrol(c.T.Context(), "north", rows, func(line int, key string) { c.T.Fatalf("row %d: %s", line, key) }); err != nil {
		c.T.Fatal(err)
	}
	for i, r := range rows {
		if i%2 == 0 {
			c.meet("north", strings.TrimSuffix(r.Email, "@north.example"), "consent", "2026-11-02")
		}
	}
}

func plain(r rune) rune {
	if strings.ContainsRune("-/", r) {
		return -1
	}
	return r
}

var listed = regexp.MustCompile(`<th scope="row"><a href="/app/staff/people/[^"]+">([^<]*)</a>`)

func onPage(body string) []string {
	names := []string{}
	for _, m := range listed.FindAllStringSubmatch(body, -1) {
		names = append(names, html.UnescapeString(m[1]))
	}
	return names
}

// inFile exports the list that the page of a query shows.
func inFile(t *testing.T, staff *peopletest.Visitor, q url.Values) []string {
	t.Helper()
	form := []string{"format", "csv"}
	for name := range q {
		form = append(form, name, q.Get(name))
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(staff.Post("/app/staff/export", form...).Body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v: %v", rows, err)
	}
	names := []string{}
	for _, r := range rows[1:] {
		names = append(names, r[1])
	}
	return names
}

// TestASearchMeansTheSameOnThePageAndInTheFile looks for people by what stands in names and ids, with every status.
func TestASearchMeansTheSameOnThePageAndInTheFile(t *testing.T) {
	c := newCampus(t)
	c.require("north", "consent")
	named := map[string]string{
		"ab-123": "Anna Smith-Jones", "ab-124": "Bea Smith", "7": "Cara O’Brien", "8": "Dan O'Brien", "9": "Évan Smith Jones", "c/d-1": "Fay Ab Li", "10": "Gil Öçal",
	}
	c.call(named)
	c.open()
	staff := c.SignIn("staff@north.example", people.Staff)
	for search, want := range map[string]string{
		"smith-jones": "ab-123 9", "Smith–Jones": "ab-123 9", "smith jones": "ab-123 9", "Jones, Smith": "ab-123 9", "Smith, Anna": "ab-123", "smith-j": "ab-123 9",
		"O'Brien": "7 8", "o’brien": "7 8", "O'Brien, Dan": "8", "brien": "7 8", "ab-123": "ab-123", "AB-12": "ab-123 ab-124", "ab": "ab-123 ab-124 c/d-1", "ab-12 bea": "ab-124",
		"c/d-1": "c/d-1", "d-1": "", "123": "", "evan": "9", "öcal": "10", "smith; anna": "ab-123", "anna\tsmith": "ab-123", "smith - anna": "ab-123", "'": "", " - ": "", ",": "",
		"nobody": "", "jones-anna-smith-x": "",
	} {
		for _, status := range append(insights.Statuses(), "") {
			q := url.Values{"q": {search}, "status": {status}}
			page, file := onPage(get(t, staff, "/app/staff/people?"+q.Encode(), 200)), inFile(t, staff, q)
			slices.Sort(page)
			slices.Sort(file)
			if diff := cmp.Diff(page, file); diff != "" {
				t.Errorf("%q, %q (-page +file)\n%s", search, status, diff)
			}
			if status != "" {
				continue
			}
			wanted := []string{}
			for _, id := range strings.Fields(want) {
				wanted = append(wanted, named[id])
			}
			slices.Sort(wanted)
			if diff := cmp.Diff(wanted, page); diff != "" {
				t.Errorf("%q (-wanted +found)\n%s", search, diff)
			}
		}
	}
}
