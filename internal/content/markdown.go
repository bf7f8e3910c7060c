package content

import (
	"bytes"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// prose turns an item's Markdown into HTML. It remembers what the item cites, so that the numbers run through all its texts.
type prose struct {
	sources map[string]*Source
	cited   []*Source
	md      goldmark.Markdown
}

func newProse(sources map[string]*Source) *prose {
	return &prose{sources: sources, md: goldmark.New()}
}

// [@id] or [@id; @other] behind a claim. While goldmark works, citations stand between two characters that no text holds.
var (
	citation = regexp.MustCompile(`\[(@[a-z0-9-]+(?:;\s*@[a-z0-9-]+)*)\]`)
	marked   = regexp.MustCompile("\uE000([^\uE001]*)\uE001")
	reserved = regexp.MustCompile("[\uE000\uE001]")
)

// html renders a text; what a text must not hold is reported.
func (p *prose) html(n node) template.HTML {
	words := n.text()
	if words == "" {
		return ""
	}
	if reserved.MatchString(words) {
		n.problem("the text holds a private-use character")
	}
	src := []byte(citation.ReplaceAllString(words, "\uE000$1\uE001"))
	doc := p.md.Parser().Parse(text.NewReader(src))
	_ = ast.Walk(doc, func(md ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			checkMarkdown(n, md)
		}
		return ast.WalkContinue, nil
	})
	var b bytes.Buffer
	if err := p.md.Renderer().Render(&b, src, doc); err != nil {
		n.problem("the text cannot be rendered: %v", err)
	}
	out := marked.ReplaceAllStringFunc(strings.TrimSpace(b.String()), func(m string) string {
		return p.citations(n, marked.FindStringSubmatch(m)[1])
	})
	return template.HTML(out) //nolint:gosec // goldmark escapes text and leaves raw HTML out
}

func (p *prose) citations(n node, list string) string {
	var b strings.Builder
	for _, id := range strings.Split(list, ";") {
		id = strings.TrimPrefix(strings.TrimSpace(id), "@")
		s, ok := p.sources[id]
		if !ok {
			n.problem("there is no source %q in sources.yaml", id)
			continue
		}
		i := p.number(s)
		fmt.Fprintf(&b, `<a class="cite" href="#source-%d">[%d]</a>`, i, i)
	}
	return b.String()
}

func checkMarkdown(n node, md ast.Node) {
	switch md := md.(type) {
	case *ast.RawHTML, *ast.HTMLBlock:
		n.problem("HTML is refused in a text")
	case *ast.Heading:
		n.problem("headings are refused in a text: one item, one thought")
	case *ast.Image:
		n.problem("pictures are refused in a text")
	case *ast.CodeBlock, *ast.FencedCodeBlock:
		n.problem("a line that starts with four spaces or a fence becomes code: take them away")
	case *ast.Link:
		if u, err := url.Parse(string(md.Destination)); err != nil || u.Scheme != "https" || u.Host == "" {
			n.problem("a link is written in full, https://…, not %q", md.Destination)
		}
		if len(md.Title) > 0 {
			n.problem("a link has no title")
		}
		md.SetAttributeString("rel", []byte("external noopener noreferrer"))
	case *ast.AutoLink:
		n.problem("a link is written with its words, [words](https://…)")
	}
}

// number returns the place of a source among those the item cites.
func (p *prose) number(s *Source) int {
	for i, c := range p.cited {
		if c == s {
			return i + 1
		}
	}
	p.cited = append(p.cited, s)
	return len(p.cited)
}

// cite adds the sources of the item as a whole.
func (p *prose) cite(list node) {
	for _, e := range list.list() {
		id := e.id()
		if s, ok := p.sources[id]; ok {
			p.number(s)
		} else if id != "" {
			e.problem("there is no source %q in sources.yaml", id)
		}
	}
}

// claim is a word that says something about the law, the police, the courts or research: somebody must have checked it.
var claim = regexp.MustCompile(`(?i)\d[\d.,]*\s?%|\bper cent\b|\bsurveys?\b|\bresearch|\bstud(?:y|ies) (?:found|finds|show)|\bAct \d{4}|\boffences?\b|\bcrim(?:e|es|inal)\b|\bcourts?\b|\bthe law\b|\bin law\b|\bby law\b|\bsection \d|\billegal\b|\bunlawful\b`)

// paragraphs and list entries of a page each need their own source.
var paragraph = regexp.MustCompile(`\n\s*\n|\n\s*[-*] `)

func checkClaims(n node) {
	for _, part := range paragraph.Split(n.text(), -1) {
		if word := claim.FindString(part); word != "" && !citation.MatchString(part) {
			n.problem("a claim without a source: %q in “%s”", word, shorten(part))
		}
	}
}

func shorten(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
