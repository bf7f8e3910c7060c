package people

import (
	"fmt"
	"slices"
	"time"

	"github.com/upstander/upstander/internal/locale"
)

// Statements is what only the institution can say in its accessibility statement and its privacy notice. The rest of both describes the program and is
// the same everywhere.
type Statements struct {
	Prepared       string      `yaml:"prepared"`        // civil date on which the institution first put them up
	Accessibility  Contact     `yaml:"accessibility"`   // who answers about barriers and other formats
	Audit          locale.Text `yaml:"audit"`           // what people found who tested the site themselves; may be left out
	DataProtection Contact     `yaml:"data_protection"` // who answers about personal data
	Basis          string      `yaml:"basis"`           // lawful basis: one of Bases
	Law            locale.Text `yaml:"law"`             // what that basis rests on
	Kept           locale.Text `yaml:"kept"`            // how long accounts, standings and certificates are kept
}

// Contact is where somebody at the institution answers.
type Contact struct {
	Name      locale.Text `yaml:"name"`
	Email     string      `yaml:"email"`
	Telephone string      `yaml:"telephone"`
	Link      string      `yaml:"link"`
}

// Bases lists the lawful bases that a university can have for required training: UK GDPR article 6(1)(e) and (c).
func Bases() []string { return []string{"public-task", "legal-obligation"} }

// checkStatements says what is missing in the statements. Without a contact and a lawful basis they would be worth nothing.
func (in *Institution) checkStatements() []string {
	var p []string
	need := func(ok bool, format string, args ...any) {
		if !ok {
			p = append(p, "statements: "+fmt.Sprintf(format, args...))
		}
	}
	s := in.Statements
	_, err := time.Parse(time.DateOnly, s.Prepared)
	need(err == nil, "prepared is a day such as 2026-11-20")
	for where, c := range map[string]Contact{"accessibility": s.Accessibility, "data_protection": s.DataProtection} {
		need(c.Name[locale.Source] != "" && validEmail(c.Email), "%s: a name in English (en) and an e-mail address are needed", where)
		need(c.Telephone == "" || phoneRule.MatchString(c.Telephone), "%s: %q is no telephone number", where, c.Telephone)
		need(c.Link == "" || isWeb(c.Link), "%s: %q is no https address", where, c.Link)
	}
	need(slices.Contains(Bases(), s.Basis), "basis is public-task or legal-obligation")
	need(s.Law[locale.Source] != "" && s.Kept[locale.Source] != "", "law and kept are needed in English (en)")
	slices.Sort(p)
	return p
}
