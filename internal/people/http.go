package people

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/web"
)

// Routes registers sign-in, sign-out and a person's own settings.
func Routes(d Doors, s *Service) {
	h := handler{d.Server, s}
	d.Guest.Get("/sign-in", h.signIn)
	d.Guest.Post("/sign-in", h.sendCode)
	d.Guest.Get("/sign-in/code", h.code)
	d.Guest.Post("/sign-in/code", h.redeem)
	if d.Server.Demo() {
		d.Guest.Post("/sign-in/as", h.signInAs)
	}
	d.Member.Get("/me", h.me)
	d.Member.Post("/me", h.saveMe)
	d.Member.Post("/language", h.language)
	d.Anybody.Post("/sign-out", h.signOut)
	d.Member.Post("/sign-out-everywhere", h.signOutEverywhere)
	d.Anybody.Quiet().Post("/leave", h.leaveSite)
	d.Server.NewDoor("system", web.System).Get("/brand/:file", h.brand)
	singleSignOnRoutes(d, h)
	passkeyRoutes(d, h)
	roleRoutes(d, h)
}

type handler struct {
	server *web.Server
	people *Service
}

func (h handler) me(c *fiber.Ctx) error {
	p, err := h.mePage(c)
	if err != nil {
		return err
	}
	return web.Render(c, "people/me", p)
}

func (h handler) mePage(c *fiber.Ctx) (*mePage, error) {
	person := Current(c)
	n, err := h.people.Devices(c.UserContext(), person.ID)
	if err != nil {
		return nil, err
	}
	return &mePage{Base: h.server.NewBase(c, "me.title"), Email: person.Email, Name: person.Name, Devices: n, Admin: person.Is(Admin), Withheld: person.Withheld, Passkeys: h.people.TakesPasskeys()}, nil
}

func (h handler) saveMe(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err == nil {
		err = h.people.SetName(c.UserContext(), Current(c).ID, f.Text("name"))
	}
	if err == nil {
		return web.Redirect(c, "/app/me?said=saved")
	}
	p, perr := h.mePage(c)
	if perr != nil {
		return perr
	}
	if p.Name = f.Text("name"); !p.Refuse(err) {
		return err
	}
	return web.Render(c, "people/me", p)
}

func (h handler) language(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	if err := h.people.SetLanguage(c.UserContext(), Current(c).ID, f.Text("language")); err != nil {
		return err
	}
	if to := f.Text("to"); web.Inside(to) {
		return web.Redirect(c, to)
	}
	return web.Redirect(c, "/app")
}

// brand serves an institution's colours; the name carries a hash of them.
func (h handler) brand(c *fiber.Ctx) error {
	for _, in := range h.people.Institutions() {
		if in.brandPath() == "/brand/"+c.Params("file") {
			c.Set(fiber.HeaderCacheControl, "public, max-age=31536000, immutable")
			c.Set(fiber.HeaderContentType, "text/css; charset=utf-8")
			return c.SendString(in.brandCSS())
		}
	}
	return fmt.Errorf("colours: %w", fault.NotFound)
}
