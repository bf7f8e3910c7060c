package requirement

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/upstander/upstander/internal/fault"
)

// Member is somebody on an institution's roster.
type Member struct {
	ID          string   `bson:"_id"` // of the person
	Institution string   `bson:"institution"`
	ExternalID  string   `bson:"external_id"` // the institution's own; none:<id> where it gave none
	Email       string   `bson:"email"`
	Name        string   `bson:"name"`
	NameKey     string   `bson:"name_key"` // what names are ordered by
	Cohort      string   `bson:"cohort"`
	Department  string   `bson:"department"`
	Level       string   `bson:"level"`
	Mode        string   `bson:"mode"`
	Partner     string   `bson:"partner"`
	Placement   string   `bson:"placement"`
	Labels      []string `bson:"labels"`
	Entry       string   `bson:"entry"` // civil day; empty: not known
	Left        string   `bson:"left"`  // civil day; empty: enrolled
	Place       string   `bson:"place"` // institution/cohort/department/level/ as slugs
	Row         string   `bson:"row"`   // digest of the roster's row, to see that nothing has changed
}

// Member returns the roster's entry of a person, or fault.NotFound.
func (s *Service) Member(ctx context.Context, person string) (Member, error) {
	return s.store.member(ctx, person)
}

// PersonOf returns who has an external id on an institution's roster, or fault.NotFound.
func (s *Service) PersonOf(ctx context.Context, institution, externalID string) (string, error) {
	if externalID == "" || strings.HasPrefix(externalID, noExternalID) {
		return "", fmt.Errorf("person without an external id: %w", fault.NotFound)
	}
	m, err := s.store.memberByExternalID(ctx, institution, externalID)
	return m.ID, err
}

// longest slug and name key in bytes.
const (
	maxSlug    = 60
	maxNameKey = 80
)

// slug brings a name of the roster to lower-case letters, digits and hyphens. Different spellings of one name fall together.
func slug(name string) string {
	var b strings.Builder
	gap := false
	for _, r := range fold(name) {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			gap = true
			continue
		}
		if gap && b.Len() > 0 {
			b.WriteByte('-')
		}
		gap = false
		if b.Len()+len(string(r)) > maxSlug {
			break
		}
		b.WriteRune(r)
	}
	if b.Len() == 0 {
		return Nowhere
	}
	return b.String()
}

// nameKey is what names are ordered by: without case and accents, the family name first where the roster tells them apart.
func nameKey(family, given string) string {
	key := strings.Join(strings.Fields(fold(family+" "+given)), " ")
	for len(key) > maxNameKey {
		r := []rune(key)
		key = string(r[:len(r)-1])
	}
	return key
}

// fold makes lower case of a text and takes its accents away, also those that Unicode does not take apart.
func fold(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		r = unicode.ToLower(r)
		switch r {
		case 'ß':
			b.WriteString("ss")
		case 'æ':
			b.WriteString("ae")
		case 'œ':
			b.WriteString("oe")
		case 'þ':
			b.WriteString("th")
		case 'ø':
			b.WriteByte('o')
		case 'ł':
			b.WriteByte('l')
		case 'đ', 'ð':
			b.WriteByte('d')
		case 'ı':
			b.WriteByte('i')
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// words are what a member is found by: the beginnings of any of them.
func words(m Member) []string {
	seen := map[string]bool{}
	var all []string
	for _, w := range append(pieces(fold(m.Name)), fold(m.ExternalID)) {
		if w = short(w, maxSlug); w != "" && !seen[w] && !strings.HasPrefix(w, noExternalID) {
			seen[w] = true
			all = append(all, w)
		}
	}
	return all
}

// noExternalID begins the external id of whoever has none.
const noExternalID = "none:"

// short cuts a text to at most n bytes, between two characters.
func short(text string, n int) string {
	for len(text) > n {
		r := []rune(text)
		text = string(r[:len(r)-1])
	}
	return text
}
