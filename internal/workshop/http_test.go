package workshop

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/upstander/upstander/internal/ephemeral/ephemeraltest"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/store/storetest"
	"github.com/upstander/upstander/internal/web"
	"github.com/upstander/upstander/public"
	"github.com/upstander/upstander/views"
)

// house is a server on a real port: streams need a network.
type house struct {
	*fixture
	base   string
	server *web.Server
	stop   func()
}

func newHouse(t testing.TB, beat time.Duration) *house {
	t.Helper()
	return newFixture(t, storetest.Open(t), ephemeraltest.Open(t)).serve(beat)
}

// serve puts the service on the network.
func (f *fixture) serve(beat time.Duration) *house {
	t := f.t
	t.Helper()
	h := &house{fixture: f}
	catalogue, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	institutions, err := people.ReadInstitutions([]byte(peopletest.Institutions), catalogue.Languages())
	if err != nil {
		t.Fatal(err)
	}
	who, err := people.New(t.Context(), people.Config{
		Institutions: institutions, Engine: h.cfg.Engine, Ephemeral: f.redis, Catalogue: catalogue, CodeKeys: peopletest.Keys(), HeldKeys: peopletest.Keys(), Now: storetest.Now, NewID: rand.Text,
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.base = "http://" + ln.Addr().String()
	cfg := web.Config{
		URL: h.base, Now: storetest.Now, Views: views.Files, Public: public.Files, Catalogue: catalogue, Proxies: []netip.Prefix{}, Beat: beat,
		Log: f.log.logger(),
	}
	for i := range institutions {
		cfg.Sites = append(cfg.Sites, institutions[i].Site())
	}
	if h.server, err = web.New(cfg); err != nil {
		t.Fatal(err)
	}
	Routes(people.NewDoors(h.server, who), h.Service)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { h.Run(ctx) })
	running.Go(func() { _ = h.server.Serve(ln) })
	h.stop = sync.OnceFunc(func() {
		h.Hang()
		end, done := context.WithTimeout(context.Background(), 5*time.Second)
		defer done()
		if err := h.server.Shutdown(end); err != nil {
			t.Errorf("the server does not stop: %v", err)
		}
		cancel()
		running.Wait()
	})
	t.Cleanup(h.stop)
	return h
}

// browser is a browser of its own: its cookies and connections are nobody else's.
func browser() *http.Client {
	jar, _ := cookiejar.New(nil) // fails for no options
	return &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: 30 * time.Second}
}

func (h *house) get(c *http.Client, path string) (int, string) {
	h.t.Helper()
	resp, err := c.Get(h.base + path)
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func (h *house) post(c *http.Client, path string, pairs ...string) (int, string) {
	h.t.Helper()
	resp, err := c.PostForm(h.base+path, url.Values(form(pairs...)))
	if err != nil {
		h.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// event is one server-sent event.
type event struct{ id, name, data string }

// stream opens an event stream; its channel closes with it.
func (h *house) stream(t testing.TB, c *http.Client, path, last string) (<-chan event, func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, h.base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/event-stream")
	r.Header.Set("Accept-Encoding", "gzip")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	client := &http.Client{Jar: c.Jar, Transport: c.Transport}
	resp, err := client.Do(r)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") || resp.Header.Get("Content-Encoding") != "" {
		cancel()
		t.Fatalf("stream: %d %v", resp.StatusCode, resp.Header)
	}
	events := make(chan event, 16)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(events)
		defer resp.Body.Close()
		lines, e := bufio.NewScanner(resp.Body), event{}
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch name {
			case "id":
				e.id = value
			case "event":
				e.name = value
			case "data":
				e.data += value + "\n"
			case "":
				if e.name != "" {
					select {
					case events <- e:
					case <-ctx.Done():
						return
					}
				}
				e = event{}
			}
		}
	}()
	return events, func() { cancel(); <-done }
}

func await(t testing.TB, events <-chan event, what string, is func(event) bool) event {
	t.Helper()
	late := time.After(10 * time.Second)
	for {
		select {
		case e, ok := <-events:
			if !ok {
				t.Fatalf("the stream ended before: %s", what)
			}
			if is(e) {
				return e
			}
		case <-late:
			t.Fatalf("not within ten seconds: %s", what)
		}
	}
}

func says(words string) func(event) bool {
	return func(e event) bool { return strings.Contains(e.data, words) }
}

