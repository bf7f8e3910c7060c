package people

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/crewjam/saml"

	"github.com/upstander/upstander/internal/fault"
)

// SAML is an institution's sign-in by SAML 2.0, as the UK federation has it. Files are named from the data folder.
type SAML struct {
	EntityID            string   `yaml:"entity_id"`        // of the identity provider; needed where its metadata describes several
	MetadataURL         string   `yaml:"metadata_url"`     // where the identity provider describes itself, or
	MetadataFile        string   `yaml:"metadata_file"`    // a copy of it
	MetadataSigner      string   `yaml:"metadata_signer"`  // certificate of whoever must have signed the metadata, such as the federation; empty: trust its address
	CertificateFile     string   `yaml:"certificate_file"` // of our own: signs requests, and lets the provider encrypt. Both or neither
	KeyFile             string   `yaml:"key_file"`
	NextCertificateFile string   `yaml:"next_certificate_file"` // the one that comes after it: told to the provider beforehand. Both or neither
	NextKeyFile         string   `yaml:"next_key_file"`
	Subject             string   `yaml:"subject"` // attribute that names a person for good; empty: pairwise-id, subject-id or a persistent NameID
	Scopes              []string `yaml:"scopes"`  // what may stand behind the @ of scoped attributes; empty: the e-mail domains
	Mapping             `yaml:",inline"`
}

// Names of SAML attributes (SAML subject identifier attributes profile; eduPerson; LDAP).
const (
	pairwiseID        = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
	subjectID         = "urn:oasis:names:tc:SAML:attribute:subject-id"
	mailOID           = "urn:oid:0.9.2342.19200300.100.1.3"
	displayNameOID    = "urn:oid:2.16.840.1.113730.3.1.241"
	scopedAffiliation = "urn:oid:1.3.6.1.4.1.5923.1.1.1.9"
	persistentNameID  = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
	bearer            = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
)

func (c *SAML) check(domains []string) []string {
	c.fill(Attributes{Email: mailOID, Name: displayNameOID, Groups: scopedAffiliation})
	if len(c.Scopes) == 0 {
		c.Scopes = domains
	}
	var p []string
	if (c.MetadataURL == "") == (c.MetadataFile == "") {
		p = append(p, "saml needs metadata_url or metadata_file, one of them")
	}
	if c.MetadataURL != "" && !safeURL(c.MetadataURL) && c.MetadataSigner == "" {
		p = append(p, fmt.Sprintf("saml.metadata_url %q is no https address, and no metadata_signer vouches for it", c.MetadataURL))
	}
	if (c.CertificateFile == "") != (c.KeyFile == "") {
		p = append(p, "saml needs both certificate_file and key_file, or neither")
	}
	if (c.NextCertificateFile == "") != (c.NextKeyFile == "") {
		p = append(p, "saml needs both next_certificate_file and next_key_file, or neither")
	}
	if c.NextCertificateFile != "" && c.CertificateFile == "" {
		p = append(p, "saml.next_certificate_file comes after a certificate_file, and there is none")
	}
	for _, problem := range c.Mapping.check() {
		p = append(p, "saml: "+problem)
	}
	return p
}

// kindSAML begins the issuers of identities from SAML.
const kindSAML = "saml:"

// Limits on a SAML answer.
const (
	samlAnswer    = 180 << 10 // bytes in base64; with encryption and a few hundred groups it can be large
	answerLife    = 2 * time.Minute
	spMetadata    = 365 * 24 * time.Hour // what we say of ourselves changes with the program's address only
	longestReplay = 24 * time.Hour
)

// federated is one institution's SAML identity provider.
type federated struct {
	cfg    SAML
	sp     saml.ServiceProvider // without the provider's metadata
	next   *ownKey              // our own certificate to come; nil: none
	signer *x509.Certificate    // of the metadata
	read   func(name string) ([]byte, error)
	client *http.Client
	now    func() time.Time

	itself described[*saml.EntityDescriptor]
}

// newFederated makes what is needed of our own; the provider itself is asked when somebody needs it.
func (s *Service) newFederated(in *Institution, client *http.Client) (*federated, error) {
	f := &federated{cfg: *in.SAML, read: s.cfg.ReadFile, client: client, now: s.cfg.Now}
	acs, err := url.Parse(s.cfg.URL + SAMLAnswerPath(in.ID))
	if err != nil {
		return nil, err
	}
	own := *acs
	own.Path = samlPath(in.ID) + "/metadata"
	f.sp = saml.ServiceProvider{
		EntityID: own.String(), MetadataURL: own, AcsURL: *acs, AuthnNameIDFormat: saml.UnspecifiedNameIDFormat, MetadataValidDuration: spMetadata,
		SignatureVerifier: strict{},
	}
	if err := f.readKeys(); err != nil {
		return nil, fmt.Errorf("institutions.yaml: %s: saml: %w", in.ID, err)
	}
	return f, f.readSigner()
}

