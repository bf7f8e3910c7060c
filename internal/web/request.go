package web

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
)

// request is what the middleware has found out about a request.
type request struct {
	id       string
	resolved bool
	site     *Site
	lang     string
	path     string // within the public half; empty in the signed-in half
	signed   bool   // a person is signed in
	owner    string // mark of that person for forms
	live     bool   // a workshop under way
	resumes  bool   // what was posted waits for the person at the same path
	door     string
	doors    []string // that the signed-in person may enter
	quiet    bool     // nothing about it may be logged
}

type requestKey struct{}

func requestOf(c *fiber.Ctx) *request {
	if r, ok := c.Locals(requestKey{}).(*request); ok {
		return r
	}
	r := &request{}
	c.Locals(requestKey{}, r)
	return r
}

// SignedIn tells the pages of a request who is looking: a signed-in person's institution and language, and the mark that forms carry.
func (s *Server) SignedIn(c *fiber.Ctx, siteID, lang, owner string) {
	r := requestOf(c)
	r.signed, r.lang, r.owner = true, lang, owner
	if site, ok := s.sites.byID[siteID]; ok {
		r.site = site
	}
}

// Resumes says that what was posted is kept for after the sign-in, at the same path.
func Resumes(c *fiber.Ctx) { requestOf(c).resumes = true }

// UseLanguage sets the language of the page for whoever is not signed in.
func UseLanguage(c *fiber.Ctx, lang string) { requestOf(c).lang = lang }

// UseSite sets the institution of the page for whoever is not signed in.
func (s *Server) UseSite(c *fiber.Ctx, siteID string) {
	if site, ok := s.sites.byID[siteID]; ok {
		requestOf(c).site = site
	}
}

// SiteOf returns the institution and the language of a request in the public half.
func SiteOf(c *fiber.Ctx) (*Site, string) { r := requestOf(c); return r.site, r.lang }

// identify gives the request an id and turns a panic into an error.
func (s *Server) identify(c *fiber.Ctx) (err error) {
	r := requestOf(c)
	if r.resolved { // routing has started again
		return c.Next()
	}
	r.id = strings.ToLower(rand.Text()[:12])
	c.Set("X-Request-Id", r.id)
	defer func() {
		s.arriving.free(c.Get(placeHeader))
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.Next()
}

// log writes one line a request: which route, not which address, and nothing about who. What a quiet door serves leaves none.
func (s *Server) log(c *fiber.Ctx) error {
	began := s.cfg.Now()
	err := c.Next()
	r := requestOf(c)
	if r.quiet {
		return err
	}
	status := c.Response().StatusCode()
	if err != nil {
		status = statusOf(err)
	}
	level := slog.LevelInfo
	if r.door == "system" {
		level = slog.LevelDebug
	}
	s.cfg.Log.Log(c.Context(), level, "request", "method", c.Method(), "route", c.Route().Path, "status", status,
		"ms", s.cfg.Now().Sub(began).Milliseconds(), "request_id", r.id)
	return err
}

// bound gives everything that a handler waits for a common end.
func (s *Server) bound(c *fiber.Ctx) error {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	c.SetUserContext(ctx)
	return c.Next()
}

// LeavePath is where quick exit is posted to, from every page.
const LeavePath = "/app/leave"

// sameSite refuses posts that another site's page makes a browser send.
func (s *Server) sameSite(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead || c.Path() == LeavePath || s.foreign[c.Path()] {
		return c.Next() // these change nothing; and whoever wants to leave must never be refused
	}
	r := &http.Request{Method: c.Method(), Host: string(c.Context().Host()), Header: http.Header{}}
	for _, name := range []string{"Origin", "Sec-Fetch-Site"} {
		if v := c.Get(name); v != "" {
			r.Header.Set(name, v)
		}
	}
	if err := s.origin.Check(r); err != nil {
		return fmt.Errorf("%w: %w", fault.Denied, err)
	}
	return c.Next()
}

// Network returns a key for the network that a request comes from, for rate limits: the address, of IPv6 the first 64 bits. Behind trusted
// proxies it is the rightmost hop that is not one of them; what stands further left anybody can write.
func (s *Server) Network(c *fiber.Ctx) string {
	addr, ok := netip.AddrFromSlice(c.Context().RemoteIP())
	if !ok {
		return "unknown"
	}
	addr = addr.Unmap()
	var hops []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) { // a proxy may add a line of its own
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	for i := len(hops) - 1; i >= 0 && s.trusted(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			with, err := netip.ParseAddrPort(strings.TrimSpace(hops[i]))
			if err != nil {
				break
			}
			hop = with.Addr()
		}
		addr = hop.Unmap()
	}
	if addr.Is6() {
		p, _ := addr.Prefix(64)
		return p.String()
	}
	return addr.String()
}

func (s *Server) trusted(addr netip.Addr) bool {
	for _, p := range s.cfg.Proxies {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}
