package workshop

import (
	"html/template"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/web"
)

// joinPage takes the code from the wall.
type joinPage struct {
	web.Base
	Code string // as typed
}

// nowView is what is on now, as everybody may see it.
type nowView struct {
	Room    string // id
	At      string
	Ballot  string
	Kind    string // note, prompt, word, one, several, myth, sort, story, feedback, ending; or paused, ended
	Phase   string
	Lang    string // of the words below
	Title   string // heading: the slide's, or the question
	Setting template.HTML
	Notes   []string // content notes that stand before it
	Hidden  bool     // nothing but the notes shows yet
	Groups  bool     // one phone answers for each small group
	Number  int      // of the slide, from 1
	Numbers int

	Options  []optionView
	Verdicts []optionView
	Sures    []optionView
	Things   []thingView

	Result *resultView
	Say    string // what a screen reader hears when this comes
}

// Open says whether phones may answer.
func (n nowView) Open() bool { return n.Phase == Asking }

// optionView is one answer.
type optionView struct {
	ID, Text string
	Chosen   bool // by this phone
}

// thingView is one example to be placed.
type thingView struct {
	Field, Text string
	Places      []optionView
}

// resultView is what a question came to. Nothing of it shows before the reveal but in the cockpit, and there only how many have answered.
type resultView struct {
	Tally   []tallyRow
	Thing   *placedView  // of a sort: the example that shows
	Things  []placedView // of a sort: all of them
	Verdict string       // what is so, in words
	Said    string       // the verdict for those who hear the result
	Words   []string
	TooFew  bool // of an opinion, too few have answered to say anything
	People  int
	Fact    template.HTML
	Sources []*content.Source
}

// tallyRow is one answer and how many gave it.
type tallyRow struct {
	Label, Lang string
	N, Of       int
	Said        string // in the place of the number, where only a band is shown
	Fits        string // says that the module holds it to be fitting; empty: it does not say so
}

// Width is the bar's length in per cent.
func (t tallyRow) Width() int { return web.Bar{N: t.N, Of: t.Of}.Width() }

// placedView is one example of a sort: where the room has placed it, where it fits, and what the module says of it.
type placedView struct {
	Number, Of int
	Text, Lang string
	Fits       string // empty: there is no right place
	Right      string // the same in a sentence
	Tally      []tallyRow
	Says       template.HTML
}

// phonePage is what a phone shows.
type phonePage struct {
	web.Base
	Now       nowView
	Mine      bool   // an answer of this phone is in
	Word      string // that this phone has sent
	Late      bool   // what was sent came after the question had closed
	Waiting   bool   // nobody has led the room for some minutes
	Breathing bool
	Outside   bool
	Credit    string // code for attendance, for whoever needs a moment
}

// screenPage is the projector.
type screenPage struct {
	web.Base
	Now      nowView
	Lobby    bool     // people still come in: how to join stands large
	OnPhones bool     // the answers, for want of room
	Ends     []string // places of a sort
	Code     string
	Address  string // as people type it
	Direct   string // as the QR code holds it
	QR       template.HTML
	Credit   string // code for attendance; empty: it does not show
}

// screenAskPage takes a projector's code.
type screenAskPage struct {
	web.Base
	Room string
}

// hostPage is the cockpit.
type hostPage struct {
	web.Base
	Now      nowView
	Code     string
	SayLang  string        // of the private notes
	Private  template.HTML // notes for whoever leads
	Cited    []*content.Source
	Protocol template.HTML // what to do when somebody discloses something
	OnCard   []*content.Source
	Next     string // title of the next slide; empty: there is none
	Last     bool   // the slide after the last is on
	First    bool
	Asks     bool // the slide asks something that can be opened
	Again    bool // it has been asked before
	Main     bool // another button than that for the next slide leads on
	Further  bool // of a sort's result there is one more example
	Nearer   bool
	Steps    []optionView
	Hands    []handView
	Paused   bool
	Credit   bool
	Minutes  int    // that the slide is meant to take
	Invite   string // a link that has just been made
	Screen   string // a projector's code that has just been made
	Address  string // where a projector's code is typed
	Pulse    pulseView
}

