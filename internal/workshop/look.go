package workshop

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/web"
)

// look says what is on now in words of a language. mine is what the phone that looks has answered; empty for everybody else.
func (s *Service) look(b web.Base, r Room, mine string) nowView {
	n := nowView{Room: r.ID, At: r.At(), Phase: r.Phase, Lang: b.Lang, Number: r.Slide + 1}
	t, err := s.Template(r.Module, r.Template)
	switch {
	case err != nil || r.State != Open:
		n.Kind, n.Title = "ended", b.T("room.ended")
		n.Say = n.Title
		return n
	case r.Paused:
		n.Kind, n.Title = "paused", b.T("room.paused")
		n.Say = n.Title
		return n
	}
	n.Numbers = len(t.Slides) + 1
	q, asks := questionAt(t, r)
	switch {
	case q.Kind == Feedback:
		n.Kind, n.Title = string(Feedback), b.T("room.feedback")
		for _, o := range FeedbackOptions() {
			n.Options = append(n.Options, optionView{ID: o, Text: b.T("feedback." + o)})
		}
	case q.Item == nil:
		slide := t.Slides[r.Slide]
		w := slide.In(b.Lang)
		n.Kind, n.Title, n.Setting, n.Lang = string(slide.Kind), w.Title, w.Text, w.Lang
	default:
		n.item(b, q, r)
	}
	if asks {
		n.Ballot = r.Ballot(q)
		n.choose(q, mine)
		if res := r.result(q.ID, r.Round); res != nil && r.Phase == Revealed {
			n.Result = s.result(b, q, *res)
		}
	}
	n.Say = n.announce(b)
	return n
}

// item fills in what an item says. While its content notes wait, nothing of it shows but them.
func (n *nowView) item(b web.Base, q Question, r Room) {
	w := q.Item.In(b.Lang)
	n.Kind, n.Lang, n.Notes = string(q.Kind), w.Lang, q.Item.Notes
	n.Hidden = len(n.Notes) > 0 && r.Phase == Shown && len(r.Way) == 0 && r.latest(q.ID) == nil
	if n.Hidden {
		n.Title, n.Lang = b.T("room.before"), b.Lang
		return
	}
	switch q.Kind {
	case One, Several:
		n.Title, n.Setting = w.Question, w.Text
		for _, o := range q.Item.Options {
			n.Options = append(n.Options, optionView{ID: o.ID, Text: w.Options[o.ID].Text})
		}
	case Myth:
		n.Title = w.Statement
		for _, v := range []string{content.VerdictTrue, content.VerdictMyth} {
			n.Verdicts = append(n.Verdicts, optionView{ID: v, Text: b.T("item.verdict-" + v)})
		}
		for sure := 1; sure <= 3; sure++ {
			n.Sures = append(n.Sures, optionView{ID: strconv.Itoa(sure), Text: b.T("item.sure-" + strconv.Itoa(sure))})
		}
	case Sort:
		n.Title = w.Question
		for _, t := range q.Item.Things {
			v := thingView{Field: "place-" + t.ID, Text: w.Things[t.ID].Text}
			for _, p := range q.Item.Places {
				v.Places = append(v.Places, optionView{ID: p, Text: w.Places[p]})
			}
			n.Things = append(n.Things, v)
		}
	case Story:
		m := w.Moments[q.Moment.ID]
		n.Title, n.Setting = w.Title, m.Text
		if q.Moment.Ending() {
			n.Kind = "ending"
			n.Result = &resultView{Fact: m.Says, Sources: w.Sources}
		}
		for _, c := range q.Moment.Choices {
			n.Options = append(n.Options, optionView{ID: c.ID, Text: m.Choices[c.ID]})
		}
	}
}

// choose marks what a phone has answered.
func (n *nowView) choose(q Question, answer string) {
	chosen := q.chosen(answer)
	mark := func(list []optionView, is func(id string) bool) {
		for i := range list {
			list[i].Chosen = is(list[i].ID)
		}
	}
	verdict, sure, _ := strings.Cut(answer, "-")
	mark(n.Options, func(id string) bool { return slices.Contains(chosen, id) })
	mark(n.Verdicts, func(id string) bool { return id == verdict })
	mark(n.Sures, func(id string) bool { return id == sure })
	for i, t := range n.Things {
		mark(n.Things[i].Places, func(id string) bool {
			return slices.Contains(chosen, strings.TrimPrefix(t.Field, "place-")+"="+id)
		})
	}
}

