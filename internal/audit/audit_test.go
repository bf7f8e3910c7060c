package audit_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store/storetest"
)

type fixture struct {
	*audit.Log
	t   *testing.T
	now time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{t: t, now: time.Date(2026, 11, 20, 9, 0, 0, 123_000_000, time.UTC)}
	var err error
	f.Log, err = audit.New(t.Context(), audit.Config{Engine: storetest.Open(t), Now: func() time.Time { return f.now }, NewID: uuid.NewString})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) record(actor string, verb audit.Verb, subject string) {
	f.t.Helper()
	f.now = f.now.Add(time.Minute)
	if err := f.Record(f.t.Context(), audit.Entry{Institution: "north", Actor: actor, Verb: verb, Subject: subject}); err != nil {
		f.t.Fatal(err)
	}
}

// list names what a filter finds, the newest first, through all pages and back again.
func (f *fixture) list(filter audit.Filter) (found []string) {
	f.t.Helper()
	filter.Institution = "north"
	after, last := "", ""
	for {
		page, err := f.Entries(f.t.Context(), filter, after, "")
		if err != nil {
			f.t.Fatal(err)
		}
		for _, e := range page.Items {
			found = append(found, fmt.Sprintf("%s %s %s", e.Actor, e.Verb, e.Subject))
		}
		if page.Prev != "" && after != "" && last == "" {
			last = page.Prev
			if back, err := f.Entries(f.t.Context(), filter, "", page.Prev); err != nil || len(back.Items) != 50 {
				f.t.Errorf("the page before: %d entries, %v", len(back.Items), err)
			}
		}
		if after = page.Next; after == "" {
			return found
		}
	}
}

