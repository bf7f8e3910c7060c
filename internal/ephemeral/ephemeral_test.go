package ephemeral_test

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/ephemeral/ephemeraltest"
	"github.com/upstander/upstander/internal/fault"
)

// wait looks again and again until a condition holds, for things that another clock decides.
func wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.NewTimer(10 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			t.Fatalf("%s: not within ten seconds", what)
		case <-tick.C:
		}
	}
}

func TestSessions(t *testing.T) {
	ctx := t.Context()
	s := ephemeraltest.Open(t).NewSessions(time.Hour, 24*time.Hour, time.Now)
	one, err := s.Begin(ctx, "sam", "code")
	if err != nil {
		t.Fatal(err)
	}
	two, err := s.Begin(ctx, "sam", "code")
	if err != nil || one == two || len(one) < 43 {
		t.Fatalf("tokens %q and %q, %v", one, two, err)
	}
	other, err := s.Begin(ctx, "alex", "code")
	if err != nil {
		t.Fatal(err)
	}
	if found, err := s.Find(ctx, one); found != (ephemeral.Session{Person: "sam", By: "code"}) || err != nil {
		t.Errorf("found %+v, %v", found, err)
	}
	if n, err := s.Count(ctx, "sam"); n != 2 || err != nil {
		t.Errorf("count %d, %v", n, err)
	}
	if err := s.End(ctx, one); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(ctx, one); !errors.Is(err, fault.SignIn) {
		t.Errorf("an ended session: %v", err)
	}
	if n, _ := s.Count(ctx, "sam"); n != 1 {
		t.Errorf("count after one ended: %d", n)
	}
	if err := errors.Join(s.EndAll(ctx, "sam"), s.End(ctx, "never")); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{two, "", "rubbish", string(make([]byte, 200))} {
		if _, err := s.Find(ctx, token); !errors.Is(err, fault.SignIn) {
			t.Errorf("token %q: %v", token, err)
		}
	}
	if found, err := s.Find(ctx, other); found.Person != "alex" || err != nil {
		t.Errorf("somebody else's session: %+v, %v", found, err)
	}
}

func TestSessionsRunOut(t *testing.T) {
	ctx := t.Context()
	c := ephemeraltest.Open(t)
	now := time.Now()
	clock := func() time.Time { return now }
	s := c.NewSessions(20*time.Hour, 30*time.Hour, clock)
	token, err := s.Begin(ctx, "sam", "code")
	if err != nil {
		t.Fatal(err)
	}
	now = now.Add(29 * time.Hour)
	if _, err := s.Find(ctx, token); err != nil {
		t.Errorf("before the end of its life: %v", err)
	}
	now = now.Add(2 * time.Hour)
	if _, err := s.Find(ctx, token); !errors.Is(err, fault.SignIn) {
		t.Errorf("after the end of its life: %v", err)
	}

	idle := c.NewSessions(300*time.Millisecond, time.Hour, time.Now)
	left, err := idle.Begin(ctx, "jo", "code")
	if err != nil {
		t.Fatal(err)
	}
	wait(t, "the idle session ends", func() bool { n, _ := idle.Count(ctx, "jo"); return n == 0 })
	if _, err := idle.Find(ctx, left); !errors.Is(err, fault.SignIn) {
		t.Errorf("an idle session: %v", err)
	}
}

func TestCodes(t *testing.T) {
	ctx := t.Context()
	c := ephemeraltest.Open(t).NewCodes()
	if err := c.Keep(ctx, "a", "right", "sam", time.Minute, 5); err != nil {
		t.Fatal(err)
	}
	if p, err := c.Payload(ctx, "a"); p != "sam" || err != nil {
		t.Errorf("payload %q, %v", p, err)
	}
	if _, err := c.Redeem(ctx, "a", "wrong"); !errors.Is(err, fault.Invalid) {
		t.Errorf("a wrong code: %v", err)
	}
	if p, err := c.Redeem(ctx, "a", "right"); p != "sam" || err != nil {
		t.Errorf("the right code: %q, %v", p, err)
	}
	if _, err := c.Redeem(ctx, "a", "right"); !errors.Is(err, fault.NotFound) {
		t.Errorf("a used code: %v", err)
	}

	if err := c.Keep(ctx, "b", "right", "sam", time.Minute, 5); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		if _, err := c.Redeem(ctx, "b", "wrong"); !errors.Is(err, fault.Invalid) {
			t.Errorf("a wrong code: %v", err)
		}
	}
	if _, err := c.Redeem(ctx, "b", "right"); !errors.Is(err, fault.NotFound) {
		t.Errorf("the right code after five wrong ones: %v", err)
	}

	if err := c.Keep(ctx, "c", "right", "sam", 200*time.Millisecond, 5); err != nil {
		t.Fatal(err)
	}
	wait(t, "the code runs out", func() bool { _, err := c.Payload(ctx, "c"); return errors.Is(err, fault.NotFound) })
}

