// Package insights shows who has met a requirement: to staff by name, to whoever may not see names as groups. It is the only feature that reads others.
//
// Its rules:
//
//   - It reads standings and the counts that requirement keeps of them, and nothing else: no answers, no times, no routes, for there are none to read.
//   - Numbers come from the counts of the lowest places, names from an index; nothing scans.
//   - Staff see the places of their scope, by whatever address they ask. Whoever may not see names sees groups of Least people or more, and never
//     two numbers from which a smaller one follows (Suppress).
//   - A list leaves the program only after the audit log has taken down that it does.
package insights

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/requirement"
)

// Config is what the service is made from.
type Config struct {
	Requirements *requirement.Service
	Audit        *audit.Log
	Today        func() string // civil date
	Now          func() time.Time
}

// Service is the package's verbs.
type Service struct {
	cfg Config

	mu   sync.Mutex
	kept map[string]*figures // by institution, for whoever may not see names
}

// New makes the service. It stores nothing of its own.
func New(cfg Config) *Service { return &Service{cfg: cfg, kept: map[string]*figures{}} }

// Sight is what somebody may see.
type Sight struct {
	Institution string
	Names       bool     // of people; otherwise only groups that are large enough
	Places      []string // with everything below them; none stands within another
}

// SightOf returns what a person may see: administrators and staff without a scope the whole institution, staff with a scope its places, facilitators
// the institution without names, and anybody else nothing.
func SightOf(p people.Person) Sight {
	s := Sight{Institution: p.Institution, Names: p.Is(people.Staff) || p.Is(people.Admin)}
	whole := []string{requirement.WholeOf(p.Institution)}
	switch {
	case p.Is(people.Admin), p.Is(people.Staff) && len(p.Scope) == 0, !s.Names && p.Is(people.Facilitator):
		s.Places = whole
	case p.Is(people.Staff):
		s.Places = outermost(whole[0], p.Scope)
	}
	return s
}

// Whole is the sight of whoever may see everything of an institution.
func Whole(institution string) Sight {
	return Sight{Institution: institution, Names: true, Places: []string{requirement.WholeOf(institution)}}
}

// outermost leaves out what is no place of the institution, and what stands within another.
func outermost(institution string, scope []string) []string {
	var all []string
	for _, place := range slices.Sorted(slices.Values(scope)) {
		place = requirement.PlaceTyped(place)
		if requirement.Within(place, institution) && (len(all) == 0 || !requirement.Within(place, all[len(all)-1])) {
			all = append(all, place)
		}
	}
	return all
}

// Look is what somebody wants to see: the filters of the address. Empty fields leave the choice to the page.
type Look struct {
	Requirement, Cycle, Place string
}

// Scene is a look that has been found and may be seen.
type Scene struct {
	Sight        Sight
	Requirements []requirement.Requirement // to choose from
	Requirement  requirement.Requirement
	Cycles       []requirement.Cycle // to choose from, the latest first
	Cycle        requirement.Cycle
	Place        string // empty: everything that one may see, where that is several places
	Values       requirement.Values
}

// Scene finds what somebody wants to see. fault.Denied when they may not; fault.NotFound when it is not there, or when nothing is required.
func (s *Service) Scene(ctx context.Context, sight Sight, look Look) (Scene, error) {
	sc := Scene{Sight: sight}
	if len(sight.Places) == 0 {
		return sc, fmt.Errorf("insights: %w", fault.Denied)
	}
	var err error
	if sc.Requirements, err = s.cfg.Requirements.Requirements(ctx, sight.Institution); err != nil {
		return sc, err
	}
	if sc.Place, err = sight.place(look.Place); err != nil {
		return sc, err
	}
	if sc.Values, err = s.cfg.Requirements.Values(ctx, sight.Institution); err != nil {
		return sc, err
	}
	at := slices.IndexFunc(sc.Requirements, func(r requirement.Requirement) bool { return look.Requirement == "" || r.ID == look.Requirement })
	if at < 0 {
		return sc, fmt.Errorf("requirement: %w", fault.NotFound)
	}
	sc.Requirement = sc.Requirements[at]
	sc.Cycles = cycles(sc.Requirement, s.cfg.Today())
	at = slices.IndexFunc(sc.Cycles, func(c requirement.Cycle) bool { return look.Cycle == "" || c.ID == look.Cycle })
	if at < 0 {
		return sc, fmt.Errorf("cycle: %w", fault.NotFound)
	}
	sc.Cycle = sc.Cycles[at]
	return sc, nil
}

// place returns the place that somebody wants to see, if it is one of theirs. It is a whole one: the beginning of a name is none.
func (s Sight) place(wanted string) (string, error) {
	if wanted == "" {
		if len(s.Places) == 1 {
			return s.Places[0], nil
		}
		return "", nil
	}
	wanted = requirement.PlaceTyped(wanted)
	for _, p := range s.Places {
		if !requirement.Within(wanted, p) {
			continue
		}
		if !requirement.IsPlace(wanted) {
			return "", fmt.Errorf("place below the lowest: %w", fault.NotFound)
		}
		return wanted, nil
	}
	return "", fmt.Errorf("place outside the scope: %w", fault.Denied)
}

// places lists what a scene is of.
func (sc Scene) places() []string {
	if sc.Place == "" {
		return sc.Sight.Places
	}
	return []string{sc.Place}
}

// pastCycles is how many cycles one can look back.
const pastCycles = 6

// cycles lists the cycle of a day and those before it, the latest first.
func cycles(r requirement.Requirement, today string) []requirement.Cycle {
	all := []requirement.Cycle{r.CycleOn(today)}
	for len(all) <= pastCycles {
		last := all[len(all)-1]
		from, err := time.Parse(time.DateOnly, last.ID)
		if err != nil { // it is never renewed
			break
		}
		before := r.CycleOn(from.AddDate(0, 0, -1).Format(time.DateOnly))
		if before.ID == last.ID || r.Start == "" && before.Due == last.Due { // there was none before, or nothing says that there was
			break
		}
		all = append(all, before)
	}
	return all
}
