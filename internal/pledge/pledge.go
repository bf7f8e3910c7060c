// Package pledge is the pledge and its wall: five promises and one chosen action, signed by a person, a team, a society or a department.
//
// This is the smallest whole feature and the one to copy from. Its rules:
//
//   - A signature is kept under an HMAC of the address it was signed with; the address itself is not kept. Signing twice moves nothing, and the
//     reply is the same, so that nobody learns who has signed.
//   - It counts once it has been confirmed from the mail, by a button: programs that open links confirm nothing.
//   - The wall shows those who opted in: initials, role and month. The name of a group shows only after its contact has confirmed and a member
//     of staff has let it through. The audit log names the group by a random id, which leads to nothing once the pledge is withdrawn.
//   - Everybody can withdraw by a private link; nothing is left then.
package pledge

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/people"
)

// Kind is who pledges.
type Kind string

// The kinds of pledge.
const (
	Person     Kind = "person"
	Team       Kind = "team"
	Society    Kind = "society"
	Department Kind = "department"
)

// Kinds lists every kind.
func Kinds() []Kind { return []Kind{Person, Team, Society, Department} }

// Roles lists what a person on the wall can be; a fixed list tells less than a title.
func Roles() []string { return []string{"student", "staff", "friend"} }

// Pledge is one signature.
type Pledge struct {
	ID          string    `bson:"_id"` // HMAC of institution, kind and address
	Institution string    `bson:"institution"`
	Kind        Kind      `bson:"kind"`
	Version     string    `bson:"version"`
	Action      string    `bson:"action"`
	Group       string    `bson:"group"`    // name of the team, society or department
	Initials    string    `bson:"initials"` // of a person who opted in to the wall
	Role        string    `bson:"role"`
	Month       string    `bson:"month"` // of the confirmation, 2026-11
	State       string    `bson:"state"` // Waiting, Confirmed
	Shown       string    `bson:"shown"` // Hidden, OnWall, Asked, Refused
	Token       string    `bson:"token"` // hash of the private link's token
	Until       time.Time `bson:"until"` // when an unconfirmed signature is forgotten
	Case        string    `bson:"case"`  // random id of a group in the audit log, given with the first decision about it
}

// States of a pledge.
const (
	Waiting   = "waiting" // for the confirmation from the mail
	Confirmed = "confirmed"
)

// Where a pledge shows.
const (
	Hidden  = "hidden" // did not opt in
	OnWall  = "wall"
	Asked   = "asked" // a group that staff have to let through
	Refused = "refused"
)

// IsGroup says whether a team, society or department signed.
func (p Pledge) IsGroup() bool { return p.Kind != Person }

// Draft is what somebody signs.
type Draft struct {
	Kind     Kind
	Action   string
	Email    string
	Group    string
	Wall     bool
	Initials string
	Role     string
}

// waitFor is how long a signature waits for its confirmation.
const waitFor = 7 * 24 * time.Hour

// Limits on signing. A campus shares one address of the network, and a fair may bring hundreds within minutes.
// mailLimit counts what one network sends to an inbox, so that a stranger elsewhere cannot keep its owner from signing; in all, an inbox gets no more
// than inboxLimit.
func mailLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "pledge-mail", Times: 3, Per: time.Hour}
}

func inboxLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "pledge-inbox", Times: 12, Per: time.Hour}
}

func networkLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "pledge-network", Times: 2000, Per: time.Hour}
}

// Config is what the service is made from.
type Config struct {
	Engine    Engine
	Limits    *ephemeral.Limits
	Mail      mail.Sender // nil in a demo without a mail server: the link is shown on the page
	People    *people.Service
	Audit     *audit.Log
	Catalogue *locale.Catalogue
	Keys      [][]byte // 32 bytes each, the current one first
	Link      func(institution, lang, page string) string
	Now       func() time.Time
	NewID     func() string
	NewToken  func() string
	ThisMonth func() string // civil, 2026-11
}

// Service is the package's verbs.
type Service struct {
	cfg   Config
	store *pledgeStore
	text  *Text
	total totals
}

// New opens the store and reads the pledge's text.
func New(ctx context.Context, cfg Config) (*Service, error) {
	text, err := readText(textFiles, cfg.Catalogue.Languages())
	if err != nil {
		return nil, err
	}
	s, err := openStore(ctx, cfg.Engine)
	if err != nil {
		return nil, err
	}
	return &Service{cfg: cfg, store: s, text: text, total: totals{kept: map[string]counted{}}}, nil
}

