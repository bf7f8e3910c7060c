package reminder_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/mail/mailtest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/reminder"
)

// roll stands for the feature that knows who has met what: people by id, in pages of three.
type roll struct {
	mu    sync.Mutex
	rule  reminder.Requirement
	list  []reminder.Standing
	asked int // pages
}

func (r *roll) Requirements(_ context.Context, institution string) ([]reminder.Requirement, error) {
	if institution != r.rule.Institution {
		return nil, nil
	}
	return []reminder.Requirement{r.rule}, nil
}

func (r *roll) Requirement(_ context.Context, id string) (reminder.Requirement, error) {
	if id != r.rule.ID {
		return reminder.Requirement{}, fault.NotFound
	}
	return r.rule, nil
}

func (r *roll) OpenOn(_ context.Context, _ reminder.Requirement, due, after string) (list []reminder.Standing, next string, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.asked++
	for _, st := range r.list {
		if !st.Open || st.Due != due || st.Person <= after {
			continue
		}
		if len(list) == 3 {
			return list, list[2].Person, nil
		}
		list = append(list, st)
	}
	return list, "", nil
}

func (r *roll) Open(context.Context, reminder.Requirement) (int, error) {
	n := 0
	for _, st := range r.list {
		if st.Open {
			n++
		}
	}
	return n, nil
}

func (r *roll) Standing(_ context.Context, person, _ string) (reminder.Standing, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, st := range r.list {
		if st.Person == person {
			return st, nil
		}
	}
	return reminder.Standing{}, fault.NotFound
}

func (r *roll) change(person string, change func(*reminder.Standing)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.list {
		if r.list[i].Person == person {
			change(&r.list[i])
		}
	}
}

type fixture struct {
	*reminder.Service
	*peopletest.Site
	t     *testing.T
	roll  *roll
	inbox *mailtest.Inbox
	cfg   reminder.Config
	staff people.Person
	now   time.Time
}

// newFixture has a requirement that is due on Friday, 29 January 2027, and n people who have not met it.
func newFixture(t *testing.T, n int) *fixture { return newFixtureIn(t, n, "england") }

// newFixtureIn is newFixture in another nation.
func newFixtureIn(t *testing.T, n int, nation string) *fixture {
	t.Helper()
	list := strings.Replace(peopletest.Institutions, "nation: england", "nation: "+nation, 1)
	f := &fixture{t: t, inbox: mailtest.Serve(t), Site: peopletest.NewWith(t, nil, list), now: time.Date(2027, 1, 4, 10, 0, 0, 0, time.UTC)}
	f.roll = &roll{rule: reminder.Requirement{
		ID: "north-consent", Institution: "north", Titles: locale.Text{"en": "Consent", "cy": "Cydsyniad"}, Cycle: "once", Due: "2027-01-29",
	}}
	for i := range n {
		p, err := f.People.Grant(t.Context(), fmt.Sprintf("student%03d@north.example", i), people.Student)
		if err != nil {
			t.Fatal(err)
		}
		f.roll.list = append(f.roll.list, reminder.Standing{Person: p.ID, Name: "Name of " + p.Email, Place: "north/2026/", Cycle: "once", Due: "2027-01-29", Open: true})
	}
	slices.SortFunc(f.roll.list, func(a, b reminder.Standing) int { return strings.Compare(a.Person, b.Person) })
	var err error
	if f.staff, err = f.People.Grant(t.Context(), "staff@north.example", people.Staff); err != nil {
		t.Fatal(err)
	}
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	log, err := audit.New(t.Context(), audit.Config{Engine: f.Engine, Now: f.clock, NewID: uuid.NewString})
	if err != nil {
		t.Fatal(err)
	}
	post, err := mail.NewSMTP(f.inbox.Address, "no-reply@upstander.example")
	if err != nil {
		t.Fatal(err)
	}
	f.cfg = reminder.Config{
		Engine: f.Engine, Standings: f.roll, People: f.People, Audit: log, Catalogue: catalogue, Now: f.clock, Log: slog.New(slog.DiscardHandler), PerMinute: 60_000,
		Connect: mail.Dialler(post),
		Link: func(institution, lang, page string) string {
			return "https://x.example/" + institution + "/" + lang + page
		},
		Home: "https://x.example/app", Host: "x.example",
	}
	f.Service = f.open()
	return f
}

func (f *fixture) clock() time.Time { return f.now }

