package content

import (
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/locale"
)

// sectionFile is the name of a section's file: a number that orders the folder, and the section's id.
var sectionFile = regexp.MustCompile(`^\d+-([a-z0-9-]+)\.yaml$`)

// builder reads one module's folder.
type builder struct {
	r      *report
	fsys   fs.FS
	folder string
	m      *Module

	routeLists map[*Route][]node // where routes name their sections, for the checks across files
	outcomeAt  map[string]position
	said       said // the source language
}

func readModule(r *report, fsys fs.FS, folder string) *Module {
	b := &builder{r: r, fsys: fsys, folder: folder, m: &Module{
		Languages: map[string]Completeness{}, Sources: map[string]*Source{}, words: map[string]*ModuleWords{},
		items: map[string]*Item{}, slugs: map[string]*Item{},
	}, routeLists: map[*Route][]node{}, outcomeAt: map[string]position{}, said: said{}}
	b.sources()
	b.module()
	b.sections()
	b.routes()
	b.live()
	b.overlays()
	b.check()
	return b.m
}

// file reads and parses one file of the module; false when it is not there or cannot be read.
func (b *builder) file(name string, must bool) (node, bool) {
	full := path.Join(b.folder, name)
	src, err := fs.ReadFile(b.fsys, full)
	if err != nil {
		if must {
			b.r.add(position{file: full, line: 1, column: 1}, "the file is missing")
		}
		return node{}, false
	}
	return parse(b.r, full, src)
}

func (b *builder) sources() {
	root, ok := b.file("sources.yaml", true)
	if !ok {
		return
	}
	b.m.Sources = readSources(root.mapping())
}

// readSources reads a mapping of sources by id.
func readSources(all *mapping) map[string]*Source {
	sources := map[string]*Source{}
	for _, id := range all.keys {
		all.asked[id] = true
		if !idRule.MatchString(id) || len(id) > 48 {
			all.names[id].problem("an id is lower-case words joined by hyphens, at most 48 letters, not %q", id)
		}
		f := all.values[id].mapping()
		s := &Source{
			ID:           id,
			Title:        f.need("title").line(),
			Publisher:    f.need("publisher").line(),
			Year:         f.need("year").number(1200, 2100),
			Address:      f.need("address").line(),
			Jurisdiction: f.need("jurisdiction").one(Jurisdictions()...),
			Read:         f.need("read").day(),
			Review:       f.need("review").day(),
		}
		if !strings.HasPrefix(s.Address, "https://") && !strings.HasPrefix(s.Address, "http://") {
			f.get("address").problem("an address starts with https://")
		}
		f.done()
		sources[id] = s
	}
	return sources
}

func (b *builder) module() {
	root, ok := b.file("module.yaml", true)
	if !ok {
		return
	}
	b.said.add("", root, true)
	m, f := b.m, root.mapping()
	m.ID = f.need("id").id()
	if m.ID != path.Base(b.folder) {
		f.get("id").problem("the module's id is its folder's name, %s", path.Base(b.folder))
		m.ID = path.Base(b.folder)
	}
	m.Slug = slugOf(m.ID)
	m.Edition = f.need("edition").line()
	m.words[locale.Source] = &ModuleWords{Lang: locale.Source, Title: f.need("title").line(), Summary: f.need("summary").line()}
	m.Drawing = drawing(f)
	m.Audience = f.need("audience").oneOf([]string{"students", "staff"})
	m.Jurisdiction = f.need("jurisdiction").one(Jurisdictions()...)
	m.Review = f.need("review").day()
	m.Pass = 80
	if p := f.get("pass"); !p.missing() {
		m.Pass = p.number(1, 100)
	}
	langs := f.get("languages").mapping()
	for _, l := range langs.keys {
		if l == locale.Source || !regexp.MustCompile(`^[a-z]{2,3}$`).MatchString(l) {
			langs.names[l].problem("%q is not the code of another language", l)
		}
		m.Languages[l] = Completeness(langs.get(l).one(string(Partial), string(Complete)))
	}
	for _, e := range f.need("outcomes").list() {
		o := e.mapping()
		out := &Outcome{ID: o.need("id").id(), Title: locale.Text{locale.Source: o.need("title").line()}}
		if _, twice := m.Outcome(out.ID); twice {
			e.problem("outcome %q is there twice", out.ID)
		}
		b.outcomeAt[out.ID] = e.at
		m.Outcomes = append(m.Outcomes, out)
		o.done()
	}
	for _, e := range f.need("routes").list() {
		r := e.mapping()
		route := &Route{
			ID:      r.need("id").id(),
			Minutes: r.need("minutes").number(1, 240),
			Title:   locale.Text{locale.Source: r.need("title").line()},
			Summary: locale.Text{locale.Source: r.need("summary").line()},
			at:      e.at,
		}
		if _, twice := m.Route(route.ID); twice {
			e.problem("route %q is there twice", route.ID)
		}
		b.routeLists[route] = append(r.need("sections").list(), e) // e stands last, for a route without sections
		m.Routes = append(m.Routes, route)
		r.done()
	}
	if len(m.Outcomes) == 0 || len(m.Routes) == 0 {
		f.problem("a module has at least one outcome and one route")
	}
	f.done()
}

