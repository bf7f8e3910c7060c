package workshop

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
)

// How many streams the benchmark opens, in how many rooms; UPSTANDER_BENCH_STREAMS asks for another number.
const benchRooms = 20

func benchStreams() int {
	if n, err := strconv.Atoi(os.Getenv("UPSTANDER_BENCH_STREAMS")); err == nil {
		return n
	}
	return 5000
}

// crowd is many open streams that count the events they get.
type crowd struct {
	conns   []net.Conn
	arrived atomic.Int64
	want    atomic.Int64
	all     chan struct{}
	reading sync.WaitGroup
}

func (c *crowd) expect(n int) {
	c.all = make(chan struct{})
	c.arrived.Store(0)
	c.want.Store(int64(n))
}

func (c *crowd) open(b *testing.B, address, path string) {
	b.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/event-stream\r\n\r\n", path, address); err != nil {
		b.Fatal(err)
	}
	c.conns = append(c.conns, conn)
	c.reading.Go(func() {
		r := bufio.NewReaderSize(conn, 1024)
		began := false
		for {
			line, err := r.ReadSlice('\n')
			if err != nil && err != bufio.ErrBufferFull {
				return
			}
			switch {
			case strings.HasPrefix(string(line), "event: "):
				began = true
			case began && len(strings.TrimSpace(string(line))) == 0:
				began = false
				if c.arrived.Add(1) == c.want.Load() {
					close(c.all)
				}
			}
		}
	})
}

func (c *crowd) wait(b *testing.B) {
	b.Helper()
	select {
	case <-c.all:
	case <-time.After(60 * time.Second):
		b.Fatalf("%d of %d events have arrived", c.arrived.Load(), c.want.Load())
	}
}

func (c *crowd) close() {
	for _, conn := range c.conns {
		conn.Close()
	}
	c.reading.Wait()
}

func inUse() float64 {
	runtime.GC()
	runtime.GC() // what the first one finds in pools, the second one frees
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapInuse + m.StackInuse)
}

func median(took []time.Duration) time.Duration {
	slices.Sort(took)
	return took[len(took)/2]
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// benchCores is how many cores the figures are for.
const benchCores = 2

// BenchmarkStreams opens thousands of streams in twenty rooms and shows a question to all of them, beside a bare Fiber server that sends an event of the
// same size to as many streams. Memory is that of both ends of a stream, for both run in this process.
func BenchmarkStreams(b *testing.B) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(benchCores))
	streams, times := benchStreams(), 5
	h := newHouse(b, 0)
	ctx := context.Background()
	var rooms []Room
	for range benchRooms {
		r, _ := h.start()
		rooms = append(rooms, h.to(r, aMyth))
	}
	before := inUse()
	all := &crowd{}
	all.expect(streams)
	for i := range streams {
		all.open(b, strings.TrimPrefix(h.base, "http://"), "/room/"+rooms[i%benchRooms].ID+"/events")
	}
	all.wait(b)
	memory := (inUse() - before) / float64(streams)

	var took []time.Duration
	for range times {
		for _, on := range []bool{true, false} {
			all.expect(streams)
			began := time.Now()
			var moving sync.WaitGroup
			for _, r := range rooms {
				moving.Go(func() { h.must(h.cover(ctx, r.ID, on)) })
			}
			moving.Wait()
			all.wait(b)
			if !on { // the question is back
				took = append(took, time.Since(began))
			}
		}
	}
	votes := h.load(b, rooms)
	counts := h.counts(b, rooms)
	shows := h.reveals(b, rooms)
	r := h.must(h.Room(ctx, rooms[0].ID))
	f, err := handler{h.server, h.Service}.frame(ctx, r, view{Phone, "en"}, "")
	if err != nil {
		b.Fatal(err)
	}
	all.close()
	h.stop()

	bare, bareMemory := bareStreams(b, streams, times, f.Wire)
	b.ReportMetric(ms(median(took)), "last-phone-ms")
	b.ReportMetric(ms(median(bare)), "bare-last-ms")
	b.ReportMetric(ms(took[0])/ms(bare[0]), "ratio") // of the quickest: what else runs on the machine only ever adds
	b.ReportMetric(memory/1024, "KiB/stream")
	b.ReportMetric(bareMemory/1024, "bare-KiB/stream")
	b.ReportMetric(ms(votes[len(votes)/2]), "vote-p50-ms")
	b.ReportMetric(ms(votes[len(votes)*99/100]), "vote-p99-ms")
	b.ReportMetric(ms(counts[len(counts)/2]), "count-p50-ms")
	b.ReportMetric(ms(counts[len(counts)*99/100]), "count-p99-ms")
	b.ReportMetric(ms(shows[len(shows)/2]), "projector-p50-ms")
	b.ReportMetric(ms(shows[len(shows)*99/100]), "projector-p99-ms")
	b.ReportMetric(0, "ns/op")
}

