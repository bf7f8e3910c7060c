package content

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/modules"
)

// reviewOf returns how far the Welsh of something is, after some changes to the test module.
func reviewOf(t testing.TB, of string, changes map[string][]string) locale.Review {
	t.Helper()
	lib, err := Load(small(t, changes))
	if err != nil {
		t.Fatal(err)
	}
	reviews := lib.Reviews()
	at := slices.IndexFunc(reviews, func(r locale.Review) bool { return r.Of == of && r.Lang == "cy" })
	if at < 0 {
		t.Fatalf("no review of %s: %v", of, reviews)
	}
	return reviews[at]
}

func pending(r locale.Review, id string) bool {
	return slices.ContainsFunc(r.Pending(), func(s locale.String) bool { return s.ID == id })
}

// TestEveryStringIsReviewed finds each kind of string that a module can say, with its source, and nothing else.
func TestEveryStringIsReviewed(t *testing.T) {
	got := map[string]string{}
	for _, s := range reviewOf(t, "small", nil).Strings {
		got[s.ID] = s.Source + " → " + s.Text
	}
	for id, want := range map[string]string{
		"title":                                        "A small module → Modiwl bach",
		"outcomes.first":                               "You can do the first thing. → Gallwch wneud y peth cyntaf.",
		"routes.another-way.summary":                   "Without the hard parts. → Heb y rhannau anodd.",
		"beginning.title":                              "The beginning → Y dechrau",
		"beginning.pick-one.options.b.says":            "Reply B. → Ateb B.",
		"beginning.a-myth.sure":                        "Many are sure. → Mae llawer yn siŵr.",
		"beginning.a-story.moments.fair.says":          "That helped a little. → Fe helpodd ychydig.",
		"beginning.a-story.moments.begin.choices.look": "Is it safe? → A yw'n ddiogel?",
		"middle.a-line.places.crime":                   "May be a crime → Gall fod yn drosedd",
		"middle.a-line.things.whistle.text":            "A whistle → Chwiban",
		"middle.your-words.text":                       "What will you do? → Beth wnewch chi?",
	} {
		if got[id] != want {
			t.Errorf("%s: %q, want %q", id, got[id], want)
		}
	}
	lib, err := Load(modules.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range lib.Modules() {
		for _, r := range m.reviews {
			if len(r.Strings) == 0 || len(r.Strings) > r.Wanted {
				t.Errorf("%s", r)
			}
		}
	}
}

// TestCompleteMeansEveryString translates the whole test module: then as many strings are there as are wanted.
func TestCompleteMeansEveryString(t *testing.T) {
	if got := reviewOf(t, "glossary", nil); len(got.Strings) >= got.Wanted || !strings.Contains(got.String(), "glossary: cy partial") {
		t.Errorf("a glossary that is not complete: %s", got)
	}
	r := reviewOf(t, "small", map[string][]string{
		"small/module.yaml": {"cy: partial", "cy: complete"},
		"small/cy/10-beginning.yaml": {"  a-myth:\n", `  pick-other: {question: Pa arall?, options: {a: {text: A, says: A.}, b: {text: B, says: B.}}, because: Oherwydd.}
  pick-third: {question: Pa drydydd?, options: {a: {text: A, says: A.}, b: {text: B, says: B.}}, because: Oherwydd.}
  pick-some: {question: Pa rai?, options: {a: {text: A, says: A.}, b: {text: B, says: B.}, c: {text: C, says: C.}, d: {text: D, says: D.}}, because: Oherwydd.}
  a-truth: {statement: Weithiau., fact: Ydy.}
  a-myth:
`},
		"small/cy/20-middle.yaml": {"  a-line:\n", `  second-page: {title: Yr ail dudalen, text: Ail eiriau.}
  m1: {statement: Un., fact: Na.}
  m2: {statement: Dau., fact: Ie.}
  m3: {statement: Tri., fact: Na.}
  m4: {statement: Pedwar., fact: Ie.}
  m5: {statement: Pump., fact: Na.}
  m6: {statement: Chwech., fact: Na.}
  an-opinion: {question: Beth?, options: {a: {text: Hyn, says: Rhai.}, b: {text: Hynny, says: Rhai.}}, because: Amrywiol.}
  a-line:
`},
		"small/cy/30-other.yaml": {"", `title: Ffordd arall
items:
  other-page: {title: Beth i'w ddisgwyl, text: Geiriau caredig.}
  o1: {statement: Un., fact: Na.}
  o2: {statement: Dau., fact: Ie.}
  o3: {statement: Tri., fact: Na.}
  o4: {statement: Pedwar., fact: Ie.}
  o5: {statement: Pump., fact: Na.}
  o6: {statement: Chwech., fact: Na.}
  o7: {statement: Saith., fact: Na.}
`},
	})
	if len(r.Strings) != r.Wanted || !strings.HasPrefix(r.String(), "small: cy complete, ") {
		t.Errorf("%s; %d wanted", r, r.Wanted)
	}
}

func TestPassedStringsWaitAgainWhenTheyChange(t *testing.T) {
	const id = "beginning.pick-one.question"
	r := reviewOf(t, "small", nil)
	if len(r.Pending()) != len(r.Strings) || !pending(r, id) {
		t.Fatalf("something passed by itself: %s", r)
	}
	if n := r.Pass("beginning.pick-one."); n != 9 {
		t.Errorf("passed %d strings", n)
	}
	kept := map[string][]string{"small/cy/review.yaml": {"", string(r.Bytes())}}
	with := func(file, old, text string) map[string][]string {
		return map[string][]string{"small/cy/review.yaml": kept["small/cy/review.yaml"], file: {old, text}}
	}
	if r := reviewOf(t, "small", kept); pending(r, id) || len(r.Pending()) != len(r.Strings)-9 {
		t.Errorf("what was passed is forgotten: %s", r)
	}
	for name, changes := range map[string]map[string][]string{
		"the translation": with("small/cy/10-beginning.yaml", "Pa un?", "Pa un yw ef?"),
		"the source":      with("small/10-beginning.yaml", "Which one?", "Which one is it?"),
	} {
		if r := reviewOf(t, "small", changes); !pending(r, id) || pending(r, "beginning.pick-one.text") {
			t.Errorf("%s changed: %s", name, r)
		}
	}
	_, err := Load(small(t, map[string][]string{"small/cy/review.yaml": {"", "passed:\n  beginning.gone: p0\n"}}))
	if err == nil || !strings.Contains(err.Error(), `small/cy/review.yaml:2:3: no string has the id "beginning.gone"`) {
		t.Errorf("a pass of nothing: %v", err)
	}
}

func TestGlossaryIsReviewed(t *testing.T) {
	r := reviewOf(t, "glossary", nil)
	var ids []string
	for _, s := range r.Strings {
		ids = append(ids, s.ID)
	}
	if diff := cmp.Diff([]string{"law.term", "law.text"}, ids); diff != "" {
		t.Error(diff)
	}
	r.Pass("")
	if r := reviewOf(t, "glossary", map[string][]string{"glossary.review.cy.yaml": {"", string(r.Bytes())}}); len(r.Pending()) != 0 {
		t.Errorf("%s", r)
	}
}
