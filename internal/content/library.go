package content

import (
	"fmt"
	"io/fs"
	"path"
	"time"

	"github.com/upstander/upstander/internal/locale"
)

// Library is every module of a folder and their glossary, parsed and checked. It never changes.
type Library struct {
	modules []*Module
	terms   []*Term
	cited   map[string]*Source // by the glossary
	byID    map[string]*Module
	bySlug  map[string]*Module
	reviews []locale.Review // of the glossary
}

// Load reads every module below fsys: each folder that holds a module.yaml. The error is Problems: everything that is wrong. The library is there beside
// them, as far as it could be read, for whoever wants to know what else is; nobody can learn from it.
func Load(fsys fs.FS) (*Library, error) {
	r := &report{}
	lib := &Library{byID: map[string]*Module{}, bySlug: map[string]*Module{}}
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("read modules: %w", err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		if _, err := fs.Stat(fsys, path.Join(e.Name(), "module.yaml")); err != nil {
			r.add(position{file: e.Name(), line: 1, column: 1}, "the folder holds no module.yaml")
			continue
		}
		m := readModule(r, fsys, e.Name())
		if other, twice := lib.bySlug[m.Slug]; twice {
			r.add(position{file: e.Name(), line: 1, column: 1}, "the id happens to share its address with %q: choose another", other.ID)
		}
		lib.modules = append(lib.modules, m)
		lib.byID[m.ID], lib.bySlug[m.Slug] = m, m
	}
	lib.readGlossary(r, fsys)
	for _, m := range lib.modules {
		linkTerms(m, lib.terms)
	}
	if len(lib.modules) == 0 {
		r.add(position{file: "."}, "there is no module")
	}
	return lib, r.problems.sorted().Err()
}

// Modules returns every module in the order of their folders' names.
func (l *Library) Modules() []*Module { return l.modules }

// Module returns the module with this id.
func (l *Library) Module(id string) (*Module, bool) { m, ok := l.byID[id]; return m, ok }

// ModuleBySlug returns the module that a neutral address names.
func (l *Library) ModuleBySlug(slug string) (*Module, bool) { m, ok := l.bySlug[slug]; return m, ok }

// Overdue lists the modules and sources, the glossary's among them, whose review date has passed. The program still starts with these: training must not
// go dark overnight because a date went by.
func (l *Library) Overdue(today time.Time) Problems {
	r := &report{}
	late := func(file, what string, by time.Time) {
		if day := by.Format(time.DateOnly); !by.IsZero() && day < today.Format(time.DateOnly) { // a day that is missing is a problem of its own
			r.add(position{file: file, line: 1, column: 1}, "%s by %s", what, day)
		}
	}
	sources := func(file string, cited map[string]*Source) {
		for _, s := range cited {
			late(file, fmt.Sprintf("source %q should have been read again", s.ID), s.Review)
		}
	}
	for _, m := range l.modules {
		late(m.ID+"/module.yaml", "the module should have been reviewed", m.Review)
		sources(m.ID+"/sources.yaml", m.Sources)
	}
	sources(glossaryFile, l.cited)
	return r.problems.sorted()
}
