// Package mail hands messages to a mail server.
package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/upstander/upstander/internal/fault"
)

// timeout bounds one delivery, from dialling to the server's word.
const timeout = 8 * time.Second

// Message is one plain-text mail.
type Message struct {
	To      string
	Subject string
	Text    string
	Lang    string // of the text, for the Content-Language header
}

// Sender delivers messages.
type Sender interface {
	// Send returns once the mail server has taken the message, or fails with fault.Unavailable.
	Send(ctx context.Context, m Message) error
}

// SMTP is a Sender that speaks to a mail server.
type SMTP struct {
	from   string
	host   string
	client func() (*gomail.Client, error)
}

// NewSMTP reads smtp://user:password@host:587 (STARTTLS, needed unless the host is this machine) or smtps://…:465.
func NewSMTP(address, from string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" {
		return nil, errors.New("mail: the SMTP address cannot be read") // the cause would repeat the password
	}
	options := []gomail.Option{gomail.WithTimeout(timeout), gomail.WithTLSConfig(&tls.Config{ServerName: u.Hostname(), MinVersion: tls.VersionTLS12})}
	port := 587
	switch u.Scheme {
	case "smtps":
		port, options = 465, append(options, gomail.WithSSL())
	case "smtp":
		policy := gomail.TLSMandatory
		if local(u.Hostname()) {
			policy = gomail.TLSOpportunistic
		}
		options = append(options, gomail.WithTLSPolicy(policy))
	default:
		return nil, fmt.Errorf("mail: unknown scheme %q", u.Scheme)
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil {
			return nil, fmt.Errorf("mail: port %q is no number", p)
		}
	}
	options = append(options, gomail.WithPort(port))
	if u.User != nil {
		password, _ := u.User.Password()
		options = append(options, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	s := &SMTP{from: from, host: u.Hostname(), client: func() (*gomail.Client, error) { return gomail.NewClient(u.Hostname(), options...) }}
	if _, err := s.client(); err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	if err := gomail.NewMsg().From(from); err != nil {
		return nil, fmt.Errorf("mail: the sender %q is no address: %w", from, err)
	}
	return s, nil
}

func local(host string) bool { return host == "localhost" || host == "127.0.0.1" || host == "::1" }

// Send implements Sender. A mail says that it was sent by a machine, so that no holiday notice comes back.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	msg := gomail.NewMsg()
	if err := errors.Join(msg.From(s.from), msg.To(m.To)); err != nil {
		return fmt.Errorf("mail: %w", fault.Invalid) // the cause would repeat the address
	}
	msg.Subject(m.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("Content-Language", m.Lang)
	msg.SetDate()
	msg.SetMessageID()
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	c, err := s.client()
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := c.DialAndSendWithContext(ctx, msg); err != nil {
		return fmt.Errorf("mail: %w: the mail server at %s did not take it", fault.Unavailable, s.host)
	}
	return nil
}
