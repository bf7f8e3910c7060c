package content

import (
	"html/template"
	"io/fs"
	"maps"
	"regexp"
	"strings"

	"github.com/upstander/upstander/internal/locale"
)

// The glossary stands beside the modules: glossary.yaml in the source language, and glossary.<lang>.yaml with the same ids.
const glossaryFile = "glossary.yaml"

// Term is one entry of the glossary.
type Term struct {
	ID           string
	Jurisdiction string
	words        map[string]TermWords
	match        map[string]*regexp.Regexp // what is linked to it where it stands in a page
}

// TermWords is what the glossary says of a term in one language.
type TermWords struct {
	ID           string
	Lang         string // of term and text
	Term         string
	Text         template.HTML
	Jurisdiction string
	Sources      []*Source
}

// In returns what the glossary says in a language, or in the source language where it is not translated.
func (t *Term) In(lang string) TermWords {
	if w, ok := t.words[lang]; ok {
		return w
	}
	return t.words[locale.Source]
}

// Terms returns the glossary in a language, in the order of its file.
func (l *Library) Terms(lang string) []TermWords {
	all := make([]TermWords, len(l.terms))
	for i, t := range l.terms {
		all[i] = t.In(lang)
	}
	return all
}

// readGlossary reads the glossary, if there is one, and its translations.
func (l *Library) readGlossary(r *report, fsys fs.FS) {
	src, err := fs.ReadFile(fsys, glossaryFile)
	if err != nil {
		return
	}
	root, ok := parse(r, glossaryFile, src)
	if !ok {
		return
	}
	source := said{}
	source.add("", root, true)
	f := root.mapping()
	l.cited = readSources(f.need("sources").mapping())
	byID := map[string]*Term{}
	for _, e := range f.need("terms").list() {
		m := e.mapping()
		t := &Term{
			ID: m.need("id").id(), Jurisdiction: m.need("jurisdiction").one(Jurisdictions()...),
			words: map[string]TermWords{}, match: map[string]*regexp.Regexp{},
		}
		if _, twice := byID[t.ID]; twice {
			e.problem("term %q is there twice", t.ID)
		}
		p := newProse(l.cited)
		w := TermWords{ID: t.ID, Lang: locale.Source, Jurisdiction: t.Jurisdiction, Term: m.need("term").line(), Text: p.html(m.need("text"))}
		p.cite(m.get("sources"))
		if w.Sources = p.cited; len(w.Sources) == 0 && !m.get("ours").yes() { // ours: what we mean by a word, and no claim
			e.problem("a claim without a source: a term cites one")
		}
		t.words[locale.Source], t.match[locale.Source] = w, matching(m, w.Term)
		m.done()
		l.terms, byID[t.ID] = append(l.terms, t), t
	}
	f.done()
	translations, _ := fs.Glob(fsys, "glossary.*.yaml")
	for _, file := range translations {
		if isTranslation(file) {
			l.reviews = append(l.reviews, translateGlossary(r, fsys, file, byID, source))
		}
	}
}

func translateGlossary(r *report, fsys fs.FS, file string, byID map[string]*Term, source said) locale.Review {
	lang := strings.TrimSuffix(strings.TrimPrefix(file, "glossary."), ".yaml")
	src, err := fs.ReadFile(fsys, file)
	if err != nil {
		r.add(position{file: file}, "the file cannot be read: %v", err)
		return locale.Review{}
	}
	root, ok := parse(r, file, src)
	if !ok {
		return locale.Review{}
	}
	own := said{}
	own.add("", root, false)
	f := root.mapping()
	for id, t := range byID {
		m := f.get(id).mapping()
		if m.missing() {
			continue
		}
		w := t.words[locale.Source]
		w.Lang, w.Term, w.Text = lang, m.need("term").line(), newProse(nil).html(m.need("text"))
		t.words[lang], t.match[lang] = w, matching(m, w.Term)
		m.done()
	}
	f.done()
	return reviewGlossary(r, fsys, lang, source, own)
}

// matching compiles what is linked to a term: the words that its entry lists, or the term itself; [] links nothing.
func matching(m *mapping, term string) *regexp.Regexp {
	list := m.get("match")
	words := []string{term}
	if !list.missing() {
		words = nil
		for _, e := range list.list() {
			words = append(words, e.line())
		}
	}
	var parts []string
	for _, w := range words {
		if w != "" {
			parts = append(parts, regexp.QuoteMeta(w))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return regexp.MustCompile(`(?i)(^|[^\pL\pN-])(` + strings.Join(parts, "|") + `)($|[^\pL\pN-])`)
}

// linkTerms makes the first mention of each term a link to the glossary: in a section's pages, and in each thing that is asked.
func linkTerms(m *Module, terms []*Term) {
	for _, s := range m.Sections {
		pages := map[string]*linker{}
		for _, slot := range s.Slots {
			for _, it := range slot {
				for lang, w := range it.words {
					if it.Kind != Page {
						it.linked[lang] = linkWords(it, w, &linker{terms: terms, lang: lang, linked: map[string]bool{}})
						continue
					}
					if pages[lang] == nil {
						pages[lang] = &linker{terms: terms, lang: lang, linked: map[string]bool{}}
					}
					w.Text = pages[lang].text(w.Text)
				}
			}
		}
	}
}

// linker links the first mention of each term in a number of texts.
type linker struct {
	terms  []*Term
	lang   string
	linked map[string]bool
}

func (l *linker) text(text template.HTML) template.HTML {
	for _, t := range l.terms {
		if t.match[l.lang] != nil && !l.linked[t.ID] {
			text, l.linked[t.ID] = linkFirst(text, t.match[l.lang], t.ID)
		}
	}
	return text
}

// linkWords links in the setting, then in what follows the answer, in the order of the author's file: nothing of it hangs on the key. What is chosen
// from stays without links.
func linkWords(it *Item, plain *Words, l *linker) *Words {
	w := *plain
	w.Text, w.Because, w.Fact, w.Sure = l.text(w.Text), l.text(w.Because), l.text(w.Fact), l.text(w.Sure)
	w.Options, w.Moments, w.Things = maps.Clone(w.Options), maps.Clone(w.Moments), maps.Clone(w.Things)
	for _, o := range it.Options {
		said := w.Options[o.ID]
		said.Says = l.text(said.Says)
		w.Options[o.ID] = said
	}
	for _, m := range it.Moments {
		said := w.Moments[m.ID]
		said.Text, said.Says = l.text(said.Text), l.text(said.Says)
		w.Moments[m.ID] = said
	}
	for _, t := range it.Things {
		said := w.Things[t.ID]
		said.Says = l.text(said.Says)
		w.Things[t.ID] = said
	}
	return &w
}

var markup = regexp.MustCompile(`<a [^>]*>.*?</a>|<[^>]+>`)

// linkFirst puts a link round the first match that stands in plain text: neither in a tag nor in another link.
func linkFirst(text template.HTML, match *regexp.Regexp, id string) (template.HTML, bool) {
	src := string(text)
	from := 0
	for _, tag := range append(markup.FindAllStringIndex(src, -1), []int{len(src), len(src)}) {
		if at := match.FindStringSubmatchIndex(src[from:tag[0]]); at != nil {
			start, end := from+at[4], from+at[5]
			return template.HTML(src[:start] + `<a class="term" href="/app/to/glossary#` + id + `">` + src[start:end] + `</a>` + src[end:]), true //nolint:gosec // from our own HTML
		}
		from = tag[1]
	}
	return text, false
}
