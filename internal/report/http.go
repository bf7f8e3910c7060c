package report

import (
	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/web"
)

// Routes registers the door. Its pages are not kept by any cache: nobody who looks at the device later shall find them there.
func Routes(public web.Door, server *web.Server, desks Desks) {
	h := handler{server, desks}
	public.Quiet().Get("/report", h.doors)
}

type handler struct {
	server *web.Server
	desks  Desks
}

func (h handler) doors(c *fiber.Ctx) error {
	site, _ := web.SiteOf(c)
	desk, err := h.desks.Desk(site.ID)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderReferrerPolicy, "no-referrer") // no link into the signed-in half shall say where it was followed. Its only form leaves, and is never refused
	p := &doorsPage{Base: h.server.NewBase(c, "report.title"), Desk: desk}
	p.Alone = true
	return web.Render(c, "report/doors", p)
}
