package people

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
)

// Way is how somebody has shown who they are.
type Way string

// The ways to sign in.
const (
	ByCode     Way = "code"     // a code sent to the e-mail address
	BySSO      Way = "sso"      // the university's own sign-in
	ByPasskey  Way = "passkey"  // a key kept on a device
	ByRecovery Way = "recovery" // a recovery code, printed when the first passkey was made
)

// Identity says that a university's own sign-in knows a person by this name. It is found by its id, which holds kind, institution, issuer and
// subject.
type Identity struct {
	ID          string    `bson:"_id"`
	Person      string    `bson:"person"`
	Institution string    `bson:"institution"`
	Issuer      string    `bson:"issuer"` // with the kind before it: oidc:https://…
	Since       time.Time `bson:"since"`
}

// arrival is what a university's own sign-in says of somebody who comes from it.
type arrival struct {
	Institution string   `json:"institution"`
	Issuer      string   `json:"issuer"` // with the kind before it
	Subject     string   `json:"subject"`
	ExternalID  string   `json:"external_id,omitempty"`
	Email       string   `json:"email,omitempty"` // an address of the institution, or empty
	Name        string   `json:"name,omitempty"`
	Groups      []string `json:"groups,omitempty"`
	Lang        string   `json:"lang"`
}

func (a arrival) id() string { return a.Issuer + " " + a.Institution + " " + a.Subject }

// Entered is where a single sign-on leads: to a person, or to a claim that asks for the person's e-mail address first.
type Entered struct {
	Person Person
	Claim  string // under which the arrival waits to be claimed; empty when the person is known
	To     string // where the person wanted to be
	Lang   string
}

// claimLife is how long an arrival waits for its person to type the code that was mailed.
const claimLife = 20 * time.Minute

// An arrival that nobody has claimed yet: whoever holds the id may go on to claim it.
func unclaimed() ticket[arrival] { return ticket[arrival]{kind: "claim", life: claimLife, tries: 1} }

// Directory knows the people on the roster by the institution's own numbers.
type Directory interface {
	// PersonOf returns the person's id, or fault.NotFound.
	PersonOf(ctx context.Context, institution, externalID string) (string, error)
}

// recognise finds the person behind an arrival: by the identity that was joined before, else by the attribute that the institution matches by.
// Where that leads to nobody, the person is asked once for an e-mail address.
func (s *Service) recognise(ctx context.Context, a arrival, m Mapping) (Entered, error) {
	id, err := s.store.identity(ctx, a.id())
	if err == nil {
		p, err := s.refreshPerson(ctx, id.Person, a, m)
		return Entered{Person: p, Lang: a.Lang}, err
	}
	if !errors.Is(err, fault.NotFound) {
		return Entered{}, err
	}
	person, err := s.match(ctx, a, m)
	if errors.Is(err, fault.NotFound) {
		claim, err := s.keepClaim(ctx, a)
		return Entered{Claim: claim, Lang: a.Lang}, err
	}
	if err != nil {
		return Entered{}, err
	}
	p, err := s.join(ctx, person, a, m)
	return Entered{Person: p, Lang: a.Lang}, err
}

// match finds a person by the attribute that the institution has chosen; fault.NotFound when the attribute was not released or leads to nobody.
func (s *Service) match(ctx context.Context, a arrival, m Mapping) (string, error) {
	switch {
	case m.Match == MatchEmail && a.Email != "":
		p, err := s.findOrAdd(ctx, a.Email, a.Lang)
		return p.ID, err
	case m.Match == MatchExternalID && a.ExternalID != "" && s.cfg.Directory != nil:
		return s.listed(ctx, a)
	}
	return "", fmt.Errorf("match an arrival: %w", fault.NotFound)
}

// listed finds whom the roster has under a number. Only somebody who has never signed in: a number can be written into anybody's row, and whoever has
// an account claims it by its address.
func (s *Service) listed(ctx context.Context, a arrival) (string, error) {
	person, err := s.cfg.Directory.PersonOf(ctx, a.Institution, a.ExternalID)
	if err != nil {
		return "", err
	}
	p, err := s.store.get(ctx, person)
	if err == nil && !p.Movable() {
		err = fmt.Errorf("this number belongs to somebody who has signed in: %w", fault.NotFound)
	}
	return person, err
}

