package mail_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/mail/mailtest"
)

func TestSend(t *testing.T) {
	in := mailtest.Serve(t)
	m := mail.Message{To: "sam@north.example", Subject: "Eich cod: tŷ", Text: "Line one\n\nŵyneb\n", Lang: "cy"}
	if err := in.Sender(t).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := in.Last(t)
	if got.To != m.To || got.Subject != m.Subject || got.Text != m.Text {
		t.Errorf("arrived: %+v", got)
	}
	for name, want := range map[string]string{"To": "<sam@north.example>", "Auto-Submitted": "auto-generated", "Content-Language": "cy"} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if got.Header.Get("Message-ID") == "" {
		t.Error("there is no Message-ID")
	}
}

func TestMailServerAway(t *testing.T) {
	in := mailtest.Serve(t)
	in.Refuse.Store(true)
	err := in.Sender(t).Send(t.Context(), mail.Message{To: "sam@north.example", Subject: "x", Text: "y"})
	if !errors.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "sam@") {
		t.Errorf("a server that refuses: %v", err)
	}
	gone, err := mail.NewSMTP("smtp://127.0.0.1:1", "no-reply@upstander.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := gone.Send(t.Context(), mail.Message{To: "sam@north.example"}); !errors.Is(err, fault.Unavailable) {
		t.Errorf("no server: %v", err)
	}
	if err := gone.Send(t.Context(), mail.Message{To: "no address\r\nBcc: x@y.example"}); !errors.Is(err, fault.Invalid) {
		t.Errorf("an address that is none: %v", err)
	}
}

func TestBadConfiguration(t *testing.T) {
	for _, address := range []string{"", "smtp://", "http://host", "smtp://user:pw@host:port"} {
		if _, err := mail.NewSMTP(address, "no-reply@upstander.example"); err == nil || strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := mail.NewSMTP("smtp://host", "nobody"); err == nil {
		t.Error("a sender that is no address was taken")
	}
}

// TestOneConnectionForMany sends over one connection, past a recipient whom the server refuses.
func TestOneConnectionForMany(t *testing.T) {
	in := mailtest.Serve(t)
	in.Decide = func(to string, whole bool) error {
		switch {
		case to == "gone@north.example":
			return &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
		case to == "full@north.example":
			return &smtp.SMTPError{Code: 452, Message: "try later"}
		case to == "large@north.example" && whole:
			return &smtp.SMTPError{Code: 552, Message: "too large for this mailbox"}
		case to == "busy@north.example" && whole:
			return &smtp.SMTPError{Code: 451, Message: "try later"}
		case to == "cut@north.example" && whole:
			return mailtest.ErrHangUp
		}
		return nil
	}
	s, err := mail.NewSMTP(in.Address, "no-reply@upstander.example")
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	send := func(to string) error {
		return c.Send(mail.Message{To: to, Subject: "x", Text: "y", Lang: "en", ID: to[:3] + ".stable@upstander.example"})
	}
	if err := send("sam@north.example"); err != nil {
		t.Error(err)
	}
	var refused mail.Refused
	if err := send("gone@north.example"); !errors.As(err, &refused) || refused.Code != 550 {
		t.Errorf("a mailbox that is gone: %v", err)
	}
	if err := send("full@north.example"); !errors.Is(err, fault.Unavailable) || errors.As(err, &refused) && refused.Code == 452 {
		t.Errorf("a mailbox that is full: %v", err)
	}
	if err := send("large@north.example"); !errors.As(err, &refused) || refused.Code != 552 {
		t.Errorf("a message that is refused once it has come: %v", err)
	}
	if err := send("busy@north.example"); !errors.Is(err, fault.Unavailable) {
		t.Errorf("a message that may come again: %v", err)
	}
	if err := send("kim@north.example"); err != nil {
		t.Error(err)
	}
	if err := send("cut@north.example"); !errors.Is(err, fault.Unavailable) {
		t.Errorf("a cut connection: %v", err)
	}
	if err := c.Close(); err != nil {
		t.Logf("closing what was cut: %v", err)
	}
	all := in.All()
	if len(all) != 2 || all[1].Header.Get("Message-ID") != "<kim.stable@upstander.example>" {
		t.Errorf("arrived: %+v", all)
	}
}
