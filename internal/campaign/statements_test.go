package campaign

import (
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/store/storetest"
	"github.com/upstander/upstander/public"
)

func newSite(t testing.TB) (*peopletest.Site, *Service) {
	t.Helper()
	return newSiteWith(t, peopletest.Institutions)
}

func newSiteWith(t testing.TB, institutions string) (*peopletest.Site, *Service) {
	t.Helper()
	lib, err := content.Load(os.DirFS("../content/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	site := peopletest.NewWith(t, nil, institutions)
	s, err := New(Config{
		Institutions: site.People, Library: func() *content.Library { return lib }, Languages: site.Server.Catalogue().Languages(),
		Cookies: people.Cookies(), Now: storetest.Now, Reviews: func() ([]locale.Review, error) { return lib.Reviews(), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	people.Routes(site.Doors, site.People)
	Routes(site.Doors, s)
	return site, s
}

func see(t testing.TB, v *peopletest.Visitor, path string, wanted ...string) string {
	t.Helper()
	a := v.Get(path)
	if a.Status != http.StatusOK {
		t.Fatalf("%s: %d", path, a.Status)
	}
	for _, want := range wanted {
		if !strings.Contains(a.Body, want) {
			t.Errorf("%s does not say %q", path, want)
		}
	}
	if strings.Contains(a.Body, "[") && regexp.MustCompile(`>\[[a-z]+\.[a-z.-]+\]<`).MatchString(a.Body) {
		t.Errorf("%s lacks a message: %s", path, a.Body)
	}
	return a.Body
}

// TestPrivacyNoticeSaysWhatTheUniversitySends shows it where there is something, in both languages, and nowhere else.
func TestPrivacyNoticeSaysWhatTheUniversitySends(t *testing.T) {
	const domain = "    email_domains: [north.example]\n"
	oidc := domain + "    oidc: {issuer: \"https://login.north.example\", client_id: upstander}\n"
	site, _ := newSiteWith(t, strings.Replace(peopletest.Institutions, domain, oidc, 1))
	v := site.Visitor()
	see(t, v, "/north/privacy", "Signing in through the university", "Your password never comes here", "What the university’s list says of you", "Passkeys")
	see(t, v, "/north/cy/privacy", "Mewngofnodi drwy’r brifysgol", "Beth mae rhestr y brifysgol yn ei ddweud amdanoch")
	plain, _ := newSite(t)
	if strings.Contains(see(t, plain.Visitor(), "/north/privacy", "Passkeys"), "Signing in through the university") {
		t.Error("the notice speaks of a sign-in that is not there")
	}
}

func TestStatementsNameTheInstitution(t *testing.T) {
	site, _ := newSite(t)
	v := site.Visitor()
	see(t, v, "/north/accessibility", "North University", "access@north.example", "01632 960 030", "EHRC", "20 November 2026")
	see(t, v, "/north/privacy", "North University", "dpo@north.example", "article 6(1)(e)", "its charter and statutes", "for six years after you leave", "0303 123 1113", "164A")
	see(t, v, "/north/cookies", "Schedule A1", "upstander-held", "14 days", "10 minutes", "1 hour", "support-1 …")
	// In Welsh, what the institution says in English only is marked as English.
	see(t, v, "/north/cy/privacy", "Prifysgol y Gogledd", `<span lang="en">its charter and statutes</span>`, "Swyddfa’r Comisiynydd Gwybodaeth")
	see(t, v, "/north/cy/accessibility", "Datganiad hygyrchedd", `<strong lang="en">Digital access team</strong>`)
	see(t, v, "/north/cy/cookies", "14 diwrnod")
	for _, page := range []string{"/accessibility", "/privacy", "/cookies"} {
		see(t, v, "/north/leaving", `href="/north`+page+`"`)
	}
}

// TestStatementSaysWhatTheChecksFound shows each state that the checks can leave the statement in; it claims nothing that they did not find.
func TestStatementSaysWhatTheChecksFound(t *testing.T) {
	site, s := newSite(t)
	v := site.Visitor()
	const none, some, all = "has not been checked yet", "what they found is being mended", "Every check below passed"
	for name, test := range map[string]struct{ json, says, silent1, silent2 string }{
		"never ran": {`{"checked":"","pages":0,"variants":0,"checks":[]}`, none, some, all},
		"failures":  {`{"checked":"2026-11-21","pages":61,"variants":24,"checks":[{"id":"axe","name":"x","count":1464,"failures":2}]}`, some, none, all},
		"all well":  {`{"checked":"2026-11-21","pages":61,"variants":24,"checks":[{"id":"axe","name":"x","count":1464,"failures":0}]}`, all, none, some},
	} {
		var err error
		if s.checked, err = readChecked([]byte(test.json)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body := see(t, v, "/north/accessibility", test.says)
		if strings.Contains(body, test.silent1) || strings.Contains(body, test.silent2) {
			t.Errorf("%s: the statement says two things at once", name)
		}
		if ran := s.checked.Day != ""; strings.Contains(body, "<table>") != ran || strings.Contains(body, "1,464") != ran || strings.Contains(body, "21 November 2026") != ran {
			t.Errorf("%s: what was checked: %s", name, body)
		}
	}
	s.checked = Checked{Day: "2026-11-21", Pages: 1, Variants: 1, Checks: []Check{{ID: "axe", Count: 1}, {ID: "new", Name: "A new check", Count: 1}}}
	see(t, v, "/north/cy/accessibility", `<span lang="en">A new check</span>`, "Rheolau axe-core")
	for name, bad := range map[string]string{
		"a day of nothing":    `{"checked":"2026-11-21","pages":3,"variants":1,"checks":[]}`,
		"checks without day":  `{"checked":"","pages":3,"variants":1,"checks":[{"id":"axe","name":"x","count":1,"failures":0}]}`,
		"no day":              `{"checked":"soon","pages":3,"variants":1,"checks":[{"id":"axe","name":"x","count":1,"failures":0}]}`,
		"more than were made": `{"checked":"2026-11-21","pages":3,"variants":1,"checks":[{"id":"axe","name":"x","count":1,"failures":2}]}`,
		"no JSON":             `{`,
	} {
		if _, err := readChecked([]byte(bad)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

// TestCookiePageListsEveryCookie makes the program set every cookie that it has, and compares what came with the page.
func TestCookiePageListsEveryCookie(t *testing.T) {
	site, s := newSite(t)
	set := map[string]bool{}
	v := site.Visitor()
	collect := func() {
		for name := range v.Cookies {
			set[name] = true
		}
	}
	v.Post("/app/sign-in", "email", "sam@north.example")
	collect()
	code := regexp.MustCompile(`class="code"[^>]*>(\d{6})<`).FindStringSubmatch(v.Get("/app/sign-in/code").Body)
	if code == nil {
		t.Fatal("no code is shown")
	}
	v.Post("/app/sign-in/code", "code", code[1])
	collect()
	sam := site.SignIn("sam@north.example").Person
	if err := site.People.SignOutEverywhere(t.Context(), sam.ID); err != nil {
		t.Fatal(err)
	}
	v.Post("/app/me", "name", "Sam", "owner", site.People.Owner(sam.ID))
	collect()
	v.Get("/app/sign-in/passkey")
	collect()
	// These two come only where a university signs people in itself; the tests of people go that way and need both.
	set["upstander-flow"], set["upstander-claim"] = true, true

	body := see(t, site.Visitor(), "/north/cookies")
	listed := map[string]bool{}
	for _, k := range people.Cookies() {
		listed[k.Name] = true
		if !strings.Contains(body, "<code>"+k.Name+"</code>") {
			t.Errorf("the page does not list %s", k.Name)
		}
	}
	if fmt.Sprint(set) != fmt.Sprint(listed) {
		t.Errorf("set: %v; listed: %v", set, listed)
	}
	for _, v := range s.viewCookies("https://training.example") {
		if !strings.HasPrefix(v.Name, "__Secure-upstander") {
			t.Errorf("over https: %s", v.Name)
		}
	}
}

// TestNobodyElseSetsCookies finds other ways in which the program could.
func TestNobodyElseSetsCookies(t *testing.T) {
	err := fs.WalkDir(os.DirFS(".."), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || path == "web/cookie.go" {
			return err
		}
		src, err := os.ReadFile("../" + path)
		for _, way := range []string{"fiber.Cookie{", "http.SetCookie", "Set-Cookie", "HeaderSetCookie", ".Cookie(&"} {
			if strings.Contains(string(src), way) {
				t.Errorf("%s: %s; cookies are set in web/cookie.go", path, way)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

var (
	storage = regexp.MustCompile(`\b(localStorage|sessionStorage|indexedDB|caches|document\.cookie|openDatabase|navigator\.storage)\b`)
	setItem = regexp.MustCompile(`\b(localStorage|sessionStorage)\.setItem\((?:"([^"]*)")?`)
)

// TestCookiePageListsEveryStore goes through the scripts: what they write to is listed, under the name that they write, and nothing listed is
// unused.
func TestCookiePageListsEveryStore(t *testing.T) {
	listed := map[string]bool{} // place, and place with name
	for _, s := range Storage() {
		listed[s.In], listed[s.In+" "+s.Name] = true, true
	}
	used := map[string]bool{}
	scripts := ""
	err := fs.WalkDir(public.Files, "js", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		src, err := fs.ReadFile(public.Files, path)
		scripts += string(src)
		for _, m := range storage.FindAllStringSubmatch(string(src), -1) {
			if used[m[1]] = true; !listed[m[1]] {
				t.Errorf("%s uses %s, which the cookie page does not list", path, m[1])
			}
		}
		for _, m := range setItem.FindAllStringSubmatch(string(src), -1) {
			if used[m[1]+" "+m[2]] = true; !listed[m[1]+" "+m[2]] {
				t.Errorf("%s sets %q in %s, which the cookie page does not list", path, m[2], m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range Storage() {
		switch s.In {
		case "caches": // opened under names that the worker puts together
			name := strings.TrimSuffix(s.Name, "…")
			if !strings.Contains(scripts, `= "`+name+`"`) {
				t.Errorf("no script names a cache %q", name)
			}
		default:
			if !used[s.In+" "+s.Name] {
				t.Errorf("no script sets %q in %s", s.Name, s.In)
			}
		}
	}
}
