package requirement

import (
	"context"
	"encoding/base64"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/fault"
)

// The orders of a list of people.
const (
	ByName = "name"
	ByDay  = "day" // on which they met it, the latest first; lists those who have
	ByDue  = "due" // the longest overdue first; lists those who are
)

// Query says which people are wanted and in which order.
type Query struct {
	Requirement string
	Cycle       string // empty: the one of today
	Place       string // a place or the beginning of one; empty: the whole institution
	Status      string // Open, Met, Exempt or Overdue; empty: all
	By          string // ByName, ByDay or ByDue; those who are overdue come by due date
	Search      string // beginnings of names or of the external id
	After       string
	Before      string
	Limit       int

	today string
}

// People lists standings, one page of them.
func (s *Service) People(ctx context.Context, q Query) (Page, error) {
	q, err := s.complete(ctx, q)
	if err != nil {
		return Page{}, err
	}
	if q.Search != "" {
		return s.search(ctx, q)
	}
	return s.store.people(ctx, q)
}

// complete fills in what a query may leave open.
func (s *Service) complete(ctx context.Context, q Query) (Query, error) {
	r, err := s.store.requirement(ctx, q.Requirement)
	if err != nil {
		return q, err
	}
	q.today = s.cfg.Today()
	if q.Cycle == "" {
		q.Cycle = r.CycleOn(q.today).ID
	}
	if q.Status == Overdue || q.By == ByDue {
		q.Status, q.By = Overdue, ByDue
	}
	if q.Place == "" {
		q.Place = WholeOf(r.Institution)
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	return q, nil
}

// OpenOn lists one page of those who have not met a requirement that is due for them on a day, with the cursor of the next.
func (s *Service) OpenOn(ctx context.Context, requirement, cycle, due, after string) (Page, error) {
	return s.store.openOn(ctx, requirement, cycle, due, after)
}

// EachStanding walks all standings of a query, place by place and in each by name, whatever its order says; those who are overdue come by due date.
func (s *Service) EachStanding(ctx context.Context, q Query) iter.Seq2[Standing, error] {
	return func(yield func(Standing, error) bool) {
		q, err := s.complete(ctx, q)
		if err != nil {
			yield(Standing{}, err)
			return
		}
		if q.By == ByDue {
			s.store.eachOverdue(ctx, q)(yield)
			return
		}
		s.store.eachStanding(ctx, q)(yield)
	}
}

// A list of people is merged from a few streams, one for each status: an institution, a cohort and a leaf place each have an index that their people
// stand in by status and in order. A department is merged from its levels. Each stream is a walk of an index from where the page begins, so that a page
// costs the same at any depth. Those who are overdue need no merging: cells know the few due dates that there are, and one index has each date's people
// place by place.

// statuses are those that a query lists.
func (q Query) statuses() []string {
	switch {
	case q.By == ByDay:
		return []string{Met}
	case q.By == ByDue:
		return []string{Open}
	case q.Status != "":
		return []string{q.Status}
	}
	return []string{Exempt, Met, Open}
}

// spot is where a standing stands in a list: what it is ordered by, then its id.
type spot []string

func (a spot) compare(b spot) int { return slices.Compare(a, b) }

func (a spot) String() string {
	return base64.RawURLEncoding.EncodeToString([]byte(strings.Join(a, "\x00")))
}

func readSpot(cursor string, parts int) (spot, error) {
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	at := spot(strings.Split(string(raw), "\x00"))
	if err != nil || len(at) != parts {
		return nil, fmt.Errorf("%w: unreadable cursor", fault.Invalid)
	}
	return at, nil
}

// stream is one of the walks that a list is merged from.
type stream struct {
	place, status string
	ahead         []Standing
	at            spot // behind which the next batch begins
	ended         bool
}

// Page is one page of a list of people.
type Page struct {
	Items      []Standing
	Next, Prev string
	More       bool // a search means more people than it looks at: not all of them are listed
}

// cursor returns the place that a page begins at, and the direction in which it goes from there.
func (q Query) cursor() (at spot, backward bool, err error) {
	cursor, backward := q.After, q.Before != ""
	if backward {
		cursor = q.Before
	}
	if cursor != "" {
		at, err = readSpot(cursor, len(q.spot(Standing{})))
	}
	return at, backward, err
}

// descending says whether a page is walked from the end of the index: by day the latest come first.
func (q Query) descending(backward bool) bool { return (q.By == ByDay) != backward }

// page makes a page of what was walked from a cursor on: one standing more than it holds tells that there is another.
func (q Query) page(walked []Standing, backward bool) Page {
	more := len(walked) > q.Limit
	if more {
		walked = walked[:q.Limit]
	}
	if backward {
		slices.Reverse(walked)
	}
	p := Page{Items: walked}
	if len(walked) > 0 && (more || backward) {
		p.Next = q.spot(walked[len(walked)-1]).String()
	}
	if len(walked) > 0 && (backward && more || !backward && q.After != "") {
		p.Prev = q.spot(walked[0]).String()
	}
	return p
}

// turn takes one page out of a whole list, by the same cursors as one that is walked.
func (q Query) turn(list []Standing) (Page, error) {
	at, backward, err := q.cursor()
	if err != nil {
		return Page{}, err
	}
	order := func(a, b spot) int { return a.compare(b) }
	if q.descending(backward) {
		order = func(a, b spot) int { return b.compare(a) }
	}
	behind := slices.DeleteFunc(list, func(st Standing) bool { return at != nil && order(q.spot(st), at) <= 0 })
	slices.SortFunc(behind, func(a, b Standing) int { return order(q.spot(a), q.spot(b)) })
	return q.page(behind[:min(len(behind), q.Limit+1)], backward), nil
}

// people returns one page of a list.
func (s *requirementStore) people(ctx context.Context, q Query) (Page, error) {
	at, backward, err := q.cursor()
	if err != nil {
		return Page{}, err
	}
	walk := s.merged
	if q.By == ByDue {
		walk = s.overdue
	}
	walked, err := walk(ctx, q, at, backward)
	if err != nil {
		return Page{}, err
	}
	return q.page(walked, backward), nil
}

// merged walks all streams of a query from a spot on.
func (s *requirementStore) merged(ctx context.Context, q Query, at spot, backward bool) ([]Standing, error) {
	streams, err := s.streams(ctx, q)
	if err != nil {
		return nil, err
	}
	for i := range streams {
		streams[i].at = at
	}
	return s.merge(ctx, q, streams, backward)
}

// wants says whether a list holds a standing.
func (q Query) wants(st Standing) bool {
	return Within(st.Place, q.Place) && slices.Contains(q.statuses(), st.Status) && (q.By != ByDue || st.Overdue(q.today))
}

// streams lists the walks of a query. Cells say which levels of a department have anybody in them.
func (s *requirementStore) streams(ctx context.Context, q Query) ([]stream, error) {
	places := []string{q.Place}
	if !whole(q.Place) && !leaf(q.Place) && !cohort(q.Place) {
		cells, err := s.cells(ctx, q.Requirement, q.Cycle, q.Place)
		if err != nil {
			return nil, err
		}
		places = places[:0]
		for _, c := range cells {
			places = append(places, c.Place)
		}
	}
	var all []stream
	for _, place := range places {
		for _, status := range q.statuses() {
			all = append(all, stream{place: place, status: status})
		}
	}
	return all, nil
}

// merge takes one more standing than the page holds, in order.
func (s *requirementStore) merge(ctx context.Context, q Query, streams []stream, backward bool) ([]Standing, error) {
	descending := q.descending(backward)
	batch := max(4, 2*(q.Limit+1)/max(1, len(streams)))
	if len(streams) == 1 {
		batch = q.Limit + 1
	}
	items := make([]Standing, 0, q.Limit+1)
	for len(items) <= q.Limit {
		var first *stream
		for i := range streams {
			st := &streams[i]
			if err := s.fill(ctx, q, st, descending, batch); err != nil {
				return nil, err
			}
			if len(st.ahead) == 0 {
				continue
			}
			if first == nil || (q.spot(st.ahead[0]).compare(q.spot(first.ahead[0])) < 0) != descending {
				first = st
			}
		}
		if first == nil {
			break
		}
		items = append(items, first.ahead[0])
		first.ahead = first.ahead[1:]
	}
	return items, nil
}

// fill reads the next batch of a stream that has run empty.
func (s *requirementStore) fill(ctx context.Context, q Query, st *stream, descending bool, n int) error {
	if len(st.ahead) > 0 || st.ended {
		return nil
	}
	items, err := s.walk(ctx, q, st.place, st.status, st.at, descending, n)
	if err != nil {
		return err
	}
	st.ahead, st.ended = items, len(items) < n
	if len(items) > 0 {
		st.at = q.spot(items[len(items)-1])
	}
	return nil
}

// spot returns where a standing stands in the query's list: by what its index holds after the status, and its id. By day, neighbours in a place stand
// together within a day.
func (q Query) spot(st Standing) spot {
	switch {
	case q.By == ByDue:
		return spot{st.Due, st.Place, st.ID}
	case q.By != ByDay:
		return spot{st.NameKey, st.ID}
	case whole(q.Place):
		return spot{st.Day, st.Due, st.Place, st.ID}
	case cohort(q.Place):
		return spot{st.Day, st.Place, st.ID}
	}
	return spot{st.Day, st.Due, st.ID}
}
