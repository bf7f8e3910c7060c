package people

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/fault"
)

// Recovery holds a person's recovery codes, each for one sign-in, for when every passkey is lost. A code is 60 random bits: too many to try out, so a
// keyed hash keeps it as safe as a slow one.
type Recovery struct {
	Person string   `bson:"_id"`
	Hashes []string `bson:"hashes"`
}

// recoveryCodes is how many codes a person gets; recoveryLetters how long one is.
const (
	recoveryCodes   = 10
	recoveryLetters = 12
)

// recoveryLimit bounds how often codes are tried for one person from one network: with 60 bits a code needs no more, and a stranger elsewhere must not be
// able to shut this door.
func recoveryLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "recovery", Times: 10, Per: time.Hour}
}

// RecoveryLeft says how many recovery codes a person has left.
func (s *Service) RecoveryLeft(ctx context.Context, person string) (int, error) {
	r, err := s.store.recovery(ctx, person)
	if errors.Is(err, fault.NotFound) {
		return 0, nil
	}
	return len(r.Hashes), err
}

// RenewRecovery makes new recovery codes; older ones are void. They are shown now and never again.
func (s *Service) RenewRecovery(ctx context.Context, p Person) ([]string, error) {
	if err := s.mayRenew(ctx, p); err != nil {
		return nil, err
	}
	codes, hashes := make([]string, recoveryCodes), make([]string, recoveryCodes)
	for i := range codes {
		code := rand.Text()[:recoveryLetters]
		codes[i], hashes[i] = code[:4]+"-"+code[4:8]+"-"+code[8:], recoveryHash(s.cfg.CodeKeys[0], p.ID, code)
	}
	return codes, s.store.putRecovery(ctx, Recovery{Person: p.ID, Hashes: hashes})
}

// mayRenew says whether codes are made for somebody: with a passkey, and not on a session that a mailed code began where codes open no roles, unless the
// first key has just been made on it.
func (s *Service) mayRenew(ctx context.Context, p Person) error {
	keys, err := s.store.passkeysOf(ctx, p.ID)
	if err == nil && (len(keys) == 0 || p.Withheld && len(keys) > 1) {
		err = fmt.Errorf("recovery codes: %w", fault.Denied)
	}
	return err
}

// Recover takes a recovery code of whoever has an e-mail address. fault.Problems on "code" when address and code do not belong together, whichever
// of them is wrong; fault.Wait after too many.
func (s *Service) Recover(ctx context.Context, email, code, network string) (Person, error) {
	wrong := fault.Problems{{Field: "code", Key: "passkey.recovery-wrong"}}
	email, err := CleanEmail(email)
	if err != nil {
		return Person{}, err
	}
	if err := s.limits.Allow(ctx, recoveryLimit(), email+" "+network); err != nil {
		return Person{}, err
	}
	p, err := s.useRecovery(ctx, email, recoveryText(code))
	if errors.Is(err, fault.NotFound) {
		return Person{}, wrong
	}
	return p, err
}

// useRecovery strikes a code out; fault.NotFound when there is none such.
func (s *Service) useRecovery(ctx context.Context, email, code string) (Person, error) {
	in, err := s.InstitutionOf(email)
	if err != nil {
		return Person{}, err
	}
	p, err := s.store.byEmail(ctx, in.ID, email)
	if err != nil {
		return Person{}, err
	}
	held, err := s.store.recovery(ctx, p.ID)
	if err != nil {
		return Person{}, err
	}
	hash := ""
	for _, key := range s.cfg.CodeKeys {
		if h := recoveryHash(key, p.ID, code); slices.Contains(held.Hashes, h) {
			hash = h
		}
	}
	if hash == "" {
		return Person{}, fmt.Errorf("recovery code: %w", fault.NotFound)
	}
	if err := s.recordKeys(ctx, p, audit.RecoveryUse); err != nil {
		return Person{}, err
	}
	return p, s.store.updateRecovery(ctx, p.ID, func(r *Recovery) error {
		i := slices.Index(r.Hashes, hash)
		if i < 0 { // used a moment ago
			return fmt.Errorf("recovery code: %w", fault.NotFound)
		}
		r.Hashes = slices.Delete(r.Hashes, i, i+1)
		return nil
	})
}

func recoveryHash(key []byte, person, code string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("recovery\x00" + person + "\x00" + code))
	return hex.EncodeToString(mac.Sum(nil))
}

// recoveryText drops what people put between the letters.
func recoveryText(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '2' && r <= '7' {
			return r
		}
		return -1
	}, strings.ToUpper(s))
}
