// Package requirement knows who must complete what by when, and who has.
//
// A standing is all that staff ever see of a person's training: the requirement, met or not yet, and the day. It holds no start, no duration,
// no score, no route and no list of items. It is a document under person:requirement:cycle, where a cycle is one renewal period, so that
// meeting a requirement twice changes nothing.
package requirement

import (
	"context"
	"errors"
	"fmt"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// Once is the cycle of a requirement that is never renewed.
const Once = "once"

// Standing says that a person has met a requirement.
type Standing struct {
	ID          string `bson:"_id"` // person:requirement:cycle
	Person      string `bson:"person"`
	Institution string `bson:"institution"`
	Requirement string `bson:"requirement"`
	Cycle       string `bson:"cycle"`
	Day         string `bson:"day"`     // civil date, 2006-01-02
	Edition     string `bson:"edition"` // of the module that was completed, for the certificate
}

// Duty is a requirement as it stands for one person.
type Duty struct {
	Requirement string // here each module is a requirement of its own, under the same id
	Due         string // civil date; empty: no date
	Met         string // civil date; empty: not yet
}

// Institutions says what an institution asks of its students.
type Institutions interface {
	Institution(id string) (*people.Institution, error)
}

// Service is the package's verbs.
type Service struct {
	store        *standingStore
	institutions Institutions
}

// New opens the store.
func New(ctx context.Context, e Engine, institutions Institutions) (*Service, error) {
	s, err := openStore(ctx, e)
	if err != nil {
		return nil, err
	}
	return &Service{s, institutions}, nil
}

// Meet records that a person has met a requirement on a day. Doing it again changes nothing: the first day stands.
func (s *Service) Meet(ctx context.Context, person, institution, requirement, edition, day string) error {
	err := s.store.insert(ctx, Standing{
		ID: standingID(person, requirement, Once), Person: person, Institution: institution, Requirement: requirement, Cycle: Once, Day: day, Edition: edition,
	})
	if errors.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

// Standing returns how a person stands with a requirement, or fault.NotFound while it is not met.
func (s *Service) Standing(ctx context.Context, person, requirement string) (Standing, error) {
	return s.store.get(ctx, standingID(person, requirement, Once))
}

// Duties lists what an institution requires of a person, in the order of its file.
func (s *Service) Duties(ctx context.Context, person, institution string) ([]Duty, error) {
	in, err := s.institutions.Institution(institution)
	if err != nil {
		return nil, err
	}
	met, err := s.store.byPerson(ctx, person)
	if err != nil {
		return nil, err
	}
	duties := make([]Duty, len(in.Requires))
	for i, d := range in.Requires {
		duties[i] = Duty{Requirement: d.Module, Due: d.Due, Met: met[d.Module].Day}
	}
	return duties, nil
}

func standingID(person, requirement, cycle string) string {
	return fmt.Sprintf("%s:%s:%s", person, requirement, cycle)
}
