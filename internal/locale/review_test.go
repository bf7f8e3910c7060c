package locale

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestMessagesWaitUntilTheyArePassed(t *testing.T) {
	files := func(en, cy, passed string) fstest.MapFS {
		fsys := fstest.MapFS{"en.yaml": {Data: []byte(en)}, "cy.yaml": {Data: []byte(cy)}}
		if passed != "" {
			fsys["review/cy.yaml"] = &fstest.MapFile{Data: []byte(passed)}
		}
		return fsys
	}
	const (
		en = "a: {b: Hello, c: {one: One, other: Many}}"
		cy = "a: {b: Helo, c: {zero: Dim, one: Un, two: Dau, few: Tri, many: Chwech, other: Llawer}}"
	)
	review := func(en, cy, passed string) Review {
		c, err := LoadFrom(files(en, cy, passed))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Reviews(); len(got) != 1 {
			t.Fatalf("%v", got)
		}
		return c.Reviews()[0]
	}
	r := review(en, cy, "")
	if got, want := r.String(), "interface: cy complete, 2 strings, 2 await a native reader"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if n := r.Pass("a.c"); n != 1 || r.Pass("a.c") != 0 {
		t.Errorf("passed %d", n)
	}
	passed := string(r.Bytes())
	for name, test := range map[string]struct {
		en, cy string
		wait   int
	}{
		"nothing":              {en, cy, 1},
		"the other message":    {en, strings.Replace(cy, "Helo", "Shwmae", 1), 1},
		"one of its forms":     {en, strings.Replace(cy, "Chwech", "Chwe", 1), 2},
		"the source's wording": {strings.Replace(en, "Many", "Lots", 1), cy, 2},
	} {
		if r := review(test.en, test.cy, passed); len(r.Pending()) != test.wait {
			t.Errorf("%s changed: %s", name, r)
		}
	}
	for name, bad := range map[string]string{"a message that is gone": "passed: {a.z: p0}", "another key": "done: {}", "no YAML": "passed: ["} {
		if _, err := LoadFrom(files(en, cy, bad)); err == nil || !strings.Contains(err.Error(), "review/cy.yaml") {
			t.Errorf("%s: %v", name, err)
		}
	}
	r.Pass("")
	if all := review(en, cy, string(r.Bytes())); len(all.Pending()) != 0 {
		t.Errorf("all passed: %s", all)
	}
	if got := string(review(en, cy, "").Bytes()); !strings.HasSuffix(got, "passed: {}\n") {
		t.Errorf("nothing passed: %q", got)
	}
}
