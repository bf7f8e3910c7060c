package people

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"time"
)

// held is a form that came in on a session which had run out. It waits, sealed, in a cookie of the browser that sent it until the same person has
// signed in again; nothing of it is kept on the server.
type held struct {
	Path  string     `json:"path"`
	Form  url.Values `json:"form"`
	Owner string     `json:"owner"` // whose page the form stood on
	Until time.Time  `json:"until"`
}

// heldLife is how long a form waits for its person; heldSize what a cookie can carry.
const (
	heldLife = time.Hour
	heldSize = 3500
)

// Owner is written into forms whose content must not be lost: it tells the form's person again, and nobody else who it is.
func (s *Service) Owner(person string) string {
	return ownerMark(s.cfg.HeldKeys[0], person)
}

func ownerMark(key []byte, person string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("owner\x00" + person))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// owns says whether an owner's mark is this person's, by the key of today or the one before.
func (s *Service) owns(person, owner string) bool {
	for _, key := range s.cfg.HeldKeys {
		if hmac.Equal([]byte(owner), []byte(ownerMark(key, person))) {
			return true
		}
	}
	return false
}

// seal encrypts a form for a cookie; false when it is too large for one.
func (s *Service) seal(h held) (string, bool) {
	h.Until = s.cfg.Now().Add(heldLife)
	plain, err := json.Marshal(h)
	if err != nil {
		return "", false
	}
	box, err := boxOf(s.cfg.HeldKeys[0])
	if err != nil {
		return "", false
	}
	nonce := make([]byte, box.NonceSize())
	rand.Read(nonce) // never fails
	sealed := base64.RawURLEncoding.EncodeToString(box.Seal(nonce, nonce, plain, nil))
	return sealed, len(sealed) <= heldSize
}

// unseal reads what seal made; false when it is rubbish, somebody else's or too old.
func (s *Service) unseal(sealed, person, path string) (url.Values, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(sealed)
	if err != nil || len(sealed) > heldSize {
		return nil, false
	}
	for _, key := range s.cfg.HeldKeys {
		box, err := boxOf(key)
		if err != nil || len(raw) < box.NonceSize() {
			return nil, false
		}
		plain, err := box.Open(nil, raw[:box.NonceSize()], raw[box.NonceSize():], nil)
		if err != nil {
			continue
		}
		var h held
		if json.Unmarshal(plain, &h) != nil || h.Path != path || s.cfg.Now().After(h.Until) || !s.owns(person, h.Owner) {
			return nil, false
		}
		return h.Form, true
	}
	return nil, false
}

func boxOf(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}
