package reminder

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Routes registers the staff's pages about reminders.
func Routes(d people.Doors, s *Service) {
	h := handler{d.Server, s}
	d.Office.Get("/reminders", h.list)
	d.Office.Get("/reminders/:requirement", h.plan)
	d.Office.Post("/reminders/:requirement", h.change)
}

type handler struct {
	server    *web.Server
	reminders *Service
}

func (h handler) list(c *fiber.Ctx) error {
	ctx := c.UserContext()
	rules, err := h.reminders.cfg.Standings.Requirements(ctx, people.Current(c).Institution)
	if err != nil {
		return err
	}
	p := &listPage{Base: h.server.NewBase(c, "reminder.title"), Mute: h.reminders.cfg.Connect == nil}
	for _, r := range rules {
		plan, err := h.reminders.Plan(ctx, r)
		if err != nil {
			return err
		}
		n, err := h.reminders.Count(ctx, r)
		if err != nil {
			return err
		}
		p.Rules = append(p.Rules, rule{Requirement: r, Title: r.Titles.In(p.Lang), On: plan.On, Sent: n[Sent], Waiting: n[Waiting], Back: n[Bounced] + n[GivenUp]})
	}
	return web.Render(c, "reminder/list", p)
}

// named returns the requirement in the address, of the institution of whoever asks.
func (h handler) named(c *fiber.Ctx) (Requirement, error) {
	id, err := url.PathUnescape(c.Params("requirement"))
	if err != nil {
		return Requirement{}, fmt.Errorf("requirement: %w", fault.NotFound)
	}
	r, err := h.reminders.cfg.Standings.Requirement(c.UserContext(), id)
	if err == nil && r.Institution != people.Current(c).Institution {
		err = fmt.Errorf("requirement of another institution: %w", fault.NotFound)
	}
	return r, err
}

func (h handler) plan(c *fiber.Ctx) error {
	r, err := h.named(c)
	if err != nil {
		return err
	}
	plan, err := h.reminders.Plan(c.UserContext(), r)
	if err != nil {
		return err
	}
	p, err := h.page(c, r, plan)
	if err != nil {
		return err
	}
	return web.Render(c, "reminder/plan", p)
}

func (h handler) page(c *fiber.Ctx, r Requirement, plan Plan) (p *planPage, err error) {
	ctx, s := c.UserContext(), h.reminders
	p = &planPage{Base: h.server.NewBase(c, "reminder.plan-title"), Rule: r, Plan: plan, Mute: s.cfg.Connect == nil}
	p.Name = r.Titles.In(p.Lang)
	if p.Open, err = s.cfg.Standings.Open(ctx, r); err != nil {
		return nil, err
	}
	if p.Counts, err = s.Count(ctx, r); err != nil {
		return nil, err
	}
	if p.Dates, err = s.dates(r, plan); err != nil {
		return nil, err
	}
	if p.Previews, err = s.previews(p.Base, r, plan); err != nil {
		return nil, err
	}
	back, err := s.Returned(ctx, r, c.Query("after"), c.Query("before"))
	if err != nil {
		return nil, err
	}
	p.Next, p.Prev = back.Next, back.Prev
	for _, one := range back.Items {
		st, err := s.cfg.Standings.Standing(ctx, one.Person, r.ID)
		if errors.Is(err, fault.NotFound) || err == nil && !s.cfg.Sees(people.Current(c), st.Place) {
			continue
		}
		if err != nil {
			return nil, err
		}
		p.Back = append(p.Back, returned{one, st.Name})
	}
	return p, nil
}

// dates lists when each step goes out, for whoever has no other date.
func (s *Service) dates(r Requirement, plan Plan) ([]stepDate, error) {
	due, err := time.Parse(time.DateOnly, r.Due)
	if err != nil { // a requirement without a date
		return nil, nil
	}
	nation, err := s.nation(r.Institution)
	var all []stepDate
	for _, step := range plan.Steps {
		day := s.sendDay(nation, due, step).Format(time.DateOnly)
		all = append(all, stepDate{step, day, day < s.today()})
	}
	return all, err
}

// previews writes one message of each kind that the plan sends, in the institution's languages.
func (s *Service) previews(b web.Base, r Requirement, plan Plan) ([]preview, error) {
	in, err := s.cfg.People.Institution(r.Institution)
	if err != nil {
		return nil, err
	}
	var all []preview
	for _, kind := range []struct {
		title string
		is    func(step int) bool
	}{
		{b.T("reminder.preview-before"), func(step int) bool { return step < 0 }},
		{b.T("reminder.preview-on"), func(step int) bool { return step == 0 }},
		{b.T("reminder.preview-after"), func(step int) bool { return step > 0 }},
	} {
		at := slices.IndexFunc(plan.Steps, kind.is)
		if at < 0 {
			continue
		}
		one := preview{Title: kind.title}
		for _, lang := range in.Languages {
			m, err := s.Write(r, plan.Steps[at], r.Due, lang)
			if err != nil {
				return nil, err
			}
			one.Messages = append(one.Messages, m)
		}
		all = append(all, one)
	}
	return all, nil
}

func (h handler) change(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	r, err := h.named(c)
	if err != nil {
		return err
	}
	by := people.Current(c)
	switch f.Text("do") {
	case "start":
		err = h.reminders.LetGo(c.UserContext(), by, r)
	case "stop":
		err = h.reminders.Stop(c.UserContext(), by, r)
	default:
		return h.save(c, f, r, by)
	}
	if err != nil {
		return err
	}
	return web.Redirect(c, planPage{Rule: r}.Address()+"?said=saved")
}

func (h handler) save(c *fiber.Ctx, f web.Form, r Requirement, by people.Person) error {
	var steps []int
	for _, typed := range f.All("steps") {
		n, err := strconv.Atoi(typed)
		if err != nil {
			n = 1 << 20 // none of the list
		}
		steps = append(steps, n)
	}
	from, _ := strconv.Atoi(f.Text("from")) // nought is refused like any other wrong hour
	to, _ := strconv.Atoi(f.Text("to"))
	err := h.reminders.Set(c.UserContext(), by, r, steps, from, to)
	if err == nil {
		return web.Redirect(c, planPage{Rule: r}.Address()+"?said=saved")
	}
	plan, perr := h.reminders.Plan(c.UserContext(), r)
	if perr != nil {
		return perr
	}
	p, perr := h.page(c, r, plan)
	if perr != nil {
		return perr
	}
	if !p.Refuse(err) {
		return err
	}
	p.Plan.Steps, p.Plan.FromHour, p.Plan.ToHour = steps, from, to
	return web.Render(c, "reminder/plan", p)
}
