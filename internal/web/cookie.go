package web

import (
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
)

// tls says whether the site is reached over TLS only.
func (s *Server) tls() bool { return strings.HasPrefix(s.cfg.URL, "https://") }

// CookieName returns what a cookie is called: with a prefix that browsers hold to TLS, where there is TLS.
func (s *Server) CookieName(name string) string {
	if s.tls() {
		return "__Secure-" + name
	}
	return name
}

// SetCookie sets a cookie that no script can read and no other site's form sends. Without a life it is deleted.
func (s *Server) SetCookie(c *fiber.Ctx, name, value, path string, life time.Duration) {
	cookie := &fiber.Cookie{
		Name: s.CookieName(name), Value: value, Path: path, MaxAge: int(life.Seconds()), HTTPOnly: true, SameSite: fiber.CookieSameSiteLaxMode, Secure: s.tls(),
	}
	if life <= 0 {
		cookie.MaxAge, cookie.Expires = -1, time.Unix(1, 0)
	}
	c.Cookie(cookie)
}

// Cookie returns a cookie's value, or nothing.
func (s *Server) Cookie(c *fiber.Ctx, name string) string { return c.Cookies(s.CookieName(name)) }
