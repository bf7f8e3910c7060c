package requirement

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/storetest"
)

// town stands for people: one institution and whoever has an address there.
type town struct{ ids map[string]string }

func (w *town) Institution(id string) (*people.Institution, error) {
	if id != "north" {
		return nil, fault.NotFound
	}
	return &w.Institutions()[0], nil
}

func (w *town) Institutions() []people.Institution {
	return []people.Institution{{ID: "north", EmailDomains: []string{"north.example"}}}
}

func (w *town) Person(_ context.Context, id string) (people.Person, error) {
	return people.Person{ID: id, Institution: "north"}, nil
}

func (w *town) Known(_ context.Context, _, email string) (string, error) {
	if id, ok := w.ids[email]; ok {
		return id, nil
	}
	return "", fault.NotFound
}

func (w *town) Enrol(_ context.Context, list []people.Person) (ids []string, known []bool, err error) {
	for _, p := range list {
		id, ok := w.ids[p.Email]
		if !ok {
			id = uuid.NewString()
			w.ids[p.Email] = id
		}
		ids, known = append(ids, id), append(known, ok)
	}
	return ids, known, nil
}

func (w *town) Readdress(_ context.Context, person, email string) error {
	for had, id := range w.ids {
		if id == person {
			delete(w.ids, had)
		}
	}
	w.ids[email] = person
	return nil
}

// world is a service that random things happen to.
type world struct {
	*Service
	today   time.Time
	ctx     context.Context
	rosters map[string]string // the last row of each student number
}

// showed is a workshop.
const showed = "consent/talk"

func newWorld(ctx context.Context, t testing.TB, e store.Engine) *world {
	w := &world{today: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC), ctx: ctx, rosters: map[string]string{}}
	n := 0
	var err error
	w.Service, err = New(ctx, Config{
		Engine: e, Institutions: &town{}, Persons: &town{ids: map[string]string{}}, Today: func() string { return w.today.Format(time.DateOnly) },
		Modules: func() []Module {
			return []Module{{ID: "consent", Title: locale.Text{"en": "Consent"}}, {ID: "bystander", Title: locale.Text{"en": "Bystander"}}}
		},
		Workshops: func() []Module { return []Module{{ID: showed, Title: locale.Text{"en": "Talk"}}} },
		Now:       func() time.Time { return w.today }, NewID: func() string { n++; return fmt.Sprint("r", n) }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) persons(t *rapid.T) []string {
	var all []string
	page, err := w.store.membersOf(w.ctx, "north", "")
	check(t, err)
	for _, m := range page.Items {
		all = append(all, m.ID)
	}
	slices.SortFunc(all, func(a, b string) int { return strings.Compare(w.name(t, a), w.name(t, b)) }) // by what does not change from run to run
	return all
}

func (w *world) name(t *rapid.T, person string) string {
	m, err := w.Member(w.ctx, person)
	check(t, err)
	return m.ExternalID
}

func check(t *rapid.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// roster imports some rows, sometimes as a complete file.
func (w *world) roster(t *rapid.T) {
	var b strings.Builder
	b.WriteString("id,email,name,cohort,department,level,entry,left\n")
	for _, n := range rapid.SliceOfNDistinct(rapid.IntRange(1, 9), 1, 6, rapid.ID[int]).Draw(t, "rows") {
		pick := func(what string, from ...string) string { return rapid.SampledFrom(from).Draw(t, what) }
		fmt.Fprintf(&b, "n%d,n%d@north.example,Name %s,%s,%s,%s,2026-09-21,%s\n", n, n, pick("name", "A", "B"), pick("cohort", "2025", "2026"),
			pick("department", "Law", "Arts"), pick("level", "4", "5", ""), pick("left", "", "", "", "yes", "2027-03-01"))
	}
	src := Source{Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(b.String())), nil }}
	how := Import{Complete: rapid.IntRange(0, 3).Draw(t, "complete") == 0}
	report, err := w.Import(w.ctx, "north", src, how)
	check(t, err)
	if len(report.Faults) > 0 {
		t.Fatalf("%+v", report)
	}
	again, err := w.Import(w.ctx, "north", src, how)
	check(t, err)
	if o := again.Outcome; o.Same != o.Rows {
		t.Fatalf("the same file changes something: %+v", o)
	}
}