func (f *fixture) open() *reminder.Service {
	f.t.Helper()
	s, err := reminder.New(f.t.Context(), f.cfg)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

func (f *fixture) let(steps ...int) {
	f.t.Helper()
	if err := errors.Join(f.Set(f.t.Context(), f.staff, f.roll.rule, steps, 9, 17), f.LetGo(f.t.Context(), f.staff, f.roll.rule)); err != nil {
		f.t.Fatal(err)
	}
}

// at turns the clock to a moment in London and runs what the program runs in the background.
func (f *fixture) at(moment string) (planned, sent int) {
	f.t.Helper()
	london, err := locale.London()
	if err != nil {
		f.t.Fatal(err)
	}
	t, err := time.ParseInLocation("2006-01-02 15:04", moment, london)
	if err != nil {
		f.t.Fatal(err)
	}
	f.now = t.UTC()
	if planned, err = f.PlanDue(f.t.Context()); err != nil {
		f.t.Fatal(err)
	}
	if sent, err = f.Send(f.t.Context(), time.Minute); err != nil && !errors.Is(err, fault.Unavailable) {
		f.t.Fatal(err)
	}
	return planned, sent
}

func (f *fixture) counts() map[string]int {
	f.t.Helper()
	n, err := f.Count(f.t.Context(), f.roll.rule)
	if err != nil {
		f.t.Fatal(err)
	}
	return n
}

// TestStepsLeaveOnTheirDays goes through the weeks around a due date, hour by hour.
func TestStepsLeaveOnTheirDays(t *testing.T) {
	f := newFixture(t, 4)
	f.let(-14, -7, 0, 1)
	var left []string
	for day := time.Date(2027, 1, 10, 0, 0, 0, 0, time.UTC); day.Before(time.Date(2027, 2, 8, 0, 0, 0, 0, time.UTC)); day = day.AddDate(0, 0, 1) {
		for hour := range 24 {
			moment := fmt.Sprintf("%s %02d:00", day.Format(time.DateOnly), hour)
			if _, sent := f.at(moment); sent > 0 {
				left = append(left, fmt.Sprintf("%s: %d", moment, sent))
			}
		}
	}
	// 30 January is a Saturday: the day after goes out on Monday.
	want := []string{"2027-01-15 09:00: 4", "2027-01-22 09:00: 4", "2027-01-29 09:00: 4", "2027-02-01 09:00: 4"}
	if diff := cmp.Diff(want, left); diff != "" {
		t.Errorf("left (-want +got)\n%s", diff)
	}
	ids := map[string]bool{}
	for _, m := range f.inbox.All() {
		ids[m.Header.Get("Message-ID")] = true
	}
	if len(ids) != 16 {
		t.Errorf("%d Message-IDs for 16 messages", len(ids))
	}
}

// TestBankHolidays: a due date on a bank holiday, or on the day before one, in each nation. A reminder leaves on a working day: before the date where it
// was meant for it or before, and after it where it was meant for later.
func TestBankHolidays(t *testing.T) {
	for _, test := range []struct {
		nation, due string
		left        []string
	}{
		{"england", "2027-12-27", []string{"2027-12-24", "2027-12-29"}}, // Christmas Day's substitute
		{"scotland", "2029-01-02", []string{"2028-12-29", "2029-01-03"}},
		{"wales", "2029-01-02", []string{"2029-01-02", "2029-01-03"}},
		{"northern-ireland", "2027-03-17", []string{"2027-03-16", "2027-03-18"}}, // St Patrick's Day
		{"northern-ireland", "2027-03-16", []string{"2027-03-16", "2027-03-18"}},
		{"scotland", "2027-03-17", []string{"2027-03-17", "2027-03-18"}},
	} {
		t.Run(test.nation+" "+test.due, func(t *testing.T) {
			f := newFixtureIn(t, 1, test.nation)
			f.roll.rule.Due, f.roll.list[0].Due = test.due, test.due
			due, err := time.Parse(time.DateOnly, test.due)
			if err != nil {
				t.Fatal(err)
			}
			f.let(0, 1)
			var left []string
			for day := due.AddDate(0, 0, -7); day.Before(due.AddDate(0, 0, 7)); day = day.AddDate(0, 0, 1) {
				if _, sent := f.at(day.Format(time.DateOnly) + " 12:00"); sent > 0 {
					left = append(left, day.Format(time.DateOnly))
				}
			}
			if diff := cmp.Diff(test.left, left); diff != "" {
				t.Errorf("left (-want +got)\n%s", diff)
			}
		})
	}
}

// TestSummerTime: nine in London is nine in London.
func TestSummerTime(t *testing.T) {
	f := newFixture(t, 1)
	f.roll.rule.Due, f.roll.list[0].Due = "2027-03-30", "2027-03-30" // two days after the clocks go forward
	f.let(0)
	f.now = time.Date(2027, 3, 30, 7, 59, 0, 0, time.UTC)
	if _, err := f.PlanDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sent, err := f.Send(t.Context(), time.Minute); sent != 0 || err != nil {
		t.Errorf("before nine: %d, %v", sent, err)
	}
	f.now = time.Date(2027, 3, 30, 8, 0, 0, 0, time.UTC)
	if sent, err := f.Send(t.Context(), time.Minute); sent != 1 || err != nil {
		t.Errorf("at nine: %d, %v", sent, err)
	}
}

// TestWhoeverMeetsItHearsNothing: between planning and sending somebody completes, somebody gets more time, somebody leaves and somebody is erased.
func TestWhoeverMeetsItHearsNothing(t *testing.T) {
	f := newFixture(t, 6)
	f.let(-7)
	if planned, sent := f.at("2027-01-22 08:00"); planned != 6 || sent != 0 {
		t.Fatalf("planned %d, sent %d", planned, sent)
	}
	who := f.roll.list
	f.roll.change(who[0].Person, func(st *reminder.Standing) { st.Open = false })
	f.roll.change(who[1].Person, func(st *reminder.Standing) { st.Due = "2027-03-01" })
	gone, erased := who[2].Person, who[3].Person
	if err := f.People.ErasePerson(t.Context(), people.Person{ID: erased}); err != nil {
		t.Fatal(err)
	}
	f.roll.list = slices.DeleteFunc(slices.Clone(f.roll.list), func(st reminder.Standing) bool { return st.Person == gone })
	if _, sent := f.at("2027-01-22 09:00"); sent != 2 {
		t.Errorf("%d left", sent)
	}
	if diff := cmp.Diff(map[string]int{"sent": 2, "dropped": 4}, f.counts()); diff != "" {
		t.Errorf("counts (-want +got)\n%s", diff)
	}
	// More time brings its own reminder.
	if _, sent := f.at("2027-02-22 09:00"); sent != 1 {
		t.Errorf("%d left for the later date", sent)
	}
}

func TestStopped(t *testing.T) {
	f := newFixture(t, 3)
	f.let(-7)
	f.at("2027-01-22 08:00")
	if err := f.Stop(t.Context(), f.staff, f.roll.rule); err != nil {
		t.Fatal(err)
	}
	if _, sent := f.at("2027-01-22 10:00"); sent != 0 || f.counts()["dropped"] != 3 {
		t.Errorf("%d left, %v", sent, f.counts())
	}
	// Let go again, only what is still to come leaves.
	f.let(-7, -3)
	if _, sent := f.at("2027-01-26 10:00"); sent != 3 {
		t.Errorf("%d left", sent)
	}
}

// TestMissedDaysAreMadeUpFor: nothing ran on the day itself; later than three days it is left alone.
func TestMissedDaysAreMadeUpFor(t *testing.T) {
	f := newFixture(t, 2)
	f.let(-14, -7)
	if _, sent := f.at("2027-01-18 09:30"); sent != 2 { // Friday's
		t.Errorf("%d left on Monday", sent)
	}
	if _, sent := f.at("2027-01-28 09:30"); sent != 0 {
		t.Errorf("%d left six days late", sent)
	}
}

func TestInTheLanguageOfEach(t *testing.T) {
	f := newFixture(t, 2)
	if err := f.People.SetLanguage(t.Context(), f.roll.list[0].Person, "cy"); err != nil {
		t.Fatal(err)
	}
	f.let(0)
	f.at("2027-01-29 09:00")
	got := map[string]string{}
	for _, m := range f.inbox.All() {
		got[m.Header.Get("Content-Language")] = m.Subject + "\n" + m.Text
		if strings.Contains(m.Text, "student") || strings.Contains(m.Text, "[") || strings.Contains(m.Subject, "Consent") {
			t.Errorf("the message names its reader, lacks words, or says on a lock screen what it is about: %s", m.Text)
		}
	}
	if !strings.Contains(got["cy"], "“Cydsyniad”") || !strings.Contains(got["cy"], "29 Ionawr 2027") || !strings.Contains(got["en"], "“Consent”") || !strings.Contains(got["en"], "https://x.example/app\n") {
		t.Errorf("messages: %v", got)
	}
}

// TestAServerThatFails takes messages at random: some recipients for good, some for a while, and now and then the connection breaks, before or after
// the message has come. In the end everybody who can be reached has been, nobody twice under different ids, and staff see who could not.
func TestAServerThatFails(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { serverThatFails(t, seed) })
	}
}

