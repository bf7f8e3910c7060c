package workshop

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/ephemeral/ephemeraltest"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/storetest"
)

// fixture is the service on a real store, with the small module, whose workshop has every kind of slide.
type fixture struct {
	*Service
	t     testing.TB
	clock *clock
	log   *written
	redis *ephemeral.Client
}

// clock stands still until a test moves it on; a server reads it meanwhile.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) goesOn(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(by)
}

// written keeps what is logged, of whatever level.
type written struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(b)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}

func (w *written) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func library(t testing.TB) *content.Library {
	t.Helper()
	lib, err := content.Load(os.DirFS("../content/testdata"))
	if err != nil {
		t.Fatal(err)
	}
	return lib
}

func newFixture(t testing.TB, e store.Engine, redis *ephemeral.Client) *fixture {
	t.Helper()
	f := &fixture{t: t, clock: &clock{at: storetest.Now()}, log: &written{}, redis: redis}
	lib := library(t)
	var err error
	f.Service, err = New(t.Context(), Config{
		Engine: e, Library: func() *content.Library { return lib }, Limits: f.redis.NewLimits(), Presence: f.redis.NewPresence(time.Minute, f.clock.now), Leading: f.redis.NewPresence(time.Minute, f.clock.now), Signals: f.redis.NewSignals(),
		Now: f.clock.now, Today: func() string { return "2026-11-20" }, NewToken: rand.Text, Log: f.log.logger(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func open(t testing.TB) *fixture { return newFixture(t, storetest.Open(t), ephemeraltest.Open(t)) }

var leader = people.Person{ID: "leader", Institution: "north", Language: "en", Roles: []people.Role{people.Facilitator}}

func (f *fixture) start() (Room, string) {
	f.t.Helper()
	r, key, err := f.Start(context.Background(), leader, "small", "small-talk")
	if err != nil {
		f.t.Fatal(err)
	}
	return r, key
}

// fields is a form.
type fields url.Values

func (f fields) Text(name string) string  { return url.Values(f).Get(name) }
func (f fields) All(name string) []string { return f[name] }

func form(pairs ...string) fields {
	f := fields{}
	for i := 0; i+1 < len(pairs); i += 2 {
		f[pairs[i]] = append(f[pairs[i]], pairs[i+1])
	}
	return f
}

func (f *fixture) must(r Room, err error) Room {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

// to turns to the slide with this item or title and opens its question.
func (f *fixture) to(r Room, slide int) Room {
	f.t.Helper()
	ctx := context.Background()
	for r.Slide < slide {
		r = f.must(f.Next(ctx, r.ID, r.At()))
	}
	return f.must(f.Ask(ctx, r.ID, r.At()))
}

func (f *fixture) cast(r Room, phone string, pairs ...string) {
	f.t.Helper()
	q, _ := f.Asked(r)
	if err := f.Cast(context.Background(), r.ID, r.Ballot(q), phone, form(pairs...)); err != nil {
		f.t.Fatal(err)
	}
}

func (f *fixture) count(id string) int {
	f.t.Helper()
	groups, err := f.store.votes.Tally(context.Background(), store.Where("room", id).By("question"))
	if err != nil {
		f.t.Fatal(err)
	}
	n := 0
	for _, g := range groups {
		n += int(g.N)
	}
	return n
}

// The slides of the small workshop.
const (
	hello = iota
	pickOne
	pickSome
	aMyth
	aLine
	aStory
	anOpinion
	inPairs
	oneWord
	last
)

func TestEveryKindOfQuestionIsCounted(t *testing.T) {
	for name, test := range map[string]struct {
		slide int
		votes [][]string
		want  map[string]int
	}{
		"one":      {pickOne, [][]string{{"option", "a"}, {"option", "b"}, {"option", "b"}}, map[string]int{"a": 1, "b": 2}},
		"several":  {pickSome, [][]string{{"option", "a", "option", "b"}, {"option", "b"}}, map[string]int{"a": 1, "b": 2}},
		"myth":     {aMyth, [][]string{{"verdict", "true", "sure", "3"}, {"verdict", "myth", "sure", "1"}, {"verdict", "myth", "sure", "1"}}, map[string]int{"true-3": 1, "myth-1": 2}},
		"sort":     {aLine, [][]string{{"place-whistle", "everyday", "place-touch", "crime"}, {"place-whistle", "serious", "place-touch", "crime"}}, map[string]int{"whistle=everyday": 1, "whistle=serious": 1, "touch=crime": 2}},
		"story":    {aStory, [][]string{{"option", "look"}, {"option", "later"}, {"option", "look"}}, map[string]int{"look": 2, "later": 1}},
		"feedback": {last, [][]string{{"option", "very"}, {"option", "not"}}, map[string]int{"very": 1, "not": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			f := open(t)
			r, _ := f.start()
			r = f.to(r, test.slide)
			for i, v := range test.votes {
				f.cast(r, fmt.Sprint("phone-", i), v...)
			}
			r = f.must(f.Close(t.Context(), r.ID, r.At()))
			res := r.Results[0]
			if diff := cmp.Diff(test.want, res.Counts); diff != "" || res.Phones != len(test.votes) || r.Phase != Closed {
				t.Errorf("%s\nphones %d, phase %s", diff, res.Phones, r.Phase)
			}
			if n := f.count(r.ID); n != 0 {
				t.Errorf("%d votes are left", n)
			}
		})
	}
}

func TestAnotherVoteReplacesTheFirst(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	r = f.to(r, pickOne)
	f.cast(r, "phone", "option", "a")
	f.cast(r, "phone", "option", "b")
	if mine, err := f.Mine(t.Context(), r, "phone"); err != nil || mine != "b" {
		t.Errorf("the phone's own answer is %q, %v", mine, err)
	}
	if mine, _ := f.Mine(t.Context(), r, "other"); mine != "" {
		t.Errorf("another phone's answer is %q", mine)
	}
	r = f.must(f.Close(t.Context(), r.ID, r.At()))
	if diff := cmp.Diff(map[string]int{"b": 1}, r.Results[0].Counts); diff != "" {
		t.Error(diff)
	}
}

func TestVotesThatAreNotTaken(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	ctx := t.Context()
	if err := f.Cast(ctx, r.ID, "pick-one:1", "phone", form("option", "a")); !errors.Is(err, ErrClosed) {
		t.Errorf("before it is asked: %v", err)
	}
	r = f.to(r, pickOne)
	for name, test := range map[string]struct {
		ballot, token string
		form          fields
		want          error
	}{
		"nothing chosen":  {"pick-one:1", "phone", form(), fault.Invalid},
		"no such option":  {"pick-one:1", "phone", form("option", "x"), fault.Invalid},
		"two of one":      {"pick-one:1", "phone", form("option", "a", "option", "b"), fault.Invalid},
		"no token":        {"pick-one:1", "", form("option", "a"), fault.Invalid},
		"another round":   {"pick-one:2", "phone", form("option", "a"), ErrClosed},
		"another slide":   {"a-myth:1", "phone", form("option", "a"), ErrClosed},
		"a colon in it":   {"pick-one:1", "phone", form("option", "a:b"), fault.Invalid},
		"joined by hand":  {"pick-one:1", "phone", form("option", "a+b"), fault.Invalid},
		"rubbish ballot":  {"", "phone", form("option", "a"), ErrClosed},
		"word for a vote": {"pick-one:1", "phone", form("word", "x"), fault.Invalid},
	} {
		if err := f.Cast(ctx, r.ID, test.ballot, test.token, test.form); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	if n := f.count(r.ID); n != 0 {
		t.Errorf("%d votes were taken", n)
	}
	r = f.must(f.Close(ctx, r.ID, r.At()))
	if err := f.Cast(ctx, r.ID, "pick-one:1", "phone", form("option", "a")); !errors.Is(err, ErrClosed) {
		t.Errorf("after it has closed: %v", err)
	}
}

func TestOpeningAgainIsANewRound(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	ctx := t.Context()
	r = f.to(r, pickOne)
	f.cast(r, "phone", "option", "a")
	r = f.must(f.Close(ctx, r.ID, r.At()))
	r = f.must(f.Reveal(ctx, r.ID, r.At()))
	r = f.must(f.Ask(ctx, r.ID, r.At()))
	if mine, err := f.Mine(ctx, r, "phone"); r.Round != 2 || mine != "" || err != nil {
		t.Errorf("round %d, and the phone had answered %q", r.Round, mine)
	}
	f.cast(r, "phone", "option", "b")
	r = f.must(f.Close(ctx, r.ID, r.At()))
	if len(r.Results) != 2 || r.Results[0].Counts["a"] != 1 || r.Results[1].Counts["b"] != 1 {
		t.Errorf("%+v", r.Results)
	}
}

// TestNoVoteIsLostOrDoubled casts from many phones, some of them twice, while the question is closed: what was acknowledged is counted once.
func TestNoVoteIsLostOrDoubled(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	for round := 1; round <= 3; round++ {
		r = f.to(r, pickOne)
		const phones = 60
		acknowledged := make([]string, phones)
		var wg sync.WaitGroup
		begun := make(chan struct{}, phones)
		for i := range phones {
			wg.Go(func() {
				for _, option := range []string{"a", "b"} {
					begun <- struct{}{}
					if err := f.Cast(context.Background(), r.ID, r.Ballot(Question{ID: "pick-one"}), fmt.Sprint("phone-", i), form("option", option)); err == nil {
						acknowledged[i] = option
					} else if !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
				}
			})
		}
		for range phones / 2 {
			<-begun
		}
		go func() {
			for range begun { // whoever still begins is not held up
			}
		}()
		closed := f.must(f.Close(t.Context(), r.ID, r.At()))
		wg.Wait()
		close(begun)
		want := map[string]int{}
		for _, option := range acknowledged {
			if option != "" {
				want[option]++
			}
		}
		if diff := cmp.Diff(want, closed.Results[round-1].Counts); diff != "" {
			t.Errorf("round %d: acknowledged and counted differ (-acknowledged +counted)\n%s", round, diff)
		}
		if n := f.count(r.ID); n != 0 {
			t.Errorf("round %d: %d votes are left", round, n)
		}
		r = closed
	}
}

// TestAnotherServerFinishesClosing leaves a question half closed, as a server does that dies, before and after the counts are written.
func TestAnotherServerFinishesClosing(t *testing.T) {
	e, redis := storetest.Open(t), ephemeraltest.Open(t)
	dead, alive := newFixture(t, e, redis), newFixture(t, e, redis)
	r, _ := dead.start()
	ctx := t.Context()
	r = dead.to(r, pickOne)
	dead.cast(r, "one", "option", "a")
	dead.cast(r, "two", "option", "b")
	mark := func(phase string) {
		r = dead.must(dead.store.update(ctx, r.ID, func(r *Room) error { r.Phase, r.Pending = phase, true; return nil }))
	}
	mark(Closing)
	if err := alive.Cast(ctx, r.ID, "pick-one:1", "three", form("option", "a")); !errors.Is(err, ErrClosed) {
		t.Errorf("a vote was taken while the question closes: %v", err)
	}
	if err := alive.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	r = alive.must(alive.Room(ctx, r.ID))
	if diff := cmp.Diff(map[string]int{"a": 1, "b": 1}, r.Results[0].Counts); diff != "" || r.Phase != Closed || r.Pending || alive.count(r.ID) != 0 {
		t.Errorf("%s\n%+v", diff, r)
	}
	// The counts are written and the votes are not erased yet.
	if _, err := dead.store.keepVote(ctx, vote{ID: r.ID + ":pick-one:1:one", Room: r.ID, Question: "pick-one", Round: 1, Answer: "a"}); err != nil {
		t.Fatal(err)
	}
	mark(Closed)
	if err := alive.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	if r = alive.must(alive.Room(ctx, r.ID)); r.Results[0].Counts["a"] != 1 || r.Pending || alive.count(r.ID) != 0 {
		t.Errorf("%+v, %d votes are left", r, alive.count(r.ID))
	}
}

// TestTwoHostsAtOnce presses the same button from two cockpits: the room moves once.
func TestTwoHostsAtOnce(t *testing.T) {
	f := open(t)
	r, key := f.start()
	ctx := t.Context()
	token, err := f.Invite(ctx, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	second, err := f.Accept(ctx, r.ID, token)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Accept(ctx, r.ID, token); !errors.Is(err, fault.NotFound) {
		t.Errorf("an invitation works twice: %v", err)
	}
	r = f.must(f.Room(ctx, r.ID))
	if !r.Leads(key) || !r.Leads(second) || r.Leads("") || r.Leads(token) {
		t.Error("keys do not fit")
	}
	f.must(f.Next(ctx, r.ID, r.At()))
	if _, err := f.Next(ctx, r.ID, r.At()); !errors.Is(err, ErrMoved) {
		t.Errorf("the second press: %v", err)
	}
	if now := f.must(f.Room(ctx, r.ID)); now.Slide != 1 {
		t.Errorf("the room is on slide %d", now.Slide)
	}
	third, err := f.Recover(ctx, r.ID, leader)
	if err != nil || !f.must(f.Room(ctx, r.ID)).Leads(third) {
		t.Errorf("recover: %v", err)
	}
	if _, err := f.Recover(ctx, r.ID, people.Person{ID: "other", Institution: "north"}); !errors.Is(err, fault.NotFound) {
		t.Errorf("somebody else recovers: %v", err)
	}
}

func TestProjectorCodeWorksOnce(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	ctx := t.Context()
	if _, err := f.OpenScreen(ctx, r.ID, ""); !errors.Is(err, fault.Invalid) {
		t.Errorf("no code: %v", err)
	}
	code, err := f.OfferScreen(ctx, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	key, err := f.OpenScreen(ctx, r.ID, " "+strings.ToLower(code[:4])+"-"+code[4:])
	if err != nil || !f.must(f.Room(ctx, r.ID)).Shows(key) {
		t.Errorf("open: %v", err)
	}
	if _, err := f.OpenScreen(ctx, r.ID, code); !errors.Is(err, fault.Invalid) {
		t.Errorf("the code works twice: %v", err)
	}
}

func TestJoin(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	ctx := t.Context()
	if got, err := f.Find(ctx, "north", strings.ToLower(r.Code[:3])+" "+r.Code[3:], "net"); err != nil || got.ID != r.ID {
		t.Errorf("find: %v", err)
	}
	for name, try := range map[string][2]string{"another institution": {"south", r.Code}, "wrong": {"north", "CCCCCC"}, "empty": {"north", ""}, "the sentinel": {"north", "none:" + r.ID}} {
		if _, err := f.Find(ctx, try[0], try[1], "net"); !errors.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for range 300 {
		_, _ = f.Find(ctx, "north", "CCCCCC", "guesser")
	}
	if _, err := f.Find(ctx, "north", "CCCCCC", "guesser"); !errors.Is(err, fault.TooMany) {
		t.Errorf("a guess too many: %v", err)
	}
	if _, err := f.Find(ctx, "north", r.Code, "guesser"); err != nil {
		t.Errorf("whoever shares a guesser's network is kept out: %v", err)
	}
	f.must(f.End(ctx, r.ID))
	if _, err := f.Find(ctx, "north", r.Code, "net"); !errors.Is(err, fault.Invalid) {
		t.Errorf("after the end: %v", err)
	}
	if strings.ContainsAny(letters, "0O1IL5S2Z8B") {
		t.Fatal("letters look alike")
	}
}

// TestBandsHideTheLast holds that "all" looks like "all but one", and "nobody" like "one", for every number of answers that is shown.
func TestBandsHideTheLast(t *testing.T) {
	for n := fewest; n <= 500; n++ {
		if band(n, n) != band(n-1, n) || band(0, n) != band(1, n) {
			t.Errorf("of %d: %s and %s, %s and %s", n, band(n, n), band(n-1, n), band(0, n), band(1, n))
		}
	}
	if band(5, 10) != bandHalf || bandWidth(bandMost) != 5 || bandWidth(bandFew) != 1 {
		t.Error("bands are out of order")
	}
}

// TestHandsDoNotFillUpASingleVote: hands that somebody has counted, or made up, must not lift a few votes over the number from which bands show.
func TestHandsDoNotFillUpASingleVote(t *testing.T) {
	for _, c := range []struct {
		phones, hands int
		few           bool
	}{{0, 9, true}, {0, 10, false}, {1, 9, true}, {9, 400, true}, {9, 0, true}, {10, 0, false}, {10, 5, false}} {
		res := Result{Attitude: true, Phones: c.phones, Hands: map[string]int{"a": c.hands}}
		if res.Few() != c.few {
			t.Errorf("%d phones and %d hands: few is %v", c.phones, c.hands, res.Few())
		}
	}
}

func TestHandsAddUp(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	ctx := t.Context()
	r = f.to(r, pickOne)
	f.cast(r, "phone", "option", "a")
	if _, err := f.Hands(ctx, r.ID, r.At(), map[string]int{"a": 501}); !errors.Is(err, fault.Invalid) {
		t.Errorf("too many hands: %v", err)
	}
	if _, err := f.Hands(ctx, r.ID, r.At(), map[string]int{"x": 1}); !errors.Is(err, fault.Invalid) {
		t.Errorf("hands for what is not there: %v", err)
	}
	r = f.must(f.Hands(ctx, r.ID, r.At(), map[string]int{"a": 9, "b": 3}))
	r = f.must(f.Close(ctx, r.ID, r.At()))
	r = f.must(f.Hands(ctx, r.ID, r.At(), map[string]int{"a": 2, "b": 3}))
	res := r.Results[0]
	if res.People() != 6 || res.Of("a") != 3 || res.Of("b") != 3 || res.Phones != 1 {
		t.Errorf("%+v", res)
	}
	r = f.must(f.Reveal(ctx, r.ID, r.At()))
	if _, err := f.Hands(ctx, r.ID, r.At(), map[string]int{"a": 3}); !errors.Is(err, fault.Conflict) {
		t.Errorf("hands after the reveal: %v", err)
	}
}

func TestStoryByMajority(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	ctx := t.Context()
	r = f.to(r, aStory)
	f.cast(r, "one", "option", "look")
	r = f.must(f.Close(ctx, r.ID, r.At()))
	if _, err := f.Step(ctx, r.ID, r.At(), "nowhere"); !errors.Is(err, fault.Conflict) {
		t.Errorf("a step that is not there: %v", err)
	}
	r = f.must(f.Step(ctx, r.ID, r.At(), "look"))
	if q, _ := f.Asked(r); q.ID != "a-story-2" || r.Phase != Shown || r.Results[0].Step != "look" {
		t.Errorf("%+v, %+v", q, r)
	}
	r = f.must(f.Step(ctx, r.ID, r.At(), "speak")) // by a show of hands, or in small groups
	if _, err := f.Ask(ctx, r.ID, r.At()); !errors.Is(err, fault.Conflict) {
		t.Errorf("the ending asks: %v", err)
	}
}

func TestWordsWaitForTheFacilitator(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	ctx := t.Context()
	r = f.to(r, oneWord)
	send := func(phone, text string) error {
		return f.Send(ctx, r.ID, r.Ballot(Question{ID: "one-word"}), phone, text)
	}
	for text, want := range map[string]error{"": fault.Invalid, strings.Repeat("x", 61): fault.Invalid, "  check \n in ": nil} {
		if err := send("one", text); !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for phone, text := range map[string]string{"two": "A name", "three": "ask", "four": "check in"} {
		if err := send(phone, text); err != nil {
			t.Fatal(err)
		}
	}
	words, err := f.store.waitingWords(ctx, r.ID, "one-word", 1)
	if err != nil || len(words) != 4 {
		t.Fatalf("%d words wait, %v", len(words), err)
	}
	for _, w := range words {
		if err := f.Moderate(ctx, r.ID, w.Handle, w.Text != "A name"); err != nil {
			t.Fatal(err)
		}
	}
	if r = f.must(f.Room(ctx, r.ID)); cmp.Diff([]string{"ask", "check in"}, r.Results[0].Words) != "" {
		t.Errorf("let through: %v", r.Results[0].Words)
	}
	r = f.must(f.Close(ctx, r.ID, r.At()))
	if words, _ := f.store.waitingWords(ctx, r.ID, "one-word", 1); len(words) != 0 || r.Results[0].Phones != 4 {
		t.Errorf("%d words are left, %d came in", len(words), r.Results[0].Phones)
	}
	if err := f.Moderate(ctx, r.ID, words[0].Handle, true); !errors.Is(err, fault.NotFound) {
		t.Errorf("after the close: %v", err)
	}
}

func TestBreatherIsACount(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	ctx := t.Context()
	for phone, outside := range map[string]bool{"one": false, "two": true} {
		if err := f.Breathe(ctx, r.ID, phone, outside); err != nil {
			t.Fatal(err)
		}
	}
	p, err := f.pulse(ctx, r)
	if err != nil || p.Breaths != 2 || p.Outside != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if err := f.Return(ctx, r.ID, "one"); err != nil {
		t.Fatal(err)
	}
	if on, _, _ := f.Breathing(ctx, r.ID, "one"); on {
		t.Error("one is back and still needs a moment")
	}
	if on, outside, _ := f.Breathing(ctx, r.ID, "two"); !on || !outside {
		t.Error("two needs a moment, outside")
	}
	f.must(f.End(ctx, r.ID))
	if all, _, err := f.store.countBreathers(ctx, r.ID); all != 0 || err != nil {
		t.Errorf("%d are left after the end, %v", all, err)
	}
}

func TestAttendance(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	ctx := t.Context()
	student := people.Person{ID: "student", Institution: "north"}
	code := r.CreditCode(f.clock.now())
	if _, err := f.Attend(ctx, people.Person{ID: "other", Institution: "south"}, code); !errors.Is(err, fault.Invalid) {
		t.Errorf("another institution: %v", err)
	}
	if _, err := f.Attend(ctx, student, r.Code); !errors.Is(err, fault.Invalid) {
		t.Errorf("the code for joining: %v", err)
	}
	f.clock.goesOn(creditFor)
	if r.CreditCode(f.clock.now()) == code {
		t.Error("the code does not change")
	}
	f.clock.goesOn(creditFor)
	for range 2 { // twice counts once
		if a, err := f.Attend(ctx, student, strings.ToLower(code)); err != nil || a.Module != "small" {
			t.Errorf("two minutes old: %v", err)
		}
	}
	list, err := f.AttendanceOf(ctx, "student")
	want := []Attended{{ID: r.ID + ":student", Room: r.ID, Person: "student", Institution: "north", Module: "small", Template: "small-talk", Edition: "2026.1", Day: "2026-11-20"}}
	if diff := cmp.Diff(want, list); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	f.clock.goesOn(creditFor)
	if _, err := f.Attend(ctx, people.Person{ID: "late", Institution: "north"}, code); !errors.Is(err, fault.Invalid) {
		t.Errorf("three minutes old: %v", err)
	}
	var wait fault.Wait
	for range 30 {
		_, err = f.Attend(ctx, people.Person{ID: "guesser", Institution: "north"}, "CCCCCC")
	}
	if !errors.As(err, &wait) {
		t.Errorf("somebody may guess without end: %v", err)
	}
}

func TestARoomThatNobodyEndsEnds(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	r = f.to(r, pickOne)
	f.cast(r, "phone", "option", "a")
	f.clock.goesOn(longest + time.Second)
	if err := f.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	r = f.must(f.Room(t.Context(), r.ID))
	if r.State != Ended || r.Code != "none:"+r.ID || f.count(r.ID) != 0 || r.Results[0].Counts["a"] != 1 {
		t.Errorf("%+v", r)
	}
	if _, err := f.Next(t.Context(), r.ID, r.At()); !errors.Is(err, fault.Conflict) {
		t.Errorf("it goes on after its end: %v", err)
	}
}

// TestErasedPersonIsInNoRoom holds that nothing names a person any more, and that what a room came to stays.
func TestErasedPersonIsInNoRoom(t *testing.T) {
	f := open(t)
	r, _ := f.start()
	ctx := t.Context()
	if _, err := f.Attend(ctx, leader, r.CreditCode(f.clock.now())); err != nil {
		t.Fatal(err)
	}
	held, err := f.ExportPerson(ctx, leader)
	if diff := cmp.Diff(Held{[]Kept{{Module: "small", Template: "small-talk", Edition: "2026.1", Day: "2026-11-20"}}, []Booking{}}, held); diff != "" || err != nil {
		t.Errorf("%s %v", diff, err)
	}
	for range 2 { // erasing again is no error
		if err := f.ErasePerson(ctx, leader); err != nil {
			t.Fatal(err)
		}
	}
	if held, err := f.ExportPerson(ctx, leader); err != nil || len(held.(Held).Attended) != 0 {
		t.Errorf("left: %v, %v", held, err)
	}
	if rooms, err := f.Led(ctx, leader.ID); err != nil || len(rooms) != 0 {
		t.Errorf("%d rooms still name who led them, %v", len(rooms), err)
	}
	if now := f.must(f.Room(ctx, r.ID)); now.State != Open {
		t.Error("the room is gone")
	}
}

// TestAttendanceIsCountedTowardsWhatIsRequired, also where the first try fails: what was added is not lost.
func TestAttendanceIsCountedTowardsWhatIsRequired(t *testing.T) {
	f, ctx := open(t), t.Context()
	away, counted := true, []string{}
	f.cfg.Credit = func(_ context.Context, a Attended) error {
		if away {
			return fault.Unavailable
		}
		counted = append(counted, a.Person+" "+a.Module+"/"+a.Template+" "+a.Day)
		return nil
	}
	r, _ := f.start()
	if _, err := f.Attend(ctx, leader, r.CreditCode(f.clock.now())); err != nil {
		t.Fatal(err)
	}
	if err := f.Sweep(ctx); err == nil {
		t.Error("a failure is not told")
	}
	away = false
	for range 2 { // the second sweep finds nothing to count
		if err := f.Sweep(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"leader small/small-talk 2026-11-20"}; !cmp.Equal(want, counted) {
		t.Error(cmp.Diff(want, counted))
	}
	if _, err := f.Attend(ctx, people.Person{ID: "student", Institution: "north"}, r.CreditCode(f.clock.now())); err != nil || len(counted) != 2 {
		t.Errorf("counted at once: %v, %v", counted, err)
	}
}
