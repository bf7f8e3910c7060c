package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/store"
)

// clients is how many keep-alive connections ask at once.
const clients = 16

// learner is somebody prepared for the load: signed in, at a question.
type learner struct {
	token string
	path  string
	form  string
}

// BenchmarkRequests measures *show an item* and *answer an item* beside a bare Fiber handler that makes the same calls to Redis and the store and
// returns a page of the same size, in one run.
func BenchmarkRequests(b *testing.B) {
	a := newApp(b, Options{Demo: true})
	ours := listen(b, func(ln net.Listener) error { return a.server.Serve(ln) })
	for _, kind := range []string{"show", "answer"} {
		b.Run(kind, func(b *testing.B) {
			n := min(max(b.N, 400), 4_000)
			learners := prepare1(b, a, n, kind)
			size, status := probe(b, ours, learners[n], kind)
			bare := listen(b, bareServer(b, a, learners, size, status, kind))
			half := n / 2 // each server is loaded cold with one half and measured with the other
			load(b, bare, learners[:half], kind)
			load(b, ours, learners[:half], kind)
			before := load(b, bare, learners[half:n], kind)
			after := load(b, ours, learners[half:n], kind)
			b.ReportMetric(after.perSecond, "req/s")
			b.ReportMetric(float64(after.p99.Microseconds())/1000, "p99-ms")
			b.ReportMetric(before.perSecond, "bare-req/s")
			b.ReportMetric(float64(before.p99.Microseconds())/1000, "bare-p99-ms")
			b.ReportMetric(after.perSecond/before.perSecond, "ratio")
			b.ReportMetric(float64(size), "page-bytes")
			b.ReportMetric(0, "ns/op")
		})
	}
}

func listen(b *testing.B, serve func(net.Listener) error) string {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = serve(ln) }()
	b.Cleanup(func() { ln.Close() })
	return "http://" + ln.Addr().String()
}

// prepare1 puts n+1 learners at the first question of the first module.
func prepare1(b *testing.B, a *App, n int, kind string) []learner {
	b.Helper()
	ctx := context.Background()
	m := a.library.now().Modules()[0]
	learners := make([]learner, n+1)
	var wg sync.WaitGroup
	slots := make(chan int)
	for range clients {
		wg.Go(func() {
			for i := range slots {
				p, err := a.people.Grant(ctx, fmt.Sprintf("%s-%d-%d-%d@aldermoor.example", kind, b.N, n, i), people.Student)
				if err != nil {
					b.Error(err)
					continue
				}
				token, err1 := a.people.SignIn(ctx, p.ID, people.ByCode)
				err2 := a.training.Start(ctx, p.ID, m, m.Routes[0].ID)
				it := firstQuestion(a, p.ID, m)
				if err1 != nil || err2 != nil || it == nil {
					b.Error(i, err1, err2)
					continue
				}
				form := url.Values{"do": {"answer"}}
				for name, values := range given(it, true) {
					form[name] = values
				}
				learners[i] = learner{token: token, path: "/app/training/" + m.Slug + "/" + it.Slug, form: form.Encode()}
			}
		})
	}
	for i := range learners {
		slots <- i
	}
	close(slots)
	wg.Wait()
	return learners
}

// firstQuestion reads on to the first question.
func firstQuestion(a *App, person string, m *content.Module) *content.Item {
	for range 20 {
		j, err := a.training.Journey(context.Background(), person, m)
		if err != nil {
			return nil
		}
		it, ok := m.Item(j.Place)
		if !ok || it.Asked() {
			return it
		}
		if err := a.training.Onward(context.Background(), person, m, it); err != nil {
			return nil
		}
	}
	return nil
}

func request(base string, l learner, kind string) *http.Request {
	var r *http.Request
	if kind == "show" {
		r, _ = http.NewRequest(http.MethodGet, base+l.path, nil)
	} else {
		r, _ = http.NewRequest(http.MethodPost, base+l.path, strings.NewReader(l.form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
	}
	r.AddCookie(&http.Cookie{Name: "upstander", Value: l.token})
	return r
}

func httpClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       30 * time.Second,
	}
}

func probe(b *testing.B, base string, l learner, kind string) (size, status int) {
	b.Helper()
	resp, err := httpClient().Do(request(base, l, kind))
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 400 {
		b.Fatal(resp.StatusCode, err)
	}
	return len(body), resp.StatusCode
}