func serverThatFails(t *testing.T, seed uint64) {
	const n = 120
	f := newFixture(t, n)
	lot := rand.New(rand.NewPCG(seed, 1))
	var mu sync.Mutex
	f.inbox.Decide = func(to string, whole bool) error {
		mu.Lock()
		defer mu.Unlock()
		if strings.HasSuffix(to, "7@north.example") {
			return &smtp.SMTPError{Code: 550, Message: "no such mailbox"}
		}
		switch p := lot.IntN(100); {
		case p < 8:
			return &smtp.SMTPError{Code: 451, Message: "try later"}
		case p < 12:
			return mailtest.ErrHangUp
		case p < 15 && whole:
			return mailtest.ErrLost
		}
		return nil
	}
	f.let(-7)
	moment := time.Date(2027, 1, 22, 9, 0, 0, 0, time.UTC)
	for i := 0; i < 200 && (i == 0 || f.counts()["waiting"] > 0); i++ {
		f.at(moment.Format("2006-01-02 15:04"))
		moment = moment.Add(7 * time.Minute)
		if moment.Hour() == 17 {
			moment = moment.AddDate(0, 0, 3).Truncate(24 * time.Hour).Add(9 * time.Hour)
		}
	}
	if diff := cmp.Diff(map[string]int{"sent": n - n/10, "bounced": n / 10}, f.counts()); diff != "" {
		t.Errorf("counts (-want +got)\n%s", diff)
	}
	ids := map[string]map[string]bool{}
	for _, m := range f.inbox.All() {
		if ids[m.To] == nil {
			ids[m.To] = map[string]bool{}
		}
		ids[m.To][m.Header.Get("Message-ID")] = true
	}
	if len(ids) != n-n/10 {
		t.Errorf("%d people were reached", len(ids))
	}
	if len(f.inbox.All()) == len(ids) {
		t.Error("no word was lost: nothing came twice")
	}
	for to, all := range ids {
		if len(all) != 1 {
			t.Errorf("%s got %d different messages", to, len(all))
		}
	}
	back, err := f.Returned(t.Context(), f.roll.rule, "", "")
	if err != nil || len(back.Items) != n/10 || back.Items[0].Code != 550 {
		t.Errorf("came back: %d, %v", len(back.Items), err)
	}
}

