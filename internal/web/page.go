package web

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
)

// Base is what every page has. Page structs embed it, and views call its methods: {{.T "key"}}, {{.Link "/training"}}.
type Base struct {
	Lang   string
	Title  string
	About  string // what search engines say of the page; empty: nothing
	Site   *Site  // nil where no institution is known yet
	Signed bool   // somebody is signed in
	Demo   bool
	Path   string // path within the public half; empty elsewhere
	Here   string // the address itself, for forms that come back to it
	Said   string // what has just been done, after a redirect
	Carry  Carry  // the form whose content a change of language keeps
	Owner  string // mark of the signed-in person, for forms whose content must not be lost
	Alone  bool   // the page loads no script that talks to the server
	Live   bool   // the page follows a workshop under way

	problems fault.Problems
	doors    []string // that the person who is looking may enter
	host     string
	server   *Server
	speaker  *locale.Speaker
}

// Carry names a form that the language switch submits, so that what was typed is kept. Do is the value of the form's own button, which stays
// the one that the Enter key presses.
type Carry struct{ Form, Do string }

// NewBase reads what a request says about its page. title is a message key, args its values.
func (s *Server) NewBase(c *fiber.Ctx, title string, args ...any) Base {
	r := requestOf(c)
	lang := r.lang
	if lang == "" {
		lang = locale.Source
	}
	b := Base{
		Lang: lang, Site: r.site, Signed: r.signed, Owner: r.owner, Demo: s.cfg.Demo, Live: r.live, Path: r.path, Here: c.OriginalURL(),
		doors: r.doors, host: string(c.Context().Host()), server: s, speaker: s.cfg.Catalogue.In(lang),
	}
	b.Title = b.T(title, args...)
	if said := "said." + c.Query("said"); said != "said." && b.speaker.Knows(said) {
		b.Said = b.T(said)
	}
	return b
}

// BaseOf is the base of a part of a page that is made for many at once, not for a request: in an institution and a language.
func (s *Server) BaseOf(siteID, lang string) Base {
	return Base{Lang: lang, Site: s.sites.byID[siteID], Demo: s.cfg.Demo, server: s, speaker: s.cfg.Catalogue.In(lang)}
}

// Part renders a part of a page.
func (s *Server) Part(view string, page interface{ language() string }) (string, error) {
	var b strings.Builder
	err := s.app.Config().Views.Render(&b, view, page)
	return b.String(), err
}

// T says a message in the page's language; args are names and values in turn.
func (b Base) T(key string, args ...any) string { return b.speaker.T(key, args...) }

// CivilDay writes a day that is kept as 2006-01-02 in full.
func (b Base) CivilDay(day string) string { return b.speaker.CivilDay(day) }

// Number writes a whole number.
func (b Base) Number(n int) string { return b.speaker.Number(n) }

// Ordinal counts from one where a range counts from nought.
func (b Base) Ordinal(i int) int { return i + 1 }

// Asset returns the address of a file in public/, which changes with its content.
func (b Base) Asset(name string) string { return b.server.assets.url(name) }

// LeaveTo returns where quick exit leads.
func (b Base) LeaveTo() string {
	if b.Site != nil && b.Site.LeaveTo != "" {
		return b.Site.LeaveTo
	}
	return Weather
}

// Weather is where quick exit leads when no institution is known, or it names nothing else: a page that anybody may have open.
const Weather = "https://www.bbc.co.uk/weather"

// Tel returns a telephone number as a tel: link wants it, without spaces.
func (b Base) Tel(number string) string { return strings.ReplaceAll(number, " ", "") }

// Month writes a month that is kept as 2006-01: November 2026.
func (b Base) Month(month string) string { return b.speaker.CivilMonth(month) }

// Link returns the address of a page in the public half, in the page's institution and language.
func (b Base) Link(page string) string { return b.server.link(b.Site, b.Lang, page, b.host) }

// Institutions lists every institution, for the chooser.
func (b Base) Institutions() []Alternative { return b.everywhere("/") }

// Supports lists the support page of every institution, for pages that belong to none.
func (b Base) Supports() []Alternative { return b.everywhere("/support") }

func (b Base) everywhere(page string) []Alternative {
	var all []Alternative
	for _, s := range b.server.sites.all {
		all = append(all, Alternative{Text: s.Name.In(b.Lang), URL: b.server.link(s, b.Lang, page, b.host)})
	}
	return all
}

// Alternative is one of several addresses to go to.
type Alternative struct {
	Text    string
	URL     string
	Lang    string // of the text
	Current bool
}

// Languages lists the page in every language of its institution.
func (b Base) Languages() []Alternative {
	langs := b.server.cfg.Catalogue.Languages()
	if b.Site != nil {
		langs = b.Site.Languages
	}
	var all []Alternative
	for _, l := range langs {
		url := ""
		switch {
		case b.Path != "":
			url = b.server.link(b.Site, l, b.Path, b.host)
		case b.Live:
			url, _, _ = strings.Cut(b.Here, "?")
			url += "?lang=" + l
		}
		all = append(all, Alternative{Text: b.server.cfg.Catalogue.In(l).T("language.name"), URL: url, Lang: l, Current: l == b.Lang})
	}
	return all
}

// Refuse keeps what is wrong with a form, so that the page shows it. It says false when err is of another kind.
func (b *Base) Refuse(err error) bool { return errors.As(err, &b.problems) }

// Problems lists what is wrong with the form: the field and the reason in words.
func (b Base) Problems() []Problem {
	all := make([]Problem, len(b.problems))
	for i, p := range b.problems {
		all[i] = Problem{Field: p.Field, Text: b.reason(p)}
	}
	return all
}

// Problem returns what is wrong with one field, or nothing.
func (b Base) Problem(field string) string {
	for _, p := range b.problems {
		if p.Field == field {
			return b.reason(p)
		}
	}
	return ""
}

// Problem is one reason why a form was not taken.
type Problem struct{ Field, Text string }

func (b Base) reason(p fault.Problem) string {
	var args []any
	for name, v := range p.Args {
		args = append(args, name, v)
	}
	return b.T(p.Key, args...)
}

func (b Base) language() string { return b.Lang }

func (b Base) refused() bool { return len(b.problems) > 0 }

// Render answers with a page: 200, or 422 when it shows what is wrong with a form.
func Render(c *fiber.Ctx, view string, page interface{ refused() bool }) error {
	if page.refused() {
		c.Status(http.StatusUnprocessableEntity)
		c.Set(fiber.HeaderCacheControl, "no-store")
	}
	return c.Render(view, page)
}

// Redirect sends the browser on after a post, with a GET.
func Redirect(c *fiber.Ctx, to string) error { return c.Redirect(to, http.StatusSeeOther) }

// Inside says whether a path may be redirected to: within the signed-in half and nothing that a browser could take for another host.
func Inside(path string) bool {
	return (path == "/app" || strings.HasPrefix(path, "/app/") || strings.HasPrefix(path, "/app?")) && !strings.ContainsAny(path, "\\\r\n\t") && len(path) < 500
}
