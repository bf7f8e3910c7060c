package web

import "github.com/gofiber/fiber/v2"

// policy allows what comes from this site and nothing else: no inline script or style, no third party, no frame. There are no nonces, for
// pages of the public half are cacheable.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// secure sets the headers that every answer carries. Nothing is kept by default; the public door says what may be.
//
// The referrer stays on this site: with no-referrer, browsers send "Origin: null" and every form post would be refused.
// The report door's page, whose only form leaves, says so of itself.
func (s *Server) secure(c *fiber.Ctx) error {
	h := &c.Response().Header
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()")
	h.Set("Cache-Control", "no-store")
	if encrypted(s.cfg.URL) {
		h.Set("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
	}
	return c.Next()
}
