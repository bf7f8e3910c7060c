package modules_test

import (
	"slices"
	"testing"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/modules"
)

// unfinished lists translations that are under way: nothing else in this folder may lack a word in any language of the interface. Whoever finishes one
// sets it to complete in module.yaml and takes it off the list; the test fails until both are done.
func unfinished() []string {
	return []string{"bystander cy", "consent cy", "glossary cy"}
}

func TestShippedContentIsCompleteInEveryLanguage(t *testing.T) {
	lib, err := content.Load(modules.Files)
	if err != nil {
		t.Fatal(err)
	}
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	complete := map[string]bool{}
	for _, r := range lib.Reviews() {
		complete[r.Of+" "+r.Lang] = len(r.Strings) == r.Wanted
	}
	for _, lang := range words.Languages() {
		if lang == locale.Source {
			continue
		}
		wanted := []string{"glossary " + lang}
		for _, m := range lib.Modules() {
			what := m.ID + " " + lang
			wanted = append(wanted, what)
			if declared := m.Languages[lang] == content.Complete; declared == slices.Contains(unfinished(), what) {
				t.Errorf("%s: module.yaml says %q, the list of unfinished ones %v", what, m.Languages[lang], unfinished())
			}
		}
		for _, what := range wanted {
			if complete[what] == slices.Contains(unfinished(), what) {
				t.Errorf("%s: complete is %v, and on the list of unfinished ones is %v", what, complete[what], complete[what])
			}
		}
	}
}
