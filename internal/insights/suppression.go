package insights

import (
	"cmp"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/requirement"
)

// Least is the size of the smallest group that is shown to whoever may not see names.
const Least = 10

// Group is a place with the groups below it: an institution with its cohorts, a cohort with its departments, a department with its levels.
// Every person stands in exactly one of the lowest groups, so that a group counts what the groups below it count together.
type Group struct {
	Place  string // path of slugs with a slash at the end: "north/2026/arts/2/"
	Count  Count
	Groups []*Group // in the order of place; none is empty
}

// Count is what is known of a group under one requirement in one cycle.
type Count struct {
	All, Met, Exempt int
	Open             map[string]int // neither met nor exempt, by due date; requirement.NoDay where there is none
}

// Add adds what another count holds.
func (c *Count) Add(o Count) {
	c.All, c.Met, c.Exempt = c.All+o.All, c.Met+o.Met, c.Exempt+o.Exempt
	if c.Open == nil {
		c.Open = make(map[string]int, len(o.Open))
	}
	for day, n := range o.Open {
		c.Open[day] += n
	}
}

// NotYet counts those who have neither met the requirement nor need not.
func (c Count) NotYet() int { return c.All - c.Met - c.Exempt }

// Overdue counts those of them whose due date is past.
func (c Count) Overdue(today string) int {
	n := 0
	for day, open := range c.Open {
		if day != requirement.NoDay && day < today {
			n += open
		}
	}
	return n
}

// Numbers are what a page shows of a group.
type Numbers struct {
	All, Met, NotYet, Overdue, Exempt int
	Required                          int // have to meet it: all but the exempt
}

func (c Count) numbers(today string) Numbers {
	return Numbers{All: c.All, Met: c.Met, NotYet: c.NotYet(), Overdue: c.Overdue(today), Exempt: c.Exempt, Required: c.All - c.Exempt}
}

// rounded brings every number to the nearest five, as HESA does with what it publishes of students: differences then tell nothing of one person.
func (n Numbers) rounded() Numbers {
	return Numbers{
		All: nearestFive(n.All), Met: nearestFive(n.Met), NotYet: nearestFive(n.NotYet), Overdue: nearestFive(n.Overdue), Exempt: nearestFive(n.Exempt),
		Required: nearestFive(n.Required),
	}
}

func nearestFive(n int) int { return (n + 2) / 5 * 5 }

// Find returns the group at a place, or nil.
func (g *Group) Find(place string) *Group {
	if g.Place == place {
		return g
	}
	for _, below := range g.Groups {
		if strings.HasPrefix(place, below.Place) {
			return below.Find(place)
		}
	}
	return nil
}

// Hidden holds the places of one tree of which nothing may be shown to whoever may not see names.
type Hidden map[string]bool

// Suppress says which groups must be hidden so that no group of fewer than Least people can be counted: not by itself, and not by taking what is
// shown away from other things that are shown. There is one tree for every requirement and cycle, and one answer for every tree.
//
// Groups form a strict hierarchy, and a group is all that one can filter by. So whatever can be worked out from the numbers of a tree is put together
// from these: a shown group, and what is left of a shown group without those of its parts that are shown. The rules keep both large:
//
//   - A group under Least is hidden, and so is everything below a hidden group.
//   - The hidden parts of a shown group are two at least, and Least people or more together; the smallest of the other parts join them until they are.
//   - Where no part is left to join, the group itself is hidden, and its neighbours are looked at in their turn.
//   - A group that is hidden in one tree is hidden in every other in which it is at most twice as large: those are mostly the same people. A requirement
//     for a few hides nothing of one for all.
//
// It is the place that is hidden, with every number: met, overdue, weeks. Why it is hidden, for its own size or for a neighbour's, is not told
// either, for that would narrow down what its number can be.
//
// People of one requirement without those of another can still be few. Against that, and against a number that is watched as it changes, what is
// shown is rounded as well (Numbers.rounded).
func Suppress(trees ...*Group) []Hidden {
	hidden := make([]Hidden, len(trees))
	sizes := make([]map[string]int, len(trees))
	for i, t := range trees {
		hidden[i], sizes[i] = Hidden{}, map[string]int{}
		t.each(func(g *Group) {
			sizes[i][g.Place] = g.Count.All
			if g.Count.All < Least {
				hidden[i][g.Place] = true
			}
		})
	}
	for before := -1; before != total(hidden); {
		before = total(hidden)
		for i, t := range trees {
			t.each(func(g *Group) { hidden[i].protect(g) })
		}
		spread(hidden, sizes)
	}
	return hidden
}

// spread hides in every tree what is hidden in another that counts mostly the same people.
func spread(hidden []Hidden, sizes []map[string]int) {
	for i := range hidden {
		for place := range hidden[i] {
			for j := range hidden {
				if n := sizes[j][place]; n > 0 && n <= 2*sizes[i][place] {
					hidden[j][place] = true
				}
			}
		}
	}
}

func total(hidden []Hidden) int {
	n := 0
	for _, h := range hidden {
		n += len(h)
	}
	return n
}

// each visits a group and all below it, from the top.
func (g *Group) each(visit func(*Group)) {
	visit(g)
	for _, below := range g.Groups {
		below.each(visit)
	}
}

// protect applies the rules to the parts of one group.
func (h Hidden) protect(g *Group) {
	if h[g.Place] {
		for _, part := range g.Groups {
			h[part.Place] = true
		}
		return
	}
	var shown []*Group
	count, people := 0, 0
	for _, part := range g.Groups {
		if h[part.Place] {
			count, people = count+1, people+part.Count.All
		} else {
			shown = append(shown, part)
		}
	}
	if count == 0 {
		return
	}
	slices.SortStableFunc(shown, func(a, b *Group) int { return cmp.Compare(a.Count.All, b.Count.All) })
	for count < 2 || people < Least {
		if len(shown) == 0 {
			h[g.Place] = true
			h.protect(g)
			return
		}
		h[shown[0].Place] = true
		count, people, shown = count+1, people+shown[0].Count.All, shown[1:]
	}
}

// leaf is one of the lowest groups, with what is counted of it.
type leaf struct {
	place string
	count Count
	weeks map[string]int // met, by ISO week: 2026-W47
}

// tree builds the hierarchy above the lowest groups. at is the place that it begins at; leaves outside it are left out, and so is whatever is empty.
func tree(at string, leaves []leaf) *Group {
	root := &Group{Place: at}
	byPlace := map[string]*Group{at: root}
	for _, l := range leaves {
		rest, within := strings.CutPrefix(l.place, at)
		if !within || l.count.All == 0 {
			continue
		}
		root.Count.Add(l.count)
		above := root
		for place := at; rest != ""; {
			slug, after, _ := strings.Cut(rest, "/")
			place, rest = place+slug+"/", after
			g, ok := byPlace[place]
			if !ok {
				g = &Group{Place: place}
				byPlace[place] = g
				above.Groups = append(above.Groups, g)
			}
			g.Count.Add(l.count)
			above = g
		}
	}
	root.each(func(g *Group) {
		slices.SortFunc(g.Groups, func(a, b *Group) int { return strings.Compare(a.Place, b.Place) })
	})
	return root
}

// weeks counts who met the requirement in which week, within a place.
func weeks(at string, leaves []leaf) map[string]int {
	total := map[string]int{}
	for _, l := range leaves {
		if !strings.HasPrefix(l.place, at) {
			continue
		}
		for week, n := range l.weeks {
			if week != requirement.NoDay {
				total[week] += n
			}
		}
	}
	return total
}
