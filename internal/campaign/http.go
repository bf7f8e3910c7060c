package campaign

import (
	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Routes registers the front page of every institution and the chooser between them.
func Routes(d people.Doors, institutions func(id string) (*people.Institution, error)) {
	h := handler{d.Server, institutions}
	d.Public.Get("/", h.front)
	d.Server.NewDoor("public", web.System).Get("/", h.chooser)
}

type handler struct {
	server       *web.Server
	institutions func(id string) (*people.Institution, error)
}

func (h handler) front(c *fiber.Ctx) error {
	site, _ := web.SiteOf(c)
	in, err := h.institutions(site.ID)
	if err != nil {
		return err
	}
	p := &frontPage{Base: h.server.NewBase(c, "front.title", "Institution", in.Name.In("en"))}
	p.Title = p.T("front.title", "Institution", in.Name.In(p.Lang))
	for _, one := range in.Campuses {
		p.Campuses = append(p.Campuses, campus{Name: one.Name.In(p.Lang), Telephone: one.Security.Telephone})
	}
	return web.Render(c, "campaign/front", p)
}

func (h handler) chooser(c *fiber.Ctx) error {
	return web.Render(c, "campaign/chooser", &chooserPage{Base: h.server.NewBase(c, "chooser.title")})
}
