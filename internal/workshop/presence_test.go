package workshop

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestWhoIsHereIsWhoWasHeardOfLately counts phones by their heartbeats, not by their streams: one that is not heard of for a minute has gone.
func TestWhoIsHereIsWhoWasHeardOfLately(t *testing.T) {
	h := newHouse(t, 0)
	r, _ := h.start()
	here := func(want int, when string) {
		t.Helper()
		p, err := h.pulse(t.Context(), r)
		if err != nil || p.Here != want {
			t.Errorf("%s: %d phones are here, want %d; %v", when, p.Here, want, err)
		}
	}
	beats := func(phones ...*http.Client) {
		t.Helper()
		for _, phone := range phones {
			if status, _ := h.post(phone, roomPath(r.ID)+"/here"); status != http.StatusNoContent {
				t.Errorf("a heartbeat is answered %d", status)
			}
		}
	}
	here(0, "at first")
	one, two, three := browser(), browser(), browser()
	for _, phone := range []*http.Client{one, two, three} {
		h.get(phone, roomPath(r.ID))
	}
	beats(one, two, three, three)
	here(3, "three have joined")
	h.clock.goesOn(40 * time.Second)
	beats(one, two)
	here(3, "the third has been quiet for less than a minute")
	h.clock.goesOn(40 * time.Second)
	h.heed(t.Context(), r.ID) // the cockpit is open: it counts for itself, not for a phone
	here(2, "the third has been quiet for more")
	beats(one)
	h.clock.goesOn(40 * time.Second)
	here(1, "the second, too")
	beats(two)
	here(2, "the second is back")
	h.clock.goesOn(2 * time.Minute)
	here(0, "all are quiet")
}

// TestThePhoneSaysWhenTheHostIsAway holds that a phone blames the host only while nobody has led the room for some time.
func TestThePhoneSaysWhenTheHostIsAway(t *testing.T) {
	h := newHouse(t, 0)
	r, key := h.start()
	phone, host := browser(), browser()
	at, err := url.Parse(h.base + roomPath(r.ID))
	if err != nil {
		t.Fatal(err)
	}
	host.Jar.SetCookies(at, []*http.Cookie{{Name: "upstander-host", Value: key, Path: roomPath(r.ID)}})
	const waits = "The workshop waits for whoever leads it."
	away := func(want bool, when string) {
		t.Helper()
		_, page := h.get(phone, roomPath(r.ID))
		beat, _ := h.post(phone, roomPath(r.ID)+"/here")
		if said := strings.Contains(page, `role="status">`+waits); said != want || (beat == http.StatusAccepted) != want || !want && beat != http.StatusNoContent {
			t.Errorf("%s: the page says so: %v, the heartbeat is answered %d", when, said, beat)
		}
	}
	away(false, "the room has just begun")
	h.get(host, roomPath(r.ID)+"/host")
	h.clock.goesOn(50 * time.Second)
	away(false, "the cockpit was open a moment ago")
	h.clock.goesOn(2 * time.Minute)
	away(true, "nobody has led the room for two minutes")
	h.get(host, roomPath(r.ID)+"/host")
	away(false, "the host is back")
	h.clock.goesOn(2 * time.Minute)
	away(true, "the host has gone again")
	h.must(h.End(t.Context(), r.ID))
	away(false, "the room has ended")
}
