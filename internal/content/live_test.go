package content

import (
	"strings"
	"testing"
)

func TestTemplates(t *testing.T) {
	m := load(t, nil)
	tpl, ok := m.Template("small-talk")
	if !ok || len(m.Templates()) != 1 || len(tpl.Slides) != 9 || tpl.Minutes != 30 || tpl.In("cy").Title != "Gweithdy bach" || tpl.In("fr").Protocol != "<p>Listen.</p>" {
		t.Fatalf("%+v", tpl)
	}
	hello, pick := tpl.Slides[0], tpl.Slides[1]
	if hello.Kind != NoteSlide || hello.In("cy").Title != "Helo" || hello.In("en").Say != "<p>Say hello.</p>" || hello.Notes() != nil {
		t.Errorf("note: %+v", hello.In("cy"))
	}
	if pick.Kind != ItemSlide || pick.Item != item(t, m, "pick-one") || pick.In("cy").Say != "<p>Arhoswch ychydig.</p>" {
		t.Errorf("item: %+v", pick)
	}
	if _, ok := m.Template("none"); ok {
		t.Error("there is a template without a name")
	}
}

func TestEveryProblemOfATemplateIsNamed(t *testing.T) {
	live, cy := "small/live.yaml", "small/cy/live.yaml"
	for name, test := range map[string]struct{ file, old, new, want string }{
		"no such item":           {live, "item: pick-one", "item: pick-none", `small/live.yaml:13:16: the module has no item "pick-none"`},
		"not for a room":         {live, "item: pick-one", "item: pick-other", `"pick-other" does not say room: true`},
		"a page":                 {live, "item: pick-one", "item: first-page", `"first-page" is a page, which asks nothing`},
		"twice":                  {live, "item: pick-some", "item: pick-one", `slide "pick-one" is there twice`},
		"too long":               {live, "minutes: 30", "minutes: 10", "the slides take 20 minutes, the template says 10"},
		"no kind":                {live, "prompt: in-pairs", "talk: in-pairs", "a slide starts with note, prompt, word or item"},
		"two kinds":              {live, "{prompt: in-pairs,", "{prompt: in-pairs, word: x,", "a slide is of one kind: prompt or word"},
		"unknown key":            {live, "summary:", "sumary:", `unknown key "sumary"`},
		"claim without source":   {live, "Say hello.", "The law says so.", "a claim without a source"},
		"translated what is not": {cy, "hello:", "helo:", `unknown key "helo"`},
		"half translated":        {cy, ", text: Darllenwch hwn.", "", "text is missing"},
	} {
		_, err := Load(small(t, map[string][]string{test.file: {test.old, test.new}}))
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %s", name, err, test.want)
		}
	}
}
