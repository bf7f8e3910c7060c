// Package content reads training modules, folders of YAML that authors write (modules/README.md), into typed values, once, at
// start. It checks everything that can be checked without a learner, marks answers, and renders the words.
//
// The structure of an item, with its key (what is right), is an Item; what an item says in one language is Words. A page that
// is shown before the answer is made from Words alone, so that the key cannot reach a browser.
package content

import (
	"fmt"
	"html/template"
	"slices"
	"time"

	"github.com/upstander/upstander/internal/locale"
)

// Source is something that a claim rests on.
type Source struct {
	ID           string
	Title        string
	Publisher    string
	Year         int
	Address      string
	Jurisdiction string
	Read         time.Time // the day somebody last read it for what is claimed
	Review       time.Time // the day by which it must be read again
}

// Module is one training module.
type Module struct {
	ID           string
	Slug         string // names the module in addresses of the signed-in half: neutral
	Edition      string
	Audience     []string
	Jurisdiction string
	Review       time.Time
	Pass         int    // per cent of an outcome's marks that meets it
	Drawing      string // name of the scene on its card; empty: none
	Languages    map[string]Completeness
	Outcomes     []*Outcome
	Routes       []*Route
	Sections     []*Section // in the order of their files
	Sources      map[string]*Source

	words map[string]*ModuleWords
	items map[string]*Item // by id
	slugs map[string]*Item // by Slug

	templates []*Template
	reviews   []locale.Review
}

// ModuleWords is what a module says of itself in one language.
type ModuleWords struct {
	Lang           string // the language it is in: the source language where a translation is missing
	Title, Summary string
}

// Completeness says how much of a translation must be there.
type Completeness string

// Partial translations show the source language where they have gaps; complete ones must have none.
const (
	Partial  Completeness = "partial"
	Complete Completeness = "complete"
)

// Outcome is something that a learner can do afterwards.
type Outcome struct {
	ID    string
	Title locale.Text
}

// Route is one way through a module; all earn the same standing.
type Route struct {
	ID       string
	Minutes  int
	Sections []*Section
	Title    locale.Text
	Summary  locale.Text // what awaits whoever takes the route, in a sentence

	at position
}

// Outcomes returns the ids of the outcomes that the route's marked items serve, in the module's order.
func (r *Route) Outcomes(m *Module) []string {
	var ids []string
	for _, o := range m.Outcomes {
		if len(r.Bank(o.ID)) > 0 {
			ids = append(ids, o.ID)
		}
	}
	return ids
}

// Bank returns every marked item of the route that serves the outcome, variants included.
func (r *Route) Bank(outcome string) []*Item {
	var bank []*Item
	for _, s := range r.Sections {
		for _, slot := range s.Slots {
			for _, it := range slot {
				if it.Marked() && it.Outcome == outcome {
					bank = append(bank, it)
				}
			}
		}
	}
	return bank
}

// Pages returns the route's pages that teach the outcome.
func (r *Route) Pages(outcome string) []*Item {
	var pages []*Item
	for _, s := range r.Sections {
		for _, slot := range s.Slots {
			if slot[0].Kind == Page && slot[0].Outcome == outcome {
				pages = append(pages, slot[0])
			}
		}
	}
	return pages
}

// Notes returns the content notes of every item on the route, each once, in the order of NoteIDs.
func (r *Route) Notes() []string {
	found := map[string]bool{}
	for _, s := range r.Sections {
		for _, slot := range s.Slots {
			for _, it := range slot {
				for _, n := range it.Notes {
					found[n] = true
				}
			}
		}
	}
	return slices.DeleteFunc(NoteIDs(), func(n string) bool { return !found[n] })
}

// Section is one file of items.
type Section struct {
	ID    string
	Slots []Slot
	Title locale.Text
}

// Slot is one place in a section: a single item, or variants of which a learner meets one and practises with the others.
type Slot []*Item

// Kind is what an item asks of a learner.
type Kind string

// The kinds of item.
const (
	Page     Kind = "page"
	Choice   Kind = "choice"
	Myth     Kind = "myth"
	Scenario Kind = "scenario"
	Sort     Kind = "sort"
	Reflect  Kind = "reflect"
)

// Class says what an item is about: only knowledge is marked.
type Class string

// The classes of item.
const (
	Knowledge  Class = "knowledge"
	Attitude   Class = "attitude"
	Experience Class = "experience"
)

// Item is the structure of an item and its key. It never leaves the server; pages are made from its Words.
type Item struct {
	ID           string
	Slug         string // names the item in an address: neutral, and the same as long as the id is
	Kind         Kind
	Class        Class
	Module       *Module
	Section      *Section
	Outcome      string
	Notes        []string
	Jurisdiction string
	Room         bool
	Drawing      string // name of the scene that stands above the text; empty: none
	Crime        bool   // choice, myth: what it describes may be a crime; the reply leads to the right signpost

	Several bool     // choice: more than one option may be picked
	Options []Option // choice
	Verdict bool     // myth: whether the statement is true

	Bystander bool     // scenario: the four Ds can all be played
	Start     string   // scenario
	Moments   []Moment // scenario

	Places []string // sort: from one end of the line to the other
	Things []Thing  // sort

	words  map[string]*Words
	linked map[string]*Words
	at     position
}