func TestEverybodySeesTheSame(t *testing.T) {
	h := newHouse(t, 0)
	r, key := h.start()
	ctx := t.Context()
	one, two, screen, host := browser(), browser(), browser(), browser()
	var streams []<-chan event
	for _, c := range []*http.Client{one, two} {
		if status, _ := h.get(c, "/room/"+r.ID); status != 200 {
			t.Fatal(status)
		}
		events, leave := h.stream(t, c, "/room/"+r.ID+"/events", "")
		defer leave()
		streams = append(streams, events)
	}
	at, _ := url.Parse(h.base + "/room/" + r.ID)
	host.Jar.SetCookies(at, []*http.Cookie{{Name: "upstander-host", Value: key, Path: "/room/" + r.ID}})
	screenKey, err := h.OwnScreen(ctx, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	screen.Jar.SetCookies(at, []*http.Cookie{{Name: "upstander-screen", Value: screenKey, Path: "/room/" + r.ID}})
	cockpit, leaveCockpit := h.stream(t, host, "/room/"+r.ID+"/host/events", "")
	defer leaveCockpit()
	projector, leaveProjector := h.stream(t, screen, "/room/"+r.ID+"/screen/events", "")
	defer leaveProjector()

	first := await(t, streams[0], "the first slide", says("Read this."))
	await(t, projector, "the first slide on the projector", says("Read this."))
	await(t, cockpit, "the notes in the cockpit", says("Say hello."))
	r = h.must(h.Next(ctx, r.ID, r.At()))
	r = h.must(h.Ask(ctx, r.ID, r.At()))
	a := await(t, streams[0], "the question", says(`value="vote"`))
	b := await(t, streams[1], "the question", says(`value="vote"`))
	if a != b || a.id == first.id {
		t.Errorf("two phones are shown different things, or the same id twice: %s %s %s", first.id, a.id, b.id)
	}
	if strings.Contains(a.data, "Wait a little") || strings.Contains(a.data, r.Code) {
		t.Error("a phone is shown what is private")
	}
	if status, body := h.post(one, "/room/"+r.ID, "do", "vote", "ballot", "pick-one:1", "option", "b"); status != 200 || !strings.Contains(body, "Your answer is in") {
		t.Fatalf("vote: %d", status)
	}
	pulse := await(t, cockpit, "the vote in the cockpit", func(e event) bool {
		return e.name == "pulse" && strings.Contains(e.data, "<dt>Answers in</dt><dd>1</dd>")
	})
	if strings.Contains(pulse.data, "Option") {
		t.Error("the cockpit sees what somebody answered")
	}
	shown := await(t, projector, "the question on the projector", says("Which one?"))
	if strings.Contains(shown.data, "Reply B") || strings.Contains(shown.data, `<td class="number">`) {
		t.Error("the projector shows a result before it is revealed")
	}
	r = h.must(h.Close(ctx, r.ID, r.At()))
	r = h.must(h.Reveal(ctx, r.ID, r.At()))
	await(t, projector, "the result on the projector", says("1 / 1"))
	result := await(t, streams[1], "the result on a phone", says("1 / 1"))
	again, leave := h.stream(t, two, "/room/"+r.ID+"/events", result.id)
	defer leave()
	h.must(h.Next(ctx, r.ID, r.At()))
	if e := <-again; strings.Contains(e.data, "1 / 1") {
		t.Error("a phone that has seen it is sent the same again")
	}
}

// TestCookiesAreThoseListed sets every cookie that a room has, and compares them with the list that the cookie page shows.
func TestCookiesAreThoseListed(t *testing.T) {
	h := newHouse(t, 0)
	r, _ := h.start()
	token, err := h.Invite(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	c := browser()
	h.get(c, "/room/"+r.ID+"?lang=cy")
	h.post(c, "/room/"+r.ID+"/invitation/"+token)
	h.post(c, "/room/"+r.ID+"/host/screen")
	var set, listed []string
	below, _ := url.Parse(h.base + "/room/" + r.ID)
	for _, k := range c.Jar.Cookies(below) {
		set = append(set, k.Name)
	}
	for _, k := range Cookies() {
		listed = append(listed, k.Name)
	}
	slices.Sort(set)
	slices.Sort(listed)
	if !slices.Equal(set, listed) {
		t.Errorf("set: %v; listed: %v", set, listed)
	}
	outside, _ := url.Parse(h.base + "/north/")
	if n := len(c.Jar.Cookies(outside)); n != 0 {
		t.Errorf("%d cookies travel outside the room", n)
	}
}

func TestAPhoneWithoutCookiesCannotVoteTwice(t *testing.T) {
	h := newHouse(t, 0)
	r, _ := h.start()
	r = h.to(r, pickOne)
	bare := &http.Client{Transport: &http.Transport{}}
	for range 2 {
		if status, body := h.post(bare, "/room/"+r.ID, "do", "vote", "ballot", "pick-one:1", "option", "a"); status != 422 || !strings.Contains(body, "allow cookies") || !strings.Contains(body, `value="a" checked`) {
			t.Errorf("answered %d", status)
		}
	}
	if n := h.count(r.ID); n != 0 {
		t.Errorf("%d votes", n)
	}
}

// TestOnlyTokensThatWereGivenCount: a phone that makes up tokens, or brings one of another room, has one vote at most.
func TestOnlyTokensThatWereGivenCount(t *testing.T) {
	h := newHouse(t, 0)
	elsewhere, _ := h.start()
	r, _ := h.start()
	r = h.to(r, pickOne)
	foreign, err := h.Give(t.Context(), elsewhere, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{"a-token-that-i-have-made-up", "a-token-that-i-have-made-up.0123456789abcdef", foreign, strings.Repeat("x", 5000)} {
		bare := &http.Client{Transport: &http.Transport{}}
		form := url.Values{"do": {"vote"}, "ballot": {"pick-one:1"}, "option": {"a"}}
		req, _ := http.NewRequest(http.MethodPost, h.base+"/room/"+r.ID, strings.NewReader(form.Encode()))
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		req.AddCookie(&http.Cookie{Name: "upstander-phone", Value: token})
		resp, err := bare.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%.40s: answered %d", token, resp.StatusCode)
		}
	}
	if n := h.count(r.ID); n != 0 {
		t.Errorf("%d votes", n)
	}
}

// TestSmallGroupsAnswerByOnePhone: a step of a story can be asked of groups; phones, wall and cockpit say so, and the story goes on as with a majority.
func TestSmallGroupsAnswerByOnePhone(t *testing.T) {
	h, ctx := newHouse(t, 0), t.Context()
	r, key := h.start()
	for r.Slide < aStory {
		if r.Slide == pickOne {
			if _, err := h.AskGroups(ctx, r.ID, r.At()); !errors.Is(err, fault.Conflict) {
				t.Errorf("groups for a choice: %v", err)
			}
		}
		r = h.must(h.Next(ctx, r.ID, r.At()))
	}
	host, phone := browser(), browser()
	at, err := url.Parse(h.base)
	if err != nil {
		t.Fatal(err)
	}
	host.Jar.SetCookies(at, []*http.Cookie{{Name: "upstander-host", Value: key, Path: roomPath(r.ID)}})
	if _, page := h.get(host, roomPath(r.ID)+"/host"); !strings.Contains(page, "Ask small groups") {
		t.Error("the cockpit does not offer groups")
	}
	h.post(host, roomPath(r.ID)+"/host", "at", r.At(), "do", "groups")
	if _, page := h.get(phone, roomPath(r.ID)); !strings.Contains(page, "One phone answers for all of you") {
		t.Error("the phone does not say that its group answers")
	}
	if r, err = h.Room(ctx, r.ID); err != nil {
		t.Fatal(err)
	}
	q, _ := h.Asked(r)
	h.cast(r, "one-phone", "option", q.options()[0])
	r = h.must(h.Close(ctx, r.ID, r.At()))
	r = h.must(h.Reveal(ctx, r.ID, r.At()))
	if _, page := h.get(phone, roomPath(r.ID)); !strings.Contains(page, "Each answer stands for one group") {
		t.Error("the result does not say that groups have answered")
	}
	if _, page := h.get(host, roomPath(r.ID)+"/host"); !strings.Contains(page, "most of the groups") {
		t.Error("the cockpit does not say what most groups want")
	}
	if r = h.must(h.Step(ctx, r.ID, r.At(), q.options()[0])); len(r.Way) != 1 {
		t.Errorf("the story has not gone on: %v", r.Way)
	}
}

func TestStreamsOfARoomAreForThoseWhoMay(t *testing.T) {
	h := newHouse(t, 0)
	r, _ := h.start()
	for path, want := range map[string]int{
		"/room/" + r.ID + "/host": 404, "/room/" + r.ID + "/host/events": 404, "/room/" + r.ID + "/screen/events": 404, "/room/none": 404, "/room/none/events": 404,
		"/room/" + r.ID + "/invitation/x": 404, "/room/" + r.ID + "/screen": 200, "/room/" + r.ID: 200,
	} {
		if status, body := h.get(browser(), path); status != want || strings.Contains(body, r.CreditKey) {
			t.Errorf("%s answers %d, want %d", path, status, want)
		}
	}
	if status, _ := h.post(browser(), "/room/"+r.ID+"/host", "do", "end"); status != 404 {
		t.Errorf("a stranger's button: %d", status)
	}
}

// joins is how many phones come and go in the test for leaks; UPSTANDER_TEST_JOINS asks for more.
func joins() int {
	if n, err := strconv.Atoi(os.Getenv("UPSTANDER_TEST_JOINS")); err == nil {
		return n
	}
	return 400
}

// TestNothingLeaks joins and leaves many times, mostly in the way phones do: without a word.
func TestNothingLeaks(t *testing.T) {
	h := newHouse(t, 50*time.Millisecond)
	r, _ := h.start()
	before, clock := goleak.IgnoreCurrent(), goleak.IgnoreAnyFunction("github.com/valyala/fasthttp.updateServerDate.func1") // one for the whole process
	const together = 20
	var wg sync.WaitGroup
	for range together {
		wg.Go(func() {
			c := browser()
			defer c.CloseIdleConnections()
			for range joins() / together {
				events, leave := h.stream(t, c, "/room/"+r.ID+"/events", "")
				<-events
				leave()
			}
		})
	}
	wg.Wait()
	deadline := time.Now().Add(20 * time.Second)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for h.streams() > 0 && time.Now().Before(deadline) {
		<-tick.C
	}
	if n := h.streams(); n > 0 {
		t.Errorf("%d streams are left", n)
	}
	h.stop()
	err := goleak.Find(before, clock)
	for err != nil && time.Now().Before(deadline.Add(20*time.Second)) {
		<-tick.C // the server's workers end one by one
		err = goleak.Find(before, clock)
	}
	if err != nil {
		t.Error(err)
	}
}

// streams counts the server's streams.
func (h *house) streams() int {
	h.hub.mu.Lock()
	defer h.hub.mu.Unlock()
	n := 0
	for _, w := range h.hub.rooms {
		w.mu.Lock()
		n += len(w.streams)
		w.mu.Unlock()
	}
	return n
}

// TestStoppingEndsStreams holds that open streams do not keep a server from stopping.
func TestStoppingEndsStreams(t *testing.T) {
	h := newHouse(t, 0)
	r, _ := h.start()
	events, leave := h.stream(t, browser(), "/room/"+r.ID+"/events", "")
	defer leave()
	await(t, events, "the first slide", says("Read this."))
	began := time.Now()
	h.stop()
	for range events {
	}
	if took := time.Since(began); took > 4*time.Second {
		t.Errorf("stopping took %v", took)
	}
}

// TestFirstLoad holds what a phone loads when it joins to 60 kB, compressed.
func TestFirstLoad(t *testing.T) {
	h := newHouse(t, 0)
	r, _ := h.start()
	h.to(r, aMyth)
	_, page := h.get(browser(), "/room/"+r.ID)
	total := 0
	load := func(path string) {
		req, _ := http.NewRequest(http.MethodGet, h.base+path, nil)
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := (&http.Transport{DisableCompression: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != 200 {
			t.Fatalf("%s: %d %v", path, resp.StatusCode, err)
		}
		total += len(b)
	}
	load("/room/" + r.ID)
	for _, part := range strings.Split(page, `"/public/`)[1:] {
		path, _, _ := strings.Cut(part, `"`)
		if path, _, drawing := strings.Cut(path, "#"); !drawing || !strings.Contains(page, "loaded "+path) {
			load("/public/" + path)
			page += "loaded " + path
		}
	}
	if total == 0 || total > 60_000 {
		t.Errorf("the first load is %d bytes", total)
	}
	t.Logf("%d bytes", total)
}
