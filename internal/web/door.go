package web

import (
	"net/http"

	"github.com/gofiber/fiber/v2"
)

// Half is a part of the site with rules of its own.
type Half int

// The halves of the site, and what belongs to neither.
const (
	System Half = iota // machines: health, assets
	Public             // below an institution's address: no session, the same bytes for everybody
	App                // below /app: who is asking matters
	Live               // below /room: a workshop under way; keys of its own, no session, institution and language those of the room
)

// Door says who may enter the routes that are registered on it. There are no route groups: each route names its door.
type Door struct {
	server *Server
	name   string
	half   Half
	guards []fiber.Handler
	quiet  bool
	limit  int
}

// NewDoor makes a door. guards run in order before the handler; the first error ends the request.
func (s *Server) NewDoor(name string, half Half, guards ...fiber.Handler) Door {
	return Door{server: s, name: name, half: half, guards: guards}
}

// Quiet returns the same door for routes about which nothing is logged or counted.
func (d Door) Quiet() Door { d.quiet = true; return d }

// Large returns the same door for forms that carry a file of at most so many bytes.
func (d Door) Large(limit int) Door { d.limit = limit; return d }

// Get registers a page. Paths start with a slash; in the public half they follow the institution, in the others /app and /room.
func (d Door) Get(path string, h fiber.Handler) { d.add(http.MethodGet, path, h) }

// Post registers what a form is sent to.
func (d Door) Post(path string, h fiber.Handler) { d.add(http.MethodPost, path, h) }

func (d Door) add(method, path string, h fiber.Handler) {
	full, shown := path, path
	switch d.half {
	case Public:
		full, shown = publicPrefix+path, "{institution}"+path
	case App:
		full, shown = "/app"+path, "/app"+path
		if path == "/" {
			full, shown = "/app", "/app"
		}
	case Live:
		full, shown = "/room"+path, "/room"+path
	}
	chain := append([]fiber.Handler{d.enter}, d.guards...)
	d.server.app.Add(method, full, append(chain, h)...)
	if d.limit > 0 {
		d.server.large[full] = d.limit
	}
	if method == http.MethodGet { // a browser may ask for the head of any page
		d.server.app.Add(http.MethodHead, full, append(chain, h)...)
	}
	d.server.routes = append(d.server.routes, Route{Method: method, Path: shown, Door: d.name})
}

func (d Door) enter(c *fiber.Ctx) error {
	r := requestOf(c)
	r.door, r.quiet, r.live = d.name, d.quiet, d.half == Live
	if d.half == Public && c.Method() != http.MethodPost && !d.server.cfg.Reload {
		c.Set(fiber.HeaderCacheControl, "public, max-age=60")
	}
	if d.half == App || d.half == Live {
		c.Set("X-Robots-Tag", "noindex")
	}
	return c.Next()
}
