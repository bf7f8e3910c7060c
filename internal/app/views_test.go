package app

import (
	"html/template"
	"io/fs"
	"maps"
	"regexp"
	"strings"
	"testing"

	"github.com/jba/templatecheck"

	"github.com/upstander/upstander/internal/campaign"
	"github.com/upstander/upstander/internal/certificate"
	"github.com/upstander/upstander/internal/insights"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/pledge"
	"github.com/upstander/upstander/internal/records"
	"github.com/upstander/upstander/internal/reminder"
	"github.com/upstander/upstander/internal/report"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/training"
	"github.com/upstander/upstander/internal/web"
	"github.com/upstander/upstander/internal/workshop"
	"github.com/upstander/upstander/public"
	"github.com/upstander/upstander/views"
)

func allViews() map[string]any {
	all := map[string]any{}
	for _, v := range []map[string]any{
		web.Views(), people.Views(), campaign.Views(), training.Views(), certificate.Views(), pledge.Views(), report.Views(), requirement.Views(), records.Views(), reminder.Views(), insights.Views(), workshop.Views(),
	} {
		maps.Copy(all, v)
	}
	return all
}

func templates(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := fs.WalkDir(views.Files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := fs.ReadFile(views.Files, path)
		files[strings.TrimSuffix(path, ".html")] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

var called = regexp.MustCompile(`\{\{-?\s*template "([^"]+)"`)

// TestViewsFitTheirPages type-checks every view against the struct it is rendered with, and finds views that nothing uses.
func TestViewsFitTheirPages(t *testing.T) {
	files := templates(t)
	root := template.New("")
	for name, text := range files {
		if strings.Contains(text, "{{define") || strings.Contains(text, "{{embed") {
			t.Errorf("%s: one file is one template", name)
		}
		template.Must(root.New(name).Parse(text))
	}
	used := map[string]bool{}
	var use func(name string)
	use = func(name string) {
		if used[name] {
			return
		}
		used[name] = true
		for _, m := range called.FindAllStringSubmatch(files[name], -1) {
			use(m[1])
		}
	}
	for name, page := range allViews() {
		use(name)
		view := root.Lookup(name)
		if view == nil {
			t.Errorf("%s: there is no such view", name)
			continue
		}
		if err := templatecheck.CheckHTML(view, page); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name := range files {
		if !used[name] {
			t.Errorf("%s: no page uses this view", name)
		}
	}
}

var (
	messageKey = regexp.MustCompile(`\.(?:T|Counted|Phrased) "([^"]+)"`)
	formatKey  = regexp.MustCompile(`\.T \(printf "([a-z-]+)\.%s"`)
	assetName  = regexp.MustCompile(`\.Asset "([^"]+)"`)
)

// TestViewsSayWhatTheCatalogueKnows finds message keys and assets that are not there.
func TestViewsSayWhatTheCatalogueKnows(t *testing.T) {
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	groups := composed()
	for name, text := range templates(t) {
		for _, m := range messageKey.FindAllStringSubmatch(text, -1) {
			if !words.In("en").Knows(m[1]) {
				t.Errorf("%s: no message %q", name, m[1])
			}
		}
		for _, m := range formatKey.FindAllStringSubmatch(text, -1) {
			if len(groups[m[1]+"."]) == 0 {
				t.Errorf("%s: messages %s.… are made from values that this test does not know", name, m[1])
			}
			for _, id := range groups[m[1]+"."] {
				if !words.In("en").Knows(m[1] + "." + id) {
					t.Errorf("%s: no message %q", name, m[1]+"."+id)
				}
			}
		}
		for _, m := range assetName.FindAllStringSubmatch(text, -1) {
			if _, err := fs.Stat(public.Files, m[1]); err != nil {
				t.Errorf("%s: no asset %q", name, m[1])
			}
		}
	}
}
