package training

import (
	"html/template"
	"strings"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/web"
)

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
	Crime   bool // something that was shown may be a crime: a link leads to who can help, the police among them
	Sources []*content.Source
}

// saysView is what is replied to one answer or example. The answers above stay as they are: the words come below them.
type saysView struct {
	Of    string        // the answer
	Tag   locale.Phrase // chosen, right, or where it stands well
	Text  template.HTML
	Crime bool // may be a crime
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

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{
		"training/home": homePage{}, "training/catalog": catalogPage{}, "training/about": aboutPage{}, "training/start": startPage{},
		"training/page": itemPage{}, "training/reflect": itemPage{}, "training/choice": itemPage{}, "training/myth": itemPage{},
		"training/scenario": itemPage{}, "training/sort": itemPage{}, "training/done": donePage{}, "training/read": readPage{}, "training/gate": gatePage{},
	}
}
