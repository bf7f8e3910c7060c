package app

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
)

// newApp boots the program inside the test, on a fresh data folder.
func newApp(t testing.TB, opts Options) *App {
	t.Helper()
	cfg, err := config.Load(func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data = t.TempDir()
	a, err := New(t.Context(), cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// TestRoutes compares who may do what with the map in testdata/routes.golden. UPSTANDER_UPDATE=1 writes it anew; read the difference before you
// commit it.
func TestRoutes(t *testing.T) {
	a := newApp(t, Options{Demo: true})
	var b strings.Builder
	for _, r := range a.server.Routes() {
		fmt.Fprintf(&b, "%-5s %-48s %s\n", r.Method, r.Path, r.Door)
	}
	if os.Getenv("UPSTANDER_UPDATE") != "" {
		if err := os.WriteFile("testdata/routes.golden", []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/routes.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("routes (-golden +now)\n%s", diff)
	}
}

// TestOutsideTheDemo: a deployment has the routes of the map but for the demo's own, and does not start without a mail server or a secret.
func TestOutsideTheDemo(t *testing.T) {
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "institutions.yaml"), demoInstitutions, 0o600); err != nil {
		t.Fatal(err)
	}
	start := func(without string) (*App, error) {
		t.Helper()
		cfg, err := config.Load(func(string) (string, bool) { return "", false })
		if err != nil {
			t.Fatal(err)
		}
		cfg.Data, cfg.Secret, cfg.SMTP = data, strings.Repeat("s", 32), mailtest.Serve(t).Address
		switch without {
		case "UPSTANDER_SMTP":
			cfg.SMTP = ""
		case "UPSTANDER_SECRET":
			cfg.Secret = ""
		}
		return New(t.Context(), cfg, Options{})
	}
	for _, needed := range []string{"UPSTANDER_SMTP", "UPSTANDER_SECRET"} {
		if _, err := start(needed); err == nil || !strings.Contains(err.Error(), needed+" is not set") {
			t.Errorf("without %s: %v", needed, err)
		}
	}
	a, err := start("")
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	served := map[string]bool{}
	for _, r := range a.server.Routes() {
		served[r.Method+" "+r.Path] = true
	}
	golden, err := os.ReadFile("testdata/routes.golden")
	if err != nil {
		t.Fatal(err)
	}
	var absent []string
	for line := range strings.Lines(string(golden)) {
		f := strings.Fields(line)
		if route := f[0] + " " + f[1]; !served[route] {
			absent = append(absent, route)
		}
		delete(served, f[0]+" "+f[1])
	}
	if diff := cmp.Diff([]string{"GET /styleguide", "POST /app/sign-in/as"}, absent); diff != "" || len(served) > 0 {
		t.Errorf("absent outside the demo (-want +got)\n%s\nand not in the map: %v", diff, served)
	}
	resp, err := a.server.Test(httptest.NewRequest(http.MethodGet, "/styleguide", nil))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusNotFound {
		t.Errorf("the style guide: %d", resp.StatusCode)
	}
}

// TestTheDemoSaysSo: every page that can be opened by its address alone says that this is a demo, and what to do in an emergency. A projector's page does
// not say so, for everybody in the room knows.
func TestTheDemoSaysSo(t *testing.T) {
	a := newApp(t, Options{Demo: true})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = a.server.Serve(ln) }()
	admin, err := a.people.Grant(t.Context(), "admin@aldermoor.example", people.Admin)
	if err != nil {
		t.Fatal(err)
	}
	signed, stranger, seen := a.browserOf(t, "http://"+ln.Addr().String(), admin), newBrowser("http://"+ln.Addr().String()), 0
	for _, r := range a.server.Routes() {
		path := strings.Replace(r.Path, "{institution}", "/aldermoor", 1)
		if r.Method != http.MethodGet || strings.ContainsAny(path, ":*") {
			continue
		}
		for _, b := range []*browser{signed, stranger} {
			if err := b.open(path); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(b.body, "<html") {
				continue
			}
			seen++
			for _, words := range []string{`<aside class="demo"`, "In an emergency call 999.", "call 101", `<a class="support" href="`, "/support\""} {
				if !strings.Contains(b.body, words) {
					t.Errorf("%s (%d) lacks %s", path, b.status, words)
				}
			}
		}
	}
	if seen < 60 {
		t.Errorf("only %d pages were seen", seen)
	}
	if err := stranger.open("/nowhere/at/all"); err != nil || stranger.status != http.StatusNotFound || !strings.Contains(stranger.body, `<a href="/aldermoor/support">`) {
		t.Errorf("an address that there is not (%d) does not lead to support: %v", stranger.status, err)
	}
}

// TestDemoAnnouncesWhatIsAhead: whenever somebody looks at the demo, what its universities announce is ahead, on the weekdays of the file.
func TestDemoAnnouncesWhatIsAhead(t *testing.T) {
	languages := []string{"en", "cy"}
	written, err := people.ReadInstitutions(demoInstitutions, languages)
	if err != nil {
		t.Fatal(err)
	}
	for _, day := range []string{"2026-01-01", "2026-11-29", "2027-01-20", "2028-02-29", "2031-07-04"} {
		now, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		list, err := people.ReadInstitutions(announced(demoInstitutions, now), languages)
		if err != nil {
			t.Fatal(err)
		}
		first := now.AddDate(1, 0, 0)
		for i, in := range list {
			for j, e := range in.Events {
				begins, _ := e.Times()
				was, _ := written[i].Events[j].Times()
				if begins.Weekday() != was.Weekday() || begins.Before(now) || begins.After(now.AddDate(0, 0, 90)) {
					t.Errorf("on %s: %s is on %s", day, e.ID, e.Day)
				}
				if begins.Before(first) {
					first = begins
				}
			}
			if diff := cmp.Diff(written[i].Requires, in.Requires); diff != "" {
				t.Errorf("what is required has moved\n%s", diff)
			}
		}
		if first.Before(now.AddDate(0, 0, 14)) || first.After(now.AddDate(0, 0, 22)) {
			t.Errorf("on %s the first is on %s", day, first.Format(time.DateOnly))
		}
	}
}
