package training

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/store/storetest"
	"github.com/upstander/upstander/modules"
)

// registry stands for the features that training is connected to in app: it keeps standings and certificates in memory, behind training's own
// interfaces.
type registry struct {
	met    map[string]string // person:module -> day
	names  map[string]string
	again  bool
	broken bool
}

func (r *registry) Meet(_ context.Context, person, _, module, _, day string) error {
	if r.broken {
		return fmt.Errorf("meet: %w", fault.Unavailable)
	}
	r.met[person+":"+module] = day
	return nil
}

func (r *registry) Again(context.Context, string, string, string, string) (bool, error) {
	return r.again, nil
}

func (r *registry) Duties(context.Context, people.Person) ([]Duty, error) {
	return []Duty{{Module: "small", Due: "2027-01-29"}}, nil
}

func (r *registry) Certificates(_ context.Context, p people.Person, _ string) ([]Held, error) {
	if n := r.names[p.ID]; n != "" {
		return []Held{{Module: "small", Title: locale.Phrase{Text: "A small module", Lang: "en"}, Day: "2026-11-20", Path: "/app/certificates/X"}}, nil
	}
	return nil, nil
}

func (r *registry) Issue(_ context.Context, p people.Person, _, name string) (string, error) {
	if name == "" {
		return "", fault.Problems{{Field: "name", Key: "certificate.name-missing"}}
	}
	r.names[p.ID] = name
	return "/app/certificates/X", nil
}

type fixture struct {
	*peopletest.Site
	training *Service
	registry *registry
	library  *content.Library
}

var title = regexp.MustCompile(`<title>(.*)</title>`)

