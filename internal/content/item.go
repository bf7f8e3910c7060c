package content

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/locale"
)

// slugOf names something in an address without saying what it is about: nobody who sees a browser's history over a
// learner's shoulder reads "consent" there.
func slugOf(parts ...string) string {
	sum := sha256.Sum256([]byte("upstander/" + strings.Join(parts, "/")))
	return strings.ToLower(base32.StdEncoding.EncodeToString(sum[:]))[:8]
}

// item reads one item; nil when it cannot be told what kind it is.
func (b *builder) item(s *Section, e node) *Item {
	f := e.mapping()
	it := &Item{Module: b.m, Section: s, at: e.at, words: map[string]*Words{}, linked: map[string]*Words{}}
	for _, k := range []Kind{Page, Choice, Myth, Scenario, Sort, Reflect} {
		if _, ok := f.values[string(k)]; !ok {
			continue
		}
		if it.Kind != "" {
			f.names[string(k)].problem("an item is of one kind: %s or %s", it.Kind, k)
			return nil
		}
		it.Kind, it.ID = k, f.get(string(k)).id()
	}
	if it.Kind == "" {
		e.problem("an item starts with page, choice, myth, scenario, sort, reflect or ask")
		return nil
	}
	it.Slug = slugOf(b.m.ID, it.ID)
	if was, twice := b.m.items[it.ID]; twice {
		e.problem("the id %q stands at %s:%d already", it.ID, was.at.file, was.at.line)
	}
	if was, twice := b.m.slugs[it.Slug]; twice && was.ID != it.ID {
		e.problem("the id %q happens to share its address with %q: choose another", it.ID, was.ID)
	}
	b.m.items[it.ID], b.m.slugs[it.Slug] = it, it
	b.common(it, f)

	p := newProse(b.m.Sources)
	w := &Words{Lang: locale.Source}
	it.words[locale.Source] = w
	p.cite(f.get("sources"))
	switch it.Kind {
	case Page:
		w.Title, w.Text = f.need("title").line(), p.html(f.need("text"))
		checkClaims(f.get("text"))
	case Reflect:
		w.Title, w.Text = f.need("title").line(), p.html(f.need("text"))
	case Choice:
		b.choice(it, w, p, f)
	case Myth:
		b.myth(it, w, p, f)
	case Scenario:
		b.scenario(it, w, p, f)
	case Sort:
		b.sort(it, w, p, f)
	}
	w.Sources = p.cited
	f.done()
	return it
}

func (b *builder) common(it *Item, f *mapping) {
	it.Notes = f.get("notes").oneOf(NoteIDs())
	it.Room = f.get("room").yes()
	it.Drawing = drawing(f)
	it.Class = Knowledge
	if c := f.get("class"); !c.missing() {
		it.Class = Class(c.one(string(Knowledge), string(Attitude), string(Experience)))
	}
	it.Jurisdiction = b.m.Jurisdiction
	if j := f.get("jurisdiction"); !j.missing() {
		it.Jurisdiction = j.one(Jurisdictions()...)
	}
	it.Outcome = f.get("outcome").id()
	if _, ok := b.m.Outcome(it.Outcome); it.Outcome != "" && !ok {
		f.get("outcome").problem("module.yaml names no outcome %q", it.Outcome)
	}
	if it.Marked() && it.Outcome == "" {
		f.problem("outcome is missing: what is marked serves one")
	}
	if it.Class == Experience && it.Room {
		f.problem("an item about a person's own experience is never asked in a room")
	}
}

func (b *builder) choice(it *Item, w *Words, p *prose, f *mapping) {
	if t := f.get("text"); !t.missing() {
		w.Text = p.html(t)
	}
	w.Question = f.need("question").line()
	it.Crime = f.get("crime").yes()
	it.Several = f.need("choose").one("one", "several") == "several"
	w.Options = map[string]OptionWords{}
	right := 0
	for _, e := range f.need("options").list() {
		o := e.mapping()
		id := o.need("id").id()
		opt := Option{ID: id, Right: o.get("right").yes(), Crime: o.get("crime").yes()}
		if _, twice := w.Options[id]; twice {
			e.problem("option %q is there twice", id)
		}
		if opt.Right {
			right++
		}
		w.Options[id] = OptionWords{Text: o.need("text").line(), Says: p.html(o.need("says"))}
		it.Options = append(it.Options, opt)
		o.done()
	}
	if n := len(it.Options); n < 2 || n > 8 {
		f.problem("a choice has two to eight options, not %d", n)
	}
	switch {
	case !it.Marked():
	case it.Several && (right < 1 || right == len(it.Options)):
		f.problem("with several, at least one option is right and one is not")
	case !it.Several && right != 1:
		f.problem("exactly one option is right, not %d", right)
	}
	w.Because = p.html(f.need("because"))
	b.needSource(p, f)
}

