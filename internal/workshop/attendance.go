package workshop

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// A code for attendance shows for a minute and is taken for three: people type slowly.
const (
	creditFor   = time.Minute
	creditTaken = 3
)

// CreditCode returns the code that the projector shows now.
func (r Room) CreditCode(now time.Time) string {
	return r.creditCode(now.Unix() / int64(creditFor.Seconds()))
}

func (r Room) creditCode(minute int64) string {
	return spell([]byte(derive(r.CreditKey, "credit "+strconv.FormatInt(minute, 10))), 6)
}

// creditLimit bounds guesses at codes, by person.
func creditLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "attendance", Times: 20, Per: 10 * time.Minute}
}

// Attend adds a person's attendance of the open room whose projector shows the code; fault.Problems on "code" when there is none. The room knows the day
// and nothing of the person's phone. While Redis is away no code is taken.
func (s *Service) Attend(ctx context.Context, p people.Person, typed string) (Attended, error) {
	if err := s.cfg.Limits.Allow(ctx, creditLimit(), p.ID); err != nil {
		return Attended{}, err
	}
	rooms, err := s.store.openRooms(ctx, p.Institution)
	if err != nil {
		return Attended{}, err
	}
	code, minute := CleanCode(typed), s.cfg.Now().Unix()/int64(creditFor.Seconds())
	for _, r := range rooms {
		for back := range int64(creditTaken) {
			if !hmac.Equal([]byte(code), []byte(r.creditCode(minute-back))) {
				continue
			}
			a := Attended{ID: r.ID + ":" + p.ID, Room: r.ID, Person: p.ID, Institution: p.Institution, Module: r.Module, Template: r.Template, Edition: r.Edition, Day: s.cfg.Today(), Pending: s.cfg.Credit != nil}
			if err := s.store.attend(ctx, a); err != nil || !a.Pending {
				return a, err
			}
			if err := s.credit(ctx, a); err != nil { // it is kept, and counted with the next sweep
				s.cfg.Log.WarnContext(ctx, "attendance not counted yet", "error", err.Error())
			}
			return a, nil
		}
	}
	return Attended{}, fault.Problems{{Field: "code", Key: "workshops.code-wrong"}}
}

// credit counts an attendance towards what is required and takes its mark away.
func (s *Service) credit(ctx context.Context, a Attended) error {
	if s.cfg.Credit != nil {
		if err := s.cfg.Credit(ctx, a); err != nil {
			return fmt.Errorf("credit attendance: %w", err)
		}
	}
	return s.store.counted(ctx, a.ID)
}

// sweepAttendance counts what a server that died has left uncounted. One that fails does not keep the others waiting.
func (s *Service) sweepAttendance(ctx context.Context) error {
	list, err := s.store.uncounted(ctx)
	errs := []error{err}
	for _, a := range list {
		errs = append(errs, s.credit(ctx, a))
	}
	return errors.Join(errs...)
}

// AttendanceOf lists the workshops that a person has attended, the latest first.
func (s *Service) AttendanceOf(ctx context.Context, person string) ([]Attended, error) {
	return s.store.attendanceOf(ctx, person)
}

// Led lists the rooms that a person has begun, the latest first.
func (s *Service) Led(ctx context.Context, person string) ([]Room, error) {
	return s.store.roomsOf(ctx, person)
}

// Held lists the institution's workshops that have ended, the latest first.
func (s *Service) Held(ctx context.Context, institution string) ([]Room, error) {
	return s.store.endedRooms(ctx, institution)
}

// Ended returns a room for its summary: to whoever began it, and to staff of its institution. fault.NotFound to anybody else, and while it is open.
func (s *Service) Ended(ctx context.Context, id string, p people.Person) (r Room, attended int, err error) {
	r, err = s.store.room(ctx, id)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return r, 0, err
	}
	mine := r.Facilitator == p.ID || r.Institution == p.Institution && (p.Is(people.Staff) || p.Is(people.Admin))
	if err != nil || !mine || r.State != Ended {
		return Room{}, 0, fmt.Errorf("summary: %w", fault.NotFound)
	}
	attended, err = s.store.countAttendance(ctx, id)
	return r, attended, err
}
