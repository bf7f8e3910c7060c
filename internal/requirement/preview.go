package requirement

import (
	"context"
	"strings"

	"github.com/upstander/upstander/internal/people"
)

// Preview says what a change of a requirement's group would do.
type Preview struct {
	All    int // described afterwards
	Adds   int
	Leaves int // described before and no longer
}

// Preview compares whom a requirement describes with whom a changed one would.
func (s *Service) Preview(ctx context.Context, had, now Requirement) (Preview, error) {
	var p Preview
	today := s.cfg.Today()
	for cursor := ""; ; {
		page, err := s.store.membersOf(ctx, now.Institution, cursor)
		if err != nil {
			return p, err
		}
		for _, m := range page.Items {
			_, before := derive(m, had, today, nil, Exception{})
			_, after := derive(m, now, today, nil, Exception{})
			before = before && had.ID != ""
			switch {
			case after && !before:
				p.Adds++
			case before && !after:
				p.Leaves++
			}
			if after {
				p.All++
			}
		}
		if cursor = page.Next; cursor == "" {
			return p, nil
		}
	}
}

// Title names a requirement: by its own title, or by its modules.
func (s *Service) Title(r Requirement, lang string) string {
	if t := r.Title.In(lang); t != "" {
		return t
	}
	var titles []string
	for _, id := range r.Modules {
		title := id
		for _, m := range s.cfg.Modules() {
			if m.ID == id {
				title = m.Title.In(lang)
			}
		}
		titles = append(titles, title)
	}
	return strings.Join(titles, ", ")
}

// total counts everybody whom a requirement describes now, and who has met it, at the places that somebody of the staff may see: from the numbers of
// the whole institution they could subtract their own.
func (s *Service) total(ctx context.Context, r Requirement, by people.Person) (all, met int, err error) {
	cells, err := s.Cells(ctx, r.ID, r.CycleOn(s.cfg.Today()).ID, WholeOf(r.Institution))
	for _, c := range cells {
		if by.Sees(c.Place) {
			all, met = all+c.All, met+c.Met
		}
	}
	return all, met, err
}