func newFixture(t testing.TB) *fixture {
	t.Helper()
	lib, err := content.Load(os.DirFS("../content/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{Site: peopletest.New(t, nil), registry: &registry{met: map[string]string{}, names: map[string]string{}}, library: lib}
	f.training, err = New(t.Context(), Config{
		Engine: f.Engine, Library: func() *content.Library { return f.library }, Standings: f.registry, Persons: f.People,
		Today: func() string { return "2026-11-20" }, Now: storetest.Now, NewSeed: func() string { return "seed" }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	Routes(f.Doors, f.training, f.People, f.registry, f.registry)
	return f
}

func (f *fixture) module() *content.Module { return f.library.Modules()[0] }

// path returns the address of an item of the small module.
func (f *fixture) path(id string) string {
	it, _ := f.module().Item(id)
	return address(f.module(), it.Slug)
}

// form returns the fields of an answer.
func form(it *content.Item, a content.Answer) []string {
	fields := []string{"do", "answer"}
	for _, o := range a.Options {
		fields = append(fields, "option", o)
	}
	if a.Verdict != "" {
		fields = append(fields, "verdict", a.Verdict, "sure", fmt.Sprint(a.Sure))
	}
	for thing, place := range a.Placed {
		fields = append(fields, "place-"+thing, place)
	}
	return fields
}

// complete goes the whole way through the small module with right answers.
func (f *fixture) complete(v *peopletest.Visitor, route string) {
	f.T.Helper()
	m := f.module()
	v.Post("/app/training/"+m.Slug, "route", route)
	for range 100 {
		at := v.Get(address(m, "go")).Location
		if strings.HasSuffix(at, "/done") {
			return
		}
		it, ok := m.ItemBySlug(at[strings.LastIndexByte(at, '/')+1:])
		if !ok {
			f.T.Fatalf("led to %s", at)
		}
		switch {
		case it.Kind == content.Scenario:
			for i, step := range right(it).Path {
				v.Post(at, "do", "step", "at", fmt.Sprint(i), "step", step)
			}
		case it.Asked():
			v.Post(at, form(it, right(it))...)
		}
		v.Post(at, "do", "next")
	}
	f.T.Fatal("the module does not end")
}

func TestPagesNeedSignIn(t *testing.T) {
	f := newFixture(t)
	v := f.Visitor()
	for _, path := range []string{"/app", "/app/training/" + f.module().Slug, f.path("first-page")} {
		if a := v.Get(path); a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location, "/app/sign-in") {
			t.Errorf("%s: %d to %s", path, a.Status, a.Location)
		}
	}
}

func TestAboutSaysWhatStaffSee(t *testing.T) {
	f := newFixture(t)
	a := f.Visitor().Get("/north/training/small")
	for _, want := range []string{"A small module", "About 20 minutes", "About 8 minutes", "sexual violence", "No page here speaks of violence", "Only whether you have met the requirement"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the module's page does not say %q", want)
		}
	}
	if a := f.Visitor().Get("/north/training/none"); a.Status != http.StatusNotFound {
		t.Errorf("an unknown module: %d", a.Status)
	}
	if a := f.Visitor().Get("/north/cy/training/small"); !strings.Contains(a.Body, "Modiwl bach") {
		t.Error("the Welsh page is not in Welsh")
	}
}

func TestCompletion(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	if a := v.Get("/app"); !strings.Contains(a.Body, "29 January 2027") {
		t.Error("home does not say by when")
	}
	f.complete(v, "main")
	if day := f.registry.met[v.Person.ID+":small"]; day != "2026-11-20" {
		t.Errorf("standing: %q", day)
	}
	m := f.module()
	if a := v.Get(address(m, "done")); !strings.Contains(a.Body, "20 November 2026") {
		t.Errorf("completion page: %s", a.Body)
	}
	if a := v.Post(address(m, "done"), "name", ""); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "Type the name that the certificate should show") {
		t.Errorf("without a name: %d", a.Status)
	}
	if a := v.Post(address(m, "done"), "name", "Sam Sample"); a.Location != "/app/certificates/X" {
		t.Errorf("certificate: %d %s", a.Status, a.Location)
	}
	for _, path := range []string{address(m, "go"), f.path("first-page")} { // whatever is opened now leads to the end
		if a := v.Get(path); a.Status != http.StatusSeeOther {
			t.Errorf("%s after completion: %d", path, a.Status)
		}
	}
	if a := v.Get(address(m, "read/beginning")); !strings.Contains(a.Body, "The first page") {
		t.Error("the pages cannot be read again")
	}
	j, err := f.training.Journey(t.Context(), v.Person.ID, m)
	if err != nil || len(j.Answers) != 0 || j.Route != "" || j.Seed != "" || j.Pending != PendingNothing {
		t.Errorf("what is left of the journey: %+v, %v", j, err)
	}
}

// TestARenewedModuleCanBeTakenAgain begins anew when a requirement asks for a completed module once more, and only then.
func TestARenewedModuleCanBeTakenAgain(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	f.complete(v, "main")
	m := f.module()
	v.Post("/app/training/"+m.Slug, "route", "main")
	if j, err := f.training.Journey(t.Context(), v.Person.ID, m); err != nil || j.Completed == "" {
		t.Errorf("nobody asks for it, and it began again: %+v, %v", j, err)
	}
	f.registry.again = true
	if a := v.Get("/app/training/" + m.Slug); !strings.Contains(a.Body, "Start: ") {
		t.Error("the ways are not offered anew")
	}
	v.Post("/app/training/"+m.Slug, "route", "main")
	if j, err := f.training.Journey(t.Context(), v.Person.ID, m); err != nil || j.Completed != "" || j.Route != "main" || j.Seed == "" {
		t.Errorf("asked for again: %+v, %v", j, err)
	}
	f.registry.met = map[string]string{}
	f.complete(v, "main")
	if f.registry.met[v.Person.ID+":small"] == "" {
		t.Error("the second completion is not recorded")
	}
}

func TestBothRoutesLeaveTheSame(t *testing.T) {
	f := newFixture(t)
	one, other := f.SignIn("one@north.example"), f.SignIn("other@north.example")
	f.complete(one, "main")
	f.complete(other, "another-way")
	a, err1 := f.training.Journey(t.Context(), one.Person.ID, f.module())
	b, err2 := f.training.Journey(t.Context(), other.Person.ID, f.module())
	a.ID, a.Person, a.ClaimedUntil = b.ID, b.Person, b.ClaimedUntil
	if fmt.Sprint(a) != fmt.Sprint(b) || errors.Join(err1, err2) != nil {
		t.Errorf("one %+v\nother %+v", a, b)
	}
}

func TestStandingIsRecordedLater(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	f.registry.broken = true
	f.complete(v, "main")
	if len(f.registry.met) != 0 {
		t.Fatal("the registry was not broken")
	}
	if a := v.Get(address(f.module(), "done")); a.Status != http.StatusOK {
		t.Errorf("the learner has completed all the same: %d", a.Status)
	}
	f.registry.broken = false
	if n, err := f.training.Sweep(t.Context()); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if f.registry.met[v.Person.ID+":small"] != "2026-11-20" {
		t.Error("the sweeper did not record the standing")
	}
	if n, err := f.training.Sweep(t.Context()); n != 0 || err != nil {
		t.Errorf("swept again: %d, %v", n, err)
	}
}

func TestAnsweringTwice(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	v.Post("/app/training/"+f.module().Slug, "route", "main")
	at := f.path("pick-some")
	if a := v.Post(at, "do", "answer", "option", "c"); a.Status != http.StatusSeeOther {
		t.Fatalf("%d", a.Status)
	}
	a := v.Post(at, "do", "answer", "option", "a", "option", "b")
	if page := v.Get(a.Location); !strings.Contains(page.Body, "Your first answer stands") {
		t.Errorf("the second answer: %d to %s", a.Status, a.Location)
	}
	if a := v.Get(at); !strings.Contains(a.Body, "Reply C.") {
		t.Error("the first answer does not stand")
	}
}

func TestWrongForms(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	v.Post("/app/training/"+f.module().Slug, "route", "main")
	at := f.path("pick-some")
	for name, test := range map[string]struct {
		path   string
		fields []string
		status int
		says   string
	}{
		"nothing chosen":       {at, []string{"do", "answer"}, 422, "Choose at least one answer."},
		"an unknown option":    {at, []string{"do", "answer", "option", "zzz"}, 422, "This question has changed."},
		"an unknown button":    {at, []string{"do", "fly"}, 303, ""},
		"no button":            {at, nil, 303, ""},
		"a long field":         {at, []string{"do", "answer", "option", strings.Repeat("x", 100_000)}, 422, ""},
		"not text":             {at, []string{"do", "answer", "option", "\xff\xfe"}, 422, ""},
		"script":               {at, []string{"do", "answer", "option", "<script>alert(1)</script>"}, 422, ""},
		"a route that is none": {"/app/training/" + f.module().Slug, []string{"route", "none"}, 404, ""},
		"an unknown item":      {"/app/training/" + f.module().Slug + "/zzzzzzzz", []string{"do", "next"}, 404, ""},
		"an unknown module":    {"/app/training/zzzzzzzz", []string{"route", "main"}, 404, ""},
		"another route's item": {f.path("o5"), []string{"do", "answer", "verdict", "true", "sure", "1"}, 303, ""},
		"a step backwards":     {f.path("a-story"), []string{"do", "step", "at", "-5", "step", "look"}, 303, ""},
	} {
		a := v.Post(test.path, test.fields...)
		if a.Status != test.status || !strings.Contains(a.Body, test.says) || strings.Contains(a.Body, "<script>alert") {
			t.Errorf("%s: %d, want %d saying %q", name, a.Status, test.status, test.says)
		}
	}
}

func TestLanguageChangesWithoutLosingWhatWasTyped(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	v.Post("/app/training/"+f.module().Slug, "route", "main")
	a := v.Post(f.path("a-line"), "language", "cy", "place-whistle", "serious")
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "Ble fyddech chi") || !strings.Contains(a.Body, `name="place-whistle" value="serious" checked`) {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	if a := v.Get(f.path("a-line")); !strings.Contains(a.Body, `<html lang="cy" dir="ltr">`) || strings.Contains(a.Body, "checked") {
		t.Error("the language was not kept, or the answer was")
	}
	if a := v.Post(f.path("a-line"), "language", "xx"); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("an unknown language: %d", a.Status)
	}
}

