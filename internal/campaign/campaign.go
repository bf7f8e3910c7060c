// Package campaign is what the public half says beside training: the front page, who helps, the code of conduct, the glossary, and how to leave
// in a hurry.
//
// The directory of support services is data (support.yaml) by nation, each entry with the place and the day at which it was read. An institution adds
// its own people, and its policies, in institutions.yaml; earlier versions of a policy stay readable.
package campaign

import (
	"bytes"
	"fmt"
	"html/template"
	"time"

	"github.com/yuin/goldmark"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// Config is what the service is made from.
type Config struct {
	Institutions Institutions
	Library      func() *content.Library
	Languages    []string
	Reviews      func() ([]locale.Review, error) // of all that the program says
	Cookies      []web.Cookie                    // all that the program sets
	Now          func() time.Time
}

// Service is the package's verbs.
type Service struct {
	institutions Institutions
	library      func() *content.Library
	reviews      func() ([]locale.Review, error)
	cookies      []web.Cookie
	directory    []Listed
	policies     map[string][]policy // by institution, the newest first
	checked      Checked
	now          func() time.Time
}

// Institutions knows the institutions of the deployment.
type Institutions interface {
	Institutions() []people.Institution
	Institution(id string) (*people.Institution, error)
}

// policy is a version with its text rendered, by language.
type policy struct {
	people.Policy
	html map[string]template.HTML
}

// New reads the directory and renders every policy, once.
func New(cfg Config) (*Service, error) {
	s := &Service{institutions: cfg.Institutions, library: cfg.Library, reviews: cfg.Reviews, cookies: cfg.Cookies, policies: map[string][]policy{}, now: cfg.Now}
	var err error
	if s.directory, err = readDirectory(supportFiles, cfg.Languages); err != nil {
		return nil, err
	}
	if s.checked, err = readChecked(accessibilityFile); err != nil {
		return nil, err
	}
	for _, in := range cfg.Institutions.Institutions() {
		for _, v := range in.Policies {
			p := policy{Policy: v, html: map[string]template.HTML{}}
			for lang, text := range v.Text {
				var b bytes.Buffer
				if err := goldmark.Convert([]byte(text), &b); err != nil {
					return nil, fmt.Errorf("policy %s of %s: %w", v.Version, in.ID, err)
				}
				p.html[lang] = template.HTML(b.String()) //nolint:gosec // goldmark escapes text and leaves raw HTML out
			}
			s.policies[in.ID] = append(s.policies[in.ID], p)
		}
	}
	return s, nil
}

// Policy returns a version of an institution's policy, the newest when version is empty; fault.NotFound when there is none.
func (s *Service) Policy(institution, version string) (Policy, error) {
	all := s.policies[institution]
	for i, p := range all {
		if version == "" || p.Version == version {
			return Policy{policy: p, Newest: i == 0, all: all}, nil
		}
	}
	return Policy{}, fmt.Errorf("policy %q of %s: %w", version, institution, fault.NotFound)
}

// Policy is one version of a policy among the others.
type Policy struct {
	policy
	Newest bool
	all    []policy
}

// HTML returns the text in a language, or in the source language; lang is the one it is in.
func (p Policy) HTML(lang string) (text template.HTML, in string) {
	if h, ok := p.html[lang]; ok {
		return h, lang
	}
	return p.html[locale.Source], locale.Source
}
