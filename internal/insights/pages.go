package insights

import (
	"fmt"
	"math"
	"net/url"
	"strings"

	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/web"
)

// option is one choice of a filter.
type option struct {
	Value, Text string
	Chosen      bool
}

// filters are what both pages narrow down by.
type filters struct {
	Action       string // where the form leads
	Requirements []option
	Cycles       []option // one, where the requirement is never renewed
	Place        string
	Trail        []crumb // from the outermost place; the last is the one that is shown
}

type crumb struct{ Text, URL string }

// Last says whether a crumb is the place that is shown.
func (f filters) Last(i int) bool { return i == len(f.Trail)-1 }

// Renewed says whether there is more than one cycle to choose from.
func (f filters) Renewed() bool { return len(f.Cycles) > 1 }

// dashboardPage says how many have met a requirement, group by group.
type dashboardPage struct {
	web.Base
	filters
	listFilters
	Nothing   bool // the institution requires nothing yet
	Names     bool
	Hidden    bool
	Shown     string // name of the place
	Due       string // civil day
	Numbers   Numbers
	Percent   int
	Below     web.Bars
	Trend     *web.Line
	Forecast  string // in words; empty: there is none
	People    string // address of the list
	Overdue   string // address of the list of those who are; empty: nobody is, or there are no names to see
	Anybody   bool
	HasHidden bool // a group below is hidden
}

// peoplePage lists people and how they stand.
type peoplePage struct {
	web.Base
	filters
	Shown string // name of the place
	listFilters
	People     []personRow
	More       bool   // than a search looks at
	Next, Prev string // addresses
	Formats    []option
	Asked      Look // for the export's form
	AskedFor   Wanted
}

// listFilters are what lists narrow down by besides; empty on the dashboard, which shares the form.
type listFilters struct {
	Status []option
	Orders []option
	Search string
}

type personRow struct {
	Person                    string // id, for the address
	Name, ID                  string
	Cohort, Department, Level string
	Status                    string
	Day, Due                  string // in words; empty: none
	Overdue                   bool
}

// titles names a requirement in a language.
type titles func(r requirement.Requirement, lang string) string

// fill puts the choices of a scene into the filters of the page at an address.
func (f *filters) fill(b web.Base, name titles, at string, sc Scene) {
	for _, r := range sc.Requirements {
		f.Requirements = append(f.Requirements, option{r.ID, name(r, b.Lang), r.ID == sc.Requirement.ID})
	}
	for _, c := range sc.Cycles {
		text := b.T("insights.cycle-once")
		if c.From != "" {
			text = b.T("insights.cycle-from", "Day", b.CivilDay(c.From))
		}
		f.Cycles = append(f.Cycles, option{c.ID, text, c.ID == sc.Cycle.ID})
	}
	f.Action, f.Place = at, sc.Place
	for _, place := range sc.path() {
		f.Trail = append(f.Trail, crumb{sc.nameOf(b, place), address(at, sc.look(place), Wanted{})})
	}
}

// nameOf names a place by its last part.
func (sc Scene) nameOf(b web.Base, place string) string {
	switch depth := strings.Count(place, "/"); {
	case depth == 0:
		return b.T("insights.yours")
	case depth == 1:
		return b.Site.Name.In(b.Lang)
	default:
		return sc.partsOf(place, b.T)[depth-2]
	}
}

// look is the scene's look at another place.
func (sc Scene) look(place string) Look { return Look{sc.Requirement.ID, sc.Cycle.ID, place} }

