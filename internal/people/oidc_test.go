package people_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/zitadel/oidc/v3/example/server/storage"

	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/oidctest"
	"github.com/upstander/upstander/internal/people/peopletest"
)

// university is a foreign identity provider in this process.
type university struct{ *oidctest.University }

const oidcOf = `
    oidc:
      issuer: %s
      client_id: upstander
      client_secret_env: UPSTANDER_NORTH
      roles: {trainers: facilitator, registry: staff}
`

// institutionsWith adds lines to the first institution.
func institutionsWith(lines string) string {
	return strings.Replace(peopletest.Institutions, "    email_domains: [north.example]", "    email_domains: [north.example]"+strings.TrimRight(lines, "\n"), 1)
}

func newUniversity(t *testing.T, lines string) (*university, *peopletest.Site, *mailtest.Inbox) {
	t.Helper()
	u := &university{oidctest.Serve(t, "http://example.test/app/sign-in/oidc/north/callback",
		storage.User{ID: "sub-sam", Username: "sam", Email: "Sam@north.example", FirstName: "Sam", LastName: "Okafor", EmailVerified: true},
		storage.User{ID: "sub-sam-2", Username: "sam2", Email: "sam@north.example", FirstName: "Another", LastName: "Sam", EmailVerified: true},
		storage.User{ID: "sub-pairwise", Username: "pairwise"},
		storage.User{ID: "sub-gmail", Username: "gmail", Email: "sam@gmail.example", EmailVerified: true},
	)}
	out := mailtest.Serve(t)
	s := peopletest.NewWith(t, out.Sender(t), institutionsWith(fmt.Sprintf(oidcOf, u.URL)+lines))
	routes(s)
	return u, s, out
}

// login goes from our sign-in page through the university's and returns the address that it sends the browser back to.
func (u *university) login(t *testing.T, v *peopletest.Visitor, path, user string) string {
	t.Helper()
	begin := v.Get(path)
	if begin.Status != http.StatusSeeOther || !strings.HasPrefix(begin.Location, u.URL) {
		t.Fatalf("the start leads to %d %s", begin.Status, begin.Location)
	}
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	follow := func(address string) string {
		resp, err := browser.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if resp.Header.Get("Location") == "" {
			t.Fatalf("%s: %d %s", address, resp.StatusCode, body)
		}
		return resp.Header.Get("Location")
	}
	page, err := url.Parse(follow(begin.Location))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := browser.PostForm(u.URL+"/login/username", url.Values{"username": {user}, "password": {oidctest.Password}, "id": {page.Query().Get("authRequestID")}})
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	back := follow(resp.Header.Get("Location"))
	if !strings.HasPrefix(back, "http://example.test/app/sign-in/oidc/north/callback?") {
		t.Fatalf("the university sends the browser to %s", back)
	}
	return strings.TrimPrefix(back, "http://example.test")
}

func TestSignInThroughTheUniversity(t *testing.T) {
	u, s, out := newUniversity(t, "")
	v := s.Visitor()
	if a := v.Get("/app/sign-in?at=north"); !strings.Contains(a.Body, `href="/app/sign-in/oidc/north?at=north"`) {
		t.Error("the sign-in page does not offer the university's own sign-in")
	}
	back := u.login(t, v, "/app/sign-in/oidc/north?to=%2Fapp%2Fcertificates", "sam")
	if a := v.Get(back); a.Status != http.StatusSeeOther || a.Location != "/app/certificates" {
		t.Fatalf("coming back: %d %s\n%s", a.Status, a.Location, s.Log)
	}
	if a := v.Get("/app"); a.Body != "home of sam@north.example" {
		t.Errorf("home: %d %s", a.Status, a.Body)
	}
	if a := v.Get("/app/me"); !strings.Contains(a.Body, `value="Sam Okafor"`) {
		t.Error("the name was not taken over")
	}
	if a := s.Visitor().Get(back); !strings.Contains(a.Location, "said=sso-gone") {
		t.Errorf("the same answer in another browser: %d %s", a.Status, a.Location)
	}
	if len(out.All()) > 0 {
		t.Error("mail went out")
	}

	// The same person by another address: the identity decides, and the address follows.
	u.Users["sub-sam"].Email = "sam.okafor@student.north.example"
	again := s.Visitor()
	again.Get(u.login(t, again, "/app/sign-in/oidc/north", "sam"))
	if a := again.Get("/app"); a.Body != "home of sam.okafor@student.north.example" {
		t.Errorf("with a new address: %s", a.Body)
	}
	if a := v.Get("/app"); a.Body != "home of sam.okafor@student.north.example" {
		t.Errorf("another person was made: %s", a.Body)
	}
}

