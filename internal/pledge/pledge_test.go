package pledge_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/pledge"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/storetest"
)

type fixture struct {
	*peopletest.Site
	pledges *pledge.Service
	inbox   *mailtest.Inbox
	now     time.Time
}

func newFixture(t *testing.T) *fixture {
	t.Helper()
	f := &fixture{inbox: mailtest.Serve(t), now: storetest.Now()}
	f.Site = peopletest.New(t, f.inbox.Sender(t))
	f.pledges = f.service(f.Audit)
	pledge.Routes(f.Doors, f.pledges)
	return f
}

// service is pledge on the fixture's store, with an audit log of its own.
func (f *fixture) service(log *audit.Log) *pledge.Service {
	f.T.Helper()
	return f.keyed(f.Engine, log, peopletest.Keys())
}

// keyed is pledge on an engine, with its own keys.
func (f *fixture) keyed(engine pledge.Engine, log *audit.Log, keys [][]byte) *pledge.Service {
	f.T.Helper()
	s, err := pledge.New(f.T.Context(), pledge.Config{
		Engine: engine, Limits: f.Ephemeral.NewLimits(), Mail: f.inbox.Sender(f.T), People: f.People, Audit: log, Catalogue: f.Server.Catalogue(), Keys: keys,
		Link: f.Server.FullLink, Now: func() time.Time { return f.now }, NewID: uuid.NewString, NewToken: rand.Text, ThisMonth: func() string { return "2026-11" },
	})
	if err != nil {
		f.T.Fatal(err)
	}
	return s
}

// sign posts the public form; further pairs replace or add fields.
func (f *fixture) sign(email string, pairs ...string) peopletest.Answer {
	f.T.Helper()
	form := map[string]string{"action": "talk", "email": email, "kind": "person"}
	for i := 0; i+1 < len(pairs); i += 2 {
		form[pairs[i]] = pairs[i+1]
	}
	var all []string
	for name, value := range form {
		all = append(all, name, value)
	}
	return f.Visitor().Post("/north/pledges", all...)
}

var link = regexp.MustCompile(`http://example\.test(/north/pledges/mine/\w+)`)

// private returns the path of the private link in the newest mail.
func (f *fixture) private() string {
	f.T.Helper()
	m := link.FindStringSubmatch(f.inbox.Last(f.T).Text)
	if m == nil {
		f.T.Fatalf("no link in %q", f.inbox.Last(f.T).Text)
	}
	return m[1]
}

// count reads the public counter.
func (f *fixture) count() int {
	f.T.Helper()
	n, err := f.pledges.Totals(f.T.Context(), "north")
	if err != nil {
		f.T.Fatal(err)
	}
	return n.All()
}

func TestSignConfirmWithdraw(t *testing.T) {
	f := newFixture(t)
	if a := f.sign("Sam@north.example", "wall", "yes", "initials", "s. s.", "role", "student"); a.Status != http.StatusSeeOther || a.Location != "/north/pledges/sent" {
		t.Fatalf("signing: %d %s", a.Status, a.Body)
	}
	if n := f.count(); n != 0 {
		t.Errorf("%d before the confirmation", n)
	}
	mine := f.private()
	if a := f.Visitor().Get(mine); !strings.Contains(a.Body, "Yes, I pledge this") || a.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the private link: %d", a.Status)
	}
	if n := f.count(); n != 0 {
		t.Error("opening the link counted the pledge: scanners open links")
	}
	if a := f.Visitor().Post(mine, "do", "confirm"); a.Status != http.StatusSeeOther {
		t.Errorf("confirming: %d", a.Status)
	}
	wall := f.Visitor().Get("/north/pledges").Body
	if n := f.count(); n != 1 || !strings.Contains(wall, "SS") || !strings.Contains(wall, "November 2026") || !strings.Contains(wall, "person or group has pledged") {
		t.Errorf("%d after the confirmation, or the wall does not show it", n)
	}
	f.Visitor().Post(mine, "do", "confirm")
	if n := f.count(); n != 1 {
		t.Errorf("%d after confirming twice", n)
	}
	if a := f.Visitor().Post(mine, "do", "withdraw"); !strings.Contains(a.Location, "said=pledge-withdrawn") || f.count() != 0 {
		t.Errorf("withdrawing: %d %s, %d left", a.Status, a.Location, f.count())
	}
	if a := f.Visitor().Get(mine); a.Status != http.StatusNotFound {
		t.Errorf("the link afterwards: %d", a.Status)
	}
}

