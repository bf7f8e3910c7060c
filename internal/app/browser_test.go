package app

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/html"
)

// browser is a browser without JavaScript: it keeps cookies, follows redirects and fills in forms.
type browser struct {
	base   string
	client *http.Client
	url    *url.URL
	status int
	header http.Header
	body   string
	page   *html.Node
	typed  map[string][]string
	file   *file // chosen for the next form
	took   time.Duration
}

// file is one that a form sends along.
type file struct {
	field, name string
	content     []byte
}

// encode writes a form as a browser does, with the file where one has been chosen.
func (b *browser) encode(form url.Values) (body io.Reader, kind string, err error) {
	if b.file == nil {
		return strings.NewReader(form.Encode()), "application/x-www-form-urlencoded", nil
	}
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for name, values := range form {
		for _, v := range values {
			if err := w.WriteField(name, v); err != nil {
				return nil, "", err
			}
		}
	}
	part, err := w.CreateFormFile(b.file.field, b.file.name)
	if err != nil {
		return nil, "", err
	}
	if _, err := part.Write(b.file.content); err != nil {
		return nil, "", err
	}
	b.file = nil
	return &out, w.FormDataContentType(), w.Close()
}

func newBrowser(base string) *browser {
	jar, _ := cookiejar.New(nil) // fails for no options
	return &browser{base: base, client: &http.Client{Jar: jar, Timeout: 20 * time.Second}, typed: map[string][]string{}}
}

func (b *browser) open(path string) error { return b.send(http.MethodGet, path, nil, b.base) }

func (b *browser) post(path string, form url.Values) error {
	return b.send(http.MethodPost, path, form, b.base)
}

// send fetches a page, or posts a form that stands on a page of origin.
func (b *browser) send(method, path string, form url.Values, origin string) error {
	address := path
	if strings.HasPrefix(path, "/") {
		address = b.base + path
	}
	var body io.Reader
	var kind string
	if method == http.MethodPost {
		var err error
		if body, kind, err = b.encode(form); err != nil {
			return err
		}
	}
	r, err := http.NewRequest(method, address, body)
	if err != nil {
		return err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", kind)
		r.Header.Set("Origin", origin)
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if origin != b.base {
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}
	}
	began := time.Now()
	resp, err := b.client.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	b.took = time.Since(began)
	b.url, b.status, b.header, b.body = resp.Request.URL, resp.StatusCode, resp.Header, string(content)
	b.page, err = html.Parse(bytes.NewReader(content))
	b.typed = map[string][]string{}
	return err
}

// find returns the first node for which is holds.
func find(n *html.Node, is func(*html.Node) bool) *html.Node {
	if n == nil || is(n) {
		return n
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if found := find(c, is); found != nil {
			return found
		}
	}
	return nil
}

// all returns every node for which is holds.
func all(n *html.Node, is func(*html.Node) bool) []*html.Node {
	if n == nil {
		return nil
	}
	var found []*html.Node
	if is(n) {
		found = append(found, n)
	}
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		found = append(found, all(c, is)...)
	}
	return found
}

func attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func has(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// text is what a reader sees: without markup, white space folded.
func text(n *html.Node) string {
	var b strings.Builder
	for _, t := range all(n, func(n *html.Node) bool { return n.Type == html.TextNode }) {
		if t.Parent != nil && (t.Parent.Data == "style" || t.Parent.Data == "script" || t.Parent.Data == "title") {
			continue
		}
		b.WriteString(t.Data + " ")
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func element(name string) func(*html.Node) bool {
	return func(n *html.Node) bool { return n.Type == html.ElementNode && n.Data == name }
}

// sees says whether the page shows words.
func (b *browser) sees(words string) bool { return strings.Contains(text(b.page), words) }

// follow clicks the first link with this text.
func (b *browser) follow(words string) error {
	link := find(b.page, func(n *html.Node) bool { return element("a")(n) && text(n) == words })
	if link == nil {
		return fmt.Errorf("there is no link %q on %s", words, b.url)
	}
	to, err := b.url.Parse(attr(link, "href"))
	if err != nil {
		return err
	}
	return b.open(to.String())
}

// press clicks the first button with this text and sends its form as a browser would.
func (b *browser) press(words string) error {
	button := find(b.page, func(n *html.Node) bool { return element("button")(n) && text(n) == words })
	if button == nil {
		return fmt.Errorf("there is no button %q on %s", words, b.url)
	}
	form := button.Parent
	for form != nil && !element("form")(form) {
		form = form.Parent
	}
	if id := attr(button, "form"); id != "" {
		form = find(b.page, func(n *html.Node) bool { return element("form")(n) && attr(n, "id") == id })
	}
	if form == nil {
		return fmt.Errorf("the button %q belongs to no form", words)
	}
	values := b.filled(form)
	if name := attr(button, "name"); name != "" {
		values.Set(name, attr(button, "value"))
	}
	action := attr(form, "action")
	if action == "" {
		action = b.url.String()
	}
	to, err := b.url.Parse(action)
	if err != nil {
		return err
	}
	to.Fragment = ""
	if !strings.EqualFold(attr(form, "method"), http.MethodPost) {
		to.RawQuery = values.Encode()
		return b.open(to.String())
	}
	return b.send(strings.ToUpper(attr(form, "method")), to.String(), values, b.base)
}

// filled reads a form's fields with what has been typed.
func (b *browser) filled(form *html.Node) url.Values {
	values := url.Values{}
	for _, n := range all(form, func(n *html.Node) bool { return element("input")(n) || element("textarea")(n) }) {
		name, kind := attr(n, "name"), attr(n, "type")
		typed, did := b.typed[name]
		switch {
		case name == "":
		case kind == "file": // sent along by encode
		case kind == "radio" || kind == "checkbox":
			chosen := has(n, "checked")
			if did {
				chosen = false
				for _, v := range typed {
					chosen = chosen || v == attr(n, "value")
				}
			}
			if chosen {
				values.Add(name, attr(n, "value"))
			}
		case did:
			values.Set(name, typed[0])
		default:
			values.Set(name, attr(n, "value"))
		}
	}
	for _, n := range all(form, element("select")) {
		options := all(n, element("option"))
		if len(options) == 0 {
			continue
		}
		chosen := attr(options[0], "value") // as browsers do
		for _, o := range options {
			if has(o, "selected") {
				chosen = attr(o, "value")
			}
		}
		if typed, did := b.typed[attr(n, "name")]; did {
			chosen = typed[0]
		}
		values.Set(attr(n, "name"), chosen)
	}
	return values
}

// fields lists the names of the page's form fields.
func (b *browser) fields() map[string]bool {
	names := map[string]bool{}
	for _, n := range all(b.page, func(n *html.Node) bool { return element("input")(n) || element("textarea")(n) || element("select")(n) }) {
		names[attr(n, "name")] = true
	}
	return names
}

type node = html.Node

// carryCookies takes the cookies of a program that has been started again on another port along.
func carryCookies(b *browser, old string) {
	from, err1 := url.Parse(old + "/app")
	to, err2 := url.Parse(b.base + "/app")
	if err1 != nil || err2 != nil {
		return
	}
	for _, c := range b.client.Jar.Cookies(from) {
		c.Path = "/app"
		b.client.Jar.SetCookies(to, []*http.Cookie{c})
	}
}
