package workshop

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/store/storetest"
)

// office is the service with real people, a real mail server and its pages.
type office struct {
	*Service
	*peopletest.Site
	t      *testing.T
	now    time.Time
	inbox  *mailtest.Inbox
	staff  people.Person
	leader people.Person
}

func newOffice(t *testing.T) *office {
	t.Helper()
	o := &office{t: t, Site: peopletest.New(t, nil), inbox: mailtest.Serve(t), now: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)}
	smtp, err := mail.NewSMTP(o.inbox.Address, "Upstander <no-reply@upstander.example>")
	if err != nil {
		t.Fatal(err)
	}
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	lib := library(t)
	now := func() time.Time { return o.now }
	o.Service, err = New(t.Context(), Config{
		Engine: o.Engine, Library: func() *content.Library { return lib }, Limits: o.Ephemeral.NewLimits(), Presence: o.Ephemeral.NewPresence(time.Minute, storetest.Now),
		Leading: o.Ephemeral.NewPresence(time.Minute, storetest.Now), Signals: o.Ephemeral.NewSignals(), Now: now, Today: func() string { return o.now.Format(time.DateOnly) },
		NewToken: rand.Text, Log: slog.New(slog.DiscardHandler), People: o.People, Audit: o.Audit, Catalogue: words, Home: "http://example.test/app", Host: "example.test", PerMinute: 1000,
		Connect: mail.Dialler(smtp),
		Sees:    func(_ context.Context, _ people.Person, person string) (bool, error) { return person != "hidden", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	o.staff, o.leader = o.person("staff@north.example", people.Staff), o.person("leader@north.example", people.Facilitator)
	return o
}

func (o *office) person(email string, roles ...people.Role) people.Person {
	o.t.Helper()
	return o.SignIn(email, roles...).Person
}

// students are n people.
func (o *office) students(n int) []people.Person {
	o.t.Helper()
	var all []people.Person
	for i := range n {
		all = append(all, o.person(fmt.Sprintf("student%02d@north.example", i)))
	}
	return all
}

func plan(places int) Plan {
	return Plan{Day: "2026-12-03", Time: "14:30", Place: "Library, room 2", Places: places, Bookable: true}
}

func (o *office) announce(by people.Person, p Plan) Session {
	o.t.Helper()
	d, err := o.Schedule(o.t.Context(), by, "small", "small-talk", p)
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

func (o *office) book(d Session, p people.Person) {
	o.t.Helper()
	if _, err := o.Book(o.t.Context(), p, d.ID); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) look(id string) Session {
	o.t.Helper()
	d, err := o.store.session(o.t.Context(), id)
	if err != nil {
		o.t.Fatal(err)
	}
	return d
}

func (o *office) tell() int {
	o.t.Helper()
	n, err := o.Tell(o.t.Context(), time.Minute)
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

func TestSixteenBookTheLastPlaceAtOnce(t *testing.T) {
	o := newOffice(t)
	all := o.students(18)
	d := o.announce(o.leader, plan(2))
	o.book(d, all[16])
	var at sync.WaitGroup
	for _, p := range all[:16] {
		at.Go(func() {
			for range 2 { // an impatient second press changes nothing
				if _, err := o.Book(t.Context(), p, d.ID); err != nil {
					t.Error(err)
				}
			}
		})
	}
	at.Wait()
	d = o.look(d.ID)
	if len(d.Booked) != 2 || len(d.Waiting) != 15 || d.Booked[0] != all[16].ID {
		t.Fatalf("%d have a place and %d wait", len(d.Booked), len(d.Waiting))
	}
	seen := map[string]int{}
	for _, id := range append(d.Booked, d.Waiting...) {
		seen[id]++
	}
	for _, p := range all[:17] {
		if seen[p.ID] != 1 {
			t.Errorf("%s stands in it %d times", p.Email, seen[p.ID])
		}
	}

	// All give their places back at once, and one more comes: places never stay empty while somebody waits, nor are there more than two.
	for _, p := range all[:17] {
		at.Go(func() {
			if _, err := o.Release(t.Context(), p, d.ID); err != nil {
				t.Error(err)
			}
		})
	}
	at.Go(func() {
		if _, err := o.Book(t.Context(), all[17], d.ID); err != nil {
			t.Error(err)
		}
	})
	at.Wait()
	if d = o.look(d.ID); len(d.Booked) != 1 || d.Booked[0] != all[17].ID || len(d.Waiting) != 0 {
		t.Errorf("left: %v and %v", d.Booked, d.Waiting)
	}
}

func TestWhoeverWaitsLongestMovesUpAndIsTold(t *testing.T) {
	o := newOffice(t)
	all := o.students(5)
	if err := o.People.SetLanguage(t.Context(), all[1].ID, "cy"); err != nil {
		t.Fatal(err)
	}
	d := o.announce(o.leader, plan(1))
	for _, p := range all {
		o.book(d, p)
	}
	if n := o.tell(); n != 0 {
		t.Fatalf("%d messages about nothing", n)
	}
	if _, err := o.Release(t.Context(), all[0], d.ID); err != nil {
		t.Fatal(err)
	}
	if d = o.look(d.ID); !d.HasPlace(all[1].ID) || len(d.Booked) != 1 {
		t.Fatalf("%v have a place", d.Booked)
	}
	if n := o.tell() + o.tell(); n != 1 {
		t.Fatalf("%d messages", n)
	}
	m := o.inbox.Last(t)
	if m.To != all[1].Email || !strings.Contains(m.Text, "Mae lle wedi dod yn rhydd") || !strings.Contains(m.Text, "3 Rhagfyr 2026, 14:30") || !strings.Contains(m.Text, "Library, room 2") {
		t.Errorf("%+v", m)
	}

	// More places: the next two, in their order. Somebody who gives the place back before the message leaves hears nothing.
	if _, err := o.Reschedule(t.Context(), o.leader, d.ID, plan(3)); err != nil {
		t.Fatal(err)
	}
	if d = o.look(d.ID); !cmp.Equal(d.Booked, []string{all[1].ID, all[2].ID, all[3].ID}) || !cmp.Equal(d.Waiting, []string{all[4].ID}) || d.Sequence != 0 {
		t.Fatalf("%+v", d)
	}
	if _, err := o.Release(t.Context(), all[2], d.ID); err != nil {
		t.Fatal(err)
	}
	if n := o.tell(); n != 2 {
		t.Errorf("%d messages", n)
	}
	to := map[string]int{}
	for _, m := range o.inbox.All() {
		to[m.To]++
	}
	if want := map[string]int{all[1].Email: 1, all[3].Email: 1, all[4].Email: 1}; !cmp.Equal(want, to) {
		t.Error(cmp.Diff(want, to))
	}

	// Fewer places take nobody's away.
	if d, err := o.Reschedule(t.Context(), o.staff, d.ID, plan(1)); err != nil || len(d.Booked) != 3 || d.Free() != 0 {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestEverybodyHearsOfAChangeAndOfACancelledSession(t *testing.T) {
	o := newOffice(t)
	all := o.students(3)
	d := o.announce(o.leader, plan(2))
	for _, p := range all {
		o.book(d, p)
	}
	moved := plan(2)
	moved.Time, moved.Place = "15:00", "  Library,\troom 5\r\n"
	for range 2 { // the second time nothing changes
		if _, err := o.Reschedule(t.Context(), o.leader, d.ID, moved); err != nil {
			t.Fatal(err)
		}
	}
	if n := o.tell(); n != 3 {
		t.Errorf("%d were told", n)
	}
	for _, m := range o.inbox.All() {
		if waits := m.To == all[2].Email; !strings.Contains(strings.ReplaceAll(m.Text, "\r", ""), "3 December 2026, 15:00\nLibrary, room 5") || strings.Contains(m.Text, "waiting list") != waits {
			t.Errorf("%+v", m)
		}
	}
	if _, err := o.CallOff(t.Context(), o.leader, d.ID); err != nil {
		t.Fatal(err)
	}
	if d = o.look(d.ID); d.State != Cancelled || d.Sequence != 2 {
		t.Errorf("%+v", d)
	}
	if n := o.tell(); n != 3 || !strings.HasPrefix(o.inbox.Last(t).Subject, "Cancelled: ") {
		t.Errorf("%d were told, the last %q", n, o.inbox.Last(t).Subject)
	}
	ids := map[string]bool{}
	for _, m := range o.inbox.All() {
		ids[m.Header.Get("Message-ID")] = true
	}
	if len(ids) != 6 {
		t.Errorf("%d different ids of six messages", len(ids))
	}
	for _, err := range []error{
		func() error { _, err := o.Book(t.Context(), o.staff, d.ID); return err }(),
		func() error { _, err := o.Reschedule(t.Context(), o.leader, d.ID, plan(9)); return err }(),
		func() error { _, _, err := o.Begin(t.Context(), o.leader, d.ID); return err }(),
	} {
		if !errors.Is(err, fault.Conflict) {
			t.Errorf("with a cancelled session: %v", err)
		}
	}
}

// TestTellingSurvivesTheMailServer cuts the connection after the server has taken a message and before it says so, and refuses one mailbox for good.
func TestTellingSurvivesTheMailServer(t *testing.T) {
	o := newOffice(t)
	all := o.students(3)
	d := o.announce(o.leader, plan(3))
	for _, p := range all {
		o.book(d, p)
	}
	lost := false
	o.inbox.Decide = func(to string, whole bool) error {
		switch {
		case to == all[0].Email && !whole:
			return &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
		case to == all[1].Email && whole && !lost:
			lost = true
			return mailtest.ErrLost
		}
		return nil
	}
	if _, err := o.CallOff(t.Context(), o.leader, d.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Tell(t.Context(), time.Minute); err == nil {
		t.Fatal("a lost connection is no failure")
	}
	if n := o.tell(); n != 0 {
		t.Errorf("%d messages right after a failure", n)
	}
	o.now = o.now.Add(10 * time.Minute)
	if n := o.tell(); n != 2 {
		t.Errorf("%d messages", n)
	}
	ids := map[string]map[string]bool{}
	for _, m := range o.inbox.All() {
		if ids[m.To] == nil {
			ids[m.To] = map[string]bool{}
		}
		ids[m.To][m.Header.Get("Message-ID")] = true
	}
	if len(ids) != 2 || len(ids[all[1].Email]) != 1 || len(ids[all[2].Email]) != 1 {
		t.Errorf("%v", ids)
	}
	if d = o.look(d.ID); d.Pending || len(d.Notices) != 0 {
		t.Errorf("still to be told: %v", d.Notices)
	}
}

func TestHoursAreLondons(t *testing.T) {
	o := newOffice(t)
	for _, test := range []struct{ day, at, want, field string }{
		{"2026-12-03", "14:30", "2026-12-03T14:30:00Z", ""},
		{"2027-06-03", "14:30", "2027-06-03T13:30:00Z", ""},
		{"2027-03-28", "00:30", "2027-03-28T00:30:00Z", ""},
		{"2027-03-28", "01:30", "", "time"}, // clocks go forward
		{"2027-03-28", "02:00", "2027-03-28T01:00:00Z", ""},
		{"2027-10-31", "01:30", "2027-10-31T00:30:00Z", ""}, // comes twice: the first
		{"2026-11-19", "14:30", "", "day"},
		{"2062-12-03", "14:30", "", "day"},
		{"3/12/2026", "14:30", "", "day"},
		{"2026-12-03", "25:00", "", "time"},
	} {
		d, err := o.Schedule(t.Context(), o.leader, "small", "small-talk", Plan{Day: test.day, Time: test.at, Place: "x", Places: 1})
		if test.field != "" {
			var p fault.Problems
			if !errors.As(err, &p) || len(p) != 1 || p[0].Field != test.field {
				t.Errorf("%s %s: %v", test.day, test.at, err)
			}
			continue
		}
		if got := d.Begins.Format(time.RFC3339); err != nil || got != test.want {
			t.Errorf("%s %s is %s, %v; not %s", test.day, test.at, got, err, test.want)
		}
	}
	var p fault.Problems
	if _, err := o.Schedule(t.Context(), o.leader, "small", "none", Plan{}); !errors.As(err, &p) || len(p) != 5 {
		t.Errorf("an empty form has %d problems: %v", len(p), err)
	}
}

func TestBeginningASessionOpensItsRoom(t *testing.T) {
	o := newOffice(t)
	d := o.announce(o.staff, plan(2))
	student := o.students(1)[0]
	o.book(d, student)
	if _, _, err := o.Begin(t.Context(), o.leader, d.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("on another day: %v", err)
	}
	o.now = time.Date(2026, 12, 3, 14, 0, 0, 0, time.UTC)
	r, key, err := o.Begin(t.Context(), o.leader, d.ID)
	if err != nil || r.ID == d.ID || r.Template != "small-talk" || !r.Leads(key) {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := o.Room(t.Context(), d.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("whoever knows the session, and so every student, knows the room: %v", err)
	}
	again, other, err := o.Begin(t.Context(), o.leader, d.ID)
	if err != nil || again.ID != r.ID || !again.Leads(other) || !again.Leads(key) {
		t.Errorf("begun again: %+v, %v", again, err)
	}
	if _, _, err := o.Begin(t.Context(), o.person("another@north.example", people.Facilitator), d.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("begun by somebody else: %v", err)
	}
	if _, err := o.CallOff(t.Context(), o.staff, d.ID); !errors.Is(err, fault.Conflict) {
		t.Errorf("cancelled while it is under way: %v", err)
	}
	if d = o.look(d.ID); d.State != Begun || !d.HasPlace(student.ID) {
		t.Errorf("%+v", d)
	}
}

func TestWhoMayDoWhatWithASession(t *testing.T) {
	o := newOffice(t)
	student, foreign := o.students(1)[0], o.person("staff@south.example", people.Staff)
	other := o.person("another@north.example", people.Facilitator)
	d := o.announce(o.leader, plan(1))
	o.book(d, student)
	if _, err := o.Schedule(t.Context(), student, "small", "small-talk", plan(1)); !errors.Is(err, fault.Denied) {
		t.Errorf("a student announces: %v", err)
	}
	for _, p := range []people.Person{student, other, foreign} {
		if _, err := o.CallOff(t.Context(), p, d.ID); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s cancels: %v", p.Email, err)
		}
		if _, err := o.Reschedule(t.Context(), p, d.ID, plan(9)); !errors.Is(err, fault.NotFound) {
			t.Errorf("%s changes: %v", p.Email, err)
		}
	}
	if _, err := o.Book(t.Context(), foreign, d.ID); !errors.Is(err, fault.NotFound) {
		t.Errorf("a place at another university: %v", err)
	}
	if _, _, _, err := o.Names(t.Context(), o.leader, d.ID); !errors.Is(err, fault.Denied) {
		t.Errorf("a facilitator sees names: %v", err)
	}
	booked, _, _, err := o.Names(t.Context(), o.staff, d.ID)
	if err != nil || len(booked) != 1 || booked[0].Email != student.Email {
		t.Errorf("%v, %v", booked, err)
	}
	if _, err := o.Reschedule(t.Context(), o.staff, d.ID, plan(2)); err != nil {
		t.Error(err)
	}
	var verbs []audit.Verb
	page, err := o.Audit.Entries(t.Context(), audit.Filter{Institution: "north", Subject: d.ID}, "", "")
	for _, e := range page.Items {
		verbs = append(verbs, e.Verb)
	}
	slices.Sort(verbs) // within one millisecond they come in any order
	if want := []audit.Verb{audit.WorkshopChange, audit.WorkshopNames, audit.WorkshopSchedule}; err != nil || !cmp.Equal(want, verbs) {
		t.Errorf("%v %s", err, cmp.Diff(want, verbs))
	}
}

func TestBookingsCanBeGivenOutErasedAndForgotten(t *testing.T) {
	o := newOffice(t)
	all := o.students(2)
	d := o.announce(o.leader, plan(1))
	o.book(d, all[0])
	o.book(d, all[1])
	held, err := o.ExportPerson(t.Context(), all[1])
	want := []Booking{{Module: "small", Template: "small-talk", Day: "2026-12-03", Time: "14:30", Place: "Library, room 2", State: Planned, Waiting: true}}
	if err != nil || !cmp.Equal(want, held.(Held).Bookings) {
		t.Errorf("%v %s", err, cmp.Diff(want, held.(Held).Bookings))
	}
	for _, p := range []people.Person{all[0], o.leader, all[0]} {
		if err := o.ErasePerson(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	d = o.look(d.ID)
	if d.names(all[0].ID) || d.Facilitator == o.leader.ID || !d.HasPlace(all[1].ID) {
		t.Errorf("%+v", d)
	}
	if n := o.tell(); n != 1 || o.inbox.Last(t).To != all[1].Email {
		t.Errorf("%d were told", n)
	}
	if n, err := o.ForgetBookings(t.Context(), "2026-12-03"); n != 0 || err != nil {
		t.Errorf("%d forgotten too early, %v", n, err)
	}
	if n, err := o.ForgetBookings(t.Context(), "2026-12-04"); n != 1 || err != nil {
		t.Errorf("%d forgotten, %v", n, err)
	}
}

func TestBookingPages(t *testing.T) {
	o := newOffice(t)
	Routes(o.Doors, o.Service)
	leader, staff := o.SignIn("leader@north.example", people.Facilitator), o.SignIn("staff@north.example", people.Staff)
	one, two := o.SignIn("one@north.example"), o.SignIn("two@north.example")
	if a := leader.Post("/app/workshops/plan", "places", "many"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, `href="#places"`) || !strings.Contains(a.Body, `href="#template"`) {
		t.Errorf("an empty form: %d", a.Status)
	}
	if a := one.Get("/app/workshops/plan"); a.Status != http.StatusForbidden {
		t.Errorf("a student's form: %d", a.Status)
	}
	leader.Post("/app/workshops/plan", "template", "small/small-talk", "day", "2026-12-03", "time", "14:30", "place", "Library", "places", "1", "bookable", "yes")
	list, err := o.Upcoming(t.Context(), "north")
	if err != nil || len(list) != 1 {
		t.Fatalf("%d sessions, %v", len(list), err)
	}
	id := list[0].ID
	at := "/app/workshops/session/" + id
	one.Post(at, "do", "book")
	two.Post(at, "do", "book")
	if a := two.Get("/app/workshops"); !strings.Contains(a.Body, "You are on the waiting list") || strings.Contains(a.Body, "Booked:") {
		t.Errorf("whoever waits reads:\n%s", a.Body)
	}
	if a := leader.Get("/app/workshops"); !strings.Contains(a.Body, "Booked: 1 of 1. Waiting: 1.") || strings.Contains(a.Body, "one@north.example") {
		t.Errorf("the facilitator reads:\n%s", a.Body)
	}
	if a := leader.Get("/app/workshops/plan/" + id + "/names"); a.Status != http.StatusForbidden {
		t.Errorf("names for a facilitator: %d", a.Status)
	}
	if a := staff.Get("/app/workshops/plan/" + id + "/names"); !strings.Contains(a.Body, "one@north.example") || !strings.Contains(a.Body, "two@north.example") {
		t.Errorf("names for staff:\n%s", a.Body)
	}
	if a := one.Get(at + "/calendar.ics"); !strings.Contains(a.Body, "UID:"+id+"@north.upstander") || !strings.Contains(a.Body, "STATUS:CONFIRMED") || !strings.Contains(a.Body, "SEQUENCE:0") {
		t.Errorf("calendar:\n%s", a.Body)
	}
	leader.Post("/app/workshops/plan/"+id, "do", "call-off")
	if a := one.Get(at + "/calendar.ics"); !strings.Contains(a.Body, "STATUS:CANCELLED") || !strings.Contains(a.Body, "SEQUENCE:1") {
		t.Errorf("calendar when cancelled:\n%s", a.Body)
	}
	if a := one.Get("/app/workshops"); !strings.Contains(a.Body, "This workshop has been cancelled") {
		t.Errorf("whoever had booked reads:\n%s", a.Body)
	}
}
