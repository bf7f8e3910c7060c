package requirement

import (
	"context"
	"iter"

	"github.com/upstander/upstander/internal/store"
)

// eachLeft walks the members whose day of leaving is before one. Those who are enrolled have none, and an empty text comes before any day.
func (s *requirementStore) eachLeft(ctx context.Context, day string) iter.Seq2[Member, error] {
	return s.members.Each(ctx, store.All().Range("left", "0", day))
}

// firstCycle returns the earliest cycle in which somebody stands, or fault.NotFound. One that is never renewed comes after all others.
func (s *requirementStore) firstCycle(ctx context.Context, requirement string) (string, error) {
	st, err := s.standings.One(ctx, store.Where("requirement", requirement).By("cycle"))
	return st.Cycle, err
}

// forgetCycle deletes the counts and the standings of a cycle, and returns how many standings: those last, by which it is found.
func (s *requirementStore) forgetCycle(ctx context.Context, requirement, cycle string) (int, error) {
	if _, err := s.counted.DeleteWhere(ctx, store.All().Prefix(store.IDField, cellID(requirement, cycle, ""))); err != nil {
		return 0, err
	}
	return s.standings.DeleteWhere(ctx, store.Where("requirement", requirement).Where("cycle", cycle).By("place"))
}
