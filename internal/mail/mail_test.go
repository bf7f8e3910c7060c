package mail_test

import (
	"errors"
	"strings"
	"testing"

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
