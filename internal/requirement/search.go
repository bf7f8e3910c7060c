package requirement

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/upstander/upstander/internal/fault"
)

// maxFound is how many people a search looks at.
const maxFound = 500

// term is one thing that a search asks for, as it was typed between spaces and commas. A name is found by its pieces, as names are kept: "Smith-Jones" is
// Smith and Jones. An external id is found by the whole, which may have hyphens in it.
type term struct {
	whole  string
	pieces []string // the longest first; at least one
}

// terms takes a search apart. What has no letter and no digit in it asks for nothing.
func terms(search string) []term {
	var all []term
	for _, whole := range strings.FieldsFunc(fold(search), func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
		pieces := pieces(whole)
		if len(pieces) == 0 {
			continue
		}
		slices.SortStableFunc(pieces, func(a, b string) int { return len(b) - len(a) })
		all = append(all, term{short(whole, maxSlug), pieces})
	}
	slices.SortStableFunc(all, func(a, b term) int { return len(b.pieces[0]) - len(a.pieces[0]) })
	return all
}

// pieces cuts a folded text wherever something stands that is neither a letter nor a digit.
func pieces(text string) []string {
	all := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	for i := range all {
		all[i] = short(all[i], maxSlug)
	}
	return all
}

// beginnings are what the people whom a term means are found by in the list of words: one of them for each is enough.
func (t term) beginnings() []string {
	if t.whole == t.pieces[0] {
		return []string{t.whole}
	}
	return []string{t.pieces[0], t.whole}
}

// fits says whether a term means somebody who has these words.
func (t term) fits(have []string) bool {
	begins := func(w string) bool {
		return slices.ContainsFunc(have, func(h string) bool { return strings.HasPrefix(h, w) })
	}
	return begins(t.whole) || !slices.ContainsFunc(t.pieces, func(p string) bool { return !begins(p) })
}

// named says whether a search means the person of a standing.
func (st Standing) named(wanted []term) bool {
	have := words(Member{Name: st.Name, ExternalID: st.ExternalID})
	return len(wanted) > 0 && !slices.ContainsFunc(wanted, func(t term) bool { return !t.fits(have) })
}

// search finds people by the beginnings of words of their names, or of their external id. It looks at those whom the rarest term means, most likely the
// longest: at all of them, or at maxFound.
func (s *Service) search(ctx context.Context, q Query) (Page, error) {
	wanted := terms(q.Search)
	persons, more, err := s.candidates(ctx, institutionOf(q.Place), wanted)
	if err != nil {
		return Page{}, err
	}
	var found []Standing
	for _, person := range persons {
		st, err := s.store.standing(ctx, standingID(person, q.Requirement, q.Cycle))
		if errors.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return Page{}, err
		}
		if q.wants(st) && st.named(wanted) {
			found = append(found, st)
		}
	}
	page, err := q.turn(found)
	page.More = more
	return page, err
}

// candidates returns the people whom one of the terms means; more says that each of the terms means too many to look at them all.
func (s *Service) candidates(ctx context.Context, institution string, wanted []term) (persons []string, more bool, err error) {
	for _, t := range wanted {
		if persons, more, err = s.store.find(ctx, institution, t.beginnings()); err != nil || !more {
			return persons, more, err
		}
	}
	return persons, more, nil
}
