package people

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	roundtrip "github.com/mattermost/xml-roundtrip-validator"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/upstander/upstander/internal/fault"
)

// plain refuses a SAML answer that is more than one response with one assertion in plain elements, before anything in it is believed, or does
// not answer the request. Wrapping attacks need a second assertion or a second element of the same id; comments and instructions are read by
// some parsers and not by others. Nobody who is honest sends any of them.
func plain(raw []byte, request string) error {
	if err := roundtrip.Validate(bytes.NewReader(raw)); err != nil {
		return err
	}
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return err
	}
	root := doc.Root()
	if root == nil || root.Tag != "Response" || root.NamespaceURI() != "urn:oasis:names:tc:SAML:2.0:protocol" {
		return errors.New("it is no SAML response")
	}
	for _, t := range doc.Child {
		switch t := t.(type) {
		case *etree.Element, *etree.CharData:
		case *etree.ProcInst:
			if t.Target != "xml" {
				return errors.New("it holds an instruction")
			}
		default:
			return errors.New("it holds more than elements and text")
		}
	}
	count, err := census(root)
	if err != nil {
		return err
	}
	if count["Response"] != 1 || count["Assertion"]+count["EncryptedAssertion"] != 1 {
		return fmt.Errorf("it holds %d responses and %d assertions", count["Response"], count["Assertion"]+count["EncryptedAssertion"])
	}
	if root.SelectAttrValue("InResponseTo", "") != request {
		return errors.New("it answers another request")
	}
	return nil
}

// asked reads which request an answer says it answers, and nothing behind its first element: what nobody has asked for is not looked at any further.
func asked(raw []byte) (request string, err error) {
	d := xml.NewDecoder(bytes.NewReader(raw))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil } // as the others read it
	for {
		t, err := d.RawToken()
		if err != nil {
			return "", err
		}
		start, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != "Response" {
			return "", errors.New("it is no SAML response")
		}
		for _, a := range start.Attr {
			if a.Name.Space == "" && a.Name.Local == "InResponseTo" {
				request = a.Value
			}
		}
		return request, nil
	}
}

// Limits on what an answer unfolds to. The library copies the names of namespaces in scope for each element.
const (
	maxDepth      = 64
	maxElements   = 5000
	maxAttributes = 64  // of one element
	maxNamespaces = 128 // namespaces declared by an element and those round it
)

// survey is what a census has met so far.
type survey struct {
	count    map[string]int // elements by name, whatever their namespace
	ids      map[string]bool
	elements int
}

// census counts elements by name, whatever their namespace, and refuses what is no element and no text, ids that stand twice, and more than anybody
// has to say.
func census(root *etree.Element) (map[string]int, error) {
	s := survey{count: map[string]int{}, ids: map[string]bool{}}
	return s.count, s.visit(root, 1, 0)
}

// visit counts an element and what is below it. Whatever it counts is counted once, for all levels.
func (s *survey) visit(el *etree.Element, depth, scope int) error {
	s.elements++
	s.count[el.Tag]++
	for _, a := range el.Attr {
		switch {
		case a.Space == "xmlns" || a.Space == "" && a.Key == "xmlns":
			scope++
		case a.Space == "" && strings.EqualFold(a.Key, "id"):
			if s.ids[a.Value] {
				return errors.New("an id stands twice")
			}
			s.ids[a.Value] = true
		}
	}
	if depth > maxDepth || s.elements > maxElements || len(el.Attr) > maxAttributes || scope > maxNamespaces {
		return fmt.Errorf("it has too much to say: element %d, %d deep, %d attributes, %d namespaces", s.elements, depth, len(el.Attr), scope)
	}
	for _, t := range el.Child {
		switch t := t.(type) {
		case *etree.Element:
			if err := s.visit(t, depth+1, scope); err != nil {
				return err
			}
		case *etree.CharData:
		default:
			return errors.New("it holds comments or instructions")
		}
	}
	return nil
}

var strongHash = regexp.MustCompile(`sha(256|384|512)$`)

// strict verifies signatures by each certificate of the metadata, for while a provider changes its key there are two; and takes neither SHA-1 nor
// anything hidden in what was encrypted.
type strict struct{}

// VerifySignature implements saml.SignatureVerifier.
func (strict) VerifySignature(ctx *dsig.ValidationContext, el *etree.Element) error {
	count, err := census(el)
	if err != nil {
		return err
	}
	if el.Tag == "Assertion" && count["Assertion"] != 1 {
		return errors.New("an assertion within an assertion")
	}
	for _, path := range []string{".//SignedInfo/SignatureMethod", ".//SignedInfo/Reference/DigestMethod"} {
		for _, method := range el.FindElements(path) {
			if algorithm := method.SelectAttrValue("Algorithm", ""); !strongHash.MatchString(algorithm) {
				return fmt.Errorf("it is signed by %.80q", algorithm)
			}
		}
	}
	certificates, err := ctx.CertificateStore.Certificates()
	if err != nil {
		return err
	}
	err = errors.New("no certificate")
	for _, one := range certificates {
		alone := *ctx
		alone.CertificateStore = &dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{one}}
		if _, err = alone.Validate(el); err == nil {
			return nil
		}
	}
	return err
}

