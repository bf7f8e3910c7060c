package people_test

import (
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/descope/virtualwebauthn"

	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
)

var (
	asked    = regexp.MustCompile(`data-passkey="([^"]+)"`)
	recovery = regexp.MustCompile(`[A-Z2-7]{4}-[A-Z2-7]{4}-[A-Z2-7]{4}`)
)

// device is somebody's telephone: a foreign implementation of an authenticator.
type device struct {
	authenticator virtualwebauthn.Authenticator
	key           virtualwebauthn.Credential
	at            virtualwebauthn.RelyingParty
}

// newKey draws a key. Of the library's own, about one in a hundred has a coordinate that is written a byte too short, as no real authenticator
// does (RFC 9053, 7.1.1); it is refused, and rightly.
func newKey() virtualwebauthn.Credential {
	for {
		if c := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(c.Key.AttestationData()) == 77 {
			return c
		}
	}
}

func newDevice(person people.Person) *device {
	return &device{
		authenticator: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(person.ID)}),
		key:           newKey(),
		at:            virtualwebauthn.RelyingParty{Name: "Upstander", ID: "example.test", Origin: "http://example.test"},
	}
}

func options(t *testing.T, page peopletest.Answer) string {
	t.Helper()
	m := asked.FindStringSubmatch(page.Body)
	if m == nil {
		t.Fatalf("the page asks for no key: %d %s", page.Status, page.Body)
	}
	return html.UnescapeString(m[1])
}

func (d *device) make(t *testing.T, page peopletest.Answer) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAttestationOptions(options(t, page))
	if err != nil {
		t.Fatal(err)
	}
	return virtualwebauthn.CreateAttestationResponse(d.at, d.authenticator, d.key, *o)
}

func (d *device) show(t *testing.T, page peopletest.Answer) string {
	t.Helper()
	o, err := virtualwebauthn.ParseAssertionOptions(options(t, page))
	if err != nil {
		t.Fatal(err)
	}
	d.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(d.at, d.authenticator, d.key, *o)
}

// add makes a key for whoever is signed in and returns the recovery codes that are shown with the first.
func (d *device) add(t *testing.T, v *peopletest.Visitor) []string {
	t.Helper()
	a := v.Post("/app/me/passkeys", "credential", d.make(t, v.Get("/app/me/passkeys")))
	if a.Status != http.StatusOK && a.Location != "/app/me/passkeys?said=saved" {
		t.Fatalf("adding a key: %d %s", a.Status, a.Location)
	}
	d.authenticator.AddCredential(d.key)
	return recovery.FindAllString(a.Body, -1)
}

func (d *device) signIn(t *testing.T, v *peopletest.Visitor, query string) peopletest.Answer {
	t.Helper()
	return v.Post("/app/sign-in/passkey"+query, "credential", d.show(t, v.Get("/app/sign-in/passkey"+query)))
}

func TestPasskey(t *testing.T) {
	s, _ := newSite(t)
	kim := s.SignIn("kim@north.example", people.Staff)
	d := newDevice(kim.Person)
	if codes := d.add(t, kim); len(codes) != 10 {
		t.Errorf("%d recovery codes", len(codes))
	}
	if page := kim.Get("/app/me/passkeys"); !strings.Contains(page.Body, "Passkey 1, since ") || !strings.Contains(page.Body, "10 recovery codes left") || recovery.MatchString(page.Body) {
		t.Error("the page of keys")
	}
	v := s.Visitor()
	if a := v.Get("/app/sign-in"); !strings.Contains(a.Body, `href="/app/sign-in/passkey"`) {
		t.Error("the sign-in page does not offer passkeys")
	}
	if a := d.signIn(t, v, "?to=%2Fapp%2Fstaff"); a.Location != "/app/staff" {
		t.Fatalf("%d %s\n%s", a.Status, a.Location, s.Log)
	}
	if a := v.Get("/app/staff"); a.Status != http.StatusOK {
		t.Errorf("staff: %d", a.Status)
	}
	second := newDevice(kim.Person)
	if codes := second.add(t, kim); len(codes) > 0 {
		t.Error("the second key brings recovery codes")
	}
	if a := second.signIn(t, s.Visitor(), ""); a.Location != "/app" {
		t.Errorf("the second key: %s", a.Location)
	}
	want := "passkey-add passkey-add"
	var got []string
	for _, line := range recorded(t, s, "north") {
		got = append(got, strings.Fields(line)[1])
	}
	if strings.Join(got, " ") != want {
		t.Errorf("the audit log: %v", got)
	}
}

