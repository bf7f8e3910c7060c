package locale

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestCataloguesAreComplete(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.Languages(), " "); got != "en cy" {
		t.Errorf("languages: %s", got)
	}
}

func TestSpeaker(t *testing.T) {
	c, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 3, 0, 0, 0, 0, time.UTC)
	for lang, want := range map[string]string{"en": "3 November 2026", "cy": "3 Tachwedd 2026", "fr": "3 November 2026"} {
		if got := c.In(lang).Day(day); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
	if got := c.In("cy").CivilDay("2027-01-29"); got != "29 Ionawr 2027" {
		t.Errorf("civil day: %q", got)
	}
	if got := c.In("en").CivilDay("soon"); got != "soon" {
		t.Errorf("no day: %q", got)
	}
	if got := c.In("en").Number(40000); got != "40,000" {
		t.Errorf("number: %q", got)
	}
	for n, want := range map[int]string{1: "You are signed in on 1 device.", 2: "You are signed in on 2 devices."} {
		if got := c.In("en").T("me.devices", "Count", n); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	for n, want := range map[int]string{2: "Tua 2 funud", 3: "Tua 3 munud", 20: "Tua 20 munud"} {
		if got := c.In("cy").T("catalog.minutes", "Count", n); got != want {
			t.Errorf("cy %d: %q, want %q", n, got, want)
		}
	}
	if got := c.In("cy").T("no.such.key"); got != "[no.such.key]" {
		t.Errorf("unknown key: %q", got)
	}
}

func TestText(t *testing.T) {
	words := Text{"en": "Consent", "cy": "Cydsyniad", "gd": ""}
	for lang, want := range map[string]string{"en": "Consent", "cy": "Cydsyniad", "gd": "Consent", "fr": "Consent"} {
		if got := words.In(lang); got != want {
			t.Errorf("%s: %q, want %q", lang, got, want)
		}
	}
}

func TestParity(t *testing.T) {
	for name, test := range map[string]struct{ en, cy, want string }{
		"missing":         {"a: {b: Hello, c: Bye}", "a: {b: Helo}", "cy: a.c is missing"},
		"unknown":         {"a: {b: Hello}", "a: {b: Helo, d: Hwyl}", "cy: a.d is not in the source language"},
		"plural form":     {"a: {one: One, other: Many}", "a: {one: Un, two: Dau, few: Tri, other: Llawer}", `cy: a lacks the plural form "zero"`},
		"placeholder":     {"a: {b: 'Hello {{.Name}}'}", "a: {b: Helo}", "cy: a.b leaves out {{.Name}}"},
		"own placeholder": {"a: {b: Hello}", "a: {b: 'Helo {{.Name}}'}", "cy: a.b (other) uses {{.Name}}, which the source does not"},
		"no source":       {"", "a: {b: Helo}", "there is no catalogue in the source language"},
	} {
		files := fstest.MapFS{"cy.yaml": {Data: []byte(test.cy)}}
		if test.en != "" {
			files["en.yaml"] = &fstest.MapFile{Data: []byte(test.en)}
		}
		if _, err := LoadFrom(files); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}
