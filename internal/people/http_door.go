package people

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/web"
)

// Doors are who may enter a route: every feature registers its routes on these.
type Doors struct {
	Server      *web.Server
	Public      web.Door // anybody, without a session
	Guest       web.Door // below /app, whoever has not signed in yet
	Anybody     web.Door // below /app, signed in or not
	Member      web.Door // whoever has signed in
	Facilitator web.Door
	Aggregates  web.Door // whoever may see how many, if not who
	Staff       web.Door
	Office      web.Door // staff of the whole institution
	Responder   web.Door
	Admin       web.Door
}

// NewDoors makes the doors of the whole site.
func NewDoors(server *web.Server, s *Service) Doors {
	g := guard{server, s}
	server.Admits(g.knows)
	role := func(name string) web.Door {
		return server.NewDoor(name, web.App, g.member, g.role(name))
	}
	return Doors{
		Server:      server,
		Public:      server.NewDoor("public", web.Public),
		Guest:       server.NewDoor("guest", web.App, g.guest),
		Anybody:     server.NewDoor("anybody", web.App),
		Member:      server.NewDoor("member", web.App, g.member),
		Facilitator: role("facilitator"),
		Aggregates:  role("aggregates"),
		Staff:       role("staff"),
		Office:      role("office"),
		Responder:   role("responder"),
		Admin:       role("admin"),
	}
}

// Current returns the person who has passed the door; nobody on a door that asks for none.
func Current(c *fiber.Ctx) Person {
	p, _ := c.Locals(personKey{}).(Person)
	return p
}

type personKey struct{}

// guard is what the doors check.
type guard struct {
	server *web.Server
	people *Service
}

// member lets in whoever has a session.
func (g guard) member(c *fiber.Ctx) error {
	token, err := sessionToken(c, g.server)
	var p Person
	if err == nil {
		p, err = g.people.PersonOf(c.UserContext(), token)
	}
	if err != nil {
		if errors.Is(err, fault.SignIn) {
			g.hold(c)
		}
		return err
	}
	if g.strays(c, p) {
		return fmt.Errorf("form of another person: %w", fault.Conflict)
	}
	c.Locals(personKey{}, p)
	g.server.SignedIn(c, p.Institution, p.Language, g.people.Owner(p.ID))
	g.server.Opens(c, opens(p))
	return c.Next()
}

// knows says whether there is a session, before anything but a request's header has arrived.
func (g guard) knows(ctx context.Context, cookies [][]byte) bool {
	token, err := tokenIn(cookies, g.server)
	if err == nil {
		_, err = g.people.PersonOf(ctx, token)
	}
	return err == nil
}

// strays says whether a posted form names another owner: it stood on a page from before somebody else signed in on this device, and waited there,
// perhaps for the network.
func (g guard) strays(c *fiber.Ctx, p Person) bool {
	if c.Method() != fiber.MethodPost {
		return false
	}
	f, err := web.ReadForm(c)
	owner := f.Text(web.OwnerField)
	return err == nil && owner != "" && !g.people.owns(p.ID, owner)
}

// hold keeps a posted form that names its owner for after the sign-in.
func (g guard) hold(c *fiber.Ctx) {
	if c.Method() != fiber.MethodPost {
		return
	}
	f, err := web.ReadForm(c)
	if err != nil || f.Text(web.OwnerField) == "" {
		return
	}
	if sealed, ok := g.people.seal(held{Path: c.Path(), Form: f.Values(), Owner: f.Text(web.OwnerField)}); ok {
		g.server.SetCookie(c, heldCookie(), sealed)
		web.Resumes(c)
	}
}

// Held returns the form that the current person sent to this path on a session which had run out, once.
func Held(c *fiber.Ctx, server *web.Server, s *Service) (web.Form, bool) {
	sealed := server.Cookie(c, heldCookie())
	if sealed == "" {
		return web.Form{}, false
	}
	values, ok := s.unseal(sealed, Current(c).ID, c.Path())
	if ok {
		server.ClearCookie(c, heldCookie())
	}
	return web.FormOf(values), ok
}

// role lets in whoever has one of the roles.
func (g guard) role(door string) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if !mayEnter(door, Current(c)) {
			return fmt.Errorf("%s: %w", c.Route().Path, fault.Denied)
		}
		return c.Next()
	}
}

// guest reads language and institution from the address: there is no person to ask yet.
func (g guard) guest(c *fiber.Ctx) error {
	if lang := c.Query("lang"); g.server.Catalogue().Has(lang) {
		web.UseLanguage(c, lang)
	}
	g.server.UseSite(c, c.Query("at"))
	return c.Next()
}

// sessionToken returns the session's token. A cookie that is there twice is refused: somebody on a neighbouring host may have set one.
func sessionToken(c *fiber.Ctx, s *web.Server) (string, error) {
	return tokenIn(c.Request().Header.PeekAll(fiber.HeaderCookie), s)
}

func tokenIn(cookies [][]byte, s *web.Server) (string, error) {
	name, found, n := sessionCookie().NameOn(s.URL("")), "", 0
	for _, header := range cookies {
		for _, part := range strings.Split(string(header), ";") {
			if k, v, _ := strings.Cut(strings.TrimSpace(part), "="); k == name {
				found, n = v, n+1
			}
		}
	}
	if n != 1 {
		return "", fmt.Errorf("session cookie stands %d times: %w", n, fault.SignIn)
	}
	return found, nil
}

// Nowhere answers for every address below /app that no feature has, in the language of whoever asks. It is registered last.
func Nowhere(d Doors, s *Service) {
	d.Anybody.Get("/*", func(c *fiber.Ctx) error {
		if token, err := sessionToken(c, d.Server); err == nil {
			if p, err := s.PersonOf(c.UserContext(), token); err == nil {
				d.Server.SignedIn(c, p.Institution, p.Language, s.Owner(p.ID))
			}
		}
		return fmt.Errorf("page: %w", fault.NotFound)
	})
}