func TestAnAnswerWorksOnceAndInItsBrowser(t *testing.T) {
	u, s, _ := newUniversity(t, "")
	v, thief := s.Visitor(), s.Visitor()
	stolen := u.login(t, v, "/app/sign-in/oidc/north", "sam")
	thief.Get("/app/sign-in/oidc/north")
	if a := thief.Get(stolen); !strings.Contains(a.Location, "said=sso-failed") {
		t.Errorf("in another browser: %d %s", a.Status, a.Location)
	}
	if a := v.Get(stolen); !strings.Contains(a.Location, "said=sso-gone") { // a try from elsewhere has used it up
		t.Errorf("after the theft: %s", a.Location)
	}
	good := u.login(t, v, "/app/sign-in/oidc/north?lang=cy", "sam")
	flow := v.Cookies["upstander-flow"]
	if a := v.Get(good); a.Location != "/app" {
		t.Fatalf("%s", a.Location)
	}
	v.Cookies["upstander-flow"] = flow
	if a := v.Get(good); !strings.Contains(a.Location, "said=sso-gone") {
		t.Errorf("a second time: %s", a.Location)
	}
	if a := v.Get("/app/sign-in/oidc/south"); a.Status != http.StatusNotFound {
		t.Errorf("an institution without OpenID Connect: %d", a.Status)
	}
}

func TestRolesFromGroups(t *testing.T) {
	u, s, out := newUniversity(t, "")
	u.Join("sub-sam", "everyone", "registry", "admins")
	v := s.Visitor()
	v.Get(u.login(t, v, "/app/sign-in/oidc/north", "sam"))
	if a := v.Get("/app/staff"); a.Status != http.StatusOK {
		t.Errorf("staff by group: %d", a.Status)
	}
	if a := v.Get("/app/admin"); a.Status != http.StatusForbidden {
		t.Errorf("a group that is not mapped: %d", a.Status)
	}
	byCode := s.Visitor() // only the university can say what its groups are
	byCode.Post("/app/sign-in/code", "code", signIn(t, byCode, out, "sam@north.example"))
	if a := byCode.Get("/app/staff"); a.Status != http.StatusForbidden {
		t.Errorf("staff by group with a code: %d", a.Status)
	}
	u.Join("sub-sam")
	later := s.Visitor()
	later.Get(u.login(t, later, "/app/sign-in/oidc/north", "sam"))
	for name, browser := range map[string]*peopletest.Visitor{"this": later, "the other": v} {
		if a := browser.Get("/app/staff"); a.Status != http.StatusForbidden {
			t.Errorf("after leaving the group, in %s browser: %d", name, a.Status)
		}
	}
}

func TestPairwiseIdentityIsClaimedOnce(t *testing.T) {
	u, s, out := newUniversity(t, "")
	known := s.SignIn("jo@north.example").Person
	v := s.Visitor()
	for _, user := range []string{"pairwise", "gmail"} { // no address, and one of elsewhere
		if a := v.Get(u.login(t, v, "/app/sign-in/oidc/north?to=%2Fapp%2Fcertificates", user)); !strings.HasPrefix(a.Location, "/app/sign-in/claim?") {
			t.Fatalf("%s: %d %s\n%s", user, a.Status, a.Location, s.Log)
		}
	}
	a := v.Get(u.login(t, v, "/app/sign-in/oidc/north?to=%2Fapp%2Fcertificates", "pairwise"))
	if a := v.Get("/app"); a.Status != http.StatusSeeOther {
		t.Errorf("before the claim: %d", a.Status)
	}
	claim := a.Location
	if page := v.Get(claim); !strings.Contains(page.Body, "North University has let you in") {
		t.Errorf("the claim page: %d", page.Status)
	}
	if a := v.Post(claim, "email", "jo@south.example"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "another university") {
		t.Errorf("an address of another university: %d", a.Status)
	}
	if a := s.Visitor().Post(claim, "email", "jo@north.example"); !strings.Contains(a.Location, "said=sso-gone") {
		t.Errorf("in another browser: %d %s", a.Status, a.Location)
	}
	sent := v.Post(claim, "email", "jo@north.example")
	if a := v.Post(sent.Location, "code", sixDigits.FindString(out.Last(t).Text)); a.Location != "/app/certificates" {
		t.Fatalf("the code: %d %s", a.Status, a.Location)
	}
	later := s.Visitor()
	if a := later.Get(u.login(t, later, "/app/sign-in/oidc/north", "pairwise")); a.Location != "/app" {
		t.Errorf("the second time: %d %s", a.Status, a.Location)
	}
	if a := later.Get("/app"); a.Body != "home of jo@north.example" {
		t.Errorf("%s", a.Body)
	}
	if p, err := s.People.Person(t.Context(), known.ID); err != nil || p.Email != "jo@north.example" {
		t.Errorf("%+v %v", p, err)
	}
}