// dying is a connection that loses the machine right after the server's word for a message.
type dying struct {
	mail.Link
	after func()
}

func (d dying) Send(m mail.Message) error {
	err := d.Link.Send(m)
	if err == nil {
		d.after()
	}
	return err
}

// TestKilledBetweenTheWordAndTheMark: the mark of one message cannot be written any more. Afterwards another program sends what is left: that one message
// comes a second time, with the same Message-ID, and no other.
func TestKilledBetweenTheWordAndTheMark(t *testing.T) {
	f := newFixture(t, 10)
	f.let(-7)
	f.at("2027-01-22 08:00")
	connect := f.cfg.Connect
	ctx, kill := context.WithCancel(t.Context())
	n := 0
	f.cfg.Connect = func(ctx context.Context) (mail.Link, error) {
		c, err := connect(ctx)
		return dying{c, func() {
			if n++; n == 4 {
				kill() // nothing is written from here on
			}
		}}, err
	}
	f.now = time.Date(2027, 1, 22, 9, 0, 0, 0, time.UTC)
	if _, err := f.open().Send(ctx, time.Minute); err == nil {
		t.Fatal("nothing was cut off")
	}
	if all := f.inbox.All(); len(all) != 4 || f.counts()["sent"] != 3 {
		t.Fatalf("%d had come, %v", len(all), f.counts())
	}
	f.cfg.Connect = connect
	f.Service = f.open()
	f.at("2027-01-22 09:01")
	f.at("2027-01-22 09:10")
	byID := map[string]int{}
	for _, m := range f.inbox.All() {
		byID[m.Header.Get("Message-ID")]++
	}
	twice := 0
	for _, times := range byID {
		if times > 1 {
			twice += times - 1
		}
	}
	if len(byID) != 10 || twice != 1 || f.counts()["sent"] != 10 {
		t.Errorf("%d messages, %d duplicates, %v", len(byID), twice, f.counts())
	}
}

