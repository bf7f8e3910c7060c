package content

import (
	"html/template"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/locale"
)

// overlays reads the translations: strings only, under the ids of the source language. An item is translated whole or not at
// all, so that no page mixes two languages within a sentence.
func (b *builder) overlays() {
	for lang, complete := range b.m.Languages {
		o := &overlay{b: b, lang: lang, must: complete == Complete, said: said{}}
		o.module()
		known := []string{"module.yaml", reviewFile}
		if len(b.m.templates) > 0 {
			known = append(known, liveFile)
		}
		entries, _ := fs.ReadDir(b.fsys, b.folder)
		for _, e := range entries {
			if found := sectionFile.FindStringSubmatch(e.Name()); found != nil && !e.IsDir() {
				known = append(known, e.Name())
				o.section(e.Name(), found[1])
			}
		}
		o.live()
		translated, _ := fs.ReadDir(b.fsys, path.Join(b.folder, lang))
		for _, e := range translated {
			if !slices.Contains(known, e.Name()) && !strings.HasPrefix(e.Name(), ".") {
				b.r.add(position{file: path.Join(b.folder, lang, e.Name()), line: 1, column: 1}, "the module has no %s to translate", e.Name())
			}
		}
		o.review()
	}
}

type overlay struct {
	b    *builder
	lang string
	must bool
	said said
}

func (o *overlay) module() {
	root, ok := o.b.file(path.Join(o.lang, "module.yaml"), o.must)
	if !ok {
		return
	}
	o.said.add("", root, false)
	f := root.mapping()
	o.b.m.words[o.lang] = &ModuleWords{Lang: o.lang, Title: f.need("title").line(), Summary: f.need("summary").line()}
	outcomes := f.need("outcomes").mapping()
	for _, out := range o.b.m.Outcomes {
		out.Title[o.lang] = outcomes.need(out.ID).line()
	}
	outcomes.done()
	routes := f.need("routes").mapping()
	for _, r := range o.b.m.Routes {
		w := routes.need(r.ID).mapping()
		r.Title[o.lang], r.Summary[o.lang] = w.need("title").line(), w.need("summary").line()
		w.done()
	}
	routes.done()
	f.done()
}

func (o *overlay) section(file, id string) {
	root, ok := o.b.file(path.Join(o.lang, file), o.must)
	if !ok {
		return
	}
	at := slices.IndexFunc(o.b.m.Sections, func(s *Section) bool { return s.ID == id })
	if at < 0 {
		return // the source file could not be read; that is reported already
	}
	s := o.b.m.Sections[at]
	o.said.add(id, root, false)
	f := root.mapping()
	s.Title[o.lang] = f.need("title").line()
	items := f.get("items").mapping()
	for _, slot := range s.Slots {
		for _, it := range slot {
			n := items.get(it.ID)
			if n.missing() {
				if o.must {
					f.problem("item %q is not translated", it.ID)
				}
				continue
			}
			it.words[o.lang] = o.item(it, n.mapping())
		}
	}
	items.done()
	f.done()
}

// item reads an item's words; what the source language has must be there, and nothing else.
func (o *overlay) item(it *Item, f *mapping) *Words {
	src := it.words[locale.Source]
	w := &Words{Lang: o.lang}
	p := newProse(o.b.m.Sources)
	p.cited = slices.Clone(src.Sources) // the numbers stay the same in every language
	line := func(key, source string) string {
		if source == "" {
			return ""
		}
		return f.need(key).line()
	}
	html := func(key string, source template.HTML) template.HTML {
		if source == "" {
			return ""
		}
		return p.html(f.need(key))
	}
	w.Title, w.Question, w.Statement = line("title", src.Title), line("question", src.Question), line("statement", src.Statement)
	w.Text, w.Because, w.Fact, w.Sure = html("text", src.Text), html("because", src.Because), html("fact", src.Fact), html("sure", src.Sure)
	switch it.Kind {
	case Choice:
		w.Options = map[string]OptionWords{}
		options := f.need("options").mapping()
		for _, opt := range it.Options {
			n := options.need(opt.ID).mapping()
			w.Options[opt.ID] = OptionWords{Text: n.need("text").line(), Says: p.html(n.need("says"))}
			n.done()
		}
		options.done()
	case Scenario:
		o.moments(it, w, p, f.need("moments").mapping())
	case Sort:
		o.sort(it, w, p, f)
	}
	w.Sources = p.cited
	f.done()
	return w
}

func (o *overlay) moments(it *Item, w *Words, p *prose, moments *mapping) {
	w.Moments = map[string]MomentWords{}
	for _, m := range it.Moments {
		n := moments.need(m.ID).mapping()
		words := MomentWords{Text: p.html(n.need("text")), Choices: map[string]string{}}
		if m.Ending() {
			words.Says = p.html(n.need("says"))
		} else {
			choices := n.need("choices").mapping()
			for _, c := range m.Choices {
				words.Choices[c.ID] = choices.need(c.ID).line()
			}
			choices.done()
		}
		w.Moments[m.ID] = words
		n.done()
	}
	moments.done()
}

func (o *overlay) sort(it *Item, w *Words, p *prose, f *mapping) {
	w.Places, w.Things = map[string]string{}, map[string]ThingWords{}
	places, things := f.need("places").mapping(), f.need("things").mapping()
	for _, id := range it.Places {
		w.Places[id] = places.need(id).line()
	}
	for _, t := range it.Things {
		n := things.need(t.ID).mapping()
		w.Things[t.ID] = ThingWords{Text: n.need("text").line(), Says: p.html(n.need("says"))}
		n.done()
	}
	places.done()
	things.done()
}
