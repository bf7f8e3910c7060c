package training

import (
	"fmt"
	"slices"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
)

// way is a journey laid on a module as it is today: the rules of how a learner goes on. It does no I/O.
//
// A module may be edited between two visits. Whatever a journey remembers of items that are gone is ignored, and what is new is simply not
// done yet.
type way struct {
	module  *content.Module
	route   *content.Route
	journey *Journey
	stops   []stop // the route from its beginning to its end
}

// stop is one place of the route with the item that this learner meets there.
type stop struct {
	section *content.Section
	item    *content.Item
}

// lay lays a journey on its route.
func lay(m *content.Module, j *Journey) way {
	r, ok := m.Route(j.Route)
	if !ok { // the route has gone from the module: the first one is always there
		r = m.Routes[0]
		j.Route = r.ID
	}
	w := way{module: m, route: r, journey: j}
	for _, s := range r.Sections {
		for _, slot := range s.Slots {
			w.stops = append(w.stops, stop{s, w.pick(slot)})
		}
	}
	return w
}

// pick draws a variant by lot, the same one each time: one that was answered, else the highest draw. A variant that is added to the module
// later changes the draw for few.
func (w way) pick(slot content.Slot) *content.Item {
	for _, it := range slot {
		if _, ok := w.journey.Answers[it.ID]; ok {
			return it
		}
	}
	return slices.MaxFunc(slot, func(a, b *content.Item) int { return w.draw("variant", a.ID) - w.draw("variant", b.ID) })
}

