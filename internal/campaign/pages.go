package campaign

import (
	"fmt"
	"html/template"
	"strconv"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// frontPage is an institution's front page.
type frontPage struct {
	web.Base
	Campuses []campusView
	Events   []eventView
}

// eventView is something to come to. Day and Month stand alone as well, for the leaf of a calendar.
type eventView struct {
	ID                 string
	Title, Text, Place locale.Phrase
	Day, Month         string
	When               string
}

func viewEvents(list []people.Event, b web.Base) []eventView {
	all := make([]eventView, len(list))
	for i, e := range list {
		all[i] = eventView{ID: e.ID, Title: e.Title.Phrase(b.Lang), Text: e.Text.Phrase(b.Lang), Place: e.Place.Phrase(b.Lang)}
		start, _ := e.Times()
		all[i].Day, all[i].Month = strconv.Itoa(start.Day()), b.T(fmt.Sprintf("month.%d", int(start.Month())))
		all[i].When = b.T("front.when", "Day", b.CivilDay(e.Day), "Start", e.Start, "End", e.End)
	}
	return all
}

// campusView is how to reach a campus's security staff. Link is checked when institutions are read: it opens an app and cannot run anything.
type campusView struct {
	Name           locale.Phrase
	Telephone, App string
	Link           template.URL
}

func viewCampuses(in *people.Institution, lang string) []campusView {
	all := make([]campusView, len(in.Campuses))
	for i, c := range in.Campuses {
		all[i] = campusView{
			Name: c.Name.Phrase(lang), Telephone: c.Security.Telephone, App: c.Security.App.Name,
			Link: template.URL(c.Security.App.Link), //nolint:gosec // see campusView
		}
	}
	return all
}

// chooserPage lists the institutions of the deployment.
type chooserPage struct{ web.Base }

// supportPage is the directory: the institution's own people first, then services by what they are for.
type supportPage struct {
	web.Base
	Campuses []campusView
	Helpers  []helperView
	Groups   []groupView
}

type helperView struct {
	Name, Who, Next        locale.Phrase
	Telephone, Email, Link string
}

type groupView struct {
	Kind     string
	Services []serviceView
}

type serviceView struct {
	Name, Text, Hours     locale.Phrase
	Telephone, Link, Read string
}

func viewHelpers(in *people.Institution, lang string) []helperView {
	all := make([]helperView, len(in.Services))
	for i, h := range in.Services {
		all[i] = helperView{h.Name.Phrase(lang), h.Who.Phrase(lang), h.Next.Phrase(lang), h.Telephone, h.Email, h.Link}
	}
	return all
}

func viewGroups(list []Listed, lang string) []groupView {
	var groups []groupView
	for _, s := range list {
		if len(groups) == 0 || groups[len(groups)-1].Kind != s.Kind {
			groups = append(groups, groupView{Kind: s.Kind})
		}
		g := &groups[len(groups)-1]
		g.Services = append(g.Services, serviceView{s.Name.Phrase(lang), s.Text.Phrase(lang), s.Hours.Phrase(lang), s.Telephone, s.Link, s.Read})
	}
	return groups
}

// policyPage is one version of the code of conduct, with the way to the others.
type policyPage struct {
	web.Base
	Version, From string
	Newest        bool
	Text          template.HTML
	TitleLang     string
	TextLang      string
	Versions      []versionView
}

type versionView struct {
	Version, From string
	Current       bool
}

// glossaryPage explains the terms that modules use.
type glossaryPage struct {
	web.Base
	Terms []content.TermWords
}

// leavingPage says what quick exit does and what it cannot do.
type leavingPage struct{ web.Base }

// tipsPage is a card to print and keep in a pocket or hang on a wall.
type tipsPage struct {
	web.Base
	Campuses []campusView
}

// statementPage is what the three pages share.
type statementPage struct {
	web.Base
	Name     string // of the institution
	Address  string // of its part of the site
	Prepared string // civil date
	Contact  contactView
}

type contactView struct {
	Name                   locale.Phrase
	Email, Telephone, Link string
}

// accessibilityPage is the statement under the accessibility regulations of 2018.
type accessibilityPage struct {
	statementPage
	NorthernIreland bool // which body enforces the regulations
	Checked         Checked
	Known           map[string]bool // checks whose names the catalogues have
	Audit           locale.Phrase
	Waiting, Texts  int // Welsh texts that await a native reader, of how many
}

// privacyPage says what is kept of whom, why, for how long, and who sees it.
type privacyPage struct {
	statementPage
	Kept    []string // what is kept, as KeptIDs
	Basis   string
	Law     locale.Phrase
	HowLong locale.Phrase
}

// cookiesPage lists what is kept in a browser.
type cookiesPage struct {
	statementPage
	Cookies []cookieView
	Storage []Stored
}

type cookieView struct {
	Name, ID, Path       string
	Days, Hours, Minutes int // one of them
}

func viewContact(c people.Contact, lang string) contactView {
	return contactView{c.Name.Phrase(lang), c.Email, c.Telephone, c.Link}
}

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{
		"campaign/front": frontPage{}, "campaign/chooser": chooserPage{}, "campaign/support": supportPage{}, "campaign/policy": policyPage{},
		"campaign/glossary": glossaryPage{}, "campaign/leaving": leavingPage{}, "campaign/tips": tipsPage{},
		"campaign/accessibility": accessibilityPage{}, "campaign/privacy": privacyPage{}, "campaign/cookies": cookiesPage{},
	}
}
