package locale

// Text is a text by language. The source language is always there; others may be missing.
type Text map[string]string

// In returns the text in a language, or in the source language.
func (t Text) In(lang string) string {
	return t.Phrase(lang).Text
}

// Phrase is a text with the language that it is in, for the lang attribute of what shows it.
type Phrase struct{ Text, Lang string }

// Phrase returns the text in a language, or in the source language, and says which.
func (t Text) Phrase(lang string) Phrase {
	if s := t[lang]; s != "" {
		return Phrase{s, lang}
	}
	return Phrase{t[Source], Source}
}
