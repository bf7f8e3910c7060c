package training

import (
	"slices"

	"github.com/upstander/upstander/internal/content"
)

// Content notes stand before what they speak of. An item that carries one has a gate in front of it, at the item's own address, until its learner
// has chosen: to go on, to leave it for the end, or to take another route. What was chosen lives in the journey and ends with it.
//
// A choice to go on holds for the notes it was shown, in that section: asking again before each of ten questions on one subject would wear people
// down instead of warning them. A note that is new in the section asks again, and so does an item that was left for the end.

// gated says whether the gate stands before an item.
func (w way) gated(item *content.Item) bool {
	if len(item.Notes) == 0 || !w.left(item) {
		return false
	}
	return w.skipped(item) || len(w.unseen(item)) > 0
}

// left says whether an item still waits to be read or answered.
func (w way) left(item *content.Item) bool {
	p := w.practising(item)
	if p == nil {
		return !w.done(item)
	}
	_, answered := w.current(item)
	return !p.Done && !answered
}

func (w way) skipped(item *content.Item) bool { return slices.Contains(w.journey.Skipped, item.ID) }

// unseen lists the notes of an item that its learner has not yet gone past in its section.
func (w way) unseen(item *content.Item) []string {
	var notes []string
	for _, n := range item.Notes {
		if !slices.Contains(w.journey.Acknowledged[item.Section.ID], n) {
			notes = append(notes, n)
		}
	}
	return notes
}

// see opens the gate. Whoever answers an item or goes past it has had it before them, whatever an author has since written above it.
func (w way) see(item *content.Item) {
	if len(item.Notes) == 0 {
		return
	}
	seen := &w.journey.Acknowledged
	if *seen == nil { // a journey from before there were gates
		*seen = map[string][]string{}
	}
	(*seen)[item.Section.ID] = append((*seen)[item.Section.ID], w.unseen(item)...)
	w.journey.Skipped = slices.DeleteFunc(w.journey.Skipped, func(id string) bool { return id == item.ID })
}

// acknowledge goes through the gate.
func (w way) acknowledge(item *content.Item) error {
	if !w.belongs(item) {
		return errElsewhere(item)
	}
	if w.left(item) {
		w.see(item)
		w.journey.Place = item.ID
	}
	return nil
}

// skip leaves an item for the end of the route and leads to the next thing. more is false when nothing else is left. What carries no note, or is
// done, cannot be left out; skipping it changes nothing.
func (w way) skip(item *content.Item) (more bool, err error) {
	if !w.belongs(item) {
		return false, errElsewhere(item)
	}
	if len(item.Notes) == 0 || !w.left(item) {
		return true, nil
	}
	w.journey.Skipped = append(slices.DeleteFunc(w.journey.Skipped, func(id string) bool { return id == item.ID }), item.ID)
	next := w.following(item)
	w.journey.Place = next.ID
	return next != item, nil
}

// putOff counts what was left for the end and still waits there.
func (w way) putOff() int {
	n := 0
	for _, id := range w.journey.Skipped {
		if it, ok := w.module.Item(id); ok && w.belongs(it) && w.left(it) {
			n++
		}
	}
	return n
}

// last returns the first of some items that was left for the end, in the order in which that was done.
func (w way) last(items []*content.Item) *content.Item {
	for _, id := range w.journey.Skipped {
		for _, it := range items {
			if it.ID == id {
				return it
			}
		}
	}
	return nil
}