func TestRepeatedSignature(t *testing.T) {
	f := newFixture(t)
	first := f.sign("sam@north.example")
	f.Visitor().Post(f.private(), "do", "confirm")
	old := f.private()
	again := f.sign("SAM@north.example", "action", "train", "kind", "person")
	if first.Status != again.Status || first.Location != again.Location || first.Body != again.Body {
		t.Errorf("the replies differ: %+v %+v", first, again)
	}
	if f.count() != 1 || !strings.Contains(f.inbox.Last(t).Text, "It counts already") {
		t.Errorf("count %d, mail %q", f.count(), f.inbox.Last(t).Text)
	}
	if a := f.Visitor().Get(old); a.Status != http.StatusNotFound {
		t.Errorf("the older link: %d", a.Status)
	}
	f.Visitor().Post(f.private(), "do", "withdraw")
	if f.count() != 0 {
		t.Error("the newer link does not withdraw")
	}
}

// deaf is an engine on which one reading fails after others.
type deaf struct {
	pledge.Engine
	fails int // reading, counted from 1
	read  int
}

func (d *deaf) Fetch(ctx context.Context, s *store.Schema, id string) (store.Document, error) {
	if d.read++; d.read == d.fails {
		return store.Document{}, fault.Unavailable
	}
	return d.Engine.Fetch(ctx, s, id)
}

// TestAnAddressSignsOnceAcrossKeys: an address that signed by the key before keeps its id, and gets no second one where the store cannot say so.
func TestAnAddressSignsOnceAcrossKeys(t *testing.T) {
	f := newFixture(t)
	before, after := peopletest.Keys()[0], []byte("fedcba9876543210fedcba9876543210")
	sam := f.SignIn("sam@north.example").Person
	draft := pledge.Draft{Action: "talk"}
	if err := f.keyed(f.Engine, f.Audit, [][]byte{before}).SignAs(t.Context(), sam, draft); err != nil {
		t.Fatal(err)
	}
	rotated := [][]byte{after, before}
	if err := f.keyed(&deaf{Engine: f.Engine, fails: 1}, f.Audit, rotated).SignAs(t.Context(), sam, draft); !errors.Is(err, fault.Unavailable) {
		t.Errorf("in person: %v", err)
	}
	draft.Kind, draft.Email = pledge.Person, sam.Email
	if _, err := f.keyed(&deaf{Engine: f.Engine, fails: 1}, f.Audit, rotated).Sign(t.Context(), "north", "en", "", draft); !errors.Is(err, fault.Unavailable) {
		t.Errorf("by mail: %v", err)
	}
	if err := f.keyed(f.Engine, f.Audit, rotated).SignAs(t.Context(), sam, draft); err != nil {
		t.Error(err)
	}
	if total, err := f.keyed(f.Engine, f.Audit, rotated).Totals(t.Context(), "north"); err != nil || total.All() != 1 {
		t.Errorf("one address counts %d times, %v", total.All(), err)
	}
}

func TestScriptedSignaturesMoveNothing(t *testing.T) {
	f := newFixture(t)
	for i := range 1000 {
		if a := f.sign(fmt.Sprintf("nobody%d@north.example", i)); a.Status != http.StatusSeeOther {
			t.Fatalf("signature %d: %d", i, a.Status)
		}
	}
	if n := f.count(); n != 0 {
		t.Errorf("the counter says %d", n)
	}
	if n, err := f.pledges.Forget(t.Context(), f.now); n != 0 || err != nil {
		t.Errorf("forgot %d at once, %v", n, err)
	}
	if n, err := f.pledges.Forget(t.Context(), f.now.Add(time.Hour)); n != 1000 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
}

