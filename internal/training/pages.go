package training

import (
	"cmp"
	"html/template"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/web"
)

// homePage is a learner's home: what is due, what is begun, what is done. Nothing else.
type homePage struct {
	web.Base
	Name         string
	Duties       []dueRow
	Workshops    []attendRow
	Begun        []begunRow
	Certificates []Held
	Waiting      []begunRow // completed, and no certificate made yet
	More         bool       // there is training that nobody requires
}

type dueRow struct {
	Title, Lang, Slug string
	Drawing           string
	Due               string // civil date; empty: no date
	Begun             bool
	Percent           int
}

// attendRow is a workshop that somebody has to attend.
type attendRow struct {
	ID, Title, Lang string
	Due             string // civil date; empty: no date
}

// attend adds a workshop that has not been attended; once, where several requirements ask for it. One that has been taken away asks nothing.
func (p *homePage) attend(m *content.Module, d Duty) {
	t, ok := m.Template(d.Workshop)
	id := m.ID + "-" + d.Workshop
	if !ok || d.Met != "" || slices.ContainsFunc(p.Workshops, func(w attendRow) bool { return w.ID == id }) {
		return
	}
	p.Workshops = append(p.Workshops, attendRow{ID: id, Title: t.In(p.Lang).Title, Lang: t.In(p.Lang).Lang, Due: d.Due})
}

type begunRow struct {
	Title, Lang, Slug string
	Percent           int
}

// catalogPage lists the training of an institution to everybody.
type catalogPage struct {
	web.Base
	Modules []moduleRow
}

type moduleRow struct {
	ID, Title, Summary, Lang string
	Drawing                  string
	Minutes                  int
}

// aboutPage says what a module is before anybody signs in.
type aboutPage struct {
	web.Base
	Module moduleView
}

// startPage is a module in the signed-in half: begin, go on, or look again.
type startPage struct {
	web.Base
	Module    moduleView
	Begun     bool
	Route     string // the one taken, while under way
	Completed string // civil date; empty: not yet
	Percent   int
	PutOff    int // places left for the end
	Sections  []sectionLink
}

// moduleView is what both pages say of a module.
type moduleView struct {
	ID, Slug, Edition    string
	Title, Summary, Lang string
	Jurisdiction         string
	Drawing              string
	Outcomes             []locale.Phrase
	Routes               []routeView
}

type routeView struct {
	ID             string
	Title, Summary locale.Phrase
	Minutes        int
	Notes          []string
}

// Phrase is the module's title with its language.
func (m moduleView) Phrase() locale.Phrase { return locale.Phrase{Text: m.Title, Lang: m.Lang} }

func viewModule(m *content.Module, lang string) moduleView {
	w := m.In(lang)
	v := moduleView{ID: m.ID, Slug: m.Slug, Edition: m.Edition, Title: w.Title, Summary: w.Summary, Lang: w.Lang, Jurisdiction: m.Jurisdiction, Drawing: m.Drawing}
	for _, o := range m.Routes[0].Outcomes(m) {
		if out, ok := m.Outcome(o); ok {
			v.Outcomes = append(v.Outcomes, out.Title.Phrase(lang))
		}
	}
	for _, r := range m.Routes {
		v.Routes = append(v.Routes, routeView{ID: r.ID, Title: r.Title.Phrase(lang), Summary: r.Summary.Phrase(lang), Minutes: r.Minutes, Notes: r.Notes()})
	}
	return v
}

// sectionLink leads back to the beginning of a part.
type sectionLink struct {
	Title         locale.Phrase
	Slug          string // of the first thing in it
	Done, Current bool
}

// readLink leads to the pages of a part, to read them again.
type readLink struct {
	Title   locale.Phrase
	Section string
}

// donePage is what follows completion: the certificate, and where to go from here.
type donePage struct {
	web.Base
	Module      moduleView
	Day         string
	Name        string // to be printed on the certificate
	Certificate string // its address, once it is made
	Sections    []readLink
}

// readPage shows the pages of a part again, after completion.
type readPage struct {
	web.Base
	Module  moduleView
	Section locale.Phrase
	Notes   []string // of all the pages
	Pages   []pageView
}

// pageView is one of several pages of reading on one page of the site: Slug keeps their sources apart.
type pageView struct {
	Slug, Title, Lang string
	Text              template.HTML
	Sources           []*content.Source
}

func readAgain(item *content.Item, lang string) pageView {
	w := item.In(lang)
	text := strings.ReplaceAll(string(w.Text), `href="#source-`, `href="#page-`+item.Slug+`-source-`)
	return pageView{Slug: item.Slug, Title: w.Title, Lang: w.Lang, Text: template.HTML(text), Sources: w.Sources} //nolint:gosec // the same text with other anchors
}

