package training

import (
	"slices"

	"github.com/upstander/upstander/internal/content"
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

// begunRow is a module that somebody has begun or completed.
type begunRow struct {
	Title, Lang, Slug string
	Percent           int
}

// fill sorts the modules that there are by what a person has to do with them. Each stands in one place: a duty that is not met, completed and waiting for
// its standing or its certificate, or begun without being asked for. Certificates are there already.
func (p *homePage) fill(modules []*content.Module, journeys []Journey, duties []Duty) {
	byID, own, placed := map[string]*content.Module{}, map[string]Journey{}, map[string]bool{}
	for _, m := range modules {
		byID[m.ID] = m
	}
	for _, j := range journeys {
		own[j.Module] = j
	}
	for _, d := range duties {
		m := byID[d.Module]
		switch {
		case m == nil: // it has been taken away, and asks nothing
		case d.Workshop != "":
			p.attend(m, d)
		case d.Met == "" && !placed[m.ID]:
			placed[m.ID] = true
			p.due(m, d, own[m.ID])
		}
	}
	for _, j := range journeys {
		if m := byID[j.Module]; m != nil {
			p.begun(m, j, placed[m.ID])
			placed[m.ID] = true
		}
	}
	p.More = slices.ContainsFunc(modules, func(m *content.Module) bool { return !placed[m.ID] })
}

// due adds a duty, unless the module is completed and the standing follows in a moment.
func (p *homePage) due(m *content.Module, d Duty, j Journey) {
	if j.Completed != "" && j.Completed >= d.From {
		return
	}
	row := dueRow{Title: m.In(p.Lang).Title, Lang: m.In(p.Lang).Lang, Slug: m.Slug, Drawing: m.Drawing, Due: d.Due}
	if j.Module != "" && j.Completed == "" {
		row.Begun, row.Percent = true, lay(m, &j).percent()
	}
	p.Duties = append(p.Duties, row)
}

// begun adds a journey: completed and without a certificate yet, or under way and not among the duties.
func (p *homePage) begun(m *content.Module, j Journey, isDue bool) {
	row := begunRow{Title: m.In(p.Lang).Title, Lang: m.In(p.Lang).Lang, Slug: m.Slug}
	certified := slices.ContainsFunc(p.Certificates, func(h Held) bool { return h.Module == m.ID && h.Day >= j.Completed })
	switch {
	case j.Completed != "" && !certified:
		p.Waiting = append(p.Waiting, row)
	case j.Completed == "" && !isDue:
		row.Percent = lay(m, &j).percent()
		p.Begun = append(p.Begun, row)
	}
}
