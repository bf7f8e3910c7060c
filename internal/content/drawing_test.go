package content

import (
	"os"
	"strings"
	"testing"
)

func TestDrawingsAreDrawn(t *testing.T) {
	art, err := os.ReadFile("../../public/art/scenes.svg")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Drawings() {
		if !strings.Contains(string(art), `<symbol id="`+name+`"`) {
			t.Errorf("scenes.svg has no scene %q", name)
		}
	}
}
