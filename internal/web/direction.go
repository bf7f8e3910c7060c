package web

import (
	"fmt"
	"html/template"
	"regexp"
	"strings"

	"github.com/upstander/upstander/internal/locale"
)

// Dir is the direction of the page's language.
func (b Base) Dir() string { return locale.Direction(b.Lang) }

// DirOf is the direction of the language of a part of the page.
func (b Base) DirOf(lang string) string { return locale.Direction(lang) }

var (
	pageDirection = regexp.MustCompile(`\{\{\s*\$\.Dir\s*\}\}`)
	partLanguage  = regexp.MustCompile(`(\s)lang="(?:([a-z]{2,3})|\{\{\s*([^{}]+?)\s*\}\})"(\s+dir=)?`)
)

// directed says the direction wherever a template says a language. Only templates of a language that is written from right to left need that: within the
// others every part runs as the page does, as no content is in such a language without its interface being in it as well.
func directed(src string) string {
	return partLanguage.ReplaceAllStringFunc(src, func(attribute string) string {
		m := partLanguage.FindStringSubmatch(attribute)
		switch {
		case m[4] != "":
			return attribute
		case m[2] != "":
			return attribute + ` dir="` + locale.Direction(m[2]) + `"`
		}
		return attribute + ` dir="{{$.DirOf (` + m[3] + `)}}"`
	})
}

// Say writes a text that may be in another language than the page, and says so where it is.
func (b Base) Say(p locale.Phrase) template.HTML {
	text := template.HTMLEscapeString(p.Text)
	if p.Lang == b.Lang || p.Text == "" {
		return template.HTML(text) //nolint:gosec // escaped
	}
	direction := ""
	if d := locale.Direction(p.Lang); d != b.Dir() {
		direction = ` dir="` + d + `"`
	}
	return template.HTML(`<span lang="` + template.HTMLEscapeString(p.Lang) + `"` + direction + `>` + text + `</span>`) //nolint:gosec // escaped
}

// Phrased says a message, like T, into which texts are put that may be in another language: values that are a Phrase.
func (b Base) Phrased(key string, args ...any) template.HTML {
	plain, put := make([]any, len(args)), []string{}
	for i, a := range args {
		plain[i] = a
		if p, ok := a.(locale.Phrase); ok {
			place := fmt.Sprintf("\x01%d\x01", i) // in no text: names lose control characters when they are read
			plain[i] = place
			put = append(put, place, string(b.Say(p)))
		}
	}
	said := template.HTMLEscapeString(b.T(key, plain...))
	return template.HTML(strings.NewReplacer(put...).Replace(said)) //nolint:gosec // all of it is escaped
}
