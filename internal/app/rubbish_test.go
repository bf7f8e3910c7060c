package app

import (
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/workshop"
)

// TestEveryFieldTakesRubbish finds every form on the pages of the site and sends it rubbish, field by field: script, a hundred thousand letters,
// bytes that are no text, a NUL. No answer may be a server error, and none may give script back as markup.
func TestEveryFieldTakesRubbish(t *testing.T) {
	a := newApp(t, Options{Demo: true})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = a.server.Serve(ln) }()
	b := newBrowser("http://" + ln.Addr().String())
	signIn := func() {
		if err := b.post("/app/sign-in/as", url.Values{"at": {"aldermoor"}, "role": {"staff"}}); err != nil || b.url.Path != "/app" {
			t.Fatalf("sign-in: %v, at %s", err, b.url)
		}
	}
	signIn()
	m := a.library.now().Modules()[0]
	if err := b.post("/app/training/"+m.Slug, url.Values{"route": {m.Routes[0].ID}}); err != nil {
		t.Fatal(err)
	}
	pages := []string{
		"/aldermoor/", "/aldermoor/pledges", "/aldermoor/verify", "/aldermoor/support", "/app/sign-in?to=%2Fapp", "/app", "/app/me", "/app/pledge", "/app/pledges", "/aldermoor/join", "/app/workshops",
		"/app/training/" + m.Slug,
	}
	for _, s := range m.Routes[0].Sections[:2] {
		for _, slot := range s.Slots {
			for _, it := range slot {
				pages = append(pages, "/app/training/"+m.Slug+"/"+it.Slug)
			}
		}
	}
	room := openRoom(t, a, b)
	pages = append(pages, "/room/"+room, "/room/"+room+"/host", "/room/"+room+"/screen")
	sent := 0
	for _, page := range pages {
		sent += b.sendRubbish(t, page)
	}
	if sent < 300 {
		t.Errorf("only %d forms were sent", sent)
	}
	for _, path := range []string{
		"/%ff", "/app/%2e%2e/x", "/app/training/%00", "//evil.example/", "/app//evil", "/aldermoor/verify/%3Cscript%3E", "/aldermoor/pledges?after=%ff&before=%00", "/" + strings.Repeat("x", 5000),
		"/app/training/" + m.Slug + "/go/../../x", "/aldermoor/?said=%3Cscript%3E", "/app?said=../../x", "/app/to/..", "/public/..%2f..%2fgo.mod",
	} {
		if err := b.open(path); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if b.status >= http.StatusInternalServerError || strings.Contains(b.body, "<script>alert") || b.url.Host != ln.Addr().String() {
			t.Errorf("%s: %d at %s", path, b.status, b.url)
		}
	}
}

const script = `"><script>alert("rubbish")</script>`

// rubbish is what a field may be sent, by kind.
func rubbish() map[string]string {
	return map[string]string{
		"script": script, "100,000 letters": strings.Repeat("x", 100_000), "no text": "\xff\xfe\x80", "NUL": "a\x00b", "empty": "", "direction": "\u202Ereversed\u2066",
		"number": "-99999999999999999999", "no such day": "2026-02-31",
	}
}

// sendRubbish sends the forms of a page with rubbish in one field after the other, and returns how often.
func (b *browser) sendRubbish(t *testing.T, page string) (sent int) {
	t.Helper()
	if err := b.open(page); err != nil {
		t.Fatal(err)
	}
	root := b.page
	for _, form := range all(root, element("form")) {
		action := attr(form, "action")
		if action == "/app/leave" || action == "/app/sign-out" || strings.HasSuffix(action, "everywhere") || ends(form) || attr(form, "method") != "post" {
			continue
		}
		b.page, b.typed = root, map[string][]string{}
		values := b.filled(form)
		for _, button := range all(form, element("button")) {
			if name := attr(button, "name"); name != "" && values.Get(name) == "" {
				values.Set(name, attr(button, "value"))
			}
		}
		for field := range values {
			for kind, what := range rubbish() {
				with := url.Values{}
				for k, v := range values {
					with[k] = v
				}
				with.Set(field, what)
				if err := b.post(action, with); err != nil {
					t.Fatalf("%s: %s=%s: %v", action, field, kind, err)
				}
				sent++
				b.survives(t, action+": "+field+"="+kind)
			}
		}
	}
	return sent
}

// survives makes sure that an answer is neither a server error nor gives script back as markup.
func (b *browser) survives(t *testing.T, what string) {
	t.Helper()
	markup := !strings.HasPrefix(b.header.Get("Content-Disposition"), "attachment") && strings.Contains(b.body, "<script>alert")
	if b.status >= http.StatusInternalServerError || markup {
		t.Errorf("%s: answered %d, or gave it back", what, b.status)
	}
}

// office is the demo with an announced workshop and somebody who holds every role of an institution.
type office struct {
	*App
	base                                       string
	person, requirement, session, room, upload string // ids of things of Aldermoor
}

