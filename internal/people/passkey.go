package people

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
)

// Passkey is a key on somebody's device that signs them in.
type Passkey struct {
	ID     string    `bson:"_id"` // the credential's, in base64
	Person string    `bson:"person"`
	Record []byte    `bson:"record"` // webauthn.Credential as JSON: public key, counter, flags
	Since  time.Time `bson:"since"`
}

// maxPasskeys is how many keys one person may have.
const maxPasskeys = 20

// ceremonyLife is how long somebody may take to touch a key.
const ceremonyLife = 5 * time.Minute

// Ceremony is what a browser is asked to do with a key, and the id under which the answer is expected.
type Ceremony struct{ ID, Options string }

func ceremonies() ticket[webauthn.SessionData] {
	return ticket[webauthn.SessionData]{kind: "ceremony", life: ceremonyLife, tries: 1}
}

// newKeys prepares for passkeys; there are none where the public address is a bare one, for browsers refuse that.
func newKeys(address string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	if _, err := netip.ParseAddr(u.Hostname()); err == nil || u.Hostname() == "" {
		return nil, nil
	}
	yes := true
	return webauthn.New(&webauthn.Config{
		RPID: u.Hostname(), RPDisplayName: "Upstander", RPOrigins: []string{u.Scheme + "://" + u.Host}, AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: &yes, UserVerification: protocol.VerificationRequired},
	})
}

// TakesPasskeys says whether people can sign in with passkeys here.
func (s *Service) TakesPasskeys() bool { return s.keys != nil }

// keyOwner is a person as the library wants to see one.
type keyOwner struct {
	person Person
	keys   []webauthn.Credential
}

// WebAuthnID implements webauthn.User.
func (o keyOwner) WebAuthnID() []byte { return []byte(o.person.ID) }

// WebAuthnName implements webauthn.User.
func (o keyOwner) WebAuthnName() string { return o.person.Email }

// WebAuthnDisplayName implements webauthn.User.
func (o keyOwner) WebAuthnDisplayName() string {
	if o.person.Name != "" {
		return o.person.Name
	}
	return o.person.Email
}

// WebAuthnCredentials implements webauthn.User.
func (o keyOwner) WebAuthnCredentials() []webauthn.Credential { return o.keys }

func (s *Service) keyOwner(ctx context.Context, p Person) (keyOwner, error) {
	o := keyOwner{person: p}
	keys, err := s.store.passkeysOf(ctx, p.ID)
	if err != nil {
		return o, err
	}
	for _, k := range keys {
		var c webauthn.Credential
		if err := json.Unmarshal(k.Record, &c); err != nil {
			return o, fmt.Errorf("passkey: %w", err)
		}
		o.keys = append(o.keys, c)
	}
	return o, nil
}

// Passkeys lists a person's keys.
func (s *Service) Passkeys(ctx context.Context, person string) ([]Passkey, error) {
	return s.store.passkeysOf(ctx, person)
}

// BeginPasskey asks a person's browser to make a key. fault.Denied where a session that opens no roles wants to add another key to the first: whoever
// has got into the mailbox must not get further.
func (s *Service) BeginPasskey(ctx context.Context, p Person) (Ceremony, error) {
	owner, err := s.mayChangeKeys(ctx, p)
	if err != nil {
		return Ceremony{}, err
	}
	if len(owner.keys) >= maxPasskeys {
		return Ceremony{}, fmt.Errorf("passkeys: %w", fault.TooMany)
	}
	options, session, err := s.keys.BeginRegistration(owner, webauthn.WithExclusions(webauthn.Credentials(owner.keys).CredentialDescriptors()))
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin a passkey: %w", err)
	}
	return s.keepCeremony(ctx, options, session)
}

func (s *Service) mayChangeKeys(ctx context.Context, p Person) (keyOwner, error) {
	if s.keys == nil {
		return keyOwner{}, fmt.Errorf("passkeys: %w", fault.NotFound)
	}
	owner, err := s.keyOwner(ctx, p)
	if err == nil && p.Withheld && len(owner.keys) > 0 {
		err = fmt.Errorf("change passkeys with a code: %w", fault.Denied)
	}
	return owner, err
}

func (s *Service) keepCeremony(ctx context.Context, options any, session *webauthn.SessionData) (Ceremony, error) {
	shown, err := json.Marshal(options)
	if err != nil {
		return Ceremony{}, err
	}
	c := Ceremony{ID: rand.Text(), Options: string(shown)}
	return c, ceremonies().keep(ctx, s, c.ID, "", *session)
}

// takeCeremony uses a ceremony up.
func (s *Service) takeCeremony(ctx context.Context, id string) (webauthn.SessionData, error) {
	if s.keys == nil {
		return webauthn.SessionData{}, fmt.Errorf("passkey: %w", fault.NotFound)
	}
	return ceremonies().take(ctx, s, id, "")
}