// TestACampusBehindOneAddress is a fair: 500 students sign and confirm from one address of the network.
func TestACampusBehindOneAddress(t *testing.T) {
	f := newFixture(t)
	for i := range 500 {
		if a := f.sign(fmt.Sprintf("student%d@north.example", i)); a.Status != http.StatusSeeOther {
			t.Fatalf("student %d: %d", i, a.Status)
		}
		f.Visitor().Post(f.private(), "do", "confirm")
	}
	if n := f.count(); n != 500 {
		t.Errorf("the counter says %d", n)
	}
}

func TestOneAddressIsLimited(t *testing.T) {
	f := newFixture(t)
	for range 3 {
		f.sign("sam@north.example")
	}
	if a := f.sign("sam@north.example"); a.Status != http.StatusTooManyRequests {
		t.Errorf("the fourth mail within the hour: %d", a.Status)
	}
}

// TestTagsMakeNoOtherPerson: what stands behind a plus neither fills an inbox nor counts twice.
func TestTagsMakeNoOtherPerson(t *testing.T) {
	f := newFixture(t)
	for _, email := range []string{"sam@north.example", "sam+a@north.example"} {
		f.sign(email)
		f.Visitor().Post(f.private(), "do", "confirm")
	}
	if n := f.count(); n != 1 {
		t.Errorf("one person counts %d times", n)
	}
	f.sign("sam+b@north.example")
	if a := f.sign("sam+c@north.example"); a.Status != http.StatusTooManyRequests {
		t.Errorf("the fourth mail to one inbox within the hour: %d", a.Status)
	}
}

// TestAPledgeFollowsItsPerson finds a signature under an address that its person had before.
func TestAPledgeFollowsItsPerson(t *testing.T) {
	f := newFixture(t)
	v := f.SignIn("sam@north.example")
	v.Post("/app/pledge", "action", "talk", "wall", "yes", "initials", "SO", "role", "student")
	if err := f.People.Move(t.Context(), v.Person, "samira@north.example"); err != nil {
		t.Fatal(err)
	}
	moved, err := f.People.Person(t.Context(), v.Person.ID)
	if err != nil {
		t.Fatal(err)
	}
	again := f.SignIn("samira@north.example")
	again.Post("/app/pledge", "action", "talk")
	if n := f.count(); n != 1 || again.Person.ID != v.Person.ID {
		t.Errorf("one person counts %d times", n)
	}
	if err := f.pledges.ErasePerson(t.Context(), moved); err != nil || f.count() != 0 {
		t.Errorf("after the erasure %d count, %v", f.count(), err)
	}
}

