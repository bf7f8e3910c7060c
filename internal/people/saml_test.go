package people_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"log"
	"math/big"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/beevik/etree"
	"github.com/crewjam/saml"
	"github.com/crewjam/saml/samlidp"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
)

// federation is a foreign SAML identity provider in this process. change alters what it says before it signs.
type federation struct {
	idp    *samlidp.Server
	server *httptest.Server
	change func(*saml.Assertion)
	folder string
}

// MakeAssertion implements saml.AssertionMaker: what the provider says by itself, and the attributes of the UK federation.
func (f *federation) MakeAssertion(r *saml.IdpAuthnRequest, session *saml.Session) error {
	if err := (saml.DefaultAssertionMaker{}).MakeAssertion(r, session); err != nil {
		return err
	}
	attributes := &r.Assertion.AttributeStatements[0].Attributes
	add := func(name, value string) {
		*attributes = append(*attributes, saml.Attribute{Name: name, NameFormat: "urn:oasis:names:tc:SAML:2.0:attrname-format:uri", Values: []saml.AttributeValue{{Type: "xs:string", Value: value}}})
	}
	add("urn:oasis:names:tc:SAML:attribute:pairwise-id", "PAIR-"+session.UserName+"@north.example")
	add("urn:oid:2.16.840.1.113730.3.1.241", session.UserCommonName)
	if f.change != nil {
		f.change(r.Assertion)
	}
	return nil
}

func certificate(t *testing.T, name string) (*rsa.PrivateKey, *x509.Certificate) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	n, _ := rand.Int(rand.Reader, big.NewInt(1<<60))
	template := &x509.Certificate{SerialNumber: n, Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return key, c
}

