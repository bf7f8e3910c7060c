package requirement

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/storetest"
)

// walks counts how often a real engine is asked for documents.
type walks struct {
	store.Engine
	n int
}

func (w *walks) Walk(ctx context.Context, s *store.Schema, p store.Plan) ([]store.Document, error) {
	w.n++
	return w.Engine.Walk(ctx, s, p)
}

// TestAListReadsAFewRanges: however many departments and levels a cohort has, one page of it is read from a range for each status.
func TestAListReadsAFewRanges(t *testing.T) {
	e := &walks{Engine: storetest.Open(t)}
	w := newWorld(t.Context(), t, e)
	r, err := w.Add(w.ctx, Requirement{Institution: "north", Modules: []string{"consent"}, Due: "2026-11-01"})
	if err != nil {
		t.Fatal(err)
	}
	rows := make([]Row, 120)
	for i := range rows {
		id := fmt.Sprintf("n%03d", i)
		rows[i] = Row{
			ExternalID: id, Email: id + "@north.example", Name: "Name " + id, Cohort: []string{"2025", "2026"}[i%2],
			Department: fmt.Sprint("Department ", i/2%20), Level: fmt.Sprint(i % 3),
		}
	}
	if _, err := w.Enrol(w.ctx, "north", rows, func(line int, key string) { t.Error(line, key) }); err != nil {
		t.Fatal(err)
	}
	for _, q := range []Query{{}, {Place: "north/2026/"}, {Place: "north/2026/", Status: Open}, {By: ByDay}, {By: ByDay, Place: "north/2026/"}, {Place: "north/2026/department-1/0/"}, {Status: Overdue}, {Status: Overdue, Place: "north/2026/"}, {Status: Overdue, Place: "north/2026/department-1/0/"}} {
		q.Requirement, q.Limit = r.ID, 20
		for page := 1; ; page++ {
			before := e.n
			got, err := w.People(w.ctx, q)
			if err != nil {
				t.Fatal(err)
			}
			if n := e.n - before; n > 2*len(q.statuses()) {
				t.Errorf("%+v: page %d took %d walks", q, page, n)
			}
			if q.After = got.Next; q.After == "" {
				break
			}
		}
	}
}

// earlier is a standing of the second version, which did not name its cohort.
type earlier struct {
	ID          string `bson:"_id"`
	Person      string `bson:"person"`
	Institution string `bson:"institution"`
	Requirement string `bson:"requirement"`
	Cycle       string `bson:"cycle"`
	Status      string `bson:"status"`
	Due         string `bson:"due"`
	Day         string `bson:"day"`
	Edition     string `bson:"edition"`
	Place       string `bson:"place"`
	NameKey     string `bson:"name_key"`
	Name        string `bson:"name"`
	ExternalID  string `bson:"external_id"`
}

func TestEarlierStandingsNameTheirCohort(t *testing.T) {
	ctx, e := t.Context(), storetest.Open(t)
	schema := standingSchema()
	schema.Version, schema.Migrations, schema.Indexes = 2, schema.Migrations[:1], []store.Index{store.On("requirement", "cycle", "status", "name_key")}
	old, err := store.Open[earlier](ctx, e, schema)
	if err != nil {
		t.Fatal(err)
	}
	var want []Standing
	for i, place := range []string{"north/2025/law/4/", "north/2026/law/4/", "north/2026/art/5/", "north/-/-/-/"} {
		person := fmt.Sprint("p", i)
		was := earlier{ID: standingID(person, "r1", "once"), Person: person, Institution: "north", Requirement: "r1", Cycle: "once", Status: Open, Place: place, NameKey: person, Name: person}
		if err := old.Insert(ctx, was); err != nil {
			t.Fatal(err)
		}
		if i == 1 || i == 2 {
			want = append(want, Standing{
				ID: was.ID, Person: person, Institution: "north", Requirement: "r1", Cycle: "once", Status: Open, Place: place, Cohort: "north/2026/", NameKey: person, Name: person,
			})
		}
	}
	s, err := openStore(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.people(ctx, Query{Requirement: "r1", Cycle: "once", Place: "north/2026/", Limit: 50})
	if diff := cmp.Diff(want, got.Items); diff != "" || err != nil {
		t.Errorf("the list of a cohort (-want +got)\n%s %v", diff, err)
	}
}

func TestCohortPath(t *testing.T) {
	for place, want := range map[string]string{"": "", "north/": "", "north/2026/law/4/": "north/2026/", "north/-/-/-/": "north/-/"} {
		if got := cohortPath(place); got != want {
			t.Errorf("%q: %q, want %q", place, got, want)
		}
	}
}