func TestCodeIsTakenOnce(t *testing.T) {
	ctx := t.Context()
	c := ephemeraltest.Open(t).NewCodes()
	if err := c.Keep(ctx, "a", "right", "sam", time.Minute, 5); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	won := 0
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if _, err := c.Redeem(ctx, "a", "right"); err == nil {
				mu.Lock()
				won++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if won != 1 {
		t.Errorf("%d winners", won)
	}
}

func TestLimits(t *testing.T) {
	ctx := t.Context()
	l := ephemeraltest.Open(t).NewLimits()
	limit := ephemeral.Limit{Name: "try", Times: 3, Per: time.Hour}
	for range 3 {
		if err := errors.Join(l.Check(ctx, limit, "sam"), l.Check(ctx, limit, "sam"), l.Allow(ctx, limit, "sam")); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Check(ctx, limit, "sam"); !errors.Is(err, fault.TooMany) {
		t.Errorf("looking after the third: %v", err)
	}
	err := l.Allow(ctx, limit, "sam")
	var w fault.Wait
	if !errors.As(err, &w) || !errors.Is(err, fault.TooMany) || w.For <= 0 {
		t.Errorf("the fourth: %v", err)
	}
	if err := l.Allow(ctx, limit, "alex"); err != nil {
		t.Errorf("somebody else: %v", err)
	}
}

func TestSignals(t *testing.T) {
	ctx := t.Context()
	s := ephemeraltest.Open(t).NewSignals()
	one, err1 := s.Listen(ctx, "room")
	two, err2 := s.Listen(ctx, "room")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Send(ctx, "elsewhere", "0"), s.Send(ctx, "room", "1"), s.Send(ctx, "room", "2")); err != nil {
		t.Fatal(err)
	}
	for _, heard := range []<-chan string{one, two} {
		if got := fmt.Sprint(<-heard, <-heard); got != "12" && got != "1 2" {
			t.Errorf("heard %q", got)
		}
	}
}

// TestAway speaks to a port where nobody listens, and to one that takes the connection and never answers.
func TestAway(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone := closed.Addr().String()
	closed.Close()
	for name, address := range map[string]string{"nobody listens": gone, "nobody answers": silent.Addr().String()} {
		c, err := ephemeral.Open("redis://" + address)
		if err != nil {
			t.Fatal(err)
		}
		s := c.NewSessions(time.Hour, time.Hour, time.Now)
		began := time.Now()
		_, err = s.Find(t.Context(), "token")
		if took := time.Since(began); !errors.Is(err, fault.Unavailable) || took > time.Second {
			t.Errorf("%s: %v after %v", name, err, took)
		}
		for what, err := range map[string]error{
			"limit": c.NewLimits().Allow(t.Context(), ephemeral.Limit{Name: "x", Times: 1, Per: time.Hour}, "k"), "ping": c.Ping(t.Context()),
			"keep": c.NewCodes().Keep(t.Context(), "a", "b", "c", time.Hour, 1), "once": onceError(c.NewOnce().First(t.Context(), "a", time.Hour)), "send": c.NewSignals().Send(t.Context(), "a", "b"),
		} {
			if !errors.Is(err, fault.Unavailable) {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		c.Close()
	}
}

func TestBadAddress(t *testing.T) {
	if _, err := ephemeral.Open("redis://:secret@host:notaport"); err == nil || fmt.Sprint(err) != "open Redis: the address cannot be read" {
		t.Errorf("got %v", err)
	}
}

func TestOnce(t *testing.T) {
	ctx := t.Context()
	o := ephemeraltest.Open(t).NewOnce()
	for _, test := range []struct {
		key  string
		want bool
	}{{"a", true}, {"a", false}, {"b", true}, {"a", false}} {
		if first, err := o.First(ctx, test.key, time.Hour); first != test.want || err != nil {
			t.Errorf("%s: %v, %v", test.key, first, err)
		}
	}
	if first, err := o.First(ctx, "brief", 200*time.Millisecond); !first || err != nil {
		t.Errorf("%v, %v", first, err)
	}
	wait(t, "it is forgotten", func() bool { first, err := o.First(ctx, "brief", time.Hour); return first && err == nil })
}

func onceError(_ bool, err error) error { return err }
