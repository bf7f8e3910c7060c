package campaign

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/store/storetest"
)

// with adds lines to the entry of the first university.
func with(lines string) string {
	const before = "    campuses:\n      - {id: main, name: {en: Main campus}, security: {telephone: \"01632 960 001\"}}\n"
	return strings.Replace(peopletest.Institutions, before, lines, 1)
}

// TestComingUp: what is announced stands in the order in which it begins, until it is over.
func TestComingUp(t *testing.T) {
	now := storetest.Now()
	event := func(id string, begins time.Time) string {
		in := begins.In(london(t))
		return "      - {id: " + id + ", title: {en: " + id + "}, text: {en: Words}, place: {en: Hall}, day: " + in.Format(time.DateOnly) + ", start: \"00:00\", end: \"23:59\"}\n"
	}
	site, s := newSiteWith(t, with("    events:\n"+event("later", now.AddDate(0, 0, 9))+event("over", now.AddDate(0, 0, -1))+event("tomorrow", now.AddDate(0, 0, 1))+event("soon", now.AddDate(0, 0, 2))))
	in, err := site.People.Institution("north")
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, e := range s.upcoming(in) {
		ids = append(ids, e.ID)
	}
	if diff := cmp.Diff([]string{"tomorrow", "soon", "later"}, ids); diff != "" {
		t.Errorf("announced (-want +got)\n%s", diff)
	}
	front := see(t, site.Visitor(), "/north/", "tomorrow", "soon", "later")
	if strings.Contains(front, ">over<") {
		t.Error("the front page announces what is over")
	}
	if a := site.Visitor().Get("/north/events/none/calendar.ics"); a.Status != 404 {
		t.Errorf("an event that there is not: %d", a.Status)
	}
}

func london(t *testing.T) *time.Location {
	t.Helper()
	l, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestDirectoryByNation: each nation has the services of its own and none of another's, in the order of what they are for.
func TestDirectoryByNation(t *testing.T) {
	_, s := newSite(t)
	own := map[string][]string{
		"england":          {"police-online-ew", "rape-crisis-ew"},
		"wales":            {"police-online-ew", "rape-crisis-ew", "live-fear-free"},
		"scotland":         {"police-online-scotland", "rape-crisis-scotland"},
		"northern-ireland": {"police-online-ni", "rowan", "dsahelpline"},
	}
	for nation := range own {
		var ids, kinds []string
		for _, one := range s.For(nation) {
			ids, kinds = append(ids, one.ID), append(kinds, one.Kind)
		}
		for _, all := range own {
			for _, id := range all {
				if slices.Contains(ids, id) != slices.Contains(own[nation], id) {
					t.Errorf("%s: %s is listed: %t", nation, id, slices.Contains(ids, id))
				}
			}
		}
		if len(ids) == 0 || ids[0] != "emergency" || !slices.Contains(ids, "samaritans") {
			t.Errorf("%s: %v", nation, ids)
		}
		if !slices.IsSortedFunc(kinds, func(a, b string) int { return slices.Index(Kinds(), a) - slices.Index(Kinds(), b) }) {
			t.Errorf("%s: the order is %v", nation, kinds)
		}
	}
	if list := s.For("nowhere"); len(list) > 0 {
		t.Errorf("of no nation: %v", list)
	}
}

// TestCampusApp: beside the telephone of a campus stands the link that opens the university's own app, and what to do where it does not.
func TestCampusApp(t *testing.T) {
	site, _ := newSiteWith(t, with("    campuses:\n      - {id: main, name: {en: Main campus}, security: {telephone: \"01632 960 001\", app: {name: North Safe, link: \"northsafe://call/main\"}}}\n"))
	const tel, app = `href="tel:01632960001"`, `<a href="northsafe://call/main">Open North Safe</a>`
	see(t, site.Visitor(), "/north/", tel, app)
	see(t, site.Visitor(), "/north/support", tel, app, "If nothing opens, call the number.")
}
