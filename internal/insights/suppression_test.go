package insights

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// grown returns the lowest places of a made-up institution with the sizes given, in the order of the places: sizes[i] belongs to the i-th level of
// the j-th department of the k-th cohort.
func grown(cohorts, departments, levels int, size func() int) []leaf {
	var leaves []leaf
	for c := range cohorts {
		for d := range departments {
			for l := range levels {
				leaves = append(leaves, leaf{place: fmt.Sprintf("u/c%d/d%d/l%d/", c, d, l), count: Count{All: size()}})
			}
		}
	}
	return leaves
}

func TestSuppress(t *testing.T) {
	sized := func(sizes ...int) []leaf {
		at := 0
		return grown(1, 1, len(sizes), func() int { at++; return sizes[at-1] })
	}
	for _, c := range []struct {
		name  string
		trees [][]leaf
		want  []string // hidden places of the first below u/c0/d0/, or whole
	}{
		{"nothing is small", [][]leaf{sized(10, 30, 50)}, nil},
		{"one small group takes the next smallest along", [][]leaf{sized(9, 30, 50)}, []string{"l0", "l1"}},
		{"two small ones that are few together take another", [][]leaf{sized(4, 5, 12, 50)}, []string{"l0", "l1", "l2"}},
		{"two small ones that are enough together stand alone", [][]leaf{sized(5, 5, 12, 50)}, []string{"l0", "l1"}},
		{"no part is left: all are hidden behind their sum", [][]leaf{sized(4, 20)}, []string{"l0", "l1"}},
		{"an empty group is no group", [][]leaf{sized(0, 20, 30)}, nil},
		{"hidden in one requirement, hidden in all", [][]leaf{sized(11, 30, 40), sized(9, 30, 40)}, []string{"l0", "l1"}},
		{"the smallest of each requirement joins", [][]leaf{sized(5, 30, 40, 50), sized(5, 40, 30, 50)}, []string{"l0", "l1", "l2"}},
		{"a requirement that lacks the one hidden beside it", [][]leaf{sized(12, 0, 40), sized(6, 30, 40)}, []string{"l0", "l2"}},
		{"hidden in a requirement for a few, shown in one for all", [][]leaf{sized(20, 30, 40), sized(5, 0, 0)}, nil},
		{"an only part that is hidden elsewhere hides what is above", [][]leaf{sized(12, 0), sized(6, 30)}, []string{"", "u/", "u/c0/", "l0"}},
		{"too few in all", [][]leaf{sized(3, 4)}, []string{"", "u/", "u/c0/", "l0", "l1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var trees []*Group
			for _, leaves := range c.trees {
				trees = append(trees, tree("u/", leaves))
			}
			want := Hidden{}
			for _, w := range c.want {
				if strings.HasPrefix(w, "u/") {
					want[w] = true
				} else {
					want[strings.TrimSuffix("u/c0/d0/"+w, "/")+"/"] = true
				}
			}
			if diff := cmp.Diff(want, Suppress(trees...)[0]); diff != "" {
				t.Errorf("hidden (-want +got)\n%s", diff)
			}
		})
	}
}

func TestTree(t *testing.T) {
	leaves := []leaf{
		{"u/b/x/1/", Count{All: 3, Met: 1, Open: map[string]int{"2027-01-29": 2}}, map[string]int{"2026-W40": 1}},
		{"u/a/x/1/", Count{All: 4, Met: 1, Exempt: 1, Open: map[string]int{"2027-01-29": 1, "none": 1}}, map[string]int{"2026-W40": 1}},
		{place: "u/a/y/1/"},
		{place: "v/a/y/1/", count: Count{All: 7}},
	}
	root := tree("u/", leaves)
	if diff := cmp.Diff(Count{All: 7, Met: 2, Exempt: 1, Open: map[string]int{"2027-01-29": 3, "none": 1}}, root.Count); diff != "" {
		t.Errorf("all (-want +got)\n%s", diff)
	}
	if weeks("u/", leaves)["2026-W40"] != 2 || weeks("u/b/", leaves)["2026-W40"] != 1 {
		t.Errorf("weeks %v", weeks("u/", leaves))
	}
	if diff := cmp.Diff(Numbers{All: 5, Met: 0, NotYet: 5, Overdue: 5, Exempt: 0, Required: 5}, root.Count.numbers("2027-01-30").rounded()); diff != "" {
		t.Errorf("rounded (-want +got)\n%s", diff)
	}
	if root.Count.NotYet() != 4 || root.Count.Overdue("2027-01-29") != 0 || root.Count.Overdue("2027-01-30") != 3 {
		t.Errorf("not yet %d, overdue %d", root.Count.NotYet(), root.Count.Overdue("2027-01-30"))
	}
	var places []string
	root.each(func(g *Group) { places = append(places, g.Place) })
	if diff := cmp.Diff([]string{"u/", "u/a/", "u/a/x/", "u/a/x/1/", "u/b/", "u/b/x/", "u/b/x/1/"}, places); diff != "" {
		t.Errorf("places (-want +got)\n%s", diff)
	}
	if g := root.Find("u/a/x/"); g == nil || g.Count.All != 4 || root.Find("u/a/y/") != nil || root.Find("w/") != nil {
		t.Errorf("found %+v", g)
	}
}

