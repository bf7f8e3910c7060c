// Package certificate proves that a requirement has been met: a page for the holder to print, and a public answer to whoever checks its code.
//
// The name on a certificate is the one that the holder chose. The public page says what was met, when, and which institution says so; it never
// says the name. Whoever holds the paper may type the name on it and is told whether it matches.
//
// A tagged PDF and a verifiable credential will be made from the same Certificate.
package certificate

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"

	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
)

// Certificate is issued once for a person, a requirement and a cycle.
type Certificate struct {
	ID          string      `bson:"_id"`  // person:requirement:cycle
	Code        string      `bson:"code"` // what the public checks
	Person      string      `bson:"person"`
	Institution string      `bson:"institution"`
	Requirement string      `bson:"requirement"`
	Titles      locale.Text `bson:"titles"` // of the requirement by language, as they were
	Edition     string      `bson:"edition"`
	Day         string      `bson:"day"` // on which it was met, 2006-01-02
	Name        string      `bson:"name"`
}

// Met is a requirement that somebody has met.
type Met struct {
	Cycle, Day, Edition string
	Titles              locale.Text
}

// Proof knows who has met what.
type Proof interface {
	// Met returns when a person met a requirement, or fault.NotFound.
	Met(ctx context.Context, person, requirement string) (Met, error)
}

// Service is the package's verbs.
type Service struct {
	store  *certificateStore
	proof  Proof
	limits *ephemeral.Limits
}

// New opens the store.
func New(ctx context.Context, e Engine, proof Proof, limits *ephemeral.Limits) (*Service, error) {
	s, err := openStore(ctx, e)
	if err != nil {
		return nil, err
	}
	return &Service{s, proof, limits}, nil
}

// Issue gives the person a certificate under the chosen name. Issued again it keeps its code and takes the new name: a paper printed
// before no longer matches. fault.Problems on "name"; fault.NotFound while the requirement is not met.
func (s *Service) Issue(ctx context.Context, p people.Person, requirement, name string) (Certificate, error) {
	name, err := people.CleanName(name, "name")
	if err != nil {
		return Certificate{}, err
	}
	if name == "" {
		return Certificate{}, fault.Problems{{Field: "name", Key: "certificate.name-missing"}}
	}
	met, err := s.proof.Met(ctx, p.ID, requirement)
	if err != nil {
		return Certificate{}, fmt.Errorf("issue certificate: %w", err)
	}
	fresh := Certificate{
		ID: fmt.Sprintf("%s:%s:%s", p.ID, requirement, met.Cycle), Person: p.ID, Institution: p.Institution,
		Requirement: requirement, Titles: met.Titles, Edition: met.Edition, Day: met.Day, Name: name,
	}
	for {
		if fresh.Code, err = newCode(); err != nil {
			return Certificate{}, err
		}
		c, err := s.store.upsert(ctx, fresh.ID, func(c *Certificate, found bool) error {
			if found {
				c.Name = name
			} else {
				*c = fresh
			}
			return nil
		})
		if !errors.Is(err, fault.Conflict) { // the code is somebody else's: once in 10^17
			return c, err
		}
	}
}

// Held lists a person's certificates.
func (s *Service) Held(ctx context.Context, person string) ([]Certificate, error) {
	return s.store.byPerson(ctx, person)
}

// For returns a person's latest certificate for a requirement, or fault.NotFound.
func (s *Service) For(ctx context.Context, person, requirement string) (Certificate, error) {
	held, err := s.store.byPerson(ctx, person)
	if err != nil {
		return Certificate{}, err
	}
	for _, c := range slices.Backward(held) {
		if c.Requirement == requirement {
			return c, nil
		}
	}
	return Certificate{}, fmt.Errorf("certificate: %w", fault.NotFound)
}

// Verify returns the certificate with a code, however it was typed; fault.NotFound otherwise.
func (s *Service) Verify(ctx context.Context, code string) (Certificate, error) {
	code, ok := CleanCode(code)
	if !ok {
		return Certificate{}, fmt.Errorf("verify certificate: %w", fault.NotFound)
	}
	return s.store.byCode(ctx, code)
}

// nameLimit keeps anybody from trying names out. Whoever checks certificates for an employer checks many, from one network, so the limit is on
// the certificate.
func nameLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "certificate-name", Times: 5, Per: time.Hour}
}

// Matches says whether a name is the one on the certificate; upper and lower case, accents' encoding and spaces do not matter. It stops when
// Redis is away, for then nobody counts.
func (s *Service) Matches(ctx context.Context, c Certificate, name string) (bool, error) {
	if err := s.limits.Allow(ctx, nameLimit(), c.Code); err != nil {
		return false, err
	}
	return fold(name) == fold(c.Name), nil
}

func fold(name string) string {
	return cases.Fold().String(norm.NFKC.String(strings.Join(strings.Fields(name), " ")))
}

// codeLetters leaves out what looks alike, and the vowels, so that no code spells a word.
const codeLetters = "23456789BCDFGHJKMNPQRSTVWXYZ"

const codeLength = 12

func newCode() (string, error) {
	code := make([]byte, codeLength)
	for i := range code {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeLetters))))
		if err != nil {
			return "", fmt.Errorf("make certificate code: %w", err)
		}
		code[i] = codeLetters[n.Int64()]
	}
	return string(code), nil
}

// CleanCode brings a typed code to the form that is kept; false when it cannot be one.
func CleanCode(typed string) (string, bool) {
	var code []byte
	for _, r := range strings.ToUpper(typed) {
		switch {
		case r == '-' || r == ' ':
		case r < 128 && strings.IndexByte(codeLetters, byte(r)) >= 0 && len(code) < codeLength:
			code = append(code, byte(r))
		default:
			return "", false
		}
	}
	return string(code), len(code) == codeLength
}

// Grouped returns the code as it is printed: BCDF-GHJK-MNPQ.
func (c Certificate) Grouped() string { return c.Code[:4] + "-" + c.Code[4:8] + "-" + c.Code[8:] }
