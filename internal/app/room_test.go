package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// workshopServer is the program under test on an address that stays the same when it is started again.
type workshopServer struct {
	t       testing.TB
	binary  string
	data    string
	redis   string
	address string
	process *exec.Cmd
	output  *output
}

func newWorkshopServer(t testing.TB, binary, data, redis string) *workshopServer {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ln.Close()
	s := &workshopServer{t: t, binary: binary, data: data, redis: redis, address: ln.Addr().String()}
	t.Cleanup(s.kill)
	return s
}

func (s *workshopServer) start() {
	s.t.Helper()
	s.output = &output{}
	s.process = exec.Command(s.binary, "serve", "--demo")
	s.process.Env = append(os.Environ(), "UPSTANDER_ADDR="+s.address, "UPSTANDER_DATA="+s.data, "UPSTANDER_STORE=", "UPSTANDER_REDIS="+s.redis, "UPSTANDER_LOG=warn")
	s.process.Stdout, s.process.Stderr = s.output, s.output
	if err := s.process.Start(); err != nil {
		s.t.Fatal(err)
	}
	err := until("started", func() bool {
		resp, err := http.Get("http://" + s.address + "/healthz")
		if err == nil {
			resp.Body.Close()
		}
		return err == nil
	})
	if err != nil {
		s.t.Fatal(err, s.output.String())
	}
}

func (s *workshopServer) kill() {
	if s.process != nil {
		_ = s.process.Process.Signal(syscall.SIGKILL)
		_ = s.process.Wait()
		s.process = nil
	}
}

// phone is a phone in a room: it follows the stream, answers every question once it sees it, and sends again what was not acknowledged.
type phone struct {
	n      int
	base   string
	room   string
	client *http.Client
	nudge  chan func(context.Context) // leaves the stream, for what is to be done before the next one

	mu     sync.Mutex
	ballot string               // the question that it shows
	saw    map[string]time.Time // when it first showed a question
	acked  map[string]string    // by question, the verdict that was acknowledged
	late   map[string]bool      // by question, that it came too late
	broken int                  // streams that ended, and requests that failed
	kept   int                  // times that it was loaded again and showed its answer
	lost   []string             // what was wrong with a page that was loaded again
}

func newPhone(n int, base, room string) *phone {
	jar, _ := cookiejar.New(nil) // fails for no options
	return &phone{
		n: n, base: base, room: room, client: &http.Client{Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 2}},
		nudge: make(chan func(context.Context), 1), saw: map[string]time.Time{}, acked: map[string]string{}, late: map[string]bool{},
	}
}

// verdict is what the phone answers: two of three know better.
func (p *phone) verdict() string {
	if p.n%3 == 0 {
		return "true"
	}
	return "myth"
}

// join loads the page until it has its token.
func (p *phone) join(ctx context.Context) {
	for ctx.Err() == nil {
		if body, err := p.ask(ctx, http.MethodGet, "", nil); err == nil && strings.Contains(body, `id="now"`) {
			return
		}
		rest(ctx, 300*time.Millisecond)
	}
}

func (p *phone) ask(ctx context.Context, method, path string, form url.Values) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, p.base+"/room/"+p.room+path, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	resp, err := p.client.Do(r)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 500 {
		err = fmt.Errorf("answered %d", resp.StatusCode)
	}
	return string(b), err
}

func rest(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d/2 + rand.N(d))
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// live follows the room until ctx ends.
func (p *phone) live(ctx context.Context) {
	p.join(ctx)
	for ctx.Err() == nil {
		then := p.follow(ctx)
		p.fails()
		then(ctx)
	}
}

// pauses is what a browser does before it opens a broken stream again.
func (p *phone) pauses(ctx context.Context) { rest(ctx, 400*time.Millisecond) }

// sleeps is a phone in a pocket: the room goes on without it.
func (p *phone) sleeps(ctx context.Context) { rest(ctx, 1500*time.Millisecond) }

