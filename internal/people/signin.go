package people

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/mail"
)

// A sign-in code is valid for this long and this many tries.
const (
	CodeLife  = 10 * time.Minute
	codeTries = 5
)

// Limits on sign-in. A whole campus shares one address of the network, so what a network may ask for is wide, and what it may guess wrongly is
// not: with six digits and five tries a code, this bounds how many accounts could be guessed into. What is counted against an e-mail address is
// counted from one network, so that a stranger elsewhere cannot lock anybody out; in all, an inbox gets no more than inboxLimit.
func mailLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "sign-in-mail", Times: 5, Per: 15 * time.Minute}
}

func inboxLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "sign-in-inbox", Times: 30, Per: time.Hour}
}

func networkLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "sign-in-network", Times: 600, Per: 10 * time.Minute}
}

// startLimit bounds what is begun by opening a page, which Redis keeps for some minutes, and answerLimit the answers that come from elsewhere. Both are
// wider than networkLimit, for people go back and begin again.
func startLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "sign-in-start", Times: 2 * networkLimit().Times, Per: networkLimit().Per}
}

func answerLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "sign-in-answer", Times: 2 * networkLimit().Times, Per: networkLimit().Per}
}

func wrongLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "sign-in-wrong", Times: 60, Per: 10 * time.Minute}
}

// Inbox is where mail to an address ends up: tags behind a plus and names of hosts within the institution make no other inbox.
func Inbox(institution, email string) string {
	local, _, _ := strings.Cut(email, "@")
	local, _, _ = strings.Cut(local, "+")
	return institution + "/" + local
}

// Challenge is a sign-in under way: a code has gone out, and its browser waits for it.
type Challenge struct {
	ID    string // kept in a cookie of the browser that asked: a code works nowhere else
	Email string
	Code  string // only in a demo without a mail server, to be shown on the page
}

// pending is what Redis keeps of a challenge.
type pending struct {
	Email string `json:"email"`
	Lang  string `json:"lang"`
	Claim string `json:"claim,omitempty"` // the arrival that waits for this code; the code then joins it to the person
	Code  string `json:"code,omitempty"`  // only in a demo without a mail server
}

// Challenges are found by the browser that asked; the code is their secret.
func challenges() ticket[pending] { return ticket[pending]{life: CodeLife, tries: codeTries} }

// SendCode mails a six-digit code to an address of one of the institutions. fault.Problems on "email" when it is none; fault.Wait after
// too many; fault.Unavailable when Redis or the mail server is away.
func (s *Service) SendCode(ctx context.Context, email, lang, network string) (Challenge, error) {
	return s.sendCode(ctx, email, lang, network, "")
}

// SendClaimCode is SendCode for somebody whom the university's own sign-in has let in without saying who it is: the code joins the two.
// fault.NotFound when the claim has run out.
func (s *Service) SendClaimCode(ctx context.Context, claim, email, lang, network string) (Challenge, error) {
	if _, err := unclaimed().peek(ctx, s, claim); err != nil {
		return Challenge{}, err
	}
	return s.sendCode(ctx, email, lang, network, claim)
}

// allowed finds the institution of an address and says whether a code may go there.
func (s *Service) allowed(ctx context.Context, email, claim string) (*Institution, error) {
	in, err := s.InstitutionOf(email)
	if errors.Is(err, fault.NotFound) {
		return nil, fault.Problems{{Field: "email", Key: "sign-in.email-unknown"}}
	}
	if claim == "" {
		if in.SignIn.Codes == CodesNobody {
			return nil, fault.Problems{{Field: "email", Key: "sign-in.email-no-codes"}}
		}
		return in, nil
	}
	a, err := unclaimed().peek(ctx, s, claim)
	if err == nil && a.Institution != in.ID {
		err = fault.Problems{{Field: "email", Key: "sign-in.email-elsewhere"}}
	}
	return in, err
}

func (s *Service) sendCode(ctx context.Context, email, lang, network, claim string) (Challenge, error) {
	email, err := CleanEmail(email)
	if err != nil {
		return Challenge{}, err
	}
	in, err := s.allowed(ctx, email, claim)
	if err != nil {
		return Challenge{}, err
	}
	box := Inbox(in.ID, email)
	for _, l := range []struct {
		limit ephemeral.Limit
		key   string
	}{{networkLimit(), network}, {mailLimit(), box + " " + network}, {inboxLimit(), box}} {
		if err := s.limits.Allow(ctx, l.limit, l.key); err != nil {
			return Challenge{}, err
		}
	}
	ch := Challenge{ID: rand.Text(), Email: email}
	code, err := randomCode()
	if err != nil {
		return Challenge{}, err
	}
	keep := pending{Email: email, Lang: lang, Claim: claim}
	if s.cfg.Mail == nil {
		ch.Code, keep.Code = code, code
	}
	if err := challenges().keep(ctx, s, ch.ID, code, keep); err != nil {
		return Challenge{}, err
	}
	if s.cfg.Mail == nil {
		return ch, nil
	}
	words := s.cfg.Catalogue.In(lang)
	err = s.cfg.Mail.Send(ctx, mail.Message{
		To: email, Lang: lang,
		Subject: words.T("mail.code.subject"), // without the code: subjects stand in logs and on lock screens
		Text:    words.T("mail.code.text", "Code", code, "Institution", in.Name.In(lang), "Minutes", int(CodeLife.Minutes())),
	})
	if err != nil {
		return Challenge{}, fmt.Errorf("send sign-in code: %w", err)
	}
	return ch, nil
}

