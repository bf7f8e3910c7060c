package public

import (
	"io/fs"
	"slices"
	"testing"
)

func size(t *testing.T, names ...string) int {
	t.Helper()
	n := 0
	for _, name := range names {
		b, err := fs.ReadFile(Files, name)
		if err != nil {
			t.Fatal(err)
		}
		n += len(b)
	}
	return n
}

// TestBudgets holds stylesheets and scripts to what a phone on a bad network can be asked to load, before compression. The two halves of the site
// and a workshop each load what all have in common and files of their own: no page loads another's.
func TestBudgets(t *testing.T) {
	const css, js = 30_000, 20_000
	pages := []struct {
		name    string
		css, js []string
	}{
		{name: "public", css: []string{"css/site.css"}, js: []string{"js/passkey.js"}},
		{name: "signed in", css: []string{"css/site.css", "css/app.css"}, js: []string{"js/player.js", "js/passkey.js"}},
		{name: "workshop", css: []string{"css/site.css", "css/room.css"}, js: []string{"js/room.js"}},
	}
	common := []string{"js/theme.js", "js/leave.js", "js/site.js", "js/sw.js"}
	counted := slices.Clone(common)
	for _, p := range pages {
		if n := size(t, p.css...); n >= css {
			t.Errorf("a page of kind %q loads %d bytes of stylesheets; the budget is %d", p.name, n, css)
		}
		if n := size(t, append(slices.Clone(common), p.js...)...); n >= js {
			t.Errorf("a page of kind %q loads %d bytes of scripts; the budget is %d", p.name, n, js)
		}
		counted = append(append(counted, p.css...), p.js...)
	}
	for _, pattern := range []string{"css/*", "js/*"} {
		names, err := fs.Glob(Files, pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			if !slices.Contains(counted, name) {
				t.Errorf("%s is on no kind of page that is counted here", name)
			}
		}
	}
}