// TestAnAddressThatWasGivenToSomebodyElse opens nothing of whoever had it before.
func TestAnAddressThatWasGivenToSomebodyElse(t *testing.T) {
	u, s, out := newUniversity(t, "")
	v := s.Visitor()
	v.Get(u.login(t, v, "/app/sign-in/oidc/north", "sam"))
	next := s.Visitor()
	if a := next.Get(u.login(t, next, "/app/sign-in/oidc/north", "sam2")); !strings.Contains(a.Location, "said=sso-taken") {
		t.Errorf("the next holder of the address: %d %s", a.Status, a.Location)
	}
	claim := next.Get(u.login(t, next, "/app/sign-in/oidc/north", "pairwise")).Location
	sent := next.Post(claim, "email", "sam@north.example")
	if a := next.Post(sent.Location, "code", sixDigits.FindString(out.Last(t).Text)); !strings.Contains(a.Location, "said=sso-taken") {
		t.Errorf("claiming it by code: %d %s", a.Status, a.Location)
	}
}

func TestMatchByExternalIDAsksWhereTheRosterDoesNotKnow(t *testing.T) {
	u, s, _ := newUniversity(t, "      match: external_id\n      attributes: {external_id: preferred_username}\n")
	v := s.Visitor()
	if a := v.Get(u.login(t, v, "/app/sign-in/oidc/north", "sam")); !strings.HasPrefix(a.Location, "/app/sign-in/claim") {
		t.Errorf("nobody on the roster: %s", a.Location)
	}
}

func TestKeysAreRotated(t *testing.T) {
	u, s, _ := newUniversity(t, "")
	for _, id := range []string{"second", "third"} {
		v := s.Visitor()
		if a := v.Get(u.login(t, v, "/app/sign-in/oidc/north", "sam")); a.Location != "/app" {
			t.Fatalf("before key %s: %s", id, a.Location)
		}
		u.Rotate(t, id)
	}
	v := s.Visitor()
	if a := v.Get(u.login(t, v, "/app/sign-in/oidc/north", "sam")); a.Location != "/app" {
		t.Errorf("with the third key: %s\n%s", a.Location, s.Log)
	}
}

