package locale

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// A translation waits for a native reader, string by string, until somebody has passed it. What was passed is kept beside the translation, under the
// string's id, as a mark of what was read: the text and what it translates. So a string waits again as soon as either of them changes, and nobody
// has to remember to say so.

// Review is how far native readers have come with one language of something.
type Review struct {
	Of      string // a module's id, glossary, interface, support or pledge
	Lang    string
	File    string   // where passes are kept, within the folder of what is reviewed
	Wanted  int      // strings that the source language has
	Strings []String // those that are translated
	Missing []string // ids of those that are not
}

// String is one translated string.
type String struct {
	ID     string // of the string within what is reviewed: steps joined by dots
	Source string
	Text   string
	Passed bool
}

// Mark tells one reading of a string from another.
func Mark(source, text string) string {
	sum := sha256.Sum256([]byte(source + "\x00" + text))
	return "p" + hex.EncodeToString(sum[:6]) // the letter keeps YAML from reading a number
}

// NewReview compares what a translation says with the source, both by id, and with what has been passed.
func NewReview(of, lang, file string, source, own, passed map[string]string) Review {
	r := Review{Of: of, Lang: lang, File: file, Wanted: len(source)}
	for id, text := range own {
		if src, ok := source[id]; ok {
			r.Strings = append(r.Strings, String{ID: id, Source: src, Text: text, Passed: passed[id] == Mark(src, text)})
		}
	}
	for id := range source {
		if _, ok := own[id]; !ok {
			r.Missing = append(r.Missing, id)
		}
	}
	slices.SortFunc(r.Strings, func(a, b String) int { return strings.Compare(a.ID, b.ID) })
	slices.Sort(r.Missing)
	return r
}

// ReviewTexts compares every language of some texts, by id, with the source. What has been passed of them is kept beside their file.
func ReviewTexts(fsys fs.FS, of string, texts map[string]Text) ([]Review, error) {
	said := map[string]map[string]string{}
	for id, text := range texts {
		for lang, words := range text {
			if said[lang] == nil {
				said[lang] = map[string]string{}
			}
			said[lang][id] = words
		}
	}
	var all []Review
	for lang, own := range said {
		if lang == Source {
			continue
		}
		file := of + ".review." + lang + ".yaml"
		passed, err := readPassed(fsys, file, func(id string) bool { return own[id] != "" })
		if err != nil {
			return nil, err
		}
		all = append(all, NewReview(of, lang, file, said[Source], own, passed))
	}
	slices.SortFunc(all, func(a, b Review) int { return strings.Compare(a.Lang, b.Lang) })
	return all, nil
}

// readPassed reads what has been passed, if anything; every id must be that of a string.
func readPassed(fsys fs.FS, file string, known func(id string) bool) (map[string]string, error) {
	var kept struct {
		Passed map[string]string `yaml:"passed"`
	}
	if b, err := fs.ReadFile(fsys, file); err == nil {
		if err := yaml.UnmarshalWithOptions(b, &kept, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("read %s: %w", file, err)
		}
	}
	for id := range kept.Passed {
		if !known(id) {
			return nil, fmt.Errorf("%s: there is no string %q", file, id)
		}
	}
	return kept.Passed, nil
}

// readReviews compares every language of the catalogues with the source. Plural forms of a message are one string: they are read together.
func readReviews(fsys fs.FS, messages map[string]map[string]*i18n.Message) ([]Review, error) {
	texts := func(lang string) map[string]string {
		all := map[string]string{}
		for id, m := range messages[lang] {
			var parts []string
			for form, text := range forms(m) {
				parts = append(parts, form+": "+text)
			}
			slices.Sort(parts)
			if all[id] = strings.Join(parts, "\n"); len(parts) == 1 {
				all[id] = m.Other
			}
		}
		return all
	}
	var all []Review
	for lang := range messages {
		if lang == Source {
			continue
		}
		file := "review/" + lang + ".yaml"
		passed, err := readPassed(fsys, file, func(id string) bool { return messages[lang][id] != nil })
		if err != nil {
			return nil, err
		}
		all = append(all, NewReview("interface", lang, file, texts(Source), texts(lang), passed))
	}
	slices.SortFunc(all, func(a, b Review) int { return strings.Compare(a.Lang, b.Lang) })
	return all, nil
}

// Pending lists the strings that wait for a native reader.
func (r Review) Pending() []String {
	return slices.DeleteFunc(slices.Clone(r.Strings), func(s String) bool { return s.Passed })
}

// Waiting counts the strings that wait for a native reader.
func (r Review) Waiting() int {
	n := 0
	for _, s := range r.Strings {
		if !s.Passed {
			n++
		}
	}
	return n
}

// Pass lets every string pass whose id begins so, and returns how many that were.
func (r Review) Pass(prefix string) int {
	n := 0
	for i, s := range r.Strings {
		if strings.HasPrefix(s.ID, prefix) && !s.Passed {
			r.Strings[i].Passed = true
			n++
		}
	}
	return n
}

// String says it in a line.
func (r Review) String() string {
	state := "complete"
	if len(r.Missing) > 0 {
		state = fmt.Sprintf("partial, %d strings missing", len(r.Missing))
	}
	return fmt.Sprintf("%s: %s %s, %d strings, %d await a native reader", r.Of, r.Lang, state, len(r.Strings), r.Waiting())
}

// Bytes is the file that keeps what has been passed.
func (r Review) Bytes() []byte {
	var b strings.Builder
	b.WriteString("# What a native reader has passed, each with a mark of what was read. `upstander review` writes this file.\n")
	if r.Waiting() == len(r.Strings) {
		b.WriteString("passed: {}\n")
		return []byte(b.String())
	}
	b.WriteString("passed:\n")
	for _, s := range r.Strings {
		if s.Passed {
			fmt.Fprintf(&b, "  %s: %s\n", s.ID, Mark(s.Source, s.Text))
		}
	}
	return []byte(b.String())
}
