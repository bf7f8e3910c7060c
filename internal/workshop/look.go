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
		n.Kind, n.Title, n.Setting, n.Lang = string(slide.Kind), w.Title, uncited(w.Text), w.Lang
	default:
		n.item(b, q, r)
	}
	if asks {
		n.Ballot = r.Ballot(q)
		n.choose(q, mine)
		if res := r.result(q.ID, r.Round); res != nil {
			n.Groups = res.Groups && r.Phase != Shown
			if r.Phase == Revealed {
				n.Result = result(b, q, *res, r.Thing)
			}
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
		n.Title, n.Setting = w.Question, uncited(w.Text)
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
		n.Title, n.Setting = w.Title, uncited(m.Text)
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
	case n.Phase == Asking && n.Groups:
		return b.T("room.say-open", "Question", n.Title) + " " + b.T("room.groups")
	case n.Phase == Asking:
		return b.T("room.say-open", "Question", n.Title)
	case n.Phase == Closing || n.Phase == Closed:
		return b.T("room.say-closed")
	case n.Result != nil && n.Kind != "ending":
		return n.Result.announce(b, n.Title)
	}
	return n.Title
}

// announce says a result; of a sort, that of the example that shows.
func (v resultView) announce(b web.Base, question string) string {
	said, rows := []string{b.T("room.say-result", "Question", question), v.Said}, v.Tally
	if t := v.Thing; t != nil {
		said, rows = []string{b.T("room.say-result", "Question", t.Text)}, t.Tally
		if t.Fits != "" {
			said = append(said, t.Right+".")
		}
	}
	for _, row := range rows {
		if row.Said != "" {
			said = append(said, row.Label+": "+row.Said+".")
		} else {
			said = append(said, fmt.Sprintf("%s: %d / %d.", row.Label, row.N, row.Of))
		}
	}
	return strings.Join(append(said, v.Words...), " ")
}

// result says what a question came to. Of a sort, one example shows at a time.
func result(b web.Base, q Question, res Result, thing int) *resultView {
	v := &resultView{People: res.People(), Words: res.Words}
	if q.Kind == Word {
		return v
	}
	var charts []web.Bars
	if v.TooFew = q.Attitude && res.Few(); !v.TooFew {
		charts = bars(b, q, res)
	}
	lang := b.Lang
	if q.Item == nil {
		v.Tally = tally(b, lang, charts, 0, none)
		return v
	}
	w := q.Item.In(b.Lang)
	switch lang = w.Lang; q.Kind {
	case Myth:
		v.Verdict, v.Fact, v.Sources = b.T("room.is-myth"), w.Fact, w.Sources
		if q.Item.Verdict {
			v.Verdict = b.T("room.is-true")
		}
		v.Said = v.Verdict
		v.Tally = tally(b, b.Lang, charts, 0, none)
	case One, Several:
		v.Fact, v.Sources = w.Because, w.Sources
		v.Tally = tally(b, lang, charts, 0, func(i int) bool { return q.Item.Marked() && q.Item.Options[i].Right })
		if right := rightly(q.Item, w); right != "" {
			v.Said = b.T("room.fits", "Options", right)
		}
	case Sort:
		v.Sources = w.Sources
		v.Things = placed(b, q.Item, charts)
		v.Thing = &v.Things[min(thing, len(v.Things)-1)]
	default:
		v.Tally = tally(b, lang, charts, 0, none)
	}
	return v
}

// none says that none of the answers is the fitting one.
func none(int) bool { return false }

// tally turns a chart into rows; there are none where too few have answered. lang is that of the answers.
func tally(b web.Base, lang string, charts []web.Bars, at int, fits func(i int) bool) []tallyRow {
	var rows []tallyRow
	if at < len(charts) {
		for i, bar := range charts[at].Rows {
			row := tallyRow{Label: bar.Label, Lang: lang, N: bar.N, Of: bar.Of, Said: bar.Said}
			if fits(i) {
				row.Fits = b.T("item.works")
			}
			rows = append(rows, row)
		}
	}
	return rows
}

// placed says of every example of a sort where it fits and why.
func placed(b web.Base, it *content.Item, charts []web.Bars) []placedView {
	var all []placedView
	w := it.In(b.Lang)
	for n, t := range it.Things {
		fits := func(i int) bool { return it.Marked() && slices.Contains(t.Places, it.Places[i]) }
		v := placedView{Number: n + 1, Of: len(it.Things), Text: w.Things[t.ID].Text, Lang: w.Lang, Tally: tally(b, w.Lang, charts, n, none), Says: w.Things[t.ID].Says}
		var places []string
		for i, p := range it.Places {
			if fits(i) {
				places = append(places, w.Places[p])
			}
		}
		if v.Fits = strings.Join(places, " · "); v.Fits != "" {
			v.Right = b.T("room.fits", "Options", v.Fits)
		}
		all = append(all, v)
	}
	return all
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
