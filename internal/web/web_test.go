package web

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/public"
	"github.com/upstander/upstander/views"
)

func newServer(t testing.TB, log io.Writer) *Server {
	t.Helper()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	en := func(s string) map[string]string { return map[string]string{"en": s} }
	s, err := New(Config{
		URL: "https://upstander.test", Now: time.Now, Views: views.Files, Public: public.Files, Catalogue: words, Proxies: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/8")},
		Log: slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Sites: []Site{
			{ID: "north", Name: en("North University"), Short: en("North"), Languages: []string{"en", "cy"}, Brand: "/brand/n.css"},
			{ID: "south", Host: "Train.South.test", Name: en("South University"), Short: en("South"), Languages: []string{"en", "cy"}, Brand: "/brand/s.css"},
			{ID: "east", Name: en("East University"), Short: en("East"), Languages: []string{"en"}, Brand: "/brand/e.css"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	d := s.NewDoor("public", Public)
	where := func(c *fiber.Ctx) error {
		b := s.NewBase(c, "site.name")
		return c.SendString(fmt.Sprintf("%s %s %s -> %s", b.Site.ID, b.Lang, b.Path, b.Link("/support")))
	}
	d.Get("/", where)
	d.Get("/support", where)
	d.Get("/a/:b", where)
	d.Post("/support", func(c *fiber.Ctx) error {
		f, err := ReadForm(c)
		if err != nil {
			return err
		}
		return c.SendString("got " + f.Text("x"))
	})
	d.Quiet().Get("/quiet", func(c *fiber.Ctx) error { return c.SendString("quiet") })
	s.NewDoor("guest", App).Get("/inside", func(c *fiber.Ctx) error { return c.SendString(s.Network(c)) })
	for name, err := range map[string]error{
		"notfound": fault.NotFound, "denied": fault.Denied, "conflict": fault.Conflict, "toomany": fault.Wait{For: 90 * time.Second}, "large": fault.TooLarge,
		"away": fault.Unavailable, "late": context.DeadlineExceeded, "invalid": fault.Problems{{Field: "x", Key: "form.choose"}}, "bug": errors.New("secret detail"), "signin": fault.SignIn,
	} {
		s.NewDoor("guest", App).Get("/err/"+name, func(*fiber.Ctx) error { return fmt.Errorf("wrapped: %w", err) })
	}
	s.NewDoor("guest", App).Get("/panic", func(*fiber.Ctx) error { panic("secret detail") })
	s.NewDoor("guest", App).Get("/waits", func(c *fiber.Ctx) error { _, ok := c.UserContext().Deadline(); return c.SendString(fmt.Sprint(ok)) })
	return s
}

func get(t testing.TB, s *Server, host, path string, header ...string) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = host
	return do(t, s, r, header...)
}

func do(t testing.TB, s *Server, r *http.Request, header ...string) (*http.Response, string) {
	t.Helper()
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	resp, err := s.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

func TestAddresses(t *testing.T) {
	s := newServer(t, io.Discard)
	for _, test := range []struct {
		host, path string
		status     int
		want       string
	}{
		{"upstander.test", "/north/", 200, "north en / -> /north/support"},
		{"upstander.test", "/north/cy/", 200, "north cy / -> /north/cy/support"},
		{"upstander.test", "/north/support", 200, "north en /support -> /north/support"},
		{"upstander.test", "/north/cy/support", 200, "north cy /support -> /north/cy/support"},
		{"upstander.test", "/north/a/cy", 200, "north en /a/cy -> /north/support"},
		{"upstander.test", "/south/support", 200, "south en /support -> https://train.south.test/support"},
		{"train.south.test", "/support", 200, "south en /support -> /support"},
		{"TRAIN.south.test:8443", "/cy/support", 200, "south cy /support -> /cy/support"},
		{"train.south.test", "/", 200, "south en / -> /support"},
		{"upstander.test", "/north", 301, "/north/"},
		{"upstander.test", "/north/cy", 301, "/north/cy/"},
		{"train.south.test", "/cy", 301, "/cy/"},
		{"upstander.test", "/north/en/support", 404, ""},
		{"upstander.test", "/east/cy/support", 404, ""},
		{"upstander.test", "/North/support", 404, ""},
		{"upstander.test", "/north/Support", 404, ""},
		{"upstander.test", "/north/support/", 404, ""},
		{"upstander.test", "/west/support", 404, ""},
		{"upstander.test", "/support", 404, ""},
		{"train.south.test", "/north/support", 404, ""},
		{"upstander.test", "/~/support", 404, ""},
		{"upstander.test", "/~", 404, ""},
		{"train.south.test", "/app/inside", 200, ""},
	} {
		resp, body := get(t, s, test.host, test.path)
		got := body
		if resp.StatusCode == 301 {
			got = resp.Header.Get("Location")
		}
		if resp.StatusCode != test.status || test.want != "" && !strings.HasPrefix(got, test.want) {
			t.Errorf("%s%s: %d %.60s, want %d %s", test.host, test.path, resp.StatusCode, got, test.status, test.want)
		}
	}
	if got := s.link(s.sites.byID["north"], "en", "/support", "train.south.test"); got != "https://upstander.test/north/support" {
		t.Errorf("from another institution's host: %s", got)
	}
	if got := s.FullLink("north", "cy", "/verify/X"); got != "https://upstander.test/north/cy/verify/X" {
		t.Errorf("full link: %s", got)
	}
	if got := s.FullLink("south", "en", "/verify/X"); got != "https://train.south.test/verify/X" {
		t.Errorf("full link to a host: %s", got)
	}
}

func TestPublicPagesAreTheSameForEverybody(t *testing.T) {
	s := newServer(t, io.Discard)
	_, one := get(t, s, "upstander.test", "/north/support")
	resp, other := get(t, s, "upstander.test", "/north/support", "Cookie", "upstander=somebody", "User-Agent", "other", "Accept-Language", "cy")
	if one != other || resp.Header.Get("Set-Cookie") != "" || !strings.HasPrefix(resp.Header.Get("Cache-Control"), "public") {
		t.Errorf("%q %q %v", one, other, resp.Header)
	}
}

func TestHeaders(t *testing.T) {
	s := newServer(t, io.Discard)
	for _, path := range []string{"/north/support", "/app/inside", "/nowhere", "/app/err/bug"} {
		resp, _ := get(t, s, "upstander.test", path)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
			"Strict-Transport-Security": "max-age=31536000", "Cross-Origin-Opener-Policy": "same-origin", "X-Request-Id": "",
		} {
			if got := resp.Header.Get(name); got == "" || !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
		if csp := resp.Header.Get("Content-Security-Policy"); strings.Contains(csp, "unsafe") {
			t.Errorf("%s: %s", path, csp)
		}
	}
	if resp, _ := get(t, s, "upstander.test", "/app/inside"); resp.Header.Get("Cache-Control") != "no-store" || resp.Header.Get("X-Robots-Tag") != "noindex" {
		t.Errorf("the signed-in half: %v", resp.Header)
	}
}

func TestErrors(t *testing.T) {
	var log strings.Builder
	s := newServer(t, &log)
	for name, status := range map[string]int{
		"notfound": 404, "denied": 403, "conflict": 409, "toomany": 429, "large": 413, "away": 503, "late": 503, "invalid": 422, "bug": 500,
	} {
		resp, body := get(t, s, "upstander.test", "/app/err/"+name)
		if resp.StatusCode != status || !strings.Contains(body, "<h1>") || strings.Contains(body, "secret") || strings.Contains(body, "wrapped") {
			t.Errorf("%s: %d %s", name, resp.StatusCode, body)
		}
		if name == "toomany" && resp.Header.Get("Retry-After") != "90" {
			t.Errorf("retry after %q", resp.Header.Get("Retry-After"))
		}
	}
	if resp, body := get(t, s, "upstander.test", "/app/panic"); resp.StatusCode != 500 || strings.Contains(body, "secret") {
		t.Errorf("a panic: %d", resp.StatusCode)
	}
	if strings.Count(log.String(), "secret detail") != 2 {
		t.Errorf("the two bugs are logged %d times", strings.Count(log.String(), "secret detail"))
	}
	if resp, _ := get(t, s, "upstander.test", "/app/err/signin?x=1"); resp.StatusCode != 303 || resp.Header.Get("Location") != "/app/sign-in?to=%2Fapp%2Ferr%2Fsignin%3Fx%3D1" {
		t.Errorf("sign-in: %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	if resp, _ := do(t, s, httptest.NewRequest(http.MethodDelete, "/app/inside", nil)); resp.StatusCode != 405 {
		t.Errorf("another method: %d", resp.StatusCode)
	}
}

func post(path, body string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Host = "upstander.test"
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

func TestCrossSitePosts(t *testing.T) {
	s := newServer(t, io.Discard)
	for name, test := range map[string]struct {
		header []string
		status int
	}{
		"same origin":                {[]string{"Sec-Fetch-Site", "same-origin", "Origin", "https://upstander.test"}, 200},
		"cross site":                 {[]string{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.test"}, 403},
		"a neighbouring host":        {[]string{"Sec-Fetch-Site", "same-site", "Origin", "https://other.upstander.test"}, 403},
		"an older browser":           {[]string{"Origin", "https://upstander.test"}, 200},
		"an older browser, evil":     {[]string{"Origin", "https://evil.test"}, 403},
		"no origin":                  {[]string{"Origin", "null"}, 403},
		"a program":                  {nil, 200},
		"our public address, a host": {[]string{"Origin", "https://upstander.test", "Sec-Fetch-Site", "cross-site"}, 200},
	} {
		if resp, _ := do(t, s, post("/north/support", "x=1", test.header...)); resp.StatusCode != test.status {
			t.Errorf("%s: %d, want %d", name, resp.StatusCode, test.status)
		}
	}
}

func TestForms(t *testing.T) {
	s := newServer(t, io.Discard)
	if _, body := do(t, s, post("/north/support", "x=+a%0D%0Ab+&y=2")); body != "got a\nb" {
		t.Errorf("got %q", body)
	}
	many := strings.Repeat("a=1&", 300)
	for name, r := range map[string]*http.Request{
		"not UTF-8":       post("/north/support", "x=%ff%fe"),
		"a NUL":           post("/north/support", "x=a%00b"),
		"a long field":    post("/north/support", "x="+strings.Repeat("y", 100_000)),
		"many fields":     post("/north/support", many),
		"no form":         post("/north/support", `{"x":1}`, "Content-Type", "application/json"),
		"a bad field":     post("/north/support", "%ff=1"),
		"no content type": post("/north/support", "x=1", "Content-Type", ""),
	} {
		if resp, body := do(t, s, r); resp.StatusCode != 422 || !strings.Contains(body, "<h1>") {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
	}
	if resp, err := s.Test(post("/north/support", "x="+strings.Repeat("y", 2<<20))); err == nil && resp.StatusCode != 413 {
		t.Errorf("an oversize body: %d", resp.StatusCode)
	}
}

func TestNetwork(t *testing.T) {
	s := newServer(t, io.Discard) // tests come from 0.0.0.0, which stands for a trusted proxy here
	for forwarded, want := range map[string]string{
		"":                          "0.0.0.0",
		"203.0.113.7":               "203.0.113.7",
		"6.6.6.6, 203.0.113.7":      "203.0.113.7",
		"203.0.113.7, 0.0.0.9":      "203.0.113.7",
		"6.6.6.6, rubbish, 0.0.0.9": "0.0.0.9",
		"2001:db8:1:2:3:4:5:6":      "2001:db8:1:2::/64",
		"::ffff:203.0.113.7":        "203.0.113.7",
		"203.0.113.7:4711, 0.0.0.9": "203.0.113.7",
	} {
		if _, got := get(t, s, "upstander.test", "/app/inside", "X-Forwarded-For", forwarded); got != want {
			t.Errorf("%q: %s, want %s", forwarded, got, want)
		}
	}
}

func TestAssets(t *testing.T) {
	s := newServer(t, io.Discard)
	url := s.assets.url("css/site.css")
	resp, body := get(t, s, "upstander.test", url)
	if resp.StatusCode != 200 || !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/css") || !strings.Contains(body, "--paper") {
		t.Errorf("%s: %d %v", url, resp.StatusCode, resp.Header)
	}
	zipped, _ := get(t, s, "upstander.test", url, "Accept-Encoding", "gzip, br")
	if zipped.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("compressed: %v", zipped.Header)
	}
	old, _ := get(t, s, "upstander.test", "/public/css/site.000000000000.css")
	if old.StatusCode != 200 || strings.Contains(old.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("an older page's: %d %v", old.StatusCode, old.Header)
	}
	for _, path := range []string{"/public/css/none.css", "/public/../go.mod", "/public/%2e%2e/go.mod", "/public/public.go", "/public/"} {
		if resp, _ := get(t, s, "upstander.test", path); resp.StatusCode != 404 {
			t.Errorf("%s: %d", path, resp.StatusCode)
		}
	}
}

// TestServiceWorker looks for what a browser insists on: the worker stands at the root, is JavaScript, and no copy of it is believed unasked.
func TestServiceWorker(t *testing.T) {
	s := newServer(t, io.Discard)
	for _, host := range []string{"upstander.test", "train.south.test"} {
		resp, body := get(t, s, host, "/sw.js")
		if resp.StatusCode != 200 || resp.Header.Get("Cache-Control") != "no-cache" || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/javascript") ||
			!strings.Contains(resp.Header.Get("Content-Security-Policy"), "connect-src 'self'") || !strings.Contains(body, `addEventListener("fetch"`) {
			t.Errorf("%s: %d %v", host, resp.StatusCode, resp.Header)
		}
	}
}

func TestAssetsAreReadAgainOnReload(t *testing.T) {
	files := fstest.MapFS{"a.css": {Data: []byte("one")}}
	a, err := loadAssets(files, true)
	if err != nil {
		t.Fatal(err)
	}
	before := a.url("a.css")
	files["a.css"] = &fstest.MapFile{Data: []byte("two")}
	if a.url("a.css") == before {
		t.Error("the address did not change with the content")
	}
}

func TestLogNamesRoutesNotPeople(t *testing.T) {
	var log strings.Builder
	s := newServer(t, &log)
	get(t, s, "upstander.test", "/north/a/somebodys-secret", "X-Forwarded-For", "203.0.113.7", "User-Agent", "telling", "Cookie", "upstander=token")
	get(t, s, "upstander.test", "/north/quiet")
	for _, word := range []string{"somebodys-secret", "203.0.113.7", "telling", "token", "quiet"} {
		if strings.Contains(log.String(), word) {
			t.Errorf("the log says %q: %s", word, log.String())
		}
	}
	if !strings.Contains(log.String(), "route=/~/a/:b") {
		t.Errorf("the log does not name the route: %s", log.String())
	}
}

func TestHealth(t *testing.T) {
	s := newServer(t, io.Discard)
	if _, body := get(t, s, "anything", "/healthz"); body != "ok\n" {
		t.Errorf("healthz: %q", body)
	}
	away := error(nil)
	s.Ready(map[string]func(context.Context) error{"redis": func(context.Context) error { return away }})
	if resp, _ := get(t, s, "anything", "/readyz"); resp.StatusCode != 200 {
		t.Errorf("readyz: %d", resp.StatusCode)
	}
	away = fault.Unavailable
	if resp, body := get(t, s, "anything", "/readyz"); resp.StatusCode != 503 || body != "redis does not answer\n" {
		t.Errorf("readyz while Redis is away: %d %q", resp.StatusCode, body)
	}
}

func TestInside(t *testing.T) {
	for path, want := range map[string]bool{
		"/app": true, "/app/x": true, "/app?x": true, "/application": false, "//app/x": false, "/app/\\evil": false, "https://x/app/": false, "": false, "/app/\nx": false,
	} {
		if Inside(path) != want {
			t.Errorf("%q: %v", path, !want)
		}
	}
}

func TestTheOnlyInstitutionHasTheBareAddress(t *testing.T) {
	only := newSites([]Site{{ID: "north", Languages: []string{"en"}}}, "")
	if p, ok := only.find("any", "/"); !ok || p.site.ID != "north" || p.page != "/" {
		t.Errorf("%+v, %v", p, ok)
	}
}
