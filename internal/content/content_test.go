package content

import (
	"errors"
	"html/template"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/fault"
)

// small returns the files of the test module, with changes: file -> pairs of old and new text.
func small(t testing.TB, changes map[string][]string) fstest.MapFS {
	t.Helper()
	files := fstest.MapFS{}
	err := filepath.WalkDir("testdata", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		name := filepath.ToSlash(strings.TrimPrefix(path, "testdata"+string(filepath.Separator)))
		files[name] = &fstest.MapFile{Data: b}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, pairs := range changes {
		src := ""
		if f, ok := files[name]; ok {
			src = string(f.Data)
		}
		for i := 0; i < len(pairs); i += 2 {
			if !strings.Contains(src, pairs[i]) {
				t.Fatalf("%s does not contain %q", name, pairs[i])
			}
			src = strings.Replace(src, pairs[i], pairs[i+1], 1)
		}
		files[name] = &fstest.MapFile{Data: []byte(src)}
	}
	return files
}

func load(t testing.TB, changes map[string][]string) *Module {
	t.Helper()
	lib, err := Load(small(t, changes))
	if err != nil {
		t.Fatal(err)
	}
	m, ok := lib.Module("small")
	if !ok {
		t.Fatal("the small module is not there")
	}
	return m
}

func item(t testing.TB, m *Module, id string) *Item {
	t.Helper()
	it, ok := m.Item(id)
	if !ok {
		t.Fatalf("there is no item %s", id)
	}
	return it
}

func TestLoad(t *testing.T) {
	m := load(t, nil)
	if m.Edition != "2026.1" || m.Pass != 80 || len(m.Sections) != 3 || len(m.Routes) != 2 || m.In("cy").Title != "Modiwl bach" {
		t.Errorf("module: %+v", m)
	}
	main, _ := m.Route("main")
	if diff := cmp.Diff([]string{"first", "second"}, main.Outcomes(m)); diff != "" {
		t.Errorf("outcomes of main: %s", diff)
	}
	other, _ := m.Route("another-way")
	if diff := cmp.Diff([]string{"first"}, other.Outcomes(m)); diff != "" {
		t.Errorf("outcomes of another way: %s", diff)
	}
	if diff := cmp.Diff([]string{"sexual-violence", "harassment"}, main.Notes()); diff != "" {
		t.Errorf("notes: %s", diff)
	}
	if n := len(other.Notes()); n != 0 {
		t.Errorf("another way has %d notes", n)
	}
	page := item(t, m, "first-page").In("en")
	want := `<p>In <a class="term" href="/app/to/glossary#law">law</a> it is <a class="term" href="/app/to/glossary#so">so</a>.<a class="cite" href="#source-1">[1]</a> Some <strong>bold</strong> words &amp; a <a href="https://example.org/" rel="external noopener noreferrer">link</a>.</p>
<ul>
<li>12% said so.<a class="cite" href="#source-2">[2]</a><a class="cite" href="#source-1">[1]</a></li>
</ul>`
	if diff := cmp.Diff(want, string(page.Text)); diff != "" {
		t.Errorf("page (-want +got)\n%s", diff)
	}
	if len(page.Sources) != 2 || page.Sources[0].ID != "act" {
		t.Errorf("sources: %v", page.Sources)
	}
}

func TestTranslation(t *testing.T) {
	m := load(t, nil)
	for id, want := range map[string]string{"first-page": "cy", "pick-one": "cy", "a-myth": "cy", "a-story": "cy", "a-line": "cy", "your-words": "cy", "pick-other": "en"} {
		if got := item(t, m, id).In("cy").Lang; got != want {
			t.Errorf("%s is in %s, want %s", id, got, want)
		}
	}
	if got := item(t, m, "pick-one").In("cy").Options["b"].Text; got != "Dewis B" {
		t.Errorf("option b: %q", got)
	}
	if got := m.Sections[2].Title.In("cy"); got != "Another way" {
		t.Errorf("an untranslated title: %q", got)
	}
}

func TestEveryProblemIsNamedWithItsPlace(t *testing.T) {
	ten, twenty, module, sources, cy := "small/10-beginning.yaml", "small/20-middle.yaml", "small/module.yaml", "small/sources.yaml", "small/cy/10-beginning.yaml"
	for name, test := range map[string]struct {
		file, old, new string
		want           string
	}{
		"unknown key":              {ten, "    title: The first page", "    titel: The first page", `small/10-beginning.yaml:4:5: unknown key "titel"`},
		"missing key":              {ten, "    title: The first page\n", "", "small/10-beginning.yaml:3:5: title is missing"},
		"not YAML":                 {ten, "title: The beginning", "title: [", "small/10-beginning.yaml:"},
		"duplicate key":            {ten, "title: The beginning", "title: The beginning\ntitle: Twice", "small/10-beginning.yaml:2:1: "},
		"anchor":                   {ten, "title: The beginning", "title: &a The beginning", "small/10-beginning.yaml:1:8: anchors, aliases and tags are refused"},
		"two items of one id":      {ten, "myth: a-truth", "myth: a-myth", `the id "a-myth" stands at small/10-beginning.yaml:58 already`},
		"bad id":                   {ten, "myth: a-truth", "myth: A Truth", `small/10-beginning.yaml:65:15: an id is lower-case words`},
		"unknown outcome":          {ten, "page: first-page\n    title: The first page\n    outcome: first", "page: first-page\n    title: The first page\n    outcome: frist", `small/10-beginning.yaml:5:14: module.yaml names no outcome "frist"`},
		"unknown note":             {ten, "[harassment, sexual", "[harrassment, sexual", `"harrassment" is not one of`},
		"unknown source":           {ten, "so.[@act] Some", "so.[@atc] Some", `there is no source "atc" in sources.yaml`},
		"claim without a source":   {ten, "- 12% said so.[@report; @act]", "- 12% said so.", `a claim without a source: "12%" in “- 12% said so.”`},
		"myth without a source":    {ten, "fact: It is not.[@report]", "fact: It is not.", "a claim without a source: a myth's fact cites one"},
		"reply without a source":   {ten, "because: Because of the Act 2003.[@act]", "because: Because of the Act 2003.", `a claim without a source: "Act 2003"`},
		"raw HTML":                 {ten, "**bold**", "<b>bold</b>", "HTML is refused in a text"},
		"script link":              {ten, "https://example.org/)", "javascript:alert(1))", "a link is written in full"},
		"no right option":          {ten, "            right: true\n", "", "exactly one option is right, not 0"},
		"all options right":        {ten, "{id: c, text: Option C, says: Reply C.}\n      - {id: d, text: Option D, says: Reply D.}", "{id: c, text: Option C, right: true, says: Reply C.}", "at least one option is right and one is not"},
		"dangling moment":          {ten, "to: bad}", "to: worse}", `choice "laugh" of moment "begin" leads to "worse", which is not there`},
		"unreachable moment":       {ten, "to: bad}", "to: good}", `moment "bad" is never reached`},
		"loop":                     {ten, "to: bad}", "to: begin}", "the path begin/laugh loops"},
		"one full path":            {ten, "text: It stops.\n        credit: full", "text: It stops.\n        credit: none", "1 path ends with full credit; at least two must"},
		"delay punished":           {ten, "text: You call.\n        credit: full", "text: You call.\n        credit: part", "the path begin/later chooses delay and ends without full credit"},
		"direct without a check":   {ten, "        safety: true\n", "", "the path begin/look → safe/speak comes to direct without a safety check"},
		"a D that is missing":      {ten, "d: distract, ", "", "distract can never be played"},
		"thing off the line":       {twenty, "place: [crime]", "place: [crmie]", `small/20-middle.yaml:17:43: there is no place "crmie" on the line`},
		"too few variants":         {twenty, "      - {myth: m2, outcome: second, statement: Two., verdict: \"true\", fact: \"Yes.[@act]\"}\n", "", `small/module.yaml:12:5: outcome "second" has 4 marked places and 2 spare variants on route "main"; it needs 4 and 3`},
		"too few places":           {twenty, "  - {myth: m5, outcome: second, statement: Five., verdict: myth, fact: \"No.[@act]\"}\n", "", `outcome "second" has 3 marked places and 3 spare variants on route "main"; it needs 4 and 3`},
		"outcome without a page":   {twenty, "    outcome: second\n    text: Second words.", "    text: Second words.", `no page of route "main" teaches outcome "second"`},
		"a room for an experience": {twenty, "class: attitude", "class: experience", "an item about a person's own experience is never asked in a room"},
		"unknown section":          {module, "[beginning, middle]", "[beginning, midle]", `small/module.yaml:19:27: there is no section "midle"`},
		"bad day":                  {module, "review: 2027-09-01", "review: September", "a day is written like 2027-09-01"},
		"another folder's id":      {module, "id: small", "id: tiny", "the module's id is its folder's name, small"},
		"source without a year":    {sources, "  year: 2003\n", "", "small/sources.yaml:2:3: year is missing"},
		"untranslated option":      {cy, "      c: {text: Dewis C, says: Ateb C.}\n", "", "small/cy/10-beginning.yaml:10:7: c is missing"},
		"translated what is not":   {cy, "  pick-one:", "  pick-none:", `unknown key "pick-none"`},
		"deep nesting":             {ten, "title: The beginning", "title: " + strings.Repeat("[", 100), "small/10-beginning.yaml:1:1: this is nested too deeply"},
		"long line":                {ten, "title: The beginning", "title: " + strings.Repeat("x", 5000), "a line is longer than 4000 characters"},
	} {
		_, err := Load(small(t, map[string][]string{test.file: {test.old, test.new}}))
		var problems Problems
		switch {
		case !errors.As(err, &problems):
			t.Errorf("%s: no problem was found: %v", name, err)
		case !strings.Contains(err.Error(), test.want):
			t.Errorf("%s: got\n%v\nwant %s", name, err, test.want)
		}
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := Load(small(t, map[string][]string{
		"small/10-beginning.yaml": {"12% said so.[@report; @act]", "12% said so.", "to: bad}", "to: worse}"},
		"small/20-middle.yaml":    {"place: [crime]", "place: [crmie]"},
		"small/module.yaml":       {"review: 2027-09-01", "review: soon"},
	}))
	var problems Problems
	if !errors.As(err, &problems) || len(problems) < 4 {
		t.Errorf("got %v", err)
	}
}

func TestCompleteTranslationHasNoGaps(t *testing.T) {
	_, err := Load(small(t, map[string][]string{"small/module.yaml": {"cy: partial", "cy: complete"}}))
	if err == nil || !strings.Contains(err.Error(), `item "pick-other" is not translated`) || !strings.Contains(err.Error(), "small/cy/30-other.yaml:1:1: the file is missing") {
		t.Errorf("got %v", err)
	}
}

func TestGlossary(t *testing.T) {
	lib, err := Load(small(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	terms := lib.Terms("cy")
	if len(terms) != 3 || terms[0].Term != "Cyfraith" || terms[0].Lang != "cy" || terms[1].Lang != "en" || terms[0].Sources[0].ID != "act" {
		t.Errorf("%+v", terms)
	}
	m, _ := lib.Module("small")
	if got := item(t, m, "first-page").In("cy").Text; !strings.Contains(string(got), `yn ôl y`) && !strings.Contains(string(got), `<a class="term" href="/app/to/glossary#law">gyfraith</a>`) {
		t.Errorf("the Welsh page: %s", got)
	}
	for name, test := range map[string]struct{ file, old, new, want string }{
		"no source":    {"glossary.yaml", "    sources: [act]\n  - id: so", "    sources: []\n  - id: so", "a term cites one"},
		"twice":        {"glossary.yaml", "- id: so", "- id: law", `term "law" is there twice`},
		"unknown term": {"glossary.cy.yaml", "law:", "lore:", `glossary.cy.yaml:1:1: unknown key "lore"`},
	} {
		if _, err := Load(small(t, map[string][]string{test.file: {test.old, test.new}})); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestLinkFirst(t *testing.T) {
	match := regexp.MustCompile(`(?i)(^|[^\pL\pN-])(consent)($|[^\pL\pN-])`)
	for in, want := range map[string]string{
		`<p>Consent is</p>`: `<p><a class="term" href="/app/to/glossary#x">Consent</a> is</p>`, `<p>consenting</p>`: "", `<p title="consent">no</p>`: "", `<a href="#">consent</a>`: "",
		`<a href="#">consent</a> and consent`: `<a href="#">consent</a> and <a class="term" href="/app/to/glossary#x">consent</a>`, `non-consent`: "",
	} {
		got, did := linkFirst(template.HTML(in), match, "x")
		if did != (want != "") || did && string(got) != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

// TestTermsAreLinkedOnceAnItem links the first mention of a term, in the setting, else in a reply; what is chosen from stays plain, and so does what
// a room shows.
func TestTermsAreLinkedOnceAnItem(t *testing.T) {
	m := load(t, map[string][]string{"small/10-beginning.yaml": {
		"because: Because of the Act", "because: Because of the law, the Act", "says: Reply A.", "says: The law says so.", "text: Option A", "text: The law",
	}})
	it := item(t, m, "pick-one")
	const link = `<a class="term" href="/app/to/glossary#law">law</a>`
	w, plain := it.Linked("en"), it.In("en")
	if got := string(w.Because); !strings.Contains(got, link) {
		t.Errorf("the first mention: %s", got)
	}
	if got := string(w.Options["a"].Says); strings.Contains(got, link) || !strings.Contains(got, "law") {
		t.Errorf("the second mention: %s", got)
	}
	if got := w.Options["a"].Text; got != "The law" {
		t.Errorf("an answer: %s", got)
	}
	if strings.Contains(string(plain.Because+plain.Options["a"].Says), `class="term"`) {
		t.Error("a room shows links into the signed-in half")
	}
	if got := it.Linked("qaa"); got != w {
		t.Errorf("an item that is not translated: %v", got)
	}
}

func TestOverdue(t *testing.T) {
	lib, err := Load(small(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	if due := lib.Overdue(time.Date(2027, 9, 1, 23, 0, 0, 0, time.UTC)); len(due) != 0 {
		t.Errorf("on the day itself: %v", due)
	}
	after := time.Date(2027, 9, 2, 0, 0, 0, 0, time.UTC)
	if due := lib.Overdue(after); len(due) != 4 || due[0].File != "glossary.yaml" { // a module, two sources of it, and one of the glossary
		t.Errorf("the day after: %v", due)
	}
	lib, err = Load(small(t, map[string][]string{"small/20-middle.yaml": {"title:", "titel:"}}))
	if err == nil || lib == nil || len(lib.Overdue(after)) != 4 {
		t.Errorf("what is overdue hides behind what is wrong: %v", err)
	}
}

func TestMark(t *testing.T) {
	m := load(t, nil)
	for _, test := range []struct {
		item string
		a    Answer
		want float64
	}{
		{"pick-one", Answer{Options: []string{"b"}}, 1},
		{"pick-one", Answer{Options: []string{"a"}}, 0},
		{"pick-some", Answer{Options: []string{"b", "a"}}, 1},
		{"pick-some", Answer{Options: []string{"a"}}, 0.5},
		{"pick-some", Answer{Options: []string{"a", "b", "c"}}, 0.5},
		{"pick-some", Answer{Options: []string{"a", "c"}}, 0},
		{"a-myth", Answer{Verdict: VerdictMyth, Sure: 1}, 1},
		{"a-myth", Answer{Verdict: VerdictTrue, Sure: 3}, 0},
		{"a-truth", Answer{Verdict: VerdictTrue, Sure: 3}, 1},
		{"a-story", Answer{Path: []string{"look", "speak"}}, 1},
		{"a-story", Answer{Path: []string{"look", "staff"}}, 0.5},
		{"a-story", Answer{Path: []string{"laugh"}}, 0},
		{"a-story", Answer{Path: []string{"later"}}, 1},
		{"a-line", Answer{Placed: map[string]string{"whistle": "serious", "touch": "crime"}}, 1},
		{"a-line", Answer{Placed: map[string]string{"whistle": "serious", "touch": "everyday"}}, 0.5},
		{"a-line", Answer{Placed: map[string]string{"whistle": "crime", "touch": "everyday"}}, 0},
	} {
		it := item(t, m, test.item)
		if err := it.Check(test.a); err != nil {
			t.Errorf("%s %+v: %v", test.item, test.a, err)
		}
		if got := it.Mark(test.a); got != test.want {
			t.Errorf("%s %+v: %v, want %v", test.item, test.a, got, test.want)
		}
	}
}

func TestCheckRefuses(t *testing.T) {
	m := load(t, nil)
	for _, test := range []struct {
		item string
		a    Answer
	}{
		{"pick-one", Answer{}},
		{"pick-one", Answer{Options: []string{"a", "b"}}},
		{"pick-one", Answer{Options: []string{"zzz"}}},
		{"pick-some", Answer{Options: []string{"a", "a", "a", "a", "a"}}},
		{"a-myth", Answer{Verdict: "maybe", Sure: 1}},
		{"a-myth", Answer{Verdict: VerdictMyth}},
		{"a-myth", Answer{Verdict: VerdictMyth, Sure: 4}},
		{"a-story", Answer{}},
		{"a-story", Answer{Path: []string{"look"}}},
		{"a-story", Answer{Path: []string{"look", "speak", "speak"}}},
		{"a-story", Answer{Path: []string{"fly"}}},
		{"a-line", Answer{Placed: map[string]string{"whistle": "serious"}}},
		{"a-line", Answer{Placed: map[string]string{"whistle": "serious", "touch": "moon"}}},
		{"first-page", Answer{Options: []string{"a"}}},
	} {
		if err := item(t, m, test.item).Check(test.a); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s %+v: %v", test.item, test.a, err)
		}
	}
}

func FuzzLoad(f *testing.F) {
	for _, name := range []string{"small/10-beginning.yaml", "small/20-middle.yaml", "small/module.yaml", "small/sources.yaml", "small/cy/10-beginning.yaml"} {
		f.Add(name, small(f, nil)[name].Data)
	}
	f.Add("small/module.yaml", []byte("a: &a [*a]\n<<: *a\n? x\n"))
	f.Fuzz(func(t *testing.T, name string, src []byte) {
		if !fs.ValidPath(name) || !strings.HasPrefix(name, "small/") {
			return
		}
		files := small(t, nil)
		files[name] = &fstest.MapFile{Data: src}
		lib, err := Load(files)
		if err != nil {
			return
		}
		for _, m := range lib.Modules() { // whatever loads can be walked
			for _, r := range m.Routes {
				for _, o := range r.Outcomes(m) {
					for _, it := range r.Bank(o) {
						_ = it.Mark(Answer{})
						_ = it.In("cy").Title
					}
				}
			}
		}
	})
}
