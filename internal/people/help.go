package people

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/locale"
)

// Campus is a place of the institution and how to reach its security staff there.
type Campus struct {
	ID       string      `yaml:"id"`
	Name     locale.Text `yaml:"name"`
	Security Security    `yaml:"security"`
}

// Security is how to reach a campus's security staff: by a safety app where one covers the campus, and always by telephone.
type Security struct {
	Telephone string `yaml:"telephone"`
	App       App    `yaml:"app"`
}

// App is a safety app on people's phones. Its link opens it there; on any other device it does nothing, so a telephone number stands beside it.
type App struct {
	Name string `yaml:"name"`
	Link string `yaml:"link"` // its own scheme, or https
}

// Helper is somebody at the institution who helps: who, how to reach them, and what happens next.
type Helper struct {
	ID        string      `yaml:"id"`
	Name      locale.Text `yaml:"name"`
	Who       locale.Text `yaml:"who"`
	Next      locale.Text `yaml:"next"` // what happens after somebody gets in touch
	Telephone string      `yaml:"telephone"`
	Email     string      `yaml:"email"`
	Link      string      `yaml:"link"`
}

// Report is where a report is handed over to the institution, and what it promises.
type Report struct {
	Anonymous   string `yaml:"anonymous"` // address of its own form
	Adviser     string `yaml:"adviser"`   // address of its own form, or of a page about its advisers
	Telephone   string `yaml:"telephone"`
	Email       string `yaml:"email"`
	WorkingDays int    `yaml:"working_days"` // within which somebody answers; 1 when absent
}

// Policy is one version of a published policy. Old versions stay readable: condition E6 of the Office for Students asks for it.
type Policy struct {
	Version string      `yaml:"version"`
	From    string      `yaml:"from"` // civil date
	Title   locale.Text `yaml:"title"`
	Text    locale.Text `yaml:"text"` // Markdown
}

var (
	phoneRule  = regexp.MustCompile(`^\+?[0-9 ]{3,20}$`)
	schemeRule = regexp.MustCompile(`^[a-z][a-z0-9+.-]{1,30}:(//)?[^\s"'<>]+$`)
)

// checkHelp says what is wrong with the entries about help.
func (in *Institution) checkHelp() []string {
	var p []string
	need := func(ok bool, format string, args ...any) {
		if !ok {
			p = append(p, fmt.Sprintf(format, args...))
		}
	}
	phone := func(where, number string) {
		need(number == "" || phoneRule.MatchString(number), "%s: %q is no telephone number", where, number)
	}
	link := func(where, address string) {
		need(address == "" || isWeb(address), "%s: %q is no https address", where, address)
	}
	for _, c := range in.Campuses {
		need(idRule.MatchString(c.ID) && c.Name[locale.Source] != "", "a campus has an id and a name in English (en)")
		phone("campus "+c.ID, c.Security.Telephone)
		if app := c.Security.App; app != (App{}) {
			need(app.Name != "" && safeScheme(app.Link), "campus %s: a safety app has a name and a link such as myapp://call", c.ID)
			need(c.Security.Telephone != "", "campus %s: beside a safety app a telephone number is needed", c.ID)
		}
	}
	for _, h := range in.Services {
		need(idRule.MatchString(h.ID) && h.Name[locale.Source] != "" && h.Who[locale.Source] != "" && h.Next[locale.Source] != "", "service %s: id, name, who and next are needed in English (en)", h.ID)
		need(h.Telephone != "" || h.Email != "" || h.Link != "", "service %s: there is no way to reach it", h.ID)
		phone("service "+h.ID, h.Telephone)
		link("service "+h.ID, h.Link)
		need(h.Email == "" || validEmail(h.Email), "service %s: %q is no e-mail address", h.ID, h.Email)
	}
	link("report", in.Report.Anonymous)
	link("report", in.Report.Adviser)
	phone("report", in.Report.Telephone)
	need(in.Report.Email == "" || validEmail(in.Report.Email), "report: %q is no e-mail address", in.Report.Email)
	need(in.Report.WorkingDays >= 0 && in.Report.WorkingDays <= 30, "report: working_days is a number from 1 to 30")
	need(isWeb(in.LeaveTo), "leave_to: %q is no https address", in.LeaveTo)
	last := ""
	for _, v := range in.Policies {
		_, err := time.Parse(time.DateOnly, v.From)
		need(idRule.MatchString("v"+strings.ReplaceAll(v.Version, ".", "-")) && err == nil && v.Title[locale.Source] != "" && v.Text[locale.Source] != "", "policy %s: version, from, title and text are needed in English (en)", v.Version)
		need(last == "" || v.From < last, "policies stand with the newest first")
		last = v.From
	}
	return p
}

func isWeb(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Scheme == "https" && u.Host != ""
}

// safeScheme takes https and an app's own scheme, but none that a browser would run.
func safeScheme(link string) bool {
	scheme, _, _ := strings.Cut(link, ":")
	switch scheme {
	case "javascript", "data", "vbscript", "file", "blob", "http", "about":
		return false
	}
	return schemeRule.MatchString(link)
}

func validEmail(address string) bool {
	clean, err := CleanEmail(address)
	return err == nil && clean == address
}
