package workshop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// Session is a workshop that is announced for a day; whoever wants to come books one of its places. Who has a place, who waits and who has yet to be told
// stand in one document, so that whatever happens at once to the last place happens one after the other.
type Session struct {
	ID          string    `bson:"_id"`  // random
	Room        string    `bson:"room"` // in which it is held: random, and nobody learns it before they are in it; empty: not begun yet
	Institution string    `bson:"institution"`
	Facilitator string    `bson:"facilitator"` // who announced it; empty: staff did
	Module      string    `bson:"module"`
	Template    string    `bson:"template"`
	Minutes     int       `bson:"minutes"`
	Day         string    `bson:"day"`  // civil, in London
	Time        string    `bson:"time"` // 14:30, in London
	Begins      time.Time `bson:"begins"`
	Place       string    `bson:"place"`
	Places      int       `bson:"places"`
	Bookable    bool      `bson:"bookable"` // students see it and can book
	State       string    `bson:"state"`    // Planned, Begun, Cancelled
	Sequence    int       `bson:"sequence"` // of the calendar file: goes up when day, time or place change
	Booked      []string  `bson:"booked"`   // persons
	Waiting     []string  `bson:"waiting"`  // persons, the first one moves up first
	Notices     []Notice  `bson:"notices"`  // who has yet to be told what
	Told        int       `bson:"told"`     // numbers the notices
	Pending     bool      `bson:"pending"`  // there are notices
	NextAt      time.Time `bson:"next_at"`  // when they are tried next
	Tries       int       `bson:"tries"`    // that have failed
}

// States of a session.
const (
	Planned   = "planned"
	Begun     = "begun" // its room is or was open
	Cancelled = "cancelled"
)

const (
	// MostPlaces is as many people as a room holds.
	MostPlaces = 500
	// mostWaiting bounds the waiting list.
	mostWaiting = 500
	// longestPlace is how many characters a place can have.
	longestPlace = 120
	// furthest is how far ahead a session can be announced: a mistyped year is refused.
	furthest = 2 * 366 * 24 * time.Hour
)

// Plan is what is said of a session when it is announced or changed.
type Plan struct {
	Day, Time string // civil, in London
	Place     string
	Places    int
	Bookable  bool
}

// Ends returns when it is over.
func (d Session) Ends() time.Time { return d.Begins.Add(time.Duration(d.Minutes) * time.Minute) }

// Free returns how many places can be booked.
func (d Session) Free() int { return max(0, d.Places-len(d.Booked)) }

// HasPlace says whether somebody has booked a place.
func (d Session) HasPlace(person string) bool { return slices.Contains(d.Booked, person) }

// Waits says whether somebody is on the waiting list.
func (d Session) Waits(person string) bool { return slices.Contains(d.Waiting, person) }

// names says whether a session holds somebody anywhere.
func (d Session) names(person string) bool {
	return d.HasPlace(person) || d.Waits(person) || slices.ContainsFunc(d.Notices, func(n Notice) bool { return n.Person == person })
}

// shows says whether somebody who is no facilitator finds the session among those to come.
func (d Session) shows(person string, now time.Time) bool {
	return d.Ends().After(now) && (d.State == Planned && d.Bookable || d.HasPlace(person) || d.Waits(person))
}

// fill lets those who wait move up as far as there are places, and has them told.
func (d *Session) fill() {
	for d.State == Planned && len(d.Waiting) > 0 && len(d.Booked) < d.Places {
		next := d.Waiting[0]
		d.Waiting, d.Booked = slices.Clone(d.Waiting[1:]), append(slices.Clone(d.Booked), next)
		d.tell(movedUp, next)
	}
}

// leave takes somebody out, wherever they stand.
func (d *Session) leave(person string) {
	is := func(p string) bool { return p == person }
	d.Booked, d.Waiting = slices.DeleteFunc(slices.Clone(d.Booked), is), slices.DeleteFunc(slices.Clone(d.Waiting), is)
	d.Notices = slices.DeleteFunc(slices.Clone(d.Notices), func(n Notice) bool { return n.Person == person })
	d.Pending = len(d.Notices) > 0
	d.fill()
}

// moment reads a civil day and time in London; problems on "day" and "time". An hour that does not exist, because clocks go forward in it, is refused; of one
// that comes twice the first is meant.
func (s *Service) moment(day, at string) (time.Time, fault.Problems) {
	var p fault.Problems
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		p.Add("day", "form.day-wrong")
	}
	if _, err := time.Parse("15:04", at); err != nil {
		p.Add("time", "booking.time-wrong")
	}
	if len(p) > 0 {
		return time.Time{}, p
	}
	typed := day + " " + at
	begins, err := time.ParseInLocation("2006-01-02 15:04", typed, s.london)
	if err != nil || begins.Format("2006-01-02 15:04") != typed {
		p.Add("time", "booking.time-skipped")
	}
	if earlier := begins.Add(-time.Hour); earlier.Format("2006-01-02 15:04") == typed {
		begins = earlier
	}
	return begins.UTC(), p
}

