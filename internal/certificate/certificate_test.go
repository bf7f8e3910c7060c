package certificate_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/certificate"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people/peopletest"
)

// met says who has met the requirement "consent".
type met map[string]bool

func (m met) Met(_ context.Context, person, requirement string) (certificate.Met, error) {
	if !m[person] || requirement != "consent" {
		return certificate.Met{}, fault.NotFound
	}
	return certificate.Met{Cycle: "once", Day: "2026-11-20", Edition: "2026.1", Titles: map[string]string{"en": "Consent", "cy": "Cydsyniad"}}, nil
}

func newSite(t *testing.T) (*peopletest.Site, *certificate.Service, met) {
	t.Helper()
	site, who := peopletest.New(t, nil), met{}
	s, err := certificate.New(t.Context(), site.Engine, who, site.Ephemeral.NewLimits())
	if err != nil {
		t.Fatal(err)
	}
	certificate.Routes(site.Doors, s, site.People.Institution)
	return site, s, who
}

func TestIssue(t *testing.T) {
	site, s, who := newSite(t)
	sam := site.SignIn("sam@north.example")
	if _, err := s.Issue(t.Context(), sam.Person, "consent", "Sam"); !errors.Is(err, fault.NotFound) {
		t.Errorf("before the requirement is met: %v", err)
	}
	who[sam.Person.ID] = true
	if _, err := s.Issue(t.Context(), sam.Person, "consent", "  "); !errors.Is(err, fault.Invalid) {
		t.Errorf("without a name: %v", err)
	}
	one, err := s.Issue(t.Context(), sam.Person, "consent", "Sam Sample")
	if err != nil || len(one.Code) != 12 {
		t.Fatalf("%+v, %v", one, err)
	}
	two, err := s.Issue(t.Context(), sam.Person, "consent", "Samantha Sample")
	if err != nil || two.Code != one.Code || two.Name != "Samantha Sample" {
		t.Errorf("under another name: %+v, %v", two, err)
	}
	if held, err := s.Held(t.Context(), sam.Person.ID); len(held) != 1 || err != nil {
		t.Errorf("held: %v, %v", held, err)
	}
}

func TestCleanCode(t *testing.T) {
	for typed, want := range map[string]string{
		"BCDF-2345-GHJK": "BCDF2345GHJK", "bcdf 2345 ghjk": "BCDF2345GHJK", "BCDF-2345-GHJ": "", "BCDF-2345-GHJKL": "", "BCDF-2345-GHJ0": "", "": "", "ŵŵŵŵŵŵŵŵŵŵŵŵ": "", strings.Repeat("B", 100_000): "",
	} {
		if got, ok := certificate.CleanCode(typed); ok != (want != "") || ok && got != want {
			t.Errorf("%.20q: %q, %v", typed, got, ok)
		}
	}
}

func TestHolderAndPublicPages(t *testing.T) {
	site, s, who := newSite(t)
	sam := site.SignIn("sam@north.example")
	who[sam.Person.ID] = true
	c, err := s.Issue(t.Context(), sam.Person, "consent", "Siân Ó Néill <b>")
	if err != nil {
		t.Fatal(err)
	}
	a := sam.Get("/app/certificates/" + c.Grouped())
	for _, want := range []string{"Siân Ó Néill &lt;b&gt;", "Consent", "20 November 2026", "North University", c.Grouped(), "2026.1", "http://example.test/north/verify/" + c.Grouped()} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the certificate does not show %q", want)
		}
	}
	if a := site.SignIn("alex@north.example").Get("/app/certificates/" + c.Grouped()); a.Status != http.StatusNotFound {
		t.Errorf("somebody else's certificate: %d", a.Status)
	}
	public := site.Visitor().Get("/north/verify/" + strings.ToLower(c.Code))
	if public.Status != http.StatusOK || strings.Contains(public.Body, "Néill") || strings.Contains(public.Body, "sam@") {
		t.Errorf("the public page: %d, or it tells the name", public.Status)
	}
	for _, want := range []string{"Consent", "20 November 2026", "North University", "This certificate is genuine"} {
		if !strings.Contains(public.Body, want) {
			t.Errorf("the public page does not show %q", want)
		}
	}
	if a := site.Visitor().Get("/north/cy/verify/" + c.Code); !strings.Contains(a.Body, "Cydsyniad") || !strings.Contains(a.Body, "20 Tachwedd 2026") {
		t.Error("the Welsh page is not in Welsh")
	}
}

func TestNamesAreComparedNotShown(t *testing.T) {
	site, s, who := newSite(t)
	sam := site.SignIn("sam@north.example")
	who[sam.Person.ID] = true
	c, err := s.Issue(t.Context(), sam.Person, "consent", "Siân Ó Néill")
	if err != nil {
		t.Fatal(err)
	}
	at := "/north/verify/" + c.Grouped()
	for typed, want := range map[string]string{"sian\u0302  Ó néill": "does not match", " siân ó  NÉILL ": "matches", "Sia\u0302n Ó Néill": "matches"} {
		if a := site.Visitor().Post(at, "name", typed); a.Status != http.StatusOK || !strings.Contains(a.Body, want) {
			t.Errorf("%q: %d, want %q", typed, a.Status, want)
		}
	}
	if a := site.Visitor().Post(at, "name", ""); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("no name: %d", a.Status)
	}
	for range 2 {
		site.Visitor().Post(at, "name", "somebody")
	}
	if a := site.Visitor().Post(at, "name", "Siân Ó Néill"); a.Status != http.StatusTooManyRequests {
		t.Errorf("the sixth name within the hour: %d", a.Status)
	}
}

func TestLookingForACode(t *testing.T) {
	site, s, who := newSite(t)
	sam := site.SignIn("sam@north.example")
	who[sam.Person.ID] = true
	c, err := s.Issue(t.Context(), sam.Person, "consent", "Sam")
	if err != nil {
		t.Fatal(err)
	}
	if a := site.Visitor().Post("/north/verify", "code", " "+strings.ToLower(c.Grouped())); a.Location != "/north/verify/"+c.Grouped() {
		t.Errorf("%d %s", a.Status, a.Location)
	}
	for _, code := range []string{"", "BCDF-BCDF-BCDF", "<script>alert(1)</script>"} {
		a := site.Visitor().Post("/north/verify", "code", code)
		if a.Status != http.StatusUnprocessableEntity || strings.Contains(a.Body, "<script>alert") {
			t.Errorf("%q: %d", code, a.Status)
		}
	}
	if a := site.Visitor().Get("/north/verify/BCDF-BCDF-BCDF"); a.Status != http.StatusNotFound {
		t.Errorf("an unknown code: %d", a.Status)
	}
}
