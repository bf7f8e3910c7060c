package people

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/upstander/upstander/internal/fault"
)

// OIDC is an institution's sign-in by OpenID Connect: the code flow with PKCE.
type OIDC struct {
	Issuer          string   `yaml:"issuer"`
	ClientID        string   `yaml:"client_id"`
	ClientSecretEnv string   `yaml:"client_secret_env"` // names the environment variable; its twin with _FILE names a file. Empty: a public client
	Scopes          []string `yaml:"scopes"`            // beside openid; email and profile when empty
	Mapping         `yaml:",inline"`
}

func (o *OIDC) check() []string {
	o.fill(Attributes{Email: "email", Name: "name", Groups: "groups"})
	if len(o.Scopes) == 0 {
		o.Scopes = []string{"email", "profile"}
	}
	var p []string
	if !safeURL(o.Issuer) {
		p = append(p, fmt.Sprintf("oidc.issuer %q is no https address", o.Issuer))
	}
	if o.ClientID == "" {
		p = append(p, "oidc.client_id is needed")
	}
	for _, problem := range o.Mapping.check() {
		p = append(p, "oidc: "+problem)
	}
	return p
}

// kindOIDC begins the issuers of identities from OpenID Connect.
const kindOIDC = "oidc:"

// Limits on what a provider is asked, and on what it answers.
const (
	providerTimeout = 4 * time.Second
	providerAnswer  = 1 << 20 // bytes
	clockSkew       = 90 * time.Second
	flowLife        = 15 * time.Minute // to type a password and find the second factor
)

// provider is one institution's identity provider.
type provider struct {
	cfg    OIDC
	secret string
	client *http.Client
	now    func() time.Time

	itself described[discovered]
}

// discovered is a provider as it describes itself, and what verifies its tokens: one for as long as the description serves, for it keeps the keys.
type discovered struct {
	*oidc.Provider
	verifier *oidc.IDTokenVerifier
}

// describe returns the provider's description; fault.Unavailable when there is none to be had.
func (p *provider) describe(ctx context.Context) (discovered, error) {
	return p.itself.by(p.now, func() (discovered, time.Time, error) {
		found, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.cfg.Issuer)
		if err != nil {
			return discovered{}, time.Time{}, err
		}
		// The library refuses a token the moment it has expired; a provider's clock may be behind ours.
		verifier := found.Verifier(&oidc.Config{ClientID: p.cfg.ClientID, Now: func() time.Time { return p.now().Add(-clockSkew) }})
		return discovered{found, verifier}, time.Time{}, nil
	})
}

func (p *provider) oauth2(described discovered, redirect string) oauth2.Config {
	return oauth2.Config{
		ClientID: p.cfg.ClientID, ClientSecret: p.secret, Endpoint: described.Endpoint(), RedirectURL: redirect,
		Scopes: append([]string{oidc.ScopeOpenID}, p.cfg.Scopes...),
	}
}

// newProviderClient is how identity providers are spoken to: not for long, and not for more than they have to say.
func newProviderClient() *http.Client {
	return &http.Client{Timeout: providerTimeout, Transport: bounds{http.DefaultTransport}}
}

type bounds struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (b bounds) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := b.next.RoundTrip(r)
	if err == nil {
		resp.Body = http.MaxBytesReader(nil, resp.Body, providerAnswer)
	}
	return resp, err
}

// flow is a single sign-on under way. Redis keeps it under its state, once, for the browser that holds the secret.
type flow struct {
	Institution string `json:"institution"`
	Nonce       string `json:"nonce,omitempty"`
	Verifier    string `json:"verifier,omitempty"`
	To          string `json:"to"`
	Lang        string `json:"lang"`
}

// A flow is found by its state; its secret stays in a cookie.
func flows() ticket[flow] { return ticket[flow]{kind: "flow", life: flowLife, tries: 1} }

// Departure is where a browser is sent to sign in, and the secret that its cookie keeps meanwhile.
type Departure struct{ URL, Secret string }

