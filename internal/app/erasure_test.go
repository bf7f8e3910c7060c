package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/pledge"
	"github.com/upstander/upstander/internal/records"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/workshop"
)

// held is a program and somebody about whom it holds something of everything.
type held struct {
	*App
	t      *testing.T
	base   string // where it listens
	person people.Person
}

const unmistakable = "Wilhelmina Unmistakable"

// newHeld lets somebody sign in, take one training half and another whole, make a certificate, pledge, and be exported once.
func newHeld(t *testing.T) *held {
	t.Helper()
	log, inbox := &output{}, mailtest.Serve(t)
	cfg, err := config.Load(func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data, cfg.SMTP, cfg.Log = t.TempDir(), inbox.Address, "debug"
	a, err := New(t.Context(), cfg, Options{Demo: true, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = a.server.Serve(ln) }()
	s := &story{library: a.library.now(), base: "http://" + ln.Addr().String(), devices: map[string]*browser{}, kept: map[string]string{}, output: log}
	const email = "wilhelmina@aldermoor.example"
	rows := []requirement.Row{{ExternalID: "w-4711", Email: email, Name: unmistakable, Cohort: "2026", Department: "Law", Level: "4"}}
	if _, err := a.requirements.Enrol(t.Context(), "aldermoor", rows, func(line int, key string) { t.Errorf("row %d: %s", line, key) }); err != nil {
		t.Fatal(err)
	}
	signIn(t, s.on(email), inbox, email)
	complete(t, s, s.library.Modules()[1], "another-way")
	h := &held{App: a, t: t, base: s.base}
	if h.person, err = a.FindPerson(t.Context(), email); err != nil {
		t.Fatal(err)
	}
	other, ok := a.library.now().Module("bystander")
	if !ok {
		t.Fatal("there is no second module")
	}
	for _, err := range []error{
		a.people.SetName(t.Context(), h.person.ID, unmistakable),
		s.browser.post("/app/training/"+other.Slug, map[string][]string{"route": {"main"}}),
		a.pledges.SignAs(t.Context(), h.person, pledge.Draft{Action: a.pledges.Actions()[0], Wall: true, Initials: "WU", Role: "student"}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := a.certificates.Issue(t.Context(), h.person, "consent", unmistakable); err != nil {
		t.Fatal(err)
	}
	booksWorkshop(t, a, h.person)
	waysIn(t, a, h.person.ID)
	h.person, err = a.people.Person(t.Context(), h.person.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ExportPerson(t.Context(), h.person, true); err != nil {
		t.Fatal(err)
	}
	return h
}

// booksWorkshop lets somebody book a place of a workshop that staff have announced.
func booksWorkshop(t *testing.T, a *App, p people.Person) {
	t.Helper()
	staff, err := a.people.Grant(t.Context(), "announces@aldermoor.example", people.Staff)
	if err != nil {
		t.Fatal(err)
	}
	day := clock().AddDate(0, 0, 7).Format(time.DateOnly)
	d, err := a.workshops.Schedule(t.Context(), staff, "bystander", "myth-buster", workshop.Plan{Day: day, Time: "14:30", Place: "Hall", Places: 1, Bookable: true})
	if err == nil {
		_, err = a.workshops.Book(t.Context(), p, d.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// waysIn gives somebody a university sign-in, a passkey and recovery codes, as the pages would after a ceremony.
func waysIn(t *testing.T, a *App, person string) {
	t.Helper()
	keep := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	identities, err := store.Open[people.Identity](t.Context(), a.engine, store.Schema{Name: "identities", Indexes: []store.Index{store.On("person")}})
	keep(err)
	keep(identities.Insert(t.Context(), people.Identity{ID: "identity-of-one", Person: person, Institution: "aldermoor", Issuer: "oidc:https://x.example", Since: clock()}))
	passkeys, err := store.Open[people.Passkey](t.Context(), a.engine, store.Schema{Name: "passkeys", Indexes: []store.Index{store.On("person", "since")}})
	keep(err)
	keep(passkeys.Insert(t.Context(), people.Passkey{ID: "passkey-of-one", Person: person, Record: []byte("{}"), Since: clock()}))
	recoveries, err := store.Open[people.Recovery](t.Context(), a.engine, store.Schema{Name: "recoveries"})
	keep(err)
	keep(recoveries.Insert(t.Context(), people.Recovery{Person: person, Hashes: []string{"hash-of-a-code"}}))
}

// traces lists the collections that still name the person.
func (h *held) traces() (where []string) {
	h.t.Helper()
	for name, docs := range everything(h.t, h.App, &mailtest.Inbox{}, &output{}) {
		for _, d := range docs {
			if strings.Contains(d, h.person.ID) || strings.Contains(d, h.person.Email) || strings.Contains(d, unmistakable) {
				where = append(where, name)
			}
		}
	}
	return where
}

// asked counts of whom anything is required, and who has met it, over all requirements of the institution.
func (h *held) asked() (all, met int) {
	h.t.Helper()
	rules, err := h.requirements.Requirements(h.t.Context(), h.person.Institution)
	if err != nil || len(rules) == 0 {
		h.t.Fatalf("%d requirements, %v", len(rules), err)
	}
	for _, r := range rules {
		cells, err := h.requirements.Cells(h.t.Context(), r.ID, r.CycleOn(h.App.people.Today()).ID, h.person.Institution+"/")
		if err != nil {
			h.t.Fatal(err)
		}
		for _, c := range cells {
			all, met = all+c.All, met+c.Met
		}
	}
	return all, met
}

// TestExportHoldsEverything compares the file with the stored documents: every value that the store holds about a person stands in it, but for ids and
// marks that say nothing about them.
func TestExportHoldsEverything(t *testing.T) {
	h := newHeld(t)
	file, err := h.records.Export(t.Context(), h.person, true)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, docs := range everything(t, h.App, &mailtest.Inbox{}, &output{}) {
		for _, d := range docs {
			if !strings.Contains(d, h.person.ID) && !strings.Contains(d, h.person.Email) {
				continue
			}
			var fields map[string]any
			if err := json.Unmarshal([]byte(d), &fields); err != nil {
				t.Fatal(err)
			}
			for field, value := range fields {
				text, isText := value.(string)
				if !isText || text == "" || field == "_id" || field == "pending" || name == "audit" && field != "verb" {
					continue
				}
				if !bytes.Contains(whole, []byte(text)) {
					t.Errorf("%s.%s = %q is not in the file", name, field, text)
				}
			}
		}
	}
	// What staff get says nothing of what is private, not even whether there is any.
	nobody := h.person
	nobody.ID, nobody.Email = "00000000-0000-4000-8000-000000000000", "nobody@aldermoor.example"
	for _, p := range []people.Person{h.person, nobody} {
		f, err := h.records.Export(t.Context(), p, false)
		if err != nil {
			t.Fatal(err)
		}
		if len(f.Private) != 5 || f.Held["training"] != nil || f.Held["workshops"] != nil || f.Held["pledges"] != nil || f.Held["certificates"] != nil {
			t.Errorf("for staff: %v without %v", f.Held, f.Private)
		}
	}
}

// TestErasureLeavesNoByte erases somebody and then looks at every document, and at every byte of the database and its log.
func TestErasureLeavesNoByte(t *testing.T) {
	h := newHeld(t)
	others := len(everything(t, h.App, &mailtest.Inbox{}, &output{})["pledges"])
	before := len(everything(t, h.App, &mailtest.Inbox{}, &output{})["audit"])
	if len(h.traces()) < 9 {
		t.Fatalf("held in %v only", h.traces())
	}
	all0, met0 := h.asked()
	if all0 == 0 || met0 == 0 {
		t.Fatalf("asked of %d, met by %d", all0, met0)
	}
	total, err := h.pledges.Totals(t.Context(), h.person.Institution)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.ErasePerson(t.Context(), h.person); err != nil {
		t.Fatal(err)
	}
	if err := h.records.Settle(t.Context(), h.person.ID); err != nil {
		t.Fatal(err)
	}
	for _, name := range h.traces() {
		if name != "audit" {
			t.Errorf("still in %s", name)
		}
	}
	if all1, met1 := h.asked(); all1 >= all0 || met1 != met0-1 {
		t.Errorf("asked of %d and met by %d, then of %d and by %d", all0, met0, all1, met1)
	}
	all := everything(t, h.App, &mailtest.Inbox{}, &output{})
	if len(all["audit"]) != before+1 {
		t.Errorf("the audit log held %d entries and holds %d", before, len(all["audit"]))
	}
	if len(all["pledges"]) != others-1 {
		t.Errorf("%d pledges, then %d", others, len(all["pledges"]))
	}
	if now, err := h.pledges.Totals(t.Context(), h.person.Institution); err != nil || now.All() != total.All()-1 {
		t.Errorf("the count was %d and is %d, %v", total.All(), now.All(), err)
	}
	if _, err := h.FindPerson(t.Context(), h.person.Email); err == nil {
		t.Error("the address still finds somebody")
	}
	if err := h.records.Erase(t.Context(), audit.Operator, h.person); err != nil {
		t.Errorf("erasing again: %v", err)
	}
	if err := h.records.Settle(t.Context(), h.person.ID); err != nil {
		t.Error(err)
	}
	if h.cfg.Store != "" {
		return // the bytes of a MongoDB are its own affair
	}
	if err := until("cut", func() bool { return len(h.bytes(h.person.Email, unmistakable, "wilhelmina", "w-4711")) == 0 }); err != nil {
		t.Errorf("%v: %v", err, h.bytes(h.person.Email, unmistakable, "wilhelmina", "w-4711"))
	}
}

// bytes lists the files of the data folder that hold one of the words.
func (h *held) bytes(words ...string) (found []string) {
	h.t.Helper()
	files, err := filepath.Glob(filepath.Join(h.cfg.Data, "*"))
	if err != nil || len(files) == 0 {
		h.t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			continue // the log comes and goes
		}
		for _, w := range words {
			if bytes.Contains(bytes.ToLower(b), []byte(strings.ToLower(w))) { // what names are searched by is in lower case
				found = append(found, fmt.Sprintf("%s: %s", filepath.Base(f), w))
			}
		}
	}
	return found
}

// broken is a share that fails until it is mended.
type broken struct{ mended bool }

func (b *broken) ExportPerson(context.Context, people.Person) (any, error) { return nil, nil }

func (b *broken) ErasePerson(context.Context, people.Person) error {
	if !b.mended {
		return errors.New("cut off")
	}
	return nil
}

// TestErasureGoesOnWhereItStopped cuts an erasure off after each of its shares in turn; another program, which knows of it from the store alone,
// ends it.
func TestErasureGoesOnWhereItStopped(t *testing.T) {
	h := newHeld(t)
	shares := []records.Part{
		{Name: "identity", Rights: h.people},
		{Name: "training", Rights: h.training},
		{Name: "requirements", Rights: asked{h.App}},
		{Name: "certificates", Rights: h.certificates},
		{Name: "pledges", Rights: h.pledges},
		{Name: "workshops", Rights: h.workshops},
	}
	now := clock()
	open := func(at int, stop *broken) *records.Service {
		parts := append([]records.Part{}, shares[:at]...)
		parts = append(append(parts, records.Part{Name: "stop", Rights: stop}), shares[at:]...)
		s, err := records.New(t.Context(), records.Config{Engine: h.engine, People: h.people, Audit: h.audit, Parts: parts, Leavers: leavers{h.App}, Forget: h.forgetters(), Now: func() time.Time { return now }, Log: h.log})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	h.stop() // this program's own sweeper shall not be the one that ends it
	h.jobs.Wait()
	if err := open(0, &broken{}).Erase(t.Context(), audit.Operator, h.person); err == nil {
		t.Fatal("not cut off")
	}
	for at := 1; at <= len(shares); at++ {
		now = now.Add(2 * time.Minute)
		if _, err := open(at, &broken{}).SweepErasures(t.Context()); err == nil {
			t.Fatalf("not cut off at %d", at)
		}
		if len(h.traces()) == 0 {
			t.Fatal("there is no mark to go on from")
		}
	}
	for range 2 { // the first pass ends, and after a while the second
		now = now.Add(2 * time.Minute)
		if n, err := open(len(shares), &broken{mended: true}).SweepErasures(t.Context()); n != 1 || err != nil {
			t.Errorf("%d passes, %v", n, err)
		}
	}
	for _, name := range h.traces() {
		if name != "audit" {
			t.Errorf("still in %s", name)
		}
	}
}

// TestLateWritesAreErased: a request that was under way writes after the first pass.
func TestLateWritesAreErased(t *testing.T) {
	h := newHeld(t)
	h.stop()
	h.jobs.Wait()
	if err := h.records.Erase(t.Context(), audit.Operator, h.person); err != nil {
		t.Fatal(err)
	}
	m := h.library.now().Modules()[0]
	if err := h.requirements.Meet(t.Context(), h.person.ID, h.person.Institution, m.ID, m.Edition, "2026-11-20"); err != nil {
		t.Fatal(err)
	}
	if err := h.training.Start(t.Context(), h.person.ID, m, "main"); err != nil {
		t.Fatal(err)
	}
	if n, err := h.records.SweepErasures(t.Context()); n != 0 || err != nil {
		t.Errorf("the second pass did not wait: %d, %v", n, err)
	}
	if err := h.records.Settle(t.Context(), h.person.ID); err != nil {
		t.Fatal(err)
	}
	for _, name := range h.traces() {
		if name != "audit" {
			t.Errorf("still in %s", name)
		}
	}
}

func TestAdminsAreNotErased(t *testing.T) {
	a := newApp(t, Options{Demo: true})
	p, err := a.people.Grant(t.Context(), "admin@aldermoor.example", people.Admin)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(with error, words string) {
		t.Helper()
		if err := a.records.Erase(t.Context(), audit.Operator, p); !errors.Is(err, with) || !errors.Is(err, fault.Conflict) {
			t.Errorf("%v", err)
		}
		if _, err := a.ErasePerson(t.Context(), p); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("by command: %v", err)
		}
		if now, err := a.people.Person(t.Context(), p.ID); err != nil || !now.Is(people.Admin) {
			t.Errorf("%+v, %v", now, err)
		}
	}
	refused(records.ErrLastAdmin, "the last admin of aldermoor: make somebody else one first")
	other, err := a.people.Grant(t.Context(), "other@aldermoor.example", people.Admin)
	if err != nil {
		t.Fatal(err)
	}
	refused(records.ErrAdmin, "is an admin: take the role away first")
	if page, err := a.audit.Entries(t.Context(), audit.Filter{Institution: "aldermoor", Verb: audit.PersonErase}, "", ""); err != nil || len(page.Items) > 0 {
		t.Errorf("what was refused is recorded as done: %v, %v", page.Items, err)
	}
	if p, err = a.people.ChangeRoles(t.Context(), other, p.ID, nil, ""); err != nil {
		t.Fatal(err)
	}
	if err := a.records.Erase(t.Context(), audit.Operator, p); err != nil {
		t.Error(err)
	}
}
