package content

import (
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"github.com/upstander/upstander/internal/locale"
)

// How long a route takes: reading, and thinking about each thing that is asked. What a route says of itself may lie under that by a fifth at most.
const (
	wordsAMinute      = 240
	minutesAQuestion  = 10.0 / 60
	leastPartOfHonest = 0.8
)

// Hasty lists the routes that say they take much less time than they do. The program still starts with these.
func (l *Library) Hasty() Problems {
	r := &report{}
	for _, m := range l.modules {
		for _, route := range m.Routes {
			if honest := route.Estimate(); float64(route.Minutes) < leastPartOfHonest*honest {
				r.add(route.at, "route %q says %d minutes; reading and answering it takes about %.0f", route.ID, route.Minutes, honest)
			}
		}
	}
	return r.problems.sorted()
}

// Times says how long each route of the module takes, as it says and as it is estimated.
func (m *Module) Times() string {
	var all []string
	for _, r := range m.Routes {
		all = append(all, fmt.Sprintf("%s %d minutes (about %.1f)", r.ID, r.Minutes, r.Estimate()))
	}
	return strings.Join(all, ", ")
}

// Estimate is how many minutes the route takes somebody who reads all of it in the source language: one variant at each place, the average of them;
// one reply, one way through a story.
func (r *Route) Estimate() float64 {
	minutes := 0.0
	for _, s := range r.Sections {
		for _, slot := range s.Slots {
			words := 0.0
			for _, it := range slot {
				words += it.reading() / float64(len(slot))
			}
			minutes += words / wordsAMinute
			if slot[0].Asked() {
				minutes += minutesAQuestion
			}
		}
	}
	return minutes
}

// reading counts the words that somebody reads who meets the item and answers it.
func (it *Item) reading() float64 {
	w := it.words[locale.Source]
	n := lineWords(w.Title) + lineWords(w.Question) + lineWords(w.Statement) + proseWords(w.Text) + proseWords(w.Because) + proseWords(w.Fact)
	for _, o := range it.Options {
		n += lineWords(w.Options[o.ID].Text) + proseWords(w.Options[o.ID].Says)/float64(len(it.Options))
	}
	for _, title := range w.Places {
		n += lineWords(title)
	}
	for _, t := range it.Things {
		n += lineWords(w.Things[t.ID].Text) + proseWords(w.Things[t.ID].Says)
	}
	if it.Kind == Scenario {
		words, ways := it.storyWords(it.Start, w)
		n += words / max(1, ways)
	}
	return n
}

// storyWords adds up the words of every way from a moment to an end, and counts the ways.
func (it *Item) storyWords(id string, w *Words) (words, ways float64) {
	m, _ := it.Moment(id)
	said := w.Moments[id]
	here := proseWords(said.Text)
	if m.Ending() {
		return here + proseWords(said.Says), 1
	}
	for _, c := range m.Choices {
		here += lineWords(said.Choices[c.ID])
		further, more := it.storyWords(c.To, w)
		words, ways = words+further, ways+more
	}
	return words + here*ways, ways
}

var tags = regexp.MustCompile(`<[^>]+>`)

func lineWords(s string) float64 { return float64(len(strings.Fields(s))) }

func proseWords(html template.HTML) float64 {
	return lineWords(tags.ReplaceAllString(string(html), ""))
}