// check reads a plan into a session.
func (s *Service) check(d Session, plan Plan) (Session, fault.Problems) {
	begins, p := s.moment(plan.Day, plan.Time)
	switch now := s.cfg.Now(); {
	case len(p) > 0:
	case plan.Day < s.cfg.Today():
		p.Add("day", "booking.day-past")
	case begins.Sub(now) > furthest:
		p.Add("day", "booking.day-far")
	}
	place := strings.Join(strings.Fields(plan.Place), " ")
	switch {
	case place == "":
		p.Add("place", "booking.place-missing")
	case len([]rune(place)) > longestPlace:
		p.Add("place", "form.too-long")
	}
	if plan.Places < 1 || plan.Places > MostPlaces {
		p.Add("places", "booking.places-wrong")
	}
	d.Day, d.Time, d.Begins, d.Place, d.Places, d.Bookable = plan.Day, plan.Time, begins, place, plan.Places, plan.Bookable
	return d, p
}

// Schedule announces a session. Who announces it as a facilitator is its own facilitator.
func (s *Service) Schedule(ctx context.Context, by people.Person, module, template string, plan Plan) (Session, error) {
	if !plans(by) {
		return Session{}, fmt.Errorf("schedule a workshop: %w", fault.Denied)
	}
	d := Session{
		ID: strings.ToLower(s.cfg.NewToken()[:16]), Institution: by.Institution, Module: module, Template: template, State: Planned,
		Booked: []string{}, Waiting: []string{}, Notices: []Notice{}, NextAt: s.cfg.Now(),
	}
	if by.Is(people.Facilitator) {
		d.Facilitator = by.ID
	}
	var p fault.Problems
	t, err := s.Template(module, template)
	if err != nil {
		p.Add("template", "form.choose")
	} else {
		d.Minutes = t.Minutes
	}
	d, more := s.check(d, plan)
	if err := append(p, more...).Err(); err != nil {
		return d, err
	}
	if err := s.record(ctx, by, audit.WorkshopSchedule, d); err != nil {
		return d, err
	}
	return d, s.store.insertSession(ctx, d)
}

// record keeps what somebody did to a session before it is done.
func (s *Service) record(ctx context.Context, by people.Person, verb audit.Verb, d Session) error {
	return s.cfg.Audit.Record(ctx, audit.Entry{Institution: by.Institution, Actor: by.ID, Verb: verb, Subject: d.ID, Detail: d.Day + " " + d.Time})
}

// plans says who may announce workshops.
func plans(p people.Person) bool {
	return p.Is(people.Facilitator) || p.Is(people.Staff) || p.Is(people.Admin)
}

// mayChange says whether somebody may change a session: staff of the institution, and its own facilitator.
func (d Session) mayChange(p people.Person) bool {
	return d.Institution == p.Institution && (p.Is(people.Staff) || p.Is(people.Admin) || p.Is(people.Facilitator) && d.Facilitator == p.ID)
}

// Session returns a session of a person's institution, or fault.NotFound.
func (s *Service) Session(ctx context.Context, p people.Person, id string) (Session, error) {
	d, err := s.store.session(ctx, id)
	if err == nil && d.Institution != p.Institution {
		return Session{}, fmt.Errorf("session of another institution: %w", fault.NotFound)
	}
	return d, err
}

// Own returns a session that somebody may change, or fault.NotFound.
func (s *Service) Own(ctx context.Context, p people.Person, id string) (Session, error) {
	d, err := s.Session(ctx, p, id)
	if err == nil && !d.mayChange(p) {
		return Session{}, fmt.Errorf("session of somebody else: %w", fault.NotFound)
	}
	return d, err
}

// Upcoming lists an institution's sessions from today on, the nearest first.
func (s *Service) Upcoming(ctx context.Context, institution string) ([]Session, error) {
	return s.store.upcoming(ctx, institution, s.cfg.Today())
}

// Reschedule changes a session that has not begun. Whoever has a place keeps it, even where there are fewer places than before; whoever waits moves up where
// there are more. All are told when day, time or place change.
func (s *Service) Reschedule(ctx context.Context, by people.Person, id string, plan Plan) (Session, error) {
	seen, err := s.Own(ctx, by, id)
	if err != nil {
		return seen, err
	}
	typed, p := s.check(seen, plan)
	if err := p.Err(); err != nil {
		return typed, err
	}
	if err := s.record(ctx, by, audit.WorkshopChange, seen); err != nil {
		return seen, err
	}
	return s.store.updateSession(ctx, id, func(d *Session) error {
		if d.State != Planned {
			return fmt.Errorf("the session has begun or is cancelled: %w", fault.Conflict)
		}
		moved := d.Day != typed.Day || d.Time != typed.Time || d.Place != typed.Place
		d.Day, d.Time, d.Begins, d.Place, d.Places, d.Bookable = typed.Day, typed.Time, typed.Begins, typed.Place, typed.Places, typed.Bookable
		if moved {
			d.Sequence++
			d.untell(changed)
			d.tell(changed, slices.Concat(d.Booked, d.Waiting)...)
		}
		d.fill()
		return nil
	})
}