func TestAnotherPersonsJourneyIsNotMine(t *testing.T) {
	f := newFixture(t)
	one, other := f.SignIn("one@north.example"), f.SignIn("other@south.example")
	one.Post("/app/training/"+f.module().Slug, "route", "main")
	one.Post(f.path("pick-some"), "do", "answer", "option", "c")
	other.Post("/app/training/"+f.module().Slug, "route", "main")
	if a := other.Get(f.path("pick-some")); strings.Contains(a.Body, "Reply C.") {
		t.Error("somebody else's answer is shown")
	}
}

var ownerField = regexp.MustCompile(`name="owner" value="([^"]+)"`)

func TestAnswerOnAnExpiredSessionIsStillThere(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	v.Post("/app/training/"+f.module().Slug, "route", "main")
	at := f.path("pick-some")
	owner := ownerField.FindStringSubmatch(v.Get(at).Body)[1]
	if err := f.People.SignOutEverywhere(t.Context(), v.Person.ID); err != nil {
		t.Fatal(err)
	}
	a := v.Post(at, "do", "answer", "option", "c", "owner", owner)
	if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location, "/app/sign-in?to=") {
		t.Fatalf("%d %s", a.Status, a.Location)
	}
	if held := v.Cookies["upstander-held"]; held == "" || strings.Contains(held, "option") {
		t.Fatalf("held: %q", held)
	}
	kept := v.Cookies["upstander-held"]

	// Somebody else signs in on this device: the answer is not theirs.
	other := f.SignIn("alex@north.example")
	other.Post("/app/training/"+f.module().Slug, "route", "main")
	other.Cookies["upstander-held"] = kept
	if a := other.Get(at); a.Status != http.StatusOK || strings.Contains(a.Body, "Reply C.") {
		t.Errorf("somebody else got the answer: %d", a.Status)
	}

	// The same person signs in: the answer is sent, once.
	again := f.SignIn("sam@north.example")
	again.Cookies["upstander-held"] = kept
	if a := again.Get(at); a.Status != http.StatusSeeOther {
		t.Errorf("the held answer: %d", a.Status)
	}
	if a := again.Get(at); !strings.Contains(a.Body, "Reply C.") || again.Cookies["upstander-held"] != "" {
		t.Errorf("the answer is not there, or is sent again: %s", a.Body)
	}
	for _, rubbish := range []string{"x", strings.Repeat("A", 5000), kept[:len(kept)-2] + "AA"} {
		again.Cookies["upstander-held"] = rubbish
		if a := again.Get(at); a.Status != http.StatusOK {
			t.Errorf("a cookie of rubbish: %d", a.Status)
		}
	}
}

