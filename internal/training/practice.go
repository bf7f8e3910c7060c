package training

import (
	"fmt"
	"slices"

	"github.com/upstander/upstander/internal/content"
)

// marked lists the route's marked stops of an outcome.
func (w way) marked(outcome string) []*content.Item {
	var all []*content.Item
	for _, s := range w.stops {
		if s.item.Marked() && s.item.Outcome == outcome {
			all = append(all, s.item)
		}
	}
	return all
}

// credit is what counts for a marked stop: the latest practice that stands for it, else the first answer.
func (w way) credit(first *content.Item) float64 {
	for i := len(w.journey.Practice) - 1; i >= 0; i-- {
		p := w.journey.Practice[i]
		if p.Slot != first.ID || p.Answer == nil || p.Route != w.journey.Route {
			continue
		}
		if it, ok := w.module.Item(p.Item); ok && it.Check(*p.Answer) == nil {
			return it.Mark(*p.Answer)
		}
	}
	if a, ok := w.journey.Answers[first.ID]; ok && first.Check(a) == nil {
		return first.Mark(a)
	}
	return 0
}

// short lists the outcomes that have not reached the pass rule.
func (w way) short() []string {
	var short []string
	for _, o := range w.route.Outcomes(w.module) {
		stops, sum := w.marked(o), 0.0
		for _, it := range stops {
			sum += w.credit(it)
		}
		if sum*100 < float64(w.module.Pass*len(stops))-1e-9 {
			short = append(short, o)
		}
	}
	return short
}

// assign lays out a round of practice: for every stop of a short outcome that missed full marks a fresh variant, drawn by lot. When fresh
// ones run out, the pages of the outcome are read again first, and its variants start again in another order.
func (w way) assign(short []string) {
	w.journey.Rounds++
	for _, outcome := range short {
		var missed []*content.Item
		for _, it := range w.marked(outcome) {
			if w.credit(it) < 1 {
				missed = append(missed, it)
			}
		}
		fresh := w.fresh(outcome)
		if len(fresh) < len(missed) {
			for _, page := range w.route.Pages(outcome) {
				w.journey.Practice = append(w.journey.Practice, Practice{Route: w.journey.Route, Outcome: outcome, Item: page.ID})
			}
			fresh = w.shuffled(w.route.Bank(outcome))
		}
		for i, it := range missed {
			// An outcome with hardly any variants asks some twice in a round rather than leaving a place out.
			variant := fresh[i%len(fresh)]
			delete(w.journey.Walks, variant.ID)
			w.journey.Practice = append(w.journey.Practice, Practice{Route: w.journey.Route, Outcome: outcome, Slot: it.ID, Item: variant.ID})
		}
	}
}

// fresh lists the variants of an outcome that have not been asked since its pages were last to be read again, in the order drawn.
func (w way) fresh(outcome string) []*content.Item {
	used := map[string]bool{}
	for _, it := range w.marked(outcome) {
		used[it.ID] = true
	}
	for _, p := range w.journey.Practice {
		if p.Outcome != outcome || p.Route != w.journey.Route {
			continue
		}
		if p.Slot == "" {
			clear(used)
		} else {
			used[p.Item] = true
		}
	}
	return w.shuffled(slices.DeleteFunc(w.route.Bank(outcome), func(it *content.Item) bool { return used[it.ID] }))
}

// shuffled puts items in an order drawn for this round.
func (w way) shuffled(items []*content.Item) []*content.Item {
	purpose := fmt.Sprint("practice ", w.journey.Rounds)
	slices.SortFunc(items, func(a, b *content.Item) int { return w.draw(purpose, a.ID) - w.draw(purpose, b.ID) })
	return items
}
