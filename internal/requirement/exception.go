package requirement

import (
	"context"
	"time"

	"github.com/upstander/upstander/internal/fault"
)

// Exception is what staff decided for one person, a requirement and a cycle. It has no room for a reason.
type Exception struct {
	ID           string    `bson:"_id"` // person:requirement:cycle
	Person       string    `bson:"person"`
	Requirement  string    `bson:"requirement"`
	Cycle        string    `bson:"cycle"`
	Due          string    `bson:"due"`    // civil day instead of the requirement's; empty: none
	Status       string    `bson:"status"` // Exempt, Met or empty
	Day          string    `bson:"day"`    // of a Met by hand
	Pending      string    `bson:"pending"`
	ClaimedUntil time.Time `bson:"claimed_until"`
}

// Extend gives a person another day for the cycle of today; an empty one takes the extension back.
func (s *Service) Extend(ctx context.Context, person, requirement, due string) error {
	if err := checkDue(due); err != nil {
		return err
	}
	return s.except(ctx, person, requirement, func(ex *Exception) { ex.Due = due })
}

func checkDue(due string) error {
	if !civil(due) {
		return fault.Problems{{Field: "due", Key: "form.day-wrong"}}
	}
	return nil
}

// Excuse exempts a person in the cycle of today.
func (s *Service) Excuse(ctx context.Context, person, requirement string) error {
	return s.except(ctx, person, requirement, func(ex *Exception) { ex.Status, ex.Day = Exempt, "" })
}

// MeetByHand says that a person has met a requirement elsewhere, on a day of the cycle of today or before.
func (s *Service) MeetByHand(ctx context.Context, person, requirement, day string) error {
	if err := s.checkMet(day); err != nil {
		return err
	}
	return s.except(ctx, person, requirement, func(ex *Exception) { ex.Status, ex.Day = Met, day })
}

func (s *Service) checkMet(day string) error {
	if day == "" || !civil(day) || day > s.cfg.Today() {
		return fault.Problems{{Field: "day", Key: "form.day-wrong"}}
	}
	return nil
}

// Restore takes back an exemption or what was met by hand.
func (s *Service) Restore(ctx context.Context, person, requirement string) error {
	return s.except(ctx, person, requirement, func(ex *Exception) { ex.Status, ex.Day = "", "" })
}

// Exception returns what staff decided for a person in the cycle of today; nothing in it when they decided nothing.
func (s *Service) Exception(ctx context.Context, person, requirement string) (Exception, error) {
	r, err := s.store.requirement(ctx, requirement)
	if err != nil {
		return Exception{}, err
	}
	return s.store.exception(ctx, standingID(person, requirement, r.CycleOn(s.cfg.Today()).ID))
}

func (s *Service) except(ctx context.Context, person, requirement string, change func(*Exception)) error {
	st, err := s.Standing(ctx, person, requirement)
	if err != nil {
		return err
	}
	ex, err := s.store.upsertException(ctx, st.ID, func(ex *Exception) {
		ex.ID, ex.Person, ex.Requirement, ex.Cycle = st.ID, person, requirement, st.Cycle
		change(ex)
		ex.Pending, ex.ClaimedUntil = PendingStandings, time.Time{}
	})
	if err != nil {
		return err
	}
	return s.followException(ctx, ex)
}