func (b *builder) sections() {
	entries, err := fs.ReadDir(b.fsys, b.folder)
	if err != nil {
		b.r.add(position{file: b.folder}, "the folder cannot be read: %v", err)
		return
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case e.IsDir():
			if _, known := b.m.Languages[name]; !known {
				b.r.add(position{file: path.Join(b.folder, name), line: 1, column: 1}, "module.yaml names no language %q", name)
			}
		case sectionFile.MatchString(name):
			b.section(name)
		case name != "module.yaml" && name != "sources.yaml" && name != liveFile && !strings.HasPrefix(name, "."):
			b.r.add(position{file: path.Join(b.folder, name), line: 1, column: 1}, "a section's file is named like 10-what-consent-is.yaml")
		}
	}
}

func (b *builder) section(name string) {
	root, ok := b.file(name, true)
	if !ok {
		return
	}
	f := root.mapping()
	b.said.add(sectionFile.FindStringSubmatch(name)[1], root, true)
	s := &Section{ID: sectionFile.FindStringSubmatch(name)[1], Title: locale.Text{locale.Source: f.need("title").line()}}
	if slices.ContainsFunc(b.m.Sections, func(o *Section) bool { return o.ID == s.ID }) {
		f.problem("section %q is there twice", s.ID)
	}
	for _, e := range f.need("items").list() {
		if slot := b.slot(s, e); len(slot) > 0 {
			s.Slots = append(s.Slots, slot)
		}
	}
	f.done()
	b.m.Sections = append(b.m.Sections, s)
}

func (b *builder) slot(s *Section, e node) Slot {
	f := e.mapping()
	ask := f.get("ask")
	if ask.missing() {
		if it := b.item(s, e); it != nil {
			return Slot{it}
		}
		return nil
	}
	f.done()
	var slot Slot
	for _, v := range ask.list() {
		it := b.item(s, v)
		if it == nil {
			continue
		}
		if !it.Asked() {
			v.problem("a %s asks nothing: take it out of the variants", it.Kind)
		}
		if len(slot) > 0 && (slot[0].Outcome != it.Outcome || slot[0].Marked() != it.Marked()) {
			v.problem("variants serve one outcome and are all marked or none")
		}
		slot = append(slot, it)
	}
	return slot
}

func (b *builder) routes() {
	for _, r := range b.m.Routes {
		list := b.routeLists[r]
		owner := list[len(list)-1]
		for _, e := range list[:len(list)-1] {
			id := e.id()
			at := slices.IndexFunc(b.m.Sections, func(s *Section) bool { return s.ID == id })
			if at < 0 {
				e.problem("there is no section %q", id)
				continue
			}
			if slices.Contains(r.Sections, b.m.Sections[at]) {
				e.problem("section %q is there twice", id)
			}
			r.Sections = append(r.Sections, b.m.Sections[at])
		}
		if len(r.Sections) == 0 {
			owner.problem("route %q has no section", r.ID)
		}
	}
}