func newOffice(t *testing.T) *office {
	t.Helper()
	a := newApp(t, Options{Demo: true})
	settled(t, a)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = a.server.Serve(ln) }()
	o := &office{App: a, base: "http://" + ln.Addr().String()}
	all, err := a.requirements.Requirements(t.Context(), "aldermoor")
	if err != nil || len(all) == 0 {
		t.Fatalf("%d requirements, %v", len(all), err)
	}
	o.requirement = all[0].ID
	page, err := a.requirements.People(t.Context(), requirement.Query{Requirement: o.requirement, By: requirement.ByName, Limit: 1})
	if err != nil || len(page.Items) != 1 {
		t.Fatalf("%d people, %v", len(page.Items), err)
	}
	o.person = page.Items[0].Person
	staff := o.holdsAll(t, "aldermoor")
	d, err := a.workshops.Schedule(t.Context(), staff, "bystander", "myth-buster", workshop.Plan{Day: clock().AddDate(0, 0, 7).Format(time.DateOnly), Time: "14:30", Place: "Hall", Places: 9, Bookable: true})
	if err != nil {
		t.Fatal(err)
	}
	o.session, o.room = d.ID, openRoom(t, a, newBrowser(o.base))
	if _, err := a.workshops.End(t.Context(), o.room); err != nil {
		t.Fatal(err)
	}
	u, err := a.requirements.Upload(t.Context(), staff, "roster.csv", false, []byte("student number,e-mail,name\nZ1,zora@aldermoor.example,Zora First\n"))
	if err != nil {
		t.Fatal(err)
	}
	o.upload = u.ID
	return o
}

