package workshop

import (
	"context"
	"fmt"

	"github.com/upstander/upstander/internal/people"
)

// Held is everything that is held on a person here. What phones send is held under no person.
type Held struct {
	Attended []Kept    `json:"attended"`
	Bookings []Booking `json:"bookings"`
}

// Kept is an attendance, for whoever asks for what is held on them.
type Kept struct {
	Module   string `json:"module"`
	Template string `json:"template"`
	Edition  string `json:"edition"`
	Day      string `json:"day"`
}

// Booking is a place that somebody has booked, or waits for.
type Booking struct {
	Module   string `json:"module"`
	Template string `json:"template"`
	Day      string `json:"day"`
	Time     string `json:"time"`
	Place    string `json:"place"`
	State    string `json:"state"` // planned, begun or cancelled
	Waiting  bool   `json:"waiting"`
}

// ExportPerson returns a person's attendances and bookings.
func (s *Service) ExportPerson(ctx context.Context, p people.Person) (any, error) {
	held := Held{[]Kept{}, []Booking{}}
	err := s.store.eachAttendanceOf(ctx, p.ID, func(a Attended) {
		held.Attended = append(held.Attended, Kept{Module: a.Module, Template: a.Template, Edition: a.Edition, Day: a.Day})
	})
	if err != nil {
		return nil, err
	}
	for d, err := range s.store.sessionsOf(ctx, p.Institution) {
		if err != nil {
			return nil, err
		}
		if d.HasPlace(p.ID) || d.Waits(p.ID) {
			held.Bookings = append(held.Bookings, Booking{d.Module, d.Template, d.Day, d.Time, d.Place, d.State, d.Waits(p.ID)})
		}
	}
	return held, nil
}

// nobody stands in a room in the place of a facilitator who has been erased.
const nobody = "none"

// ErasePerson deletes a person's attendances and bookings, and takes them out of the rooms and sessions that they led. What a room came to stays: it names
// nobody. Whoever waits for a place that becomes free moves up.
func (s *Service) ErasePerson(ctx context.Context, p people.Person) error {
	if err := s.store.erasePerson(ctx, p.ID); err != nil {
		return fmt.Errorf("erase attendance: %w", err)
	}
	for d, err := range s.store.sessionsOf(ctx, p.Institution) { // an institution has few: they go a month after their day
		if err == nil && (d.Facilitator == p.ID || d.names(p.ID)) {
			_, err = s.store.updateSession(ctx, d.ID, func(d *Session) error {
				if d.Facilitator == p.ID {
					d.Facilitator = nobody
				}
				d.leave(p.ID)
				return nil
			})
		}
		if absent(err) != nil {
			return fmt.Errorf("erase bookings: %w", err)
		}
	}
	return nil
}