// reloads asks for the page again until it comes, and looks where it has landed.
func (p *phone) reloads(ctx context.Context) {
	p.mu.Lock()
	before := maps.Clone(p.acked)
	p.mu.Unlock()
	for ctx.Err() == nil {
		page, err := p.ask(ctx, http.MethodGet, "", nil)
		if err == nil {
			p.lands(ctx, page, before)
			return
		}
		p.fails()
		rest(ctx, 300*time.Millisecond)
	}
}

// lands holds that a page is the room's and that, while a question is open, it shows the answer that was acknowledged before it was asked for.
func (p *phone) lands(ctx context.Context, page string, before map[string]string) {
	ballot := ""
	if m := ballotRule.FindStringSubmatch(page); m != nil {
		ballot = m[1]
	}
	p.mu.Lock()
	switch answer := before[ballot]; {
	case !strings.Contains(page, `id="now"`):
		p.lost = append(p.lost, "it is not in the room")
	case answer == "":
	case strings.Contains(page, "Your answer is in") && strings.Contains(page, `name="verdict" value="`+answer+`" checked`):
		p.kept++
	default:
		p.lost = append(p.lost, ballot+": the answer does not show")
	}
	p.mu.Unlock()
	if ballot != "" && p.shows(ballot) {
		go p.vote(context.WithoutCancel(ctx), ballot)
	}
}

func (p *phone) fails() {
	p.mu.Lock()
	p.broken++
	p.mu.Unlock()
}

// drop breaks the stream off, for what is done then.
func (p *phone) drop(then func(context.Context)) {
	select {
	case p.nudge <- then:
	default:
	}
}

var ballotRule = regexp.MustCompile(`data-ballot="([^"]+)"`)