func (w *world) requirement(t *rapid.T) {
	r := Requirement{
		Institution: "north", Due: rapid.SampledFrom([]string{"", "2026-12-01", "2027-06-30"}).Draw(t, "due"),
		Modules:  rapid.SampledFrom([][]string{{"consent"}, {"bystander"}, {"consent", "bystander"}}).Draw(t, "modules"),
		Workshop: rapid.SampledFrom([]string{"", showed}).Draw(t, "workshop"),
		Renewal:  rapid.SampledFrom([]Renewal{{Every: Never}, {Every: AcademicYear}, {Every: Months, Months: 6}}).Draw(t, "renewal"),
		Group: rapid.SampledFrom([]Group{
			{}, {Places: []string{"north/2026/"}}, {Departments: []string{"law"}}, {Levels: []string{"4"}, Departments: []string{"arts", "law"}}, {EnteredFrom: "2026-09-22"},
		}).Draw(t, "group"),
	}
	if r.Renewal.Every == Months {
		r.Start = "2026-06-01"
	}
	if r.Due != "" && r.Due < r.Start {
		r.Due = ""
	}
	had, err := w.Requirements(w.ctx, "north")
	check(t, err)
	if len(had) < 3 {
		_, err = w.Add(w.ctx, r)
	} else {
		r.ID = rapid.SampledFrom(had).Draw(t, "changed").ID
		_, err = w.Change(w.ctx, r)
	}
	check(t, err)
}

func (w *world) complete(t *rapid.T) {
	w.fact(t, rapid.SampledFrom([]string{"consent", "bystander"}).Draw(t, "module"))
}

func (w *world) attend(t *rapid.T) { w.fact(t, showed) }

// fact records that somebody completed or attended something today.
func (w *world) fact(t *rapid.T, what string) {
	if all := w.persons(t); len(all) > 0 {
		check(t, w.Meet(w.ctx, rapid.SampledFrom(all).Draw(t, "person"), "north", what, "2026.1", w.cfg.Today()))
	}
}

func (w *world) decide(t *rapid.T) {
	all, err := w.Requirements(w.ctx, "north")
	check(t, err)
	persons := w.persons(t)
	if len(all) == 0 || len(persons) == 0 {
		return
	}
	person, r := rapid.SampledFrom(persons).Draw(t, "person"), rapid.SampledFrom(all).Draw(t, "requirement").ID
	switch rapid.IntRange(0, 3).Draw(t, "decision") {
	case 0:
		err = w.Extend(w.ctx, person, r, rapid.SampledFrom([]string{"", "2027-09-01"}).Draw(t, "due"))
	case 1:
		err = w.Excuse(w.ctx, person, r)
	case 2:
		err = w.MeetByHand(w.ctx, person, r, w.cfg.Today())
	case 3:
		err = w.Restore(w.ctx, person, r)
	}
	if !errors.Is(err, fault.NotFound) { // the requirement asks nothing of them
		check(t, err)
	}
}

func (w *world) erase(t *rapid.T) {
	if all := w.persons(t); len(all) > 0 && rapid.IntRange(0, 4).Draw(t, "really") == 0 {
		check(t, w.ErasePerson(w.ctx, rapid.SampledFrom(all).Draw(t, "person")))
	}
}

// compare works all standings and cells of the cycles of today out anew and compares them with what is kept.
func (w *world) compare(t *rapid.T) {
	check(t, w.Sweep(w.ctx))
	all, err := w.Requirements(w.ctx, "north")
	check(t, err)
	page, err := w.store.membersOf(w.ctx, "north", "")
	check(t, err)
	for _, r := range all {
		cycle := r.CycleOn(w.cfg.Today()).ID
		want, wantCells, got, gotCells := map[string]Standing{}, map[string]Cell{}, map[string]Standing{}, map[string]Cell{}
		for _, m := range page.Items {
			f, err := w.facts(w.ctx, m.ID)
			check(t, err)
			st, asked := f.derive(r)
			if !asked {
				continue
			}
			if met := w.meets(t, r, st); met != (st.Status == Met) {
				t.Fatalf("%+v, of which the facts say %v", st, met)
			}
			want[st.ID] = st
			c, ok := wantCells[st.Place]
			if !ok {
				c = newCell(r, cycle, st.Place, 0)
			}
			c.add(count{status: st.Status, day: st.Day, due: st.Due, n: 1})
			c.Turn = 0
			wantCells[st.Place] = c
		}
		for st, err := range w.EachStanding(w.ctx, Query{Requirement: r.ID}) {
			check(t, err)
			got[st.ID] = st
		}
		cells, err := w.Cells(w.ctx, r.ID, cycle, "north/")
		check(t, err)
		for _, c := range cells {
			c.Turn = 0
			gotCells[c.Place] = c
		}
		if diff := cmp.Diff(want, got) + cmp.Diff(wantCells, gotCells); diff != "" {
			t.Fatalf("requirement %s (-anew +kept)\n%s", r.ID, diff)
		}
		w.pages(t, r, slices.Collect(maps.Values(want)))
	}
}

