package pledge

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Routes registers the wall, signing by mail, the private link, a signed-in person's own pledge, and the staff's look at groups.
func Routes(d people.Doors, s *Service) {
	h := handler{d.Server, s}
	d.Public.Get("/pledges", h.wall)
	d.Public.Post("/pledges", h.sign)
	d.Public.Get("/pledges/sent", h.sent)
	d.Public.Get("/pledges/mine/:token", h.mine)
	d.Public.Post("/pledges/mine/:token", h.decide)
	d.Member.Get("/pledge", h.own)
	d.Member.Post("/pledge", h.signOwn)
	d.Member.Post("/pledge/withdraw", h.withdrawOwn)
	d.Staff.Get("/pledges", h.asking)
	d.Staff.Post("/pledges", h.moderate)
}

type handler struct {
	server  *web.Server
	pledges *Service
}

func (h handler) wall(c *fiber.Ctx) error {
	p, err := h.wallPage(c, Draft{Kind: Person})
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "public, max-age=5")
	return web.Render(c, "pledge/wall", p)
}

func (h handler) wallPage(c *fiber.Ctx, typed Draft) (*wallPage, error) {
	site, _ := web.SiteOf(c)
	p := &wallPage{Base: h.server.NewBase(c, "pledge.title"), Form: typed}
	p.Text = viewText(h.pledges.text.Current(), p.Lang, typed.Action)
	total, err := h.pledges.Totals(c.UserContext(), site.ID)
	if err != nil {
		return nil, err
	}
	p.Count, p.Groups = total.All(), total.All()-total[Person]
	page, err := h.pledges.Wall(c.UserContext(), site.ID, c.Query("after"), c.Query("before"))
	if err != nil {
		return nil, err
	}
	p.Wall, p.Next, p.Prev = page.Items, page.Next, page.Prev
	return p, nil
}

func (h handler) sign(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	d := Draft{
		Kind: Kind(f.Text("kind")), Action: f.Text("action"), Email: f.Text("email"), Group: f.Text("group"),
		Wall: f.Text("wall") != "", Initials: f.Text("initials"), Role: f.Text("role"),
	}
	site, lang := web.SiteOf(c)
	link, err := h.pledges.Sign(c.UserContext(), site.ID, lang, h.server.Network(c), d)
	if err != nil {
		p, perr := h.wallPage(c, d)
		if perr != nil {
			return perr
		}
		if !p.Refuse(err) {
			return err
		}
		return web.Render(c, "pledge/wall", p)
	}
	p := &sentPage{Base: h.server.NewBase(c, "pledge.sent-title"), Link: link}
	if link != "" { // a demo without mail: the link is all there is
		return web.Render(c, "pledge/sent", p)
	}
	return web.Redirect(c, p.Base.Link("/pledges/sent"))
}

func (h handler) sent(c *fiber.Ctx) error {
	return web.Render(c, "pledge/sent", &sentPage{Base: h.server.NewBase(c, "pledge.sent-title")})
}

// mine is behind a private link; nothing of it is kept by a cache.
func (h handler) mine(c *fiber.Ctx) error {
	site, _ := web.SiteOf(c)
	pledge, err := h.pledges.Behind(c.UserContext(), site.ID, c.Params("token"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	p := &minePage{Base: h.server.NewBase(c, "pledge.mine-title"), Pledge: pledge, Token: c.Params("token")}
	p.Action = h.pledges.text.action(pledge, p.Lang)
	return web.Render(c, "pledge/mine", p)
}

func (h handler) decide(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	site, _ := web.SiteOf(c)
	b := h.server.NewBase(c, "pledge.title")
	if f.Text("do") == "withdraw" {
		if err := h.pledges.Withdraw(c.UserContext(), site.ID, c.Params("token")); err != nil {
			return err
		}
		return web.Redirect(c, b.Link("/pledges")+"?said=pledge-withdrawn")
	}
	if _, err := h.pledges.Confirm(c.UserContext(), site.ID, c.Params("token")); err != nil {
		return err
	}
	return web.Redirect(c, b.Link("/pledges/mine/"+c.Params("token"))+"?said=pledge-counts")
}

func (h handler) own(c *fiber.Ctx) error {
	p, err := h.ownPage(c, Draft{})
	if err != nil {
		return err
	}
	return web.Render(c, "pledge/own", p)
}

func (h handler) ownPage(c *fiber.Ctx, typed Draft) (*ownPage, error) {
	p := &ownPage{Base: h.server.NewBase(c, "pledge.title"), Form: typed}
	p.Text = viewText(h.pledges.text.Current(), p.Lang, typed.Action)
	pledge, err := h.pledges.Of(c.UserContext(), people.Current(c))
	switch {
	case err == nil && pledge.State == Confirmed:
		p.Signed, p.Month, p.Action = true, pledge.Month, h.pledges.text.action(pledge, p.Lang)
	case err != nil && !errors.Is(err, fault.NotFound):
		return nil, err
	}
	return p, nil
}

func (h handler) signOwn(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	d := Draft{Action: f.Text("action"), Wall: f.Text("wall") != "", Initials: f.Text("initials"), Role: f.Text("role")}
	if err := h.pledges.SignAs(c.UserContext(), people.Current(c), d); err != nil {
		p, perr := h.ownPage(c, d)
		if perr != nil {
			return perr
		}
		if !p.Refuse(err) {
			return err
		}
		return web.Render(c, "pledge/own", p)
	}
	return web.Redirect(c, "/app/pledge?said=pledge-counts")
}

func (h handler) withdrawOwn(c *fiber.Ctx) error {
	if err := h.pledges.WithdrawOf(c.UserContext(), people.Current(c)); err != nil {
		return err
	}
	return web.Redirect(c, "/app/pledge?said=pledge-withdrawn")
}

func (h handler) asking(c *fiber.Ctx) error {
	list, err := h.pledges.Asking(c.UserContext(), people.Current(c).Institution)
	if err != nil {
		return err
	}
	return web.Render(c, "pledge/asking", &askingPage{Base: h.server.NewBase(c, "pledge.asking-title"), Groups: list})
}

func (h handler) moderate(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if err := h.pledges.Moderate(c.UserContext(), people.Current(c), f.Text("id"), f.Text("do") == "let"); err != nil {
		return err
	}
	return web.Redirect(c, "/app/pledges?said=saved")
}