// draw is a number for something, by lot: unrelated for other journeys and other purposes, and the same every time. It keeps nothing secret, so a
// quick hash will do: FNV-1a with a final mix that spreads small differences over all bits.
func (w way) draw(purpose, id string) int {
	h := uint64(14695981039346656037)
	for _, part := range [3]string{w.journey.Seed, purpose, id} {
		for i := range len(part) {
			h = (h ^ uint64(part[i])) * 1099511628211
		}
		h *= 1099511628211 // keeps "ab", "c" apart from "a", "bc"
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return int(h >> 33)
}

// onRoute returns the stop at which an item is asked, if it is.
func (w way) onRoute(item *content.Item) (stop, bool) {
	for _, s := range w.stops {
		if s.item == item {
			return s, true
		}
	}
	return stop{}, false
}

// done says whether nothing is left to do at a stop.
func (w way) done(item *content.Item) bool {
	if !item.Asked() {
		return slices.Contains(w.journey.Read, item.ID)
	}
	a, ok := w.journey.Answers[item.ID]
	return ok && item.Check(a) == nil
}

// practising returns the entry of practice that an item stands in now: the first that is left to do, else the latest.
func (w way) practising(item *content.Item) *Practice {
	var latest *Practice
	for i := range w.journey.Practice {
		p := &w.journey.Practice[i]
		if p.Item != item.ID || p.Route != w.journey.Route {
			continue
		}
		if latest = p; !p.Done {
			break
		}
	}
	return latest
}

// current returns the answer that counts for an item where it stands now, in practice or on the route.
func (w way) current(item *content.Item) (content.Answer, bool) {
	if p := w.practising(item); p != nil {
		if p.Answer == nil || item.Check(*p.Answer) != nil {
			return content.Answer{}, false
		}
		return *p.Answer, true
	}
	a, ok := w.journey.Answers[item.ID]
	return a, ok && item.Check(a) == nil
}

// belongs says whether the item is on the learner's way at all.
func (w way) belongs(item *content.Item) bool {
	if w.practising(item) != nil {
		return true
	}
	_, ok := w.onRoute(item)
	return ok
}

// errElsewhere is for items of other variants or routes.
func errElsewhere(item *content.Item) error {
	return fmt.Errorf("item %s is not on this way: %w", item.ID, fault.NotFound)
}

func (w way) answer(item *content.Item, a content.Answer) (taken bool, err error) {
	if !w.belongs(item) || !item.Asked() {
		return false, errElsewhere(item)
	}
	w.see(item)
	if given, answered := w.current(item); answered && item.Kind != content.Scenario {
		return given.Same(a), nil // the same answer may come twice, when the network loses our reply to the first
	}
	if p := w.practising(item); p != nil {
		p.Answer = &a
	} else {
		w.journey.Answers[item.ID] = a
	}
	w.journey.Place = item.ID
	return true, nil
}

// step goes on in a scenario; reaching an ending answers it. The path completed last is the one that counts.
func (w way) step(item *content.Item, at int, step string) error {
	if !w.belongs(item) || item.Kind != content.Scenario {
		return errElsewhere(item)
	}
	w.see(item)
	walk := w.journey.Walks[item.ID]
	if _, ok := item.Trail(walk); !ok { // the story has been edited: begin again
		walk = nil
	}
	if at != len(walk) {
		return nil // taken already, in another tab or by a second click
	}
	walk = append(slices.Clone(walk), step)
	trail, ok := item.Trail(walk)
	if !ok {
		return fault.Problems{{Field: "step", Key: "item.choose-one"}}
	}
	w.journey.Walks[item.ID], w.journey.Place = walk, item.ID
	if end := trail[len(trail)-1]; end.Ending() {
		if w.journey.Explored[item.ID] == nil {
			w.journey.Explored[item.ID] = map[string][]string{}
		}
		w.journey.Explored[item.ID][end.ID] = walk
		_, err := w.answer(item, content.Answer{Path: walk})
		return err
	}
	return nil
}

func (w way) rewind(item *content.Item, to int) error {
	if !w.belongs(item) || item.Kind != content.Scenario {
		return errElsewhere(item)
	}
	if walk := w.journey.Walks[item.ID]; to >= 0 && to < len(walk) {
		w.journey.Walks[item.ID], w.journey.Place = slices.Clone(walk[:to]), item.ID
	}
	return nil
}

// settleIn puts the learner at the first thing that is left to do.
func (w way) settleIn() {
	if next := w.next(nil); next != nil {
		w.journey.Place = next.ID
	}
}

func (w way) onward(item *content.Item, today string) error {
	if !w.belongs(item) {
		return errElsewhere(item)
	}
	if !item.Asked() {
		w.see(item)
	}
	if p := w.practising(item); p != nil {
		if _, answered := w.current(item); !item.Asked() || answered {
			p.Done = true
		}
	} else if !item.Asked() && !slices.Contains(w.journey.Read, item.ID) {
		w.journey.Read = append(w.journey.Read, item.ID)
	}
	if next := w.next(item); next != nil {
		w.journey.Place = next.ID
		return nil
	}
	if short := w.short(); len(short) > 0 {
		w.assign(short)
		w.journey.Place = w.next(nil).ID
		return nil
	}
	w.complete(today)
	return nil
}

// next returns what to do after an item (nil: from the beginning); nil when nothing is left. An item that is not done yet leads to itself.
func (w way) next(after *content.Item) *content.Item {
	if s, ok := w.onRoute(after); ok && w.practising(after) == nil && !w.done(s.item) {
		return after
	}
	return w.following(after)
}

// following returns what stands behind an item, or from the beginning: what is left of the route behind it, then what is left in front of it, then what
// was left for the end; when the route is done, practice in the same order. Somebody who has gone back to read something again is led to where they
// were.
func (w way) following(after *content.Item) *content.Item {
	at := slices.IndexFunc(w.stops, func(s stop) bool { return after != nil && s.item == after })
	var left []*content.Item
	for _, s := range append(slices.Clone(w.stops[at+1:]), w.stops[:at+1]...) {
		if !w.done(s.item) {
			left = append(left, s.item)
		}
	}
	if len(left) == 0 {
		for _, p := range w.journey.Practice {
			if it, ok := w.module.Item(p.Item); ok && !p.Done && p.Route == w.journey.Route {
				left = append(left, it)
			}
		}
	}
	for _, it := range left {
		if !w.skipped(it) {
			return it
		}
	}
	return w.last(left)
}

// complete erases what was private and leaves the day.
func (w way) complete(today string) {
	left := emptyJourney(w.journey.ID, w.journey.Person, w.module)
	left.Completed, left.Pending, left.Month = today, PendingStanding, monthDone
	*w.journey = left
}
