// Package locale holds the interface's words in every language, and writes days and numbers as each language does.
//
// The catalogues are YAML files in catalogue/, one a language. English is the source; a language is complete or does not start
// (Load checks parity of keys, plural forms and placeholders).
package locale

import (
	"embed"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed catalogue/*.yaml catalogue/review/*.yaml
var catalogueFiles embed.FS

// Source is the language that the catalogues are written in first.
const Source = "en"

// Catalogue is every message in every language.
type Catalogue struct {
	languages []string
	speakers  map[string]*Speaker
	reviews   []Review
}

// Speaker says messages in one language.
type Speaker struct {
	Lang string // the language's code, as in the lang attribute

	localizer *i18n.Localizer
	printer   *message.Printer
	known     map[string]bool
	plain     map[string]string // messages without values and plural forms: most of them
	filled    map[string][]part // messages with values and without plural forms
	mirror    bool              // see Mirror
}

// part is a piece of a message: words, or the name of a value.
type part struct{ words, value string }

// Load reads the catalogues that the program carries.
func Load() (*Catalogue, error) {
	sub, err := fs.Sub(catalogueFiles, "catalogue")
	if err != nil {
		return nil, err
	}
	return LoadFrom(sub)
}

// LoadFrom reads catalogues from a folder: en.yaml and others.
func LoadFrom(fsys fs.FS) (*Catalogue, error) {
	bundle := i18n.NewBundle(language.Make(Source))
	bundle.RegisterUnmarshalFunc("yaml", func(b []byte, v any) error { return yaml.Unmarshal(b, v) })
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("read catalogues: %w", err)
	}
	messages := map[string]map[string]*i18n.Message{}
	for _, e := range entries {
		lang, isYAML := strings.CutSuffix(e.Name(), ".yaml")
		if !isYAML {
			continue
		}
		b, err := fs.ReadFile(fsys, e.Name())
		if err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", e.Name(), err)
		}
		file, err := bundle.ParseMessageFileBytes(b, path.Base(e.Name()))
		if err != nil {
			return nil, fmt.Errorf("read catalogue %s: %w", e.Name(), err)
		}
		messages[lang] = map[string]*i18n.Message{}
		for _, m := range file.Messages {
			messages[lang][m.ID] = m
		}
	}
	if err := parity(messages); err != nil {
		return nil, err
	}
	c := &Catalogue{speakers: map[string]*Speaker{}}
	known := map[string]bool{}
	for id := range messages[Source] {
		known[id] = true
	}
	for lang := range messages {
		c.languages = append(c.languages, lang)
		c.speakers[lang] = &Speaker{
			Lang: lang, localizer: i18n.NewLocalizer(bundle, lang), printer: message.NewPrinter(language.Make(lang)), known: known,
			plain: map[string]string{}, filled: map[string][]part{},
		}
		for id, m := range messages[lang] {
			if len(forms(m)) > 1 {
				continue
			}
			if parts := split(m.Other); len(parts) == 1 && parts[0].value == "" {
				c.speakers[lang].plain[id] = m.Other
			} else {
				c.speakers[lang].filled[id] = parts
			}
		}
	}
	if c.reviews, err = readReviews(fsys, messages); err != nil {
		return nil, err
	}
	slices.Sort(c.languages)
	at := slices.Index(c.languages, Source)
	c.languages = append([]string{Source}, slices.Delete(c.languages, at, at+1)...)
	return c, nil
}

// Languages lists the codes of every language, the source first.
func (c *Catalogue) Languages() []string { return c.languages }

// Reviews says how far native readers have come with the interface in each language but the source.
func (c *Catalogue) Reviews() []Review { return c.reviews }

// Keys lists the keys of every message.
func (c *Catalogue) Keys() []string { return slices.Sorted(maps.Keys(c.speakers[Source].known)) }

// Has says whether there is such a language.
func (c *Catalogue) Has(lang string) bool { _, ok := c.speakers[lang]; return ok }

// In returns the speaker of a language, or of the source language when there is none.
func (c *Catalogue) In(lang string) *Speaker {
	if s, ok := c.speakers[lang]; ok {
		return s
	}
	return c.speakers[Source]
}

// T says a message. args are names and values in turn; "Count" chooses the plural form. An unknown key, which a test finds
// in every view, comes out in brackets.
func (s *Speaker) T(key string, args ...any) string {
	if words, ok := s.plain[key]; ok {
		return words
	}
	if parts, ok := s.filled[key]; ok {
		return fill(parts, args)
	}
	cfg := &i18n.LocalizeConfig{MessageID: key}
	if len(args) > 0 {
		data := make(map[string]any, len(args)/2)
		for i := 0; i+1 < len(args); i += 2 {
			name, _ := args[i].(string)
			data[name] = args[i+1]
		}
		if n, ok := data["Count"]; ok {
			cfg.PluralCount = n
		}
		cfg.TemplateData = data
	}
	out, err := s.localizer.Localize(cfg)
	if err != nil {
		return "[" + key + "]"
	}
	if s.mirror {
		return mirrored(out)
	}
	return out
}

// fill puts values in; one that is not given leaves a gap.
func fill(parts []part, args []any) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(p.words)
		for i := 0; p.value != "" && i+1 < len(args); i += 2 {
			if args[i] != p.value {
				continue
			}
			switch v := args[i+1].(type) {
			case string:
				b.WriteString(v)
			case int:
				b.WriteString(strconv.Itoa(v))
			default:
				fmt.Fprint(&b, v)
			}
		}
	}
	return b.String()
}

// split cuts a message at its values, {{.Name}}.
func split(message string) []part {
	var parts []part
	rest := message
	for {
		at := value.FindStringSubmatchIndex(rest)
		if at == nil {
			return append(parts, part{words: rest})
		}
		parts = append(parts, part{words: rest[:at[0]], value: rest[at[2]:at[3]]})
		rest = rest[at[1]:]
	}
}

var value = regexp.MustCompile(`\{\{\s*\.(\w+)\s*\}\}`)

// Plain returns a message that has neither values nor plural forms; false for any other.
func (s *Speaker) Plain(key string) (string, bool) { words, ok := s.plain[key]; return words, ok }

// Knows says whether there is a message with this key.
func (s *Speaker) Knows(key string) bool { return s.known[key] }

// Day writes a day in full: 20 November 2026.
func (s *Speaker) Day(t time.Time) string {
	return fmt.Sprintf("%d %s %d", t.Day(), s.T(fmt.Sprintf("month.%d", int(t.Month()))), t.Year())
}

// CivilDay writes a day that is kept as 2006-01-02; anything else comes back as it is.
func (s *Speaker) CivilDay(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	return s.Day(t)
}

// CivilMonth writes a month that is kept as 2006-01: November 2026. Anything else comes back as it is.
func (s *Speaker) CivilMonth(month string) string {
	t, err := time.Parse("2006-01", month)
	if err != nil {
		return month
	}
	return fmt.Sprintf("%s %d", s.T(fmt.Sprintf("month.%d", int(t.Month()))), t.Year())
}

// Number writes a whole number with the language's separators.
func (s *Speaker) Number(n int) string { return s.printer.Sprintf("%d", n) }
