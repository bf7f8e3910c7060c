package locale

import (
	"maps"
	"slices"
	"strings"
)

// Mirror is a language that nobody speaks: English with other letters and longer words, written from right to left. The demo has it, at addresses that no
// page links to, so that everybody can see whether a page is ready for other languages: what stays in plain English is in no catalogue, what is cut
// off leaves no room, what points the wrong way does not mirror. The code is the first of those that ISO 639 reserves for local use.
const Mirror = "qaa"

// Direction is the direction in which a language is written, as the dir attribute says it.
func Direction(lang string) string {
	if slices.Contains([]string{"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi", Mirror}, lang) {
		return "rtl"
	}
	return "ltr"
}

// Mirrored returns the catalogue with Mirror added. It is not one of Languages.
func (c *Catalogue) Mirrored() *Catalogue {
	source := c.speakers[Source]
	m := &Speaker{
		Lang: Mirror, localizer: source.localizer, printer: source.printer, known: source.known,
		plain: map[string]string{}, filled: map[string][]part{}, mirror: true,
	}
	for id, words := range source.plain {
		m.plain[id] = mirrored(words)
	}
	for id, parts := range source.filled {
		for _, p := range parts {
			if strings.TrimSpace(p.words) != "" {
				p.words = mirrored(p.words)
			}
			m.filled[id] = append(m.filled[id], p)
		}
	}
	with := *c
	with.speakers = maps.Clone(c.speakers)
	with.speakers[Mirror] = m
	return &with
}

// Spoken lists every language that there are words in: Languages, and Mirror where the catalogue has it.
func (c *Catalogue) Spoken() []string {
	if c.Has(Mirror) {
		return append(slices.Clone(c.languages), Mirror)
	}
	return c.languages
}

// mirrored writes English with other letters, some of them twice, in brackets that show where a text begins and ends. It is about 40 per cent longer.
func mirrored(text string) string {
	const plain, other = "abcdefghijklmnoprstuvwyzABCDEFGHIJKLMNOPRSTUVWYZ", "åƀçðéƒĝĥîĵķļɱñöþŕšţûṽŵýžÅƁÇÐÉƑĜĤÎĴĶĻṀÑÖÞŔŠŢÛṼŴÝŽ"
	letters := map[rune]rune{}
	for i, r := range []rune(other) {
		letters[rune(plain[i])] = r
	}
	lead := text[:len(text)-len(strings.TrimLeft(text, " \n"))]
	trail := text[len(strings.TrimRight(text, " \n")):]
	var b strings.Builder
	b.WriteString(lead + "⟦")
	for _, r := range strings.TrimSpace(text) {
		to, ok := letters[r]
		if !ok {
			to = r
		}
		b.WriteRune(to)
		if strings.ContainsRune("aeiou", r) {
			b.WriteRune(to)
		}
	}
	b.WriteString("⟧" + trail)
	return b.String()
}
