package web

import (
	"bytes"
	"fmt"
	stdhtml "html"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strings"

	"github.com/gofiber/template/html/v2"

	"github.com/upstander/upstander/internal/locale"
)

// templates are the views in every language. A message without values, {{.T "key"}}, and the page's language, {{$.Lang}}, are put into the template
// when it is read, once a language: most of a page's words cost nothing when the page is rendered.
type templates struct{ byLang map[string]*html.Engine }

func newTemplates(views fs.FS, catalogue *locale.Catalogue, reload bool) *templates {
	t := &templates{byLang: map[string]*html.Engine{}}
	for _, lang := range catalogue.Spoken() {
		e := html.NewFileSystem(spoken{http.FS(views), catalogue.In(lang)}, ".html")
		e.Reload(reload)
		t.byLang[lang] = e
	}
	return t
}

// Load implements fiber.Views.
func (t *templates) Load() error {
	for lang, e := range t.byLang {
		if err := e.Load(); err != nil {
			return fmt.Errorf("read templates (%s): %w", lang, err)
		}
	}
	return nil
}

// Render implements fiber.Views. There are no layouts: templates name their own parts.
func (t *templates) Render(out io.Writer, name string, page any, _ ...string) error {
	lang := locale.Source
	if p, ok := page.(interface{ language() string }); ok {
		lang = p.language()
	}
	e, ok := t.byLang[lang]
	if !ok {
		e = t.byLang[locale.Source]
	}
	return e.Render(out, name, page)
}

// spoken is a folder of templates with the plain messages of one language put in.
type spoken struct {
	http.FileSystem
	words *locale.Speaker
}

var pageLanguage = regexp.MustCompile(`\{\{\s*\$\.Lang\s*\}\}`)

var plainMessage = regexp.MustCompile(`\{\{\s*\$?\.T "([a-z0-9.-]+)"\s*\}\}`)

// Open implements http.FileSystem.
func (s spoken) Open(name string) (http.File, error) {
	f, err := s.FileSystem.Open(name)
	if err != nil || !strings.HasSuffix(name, ".html") {
		return f, err
	}
	src, err := io.ReadAll(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	said := plainMessage.ReplaceAllStringFunc(string(src), func(call string) string {
		words, ok := s.words.Plain(plainMessage.FindStringSubmatch(call)[1])
		if !ok {
			return call
		}
		return stdhtml.EscapeString(words) // safe as text and within a quoted attribute, where alone views say messages
	})
	direction := locale.Direction(s.words.Lang)
	said = pageDirection.ReplaceAllString(pageLanguage.ReplaceAllString(said, s.words.Lang), direction)
	if direction == "rtl" {
		said = directed(said)
	}
	return spokenFile{f, bytes.NewReader([]byte(said))}, nil
}

type spokenFile struct {
	http.File
	text *bytes.Reader
}

func (f spokenFile) Read(p []byte) (int, error) { return f.text.Read(p) }

func (f spokenFile) Seek(offset int64, whence int) (int64, error) { return f.text.Seek(offset, whence) }
