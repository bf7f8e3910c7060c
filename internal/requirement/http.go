package requirement

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Routes registers the staff's pages about the roster, requirements and single people.
func Routes(d people.Doors, s *Service) {
	h := handler{d.Server, s}
	d.Office.Get("/staff/roster", h.roster)
	d.Office.Large(MaxUpload+64<<10).Post("/staff/roster", h.upload)
	d.Office.Get("/staff/roster/template.csv", h.template)
	d.Office.Get("/staff/roster/:upload", h.uploaded)
	d.Office.Post("/staff/roster/:upload", h.decideUpload)
	d.Office.Get("/staff/roster/:upload/problems.csv", h.problems)
	d.Staff.Get("/staff/requirements", h.list)
	d.Office.Get("/staff/requirements/new", h.fresh)
	d.Office.Post("/staff/requirements/new", h.add)
	d.Office.Get("/staff/requirements/:requirement", h.show)
	d.Office.Post("/staff/requirements/:requirement", h.change)
	d.Staff.Get("/staff/people/:person", h.person)
	d.Staff.Post("/staff/people/:person", h.decide)
}

type handler struct {
	server       *web.Server
	requirements *Service
}

// record keeps what staff do in the audit log, before it is done: what cannot be recorded is not done.
func (h handler) record(c *fiber.Ctx, verb audit.Verb, subject, detail string) error {
	by := people.Current(c)
	return h.requirements.cfg.Audit.Record(c.UserContext(), audit.Entry{Institution: by.Institution, Actor: by.ID, Verb: verb, Subject: subject, Detail: detail})
}

func (h handler) list(c *fiber.Ctx) error {
	ctx, institution := c.UserContext(), people.Current(c).Institution
	p := &listPage{Base: h.server.NewBase(c, "requirement.title")}
	now, err := h.requirements.Requirements(ctx, institution)
	if err != nil {
		return err
	}
	ended, err := h.requirements.Ended(ctx, institution)
	if err != nil {
		return err
	}
	for _, r := range now {
		row := requirementRow{ID: r.ID, Title: h.requirements.Title(r, p.Lang), Due: r.CycleOn(h.requirements.cfg.Today()).Due, Everybody: r.Group.Everybody(), Renewal: r.Renewal.Every}
		if row.All, row.Met, err = h.requirements.total(ctx, r, people.Current(c)); err != nil {
			return err
		}
		p.Requirements = append(p.Requirements, row)
	}
	for _, r := range ended {
		p.Ended = append(p.Ended, requirementRow{ID: r.ID, Title: h.requirements.Title(r, p.Lang), Due: r.Ended})
	}
	return web.Render(c, "requirement/list", p)
}

func (h handler) fresh(c *fiber.Ctx) error {
	p, err := h.formPage(c, tidy(Requirement{Institution: people.Current(c).Institution}), "requirement.new-title")
	if err != nil {
		return err
	}
	return web.Render(c, "requirement/form", p)
}

func (h handler) add(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	return h.save(c, f, Requirement{Institution: people.Current(c).Institution}, "requirement.new-title", audit.RequirementAdd, h.requirements.Add)
}

// own returns a requirement of the institution of whoever asks.
func (h handler) own(c *fiber.Ctx) (Requirement, error) {
	r, err := h.requirements.Requirement(c.UserContext(), c.Params("requirement"))
	if err == nil && r.Institution != people.Current(c).Institution {
		err = fault.NotFound
	}
	return r, err
}

func (h handler) show(c *fiber.Ctx) error {
	r, err := h.own(c)
	if err != nil {
		return err
	}
	p, err := h.formPage(c, r, "requirement.change-title")
	if err != nil {
		return err
	}
	return web.Render(c, "requirement/form", p)
}

func (h handler) change(c *fiber.Ctx) error {
	r, err := h.own(c)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if f.Text("do") == "end" {
		return h.end(c, r)
	}
	return h.save(c, f, r, "requirement.change-title", audit.RequirementChange, h.requirements.Change)
}

func (h handler) end(c *fiber.Ctx, r Requirement) error {
	if err := h.record(c, audit.RequirementClose, r.ID, ""); err != nil {
		return err
	}
	if err := h.requirements.End(c.UserContext(), r.ID); err != nil {
		return err
	}
	return web.Redirect(c, "/app/staff/requirements?said=requirement-ended")
}

// save takes what was typed: it shows whom that would add or take out, or keeps it.
func (h handler) save(c *fiber.Ctx, f web.Form, r Requirement, title string, verb audit.Verb, keep func(ctx context.Context, r Requirement) (Requirement, error)) error {
	typed := tidy(readRequirement(f, r))
	p, err := h.formPage(c, typed, title)
	if err != nil {
		return err
	}
	err = h.requirements.check(typed)
	if err == nil && f.Text("do") == "preview" {
		if p.Preview, err = h.requirements.Preview(c.UserContext(), r, typed); err != nil {
			return err
		}
		p.Previewed = true
		return web.Render(c, "requirement/form", p)
	}
	if err == nil {
		err = h.record(c, verb, r.ID, "")
	}
	if err == nil {
		_, err = keep(c.UserContext(), typed)
	}
	if err != nil {
		if !p.Refuse(err) {
			return err
		}
		return web.Render(c, "requirement/form", p)
	}
	return web.Redirect(c, "/app/staff/requirements?said=requirement-saved")
}

