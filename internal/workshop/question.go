package workshop

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
)

// Kind is how a question is answered.
type Kind string

// The kinds of question.
const (
	One      Kind = "one"      // one option of a choice
	Several  Kind = "several"  // options of a choice
	Myth     Kind = "myth"     // true or a myth, and how sure
	Sort     Kind = "sort"     // a place for each thing
	Story    Kind = "story"    // a step of a scenario
	Word     Kind = "word"     // a word or two
	Feedback Kind = "feedback" // how it was; after the last slide
)

// Question is what a slide asks.
type Question struct {
	ID       string // of its results: the slide's, with the number of the moment in a scenario
	Kind     Kind
	Item     *content.Item
	Moment   content.Moment // of a scenario
	Attitude bool           // shown in bands
}

// feedbackID names the last question of every workshop.
const feedbackID = "feedback"

// FeedbackOptions lists the answers to the last question.
func FeedbackOptions() []string { return []string{"very", "mostly", "little", "not"} }

// questionAt returns what is asked where the room is; false when nothing is.
func questionAt(t *content.Template, r Room) (Question, bool) {
	if r.Slide >= len(t.Slides) {
		return Question{ID: feedbackID, Kind: Feedback, Attitude: true}, true
	}
	s := t.Slides[r.Slide]
	switch {
	case s.Kind == content.WordSlide:
		return Question{ID: s.ID, Kind: Word}, true
	case s.Item == nil:
		return Question{}, false
	}
	q := Question{ID: s.ID, Item: s.Item, Attitude: s.Item.Class != content.Knowledge}
	switch s.Item.Kind {
	case content.Choice:
		if q.Kind = One; s.Item.Several {
			q.Kind = Several
		}
	case content.Myth:
		q.Kind = Myth
	case content.Sort:
		q.Kind = Sort
	case content.Scenario:
		trail, ok := s.Item.Trail(r.Way)
		if !ok { // the story has changed under the room: begin it again
			trail, _ = s.Item.Trail(nil)
		}
		q.Kind, q.Moment = Story, trail[len(trail)-1]
		q.ID = fmt.Sprintf("%s-%d", s.ID, len(trail))
		if q.Moment.Ending() {
			return q, false
		}
	default:
		return Question{}, false
	}
	return q, true
}

// options lists what can be counted: the keys of Result.Counts.
func (q Question) options() []string {
	var all []string
	switch q.Kind {
	case One, Several:
		for _, o := range q.Item.Options {
			all = append(all, o.ID)
		}
	case Myth:
		for _, v := range []string{content.VerdictTrue, content.VerdictMyth} {
			for sure := 1; sure <= 3; sure++ {
				all = append(all, v+"-"+strconv.Itoa(sure))
			}
		}
	case Sort:
		for _, t := range q.Item.Things {
			for _, p := range q.Item.Places {
				all = append(all, t.ID+"="+p)
			}
		}
	case Story:
		for _, c := range q.Moment.Choices {
			all = append(all, c.ID)
		}
	case Feedback:
		all = FeedbackOptions()
	}
	return all
}

// hands lists what a show of hands can be counted for: questions with one answer each. How sure somebody is cannot be seen from a hand.
func (q Question) hands() []string {
	switch q.Kind {
	case One, Story, Feedback:
		return q.options()
	case Myth:
		return []string{content.VerdictTrue, content.VerdictMyth}
	}
	return nil
}

// typed is what a form holds, as far as it goes.
func (q Question) typed(f Fields) (string, error) {
	answer, err := q.read(f)
	if err != nil && q.Item != nil && q.Kind != Story {
		return q.write(q.given(f)), nil
	}
	return answer, err
}

func (q Question) given(f Fields) content.Answer {
	a := content.Answer{Options: f.All("option"), Verdict: f.Text("verdict"), Placed: map[string]string{}}
	a.Sure, _ = strconv.Atoi(f.Text("sure"))
	if q.Kind == Sort {
		for _, t := range q.Item.Things {
			a.Placed[t.ID] = f.Text("place-" + t.ID)
		}
	}
	return a
}

