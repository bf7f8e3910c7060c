package app

import (
	"context"
	"encoding/json"
	"net"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/store"
)

// eitherWay is somebody on the roster who completes both modules, by one route or by the other.
const eitherWay = "wren.learner@aldermoor.example"

// TestBothRoutesShowTheSame lets somebody complete both modules in one world by the whole module and in another world, which is the same for the rest,
// another way. It compares everything that anybody else could see of it: every stored document, every mail, every kind of log line, and
// what staff see, their files included, with ids, codes and instants taken out.
func TestBothRoutesShowTheSame(t *testing.T) {
	main, other := leftBehind(t, "main"), leftBehind(t, "another-way")
	for module, shown := range main {
		t.Run(module, func(t *testing.T) {
			for _, where := range []string{"journeys", "completions", "standings", "cells", "certificates", "mail", "log", "staff"} {
				if len(shown[where]) == 0 {
					t.Fatalf("%s were not looked at", where)
				}
			}
			if diff := cmp.Diff(shown, other[module]); diff != "" {
				t.Errorf("the routes can be told apart (-main +another way)\n%s", diff)
			}
		})
	}
	if len(main) != 2 {
		t.Errorf("%d modules were looked at", len(main))
	}
}

// leftBehind starts a world, puts the learner on the roster and lets them complete every module by a route. It returns what each completion left behind.
func leftBehind(t *testing.T, route string) map[string]map[string][]string {
	t.Helper()
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
	row := requirement.Row{ExternalID: "W1", Email: eitherWay, Name: "Wren Learner", Family: "Learner", Cohort: "2030", Department: "Computing", Level: "4"}
	if _, err := a.requirements.Enrol(t.Context(), "aldermoor", []requirement.Row{row}, func(_ int, key string) { t.Errorf("not enrolled: %s", key) }); err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = a.server.Serve(ln) }()
	s := &story{library: a.library.now(), base: "http://" + ln.Addr().String(), devices: map[string]*browser{}, kept: map[string]string{}, output: log}
	s.on("staff")
	run(t, enterCommand(s, []string{"Staff"}))
	shown := map[string]map[string][]string{}
	for _, m := range s.library.Modules() {
		waitForStaff(t, s, m.ID, "Not yet")
		before := everything(t, a, inbox, log)
		signIn(t, s.on(m.ID), inbox, eitherWay)
		complete(t, s, m, route)
		waitForStaff(t, s, m.ID, "Met")
		staff := seenByStaff(t, s, m.ID)
		shown[m.ID] = added(before, everything(t, a, inbox, log))
		shown[m.ID]["staff"] = staff
	}
	return shown
}

func run(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
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

func signIn(t *testing.T, b *browser, inbox *mailtest.Inbox, email string) {
	t.Helper()
	run(t, b.open("/app/sign-in"))
	b.typed["email"] = []string{email}
	run(t, b.press("Send me a code"))
	b.typed["code"] = []string{sixes.FindString(inbox.Last(t).Text)}
	run(t, b.press("Sign in"))
}

func complete(t *testing.T, s *story, m *content.Module, route string) {
	t.Helper()
	b := s.browser
	run(t, b.open("/app/training/"+m.Slug))
	run(t, b.press(map[string]string{"main": "Start: The whole module", "another-way": "Start: Another way"}[route]))
	run(t, goOnCommand(s, []string{"rightly"}))
	b.typed["name"] = []string{"A Learner"}
	run(t, b.press("Make my certificate"))
	run(t, s.flushLog())
}

// listed is the address of the list on which staff find the learner.
func listed(module string) string {
	return "/app/staff/people?requirement=aldermoor-" + module + "&place=aldermoor/2030/"
}

// waitForStaff waits until the list of staff says a status of the learner, and the background has written down what follows from it.
func waitForStaff(t *testing.T, s *story, module, status string) {
	t.Helper()
	b := s.on("staff")
	run(t, until(status, func() bool { return b.open(listed(module)) == nil && b.sees("Computing 4 "+status) }))
	counted := map[string]string{"Not yet": "Met 0 ", "Met": "Met 1 "}[status]
	run(t, until(counted, func() bool {
		return b.open(strings.Replace(listed(module), "people", "insights", 1)) == nil && b.sees(counted)
	}))
}

// seenByStaff returns the pages and the files on which staff find the learner, ids taken out.
func seenByStaff(t *testing.T, s *story, module string) []string {
	t.Helper()
	b := s.on("staff")
	var all []string
	keep := func(err error) {
		t.Helper()
		if err != nil || b.status != 200 || !strings.Contains(b.body, "Wren Learner") {
			t.Fatalf("%s: %d, %v\n%s", b.url, b.status, err, b.body)
		}
		all = append(all, uuids.ReplaceAllString(b.body, "ID"))
	}
	keep(b.open(listed(module)))
	keep(b.press("Download as CSV"))
	run(t, b.open(listed(module)))
	keep(b.follow("Wren Learner"))
	return all
}

var (
	uuids    = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)
	codes    = regexp.MustCompile(`"code": ?"[0-9A-Z]+"`)
	instants = regexp.MustCompile(`\{"\$date":.*?\}+`)
	counts   = regexp.MustCompile(`"(_rev|turn)":\{[^}]*\}`)
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
		for _, d := range documents(t, a, name) {
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

// documents pages through a collection to its end.
func documents(t *testing.T, a *App, name string) (all []store.Document) {
	t.Helper()
	plan := store.Plan{Limit: 500}
	for {
		docs, err := a.engine.Walk(context.Background(), &store.Schema{Name: name}, plan)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, docs...); len(docs) < plan.Limit {
			return all
		}
		plan.Cursor = []any{docs[len(docs)-1].ID}
	}
}

// added lists what came between two looks, with ids, codes and instants taken out. Of log lines it keeps each kind once: how many pages a route has
// is no secret, and no line says whose it is.
func added(before, after map[string][]string) map[string][]string {
	out := map[string][]string{}
	for where, list := range after {
		for _, one := range list {
			if where != "log" && slices.Contains(before[where], one) {
				continue
			}
			one = uuids.ReplaceAllString(one, "ID")
			one = codes.ReplaceAllString(one, `"code":"CODE"`)
			one = instants.ReplaceAllString(one, "TIME")
			if where == "mail" {
				one = sixes.ReplaceAllString(one, "CODE")
			}
			if where == "journeys" || where == "cells" { // drawn by lot; how often the background counted
				one = counts.ReplaceAllString(one, "N")
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