// address writes filters into an address, so that every page can be kept and sent.
func address(at string, l Look, w Wanted) string {
	q := url.Values{}
	for name, v := range map[string]string{
		"requirement": l.Requirement, "cycle": l.Cycle, "place": l.Place, "status": w.Status, "by": w.By, "q": w.Search, "after": w.After, "before": w.Before,
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if len(q) == 0 {
		return at
	}
	return at + "?" + q.Encode()
}

func (p *dashboardPage) fill(name titles, d Dashboard) {
	p.filters.fill(p.Base, name, dashboardPath, d.Scene)
	p.Names, p.Hidden = d.Sight.Names, d.Hidden
	p.Shown, p.Due = d.nameOf(p.Base, d.Place), d.Cycle.Due
	p.Numbers, p.Anybody, p.Percent = d.Numbers, d.Numbers.All > 0, percent(d.Numbers.Met, d.Numbers.Required)
	if p.Names {
		p.People = address(peoplePath, d.look(d.Place), Wanted{})
	}
	if p.Names && d.Place != "" && d.Numbers.Overdue > 0 {
		p.Overdue = address(peoplePath, d.look(d.Place), Wanted{Status: requirement.Overdue})
	}
	p.Below = p.bars(d)
	if len(d.Trend.Weeks) > 1 {
		p.Trend = p.line(d)
	}
	if d.Trend.Over > 0 {
		p.Forecast = p.T("insights.forecast", "Count", d.Trend.Over, "Weeks", d.Trend.Over, "Mean", mean(d.Trend.Mean), "Day", p.CivilDay(d.Cycle.Due),
			"Expected", p.Number(d.Trend.Expected), "Of", p.Number(d.Numbers.Required))
	}
}

// bars draws the groups below a place. Those that are hidden say so, and look alike whatever they are hidden for.
func (p *dashboardPage) bars(d Dashboard) web.Bars {
	level := min(strings.Count(d.Place, "/"), len(Levels())) - 1
	b := web.Bars{Number: p.T("insights.met"), More: []string{p.T("insights.not-yet"), p.T("insights.overdue"), p.T("insights.exempt")}}
	b.Of, b.Caption = p.T("insights.place"), p.T("insights.by-place")
	if level >= 0 {
		b.Of, b.Caption = p.T("insights."+Levels()[level]), p.T("insights.by-"+Levels()[level])
	}
	for _, r := range d.Rows {
		row := web.Bar{Label: d.nameOf(p.Base, r.Place)}
		if r.Hidden {
			row.Said, p.HasHidden = p.T("insights.hidden"), true
		} else {
			row.Link = address(dashboardPath, d.look(r.Place), Wanted{})
			row.N, row.Of = r.Numbers.Met, r.Numbers.Required
			row.More = []string{p.Number(r.Numbers.NotYet), p.Number(r.Numbers.Overdue), p.Number(r.Numbers.Exempt)}
		}
		b.Rows = append(b.Rows, row)
	}
	return b
}

// Levels are what the parts of a place below the institution are called.
func Levels() []string { return []string{"cohort", "department", "level"} }

// line draws the trend.
func (p *dashboardPage) line(d Dashboard) *web.Line {
	most := d.Numbers.Required
	l := &web.Line{
		ID: "trend", Title: p.T("insights.trend"), Of: p.T("insights.week"), Number: p.T("insights.met"), Top: most, Expected: p.T("insights.expected"), AsTable: p.T("insights.as-table"),
		TopLabel: p.T("insights.everybody", "Count", most, "Number", p.Number(most)),
	}
	for _, w := range d.Trend.Weeks {
		l.Points = append(l.Points, web.Point{Label: p.CivilDay(w.Monday.Format("2006-01-02")), N: w.Met, Forecast: w.Forecast})
	}
	if d.Trend.Due >= 0 {
		l.Mark = &web.Mark{At: d.Trend.Due, Label: p.T("insights.due-mark")}
	}
	l.Desc = p.T("insights.trend-desc", "First", l.Points[0].Label, "Now", p.Number(d.Numbers.Met))
	if d.Trend.Over > 0 {
		l.Desc = p.T("insights.trend-desc-forecast", "First", l.Points[0].Label, "Now", p.Number(d.Numbers.Met), "Expected", p.Number(d.Trend.Expected), "Day", p.CivilDay(d.Cycle.Due))
	}
	return l
}

// percent is a share in whole per cent, rounded down so that 100 means everybody.
func percent(n, of int) int {
	if of <= 0 {
		return 0
	}
	return min(100, 100*n/of)
}

// mean writes a mean with one decimal, where it has one.
func mean(m float64) string {
	if m == math.Trunc(m) {
		return fmt.Sprintf("%.0f", m)
	}
	return fmt.Sprintf("%.1f", m)
}

func (p *peoplePage) fill(name titles, today string, l List) {
	p.filters.fill(p.Base, name, peoplePath, l.Scene)
	p.Shown, p.Search, p.More = l.nameOf(p.Base, l.Place), l.Search, l.More
	p.Status = []option{{"", p.T("people-list.any"), l.Status == ""}}
	for _, st := range Statuses() {
		p.Status = append(p.Status, option{st, p.T("status." + st), st == l.Status})
	}
	for _, by := range Orders() {
		p.Orders = append(p.Orders, option{by, p.T("people-list.by-" + by), by == l.By})
	}
	if l.Status == requirement.Overdue {
		p.Orders = []option{{"", p.T("people-list.by-due"), true}}
	}
	for _, f := range Formats() {
		p.Formats = append(p.Formats, option{Value: string(f), Text: p.T("people-list.export-" + string(f))})
	}
	p.Asked, p.AskedFor = l.look(l.Place), l.Wanted
	for _, st := range l.People {
		parts := l.partsOf(st.Place, p.T)
		row := personRow{
			Person: st.Person, Name: st.Name, ID: st.Number(), Cohort: parts[0], Department: parts[1], Level: parts[2], Status: p.T("status." + st.Status),
			Day: p.CivilDay(st.Day), Due: p.CivilDay(st.Due), Overdue: st.Overdue(today),
		}
		if row.Name == "" {
			row.Name = p.T("people-list.no-name")
		}
		p.People = append(p.People, row)
	}
	turn := func(after, before string) string {
		w := l.Wanted
		w.After, w.Before = after, before
		return address(peoplePath, p.Asked, w)
	}
	if l.Next != "" {
		p.Next = turn(l.Next, "")
	}
	if l.Prev != "" {
		p.Prev = turn("", l.Prev)
	}
}

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{"insights/dashboard": dashboardPage{}, "insights/people": peoplePage{}}
}