// holdsAll returns somebody with every role.
func (o *office) holdsAll(t *testing.T, institution string) (p people.Person) {
	t.Helper()
	for _, role := range people.GrantedRoles() {
		var err error
		if p, err = o.people.Grant(t.Context(), "everything@"+institution+".example", role); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// pages lists what the office has, about Aldermoor's things.
func (o *office) pages() []string {
	return []string{
		"/app/staff/insights?requirement=" + o.requirement, "/app/staff/people?requirement=" + o.requirement, "/app/staff/people/" + o.person, "/app/staff/requirements", "/app/staff/requirements/new",
		"/app/staff/requirements/" + o.requirement, "/app/staff/roster", "/app/staff/roster/" + o.upload, "/app/reminders", "/app/reminders/" + o.requirement, "/app/workshops", "/app/workshops/plan",
		"/app/workshops/plan/" + o.session, "/app/workshops/plan/" + o.session + "/names", "/app/workshops/held", "/app/workshops/held/" + o.room, "/app/records", "/app/records/" + o.person,
		"/app/records/" + o.person + "/erase", "/app/audit", "/app/roles", "/app/roles/" + o.person,
	}
}

// TestOfficeTakesRubbish is TestEveryFieldTakesRubbish for the pages of those who do more than learn, and for what stands in their addresses.
func TestOfficeTakesRubbish(t *testing.T) {
	o := newOffice(t)
	b := o.browserOf(t, o.base, o.holdsAll(t, "aldermoor"))
	sent := 0
	for _, page := range o.pages() {
		if err := b.open(page); err != nil || b.status != http.StatusOK {
			t.Fatalf("%s: %d, %v", page, b.status, err)
		}
		path, _, _ := strings.Cut(page, "?")
		for _, field := range []string{"requirement", "cycle", "place", "status", "by", "q", "after", "before", "actor", "verb", "subject", "from", "to"} {
			for kind, what := range rubbish() {
				if err := b.open(path + "?" + url.Values{field: {what[:min(len(what), 4000)]}}.Encode()); err != nil {
					t.Fatal(err)
				}
				b.survives(t, path+"?"+field+"="+kind)
			}
		}
		sent += b.sendRubbish(t, page)
	}
	if sent < 300 {
		t.Errorf("only %d forms were sent", sent)
	}
	if err := b.post("/app/audit", nil); err != nil || b.status != http.StatusOK || !strings.Contains(b.body, "standing-extend") {
		t.Fatalf("the audit log: %d, %v", b.status, err)
	}
	if strings.Contains(b.body, "rubbish") || strings.Contains(b.body, "xxxx") {
		t.Error("what was typed stands in the audit log")
	}
	// What is plainly wrong is refused, and said to be.
	for what, form := range map[string]url.Values{
		"/app/staff/requirements/new":              {"title-en": {""}, "modules": {"no-such-module"}, "due": {"soon"}},
		"/app/staff/requirements/" + o.requirement: {"do": {"save"}, "due": {"2026-02-31"}, "modules": {"no-such-module"}},
		"/app/staff/people/" + o.person:            {"do": {"extend"}, "requirement": {"no-such-requirement"}, "due": {"2026-12-01"}},
		"/app/staff/people/" + o.person + "?":      {"do": {"met"}, "requirement": {o.requirement}, "day": {"yesterday"}},
		"/app/staff/people/" + o.person + "?x":     {"do": {"abolish"}, "requirement": {o.requirement}},
		"/app/staff/roster":                        {"file": {"no file"}},
		"/app/staff/export":                        {"format": {"pdf"}},
		"/app/staff/export?":                       {"format": {"csv"}, "requirement": {"no-such-requirement"}},
		"/app/reminders/" + o.requirement:          {"do": {"abolish"}, "days": {"many"}},
		"/app/reminders/no-such-requirement":       {"do": {"save"}},
		"/app/workshops/plan":                      {"template": {"no/such"}, "day": {"soon"}, "time": {"25:61"}, "places": {"-1"}},
		"/app/workshops/plan/no-such-session":      {"do": {"save"}},
		"/app/workshops/session/no-such-session":   {"do": {"book"}},
		"/app/records/" + o.person + "/erase":      {"email": {strings.Repeat("x", 100_000)}},
		"/app/records/no-such-person/erase":        {"email": {"a@aldermoor.example"}},
		"/app/audit":                               {"from": {"soon"}},
		"/app/roles":                               {"email": {"nobody"}, "role": {"queen"}},
		"/app/roles/" + o.person:                   {"roles": {"queen"}},
		"/app/roles/" + o.person + "?":             {"scope": {strings.Repeat("x/", 50_000)}},
	} {
		if err := b.post(what, form); err != nil {
			t.Fatal(err)
		}
		if b.status < 400 || b.status >= 500 {
			t.Errorf("%s with %.100v: answered %d", what, form, b.status)
		}
	}
}

// TestOfficeIsClosedToOthers has somebody with every role of one institution ask for every thing of another: there is none, and nothing is done to it.
func TestOfficeIsClosedToOthers(t *testing.T) {
	o := newOffice(t)
	b := o.browserOf(t, o.base, o.holdsAll(t, "bryncoed"))
	deeds := func() (n int) {
		for _, institution := range []string{"aldermoor", "bryncoed"} {
			page, err := o.audit.Entries(t.Context(), audit.Filter{Institution: institution}, "", "")
			if err != nil {
				t.Fatal(err)
			}
			n += len(page.Items)
		}
		return n
	}
	before := deeds()
	if before == 0 {
		t.Fatal("announcing a workshop was not recorded")
	}
	asked := 0
	for _, page := range o.pages() {
		path, _, _ := strings.Cut(page, "?")
		own := !strings.Contains(page, o.person) && !strings.Contains(page, o.session) && !strings.Contains(page, o.room) && !strings.Contains(page, o.upload) && !strings.Contains(page, o.requirement)
		if own {
			continue
		}
		asked++
		if err := b.open(page); err != nil || b.status < 400 || b.status >= 500 {
			t.Errorf("%s: answered %d, %v", page, b.status, err)
		}
		for _, do := range []string{"save", "import", "discard", "extend", "exempt", "met", "end", "send", "stop", "call-off"} {
			form := url.Values{"do": {do}, "requirement": {o.requirement}, "due": {"2026-12-01"}, "day": {"2026-11-02"}, "roles": {"admin"}, "email": {"everything@bryncoed.example"}}
			if err := b.post(path, form); err != nil || b.status < 400 || b.status >= 500 {
				t.Errorf("%s, %s: answered %d, %v", path, do, b.status, err)
			}
		}
	}
	for path, form := range map[string]url.Values{
		"/app/workshops/session/" + o.session:         {"do": {"book"}},
		"/app/workshops/plan/" + o.session + "/begin": {},
		"/app/records/" + o.person + "/file":          {},
		"/app/staff/export":                           {"format": {"csv"}, "requirement": {o.requirement}},
		"/app/staff/export?":                          {"format": {"xlsx"}, "place": {"aldermoor/"}},
	} {
		if err := b.post(path, form); err != nil || b.status < 400 || b.status >= 500 {
			t.Errorf("%s: answered %d, %v", path, b.status, err)
		}
	}
	if after := deeds(); asked < 8 || after != before {
		t.Errorf("of %d pages something was done: %d entries, %d before", asked, after, before)
	}
}

// openRoom starts a workshop whose word prompt is open, led by the browser, which holds a phone as well.
func openRoom(t *testing.T, a *App, b *browser) string {
	t.Helper()
	in := a.people.Institutions()[0]
	p, err := a.people.Grant(t.Context(), "leader@"+in.EmailDomains[0], people.Facilitator)
	if err != nil {
		t.Fatal(err)
	}
	tpl := a.workshops.Templates()[0]
	r, key, err := a.workshops.Start(t.Context(), p, tpl.Module.ID, tpl.ID)
	for err == nil && tpl.Slides[r.Slide].Kind != content.WordSlide {
		r, err = a.workshops.Next(t.Context(), r.ID, r.At())
	}
	if err == nil {
		_, err = a.workshops.Ask(t.Context(), r.ID, r.At())
	}
	if err != nil {
		t.Fatal(err)
	}
	at, err := url.Parse(b.base + "/room/" + r.ID)
	if err != nil {
		t.Fatal(err)
	}
	b.client.Jar.SetCookies(at, []*http.Cookie{{Name: "upstander-host", Value: key, Path: "/room/" + r.ID}})
	return r.ID
}

// ends says whether a form ends the room, after which there is nothing more to send to.
func ends(form *node) bool {
	return find(form, func(n *node) bool { return element("button")(n) && attr(n, "value") == "end" }) != nil
}
