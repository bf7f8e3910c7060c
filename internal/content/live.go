package content

import (
	"html/template"
	"path"
	"slices"

	"github.com/upstander/upstander/internal/locale"
)

// liveFile holds a module's templates for live workshops.
const liveFile = "live.yaml"

// Template is an ordered list of slides for a live workshop on a module. The session is the module: its questions are the module's own items.
type Template struct {
	ID      string
	Module  *Module
	Minutes int
	Slides  []*Slide

	words map[string]*TemplateWords
}

// TemplateWords is what a template says of itself in one language.
type TemplateWords struct {
	Lang           string
	Title, Summary string
	Protocol       template.HTML // what the facilitator does when somebody discloses something
	Sources        []*Source
}

// SlideKind is what a slide asks of a room.
type SlideKind string

// The kinds of slide.
const (
	NoteSlide   SlideKind = "note"   // to be read
	PromptSlide SlideKind = "prompt" // to be talked about
	WordSlide   SlideKind = "word"   // one short answer each, moderated before any shows
	ItemSlide   SlideKind = "item"   // an item of the module
)

// Slide is one thing that stands on the screen of a room.
type Slide struct {
	ID      string
	Kind    SlideKind
	Item    *Item // of an item slide
	Minutes int

	words map[string]*SlideWords
}

// SlideWords is what a slide says in one language. What an item slide asks, its item says.
type SlideWords struct {
	Lang  string
	Title string
	Text  template.HTML
	Say   template.HTML // for the facilitator alone; may be empty

	Sources []*Source // what text and notes cite, in the order of the small numbers
}

// Notes returns the content notes that belong before the slide.
func (s *Slide) Notes() []string {
	if s.Item == nil {
		return nil
	}
	return s.Item.Notes
}

// In returns what the slide says in a language, or in the source language where it is not translated.
func (s *Slide) In(lang string) *SlideWords {
	if w, ok := s.words[lang]; ok {
		return w
	}
	return s.words[locale.Source]
}

// In returns what the template says of itself in a language, or in the source language where it is not translated.
func (t *Template) In(lang string) *TemplateWords {
	if w, ok := t.words[lang]; ok {
		return w
	}
	return t.words[locale.Source]
}

// Templates returns the module's templates for live workshops in the order of live.yaml.
func (m *Module) Templates() []*Template { return m.templates }

// Template returns the template with this id.
func (m *Module) Template(id string) (*Template, bool) {
	at := slices.IndexFunc(m.templates, func(t *Template) bool { return t.ID == id })
	if at < 0 {
		return nil, false
	}
	return m.templates[at], true
}

// live reads the module's templates, if it has any.
func (b *builder) live() {
	root, ok := b.file(liveFile, false)
	if !ok {
		return
	}
	b.said.add("live", root, true)
	f := root.mapping()
	for _, e := range f.need("templates").list() {
		t := b.template(e)
		if _, twice := b.m.Template(t.ID); twice {
			e.problem("template %q is there twice", t.ID)
		}
		b.m.templates = append(b.m.templates, t)
	}
	f.done()
}

func (b *builder) template(e node) *Template {
	f := e.mapping()
	t := &Template{ID: f.need("id").id(), Module: b.m, Minutes: f.need("minutes").number(1, 240), words: map[string]*TemplateWords{}}
	p := newProse(b.m.Sources)
	w := &TemplateWords{Lang: locale.Source, Title: f.need("title").line(), Summary: f.need("summary").line(), Protocol: p.html(f.need("protocol"))}
	checkClaims(f.get("protocol"))
	w.Sources = p.cited
	t.words[locale.Source] = w
	minutes, asked := 0, 0
	for _, n := range f.need("slides").list() {
		s := b.slide(n)
		if s == nil {
			continue
		}
		if slices.ContainsFunc(t.Slides, func(o *Slide) bool { return o.ID == s.ID }) {
			n.problem("slide %q is there twice", s.ID)
		}
		if minutes += s.Minutes; s.Kind == ItemSlide {
			asked++
		}
		t.Slides = append(t.Slides, s)
	}
	if asked == 0 {
		f.problem("a template asks at least one item of the module")
	}
	if minutes > t.Minutes {
		f.get("minutes").problem("the slides take %d minutes, the template says %d", minutes, t.Minutes)
	}
	f.done()
	return t
}

