package modules_test

import (
	"slices"
	"testing"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/modules"
)

// TestShippedContentIsCompleteInEveryLanguage holds that nothing in this folder lacks a word in any language of the interface. Elsewhere a module may be
// partial; what the program brings along may not.
func TestShippedContentIsCompleteInEveryLanguage(t *testing.T) {
	lib, err := content.Load(modules.Files)
	if err != nil {
		t.Fatal(err)
	}
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range words.Languages() {
		if lang == locale.Source {
			continue
		}
		wanted := []string{"glossary"}
		for _, m := range lib.Modules() {
			wanted = append(wanted, m.ID)
			if m.Languages[lang] != content.Complete {
				t.Errorf("%s/module.yaml: languages: {%s: %s}, want complete", m.ID, lang, m.Languages[lang])
			}
		}
		for _, what := range wanted {
			at := slices.IndexFunc(lib.Reviews(), func(r locale.Review) bool { return r.Of == what && r.Lang == lang })
			if at < 0 {
				t.Errorf("%s is not translated into %s", what, lang)
			} else if r := lib.Reviews()[at]; len(r.Strings) != r.Wanted {
				t.Error(r)
			}
		}
	}
}
