package web

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// Cookie is one that the program sets. There are no others: each feature lists its own, the cookie page shows all lists, and a test compares the two.
// No script can read one, and no other site's form sends it.
type Cookie struct {
	Name string
	Path string // where it travels
	Life time.Duration
}

// NameOn is the cookie's name at a public address: over https browsers hold a name with a prefix to its promise.
func (k Cookie) NameOn(url string) string {
	if encrypted(url) {
		return "__Secure-" + k.Name
	}
	return k.Name
}

// encrypted says whether what is at a public address travels encrypted.
func encrypted(url string) bool { return strings.HasPrefix(url, "https://") }

// SetCookie sets a cookie for as long as it lives.
func (s *Server) SetCookie(c *fiber.Ctx, k Cookie, value string) {
	c.Cookie(s.bare(k, value, int(k.Life.Seconds())))
}

// ClearCookie has the browser forget a cookie.
func (s *Server) ClearCookie(c *fiber.Ctx, k Cookie) {
	gone := s.bare(k, "", -1)
	gone.Expires = time.Unix(1, 0)
	c.Cookie(gone)
}

// Cookie returns a cookie's value, or nothing.
func (s *Server) Cookie(c *fiber.Ctx, k Cookie) string { return c.Cookies(k.NameOn(s.cfg.URL)) }

func (s *Server) bare(k Cookie, value string, seconds int) *fiber.Cookie {
	return &fiber.Cookie{
		Name: k.NameOn(s.cfg.URL), Value: value, Path: k.Path, MaxAge: seconds, HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode,
		Secure: encrypted(s.cfg.URL),
	}
}
