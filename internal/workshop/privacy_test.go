package workshop

import (
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/ephemeral/ephemeraltest"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/store/storetest"
)

// vault is a house of which every kept byte can be read: the database file with its log of writes, what stands in Redis, and what is logged.
type vault struct {
	*house
	path   string
	inside func() string
	phones []*http.Client
	tokens []string
}

func newVault(t *testing.T, phones int) *vault {
	t.Helper()
	p := storetest.Place{Name: "sqlite", Address: filepath.Join(t.TempDir(), "upstander.db")}
	e, err := p.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	redis, inside := ephemeraltest.OpenInside(t)
	v := &vault{house: newFixture(t, e, redis).serve(0), path: p.Address, inside: inside}
	for range phones {
		v.phones = append(v.phones, browser())
	}
	return v
}

func (v *vault) stored() string {
	v.t.Helper()
	names, err := filepath.Glob(v.path + "*")
	if err != nil {
		v.t.Fatal(err)
	}
	all := ""
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			v.t.Fatal(err)
		}
		all += string(b)
	}
	return all
}

// join lets every phone open the room twice, and keeps the token that it was given.
func (v *vault) join(r Room) {
	v.t.Helper()
	at, err := url.Parse(v.base + roomPath(r.ID))
	if err != nil {
		v.t.Fatal(err)
	}
	for _, phone := range v.phones {
		for range 2 {
			v.get(phone, roomPath(r.ID))
		}
		for _, c := range phone.Jar.Cookies(at) {
			v.tokens = append(v.tokens, c.Value)
		}
	}
	if len(v.tokens) != len(v.phones) {
		v.t.Fatalf("%d phones have %d tokens", len(v.phones), len(v.tokens))
	}
}

// answers sends what a phone says to the question that is open.
func (v *vault) answers(r Room, pairs func(phone int) []string) {
	v.t.Helper()
	q, _ := v.Asked(r)
	for i, phone := range v.phones {
		status, body := v.post(phone, roomPath(r.ID), append([]string{"ballot", r.Ballot(q)}, pairs(i)...)...)
		if status != http.StatusOK || !strings.Contains(body, "Your answer is in") {
			v.t.Fatalf("phone %d: %d\n%s", i, status, body)
		}
	}
}

// holds fails unless an open question's votes are found where this test looks.
func (v *vault) holds(answer string) {
	v.t.Helper()
	if stored := v.stored(); !strings.Contains(stored, v.tokens[0]) || !strings.Contains(stored, answer) {
		v.t.Fatalf("this test looks in the wrong place: %q is not found while the question is open", answer)
	}
}

// gone waits until nothing of the phones is stored, for the engine cuts its log when the writes pause, and looks at Redis and at the log of the server.
func (v *vault) gone(when string, answers ...string) {
	v.t.Helper()
	found := func(in string) string {
		for _, what := range append(answers, v.tokens...) {
			if strings.Contains(in, what) {
				return what
			}
		}
		return ""
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); found(v.stored()) != "" && time.Now().Before(deadline); {
		<-tick.C
	}
	for where, in := range map[string]string{"the store": v.stored(), "Redis": v.inside(), "the log": v.log.String()} {
		if what := found(in); what != "" {
			v.t.Errorf("%s, %q is left in %s", when, what, where)
		}
	}
}

// TestNothingIsLeftOfAVote lets phones answer and reads every kept byte as soon as a question has closed, and again after the end: no phone's token and no
// phone's answers together are in the database file or its log of writes, in Redis, or in what the server logs.
func TestNothingIsLeftOfAVote(t *testing.T) {
	v := newVault(t, 40)
	r, _ := v.start()
	ctx := t.Context()
	v.join(r)
	r = v.to(r, pickSome)
	v.answers(r, func(int) []string { return []string{"do", "vote", "option", "a", "option", "c", "option", "d"} })
	v.holds("a+c+d")
	if !strings.Contains(v.inside(), r.ID) || !strings.Contains(v.log.String(), "/room/") {
		t.Fatalf("this test looks in the wrong place: the room is not found in Redis or in the log\n%s\n%s", v.inside(), v.log)
	}
	r = v.must(v.Close(ctx, r.ID, r.At()))
	v.gone("after the vote", "a+c+d")

	r = v.to(r, oneWord)
	v.answers(r, func(phone int) []string { return []string{"do", "word", "word", fmt.Sprint("unheard-of ", phone)} })
	v.holds("unheard-of")
	if status, _ := v.post(v.phones[0], roomPath(r.ID), "do", "breathe", "outside", "yes"); status != http.StatusOK {
		t.Fatalf("a moment: %d", status)
	}
	if _, err := v.Attend(ctx, people.Person{ID: "a-student", Institution: "north"}, r.CreditCode(v.clock.now())); err != nil {
		t.Fatal(err)
	}
	r = v.must(v.Close(ctx, r.ID, r.At()))
	v.gone("after the words", "a+c+d", "unheard-of")
	if !strings.Contains(v.stored(), derive(v.tokens[0], "breather")) {
		t.Error("whoever needs a moment is forgotten before they are back")
	}

	v.must(v.End(ctx, r.ID))
	v.gone("after the end", "a+c+d", "unheard-of", derive(v.tokens[0], "breather"))
	if !strings.Contains(v.stored(), "a-student") {
		t.Error("attendance is gone")
	}
}