// TestAnswerOfSomebodyElsesPageIsRefused sends a form that has waited on a page, for the network perhaps, while another person signed in on the device.
func TestAnswerOfSomebodyElsesPageIsRefused(t *testing.T) {
	f := newFixture(t)
	sam, alex := f.SignIn("sam@north.example"), f.SignIn("alex@north.example")
	at := f.path("pick-some")
	for _, v := range []*peopletest.Visitor{sam, alex} {
		v.Post("/app/training/"+f.module().Slug, "route", "main")
	}
	sams := ownerField.FindStringSubmatch(sam.Get(at).Body)[1]
	if a := alex.Post(at, "do", "answer", "option", "c", "owner", sams); a.Status != http.StatusConflict {
		t.Errorf("a form of another person: %d", a.Status)
	}
	if a := alex.Get(at); strings.Contains(a.Body, "Reply C.") {
		t.Error("the answer was taken for somebody else's")
	}
	for range 2 { // sent again, because the reply to the first was lost
		if a := sam.Post(at, "do", "answer", "option", "c", "owner", sams); a.Status != http.StatusSeeOther || a.Location != at {
			t.Errorf("a form of one's own: %d to %s", a.Status, a.Location)
		}
	}
	if a := sam.Post(at, "do", "answer", "option", "a", "owner", sams); !strings.HasSuffix(a.Location, "said=answered-before") {
		t.Errorf("another answer afterwards: to %s", a.Location)
	}
	if a := sam.Get(at); !strings.Contains(a.Body, "Reply C.") {
		t.Error("the answer is not there")
	}
}