func TestProviderIsAway(t *testing.T) {
	u, s, _ := newUniversity(t, "")
	v := s.Visitor()
	back := u.login(t, v, "/app/sign-in/oidc/north", "sam")
	u.Close()
	if a := v.Get(back); !strings.Contains(a.Location, "said=sso-away") {
		t.Errorf("the provider goes away in between: %d %s", a.Status, a.Location)
	}
	dead := peopletest.NewWith(t, mailtest.Serve(t).Sender(t), institutionsWith(fmt.Sprintf(oidcOf, u.URL)))
	routes(dead)
	began := time.Now()
	for range 20 {
		if a := dead.Visitor().Get("/app/sign-in/oidc/north?to=%2Fapp%2Fme"); a.Location != "/app/sign-in?at=north&said=sso-away&to=%2Fapp%2Fme" {
			t.Fatalf("the provider has never been there: %d %s", a.Status, a.Location)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("twenty people waited %v", took)
	}
	if a := dead.Visitor().Get("/app/sign-in?at=north&said=sso-away"); a.Status != http.StatusOK || !strings.Contains(a.Body, "does not answer just now") {
		t.Errorf("the sign-in page: %d", a.Status)
	}
}

func TestTheUniversityLetsNobodyIn(t *testing.T) {
	_, s, _ := newUniversity(t, "")
	v := s.Visitor()
	begin := v.Get("/app/sign-in/oidc/north")
	to, err := url.Parse(begin.Location)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(to.Query().Get(name)) < 26 {
			t.Errorf("%s is %q", name, to.Query().Get(name))
		}
	}
	if to.Query().Get("code_challenge_method") != "S256" {
		t.Error("PKCE is not by S256")
	}
	if a := v.Get("/app/sign-in/oidc/north/callback?error=access_denied&state=" + to.Query().Get("state")); !strings.Contains(a.Location, "said=sso-refused") {
		t.Errorf("%d %s", a.Status, a.Location)
	}
}

// liar is a provider that signs whatever a test wants.
type liar struct {
	server *httptest.Server
	key    *rsa.PrivateKey
	change func(claims map[string]any)
	header func(*jose.SigningKey)
	nonce  string
	info   map[string]any
}

func newLiar(t *testing.T) *liar {
	t.Helper()
	l := &liar{}
	var err error
	if l.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	l.server = httptest.NewServer(mux)
	t.Cleanup(l.server.Close)
	say := func(w http.ResponseWriter, v any) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		at := l.server.URL
		say(w, map[string]any{"issuer": at, "authorization_endpoint": at + "/auth", "token_endpoint": at + "/token", "jwks_uri": at + "/keys", "userinfo_endpoint": at + "/info", "id_token_signing_alg_values_supported": []string{"RS256"}})
	})
	mux.HandleFunc("/keys", func(w http.ResponseWriter, _ *http.Request) {
		say(w, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: &l.key.PublicKey, KeyID: "k", Algorithm: "RS256", Use: "sig"}}})
	})
	mux.HandleFunc("/info", func(w http.ResponseWriter, _ *http.Request) { say(w, l.info) })
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		now := time.Now()
		claims := map[string]any{
			"iss": l.server.URL, "sub": "sub-sam", "aud": "upstander", "nonce": l.nonce, "iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
			"email": "sam@north.example", "name": "Sam", "groups": []string{},
		}
		key := jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: l.key, KeyID: "k"}}
		if l.change != nil {
			l.change(claims)
		}
		if l.header != nil {
			l.header(&key)
		}
		raw := ""
		if key.Key == nil {
			body, _ := json.Marshal(claims)
			raw = "eyJhbGciOiJub25lIn0." + strings.TrimRight(base64.URLEncoding.EncodeToString(body), "=") + "."
		} else {
			signer, err := jose.NewSigner(key, nil)
			if err != nil {
				t.Error(err)
				return
			}
			if raw, err = jwt.Signed(signer).Claims(claims).Serialize(); err != nil {
				t.Error(err)
			}
		}
		say(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": raw})
	})
	return l
}