// Challenge returns the challenge that a browser waits on, or fault.NotFound when it has run out.
func (s *Service) Challenge(ctx context.Context, id string) (Challenge, error) {
	p, err := challenges().peek(ctx, s, id)
	return Challenge{ID: id, Email: p.Email, Code: p.Code}, err
}

// Redeem takes the code of a challenge and returns whose it is, and the way in that it stands for. fault.Problems on "code" when it is wrong; fault.NotFound when the
// challenge has run out or has been tried too often; fault.Wait when too many wrong codes have come from the network.
func (s *Service) Redeem(ctx context.Context, id, code, network string) (Person, Way, error) {
	p, err := challenges().peek(ctx, s, id)
	if err != nil {
		return Person{}, "", err
	}
	if err := s.limits.Check(ctx, wrongLimit(), network); err != nil {
		return Person{}, "", err
	}
	_, err = challenges().take(ctx, s, id, digits(code))
	if errors.Is(err, fault.Invalid) {
		if err := s.limits.Allow(ctx, wrongLimit(), network); err != nil {
			return Person{}, "", err
		}
		return Person{}, "", fault.Problems{{Field: "code", Key: "sign-in.code-wrong"}}
	}
	if err != nil {
		return Person{}, "", err
	}
	person, err := s.findOrAdd(ctx, p.Email, p.Lang)
	if err != nil || p.Claim == "" {
		return person, ByCode, err
	}
	person, err = s.takeClaim(ctx, p.Claim, person)
	return person, BySSO, err
}

// SignIn signs a person in, who has shown who they are in some way, and returns the token of the new session.
func (s *Service) SignIn(ctx context.Context, person string, by Way) (string, error) {
	p, err := s.store.get(ctx, person)
	if err == nil && p.Listed {
		_, err = s.store.update(ctx, person, func(p *Person) error { p.Listed = false; return nil })
	}
	if err != nil {
		return "", err
	}
	return s.sessions.Begin(ctx, person, string(by))
}

// PersonOf returns the person of a session, or fault.SignIn.
func (s *Service) PersonOf(ctx context.Context, token string) (Person, error) {
	session, err := s.sessions.Find(ctx, token)
	if err != nil {
		return Person{}, err
	}
	p, err := s.store.get(ctx, session.Person)
	if errors.Is(err, fault.NotFound) { // erased meanwhile
		return Person{}, fmt.Errorf("session of nobody: %w", fault.SignIn)
	}
	return s.opened(p, Way(session.By)), err
}

// opened takes from a person the roles that this way in does not open: what the university's groups say holds while it has just said so, and where
// codes are for students, a code by e-mail opens no role.
func (s *Service) opened(p Person, by Way) Person {
	if by != BySSO {
		p.GroupRoles = nil
	}
	in, ok := s.byID[p.Institution]
	if weak := by == ByCode || by == ""; ok && weak && in.SignIn.Codes != CodesEverybody && len(p.Roles) > 0 {
		p.Roles, p.Withheld = nil, true
	}
	return p
}

// SignOut signs one browser out.
func (s *Service) SignOut(ctx context.Context, token string) error { return s.sessions.End(ctx, token) }

// SignOutEverywhere signs a person out everywhere.
func (s *Service) SignOutEverywhere(ctx context.Context, person string) error {
	return s.sessions.EndAll(ctx, person)
}

// Devices says in how many browsers a person is signed in.
func (s *Service) Devices(ctx context.Context, person string) (int, error) {
	return s.sessions.Count(ctx, person)
}

// hash binds a code to its challenge. Six digits are quickly tried out, so the hash is keyed.
func (s *Service) hash(id, code string) string {
	mac := hmac.New(sha256.New, s.cfg.CodeKeys[0])
	mac.Write([]byte(id + ":" + code))
	return hex.EncodeToString(mac.Sum(nil))
}

func randomCode() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return "", fmt.Errorf("make a code: %w", err)
	}
	return fmt.Sprintf("%06d", n), nil
}

// digits drops everything else: people copy codes with spaces.
func digits(s string) string {
	var d []rune
	for _, r := range s {
		if r >= '0' && r <= '9' && len(d) < 12 {
			d = append(d, r)
		}
	}
	return string(d)
}