func (s *Service) keepFlow(ctx context.Context, state string, f flow) (secret string, err error) {
	secret = rand.Text()
	return secret, flows().keep(ctx, s, state, secret, f)
}

// takeFlow uses a flow up: it works once, and in the browser that began it.
func (s *Service) takeFlow(ctx context.Context, state, secret string) (flow, error) {
	if secret == "" {
		return flow{}, fmt.Errorf("single sign-on: %w", fault.NotFound)
	}
	return flows().take(ctx, s, state, secret)
}

// StartOIDC begins a sign-in through an institution's OpenID Connect provider. fault.NotFound when it has none; fault.Unavailable when the provider
// or Redis is away; fault.Wait after too many from one network.
func (s *Service) StartOIDC(ctx context.Context, institution, to, lang, network string) (Departure, error) {
	if err := s.limits.Allow(ctx, startLimit(), network); err != nil {
		return Departure{}, err
	}
	p, ok := s.providers[institution]
	if !ok {
		return Departure{}, fmt.Errorf("OpenID Connect of %q: %w", institution, fault.NotFound)
	}
	described, err := p.describe(ctx)
	if err != nil {
		return Departure{}, err
	}
	state, f := rand.Text(), flow{Institution: institution, Nonce: rand.Text(), Verifier: oauth2.GenerateVerifier(), To: to, Lang: lang}
	secret, err := s.keepFlow(ctx, state, f)
	if err != nil {
		return Departure{}, err
	}
	client := p.oauth2(described, s.oidcCallback(institution))
	return Departure{URL: client.AuthCodeURL(state, oidc.Nonce(f.Nonce), oauth2.S256ChallengeOption(f.Verifier)), Secret: secret}, nil
}

func (s *Service) oidcCallback(institution string) string {
	return s.cfg.URL + "/app/sign-in/oidc/" + institution + "/callback"
}

// Returned is what a provider sends a browser back with.
type Returned struct {
	State, Code string
	Error       string // instead of a code
	Issuer      string // where the provider names itself (RFC 9207)
}

// FinishOIDC takes what the provider has sent a browser back with. fault.NotFound when no such sign-in is under way in this browser; fault.Denied when
// the provider let nobody in; fault.Invalid when the answer is not to be believed; fault.Conflict when it is somebody else's; fault.Unavailable.
func (s *Service) FinishOIDC(ctx context.Context, institution string, r Returned, secret string) (Entered, error) {
	f, err := s.takeFlow(ctx, r.State, secret)
	if err != nil {
		return Entered{}, err
	}
	e := Entered{To: f.To, Lang: f.Lang}
	p, ok := s.providers[institution]
	switch {
	case !ok || f.Institution != institution || f.Verifier == "":
		return e, fmt.Errorf("single sign-on of another institution: %w", fault.Invalid)
	case r.Issuer != "" && r.Issuer != p.cfg.Issuer:
		return e, fmt.Errorf("another issuer has answered: %w", fault.Invalid)
	case r.Error != "" || r.Code == "":
		return e, fmt.Errorf("the provider answers %.60q: %w", r.Error, fault.Denied)
	}
	a, err := p.redeem(ctx, r.Code, f, s.oidcCallback(institution))
	if err != nil {
		return e, err
	}
	a.Institution, a.Lang = institution, f.Lang
	found, err := s.recognise(ctx, s.released(a), p.cfg.Mapping)
	found.To, found.Lang = f.To, f.Lang
	return found, err
}

