package insights_test

import (
	"encoding/csv"
	"fmt"
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

// TestNamesakesArePaged finds 400 people of one name, fifty at a time, there and back, in both orders; and says so when there are more than it looks at.
func TestNamesakesArePaged(t *testing.T) {
	c := newCampus(t)
	c.require("north", "consent")
	namesakes := func(from, to int) {
		named := map[string]string{}
		for i := from; i < to; i++ {
			named[fmt.Sprintf("n%03d", i)] = fmt.Sprintf("Sam%03d Evans-Hughes", i)
		}
		c.call(named)
	}
	namesakes(0, 20) // of whom every second one has met it
	c.open()
	staff := c.SignIn("staff@north.example", people.Staff)
	rows := make([]requirement.Row, 380)
	for i := range rows {
		id := fmt.Sprintf("n%03d", i+20)
		rows[i] = requirement.Row{ExternalID: id, Email: id + "@north.example", Name: fmt.Sprintf("Sam%03d Evans-Hughes", i+20), Cohort: "2025", Department: "Law", Level: "UG"}
	}
	enrol := func(rows []requirement.Row) {
		t.Helper()
		if _, err := c.requirements.Enrol(t.Context(), "north", rows, func(line int, key string) { t.Fatalf("row %d: %s", line, key) }); err != nil {
			t.Fatal(err)
		}
	}
	enrol(rows)
	for order, n := range map[string]int{"q=evans-hughes": 400, "q=evans-hughes&by=day": 10, "q=evans-hughes&status=open": 390, "q=evans-hughes&place=north/2026/": 20} {
		there, last := turned(t, staff, "/app/staff/people?"+order, "next")
		if len(there) != n || len(slices.Compact(slices.Sorted(slices.Values(there)))) != n || order != "q=evans-hughes&by=day" && !slices.IsSorted(there) {
			t.Errorf("%s: %d people on the way there: %v", order, len(there), there)
		}
		back, _ := turned(t, staff, last, "prev")
		slices.Sort(back)
		slices.Sort(there)
		if diff := cmp.Diff(there, back); diff != "" {
			t.Errorf("%s there and back\n%s", order, diff)
		}
	}
	const more = "More than 500 people match"
	if strings.Contains(get(t, staff, "/app/staff/people?q=evans-hughes", 200), more) {
		t.Error("400 are too many")
	}
	rows = rows[:0]
	for i := range 101 {
		id := fmt.Sprintf("m%03d", i)
		rows = append(rows, requirement.Row{ExternalID: id, Email: id + "@north.example", Name: "Kim Evans", Cohort: "2025", Department: "Law", Level: "UG"})
	}
	enrol(rows)
	if page := get(t, staff, "/app/staff/people?q=evans", 200); !strings.Contains(page, more) {
		t.Error("501 are cut without a word")
	}
	if page := get(t, staff, "/app/staff/people?q=kim+evans", 200); strings.Contains(page, more) || len(onPage(page)) != 50 {
		t.Error("a search that one rare word leads is cut")
	}
	if file := inFile(t, staff, url.Values{"q": {"evans"}}); len(file) != 501 {
		t.Errorf("the file holds %d", len(file))
	}
}

// turned follows the links from page to page and returns whom they list, and the address of the last.
func turned(t *testing.T, v *peopletest.Visitor, path, rel string) (names []string, last string) {
	t.Helper()
	link := regexp.MustCompile(`rel="` + rel + `" href="([^"]+)"`)
	for {
		body := get(t, v, path, 200)
		names = append(names, onPage(body)...)
		m := link.FindStringSubmatch(body)
		if m == nil {
			return names, path
		}
		path = html.UnescapeString(m[1])
	}
}
