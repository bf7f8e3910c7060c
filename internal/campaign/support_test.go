package campaign

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func TestDirectoryIsRefused(t *testing.T) {
	const whole = `services:
  - id: police
    kind: police
    nations: [wales]
    name: {en: "Police, not urgent", cy: Heddlu}
    text: {en: By day., cy: Liw dydd.}
    telephone: "101"
    source: https://example.org/
    read: 2026-11-20
    review: 2027-05-20
`
	read := func(old, with string) error {
		if !strings.Contains(whole, old) {
			t.Fatalf("there is no %q", old)
		}
		src := strings.Replace(whole, old, with, 1)
		_, err := readDirectory(fstest.MapFS{supportFile: {Data: []byte(src)}}, []string{"en", "cy"})
		return err
	}
	if err := read("", ""); err != nil {
		t.Fatal(err)
	}
	for old, test := range map[string]struct{ with, says string }{
		`"Police, not urgent"`:        {"Police, not urgent", `no language "not urgent"`},
		"    review: 2027-05-20\n":    {"", "review is missing"},
		"review: 2027-05-20":          {"review: soon", "review is missing"},
		"review: 2027-05-20\n":        {"review: 2026-11-20\n", "review is missing"},
		"read: 2026-11-20":            {"read: 2026-13-20", "source and read are missing"},
		"cy: Heddlu":                  {`cy: ""`, `missing in "cy"`},
		"source: https://example.org": {"source: example.org", "source and read are missing"},
	} {
		if err := read(old, test.with); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s for %s: %v", test.with, old, err)
		}
	}
}

func TestDirectoryIsReadAgain(t *testing.T) {
	list, err := readDirectory(supportFiles, []string{"en", "cy"})
	if err != nil {
		t.Fatal(err)
	}
	soonest := list[0].Review
	for _, s := range list {
		soonest = min(soonest, s.Review)
	}
	day, err := time.Parse(time.DateOnly, soonest)
	if err != nil {
		t.Fatal(err)
	}
	if due, err := Overdue(day.Add(23 * time.Hour)); len(due) != 0 || err != nil {
		t.Errorf("on the day itself: %v, %v", due, err)
	}
	if due, err := Overdue(day.AddDate(0, 0, 1)); len(due) == 0 || err != nil || due[0].File != supportFile {
		t.Errorf("the day after: %v, %v", due, err)
	}
}

// TestEveryNationHasItsPolice holds what replies in the training link to: the section of the police on the support page.
func TestEveryNationHasItsPolice(t *testing.T) {
	list, err := readDirectory(supportFiles, []string{"en", "cy"})
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{directory: list}
	for _, nation := range []string{"england", "wales", "scotland", "northern-ireland"} {
		ways := map[string]bool{}
		for _, g := range viewGroups(s.For(nation), "en") {
			for _, one := range g.Services {
				ways[g.Kind+one.Link] = true
			}
		}
		if len(ways) == 0 || !ways["police"] || !slices.ContainsFunc(slices.Collect(maps.Keys(ways)), func(w string) bool { return strings.HasPrefix(w, "policehttps://") }) {
			t.Errorf("%s: no police by telephone and online: %v", nation, ways)
		}
	}
}
