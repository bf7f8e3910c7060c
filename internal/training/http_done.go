package training

import (
	"fmt"
	"slices"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

func (h handler) done(c *fiber.Ctx) error {
	p, err := h.donePage(c)
	if err != nil {
		return err
	}
	if p == nil {
		return web.Redirect(c, "/app/training/"+c.Params("module")+"/go")
	}
	return web.Render(c, "training/done", p)
}

// donePage returns no page while the module is not completed.
func (h handler) donePage(c *fiber.Ctx) (*donePage, error) {
	m, j, found, err := h.at(c)
	if err != nil || !found || j.Completed == "" {
		return nil, err
	}
	person := people.Current(c)
	p := &donePage{Base: h.server.NewBase(c, "done.title"), Day: j.Completed, Name: person.Name}
	p.Module = viewModule(m, p.Lang)
	held, err := h.desk.Certificates(c.UserContext(), person, p.Lang)
	if err != nil {
		return nil, err
	}
	for _, one := range held {
		if one.Module == m.ID && one.Day >= j.Completed { // not the one of an earlier cycle
			p.Certificate = one.Path
		}
	}
	for _, s := range m.Routes[0].Sections {
		p.Sections = append(p.Sections, readLink{Title: s.Title.Phrase(p.Lang), Section: s.ID})
	}
	return p, nil
}

func (h handler) certify(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	p, err := h.donePage(c)
	if err != nil {
		return err
	}
	if p == nil {
		return web.Redirect(c, "/app/training/"+c.Params("module")+"/go")
	}
	person := people.Current(c)
	path, err := h.certificates.Issue(c.UserContext(), person, p.Module.ID, f.Text("name"))
	if err != nil {
		if p.Name = f.Text("name"); !p.Refuse(err) {
			return err
		}
		return web.Render(c, "training/done", p)
	}
	if person.Name == "" { // the first name somebody gives is the one that forms offer from now on
		if err := h.persons.SetName(c.UserContext(), person.ID, f.Text("name")); err != nil {
			return err
		}
	}
	return web.Redirect(c, path)
}

// read shows the pages of one part again, to whoever has completed the module.
func (h handler) read(c *fiber.Ctx) error {
	m, j, found, err := h.at(c)
	if err != nil {
		return err
	}
	if !found || j.Completed == "" {
		return web.Redirect(c, address(m, "go"))
	}
	p := &readPage{Base: h.server.NewBase(c, "item.title-page")}
	p.Module = viewModule(m, p.Lang)
	for i, s := range m.Sections {
		if s.ID != c.Params("section") {
			continue
		}
		p.Section = s.Title.Phrase(p.Lang)
		p.Title = p.T("read.title", "Number", h.training.number(m), "Part", i+1)
		for _, slot := range s.Slots {
			if slot[0].Kind == content.Page {
				p.Pages = append(p.Pages, readAgain(slot[0], p.Lang))
				p.Notes = append(p.Notes, slot[0].Notes...)
			}
		}
	}
	if p.Section.Text == "" {
		return fmt.Errorf("section: %w", fault.NotFound)
	}
	p.Notes = slices.DeleteFunc(content.NoteIDs(), func(n string) bool { return !slices.Contains(p.Notes, n) })
	return web.Render(c, "training/read", p)
}
