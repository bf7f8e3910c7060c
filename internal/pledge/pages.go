package pledge

import (
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/web"
)

// textView is the pledge in one language, with the action that is chosen.
type textView struct {
	Version  string
	Promises []locale.Phrase
	Actions  []actionView
}

type actionView struct {
	ID     string
	Text   locale.Phrase
	Chosen bool
}

func viewText(v Version, lang, chosen string) textView {
	t := textView{Version: v.Version}
	for _, p := range v.Promises {
		t.Promises = append(t.Promises, p.Phrase(lang))
	}
	for _, a := range v.Actions {
		t.Actions = append(t.Actions, actionView{a.ID, a.Text.Phrase(lang), a.ID == chosen})
	}
	return t
}

// action returns what a pledge chose, in the words of the version that was signed.
func (t *Text) action(p Pledge, lang string) locale.Phrase {
	for _, v := range t.Versions {
		for _, a := range v.Actions {
			if v.Version == p.Version && a.ID == p.Action {
				return a.Text.Phrase(lang)
			}
		}
	}
	return locale.Phrase{}
}

// wallPage is the counter, the promises, the form and the wall.
type wallPage struct {
	web.Base
	Text   textView
	Form   Draft // as typed
	Count  int
	Groups int // among them teams, societies and departments
	Wall   []Pledge
	Next   string
	Prev   string
}

// Kinds lists the kinds that can sign, for the form.
func (wallPage) Kinds() []Kind { return Kinds() }

// Roles lists what one can be on the wall, for the form.
func (wallPage) Roles() []string { return Roles() }

// sentPage says to look into the mail: the same words whoever signed, and whether or not they had before.
type sentPage struct {
	web.Base
	Link string // in a demo without mail only
}

// minePage is behind the private link: confirm, or withdraw.
type minePage struct {
	web.Base
	Pledge Pledge
	Action locale.Phrase
	Token  string
}

// ownPage is the pledge of a person who has signed in.
type ownPage struct {
	web.Base
	Text   textView
	Form   Draft
	Signed bool
	Month  string
	Action locale.Phrase
}

// Roles lists what one can be on the wall, for the form.
func (ownPage) Roles() []string { return Roles() }

// askingPage lists groups that wait to be let through.
type askingPage struct {
	web.Base
	Groups []Pledge
}

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{
		"pledge/wall": wallPage{}, "pledge/sent": sentPage{}, "pledge/mine": minePage{}, "pledge/own": ownPage{}, "pledge/asking": askingPage{},
	}
}