// TestTwoProgramsSendEachOnce: the same store, at the same time.
func TestTwoProgramsSendEachOnce(t *testing.T) {
	f := newFixture(t, 60)
	f.let(-7)
	f.at("2027-01-22 08:00")
	f.now = time.Date(2027, 1, 22, 9, 0, 0, 0, time.UTC)
	var wg sync.WaitGroup
	for range 3 {
		s := f.open()
		wg.Go(func() {
			if _, err := s.PlanDue(t.Context()); err != nil {
				t.Error(err)
			}
			if _, err := s.Send(t.Context(), time.Minute); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := len(f.inbox.All()); got != 60 {
		t.Errorf("%d messages", got)
	}
}

// TestTheRateIsBounded, and the planning goes by pages and is not done twice.
func TestTheRateIsBounded(t *testing.T) {
	f := newFixture(t, 30)
	f.cfg.PerMinute = 60
	f.Service = f.open()
	f.let(-7)
	f.now = time.Date(2027, 1, 22, 9, 0, 0, 0, time.UTC)
	if n, err := f.PlanDue(t.Context()); n != 30 || err != nil {
		t.Fatalf("planned %d, %v", n, err)
	}
	if f.roll.asked < 10 {
		t.Errorf("%d pages for thirty people", f.roll.asked)
	}
	asked := f.roll.asked
	if n, err := f.PlanDue(t.Context()); n != 0 || err != nil {
		t.Errorf("planned again: %d, %v", n, err)
	}
	if again := f.roll.asked - asked; again > 20 {
		t.Errorf("planning again asks for %d pages", again)
	}
	for _, want := range []int{10, 10, 10, 0} {
		if n, err := f.Send(t.Context(), 10*time.Second); n != want || err != nil {
			t.Errorf("%d in ten seconds, %v", n, err)
		}
	}
}

// TestTheMailServerIsAway: nobody's message is given up for it within three days; then staff see it.
func TestTheMailServerIsAway(t *testing.T) {
	f := newFixture(t, 5)
	f.let(-7)
	f.inbox.Refuse.Store(true)
	f.at("2027-01-22 09:00")
	f.at("2027-01-25 12:00")
	if f.counts()["waiting"] != 5 {
		t.Errorf("on Monday: %v", f.counts())
	}
	f.inbox.Refuse.Store(false)
	if _, sent := f.at("2027-01-25 16:30"); sent != 5 {
		t.Errorf("%d left when it was back, %v", sent, f.counts())
	}
	f.inbox.Refuse.Store(true)
	f.let(0)
	f.at("2027-01-29 09:00")
	for day := range 5 {
		for hour := range 8 {
			f.at(fmt.Sprintf("2027-02-%02d %02d:00", 1+day, 9+hour))
		}
	}
	if f.counts()["given-up"] != 5 {
		t.Errorf("after a week: %v", f.counts())
	}
}

func TestPlansAreChecked(t *testing.T) {
	f := newFixture(t, 1)
	for name, test := range map[string]struct {
		steps    []int
		from, to int
	}{
		"no day":          {nil, 9, 17},
		"an odd day":      {[]int{-100}, 9, 17},
		"at night":        {[]int{0}, 2, 17},
		"into the night":  {[]int{0}, 9, 23},
		"no hour between": {[]int{0}, 17, 17},
	} {
		if err := f.Set(t.Context(), f.staff, f.roll.rule, test.steps, test.from, test.to); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	foreign := f.staff
	foreign.Institution = "south"
	if err := f.LetGo(t.Context(), foreign, f.roll.rule); !errors.Is(err, fault.NotFound) {
		t.Errorf("another university's staff: %v", err)
	}
	scoped := f.staff
	scoped.Scope = []string{"north/2026/law/"}
	if err := f.LetGo(t.Context(), scoped, f.roll.rule); !errors.Is(err, fault.Denied) {
		t.Errorf("staff of one department: %v", err)
	}
	dateless := f.roll.rule
	dateless.Due = ""
	if err := f.LetGo(t.Context(), f.staff, dateless); !errors.Is(err, fault.Conflict) {
		t.Errorf("without a date: %v", err)
	}
}

func TestRightsAndRetention(t *testing.T) {
	f := newFixture(t, 3)
	f.let(-7)
	f.at("2027-01-22 09:00")
	p := people.Person{ID: f.roll.list[0].Person}
	held := func() int {
		got, err := f.ExportPerson(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		return len(got.([]reminder.Kept))
	}
	if held() != 1 {
		t.Fatal("nothing is held")
	}
	for range 2 {
		if err := f.ErasePerson(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if held() != 0 || f.counts()["sent"] != 2 {
		t.Errorf("held %d, %v", held(), f.counts())
	}
	if n, err := f.Forget(t.Context(), "2027-01-22"); n != 0 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
	if n, err := f.Forget(t.Context(), "2027-01-23"); n != 2 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
}

// TestPages walks the staff's way: look, change, read, let go, see what came back.
func TestPages(t *testing.T) {
	f := newFixture(t, 12)
	reminder.Routes(f.Doors, f.Service)
	staff := f.SignIn("staff@north.example", people.Staff)
	const path = "/app/reminders/north-consent"
	if a := staff.Get("/app/reminders"); !strings.Contains(a.Body, "Consent") || !strings.Contains(a.Body, "Off") {
		t.Errorf("the list: %d %s", a.Status, a.Body)
	}
	a := staff.Get(path)
	for _, want := range []string{"12 people have not met this today", "14 days before", "Prifysgol y Gogledd", "North University asks you", "15 January 2027", "Let reminders go out"} {
		if !strings.Contains(a.Body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if a := staff.Post(path, "do", "save", "from", "9", "to", "17"); a.Status != http.StatusUnprocessableEntity || !strings.Contains(a.Body, "Choose at least one day.") {
		t.Errorf("no day: %d", a.Status)
	}
	if a := staff.Post(path, "do", "save", "steps", "-7", "steps", "x", "from", "9", "to", "17"); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("an odd day: %d", a.Status)
	}
	if a := staff.Post(path, "do", "save", "steps", "-7", "from", "9", "to", "17"); a.Status != http.StatusSeeOther {
		t.Errorf("saving: %d", a.Status)
	}
	f.inbox.Decide = func(string, bool) error { return &smtp.SMTPError{Code: 550, Message: "gone"} }
	if _, sent := f.at("2027-01-22 09:00"); sent != 0 || len(f.counts()) != 0 {
		t.Errorf("something left before it was let go: %v", f.counts())
	}
	if a := staff.Post(path, "do", "start"); a.Status != http.StatusSeeOther {
		t.Errorf("starting: %d", a.Status)
	}
	f.at("2027-01-22 10:00")
	a = staff.Get(path)
	if !strings.Contains(a.Body, "Name of student000@north.example") || !strings.Contains(a.Body, "refused it (550)") || !strings.Contains(a.Body, "Stop reminders") {
		t.Errorf("what came back: %s", a.Body)
	}
	for who, v := range map[string]*peopletest.Visitor{
		"a student": f.SignIn("student@north.example"), "a facilitator": f.SignIn("facilitator@north.example", people.Facilitator), "a responder": f.SignIn("responder@north.example", people.Responder),
	} {
		if a := v.Get(path); a.Status != http.StatusForbidden {
			t.Errorf("%s: %d", who, a.Status)
		}
	}
	foreign := f.SignIn("staff@south.example", people.Staff)
	if a := foreign.Get(path); a.Status != http.StatusNotFound {
		t.Errorf("another university's staff: %d", a.Status)
	}
	if a := foreign.Post(path, "do", "stop"); a.Status != http.StatusNotFound {
		t.Errorf("another university's staff stopping it: %d", a.Status)
	}
	page, err := f.cfg.Audit.Entries(t.Context(), audit.Filter{Institution: "north"}, "", "")
	if err != nil {
		t.Fatal(err)
	}
	var verbs []string
	for _, e := range page.Items {
		verbs = append(verbs, string(e.Verb)+" "+regexp.MustCompile(`\d`).ReplaceAllString(e.Detail, "n"))
	}
	slices.Sort(verbs)
	if diff := cmp.Diff([]string{"reminder-plan days [-n], n:nn to nn:nn", "reminder-send "}, verbs); diff != "" {
		t.Errorf("recorded (-want +got)\n%s", diff)
	}
}
