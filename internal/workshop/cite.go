package workshop

import (
	"html/template"
	"regexp"
	"strings"
)

// The small numbers in a text lead to a list of sources on the same page.
var citation = regexp.MustCompile(`<a class="cite" href="#source-\d+">\[\d+\]</a>`)

// tag is what stands between text.
var tag = regexp.MustCompile(`<[^>]*>`)

// uncited leaves the small numbers out, for where no list of sources stands.
func uncited(text template.HTML) template.HTML {
	return template.HTML(citation.ReplaceAllString(string(text), "")) //nolint:gosec // takes away from what is HTML
}

// cites points the small numbers to a list of its own, where a page has several: prefix is how its entries begin.
func cites(text template.HTML, prefix string) template.HTML {
	return template.HTML(strings.ReplaceAll(string(text), `href="#source-`, `href="#`+prefix+`source-`)) //nolint:gosec // changes addresses within the page only
}