// redeem exchanges the code for tokens, verifies the ID token and reads what it says.
func (p *provider) redeem(ctx context.Context, code string, f flow, redirect string) (arrival, error) {
	described, err := p.describe(ctx)
	if err != nil {
		return arrival{}, err
	}
	ctx = oidc.ClientContext(ctx, p.client)
	client := p.oauth2(described, redirect)
	token, err := client.Exchange(ctx, code, oauth2.VerifierOption(f.Verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) && refused.Response.StatusCode < 500 {
			return arrival{}, fmt.Errorf("%w: the provider takes the code no more: %.60q", fault.Invalid, refused.ErrorCode)
		}
		return arrival{}, fmt.Errorf("%w: identity provider: %w", fault.Unavailable, err)
	}
	raw, _ := token.Extra("id_token").(string)
	id, err := described.verifier.Verify(ctx, raw)
	if err != nil {
		return arrival{}, fmt.Errorf("%w: ID token: %w", fault.Invalid, err)
	}
	claims := claims{}
	if err := id.Claims(&claims); err != nil {
		return arrival{}, fmt.Errorf("%w: ID token: %w", fault.Invalid, err)
	}
	if err := p.trust(id, claims, f.Nonce); err != nil {
		return arrival{}, fmt.Errorf("%w: ID token: %w", fault.Invalid, err)
	}
	if err := p.complete(ctx, described, token, id, claims); err != nil {
		return arrival{}, err
	}
	return p.arrival(id.Subject, claims), nil
}

// trust checks what the library leaves to its caller.
func (p *provider) trust(id *oidc.IDToken, c claims, nonce string) error {
	switch {
	case subtle.ConstantTimeCompare([]byte(id.Nonce), []byte(nonce)) != 1:
		return errors.New("it was not made for this sign-in")
	case id.Subject == "" || len(id.Subject) > 255:
		return errors.New("it names nobody")
	case len(id.Audience) > 1 && c.text("azp") != p.cfg.ClientID, c.text("azp") != "" && c.text("azp") != p.cfg.ClientID:
		return errors.New("it was made for another client")
	case id.IssuedAt.After(p.now().Add(clockSkew)):
		return errors.New("it was made in the future")
	}
	return nil
}

// complete adds what only the user-info endpoint says, where the ID token lacks something that is mapped.
func (p *provider) complete(ctx context.Context, described discovered, token *oauth2.Token, id *oidc.IDToken, c claims) error {
	m, lacks := p.cfg.Attributes, false
	for _, name := range []string{m.Email, m.Name, m.ExternalID} {
		lacks = lacks || name != "" && c[name] == nil
	}
	if len(p.cfg.Roles) > 0 && c[m.Groups] == nil {
		lacks = true
	}
	if !lacks || described.UserInfoEndpoint() == "" {
		return nil
	}
	info, err := described.UserInfo(ctx, oauth2.StaticTokenSource(token))
	if err != nil {
		return fmt.Errorf("%w: user info of the identity provider: %w", fault.Unavailable, err)
	}
	if info.Subject != id.Subject { // OpenID Connect Core 5.3.2
		return fmt.Errorf("%w: user info of somebody else", fault.Invalid)
	}
	more := claims{}
	if err := info.Claims(&more); err != nil {
		return fmt.Errorf("%w: user info: %w", fault.Invalid, err)
	}
	for name, value := range more {
		if c[name] == nil {
			c[name] = value
		}
	}
	return nil
}

func (p *provider) arrival(subject string, c claims) arrival {
	m := p.cfg.Attributes
	a := arrival{Issuer: kindOIDC + p.cfg.Issuer, Subject: subject, ExternalID: c.text(m.ExternalID), Email: c.text(m.Email), Name: c.text(m.Name), Groups: c.list(m.Groups)}
	if c.unverified() {
		a.Email = ""
	}
	return a
}

// claims are what tokens say.
type claims map[string]any

func (c claims) text(name string) string {
	switch v := c[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

// maxGroups is how many groups of a person are looked at.
const maxGroups = 1000

func (c claims) list(name string) []string {
	switch v := c[name].(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, one := range v[:min(len(v), maxGroups)] {
			if text, ok := one.(string); ok {
				all = append(all, text)
			}
		}
		return all
	}
	return nil
}

// unverified says whether the provider itself does not vouch for the address. Saying nothing counts as vouching: the provider is the institution's
// own, and the address must be one of its domains.
func (c claims) unverified() bool {
	v, said := c["email_verified"]
	return said && v != true && v != "true"
}
