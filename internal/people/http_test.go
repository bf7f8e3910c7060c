package people_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/web"
)

var sixDigits = regexp.MustCompile(`\b\d{6}\b`)

func newSite(t *testing.T) (*peopletest.Site, *mailtest.Inbox) {
	t.Helper()
	out := mailtest.Serve(t)
	s := peopletest.New(t, out.Sender(t))
	routes(s)
	return s, out
}

// routes registers the package's own and a page behind some of the doors.
func routes(s *peopletest.Site) {
	people.Routes(s.Doors, s.People)
	s.Doors.Member.Get("/", func(c *fiber.Ctx) error { return c.SendString("home of " + people.Current(c).Email) })
	s.Doors.Staff.Get("/staff", func(c *fiber.Ctx) error { return c.SendString("staff") })
	s.Doors.Admin.Get("/admin", func(c *fiber.Ctx) error { return c.SendString("admin") })
}

// signIn goes through the pages as a person would and returns the code.
func signIn(t *testing.T, v *peopletest.Visitor, out *mailtest.Inbox, email string) string {
	t.Helper()
	a := v.Post("/app/sign-in", "email", email)
	if a.Status != http.StatusSeeOther || !strings.HasPrefix(a.Location, "/app/sign-in/code") {
		t.Fatalf("asking for a code: %d %s", a.Status, a.Body)
	}
	m := out.Last(t)
	if m.To != strings.ToLower(email) {
		t.Fatalf("the code went to %s", m.To)
	}
	return sixDigits.FindString(m.Text)
}

// TestCodesLiveTenMinutes says the figure itself: it is on the page and in the mail.
func TestCodesLiveTenMinutes(t *testing.T) {
	s, out := newSite(t)
	soon, late := s.Visitor(), s.Visitor()
	first, second := signIn(t, soon, out, "sam@north.example"), signIn(t, late, out, "kim@north.example")
	if m := out.Last(t); !strings.Contains(m.Text, "10 minutes") {
		t.Errorf("the mail says %s", m.Text)
	}
	s.Pass(9*time.Minute + 30*time.Second)
	if a := soon.Post("/app/sign-in/code", "code", first); a.Location != "/app" {
		t.Errorf("within its life: %d %s", a.Status, a.Location)
	}
	s.Pass(30 * time.Second)
	if a := late.Post("/app/sign-in/code", "code", second); a.Location != "/app/sign-in?said=code-gone" {
		t.Errorf("afterwards: %d %s", a.Status, a.Location)
	}
}

// TestQuickExitWithoutRedis: the session cannot be ended, and whoever leaves is led away all the same.
func TestQuickExitWithoutRedis(t *testing.T) {
	s, _ := newSite(t)
	v := s.SignIn("sam@north.example")
	if err := s.Ephemeral.Close(); err != nil {
		t.Fatal(err)
	}
	if a := v.Get("/app"); a.Status != http.StatusServiceUnavailable {
		t.Errorf("a page for whoever is signed in: %d", a.Status)
	}
	a := v.Post("/app/leave", "to", web.Weather)
	if a.Status != http.StatusOK || a.Header.Get("Refresh") != "0; url="+web.Weather {
		t.Errorf("%d leads to %q", a.Status, a.Header.Get("Refresh"))
	}
	if v.Cookies["upstander"] != "" {
		t.Error("the browser keeps its session")
	}
}

func TestSignInByCode(t *testing.T) {
	s, out := newSite(t)
	v := s.Visitor()
	code := signIn(t, v, out, "Sam@North.example")
	if page := v.Get("/app/sign-in/code"); !strings.Contains(page.Body, "sam@north.example") || strings.Contains(page.Body, code) {
		t.Error("the page must name the address and not the code")
	}
	if a := v.Post("/app/sign-in/code", "code", "not it"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "not the code we sent") {
		t.Errorf("a wrong code: %d", a.Status)
	}
	a := v.Post("/app/sign-in/code", "code", code[:3]+" "+code[3:])
	if a.Status != http.StatusSeeOther || a.Location != "/app" {
		t.Fatalf("the right code: %d %s", a.Status, a.Body)
	}
	cookie := a.Header.Get("Set-Cookie") + strings.Join(a.Header.Values("Set-Cookie"), "\n")
	for _, want := range []string{"path=/app", "HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie lacks %s: %s", want, cookie)
		}
	}
	if home := v.Get("/app"); home.Body != "home of sam@north.example" {
		t.Errorf("home: %d %s", home.Status, home.Body)
	}
	if a := v.Post("/app/sign-in/code", "code", code); a.Status != http.StatusSeeOther || !strings.Contains(a.Location, "said=code-gone") {
		t.Errorf("the code again: %d %s", a.Status, a.Location)
	}
}