// readRequirement takes what a form says about a requirement.
func readRequirement(f web.Form, r Requirement) Requirement {
	r.Title = locale.Text{}
	for _, lang := range []string{locale.Source, "cy"} {
		if t := f.Text("title-" + lang); t != "" {
			r.Title[lang] = t
		}
	}
	months, err := strconv.Atoi(f.Text("months"))
	if err != nil || f.Text("renewal") != Months {
		months = 0
	}
	r.Modules, r.Workshop, r.Start, r.Due, r.Renewal = f.All("modules"), f.Text("workshop"), f.Text("start"), f.Text("due"), Renewal{Every: f.Text("renewal"), Months: months}
	r.Group = Group{
		Departments: f.All(Departments), Levels: f.All(Levels), Modes: f.All(Modes), Labels: f.All(Labels),
		EnteredFrom: f.Text("entered-from"), EnteredTo: f.Text("entered-to"),
	}
	for _, cohort := range f.All(Cohorts) {
		r.Group.Places = append(r.Group.Places, CohortOf(r.Institution, cohort))
	}
	return r
}

func (h handler) formPage(c *fiber.Ctx, r Requirement, title string) (*formPage, error) {
	p := &formPage{Base: h.server.NewBase(c, title), Requirement: r}
	for _, m := range h.requirements.cfg.Modules() {
		p.Modules = append(p.Modules, choice{Value: m.ID, Text: m.Title.In(p.Lang), Chosen: slices.Contains(r.Modules, m.ID)})
	}
	for _, w := range h.requirements.workshops() {
		p.Workshops = append(p.Workshops, choice{Value: w.ID, Text: w.Title.In(p.Lang), Chosen: w.ID == r.Workshop})
	}
	values, err := h.requirements.Values(c.UserContext(), r.Institution)
	if err != nil {
		return nil, err
	}
	cohorts := []string{}
	for _, place := range r.Group.Places {
		cohorts = append(cohorts, cohortOf(place))
	}
	for _, one := range []struct {
		kind   string
		chosen []string
	}{{Cohorts, cohorts}, {Departments, r.Group.Departments}, {Levels, r.Group.Levels}, {Modes, r.Group.Modes}, {Labels, r.Group.Labels}} {
		g := choices{Kind: one.kind}
		for _, v := range values[one.kind] {
			g.List = append(g.List, choice{Value: v.Slug(), Text: v.Name, Chosen: slices.Contains(one.chosen, v.Slug())})
		}
		if len(g.List) > 0 {
			p.Groups = append(p.Groups, g)
		}
	}
	return p, nil
}

// member returns somebody on the roster of the institution of whoever asks.
func (h handler) member(c *fiber.Ctx) (Member, error) {
	m, err := h.requirements.Member(c.UserContext(), c.Params("person"))
	if by := people.Current(c); err == nil && (m.Institution != by.Institution || !by.Sees(m.Place)) {
		err = fault.NotFound
	}
	return m, err
}

func (h handler) person(c *fiber.Ctx) error {
	p, err := h.personPage(c)
	if err != nil {
		return err
	}
	return web.Render(c, "requirement/person", p)
}

func (h handler) personPage(c *fiber.Ctx) (*personPage, error) {
	ctx := c.UserContext()
	m, err := h.member(c)
	if err != nil {
		return nil, err
	}
	values, err := h.requirements.Values(ctx, m.Institution)
	if err != nil {
		return nil, err
	}
	p := &personPage{Base: h.server.NewBase(c, "person.title", "Name", m.Name), Member: m, Place: values.Place(m.Place), Today: h.requirements.cfg.Today()}
	list, err := h.requirements.Requirements(ctx, m.Institution)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		st, err := h.requirements.Standing(ctx, m.ID, r.ID)
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ex, err := h.requirements.Exception(ctx, m.ID, r.ID)
		if err != nil {
			return nil, err
		}
		p.Standings = append(p.Standings, standingRow{
			Requirement: r.ID, Title: h.requirements.Title(r, p.Lang), Status: st.Status, Day: st.Day, Due: st.Due, Overdue: st.Overdue(p.Today),
			Extended: ex.Due, Decided: ex.Status,
		})
	}
	return p, nil
}

// decide extends, exempts, marks as met by hand, or takes back. There is no field for a reason.
func (h handler) decide(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	m, err := h.member(c)
	if err != nil {
		return err
	}
	ctx, r, do := c.UserContext(), f.Text("requirement"), f.Text("do")
	due, day := f.Text("due"), f.Text("day")
	verbs := map[string]struct {
		verb  audit.Verb
		wrong error // with what was typed
		do    func() error
	}{
		"extend":  {audit.StandingExtend, checkDue(due), func() error { return h.requirements.Extend(ctx, m.ID, r, due) }},
		"exempt":  {audit.StandingExempt, nil, func() error { return h.requirements.Excuse(ctx, m.ID, r) }},
		"met":     {audit.StandingMeet, h.requirements.checkMet(day), func() error { return h.requirements.MeetByHand(ctx, m.ID, r, day) }},
		"restore": {audit.StandingReopen, nil, func() error { return h.requirements.Restore(ctx, m.ID, r) }},
	}
	verb, known := verbs[do]
	if !known {
		return fault.Problems{{Field: "do", Key: "form.choose"}}
	}
	if _, err := h.requirements.Standing(ctx, m.ID, r); err != nil { // else whatever was typed would stand in the log for ever
		return err
	}
	if err = verb.wrong; err == nil {
		err = h.record(c, verb.verb, m.ID, r)
	}
	if err == nil {
		err = verb.do()
	}
	if err != nil {
		p, perr := h.personPage(c)
		if perr != nil {
			return perr
		}
		if !p.Refuse(err) {
			return err
		}
		return web.Render(c, "requirement/person", p)
	}
	return web.Redirect(c, "/app/staff/people/"+m.ID+"?said=saved")
}