// bareServer makes the same calls as the real route and answers with as many bytes.
func bareServer(b *testing.B, a *App, learners []learner, size, status int, kind string) func(net.Listener) error {
	b.Helper()
	type journey struct {
		ID   string         `bson:"_id"`
		N    int64          `bson:"n"`
		Rest map[string]any `bson:"rest"`
	}
	journeys, err := store.Open[journey](b.Context(), a.engine, store.Schema{Name: "bare_" + kind})
	if err != nil {
		b.Fatal(err)
	}
	all := make([]journey, len(learners))
	for i, l := range learners {
		all[i] = journey{ID: l.token, Rest: map[string]any{"padding": strings.Repeat("x", 300)}}
	}
	if _, err := journeys.InsertMany(b.Context(), all); err != nil {
		b.Fatal(err)
	}
	body := bytes.Repeat([]byte("x"), size)
	f := fiber.New(fiber.Config{DisableStartupMessage: true})
	f.All("/*", func(c *fiber.Ctx) error {
		ctx := context.Background()
		id := strings.Clone(c.Cookies("upstander"))
		if _, err := a.people.PersonOf(ctx, id); err != nil {
			return err
		}
		if _, err := journeys.Get(ctx, id); err != nil {
			return err
		}
		if kind == "answer" {
			if _, err := journeys.Update(ctx, id, func(j *journey) error { j.N++; return nil }); err != nil {
				return err
			}
		}
		return c.Status(status).Send(body)
	})
	return f.Listener
}

type result struct {
	perSecond float64
	p99       time.Duration
}

func load(b *testing.B, base string, learners []learner, kind string) result {
	b.Helper()
	took := make([]time.Duration, len(learners))
	client := httpClient()
	work := make(chan int)
	var wg sync.WaitGroup
	began := time.Now()
	for range clients {
		wg.Go(func() {
			for i := range work {
				start := time.Now()
				resp, err := client.Do(request(base, learners[i], kind))
				if err != nil {
					b.Error(err)
					continue
				}
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode >= 400 || strings.Contains(resp.Header.Get("Location"), "said=") {
					b.Error(resp.StatusCode, resp.Header.Get("Location"), err)
				}
				took[i] = time.Since(start)
			}
		})
	}
	for i := range learners {
		work <- i
	}
	close(work)
	wg.Wait()
	elapsed := time.Since(began)
	slices.Sort(took)
	return result{float64(len(learners)) / elapsed.Seconds(), took[len(took)*99/100]}
}

// BenchmarkStart measures the program from its start to ready, and its memory at rest.
func BenchmarkStart(b *testing.B) {
	binary := build(b)
	var best time.Duration
	memory := 0
	for range max(3, min(b.N, 5)) {
		cmd := exec.Command(binary, "serve", "--demo")
		out := &output{}
		cmd.Env = append(os.Environ(), "UPSTANDER_ADDR=127.0.0.1:0", "UPSTANDER_DATA="+b.TempDir(), "UPSTANDER_STORE=", "UPSTANDER_REDIS=")
		cmd.Stdout, cmd.Stderr = out, out
		began := time.Now()
		if err := cmd.Start(); err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(b.Context(), 20*time.Second)
		address, err := out.wait(ctx, "listening on ")
		cancel()
		if err != nil {
			b.Fatal(err, out.String())
		}
		resp, err := http.Get("http://" + address + "/readyz")
		if err != nil || resp.StatusCode != http.StatusOK {
			b.Fatal(err)
		}
		resp.Body.Close()
		if took := time.Since(began); best == 0 || took < best {
			best = took
		}
		memory = max(memory, atRest(b, cmd.Process.Pid))
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	b.ReportMetric(float64(best.Milliseconds()), "start-ms")
	b.ReportMetric(float64(memory)/1024, "rest-MiB")
	b.ReportMetric(0, "ns/op")
}

// atRest returns the memory of a process once it has stayed within a hundredth for two seconds: the demo's crowd comes after the program listens.
func atRest(b *testing.B, pid int) int {
	b.Helper()
	was, same := 0, 0
	err := within(time.Minute, "memory at rest", func() bool {
		now := residentKiB(b, pid)
		if same++; max(now-was, was-now)*100 > was {
			was, same = now, 0
		}
		return same == 40
	})
	if err != nil {
		b.Fatal(err)
	}
	return was
}

func residentKiB(b *testing.B, pid int) int {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0 // not on Linux
	}
	for _, line := range strings.Split(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			n, _ := strconv.Atoi(strings.Fields(rest)[0])
			return n
		}
	}
	return 0
}
