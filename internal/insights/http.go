package insights

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Where the pages are.
const (
	dashboardPath = "/app/staff/insights"
	peoplePath    = "/app/staff/people"
)

// Routes registers the dashboard, which also opens for whoever may not see names, and the lists with names.
func Routes(d people.Doors, s *Service) {
	h := handler{d.Server, s}
	d.Aggregates.Get("/staff/insights", h.dashboard)
	d.Staff.Get("/staff/people", h.people)
	d.Staff.Post("/staff/export", h.export)
}

type handler struct {
	server   *web.Server
	insights *Service
}

func (h handler) dashboard(c *fiber.Ctx) error {
	p := &dashboardPage{Base: h.server.NewBase(c, "insights.title")}
	c.Set(fiber.HeaderCacheControl, "no-store")
	look := lookOf(func(name string) string { return c.Query(name) })
	d, err := h.insights.Dashboard(c.UserContext(), SightOf(people.Current(c)), look)
	if errors.Is(err, fault.NotFound) && len(d.Requirements) == 0 {
		p.Nothing = true
		return web.Render(c, "insights/dashboard", p)
	}
	if err != nil {
		return err
	}
	p.fill(h.insights.cfg.Requirements.Title, d)
	return web.Render(c, "insights/dashboard", p)
}

func (h handler) people(c *fiber.Ctx) error {
	p := &peoplePage{Base: h.server.NewBase(c, "people-list.title")}
	c.Set(fiber.HeaderCacheControl, "no-store") // it names people
	query := func(name string) string { return c.Query(name) }
	l, err := h.insights.People(c.UserContext(), SightOf(people.Current(c)), lookOf(query), wantedOf(query))
	if err != nil {
		return err
	}
	p.fill(h.insights.cfg.Requirements.Title, h.insights.cfg.Today(), l)
	return web.Render(c, "insights/people", p)
}

func (h handler) export(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	person := people.Current(c)
	e, err := h.insights.Export(c.UserContext(), person.ID, SightOf(person), lookOf(f.Text), wantedOf(f.Text), Format(f.Text("format")))
	if err != nil {
		return err
	}
	b := h.server.NewBase(c, "people-list.title")
	return h.server.Download(c, e.Name, e.Format.ContentType(), func(ctx context.Context, w io.Writer) error { return e.Write(ctx, w, b.T) })
}

func lookOf(field func(string) string) Look {
	return Look{Requirement: field("requirement"), Cycle: field("cycle"), Place: field("place")}
}

func wantedOf(field func(string) string) Wanted {
	return Wanted{Status: field("status"), By: field("by"), Search: strings.TrimSpace(field("q")), After: field("after"), Before: field("before")}
}