// Sign keeps a signature and sends the mail that confirms it. Whether the address has signed before makes no difference to the reply; the mail says
// it. fault.Problems names what is wrong; link is set in a demo without a mail server only.
func (s *Service) Sign(ctx context.Context, institution, lang, network string, d Draft) (link string, err error) {
	if err := s.check(institution, &d); err != nil {
		return "", err
	}
	box := people.Inbox(institution, d.Email)
	for _, l := range []struct {
		limit ephemeral.Limit
		key   string
	}{{networkLimit(), network}, {mailLimit(), box + " " + network}, {inboxLimit(), box}} {
		if err := s.cfg.Limits.Allow(ctx, l.limit, l.key); err != nil {
			return "", err
		}
	}
	id, err := s.find(ctx, institution, d.Kind, d.Email)
	if err != nil {
		return "", err
	}
	token := s.cfg.NewToken()
	p, err := s.store.upsert(ctx, id, func(p *Pledge, id string, found bool) error {
		if !found || p.State == Waiting {
			*p = s.fresh(id, institution, d)
		}
		p.Token = s.hash(token)
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("sign pledge: %w", err)
	}
	return s.send(ctx, p, lang, d.Email, token)
}

// SignAs is Sign for a person who has signed in: it counts at once, without a mail.
func (s *Service) SignAs(ctx context.Context, person people.Person, d Draft) error {
	d.Kind, d.Email = Person, person.Email
	if err := s.check(person.Institution, &d); err != nil {
		return err
	}
	had, err := s.Of(ctx, person)
	if err == nil && had.State == Confirmed || err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	id, err := s.find(ctx, person.Institution, Person, person.Email)
	if err != nil {
		return err
	}
	_, err = s.store.upsert(ctx, id, func(p *Pledge, id string, found bool) error {
		if !found || p.State == Waiting {
			*p = s.fresh(id, person.Institution, d)
			s.confirm(p)
		}
		return nil
	})
	s.total.forget(person.Institution)
	return err
}

// Of returns the pledge of a person who has signed in, or fault.NotFound.
func (s *Service) Of(ctx context.Context, person people.Person) (Pledge, error) {
	for _, id := range s.idsOf(person, Person) {
		p, err := s.store.get(ctx, id)
		if !errors.Is(err, fault.NotFound) {
			return p, err
		}
	}
	return Pledge{}, fmt.Errorf("pledge: %w", fault.NotFound)
}

func (s *Service) fresh(id, institution string, d Draft) Pledge {
	p := Pledge{
		ID: id, Institution: institution, Kind: d.Kind, Version: s.text.Current().Version, Action: d.Action, Group: d.Group,
		State: Waiting, Shown: Hidden, Token: "none:" + id, Until: s.cfg.Now().Add(waitFor),
	}
	switch {
	case p.IsGroup():
		p.Shown = Asked
	case d.Wall:
		p.Shown, p.Initials, p.Role = OnWall, d.Initials, d.Role
	}
	return p
}

// never is the end of what is not forgotten by itself.
func never() time.Time { return time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC) }

func (s *Service) confirm(p *Pledge) {
	if p.State != Confirmed {
		p.State, p.Month, p.Until = Confirmed, s.cfg.ThisMonth(), never()
	}
}

// Behind returns the pledge of a private link; fault.NotFound when it has been withdrawn or the link has been replaced by a newer one.
func (s *Service) Behind(ctx context.Context, institution, token string) (Pledge, error) {
	for _, hash := range s.hashes(token) {
		p, err := s.store.byToken(ctx, hash)
		if err == nil && p.Institution == institution {
			return p, nil
		}
		if err != nil && !errors.Is(err, fault.NotFound) {
			return Pledge{}, err
		}
	}
	return Pledge{}, fmt.Errorf("pledge link: %w", fault.NotFound)
}

// Confirm counts the signature of a private link. Confirming again changes nothing.
func (s *Service) Confirm(ctx context.Context, institution, token string) (Pledge, error) {
	p, err := s.Behind(ctx, institution, token)
	if err != nil {
		return p, err
	}
	p, err = s.store.update(ctx, p.ID, func(p *Pledge) error { s.confirm(p); return nil })
	s.total.forget(institution)
	return p, err
}

