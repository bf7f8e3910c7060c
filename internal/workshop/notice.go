package workshop

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/people"
)

// Notice says who has yet to be told what of a session. It stands in the session until the mail server has taken the message.
type Notice struct {
	N      int    `bson:"n"` // of the session's notices, from 1
	Person string `bson:"person"`
	Kind   string `bson:"kind"`
}

// What there is to tell.
const (
	movedUp   = "moved-up"   // a place has become free for somebody who waited
	changed   = "changed"    // day, time or place
	calledOff = "called-off" // it does not take place
)

const (
	// claimFor is how long one program may work on a session's notices before another takes over.
	claimFor = time.Minute
	// giveUpAfter is how long after a session messages about it are tried that the mail server does not take.
	giveUpAfter = 24 * time.Hour
)

// tell notes that persons are to be told something.
func (d *Session) tell(kind string, persons ...string) {
	d.Notices = slices.Clone(d.Notices)
	for _, p := range persons {
		d.Told++
		d.Notices = append(d.Notices, Notice{N: d.Told, Person: p, Kind: kind})
	}
	if len(persons) > 0 && !d.Pending { // else somebody may be at it
		d.Pending, d.NextAt, d.Tries = true, time.Time{}, 0
	}
}

// untell takes back what was to be told of a kind.
func (d *Session) untell(kind string) {
	d.Notices = slices.DeleteFunc(slices.Clone(d.Notices), func(n Notice) bool { return n.Kind == kind })
}

// told takes a notice away.
func (d *Session) told(n int) {
	d.Notices = slices.DeleteFunc(slices.Clone(d.Notices), func(one Notice) bool { return one.N == n })
	d.Pending, d.Tries = len(d.Notices) > 0, 0
}

// wants says whether a notice still holds: whoever has given the place back meanwhile is not told that they have one.
func (d Session) wants(n Notice, now time.Time) bool {
	switch n.Kind {
	case movedUp:
		return d.State != Cancelled && d.HasPlace(n.Person) && d.Ends().After(now)
	case changed:
		return d.State == Planned && (d.HasPlace(n.Person) || d.Waits(n.Person)) && d.Ends().After(now)
	}
	return d.Ends().After(now)
}

// Tell hands over what there is to tell, as many messages as a span of time allows, and returns how many the mail server took. Each goes out at least once: where
// a machine dies between the server's word and our mark, the second one bears the same Message-ID.
func (s *Service) Tell(ctx context.Context, span time.Duration) (sent int, err error) {
	if s.cfg.Connect == nil {
		return 0, nil
	}
	left := max(1, int(float64(s.cfg.PerMinute)*span.Minutes()))
	list, err := s.store.untold(ctx, s.cfg.Now())
	for _, d := range list {
		if err != nil || left <= sent {
			break
		}
		var n int
		n, err = s.tellOf(ctx, d.ID, left-sent)
		sent += n
	}
	return sent, err
}

// tellOf claims a session and hands over its notices, most at most.
func (s *Service) tellOf(ctx context.Context, id string, most int) (sent int, err error) {
	claimed := false
	d, err := s.store.updateSession(ctx, id, func(d *Session) error {
		if claimed = d.Pending && !d.NextAt.After(s.cfg.Now()); claimed {
			d.NextAt = s.cfg.Now().Add(claimFor)
		}
		return nil
	})
	if err != nil || !claimed {
		return 0, absent(err)
	}
	link, err := s.cfg.Connect(ctx)
	if err == nil {
		defer link.Close() // what was taken is marked; the server's goodbye changes nothing
	}
	for _, n := range d.Notices {
		if err != nil || sent == most {
			break
		}
		var took bool
		if took, err = s.tellOne(ctx, link, id, n); took {
			sent++
		}
	}
	return sent, s.letGo(ctx, id, err)
}

// tellOne hands one notice over, if it still holds, and takes it away. took says that the mail server has taken a message.
func (s *Service) tellOne(ctx context.Context, link mail.Link, id string, n Notice) (took bool, err error) {
	d, err := s.store.session(ctx, id)
	if err != nil || !slices.Contains(d.Notices, n) { // called off or left meanwhile
		return false, absent(err)
	}
	m, err := s.letter(ctx, d, n)
	if err != nil {
		return false, err
	}
	if m.To != "" {
		err = link.Send(m)
	}
	if err != nil && !errors.As(err, &mail.Refused{}) && !errors.Is(err, fault.Invalid) { // those will never be taken
		return false, err
	}
	_, mark := s.store.updateSession(ctx, id, func(d *Session) error {
		d.told(n.N)
		d.NextAt = s.cfg.Now().Add(claimFor)
		return nil
	})
	return err == nil && m.To != "", absent(mark)
}

// letGo lets go of a session. After a failure it is tried later, and given up some time after the session.
func (s *Service) letGo(ctx context.Context, id string, failed error) error {
	_, err := s.store.updateSession(ctx, id, func(d *Session) error {
		d.NextAt = s.cfg.Now()
		if failed == nil {
			return nil
		}
		d.Tries++
		d.NextAt = s.cfg.Now().Add(min(time.Minute<<min(d.Tries, 8), time.Hour))
		if s.cfg.Now().After(d.Ends().Add(giveUpAfter)) {
			d.Notices, d.Pending = []Notice{}, false
		}
		return nil
	})
	if failed != nil {
		failed = fmt.Errorf("tell of a workshop: %w", failed)
	}
	return errors.Join(failed, absent(err))
}

// letter writes a notice in the person's language; to nobody when it is not wanted any more.
func (s *Service) letter(ctx context.Context, d Session, n Notice) (mail.Message, error) {
	if !d.wants(n, s.cfg.Now()) {
		return mail.Message{}, nil
	}
	p, err := s.cfg.People.Person(ctx, n.Person)
	if errors.Is(err, fault.NotFound) { // erased
		return mail.Message{}, nil
	}
	if err != nil {
		return mail.Message{}, err
	}
	in, err := s.cfg.People.Institution(d.Institution)
	if err != nil {
		return mail.Message{}, err
	}
	m := mail.Message{To: p.Email, Lang: p.Language, ID: s.messageID(d, n)}
	m.Subject, m.Text = s.phrase(d, n, p, in)
	return m, nil
}

func (s *Service) phrase(d Session, n Notice, p people.Person, in *people.Institution) (subject, text string) {
	words := s.cfg.Catalogue.In(p.Language)
	values := []any{
		"Institution", in.Name.In(p.Language), "Title", s.wordsOf(d, p.Language).Title, "Day", words.CivilDay(d.Day), "Time", d.Time, "Place", d.Place,
		"Link", s.cfg.Home + "/workshops",
	}
	switch {
	case n.Kind == movedUp:
		return words.T("booking.mail-free-subject", values...), words.T("booking.mail-free", values...)
	case n.Kind == calledOff:
		return words.T("booking.mail-cancelled-subject", values...), words.T("booking.mail-cancelled", values...)
	case d.HasPlace(p.ID):
		return words.T("booking.mail-changed-subject", values...), words.T("booking.mail-changed", values...)
	}
	return words.T("booking.mail-changed-subject", values...), words.T("booking.mail-changed-waiting", values...)
}

// messageID is the same whenever the same message goes out.
func (s *Service) messageID(d Session, n Notice) string {
	sum := sha256.Sum256([]byte(d.ID + ":" + strconv.Itoa(n.N) + ":" + n.Person))
	return hex.EncodeToString(sum[:16]) + "@" + s.cfg.Host
}
