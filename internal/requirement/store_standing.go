package requirement

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

func (s *requirementStore) standing(ctx context.Context, id string) (Standing, error) {
	return s.standings.Get(ctx, id)
}

// standingsOf returns all of a person's standings. There are as many as requirements and cycles: one page.
func (s *requirementStore) standingsOf(ctx context.Context, person string) ([]Standing, error) {
	page, err := s.standings.Find(ctx, store.All().Prefix(store.IDField, person+":").Limit(store.MaxPage))
	return page.Items, err
}

// insertStanding fails with errStale when there is one already.
func (s *requirementStore) insertStanding(ctx context.Context, st Standing) error {
	err := s.standings.Insert(ctx, st)
	if errors.Is(err, fault.Conflict) {
		return errStale
	}
	return err
}

// insertStandings adds those that are not there yet and returns the ids of the others.
func (s *requirementStore) insertStandings(ctx context.Context, list []Standing) (refused []string, err error) {
	return s.standings.InsertMany(ctx, list)
}

// replaceStanding fails with errStale when the standing is no longer what it had been.
func (s *requirementStore) replaceStanding(ctx context.Context, had, now Standing) error {
	_, err := s.standings.Update(ctx, had.ID, func(st *Standing) error {
		if *st != had {
			return errStale
		}
		*st = now
		return nil
	})
	if errors.Is(err, fault.NotFound) {
		return errStale
	}
	return err
}

func (s *requirementStore) removeStanding(ctx context.Context, had Standing) error {
	err := s.standings.Delete(ctx, had.ID)
	if errors.Is(err, fault.NotFound) {
		return errStale
	}
	return err
}

// walk returns some standings of one status behind a spot, in a leaf place, a cohort or a whole institution.
func (s *requirementStore) walk(ctx context.Context, q Query, place, status string, at spot, descending bool, n int) ([]Standing, error) {
	find := store.Where("requirement", q.Requirement).Where("cycle", q.Cycle).Where("status", status).Limit(n)
	switch {
	case leaf(place):
		find = find.Where("place", place)
	case cohort(place):
		find = find.Where("cohort", place)
	}
	if q.By == ByDay {
		find = find.By("day")
	} else {
		find = find.By("name_key")
	}
	if descending {
		find = find.Desc()
	}
	if at != nil {
		values := make([]any, len(at))
		for i := range at {
			values[i] = at[i]
		}
		cursor, err := store.CursorAt(values...)
		if err != nil {
			return nil, err
		}
		find = find.After(cursor)
	}
	page, err := s.standings.Find(ctx, find)
	return page.Items, err
}

// overdue walks those at a place who are overdue, one due date after the other. Who is open has no day.
func (s *requirementStore) overdue(ctx context.Context, q Query, at spot, backward bool) ([]Standing, error) {
	dues, err := s.overdueOn(ctx, q)
	if err != nil {
		return nil, err
	}
	if backward {
		slices.Reverse(dues)
	}
	if at != nil {
		dues = slices.DeleteFunc(dues, func(due string) bool { return !backward && due < at[0] || backward && due > at[0] })
	}
	var walked []Standing
	for _, due := range dues {
		find := store.Where("requirement", q.Requirement).Where("cycle", q.Cycle).Where("status", Open).Where("day", "").Where("due", due).
			Prefix("place", q.Place).Limit(q.Limit + 1 - len(walked))
		if backward {
			find = find.Desc()
		}
		if at != nil && due == at[0] {
			cursor, err := store.CursorAt(at[1], at[2])
			if err != nil {
				return nil, err
			}
			find = find.After(cursor)
		}
		page, err := s.standings.Find(ctx, find)
		if err != nil {
			return nil, err
		}
		if walked = append(walked, page.Items...); len(walked) > q.Limit {
			break
		}
	}
	return walked, nil
}