func TestEntriesByEveryFilter(t *testing.T) {
	f := newFixture(t)
	began := f.now
	f.record("ann", audit.RosterImport, "")
	f.record("ann", audit.PersonErase, "sam")
	f.record("bob", audit.PersonErase, "kim")
	f.record("bob", audit.StandingExempt, "sam")
	if err := f.Record(t.Context(), audit.Entry{Institution: "south", Actor: "ann", Verb: audit.PersonErase, Subject: "sam"}); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		filter audit.Filter
		want   []string
	}{
		"all":               {audit.Filter{}, []string{"bob standing-exempt sam", "bob person-erase kim", "ann person-erase sam", "ann roster-import "}},
		"actor":             {audit.Filter{Actor: "ann"}, []string{"ann person-erase sam", "ann roster-import "}},
		"verb":              {audit.Filter{Verb: audit.PersonErase}, []string{"bob person-erase kim", "ann person-erase sam"}},
		"subject":           {audit.Filter{Subject: "sam"}, []string{"bob standing-exempt sam", "ann person-erase sam"}},
		"actor and verb":    {audit.Filter{Actor: "bob", Verb: audit.PersonErase}, []string{"bob person-erase kim"}},
		"actor and subject": {audit.Filter{Actor: "bob", Subject: "sam"}, []string{"bob standing-exempt sam"}},
		"subject and verb":  {audit.Filter{Subject: "sam", Verb: audit.PersonErase}, []string{"ann person-erase sam"}},
		"all three":         {audit.Filter{Actor: "bob", Subject: "sam", Verb: audit.PersonErase}, nil},
		"from":              {audit.Filter{From: began.Add(3 * time.Minute)}, []string{"bob standing-exempt sam", "bob person-erase kim"}},
		"to":                {audit.Filter{To: began.Add(3 * time.Minute)}, []string{"ann person-erase sam", "ann roster-import "}},
		"from and to":       {audit.Filter{Subject: "sam", From: began.Add(2 * time.Minute), To: began.Add(3 * time.Minute)}, []string{"ann person-erase sam"}},
	} {
		if diff := cmp.Diff(test.want, f.list(test.filter)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

// TestOneActionKeepsItsOrder records within one millisecond.
func TestOneActionKeepsItsOrder(t *testing.T) {
	f := newFixture(t)
	var want []string
	for i := range 40 {
		subject := fmt.Sprintf("thing-%02d", i)
		if err := f.Record(t.Context(), audit.Entry{Institution: "north", Actor: "ann", Verb: audit.PersonErase, Subject: subject}); err != nil {
			t.Fatal(err)
		}
		want = append([]string{"ann person-erase " + subject}, want...)
	}
	if diff := cmp.Diff(want, f.list(audit.Filter{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestPages(t *testing.T) {
	f := newFixture(t)
	var want []string
	for i := range 120 {
		f.record("ann", audit.ListExport, fmt.Sprintf("list-%03d", i))
		want = append([]string{fmt.Sprintf("ann list-export list-%03d", i)}, want...)
	}
	if diff := cmp.Diff(want, f.list(audit.Filter{})); diff != "" {
		t.Errorf("paging (-want +got)\n%s", diff)
	}
	if _, err := f.Entries(t.Context(), audit.Filter{Institution: "north"}, "rubbish", ""); !errors.Is(err, fault.Invalid) {
		t.Errorf("a rubbish cursor: %v", err)
	}
}

func TestWhatAnEntryMayNotHold(t *testing.T) {
	f := newFixture(t)
	good := audit.Entry{Institution: "north", Actor: "ann", Verb: audit.ListExport, Subject: "consent", Detail: "status open, 37 rows"}
	for name, change := range map[string]func(*audit.Entry){
		"no institution":        func(e *audit.Entry) { e.Institution = "" },
		"no actor":              func(e *audit.Entry) { e.Actor = "" },
		"an unknown verb":       func(e *audit.Entry) { e.Verb = "looked" },
		"a long detail":         func(e *audit.Entry) { e.Detail = strings.Repeat("x", 301) },
		"two lines":             func(e *audit.Entry) { e.Detail = "one\ntwo" },
		"an address as actor":   func(e *audit.Entry) { e.Actor = "ann@north.example" },
		"an address as subject": func(e *audit.Entry) { e.Subject = "sam@north.example" },
		"an address in detail":  func(e *audit.Entry) { e.Detail = "to sam@north.example" },
	} {
		e := good
		change(&e)
		if err := f.Record(t.Context(), e); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := f.Record(t.Context(), good); err != nil {
		t.Error(err)
	}
	if got := f.list(audit.Filter{}); len(got) != 1 {
		t.Errorf("kept: %v", got)
	}
}

// TestRecordFailsClosed: where the log cannot be written, whoever wanted to act learns it.
func TestRecordFailsClosed(t *testing.T) {
	e := storetest.Open(t)
	l, err := audit.New(t.Context(), audit.Config{Engine: e, Now: storetest.Now, NewID: uuid.NewString})
	if err != nil {
		t.Fatal(err)
	}
	e.Close()
	if err := l.Record(t.Context(), audit.Entry{Institution: "north", Actor: "ann", Verb: audit.ListExport}); err == nil {
		t.Error("an entry was taken by a closed store")
	}
}

func TestExport(t *testing.T) {
	f := newFixture(t)
	f.record("ann", audit.RosterImport, "")
	f.now = f.now.Add(time.Minute)
	if err := f.Record(t.Context(), audit.Entry{Institution: "north", Actor: "ann", Verb: audit.ListExport, Subject: "=HYPERLINK(1)", Detail: `search "+44", then`}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := f.Export(t.Context(), &b, audit.Filter{Institution: "north"}); err != nil {
		t.Fatal(err)
	}
	text, marked := strings.CutPrefix(b.String(), "\ufeff")
	if !marked {
		t.Error("there is no byte-order mark")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i := range rows[1:] {
		rows[i+1][0] = "id"
	}
	want := [][]string{
		{"id", "time", "actor", "verb", "subject", "detail"},
		{"id", "2026-11-20T09:01:00Z", "ann", "roster-import", "", ""},
		{"id", "2026-11-20T09:02:00Z", "ann", "list-export", "'=HYPERLINK(1)", `search "+44", then`},
	}
	if diff := cmp.Diff(want, rows); diff != "" {
		t.Errorf("rows (-want +got)\n%s", diff)
	}
}

func TestForget(t *testing.T) {
	f := newFixture(t)
	f.record("ann", audit.RosterImport, "")
	f.now = f.now.AddDate(1, 0, 0)
	f.record("ann", audit.ListExport, "")
	n, err := f.Forget(t.Context(), "north", f.now.AddDate(0, -6, 0))
	if diff := cmp.Diff([]string{"ann list-export "}, f.list(audit.Filter{})); n != 1 || err != nil || diff != "" {
		t.Errorf("forgot %d, %v\n%s", n, err, diff)
	}
}

// TestNothingChangesOrRemovesEntries reads the whole program: only this package opens the collection, it never updates, and it deletes in one place,
// at the end of the retention.
func TestNothingChangesOrRemovesEntries(t *testing.T) {
	opened, deleted := 0, 0
	err := filepath.WalkDir("../..", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".go") || strings.HasSuffix(p, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), p, nil, 0)
		if err != nil {
			return err
		}
		keeps := slices.ContainsFunc(file.Imports, func(i *ast.ImportSpec) bool { return strings.HasSuffix(i.Path.Value, `/internal/store"`) })
		ours := filepath.Base(filepath.Dir(p)) == "audit"
		for _, decl := range file.Decls {
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.BasicLit:
					if keeps && n.Kind == token.STRING && n.Value == `"audit"` { // elsewhere it is an ordinary word
						if !ours {
							t.Errorf("%s names the collection", p)
						}
						opened++
					}
				case *ast.SelectorExpr:
					if !ours {
						return true
					}
					switch n.Sel.Name {
					case "Update", "Upsert", "Delete", "Swap", "Remove", "RemoveSome", "Add":
						t.Errorf("%s calls %s", p, n.Sel.Name)
					case "DeleteWhere":
						if f, ok := decl.(*ast.FuncDecl); !ok || f.Name.Name != "forgetBefore" {
							t.Errorf("%s deletes outside of the retention", p)
						}
						deleted++
					}
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if opened != 1 || deleted != 1 {
		t.Errorf("the collection is named %d times and deleted from in %d places", opened, deleted)
	}
}