func TestCodeWorksOnlyInItsOwnBrowser(t *testing.T) {
	s, out := newSite(t)
	v, other := s.Visitor(), s.Visitor()
	code := signIn(t, v, out, "sam@north.example")
	signIn(t, other, out, "alex@north.example")
	if a := other.Post("/app/sign-in/code", "code", code); a.Status == http.StatusSeeOther && a.Location == "/app" {
		t.Error("another browser signed in with this code")
	}
}

func TestFiveTries(t *testing.T) {
	s, out := newSite(t)
	v := s.Visitor()
	code := signIn(t, v, out, "sam@north.example")
	for range 5 {
		if a := v.Post("/app/sign-in/code", "code", "000"); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("a wrong code: %d", a.Status)
		}
	}
	if a := v.Post("/app/sign-in/code", "code", code); !strings.Contains(a.Location, "said=code-gone") {
		t.Errorf("the right code after five tries: %d %s", a.Status, a.Location)
	}
}

func TestCodesAreLimited(t *testing.T) {
	s, out := newSite(t)
	for range 5 {
		signIn(t, s.Visitor(), out, "sam@north.example")
	}
	if a := s.Visitor().Post("/app/sign-in", "email", "sam@north.example"); a.Status != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" {
		t.Errorf("the sixth code: %d", a.Status)
	}
	for i := range 50 { // one lecture theatre behind one address
		signIn(t, s.Visitor(), out, "student"+strings.Repeat("x", i)+"@north.example")
	}
}

// TestNobodyIsLockedOutFromElsewhere asks for codes of somebody else's address from another network until it is refused.
func TestNobodyIsLockedOutFromElsewhere(t *testing.T) {
	s, out := newSite(t)
	for i := range 8 {
		stranger := s.Visitor()
		stranger.Header.Set("X-Forwarded-For", "203.0.113.7")
		if a := stranger.Post("/app/sign-in", "email", fmt.Sprintf("sam+%d@student.north.example", i)); i >= 5 != (a.Status == http.StatusTooManyRequests) {
			t.Errorf("code %d for one inbox from one network: %d", i+1, a.Status)
		}
	}
	signIn(t, s.Visitor(), out, "sam@north.example")
}

func TestWrongCodesFromOneNetworkAreLimited(t *testing.T) {
	s, out := newSite(t)
	wrong := 0
	for i := 0; wrong < 60; i++ {
		v := s.Visitor()
		signIn(t, v, out, fmt.Sprintf("student%d@north.example", i))
		for range 5 {
			if a := v.Post("/app/sign-in/code", "code", "000"); a.Status == http.StatusUnprocessableEntity {
				wrong++
			}
		}
	}
	v := s.Visitor()
	code := signIn(t, v, out, "jo@north.example")
	if a := v.Post("/app/sign-in/code", "code", code); a.Status != http.StatusTooManyRequests {
		t.Errorf("after %d wrong codes: %d", wrong, a.Status)
	}
}

func TestSigningInEndsTheSessionThatWasThere(t *testing.T) {
	s, out := newSite(t)
	v := s.SignIn("alex@north.example")
	old := v.Cookies["upstander"]
	code := signIn(t, v, out, "sam@north.example")
	v.Post("/app/sign-in/code", "code", code)
	if a := v.Get("/app"); a.Body != "home of sam@north.example" {
		t.Errorf("%d %s", a.Status, a.Body)
	}
	v.Cookies["upstander"] = old
	if a := v.Get("/app"); a.Status != http.StatusSeeOther {
		t.Errorf("the session from before: %d", a.Status)
	}
}

