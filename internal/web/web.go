// Package web is everything about HTTP that features share: the server and its middleware in one list, doors (who may enter a route),
// the two halves of the site and their links, pages and how they are rendered, forms, and the one error handler.
//
// A feature's http.go gets doors, registers its routes on them, and renders typed pages that embed Base. It returns errors; what
// they look like is decided here, once.
package web

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/compress"

	"github.com/upstander/upstander/internal/locale"
)

// Limits on a request. A route that takes more (a roster) sets its own.
const (
	bodyLimit   = 256 << 10
	headerLimit = 16 << 10
	deadline    = 8 * time.Second // for what a handler waits for; the server itself gives up later
)

// Config is what a server is made from.
type Config struct {
	URL       string // public address, scheme and host
	Demo      bool   // every page says that it is a demo
	Reload    bool   // templates and assets are read again for each request
	Views     fs.FS  // html templates by name: feature/page.html
	Public    fs.FS  // css, js, icons
	Sites     []Site
	Catalogue *locale.Catalogue
	Proxies   []netip.Prefix // networks whose X-Forwarded-For is believed
	Log       *slog.Logger
	Beat      time.Duration // how often a silent stream is written to; nought: every fifteen seconds
	Now       func() time.Time
}

// Server is the web server and everything that its pages need.
type Server struct {
	cfg    Config
	app    *fiber.App
	sites  sites
	assets *assets
	origin *http.CrossOriginProtection
	routes []Route
	large  map[string]int // how many bytes may be posted to paths that take files

	admits   func(ctx context.Context, cookies [][]byte) bool
	arriving arriving

	foreign map[string]bool // paths that other sites post to
}

// Route is one line of the security map: who may do what.
type Route struct{ Method, Path, Door string }

// New builds a server without routes.
func New(cfg Config) (*Server, error) {
	extra := ""
	if cfg.Catalogue.Has(locale.Mirror) {
		extra = locale.Mirror
	}
	s := &Server{cfg: cfg, sites: newSites(cfg.Sites, extra), origin: http.NewCrossOriginProtection(), large: map[string]int{}, arriving: arriving{until: map[string]time.Time{}}, foreign: map[string]bool{}}
	if err := s.origin.AddTrustedOrigin(cfg.URL); err != nil {
		return nil, fmt.Errorf("public address: %w", err)
	}
	var err error
	if s.assets, err = loadAssets(cfg.Public, cfg.Reload); err != nil {
		return nil, err
	}
	views := newTemplates(cfg.Views, cfg.Catalogue, cfg.Reload)
	if err := views.Load(); err != nil {
		return nil, err
	}
	s.app = fiber.New(fiber.Config{
		AppName:               "Upstander",
		DisableStartupMessage: true,
		Immutable:             true, // else a parameter that is kept becomes another request's
		CaseSensitive:         true, // else /APP/x matches a route but misses the cookie
		StrictRouting:         true,
		BodyLimit:             bodyLimit,
		ReadBufferSize:        headerLimit,
		ReadTimeout:           15 * time.Second,
		WriteTimeout:          30 * time.Second,
		IdleTimeout:           90 * time.Second,
		Views:                 views,
		ErrorHandler:          s.fail,
	})
	s.app.Server().HeaderReceived = s.received
	for _, m := range s.middleware() {
		s.app.Use(m)
	}
	s.system()
	return s, nil
}

// middleware is the whole list, in order.
func (s *Server) middleware() []fiber.Handler {
	return []fiber.Handler{
		s.identify, // request id, recover
		s.secure,   // headers
		s.resolve,  // which half, institution, language and page; then routing starts again
		s.log,      // access log
		s.bound,    // deadline
		s.sameSite, // cross-site posts
		compress.New(compress.Config{Level: compress.LevelBestSpeed, Next: streams}),
	}
}

// Serve answers requests on the listener until Shutdown.
func (s *Server) Serve(ln net.Listener) error { return s.app.Listener(ln) }

// Shutdown takes no new requests and waits for those under way, at the longest until ctx ends.
func (s *Server) Shutdown(ctx context.Context) error { return s.app.ShutdownWithContext(ctx) }

// Test answers one request without a network, for tests.
func (s *Server) Test(r *http.Request) (*http.Response, error) { return s.app.Test(r, -1) }

// Routes lists every route in the order of registration.
func (s *Server) Routes() []Route { return s.routes }

// TakesPostsFromElsewhere exempts one exact path from the check of cross-site posts. What is posted there must prove itself where it comes from.
func (s *Server) TakesPostsFromElsewhere(path string) { s.foreign[path] = true }

// Demo says whether this is the demo.
func (s *Server) Demo() bool { return s.cfg.Demo }

// URL returns the public address of a path.
func (s *Server) URL(path string) string { return s.cfg.URL + path }

// Catalogue returns the message catalogue.
func (s *Server) Catalogue() *locale.Catalogue { return s.cfg.Catalogue }

// system registers what belongs to no feature.
func (s *Server) system() {
	d := s.NewDoor("system", System)
	d.Get("/healthz", func(c *fiber.Ctx) error { return c.SendString("ok\n") })
	d.Get("/public/*", s.asset)
	d.Get("/sw.js", s.worker)
}

// Ready answers /readyz: it fails while anything that is asked fails.
func (s *Server) Ready(checks map[string]func(context.Context) error) {
	s.NewDoor("system", System).Get("/readyz", func(c *fiber.Ctx) error {
		ctx, cancel := context.WithTimeout(c.UserContext(), 2*time.Second)
		defer cancel()
		for name, check := range checks {
			if err := check(ctx); err != nil {
				return c.Status(http.StatusServiceUnavailable).SendString(name + " does not answer\n")
			}
		}
		return c.SendString("ok\n")
	})
}
