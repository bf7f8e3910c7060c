package people

import (
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"github.com/crewjam/saml"
	dsig "github.com/russellhaering/goxmldsig"

	"github.com/upstander/upstander/internal/fault"
)

// ownKey is a certificate of our own, and its key.
type ownKey struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

// readKeys reads the certificate that we use now, and the one to come; there may be neither.
func (f *federated) readKeys() error {
	if f.cfg.CertificateFile == "" {
		return nil
	}
	current, err := f.readKey(f.cfg.CertificateFile, f.cfg.KeyFile)
	if err != nil {
		return err
	}
	f.sp.Key, f.sp.Certificate, f.sp.SignatureMethod = current.key, current.certificate, dsig.RSASHA256SignatureMethod
	if f.cfg.NextCertificateFile == "" {
		return nil
	}
	next, err := f.readKey(f.cfg.NextCertificateFile, f.cfg.NextKeyFile)
	f.next = &next
	return err
}

func (f *federated) readKey(certificateFile, keyFile string) (ownKey, error) {
	certificate, err := f.read(certificateFile)
	if err != nil {
		return ownKey{}, err
	}
	key, err := f.read(keyFile)
	if err != nil {
		return ownKey{}, err
	}
	pair, err := tls.X509KeyPair(certificate, key)
	if err != nil {
		return ownKey{}, fmt.Errorf("%s and %s: %w", certificateFile, keyFile, err)
	}
	private, ok := pair.PrivateKey.(*rsa.PrivateKey)
	if !ok {
		return ownKey{}, fmt.Errorf("%s holds no RSA key", keyFile)
	}
	return ownKey{pair.Leaf, private}, nil
}

// announce adds the certificate to come to those that our metadata names. Both may sign; to encrypt for, the provider is given the new one alone: what
// it has encrypted for the old one, from metadata that it had read before, is still read, and once it has read this nothing comes that the new key
// cannot read, so that the old one can go.
func announce(keys []saml.KeyDescriptor, next ownKey) []saml.KeyDescriptor {
	var all []saml.KeyDescriptor
	for _, k := range keys {
		if k.Use != "encryption" {
			all = append(all, k)
		}
		k.KeyInfo.X509Data.X509Certificates = []saml.X509Certificate{{Data: base64.StdEncoding.EncodeToString(next.certificate.Raw)}}
		all = append(all, k)
	}
	return all
}

// verify believes an answer that our key opens, or the one to come. The library knows one key, so that an answer which the first does not open goes
// through all of its checks once more.
func (f *federated) verify(sp *saml.ServiceProvider, raw []byte, request string, now time.Time) (*saml.Assertion, error) {
	assertion, err := verify(sp, raw, request, now)
	if f.next == nil || !errors.Is(err, fault.Invalid) {
		return assertion, err
	}
	second := *sp
	second.Key, second.Certificate = f.next.key, f.next.certificate
	assertion, again := verify(&second, raw, request, now)
	if again != nil {
		return nil, fmt.Errorf("%w; and with the certificate to come: %w", err, again)
	}
	return assertion, nil
}