func TestWrongForms(t *testing.T) {
	f := newFixture(t)
	const refused = http.StatusUnprocessableEntity
	for name, test := range map[string]struct {
		email  string
		pairs  []string
		status int
		says   string
	}{
		"no address":           {"", nil, refused, "Type an e-mail address"},
		"elsewhere":            {"sam@south.example", nil, refused, "Use an address of this university"},
		"an unknown action":    {"sam@north.example", []string{"action", "none"}, refused, "Choose one thing to do"},
		"no action":            {"sam@north.example", []string{"action", ""}, refused, "Choose one thing to do"},
		"no kind":              {"sam@north.example", []string{"kind", ""}, refused, "Choose one of the list"},
		"an unknown kind":      {"sam@north.example", []string{"kind", "emperor"}, refused, "Choose one of the list"},
		"no group":             {"sam@north.example", []string{"kind", "team"}, refused, "two to eighty characters"},
		"a group of one":       {"sam@north.example", []string{"kind", "team", "group", "x"}, refused, "two to eighty characters"},
		"script":               {`"<script>alert(1)</script>"@north.example`, nil, refused, "Type an e-mail address"},
		"numbers initials":     {"sam@north.example", []string{"wall", "yes", "initials", "S1", "role", "student"}, refused, "Type one to four letters"},
		"long initials":        {"sam@north.example", []string{"wall", "yes", "initials", "SAMUEL", "role", "student"}, refused, "Type one to four letters"},
		"an invented role":     {"sam@north.example", []string{"wall", "yes", "initials", "SS", "role", "Vice-Chancellor"}, refused, "Choose one of the list"},
		"markup, sent back":    {"elsewhere@south.example", []string{"kind", "team", "group", "<script>alert(2)</script>"}, refused, "&lt;script&gt;alert(2)"},
		"markup in a group":    {"team@north.example", []string{"kind", "team", "group", "<script>alert(3)</script>"}, http.StatusSeeOther, ""},
		"a group of no person": {"sam@north.example", []string{"group", "<b>x</b>"}, http.StatusSeeOther, ""}, // a person's is not kept
	} {
		a := f.sign(test.email, test.pairs...)
		if a.Status != test.status || !strings.Contains(a.Body, test.says) || strings.Contains(a.Body, "<script>alert") {
			t.Errorf("%s: %d, want %d and %q", name, a.Status, test.status, test.says)
		}
	}
	if a := f.Visitor().Get("/north/pledges?after=rubbish"); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("a rubbish cursor: %d", a.Status)
	}
	for _, path := range []string{"/north/pledges/mine/rubbish", "/north/pledges/mine/" + strings.Repeat("x", 5000)} {
		if a := f.Visitor().Get(path); a.Status != http.StatusNotFound {
			t.Errorf("%.40s: %d", path, a.Status)
		}
	}
}

