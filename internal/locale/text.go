package locale

// Text is a text by language. The source language is always there; others may be missing.
type Text map[string]string

// In returns the text in a language, or in the source language.
func (t Text) In(lang string) string {
	if s := t[lang]; s != "" {
		return s
	}
	return t[Source]
}
