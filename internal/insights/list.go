package insights

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/requirement"
)

// pageSize is how many people a page of a list shows.
const pageSize = 50

// maxSearch is the longest search in characters.
const maxSearch = 80

// Wanted narrows a list of people down and puts it in order. Empty fields want everybody, by name.
type Wanted struct {
	Status        string // requirement.Open, Met, Exempt or Overdue, which comes by due date
	By            string // requirement.ByName or ByDay, which lists those who have met it, the latest first
	Search        string // beginnings of names, or of the external id
	After, Before string // cursors
}

// Statuses lists what one can ask for.
func Statuses() []string {
	return []string{requirement.Open, requirement.Overdue, requirement.Met, requirement.Exempt}
}

// Orders lists the orders of a list.
func Orders() []string { return []string{requirement.ByName, requirement.ByDay} }

func (w Wanted) check() error {
	if w.Status != "" && !slices.Contains(Statuses(), w.Status) || w.By != "" && !slices.Contains(Orders(), w.By) || len([]rune(w.Search)) > maxSearch {
		return fmt.Errorf("list of people: %w", fault.Invalid)
	}
	return nil
}

// query puts a list of one place as requirement understands it.
func (w Wanted) query(sc Scene, place string) requirement.Query {
	q := requirement.Query{
		Requirement: sc.Requirement.ID, Cycle: sc.Cycle.ID, Place: place, Status: w.Status, By: w.By, Search: w.Search,
		After: w.After, Before: w.Before, Limit: pageSize,
	}
	switch {
	case q.Status == requirement.Overdue:
		q.By = requirement.ByDue
	case q.By == requirement.ByDay:
		q.Status = requirement.Met
	case q.By == "":
		q.By = requirement.ByName
	}
	return q
}

// List is one page of people.
type List struct {
	Scene
	Wanted
	People     []requirement.Standing
	Next, Prev string
	More       bool // the search means more people than can be looked at
}

// People lists who is at a place and how they stand. fault.Denied for whoever may not see names. Of several places it is the first: each is a list.
func (s *Service) People(ctx context.Context, sight Sight, look Look, w Wanted) (List, error) {
	l := List{Wanted: w}
	if err := w.check(); err != nil {
		return l, err
	}
	var err error
	if l.Scene, err = s.named(ctx, sight, look); err != nil {
		return l, err
	}
	l.Place = l.places()[0]
	page, err := s.cfg.Requirements.People(ctx, w.query(l.Scene, l.Place))
	l.People, l.Next, l.Prev, l.More = page.Items, page.Next, page.Prev, page.More
	return l, err
}

// named is Scene for what has names in it.
func (s *Service) named(ctx context.Context, sight Sight, look Look) (Scene, error) {
	if !sight.Names {
		return Scene{Sight: sight}, fmt.Errorf("names: %w", fault.Denied)
	}
	return s.Scene(ctx, sight, look)
}

// Export is a list on its way to a file.
type Export struct {
	Name   string // of the file
	Format Format
	Write  func(ctx context.Context, w io.Writer, say Say) error
}

// Say says a message in the reader's language.
type Say func(key string, args ...any) string

// Export prepares the whole list as a file. When it returns, the audit log has taken down that actor exports it; when the log cannot, there is no
// file. What was searched for is not written down, for it may be a name.
func (s *Service) Export(ctx context.Context, actor string, sight Sight, look Look, w Wanted, f Format) (Export, error) {
	e := Export{Format: f}
	if err := w.check(); err != nil {
		return e, err
	}
	if !slices.Contains(Formats(), f) {
		return e, fmt.Errorf("%w: there is no format %q", fault.Invalid, f)
	}
	sc, err := s.named(ctx, sight, look)
	if err != nil {
		return e, err
	}
	err = s.cfg.Audit.Record(ctx, audit.Entry{
		Institution: sight.Institution, Actor: actor, Verb: audit.ListExport, Subject: sc.Requirement.ID, Detail: detail(sc, w, f),
	})
	if err != nil {
		return e, err
	}
	e.Name = fmt.Sprintf("%s-%s.%s", sc.Requirement.ID, s.cfg.Today(), f)
	e.Write = func(ctx context.Context, out io.Writer, say Say) error {
		return write(out, f, headings(say), s.rows(ctx, sc, w, say))
	}
	return e, nil
}

// detail says in the audit log which list it was.
func detail(sc Scene, w Wanted, f Format) string {
	d := fmt.Sprintf("%s %s %s", f, sc.Cycle.ID, strings.Join(sc.places(), " "))
	if status := w.query(sc, "").Status; status != "" {
		d += " " + status
	}
	if w.Search != "" {
		d += " search"
	}
	if r := []rune(d); len(r) > audit.MaxDetail { // many places: the first of them
		d = string(r[:audit.MaxDetail-1]) + "…"
	}
	return d
}

// headings name the columns of an export. A column more is a decision about privacy: design.md says what staff may see.
func headings(say Say) []string {
	return []string{
		say("people-list.number"), say("people-list.name"), say("insights.cohort"), say("insights.department"), say("insights.level"),
		say("people-list.status"), say("people-list.day"), say("people-list.due"),
	}
}

func (s *Service) rows(ctx context.Context, sc Scene, w Wanted, say Say) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		var p [3]string
		for _, place := range sc.places() {
			at := ""
			for st, err := range s.cfg.Requirements.EachStanding(ctx, w.query(sc, place)) {
				if err != nil {
					yield(nil, err)
					return
				}
				if st.Place != at { // they come place by place
					at, p = st.Place, sc.partsOf(st.Place, say)
				}
				if !yield([]string{st.Number(), st.Name, p[0], p[1], p[2], say("status." + st.Status), st.Day, st.Due}, nil) {
					return
				}
			}
		}
	}
}

// partsOf names cohort, department and level of a place, as far as it goes.
func (sc Scene) partsOf(place string, say Say) [3]string {
	var parts [3]string
	for i, name := range sc.Values.Place(place) {
		if name == requirement.Nowhere {
			name = say("insights.nowhere")
		}
		parts[i] = name
	}
	return parts
}