// Withdraw deletes the pledge of a private link.
func (s *Service) Withdraw(ctx context.Context, institution, token string) error {
	p, err := s.Behind(ctx, institution, token)
	if err != nil {
		return err
	}
	defer s.total.forget(institution)
	return s.store.delete(ctx, p.ID)
}

// WithdrawOf deletes the pledge of a person who has signed in; withdrawing none is no error.
func (s *Service) WithdrawOf(ctx context.Context, person people.Person) error {
	p, err := s.Of(ctx, person)
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer s.total.forget(person.Institution)
	return s.store.delete(ctx, p.ID)
}

// Wall returns one page of those who opted in, the newest month first, and within a month in no order that tells when or who.
func (s *Service) Wall(ctx context.Context, institution, after, before string) (Page, error) {
	return s.store.wall(ctx, institution, after, before)
}

// Asking lists the groups that wait for staff to let them through.
func (s *Service) Asking(ctx context.Context, institution string) ([]Pledge, error) {
	return s.store.asking(ctx, institution)
}

// Moderate lets a group of the institution through to the wall, or refuses it, on behalf of a member of staff. It is recorded first.
func (s *Service) Moderate(ctx context.Context, by people.Person, id string, let bool) error {
	shown, detail := Refused, "refused"
	if let {
		shown, detail = OnWall, "let through"
	}
	p, err := s.changeGroup(ctx, by.Institution, id, func(p *Pledge) {
		if p.Case == "" {
			p.Case = s.cfg.NewID()
		}
	})
	if err != nil {
		return err
	}
	err = s.cfg.Audit.Record(ctx, audit.Entry{Institution: by.Institution, Actor: by.ID, Verb: audit.PledgeModerate, Subject: p.Case, Detail: detail})
	if err != nil {
		return err
	}
	_, err = s.changeGroup(ctx, by.Institution, id, func(p *Pledge) { p.Shown = shown })
	return err
}

// changeGroup changes the confirmed pledge of a group of the institution; anything else is fault.NotFound.
func (s *Service) changeGroup(ctx context.Context, institution, id string, change func(*Pledge)) (Pledge, error) {
	return s.store.update(ctx, id, func(p *Pledge) error {
		if p.Institution != institution || !p.IsGroup() || p.State != Confirmed {
			return fmt.Errorf("moderate pledge: %w", fault.NotFound)
		}
		change(p)
		return nil
	})
}

// Forget deletes signatures from before a moment that nobody has confirmed, and returns how many.
func (s *Service) Forget(ctx context.Context, before time.Time) (int, error) {
	return s.store.forget(ctx, before.Add(waitFor))
}

// check cleans a draft and says what is wrong with it.
func (s *Service) check(institution string, d *Draft) error {
	var p fault.Problems
	if !slices.Contains(Kinds(), d.Kind) {
		p.Add("kind", "form.choose")
	}
	if !slices.ContainsFunc(s.text.Current().Actions, func(a Action) bool { return a.ID == d.Action }) {
		p.Add("action", "pledge.choose-action")
	}
	email, err := people.CleanEmail(d.Email)
	if err != nil {
		p.Add("email", "sign-in.email-wrong")
	} else if in, err := s.cfg.People.InstitutionOf(email); err != nil || in.ID != institution {
		p.Add("email", "pledge.email-elsewhere")
	}
	d.Email = email
	if d.Kind == Person {
		d.Group = ""
		if d.Wall {
			d.Initials = initials(d.Initials)
			if d.Initials == "" {
				p.Add("initials", "pledge.initials-wrong")
			}
			if !slices.Contains(Roles(), d.Role) {
				p.Add("role", "form.choose")
			}
		}
	} else {
		name, err := people.CleanName(d.Group, "group")
		if err != nil || len([]rune(name)) < 2 || len([]rune(name)) > 80 {
			p.Add("group", "pledge.group-wrong")
		}
		d.Group = name
	}
	return p.Err()
}

// initials takes two to four letters, in whatever script; anything else is none.
func initials(typed string) string {
	var out []rune
	for _, r := range strings.ToUpper(typed) {
		switch {
		case unicode.IsLetter(r):
			out = append(out, r)
		case r == '.' || r == ' ' || r == '-':
		default:
			return ""
		}
	}
	if len(out) < 1 || len(out) > 4 {
		return ""
	}
	return string(out)
}