// verify checks a response and what the library leaves open: it takes an assertion without any confirmation, without conditions or audience, and
// from the future.
func verify(sp *saml.ServiceProvider, raw []byte, request string, now time.Time) (_ *saml.Assertion, err error) {
	defer func() {
		if p := recover(); p != nil { // the library expects elements that need not be there
			err = fmt.Errorf("%w: SAML answer: %v", fault.Invalid, p)
		}
	}()
	assertion, err := sp.ParseXMLResponse(raw, []string{request}, sp.AcsURL)
	if err != nil {
		return nil, refusal(err)
	}
	conditions := assertion.Conditions
	confirmed := assertion.Subject != nil && slices.ContainsFunc(assertion.Subject.SubjectConfirmations, func(c saml.SubjectConfirmation) bool {
		d := c.SubjectConfirmationData
		return c.Method == bearer && d != nil && d.Recipient == sp.AcsURL.String() && d.InResponseTo == request && now.Before(d.NotOnOrAfter.Add(clockSkew))
	})
	switch {
	case assertion.ID == "":
		err = errors.New("it has no id")
	case !confirmed:
		err = errors.New("nothing confirms it")
	case conditions == nil || len(conditions.AudienceRestrictions) == 0:
		err = errors.New("it is for everybody")
	case slices.ContainsFunc(conditions.AudienceRestrictions, func(a saml.AudienceRestriction) bool { return a.Audience.Value != sp.EntityID }):
		err = errors.New("it is for somebody else")
	case conditions.NotOnOrAfter.IsZero() || !now.Before(conditions.NotOnOrAfter.Add(clockSkew)) || now.Add(clockSkew).Before(conditions.NotBefore):
		err = errors.New("it does not hold now")
	case assertion.IssueInstant.After(now.Add(clockSkew)):
		err = errors.New("it comes from the future")
	case len(assertion.AuthnStatements) == 0:
		err = errors.New("it does not say that anybody signed in")
	default:
		return assertion, nil
	}
	return nil, fmt.Errorf("%w: SAML assertion: %w", fault.Invalid, err)
}

// refusal tells a provider that says no from an answer that is not to be believed.
func refusal(err error) error {
	var invalid *saml.InvalidResponseError
	if errors.As(err, &invalid) && invalid.PrivateErr != nil {
		err = invalid.PrivateErr
	}
	var status saml.ErrBadStatus
	if errors.As(err, &status) {
		return fmt.Errorf("%w: SAML answer: %.100s", fault.Denied, status.Status)
	}
	return fmt.Errorf("%w: SAML answer: %w", fault.Invalid, err)
}

// describe reads the provider's metadata.
func (f *federated) describe(ctx context.Context) (*saml.EntityDescriptor, error) {
	raw, err := f.fetch(ctx)
	if err != nil {
		return nil, err
	}
	if err := roundtrip.Validate(bytes.NewReader(raw)); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	if f.signer != nil {
		if raw, err = signed(raw, f.signer); err != nil {
			return nil, fmt.Errorf("metadata: %w", err)
		}
	}
	found, err := entity(raw, f.cfg.EntityID)
	switch {
	case err != nil:
		return nil, fmt.Errorf("metadata: %w", err)
	case ended(found.ValidUntil, f.now()):
		return nil, errors.New("metadata: it is out of date")
	}
	sp := f.sp
	sp.IDPMetadata = found
	if !safeURL(sp.GetSSOBindingLocation(saml.HTTPRedirectBinding)) {
		return nil, errors.New("metadata: no sign-in page by HTTP-Redirect on https")
	}
	return found, nil
}

func (f *federated) fetch(ctx context.Context) ([]byte, error) {
	if f.cfg.MetadataFile != "" {
		return f.read(f.cfg.MetadataFile)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.cfg.MetadataURL, nil)
	if err != nil {
		return nil, err
	}
	resp, err := f.client.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metadata: %s", resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// signed returns the part of a document that a certificate's owner has signed, which must be the whole.
func signed(raw []byte, signer *x509.Certificate) ([]byte, error) {
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		return nil, err
	}
	ctx := dsig.NewDefaultValidationContext(&dsig.MemoryX509CertificateStore{Roots: []*x509.Certificate{signer}})
	ctx.IdAttribute = "ID"
	if doc.Root() == nil {
		return nil, errors.New("it is empty")
	}
	whole, err := ctx.Validate(doc.Root())
	if err != nil {
		return nil, err
	}
	out := etree.NewDocument()
	out.SetRoot(whole)
	return out.WriteToBytes()
}

// entity finds the identity provider in its metadata, alone or among others.
func entity(raw []byte, id string) (*saml.EntityDescriptor, error) {
	var several saml.EntitiesDescriptor
	var one saml.EntityDescriptor
	if err := xml.Unmarshal(raw, &several); err != nil {
		if err := xml.Unmarshal(raw, &one); err != nil {
			return nil, err
		}
		several.EntityDescriptors = []saml.EntityDescriptor{one}
	}
	var found []*saml.EntityDescriptor
	for i := range several.EntityDescriptors {
		e := &several.EntityDescriptors[i]
		if len(e.IDPSSODescriptors) > 0 && (id == "" || e.EntityID == id) {
			found = append(found, e)
		}
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("it describes %d identity providers that fit", len(found))
	}
	return found[0], nil
}

// readSigner reads the certificate of whoever signs the metadata.
func (f *federated) readSigner() error {
	if f.cfg.MetadataSigner == "" {
		return nil
	}
	raw, err := f.read(f.cfg.MetadataSigner)
	if err != nil {
		return err
	}
	block, _ := pem.Decode(raw)
	if block == nil {
		return fmt.Errorf("%s holds no certificate", f.cfg.MetadataSigner)
	}
	f.signer, err = x509.ParseCertificate(block.Bytes)
	return err
}