// AddPasskey keeps the key that a person's browser has made. With the first one come recovery codes, which are shown once. fault.NotFound when
// the ceremony has run out, fault.Invalid when the answer does not fit.
func (s *Service) AddPasskey(ctx context.Context, p Person, ceremony, credential string) (recovery []string, err error) {
	session, err := s.takeCeremony(ctx, ceremony)
	if err != nil {
		return nil, err
	}
	owner, err := s.mayChangeKeys(ctx, p)
	if err != nil {
		return nil, err
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes([]byte(credential))
	if err != nil {
		return nil, fmt.Errorf("%w: passkey: %w", fault.Invalid, err)
	}
	made, err := s.keys.CreateCredential(owner, session, parsed)
	if err != nil {
		return nil, fmt.Errorf("%w: passkey: %w", fault.Invalid, err)
	}
	record, err := json.Marshal(made)
	if err != nil {
		return nil, err
	}
	if err := s.recordKeys(ctx, p, audit.PasskeyAdd); err != nil {
		return nil, err
	}
	if err := s.store.insertPasskey(ctx, Passkey{ID: keyID(made.ID), Person: p.ID, Record: record, Since: s.cfg.Now()}); err != nil {
		return nil, err
	}
	if left, err := s.RecoveryLeft(ctx, p.ID); err != nil || left > 0 {
		return nil, err
	}
	return s.RenewRecovery(ctx, p)
}

// RemovePasskey forgets a person's key; fault.NotFound when the person has none such. With the last one its recovery codes go.
func (s *Service) RemovePasskey(ctx context.Context, p Person, id string) error {
	if _, err := s.mayChangeKeys(ctx, p); err != nil {
		return err
	}
	key, err := s.store.passkey(ctx, id)
	if err == nil && key.Person != p.ID {
		err = fmt.Errorf("passkey of somebody else: %w", fault.NotFound)
	}
	if err != nil {
		return err
	}
	if err := s.recordKeys(ctx, p, audit.PasskeyRemove); err != nil {
		return err
	}
	if err := s.store.deletePasskey(ctx, id); err != nil {
		return err
	}
	left, err := s.store.passkeysOf(ctx, p.ID)
	if err != nil || len(left) > 0 {
		return err
	}
	return s.store.deleteRecovery(ctx, p.ID)
}

// recordKeys writes down what people with roles do to their keys; the keys of everybody else are their own business.
func (s *Service) recordKeys(ctx context.Context, p Person, verb audit.Verb) error {
	if !p.Helps {
		return nil
	}
	return s.record(ctx, p.ID, verb, p, "")
}

// BeginSignIn asks a browser for any key that it has for this site; fault.Wait after too many from one network.
func (s *Service) BeginSignIn(ctx context.Context, network string) (Ceremony, error) {
	if s.keys == nil {
		return Ceremony{}, fmt.Errorf("passkeys: %w", fault.NotFound)
	}
	if err := s.limits.Allow(ctx, startLimit(), network); err != nil {
		return Ceremony{}, err
	}
	options, session, err := s.keys.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	if err != nil {
		return Ceremony{}, fmt.Errorf("begin a sign-in: %w", err)
	}
	return s.keepCeremony(ctx, options, session)
}

// FinishSignIn returns whose key has answered. fault.NotFound when the ceremony has run out or nobody has this key; fault.Invalid when the answer
// does not fit, or comes from a copy of the key.
func (s *Service) FinishSignIn(ctx context.Context, ceremony, credential string) (Person, error) {
	session, err := s.takeCeremony(ctx, ceremony)
	if err != nil {
		return Person{}, err
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes([]byte(credential))
	if err != nil {
		return Person{}, fmt.Errorf("%w: passkey: %w", fault.Invalid, err)
	}
	var owner keyOwner
	_, used, err := s.keys.ValidatePasskeyLogin(func(_, handle []byte) (webauthn.User, error) {
		p, err := s.store.get(ctx, string(handle))
		if err != nil {
			return nil, err
		}
		owner, err = s.keyOwner(ctx, p)
		return owner, err
	}, session, parsed)
	switch {
	case errors.Is(err, fault.Unavailable):
		return Person{}, err
	case err != nil:
		return Person{}, fmt.Errorf("%w: passkey: %w", fault.Invalid, err)
	case used.Authenticator.CloneWarning:
		return Person{}, fmt.Errorf("%w: passkey: its counter goes backwards", fault.Invalid)
	}
	record, err := json.Marshal(used)
	if err != nil {
		return Person{}, err
	}
	return owner.person, s.store.updatePasskey(ctx, keyID(used.ID), func(k *Passkey) error { k.Record = record; return nil })
}

func keyID(raw []byte) string { return base64.RawURLEncoding.EncodeToString(raw) }
