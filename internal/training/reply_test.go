package training

import (
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/content"
)

// TestWhatMayBeACrimeLeadsToTheSignpost flags each thing that can be flagged, alone: the link stands in the reply that shows it, and nowhere before.
func TestWhatMayBeACrimeLeadsToTheSignpost(t *testing.T) {
	const link = `<a href="/north/support#kind-police">`
	for name, test := range map[string]struct {
		item  string
		flag  func(*content.Item)
		shown []string
		other []string // an answer whose reply shows nothing that is flagged; nil: there is none
	}{
		"choice": {"pick-some", func(it *content.Item) { it.Crime = true }, []string{"do", "answer", "option", "c"}, nil},
		"option": {"pick-some", func(it *content.Item) { option(it, "c").Crime = true }, []string{"do", "answer", "option", "c"}, []string{"do", "answer", "option", "a"}},
		"myth":   {"a-myth", func(it *content.Item) { it.Crime = true }, []string{"do", "answer", "verdict", "true", "sure", "1"}, nil},
		"thing": {"a-line", func(it *content.Item) {
			for i := range it.Things {
				it.Things[i].Crime = i == 0
			}
		}, []string{"do", "answer", "place-whistle", "everyday", "place-touch", "crime"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			it, _ := f.module().Item(test.item)
			for i := range it.Things {
				it.Things[i].Crime = false
			}
			v := f.SignIn("sam@north.example")
			reply := func(form []string) string {
				before := f.unanswered(v, f.module(), "main", it, func(*Journey) {})
				if strings.Contains(before, "kind-police") {
					t.Error("the page before the answer tells")
				}
				v.Post(f.path(test.item), form...)
				return v.Get(f.path(test.item)).Body
			}
			if strings.Contains(reply(test.shown), link) {
				t.Error("nothing is flagged, and the reply leads on")
			}
			test.flag(it)
			if !strings.Contains(reply(test.shown), link) {
				t.Error("the reply does not lead to the police and who else can help")
			}
			if test.other != nil && strings.Contains(reply(test.other), link) {
				t.Error("the reply leads on although it shows nothing that is flagged")
			}
		})
	}
}

func option(it *content.Item, id string) *content.Option {
	for i := range it.Options {
		if it.Options[i].ID == id {
			return &it.Options[i]
		}
	}
	return nil
}

// TestEndingsThatMayBeACrime plays a story to two endings, of which one is flagged.
func TestEndingsThatMayBeACrime(t *testing.T) {
	f := newFixture(t)
	it, _ := f.module().Item("a-story")
	v := f.SignIn("sam@north.example")
	walks := map[string][]string{} // by the ending they lead to
	var walk func(id string, steps []string)
	walk = func(id string, steps []string) {
		m, _ := it.Moment(id)
		if m.Ending() {
			walks[id] = steps
		}
		for _, c := range m.Choices {
			walk(c.To, append(steps[:len(steps):len(steps)], c.ID))
		}
	}
	walk(it.Start, nil)
	flagged := ""
	for i := range it.Moments {
		if it.Moments[i].Ending() && flagged == "" {
			flagged, it.Moments[i].Crime = it.Moments[i].ID, true
		}
	}
	if len(walks) < 2 {
		t.Fatalf("the story has the endings %v", walks)
	}
	for end, steps := range walks {
		f.unanswered(v, f.module(), "main", it, func(j *Journey) {
			j.Walks, j.Explored = map[string][]string{}, map[string]map[string][]string{}
		})
		for i, step := range steps {
			if strings.Contains(v.Get(f.path(it.ID)).Body, "kind-police") {
				t.Errorf("%v: told before the end", steps[:i])
			}
			v.Post(f.path(it.ID), "do", "step", "at", string(rune('0'+i)), "step", step)
		}
		if got := strings.Contains(v.Get(f.path(it.ID)).Body, "/support#kind-police"); got != (end == flagged) {
			t.Errorf("at the ending %s: a link %v", end, got)
		}
	}
}
