package web

import (
	"html/template"
	"testing"

	"github.com/upstander/upstander/internal/locale"
)

func TestDirected(t *testing.T) {
	for in, want := range map[string]string{
		`<p lang="en">`:                                  `<p lang="en" dir="ltr">`,
		`<p class="x" lang="qaa">`:                       `<p class="x" lang="qaa" dir="rtl">`,
		`<p lang="{{.Words.Lang}}" id="a">`:              `<p lang="{{.Words.Lang}}" dir="{{$.DirOf (.Words.Lang)}}" id="a">`,
		`<html lang="qaa" dir="rtl">`:                    `<html lang="qaa" dir="rtl">`,
		`<a href="{{.URL}}" hreflang="{{.Lang}}">`:       `<a href="{{.URL}}" hreflang="{{.Lang}}">`,
		`<i lang="{{.A}}">x</i><i lang="{{ .B }}">y</i>`: `<i lang="{{.A}}" dir="{{$.DirOf (.A)}}">x</i><i lang="{{ .B }}" dir="{{$.DirOf (.B)}}">y</i>`,
	} {
		if got := directed(in); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestMirrorIsNoLanguageOfASite(t *testing.T) {
	list := []Site{{ID: "north", Languages: []string{"en", "cy"}}}
	for extra, want := range map[string]place{"": {lang: "en", page: "/qaa/support", rest: "/north"}, "qaa": {lang: "qaa", page: "/support", rest: "/north/qaa"}} {
		p, ok := newSites(list, extra).find("example.test", "/north/qaa/support")
		if !ok || p.lang != want.lang || p.page != want.page || p.rest != want.rest {
			t.Errorf("with %q: %+v, want %+v", extra, p, want)
		}
	}
}

func TestTextsOfAnotherLanguageSaySo(t *testing.T) {
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	words = words.Mirrored()
	in := func(lang string) Base { return Base{Lang: lang, speaker: words.In(lang)} }
	welsh, english := locale.Phrase{Text: "Tŷ & gardd", Lang: "cy"}, locale.Phrase{Text: "<b>House</b>", Lang: "en"}
	for _, test := range []struct{ got, want template.HTML }{
		{in("cy").Say(welsh), "Tŷ &amp; gardd"},
		{in("en").Say(welsh), `<span lang="cy">Tŷ &amp; gardd</span>`},
		{in("cy").Say(english), `<span lang="en">&lt;b&gt;House&lt;/b&gt;</span>`},
		{in(locale.Mirror).Say(english), `<span lang="en" dir="ltr">&lt;b&gt;House&lt;/b&gt;</span>`},
		{in("en").Say(locale.Phrase{}), ""},
		{in("en").Phrased("start.begin", "Way", english), "Start: &lt;b&gt;House&lt;/b&gt;"},
		{in("en").Phrased("done.lead", "Module", welsh, "Day", "<i>"), `<span lang="cy">Tŷ &amp; gardd</span>: you met the requirement on &lt;i&gt;.`},
		{in("en").Phrased("catalog.minutes", "Count", 2), "About 2 minutes"},
	} {
		if test.got != test.want {
			t.Errorf("got %s, want %s", test.got, test.want)
		}
	}
}
