package training

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/modules"
)

func smallModule(t testing.TB) *content.Module {
	t.Helper()
	lib, err := content.Load(os.DirFS("../content/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	return lib.Modules()[0]
}

// begin returns a fresh way through a module.
func begin(m *content.Module, route, seed string) way {
	j := &Journey{
		ID: "p:" + m.ID, Person: "p", Module: m.ID, Route: route, Seed: seed, Pending: PendingNothing,
		Answers: map[string]content.Answer{}, Walks: map[string][]string{}, Explored: map[string]map[string][]string{},
	}
	return lay(m, j)
}

// right answers an item in full, wrong with as little credit as can be had.
func right(it *content.Item) content.Answer { return bestAnswer(it, true) }
func wrong(it *content.Item) content.Answer { return bestAnswer(it, false) }

func bestAnswer(it *content.Item, high bool) content.Answer {
	var found content.Answer
	credit := -1.0
	for _, a := range allAnswers(it) {
		if it.Check(a) != nil {
			continue
		}
		if c := it.Mark(a); credit < 0 || high && c > credit || !high && c < credit {
			found, credit = a, c
		}
	}
	return found
}

// allAnswers lists answers among which the best and the worst are.
func allAnswers(it *content.Item) []content.Answer {
	var all []content.Answer
	switch it.Kind {
	case content.Choice:
		var good, bad []string
		for _, o := range it.Options {
			all = append(all, content.Answer{Options: []string{o.ID}})
			if o.Right {
				good = append(good, o.ID)
			} else {
				bad = append(bad, o.ID)
			}
		}
		all = append(all, content.Answer{Options: good}, content.Answer{Options: bad})
	case content.Myth:
		all = append(all, content.Answer{Verdict: content.VerdictTrue, Sure: 2}, content.Answer{Verdict: content.VerdictMyth, Sure: 2})
	case content.Scenario:
		var walk func(path []string)
		walk = func(path []string) {
			trail, _ := it.Trail(path)
			now := trail[len(trail)-1]
			if now.Ending() {
				all = append(all, content.Answer{Path: path})
			}
			for _, c := range now.Choices {
				walk(append(slices.Clone(path), c.ID))
			}
		}
		walk(nil)
	case content.Sort:
		good, bad := map[string]string{}, map[string]string{}
		for _, th := range it.Things {
			good[th.ID] = th.Places[0]
			for _, p := range it.Places {
				if !slices.Contains(th.Places, p) {
					bad[th.ID] = p
				}
			}
		}
		all = append(all, content.Answer{Placed: good}, content.Answer{Placed: bad})
	}
	return all
}

// give answers an item as a learner would: a story step by step.
func give(t testing.TB, w way, it *content.Item, a content.Answer) {
	t.Helper()
	if it.Kind != content.Scenario {
		if _, err := w.answer(it, a); err != nil {
			t.Fatal(err)
		}
		return
	}
	for i, step := range a.Path {
		if err := w.step(it, i, step); err != nil {
			t.Fatal(err)
		}
	}
}

// pass goes on until the route is done once, or until nothing is left; answer chooses what to say.
func (w way) walk(t testing.TB, rounds int, answer func(*content.Item) content.Answer) {
	t.Helper()
	it := w.next(nil)
	for steps := 0; it != nil; steps++ {
		if steps > 2000 {
			t.Fatal("the way does not end")
		}
		if it.Asked() {
			if _, done := w.current(it); !done {
				give(t, w, it, answer(it))
			}
		}
		before := w.journey.Rounds
		if err := w.onward(it, "2026-11-20"); err != nil {
			t.Fatal(err)
		}
		if w.journey.Completed != "" || w.journey.Rounds > before && w.journey.Rounds > rounds {
			return
		}
		it, _ = w.module.Item(w.journey.Place)
	}
}

func TestCarefulReaderPassesWithoutPractice(t *testing.T) {
	lib, err := content.Load(modules.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range lib.Modules() {
		for _, r := range m.Routes {
			for seed := range 20 {
				w := begin(m, r.ID, fmt.Sprint(seed))
				w.walk(t, 0, right)
				if w.journey.Completed == "" {
					t.Errorf("%s, %s: not completed; short of %v", m.ID, r.ID, w.short())
				}
			}
		}
	}
}

// TestRandomClickers lets 10,000 people click at random through every route of every module: at least 98 % have not met it after the first pass
// and three rounds of practice.
func TestRandomClickers(t *testing.T) {
	lib, err := content.Load(modules.Files)
	if err != nil {
		t.Fatal(err)
	}
	const clickers = 10_000
	dice := rand.New(rand.NewPCG(1, 2))
	for _, m := range lib.Modules() {
		for _, r := range m.Routes {
			met := 0
			for seed := range clickers {
				w := begin(m, r.ID, fmt.Sprint(seed))
				w.walk(t, 3, func(it *content.Item) content.Answer { return randomAnswer(dice, it) })
				if w.journey.Completed != "" {
					met++
				}
			}
			t.Logf("%s, %s: %.2f %% of random clickers met it", m.ID, r.ID, 100*float64(met)/clickers)
			if met > clickers*2/100 {
				t.Errorf("%s, %s: %d of %d random clickers met it", m.ID, r.ID, met, clickers)
			}
		}
	}
}

func randomAnswer(dice *rand.Rand, it *content.Item) content.Answer {
	switch it.Kind {
	case content.Choice:
		if !it.Several {
			return content.Answer{Options: []string{it.Options[dice.IntN(len(it.Options))].ID}}
		}
		for {
			var chosen []string
			for _, o := range it.Options {
				if dice.IntN(2) == 0 {
					chosen = append(chosen, o.ID)
				}
			}
			if len(chosen) > 0 {
				return content.Answer{Options: chosen}
			}
		}
	case content.Myth:
		return content.Answer{Verdict: []string{content.VerdictTrue, content.VerdictMyth}[dice.IntN(2)], Sure: 1 + dice.IntN(3)}
	case content.Scenario:
		var path []string
		for {
			trail, _ := it.Trail(path)
			now := trail[len(trail)-1]
			if now.Ending() {
				return content.Answer{Path: path}
			}
			path = append(path, now.Choices[dice.IntN(len(now.Choices))].ID)
		}
	default:
		placed := map[string]string{}
		for _, th := range it.Things {
			placed[th.ID] = it.Places[dice.IntN(len(it.Places))]
		}
		return content.Answer{Placed: placed}
	}
}

func TestFallingShortIsPractisedOnFreshVariants(t *testing.T) {
	w := begin(smallModule(t), "main", "seed")
	asked := map[string]bool{}
	first := true
	w.walk(t, 0, func(it *content.Item) content.Answer {
		asked[it.ID] = true
		if it.Outcome == "first" && first && it.Kind == content.Choice {
			first = false
			return wrong(it)
		}
		return right(it)
	})
	if w.journey.Completed != "" || w.journey.Rounds != 1 {
		t.Fatalf("completed %q after %d rounds", w.journey.Completed, w.journey.Rounds)
	}
	if diff := cmp.Diff([]string{"first"}, w.short()); diff != "" {
		t.Errorf("short of %s", diff)
	}
	for _, p := range w.journey.Practice {
		if asked[p.Item] {
			t.Errorf("%s was asked before", p.Item)
		}
	}
	w.walk(t, 1, right)
	if w.journey.Completed != "2026-11-20" {
		t.Errorf("after practice: completed %q", w.journey.Completed)
	}
}

func TestWhenVariantsRunOutPagesAreReadAgain(t *testing.T) {
	w := begin(smallModule(t), "main", "seed")
	w.walk(t, 1, wrong)
	reread := 0
	for _, p := range w.journey.Practice {
		if p.Slot == "" {
			reread++
		}
	}
	if reread == 0 {
		t.Fatalf("nothing is read again: %+v", w.journey.Practice)
	}
	it, _ := w.module.Item(w.journey.Place)
	if it.Kind != content.Page {
		t.Errorf("practice begins with the %s %s", it.Kind, it.ID)
	}
	for range 5 { // and again, and again
		w.walk(t, w.journey.Rounds, wrong)
	}
	w.walk(t, w.journey.Rounds, right)
	w.walk(t, w.journey.Rounds, right)
	if w.journey.Completed == "" {
		t.Errorf("whoever gets there in the end has not completed: short of %v", w.short())
	}
}

func TestCompletionErases(t *testing.T) {
	w := begin(smallModule(t), "another-way", "seed")
	w.walk(t, 0, right)
	want := Journey{
		ID: "p:small", Person: "p", Module: "small", Edition: "2026.1", Month: monthDone, Completed: "2026-11-20", Pending: PendingStanding,
		Read: []string{}, Answers: map[string]content.Answer{}, Walks: map[string][]string{}, Explored: map[string]map[string][]string{}, Practice: []Practice{},
		Acknowledged: map[string][]string{}, Skipped: []string{},
	}
	if diff := cmp.Diff(want, *w.journey); diff != "" {
		t.Errorf("what is left (-want +got)\n%s", diff)
	}
}

func TestAnAnswerStands(t *testing.T) {
	w := begin(smallModule(t), "main", "seed")
	it, _ := w.module.Item("pick-some")
	if taken, err := w.answer(it, wrong(it)); !taken || err != nil {
		t.Fatal(taken, err)
	}
	if taken, err := w.answer(it, right(it)); taken || err != nil {
		t.Errorf("a second answer: taken %v, %v", taken, err)
	}
	if a, _ := w.current(it); it.Mark(a) != 0 {
		t.Error("the second answer replaced the first")
	}
}

func TestItemsOfOtherRoutesAreElsewhere(t *testing.T) {
	w := begin(smallModule(t), "main", "seed")
	it, _ := w.module.Item("o5")
	if _, err := w.answer(it, right(it)); !errors.Is(err, fault.NotFound) {
		t.Errorf("answer: %v", err)
	}
	if err := w.onward(it, "2026-11-20"); !errors.Is(err, fault.NotFound) {
		t.Errorf("onward: %v", err)
	}
}

func TestStoriesCanBeReplayed(t *testing.T) {
	w := begin(smallModule(t), "main", "seed")
	it, _ := w.module.Item("a-story")
	give(t, w, it, content.Answer{Path: []string{"laugh"}})
	if a, _ := w.current(it); it.Mark(a) != 0 {
		t.Errorf("laughing along: %v", it.Mark(a))
	}
	if err := w.step(it, 0, "laugh"); err != nil || len(w.journey.Walks[it.ID]) != 1 {
		t.Errorf("a second click: %v, %v", w.journey.Walks[it.ID], err)
	}
	if err := w.rewind(it, 0); err != nil {
		t.Fatal(err)
	}
	if a, done := w.current(it); !done || it.Mark(a) != 0 {
		t.Error("going back forgot the path that was completed")
	}
	if err := w.step(it, 0, "fly"); !errors.Is(err, fault.Invalid) {
		t.Errorf("a step that is not there: %v", err)
	}
	give(t, w, it, content.Answer{Path: []string{"later"}})
	if a, _ := w.current(it); it.Mark(a) != 1 {
		t.Error("the last completed path does not count")
	}
	if diff := cmp.Diff(map[string][]string{"bad": {"laugh"}, "next-day": {"later"}}, w.journey.Explored[it.ID]); diff != "" {
		t.Errorf("endings seen: %s", diff)
	}
}

func TestOnwardLeadsBackToWhereOneWas(t *testing.T) {
	w := begin(smallModule(t), "main", "seed")
	stops := w.stops
	for _, s := range stops[:4] {
		if s.item.Asked() {
			give(t, w, s.item, right(s.item))
		}
		if err := w.onward(s.item, "2026-11-20"); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.onward(stops[0].item, "2026-11-20"); err != nil { // read the first page again
		t.Fatal(err)
	}
	if w.journey.Place != stops[4].item.ID {
		t.Errorf("at %s, want %s", w.journey.Place, stops[4].item.ID)
	}
	if err := w.onward(stops[4].item, "2026-11-20"); err != nil { // without answering
		t.Fatal(err)
	}
	if w.journey.Place != stops[4].item.ID {
		t.Errorf("went past an item that was not done, to %s", w.journey.Place)
	}
	if err := w.onward(stops[len(stops)-1].item, "2026-11-20"); err != nil { // the last page by its address
		t.Fatal(err)
	}
	if w.journey.Completed != "" || w.journey.Place != stops[4].item.ID {
		t.Errorf("from the end: completed %q, at %s", w.journey.Completed, w.journey.Place)
	}
}

// TestEditedModule goes on with a journey on a module whose items have gone, changed or come.
func TestEditedModule(t *testing.T) {
	w := begin(smallModule(t), "main", "seed")
	w.journey.Answers["gone"] = content.Answer{Options: []string{"x"}}
	w.journey.Answers["pick-some"] = content.Answer{Options: []string{"an-option-that-is-gone"}}
	w.journey.Walks["a-story"] = []string{"a-step-that-is-gone"}
	w.journey.Practice = []Practice{{Route: "main", Outcome: "first", Slot: "gone", Item: "gone"}}
	w.journey.Place = "gone"
	if it, _ := w.module.Item("pick-some"); w.done(it) {
		t.Error("an answer that the item no longer has counts as done")
	}
	it, _ := w.module.Item("a-story")
	if err := w.step(it, 0, "later"); err != nil {
		t.Errorf("a story that was edited: %v", err)
	}
	w.walk(t, 0, right)
	if w.journey.Completed == "" {
		t.Error("the edited module cannot be completed")
	}
}

func TestChangingTheRouteKeepsPractice(t *testing.T) {
	w := begin(smallModule(t), "main", "seed")
	w.walk(t, 0, wrong)
	before := len(w.journey.Practice)
	if before == 0 {
		t.Fatal("nothing to practise")
	}
	w.journey.Route = "another-way"
	other := lay(w.module, w.journey)
	it := other.next(nil)
	if it == nil || other.practising(it) != nil {
		t.Errorf("on the other route practice of the first one is asked: %v", it)
	}
	w.journey.Route = "main"
	back := lay(w.module, w.journey)
	if next := back.next(nil); next == nil || back.practising(next) == nil || len(w.journey.Practice) != before {
		t.Errorf("back on the route, practice is gone: %v", next)
	}
}

func TestDrawsDiffer(t *testing.T) {
	m := smallModule(t)
	drawn := map[string]int{}
	for seed := range 300 {
		drawn[begin(m, "main", fmt.Sprint(seed)).stops[1].item.ID]++
	}
	for _, id := range []string{"pick-one", "pick-other", "pick-third"} {
		if drawn[id] < 60 {
			t.Errorf("%s was drawn %d times of 300", id, drawn[id])
		}
	}
}
