// Package people knows who is asking: institutions, persons and their roles, sign-in and sessions.
//
// Institutions are a file that the operator writes; persons are documents. A person belongs to one institution and is told apart within it
// by e-mail address. Everybody is a student unless a role says otherwise; what a role may do is written on the doors.
package people

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	upmail "github.com/upstander/upstander/internal/mail"
)

// Role is something that a person may do besides learning.
type Role string

// The roles.
const (
	Student     Role = "student"     // completes training; everybody
	Facilitator Role = "facilitator" // runs workshops
	Staff       Role = "staff"       // sees who has met the requirement
	Responder   Role = "responder"   // reads reports
	Admin       Role = "admin"       // grants roles
)

// Roles lists every role.
func Roles() []Role { return []Role{Student, Facilitator, Staff, Responder, Admin} }

// Person is somebody who has signed in or is on a roster.
type Person struct {
	ID          string    `bson:"_id"` // random: tells nothing about when or who
	Institution string    `bson:"institution"`
	Email       string    `bson:"email"` // in lower case
	Name        string    `bson:"name"`  // as the person wishes to be called; may be empty
	Language    string    `bson:"language"`
	Roles       []Role    `bson:"roles"`       // granted by an administrator
	GroupRoles  []Role    `bson:"group_roles"` // given by the university's groups, as of the last single sign-on
	Scope       []string  `bson:"scope"`       // places whose people staff may see, each the beginning of a path; empty: the whole institution
	Helps       bool      `bson:"helps"`       // has a role that was granted; kept with Roles, for the list of them
	Since       time.Time `bson:"since"`
	Former      []string  `bson:"former"` // addresses that the person had before: what is kept under them is found by them
	Listed      bool      `bson:"listed"` // made known by a roster, and nobody has signed in as this person yet

	// Withheld says that this session opens no roles: the institution wants a passkey or single sign-on for them. It is not stored.
	Withheld bool `bson:"-"`
}

// Addresses lists the address of a person and those before it.
func (p Person) Addresses() []string { return append([]string{p.Email}, p.Former...) }

// Is says whether the person has a role. Everybody is a student.
func (p Person) Is(r Role) bool {
	return r == Student || slices.Contains(p.Roles, r) || slices.Contains(p.GroupRoles, r)
}

// Sees says whether staff with this person's scope may see people at a place. Administrators see every place.
func (p Person) Sees(place string) bool {
	return len(p.Scope) == 0 || p.Is(Admin) || slices.ContainsFunc(p.Scope, func(s string) bool { return strings.HasPrefix(place, strings.TrimSuffix(s, "/")+"/") })
}

// Sessions last this long: unused, and in all. WCAG 2.2.1 wants a warning before an idle end under 20 hours; this is longer.
const (
	SessionIdle = 24 * time.Hour
	SessionLife = 14 * 24 * time.Hour
)

// Config is what the service is made from.
type Config struct {
	Institutions []Institution
	Engine       Engine
	Ephemeral    *ephemeral.Client
	Mail         upmail.Sender // nil in a demo without a mail server: codes are shown on the page
	Catalogue    *locale.Catalogue
	CodeKeys     [][]byte // 32 bytes each, the current one first
	HeldKeys     [][]byte // 32 bytes each, the current one first
	Audit        *audit.Log
	Directory    Directory                         // nil: nobody is matched by an external id
	URL          string                            // public address: where universities' own sign-ins send people back to
	Secret       func(name string) (string, error) // reads from the environment the secrets that institutions.yaml names; empty: not set
	ReadFile     func(name string) ([]byte, error) // reads what institutions.yaml names, from the data folder
	Log          *slog.Logger
	Now          func() time.Time
	NewID        func() string // random, for persons
}

// Service is the package's verbs.
type Service struct {
	cfg       Config
	london    *time.Location
	store     *personStore
	sessions  *ephemeral.Sessions
	codes     *ephemeral.Codes
	limits    *ephemeral.Limits
	byID      map[string]*Institution
	byDomain  map[string]*Institution
	once      *ephemeral.Once
	keys      *webauthn.WebAuthn    // nil where there are no passkeys
	providers map[string]*provider  // OpenID Connect, by institution
	federated map[string]*federated // SAML, by institution
}

// New opens the store and indexes the institutions.
func New(ctx context.Context, cfg Config) (*Service, error) {
	persons, err := openStore(ctx, cfg.Engine)
	if err != nil {
		return nil, err
	}
	london, err := locale.London()
	if err != nil {
		return nil, err
	}
	s := &Service{
		cfg: cfg, store: persons, london: london,
		sessions: cfg.Ephemeral.NewSessions(SessionIdle, SessionLife, cfg.Now), codes: cfg.Ephemeral.NewCodes(), limits: cfg.Ephemeral.NewLimits(),
		byID: map[string]*Institution{}, byDomain: map[string]*Institution{}, providers: map[string]*provider{}, federated: map[string]*federated{},
		once: cfg.Ephemeral.NewOnce(),
	}
	if s.keys, err = newKeys(cfg.URL); err != nil {
		return nil, fmt.Errorf("passkeys: %w", err)
	}
	client := newProviderClient()
	for i := range cfg.Institutions {
		in := &cfg.Institutions[i]
		s.byID[in.ID] = in
		for _, d := range in.EmailDomains {
			s.byDomain[d] = in
		}
		if in.OIDC != nil {
			s.providers[in.ID] = &provider{cfg: *in.OIDC, client: client, now: cfg.Now}
		}
	}
	return s, nil
}