// read turns a form into an answer as it is kept: one short text. fault.Problems names what is missing.
func (q Question) read(f Fields) (string, error) {
	switch q.Kind {
	case One, Several, Myth, Sort:
		a := q.given(f)
		if err := q.Item.Check(a); err != nil {
			return "", err
		}
		return q.write(a), nil
	case Story, Feedback:
		if step := f.Text("option"); slices.Contains(q.options(), step) {
			return step, nil
		}
		return "", fault.Problems{{Field: "option", Key: "item.choose-one"}}
	}
	return "", fmt.Errorf("%w: this is not answered by a vote", fault.Invalid)
}

// Fields is a form that was sent.
type Fields interface {
	Text(name string) string
	All(name string) []string
}

// write makes one text of an answer. A sort is kept by numbers, for the ids of many things would be too long for an index.
func (q Question) write(a content.Answer) string {
	switch q.Kind {
	case Myth:
		return a.Verdict + "-" + strconv.Itoa(a.Sure)
	case Sort:
		var places []string
		for _, t := range q.Item.Things {
			places = append(places, strconv.Itoa(slices.Index(q.Item.Places, a.Placed[t.ID])))
		}
		return strings.Join(places, "+")
	}
	options := slices.Clone(a.Options)
	slices.Sort(options)
	return strings.Join(slices.Compact(options), "+")
}

// chosen lists the options that an answer, as it is kept, counts for.
func (q Question) chosen(answer string) []string {
	if answer == "" {
		return nil
	}
	parts := strings.Split(answer, "+")
	if q.Kind != Sort {
		return parts
	}
	var all []string
	for i, p := range parts {
		if n, err := strconv.Atoi(p); err == nil && i < len(q.Item.Things) && n >= 0 && n < len(q.Item.Places) {
			all = append(all, q.Item.Things[i].ID+"="+q.Item.Places[n])
		}
	}
	return all
}

// count turns votes by answer into counts by option.
func (q Question) count(votes map[string]int) (counts map[string]int, phones int) {
	counts = map[string]int{}
	for answer, n := range votes {
		phones += n
		for _, o := range q.chosen(answer) {
			counts[o] += n
		}
	}
	return counts, phones
}

// Result is what one round of a question came to. It names nobody.
type Result struct {
	Question string         `bson:"question"`
	Round    int            `bson:"round"`
	Attitude bool           `bson:"attitude"`
	Counts   map[string]int `bson:"counts"` // by option
	Phones   int            `bson:"phones"` // votes in
	Hands    map[string]int `bson:"hands"`  // by option, of people without phones
	Words    []string       `bson:"words"`  // let through
	Step     string         `bson:"step"`   // taken then, in a scenario
	Groups   bool           `bson:"groups"` // one phone answered for each small group
}

// result returns what a round came to, or nil.
func (r *Room) result(question string, round int) *Result {
	at := slices.IndexFunc(r.Results, func(res Result) bool { return res.Question == question && res.Round == round })
	if at < 0 {
		return nil
	}
	return &r.Results[at]
}

// latest returns the last round of a question, or nil.
func (r *Room) latest(question string) *Result {
	var last *Result
	for i := range r.Results {
		if r.Results[i].Question == question && (last == nil || r.Results[i].Round > last.Round) {
			last = &r.Results[i]
		}
	}
	return last
}

// People returns how many have answered: phones and hands.
func (res Result) People() int {
	n := res.Phones
	for _, h := range res.Hands {
		n += h
	}
	return n
}

// Few says whether so few have answered that a result would show what one of them thinks. Hands are counted before all eyes, so phones must be enough
// by themselves: else whoever counts hands could fill up a single vote until it shows.
func (res Result) Few() bool {
	return res.People() < fewest || res.Phones > 0 && res.Phones < fewest
}

// Of returns how many chose an option, with hands. For a myth's verdict it adds up how sure people were.
func (res Result) Of(option string) int {
	n := res.Counts[option] + res.Hands[option]
	for sure := 1; sure <= 3; sure++ {
		n += res.Counts[option+"-"+strconv.Itoa(sure)]
	}
	return n
}

// merge keeps the options that there are; zero counts are left out.
func merge(counts map[string]int, known []string) map[string]int {
	out := maps.Clone(counts)
	maps.DeleteFunc(out, func(option string, n int) bool { return n == 0 || !slices.Contains(known, option) })
	return out
}
