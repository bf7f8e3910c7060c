package requirement_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/store/storetest"
)

type institutions map[string]people.Institution

func (i institutions) Institution(id string) (*people.Institution, error) {
	in, ok := i[id]
	if !ok {
		return nil, fault.NotFound
	}
	return &in, nil
}

func TestStandings(t *testing.T) {
	ctx := t.Context()
	s, err := requirement.New(ctx, storetest.Open(t), institutions{"north": {ID: "north", Requires: []people.Duty{{Module: "consent", Due: "2027-01-29"}, {Module: "bystander"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Standing(ctx, "sam", "consent"); !errors.Is(err, fault.NotFound) {
		t.Errorf("before: %v", err)
	}
	for _, day := range []string{"2026-11-20", "2026-12-24"} { // the second time changes nothing
		if err := s.Meet(ctx, "sam", "north", "consent", "2026.1", day); err != nil {
			t.Fatal(err)
		}
	}
	if st, err := s.Standing(ctx, "sam", "consent"); err != nil || st.Day != "2026-11-20" || st.ID != "sam:consent:once" {
		t.Errorf("after: %+v, %v", st, err)
	}
	duties, err := s.Duties(ctx, "sam", "north")
	want := []requirement.Duty{{Requirement: "consent", Due: "2027-01-29", Met: "2026-11-20"}, {Requirement: "bystander"}}
	if diff := cmp.Diff(want, duties); diff != "" || err != nil {
		t.Errorf("duties (-want +got)\n%s %v", diff, err)
	}
	if duties, _ := s.Duties(ctx, "alex", "north"); duties[0].Met != "" {
		t.Error("somebody else's standing")
	}
	if _, err := s.Duties(ctx, "sam", "nowhere"); !errors.Is(err, fault.NotFound) {
		t.Errorf("an unknown institution: %v", err)
	}
}