// announce is what a screen reader hears.
func (n nowView) announce(b web.Base) string {
	switch {
	case n.Phase == Asking:
		return b.T("room.say-open", "Question", n.Title)
	case n.Phase == Closing || n.Phase == Closed:
		return b.T("room.say-closed")
	case n.Result != nil && n.Kind != "ending":
		said := []string{b.T("room.say-result", "Question", n.Title), n.Result.Verdict}
		for _, bars := range n.Result.Bars {
			for _, row := range bars.Rows {
				if row.Said != "" {
					said = append(said, row.Label+": "+row.Said+".")
				} else {
					said = append(said, fmt.Sprintf("%s: %d / %d.", row.Label, row.N, row.Of))
				}
			}
		}
		return strings.Join(append(said, n.Result.Words...), " ")
	}
	return n.Title
}

// result says what a question came to.
func (s *Service) result(b web.Base, q Question, res Result) *resultView {
	v := &resultView{People: res.People(), Words: res.Words}
	if q.Kind == Word {
		return v
	}
	if v.TooFew = q.Attitude && v.People < fewest; !v.TooFew {
		v.Bars = bars(b, q, res)
	}
	if q.Item == nil {
		return v
	}
	w := q.Item.In(b.Lang)
	switch q.Kind {
	case Myth:
		v.Verdict, v.Fact, v.Sources = b.T("room.is-myth"), w.Fact, w.Sources
		if q.Item.Verdict {
			v.Verdict = b.T("room.is-true")
		}
	case One, Several:
		v.Fact, v.Sources = w.Because, w.Sources
		if right := rightly(q.Item, w); right != "" {
			v.Verdict = b.T("room.fits", "Options", right)
		}
	case Sort:
		v.Sources = w.Sources
	}
	return v
}

func rightly(it *content.Item, w *content.Words) string {
	var right []string
	for _, o := range it.Options {
		if o.Right && it.Marked() {
			right = append(right, w.Options[o.ID].Text)
		}
	}
	return strings.Join(right, " · ")
}

// bars draws the counts of a question. A sort has a chart for each thing.
func bars(b web.Base, q Question, res Result) []web.Bars {
	of := res.People()
	chart := func(caption string, ids []string, label func(id string) string) web.Bars {
		c := web.Bars{Caption: caption, Of: b.T("room.answer"), Number: b.T("room.answers")}
		for _, id := range ids {
			row := web.Bar{Label: label(id), N: res.Of(id), Of: of}
			if q.Attitude {
				in := band(row.N, of)
				row.N, row.Of, row.Said = bandWidth(in), len(Bands()), b.T("room.band-"+in)
			}
			c.Rows = append(c.Rows, row)
		}
		return c
	}
	caption := b.T("room.result")
	if q.Item == nil {
		return []web.Bars{chart(caption, FeedbackOptions(), func(id string) string { return b.T("feedback." + id) })}
	}
	w := q.Item.In(b.Lang)
	switch q.Kind {
	case Myth:
		return []web.Bars{chart(caption, q.hands(), func(id string) string { return b.T("item.verdict-" + id) })}
	case Story:
		return []web.Bars{chart(caption, q.options(), func(id string) string { return w.Moments[q.Moment.ID].Choices[id] })}
	case Sort:
		var all []web.Bars
		for _, t := range q.Item.Things {
			var ids []string
			for _, p := range q.Item.Places {
				ids = append(ids, t.ID+"="+p)
			}
			all = append(all, chart(w.Things[t.ID].Text, ids, func(id string) string { return w.Places[strings.TrimPrefix(id, t.ID+"=")] }))
		}
		return all
	}
	return []web.Bars{chart(caption, q.options(), func(id string) string { return w.Options[id].Text })}
}
