package requirement

import (
	"context"
	"errors"
	"fmt"
	"time"

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

// recountAll counts every place of a requirement's cycle again.
func (s *Service) recountAll(ctx context.Context, r Requirement, cycle string) error {
	had, err := s.store.cells(ctx, r.ID, cycle, r.Institution+"/")
	if err != nil {
		return err
	}
	counts, err := s.store.counts(ctx, r.ID, cycle, "")
	if err != nil {
		return err
	}
	now := map[string]*Cell{}
	for _, c := range had {
		fresh := newCell(r, cycle, c.Place, c.Turn)
		now[c.Place] = &fresh
	}
	for _, one := range counts {
		if now[one.place] == nil {
			fresh := newCell(r, cycle, one.place, 0)
			now[one.place] = &fresh
		}
		now[one.place].add(one)
	}
	for place, c := range now {
		err := s.store.putCell(ctx, c.Turn-1, *c)
		if errors.Is(err, errStale) { // somebody counted in between
			err = s.recount(ctx, r, cycle, place)
		}
		if err != nil {
			return err
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
