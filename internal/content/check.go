package content

import (
	"fmt"
	"slices"
	"strings"
)

// Fewest places and spare variants that an outcome of a route needs, so that falling short leads to something fresh.
const (
	fewestMarked = 4
	fewestSpare  = 3
)

// check looks at what only shows across files.
func (b *builder) check() {
	file := position{file: b.folder + "/module.yaml", line: 1, column: 1}
	for _, s := range b.m.Sections {
		if !slices.ContainsFunc(b.m.Routes, func(r *Route) bool { return slices.Contains(r.Sections, s) }) {
			b.r.add(file, "no route leads through section %q", s.ID)
		}
	}
	served := map[string]bool{}
	for _, r := range b.m.Routes {
		outcomes := r.Outcomes(b.m)
		if len(outcomes) == 0 && len(r.Sections) > 0 {
			b.r.add(file, "route %q marks nothing, so nobody could meet the module by it", r.ID)
		}
		for _, o := range outcomes {
			served[o] = true
			b.checkBank(r, o)
		}
	}
	for _, o := range b.m.Outcomes {
		if !served[o.ID] {
			b.r.add(b.outcomeAt[o.ID], "no marked item serves outcome %q", o.ID)
		}
	}
}

func (b *builder) checkBank(r *Route, outcome string) {
	slots := 0
	for _, s := range r.Sections {
		for _, slot := range s.Slots {
			if slot[0].Marked() && slot[0].Outcome == outcome {
				slots++
			}
		}
	}
	at := b.outcomeAt[outcome]
	if spare := len(r.Bank(outcome)) - slots; slots < fewestMarked || spare < fewestSpare {
		b.r.add(at, "outcome %q has %d marked places and %d spare variants on route %q; it needs %d and %d", outcome, slots, spare, r.ID, fewestMarked, fewestSpare)
	}
	if len(r.Pages(outcome)) == 0 {
		b.r.add(at, "no page of route %q teaches outcome %q, so there is nothing to reread", r.ID, outcome)
	}
}

// checkScenario walks the whole graph: everything leads somewhere, nothing loops, and the rules of modules/README.md hold.
func (b *builder) checkScenario(it *Item) {
	problem := func(format string, args ...any) {
		b.r.add(it.at, "scenario %q: %s", it.ID, fmt.Sprintf(format, args...))
	}
	if _, ok := it.Moment(it.Start); !ok {
		problem("there is no moment %q to start at", it.Start)
		return
	}
	for _, m := range it.Moments {
		for _, c := range m.Choices {
			if _, ok := it.Moment(c.To); !ok {
				problem("choice %q of moment %q leads to %q, which is not there", c.ID, m.ID, c.To)
				return
			}
		}
	}
	walk := &graphWalk{it: it, reached: map[string]bool{}, ds: map[string]bool{}}
	walk.from(it.Start, nil)
	if walk.loop != "" {
		problem("the path %s loops", walk.loop)
		return
	}
	for _, m := range it.Moments {
		if !walk.reached[m.ID] {
			problem("moment %q is never reached", m.ID)
		}
	}
	if walk.tooMany {
		problem("there are more than %d paths", maxPaths)
	}
	if walk.full < 2 {
		problem("%d path ends with full credit; at least two must", walk.full)
	}
	if walk.punished != "" {
		problem("the path %s chooses delay and ends without full credit", walk.punished)
	}
	if walk.unsafe != "" {
		problem("the path %s comes to direct without a safety check", walk.unsafe)
	}
	for _, d := range []string{"direct", "distract", "delegate", "delay"} {
		if it.Bystander && !walk.ds[d] {
			problem("%s can never be played", d)
		}
	}
}

const maxPaths = 2000

type graphWalk struct {
	it       *Item
	reached  map[string]bool
	ds       map[string]bool
	paths    int
	full     int
	tooMany  bool
	loop     string
	punished string
	unsafe   string
}

// taken is one step of the path under way.
type taken struct {
	moment Moment
	step   Step
}

func (w *graphWalk) from(id string, path []taken) {
	if w.loop != "" || w.tooMany {
		return
	}
	w.reached[id] = true
	if slices.ContainsFunc(path, func(t taken) bool { return t.moment.ID == id }) {
		w.loop = trail(path)
		return
	}
	m, _ := w.it.Moment(id)
	if m.Ending() {
		w.end(m, path)
		return
	}
	for _, c := range m.Choices {
		w.ds[c.D] = true
		if c.D == "direct" && !m.Safety && !slices.ContainsFunc(path, func(t taken) bool { return t.moment.Safety }) {
			w.unsafe = trail(append(path[:len(path):len(path)], taken{m, c}))
		}
		w.from(c.To, append(path[:len(path):len(path)], taken{m, c}))
	}
}

func (w *graphWalk) end(m Moment, path []taken) {
	if w.paths++; w.paths > maxPaths {
		w.tooMany = true
	}
	if m.Credit == 1 {
		w.full++
	} else if slices.ContainsFunc(path, func(t taken) bool { return t.step.D == "delay" }) {
		w.punished = trail(path)
	}
}

func trail(path []taken) string {
	var s []string
	for _, t := range path {
		s = append(s, t.moment.ID+"/"+t.step.ID)
	}
	return strings.Join(s, " → ")
}
