package locale

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
)

// pluralForms are the forms that each language has to give (CLDR); other languages need at least "other".
func pluralForms(lang string) []string {
	switch lang {
	case "en":
		return []string{"one", "other"}
	case "cy":
		return []string{"zero", "one", "two", "few", "many", "other"}
	}
	return []string{"other"}
}

// parity fails when a language lacks a message, a plural form or a placeholder, or has one that the source does not know.
func parity(messages map[string]map[string]*i18n.Message) error {
	source, ok := messages[Source]
	if !ok {
		return fmt.Errorf("there is no catalogue in the source language, %s", Source)
	}
	var problems []string
	for lang, own := range messages {
		for id := range own {
			if _, ok := source[id]; !ok {
				problems = append(problems, fmt.Sprintf("%s: %s is not in the source language", lang, id))
			}
		}
		for id, m := range source {
			t, ok := own[id]
			if !ok {
				problems = append(problems, fmt.Sprintf("%s: %s is missing", lang, id))
				continue
			}
			problems = append(problems, compareMessage(lang, id, m, t)...)
		}
	}
	if len(problems) > 0 {
		slices.Sort(problems)
		return fmt.Errorf("message catalogues differ:\n%s", strings.Join(problems, "\n"))
	}
	return nil
}

func compareMessage(lang, id string, source, own *i18n.Message) []string {
	var problems []string
	was, is := forms(source), forms(own)
	if was["other"] == "" {
		problems = append(problems, fmt.Sprintf("%s: %s is empty", Source, id))
	}
	if len(was) > 1 {
		for _, f := range pluralForms(lang) {
			if is[f] == "" {
				problems = append(problems, fmt.Sprintf("%s: %s lacks the plural form %q", lang, id, f))
			}
		}
	}
	for form, text := range is {
		if left := value.ReplaceAllString(text, ""); strings.Contains(left, "{{") {
			problems = append(problems, fmt.Sprintf("%s: %s (%s) holds more than values like {{.Name}}", lang, id, form))
		}
		for _, p := range value.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(names(was["other"]), p[1]) {
				problems = append(problems, fmt.Sprintf("%s: %s (%s) uses {{.%s}}, which the source does not", lang, id, form, p[1]))
			}
		}
	}
	for _, name := range names(was["other"]) {
		if name != "Count" && !slices.Contains(names(is["other"]), name) {
			problems = append(problems, fmt.Sprintf("%s: %s leaves out {{.%s}}", lang, id, name))
		}
	}
	return problems
}

func forms(m *i18n.Message) map[string]string {
	all := map[string]string{"zero": m.Zero, "one": m.One, "two": m.Two, "few": m.Few, "many": m.Many, "other": m.Other}
	for f, text := range all {
		if text == "" {
			delete(all, f)
		}
	}
	return all
}

func names(text string) []string {
	var all []string
	for _, p := range value.FindAllStringSubmatch(text, -1) {
		all = append(all, p[1])
	}
	return all
}
