package training

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// item shows one thing. Whoever is not on the way to it is led to where they are.
func (h handler) item(c *fiber.Ctx) error {
	w, item, err := h.there(c)
	if err != nil {
		return err
	}
	if item == nil {
		return web.Redirect(c, address(w.module, "go"))
	}
	if f, ok := people.Held(c, h.server, h.persons); ok { // sent on a session that had run out
		return h.perform(c, w, item, f)
	}
	if w.gated(item) {
		return h.gate(c, w, item)
	}
	return h.show(c, w, item, content.Answer{}, nil)
}

// there returns the way of whoever asks and the item of the address; no item when it does not lie on that way.
func (h handler) there(c *fiber.Ctx) (way, *content.Item, error) {
	m, j, found, err := h.at(c)
	if err != nil {
		return way{}, nil, err
	}
	item, ok := m.ItemBySlug(c.Params("item"))
	if !ok {
		return way{}, nil, fmt.Errorf("item: %w", fault.NotFound)
	}
	w := lay(m, &j)
	if !found || j.Completed != "" || !w.belongs(item) {
		item = nil
	}
	return w, item, nil
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
	w, item, err := h.there(c)
	if err != nil {
		return err
	}
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if item == nil { // a form from before the module, the route or the journey changed
		return web.Redirect(c, address(w.module, "go"))
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
		err = h.training.Onward(ctx, person.ID, m, item)
		here = address(m, "go")
	case "continue":
		err = h.training.Acknowledge(ctx, person.ID, m, item)
	case "skip":
		var more bool
		more, err = h.training.Skip(ctx, person.ID, m, item)
		here = address(m, "go")
		if !more { // the same gate again would say nothing: the module's page shows every way from here
			here = "/app/training/" + m.Slug + "?said=put-off"
		}
	case "step":
		err = h.training.Step(ctx, person.ID, m, item, number(f.Text("at")), f.Text("step"))
	case "rewind":
		err = h.training.Rewind(ctx, person.ID, m, item, number(f.Text("at")))
	case "answer":
		var taken bool
		taken, err = h.training.Answer(ctx, person.ID, m, item, typedAnswer(item, f))
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
