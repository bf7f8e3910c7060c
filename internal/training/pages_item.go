package training

import (
	"cmp"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/web"
)

// page builds an item's page. typed is what stands in the form when the answer is not taken yet.
func (h handler) page(base web.Base, w way, item *content.Item, typed content.Answer) *itemPage {
	words := item.Linked(base.Lang)
	p := &itemPage{
		Base: base, placeView: w.place(base.Lang, item), Words: words,
		Drawing: item.Drawing, Notes: item.Notes, MaySkip: len(item.Notes) > 0 && w.left(item), Several: item.Several,
	}
	if item.Jurisdiction != w.module.Jurisdiction {
		p.Law = item.Jurisdiction
	}
	answer, answered := w.current(item)
	p.Answered = answered
	if !answered {
		answer = typed
	}
	switch item.Kind {
	case content.Choice:
		w.choice(p, item, words, answer)
	case content.Myth:
		w.myth(p, item, words, answer)
	case content.Scenario:
		w.story(p, item, words, typed)
	case content.Sort:
		w.sort(p, item, words, answer)
	}
	switch {
	case item.Kind == content.Scenario && !p.Story.Ended:
		p.Carry = web.Carry{Form: "answer", Do: "step"}
	case item.Asked() && !answered:
		p.Carry = web.Carry{Form: "answer", Do: "answer"}
	}
	if p.Answered && (item.Kind != content.Scenario || p.Story.Ended) {
		says := p.Reply.Says
		p.Reply = w.reply(base, item, words, answer)
		p.Reply.Says = says
		p.Reply.Crime = p.Reply.Crime || slices.ContainsFunc(says, func(s saysView) bool { return s.Crime })
	} else if item.Kind == content.Page || item.Kind == content.Reflect {
		p.Reply.Sources = words.Sources
	}
	return p
}

// place says where the learner is at an item.
func (w way) place(lang string, item *content.Item) placeView {
	p := placeView{ModuleSlug: w.module.Slug, Slug: item.Slug, Percent: w.percent(), Parts: len(w.route.Sections), PutOff: w.putOff()}
	here, _ := w.onRoute(item)
	for i, s := range w.sections(lang, here.section) {
		state := "ahead"
		switch {
		case s.Current:
			state, p.Part, p.Section = "now", i+1, s.Title
		case s.Done:
			state = "done"
		}
		p.Segments = append(p.Segments, segment{state})
	}
	if entry := w.practising(item); entry != nil {
		p.Practice = true
		for _, e := range w.journey.Practice {
			if !e.Done && e.Route == w.journey.Route {
				p.Left++
			}
		}
	}
	for _, r := range w.module.Routes {
		if r != w.route && p.OtherWay == "" {
			p.OtherWay = r.ID
		}
	}
	return p
}

// placeTitle names a place in a browser's history without saying what stands there.
func (w way) placeTitle(base web.Base, p placeView, item *content.Item) string {
	if p.Practice {
		return base.T("item.title-practice", "Left", p.Left)
	}
	n := 0
	for _, s := range w.stops {
		if s.section == item.Section {
			n++
		}
		if s.item == item {
			break
		}
	}
	return base.T("item.title", "Part", p.Part, "Number", n)
}

// sections lists the parts of the route with the address of the first thing in each.
func (w way) sections(lang string, current *content.Section) []sectionLink {
	var all []sectionLink
	var last *content.Section
	for _, stop := range w.stops {
		if stop.section != last {
			last = stop.section
			all = append(all, sectionLink{Title: last.Title.Phrase(lang), Slug: stop.item.Slug, Current: last == current, Done: true})
		}
		all[len(all)-1].Done = all[len(all)-1].Done && w.done(stop.item)
	}
	return all
}

// percent is how much of the route is done.
func (w way) percent() int {
	done := 0
	for _, s := range w.stops {
		if w.done(s.item) {
			done++
		}
	}
	return 100 * done / max(1, len(w.stops))
}

func (w way) choice(p *itemPage, item *content.Item, words *content.Words, a content.Answer) {
	for _, o := range item.Options {
		v := optionView{ID: o.ID, Text: words.Options[o.ID].Text, Chosen: slices.Contains(a.Options, o.ID), Right: p.Answered && o.Right}
		if p.Answered {
			v.Tag = v.tag(p.Base, "item.works")
		}
		p.Options = append(p.Options, v)
	}
	w.byLot(item, p.Options)
	for _, o := range p.Options {
		if o.Tag != "" {
			crime := slices.ContainsFunc(item.Options, func(of content.Option) bool { return of.ID == o.ID && of.Crime })
			p.Reply.Says = append(p.Reply.Says, saysView{Of: o.Text, Tag: locale.Phrase{Text: o.Tag, Lang: p.Lang}, Text: words.Options[o.ID].Says, Crime: crime})
		}
	}
}

// byLot puts options in an order drawn for this learner, so that no two phones on one table show the same one.
func (w way) byLot(item *content.Item, options []optionView) {
	slices.SortFunc(options, func(a, b optionView) int {
		return w.draw("option "+item.ID, a.ID) - w.draw("option "+item.ID, b.ID)
	})
}

