package training

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
)

// note puts content notes on an item of the small module, whose author put them on its first page only.
func note(t testing.TB, m *content.Module, id string, notes ...string) *content.Item {
	t.Helper()
	it, ok := m.Item(id)
	if !ok {
		t.Fatalf("no item %s", id)
	}
	it.Notes = notes
	return it
}

func TestGateStandsUntilItIsOpened(t *testing.T) {
	m := smallModule(t)
	w := begin(m, "main", "seed")
	first := note(t, m, "first-page", "harassment", "sexual-violence")
	same, other, elsewhere := note(t, m, "pick-some", "harassment"), note(t, m, "a-story", "harassment", "prejudice"), note(t, m, "second-page", "harassment")
	plain, _ := m.Item("an-opinion")
	gates := func() []bool {
		return []bool{w.gated(first), w.gated(same), w.gated(other), w.gated(elsewhere), w.gated(plain)}
	}
	if diff := cmp.Diff([]bool{true, true, true, true, false}, gates()); diff != "" {
		t.Errorf("at first: %s", diff)
	}
	for range 2 { // a second click changes nothing
		if err := w.acknowledge(first); err != nil {
			t.Fatal(err)
		}
	}
	// The story's second note is new in the section; the second page stands in another section.
	if diff := cmp.Diff([]bool{false, false, true, true, false}, gates()); diff != "" {
		t.Errorf("after the first: %s", diff)
	}
	if diff := cmp.Diff(map[string][]string{"beginning": {"harassment", "sexual-violence"}}, w.journey.Acknowledged); diff != "" {
		t.Error(diff)
	}
	if w.done(first) {
		t.Error("whoever has read the note has not read the page")
	}
	if err := w.acknowledge(note(t, m, "o5", "stalking")); !errors.Is(err, fault.NotFound) {
		t.Errorf("another route's item: %v", err)
	}
}

// TestAnswersOpenTheGate takes the answer of a learner who had the item open while its author wrote a note above it.
func TestAnswersOpenTheGate(t *testing.T) {
	m := smallModule(t)
	w := begin(m, "main", "seed")
	it := note(t, m, "pick-some", "stalking")
	if taken, err := w.answer(it, right(it)); !taken || err != nil {
		t.Fatal(taken, err)
	}
	it.Notes = []string{"alcohol-drugs"}
	if w.gated(it) {
		t.Error("a gate stands before the reply")
	}
	story := note(t, m, "a-story", "stalking")
	if err := w.step(story, 0, "look"); err != nil || w.gated(story) {
		t.Errorf("a gate stands in the middle of a story: %v", err)
	}
}

func TestSkippedItemsComeAtTheEnd(t *testing.T) {
	m := smallModule(t)
	w := begin(m, "main", "seed")
	first, line := note(t, m, "first-page", "harassment"), note(t, m, "a-line", "prejudice")
	skip := func(it *content.Item, more bool) {
		t.Helper()
		for range 2 { // a second click changes nothing
			got, err := w.skip(it)
			if err != nil || got != more {
				t.Fatalf("skip %s: more %v, %v", it.ID, got, err)
			}
		}
	}
	skip(first, true)
	if w.journey.Place != w.stops[1].item.ID || w.done(first) || w.putOff() != 1 || w.percent() != 0 {
		t.Errorf("at %s; done %v, %d put off, %d %%", w.journey.Place, w.done(first), w.putOff(), w.percent())
	}
	var met []string
	for range 30 {
		it, _ := m.Item(w.journey.Place)
		if it == line && !w.skipped(line) {
			skip(line, true)
			continue
		}
		if it == first || it == line {
			break
		}
		met = append(met, it.ID)
		if it.Asked() {
			give(t, w, it, right(it))
		}
		if err := w.onward(it, "2026-11-20"); err != nil {
			t.Fatal(err)
		}
	}
	if len(met) != len(w.stops)-2 || w.journey.Completed != "" {
		t.Fatalf("met %v; completed %q", met, w.journey.Completed)
	}
	// What was skipped returns in its order, behind its gate, and may be skipped again.
	if w.journey.Place != first.ID || !w.gated(first) || !w.gated(line) || w.putOff() != 2 {
		t.Errorf("at the end: %s", w.journey.Place)
	}
	if _, err := w.skip(first); err != nil || w.journey.Place != line.ID {
		t.Errorf("skipped again: at %s, %v", w.journey.Place, err)
	}
	if _, err := w.skip(line); err != nil || w.journey.Place != first.ID {
		t.Errorf("and again: at %s, %v", w.journey.Place, err)
	}
	if err := w.acknowledge(first); err != nil || w.gated(first) {
		t.Fatalf("the gate does not open: %v", err)
	}
	if err := w.onward(first, "2026-11-20"); err != nil || w.journey.Place != line.ID || w.putOff() != 1 {
		t.Errorf("onward: at %s, %v", w.journey.Place, err)
	}
	skip(line, false) // the only thing that is left
	if w.journey.Completed != "" {
		t.Error("skipping completed the module")
	}
	give(t, w, line, right(line))
	if err := w.onward(line, "2026-11-20"); err != nil || w.journey.Completed != "2026-11-20" {
		t.Errorf("completed %q, %v", w.journey.Completed, err)
	}
	if len(w.journey.Skipped) != 0 || len(w.journey.Acknowledged) != 0 {
		t.Errorf("left behind: %v, %v", w.journey.Skipped, w.journey.Acknowledged)
	}
}