func (b *builder) myth(it *Item, w *Words, p *prose, f *mapping) {
	w.Statement = f.need("statement").line()
	it.Crime = f.get("crime").yes()
	it.Verdict = f.need("verdict").one("myth", "true") == "true"
	w.Fact = p.html(f.need("fact"))
	if s := f.get("sure"); !s.missing() {
		w.Sure = p.html(s)
	}
	if len(p.cited) == 0 {
		f.get("fact").problem("a claim without a source: a myth's fact cites one")
	}
}

func (b *builder) scenario(it *Item, w *Words, p *prose, f *mapping) {
	w.Title = f.need("title").line()
	it.Bystander = f.get("bystander").yes()
	it.Start = f.need("start").id()
	w.Moments = map[string]MomentWords{}
	for _, e := range f.need("moments").list() {
		m := e.mapping()
		id := m.need("id").id()
		if _, twice := w.Moments[id]; twice {
			e.problem("moment %q is there twice", id)
		}
		moment := Moment{ID: id, Safety: m.get("safety").yes(), Drawing: drawing(m)}
		words := MomentWords{Text: p.html(m.need("text")), Choices: map[string]string{}}
		if _, ends := m.values["credit"]; ends {
			switch m.get("credit").one("full", "part", "none") {
			case "full":
				moment.Credit = 1
			case "part":
				moment.Credit = 0.5
			}
			words.Says = p.html(m.need("says"))
			moment.Crime = m.get("crime").yes()
		} else {
			moment.Choices = b.steps(m, words.Choices)
		}
		m.done()
		w.Moments[id] = words
		it.Moments = append(it.Moments, moment)
	}
	if text := allText(f.get("moments")); claim.MatchString(text) && len(p.cited) == 0 {
		f.problem("a claim without a source: %q", claim.FindString(text))
	}
	b.checkScenario(it)
}

func (b *builder) steps(m *mapping, words map[string]string) []Step {
	var steps []Step
	for _, e := range m.need("choices").list() {
		c := e.mapping()
		s := Step{ID: c.need("id").id(), To: c.need("to").id()}
		if d := c.get("d"); !d.missing() {
			s.D = d.one("direct", "distract", "delegate", "delay")
		}
		if _, twice := words[s.ID]; twice {
			e.problem("choice %q is there twice", s.ID)
		}
		words[s.ID] = c.need("text").line()
		steps = append(steps, s)
		c.done()
	}
	if n := len(steps); n < 1 || n > 6 {
		m.problem("a moment has one to six choices, or is an ending with credit")
	}
	return steps
}

func (b *builder) sort(it *Item, w *Words, p *prose, f *mapping) {
	w.Question = f.need("question").line()
	w.Places, w.Things = map[string]string{}, map[string]ThingWords{}
	for _, e := range f.need("places").list() {
		pl := e.mapping()
		id := pl.need("id").id()
		if _, twice := w.Places[id]; twice {
			e.problem("place %q is there twice", id)
		}
		it.Places, w.Places[id] = append(it.Places, id), pl.need("title").line()
		pl.done()
	}
	for _, e := range f.need("things").list() {
		th := e.mapping()
		thing := Thing{ID: th.need("id").id(), Places: th.need("place").ids(), Crime: th.get("crime").yes()}
		if _, twice := w.Things[thing.ID]; twice {
			e.problem("thing %q is there twice", thing.ID)
		}
		for _, place := range thing.Places {
			if !slices.Contains(it.Places, place) {
				th.get("place").problem("there is no place %q on the line", place)
			}
		}
		if len(thing.Places) == 0 {
			e.problem("a thing has at least one place")
		}
		w.Things[thing.ID] = ThingWords{Text: th.need("text").line(), Says: p.html(th.need("says"))}
		it.Things = append(it.Things, thing)
		th.done()
	}
	if len(it.Places) < 2 || len(it.Places) > 6 || len(it.Things) < 2 || len(it.Things) > 15 {
		f.problem("a sort has two to six places and two to fifteen things")
	}
	if len(p.cited) == 0 {
		f.problem("a claim without a source: where things stand on the line rests on one")
	}
}

// needSource asks for a source where the words of a reply speak of law or research.
func (b *builder) needSource(p *prose, f *mapping) {
	text := f.get("because").text() + allText(f.get("options"))
	if word := claim.FindString(text); word != "" && len(p.cited) == 0 {
		f.problem("a claim without a source: %q", word)
	}
}

// allText joins every text below a node.
func allText(n node) string {
	if n.missing() {
		return ""
	}
	return n.n.String()
}
