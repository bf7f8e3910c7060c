package people_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/crewjam/saml"

	"github.com/upstander/upstander/internal/people/peopletest"
)

// TestTheProviderChangesItsCertificate at a server that runs on: it reads the new metadata within the hour, and the old certificate counts no more.
func TestTheProviderChangesItsCertificate(t *testing.T) {
	f, s, _ := newFederation(t, "")
	f.change = func(a *saml.Assertion) { // the site's clock is to run ahead of the provider's
		later := time.Now().Add(3 * time.Hour)
		a.Conditions.NotOnOrAfter, a.Subject.SubjectConfirmations[0].SubjectConfirmationData.NotOnOrAfter = later, later
	}
	leads := func() string {
		v := s.Visitor()
		return comeBack(s, v, f.login(t, v, "/app/sign-in/saml/north", "sam")).Location
	}
	if to := leads(); to != "/app" {
		t.Fatalf("with the first certificate: %s\n%s", to, s.Log)
	}
	key, cert := f.idp.IDP.Key, f.idp.IDP.Certificate
	f.idp.IDP.Key, f.idp.IDP.Certificate = certificate(t, "next")
	if to := leads(); !strings.Contains(to, "said=sso-failed") {
		t.Errorf("with a certificate that its metadata did not name: %s", to)
	}
	s.Pass(61 * time.Minute)
	if to := leads(); to != "/app" {
		t.Errorf("with the second certificate: %s\n%s", to, s.Log)
	}
	f.idp.IDP.Key, f.idp.IDP.Certificate = key, cert
	if to := leads(); !strings.Contains(to, "said=sso-failed") {
		t.Errorf("with the first one, which the metadata names no more: %s", to)
	}
}

// TestOurOwnCertificateChanges goes through both restarts that README.md asks for: nobody is turned away at any moment.
func TestOurOwnCertificateChanges(t *testing.T) {
	const first = "      certificate_file: FOLDER/us.pem\n      key_file: FOLDER/us.key\n"
	const announced = "      next_certificate_file: FOLDER/next.pem\n      next_key_file: FOLDER/next.key\n"
	const second = "      certificate_file: FOLDER/next.pem\n      key_file: FOLDER/next.key\n"
	f, s, _ := newFederation(t, first)
	us, next := stored(t, filepath.Join(f.folder, "us.pem")), f.pair(t, "next")
	leads := func() string {
		t.Helper()
		v := s.Visitor()
		raw := f.login(t, v, "/app/sign-in/saml/north", "sam")
		if !bytes.Contains(raw, []byte("EncryptedAssertion")) {
			t.Fatal("the answer is not encrypted")
		}
		return comeBack(s, v, raw).Location
	}
	goesOn := func(when string, signs *x509.Certificate) {
		t.Helper()
		if to := leads(); to != "/app" {
			t.Errorf("%s: %s\n%s", when, to, s.Log)
		}
		if !signedBy(t, s, signs) {
			t.Errorf("%s: the request is not signed by %s", when, signs.Subject.CommonName)
		}
	}
	goesOn("before", us)
	s, _ = f.trustedBy(t, first+announced)
	goesOn("before the provider has read of the new one", us)
	f.learn(t, s)
	goesOn("when it has", us)

	both := s.Visitor().Get("/app/sign-in/saml/north/metadata").Body
	for _, c := range []*x509.Certificate{us, next} {
		if !strings.Contains(both, base64.StdEncoding.EncodeToString(c.Raw)) {
			t.Errorf("our metadata does not name the certificate of %s", c.Subject.CommonName)
		}
	}
	s, _ = f.trustedBy(t, first)
	if to := leads(); !strings.Contains(to, "said=sso-failed") {
		t.Errorf("without the new key, which the provider encrypts for: %s", to)
	}

	s, _ = f.trustedBy(t, second)
	goesOn("when the new one has taken over", next)
	f.learn(t, s)
	goesOn("when the old one is forgotten", next)
}

func stored(t *testing.T, path string) *x509.Certificate {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(raw)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// signedBy says whether the request that we send somebody to the provider with is signed with a certificate's key.
func signedBy(t *testing.T, s *peopletest.Site, c *x509.Certificate) bool {
	t.Helper()
	_, query, _ := strings.Cut(s.Visitor().Get("/app/sign-in/saml/north").Location, "?")
	said, signature, _ := strings.Cut(query, "&Signature=")
	signature, err := url.QueryUnescape(signature)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(signature)
	if err != nil || len(raw) == 0 {
		t.Fatalf("no signature in %s: %v", query, err)
	}
	sum := sha256.Sum256([]byte(said))
	return rsa.VerifyPKCS1v15(c.PublicKey.(*rsa.PublicKey), crypto.SHA256, sum[:], raw) == nil
}
