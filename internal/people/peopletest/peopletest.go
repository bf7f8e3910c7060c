// Package peopletest builds a web server with real views, institutions, persons and sessions, for the HTTP tests of features.
package peopletest

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/ephemeral/ephemeraltest"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/storetest"
	"github.com/upstander/upstander/internal/web"
	"github.com/upstander/upstander/public"
	"github.com/upstander/upstander/views"
)

// Institutions are those of every test: two, with different domains and languages.
const Institutions = `
institutions:
  - id: north
    name: {en: North University, cy: Prifysgol y Gogledd}
    short: {en: North}
    nation: england
    colours: {main: "#21436b", accent: "#c9812b"}
    email_domains: [north.example]
    statements:
      prepared: 2026-11-20
      accessibility: {name: {en: Digital access team}, email: access@north.example, telephone: "01632 960 030"}
      data_protection: {name: {en: Data protection officer}, email: dpo@north.example}
      basis: public-task
      law: {en: its charter and statutes}
      kept: {en: for six years after you leave}
    campuses:
      - {id: main, name: {en: Main campus}, security: {telephone: "01632 960 001"}}
  - id: south
    name: {en: South University}
    short: {en: South}
    host: south.example
    nation: wales
    colours: {main: "#ffffee", accent: "#4f8a5b"}
    email_domains: [south.example]
    statements:
      prepared: 2026-11-20
      accessibility: {name: {en: Digital access team}, email: access@south.example, telephone: "01632 960 030"}
      data_protection: {name: {en: Data protection officer}, email: dpo@south.example}
      basis: public-task
      law: {en: its charter and statutes}
      kept: {en: for six years after you leave}
`

// Keys are keys for tests.
func Keys() [][]byte { return [][]byte{[]byte("0123456789abcdef0123456789abcdef")} }

// Site is a server under test.
type Site struct {
	T         testing.TB
	Server    *web.Server
	People    *people.Service
	Doors     people.Doors
	Engine    store.Engine
	Ephemeral *ephemeral.Client
	Audit     *audit.Log
	Log       *strings.Builder // what the service has logged

	sender mail.Sender
	list   string
	passed time.Duration
}

// Now is the time of the site: that of the machine, and what Pass has let pass.
func (s *Site) Now() time.Time { return storetest.Now().Add(s.passed) }

// Pass lets time pass on the site, and for what Redis keeps.
func (s *Site) Pass(d time.Duration) {
	s.T.Helper()
	s.passed += d
	if err := s.Ephemeral.Pass(s.T.Context(), d); err != nil {
		s.T.Fatal(err)
	}
}

// Unrecorded is a second server of the same site, whose audit log cannot be written.
func (s *Site) Unrecorded() *Site {
	s.T.Helper()
	second := &Site{T: s.T, Engine: s.Engine, Ephemeral: s.Ephemeral, Log: s.Log, sender: s.sender, list: s.list}
	closed := storetest.Open(s.T)
	second.build(closed)
	closed.Close()
	return second
}

// New builds a site without any feature's routes.
func New(t testing.TB, sender mail.Sender) *Site {
	t.Helper()
	return NewWith(t, sender, Institutions)
}

// NewWith is New for other institutions.
func NewWith(t testing.TB, sender mail.Sender, list string) *Site {
	t.Helper()
	s := &Site{T: t, Engine: storetest.Open(t), Ephemeral: ephemeraltest.Open(t), Log: &strings.Builder{}, sender: sender, list: list}
	s.build(s.Engine)
	return s
}

// build makes the server, with its audit log on an engine that may be another.
func (s *Site) build(log store.Engine) {
	t := s.T
	t.Helper()
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	institutions, err := people.ReadInstitutions([]byte(s.list), catalogue.Languages())
	if err != nil {
		t.Fatal(err)
	}
	if s.Audit, err = audit.New(t.Context(), audit.Config{Engine: log, Now: s.Now, NewID: uuid.NewString}); err != nil {
		t.Fatal(err)
	}
	s.People, err = people.New(t.Context(), people.Config{
		Institutions: institutions, Engine: s.Engine, Ephemeral: s.Ephemeral, Mail: s.sender, Catalogue: catalogue,
		CodeKeys: Keys(), HeldKeys: Keys(), Audit: s.Audit, URL: "http://example.test", Secret: func(string) (string, error) { return "secret", nil },
		ReadFile: os.ReadFile, Log: slog.New(slog.NewTextHandler(s.Log, nil)), Now: s.Now, NewID: uuid.NewString,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.People.ReadSecrets(); err != nil {
		t.Fatal(err)
	}
	cfg := web.Config{
		URL: "http://example.test", Now: s.Now, Views: views.Files, Public: public.Files, Catalogue: catalogue, Proxies: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/8")}, Log: slog.New(slog.NewTextHandler(io.Discard, nil)),
	}
	for i := range institutions {
		cfg.Sites = append(cfg.Sites, institutions[i].Site())
	}
	if s.Server, err = web.New(cfg); err != nil {
		t.Fatal(err)
	}
	s.Doors = people.NewDoors(s.Server, s.People)
}

// Visitor is a browser: it keeps cookies for /app and follows nothing by itself.
type Visitor struct {
	Site    *Site
	Person  people.Person
	Cookies map[string]string
	Header  http.Header
}

// Visitor returns a browser that has not signed in.
func (s *Site) Visitor() *Visitor {
	return &Visitor{Site: s, Cookies: map[string]string{}, Header: http.Header{}}
}

// SignIn returns a browser that is signed in as a person with this address and these roles.
func (s *Site) SignIn(email string, roles ...people.Role) *Visitor {
	s.T.Helper()
	v := s.Visitor()
	for _, r := range append([]people.Role{people.Student}, roles...) {
		p, err := s.People.Grant(s.T.Context(), email, r)
		if err != nil {
			s.T.Fatal(err)
		}
		v.Person = p
	}
	token, err := s.People.SignIn(s.T.Context(), v.Person.ID, people.ByPasskey)
	if err != nil {
		s.T.Fatal(err)
	}
	v.Cookies["upstander"] = token
	return v
}

// Answer is what came back.
type Answer struct {
	Status   int
	Location string
	Body     string
	Header   http.Header
}

// Get fetches a page.
func (v *Visitor) Get(path string) Answer {
	v.Site.T.Helper()
	return v.Do(httptest.NewRequest(http.MethodGet, path, nil))
}

// Post sends a form: names and values in turn.
func (v *Visitor) Post(path string, pairs ...string) Answer {
	v.Site.T.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.Do(r)
}

// Do sends a request with the browser's cookies; those for /app travel below /app only.
func (v *Visitor) Do(r *http.Request) Answer {
	v.Site.T.Helper()
	if r.Host == "example.com" { // httptest's own
		r.Host = "example.test"
	}
	for name, values := range v.Header {
		r.Header[name] = values
	}
	if r.URL.Path == "/app" || strings.HasPrefix(r.URL.Path, "/app/") {
		for name, value := range v.Cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
	}
	resp, err := v.Site.Server.Test(r)
	if err != nil {
		v.Site.T.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		v.Site.T.Fatal(err)
	}
	for _, c := range resp.Cookies() {
		if c.MaxAge < 0 {
			delete(v.Cookies, c.Name)
		} else {
			v.Cookies[c.Name] = c.Value
		}
	}
	return Answer{Status: resp.StatusCode, Location: resp.Header.Get("Location"), Body: string(body), Header: resp.Header}
}