func TestPasskeyAnswersThatDoNotFit(t *testing.T) {
	s, _ := newSite(t)
	kim, alex := s.SignIn("kim@north.example"), s.SignIn("alex@north.example")
	d := newDevice(kim.Person)
	d.add(t, kim)
	refused := func(name string, v *peopletest.Visitor, a peopletest.Answer) {
		t.Helper()
		if !strings.Contains(a.Location, "said=passkey-refused") || v.Cookies["upstander"] != "" {
			t.Errorf("%s: %d %s", name, a.Status, a.Location)
		}
	}
	v := s.Visitor()
	answer := d.show(t, v.Get("/app/sign-in/passkey"))
	other := s.Visitor()
	other.Get("/app/sign-in/passkey")
	refused("in another browser", other, other.Post("/app/sign-in/passkey", "credential", answer))
	if a := v.Post("/app/sign-in/passkey", "credential", answer); a.Location != "/app" {
		t.Errorf("in its own: %d %s", a.Status, a.Location)
	}
	v = s.Visitor()
	v.Get("/app/sign-in/passkey")
	refused("replayed", v, v.Post("/app/sign-in/passkey", "credential", answer))
	refused("rubbish", v, v.Post("/app/sign-in/passkey", "credential", "{}"))

	foreign := *d
	foreign.at.Origin = "http://evil.test"
	refused("from another site", v, foreign.signIn(t, v, ""))
	stranger := newDevice(kim.Person) // says that it is Kim's
	stranger.authenticator.AddCredential(stranger.key)
	refused("a key that nobody has registered", v, stranger.signIn(t, v, ""))
	thief := *d
	thief.authenticator = virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: []byte(alex.Person.ID)})
	refused("Kim's key in Alex's name", v, thief.signIn(t, v, ""))
	careless := *d
	careless.authenticator.Options.UserNotVerified = true
	refused("without finger, face or PIN", v, careless.signIn(t, v, ""))
	copied := *d
	copied.key.Counter = 0
	if a := d.signIn(t, s.Visitor(), ""); a.Location != "/app" {
		t.Fatal(a.Location)
	}
	refused("a copy of the key", v, copied.signIn(t, v, ""))

	for _, path := range []string{"/app/me/passkeys", "/app/me/recovery", "/app/me/passkeys/remove"} {
		if a := s.Visitor().Post(path); !strings.HasPrefix(a.Location, "/app/sign-in") {
			t.Errorf("%s without a session: %d", path, a.Status)
		}
	}
	kimsKey := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(kim.Get("/app/me/passkeys").Body)[1]
	if a := alex.Post("/app/me/passkeys/remove", "id", kimsKey); a.Status != http.StatusNotFound {
		t.Errorf("removing somebody else's key: %d", a.Status)
	}
	if a := alex.Post("/app/me/recovery"); a.Status != http.StatusForbidden {
		t.Errorf("recovery codes without a key: %d", a.Status)
	}
	if a := alex.Post("/app/me/passkeys", "credential", d.make(t, kim.Get("/app/me/passkeys"))); !strings.Contains(a.Location, "said=passkey-refused") {
		t.Errorf("a key made for somebody else: %d %s", a.Status, a.Location)
	}
	kim.Post("/app/me/passkeys/remove", "id", kimsKey)
	refused("a key that was removed", v, d.signIn(t, v, ""))
}

func TestRecoveryCodes(t *testing.T) {
	s, _ := newSite(t)
	kim := s.SignIn("kim@north.example", people.Staff)
	codes := newDevice(kim.Person).add(t, kim)
	v := s.Visitor()
	for name, fields := range map[string][]string{
		"somebody else's address": {"email", "alex@north.example", "code", codes[0]}, "an address of nowhere": {"email", "kim@elsewhere.example", "code", codes[0]},
		"another code": {"email", "kim@north.example", "code", "AAAA-BBBB-CCCC"}, "no code": {"email", "kim@north.example"},
	} {
		if a := v.Post("/app/sign-in/recovery", fields...); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "do not belong together") {
			t.Errorf("%s: %d", name, a.Status)
		}
	}
	if a := v.Post("/app/sign-in/recovery", "email", "Kim@north.example", "code", strings.ToLower(strings.ReplaceAll(codes[3], "-", " "))); a.Location != "/app/me/passkeys" {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if a := v.Get("/app/staff"); a.Status != http.StatusOK {
		t.Errorf("what a recovery code opens: %d", a.Status)
	}
	if page := v.Get("/app/me/passkeys"); !strings.Contains(page.Body, "9 recovery codes left") {
		t.Error("the code is not struck out")
	}
	if a := s.Visitor().Post("/app/sign-in/recovery", "email", "kim@north.example", "code", codes[3]); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("the same code again: %d", a.Status)
	}

	// One code from many browsers at once opens one.
	var wg sync.WaitGroup
	got := make([]error, 4)
	for i := range got {
		wg.Go(func() {
			_, got[i] = s.People.Recover(t.Context(), "kim@north.example", codes[5], fmt.Sprint(i))
		})
	}
	wg.Wait()
	in := 0
	for _, err := range got {
		if err == nil {
			in++
		}
	}
	if in != 1 {
		t.Errorf("one code opened %d sessions", in)
	}
}