// TestLies lets a provider, or somebody in between, say what must not be believed.
func TestLies(t *testing.T) {
	l := newLiar(t)
	s := peopletest.NewWith(t, mailtest.Serve(t).Sender(t), institutionsWith(fmt.Sprintf(oidcOf, l.server.URL)))
	routes(s)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		change func(map[string]any)
		header func(*jose.SigningKey)
		info   map[string]any
		query  string
		want   string
	}{
		"the truth":                {want: "/app"},
		"our clock is ahead":       {change: func(c map[string]any) { c["exp"] = time.Now().Add(-30 * time.Second).Unix() }, want: "/app"},
		"our clock is behind":      {change: func(c map[string]any) { c["iat"] = time.Now().Add(30 * time.Second).Unix() }, want: "/app"},
		"several audiences, ours":  {change: func(c map[string]any) { c["aud"], c["azp"] = []string{"upstander", "other"}, "upstander" }, want: "/app"},
		"an address unvouched for": {change: func(c map[string]any) { c["email_verified"], c["sub"] = false, "liar" }, want: "/app/sign-in/claim?at=north"},
		"expired":                  {change: func(c map[string]any) { c["exp"] = time.Now().Add(-10 * time.Minute).Unix() }},
		"from the future":          {change: func(c map[string]any) { c["iat"] = time.Now().Add(time.Hour).Unix() }},
		"not yet valid":            {change: func(c map[string]any) { c["nbf"] = time.Now().Add(time.Hour).Unix() }},
		"another issuer":           {change: func(c map[string]any) { c["iss"] = "https://login.south.example" }},
		"another audience":         {change: func(c map[string]any) { c["aud"] = "somebody-else" }},
		"among others, not for us": {change: func(c map[string]any) { c["aud"], c["azp"] = []string{"upstander", "other"}, "other" }},
		"several, none named":      {change: func(c map[string]any) { c["aud"] = []string{"upstander", "other"} }},
		"another nonce":            {change: func(c map[string]any) { c["nonce"] = "replayed" }},
		"no nonce":                 {change: func(c map[string]any) { delete(c, "nonce") }},
		"nobody":                   {change: func(c map[string]any) { delete(c, "sub") }},
		"a stranger's key":         {header: func(k *jose.SigningKey) { k.Key = jose.JSONWebKey{Key: stranger, KeyID: "k"} }},
		"no signature":             {header: func(k *jose.SigningKey) { k.Key = nil }},
		"our secret as the key":    {header: func(k *jose.SigningKey) { k.Algorithm, k.Key = jose.HS256, []byte("secretsecretsecretsecretsecretse") }},
		"info of somebody else":    {change: func(c map[string]any) { delete(c, "email") }, info: map[string]any{"sub": "alex", "email": "alex@north.example"}},
		"another issuer answers":   {query: "&iss=https%3A%2F%2Flogin.south.example"},
	} {
		l.change, l.header, l.info = test.change, test.header, test.info
		v := s.Visitor()
		to, err := url.Parse(v.Get("/app/sign-in/oidc/north").Location)
		if err != nil {
			t.Fatal(err)
		}
		l.nonce = to.Query().Get("nonce")
		a := v.Get("/app/sign-in/oidc/north/callback?code=x&state=" + to.Query().Get("state") + test.query)
		want := test.want
		if want == "" {
			want = "/app/sign-in?at=north&said=sso-failed"
		}
		if a.Location != want {
			t.Errorf("%s: %d %s, want %s\n%s", name, a.Status, a.Location, want, s.Log)
		}
		if _, in := v.Cookies["upstander"]; in != (test.want == "/app") {
			t.Errorf("%s: signed in: %v", name, in)
		}
	}
}

func TestCodesForStudentsOnly(t *testing.T) {
	out := mailtest.Serve(t)
	s := peopletest.NewWith(t, out.Sender(t), institutionsWith("\n    sign_in: {codes: students}\n"))
	routes(s)
	if _, err := s.People.Grant(t.Context(), "kim@north.example", people.Staff); err != nil {
		t.Fatal(err)
	}
	v := s.Visitor()
	v.Post("/app/sign-in/code", "code", signIn(t, v, out, "kim@north.example"))
	if a := v.Get("/app"); a.Status != http.StatusOK {
		t.Errorf("what students do: %d", a.Status)
	}
	if a := v.Get("/app/staff"); a.Status == http.StatusOK {
		t.Errorf("a code opens a role: %d", a.Status)
	}
	if a := s.SignIn("kim@north.example").Get("/app/staff"); a.Status != http.StatusOK {
		t.Errorf("a passkey: %d", a.Status)
	}
}

func TestCodesForNobody(t *testing.T) {
	_, s, out := newUniversity(t, "    sign_in: {codes: nobody}\n")
	v := s.Visitor()
	if a := v.Get("/app/sign-in?at=north"); strings.Contains(a.Body, `name="email"`) {
		t.Error("the page asks for an address")
	}
	if a := v.Post("/app/sign-in", "email", "sam@north.example"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "signs people in itself") {
		t.Errorf("asking for a code: %d", a.Status)
	}
	if len(out.All()) > 0 {
		t.Error("a code went out")
	}
	if a := v.Post("/app/sign-in", "email", "sam@south.example"); a.Status != http.StatusSeeOther {
		t.Errorf("another university's address: %d", a.Status)
	}
}
