package app

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/pledge"
	"github.com/upstander/upstander/internal/records"
	"github.com/upstander/upstander/internal/reminder"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/workshop"
)

// ageing is a program whose only clock for retention is turned forward.
type ageing struct {
	*App
	t *testing.T
}

func newAgeing(t *testing.T) ageing {
	t.Helper()
	a := newApp(t, Options{Demo: true})
	a.stop()
	a.jobs.Wait()
	return ageing{a, t}
}

func (a ageing) do(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// sweep removes what has been kept long enough on a day to come.
func (a ageing) sweep(now time.Time) map[records.Kind]int {
	a.t.Helper()
	s, err := records.New(a.t.Context(), records.Config{
		Engine: a.engine, People: a.people, Audit: a.audit, Parts: []records.Part{{Name: "requirements", Rights: asked{a.App}}}, Leavers: leavers{a.App}, Forget: a.forgetters(),
		Now: func() time.Time { return now }, Log: a.log,
	})
	a.do(err)
	removed, err := s.Sweep(a.t.Context())
	a.do(err)
	return removed
}

// holds says whether a collection still holds a document with a word.
func (a ageing) holds(where, word string) bool {
	a.t.Helper()
	for _, doc := range everything(a.t, a.App, &mailtest.Inbox{}, &output{})[where] {
		if strings.Contains(doc, word) {
			return true
		}
	}
	return false
}

func (a ageing) person(name string) people.Person {
	a.t.Helper()
	p, err := a.people.Grant(a.t.Context(), name+"@aldermoor.example", people.Student)
	a.do(err)
	return p
}

// TestRetention makes one thing of each kind today, and for each period, the shortest first, sweeps two days before it ends and two days, or the rest of a
// month, after.
func TestRetention(t *testing.T) {
	a := newAgeing(t)
	made := a.oneOfEach()
	ends := map[time.Time][]records.Kind{}
	for _, k := range records.Retention() {
		if k.Kind != records.SignIns { // Redis lets them run out
			end := clock().Truncate(24*time.Hour).AddDate(k.For.Years, k.For.Months, k.For.Days)
			ends[end] = append(ends[end], k.Kind)
		}
	}
	for _, end := range slices.SortedFunc(maps.Keys(ends), time.Time.Compare) {
		a.sweep(end.AddDate(0, 0, -2))
		for _, k := range ends[end] {
			if thing, ok := made[k]; !ok || !a.holds(thing.where, thing.word) {
				t.Errorf("%s: gone before its time, or never made", k)
			}
		}
		after := end.AddDate(0, 0, 2)
		if slices.Contains(ends[end], records.Journeys) { // they know months only
			after = after.AddDate(0, 1, 0)
		}
		removed := a.sweep(after)
		for _, k := range ends[end] {
			if removed[k] == 0 || a.holds(made[k].where, made[k].word) {
				t.Errorf("%s: %d removed", k, removed[k])
			}
		}
	}
	if n, err := a.Sweep(t.Context()); len(n) > 0 || err != nil {
		t.Errorf("a sweep today removes %v, %v", n, err)
	}
}

// thing is a document of a kind: the collection, and a word in it.
type thing struct{ where, word string }

// oneOfEach makes one thing of each kind.
func (a ageing) oneOfEach() map[records.Kind]thing {
	a.t.Helper()
	ctx, today := a.t.Context(), a.people.Today()
	m := a.library.now().Modules()[0]
	_, err := a.pledges.Sign(ctx, "aldermoor", "en", "", pledge.Draft{Kind: pledge.Team, Action: a.pledges.Actions()[0], Email: "pledges@aldermoor.example", Group: "Kept a week"})
	a.do(err)
	learner := a.person("learner")
	err = a.training.Start(ctx, learner.ID, m, "main")
	a.do(err)
	a.do(a.audit.Record(ctx, audit.Entry{Institution: "aldermoor", Actor: learner.ID, Verb: audit.ListExport, Detail: "kept long enough"}))
	holder := a.person("holder")
	a.do(a.requirements.Meet(ctx, holder.ID, holder.Institution, m.ID, "2026.1", today))
	_, err = a.certificates.Issue(ctx, holder, m.ID, "Kept six years")
	a.do(err)
	reminders, err := store.Open[reminder.Reminder](ctx, a.engine, store.Schema{Name: "reminders", Indexes: []store.Index{
		store.On("state", "next_at"), store.On("requirement", "cycle", "state"), store.On("requirement", "cycle", "returned"), store.On("person"), store.On("day"),
	}})
	a.do(err)
	a.do(reminders.Insert(ctx, reminder.Reminder{ID: "kept-a-year", Person: learner.ID, Day: today, State: reminder.Sent}))
	leader, err := a.people.Grant(ctx, "leader@aldermoor.example", people.Facilitator)
	a.do(err)
	tpl := a.workshops.Templates()[0]
	_, err = a.workshops.Schedule(ctx, leader, tpl.Module.ID, tpl.ID, workshop.Plan{Day: a.people.Today(), Time: "23:59", Place: "Kept a month", Places: 1})
	a.do(err)
	room, _, err := a.workshops.Start(ctx, leader, tpl.Module.ID, tpl.ID)
	a.do(err)
	_, err = a.workshops.End(ctx, room.ID)
	a.do(err)
	a.enrol(requirement.Row{ExternalID: "stays", Email: "stays@aldermoor.example", Name: "Kept On", Cohort: "2026", Department: "Law", Level: "4"},
		requirement.Row{ExternalID: "left", Email: "left@aldermoor.example", Name: "Kept A Year", Cohort: "2026", Department: "Law", Level: "4", Left: a.people.Today()})
	once, err := a.requirements.Add(ctx, requirement.Requirement{Institution: "aldermoor", Modules: []string{m.ID}})
	a.do(err)
	a.do(a.requirements.Sweep(ctx))
	a.do(a.requirements.End(ctx, once.ID))
	return map[records.Kind]thing{
		records.Pledges: {"pledges", "Kept a week"}, records.Journeys: {"journeys", learner.ID}, records.Log: {"audit", "kept long enough"},
		records.Certificates: {"certificates", "Kept six years"}, records.Reminders: {"reminders", "kept-a-year"}, records.Bookings: {"workshop_sessions", "Kept a month"},
		records.Workshops: {"rooms", room.ID}, records.LeftPeople: {"members", "Kept A Year"}, records.Standings: {"standings", once.ID},
	}
}

func (a ageing) enrol(rows ...requirement.Row) {
	a.t.Helper()
	_, err := a.requirements.Enrol(a.t.Context(), "aldermoor", rows, func(line int, key string) { a.t.Errorf("row %d: %s", line, key) })
	a.do(err)
}

// TestLeaversBehindThoseWhoStay: staff who left the roster and keep their roles do not keep everybody behind them.
func TestLeaversBehindThoseWhoStay(t *testing.T) {
	a := newAgeing(t)
	long := clock().AddDate(-2, 0, 0)
	var rows []requirement.Row
	for i := range 101 {
		name := fmt.Sprintf("keeps-a-role-%d", i)
		_, err := a.people.Grant(t.Context(), name+"@aldermoor.example", people.Facilitator)
		a.do(err)
		rows = append(rows, requirement.Row{ExternalID: name, Email: name + "@aldermoor.example", Name: "Kim Example", Cohort: "2020", Department: "Law", Level: "4", Left: long.Format(time.DateOnly)})
	}
	behind := requirement.Row{ExternalID: "behind", Email: "behind@aldermoor.example", Name: "Sam Behind", Cohort: "2020", Department: "Law", Level: "4", Left: long.AddDate(0, 0, 1).Format(time.DateOnly)}
	a.enrol(append(rows, behind)...)
	if n := a.sweep(clock())[records.LeftPeople]; n != 1 || a.holds("members", "Sam Behind") {
		t.Errorf("%d of one who has no role is forgotten", n)
	}
	if !a.holds("members", "keeps-a-role-100") {
		t.Error("somebody with a role is forgotten")
	}
}

// TestEveryKindOfDataIsForgotten: no line of the table is a promise that nobody keeps.
func TestEveryKindOfDataIsForgotten(t *testing.T) {
	a := newAgeing(t)
	whole := records.Config{Engine: a.engine, People: a.people, Audit: a.audit, Leavers: leavers{a.App}, Forget: a.forgetters(), Now: clock, Log: a.log}
	if _, err := records.New(t.Context(), whole); err != nil {
		t.Error(err)
	}
	for kind := range whole.Forget {
		lacks := whole
		lacks.Forget = maps.Clone(whole.Forget)
		delete(lacks.Forget, kind)
		if _, err := records.New(t.Context(), lacks); err == nil {
			t.Errorf("nobody forgets %s, and nobody says so", kind)
		}
	}
	whole.Leavers = nil
	if _, err := records.New(t.Context(), whole); err == nil {
		t.Error("nobody knows who left")
	}
}
