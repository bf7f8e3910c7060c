package training

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

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
	h.fillHome(p, journeys, duties)
	return web.Render(c, "training/home", p)
}

func (h handler) fillHome(p *homePage, journeys []Journey, duties []Duty) {
	listed := map[string]bool{}
	for _, d := range duties {
		m, err := h.training.Module(d.Module)
		if err == nil && d.Workshop != "" {
			p.attend(m, d)
			continue
		}
		if err != nil || d.Met != "" { // a module that has been taken away asks nothing
			continue
		}
		row := dueRow{Title: m.In(p.Lang).Title, Lang: m.In(p.Lang).Lang, Slug: m.Slug, Drawing: m.Drawing, Due: d.Due}
		for _, j := range journeys {
			if j.Module == m.ID && j.Completed == "" {
				row.Begun, row.Percent = true, lay(m, &j).percent()
			}
			if j.Module == m.ID && j.Completed != "" && j.Completed >= d.From {
				listed[m.ID] = true // completed, and the standing follows in a moment
			}
		}
		if !listed[m.ID] {
			p.Duties = append(p.Duties, row)
		}
		listed[m.ID] = true
	}
	certified := map[string]string{} // the latest day by module
	for _, held := range p.Certificates {
		certified[held.Module] = max(certified[held.Module], held.Day)
	}
	for _, j := range journeys {
		m, err := h.training.Module(j.Module)
		if err != nil {
			continue
		}
		row := begunRow{Title: m.In(p.Lang).Title, Lang: m.In(p.Lang).Lang, Slug: m.Slug}
		switch {
		case j.Completed != "" && certified[m.ID] < j.Completed:
			p.Waiting = append(p.Waiting, row)
		case j.Completed == "" && !listed[m.ID]:
			row.Percent = lay(m, &j).percent()
			p.Begun = append(p.Begun, row)
		}
		listed[m.ID] = true
	}
	for _, m := range h.training.Modules() {
		p.More = p.More || !listed[m.ID]
	}
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
	if _, err := h.training.Start(c.UserContext(), people.Current(c).ID, m, f.Text("route")); err != nil {
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

// item shows one thing. Whoever is not on the way to it is led to where they are.
func (h handler) item(c *fiber.Ctx) error {
	m, j, found, err := h.at(c)
	if err != nil {
		return err
	}
	item, ok := m.ItemBySlug(c.Params("item"))
	if !ok {
		return fmt.Errorf("item: %w", fault.NotFound)
	}
	w := lay(m, &j)
	if !found || j.Completed != "" || !w.belongs(item) {
		return web.Redirect(c, address(m, "go"))
	}
	if f, ok := people.Held(c, h.server, h.persons); ok { // sent on a session that had run out
		return h.perform(c, w, item, f)
	}
	if w.gated(item) {
		return h.gate(c, w, item)
	}
	return h.show(c, w, item, content.Answer{}, nil)
}

// gate shows the content notes of an item, and three ways on.
func (h handler) gate(c *fiber.Ctx, w way, item *content.Item) error {
	p := &gatePage{Base: h.server.NewBase(c, "item.title-page"), Notes: item.Notes, Again: w.skipped(item)}
	p.placeView = w.place(p.Lang, item)
	p.Title = w.placeTitle(p.Base, p.placeView, item)
	return web.Render(c, "training/gate", p)
}

// show renders an item, with what was typed and what is wrong with it.
func (h handler) show(c *fiber.Ctx, w way, item *content.Item, typed content.Answer, problem error) error {
	p := h.page(h.server.NewBase(c, "item.title-page"), w, item, typed)
	p.Title = w.placeTitle(p.Base, p.placeView, item)
	p.Again = c.Query("said") == "answered-before"
	if problem != nil && !p.Refuse(problem) {
		return problem
	}
	return web.Render(c, "training/"+string(item.Kind), p) // each kind has a view of its own
}

// act takes an item's form.
func (h handler) act(c *fiber.Ctx) error {
	m, j, found, err := h.at(c)
	if err != nil {
		return err
	}
	item, ok := m.ItemBySlug(c.Params("item"))
	if !ok {
		return fmt.Errorf("item: %w", fault.NotFound)
	}
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	w := lay(m, &j)
	if !found || j.Completed != "" || !w.belongs(item) {
		return web.Redirect(c, address(m, "go")) // a form from before the module, the route or the journey changed
	}
	return h.perform(c, w, item, f)
}

// perform does what an item's button says: change the language with what was typed kept, go on, go
// past its content notes, leave it for the end, take a step in a story, go back in it, or answer.
func (h handler) perform(c *fiber.Ctx, w way, item *content.Item, f web.Form) error {
	ctx, person, m := c.UserContext(), people.Current(c), w.module
	here := address(m, item.Slug)
	if lang := f.Text("language"); lang != "" {
		if err := h.persons.SetLanguage(ctx, person.ID, lang); err != nil {
			return err
		}
		web.UseLanguage(c, lang)
		return h.show(c, w, item, typedAnswer(item, f), nil)
	}
	var err error
	switch f.Text("do") {
	case "next":
		_, err = h.training.Onward(ctx, person.ID, m, item)
		here = address(m, "go")
	case "continue":
		_, err = h.training.Acknowledge(ctx, person.ID, m, item)
	case "skip":
		var more bool
		_, more, err = h.training.Skip(ctx, person.ID, m, item)
		here = address(m, "go")
		if !more { // the same gate again would say nothing: the module's page shows every way from here
			here = "/app/training/" + m.Slug + "?said=put-off"
		}
	case "step":
		_, err = h.training.Step(ctx, person.ID, m, item, number(f.Text("at")), f.Text("step"))
	case "rewind":
		_, err = h.training.Rewind(ctx, person.ID, m, item, number(f.Text("at")))
	case "answer":
		var taken bool
		_, taken, err = h.training.Answer(ctx, person.ID, m, item, typedAnswer(item, f))
		if err == nil && !taken {
			here += "?said=answered-before"
		}
	}
	if errors.Is(err, fault.Invalid) {
		return h.show(c, w, item, typedAnswer(item, f), err)
	}
	if err != nil {
		return err
	}
	return web.Redirect(c, here) // also for a form without a button's name: nothing was done
}

// typedAnswer reads the form of an item.
func typedAnswer(item *content.Item, f web.Form) content.Answer {
	switch item.Kind {
	case content.Choice:
		return content.Answer{Options: f.All("option")}
	case content.Myth:
		return content.Answer{Verdict: f.Text("verdict"), Sure: number(f.Text("sure"))}
	case content.Scenario:
		return content.Answer{Path: f.All("step")}
	case content.Sort:
		a := content.Answer{Placed: map[string]string{}}
		for _, t := range item.Things {
			if place := f.Text("place-" + t.ID); place != "" {
				a.Placed[t.ID] = place
			}
		}
		return a
	}
	return content.Answer{}
}

// number reads a small whole number; anything else is -1, which nothing takes.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 1000 {
		return -1
	}
	return n
}

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

func address(m *content.Module, part string) string { return "/app/training/" + m.Slug + "/" + part }
