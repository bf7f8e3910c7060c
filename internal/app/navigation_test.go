package app

import (
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/people"
)

// TestEveryRoleFindsItsPages follows every link from the home page of every role: whatever is offered opens, and what a role is for is two taps away.
func TestEveryRoleFindsItsPages(t *testing.T) {
	a := newApp(t, Options{Demo: true})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = a.server.Serve(ln) }()
	<-a.crowded
	office := []string{"/app/staff/insights", "/app/staff/people", "/app/staff/requirements", "/app/staff/roster", "/app/reminders", "/app/pledges"}
	admin := []string{"/app/records", "/app/roles", "/app/audit"}
	limited := []string{"/app/staff/insights", "/app/staff/people", "/app/staff/requirements", "/app/pledges"}
	for name, test := range map[string]struct {
		role  people.Role
		scope string
		wants []string
	}{
		"student":                   {role: people.Student},
		"responder":                 {role: people.Responder},
		"facilitator":               {role: people.Facilitator, wants: office[:1]},
		"staff":                     {role: people.Staff, wants: office},
		"staff of some places only": {role: people.Staff, scope: "2026", wants: limited},
		"admin":                     {role: people.Admin, wants: slices.Concat(office, admin)},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := a.people.Grant(t.Context(), strings.ReplaceAll(name, " ", "-")+"@aldermoor.example", test.role)
			if err != nil {
				t.Fatal(err)
			}
			if test.scope != "" {
				if _, err := a.people.ChangeRoles(t.Context(), p, p.ID, []people.Role{test.role}, test.scope); err != nil {
					t.Fatal(err)
				}
			}
			taps := a.walk(t, "http://"+ln.Addr().String(), p)
			for _, page := range slices.Concat(office, admin) {
				n, offered := taps[page]
				switch wanted := slices.Contains(test.wants, page); {
				case wanted && (!offered || n > 2):
					t.Errorf("%s is not within two taps (%d)", page, n)
				case !wanted && offered:
					t.Errorf("%s is offered", page)
				}
			}
		})
	}
}

// walk goes from the home page to whatever is linked from there, of each route three pages at most, and returns how many taps each took.
func (a *App) walk(t *testing.T, base string, p people.Person) map[string]int {
	t.Helper()
	b := a.browserOf(t, base, p)
	taps, queue := map[string]int{"/app": 0}, []string{"/app"}
	asked, ofRoute := map[string]bool{}, map[string]int{}
	for ; len(queue) > 0; queue = queue[1:] {
		if err := b.open(queue[0]); err != nil {
			t.Fatal(err)
		}
		if b.status != http.StatusOK {
			t.Errorf("%s, which a page offers, answers %d", queue[0], b.status)
		}
		from, _, _ := strings.Cut(queue[0], "?")
		for _, link := range all(b.page, element("a")) {
			to, err := b.url.Parse(attr(link, "href"))
			if err != nil {
				t.Fatal(err)
			}
			if to.Host != b.url.Host || to.Path != "/app" && !strings.HasPrefix(to.Path, "/app/") {
				continue
			}
			if _, known := taps[to.Path]; !known {
				taps[to.Path] = taps[from] + 1
			}
			if route := a.routeOf(to.Path); !asked[to.RequestURI()] && ofRoute[route] < 3 {
				asked[to.RequestURI()] = true
				ofRoute[route]++
				queue = append(queue, to.RequestURI())
			}
		}
	}
	return taps
}

// browserOf returns a browser in which somebody has signed in.
func (a *App) browserOf(t *testing.T, base string, p people.Person) *browser {
	t.Helper()
	token, err := a.people.SignIn(t.Context(), p.ID, people.ByPasskey)
	if err != nil {
		t.Fatal(err)
	}
	b := newBrowser(base)
	at, err := url.Parse(base + "/app")
	if err != nil {
		t.Fatal(err)
	}
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "upstander", Value: token, Path: "/app"}})
	return b
}

// routeOf returns the route of a page below /app; one without parameters goes before one with them.
func (a *App) routeOf(page string) string {
	found := ""
	for _, r := range a.server.Routes() {
		pattern := regexp.MustCompile(`:\w+`).ReplaceAllString(r.Path, "*")
		if fits, err := path.Match(pattern, page); r.Method == http.MethodGet && err == nil && fits && (found == "" || !strings.Contains(pattern, "*")) {
			found = r.Path
		}
	}
	return found
}
