package requirement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/upstander/upstander/internal/fault"
)

// Cell counts the standings of one requirement, one cycle and one leaf place. It is never added to: it is counted again and written whole.
type Cell struct {
	ID          string         `bson:"_id"` // requirement:cycle:place
	Institution string         `bson:"institution"`
	Requirement string         `bson:"requirement"`
	Cycle       string         `bson:"cycle"`
	Place       string         `bson:"place"`
	All         int            `bson:"all"`
	Met         int            `bson:"met"`
	Exempt      int            `bson:"exempt"`
	Open        map[string]int `bson:"open"`  // by civil due day; NoDay where there is none
	Weeks       map[string]int `bson:"weeks"` // met, by ISO week: 2026-W47
	Turn        int64          `bson:"turn"`  // goes up with every writing, so that an older count cannot overwrite a newer one
}

// NoDay stands for a due date that is not there.
const NoDay = "none"

// NotYet returns how many have not met it.
func (c Cell) NotYet() int { return c.All - c.Met - c.Exempt }

// Overdue returns how many have not met it although their day has passed.
func (c Cell) Overdue(today string) int {
	n := 0
	for due, open := range c.Open {
		if due != NoDay && due < today {
			n += open
		}
	}
	return n
}

// Cells returns the counts of all leaf places below a place, in the order of their paths. Empty ones are left out.
func (s *Service) Cells(ctx context.Context, requirement, cycle, place string) ([]Cell, error) {
	all, err := s.store.cells(ctx, requirement, cycle, place)
	kept := all[:0]
	for _, c := range all {
		if c.All > 0 {
			kept = append(kept, c)
		}
	}
	return kept, err
}

// count is a group of standings that are alike.
type count struct {
	place, status, day, due string
	n                       int
}

func (c *Cell) add(one count) {
	c.All += one.n
	switch one.status {
	case Met:
		c.Met += one.n
		c.Weeks[week(one.day)] += one.n
	case Exempt:
		c.Exempt += one.n
	default:
		if one.due == "" {
			one.due = NoDay
		}
		c.Open[one.due] += one.n
	}
}

// week returns the ISO week of a civil day: 2026-W47.
func week(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return NoDay
	}
	y, w := t.ISOWeek()
	return fmt.Sprintf("%04d-W%02d", y, w)
}

// recount counts one leaf place again.
func (s *Service) recount(ctx context.Context, r Requirement, cycle, place string) error {
	id := cellID(r.ID, cycle, place)
	for {
		had, err := s.store.cell(ctx, id)
		if err != nil && !errors.Is(err, fault.NotFound) {
			return err
		}
		counts, err := s.store.counts(ctx, r.ID, cycle, place)
		if err != nil {
			return err
		}
		now := newCell(r, cycle, place, had.Turn)
		for _, one := range counts {
			now.add(one)
		}
		if err := s.store.putCell(ctx, had.Turn, now); !errors.Is(err, errStale) {
			return err
		}
	}
}

// fewPlaces is how many places are counted one by one; for more of them one pass over all is less work.
const fewPlaces = 16

// recountPlaces counts some places again.
func (s *Service) recountPlaces(ctx context.Context, r Requirement, cycle string, places map[string]bool) error {
	if len(places) > fewPlaces {
		return s.recountMany(ctx, r, cycle, func(place string) bool { return places[place] })
	}
	for place := range places {
		if err := s.recount(ctx, r, cycle, place); err != nil {
			return err
		}
	}
	return nil
}

// recountAll counts every place of a requirement's cycle again.
func (s *Service) recountAll(ctx context.Context, r Requirement, cycle string) error {
	return s.recountMany(ctx, r, cycle, func(string) bool { return true })
}

// recountMany counts the wanted places in one pass. Cells that others have counted in between are counted once more.
func (s *Service) recountMany(ctx context.Context, r Requirement, cycle string, wanted func(place string) bool) error {
	had, err := s.store.cells(ctx, r.ID, cycle, WholeOf(r.Institution))
	if err != nil {
		return err
	}
	counts, err := s.store.counts(ctx, r.ID, cycle, "")
	if err != nil {
		return err
	}
	now := map[string]*Cell{}
	for _, c := range had {
		if wanted(c.Place) {
			next := newCell(r, cycle, c.Place, c.Turn)
			now[c.Place] = &next
		}
	}
	var fresh []*Cell
	for _, one := range counts {
		if !wanted(one.place) {
			continue
		}
		if now[one.place] == nil {
			first := newCell(r, cycle, one.place, 0)
			now[one.place] = &first
			fresh = append(fresh, &first)
		}
		now[one.place].add(one)
	}
	for _, c := range fresh {
		delete(now, c.Place)
	}
	return errors.Join(s.replaceCells(ctx, r, cycle, now), s.insertCells(ctx, r, cycle, fresh))
}

// writers is how many cells are written at the same time: stores commit together what comes together.
const writers = 16

func (s *Service) replaceCells(ctx context.Context, r Requirement, cycle string, cells map[string]*Cell) error {
	work, working := errgroup.WithContext(ctx)
	work.SetLimit(writers)
	for place, c := range cells {
		work.Go(func() error {
			err := s.store.putCell(working, c.Turn-1, *c)
			if errors.Is(err, errStale) {
				return s.recount(working, r, cycle, place)
			}
			return err
		})
	}
	return work.Wait()
}

func (s *Service) insertCells(ctx context.Context, r Requirement, cycle string, cells []*Cell) error {
	for some := range slices.Chunk(cells, batchRows) {
		list := make([]Cell, len(some))
		for i, c := range some {
			list[i] = *c
		}
		refused, err := s.store.insertCells(ctx, list)
		if err != nil {
			return err
		}
		for _, c := range list {
			if _, there := slices.BinarySearch(refused, c.ID); !there {
				continue
			}
			if err := s.recount(ctx, r, cycle, c.Place); err != nil {
				return err
			}
		}
	}
	return nil
}

// newCell is an empty cell that takes the turn after another.
func newCell(r Requirement, cycle, place string, turn int64) Cell {
	return Cell{
		ID: cellID(r.ID, cycle, place), Institution: r.Institution, Requirement: r.ID, Cycle: cycle, Place: place,
		Open: map[string]int{}, Weeks: map[string]int{}, Turn: turn + 1,
	}
}

func cellID(requirement, cycle, place string) string {
	return requirement + ":" + cycle + ":" + place
}