// TestTitlesAreNeutralAndDistinct reads what a browser's history keeps: it tells the pages apart, and nothing of what they are about.
func TestTitlesAreNeutralAndDistinct(t *testing.T) {
	f := newFixture(t)
	shipped, err := content.Load(modules.Files)
	if err != nil {
		t.Fatal(err)
	}
	v := f.SignIn("sam@north.example")
	f.complete(v, "main")
	small := f.module()
	pages := []string{address(small, "read/beginning"), address(small, "read/middle")}
	seen := map[string]string{}
	look := func(page string, subjects ...string) {
		t.Helper()
		found := title.FindStringSubmatch(v.Get(page).Body)
		if found == nil {
			t.Fatalf("%s has no title", page)
		}
		if other, taken := seen[found[1]]; taken {
			t.Errorf("%s and %s are both called %q", page, other, found[1])
		}
		for _, subject := range subjects {
			if strings.Contains(found[1], subject) {
				t.Errorf("%s tells what it is about: %q", page, found[1])
			}
		}
		seen[found[1]] = page
	}
	for i, page := range pages {
		look(page, small.In("en").Title, small.Sections[i].Title.In("en"))
	}
	f.library = shipped
	for _, m := range shipped.Modules() {
		look("/app/training/"+m.Slug, m.In("en").Title)
	}
}

func TestAnotherWayIsOneTapAway(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	v.Post("/app/training/"+f.module().Slug, "route", "main")
	v.Post(f.path("first-page"), "do", "continue")
	if a := v.Get(f.path("first-page")); !strings.Contains(a.Body, `name="route" value="another-way"`) || !strings.Contains(a.Body, "It counts the same") {
		t.Error("the item does not offer another way")
	}
	v.Post(f.path("pick-some"), "do", "answer", "option", "c")
	v.Post("/app/training/"+f.module().Slug, "route", "another-way")
	if at := v.Get(address(f.module(), "go")).Location; at != f.path("other-page") {
		t.Errorf("led to %s", at)
	}
	v.Post("/app/training/"+f.module().Slug, "route", "main")
	if a := v.Get(f.path("pick-some")); !strings.Contains(a.Body, "Reply C.") {
		t.Error("changing the way and back lost an answer")
	}
}

// TestNothingBeforeTheAnswerDependsOnTheKey renders every item of every module before it is answered, at its gate, and as a story that is half played,
// with its own key and with another, and compares the pages byte for byte.
func TestNothingBeforeTheAnswerDependsOnTheKey(t *testing.T) {
	real1, err1 := content.Load(modules.Files)
	real2, err2 := content.Load(modules.Files)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	f.checkThatKeysShowAfterwards(v)
	reached := map[string]int{}
	for i, m := range real1.Modules() {
		permuted := real2.Modules()[i]
		for _, r := range m.Routes {
			for _, s := range r.Sections {
				for _, slot := range s.Slots {
					for _, it := range slot {
						other, _ := permuted.Item(it.ID)
						permute(other)
						for _, lang := range []string{"en", "cy"} {
							if err := f.People.SetLanguage(t.Context(), v.Person.ID, lang); err != nil {
								t.Fatal(err)
							}
							for state, begun := range states(it) {
								f.library = real1
								before := f.unanswered(v, m, r.ID, it, begun)
								f.library = real2
								after := f.unanswered(v, permuted, r.ID, other, begun)
								if before != after {
									t.Errorf("%s, %s, %s: the page before the answer depends on the key", it.ID, state, lang)
								}
								if it.Asked() && !strings.Contains(before, "<form") {
									t.Fatalf("%s, %s: this is no question:\n%s", it.ID, state, before)
								}
								if gate := strings.Contains(before, `value="continue"`); gate != (state == "at the gate") {
									t.Fatalf("%s, %s: gate %v", it.ID, state, gate)
								}
								if half := strings.Contains(before, `value="rewind"`); half != (state == "half played") {
									t.Fatalf("%s, %s: half played %v", it.ID, state, half)
								}
								reached[state]++
							}
						}
					}
				}
			}
		}
	}
	for _, state := range []string{"asked", "at the gate", "half played"} {
		if reached[state] == 0 {
			t.Errorf("nothing was %s", state)
		}
	}
}