// TestNothingHiddenCanBeWorkedOut looks at random institutions as somebody does who has seen every page: it takes every pair of numbers shown from
// each other, and then solves everything that is shown as one system of linear equations.
func TestNothingHiddenCanBeWorkedOut(t *testing.T) {
	hiddenAny, shownAny := 0, 0
	for seed := range uint64(600) {
		trees := someTrees(rand.New(rand.NewPCG(seed, 5)))
		all := Suppress(trees...)
		for i, tree := range trees {
			hidden := all[i]
			shown, secret := 0, 0
			tree.each(func(g *Group) {
				if hidden[g.Place] {
					secret++
				} else {
					shown++
				}
			})
			hiddenAny, shownAny = hiddenAny+secret, shownAny+shown
			if err := byPairs(tree, hidden); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, drawn(tree, hidden))
			}
			if err := byElimination(tree, hidden); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, drawn(tree, hidden))
			}
		}
	}
	if hiddenAny < 1000 || shownAny < 1000 {
		t.Errorf("%d hidden and %d shown: the institutions are too plain to show anything", hiddenAny, shownAny)
	}
}

// TestEverySmallInstitution goes through every institution of two departments of two levels with sizes about the limit.
func TestEverySmallInstitution(t *testing.T) {
	sizes := []int{0, 1, 4, 5, 9, 10, 11, 25}
	for n := range len(sizes) * len(sizes) * len(sizes) * len(sizes) * len(sizes) {
		rest := n
		leaves := grown(1, 2, 3, func() int { size := sizes[rest%len(sizes)]; rest /= len(sizes); return size })[:5]
		root := tree("u/", leaves)
		hidden := Suppress(root)[0]
		if err := byPairs(root, hidden); err != nil {
			t.Fatalf("%v\n%s", err, drawn(root, hidden))
		}
		if err := byElimination(root, hidden); err != nil {
			t.Fatalf("%v\n%s", err, drawn(root, hidden))
		}
	}
}

// TestWithoutTheSecondHidingItCanBeWorkedOut shows that the two attacks find what there is to find.
func TestWithoutTheSecondHidingItCanBeWorkedOut(t *testing.T) {
	root := tree("u/", []leaf{{place: "u/a/x/1/", count: Count{All: 4}}, {place: "u/a/x/2/", count: Count{All: 20}}, {place: "u/a/y/1/", count: Count{All: 30}}})
	naive := Hidden{"u/a/x/1/": true}
	if byPairs(root, naive) == nil || byElimination(root, naive) == nil {
		t.Error("a hidden group beside a single shown one was not found")
	}
	root = tree("u/", []leaf{{place: "u/a/x/1/", count: Count{All: 4}}, {place: "u/a/x/2/", count: Count{All: 20}}, {place: "u/a/x/3/", count: Count{All: 20}}, {place: "u/a/y/1/", count: Count{All: 30}}})
	if byPairs(root, naive) != nil || byElimination(root, naive) == nil {
		t.Error("what only three numbers give away was not found")
	}
}

func someTrees(dice *rand.Rand) []*Group {
	cohorts, departments, levels := 1+dice.IntN(3), 1+dice.IntN(4), 1+dice.IntN(4)
	most := []int{8, 14, 40, 200}[dice.IntN(4)]
	base := grown(cohorts, departments, levels, func() int { return dice.IntN(most) })
	trees := []*Group{tree("u/", base)}
	for range dice.IntN(3) { // further requirements: other people of the same places, or part of them
		more := slices.Clone(base)
		for i := range more {
			switch dice.IntN(4) {
			case 0:
				more[i].count.All = 0
			case 1:
				more[i].count.All = dice.IntN(most)
			}
		}
		trees = append(trees, tree("u/", more))
	}
	return trees
}