func TestSigningOutNeedsNoSession(t *testing.T) {
	s, _ := newSite(t)
	v := s.Visitor()
	v.Cookies["upstander"] = "long-gone"
	if a := v.Post("/app/sign-out"); a.Location != "/app/sign-in?said=signed-out" || v.Cookies["upstander"] != "" {
		t.Errorf("%d %s", a.Status, a.Location)
	}
	if a := s.Visitor().Post("/app/language", "language", "cy"); a.Location != "/app/sign-in" {
		t.Errorf("a form on an expired session leads back to %s", a.Location)
	}
}

func TestWrongAddresses(t *testing.T) {
	s, out := newSite(t)
	for email, says := range map[string]string{"": "Type an e-mail address", "sam": "Type an e-mail address", "sam@gmail.example": "belongs to none of the universities", `<script>alert(1)</script>@north.example`: "Type an e-mail address"} {
		a := s.Visitor().Post("/app/sign-in", "email", email)
		if a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, says) || strings.Contains(a.Body, "<script>") || !strings.Contains(a.Body, `href="#email"`) {
			t.Errorf("%q: %d", email, a.Status)
		}
	}
	if n := len(out.All()); n > 0 {
		t.Errorf("%d messages went out", n)
	}
	if a := s.Visitor().Post("/app/sign-in", "email", "sam@student.north.example"); a.Status != http.StatusSeeOther {
		t.Errorf("a subdomain of the institution's: %d", a.Status)
	}
	if a := s.Visitor().Post("/app/sign-in", "email", "sam@evilnorth.example"); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("a domain that only ends alike: %d", a.Status)
	}
}

func TestLanguageOfSignIn(t *testing.T) {
	s, out := newSite(t)
	v := s.Visitor()
	if a := v.Get("/app/sign-in?lang=cy&at=north"); !strings.Contains(a.Body, `<html lang="cy" dir="ltr">`) || !strings.Contains(a.Body, "Prifysgol y Gogledd") {
		t.Error("the page is not in Welsh")
	}
	v.Post("/app/sign-in?lang=cy", "email", "sam@north.example")
	if m := out.Last(t); m.Header.Get("Content-Language") != "cy" || !strings.Contains(m.Subject, "Eich cod") {
		t.Errorf("the mail: %+v", m)
	}
}

func TestWhereToGoAfterwards(t *testing.T) {
	s, out := newSite(t)
	for to, want := range map[string]string{
		"%2Fapp%2Fcertificates": "/app/certificates", "https:%2F%2Fevil.example": "/app", "%2F%2Fevil.example": "/app", "%2Fapp%2F..%5C%5Cevil": "/app", "%2Fapplause": "/app",
	} {
		v := s.Visitor()
		v.Post("/app/sign-in?to="+to, "email", "sam"+want[1:4]+to[len(to)-3:]+"@north.example")
		code := sixDigits.FindString(out.Last(t).Text)
		if a := v.Post("/app/sign-in/code?to="+to, "code", code); a.Location != want {
			t.Errorf("to=%s leads to %s", to, a.Location)
		}
	}
}

func TestSignOut(t *testing.T) {
	s, _ := newSite(t)
	one, two := s.SignIn("sam@north.example"), s.SignIn("sam@north.example")
	if a := one.Get("/app/me"); !strings.Contains(a.Body, "signed in on 2 devices") {
		t.Error("the page does not say on how many devices")
	}
	token := one.Cookies["upstander"]
	if a := one.Post("/app/sign-out"); a.Status != http.StatusSeeOther {
		t.Errorf("signing out: %d", a.Status)
	}
	one.Cookies["upstander"] = token
	if a := one.Get("/app"); a.Status != http.StatusSeeOther {
		t.Errorf("the old cookie after signing out: %d", a.Status)
	}
	if a := two.Get("/app"); a.Status != http.StatusOK {
		t.Errorf("the other device: %d", a.Status)
	}
	three := s.SignIn("sam@north.example")
	two.Post("/app/sign-out-everywhere")
	if a := three.Get("/app"); a.Status != http.StatusSeeOther {
		t.Errorf("after signing out everywhere: %d", a.Status)
	}
}

