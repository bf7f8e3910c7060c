package requirement

import (
	"context"
	"slices"
	"strings"
)

// Value is a cohort, department, level, mode or label of a roster: its slug, and how it was first written.
type Value struct {
	ID   string `bson:"_id"` // institution/kind/slug
	Name string `bson:"name"`
}

// Kinds of values.
const (
	Cohorts     = "cohort"
	Departments = "department"
	Levels      = "level"
	Modes       = "mode"
	Labels      = "label"
)

// Slug is what groups and places call the value.
func (v Value) Slug() string { return v.ID[strings.LastIndexByte(v.ID, '/')+1:] }

func (r Row) values(institution string) []Value {
	all := []Value{}
	add := func(kind, name string) {
		if name != "" {
			all = append(all, Value{institution + "/" + kind + "/" + slug(name), name})
		}
	}
	add(Cohorts, r.Cohort)
	add(Departments, r.Department)
	add(Levels, r.Level)
	add(Modes, r.Mode)
	for _, l := range r.Labels {
		add(Labels, l)
	}
	return all
}

// Values are what an institution's roster holds, by kind.
type Values map[string][]Value

// Values returns what the roster holds, for choosing from it and for naming places.
func (s *Service) Values(ctx context.Context, institution string) (Values, error) {
	list, err := s.store.values(ctx, institution)
	if err != nil {
		return nil, err
	}
	all := Values{}
	for _, v := range list {
		_, rest, _ := strings.Cut(v.ID, "/")
		kind, _, _ := strings.Cut(rest, "/")
		all[kind] = append(all[kind], v)
	}
	for _, list := range all {
		slices.SortFunc(list, func(a, b Value) int { return strings.Compare(slug(a.Name), slug(b.Name)) })
	}
	return all, nil
}

// Name returns how a slug of a kind is written, or the slug.
func (v Values) Name(kind, slug string) string {
	for _, one := range v[kind] {
		if one.Slug() == slug {
			return one.Name
		}
	}
	return slug
}

// Place names the parts of a place behind its institution: cohort, department, level, as far as it goes. A part that the roster left empty is Nowhere.
func (v Values) Place(place string) []string {
	parts := PlaceParts(place)[1:]
	for i, kind := range []string{Cohorts, Departments, Levels} {
		if i < len(parts) {
			parts[i] = v.Name(kind, parts[i])
		}
	}
	return parts
}
