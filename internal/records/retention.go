package records

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/people"
)

// Kind is a kind of data that has a retention period of its own.
type Kind string

// The kinds. Each has its messages records.kind-<kind> and records.why-<kind>.
const (
	SignIns      Kind = "sign-ins"
	Pledges      Kind = "pledges"
	Journeys     Kind = "journeys"
	LeftPeople   Kind = "leavers"
	Reminders    Kind = "reminders"
	Log          Kind = "log"
	Certificates Kind = "certificates"
	Bookings     Kind = "bookings"
	Workshops    Kind = "workshops"
	Standings    Kind = "standings"
)

// Period is how long something is kept. One of its numbers is set.
type Period struct{ Years, Months, Days int }

// Before returns the moment before which everything is older than the period.
func (p Period) Before(now time.Time) time.Time { return now.AddDate(-p.Years, -p.Months, -p.Days) }

// Keep is one line of the table.
type Keep struct {
	Kind Kind
	For  Period
}

// Retention is the table of how long each kind of data is kept: no longer than its purpose needs (UK GDPR, article 5(1)(e)). The page on a person's
// own data shows it with the reasons.
func Retention() []Keep {
	return []Keep{
		// A sign-in lasts two weeks at most; the sessions run out by themselves.
		{SignIns, Period{Days: 14}},
		// A signature that nobody confirmed was perhaps not its owner's: there is no consent to keep it on (article 6(1)(a)).
		{Pledges, Period{Days: 7}},
		// Answers are there so that a learner can go on; who has not for a year begins again. They may touch on matters of special category
		// (article 9), so nothing else is a reason to keep them.
		{Journeys, Period{Months: 12}},
		// The roster's entry, the standings and the sign-in of somebody who has left. The Office of the Independent Adjudicator takes complaints
		// for twelve months after a provider's last word; until then the university may have to show what it asked of whom (article 6(1)(e)).
		{LeftPeople, Period{Months: 12}},
		// That a reminder was sent, or came back: to answer "nobody told me" within the same year (article 6(1)(e)).
		{Reminders, Period{Months: 12}},
		// What staff did: long enough for a yearly review and a complaint about it; accountability, article 5(2).
		{Log, Period{Years: 3}},
		// A certificate is shown to others, and can be relied on as long as a claim on it can be brought: six years (Limitation Act 1980, s.5).
		{Certificates, Period{Years: 6}},
		// Who had booked a workshop, counted from its day: to answer questions about it, and for nothing else.
		{Bookings, Period{Days: 30}},
		// What a workshop came to, who led it and who was there: to compare one year's workshops with those of the year before. What an attendance
		// counted towards is a standing by then.
		{Workshops, Period{Years: 2}},
		// How somebody stood in a period that is over, or with a requirement that has ended: as long as a claim on it can be brought, like a
		// certificate, unless they have left (Limitation Act 1980, s.5). What somebody completed has no period of its own: a requirement that is
		// never renewed rests on it until they leave.
		{Standings, Period{Years: 6}},
	}
}

// Sweep removes what has been kept long enough, and returns how much of each kind.
func (s *Service) Sweep(ctx context.Context) (map[Kind]int, error) {
	done := map[Kind]int{}
	var failed []error
	for _, k := range Retention() {
		before := k.For.Before(s.cfg.Now())
		n, err := s.forget(ctx, k.Kind, before)
		if n > 0 {
			done[k.Kind] = n
			s.cfg.Log.InfoContext(ctx, "retention has ended", "kind", string(k.Kind), "count", n)
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("forget %s: %w", k.Kind, err))
		}
	}
	return done, errors.Join(failed...)
}

func (s *Service) forget(ctx context.Context, kind Kind, before time.Time) (int, error) {
	switch kind {
	case SignIns: // they run out by themselves
		return 0, nil
	case Log:
		return s.forgetLog(ctx, before)
	case LeftPeople:
		return s.forgetLeavers(ctx, before)
	}
	return s.cfg.Forget[kind](ctx, before)
}

// forgetsAll asks for somebody who forgets each kind of data.
func (cfg Config) forgetsAll() error {
	if cfg.Leavers == nil {
		return fmt.Errorf("nobody forgets %s", LeftPeople)
	}
	for _, k := range Retention() {
		if _, ok := cfg.Forget[k.Kind]; !ok && !slices.Contains([]Kind{SignIns, Log, LeftPeople}, k.Kind) {
			return fmt.Errorf("nobody forgets %s", k.Kind)
		}
	}
	return nil
}

// forgetLog says in the log itself that its oldest entries went.
func (s *Service) forgetLog(ctx context.Context, before time.Time) (int, error) {
	total := 0
	for _, in := range s.cfg.People.Institutions() {
		n, err := s.cfg.Audit.Forget(ctx, in.ID, before)
		total += n
		if err != nil {
			return total, err
		}
		if n == 0 {
			continue
		}
		detail := fmt.Sprintf("%d entries from before %s", n, before.Format(time.DateOnly))
		if err := s.cfg.Audit.Record(ctx, audit.Entry{Institution: in.ID, Actor: audit.System, Verb: audit.RetentionSweep, Detail: detail}); err != nil {
			return total, err
		}
	}
	return total, nil
}

// forgetLeavers erases whoever left long ago. Whoever has a role stays: it outlives a roster until somebody takes it away.
func (s *Service) forgetLeavers(ctx context.Context, before time.Time) (int, error) {
	n := 0
	for p, err := range s.cfg.Leavers.LeftBefore(ctx, before.Format(time.DateOnly)) {
		if err != nil {
			return n, err
		}
		if len(p.Roles) > 0 || p.Is(people.Admin) { // by a group of the university's, too
			continue
		}
		if err := s.Erase(ctx, audit.System, p); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
