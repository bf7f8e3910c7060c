package app

import (
	"net"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
)

// TestMirror goes through the demo in the language that nobody speaks (locale.Mirror): every page runs from right to left, every part in another
// language says so and runs its own way, and no word stands outside the catalogue without saying whose language it is.
func TestMirror(t *testing.T) {
	a := newApp(t, Options{Demo: true})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = a.server.Serve(ln) }()
	b := newBrowser("http://" + ln.Addr().String())
	look := func(path string) {
		t.Helper()
		if err := b.open(path); err != nil {
			t.Fatal(err)
		}
		if b.status != 200 {
			t.Fatalf("%s: %d", path, b.status)
		}
		checkMirror(t, path, b.page)
	}
	for _, page := range []string{
		"/", "/support", "/policy", "/policy/2025.1", "/glossary", "/leaving", "/tips", "/accessibility", "/privacy", "/cookies", "/report", "/pledges", "/training", "/training/consent",
		"/training/bystander", "/verify",
	} {
		look("/aldermoor/qaa" + page)
		if err := b.open("/aldermoor" + page); err != nil || strings.Contains(b.body, "qaa") {
			t.Errorf("%s leads to the mirror, or fails: %v", page, err)
		}
	}
	look("/app/sign-in?lang=qaa&at=aldermoor")
	if err := b.post("/app/sign-in/as", url.Values{"at": {"aldermoor"}, "role": {"staff"}}); err != nil {
		t.Fatal(err)
	}
	if err := b.post("/app/language", url.Values{"language": {locale.Mirror}, "to": {"/app"}}); err != nil || b.status != 200 {
		t.Fatalf("%v, %d", err, b.status)
	}
	for _, page := range []string{"/app", "/app/me", "/app/pledge", "/app/pledges", "/app/certificates"} {
		look(page)
	}
	m, _ := a.library.now().Module("bystander")
	at := "/app/training/" + m.Slug
	look(at)
	if err := b.post(at, url.Values{"route": {"main"}}); err != nil {
		t.Fatal(err)
	}
	checkMirror(t, "the gate", b.page)
	s := &story{library: a.library.now(), browser: b}
	seen := map[content.Kind]bool{}
	for range 150 {
		it, err := s.item()
		if err != nil { // the end
			break
		}
		here := b.url.Path
		if err := b.post(here, url.Values{"do": {"continue"}}); err != nil {
			t.Fatal(err)
		}
		checkMirror(t, it.ID, b.page)
		if it.Asked() && it.Kind != content.Scenario {
			form := url.Values{"do": {"answer"}}
			if !seen[it.Kind] { // what is wrong with a form
				if err := b.post(here, form); err != nil {
					t.Fatal(err)
				}
				checkMirror(t, it.ID+", left open", b.page)
			}
			for name, values := range given(it, true) {
				form[name] = values
			}
			if err := b.post(here, form); err != nil {
				t.Fatal(err)
			}
			checkMirror(t, it.ID+", answered", b.page)
		}
		if it.Kind == content.Scenario {
			for i, step := range story1(it, true) {
				if err := b.post(here, url.Values{"do": {"step"}, "at": {string(rune('0' + i))}, "step": {step}}); err != nil {
					t.Fatal(err)
				}
				checkMirror(t, it.ID+", on the way", b.page)
			}
		}
		seen[it.Kind] = true
		if err := b.post(here, url.Values{"do": {"next"}}); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) < 5 {
		t.Errorf("saw only %v", seen)
	}
	look(at + "/done")
	look(at + "/read/" + m.Routes[0].Sections[0].ID)
	b.typed["name"] = []string{"123"}
	if err := b.post(at+"/done", url.Values{"name": {"123"}}); err != nil {
		t.Fatal(err)
	}
	checkMirror(t, "the certificate", b.page)
}

var (
	inBrackets = regexp.MustCompile(`(?s)⟦.*?⟧`)
	word       = regexp.MustCompile(`\pL{3,}`)
)

// names are words that are the same in every language.
var names = regexp.MustCompile(`University of Aldermoor|Bryncoed University|Aldermoor Safe|Aldermoor|[\w.-]*@[\w.-]+|https?://\S+|localStorage|sessionStorage|caches|upstander(-\w+)?|/(?:app|room)\S*|support-1|theme|left|[A-Z0-9]{4}-[A-Z0-9]{4}-[A-Z0-9]{4}`)

// foreign says whether a text holds words that are neither mirrored nor names. A bracket may stand in another node, before or behind a number set large.
func foreign(text string) bool {
	text = inBrackets.ReplaceAllString(text, "")
	if _, rest, closes := strings.Cut(text, "⟧"); closes {
		text = rest
	}
	text, _, _ = strings.Cut(text, "⟦")
	return word.MatchString(names.ReplaceAllString(text, ""))
}

// checkMirror looks at the language and the direction of every part of a page.
func checkMirror(t *testing.T, where string, page *html.Node) {
	t.Helper()
	var walk func(n *html.Node, lang string)
	walk = func(n *html.Node, lang string) {
		if n.Type == html.ElementNode {
			if n.Data == "script" || n.Data == "style" || n.Data == "head" {
				return
			}
			if own := attr(n, "lang"); own != "" {
				lang = own
				if dir := attr(n, "dir"); dir != locale.Direction(lang) {
					t.Errorf("%s: <%s lang=%q dir=%q>", where, n.Data, lang, dir)
				}
			}
			if label := attr(n, "aria-label"); label != "" && lang == locale.Mirror && foreign(label) {
				t.Errorf("%s: <%s aria-label=%q> does not say that it is in another language", where, n.Data, label)
			}
		}
		if n.Type == html.TextNode && lang == locale.Mirror {
			if foreign(n.Data) {
				t.Errorf("%s: in <%s>: %q does not say that it is in another language", where, n.Parent.Data, strings.TrimSpace(n.Data))
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			walk(c, lang)
		}
	}
	root := find(page, element("html"))
	if attr(root, "lang") != locale.Mirror || attr(root, "dir") != "rtl" {
		t.Errorf("%s: <html lang=%q dir=%q>", where, attr(root, "lang"), attr(root, "dir"))
	}
	walk(root, "")
}
