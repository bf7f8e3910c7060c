// Package mailtest runs a real mail server on loopback for tests and keeps what it is given.
package mailtest

import (
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/emersion/go-smtp"

	upmail "github.com/upstander/upstander/internal/mail"
)

// Inbox is the server. Refuse makes it answer "try later". Decide, where it is set, answers for each recipient and then, whole, for the
// message once it has come: a *smtp.SMTPError is sent to the client, ErrHangUp or ErrLost cuts the connection, and nil takes it.
type Inbox struct {
	Address string // smtp://…
	Refuse  atomic.Bool
	Decide  func(to string, whole bool) error

	mu   sync.Mutex
	mail []Mail
}

// Mail is a message as it arrived.
type Mail struct {
	To, Subject, Text string
	Header            mail.Header
}

// Serve starts the server and stops it when the test ends.
func Serve(t testing.TB) *Inbox {
	t.Helper()
	i := &Inbox{}
	server := smtp.NewServer(i)
	server.Domain = "localhost"
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i.Address = "smtp://" + ln.Addr().String()
	go func() { _ = server.Serve(ln) }()
	t.Cleanup(func() { server.Close() })
	return i
}

// Sender returns a sender that hands over to the inbox.
func (i *Inbox) Sender(t testing.TB) upmail.Sender {
	t.Helper()
	s, err := upmail.NewSMTP(i.Address, "Upstander <no-reply@upstander.example>")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// All returns everything that has arrived, the oldest first.
func (i *Inbox) All() []Mail {
	i.mu.Lock()
	defer i.mu.Unlock()
	return append([]Mail(nil), i.mail...)
}

// Last returns the newest message.
func (i *Inbox) Last(t testing.TB) Mail {
	t.Helper()
	all := i.All()
	if len(all) == 0 {
		t.Fatal("no mail has arrived")
	}
	return all[len(all)-1]
}

// ErrHangUp makes the server cut the connection instead of answering; ErrLost does so after it has taken the message, so that its word is lost.
var (
	ErrHangUp = errors.New("hang up")
	ErrLost   = errors.New("the word is lost")
)

// NewSession implements smtp.Backend.
func (i *Inbox) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{inbox: i, conn: c}, nil
}

type session struct {
	inbox *Inbox
	conn  *smtp.Conn
	to    string
}

func (s *session) decide(whole bool) error {
	if s.inbox.Decide == nil {
		return nil
	}
	err := s.inbox.Decide(s.to, whole)
	if errors.Is(err, ErrHangUp) || errors.Is(err, ErrLost) {
		s.conn.Close()
	}
	return err
}

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if s.inbox.Refuse.Load() {
		return &smtp.SMTPError{Code: 451, Message: "try later"}
	}
	s.to = to
	return s.decide(false)
}

func (s *session) Data(r io.Reader) error {
	m, err := mail.ReadMessage(r)
	if err != nil {
		return err
	}
	body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
	if err != nil {
		return err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return err
	}
	word := s.decide(true)
	if word != nil && !errors.Is(word, ErrLost) {
		return word
	}
	s.inbox.mu.Lock()
	defer s.inbox.mu.Unlock()
	s.inbox.mail = append(s.inbox.mail, Mail{To: s.to, Subject: subject, Text: strings.ReplaceAll(string(body), "\r\n", "\n"), Header: m.Header})
	return word
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }
