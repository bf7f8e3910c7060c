package reminder

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/people"
)

const (
	// batch is how many messages go over one connection.
	batch = 50
	// giveUpAfter is how long a message that the mail server does not take is tried again.
	giveUpAfter = 3 * 24 * time.Hour
	// setbacks in a row end a turn: then it is the mail server that is away, not one mailbox.
	setbacks = 3
)

// backoff is how long to wait after so many failed tries: minutes at first, hours later.
func backoff(tries int) time.Duration {
	return min(time.Minute<<min(tries, 8), 4*time.Hour)
}

// turn is one go at what waits.
type turn struct {
	s         *Service
	link      mail.Link
	onLink    int // messages that have gone over it
	plans     map[string]Plan
	rules     map[string]Requirement
	sent, bad int // bad: failures in a row
}

// Send hands over messages whose time has come, as many as a span of time allows, and returns how many the mail server took.
func (s *Service) Send(ctx context.Context, span time.Duration) (int, error) {
	if s.cfg.Connect == nil {
		return 0, nil
	}
	t := &turn{s: s, plans: map[string]Plan{}, rules: map[string]Requirement{}}
	defer t.hangUp()
	for left := max(1, int(float64(s.cfg.PerMinute)*span.Minutes())); left > 0; {
		due, err := s.store.due(ctx, s.cfg.Now(), min(left, batch))
		if err != nil || len(due) == 0 {
			return t.sent, err
		}
		for _, r := range due {
			if err := t.one(ctx, r.ID); err != nil {
				return t.sent, err
			}
			if t.bad == setbacks {
				return t.sent, fmt.Errorf("send reminders: %w: the mail server takes none", fault.Unavailable)
			}
			left--
		}
	}
	return t.sent, nil
}

// one claims a message, looks whether it is still wanted, hands it over and marks it.
func (t *turn) one(ctx context.Context, id string) error {
	s, claimed := t.s, false
	r, err := s.store.update(ctx, id, func(r *Reminder) error {
		claimed = r.State == Waiting && !r.NextAt.After(s.cfg.Now())
		if claimed {
			r.NextAt = s.cfg.Now().Add(claimFor)
		}
		return nil
	})
	if errors.Is(err, fault.NotFound) { // erased meanwhile
		return nil
	}
	if err != nil || !claimed {
		return err
	}
	m, later, err := t.wanted(ctx, r)
	switch {
	case err != nil:
		return err
	case !later.IsZero():
		return s.store.mark(ctx, id, func(r *Reminder) { r.NextAt = later })
	case m.To == "":
		return s.store.mark(ctx, id, func(r *Reminder) { r.State = Dropped })
	}
	return t.deliver(ctx, r, m)
}

// wanted returns the message; none when it is not needed any more, or when to come back.
func (t *turn) wanted(ctx context.Context, r Reminder) (m mail.Message, later time.Time, err error) {
	s := t.s
	plan, rule, err := t.known(ctx, r.Requirement)
	if errors.Is(err, fault.NotFound) || err == nil && (!plan.On || rule.Cycle != r.Cycle) {
		return m, later, nil
	}
	if err != nil {
		return m, later, err
	}
	if later, err = s.opens(plan); err != nil || !later.IsZero() {
		return m, later, err
	}
	p, err := s.cfg.People.Person(ctx, r.Person)
	if err == nil {
		var st Standing
		if st, err = s.cfg.Standings.Standing(ctx, r.Person, r.Requirement); err == nil && st.Open && st.Cycle == r.Cycle && st.Due == r.Due {
			m, err = s.letter(p, rule, r)
		}
	}
	if errors.Is(err, fault.NotFound) { // erased, or off the roster
		return mail.Message{}, later, nil
	}
	return m, later, err
}

func (s *Service) letter(p people.Person, rule Requirement, r Reminder) (mail.Message, error) {
	text, err := s.Write(rule, r.Step, r.Due, p.Language)
	return mail.Message{To: p.Email, Subject: text.Subject, Text: text.Text, Lang: text.Lang, ID: s.messageID(r)}, err
}

// known returns a plan and its requirement as they were at the beginning of the turn.
func (t *turn) known(ctx context.Context, id string) (plan Plan, rule Requirement, err error) {
	plan, ok := t.plans[id]
	if ok {
		return plan, t.rules[id], nil
	}
	if plan, err = t.s.store.plan(ctx, id); err == nil {
		rule, err = t.s.cfg.Standings.Requirement(ctx, id)
	}
	if err == nil {
		t.plans[id], t.rules[id] = plan, rule
	}
	return plan, rule, err
}

// opens returns when messages of a plan may leave next; the zero time when they may now.
func (s *Service) opens(plan Plan) (time.Time, error) {
	nation, err := s.nation(plan.Institution)
	if err != nil {
		return time.Time{}, err
	}
	now := s.cfg.Now().In(s.london)
	if s.holidays.Working(nation, now) && now.Hour() >= plan.FromHour && now.Hour() < plan.ToHour {
		return time.Time{}, nil
	}
	day := now
	if now.Hour() >= plan.FromHour {
		day = day.AddDate(0, 0, 1)
	}
	for !s.holidays.Working(nation, day) {
		day = day.AddDate(0, 0, 1)
	}
	return time.Date(day.Year(), day.Month(), day.Day(), plan.FromHour, 0, 0, 0, s.london).UTC(), nil
}

// deliver hands a message over. The mark is written right after the server's word; what lies between the two is the only gap through which a message
// can leave twice.
func (t *turn) deliver(ctx context.Context, r Reminder, m mail.Message) error {
	s := t.s
	err := t.dial(ctx)
	if err == nil {
		err = t.link.Send(m)
	}
	var refused mail.Refused
	switch {
	case err == nil:
		t.sent++
		t.bad = 0
		return s.store.mark(ctx, r.ID, func(r *Reminder) { r.State, r.Day = Sent, s.today() })
	case errors.As(err, &refused):
		t.bad = 0
		return s.store.mark(ctx, r.ID, func(r *Reminder) { r.State, r.Returned, r.Code, r.Day = Bounced, true, refused.Code, s.today() })
	case errors.Is(err, fault.Invalid): // an address that is none
		return s.store.mark(ctx, r.ID, func(r *Reminder) { r.State, r.Returned, r.Day = Bounced, true, s.today() })
	}
	t.hangUp()
	t.bad++
	s.cfg.Log.WarnContext(ctx, "reminder not taken", "error", err.Error(), "tries", r.Tries+1)
	return s.store.mark(ctx, r.ID, func(r *Reminder) {
		r.Tries++
		r.NextAt = s.cfg.Now().Add(backoff(r.Tries))
		if s.cfg.Now().After(civilDay(r.Day).Add(24*time.Hour + giveUpAfter)) {
			r.State, r.Returned = GivenUp, true
		}
	})
}

// dial makes sure that there is a connection, and a fresh one after a batch.
func (t *turn) dial(ctx context.Context) (err error) {
	if t.onLink == batch {
		t.hangUp()
	}
	if t.link == nil {
		t.link, err = t.s.cfg.Connect(ctx)
	}
	t.onLink++
	return err
}

func (t *turn) hangUp() {
	if t.link != nil {
		_ = t.link.Close() // what was taken is marked; the server's goodbye changes nothing
	}
	t.link, t.onLink = nil, 0
}