// join ties an identity to a person for good. A person whom the same university's sign-in knows by another name already is refused: an e-mail
// address that was given to somebody else must not open the records of whoever had it before.
func (s *Service) join(ctx context.Context, person string, a arrival, m Mapping) (Person, error) {
	others, err := s.store.identitiesOf(ctx, person)
	if err != nil {
		return Person{}, err
	}
	if slices.ContainsFunc(others, func(o Identity) bool { return o.Issuer == a.Issuer && o.ID != a.id() }) {
		return Person{}, fmt.Errorf("this person has another identity at %s: %w", a.Issuer, fault.Conflict)
	}
	if err := s.cfg.Audit.Record(ctx, audit.Entry{Institution: a.Institution, Actor: person, Verb: audit.IdentityClaim, Subject: person}); err != nil {
		return Person{}, err
	}
	err = s.store.insertIdentity(ctx, Identity{ID: a.id(), Person: person, Institution: a.Institution, Issuer: a.Issuer, Since: s.cfg.Now()})
	if errors.Is(err, fault.Conflict) { // another tab was quicker
		var known Identity
		if known, err = s.store.identity(ctx, a.id()); err == nil && known.Person != person {
			err = fmt.Errorf("identity of somebody else: %w", fault.Conflict)
		}
	}
	if err != nil {
		return Person{}, err
	}
	return s.refreshPerson(ctx, person, a, m)
}

// refreshPerson brings a person up to date with what the university's sign-in has said this time: the roles that groups give, a name where there
// is none, and a changed e-mail address unless somebody else has it.
func (s *Service) refreshPerson(ctx context.Context, person string, a arrival, m Mapping) (Person, error) {
	roles := m.rolesOf(a.Groups)
	p, err := s.store.update(ctx, person, func(p *Person) error {
		p.GroupRoles = roles
		if p.Name == "" {
			p.Name = a.Name
		}
		return nil
	})
	if err != nil || a.Email == "" || a.Email == p.Email {
		return p, err
	}
	changed, err := s.store.update(ctx, person, func(p *Person) error { p.moveTo(a.Email); return nil })
	if errors.Is(err, fault.Conflict) {
		return p, nil
	}
	return changed, err
}

// keepClaim keeps an arrival until its person has claimed it.
func (s *Service) keepClaim(ctx context.Context, a arrival) (string, error) {
	claim := rand.Text()
	return claim, unclaimed().keep(ctx, s, claim, "", a)
}

// ClaimOf returns the institution that an unclaimed arrival comes from; fault.NotFound when it has run out.
func (s *Service) ClaimOf(ctx context.Context, claim string) (*Institution, error) {
	a, err := unclaimed().peek(ctx, s, claim)
	if err != nil {
		return nil, err
	}
	return s.Institution(a.Institution)
}

// takeClaim uses a claim up for a person who has shown that the e-mail address is theirs.
func (s *Service) takeClaim(ctx context.Context, claim string, p Person) (Person, error) {
	a, err := unclaimed().take(ctx, s, claim, "")
	if err != nil {
		return Person{}, err
	}
	if p.Institution != a.Institution {
		return Person{}, fmt.Errorf("claim of another institution: %w", fault.Conflict)
	}
	m, err := s.mappingOf(a)
	if err != nil {
		return Person{}, err
	}
	return s.join(ctx, p.ID, a, m)
}

func (s *Service) mappingOf(a arrival) (Mapping, error) {
	in, err := s.Institution(a.Institution)
	switch {
	case err != nil:
		return Mapping{}, err
	case strings.HasPrefix(a.Issuer, kindOIDC) && in.OIDC != nil:
		return in.OIDC.Mapping, nil
	case strings.HasPrefix(a.Issuer, kindSAML) && in.SAML != nil:
		return in.SAML.Mapping, nil
	}
	return Mapping{}, fmt.Errorf("this sign-in is not there any more: %w", fault.NotFound)
}

// released brings what was released to the shapes that the program keeps. An address of another institution is as good as none.
func (s *Service) released(a arrival) arrival {
	email, err := CleanEmail(a.Email)
	a.Email = ""
	if err == nil {
		if in, err := s.InstitutionOf(email); err == nil && in.ID == a.Institution {
			a.Email = email
		}
	}
	if a.Name, err = CleanName(a.Name, "name"); err != nil {
		a.Name = ""
	}
	if a.ExternalID = strings.TrimSpace(a.ExternalID); len(a.ExternalID) > maxExternalID {
		a.ExternalID = ""
	}
	return a
}

// maxExternalID is the longest number or name by which an institution knows its people.
const maxExternalID = 128
