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
	ID      string // what stands in Message-ID, local@host; empty: a random one
}

// Refused says that the mail server will not take a message for its recipient, now or later.
type Refused struct{ Code int }

func (r Refused) Error() string { return fmt.Sprintf("mail: refused for good with %d", r.Code) }

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

// Send implements Sender, on a connection of its own.
func (s *SMTP) Send(ctx context.Context, m Message) error {
	if _, err := s.compose(m); err != nil { // before anybody is dialled
		return err
	}
	b, err := s.Connect(ctx)
	if err != nil {
		return err
	}
	defer b.Close() // the server has answered already; what it says to goodbye changes nothing
	err = b.Send(m)
	if errors.As(err, &Refused{}) {
		return fmt.Errorf("mail: %w: the mail server at %s did not take it", fault.Unavailable, s.host)
	}
	return err
}

// compose makes the message. It says that it was sent by a machine, so that no holiday notice comes back.
func (s *SMTP) compose(m Message) (*gomail.Msg, error) {
	msg := gomail.NewMsg()
	if err := errors.Join(msg.From(s.from), msg.To(m.To)); err != nil {
		return nil, fmt.Errorf("mail: %w", fault.Invalid) // the cause would repeat the address
	}
	msg.Subject(m.Subject)
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader("Content-Language", m.Lang)
	msg.SetDate()
	if m.ID == "" {
		msg.SetMessageID()
	} else {
		msg.SetMessageIDWithValue(m.ID)
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	return msg, nil
}

// Connection hands over one message after the other.
type Connection struct {
	smtp   *SMTP
	client *gomail.Client
}

// Connect dials the mail server. Close the connection after use, and after any error but Refused and fault.Invalid.
func (s *SMTP) Connect(ctx context.Context) (*Connection, error) {
	c, err := s.client()
	if err != nil {
		return nil, fmt.Errorf("mail: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := c.DialWithContext(ctx); err != nil {
		return nil, fmt.Errorf("mail: %w: the mail server at %s does not answer", fault.Unavailable, s.host)
	}
	return &Connection{s, c}, nil
}

// Send returns once the mail server has taken the message. It fails with Refused when the server will never take it for the recipient, with
// fault.Invalid when the address is none, and with fault.Unavailable when trying again may help; then the server may even have taken it.
func (c *Connection) Send(m Message) error {
	msg, err := c.smtp.compose(m)
	if err != nil {
		return err
	}
	err = c.client.Send(msg)
	var failed *gomail.SendError
	switch {
	case err == nil, msg.IsDelivered(): // the server's 250 came; what failed afterwards failed for the next message
		return nil
	case errors.As(err, &failed) && failed.ErrorCode() >= 500 && (failed.Reason == gomail.ErrSMTPRcptTo || failed.Reason == gomail.ErrSMTPData || failed.Reason == gomail.ErrSMTPDataClose):
		return Refused{failed.ErrorCode()}
	}
	return fmt.Errorf("mail: %w: the mail server at %s did not take it", fault.Unavailable, c.smtp.host)
}

// Link hands over one message after the other, as a Connection does.
type Link interface {
	Send(m Message) error
	Close() error
}

// Dialler returns what connects to the mail server of a sender; nil where there is none, in a demo.
func Dialler(s Sender) func(ctx context.Context) (Link, error) {
	smtp, ok := s.(*SMTP)
	if !ok {
		return nil
	}
	return func(ctx context.Context) (Link, error) {
		c, err := smtp.Connect(ctx)
		if err != nil {
			return nil, err // not c: a nil pointer inside an interface is not nil
		}
		return c, nil
	}
}

// Close says goodbye and hangs up.
func (c *Connection) Close() error { return c.client.Close() }