// byPairs fails when two shown groups of which one is part of the other differ by a hidden group, or by fewer than Least people.
func byPairs(root *Group, hidden Hidden) error {
	var shown, secret []*Group
	root.each(func(g *Group) {
		if hidden[g.Place] {
			secret = append(secret, g)
		} else {
			shown = append(shown, g)
		}
	})
	for _, a := range shown {
		if a.Count.All < Least {
			return fmt.Errorf("%s is shown with %d", a.Place, a.Count.All)
		}
		for _, b := range shown {
			left := a.Count.All - b.Count.All
			if a == b || !strings.HasPrefix(b.Place, a.Place) || left == 0 {
				continue
			}
			if left < Least {
				return fmt.Errorf("%s without %s are %d", a.Place, b.Place, left)
			}
			for _, s := range secret {
				if maps.Equal(without(leavesOf(a), leavesOf(b)), leavesOf(s)) {
					return fmt.Errorf("%s without %s is %s", a.Place, b.Place, s.Place)
				}
			}
		}
	}
	return nil
}

// byElimination brings the equations of everything shown, each a sum of lowest groups, into row echelon form over a prime field, and fails when a
// hidden group follows from them; or when the parts of a shown group that are not shown are together fewer than Least, which is a group, too.
func byElimination(root *Group, hidden Hidden) error {
	leaves := slices.Sorted(maps.Keys(leavesOf(root)))
	row := func(g *Group) []int {
		r := make([]int, len(leaves))
		for place := range leavesOf(g) {
			at, _ := slices.BinarySearch(leaves, place)
			r[at] = 1
		}
		return r
	}
	var basis [][]int
	var err error
	root.each(func(g *Group) {
		if hidden[g.Place] {
			return
		}
		basis = extend(basis, row(g))
		left := g.Count.All
		for _, part := range g.Groups {
			if !hidden[part.Place] {
				left -= part.Count.All
			}
		}
		if len(g.Groups) > 0 && left > 0 && left < Least {
			err = fmt.Errorf("what is not shown of %s are %d", g.Place, left)
		}
	})
	root.each(func(g *Group) {
		if hidden[g.Place] && len(extend(basis, row(g))) == len(basis) {
			err = fmt.Errorf("%s follows from what is shown", g.Place)
		}
	})
	return err
}

const prime = 1_000_003

// extend reduces a row by the basis and adds what is left of it, if anything is.
func extend(basis [][]int, r []int) [][]int {
	r = slices.Clone(r)
	for _, b := range basis {
		lead := slices.IndexFunc(b, func(v int) bool { return v != 0 })
		if f := r[lead]; f != 0 { // b[lead] is one
			for i := range r {
				r[i] = ((r[i]-f*b[i])%prime + prime) % prime
			}
		}
	}
	lead := slices.IndexFunc(r, func(v int) bool { return v != 0 })
	if lead < 0 {
		return basis
	}
	inverse := power(r[lead], prime-2)
	for i := range r {
		r[i] = r[i] * inverse % prime
	}
	return append(slices.Clip(basis), r)
}

func power(base, exponent int) int {
	result := 1
	for ; exponent > 0; exponent >>= 1 {
		if exponent&1 == 1 {
			result = result * base % prime
		}
		base = base * base % prime
	}
	return result
}

func leavesOf(g *Group) map[string]bool {
	all := map[string]bool{}
	g.each(func(g *Group) {
		if len(g.Groups) == 0 {
			all[g.Place] = true
		}
	})
	return all
}

func without(a, b map[string]bool) map[string]bool {
	left := maps.Clone(a)
	maps.DeleteFunc(left, func(place string, _ bool) bool { return b[place] })
	return left
}

func drawn(root *Group, hidden Hidden) string {
	var b strings.Builder
	root.each(func(g *Group) {
		mark := ""
		if hidden[g.Place] {
			mark = "  hidden"
		}
		fmt.Fprintf(&b, "%-16s %4d%s\n", g.Place, g.Count.All, mark)
	})
	return b.String()
}
