package app

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/upstander/upstander/internal/people"
)

// officePages is what the roles that do more than learn have to themselves, and what they can take away from it.
var officePages = regexp.MustCompile(`^/app/(staff|pledges|reminders|records|roles|audit|workshops/(plan|held|[a-z0-9]{16})\b)`)

// TestOfficeShowsNothingPrivate lets somebody do something of everything, and walks whatever a facilitator, staff and an admin can open, page and file: none
// of it says which way was taken, what was pledged, what a certificate is checked by or what was said in a workshop, and a facilitator sees no name.
func TestOfficeShowsNothingPrivate(t *testing.T) {
	h := newHeld(t)
	settled(t, h.App)
	room := openRoom(t, h.App, newBrowser(h.base))
	if _, err := h.workshops.End(t.Context(), room); err != nil {
		t.Fatal(err)
	}
	held, err := h.certificates.Held(t.Context(), h.person.ID)
	if err != nil || len(held) != 1 {
		t.Fatalf("%d certificates, %v", len(held), err)
	}
	private := []string{held[0].Code, held[0].Grouped(), ">WU<", "another-way", "Another way"}
	who := map[people.Role]string{people.Facilitator: "leader@aldermoor.example", people.Staff: "clerk@aldermoor.example", people.Admin: "head@aldermoor.example"}
	clerk, err := h.people.Grant(t.Context(), who[people.Staff], people.Staff)
	if err != nil {
		t.Fatal(err)
	}
	upload, err := h.requirements.Upload(t.Context(), clerk, "roster.csv", false, []byte("id,email,name\nw-1,none,Nobody\n"))
	if err == nil {
		err = h.requirements.Work(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	named := []string{unmistakable, h.person.Email, "w-4711", h.person.ID}
	for _, role := range []people.Role{people.Facilitator, people.Staff, people.Admin} {
		t.Run(string(role), func(t *testing.T) {
			p, err := h.people.Grant(t.Context(), who[role], role)
			if err != nil {
				t.Fatal(err)
			}
			shown := h.office(t, p, "/app/workshops/"+room, "/app/staff/roster/"+upload.ID, "/app/staff/roster/"+upload.ID+"/problems.csv")
			for where := range shown {
				path, _, _ := strings.Cut(where, "?")
				seen[h.routeOf(path)] = true
			}
			for where, what := range shown {
				for _, word := range private {
					if strings.Contains(what, word) {
						t.Errorf("%s shows %q", where, word)
					}
				}
				for _, word := range named {
					if role == people.Facilitator && strings.Contains(what, word) {
						t.Errorf("%s names somebody: %q", where, word)
					}
				}
			}
			h.wasThere(t, role, shown)
		})
	}
	for _, r := range h.server.Routes() {
		if r.Method == http.MethodGet && slices.Contains([]string{"facilitator", "aggregates", "staff", "office", "admin"}, r.Door) && !seen[r.Path] {
			t.Errorf("nobody has looked at %s", r.Path)
		}
	}
}

// wasThere makes sure that the pages which could say something have been looked at.
func (h *held) wasThere(t *testing.T, role people.Role, shown map[string]string) {
	t.Helper()
	wants := map[people.Role]map[string]string{
		people.Facilitator: {"/app/staff/insights": "", "/app/workshops/plan": ""},
		people.Staff: {
			"/app/staff/people/" + h.person.ID: unmistakable, "/app/workshops/plan/": "", "/names": h.person.Email, "/app/workshops/held/": "", "/app/pledges": "",
			"/app/reminders/": "", "csv": "w-4711", "xlsx": "w-4711",
		},
		people.Admin: {"/app/records/" + h.person.ID: h.person.Email, "file": h.person.Email, "/app/audit": h.person.Email, "audit.csv": h.person.ID, "/app/roles/": "", "xlsx": "w-4711"},
	}
	for page, word := range wants[role] {
		found := false
		for where, what := range shown {
			found = found || strings.Contains(where, page) && strings.Contains(what, word)
		}
		if !found {
			t.Errorf("nothing was seen of %s with %q", page, word)
		}
	}
}

// office opens what a role has to itself and some pages besides, follows their links, and takes their files.
func (h *held) office(t *testing.T, p people.Person, besides ...string) map[string]string {
	t.Helper()
	b := h.browserOf(t, h.base, p)
	shown, ofRoute := map[string]string{}, map[string]int{}
	queue := []string{
		"/app", "/app/workshops", "/app/staff/people/" + h.person.ID, "/app/staff/people?q=w-4711", "/app/workshops/held", "/app/records/" + h.person.ID, "/app/records/" + h.person.ID + "/erase",
		"/app/roles/" + h.person.ID, "/app/audit?subject=" + h.person.ID,
	}
	queue = append(queue, besides...)
	for ; len(queue) > 0; queue = queue[1:] {
		if err := b.open(queue[0]); err != nil {
			t.Fatal(err)
		}
		if b.status == http.StatusForbidden || b.status == http.StatusNotFound && slices.Contains(besides, queue[0]) { // a room is its facilitator's and staff's
			continue
		}
		if b.status != http.StatusOK {
			t.Errorf("%s answers %d", queue[0], b.status)
		}
		if officePages.MatchString(queue[0]) {
			shown[queue[0]] = b.body
		}
		for _, link := range all(b.page, element("a")) {
			to, err := b.url.Parse(attr(link, "href"))
			if err != nil {
				t.Fatal(err)
			}
			address, route := to.RequestURI(), h.routeOf(to.Path)
			if _, known := ofRoute[address]; !known && to.Host == b.url.Host && officePages.MatchString(to.Path) && ofRoute[route] < 6 {
				ofRoute[address] = 1
				ofRoute[route]++
				queue = append(queue, address)
			}
		}
	}
	for name, form := range map[string]map[string][]string{
		"csv /app/staff/export": {"format": {"csv"}}, "xlsx /app/staff/export": {"format": {"xlsx"}},
		"audit.csv /app/audit": {}, "file /app/records/" + h.person.ID + "/file": {},
	} {
		kind, path, _ := strings.Cut(name, " ")
		if err := b.post(path, form); err != nil {
			t.Fatal(err)
		}
		if b.status == http.StatusOK {
			shown[kind] = b.body
		}
		if kind == "xlsx" && b.status == http.StatusOK {
			shown[kind] = cells(t, b.body)
		}
	}
	return shown
}

// cells returns what stands in every sheet of a workbook.
func cells(t *testing.T, workbook string) string {
	t.Helper()
	book, err := excelize.OpenReader(strings.NewReader(workbook))
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	var out strings.Builder
	for _, sheet := range book.GetSheetList() {
		rows, err := book.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			out.WriteString(strings.Join(row, " ") + "\n")
		}
	}
	return out.String()
}