// ReadSecrets reads the secrets and keys that institutions.yaml names; a server must not start without them, a command can.
func (s *Service) ReadSecrets() error {
	var problems []error
	client := newProviderClient()
	for id, in := range s.byID {
		if in.SAML != nil {
			f, err := s.newFederated(in, client)
			s.federated[id], problems = f, append(problems, err)
		}
	}
	for id, p := range s.providers {
		if name := p.cfg.ClientSecretEnv; name != "" {
			secret, err := s.cfg.Secret(name)
			if err == nil && secret == "" {
				err = fmt.Errorf("institutions.yaml: %s: oidc needs %s in the environment, and it is not set", id, name)
			}
			p.secret, problems = secret, append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// Institutions lists every institution in the order of the file.
func (s *Service) Institutions() []Institution { return s.cfg.Institutions }

// Institution returns one, or fault.NotFound.
func (s *Service) Institution(id string) (*Institution, error) {
	in, ok := s.byID[id]
	if !ok {
		return nil, fmt.Errorf("institution %q: %w", id, fault.NotFound)
	}
	return in, nil
}

// InstitutionOf returns the institution whose domain an e-mail address ends in, or fault.NotFound.
func (s *Service) InstitutionOf(email string) (*Institution, error) {
	_, domain, _ := strings.Cut(email, "@")
	for ; domain != ""; _, domain, _ = strings.Cut(domain, ".") { // student.example.ac.uk belongs to example.ac.uk
		if in, ok := s.byDomain[domain]; ok {
			return in, nil
		}
	}
	return nil, fmt.Errorf("institution of an address: %w", fault.NotFound)
}

// Today returns the civil date where the institutions are, as 2006-01-02: what a due date and a certificate go by.
func (s *Service) Today() string { return s.cfg.Now().In(s.london).Format(time.DateOnly) }

// Person returns one person, or fault.NotFound.
func (s *Service) Person(ctx context.Context, id string) (Person, error) { return s.store.get(ctx, id) }

// SetLanguage keeps the language that a person wants pages and mail in.
func (s *Service) SetLanguage(ctx context.Context, person, lang string) error {
	if !s.cfg.Catalogue.Has(lang) {
		return fault.Problems{{Field: "language", Key: "form.choose"}}
	}
	_, err := s.store.update(ctx, person, func(p *Person) error { p.Language = lang; return nil })
	return err
}

// maxName is the longest name in characters: names of people are longer than forms expect.
const maxName = 120

// SetName keeps the name that a person wishes to be called by.
func (s *Service) SetName(ctx context.Context, person, name string) error {
	name, err := CleanName(name, "name")
	if err != nil {
		return err
	}
	_, err = s.store.update(ctx, person, func(p *Person) error { p.Name = name; return nil })
	return err
}

// CleanName brings a person's name to one line without control characters, in whatever script; fault.Problems on the field when it is
// too long.
func CleanName(name, field string) (string, error) {
	name = strings.Join(strings.Fields(strings.Map(printable, name)), " ")
	if len([]rune(name)) > maxName {
		return "", fault.Problems{{Field: field, Key: "form.too-long"}}
	}
	return name, nil
}

// printable drops control characters and those that turn the direction of what follows.
func printable(r rune) rune {
	switch {
	case r == '\t' || r == '\n':
		return ' '
	case r < ' ' || r == 0x7f, r >= 0x80 && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff:
		return -1
	}
	return r
}

// Grant gives a role to whoever has this address, for the demo, which needs nobody's leave and leaves no record. It makes the person known where nobody has signed in with it yet.
func (s *Service) Grant(ctx context.Context, email string, role Role) (Person, error) {
	if !slices.Contains(Roles(), role) {
		return Person{}, fmt.Errorf("%w: there is no role %q", fault.Invalid, role)
	}
	p, err := s.findOrAdd(ctx, email, locale.Source)
	if err != nil {
		return Person{}, err
	}
	return s.grant(ctx, p, role)
}

// GrantBy is Grant on behalf of an actor of the audit log: it is recorded first.
func (s *Service) GrantBy(ctx context.Context, actor, email string, role Role) (Person, error) {
	if !slices.Contains(Roles(), role) {
		return Person{}, fmt.Errorf("%w: there is no role %q", fault.Invalid, role)
	}
	p, err := s.findOrAdd(ctx, email, locale.Source)
	if err != nil {
		return Person{}, err
	}
	if err := s.give(ctx, actor, p, role); err != nil {
		return Person{}, err
	}
	return s.store.get(ctx, p.ID)
}

// findOrAdd returns the person with this address and makes a new one where there is none.
func (s *Service) findOrAdd(ctx context.Context, email, lang string) (Person, error) {
	email, err := CleanEmail(email)
	if err != nil {
		return Person{}, err
	}
	in, err := s.InstitutionOf(email)
	if err != nil {
		return Person{}, err
	}
	p, err := s.store.byEmail(ctx, in.ID, email)
	if !errors.Is(err, fault.NotFound) {
		return p, err
	}
	p = Person{ID: s.cfg.NewID(), Institution: in.ID, Email: email, Language: lang, Roles: []Role{}, GroupRoles: []Role{}, Scope: []string{}, Since: s.cfg.Now()}
	err = s.store.insert(ctx, p)
	if errors.Is(err, fault.Conflict) { // somebody was quicker: the same person in another tab
		return s.store.byEmail(ctx, in.ID, email)
	}
	return p, err
}

// CleanEmail checks an address and brings it to lower case; fault.Problems on the field "email" otherwise.
func CleanEmail(email string) (string, error) {
	email = strings.ToLower(strings.TrimSpace(email))
	a, err := mail.ParseAddress(email)
	if err != nil || a.Address != email || len(email) > 254 || strings.ContainsAny(email, " \"<>,;:\\") {
		return "", fault.Problems{{Field: "email", Key: "sign-in.email-wrong"}}
	}
	return email, nil
}