// overdueOn lists the due dates that people at a place have missed, the longest gone first. There are few: a requirement's own, and extensions.
func (s *requirementStore) overdueOn(ctx context.Context, q Query) ([]string, error) {
	cells, err := s.cells(ctx, q.Requirement, q.Cycle, q.Place)
	missed := map[string]bool{}
	for _, c := range cells {
		for due, n := range c.Open {
			if due != NoDay && due < q.today && n > 0 {
				missed[due] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(missed)), err
}

// openOn returns a page of those who have not met a requirement and whose date is this one: an open standing has no day.
func (s *requirementStore) openOn(ctx context.Context, requirement, cycle, due, after string) (Page, error) {
	page, err := s.standings.Find(ctx, store.Where("requirement", requirement).Where("cycle", cycle).Where("status", Open).Where("day", "").Where("due", due).
		After(after).Limit(500))
	return Page{Items: page.Items, Next: page.Next, Prev: page.Prev}, err
}

// eachStanding walks leaf place by leaf place; in each it goes by status, then by name.
func (s *requirementStore) eachStanding(ctx context.Context, q Query) iter.Seq2[Standing, error] {
	return func(yield func(Standing, error) bool) {
		find := store.Where("requirement", q.Requirement).Where("cycle", q.Cycle).Prefix("place", q.Place).By("place", "status", "name_key")
		wanted := terms(q.Search)
		for st, err := range s.standings.Each(ctx, find) {
			if err == nil && (q.Status != "" && st.Status != q.Status || q.Search != "" && !st.named(wanted)) {
				continue
			}
			if !yield(st, err) {
				return
			}
		}
	}
}

// eachOverdue walks those who are overdue by due date, page by page.
func (s *requirementStore) eachOverdue(ctx context.Context, q Query) iter.Seq2[Standing, error] {
	return func(yield func(Standing, error) bool) {
		q.Limit, q.After, q.Before = 500, "", ""
		wanted := terms(q.Search)
		for {
			page, err := s.people(ctx, q)
			if err != nil {
				yield(Standing{}, err)
				return
			}
			for _, st := range page.Items {
				if (q.Search == "" || st.named(wanted)) && !yield(st, nil) {
					return
				}
			}
			if q.After = page.Next; q.After == "" {
				return
			}
		}
	}
}

// Cells.

func (s *requirementStore) cell(ctx context.Context, id string) (Cell, error) {
	return s.counted.Get(ctx, id)
}

// cells returns all cells below a place.
func (s *requirementStore) cells(ctx context.Context, requirement, cycle, place string) ([]Cell, error) {
	var all []Cell
	for c, err := range s.counted.Each(ctx, store.All().Prefix(store.IDField, cellID(requirement, cycle, place))) {
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

// putCell writes a cell if the one that is there has the given turn; nought is no cell. errStale otherwise.
func (s *requirementStore) putCell(ctx context.Context, turn int64, now Cell) error {
	_, err := s.counted.Upsert(ctx, now.ID, func(c *Cell, found bool) error {
		if found && c.Turn != turn || !found && turn != 0 {
			return errStale
		}
		*c = now
		return nil
	})
	return err
}

// insertCells adds those that are not there yet and returns the ids of the others.
func (s *requirementStore) insertCells(ctx context.Context, list []Cell) (refused []string, err error) {
	return s.counted.InsertMany(ctx, list)
}

// counts groups the standings of one leaf place, or of all when place is empty.
func (s *requirementStore) counts(ctx context.Context, requirement, cycle, place string) ([]count, error) {
	q, fields := store.Where("requirement", requirement).Where("cycle", cycle), []string{"place", "status", "day", "due"}
	if place != "" {
		q, fields = q.Where("place", place), fields[1:]
	}
	groups, err := s.standings.Tally(ctx, q, fields...)
	if err != nil {
		return nil, fmt.Errorf("count standings: %w", err)
	}
	all := make([]count, len(groups))
	for i, g := range groups {
		one := count{place: place, n: int(g.N)}
		if place == "" {
			one.place = g.Text(0)
			g.Values = g.Values[1:]
		}
		one.status, one.day, one.due = g.Text(0), g.Text(1), g.Text(2)
		all[i] = one
	}
	return all, nil
}
