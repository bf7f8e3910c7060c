package training

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Certificates makes the proof of a completed module.
type Certificates interface {
	// Issue makes the certificate under a name, or renames it, and returns its address; fault.Problems on "name".
	Issue(ctx context.Context, person people.Person, module, name string) (path string, err error)
}

// Routes registers the catalogue, a learner's home and the way through a module. In the signed-in half modules and items stand under neutral
// slugs.
func Routes(d people.Doors, s *Service, persons *people.Service, desk Desk, certificates Certificates) {
	h := handler{d.Server, s, persons, desk, certificates}
	d.Public.Get("/training", h.catalog)
	d.Public.Get("/training/:module", h.about)
	d.Member.Get("/", h.home)
	d.Member.Get("/training/:module", h.start)
	d.Member.Post("/training/:module", h.begin)
	d.Member.Get("/training/:module/go", h.resume)
	d.Member.Get("/training/:module/done", h.done)
	d.Member.Post("/training/:module/done", h.certify)
	d.Member.Get("/training/:module/read/:section", h.read)
	d.Member.Get("/training/:module/:item", h.item)
	d.Member.Post("/training/:module/:item", h.act)
}

type handler struct {
	server       *web.Server
	training     *Service
	persons      *people.Service
	desk         Desk
	certificates Certificates
}

func (h handler) catalog(c *fiber.Ctx) error {
	p := &catalogPage{Base: h.server.NewBase(c, "catalog.title")}
	p.About = p.T("catalog.lead")
	for _, m := range h.training.Modules() {
		w := m.In(p.Lang)
		p.Modules = append(p.Modules, moduleRow{ID: m.ID, Title: w.Title, Summary: w.Summary, Lang: w.Lang, Drawing: m.Drawing, Minutes: m.Routes[0].Minutes})
	}
	return web.Render(c, "training/catalog", p)
}

func (h handler) about(c *fiber.Ctx) error {
	m, err := h.training.Module(c.Params("module"))
	if err != nil {
		return err
	}
	p := &aboutPage{Base: h.server.NewBase(c, "catalog.title")}
	p.Module = viewModule(m, p.Lang)
	p.Title, p.About = p.Module.Title, p.Module.Summary
	return web.Render(c, "training/about", p)
}

func (h handler) home(c *fiber.Ctx) error {
	ctx, person := c.UserContext(), people.Current(c)
	p := &homePage{Base: h.server.NewBase(c, "home.title"), Name: person.Name}
	journeys, err := h.training.Journeys(ctx, person.ID)
	if err != nil {
		return err
	}
	duties, err := h.desk.Duties(ctx, person)
	if err != nil {
		return err
	}
	if p.Certificates, err = h.desk.Certificates(ctx, person, p.Lang); err != nil {
		return err
	}
	p.fill(h.training.Modules(), journeys, duties)
	return web.Render(c, "training/home", p)
}

// at finds the module of an address and the learner's journey in it; found says whether it has begun.
func (h handler) at(c *fiber.Ctx) (m *content.Module, j Journey, found bool, err error) {
	if m, err = h.training.ModuleBySlug(c.Params("module")); err != nil {
		return m, j, false, err
	}
	j, err = h.training.Journey(c.UserContext(), people.Current(c).ID, m)
	if errors.Is(err, fault.NotFound) {
		return m, j, false, nil
	}
	return m, j, err == nil, err
}

func (h handler) start(c *fiber.Ctx) error {
	m, j, found, err := h.at(c)
	if err != nil {
		return err
	}
	p := &startPage{Base: h.server.NewBase(c, "item.title-page"), Begun: found, Route: j.Route, Completed: j.Completed}
	p.Title = p.T("training.title", "Number", h.training.number(m))
	p.Module = viewModule(m, p.Lang)
	again, err := h.training.Again(c.UserContext(), j)
	if err != nil {
		return err
	}
	if again { // the page offers the ways anew
		p.Begun, p.Completed, found = false, "", false
	}
	if found && j.Completed == "" {
		w := lay(m, &j)
		p.Percent, p.PutOff, p.Sections = w.percent(), w.putOff(), w.sections(p.Lang, nil)
	}
	return web.Render(c, "training/start", p)
}

func (h handler) begin(c *fiber.Ctx) error {
	m, _, _, err := h.at(c)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if err := h.training.Start(c.UserContext(), people.Current(c).ID, m, f.Text("route")); err != nil {
		return err
	}
	return web.Redirect(c, address(m, "go"))
}

// resume leads to the exact place where the learner was, on whatever device.
func (h handler) resume(c *fiber.Ctx) error {
	m, j, found, err := h.at(c)
	switch {
	case err != nil:
		return err
	case !found:
		return web.Redirect(c, "/app/training/"+m.Slug)
	case j.Completed != "":
		return web.Redirect(c, address(m, "done"))
	}
	w := lay(m, &j)
	if it, ok := m.Item(j.Place); ok && w.belongs(it) {
		return web.Redirect(c, address(m, it.Slug))
	}
	if it := w.next(nil); it != nil {
		return web.Redirect(c, address(m, it.Slug))
	}
	return web.Redirect(c, address(m, w.stops[0].item.Slug)) // everything is done: going on from anywhere evaluates it
}

func address(m *content.Module, part string) string { return "/app/training/" + m.Slug + "/" + part }