// Option is one answer of a choice.
type Option struct {
	ID    string
	Right bool
	Crime bool // what it describes may be a crime
}

// Moment is one step of a scenario: choices that lead on, or an ending that has none.
type Moment struct {
	ID      string
	Safety  bool   // asks whether it is safe; stands before every direct
	Drawing string // name of its scene; empty: the scenario's own
	Choices []Step
	Credit  float64 // of an ending, 0 to 1
	Crime   bool    // of an ending: what happened may be a crime
}

// Ending says whether the story stops here.
func (m Moment) Ending() bool { return len(m.Choices) == 0 }

// Step is one choice at a moment.
type Step struct {
	ID string
	D  string // direct, distract, delegate, delay; empty for none of them
	To string
}

// Thing is one example to place on the line of a sort.
type Thing struct {
	ID     string
	Places []string // where it may be placed
	Crime  bool     // may be a crime
}

// Marked says whether the answer counts towards an outcome.
func (it *Item) Marked() bool {
	return it.Class == Knowledge && (it.Kind == Choice || it.Kind == Myth || it.Kind == Scenario || it.Kind == Sort)
}

// Asked says whether the item takes an answer.
func (it *Item) Asked() bool { return it.Kind != Page && it.Kind != Reflect }

// Moment returns the scenario's moment with this id.
func (it *Item) Moment(id string) (Moment, bool) {
	for _, m := range it.Moments {
		if m.ID == id {
			return m, true
		}
	}
	return Moment{}, false
}

// In returns what the item says in a language, or in the source language where it is not translated: Words.Lang tells.
func (it *Item) In(lang string) *Words {
	if w, ok := it.words[lang]; ok {
		return w
	}
	return it.words[locale.Source]
}

// Linked is In with links to the glossary, for whoever is signed in and reads alone; a room shows In.
func (it *Item) Linked(lang string) *Words {
	w := it.In(lang)
	if l, ok := it.linked[w.Lang]; ok {
		return l
	}
	return w
}

// Words is what an item says in one language. Strings are plain text, HTML comes from the author's Markdown.
type Words struct {
	Lang  string
	Title string
	Text  template.HTML // a page, the setting of a choice, the prompt of a reflection

	Question  string
	Options   map[string]OptionWords
	Because   template.HTML
	Statement string
	Fact      template.HTML
	Sure      template.HTML
	Moments   map[string]MomentWords
	Places    map[string]string
	Things    map[string]ThingWords

	Sources []*Source // what the item cites, in the order of the small numbers
}

// OptionWords is what an option says, and what is replied to whoever picked it.
type OptionWords struct {
	Text string
	Says template.HTML
}

// MomentWords is what happens at a moment, its choices by id, and what an ending replies.
type MomentWords struct {
	Text    template.HTML
	Choices map[string]string
	Says    template.HTML
}

// ThingWords is one example of a sort and what is replied about it.
type ThingWords struct {
	Text string
	Says template.HTML
}

// In returns what the module says of itself in a language, or in the source language where it is not translated.
func (m *Module) In(lang string) *ModuleWords {
	if w, ok := m.words[lang]; ok {
		return w
	}
	return m.words[locale.Source]
}

// Item returns the item with this id.
func (m *Module) Item(id string) (*Item, bool) { it, ok := m.items[id]; return it, ok }

// ItemBySlug returns the item that an address names.
func (m *Module) ItemBySlug(slug string) (*Item, bool) { it, ok := m.slugs[slug]; return it, ok }

// Route returns the route with this id.
func (m *Module) Route(id string) (*Route, bool) {
	for _, r := range m.Routes {
		if r.ID == id {
			return r, true
		}
	}
	return nil, false
}

// Outcome returns the outcome with this id.
func (m *Module) Outcome(id string) (*Outcome, bool) {
	for _, o := range m.Outcomes {
		if o.ID == id {
			return o, true
		}
	}
	return nil, false
}

// NoteIDs lists the content notes that an item may carry, in the order in which they are shown.
func NoteIDs() []string {
	return []string{
		"sexual-violence", "harassment", "image-abuse", "relationship-abuse", "stalking", "abuse-of-power", "under-18", "alcohol-drugs", "prejudice",
	}
}

// Jurisdictions lists where a rule can hold.
func Jurisdictions() []string {
	return []string{"uk", "great-britain", "england-and-wales", "england", "wales", "scotland", "northern-ireland", "world"}
}

// Contents counts what a module holds, for whoever checks it.
func (m *Module) Contents() string {
	count := map[Kind]int{}
	marked := 0
	for _, it := range m.items {
		count[it.Kind]++
		if it.Marked() {
			marked++
		}
	}
	return fmt.Sprintf("%d routes, %d sections, %d outcomes, %d pages, %d marked items (%d choices, %d myths, %d scenarios, %d sorts), %d reflections, %d sources, %d workshops",
		len(m.Routes), len(m.Sections), len(m.Outcomes), count[Page], marked, count[Choice], count[Myth], count[Scenario], count[Sort], count[Reflect], len(m.Sources), len(m.templates))
}
