package insights

import (
	"context"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/requirement"
)

// Dashboard is how a place stands with a requirement in one cycle.
type Dashboard struct {
	Scene
	Hidden  bool    // too small a group, or beside one: there is nothing else to see
	Numbers Numbers // of the place as a whole
	Rows    []Row   // the groups below it, in the order of place
	Trend   Trend
}

// Row is one of the groups below a place. Of a hidden one there is nothing but its place.
type Row struct {
	Place   string
	Hidden  bool
	Numbers Numbers
}

// Dashboard counts what somebody wants to see.
func (s *Service) Dashboard(ctx context.Context, sight Sight, look Look) (Dashboard, error) {
	sc, err := s.Scene(ctx, sight, look)
	d := Dashboard{Scene: sc}
	if err != nil {
		return d, err
	}
	all, hidden, err := s.figures(ctx, sc)
	if err != nil {
		return d, err
	}
	group := all.at(sc)
	if group == nil || group.Count.All == 0 { // nobody is there
		return d, nil
	}
	if d.Hidden = hidden[group.Place]; d.Hidden {
		return d, nil
	}
	d.Numbers = s.numbers(sc, group)
	for _, g := range group.Groups {
		r := Row{Place: g.Place, Hidden: hidden[g.Place]}
		if !r.Hidden {
			r.Numbers = s.numbers(sc, g)
		}
		d.Rows = append(d.Rows, r)
	}
	byWeek := map[string]int{}
	for _, place := range sc.places() {
		for week, n := range weeks(place, all.leaves) {
			byWeek[week] += n
		}
	}
	d.Trend, err = NewTrend(byWeek, d.Numbers.Required, sc.Cycle.From, s.cfg.Today(), sc.Cycle.Due, !sight.Names)
	return d, err
}

// numbers counts a group, rounded for whoever may not see names.
func (s *Service) numbers(sc Scene, g *Group) Numbers {
	n := g.Count.numbers(s.cfg.Today())
	if !sc.Sight.Names {
		return n.rounded()
	}
	return n
}

// counted is what is counted of one requirement in one cycle.
type counted struct {
	tree   *Group
	leaves []leaf
}

// at returns the group of a scene, or nil.
func (c counted) at(sc Scene) *Group {
	if sc.Place == "" {
		return c.tree
	}
	return c.tree.Find(sc.Place)
}

// figures returns the counts for a scene and what of them must be hidden. Staff get what is counted now.
func (s *Service) figures(ctx context.Context, sc Scene) (counted, Hidden, error) {
	if !sc.Sight.Names {
		f, err := s.steadyFigures(ctx, sc.Sight.Institution)
		if err != nil {
			return counted{}, nil, err
		}
		c, hidden := f.of(sc)
		return c, hidden, nil
	}
	var leaves []leaf
	for _, place := range sc.places() {
		cells, err := s.cfg.Requirements.Cells(ctx, sc.Requirement.ID, sc.Cycle.ID, place)
		if err != nil {
			return counted{}, nil, err
		}
		leaves = append(leaves, leavesOfCells(cells)...)
	}
	if sc.Place != "" {
		return counted{tree(sc.Place, leaves), leaves}, nil, nil
	}
	root := &Group{}
	for _, place := range sc.places() {
		if g := tree(place, leaves); g.Count.All > 0 {
			root.Count.Add(g.Count)
			root.Groups = append(root.Groups, g)
		}
	}
	return counted{root, leaves}, nil, nil
}

func leavesOfCells(cells []requirement.Cell) []leaf {
	leaves := make([]leaf, len(cells))
	for i, c := range cells {
		leaves[i] = leaf{place: c.Place, count: Count{All: c.All, Met: c.Met, Exempt: c.Exempt, Open: c.Open}, weeks: c.Weeks}
	}
	return leaves
}

// figures are all the numbers of an institution at one moment, for whoever may not see names. What is hidden depends on all of them, so they are
// taken together and kept for a while. That also keeps somebody from watching a number go up at the moment at which a person they know completes.
type figures struct {
	at     time.Time
	views  map[string]int // where the numbers of requirement:cycle stand in the lists
	counts []counted
	hidden []Hidden
}

// steadyFor is how long the figures for groups stay the same.
const steadyFor = time.Minute

func (f *figures) of(sc Scene) (counted, Hidden) {
	if i, ok := f.views[sc.Requirement.ID+":"+sc.Cycle.ID]; ok {
		return f.counts[i], f.hidden[i]
	}
	return counted{tree: &Group{Place: requirement.WholeOf(sc.Sight.Institution)}}, nil // made since, or nobody's: with the next figures
}

// steadyFigures returns the institution's figures. Only one caller counts at a time.
func (s *Service) steadyFigures(ctx context.Context, institution string) (*figures, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.kept[institution]; ok && s.cfg.Now().Sub(f.at) < steadyFor {
		return f, nil
	}
	f := &figures{at: s.cfg.Now(), views: map[string]int{}}
	list, err := s.cfg.Requirements.Requirements(ctx, institution)
	if err != nil {
		return nil, err
	}
	var trees []*Group
	for _, r := range list {
		for _, c := range cycles(r, s.cfg.Today()) {
			cells, err := s.cfg.Requirements.Cells(ctx, r.ID, c.ID, requirement.WholeOf(institution))
			if err != nil {
				return nil, err
			}
			leaves := leavesOfCells(cells)
			t := tree(requirement.WholeOf(institution), leaves)
			if t.Count.All > 0 {
				f.views[r.ID+":"+c.ID] = len(trees)
				f.counts, trees = append(f.counts, counted{t, leaves}), append(trees, t)
			}
		}
	}
	f.hidden = Suppress(trees...)
	s.kept[institution] = f
	return f, nil
}

// path lists the places from the outermost that one may see to the one that is looked at.
func (sc Scene) path() []string {
	var all []string
	if len(sc.Sight.Places) > 1 {
		all = append(all, "")
	}
	for _, outer := range sc.Sight.Places {
		rest, within := strings.CutPrefix(sc.Place, outer)
		if !within {
			continue
		}
		all = append(all, outer)
		for place := outer; rest != ""; {
			slug, after, _ := strings.Cut(rest, "/")
			place, rest = place+slug+"/", after
			all = append(all, place)
		}
	}
	return all
}
