package content

import (
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/upstander/upstander/internal/locale"
)

// reviewFile stands in the folder of a translation and keeps what native readers have passed of it.
const reviewFile = "review.yaml"

// Reviews says how far each module and the glossary are translated and passed, in every language that any of them has.
func (l *Library) Reviews() []locale.Review {
	var all []locale.Review
	for _, m := range l.modules {
		all = append(all, m.reviews...)
	}
	return append(all, l.reviews...)
}

// said collects the strings of files by id. It reads what the readers of items and overlays have checked already, and reports nothing.
type said map[string]string

// add reads a file. In the source language strings stand under known keys among much else; a translation holds nothing but strings.
func (s said) add(prefix string, root node, isSource bool) {
	root.r = &report{}
	s.walk(root, prefix, isSource)
}

// saying are the keys under which the source language says something.
var saying = regexp.MustCompile(`^(title|summary|text|question|says|because|statement|fact|sure|term|say|protocol)$`)

func (s said) walk(n node, at string, isSource bool) {
	m := n.mapping()
	for _, key := range m.keys {
		v := m.values[key]
		if key == "sources" { // titles of documents stay as they are
			continue
		}
		switch v.n.(type) {
		case *ast.MappingNode, *ast.MappingValueNode:
			s.walk(v, step(at, key), isSource)
		case *ast.SequenceNode:
			s.list(v, key, at, isSource)
		default:
			if !isSource || saying.MatchString(key) {
				s[step(at, key)] = v.text()
			}
		}
	}
}

// identifying lists the keys that hold the id of an element of a list.
func identifying() []string {
	return []string{
		"id", string(Page), string(Choice), string(Myth), string(Scenario), string(Sort), string(Reflect),
		string(NoteSlide), string(PromptSlide), string(WordSlide), string(ItemSlide),
	}
}

// list goes into a list of the source language, whose elements stand under their ids in a translation.
func (s said) list(n node, key, at string, isSource bool) {
	for _, e := range n.list() {
		m := e.mapping()
		ask, variants := m.values["ask"]
		id := ""
		for _, k := range identifying() {
			if v, ok := m.values[k]; ok && id == "" {
				id = v.line()
			}
		}
		switch {
		case variants:
			s.list(ask, "items", at, isSource)
		case id == "": // words to link, sources to cite
		case key == "choices", key == "places", key == "outcomes": // one string each, which stands under the id itself
			for _, k := range []string{"title", "text"} {
				if v, ok := m.values[k]; ok {
					s[step(step(at, key), id)] = v.text()
				}
			}
		default:
			s.walk(e, step(step(at, key), id), isSource)
		}
	}
}

// step goes down one key. The folders of items and terms name nothing of their own.
func step(at, key string) string {
	switch {
	case key == "items" || key == "terms":
		return at
	case at == "":
		return key
	}
	return at + "." + key
}

// review compares a translation of the module with its source.
func (o *overlay) review() {
	passed := map[string]string{}
	file := path.Join(o.lang, reviewFile)
	if root, ok := o.b.file(file, false); ok {
		passed = readPassed(root, o.said)
	}
	o.b.m.reviews = append(o.b.m.reviews, locale.NewReview(o.b.m.ID, o.lang, path.Join(o.b.folder, file), o.b.said, o.said, passed))
}

// readPassed reads what has been passed; every id must be that of a string.
func readPassed(root node, own said) map[string]string {
	passed := map[string]string{}
	f := root.mapping()
	list := f.need("passed").mapping()
	for _, id := range list.keys {
		if _, ok := own[id]; !ok {
			list.names[id].problem("no string has the id %q", id)
		}
		passed[id] = list.get(id).line()
	}
	f.done()
	return passed
}

// glossaryReview is where passes of a language of the glossary are kept.
func glossaryReview(lang string) string { return "glossary.review." + lang + ".yaml" }

// reviewGlossary compares a translation of the glossary with its source.
func reviewGlossary(r *report, fsys fs.FS, lang string, source, own said) locale.Review {
	passed, file := map[string]string{}, glossaryReview(lang)
	if src, err := fs.ReadFile(fsys, file); err == nil {
		if root, ok := parse(r, file, src); ok {
			passed = readPassed(root, own)
		}
	}
	return locale.NewReview("glossary", lang, file, source, own, passed)
}

// isTranslation tells glossary.cy.yaml from glossary.review.cy.yaml.
func isTranslation(name string) bool { return strings.Count(name, ".") == 2 }
