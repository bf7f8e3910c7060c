package public

import (
	"io/fs"
	"testing"
)

// TestBudgets holds stylesheets and scripts to what a phone on a bad network can be asked to load, before compression.
func TestBudgets(t *testing.T) {
	for folder, budget := range map[string]int{"css": 30_000, "js": 20_000} {
		entries, err := fs.ReadDir(Files, folder)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, e := range entries {
			b, err := fs.ReadFile(Files, folder+"/"+e.Name())
			if err != nil {
				t.Fatal(err)
			}
			size += len(b)
		}
		if size == 0 || size >= budget {
			t.Errorf("%s/ holds %d bytes; the budget is %d", folder, size, budget)
		}
	}
}
