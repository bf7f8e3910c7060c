package people

import (
	"errors"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/fault"
)

const institutions = `
institutions:
  - id: north
    name: {en: North University}
    short: {en: North}
    nation: england
    colours: {main: "#21436b", accent: "#c9812b"}
    email_domains: [north.example]
    statements:
      prepared: 2026-11-20
      accessibility: {name: {en: Digital access team}, email: access@north.example, telephone: "01632 960 030"}
      data_protection: {name: {en: Data protection officer}, email: dpo@north.example}
      basis: public-task
      law: {en: its charter and statutes}
      kept: {en: for six years after you leave}
  - id: south
    name: {en: South University}
    short: {en: South}
    nation: wales
    colours: {main: "#ffffee", accent: "#4f8a5b"}
    email_domains: [south.example, south-alumni.example]
    statements:
      prepared: 2026-11-20
      accessibility: {name: {en: Digital access team}, email: access@south.example, telephone: "01632 960 030"}
      data_protection: {name: {en: Data protection officer}, email: dpo@south.example}
      basis: public-task
      law: {en: its charter and statutes}
      kept: {en: for six years after you leave}
`

func TestReadInstitutions(t *testing.T) {
	list, err := ReadInstitutions([]byte(institutions), []string{"en", "cy"})
	if err != nil || len(list) != 2 || len(list[0].Languages) != 2 {
		t.Fatalf("%+v, %v", list, err)
	}
	for name, test := range map[string]struct{ old, new, want string }{
		"unknown key":       {"nation: england", "nation: england\n    motto: none", "motto"},
		"reserved id":       {"id: north", "id: app", "none of the program's own words"},
		"a language as id":  {"id: north", "id: cy", "none of the program's own words"},
		"two of one id":     {"id: south", "id: north", `the id "north" is taken`},
		"two of one domain": {"[south.example,", "[north.example,", `the e-mail domain "north.example" is taken`},
		"bad colour":        {"#21436b", "red;}", "the colours main and accent"},
		"no nation":         {"nation: wales", "nation: france", `the nation "france"`},
		"no name":           {"name: {en: North University}", "name: {cy: Gogledd}", "must be given in English"},
		"unknown language":  {"nation: wales", "nation: wales\n    languages: [en, fr]", `does not speak "fr"`},
		"not YAML":          {"institutions:", "institutions: [", "institutions.yaml"},
	} {
		_, err := ReadInstitutions([]byte(strings.Replace(institutions, test.old, test.new, 1)), []string{"en", "cy"})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
	if _, err := ReadInstitutions(nil, []string{"en"}); err == nil {
		t.Error("an empty file was taken")
	}
}

func TestCleanEmail(t *testing.T) {
	if got, err := CleanEmail("  Sam.O'Neill+x@North.Example "); got != "sam.o'neill+x@north.example" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []string{"", "sam", "@north.example", "sam@", "sam@@north.example", "Sam <sam@north.example>", "sam@north.example\r\nBcc: x@y", strings.Repeat("x", 300) + "@north.example", `"a b"@north.example`} {
		if _, err := CleanEmail(bad); !errors.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"  Siân \t Ó Néill ": "Siân Ó Néill", "李小龍": "李小龍", "عمر": "عمر", "a\x00b\u202ec\u2066d": "abcd", "": "", "Zalgo\u0301": "Zalgo\u0301",
	} {
		if got, err := CleanName(in, "name"); got != want || err != nil {
			t.Errorf("%q: %q, %v", in, got, err)
		}
	}
	if _, err := CleanName(strings.Repeat("é", 121), "name"); !errors.Is(err, fault.Invalid) {
		t.Errorf("a name of 121 letters: %v", err)
	}
}

func TestContrast(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want float64
	}{{"#000000", "#ffffff", 21}, {"#faf6ef", "#faf6ef", 1}, {"#0f4f4b", "#faf6ef", 8.7}} {
		if got := contrast(test.a, test.b); got < test.want-0.05 || got > test.want+0.05 {
			t.Errorf("%s on %s: %.2f, want %.1f", test.a, test.b, got, test.want)
		}
	}
}

// Whatever two colours an institution has, what is written in them can be read by day and by night.
func TestBrandIsReadable(t *testing.T) {
	for _, colour := range []string{"#21436b", "#c9812b", "#ffffff", "#000000", "#ffff00", "#faf6ef", "#101716", "#7f7f7f", "#ff00ff"} {
		for _, ratio := range []float64{words, lines} {
			for _, ground := range []string{paper, sheet} {
				if got := contrast(corrected(colour, ink, ratio, paper, sheet), ground); got < ratio {
					t.Errorf("%s on %s: %.2f, want %.1f", colour, ground, got, ratio)
				}
			}
			for _, ground := range []string{night, nightSheet} {
				if got := contrast(corrected(colour, pale, ratio, night, nightSheet), ground); got < ratio {
					t.Errorf("%s on %s: %.2f, want %.1f", colour, ground, got, ratio)
				}
			}
		}
	}
	if got := corrected("#21436b", ink, words, paper, sheet); got != "#21436b" {
		t.Errorf("a colour that can be read is changed to %s", got)
	}
}

func TestScope(t *testing.T) {
	for _, c := range []struct {
		scope []string
		roles []Role
		place string
		want  bool
	}{
		{nil, nil, "north/2026/law/ug/", true},
		{[]string{"north/2026/law/"}, nil, "north/2026/law/ug/", true},
		{[]string{"north/2026/law"}, nil, "north/2026/law-and-more/ug/", false},
		{[]string{"north/2026/law/", "north/2025/"}, nil, "north/2025/arts/ug/", true},
		{[]string{"north/2026/law/"}, nil, "north/2026/arts/ug/", false},
		{[]string{"north/2026/law/"}, []Role{Admin}, "north/2026/arts/ug/", true},
	} {
		if got := (Person{Scope: c.scope, Roles: c.roles}).Sees(c.place); got != c.want {
			t.Errorf("%v sees %s: %v", c.scope, c.place, got)
		}
	}
}