func samlPath(institution string) string { return "/app/sign-in/saml/" + institution }

// SAMLAnswerPath is where an institution's identity provider posts its answers, from its own pages.
func SAMLAnswerPath(institution string) string { return samlPath(institution) + "/acs" }

// provider returns our side with the provider's metadata; fault.Unavailable when there is none to be had.
func (f *federated) provider(ctx context.Context) (*saml.ServiceProvider, error) {
	known, err := f.itself.by(f.now, func() (*saml.EntityDescriptor, time.Time, error) {
		found, err := f.describe(ctx)
		if err != nil {
			return nil, time.Time{}, err
		}
		return found, found.ValidUntil, nil
	})
	if err != nil {
		return nil, err
	}
	sp := f.sp
	sp.IDPMetadata = known
	return &sp, nil
}

// StartSAML begins a sign-in through an institution's SAML identity provider. fault.NotFound when it has none; fault.Unavailable when the provider's
// metadata or Redis is away; fault.Wait after too many from one network.
func (s *Service) StartSAML(ctx context.Context, institution, to, lang, network string) (Departure, error) {
	if err := s.limits.Allow(ctx, startLimit(), network); err != nil {
		return Departure{}, err
	}
	f, ok := s.federated[institution]
	if !ok {
		return Departure{}, fmt.Errorf("SAML of %q: %w", institution, fault.NotFound)
	}
	sp, err := f.provider(ctx)
	if err != nil {
		return Departure{}, err
	}
	request, err := sp.MakeAuthenticationRequest(sp.GetSSOBindingLocation(saml.HTTPRedirectBinding), saml.HTTPRedirectBinding, saml.HTTPPostBinding)
	if err != nil {
		return Departure{}, err
	}
	address, err := request.Redirect("", sp)
	if err != nil {
		return Departure{}, err
	}
	secret, err := s.keepFlow(ctx, request.ID, flow{Institution: institution, To: to, Lang: lang})
	return Departure{URL: address.String(), Secret: secret}, err
}

// answer is what a provider has said, verified, until the browser comes for it with its cookie.
type answer struct {
	Arrival arrival `json:"arrival"`
	Request string  `json:"request"`
}

func answers() ticket[answer] { return ticket[answer]{kind: "answer", life: answerLife, tries: 1} }

// TakeSAML verifies what a provider has posted and returns an id under which the browser finds it with a GET: the post itself comes from another
// site, without our cookie. fault.NotFound when nobody has asked for it; fault.Invalid when it is not to be believed, fault.Denied when it says no;
// fault.Wait after too many from one network.
func (s *Service) TakeSAML(ctx context.Context, institution, encoded, network string) (id string, err error) {
	if err := s.limits.Allow(ctx, answerLimit(), network); err != nil {
		return "", err
	}
	f, ok := s.federated[institution]
	if !ok {
		return "", fmt.Errorf("SAML of %q: %w", institution, fault.NotFound)
	}
	raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(encoded), ""))
	if err != nil {
		return "", fmt.Errorf("%w: SAML answer: %w", fault.Invalid, err)
	}
	request, err := asked(raw)
	if err != nil {
		return "", fmt.Errorf("%w: SAML answer: %w", fault.Invalid, err)
	}
	begun, err := flows().peek(ctx, s, request) // the browser that began it is not here to use it up
	if err != nil {
		return "", err
	}
	if begun.Institution != institution || begun.Verifier != "" {
		return "", fmt.Errorf("SAML answer for another institution: %w", fault.Invalid)
	}
	if err := plain(raw, request); err != nil {
		return "", fmt.Errorf("%w: SAML answer: %w", fault.Invalid, err)
	}
	sp, err := f.provider(ctx)
	if err != nil {
		return "", err
	}
	assertion, err := f.verify(sp, raw, request, f.now())
	if err != nil {
		return "", err
	}
	first, err := s.once.First(ctx, "saml "+sp.IDPMetadata.EntityID+" "+assertion.ID, longestReplay)
	if err != nil {
		return "", err
	}
	if !first {
		return "", fmt.Errorf("%w: SAML assertion: it has been used before", fault.Invalid)
	}
	a, err := f.arrival(assertion)
	if err != nil {
		return "", fmt.Errorf("%w: SAML assertion: %w", fault.Invalid, err)
	}
	a.Institution, a.Lang = institution, begun.Lang
	id = rand.Text()
	return id, answers().keep(ctx, s, id, "", answer{Arrival: a, Request: request})
}