// CallOff cancels a session that has not begun. Whoever has a place or waits is told.
func (s *Service) CallOff(ctx context.Context, by people.Person, id string) (Session, error) {
	seen, err := s.Own(ctx, by, id)
	if err != nil {
		return seen, err
	}
	if err := s.record(ctx, by, audit.WorkshopCancel, seen); err != nil {
		return seen, err
	}
	return s.store.updateSession(ctx, id, func(d *Session) error {
		if d.State == Begun {
			return fmt.Errorf("the session has begun: %w", fault.Conflict)
		}
		if d.State == Cancelled {
			return nil
		}
		d.State = Cancelled
		d.Sequence++
		d.tell(calledOff, slices.Concat(d.Booked, d.Waiting)...)
		return nil
	})
}

// Book gives somebody a place, or one on the waiting list where all are taken. Booking again changes nothing. fault.Conflict when it is too late.
func (s *Service) Book(ctx context.Context, p people.Person, id string) (Session, error) {
	if _, err := s.Session(ctx, p, id); err != nil {
		return Session{}, err
	}
	return s.store.updateSession(ctx, id, func(d *Session) error {
		switch {
		case d.HasPlace(p.ID) || d.Waits(p.ID):
		case d.State != Planned || !d.Bookable || !d.Ends().After(s.cfg.Now()) || len(d.Waiting) >= mostWaiting:
			return fmt.Errorf("there is nothing to book: %w", fault.Conflict)
		case d.Free() > 0:
			d.Booked = append(slices.Clone(d.Booked), p.ID)
		default:
			d.Waiting = append(slices.Clone(d.Waiting), p.ID)
		}
		return nil
	})
}

// Release gives a place back, or one on the waiting list, and lets the first who waits move up. Doing it again changes nothing.
func (s *Service) Release(ctx context.Context, p people.Person, id string) (Session, error) {
	if _, err := s.Session(ctx, p, id); err != nil {
		return Session{}, err
	}
	return s.store.updateSession(ctx, id, func(d *Session) error { d.leave(p.ID); return nil })
}

// Begin opens the room of a session, on its day and to any facilitator of the institution: somebody may have to stand in. Whoever has begun it gets another
// key by beginning it again.
func (s *Service) Begin(ctx context.Context, p people.Person, id string) (r Room, key string, err error) {
	d, err := s.Session(ctx, p, id)
	if err != nil {
		return r, "", err
	}
	if !p.Is(people.Facilitator) || d.State == Cancelled || d.Day != s.cfg.Today() {
		return r, "", fmt.Errorf("begin a session: %w", fault.Conflict)
	}
	t, err := s.Template(d.Module, d.Template)
	if err != nil {
		return r, "", err
	}
	d, err = s.store.updateSession(ctx, id, func(d *Session) error {
		if d.Room == "" {
			d.Room = s.newRoomID()
		}
		d.State = Begun
		return nil
	})
	if err != nil {
		return r, "", err
	}
	if r, key, err = s.open(ctx, p, t, d.Room); errors.Is(err, fault.Conflict) { // it is open, or was
		if key, err = s.Recover(ctx, d.Room, p); err == nil {
			r, err = s.Room(ctx, d.Room)
		}
	}
	return r, key, err
}

// Listed is what staff see of somebody who has booked.
type Listed struct{ Name, Email string }

// Names lists who has a place and who waits, to staff: they answer for the places. That they looked is recorded first. Hidden counts those whom a member of
// staff may not see. A facilitator needs no names to run a room, and gets none.
func (s *Service) Names(ctx context.Context, by people.Person, id string) (booked, waiting []Listed, hidden int, err error) {
	d, err := s.Own(ctx, by, id)
	if err == nil && !by.Is(people.Staff) && !by.Is(people.Admin) {
		err = fmt.Errorf("names of a session: %w", fault.Denied)
	}
	if err == nil {
		err = s.record(ctx, by, audit.WorkshopNames, d)
	}
	if err != nil {
		return nil, nil, 0, err
	}
	list := func(persons []string) (named []Listed, err error) {
		for _, id := range persons {
			p, err := s.cfg.People.Person(ctx, id)
			if errors.Is(err, fault.NotFound) { // is being erased
				continue
			}
			sees, serr := s.cfg.Sees(ctx, by, id)
			switch err = errors.Join(err, serr); {
			case err != nil:
				return nil, err
			case !sees:
				hidden++
			default:
				named = append(named, Listed{p.Name, p.Email})
			}
		}
		return named, nil
	}
	if booked, err = list(d.Booked); err == nil {
		waiting, err = list(d.Waiting)
	}
	return booked, waiting, hidden, err
}

// ForgetBookings deletes sessions before a civil day with all their bookings, and returns how many. What their rooms came to stays.
func (s *Service) ForgetBookings(ctx context.Context, day string) (int, error) {
	return s.store.forgetSessions(ctx, day)
}

// words of a session's template, in a language.
func (s *Service) wordsOf(d Session, lang string) *content.TemplateWords {
	t, err := s.Template(d.Module, d.Template)
	if err != nil {
		return &content.TemplateWords{Title: d.Template}
	}
	return t.In(lang)
}
