package app

import (
	"fmt"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/reminder"
	"github.com/upstander/upstander/internal/requirement"
)

// TestRemindTheRest puts people on the roster, lets some complete what is asked, gives one more time and exempts one, and reminds the rest through a real
// mail server; then one more completes, and the next step leaves that one out.
func TestRemindTheRest(t *testing.T) {
	inbox := mailtest.Serve(t)
	a := newApp(t, Options{Demo: true})
	a.stop()
	a.jobs.Wait()
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const n = 12
	var rows []requirement.Row
	for i := range n {
		rows = append(rows, requirement.Row{ExternalID: fmt.Sprintf("s%02d", i), Email: fmt.Sprintf("s%02d@bryncoed.example", i), Name: fmt.Sprintf("Student %02d", i), Cohort: "2026", Department: "Law", Level: "4"})
	}
	_, err := a.requirements.Enrol(ctx, "bryncoed", rows, func(line int, key string) { t.Errorf("row %d: %s", line, key) })
	must(err)
	rule, err := a.requirements.Add(ctx, requirement.Requirement{Institution: "bryncoed", Modules: []string{"consent"}, Due: "2030-03-29"}) // a Friday
	must(err)
	settle := func() {
		t.Helper()
		for range 20 {
			must(a.requirements.Sweep(ctx))
		}
	}
	settle()
	person := func(i int) string {
		p, err := a.FindPerson(ctx, rows[i].Email)
		must(err)
		return p.ID
	}
	for i := range 4 {
		must(a.requirements.Meet(ctx, person(i), "bryncoed", "consent", "2026.1", "2026-11-20"))
	}
	must(a.requirements.Extend(ctx, person(4), rule.ID, "2030-05-31"))
	must(a.requirements.Excuse(ctx, person(5), rule.ID))
	must(a.people.SetLanguage(ctx, person(6), "cy"))
	settle()

	post, err := mail.NewSMTP(inbox.Address, "no-reply@upstander.example")
	must(err)
	now := time.Date(2030, 1, 2, 9, 0, 0, 0, time.UTC)
	s, err := reminder.New(ctx, reminder.Config{
		Engine: a.engine, Standings: standings{a}, People: a.people, Audit: a.audit, Catalogue: a.catalogue, PerMinute: 6000, Now: func() time.Time { return now },
		Log: slog.New(slog.DiscardHandler), Link: func(_, _, page string) string { return a.cfg.URL + page }, Home: a.cfg.URL + "/app", Host: "upstander.example",
		Connect: mail.Dialler(post),
	})
	must(err)
	staff, err := a.people.Grant(ctx, "staff@bryncoed.example", people.Staff)
	must(err)
	r, err := standings{a}.Requirement(ctx, rule.ID)
	must(err)
	if open, err := (standings{a}).Open(ctx, r); open != n-5 || err != nil {
		t.Errorf("%d have not met it, %v", open, err)
	}
	must(s.Set(ctx, staff, r, []int{-7, 7}, 9, 17))
	must(s.LetGo(ctx, staff, r))
	on := func(day string) (to []string) {
		t.Helper()
		d, err := time.Parse(time.DateOnly, day)
		must(err)
		now = d.Add(10 * time.Hour)
		before := len(inbox.All())
		_, err = s.PlanDue(ctx)
		must(err)
		_, err = s.Send(ctx, time.Minute)
		must(err)
		seen := map[string]bool{}
		for _, m := range inbox.All()[before:] {
			seen[m.To+" "+m.Header.Get("Content-Language")] = true
		}
		for _, row := range rows {
			for _, lang := range []string{"en", "cy"} {
				if seen[row.Email+" "+lang] {
					to = append(to, row.ExternalID+" "+lang)
				}
			}
		}
		return to
	}
	if got := on("2030-03-21"); got != nil {
		t.Errorf("a day early: %v", got)
	}
	if diff := cmp.Diff([]string{"s06 cy", "s07 en", "s08 en", "s09 en", "s10 en", "s11 en"}, on("2030-03-22")); diff != "" {
		t.Errorf("a week before (-want +got)\n%s", diff)
	}
	must(a.requirements.Meet(ctx, person(7), "bryncoed", "consent", "2026.1", "2026-11-20"))
	settle()
	if diff := cmp.Diff([]string{"s06 cy", "s08 en", "s09 en", "s10 en", "s11 en"}, on("2030-04-05")); diff != "" {
		t.Errorf("a week after (-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"s04 en"}, on("2030-05-24")); diff != "" {
		t.Errorf("a week before the later day (-want +got)\n%s", diff)
	}
	if code := statusOf(t, a, "/app/reminders/"+rule.ID); code != 303 {
		t.Errorf("the page without a sign-in: %d", code)
	}
}

func statusOf(t *testing.T, a *App, path string) int {
	t.Helper()
	r := httptest.NewRequest("GET", path, nil)
	r.Host = "localhost:8080"
	resp, err := a.server.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // only the status matters
	return resp.StatusCode
}
