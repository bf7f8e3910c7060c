package people

import (
	"strings"
	"testing"
)

func TestStatementsAreNeeded(t *testing.T) {
	for name, test := range map[string]struct{ old, new, want string }{
		"no day":         {"prepared: 2026-11-20", "prepared: soon", "statements: prepared is a day"},
		"no address":     {"email: dpo@north.example", "telephone: \"01632 960 001\"", "statements: data_protection: a name in English (en) and an e-mail address"},
		"no name":        {"name: {en: Digital access team}", "name: {cy: Tîm}", "statements: accessibility: a name in English"},
		"a wrong number": {`"01632 960 030"`, "call us", `statements: accessibility: "call us" is no telephone number`},
		"a wrong link":   {"email: dpo@north.example", "email: dpo@north.example, link: 'javascript:x'", "statements: data_protection: \"javascript:x\" is no https address"},
		"another basis":  {"basis: public-task", "basis: legitimate-interests", "statements: basis is public-task or legal-obligation"},
		"no law":         {"law: {en: its charter and statutes}", "law: {cy: ei siarter}", "statements: law and kept are needed"},
		"nothing of it":  {statementsOf("north"), "", "north: statements: prepared"},
	} {
		if !strings.Contains(institutions, test.old) {
			t.Fatalf("%s: the file does not contain %q", name, test.old)
		}
		_, err := ReadInstitutions([]byte(strings.Replace(institutions, test.old, test.new, 1)), []string{"en", "cy"})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", name, err, test.want)
		}
	}
}

// statementsOf cuts an institution's statements out of the test's file.
func statementsOf(id string) string {
	_, rest, _ := strings.Cut(institutions, "- id: "+id)
	_, rest, _ = strings.Cut(rest, "    statements:\n")
	text, _, _ := strings.Cut(rest, "  - id:")
	return "    statements:\n" + text
}