// follow reads the stream until it breaks, and returns what is to be done before the next one.
func (p *phone) follow(ctx context.Context) (then func(context.Context)) {
	ctx, cancel := context.WithCancel(ctx)
	listening := make(chan struct{})
	then = p.pauses
	go func() {
		defer close(listening)
		select {
		case <-ctx.Done():
		case then = <-p.nudge:
			cancel()
		}
	}()
	defer func() { cancel(); <-listening }()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/room/"+p.room+"/events", nil)
	if err != nil {
		return then
	}
	resp, err := p.client.Do(r)
	if err != nil {
		return then
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	ballot := ""
	for lines.Scan() {
		switch line := lines.Text(); {
		case strings.HasPrefix(line, "event: "):
			ballot = ""
		case strings.HasPrefix(line, "data: "):
			if m := ballotRule.FindStringSubmatch(line); m != nil {
				ballot = m[1]
			}
		case line == "" && ballot != "":
			if p.shows(ballot) {
				go p.vote(context.WithoutCancel(ctx), ballot)
			}
		}
	}
	return then
}

// shows notes the question, and says whether it is new to the phone.
func (p *phone) shows(ballot string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ballot = ballot
	_, before := p.saw[ballot]
	if !before {
		p.saw[ballot] = time.Now()
	}
	return !before
}

// vote sends the answer again and again until it is acknowledged or the question has closed.
func (p *phone) vote(ctx context.Context, ballot string) {
	form := url.Values{"do": {"vote"}, "ballot": {ballot}, "verdict": {p.verdict()}, "sure": {strconv.Itoa(1 + p.n%3)}}
	rest(ctx, 300*time.Millisecond)
	for range 100 {
		body, err := p.ask(ctx, http.MethodPost, "", form)
		p.mu.Lock()
		switch {
		case err == nil && strings.Contains(body, "Your answer is in"):
			p.acked[ballot] = p.verdict()
		case err == nil && strings.Contains(body, "does not count"):
			p.late[ballot] = true
		}
		if err != nil {
			p.broken++
		}
		done := p.acked[ballot] != "" || p.late[ballot]
		p.mu.Unlock()
		if done {
			return
		}
		rest(ctx, 400*time.Millisecond)
	}
}

// leader drives the room as a host's browser without scripts.
type leader struct {
	t    *testing.T
	b    *browser
	room string
}

func (l *leader) do(words string) {
	l.t.Helper()
	if err := l.b.press(words); err != nil || l.b.status != http.StatusOK {
		l.t.Fatalf("%s: %v, %d\n%s", words, err, l.b.status, text(l.b.page))
	}
}

// leads begins a workshop as the demo's facilitator, and goes to its first question.
func leads(t *testing.T, address string) *leader {
	t.Helper()
	l := &leader{t: t, b: newBrowser("http://" + address)}
	if err := l.b.open("/app/sign-in"); err != nil {
		t.Fatal(err)
	}
	l.do("Facilitator")
	if err := l.b.open("/app/workshops"); err != nil {
		t.Fatal(err)
	}
	l.do("Start now")
	l.room = strings.Split(l.b.url.Path, "/")[2]
	l.do("Next slide")
	return l
}

// dies leaves the host with nothing but the cookies, and measures how long it takes to be back on the slide.
func (l *leader) dies(slide string) {
	l.t.Helper()
	jar := l.b.client.Jar
	l.b = newBrowser(l.b.base)
	l.b.client.Jar = jar
	if err := within(3*time.Second, "the host is back", func() bool { return l.b.open("/room/"+l.room+"/host") == nil && l.b.sees(slide) }); err != nil {
		l.t.Fatalf("%v: %q, %d", err, slide, l.b.status)
	}
}

// phones is how many are in the room; UPSTANDER_TEST_PHONES asks for more.
func phones() int {
	if n, err := strconv.Atoi(os.Getenv("UPSTANDER_TEST_PHONES")); err == nil {
		return n
	}
	return 60
}

var counted = regexp.MustCompile(`True (\d+) / (\d+) A myth (\d+) / (\d+)`)

// TestRoomUnderFaults fills a room with phones, a fifth of them behind a proxy that cuts and delays, a third of them reloading or asleep now and then. The
// host dies twice, the server is killed once and Redis goes away once. No vote that was acknowledged is lost and none counts twice; the host is back
// within three seconds; and within ten seconds of the last fault every phone shows what is on.
func TestRoomUnderFaults(t *testing.T) {
	n := phones()
	redis, err := newGate(t)
	if err != nil {
		t.Fatal(err)
	}
	defer redis.close()
	server := newWorkshopServer(t, build(t), t.TempDir(), redis.address())
	server.start()
	l := leads(t, server.address)

	proxies := faultyProxies(t, server.address)
	ctx, stop := context.WithCancel(context.Background())
	var living sync.WaitGroup
	defer living.Wait()
	defer stop()
	room := make([]*phone, n)
	for i := range room {
		base := "http://" + server.address
		if i%5 == 0 {
			base = "http://" + proxies[i/5%len(proxies)].Listen
		}
		room[i] = newPhone(i, base, l.room)
		living.Go(func() { room[i].live(ctx) })
	}
	faults, heal := context.WithCancel(ctx)
	defer heal()
	living.Go(func() { disturb(faults, room, proxies) })

	// The first question: the host dies in the middle of it.
	l.do("Open the question")
	rest(ctx, 400*time.Millisecond)
	l.dies("somebody has already fetched help")
	allIn(t, room, "somebody-else-will:1")
	check(t, l, room, "somebody-else-will:1")

	// The second: the server is killed, Redis goes away and comes back empty, and the host dies again.
	l.do("Next slide")
	l.do("Open the question")
	rest(ctx, 300*time.Millisecond)
	server.kill()
	server.start()
	l.dies("hardly ever do anything")
	redis.shut()
	if redis.mini != nil {
		redis.mini.FlushAll()
	}
	rest(ctx, 500*time.Millisecond)
	if err := redis.open(); err != nil {
		t.Fatal(err)
	}
	allIn(t, room, "nobody-ever-helps:1")
	reloadSome(t, room)
	check(t, l, room, "nobody-ever-helps:1")

	// The third: all is well again, and everybody is there within ten seconds.
	heal()
	for _, p := range proxies {
		p.Toxics.ResetToxics(ctx)
	}
	healed := time.Now()
	l.do("Next slide")
	l.do("Open the question")
	allIn(t, room, "just-a-joke:1")
	for _, p := range room {
		p.mu.Lock()
		if took := p.saw["just-a-joke:1"].Sub(healed); took > 10*time.Second {
			t.Errorf("phone %d saw the question %v after the last fault", p.n, took)
		}
		p.mu.Unlock()
	}
	check(t, l, room, "just-a-joke:1")
	broken := 0
	for _, p := range room {
		p.mu.Lock()
		broken += p.broken
		for _, what := range p.lost {
			t.Errorf("phone %d was loaded again: %s", p.n, what)
		}
		p.mu.Unlock()
	}
	if t.Logf("%d phones, %d broken connections, all on the question after %v", n, broken, time.Since(healed)); broken < n {
		t.Errorf("only %d connections broke: the faults do not reach the phones", broken)
	}
}

// faultyProxies stand between a fifth of the phones and the server: one delays, one cuts after some bytes, one resets.
func faultyProxies(t *testing.T, upstream string) []*toxiproxy.Proxy {
	t.Helper()
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	var all []*toxiproxy.Proxy
	for name, toxic := range map[string]string{
		"slow":  `{"type": "latency", "attributes": {"latency": 300, "jitter": 250}}`,
		"cut":   `{"type": "limit_data", "toxicity": 0.5, "attributes": {"bytes": 9000}}`,
		"reset": `{"type": "reset_peer", "toxicity": 0.4, "attributes": {"timeout": 400}}`,
	} {
		p := toxiproxy.NewProxy(api, name, "127.0.0.1:0", upstream)
		if err := p.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(p.Stop)
		if _, err := p.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// disturb lets a third of the phones reload or sleep now and then, and cuts every connection through a proxy.
func disturb(ctx context.Context, room []*phone, proxies []*toxiproxy.Proxy) {
	for turn := 0; ctx.Err() == nil; turn++ {
		rest(ctx, 700*time.Millisecond)
		for i, p := range room {
			if i%3 == 1 && rand.IntN(3) == 0 {
				p.drop([]func(context.Context){p.reloads, p.sleeps}[rand.IntN(2)])
			}
		}
		p := proxies[turn%len(proxies)]
		if turn%4 == 3 {
			p.Stop()
			rest(ctx, 300*time.Millisecond)
			if err := p.Start(); err != nil {
				return // its phones wait for the end of the test, which says so
			}
		}
	}
}

// reloadSome loads a third of the phones again while their answers are in and the question is open, and waits until each of them shows its answer.
func reloadSome(t *testing.T, room []*phone) {
	t.Helper()
	before := map[*phone]int{}
	for i := 1; i < len(room); i += 3 {
		room[i].mu.Lock()
		before[room[i]] = room[i].kept
		room[i].mu.Unlock()
	}
	missing := 0
	err := within(30*time.Second, "phones that are loaded again show their answers", func() bool {
		missing = 0
		for p, kept := range before {
			p.mu.Lock()
			done := p.kept > kept
			p.mu.Unlock()
			if !done {
				missing++
				p.drop(p.reloads) // what was asked of it meanwhile may have been to sleep
			}
		}
		return missing == 0
	})
	if err != nil {
		t.Errorf("%v: %d of %d", err, missing, len(before))
	}
}

// allIn waits until every phone's answer is acknowledged.
func allIn(t *testing.T, room []*phone, ballot string) {
	t.Helper()
	missing := 0
	err := within(30*time.Second, ballot, func() bool {
		missing = 0
		for _, p := range room {
			p.mu.Lock()
			if p.acked[ballot] == "" {
				missing++
			}
			p.mu.Unlock()
		}
		return missing == 0
	})
	if err != nil {
		t.Fatalf("%v: %d of %d phones have no answer in", err, missing, len(room))
	}
}

// check closes the question and compares what was counted with what was acknowledged.
func check(t *testing.T, l *leader, room []*phone, ballot string) {
	t.Helper()
	if err := l.b.open("/room/" + l.room + "/host"); err != nil {
		t.Fatal(err)
	}
	l.do("Close the question")
	l.do("Show the result")
	m := counted.FindStringSubmatch(text(l.b.page))
	if m == nil {
		t.Fatalf("no result: %s", text(l.b.page))
	}
	want := map[string]int{}
	for _, p := range room {
		p.mu.Lock()
		want[p.acked[ballot]]++
		p.mu.Unlock()
	}
	if m[1] != strconv.Itoa(want["true"]) || m[3] != strconv.Itoa(want["myth"]) || m[2] != strconv.Itoa(len(room)) {
		t.Errorf("%s: counted %s, acknowledged %v", ballot, m[0], want)
	}
}

// balancer is one address before several servers: whoever holds a phone's cookie is sent to another one with every request.
type balancer struct {
	servers []*url.URL

	mu    sync.Mutex
	turns map[string]int // by phone
}

// balance puts an address before servers.
func balance(t *testing.T, servers ...*workshopServer) (b *balancer, address string) {
	t.Helper()
	b = &balancer{turns: map[string]int{}}
	for _, s := range servers {
		b.servers = append(b.servers, &url.URL{Scheme: "http", Host: s.address})
	}
	front := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(b.next(r.In)); r.Out.Host = r.In.Host },
		ErrorLog: log.New(io.Discard, "", 0), // phones that leave
	})
	t.Cleanup(func() { front.CloseClientConnections(); front.Close() })
	return b, strings.TrimPrefix(front.URL, "http://")
}