// itemPage is one thing to read or to answer. Before the answer it is made from words alone: nothing in it depends on the key.
type itemPage struct {
	web.Base
	placeView
	Words   *content.Words
	Drawing string // name of the scene above it; empty: none
	Notes   []string
	MaySkip bool   // it carries a note, and its answer or its reading is still to come
	Law     string // the jurisdiction it speaks of, where that is not the module's; empty: it is
	Several bool

	Options  []optionView
	Verdicts []optionView
	Sures    []optionView
	Story    storyView
	Things   []thingView

	Answered bool
	Again    bool // answered before, in another window
	Reply    replyView
}

// placeView is where the learner is, and the ways from there.
type placeView struct {
	ModuleSlug string
	Slug       string

	Part, Parts int
	Section     locale.Phrase
	Percent     int
	Segments    []segment
	Practice    bool
	Left        int    // places left in this round of practice
	PutOff      int    // places left for the end
	OtherWay    string // another route with the same standing, one tap away and with no reason asked
}

// gatePage stands before an item that carries a content note, at its address and with nothing of it but the note.
type gatePage struct {
	web.Base
	placeView
	Notes []string
	Again bool // it was left for the end before
}

// segment is one part of the thin line of progress.
type segment struct{ State string } // done, now or ahead

// optionView is one answer. Right and Tag are filled in after the answer only.
type optionView struct {
	ID, Text string
	Chosen   bool
	Right    bool
	Tag      string // what Mark says, in words
}

// Mark names the drawing that stands in the place of the radio button after the answer.
func (o optionView) Mark() string {
	switch {
	case o.Right:
		return "works"
	case o.Chosen:
		return "chosen"
	default:
		return "open"
	}
}

// tag says of an answered option what its mark shows.
func (o optionView) tag(b web.Base, right string) string {
	var said []string
	if o.Chosen {
		said = append(said, b.T("item.you-chose"))
	}
	if o.Right {
		said = append(said, b.T(right))
	}
	return strings.Join(said, " ")
}

// storyView is a scenario as far as it has been walked.
type storyView struct {
	Trail   []momentView
	Now     momentView
	Choices []optionView
	Steps   int // taken so far
	Ended   bool
	Paths   []pathView // one an ending that was seen
	Unseen  int        // endings that were not
}

type momentView struct {
	Text    template.HTML
	Drawing string // name of its scene
	Chose   string // what was said or done there
	D       string // which of the four Ds that was; empty: none
	Steps   int    // taken before it, to go back there
}

// pathView is one way through a scenario and where it led.
type pathView struct {
	Chosen []momentView // what was said or done
	Text   template.HTML
	Here   bool // the way just taken
}

// thingView is one example of a sort.
type thingView struct {
	ID, Text string
	Field    string
	Places   []optionView
}

// replyView is the feedback: a heading in words, then why.
type replyView struct {
	Tone    string // yes, part or other
	Heading string
	Text    []template.HTML
	Says    []saysView
	Sources []*content.Source
}

// saysView is what is replied to one answer or example. The answers above stay as they are: the words come below them.
type saysView struct {
	Of    string        // the answer
	Tag   locale.Phrase // chosen, right, or where it stands well
	Text  template.HTML
	Crime bool // may be a crime: the reply leads to the right signpost
}

// Mark names the drawing beside the heading.
func (r replyView) Mark() string {
	switch r.Tone {
	case "yes":
		return "works"
	case "part":
		return "partly"
	default:
		return "look"
	}
}

// page builds an item's page. typed is what stands in the form when the answer is not taken yet.
func (h handler) page(base web.Base, w way, item *content.Item, typed content.Answer) *itemPage {
	words := item.In(base.Lang)
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
			p.Reply.Says = append(p.Reply.Says, saysView{Of: o.Text, Tag: locale.Phrase{Text: o.Tag, Lang: p.Lang}, Text: words.Options[o.ID].Says})
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
	r := replyView{Sources: words.Sources, Tone: "other"}
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
			r.Text = append(r.Text, words.Moments[trail[len(trail)-1].ID].Says)
		}
	}
	return r
}

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{
		"training/home": homePage{}, "training/catalog": catalogPage{}, "training/about": aboutPage{}, "training/start": startPage{},
		"training/page": itemPage{}, "training/reflect": itemPage{}, "training/choice": itemPage{}, "training/myth": itemPage{},
		"training/scenario": itemPage{}, "training/sort": itemPage{}, "training/done": donePage{}, "training/read": readPage{}, "training/gate": gatePage{},
	}
}
