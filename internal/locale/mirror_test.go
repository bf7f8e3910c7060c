package locale

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestMirror(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if c.Has(Mirror) || c.In(Mirror).Lang != Source {
		t.Error("the mirror is there without being asked for")
	}
	m := c.Mirrored()
	if !m.Has(Mirror) || slices.Contains(m.Languages(), Mirror) || !slices.Contains(m.Spoken(), Mirror) || slices.Contains(c.Spoken(), Mirror) {
		t.Errorf("languages %v, spoken %v", m.Languages(), m.Spoken())
	}
	s := m.In(Mirror)
	for _, test := range []struct {
		key  string
		args []any
		keep []string // of what is put in
	}{
		{"site.skip", nil, nil},
		{"home.by", []any{"Day", "29 January 2027"}, []string{"29 January 2027"}},
		{"catalog.minutes", []any{"Count", 20}, []string{"20"}},
		{"error.quote", []any{"ID", "abcdef"}, []string{"abcdef"}},
	} {
		got := s.T(test.key, test.args...)
		if !strings.Contains(got, "⟦") || !strings.Contains(got, "⟧") || strings.Contains(got, "[") {
			t.Errorf("%s: %q", test.key, got)
		}
		for _, keep := range test.keep {
			if !strings.Contains(got, keep) {
				t.Errorf("%s: %q has lost %q", test.key, got, keep)
			}
		}
	}
	for _, key := range c.Keys() {
		if got := s.T(key, "Count", 3); strings.HasPrefix(got, "[") || got == c.In(Source).T(key, "Count", 3) {
			t.Errorf("%s is not mirrored: %q", key, got)
		}
	}
	english, other := 0, 0
	for id, words := range c.In(Source).plain {
		english, other = english+utf8.RuneCountInString(words), other+utf8.RuneCountInString(s.plain[id])
	}
	if longer := float64(other) / float64(english); longer < 1.3 || longer > 1.6 {
		t.Errorf("the mirror is %.2f times as long", longer)
	}
}

func TestDirection(t *testing.T) {
	for lang, want := range map[string]string{"en": "ltr", "cy": "ltr", "ar": "rtl", Mirror: "rtl"} {
		if got := Direction(lang); got != want {
			t.Errorf("%s: %s", lang, got)
		}
	}
}