// handView counts hands for an option.
type handView struct {
	ID, Text string
	N        int
}

// pulseView is what changes in a cockpit while nothing else does.
type pulseView struct {
	Here     int // phones heard of lately; -1: not known
	Answers  int
	Counted  bool // a question is or was open on this slide
	Breaths  int
	Outside  int
	Words    []wordView
	Room, At string
	OnSlide  int // minutes
	InAll    int
	Planned  int
}

// wordView is a word that waits to be let through.
type wordView struct{ Handle, Text string }

// invitePage asks before somebody begins to lead a room.
type invitePage struct {
	web.Base
	Room, Token string
	Workshop    string
	Lang        string
}

// listPage is the signed-in half's: sessions to book and attendance for everybody, planning and starting for facilitators.
type listPage struct {
	web.Base
	Upcoming    []sessionView
	Plans       bool   // may announce workshops
	Code        string // as typed
	Attended    []attendedRow
	Facilitator bool
	Templates   []templateRow
	Open        []roomRow
	Ended       []roomRow
}

type attendedRow struct{ Title, Lang, Day string }

type templateRow struct {
	Value, Title, Summary, Lang string
	Minutes                     int
	Chosen                      bool
}

// sessionView is a session that is to come.
type sessionView struct {
	ID, Title, Lang  string
	When, Place      string
	Minutes, Free    int
	Placed, Waits    bool // whoever looks has a place, or is on the waiting list
	Cancelled, Begun bool
	Bookable         bool
	Plans            bool // whoever looks sees how many have booked
	Mine             bool // and may change it
	Begins           bool // and may begin it now
	Booked, Waiting  int
	Places           int
}

// planPage announces a session or changes it.
type planPage struct {
	web.Base
	Session   sessionView // empty: a new one
	Templates []templateRow
	Day, Time string
	Place     string
	Places    string
	Bookable  bool
	Names     bool // may look at who has booked
}

// Action is where the form is sent to.
func (p planPage) Action() string {
	if p.Session.ID == "" {
		return "/app/workshops/plan"
	}
	return "/app/workshops/plan/" + p.Session.ID
}

// namesPage lists who has booked, to staff.
type namesPage struct {
	web.Base
	Session         sessionView
	Booked, Waiting []Listed
	Hidden          int // others, whom this member of staff may not see
}

type roomRow struct{ ID, Title, Lang, Day, Code string }

// heldPage lists the institution's workshops that have ended, to staff.
type heldPage struct {
	web.Base
	Rooms []roomRow
}

// summaryPage is what a workshop came to, when it has ended.
type summaryPage struct {
	web.Base
	Workshop  string
	Lang      string
	Day       string
	Attended  int
	Few       bool // fewer than fewest have attended: the number is not said
	Questions []summaryRow
	Skipped   []string
}

type summaryRow struct {
	Title, Lang string
	Round       int
	Of          int // answers; 0: too few to say
	Bars        []web.Bars
	Words       []string
	Confident   string // how many were very sure and wrong, in words
}

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{
		"workshop/join": joinPage{}, "workshop/tally": []tallyRow{}, "workshop/placed": placedView{}, "workshop/phone": phonePage{}, "workshop/phone-now": phonePage{}, "workshop/screen": screenPage{}, "workshop/screen-now": screenPage{},
		"workshop/screen-ask": screenAskPage{}, "workshop/host": hostPage{}, "workshop/host-now": hostPage{}, "workshop/host-pulse": hostPage{}, "workshop/invite": invitePage{},
		"workshop/list": listPage{}, "workshop/held": heldPage{}, "workshop/summary": summaryPage{},
		"workshop/plan": planPage{}, "workshop/names": namesPage{},
	}
}