// FinishSAML lets in whoever a verified answer names, in the browser that had asked for it and nowhere else. Errors are those of FinishOIDC.
func (s *Service) FinishSAML(ctx context.Context, institution, id, secret string) (Entered, error) {
	a, err := answers().take(ctx, s, id, "")
	if err != nil {
		return Entered{}, err
	}
	f, err := s.takeFlow(ctx, a.Request, secret)
	if err != nil {
		return Entered{}, err
	}
	e := Entered{To: f.To, Lang: f.Lang}
	from, ok := s.federated[institution]
	if !ok || f.Institution != institution || a.Arrival.Institution != institution {
		return e, fmt.Errorf("SAML answer for another institution: %w", fault.Invalid)
	}
	found, err := s.recognise(ctx, s.released(a.Arrival), from.cfg.Mapping)
	found.To, found.Lang = f.To, f.Lang
	return found, err
}

// SAMLMetadata describes us to an institution's identity provider.
func (s *Service) SAMLMetadata(institution string) ([]byte, error) {
	f, ok := s.federated[institution]
	if !ok {
		return nil, fmt.Errorf("SAML of %q: %w", institution, fault.NotFound)
	}
	described := f.sp.Metadata()
	role := &described.SPSSODescriptors[0]
	role.AssertionConsumerServices = role.AssertionConsumerServices[:1] // the other one is for artifacts, which we do not resolve
	role.NameIDFormats = nil
	if f.next != nil {
		role.KeyDescriptors = announce(role.KeyDescriptors, *f.next)
	}
	text, err := xml.MarshalIndent(described, "", "  ")
	return append([]byte(xml.Header), text...), err
}

// arrival reads what an assertion says of its person.
func (f *federated) arrival(assertion *saml.Assertion) (arrival, error) {
	values := map[string][]string{}
	for _, statement := range assertion.AttributeStatements {
		for _, a := range statement.Attributes {
			for _, v := range a.Values {
				if text := strings.TrimSpace(v.Value); text != "" && len(values[a.Name]) < maxGroups {
					values[a.Name] = append(values[a.Name], text)
				}
			}
		}
	}
	one := func(name string) string {
		if len(values[name]) == 0 {
			return ""
		}
		return values[name][0]
	}
	subject, err := f.subject(assertion, values)
	if err != nil {
		return arrival{}, err
	}
	m := f.cfg.Attributes
	groups := values[m.Groups]
	if m.Groups == scopedAffiliation {
		groups = slices.DeleteFunc(slices.Clone(groups), func(g string) bool { return !f.scoped(g) })
	}
	return arrival{Issuer: kindSAML + assertion.Issuer.Value, Subject: subject, ExternalID: one(m.ExternalID), Email: one(m.Email), Name: one(m.Name), Groups: groups}, nil
}

// subject is the name by which the provider knows a person for good. One that is made anew for each sign-in is none.
func (f *federated) subject(assertion *saml.Assertion, values map[string][]string) (string, error) {
	names := []string{pairwiseID, subjectID}
	if f.cfg.Subject != "" {
		names = []string{f.cfg.Subject}
	}
	for _, name := range names {
		switch found := values[name]; {
		case len(found) > 1:
			return "", fmt.Errorf("%s stands there %d times", name, len(found))
		case len(found) == 0:
			continue
		case (name == pairwiseID || name == subjectID) && !f.scoped(found[0]):
			return "", fmt.Errorf("the scope of %s is not the institution's", name)
		case len(found[0]) > 255:
			return "", fmt.Errorf("%s is too long", name)
		default:
			return name + "=" + strings.ToLower(found[0]), nil
		}
	}
	id := assertion.Subject.NameID
	if f.cfg.Subject == "" && id != nil && id.Format == persistentNameID && id.Value != "" && len(id.Value) <= 255 {
		return "NameID=" + id.Value, nil
	}
	return "", errors.New("it does not name a person for good")
}

// scoped says whether what stands behind the last @ is one of the institution's scopes.
func (f *federated) scoped(value string) bool {
	at := strings.LastIndexByte(value, '@')
	return at > 0 && slices.ContainsFunc(f.cfg.Scopes, func(s string) bool { return strings.EqualFold(s, value[at+1:]) })
}
