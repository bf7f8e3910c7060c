package workshop

import (
	"errors"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// upcoming lists the sessions that somebody can book, has booked or may lead.
func (h handler) upcoming(c *fiber.Ctx, b web.Base) ([]sessionView, error) {
	p := people.Current(c)
	list, err := h.workshops.Upcoming(c.UserContext(), p.Institution)
	var views []sessionView
	for _, d := range list {
		if d.shows(p.ID, h.workshops.cfg.Now()) || plans(p) && d.State == Planned && d.Ends().After(h.workshops.cfg.Now()) {
			views = append(views, h.view(b, d, p))
		}
	}
	return views, err
}

// view shows a session to somebody. How many have booked is for those who plan; who, for nobody here.
func (h handler) view(b web.Base, d Session, p people.Person) sessionView {
	w := h.workshops.wordsOf(d, b.Lang)
	v := sessionView{
		ID: d.ID, Title: w.Title, Lang: w.Lang, Place: d.Place, Minutes: d.Minutes, Free: d.Free(), Placed: d.HasPlace(p.ID), Waits: d.Waits(p.ID),
		When:      b.T("front.when", "Day", b.CivilDay(d.Day), "Start", d.Time, "End", d.Ends().In(h.workshops.london).Format("15:04")),
		Cancelled: d.State == Cancelled, Begun: d.State == Begun, Bookable: d.State == Planned && d.Bookable,
		Plans: plans(p), Mine: d.mayChange(p), Begins: p.Is(people.Facilitator) && d.State == Planned && d.Day == h.workshops.cfg.Today(),
	}
	if v.Plans {
		v.Booked, v.Waiting, v.Places = len(d.Booked), len(d.Waiting), d.Places
	}
	return v
}

// book takes a place or gives it back, with one press.
func (h handler) book(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	p, id := people.Current(c), c.Params("session")
	if f.Text("do") == "release" {
		if _, err := h.workshops.Release(c.UserContext(), p, id); err != nil {
			return err
		}
		return web.Redirect(c, "/app/workshops?said=booking-released")
	}
	d, err := h.workshops.Book(c.UserContext(), p, id)
	switch {
	case errors.Is(err, fault.Conflict):
		return web.Redirect(c, "/app/workshops?said=booking-closed")
	case err != nil:
		return err
	case d.HasPlace(p.ID):
		return web.Redirect(c, "/app/workshops?said=booking-placed")
	}
	return web.Redirect(c, "/app/workshops?said=booking-waits")
}

func (h handler) calendar(c *fiber.Ctx) error {
	d, err := h.workshops.Session(c.UserContext(), people.Current(c), c.Params("session"))
	if err != nil {
		return err
	}
	w := h.workshops.wordsOf(d, people.Current(c).Language)
	return web.SendCalendar(c, web.Appointment{
		UID: d.ID + "@" + d.Institution + ".upstander", Sequence: d.Sequence, Cancelled: d.State == Cancelled, Title: w.Title, Text: w.Summary, Place: d.Place,
		URL: h.server.URL("/app/workshops"), Begins: d.Begins, Ends: d.Ends(), Made: h.workshops.cfg.Now(),
	})
}

// own returns the session of the address, for whoever may change it.
func (h handler) own(c *fiber.Ctx) (Session, error) {
	return h.workshops.Own(c.UserContext(), people.Current(c), c.Params("session"))
}

func (h handler) fresh(c *fiber.Ctx) error {
	return web.Render(c, "workshop/plan", h.planPage(c, Session{Bookable: true}, "booking.new"))
}

func (h handler) planPage(c *fiber.Ctx, d Session, title string) *planPage {
	p := &planPage{Base: h.server.NewBase(c, title), Day: d.Day, Time: d.Time, Place: d.Place, Bookable: d.Bookable}
	if d.Places != 0 {
		p.Places = strconv.Itoa(d.Places)
	}
	if d.ID != "" {
		p.Session = h.view(p.Base, d, people.Current(c))
		p.Names = people.Current(c).Is(people.Staff) || people.Current(c).Is(people.Admin)
		return p
	}
	for _, t := range h.workshops.Templates() {
		w := t.In(p.Lang)
		value := t.Module.ID + "/" + t.ID
		p.Templates = append(p.Templates, templateRow{Value: value, Title: w.Title, Summary: w.Summary, Lang: w.Lang, Minutes: t.Minutes, Chosen: value == d.Module+"/"+d.Template})
	}
	return p
}

// readPlan takes what a form says about a session. What is no number counts as one that is refused.
func readPlan(f web.Form) Plan {
	places, err := strconv.Atoi(f.Text("places"))
	if err != nil {
		places = 0
	}
	return Plan{Day: f.Text("day"), Time: f.Text("time"), Place: f.Text("place"), Places: places, Bookable: f.Text("bookable") != ""}
}

func (h handler) schedule(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	module, template, _ := strings.Cut(f.Text("template"), "/")
	d, err := h.workshops.Schedule(c.UserContext(), people.Current(c), module, template, readPlan(f))
	if err != nil {
		d.ID = ""
		return h.refusePlan(c, d, "booking.new", f, err)
	}
	return web.Redirect(c, "/app/workshops?said=booking-planned")
}

// refusePlan shows the form again with what was typed.
func (h handler) refusePlan(c *fiber.Ctx, d Session, title string, f web.Form, problem error) error {
	p := h.planPage(c, d, title)
	p.Day, p.Time, p.Place, p.Places, p.Bookable = f.Text("day"), f.Text("time"), f.Text("place"), f.Text("places"), f.Text("bookable") != ""
	if !p.Refuse(problem) {
		return problem
	}
	return web.Render(c, "workshop/plan", p)
}

func (h handler) planned(c *fiber.Ctx) error {
	d, err := h.own(c)
	if err != nil {
		return err
	}
	return web.Render(c, "workshop/plan", h.planPage(c, d, "booking.change"))
}

func (h handler) reschedule(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	by, id := people.Current(c), c.Params("session")
	if f.Text("do") == "call-off" {
		if _, err := h.workshops.CallOff(c.UserContext(), by, id); err != nil {
			return err
		}
		return web.Redirect(c, "/app/workshops?said=booking-called-off")
	}
	if _, err := h.workshops.Reschedule(c.UserContext(), by, id, readPlan(f)); err != nil {
		d, gone := h.own(c)
		if gone != nil {
			return gone
		}
		return h.refusePlan(c, d, "booking.change", f, err)
	}
	return web.Redirect(c, "/app/workshops/plan/"+id+"?said=saved")
}

// begin opens the room of a session.
func (h handler) begin(c *fiber.Ctx) error {
	r, key, err := h.workshops.Begin(c.UserContext(), people.Current(c), c.Params("session"))
	if err != nil {
		return err
	}
	h.server.SetCookie(c, hostCookie(r.ID), key)
	return web.Redirect(c, roomPath(r.ID)+"/host")
}

func (h handler) names(c *fiber.Ctx) error {
	d, err := h.own(c)
	if err != nil {
		return err
	}
	p := &namesPage{Base: h.server.NewBase(c, "booking.names")}
	p.Session = h.view(p.Base, d, people.Current(c))
	if p.Booked, p.Waiting, p.Hidden, err = h.workshops.Names(c.UserContext(), people.Current(c), d.ID); err != nil {
		return err
	}
	return web.Render(c, "workshop/names", p)
}
