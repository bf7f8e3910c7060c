package content

import (
	"math"
	"strings"
	"testing"

	"github.com/upstander/upstander/modules"
)

// TestReadingCountsWhatIsRead counts a choice with one of its replies, and every way through a story.
func TestReadingCountsWhatIsRead(t *testing.T) {
	m := load(t, nil)
	choice := item(t, m, "pick-one") // 5 of setting, 2 of question, 6 of options, 2 of a reply, 5 of because
	if got := choice.reading(); got != 20 {
		t.Errorf("a choice: %v words", got)
	}
	story := &Item{Kind: Scenario, Start: "a", words: map[string]*Words{"en": {Title: "T", Moments: map[string]MomentWords{
		"a": {Text: "<p>one two</p>", Choices: map[string]string{"x": "three", "y": "four"}},
		"b": {Text: "five", Says: "six <em>seven</em>"},
		"c": {Text: "eight", Choices: map[string]string{"z": "nine"}},
	}}}, Moments: []Moment{
		{ID: "a", Choices: []Step{{ID: "x", To: "b"}, {ID: "y", To: "c"}}},
		{ID: "b", Credit: 1},
		{ID: "c", Choices: []Step{{ID: "z", To: "b"}}},
	}}
	if got := story.reading(); got != 1+(7+9)/2 {
		t.Errorf("a story: %v words", got)
	}
}

func TestHastyRoutes(t *testing.T) {
	if due := loadLibrary(t, nil).Hasty(); len(due) != 0 {
		t.Errorf("a route that takes its time: %v", due)
	}
	lib := loadLibrary(t, map[string][]string{"small/module.yaml": {"minutes: 20", "minutes: 1"}})
	honest := lib.Modules()[0].Routes[0].Estimate()
	if due := lib.Hasty(); len(due) != 1 || !strings.HasPrefix(due[0].String(), "small/module.yaml:15:5: route \"main\" says 1 minutes") {
		t.Errorf("a route of %.1f minutes that says 1: %v", honest, due)
	}
	lib.Modules()[0].Routes[0].Minutes = int(math.Ceil(leastPartOfHonest * honest))
	if due := lib.Hasty(); len(due) != 0 {
		t.Errorf("a fifth under: %v", due)
	}
}

func loadLibrary(t *testing.T, changes map[string][]string) *Library {
	t.Helper()
	lib, err := Load(small(t, changes))
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func TestTimesOfShippedRoutes(t *testing.T) {
	lib, err := Load(modules.Files)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range lib.Modules() {
		t.Log(m.ID, m.Times())
		for _, r := range m.Routes {
			if r.Estimate() < 1 {
				t.Errorf("%s, %s: %v minutes", m.ID, r.ID, r.Estimate())
			}
		}
	}
}
