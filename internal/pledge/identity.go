package pledge

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/mail"
)

// identify is the id of a pledge: an HMAC, so that the address cannot be found by trying addresses out without the key.
func identify(key []byte, institution string, kind Kind, email string) string {
	local, domain, _ := strings.Cut(email, "@")
	local, _, _ = strings.Cut(local, "+") // a tag makes no other person
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "pledge\x00%s\x00%s\x00%s", institution, kind, local+"@"+domain)
	return hex.EncodeToString(mac.Sum(nil))
}

// find returns the id under which an address has signed, by the key of that time, or the id that it would get today. Where the store does not say,
// there is no id: a second one would count the address twice.
func (s *Service) find(ctx context.Context, institution string, kind Kind, email string) (string, error) {
	for _, key := range s.cfg.Keys[1:] {
		id := identify(key, institution, kind, email)
		_, err := s.store.get(ctx, id)
		if err == nil {
			return id, nil
		}
		if !errors.Is(err, fault.NotFound) {
			return "", fmt.Errorf("find pledge: %w", err)
		}
	}
	return identify(s.cfg.Keys[0], institution, kind, email), nil
}

// hash is what is kept of a private link's token.
func (s *Service) hash(token string) string { return s.hashes(token)[0] }

func (s *Service) hashes(token string) []string {
	all := make([]string, len(s.cfg.Keys))
	for i, key := range s.cfg.Keys {
		mac := hmac.New(sha256.New, key)
		fmt.Fprintf(mac, "pledge link\x00%s", token)
		all[i] = hex.EncodeToString(mac.Sum(nil))
	}
	return all
}

// send mails the private link: it confirms a new signature and withdraws an old one.
func (s *Service) send(ctx context.Context, p Pledge, lang, email, token string) (link string, err error) {
	link = s.cfg.Link(p.Institution, lang, "/pledges/mine/"+token)
	if s.cfg.Mail == nil {
		return link, nil
	}
	in, err := s.cfg.People.Institution(p.Institution)
	if err != nil {
		return "", err
	}
	words, what := s.cfg.Catalogue.In(lang), "mail.pledge"
	if p.State == Confirmed {
		what = "mail.pledge-again"
	}
	return "", s.cfg.Mail.Send(ctx, mail.Message{
		To: email, Lang: lang, Subject: words.T(what + ".subject"), Text: words.T(what+".text", "Institution", in.Name.In(lang), "Link", link),
	})
}