// voter is a client that votes and does not look at the page that comes back.
func voter() *http.Client {
	return &http.Client{Transport: &http.Transport{}, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// sends casts one vote over HTTP.
func (h *house) sends(client *http.Client, r Room, token string) error {
	form := url.Values{"do": {"vote"}, "ballot": {"a-myth:1"}, "verdict": {"true"}, "sure": {"2"}}
	req, err := http.NewRequest(http.MethodPost, h.base+roomPath(r.ID), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.AddCookie(&http.Cookie{Name: "upstander-phone", Value: token + "." + r.seal(token)})
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSeeOther || strings.Contains(resp.Header.Get("Location"), "late") {
		return fmt.Errorf("a vote was answered %d %s", resp.StatusCode, resp.Header.Get("Location"))
	}
	return nil
}

// load casts a thousand votes over HTTP while all the streams are open, and returns how long each took, the shortest first.
func (h *house) load(b *testing.B, rooms []Room) []time.Duration {
	b.Helper()
	const clients, each = 20, 50
	took := make([]time.Duration, clients*each)
	var voting sync.WaitGroup
	for c := range clients {
		voting.Go(func() {
			client := voter()
			defer client.CloseIdleConnections()
			for i := range each {
				n := c*each + i
				began := time.Now()
				if err := h.sends(client, rooms[n%len(rooms)], fmt.Sprintf("phone-number-%020d", n)); err != nil {
					b.Error(err)
					return
				}
				took[n] = time.Since(began)
			}
		})
	}
	voting.Wait()
	slices.Sort(took)
	return took
}

// counts casts votes over HTTP, one after another in every room, and returns how long it took from each until the cockpit's stream brought the new count,
// the shortest first. A cockpit looks every second: that is most of it.
func (h *house) counts(b *testing.B, rooms []Room) []time.Duration {
	b.Helper()
	const each = 10
	took := make([]time.Duration, len(rooms)*each)
	var voting sync.WaitGroup
	for i, r := range rooms {
		key, err := h.Recover(context.Background(), r.ID, leader)
		if err != nil {
			b.Fatal(err)
		}
		host := browser()
		at, _ := url.Parse(h.base + roomPath(r.ID))
		host.Jar.SetCookies(at, []*http.Cookie{{Name: "upstander-host", Value: key, Path: roomPath(r.ID)}})
		events, leave := h.stream(b, host, roomPath(r.ID)+"/host/events", "")
		defer leave()
		before, err := h.pulse(context.Background(), r)
		if err != nil {
			b.Fatal(err)
		}
		await(b, events, "the count so far", answersIn(before.Answers))
		voting.Go(func() {
			client := voter()
			defer client.CloseIdleConnections()
			for n := range each {
				began := time.Now()
				err := h.sends(client, r, fmt.Sprintf("another-phone-%020d", n))
				for is := answersIn(before.Answers + n + 1); err == nil; {
					e, ok := <-events
					if !ok {
						err = fmt.Errorf("the stream ended before vote %d was counted", n)
					} else if is(e) {
						break
					}
				}
				if err != nil {
					b.Error(err)
					return
				}
				took[i*each+n] = time.Since(began)
			}
		})
	}
	voting.Wait()
	slices.Sort(took)
	return took
}

// answersIn is the event that brings a cockpit so many answers.
func answersIn(n int) func(event) bool {
	return func(e event) bool {
		return e.name == "pulse" && strings.Contains(e.data, fmt.Sprintf("<dt>Answers in</dt><dd>%d</dd>", n))
	}
}

// reveals closes and reveals the question of every room in turn, and returns how long it took until the projector showed the votes.
func (h *house) reveals(b *testing.B, rooms []Room) []time.Duration {
	b.Helper()
	ctx := context.Background()
	var took []time.Duration
	for _, r := range rooms {
		key, err := h.OwnScreen(ctx, r.ID)
		if err != nil {
			b.Fatal(err)
		}
		screen := browser()
		at, _ := url.Parse(h.base + "/room/" + r.ID)
		screen.Jar.SetCookies(at, []*http.Cookie{{Name: "upstander-screen", Value: key, Path: "/room/" + r.ID}})
		events, leave := h.stream(b, screen, "/room/"+r.ID+"/screen/events", "")
		await(b, events, "the question", says("It is always so"))
		began := time.Now()
		now := h.must(h.Room(ctx, r.ID))
		now = h.must(h.Close(ctx, r.ID, now.At()))
		h.must(h.Reveal(ctx, r.ID, now.At()))
		await(b, events, "the result", says("60 / 60"))
		took = append(took, time.Since(began))
		leave()
	}
	slices.Sort(took)
	return took
}

// bareStreams is what Fiber does by itself: one channel a stream, and the same bytes to each.
func bareStreams(b *testing.B, streams, times int, frame []byte) (took []time.Duration, memory float64) {
	b.Helper()
	var mu sync.Mutex
	var channels []chan []byte
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/events", func(c *fiber.Ctx) error {
		ch := make(chan []byte, 1)
		mu.Lock()
		channels = append(channels, ch)
		mu.Unlock()
		ch <- frame
		c.Set(fiber.HeaderContentType, "text/event-stream")
		conn := c.Context().Conn()
		c.Context().SetBodyStreamWriter(func(w *bufio.Writer) {
			for f := range ch {
				_ = conn.SetWriteDeadline(time.Now().Add(5 * time.Second))
				if _, err := w.Write(f); err != nil || w.Flush() != nil {
					return
				}
			}
		})
		return nil
	})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = app.Listener(ln) }()
	before := inUse()
	all := &crowd{}
	all.expect(streams)
	for range streams {
		all.open(b, ln.Addr().String(), "/events")
	}
	all.wait(b)
	memory = (inUse() - before) / float64(streams)
	for range times {
		all.expect(streams)
		began := time.Now()
		for _, ch := range channels {
			ch <- frame
		}
		all.wait(b)
		took = append(took, time.Since(began))
	}
	for _, ch := range channels {
		close(ch)
	}
	all.close()
	_ = app.Shutdown()
	return took, memory
}
