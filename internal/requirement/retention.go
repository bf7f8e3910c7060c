package requirement

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/upstander/upstander/internal/fault"
)

// LeftBefore walks those who left before a civil day, the longest gone first. Whoever is erased meanwhile is not missed.
func (s *Service) LeftBefore(ctx context.Context, day string) iter.Seq2[Member, error] {
	return s.store.eachLeft(ctx, day)
}

// Forget deletes how people stood in the cycles of an institution's requirements that were over before a civil day, with their counts, and returns how
// many. A requirement that ended before that day has nothing but such cycles.
func (s *Service) Forget(ctx context.Context, institution, day string) (int, error) {
	inForce, err := s.store.requirements(ctx, institution, "")
	if err != nil {
		return 0, err
	}
	ended, err := s.store.endedRequirements(ctx, institution)
	if err != nil {
		return 0, err
	}
	total := 0
	for _, r := range append(inForce, ended...) {
		n, err := s.forgetCycles(ctx, r, day)
		total += n
		if err != nil {
			return total, fmt.Errorf("forget standings: %w", err)
		}
	}
	return total, nil
}

func (s *Service) forgetCycles(ctx context.Context, r Requirement, day string) (int, error) {
	for n := 0; ; {
		cycle, err := s.store.firstCycle(ctx, r.ID)
		if errors.Is(err, fault.NotFound) || err == nil && !r.over(cycle, day) {
			return n, nil
		}
		if err != nil {
			return n, err
		}
		gone, err := s.store.forgetCycle(ctx, r.ID, cycle)
		if n += gone; err != nil {
			return n, err
		}
	}
}

// over says whether a cycle was over before a civil day. Cycles are named by the day on which they begin; Once is over with its requirement. A start that
// staff have put off makes nothing older than it is.
func (r Requirement) over(cycle, day string) bool {
	if r.Ended != "" && r.Ended < day {
		return true
	}
	return cycle != Once && r.Renewal.Every != Never && cycle < min(day, r.CycleOn(day).ID)
}