func TestWhatCannotBeSkipped(t *testing.T) {
	m := smallModule(t)
	w := begin(m, "main", "seed")
	plain, _ := m.Item("pick-some")
	if _, err := w.skip(plain); err != nil || w.skipped(plain) {
		t.Errorf("an item without a note: %v, %v", err, w.journey.Skipped)
	}
	note(t, m, "pick-some", "stalking")
	give(t, w, plain, wrong(plain))
	if _, err := w.skip(plain); err != nil || w.skipped(plain) {
		t.Errorf("an item that is answered: %v, %v", err, w.journey.Skipped)
	}
	if _, err := w.skip(note(t, m, "o5", "stalking")); !errors.Is(err, fault.NotFound) {
		t.Errorf("another route's item: %v", err)
	}
}

// TestSkippingEverything skips whatever can be skipped, each time it comes, in the first pass and in practice: nothing completes by it, nothing loops
// for ever, and whoever stops skipping completes.
func TestSkippingEverything(t *testing.T) {
	m := smallModule(t)
	w := begin(m, "main", "seed")
	for _, s := range m.Sections {
		for _, slot := range s.Slots {
			for _, it := range slot {
				it.Notes = []string{"harassment"}
			}
		}
	}
	w.journey.Place = w.next(nil).ID
	seen := map[string]bool{}
	for range 3 * len(w.stops) {
		it, _ := m.Item(w.journey.Place)
		seen[it.ID] = true
		if _, err := w.skip(it); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != len(w.stops) || w.putOff() != len(w.stops) || w.journey.Completed != "" {
		t.Fatalf("saw %d of %d, %d put off, completed %q", len(seen), len(w.stops), w.putOff(), w.journey.Completed)
	}
	w.walk(t, 0, wrong)
	if w.journey.Rounds != 1 || w.putOff() != 0 {
		t.Fatalf("%d rounds, %d put off", w.journey.Rounds, w.putOff())
	}
	n := 0
	for _, p := range w.journey.Practice {
		if !p.Done {
			n++
		}
	}
	seen = map[string]bool{}
	for range 3 * n {
		it, _ := m.Item(w.journey.Place)
		seen[it.ID] = true
		if w.practising(it) == nil || !w.left(it) {
			t.Fatalf("in practice: %s", it.ID)
		}
		if _, err := w.skip(it); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != n {
		t.Errorf("skipping in practice saw %d of %d", len(seen), n)
	}
	for range 5 {
		w.walk(t, w.journey.Rounds, right)
	}
	if w.journey.Completed == "" {
		t.Errorf("not completed: short of %v", w.short())
	}
}

// TestSkippedAcrossRoutes takes the other way with something skipped on the first one.
func TestSkippedAcrossRoutes(t *testing.T) {
	m := smallModule(t)
	w := begin(m, "main", "seed")
	first := note(t, m, "first-page", "harassment")
	if _, err := w.skip(first); err != nil {
		t.Fatal(err)
	}
	w.journey.Route = "another-way"
	other := lay(m, w.journey)
	if other.putOff() != 0 {
		t.Error("what was skipped on one way waits on the other")
	}
	w.journey.Route = "main"
	if back := lay(m, w.journey); back.putOff() != 1 || back.next(nil) == first {
		t.Error("back on the way, what was skipped has been forgotten")
	}
}

func TestOldJourneysMeetGates(t *testing.T) {
	m := smallModule(t)
	w := begin(m, "main", "seed")
	w.journey.Acknowledged, w.journey.Skipped = nil, nil
	first := note(t, m, "first-page", "harassment")
	if err := w.acknowledge(first); err != nil || w.gated(first) {
		t.Errorf("a journey from before: %v", err)
	}
}

func TestGateOverHTTP(t *testing.T) {
	f := newFixture(t)
	m := f.module()
	line := note(t, m, "a-line", "prejudice")
	v := f.SignIn("sam@north.example")
	v.Post("/app/training/"+m.Slug, "route", "main")
	at := f.path("first-page")

	// The note comes before anything of the page, at the page's own address.
	gate := v.Get(at)
	for _, want := range []string{"sexual harassment", "sexual violence", `name="do" value="continue"`, `name="do" value="skip"`, `name="route" value="another-way"`} {
		if !strings.Contains(gate.Body, want) {
			t.Errorf("the gate lacks %s", want)
		}
	}
	if gate.Status != http.StatusOK || strings.Contains(gate.Body, "The first page") || strings.Contains(gate.Body, "In law it is so") {
		t.Errorf("the gate shows what stands behind it: %d %s", gate.Status, gate.Body)
	}
	if gate.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("kept: %q", gate.Header.Get("Cache-Control"))
	}

	// Skip it, twice by accident; go on elsewhere; come back and read it.
	for range 2 {
		if a := v.Post(at, "do", "skip"); a.Status != http.StatusSeeOther || a.Location != address(m, "go") {
			t.Fatalf("skip: %d to %s", a.Status, a.Location)
		}
	}
	next := v.Get(address(m, "go")).Location
	if next == at || !strings.Contains(v.Get(next).Body, "You skipped 1 page. It comes at the end.") {
		t.Errorf("after skipping: %s", next)
	}
	if a := v.Get(at); !strings.Contains(a.Body, "You left this for the end") {
		t.Error("what was skipped is not behind its gate")
	}
	if a := v.Post(at, "do", "continue"); a.Location != at {
		t.Errorf("continue leads to %s", a.Location)
	}
	if a := v.Get(at); !strings.Contains(a.Body, "The first page") || !strings.Contains(a.Body, "This page speaks of") {
		t.Error("the page is not there, or has lost its note")
	}
	if a := v.Get(next); strings.Contains(a.Body, "You skipped") {
		t.Error("what was read still counts as skipped")
	}

	// Everything else is done and one thing is skipped: the module's page says so and shows the other way.
	for range 40 {
		at := v.Get(address(m, "go")).Location
		it, ok := m.ItemBySlug(at[strings.LastIndexByte(at, '/')+1:])
		switch {
		case !ok:
			t.Fatalf("led to %s", at)
		case it == line && strings.Contains(v.Get(at).Body, "You left this for the end"):
			a := v.Post(at, "do", "skip")
			if page := v.Get(a.Location); !strings.HasPrefix(a.Location, "/app/training/"+m.Slug+"?") || !strings.Contains(page.Body, "What is left is what you skipped") || !strings.Contains(page.Body, `value="another-way"`) {
				t.Errorf("%s: %s", a.Location, page.Body)
			}
			v.Post(at, "do", "continue")
			v.Post(at, form(line, right(line))...)
			if a := v.Post(at, "do", "next"); v.Get(a.Location).Location != address(m, "done") {
				t.Errorf("not completed: %s", a.Location)
			}
			j, err := f.training.Journey(t.Context(), v.Person.ID, m)
			if err != nil || len(j.Skipped)+len(j.Acknowledged) != 0 {
				t.Errorf("left behind: %+v, %v", j, err)
			}
			return
		case it == line:
			v.Post(at, "do", "skip")
			continue
		case it.Kind == content.Scenario:
			for i, step := range right(it).Path {
				v.Post(at, "do", "step", "at", string(rune('0'+i)), "step", step)
			}
		case it.Asked():
			v.Post(at, form(it, right(it))...)
		}
		v.Post(at, "do", "next")
	}
	t.Error("what was skipped does not come back")
}

// TestSkipOnAnExpiredSession keeps the choice of somebody who was away for long.
func TestSkipOnAnExpiredSession(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	v.Post("/app/training/"+f.module().Slug, "route", "main")
	at := f.path("first-page")
	owner := ownerField.FindStringSubmatch(v.Get(at).Body)[1]
	if err := f.People.SignOutEverywhere(t.Context(), v.Person.ID); err != nil {
		t.Fatal(err)
	}
	v.Post(at, "do", "skip", "owner", owner)
	again := f.SignIn("sam@north.example")
	again.Cookies["upstander-held"] = v.Cookies["upstander-held"]
	again.Get(at)
	j, err := f.training.Journey(t.Context(), v.Person.ID, f.module())
	if err != nil || !slices.Equal(j.Skipped, []string{"first-page"}) {
		t.Errorf("skipped %v, %v", j.Skipped, err)
	}
}

func TestReadingAgainSaysWhatThePagesSpeakOf(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	f.complete(v, "main")
	body := v.Get(address(f.module(), "read/beginning")).Body
	if note, page := strings.Index(body, "sexual violence"), strings.Index(body, "The first page"); note < 0 || page < note {
		t.Errorf("the note stands at %d, the page at %d", note, page)
	}
	if strings.Contains(v.Get(address(f.module(), "read/middle")).Body, "This page speaks of") {
		t.Error("pages without notes have one")
	}
}
