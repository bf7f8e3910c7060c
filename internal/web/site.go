package web

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/locale"
)

// Site is one institution's part of the public half. It stands at a host name of its own or below /{ID}/.
type Site struct {
	ID        string
	Host      string // own host name, or empty
	Name      locale.Text
	Short     locale.Text
	Languages []string // the source language first
	Brand     string   // path of the stylesheet with its colours
	LeaveTo   string   // where quick exit leads
}

type sites struct {
	all    []*Site
	byID   map[string]*Site
	byHost map[string]*Site
	extra  string // a language that every institution has, and none offers
}

func newSites(list []Site, extra string) sites {
	s := sites{extra: extra, byID: map[string]*Site{}, byHost: map[string]*Site{}}
	for _, one := range list {
		site := &one
		site.Host = strings.ToLower(site.Host)
		s.all = append(s.all, site)
		s.byID[site.ID] = site
		if site.Host != "" {
			s.byHost[site.Host] = site
		}
	}
	return s
}

// publicPrefix stands before the paths of the public half inside the program, once host and address have been resolved. Nobody can
// ask for it from outside.
const publicPrefix = "/~"

// ReservedIDs are first path segments that no institution can be called.
func ReservedIDs() []string {
	return []string{"app", "room", "public", "brand", "healthz", "readyz", "sw.js", "robots.txt", "favicon.ico", ".well-known", "styleguide"}
}

// place is where a request is on the site.
type place struct {
	site *Site
	lang string
	page string // path within the public half, without institution and language: "/training"
	rest string // what was stripped, for redirects
}

// find resolves a public address; false when it belongs to no institution's public half.
func (s sites) find(host, path string) (place, bool) {
	if site, ok := s.byHost[bareHost(host)]; ok {
		first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		if slices.Contains(ReservedIDs(), first) {
			return place{site: site, lang: locale.Source}, false
		}
		return s.language(site, path, ""), true
	}
	if path == "/" && len(s.all) == 1 {
		return place{site: s.all[0], lang: locale.Source, page: "/"}, true
	}
	first, rest, slash := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	site, ok := s.byID[first]
	if !ok {
		return place{}, false
	}
	if slash {
		rest = "/" + rest
	}
	return s.language(site, rest, "/"+first), true
}

// language takes the language segment off a path: /cy/training is /training in Welsh. The source language has none.
func (s sites) language(site *Site, path, stripped string) place {
	p := place{site: site, lang: locale.Source, page: path, rest: stripped}
	first, rest, slash := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if first != locale.Source && (slices.Contains(site.Languages, first) || s.extra != "" && first == s.extra) {
		p.lang, p.page, p.rest = first, "", stripped+"/"+first
		if slash {
			p.page = "/" + rest
		}
	}
	return p
}

// link is the one function that builds addresses in the public half: page is a path within it, such as "/training". Seen from another
// host, an institution with its own host gets a full address.
func (s *Server) link(site *Site, lang, page, seenFrom string) string {
	if site == nil {
		return "/"
	}
	path := page
	if lang != locale.Source {
		path = "/" + lang + page
	}
	_, elsewhere := s.sites.byHost[bareHost(seenFrom)]
	switch {
	case site.Host == "" && elsewhere: // another institution's own host knows no other
		return s.cfg.URL + "/" + site.ID + path
	case site.Host == "":
		return "/" + site.ID + path
	case bareHost(seenFrom) == site.Host:
		return path
	}
	scheme, _, _ := strings.Cut(s.cfg.URL, "://")
	return scheme + "://" + site.Host + path
}

// KnowsHost says whether a host is an institution's own.
func (s *Server) KnowsHost(host string) bool { return s.sites.byHost[bareHost(host)] != nil }

// FullLink returns the address of a public page with scheme and host, for mail and print.
func (s *Server) FullLink(siteID, lang, page string) string {
	l := s.link(s.sites.byID[siteID], lang, page, "")
	if strings.HasPrefix(l, "/") {
		return s.cfg.URL + l
	}
	return l
}

func bareHost(host string) string {
	host = strings.ToLower(host)
	if at := strings.LastIndexByte(host, ':'); at >= 0 && !strings.HasSuffix(host, "]") {
		host = host[:at]
	}
	return host
}

// resolve finds out which half of the site a request is for. For the public half it takes institution and language off the path and
// starts routing again on what is left.
func (s *Server) resolve(c *fiber.Ctx) error {
	r := requestOf(c)
	if r.resolved {
		return c.Next()
	}
	r.resolved = true
	path := c.Path()
	if strings.HasPrefix(path, publicPrefix) {
		return fiber.ErrNotFound
	}
	p, public := s.sites.find(string(c.Context().Host()), path)
	r.site, r.lang = p.site, p.lang
	if !public {
		return c.Next()
	}
	if p.page == "" { // /aldermoor and /aldermoor/cy are folders
		return c.Redirect(p.rest+"/", fiber.StatusMovedPermanently)
	}
	r.path = p.page
	c.Path(publicPrefix + p.page)
	return c.RestartRouting()
}
