package public

import (
	"io/fs"
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

// TestBudgets holds stylesheets and scripts to what a phone on a bad network can be asked to load, before compression. No page loads more than
// 20 kB of scripts: those of the training and those of a workshop are never on one page.
func TestBudgets(t *testing.T) {
	const css, js = 30_000, 20_000
	folder := func(pattern string) []string {
		names, err := fs.Glob(Files, pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		return names
	}
	if n := size(t, folder("css/*")...); n >= css {
		t.Errorf("css/ holds %d bytes; the budget is %d", n, css)
	}
	var everywhereElse []string
	for _, name := range folder("js/*") {
		if name != "js/room.js" {
			everywhereElse = append(everywhereElse, name)
		}
	}
	if n := size(t, everywhereElse...); n >= js {
		t.Errorf("js/ without a workshop's script holds %d bytes; the budget is %d", n, js)
	}
	if n := size(t, "js/theme.js", "js/leave.js", "js/site.js", "js/sw.js", "js/room.js"); n >= js {
		t.Errorf("a workshop's page loads %d bytes of scripts; the budget is %d", n, js)
	}
}
