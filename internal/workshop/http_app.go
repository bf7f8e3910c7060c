package workshop

import (
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

func (h handler) list(c *fiber.Ctx) error {
	p, err := h.listPage(c)
	if err != nil {
		return err
	}
	return web.Render(c, "workshop/list", p)
}

func (h handler) listPage(c *fiber.Ctx) (*listPage, error) {
	ctx, person := c.UserContext(), people.Current(c)
	p := &listPage{Base: h.server.NewBase(c, "workshops.title"), Facilitator: person.Is(people.Facilitator), Plans: plans(person)}
	var err error
	if p.Upcoming, err = h.upcoming(c, p.Base); err != nil {
		return nil, err
	}
	attended, err := h.workshops.AttendanceOf(ctx, person.ID)
	if err != nil {
		return nil, err
	}
	for _, a := range attended {
		row := attendedRow{Title: a.Module, Day: a.Day}
		if m, ok := h.workshops.cfg.Library().Module(a.Module); ok {
			row.Title, row.Lang = m.In(p.Lang).Title, m.In(p.Lang).Lang
		}
		p.Attended = append(p.Attended, row)
	}
	if !p.Facilitator {
		return p, nil
	}
	for _, t := range h.workshops.Templates() {
		w := t.In(p.Lang)
		p.Templates = append(p.Templates, templateRow{Value: t.Module.ID + "/" + t.ID, Title: w.Title, Summary: w.Summary, Lang: w.Lang, Minutes: t.Minutes})
	}
	rooms, err := h.workshops.Led(ctx, person.ID)
	for _, r := range rooms {
		row := h.row(r, p.Lang)
		if r.State == Open {
			p.Open = append(p.Open, row)
		} else {
			p.Ended = append(p.Ended, row)
		}
	}
	return p, err
}

func (h handler) row(r Room, lang string) roomRow {
	row := roomRow{ID: r.ID, Day: r.Day, Code: r.Code}
	row.Title, row.Lang = h.workshops.title(r, lang)
	return row
}

func (h handler) attend(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if _, err := h.workshops.Attend(c.UserContext(), people.Current(c), f.Text("code")); err != nil {
		p, perr := h.listPage(c)
		if perr != nil {
			return perr
		}
		if p.Code = f.Text("code"); !p.Refuse(err) {
			return err
		}
		return web.Render(c, "workshop/list", p)
	}
	return web.Redirect(c, "/app/workshops?said=attended")
}

func (h handler) start(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	module, template, _ := strings.Cut(f.Text("template"), "/")
	r, key, err := h.workshops.Start(c.UserContext(), people.Current(c), module, template)
	if err != nil {
		p, perr := h.listPage(c)
		if perr != nil {
			return perr
		}
		if !p.Refuse(err) {
			return err
		}
		return web.Render(c, "workshop/list", p)
	}
	h.server.SetCookie(c, hostCookie(r.ID), key)
	return web.Redirect(c, roomPath(r.ID)+"/host")
}

// recover gives whoever began a room a key on another device.
func (h handler) recover(c *fiber.Ctx) error {
	id := c.Params("room")
	key, err := h.workshops.Recover(c.UserContext(), id, people.Current(c))
	if err != nil {
		return err
	}
	h.server.SetCookie(c, hostCookie(id), key)
	return web.Redirect(c, roomPath(id)+"/host")
}

func (h handler) held(c *fiber.Ctx) error {
	rooms, err := h.workshops.Held(c.UserContext(), people.Current(c).Institution)
	if err != nil {
		return err
	}
	p := &heldPage{Base: h.server.NewBase(c, "workshops.held")}
	for _, r := range rooms {
		p.Rooms = append(p.Rooms, h.row(r, p.Lang))
	}
	return web.Render(c, "workshop/held", p)
}

func (h handler) summary(c *fiber.Ctx) error {
	r, attended, err := h.workshops.Ended(c.UserContext(), c.Params("room"), people.Current(c))
	if err != nil {
		return err
	}
	p := &summaryPage{Base: h.server.NewBase(c, "workshops.summary"), Day: r.Day, Attended: attended, Few: attended < fewest}
	p.Workshop, p.Lang = h.workshops.title(r, p.Base.Lang)
	h.workshops.summarise(p, r)
	return web.Render(c, "workshop/summary", p)
}