// states lists how an item can stand before its answer, as changes to a journey that is at it.
func states(it *content.Item) map[string]func(*Journey) {
	all := map[string]func(*Journey){"asked": func(*Journey) {}}
	if len(it.Notes) > 0 {
		all["at the gate"] = func(j *Journey) { j.Acknowledged = map[string][]string{} }
	}
	if start, ok := it.Moment(it.Start); ok {
		for _, step := range start.Choices {
			if next, _ := it.Moment(step.To); !next.Ending() {
				all["half played"] = func(j *Journey) { j.Walks = map[string][]string{it.ID: {step.ID}} }
			}
		}
	}
	return all
}

// checkThatKeysShowAfterwards makes sure that comparing pages can tell one key from another at all.
func (f *fixture) checkThatKeysShowAfterwards(v *peopletest.Visitor) {
	f.T.Helper()
	m := f.module()
	it, _ := m.Item("pick-some")
	f.unanswered(v, m, "main", it, func(*Journey) {})
	v.Post(address(m, it.Slug), "do", "answer", "option", "a")
	before := v.Get(address(m, it.Slug)).Body
	permute(it)
	if after := v.Get(address(m, it.Slug)).Body; before == after {
		f.T.Fatal("pages after the answer do not depend on the key either")
	}
	permute(it)
}

// unanswered returns the page of an item, put into practice so that every variant can be asked, after a change to the journey.
func (f *fixture) unanswered(v *peopletest.Visitor, m *content.Module, route string, it *content.Item, begun func(*Journey)) string {
	f.T.Helper()
	id := journeyID(v.Person.ID, m.ID)
	_, err := f.training.store.upsert(f.T.Context(), id, func(j *Journey, _ bool) error {
		*j = Journey{
			ID: id, Person: v.Person.ID, Module: m.ID, Route: route, Seed: "seed", Place: it.ID, Pending: PendingNothing, Practice: []Practice{{Route: route, Slot: "x", Item: it.ID}},
			Acknowledged: map[string][]string{it.Section.ID: it.Notes},
		}
		begun(j)
		return nil
	})
	if err != nil {
		f.T.Fatal(err)
	}
	a := v.Get(address(m, it.Slug))
	if a.Status != http.StatusOK {
		f.T.Fatalf("%s: %d", it.ID, a.Status)
	}
	return a.Body
}

// permute gives an item another key. What a step of a story was called shows once it has been taken: those of its first moment stay.
func permute(it *content.Item) {
	it.Crime = !it.Crime
	for i := range it.Options {
		it.Options[i].Right, it.Options[i].Crime = !it.Options[i].Right, !it.Options[i].Crime
	}
	it.Verdict = !it.Verdict
	for i := range it.Moments {
		it.Moments[i].Credit, it.Moments[i].Crime = 1-it.Moments[i].Credit, !it.Moments[i].Crime
		for j := range it.Moments[i].Choices {
			if !it.Bystander && it.Moments[i].ID != it.Start {
				it.Moments[i].Choices[j].D = "delay"
			}
		}
	}
	for i := range it.Things {
		at := slices.Index(it.Places, it.Things[i].Places[0])
		it.Things[i].Places = []string{it.Places[(at+1)%len(it.Places)]}
		it.Things[i].Crime = !it.Things[i].Crime
	}
}