func TestCookieThatStandsTwiceIsRefused(t *testing.T) {
	s, _ := newSite(t)
	v := s.SignIn("sam@north.example")
	r := httptest.NewRequest(http.MethodGet, "/app", nil)
	r.Header.Add("Cookie", "upstander=planted")
	if a := v.Do(r); a.Status != http.StatusSeeOther {
		t.Errorf("two cookies of one name: %d", a.Status)
	}
}

func TestRoles(t *testing.T) {
	s, _ := newSite(t)
	for role, want := range map[people.Role]int{people.Student: 403, people.Facilitator: 403, people.Responder: 403, people.Staff: 200, people.Admin: 200} {
		if a := s.SignIn(string(role)+"@north.example", role).Get("/app/staff"); a.Status != want {
			t.Errorf("%s: %d, want %d", role, a.Status, want)
		}
	}
}

func TestName(t *testing.T) {
	s, _ := newSite(t)
	v := s.SignIn("sam@north.example")
	if a := v.Post("/app/me", "name", strings.Repeat("x", 200)); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "too long") {
		t.Errorf("a long name: %d", a.Status)
	}
	v.Post("/app/me", "name", `Sam "<b>" Ó Néill`)
	if a := v.Get("/app/me"); !strings.Contains(a.Body, `value="Sam &#34;&lt;b&gt;&#34; Ó Néill"`) {
		t.Errorf("the name: %s", a.Body)
	}
}

func TestBrandStylesheet(t *testing.T) {
	s, _ := newSite(t)
	page := s.Visitor().Get("/app/sign-in?at=north").Body
	href := regexp.MustCompile(`/brand/[a-z0-9.-]+`).FindString(page)
	a := s.Visitor().Get(href)
	if a.Status != http.StatusOK || !strings.Contains(a.Body, "--brand:#21436b") || !strings.Contains(a.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("%s: %d %s", href, a.Status, a.Body)
	}
	if a := s.Visitor().Get("/brand/north-000000000000.css"); a.Status != http.StatusNotFound {
		t.Errorf("another hash: %d", a.Status)
	}
}

func TestDemoEntranceIsShut(t *testing.T) {
	s, _ := newSite(t)
	if a := s.Visitor().Post("/app/sign-in/as", "at", "north", "role", "admin"); a.Status != http.StatusNotFound && a.Status != http.StatusMethodNotAllowed {
		t.Errorf("outside the demo: %d", a.Status)
	}
}

// TestLeavingForgetsSignInsUnderWay is a shared computer: whoever comes next finds nothing of the last person's to finish.
func TestLeavingForgetsSignInsUnderWay(t *testing.T) {
	s := peopletest.New(t, nil)
	routes(s)
	for _, path := range []string{"/app/sign-out", "/app/sign-out-everywhere", web.LeavePath} {
		v := s.SignIn("sam@north.example")
		for _, k := range people.Cookies() {
			if v.Cookies[k.Name] == "" {
				v.Cookies[k.Name] = "x"
			}
		}
		gone := strings.Join(v.Post(path).Header.Values("Set-Cookie"), "\n") + "\n"
		for _, k := range people.Cookies() {
			if k.Name == "upstander-held" && path != web.LeavePath {
				continue // a form waits for its person only
			}
			if !regexp.MustCompile(`(?i)(^|\n)`+k.Name+`=; [^\n]*path=`+k.Path+`(;|\n)`).MatchString(gone) || v.Cookies[k.Name] != "" {
				t.Errorf("%s leaves %s:\n%s", path, k.Name, gone)
			}
		}
	}
}

// TestNobodyIsHeldUp leaves from the page of the report door, which sends no referrer and so no origin either.
func TestNobodyIsHeldUp(t *testing.T) {
	s := peopletest.New(t, nil)
	routes(s)
	v := s.SignIn("sam@north.example")
	v.Header.Set("Origin", "null")
	v.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := v.Post(web.LeavePath); a.Status != http.StatusOK || !strings.HasPrefix(a.Header.Get("Refresh"), "0; url=https://") || v.Cookies["upstander"] != "" {
		t.Errorf("%d %s, cookies %v", a.Status, a.Header.Get("Refresh"), v.Cookies)
	}
	if a := v.Post("/app/sign-out"); a.Status != http.StatusForbidden {
		t.Errorf("another form without an origin: %d", a.Status)
	}
}
