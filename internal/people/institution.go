package people

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/web"
)

// Institution is one university of the deployment, as institutions.yaml describes it.
type Institution struct {
	ID           string      `yaml:"id"`
	Name         locale.Text `yaml:"name"`
	Short        locale.Text `yaml:"short"`
	Host         string      `yaml:"host"`   // its own host name; empty: it stands at /{id}/
	Nation       string      `yaml:"nation"` // which law and which numbers hold: england, wales, scotland, northern-ireland
	Languages    []string    `yaml:"languages"`
	Colours      Colours     `yaml:"colours"`
	EmailDomains []string    `yaml:"email_domains"` // whose addresses may sign in
	Campuses     []Campus    `yaml:"campuses"`
	Services     []Helper    `yaml:"services"` // of the institution itself: liaison officers, counselling, chaplaincy
	Report       Report      `yaml:"report"`
	Policies     []Policy    `yaml:"policies"` // the code of conduct, the newest first
	LeaveTo      string      `yaml:"leave_to"` // where quick exit leads; empty: the weather
	Events       []Event     `yaml:"events"`   // what the front page announces
	Requires     []Duty      `yaml:"requires"`
	Statements   Statements  `yaml:"statements"`
	SignIn       SignIn      `yaml:"sign_in"`
	OIDC         *OIDC       `yaml:"oidc"`
	SAML         *SAML       `yaml:"saml"`
}

// Colours tint the header and the certificate, as #rrggbb.
type Colours struct {
	Main   string `yaml:"main"`
	Accent string `yaml:"accent"`
}

// Duty says that students have to complete a module, and by when.
type Duty struct {
	Module string `yaml:"module"`
	Due    string `yaml:"due"` // 2006-01-02; empty: no date
}

// Event is something to come to, announced on the front page until it is over.
type Event struct {
	ID    string      `yaml:"id"`
	Title locale.Text `yaml:"title"`
	Text  locale.Text `yaml:"text"`
	Place locale.Text `yaml:"place"`
	Day   string      `yaml:"day"`   // 2006-01-02
	Start string      `yaml:"start"` // 15:04, in the United Kingdom
	End   string      `yaml:"end"`

	starts, ends time.Time
}

// Times returns when the event begins and ends.
func (e Event) Times() (start, end time.Time) { return e.starts, e.ends }

// readTimes reads day and hours as they are kept in London.
func (e *Event) readTimes() error {
	london, err := locale.London()
	if err != nil {
		return err
	}
	if e.starts, err = time.ParseInLocation("2006-01-02 15:04", e.Day+" "+e.Start, london); err != nil {
		return err
	}
	if e.ends, err = time.ParseInLocation("2006-01-02 15:04", e.Day+" "+e.End, london); err != nil {
		return err
	}
	if !e.ends.After(e.starts) {
		return errors.New("it ends before it begins")
	}
	return nil
}

// ReadInstitutions parses institutions.yaml. languages are those that the program speaks. The error names everything that is wrong.
func ReadInstitutions(src []byte, languages []string) ([]Institution, error) {
	var file struct {
		Institutions []Institution `yaml:"institutions"`
	}
	if err := yaml.UnmarshalWithOptions(src, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("institutions.yaml: %s", yaml.FormatError(err, false, true))
	}
	if len(file.Institutions) == 0 {
		return nil, errors.New("institutions.yaml names no institution")
	}
	var problems []error
	ids, domains, hosts := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i := range file.Institutions {
		in := &file.Institutions[i]
		if len(in.Languages) == 0 {
			in.Languages = languages
		}
		if in.LeaveTo == "" {
			in.LeaveTo = web.Weather
		}
		for _, p := range in.check(languages) {
			problems = append(problems, fmt.Errorf("institutions.yaml: %s: %s", in.ID, p))
		}
		twice := func(kind, value string, seen map[string]bool) {
			if value != "" && seen[value] {
				problems = append(problems, fmt.Errorf("institutions.yaml: %s: the %s %q is taken", in.ID, kind, value))
			}
			seen[value] = true
		}
		twice("id", in.ID, ids)
		twice("host", in.Host, hosts)
		for _, d := range in.EmailDomains {
			twice("e-mail domain", d, domains)
		}
	}
	return file.Institutions, errors.Join(problems...)
}

var (
	idRule     = regexp.MustCompile(`^[a-z][a-z0-9-]{1,30}$`)
	colourRule = regexp.MustCompile(`^#[0-9a-f]{6}$`)
	domainRule = regexp.MustCompile(`^[a-z0-9-]+(\.[a-z0-9-]+)+$`)
)

func (in *Institution) check(languages []string) []string {
	var p []string
	need := func(ok bool, format string, args ...any) {
		if !ok {
			p = append(p, fmt.Sprintf(format, args...))
		}
	}
	need(idRule.MatchString(in.ID) && !slices.Contains(web.ReservedIDs(), in.ID) && !slices.Contains(languages, in.ID), "the id is 2 to 31 lower-case letters, digits and hyphens, and none of the program's own words")
	need(in.Name[locale.Source] != "" && in.Short[locale.Source] != "", "name and short must be given in English (en)")
	need(in.Host == "" || domainRule.MatchString(in.Host), "the host %q is no host name", in.Host)
	need(slices.Contains([]string{"england", "wales", "scotland", "northern-ireland"}, in.Nation), "the nation %q is not one of england, wales, scotland, northern-ireland", in.Nation)
	need(slices.Contains(in.Languages, locale.Source), "the languages must hold en")
	for _, l := range in.Languages {
		need(slices.Contains(languages, l), "the program does not speak %q", l)
	}
	need(colourRule.MatchString(in.Colours.Main) && colourRule.MatchString(in.Colours.Accent), "the colours main and accent are written like #1f4e79")
	need(len(in.EmailDomains) > 0, "at least one e-mail domain is needed")
	for _, d := range in.EmailDomains {
		need(domainRule.MatchString(d), "%q is no e-mail domain", d)
	}
	p = append(append(p, in.checkHelp()...), in.checkStatements()...)
	p = append(p, in.checkSignIn()...)
	for i := range in.Events {
		e := &in.Events[i]
		err := e.readTimes()
		need(idRule.MatchString(e.ID) && e.Title[locale.Source] != "" && e.Place[locale.Source] != "", "event %s: id, title and place are needed in English (en)", e.ID)
		need(err == nil, "event %s: day, start and end are written like 2027-02-09, 13:00 and 14:00, and it ends after it begins", e.ID)
	}
	for _, d := range in.Requires {
		_, err := time.Parse(time.DateOnly, d.Due)
		need(d.Module != "" && (d.Due == "" || err == nil), "a duty names a module and a day like 2027-01-31")
	}
	return p
}

// Site returns what the web server has to know of the institution.
func (in *Institution) Site() web.Site {
	return web.Site{ID: in.ID, Host: in.Host, Name: in.Name, Short: in.Short, Languages: in.Languages, Brand: in.brandPath(), LeaveTo: in.LeaveTo}
}