func TestNewRecoveryCodesVoidTheOld(t *testing.T) {
	s, _ := newSite(t)
	kim := s.SignIn("kim@north.example")
	old := newDevice(kim.Person).add(t, kim)
	fresh := recovery.FindAllString(kim.Post("/app/me/recovery").Body, -1)
	if len(fresh) != 10 {
		t.Fatalf("%d codes", len(fresh))
	}
	if a := s.Visitor().Post("/app/sign-in/recovery", "email", "kim@north.example", "code", old[0]); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("an old code: %d", a.Status)
	}
	if a := s.Visitor().Post("/app/sign-in/recovery", "email", "kim@north.example", "code", fresh[0]); a.Location != "/app/me/passkeys" {
		t.Errorf("a new code: %d", a.Status)
	}
	statuses := map[int]int{}
	for range 20 {
		statuses[s.Visitor().Post("/app/sign-in/recovery", "email", "kim@north.example", "code", "AAAABBBBCCCC").Status]++
	}
	if statuses[http.StatusTooManyRequests] < 8 {
		t.Errorf("trying out codes: %v", statuses)
	}
}

// TestRolesWaitForAPasskey goes the way of a member of staff where codes are for students.
func TestRolesWaitForAPasskey(t *testing.T) {
	out := mailtest.Serve(t)
	s := peopletest.NewWith(t, out.Sender(t), institutionsWith("\n    sign_in: {codes: students}\n"))
	routes(s)
	granted, err := s.People.Grant(t.Context(), "kim@north.example", people.Staff)
	if err != nil {
		t.Fatal(err)
	}
	byCode := func() *peopletest.Visitor {
		v := s.Visitor()
		v.Post("/app/sign-in/code", "code", signIn(t, v, out, "kim@north.example"))
		return v
	}
	v := byCode()
	if a := v.Get("/app/me"); !strings.Contains(a.Body, "opens your other roles only with a passkey") {
		t.Error("the page does not say why")
	}
	before := v.Cookies["upstander"]
	d := newDevice(granted)
	if codes := d.add(t, v); len(codes) != 10 {
		t.Errorf("%d codes", len(codes))
	}
	if a := v.Get("/app/staff"); a.Status != http.StatusOK || v.Cookies["upstander"] == before {
		t.Errorf("after the first key: %d", a.Status)
	}
	later := byCode() // whoever reads Kim's mail gets no further
	if a := later.Get("/app/staff"); a.Status != http.StatusForbidden {
		t.Errorf("with a code: %d", a.Status)
	}
	if page := later.Get("/app/me/passkeys"); asked.MatchString(page.Body) || !strings.Contains(page.Body, "sign in with one of them") {
		t.Errorf("another key on a code: %d", page.Status)
	}
	key := regexp.MustCompile(`name="id" value="([^"]+)"`).FindStringSubmatch(v.Get("/app/me/passkeys").Body)[1]
	for path, fields := range map[string][]string{"/app/me/recovery": nil, "/app/me/passkeys/remove": {"id", key}} {
		if a := later.Post(path, fields...); a.Status != http.StatusForbidden {
			t.Errorf("%s on a code: %d", path, a.Status)
		}
	}
	if a := d.signIn(t, later, ""); a.Location != "/app" {
		t.Errorf("with the key: %s", a.Location)
	}
	if a := later.Get("/app/staff"); a.Status != http.StatusOK {
		t.Errorf("with the key: %d", a.Status)
	}
}

func TestSignInBelongsToThePublicAddress(t *testing.T) {
	s, _ := newSite(t)
	v := s.Visitor()
	r, err := http.NewRequest(http.MethodGet, "http://south.example/app/sign-in/passkey?to=%2Fapp%2Fme", nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := v.Do(r); a.Location != "http://example.test/app/sign-in/passkey?to=%2Fapp%2Fme" {
		t.Errorf("%d %s", a.Status, a.Location)
	}
}

func TestErasureForgetsHowAPersonSignsIn(t *testing.T) {
	u, s, _ := newUniversity(t, "")
	v := s.Visitor()
	v.Get(u.login(t, v, "/app/sign-in/oidc/north", "sam"))
	id, err := s.People.Known(t.Context(), "north", "sam@north.example")
	if err != nil {
		t.Fatal(err)
	}
	sam, err := s.People.Person(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	d := newDevice(sam)
	d.add(t, v)
	held, err := s.People.ExportPerson(t.Context(), sam)
	if kept, ok := held.(people.Kept); err != nil || !ok || len(kept.Identities) != 1 || len(kept.Passkeys) != 1 || kept.Recovery != 10 {
		t.Errorf("the export: %+v, %v", held, err)
	}
	if err := s.People.ErasePerson(t.Context(), sam); err != nil {
		t.Fatal(err)
	}
	held, err = s.People.ExportPerson(t.Context(), sam)
	if kept, ok := held.(people.Kept); err != nil || !ok || len(kept.Identities)+len(kept.Passkeys)+kept.Recovery != 0 {
		t.Errorf("after the erasure: %+v, %v", held, err)
	}
	again := s.Visitor()
	if a := again.Get(u.login(t, again, "/app/sign-in/oidc/north", "sam")); a.Location != "/app" {
		t.Errorf("signing in anew: %s", a.Location)
	}
	if now, err := s.People.Known(t.Context(), "north", "sam@north.example"); err != nil || now == id {
		t.Errorf("the same person: %v", err)
	}
}
