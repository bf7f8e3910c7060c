package workshop

import (
	"testing"

	"github.com/upstander/upstander/internal/people"
)

// TestForget: workshops that have ended go with who was there; of those under way and those of others nothing goes.
func TestForget(t *testing.T) {
	f, ctx := open(t), t.Context()
	ended, _ := f.start()
	under, _ := f.start()
	for _, r := range []Room{ended, under} {
		if _, err := f.Attend(ctx, people.Person{ID: "student", Institution: "north"}, r.CreditCode(f.clock.now())); err != nil {
			t.Fatal(err)
		}
	}
	f.must(f.End(ctx, ended.ID))
	for _, one := range []struct {
		institution, day string
		want             int
	}{{"north", "2026-11-20", 0}, {"south", "2026-11-21", 0}, {"north", "2026-11-21", 1}, {"north", "2026-11-21", 0}} {
		if n, err := f.Forget(ctx, one.institution, one.day); n != one.want || err != nil {
			t.Errorf("at %s before %s: %d instead of %d, %v", one.institution, one.day, n, one.want, err)
		}
	}
	if _, err := f.Room(ctx, ended.ID); err == nil {
		t.Error("the room is still there")
	}
	if r, err := f.Room(ctx, under.ID); err != nil || r.State != Open {
		t.Errorf("a room under way: %v", err)
	}
	if left, err := f.AttendanceOf(ctx, "student"); err != nil || len(left) != 1 || left[0].Room != under.ID {
		t.Errorf("attendance left: %v, %v", left, err)
	}
}
