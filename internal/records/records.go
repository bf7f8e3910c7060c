// Package records is what is held on people as data: the log of what staff did, a person's right to a copy and to erasure, and how long each kind of
// data is kept.
//
// Every feature does its own share through Rights; app puts the shares together. The rules:
//
//   - A person gets everything. Staff who answer a request get what staff may know anyway: answers, routes, pledges and certificates stay between
//     the person and the program, and so does whether there are any.
//   - Erasure begins with who the person is, so that nobody signs in meanwhile, and goes over every share twice: the second time after every request
//     that was under way has ended. A mark is kept until then, so that a program that is killed in between goes on where it stopped.
//   - What staff did stays in the log, under ids that lead to nobody any more.
package records

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// Rights is a feature's share of what is held on a person.
type Rights interface {
	// ExportPerson returns all that the feature holds on a person, to be written as JSON.
	ExportPerson(ctx context.Context, p people.Person) (any, error)
	// ErasePerson removes it and keeps counts true. Erasing again, or nobody, is no error.
	ErasePerson(ctx context.Context, p people.Person) error
}

// Part is one share. What is private goes to the person alone.
type Part struct {
	Name    string // key in the exported file
	Private bool
	Rights  Rights
}

// Leavers knows who has left.
type Leavers interface {
	// LeftBefore walks those who left before a civil day. They may be erased on the way.
	LeftBefore(ctx context.Context, day string) iter.Seq2[people.Person, error]
}

// Config is what the service is made from.
type Config struct {
	Engine  Engine
	People  *people.Service
	Audit   *audit.Log
	Parts   []Part                                                                  // in the order of erasure: who it is first
	Forget  map[Kind]func(ctx context.Context, before time.Time) (n int, err error) // by kind of data: what is older goes
	Leavers Leavers
	Now     func() time.Time
	Log     *slog.Logger
}

// Service is the package's verbs.
type Service struct {
	cfg   Config
	store *erasureStore
}

// New opens the store. It refuses to begin where a period would end and nothing be forgotten.
func New(ctx context.Context, cfg Config) (*Service, error) {
	if err := cfg.forgetsAll(); err != nil {
		return nil, err
	}
	s, err := openStore(ctx, cfg.Engine)
	if err != nil {
		return nil, err
	}
	cfg.Parts = append(slices.Clone(cfg.Parts), Part{Name: "log", Rights: logged{cfg.Audit}})
	return &Service{cfg, s}, nil
}

// File is all that is held on a person.
type File struct {
	Made    time.Time      `json:"made"`
	Person  string         `json:"person"`
	Held    map[string]any `json:"held"`
	Private []string       `json:"only_for_the_person,omitempty"` // what was left out, whether or not there is any
}

// Export returns what is held on a person; with private to the person alone.
func (s *Service) Export(ctx context.Context, p people.Person, private bool) (File, error) {
	f := File{Made: s.cfg.Now(), Person: p.ID, Held: map[string]any{}}
	if !private {
		p.Name = "" // as the person wishes to be called; the roster has its own
	}
	for _, part := range s.cfg.Parts {
		if part.Private && !private {
			f.Private = append(f.Private, part.Name)
			continue
		}
		held, err := part.Rights.ExportPerson(ctx, p)
		if err != nil {
			return File{}, fmt.Errorf("export %s: %w", part.Name, err)
		}
		f.Held[part.Name] = held
	}
	return f, nil
}

// ExportFor is Export by somebody for somebody else: it is recorded first.
func (s *Service) ExportFor(ctx context.Context, actor string, p people.Person, private bool) (File, error) {
	detail := ""
	if private {
		detail = "with what is private to the person"
	}
	err := s.cfg.Audit.Record(ctx, audit.Entry{Institution: p.Institution, Actor: actor, Verb: audit.PersonExport, Subject: p.ID, Detail: detail})
	if err != nil {
		return File{}, err
	}
	return s.Export(ctx, p, private)
}

// Find returns the person of an institution with this id or e-mail address, or fault.NotFound.
func (s *Service) Find(ctx context.Context, institution, idOrEmail string) (people.Person, error) {
	p, err := s.cfg.People.Person(ctx, idOrEmail)
	if errors.Is(err, fault.NotFound) {
		p, err = s.cfg.People.ByEmail(ctx, institution, idOrEmail)
	}
	if err == nil && p.Institution != institution {
		err = fmt.Errorf("person of another institution: %w", fault.NotFound)
	}
	return p, err
}

// logged is the audit log's share: what was done to the person, and by the person. Who else did it is not theirs to know, and nothing is erased.
type logged struct{ log *audit.Log }

// Deed is an entry of the log about a person.
type Deed struct {
	At     time.Time  `json:"at"`
	Verb   audit.Verb `json:"verb"`
	Own    bool       `json:"by_the_person"`
	Detail string     `json:"detail,omitempty"`
}

func (l logged) ExportPerson(ctx context.Context, p people.Person) (any, error) {
	deeds := []Deed{}
	for _, f := range []audit.Filter{{Institution: p.Institution, Subject: p.ID}, {Institution: p.Institution, Actor: p.ID}} {
		for after := ""; ; {
			page, err := l.log.Entries(ctx, f, after, "")
			if err != nil {
				return nil, err
			}
			for _, e := range page.Items {
				if f.Actor == "" || e.Subject != p.ID { // once, where somebody acted on themselves
					deeds = append(deeds, Deed{At: e.At, Verb: e.Verb, Own: e.Actor == p.ID, Detail: e.Detail})
				}
			}
			if after = page.Next; after == "" {
				break
			}
		}
	}
	return deeds, nil
}

func (logged) ErasePerson(context.Context, people.Person) error { return nil }