func (w way) myth(p *itemPage, item *content.Item, _ *content.Words, a content.Answer) {
	for _, v := range []string{content.VerdictTrue, content.VerdictMyth} {
		p.Verdicts = append(p.Verdicts, optionView{
			ID: v, Text: p.T("item.verdict-" + v), Chosen: a.Verdict == v, Right: p.Answered && (v == content.VerdictTrue) == item.Verdict,
		})
	}
	for i := range p.Verdicts {
		if p.Answered {
			p.Verdicts[i].Tag = p.Verdicts[i].tag(p.Base, "item.is-so")
		}
	}
	for i, id := range []string{"1", "2", "3"} {
		p.Sures = append(p.Sures, optionView{ID: id, Text: p.T("item.sure-" + id), Chosen: a.Sure == i+1})
	}
}

func (w way) story(p *itemPage, item *content.Item, words *content.Words, typed content.Answer) {
	walk := w.journey.Walks[item.ID]
	trail, ok := item.Trail(walk)
	if !ok {
		walk = nil
		trail, _ = item.Trail(nil)
	}
	p.Story.Trail = chosenOn(trail, walk, words)
	now := trail[len(trail)-1]
	p.Story.Now, p.Story.Steps = momentView{Text: words.Moments[now.ID].Text, Drawing: cmp.Or(now.Drawing, item.Drawing)}, len(walk)
	p.Story.Ended = now.Ending()
	for _, c := range now.Choices {
		p.Story.Choices = append(p.Story.Choices, optionView{ID: c.ID, Text: words.Moments[now.ID].Choices[c.ID], Chosen: slices.Contains(typed.Path, c.ID)})
	}
	w.byLot(item, p.Story.Choices)
	if !p.Story.Ended {
		return
	}
	for _, m := range item.Moments {
		if !m.Ending() {
			continue
		}
		steps, seen := w.journey.Explored[item.ID][m.ID]
		taken, ok := item.Trail(steps)
		if !seen || !ok { // never taken, or edited since
			p.Story.Unseen++
			continue
		}
		p.Story.Paths = append(p.Story.Paths, pathView{Chosen: chosenOn(taken, steps, words), Text: words.Moments[m.ID].Text, Here: m.ID == now.ID})
	}
}

// chosenOn lists the moments of a walk with what was said or done at each; the last moment of the trail has nothing yet.
func chosenOn(trail []content.Moment, walk []string, words *content.Words) []momentView {
	var all []momentView
	for i, m := range trail[:len(trail)-1] {
		v := momentView{Text: words.Moments[m.ID].Text, Chose: words.Moments[m.ID].Choices[walk[i]], Steps: i}
		for _, c := range m.Choices {
			if c.ID == walk[i] {
				v.D = c.D
			}
		}
		all = append(all, v)
	}
	return all
}

func (w way) sort(p *itemPage, item *content.Item, words *content.Words, a content.Answer) {
	things := slices.Clone(item.Things)
	slices.SortFunc(things, func(x, y content.Thing) int { return w.draw("thing "+item.ID, x.ID) - w.draw("thing "+item.ID, y.ID) })
	for _, t := range things {
		v := thingView{ID: t.ID, Text: words.Things[t.ID].Text, Field: "place-" + t.ID}
		var stands []string
		for _, place := range item.Places {
			o := optionView{ID: place, Text: words.Places[place], Chosen: a.Placed[t.ID] == place}
			if p.Answered && slices.Contains(t.Places, place) {
				o.Right = true
				stands = append(stands, o.Text)
			}
			if p.Answered {
				o.Tag = o.tag(p.Base, "item.works")
			}
			v.Places = append(v.Places, o)
		}
		p.Things = append(p.Things, v)
		if p.Answered {
			p.Reply.Says = append(p.Reply.Says, saysView{Of: v.Text, Tag: locale.Phrase{Text: strings.Join(stands, " / "), Lang: words.Lang}, Text: words.Things[t.ID].Says, Crime: t.Crime})
		}
	}
}

// reply is what a good tutor would say to this answer.
func (w way) reply(base web.Base, item *content.Item, words *content.Words, a content.Answer) replyView {
	r := replyView{Sources: words.Sources, Tone: "other", Crime: item.Crime}
	switch credit := item.Mark(a); {
	case credit == 1:
		r.Tone = "yes"
	case credit > 0:
		r.Tone = "part"
	}
	kind := string(item.Kind)
	switch {
	case !item.Marked():
		r.Tone = "part"
		r.Heading = base.T("reply.opinion")
	default:
		r.Heading = base.T("reply." + kind + "-" + r.Tone)
	}
	switch item.Kind {
	case content.Choice:
		r.Text = append(r.Text, words.Because)
	case content.Myth:
		if r.Tone == "other" && a.Sure == 3 {
			r.Heading = base.T("reply.myth-sure")
			if words.Sure != "" {
				r.Text = append(r.Text, words.Sure)
			}
		}
		r.Text = append(r.Text, words.Fact)
	case content.Scenario:
		if trail, ok := item.Trail(a.Path); ok {
			end := trail[len(trail)-1]
			r.Text, r.Crime = append(r.Text, words.Moments[end.ID].Says), end.Crime
		}
	}
	return r
}