// slide reads one slide; nil when it cannot be told what kind it is.
func (b *builder) slide(e node) *Slide {
	f := e.mapping()
	s := &Slide{words: map[string]*SlideWords{}}
	for _, k := range []SlideKind{NoteSlide, PromptSlide, WordSlide, ItemSlide} {
		if _, ok := f.values[string(k)]; ok {
			if s.Kind != "" {
				f.names[string(k)].problem("a slide is of one kind: %s or %s", s.Kind, k)
				return nil
			}
			s.Kind, s.ID = k, f.get(string(k)).id()
		}
	}
	if s.Kind == "" {
		e.problem("a slide starts with note, prompt, word or item")
		return nil
	}
	s.Minutes = f.need("minutes").number(0, 120)
	p := newProse(b.m.Sources)
	w := &SlideWords{Lang: locale.Source}
	if s.Kind == ItemSlide {
		s.Item = b.roomItem(f.get(string(ItemSlide)), s.ID)
	} else {
		w.Title = f.need("title").line()
		if t := f.get("text"); !t.missing() {
			w.Text = p.html(t)
			checkClaims(t)
		}
	}
	if say := f.get("say"); !say.missing() {
		w.Say = p.html(say)
		checkClaims(say)
	}
	w.Sources = p.cited
	s.words[locale.Source] = w
	f.done()
	if s.Kind == ItemSlide && s.Item == nil {
		return nil
	}
	return s
}

// roomItem finds an item that may be asked in a room.
func (b *builder) roomItem(n node, id string) *Item {
	it, ok := b.m.Item(id)
	switch {
	case !ok:
		n.problem("the module has no item %q", id)
		return nil
	case !it.Asked():
		n.problem("%q is a %s, which asks nothing", id, it.Kind)
		return nil
	case !it.Room:
		n.problem("%q does not say room: true", id)
	}
	return it
}

// live reads the templates' translation.
func (o *overlay) live() {
	if len(o.b.m.templates) == 0 {
		return
	}
	root, ok := o.b.file(path.Join(o.lang, liveFile), o.must)
	if !ok {
		return
	}
	o.said.add("live", root, false)
	f := root.mapping()
	all := f.need("templates").mapping()
	for _, t := range o.b.m.templates {
		n := all.get(t.ID)
		if n.missing() {
			if o.must {
				f.problem("template %q is not translated", t.ID)
			}
			continue
		}
		o.template(t, n.mapping())
	}
	all.done()
	f.done()
}

func (o *overlay) template(t *Template, f *mapping) {
	p := newProse(o.b.m.Sources)
	p.cited = slices.Clone(t.words[locale.Source].Sources) // the numbers stay the same in every language
	w := &TemplateWords{Lang: o.lang, Title: f.need("title").line(), Summary: f.need("summary").line(), Protocol: p.html(f.need("protocol"))}
	w.Sources = p.cited
	t.words[o.lang] = w
	slides := f.need("slides").mapping()
	for _, s := range t.Slides {
		src := s.words[locale.Source]
		if src.Title == "" && src.Say == "" { // its item says everything
			continue
		}
		n := slides.need(s.ID).mapping()
		words := &SlideWords{Lang: o.lang}
		p := newProse(o.b.m.Sources)
		p.cited = slices.Clone(src.Sources)
		if src.Title != "" {
			words.Title = n.need("title").line()
		}
		if src.Text != "" {
			words.Text = p.html(n.need("text"))
		}
		if src.Say != "" {
			words.Say = p.html(n.need("say"))
		}
		words.Sources = p.cited
		s.words[o.lang] = words
		n.done()
	}
	slides.done()
	f.done()
}
