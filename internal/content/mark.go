package content

import (
	"maps"
	"slices"

	"github.com/upstander/upstander/internal/fault"
)

// Answer is what a learner gave to one item; which fields are set depends on the kind.
type Answer struct {
	Options []string          `bson:"options,omitempty" json:"options,omitempty"` // choice
	Verdict string            `bson:"verdict,omitempty" json:"verdict,omitempty"` // myth: VerdictTrue or VerdictMyth
	Sure    int               `bson:"sure,omitempty" json:"sure,omitempty"`       // myth: 1 not sure, 2 fairly, 3 very
	Path    []string          `bson:"path,omitempty" json:"path,omitempty"`       // scenario: the step taken at each moment
	Placed  map[string]string `bson:"placed,omitempty" json:"placed,omitempty"`   // sort: thing -> place
}

// Same says whether two answers say the same.
func (a Answer) Same(b Answer) bool {
	return slices.Equal(a.Options, b.Options) && a.Verdict == b.Verdict && a.Sure == b.Sure && slices.Equal(a.Path, b.Path) && maps.Equal(a.Placed, b.Placed)
}

// The two verdicts on a myth's statement.
const (
	VerdictTrue = "true"
	VerdictMyth = "myth"
)

// Check says what is missing or impossible in an answer, as fault.Problems; the fields are those of the item's form.
func (it *Item) Check(a Answer) error {
	var p fault.Problems
	switch it.Kind {
	case Choice:
		known := func(id string) bool {
			return slices.ContainsFunc(it.Options, func(o Option) bool { return o.ID == id })
		}
		switch {
		case len(a.Options) == 0 && it.Several:
			p.Add("option", "item.choose-some")
		case len(a.Options) == 0:
			p.Add("option", "item.choose-one")
		case !it.Several && len(a.Options) > 1, len(a.Options) > len(it.Options), slices.ContainsFunc(a.Options, func(id string) bool { return !known(id) }):
			p.Add("option", "item.changed")
		}
	case Myth:
		if a.Verdict != VerdictTrue && a.Verdict != VerdictMyth {
			p.Add("verdict", "item.choose-verdict")
		}
		if a.Sure < 1 || a.Sure > 3 {
			p.Add("sure", "item.choose-sure")
		}
	case Scenario:
		if m, ok := it.walk(a.Path); !ok {
			p.Add("step", "item.changed")
		} else if !m.Ending() {
			p.Add("step", "item.choose-one")
		}
	case Sort:
		for _, t := range it.Things {
			if place := a.Placed[t.ID]; place == "" {
				p.Add("place-"+t.ID, "item.place-this")
			} else if !slices.Contains(it.Places, place) {
				p.Add("place-"+t.ID, "item.changed")
			}
		}
	default:
		p.Add("option", "item.changed")
	}
	return p.Err()
}

// Walk follows a path of steps from the start and returns the moment it leads to; false when a step is not there (any more).
func (it *Item) walk(path []string) (Moment, bool) {
	m, ok := it.Moment(it.Start)
	for _, id := range path {
		at := slices.IndexFunc(m.Choices, func(s Step) bool { return s.ID == id })
		if !ok || at < 0 {
			return Moment{}, false
		}
		m, ok = it.Moment(m.Choices[at].To)
	}
	return m, ok
}

// Trail returns the moments that a path comes through, the last one being where it stands now; false when a step is not there.
func (it *Item) Trail(path []string) ([]Moment, bool) {
	var moments []Moment
	for i := range len(path) + 1 {
		m, ok := it.walk(path[:i])
		if !ok {
			return nil, false
		}
		moments = append(moments, m)
	}
	return moments, true
}

// Mark returns the credit of an answer that passed Check, from 0 to 1.
//
//   - choice: all or nothing; with several, one option judged wrongly still counts half
//   - myth: the verdict; how sure somebody was does not count
//   - scenario: the credit of the ending
//   - sort: the share of things placed well, and nothing under half
func (it *Item) Mark(a Answer) float64 {
	switch it.Kind {
	case Choice:
		slips := 0
		for _, o := range it.Options {
			if o.Right != slices.Contains(a.Options, o.ID) {
				slips++
			}
		}
		switch {
		case slips == 0:
			return 1
		case slips == 1 && it.Several:
			return 0.5
		}
	case Myth:
		if (a.Verdict == VerdictTrue) == it.Verdict {
			return 1
		}
	case Scenario:
		if m, ok := it.walk(a.Path); ok {
			return m.Credit
		}
	case Sort:
		well := 0
		for _, t := range it.Things {
			if slices.Contains(t.Places, a.Placed[t.ID]) {
				well++
			}
		}
		if share := float64(well) / float64(len(it.Things)); share >= 0.5 {
			return share
		}
	}
	return 0
}