func save(t *testing.T, path, kind string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// pair saves a certificate of ours and its key, as NAME.pem and NAME.key.
func (f *federation) pair(t *testing.T, name string) *x509.Certificate {
	t.Helper()
	key, cert := certificate(t, name)
	save(t, filepath.Join(f.folder, name+".pem"), "CERTIFICATE", cert.Raw)
	save(t, filepath.Join(f.folder, name+".key"), "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	return cert
}

func newFederation(t *testing.T, lines string) (*federation, *peopletest.Site, *mailtest.Inbox) {
	t.Helper()
	f := &federation{folder: t.TempDir()}
	f.server = httptest.NewUnstartedServer(nil)
	at, err := url.Parse("http://" + f.server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	key, cert := certificate(t, "provider")
	f.idp, err = samlidp.New(samlidp.Options{URL: *at, Key: key, Certificate: cert, Store: &samlidp.MemoryStore{}, Logger: log.New(io.Discard, "", 0)})
	if err != nil {
		t.Fatal(err)
	}
	f.idp.IDP.AssertionMaker = f
	f.idp.IDP.SignatureMethod = dsig.RSASHA256SignatureMethod
	f.server.Config.Handler = f.idp
	f.server.Start()
	t.Cleanup(f.server.Close)
	for name, user := range map[string]string{
		"sam":  `{"name":"sam","password":"verysecure","email":"sam@north.example","common_name":"Sam Okafor","scoped_affiliation":"staff@north.example"}`,
		"pair": `{"name":"pair","password":"verysecure","scoped_affiliation":"staff@elsewhere.example"}`,
	} {
		f.put(t, "/users/"+name, user)
	}
	f.pair(t, "us")
	s, out := f.trustedBy(t, lines)
	f.learn(t, s)
	return f, s, out
}

// trustedBy starts a site of ours that takes sign-ins from the provider.
func (f *federation) trustedBy(t *testing.T, lines string) (*peopletest.Site, *mailtest.Inbox) {
	t.Helper()
	out := mailtest.Serve(t)
	s := peopletest.NewWith(t, out.Sender(t), institutionsWith(fmt.Sprintf("\n    saml:\n      metadata_url: %s/metadata\n      roles: {staff@north.example: staff, staff@elsewhere.example: admin}\n", f.server.URL)+strings.ReplaceAll(lines, "FOLDER", f.folder)))
	routes(s)
	return s, out
}

// learn hands our metadata over to the provider.
func (f *federation) learn(t *testing.T, s *peopletest.Site) {
	t.Helper()
	a := s.Visitor().Get("/app/sign-in/saml/north/metadata")
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "http://example.test/app/sign-in/saml/north/acs") {
		t.Fatalf("our metadata: %d %s", a.Status, a.Body)
	}
	f.put(t, "/services/upstander", a.Body)
}

func (f *federation) put(t *testing.T, path, body string) {
	t.Helper()
	r, err := http.NewRequest(http.MethodPut, f.server.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		b, _ := io.ReadAll(resp.Body)
		t.Fatalf("%s: %d %s", path, resp.StatusCode, b)
	}
}

var hidden = regexp.MustCompile(`name="(SAMLRequest|SAMLResponse|RelayState)" value="([^"]*)"`)

// login goes from our sign-in page through the provider's and returns the answer that its page would post.
func (f *federation) login(t *testing.T, v *peopletest.Visitor, path, user string) []byte {
	t.Helper()
	begin := v.Get(path)
	if begin.Status != http.StatusSeeOther || !strings.HasPrefix(begin.Location, f.server.URL+"/sso?") {
		t.Fatalf("the start leads to %d %s", begin.Status, begin.Location)
	}
	fields := func(resp *http.Response, err error) url.Values {
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		page, _ := io.ReadAll(resp.Body)
		form := url.Values{}
		for _, m := range hidden.FindAllStringSubmatch(string(page), -1) {
			form.Set(m[1], html.UnescapeString(m[2]))
		}
		if len(form) == 0 {
			t.Fatalf("%d %s", resp.StatusCode, page)
		}
		return form
	}
	form := fields(http.Get(begin.Location))
	form.Set("user", user)
	form.Set("password", "verysecure")
	raw, err := base64.StdEncoding.DecodeString(fields(http.PostForm(f.server.URL+"/sso", form)).Get("SAMLResponse"))
	if err != nil || len(raw) == 0 {
		t.Fatalf("no answer: %v", err)
	}
	return raw
}

// post sends an answer as the provider's page does: from another site, without our cookies.
func post(s *peopletest.Site, raw []byte) peopletest.Answer {
	page := s.Visitor()
	page.Header.Set("Origin", "https://login.north.example")
	page.Header.Set("Sec-Fetch-Site", "cross-site")
	return page.Post("/app/sign-in/saml/north/acs", "SAMLResponse", base64.StdEncoding.EncodeToString(raw))
}

// comeBack posts an answer and follows it with the browser that had asked for it.
func comeBack(s *peopletest.Site, v *peopletest.Visitor, raw []byte) peopletest.Answer {
	a := post(s, raw)
	if !strings.HasPrefix(a.Location, "/app/sign-in/saml/north/finish?answer=") {
		return a
	}
	return v.Get(a.Location)
}

func TestSignInThroughTheFederation(t *testing.T) {
	for name, lines := range map[string]string{"plain": "", "signed requests, encrypted answers": "      certificate_file: FOLDER/us.pem\n      key_file: FOLDER/us.key\n"} {
		f, s, _ := newFederation(t, lines)
		v := s.Visitor()
		if a := v.Get("/app/sign-in?at=north"); !strings.Contains(a.Body, `href="/app/sign-in/saml/north?at=north"`) {
			t.Errorf("%s: the sign-in page does not offer it", name)
		}
		raw := f.login(t, v, "/app/sign-in/saml/north?to=%2Fapp%2Fcertificates", "sam")
		if got := bytes.Contains(raw, []byte("EncryptedAssertion")); got != (lines != "") {
			t.Errorf("%s: encrypted: %v", name, got)
		}
		if a := comeBack(s, v, raw); a.Location != "/app/certificates" {
			t.Fatalf("%s: %d %s\n%s", name, a.Status, a.Location, s.Log)
		}
		if a := v.Get("/app"); a.Body != "home of sam@north.example" {
			t.Errorf("%s: %s", name, a.Body)
		}
		if a := v.Get("/app/me"); !strings.Contains(a.Body, `value="Sam Okafor"`) {
			t.Errorf("%s: the name was not taken over", name)
		}
		if a := v.Get("/app/staff"); a.Status != http.StatusOK {
			t.Errorf("%s: staff by scoped affiliation: %d", name, a.Status)
		}
	}
}

func TestFederationReleasesAPairwiseIDOnly(t *testing.T) {
	f, s, out := newFederation(t, "")
	v := s.Visitor()
	claim := comeBack(s, v, f.login(t, v, "/app/sign-in/saml/north?lang=cy", "pair")).Location
	if claim != "/app/sign-in/claim?at=north&lang=cy" {
		t.Fatalf("%s\n%s", claim, s.Log)
	}
	sent := v.Post(claim, "email", "pat@north.example")
	if a := v.Post(sent.Location, "code", sixDigits.FindString(out.Last(t).Text)); a.Location != "/app" {
		t.Fatalf("%d %s", a.Status, a.Location)
	}
	again := s.Visitor()
	if a := comeBack(s, again, f.login(t, again, "/app/sign-in/saml/north", "pair")); a.Location != "/app" {
		t.Errorf("the second time: %s", a.Location)
	}
	if a := again.Get("/app"); a.Body != "home of pat@north.example" {
		t.Errorf("%s", a.Body)
	}
	if a := again.Get("/app/admin"); a.Status != http.StatusForbidden {
		t.Errorf("an affiliation of another university's scope: %d", a.Status)
	}
}

func TestAnAnswerIsTakenOnceAndInItsBrowser(t *testing.T) {
	f, s, _ := newFederation(t, "")
	v := s.Visitor()
	raw := f.login(t, v, "/app/sign-in/saml/north", "sam")
	first := post(s, raw)
	if a := post(s, raw); !strings.Contains(a.Location, "said=sso-failed") {
		t.Errorf("replayed before it was fetched: %s", a.Location)
	}
	thief := s.Visitor()
	thief.Get("/app/sign-in/saml/north")
	if a := thief.Get(first.Location); !strings.Contains(a.Location, "said=sso-failed") {
		t.Errorf("fetched by another browser: %s", a.Location)
	}
	if a := v.Get(first.Location); !strings.Contains(a.Location, "said=sso-gone") {
		t.Errorf("after the theft: %s", a.Location)
	}
	raw = f.login(t, v, "/app/sign-in/saml/north", "sam")
	if a := comeBack(s, v, raw); a.Location != "/app" {
		t.Fatalf("%s", a.Location)
	}
	if a := post(s, raw); !strings.Contains(a.Location, "said=sso-gone") {
		t.Errorf("replayed afterwards: %s", a.Location)
	}
	if a := s.Visitor().Get("/app/sign-in/saml/north/finish?answer=ABC"); !strings.Contains(a.Location, "said=sso-gone") {
		t.Errorf("an answer that nobody gave: %s", a.Location)
	}
	other := s.Visitor()
	other.Header.Set("Origin", "https://login.north.example")
	other.Header.Set("Sec-Fetch-Site", "cross-site")
	for _, path := range []string{"/app/sign-in/saml/south/acs", "/app/sign-in/saml/north/acs/", "/app/sign-in", "/app/roles"} {
		if a := other.Post(path, "SAMLResponse", "x"); a.Status != http.StatusForbidden && a.Status != http.StatusNotFound {
			t.Errorf("a cross-site post to %s: %d", path, a.Status)
		}
	}
}

// TestWhatIsSignedMustFit lets the provider itself sign what is not for us, or not for now.
func TestWhatIsSignedMustFit(t *testing.T) {
	f, s, _ := newFederation(t, "")
	confirmation := func(a *saml.Assertion) *saml.SubjectConfirmationData {
		return a.Subject.SubjectConfirmations[0].SubjectConfirmationData
	}
	set := func(name, value string) func(*saml.Assertion) {
		return func(a *saml.Assertion) {
			for i, one := range a.AttributeStatements[0].Attributes {
				if one.Name == name {
					a.AttributeStatements[0].Attributes[i].Values[0].Value = value
				}
			}
		}
	}
	const pairwise = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
	for name, change := range map[string]func(*saml.Assertion){
		"expired": func(a *saml.Assertion) {
			a.Conditions.NotOnOrAfter = time.Now().Add(-10 * time.Minute)
			confirmation(a).NotOnOrAfter = a.Conditions.NotOnOrAfter
		},
		"conditions just expired":   func(a *saml.Assertion) { a.Conditions.NotOnOrAfter = time.Now().Add(-2 * time.Minute) },
		"confirmation just expired": func(a *saml.Assertion) { confirmation(a).NotOnOrAfter = time.Now().Add(-2 * time.Minute) },
		"issued long ago":           func(a *saml.Assertion) { a.IssueInstant = time.Now().Add(-time.Hour) },
		"issued in the future":      func(a *saml.Assertion) { a.IssueInstant = time.Now().Add(time.Hour) },
		"not yet valid":             func(a *saml.Assertion) { a.Conditions.NotBefore = time.Now().Add(time.Hour) },
		"another audience": func(a *saml.Assertion) {
			a.Conditions.AudienceRestrictions[0].Audience.Value = "https://other.example"
		},
		"another audience, too": func(a *saml.Assertion) {
			a.Conditions.AudienceRestrictions = append(a.Conditions.AudienceRestrictions, saml.AudienceRestriction{Audience: saml.Audience{Value: "https://other.example"}})
		},
		"no audience":       func(a *saml.Assertion) { a.Conditions.AudienceRestrictions = nil },
		"no conditions":     func(a *saml.Assertion) { a.Conditions = nil },
		"another recipient": func(a *saml.Assertion) { confirmation(a).Recipient = "https://other.example/acs" },
		"another request":   func(a *saml.Assertion) { confirmation(a).InResponseTo = "id-other" },
		"no confirmation":   func(a *saml.Assertion) { a.Subject.SubjectConfirmations = nil },
		"not to the bearer": func(a *saml.Assertion) {
			a.Subject.SubjectConfirmations[0].Method = "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"
		},
		"no subject":               func(a *saml.Assertion) { a.Subject = nil },
		"another issuer":           func(a *saml.Assertion) { a.Issuer.Value = "https://login.south.example" },
		"nobody signed in":         func(a *saml.Assertion) { a.AuthnStatements = nil },
		"a name of another scope":  set(pairwise, "PAIR-sam@south.example"),
		"a name without a scope":   set(pairwise, "PAIR-sam"),
		"a name for one time only": func(a *saml.Assertion) { a.AttributeStatements = nil },
		"two names": func(a *saml.Assertion) {
			a.AttributeStatements = append(a.AttributeStatements, a.AttributeStatements[0])
		},
	} {
		f.change = change
		v := s.Visitor()
		if a := comeBack(s, v, f.login(t, v, "/app/sign-in/saml/north", "sam")); !strings.Contains(a.Location, "said=sso-failed") {
			t.Errorf("%s: %d %s", name, a.Status, a.Location)
		}
		if v.Cookies["upstander"] != "" {
			t.Errorf("%s: signed in", name)
		}
	}
	f.change = nil
	v := s.Visitor()
	if a := comeBack(s, v, f.login(t, v, "/app/sign-in/saml/north", "sam")); a.Location != "/app" {
		t.Errorf("the truth: %s", a.Location)
	}
}

// withoutResponseSignature leaves the assertion's own signature, as many providers do.
func withoutResponseSignature(t *testing.T, raw []byte) *etree.Document {
	t.Helper()
	doc := etree.NewDocument()
	if err := doc.ReadFromBytes(raw); err != nil {
		t.Fatal(err)
	}
	signature := doc.Root().SelectElement("Signature")
	if signature == nil {
		t.Fatal("the provider does not sign its response")
	}
	doc.Root().RemoveChild(signature)
	return doc
}

func written(t *testing.T, doc *etree.Document) []byte {
	t.Helper()
	b, err := doc.WriteToBytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// evil is the assertion for somebody else, with the signature of the true one or without.
func evil(original *etree.Element, id string, keepsSignature bool) *etree.Element {
	e := original.Copy()
	if id != "" {
		e.CreateAttr("ID", id)
	}
	if !keepsSignature {
		e.RemoveChild(e.SelectElement("Signature"))
	}
	for _, v := range e.FindElements(".//AttributeValue") {
		v.SetText(strings.ReplaceAll(v.Text(), "sam", "admin"))
	}
	return e
}

// TestForgedAnswers changes what the provider has signed, wraps it, and signs it by others.
func TestForgedAnswers(t *testing.T) {
	f, s, _ := newFederation(t, "")
	change := func(edit func(doc *etree.Document, assertion *etree.Element)) func([]byte) []byte {
		return func(raw []byte) []byte {
			doc := withoutResponseSignature(t, raw)
			edit(doc, doc.Root().SelectElement("Assertion"))
			return written(t, doc)
		}
	}
	replace := func(old, by string) func([]byte) []byte {
		return func(raw []byte) []byte {
			if !bytes.Contains(raw, []byte(old)) {
				t.Fatalf("%s is not in %s", old, raw)
			}
			return bytes.ReplaceAll(raw, []byte(old), []byte(by))
		}
	}
	strangerKey, strangerCert := certificate(t, "stranger")
	for name, forge := range map[string]func([]byte) []byte{
		"changed under its signatures":   replace("sam@north.example", "admin@north.example"),
		"changed under the assertion's":  change(func(_ *etree.Document, a *etree.Element) { a.FindElement(".//AttributeValue").SetText("admin") }),
		"no signature":                   change(func(_ *etree.Document, a *etree.Element) { a.RemoveChild(a.SelectElement("Signature")) }),
		"a comment in the name":          replace("sam@north", "sam@north<!-- x -->"),
		"a comment in a signed value":    change(func(_ *etree.Document, a *etree.Element) { a.FindElement(".//NameID").CreateComment("x") }),
		"an instruction":                 change(func(_ *etree.Document, a *etree.Element) { a.FindElement(".//NameID").CreateProcInst("x", "y") }),
		"a document type with an entity": func(raw []byte) []byte { return append([]byte(`<!DOCTYPE x [<!ENTITY e "admin">]>`), raw...) },
		"another assertion first":        change(func(d *etree.Document, a *etree.Element) { d.Root().InsertChildAt(a.Index(), evil(a, "evil", false)) }),
		"another assertion last":         change(func(d *etree.Document, a *etree.Element) { d.Root().AddChild(evil(a, "evil", false)) }),
		"another of the same id":         change(func(d *etree.Document, a *etree.Element) { d.Root().InsertChildAt(a.Index(), evil(a, "", true)) }),
		"wrapped in another": change(func(d *etree.Document, a *etree.Element) {
			e := evil(a, "evil", false)
			d.Root().RemoveChild(a)
			e.AddChild(a)
			d.Root().AddChild(e)
		}),
		"wrapped in the signature of another": change(func(d *etree.Document, a *etree.Element) {
			e := evil(a, "evil", true)
			d.Root().RemoveChild(a)
			e.SelectElement("Signature").CreateElement("ds:Object").AddChild(a)
			d.Root().AddChild(e)
		}),
		"wrapped in an extension": change(func(d *etree.Document, a *etree.Element) {
			e := evil(a, "evil", true)
			d.Root().RemoveChild(a)
			d.Root().CreateElement("samlp:Extensions").AddChild(a)
			d.Root().AddChild(e)
		}),
		"another namespace's assertion beside it": change(func(d *etree.Document, a *etree.Element) {
			e := etree.NewElement("x:Assertion")
			e.CreateAttr("xmlns:x", "urn:x")
			d.Root().AddChild(e)
		}),
		"a response within a response": func(raw []byte) []byte {
			doc := etree.NewDocument()
			if err := doc.ReadFromBytes(raw); err != nil {
				t.Fatal(err)
			}
			outer := doc.Root().Copy()
			outer.CreateAttr("ID", "evil")
			outer.RemoveChild(outer.SelectElement("Signature"))
			outer.CreateElement("samlp:Extensions").AddChild(doc.Root())
			whole := etree.NewDocument()
			whole.SetRoot(outer)
			return written(t, whole)
		},
		"signed by a stranger": change(func(d *etree.Document, a *etree.Element) {
			signed := resign(t, a, strangerKey, strangerCert)
			d.Root().RemoveChild(a)
			d.Root().AddChild(signed)
		}),
		"another destination": replace(`Destination="http://example.test/`, `Destination="http://other.test/`),
		"not XML":             func([]byte) []byte { return []byte("<samlp:Response") },
		"nothing":             func([]byte) []byte { return nil },
		"not a response":      func([]byte) []byte { return []byte("<a/>") },
	} {
		v := s.Visitor()
		a := comeBack(s, v, forge(f.login(t, v, "/app/sign-in/saml/north", "sam")))
		if !strings.Contains(a.Location, "said=sso-failed") || v.Cookies["upstander"] != "" {
			t.Errorf("%s: %d %s", name, a.Status, a.Location)
		}
	}
	v := s.Visitor()
	raw := written(t, withoutResponseSignature(t, f.login(t, v, "/app/sign-in/saml/north", "sam")))
	if a := comeBack(s, v, raw); a.Location != "/app" {
		t.Errorf("signed on the assertion only: %s\n%s", a.Location, s.Log)
	}
	unasked := s.Visitor()
	if a := comeBack(s, unasked, replace(`InResponseTo="id-`, `InResponseTo="id-0`)(f.login(t, unasked, "/app/sign-in/saml/north", "sam"))); !strings.Contains(a.Location, "said=sso-gone") {
		t.Errorf("an answer to another question: %s", a.Location)
	}
}

// resign replaces an element's signature by one with another key.
func resign(t *testing.T, el *etree.Element, key *rsa.PrivateKey, cert *x509.Certificate) *etree.Element {
	t.Helper()
	bare := el.Copy()
	bare.RemoveChild(bare.SelectElement("Signature"))
	ctx, err := dsig.NewSigningContext(key, [][]byte{cert.Raw})
	if err != nil {
		t.Fatal(err)
	}
	ctx.IdAttribute = "ID"
	ctx.Canonicalizer = dsig.MakeC14N10ExclusiveCanonicalizerWithPrefixList("")
	signed, err := ctx.SignEnveloped(bare)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// TestAnswersOfAnySize adds to a true answer what nobody has signed: as much as is read, and more.
func TestAnswersOfAnySize(t *testing.T) {
	f, s, _ := newFederation(t, "")
	nest := func(depth int) string {
		var b strings.Builder
		for i := range depth {
			fmt.Fprintf(&b, "<n%d>", i)
		}
		for i := range depth {
			fmt.Fprintf(&b, "</n%d>", depth-1-i)
		}
		return b.String()
	}
	with := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	for name, test := range map[string]struct {
		extension string
		believed  bool
	}{
		"deep":                 {nest(62), true},
		"too deep":             {nest(64), false},
		"far too deep":         {nest(8000), false},
		"much":                 {strings.Repeat("<a></a>", 4000), true},
		"too much":             {strings.Repeat("<a></a>", 5000), false},
		"attributes":           {"<a" + with(64, ` a%d=""`) + "></a>", true},
		"too many attributes":  {"<a" + with(65, ` a%d=""`) + "></a>", false},
		"names":                {strings.Repeat("<a"+with(60, ` xmlns:a%d="a"`)+"></a>", 3), true},
		"too many names at it": {strings.Repeat("<a"+with(60, ` xmlns:a%d="a"`)+">", 3) + "</a></a></a>", false},
	} {
		v := s.Visitor()
		doc := withoutResponseSignature(t, f.login(t, v, "/app/sign-in/saml/north", "sam"))
		raw := bytes.Replace(written(t, doc), []byte("</samlp:Response>"), []byte(test.extension+"</samlp:Response>"), 1)
		want := "said=sso-failed"
		if test.believed {
			want = "/app"
		}
		if a := comeBack(s, v, raw); !strings.HasSuffix(a.Location, want) {
			t.Errorf("%s: %d %s, not %s\n%s", name, a.Status, a.Location, want, s.Log)
		}
	}
	unasked := []byte(`<Response InResponseTo="id-0"><` + strings.Repeat("a", 1000))
	if a := post(s, unasked); !strings.HasSuffix(a.Location, "said=sso-gone") {
		t.Errorf("what nobody has asked for is read on: %s", a.Location)
	}
}

// TestACampusSignsInBehindOneAddress is the beginning of a lecture: 500 students from one address of the network, some of them twice. A machine that
// goes on has to wait, and nobody elsewhere has to.
func TestACampusSignsInBehindOneAddress(t *testing.T) {
	_, s, _ := newFederation(t, "")
	at := func(network string) *peopletest.Visitor {
		v := s.Visitor()
		v.Header.Set("X-Forwarded-For", network)
		return v
	}
	answer := base64.StdEncoding.EncodeToString([]byte(`<Response InResponseTo="id-0">`))
	for i, ask := range []func(*peopletest.Visitor) peopletest.Answer{
		func(v *peopletest.Visitor) peopletest.Answer { return v.Get("/app/sign-in/saml/north") },
		func(v *peopletest.Visitor) peopletest.Answer { return v.Get("/app/sign-in/passkey") },
		func(v *peopletest.Visitor) peopletest.Answer {
			return v.Post("/app/sign-in/saml/north/acs", "SAMLResponse", answer)
		},
	} {
		campus := fmt.Sprintf("198.51.100.%d", i+1)
		for n := range 600 {
			if a := ask(at(campus)); a.Status != http.StatusSeeOther && a.Status != http.StatusOK {
				t.Fatalf("way %d, the %dth: %d", i, n+1, a.Status)
			}
		}
		last, n := peopletest.Answer{}, 600
		for ; last.Status != http.StatusTooManyRequests && n < 3000; n++ {
			last = ask(at(campus))
		}
		if last.Status != http.StatusTooManyRequests || last.Header.Get("Retry-After") == "" {
			t.Errorf("way %d: %d requests from one address, and the last: %d", i, n, last.Status)
		}
		if a := ask(at("203.0.113.7")); a.Status >= 400 {
			t.Errorf("way %d, from elsewhere: %d", i, a.Status)
		}
	}
}

func TestWeakSignatures(t *testing.T) {
	f, s, _ := newFederation(t, "")
	f.idp.IDP.SignatureMethod = dsig.RSASHA1SignatureMethod
	v := s.Visitor()
	if a := comeBack(s, v, f.login(t, v, "/app/sign-in/saml/north", "sam")); !strings.Contains(a.Location, "said=sso-failed") {
		t.Errorf("SHA-1: %s", a.Location)
	}
}

func TestTheProviderSaysNo(t *testing.T) {
	f, s, _ := newFederation(t, "")
	v := s.Visitor()
	doc := withoutResponseSignature(t, f.login(t, v, "/app/sign-in/saml/north", "sam"))
	doc.FindElement(".//StatusCode").CreateAttr("Value", "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed")
	if a := comeBack(s, v, written(t, doc)); !strings.Contains(a.Location, "said=sso-refused") {
		t.Errorf("%s", a.Location)
	}
}

// TestCertificateRollover signs with the second of two certificates that the metadata names, from a signed copy among other entities.
func TestCertificateRollover(t *testing.T) {
	federationKey, federationCert := certificate(t, "federation")
	folder := t.TempDir()
	save(t, filepath.Join(folder, "federation.pem"), "CERTIFICATE", federationCert.Raw)
	file := filepath.Join(folder, "metadata.xml")
	lines := fmt.Sprintf("      metadata_signer: %s/federation.pem\n", folder)
	f, _, _ := newFederation(t, "")
	nextKey, nextCert := certificate(t, "next")
	described := f.idp.IDP.Metadata()
	keys := &described.IDPSSODescriptors[0].KeyDescriptors
	next := saml.KeyDescriptor{Use: "signing"}
	next.KeyInfo.X509Data.X509Certificates = []saml.X509Certificate{{Data: base64.StdEncoding.EncodeToString(nextCert.Raw)}}
	*keys = append(*keys, next)
	all := saml.EntitiesDescriptor{EntityDescriptors: []saml.EntityDescriptor{{EntityID: "https://login.south.example", IDPSSODescriptors: described.IDPSSODescriptors}, *described}}
	id := "all"
	all.ID = &id
	text, err := xml.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	write := func(key *rsa.PrivateKey, cert *x509.Certificate) {
		doc := etree.NewDocument()
		if err := doc.ReadFromBytes(text); err != nil {
			t.Fatal(err)
		}
		doc.Root().AddChild(etree.NewElement("Signature"))
		doc.SetRoot(resign(t, doc.Root(), key, cert))
		if err := os.WriteFile(file, written(t, doc), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(federationKey, federationCert)
	begin := func() (*peopletest.Site, *peopletest.Visitor) {
		s := peopletest.NewWith(t, mailtest.Serve(t).Sender(t), institutionsWith(fmt.Sprintf("\n    saml:\n      metadata_file: %s\n      entity_id: %s\n%s", file, described.EntityID, lines)))
		routes(s)
		return s, s.Visitor()
	}
	s, v := begin()
	for _, round := range []string{"first", "next"} {
		if a := comeBack(s, v, f.login(t, v, "/app/sign-in/saml/north", "sam")); a.Location != "/app" {
			t.Errorf("with the %s certificate: %s\n%s", round, a.Location, s.Log)
		}
		f.idp.IDP.Key, f.idp.IDP.Certificate = nextKey, nextCert
	}
	strangerKey, strangerCert := certificate(t, "stranger")
	write(strangerKey, strangerCert)
	_, v = begin()
	if a := v.Get("/app/sign-in/saml/north"); !strings.Contains(a.Location, "said=sso-away") {
		t.Errorf("metadata that somebody else has signed: %s", a.Location)
	}
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, v = begin(); !strings.Contains(v.Get("/app/sign-in/saml/north").Location, "said=sso-away") {
		t.Error("metadata that nobody has signed")
	}
}

func TestSAMLConfiguration(t *testing.T) {
	for says, lines := range map[string]string{
		"one of them":      "      entity_id: x\n",
		"no https address": "      metadata_url: http://login.north.example/metadata\n",
		"or neither":       "      metadata_url: https://login.north.example/metadata\n      key_file: x\n",
		"match is email":   "      metadata_url: https://login.north.example/metadata\n      match: colour\n",
		"there is no role": "      metadata_url: https://login.north.example/metadata\n      roles: {a: emperor}\n",
		"both next_certificate_file and next_key_file": "      metadata_url: https://login.north.example/metadata\n      certificate_file: x\n      key_file: x\n      next_key_file: x\n",
		"comes after a cert":                           "      metadata_url: https://login.north.example/metadata\n      next_certificate_file: x\n      next_key_file: x\n",
		"choose one":                                   "      metadata_url: https://login.north.example/metadata\n    oidc: {issuer: \"https://login.north.example\", client_id: x}\n",
		"needs attributes":                             "      metadata_url: https://login.north.example/metadata\n      match: external_id\n",
		`everybody, students or`:                       "      metadata_url: https://login.north.example/metadata\n    sign_in: {codes: some}\n",
	} {
		_, err := people.ReadInstitutions([]byte(institutionsWith("\n    saml:\n"+lines)), []string{"en", "cy"})
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
}
