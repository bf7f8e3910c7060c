package certificate

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Routes registers the holder's pages and the public check.
func Routes(d people.Doors, s *Service, institutions func(id string) (*people.Institution, error)) {
	h := handler{d.Server, s, institutions}
	d.Member.Get("/certificates", h.list)
	d.Member.Get("/certificates/:code", h.show)
	d.Public.Get("/verify", h.ask)
	d.Public.Post("/verify", h.find)
	d.Public.Get("/verify/:code", h.verify)
	d.Public.Post("/verify/:code", h.match)
}

type handler struct {
	server       *web.Server
	certificates *Service
	institutions func(id string) (*people.Institution, error)
}

func (h handler) list(c *fiber.Ctx) error {
	held, err := h.certificates.Held(c.UserContext(), people.Current(c).ID)
	if err != nil {
		return err
	}
	return web.Render(c, "certificate/list", &listPage{Base: h.server.NewBase(c, "certificate.list-title"), Certificates: held})
}

func (h handler) show(c *fiber.Ctx) error {
	cert, err := h.certificates.Verify(c.UserContext(), c.Params("code"))
	if err != nil {
		return err
	}
	if cert.Person != people.Current(c).ID { // somebody else's is as good as none
		return fmt.Errorf("show certificate: %w", fault.NotFound)
	}
	p, err := h.page(c, cert, "certificate.title")
	if err != nil {
		return err
	}
	return web.Render(c, "certificate/show", &showPage{certificatePage: p, Name: cert.Name})
}

func (h handler) page(c *fiber.Ctx, cert Certificate, title string) (certificatePage, error) {
	in, err := h.institutions(cert.Institution)
	if err != nil {
		return certificatePage{}, err
	}
	p := certificatePage{Base: h.server.NewBase(c, title), Code: cert.Grouped(), Day: cert.Day, Edition: cert.Edition}
	p.Institution, p.What = in.Name.In(p.Lang), cert.Titles.Phrase(p.Lang)
	p.Address = h.server.FullLink(cert.Institution, p.Lang, "/verify/"+cert.Grouped())
	return p, nil
}

func (h handler) ask(c *fiber.Ctx) error {
	return web.Render(c, "certificate/ask", &askPage{Base: h.server.NewBase(c, "verify.title")})
}

func (h handler) find(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	cert, err := h.certificates.Verify(c.UserContext(), f.Text("code"))
	p := &askPage{Base: h.server.NewBase(c, "verify.title"), Code: f.Text("code")}
	if isNone(err) {
		p.Refuse(fault.Problems{{Field: "code", Key: "verify.none"}})
		return web.Render(c, "certificate/ask", p)
	}
	if err != nil {
		return err
	}
	return web.Redirect(c, p.Link("/verify/"+cert.Grouped()))
}

func (h handler) verify(c *fiber.Ctx) error {
	p, _, err := h.verifyPage(c)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	return web.Render(c, "certificate/verify", p)
}

func (h handler) verifyPage(c *fiber.Ctx) (*verifyPage, Certificate, error) {
	cert, err := h.certificates.Verify(c.UserContext(), c.Params("code"))
	if err != nil {
		return nil, cert, err
	}
	p, err := h.page(c, cert, "verify.title")
	return &verifyPage{certificatePage: p}, cert, err
}

func (h handler) match(c *fiber.Ctx) error {
	f, err := web.ReadForm(c)
	if err != nil {
		return err
	}
	p, cert, err := h.verifyPage(c)
	if err != nil {
		return err
	}
	name, err := people.CleanName(f.Text("name"), "name")
	if err == nil && name == "" {
		err = fault.Problems{{Field: "name", Key: "verify.name-missing"}}
	}
	if err == nil {
		var same bool
		same, err = h.certificates.Matches(c.UserContext(), cert, name)
		p.Matches, p.Differs = same && err == nil, !same && err == nil
	}
	if err != nil && !p.Refuse(err) {
		return err
	}
	p.Name = f.Text("name")
	return web.Render(c, "certificate/verify", p)
}