func TestGroupsWaitForStaff(t *testing.T) {
	f := newFixture(t)
	a := f.sign("contact@north.example", "kind", "society", "action", "host", "group", "Rowing <i>Club</i>")
	if a.Status != http.StatusSeeOther {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	staff, foreign := f.SignIn("staff@north.example", people.Staff), f.SignIn("staff@south.example", people.Staff)
	if a := staff.Get("/app/pledges"); strings.Contains(a.Body, "Rowing") {
		t.Error("staff see a group that its contact has not confirmed")
	}
	f.Visitor().Post(f.private(), "do", "confirm")
	if a := f.Visitor().Get("/north/pledges"); strings.Contains(a.Body, "Rowing") || f.count() != 1 {
		t.Error("the name shows before staff have let it through, or does not count")
	}
	page := staff.Get("/app/pledges").Body
	if !strings.Contains(page, "Rowing &lt;i&gt;Club") {
		t.Fatalf("staff do not see it: %s", page)
	}
	id := regexp.MustCompile(`name="id" value="([0-9a-f]+)"`).FindStringSubmatch(page)[1]
	if a := foreign.Post("/app/pledges", "id", id, "do", "let"); a.Status != http.StatusNotFound {
		t.Errorf("another institution's staff: %d", a.Status)
	}
	if a := f.SignIn("student@north.example").Post("/app/pledges", "id", id, "do", "let"); a.Status != http.StatusForbidden {
		t.Errorf("a student: %d", a.Status)
	}
	staff.Post("/app/pledges", "id", id, "do", "let")
	if a := f.Visitor().Get("/north/pledges"); !strings.Contains(a.Body, "Rowing &lt;i&gt;Club") {
		t.Error("the wall does not show the group")
	}
	staff.Post("/app/pledges", "id", id, "do", "refuse")
	if a := f.Visitor().Get("/north/pledges"); strings.Contains(a.Body, "Rowing") {
		t.Error("the wall shows a refused group")
	}
	f.decisions(staff.Person.ID, id)
}

// decisions looks for what TestGroupsWaitForStaff did in the log, and for who signed: nothing there may be found again from an address.
func (f *fixture) decisions(staff, id string) {
	f.T.Helper()
	page, err := f.Audit.Entries(f.T.Context(), audit.Filter{Verb: audit.PledgeModerate, Institution: "north"}, "", "")
	if err != nil || len(page.Items) != 2 {
		f.T.Fatalf("%d decisions are recorded, %v", len(page.Items), err)
	}
	for i, detail := range []string{"refused", "let through"} { // the newest first
		e := page.Items[i]
		if _, err := uuid.Parse(e.Subject); e.Actor != staff || e.Detail != detail || err != nil || e.Subject != page.Items[0].Subject || e.Subject == id {
			f.T.Errorf("%+v", e)
		}
	}
	if page, err := f.Audit.Entries(f.T.Context(), audit.Filter{Institution: "south"}, "", ""); err != nil || len(page.Items) > 0 {
		f.T.Errorf("what was refused to another institution is recorded: %v, %v", page.Items, err)
	}
}

// TestNothingIsDecidedThatCannotBeRecorded: without the audit log a group's name stays where it is.
func TestNothingIsDecidedThatCannotBeRecorded(t *testing.T) {
	f := newFixture(t)
	f.Visitor().Post("/north/pledges", "kind", "society", "action", "host", "email", "contact@north.example", "group", "Rowing Club")
	f.Visitor().Post(f.private(), "do", "confirm")
	groups, err := f.pledges.Asking(t.Context(), "north")
	if err != nil || len(groups) != 1 {
		t.Fatalf("%d groups, %v", len(groups), err)
	}
	elsewhere := storetest.Open(t)
	log, err := audit.New(t.Context(), audit.Config{Engine: elsewhere, Now: storetest.Now, NewID: uuid.NewString})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.Close()
	staff := f.SignIn("staff@north.example", people.Staff).Person
	for _, let := range []bool{true, false} {
		if err := f.service(log).Moderate(t.Context(), staff, groups[0].ID, let); err == nil {
			t.Errorf("let through %t: done without a record", let)
		}
		if left, err := f.pledges.Asking(t.Context(), "north"); err != nil || len(left) != 1 {
			t.Errorf("let through %t: %d groups wait, %v", let, len(left), err)
		}
	}
}

func TestSignedInPeoplePledgeInOneTap(t *testing.T) {
	f := newFixture(t)
	sam := f.SignIn("sam@north.example")
	if a := sam.Post("/app/pledge"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "Choose one thing to do") {
		t.Errorf("without an action: %d", a.Status)
	}
	if a := sam.Post("/app/pledge", "action", "check"); a.Status != http.StatusSeeOther || f.count() != 1 {
		t.Errorf("%d, count %d", a.Status, f.count())
	}
	f.sign("sam@north.example") // the same person, from the public page
	if f.count() != 1 || !strings.Contains(f.inbox.Last(t).Text, "It counts already") {
		t.Errorf("the same address counts %d times", f.count())
	}
	if a := sam.Get("/app/pledge"); !strings.Contains(a.Body, "Your pledge counts since November 2026") {
		t.Error("the page does not say so")
	}
	sam.Post("/app/pledge/withdraw")
	sam.Post("/app/pledge/withdraw")
	if f.count() != 0 {
		t.Error("not withdrawn")
	}
}

func TestAnotherInstitutionsLink(t *testing.T) {
	f := newFixture(t)
	f.sign("sam@north.example")
	token := f.private()[strings.LastIndexByte(f.private(), '/')+1:]
	if _, err := f.pledges.Behind(t.Context(), "south", token); !errors.Is(err, fault.NotFound) {
		t.Errorf("got %v", err)
	}
}

// TestTheAddressIsNotKept reads every document for what was typed.
func TestTheAddressIsNotKept(t *testing.T) {
	f := newFixture(t)
	f.sign("unmistakable@north.example", "wall", "yes", "initials", "U", "role", "staff")
	f.Visitor().Post(f.private(), "do", "confirm")
	token := f.private()[strings.LastIndexByte(f.private(), '/')+1:]
	p, err := f.pledges.Behind(t.Context(), "north", token)
	if err != nil {
		t.Fatal(err)
	}
	if kept := fmt.Sprintf("%+v", p); strings.Contains(kept, "unmistakable") || strings.Contains(kept, token) {
		t.Errorf("kept: %s", kept)
	}
}