func (b *balancer) next(r *http.Request) *url.URL {
	who := "nobody"
	if c, err := r.Cookie("upstander-phone"); err == nil {
		who = c.Value
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turns[who]++
	return b.servers[b.turns[who]%len(b.servers)]
}

// TestTwoServersServeOneRoom runs two programs on one store and one Redis behind one address, so that every request goes to the other one than that before:
// what a host does shows at once on both, and every vote counts.
func TestTwoServersServeOneRoom(t *testing.T) {
	redis, err := newGate(t)
	if err != nil {
		t.Fatal(err)
	}
	defer redis.close()
	binary, data := build(t), t.TempDir()
	one, two := newWorkshopServer(t, binary, data, redis.address()), newWorkshopServer(t, binary, data, redis.address())
	one.start()
	two.start()
	b, address := balance(t, one, two)
	l := leads(t, address)
	ctx, stop := context.WithCancel(context.Background())
	var living sync.WaitGroup
	defer living.Wait()
	defer stop()
	room := make([]*phone, 20)
	for i := range room {
		room[i] = newPhone(i, "http://"+address, l.room)
		room[i].join(ctx)
		living.Go(func() { room[i].live(ctx) })
	}
	rest(ctx, time.Second)
	asked := time.Now()
	l.do("Open the question")
	allIn(t, room, "somebody-else-will:1")
	slowest := time.Duration(0)
	for _, p := range room {
		slowest = max(slowest, p.saw["somebody-else-will:1"].Sub(asked))
	}
	if slowest > 1900*time.Millisecond { // without signals it could take the two seconds after which servers look by themselves
		t.Errorf("the last phone saw the question after %v: signals do not pass", slowest)
	}
	check(t, l, room, "somebody-else-will:1")
	b.mu.Lock()
	if len(b.turns) != len(room)+1 { // and whoever has no phone's cookie
		t.Errorf("%d phones came by the one address", len(b.turns)-1)
	}
	for who, n := range b.turns {
		if n < 2 {
			t.Errorf("%s has been to one server only", who)
		}
	}
	b.mu.Unlock()

	// The signals stop; the servers still look by themselves.
	redis.shut()
	l.do("Next slide")
	l.do("Open the question")
	allIn(t, room, "nobody-ever-helps:1")
	check(t, l, room, "nobody-ever-helps:1")
}
