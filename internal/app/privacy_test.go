package app

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/store"
)

// TestBothRoutesShowTheSame lets one learner take the whole module and another the other way, and compares everything that staff, certificates,
// mail and log could show of them: every stored document, every mail, every kind of log line, with names, addresses and ids taken out.
func TestBothRoutesShowTheSame(t *testing.T) {
	log, inbox := &output{}, mailtest.Serve(t)
	cfg, err := config.Load(func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data, cfg.SMTP, cfg.Log = t.TempDir(), inbox.Address, "debug"
	a, err := New(t.Context(), cfg, Options{Demo: true, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	settled(t, a)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = a.server.Serve(ln) }()
	s := &story{library: a.library.now(), base: "http://" + ln.Addr().String(), devices: map[string]*browser{}, kept: map[string]string{}, output: log}
	var shown []map[string][]string
	for i, route := range []string{"main", "another-way"} {
		before := everything(t, a, inbox, log)
		email := fmt.Sprintf("learner%d@aldermoor.example", i)
		complete(t, s, inbox, email, route)
		shown = append(shown, added(before, everything(t, a, inbox, log), email))
	}
	if len(shown[0]["journeys"]) != 1 || len(shown[0]["completions"]) != 1 || len(shown[0]["certificates"]) != 1 || len(shown[0]["mail"]) != 1 || len(shown[0]["log"]) == 0 {
		t.Fatalf("not everything was looked at: %v", shown[0])
	}
	if diff := cmp.Diff(shown[0], shown[1]); diff != "" {
		t.Errorf("the routes can be told apart (-main +another way)\n%s", diff)
	}
}

// settled waits until the demo's crowd is there and everybody's standing has followed.
func settled(t *testing.T, a *App) {
	t.Helper()
	<-a.crowded
	err := until("standings follow", func() bool {
		for _, in := range a.people.Institutions() {
			all, err := a.requirements.Requirements(t.Context(), in.ID)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range all {
				if r.Pending != requirement.PendingNothing || r.Swept == "" {
					return false
				}
			}
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
}

func complete(t *testing.T, s *story, inbox *mailtest.Inbox, email, route string) {
	t.Helper()
	b := s.on(email)
	run := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	run(b.open("/app/sign-in"))
	b.typed["email"] = []string{email}
	run(b.press("Send me a code"))
	b.typed["code"] = []string{regexp.MustCompile(`\d{6}`).FindString(inbox.Last(t).Text)}
	run(b.press("Sign in"))
	run(b.follow("Consent"))
	run(b.press(map[string]string{"main": "Start: The whole module", "another-way": "Start: Another way"}[route]))
	run(goOnCommand(s, []string{"rightly"}))
	b.typed["name"] = []string{"A Learner"}
	run(b.press("Make my certificate"))
	run(s.flushLog())
}

var (
	uuids    = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	codes    = regexp.MustCompile(`"code": ?"[0-9A-Z]+"`)
	instants = regexp.MustCompile(`\{"\$date":.*?\}+`)
	sixes    = regexp.MustCompile(`\d{6}`)
	logLine  = regexp.MustCompile(`method=(\S+) route=(\S+) status=(\d+)`)
)

// everything lists what is there now, by where it is.
func everything(t *testing.T, a *App, inbox *mailtest.Inbox, log *output) map[string][]string {
	t.Helper()
	found := map[string][]string{}
	names, err := store.MovableCollections(context.Background(), a.engine)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		docs, err := a.engine.Walk(context.Background(), &store.Schema{Name: name}, store.Plan{Limit: 1000})
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range docs {
			var fields any
			if err := json.Unmarshal([]byte(d.Raw.String()), &fields); err != nil {
				t.Fatal(err)
			}
			sorted, err := json.Marshal(fields) // maps have no order
			if err != nil {
				t.Fatal(err)
			}
			found[name] = append(found[name], string(sorted))
		}
	}
	for _, m := range inbox.All() {
		found["mail"] = append(found["mail"], m.To+"\n"+m.Subject+"\n"+m.Text)
	}
	for _, m := range logLine.FindAllStringSubmatch(log.String(), -1) {
		found["log"] = append(found["log"], strings.Join(m[1:], " "))
	}
	return found
}

// added lists what came between two looks, with whatever names a person taken out. Of log lines it keeps each kind once: how many pages a route has
// is no secret, and no line says whose it is.
func added(before, after map[string][]string, email string) map[string][]string {
	out := map[string][]string{}
	for where, list := range after {
		for _, one := range list {
			if where != "log" && slices.Contains(before[where], one) {
				continue
			}
			one = strings.ReplaceAll(one, email, "EMAIL")
			one = uuids.ReplaceAllString(one, "ID")
			one = codes.ReplaceAllString(one, `"code":"CODE"`)
			one = instants.ReplaceAllString(one, "TIME")
			if where == "mail" {
				one = sixes.ReplaceAllString(one, "CODE")
			}
			if where == "journeys" { // drawn by lot
				one = regexp.MustCompile(`"_rev":\{[^}]*\}`).ReplaceAllString(one, "REV")
			}
			out[where] = append(out[where], one)
		}
		if where == "log" {
			from := len(before[where])
			out[where] = append([]string(nil), list[from:]...)
		}
		slices.Sort(out[where])
		out[where] = slices.Compact(out[where])
	}
	return out
}