// meets says by another way than the service whether somebody has met a requirement: everything that it names was done in the cycle, or staff say so.
func (w *world) meets(t *rapid.T, r Requirement, st Standing) bool {
	ex, err := w.store.exception(w.ctx, st.ID)
	check(t, err)
	done, err := w.store.completions(w.ctx, st.Person)
	check(t, err)
	for _, what := range append([]string{r.Workshop}, r.Modules...) {
		if what != "" && !slices.ContainsFunc(done, func(c Completion) bool { return c.Module == what && c.Day >= r.CycleOn(w.cfg.Today()).From }) {
			return ex.Status == Met
		}
	}
	return true
}

// pages reads lists two by two, there and back, and finds everybody once and in order.
func (w *world) pages(t *rapid.T, r Requirement, all []Standing) {
	for _, q := range []Query{
		{},
		{Place: "north/2026/"},
		{Status: Open},
		{By: ByDay},
		{By: ByDay, Place: "north/2025/"},
		{Place: "north/2026/law/4/", Status: Met},
		{Status: Overdue},
		{Status: Overdue, Place: "north/2026/"},
		{Status: Overdue, Place: "north/2026/law/"},
		{Status: Overdue, Place: "north/2026/law/4/"},
	} {
		q.Requirement, q.Limit = r.ID, 2
		full, err := w.Service.complete(w.ctx, q)
		check(t, err)
		var want, there, back []string
		for _, st := range all {
			if full.wants(st) {
				want = append(want, full.spot(st).String())
			}
		}
		var last Page
		for {
			page, err := w.People(w.ctx, q)
			check(t, err)
			for _, st := range page.Items {
				there = append(there, full.spot(st).String())
			}
			last = page
			if q.After = page.Next; q.After == "" {
				break
			}
		}
		for page := last; ; {
			for _, st := range slices.Backward(page.Items) {
				back = append(back, full.spot(st).String())
			}
			if page.Prev == "" {
				break
			}
			var err error
			page, err = w.People(w.ctx, Query{Requirement: q.Requirement, Place: q.Place, Status: q.Status, By: q.By, Limit: q.Limit, Before: page.Prev})
			check(t, err)
		}
		slices.Reverse(back)
		if diff := cmp.Diff(there, back); diff != "" {
			t.Fatalf("%+v there and back\n%s", q, diff)
		}
		order := func(a, b string) int {
			x, _ := readSpot(a, len(full.spot(Standing{})))
			y, _ := readSpot(b, len(full.spot(Standing{})))
			if q.By == ByDay {
				x, y = y, x
			}
			return x.compare(y)
		}
		slices.SortFunc(want, order)
		if diff := cmp.Diff(want, there); diff != "" {
			t.Fatalf("%+v (-wanted +listed)\n%s", q, diff)
		}
	}
}

// TestStandingsAreWhatTheFactsSay lets rosters, requirements, completions, decisions, erasures and time go by in any order.
func TestStandingsAreWhatTheFactsSay(t *testing.T) {
	if os.Getenv("UPSTANDER_TEST_STORE") != "" { // over the wire each step takes long; a few go the whole way all the same
		for name, few := range map[string]string{"rapid.checks": "2", "rapid.steps": "12"} {
			if err := flag.Set(name, few); err != nil {
				t.Fatal(err)
			}
		}
	}
	rapid.Check(t, func(r *rapid.T) {
		p := storetest.Fresh(t)
		e, err := p.Open(t.Context())
		check(r, err)
		defer e.Close()
		w := newWorld(t.Context(), t, e)
		r.Repeat(map[string]func(*rapid.T){
			"roster": w.roster, "requirement": w.requirement, "complete": w.complete, "attend": w.attend, "decide": w.decide, "erase": w.erase,
			"time": func(t *rapid.T) {
				w.today = w.today.AddDate(0, 0, rapid.SampledFrom([]int{1, 40, 200}).Draw(t, "days"))
			},
			"compare": w.compare,
		})
		w.compare(r)
	})
}
