package app

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/people"
)

// TestEveryFieldTakesRubbish finds every form on the pages of the site and sends it rubbish, field by field: script, a hundred thousand letters,
// bytes that are no text, a NUL. No answer may be a server error, and none may give script back as markup.
func TestEveryFieldTakesRubbish(t *testing.T) {
	a := newApp(t, Options{Demo: true})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = a.server.Serve(ln) }()
	b := newBrowser("http://" + ln.Addr().String())
	signIn := func() {
		if err := b.post("/app/sign-in/as", url.Values{"at": {"aldermoor"}, "role": {"staff"}}); err != nil || b.url.Path != "/app" {
			t.Fatalf("sign-in: %v, at %s", err, b.url)
		}
	}
	signIn()
	m := a.library.now().Modules()[0]
	if err := b.post("/app/training/"+m.Slug, url.Values{"route": {m.Routes[0].ID}}); err != nil {
		t.Fatal(err)
	}
	pages := []string{
		"/aldermoor/", "/aldermoor/pledges", "/aldermoor/verify", "/aldermoor/support", "/app/sign-in?to=%2Fapp", "/app", "/app/me", "/app/pledge", "/app/pledges", "/aldermoor/join", "/app/workshops",
		"/app/training/" + m.Slug,
	}
	for _, s := range m.Routes[0].Sections[:2] {
		for _, slot := range s.Slots {
			for _, it := range slot {
				pages = append(pages, "/app/training/"+m.Slug+"/"+it.Slug)
			}
		}
	}
	room := openRoom(t, a, b)
	pages = append(pages, "/room/"+room, "/room/"+room+"/host", "/room/"+room+"/screen")
	const script = `"><script>alert("rubbish")</script>`
	rubbish := map[string]string{"script": script, "100,000 letters": strings.Repeat("x", 100_000), "no text": "\xff\xfe\x80", "NUL": "a\x00b", "empty": "", "direction": "\u202Ereversed\u2066"}
	sent := 0
	for _, page := range pages {
		if err := b.open(page); err != nil {
			t.Fatal(err)
		}
		root := b.page
		for _, form := range all(root, element("form")) {
			action := attr(form, "action")
			if action == "/app/leave" || action == "/app/sign-out" || strings.HasSuffix(action, "everywhere") || ends(form) || attr(form, "method") != "post" {
				continue
			}
			b.page, b.typed = root, map[string][]string{}
			values := b.filled(form)
			for _, button := range all(form, element("button")) {
				if name := attr(button, "name"); name != "" && values.Get(name) == "" {
					values.Set(name, attr(button, "value"))
				}
			}
			for field := range values {
				for kind, what := range rubbish {
					with := url.Values{}
					for k, v := range values {
						with[k] = v
					}
					with.Set(field, what)
					if err := b.post(action, with); err != nil {
						t.Fatalf("%s: %s=%s: %v", action, field, kind, err)
					}
					sent++
					if b.status >= http.StatusInternalServerError || strings.Contains(b.body, script) || strings.Contains(b.body, "<script>alert") {
						t.Errorf("%s: %s=%s: answered %d, or gave it back", action, field, kind, b.status)
					}
				}
			}
		}
	}
	if sent < 300 {
		t.Errorf("only %d forms were sent", sent)
	}
	for _, path := range []string{
		"/%ff", "/app/%2e%2e/x", "/app/training/%00", "//evil.example/", "/app//evil", "/aldermoor/verify/%3Cscript%3E", "/aldermoor/pledges?after=%ff&before=%00", "/" + strings.Repeat("x", 5000),
		"/app/training/" + m.Slug + "/go/../../x", "/aldermoor/?said=%3Cscript%3E", "/app?said=../../x", "/app/to/..", "/public/..%2f..%2fgo.mod",
	} {
		if err := b.open(path); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if b.status >= http.StatusInternalServerError || strings.Contains(b.body, "<script>alert") || b.url.Host != ln.Addr().String() {
			t.Errorf("%s: %d at %s", path, b.status, b.url)
		}
	}
}

// openRoom starts a workshop whose word prompt is open, led by the browser, which holds a phone as well.
func openRoom(t *testing.T, a *App, b *browser) string {
	t.Helper()
	in := a.people.Institutions()[0]
	p, err := a.people.Grant(t.Context(), "leader@"+in.EmailDomains[0], people.Facilitator)
	if err != nil {
		t.Fatal(err)
	}
	tpl := a.workshops.Templates()[0]
	r, key, err := a.workshops.Start(t.Context(), p, tpl.Module.ID, tpl.ID)
	for err == nil && tpl.Slides[r.Slide].Kind != content.WordSlide {
		r, err = a.workshops.Next(t.Context(), r.ID, r.At())
	}
	if err == nil {
		_, err = a.workshops.Ask(t.Context(), r.ID, r.At())
	}
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(b.base + "/room/" + r.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "upstander-host", Value: key, Path: "/room/" + r.ID}})
	return r.ID
}

// ends says whether a form ends the room, after which there is nothing more to send to.
func ends(form *node) bool {
	return find(form, func(n *node) bool { return element("button")(n) && attr(n, "value") == "end" }) != nil
}
