package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/alicebob/miniredis/v2"
	"github.com/rogpeppe/go-internal/testscript"
	"github.com/rs/zerolog"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/ephemeral/ephemeraltest"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people/oidctest"
	"github.com/upstander/upstander/internal/store/storetest"
	"github.com/upstander/upstander/modules"
)

// TestJourneys runs the stories in testdata/journeys: each boots the real program in demo mode and walks through it as a browser without
// JavaScript would. Their commands are those of the methods of story below.
func TestJourneys(t *testing.T) {
	binary := build(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/journeys",
		Setup: func(env *testscript.Env) error {
			s, err := newStory(env, binary)
			if err != nil {
				return err
			}
			env.Values["story"] = s
			env.Defer(s.end)
			// The commands of an operator: exec upstander …
			env.Setenv("PATH", filepath.Dir(binary)+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("UPSTANDER_DATA", s.data)
			env.Setenv("UPSTANDER_STORE", s.store)
			env.Setenv("UPSTANDER_ADDR", "127.0.0.1:0")
			env.Setenv("STORE", s.store)
			if s.store == "" {
				env.Setenv("STORE", filepath.Join(s.data, "upstander.db"))
			}
			return nil
		},
		Cmds: commands(),
		Condition: func(cond string) (bool, error) {
			return cond == "mongodb" && os.Getenv(storetest.AddressVariable) != "", nil
		},
	})
}

// build builds the program once.
func build(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "upstander")
	out, err := exec.Command("go", "build", "-o", binary, "../../cmd/upstander").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return binary
}

// story is one program under test and the browsers that use it.
type story struct {
	binary  string
	env     *testscript.Env
	data    string // data folder, kept across restarts
	store   string // UPSTANDER_STORE
	gate    *gate  // in front of Redis
	process *exec.Cmd
	output  *output
	base    string   // http://127.0.0.1:port
	address string   // to listen on, where it has to be known before; else any free port
	more    []string // environment of the program

	university *oidctest.University // by which people sign in, where the story has one
	library    *content.Library

	devices map[string]*browser
	browser *browser
	kept    map[string]string
}

func newStory(env *testscript.Env, binary string) (*story, error) {
	t := env.T().(testing.TB)
	lib, err := content.Load(modules.Files)
	if err != nil {
		return nil, err
	}
	s := &story{binary: binary, env: env, data: filepath.Join(env.WorkDir, "data"), address: "127.0.0.1:0", library: lib, devices: map[string]*browser{}, kept: map[string]string{}}
	london, err := locale.London()
	if err != nil {
		return nil, err
	}
	s.kept["today"] = time.Now().In(london).Format(time.DateOnly)
	if p := storetest.Fresh(t); p.Name == "mongodb" {
		s.store = p.Address
	}
	s.gate, err = newGate(t)
	return s, err
}

// start runs the program and waits until it listens.
func (s *story) start(args ...string) error {
	cmd := exec.Command(s.binary, append([]string{"serve", "--demo"}, args...)...)
	cmd.Env = append(os.Environ(), "UPSTANDER_ADDR="+s.address, "UPSTANDER_DATA="+s.data, "UPSTANDER_STORE="+s.store, "UPSTANDER_REDIS="+s.gate.address(), "UPSTANDER_LOG=debug")
	cmd.Env = append(cmd.Env, s.more...)
	s.output = &output{}
	cmd.Stdout, cmd.Stderr = s.output, s.output
	if err := cmd.Start(); err != nil {
		return err
	}
	s.process = cmd
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	address, err := s.output.wait(ctx, "listening on ")
	if err != nil {
		return fmt.Errorf("the program does not start: %w\n%s", err, s.output.String())
	}
	s.base = "http://" + address
	for _, b := range s.devices {
		b.base = s.base
	}
	return nil
}

// stop ends the program: kindly, and not within five seconds means failure; or at once.
func (s *story) stop(sig os.Signal) error {
	if s.process == nil {
		return nil
	}
	p := s.process
	s.process = nil
	if err := p.Process.Signal(sig); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- p.Wait() }()
	select {
	case err := <-done:
		if sig == syscall.SIGTERM && err != nil {
			return fmt.Errorf("the program ended with %w\n%s", err, s.output.String())
		}
		return nil
	case <-time.After(5 * time.Second):
		_ = p.Process.Kill()
		return fmt.Errorf("the program did not stop within five seconds\n%s", s.output.String())
	}
}

func (s *story) end() {
	_ = s.stop(syscall.SIGKILL)
	s.gate.close()
}

// on returns the browser of a device and makes it the current one.
func (s *story) on(device string) *browser {
	b, ok := s.devices[device]
	if !ok {
		b = newBrowser(s.base)
		s.devices[device] = b
	}
	s.browser = b
	return b
}

// output collects what the program prints.
type output struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// wait returns what follows a word on its line, as soon as the line is complete.
func (o *output) wait(ctx context.Context, word string) (string, error) {
	for {
		o.mu.Lock()
		_, rest, found := strings.Cut(o.text.String(), word)
		line, _, whole := strings.Cut(rest, "\n")
		if o.more == nil {
			o.more = make(chan struct{})
		}
		more := o.more
		o.mu.Unlock()
		if found && whole {
			return strings.TrimSpace(line), nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// gate stands in front of Redis. It can be shut: connections break and none is taken; and it can hold everything up, as a network does that loses what
// it carries.
type gate struct {
	prefix string // of the address, with user and password
	suffix string // database
	mini   *miniredis.Miniredis
	proxy  *toxiproxy.Proxy
}

func newGate(t testing.TB) (*gate, error) {
	g := &gate{prefix: "redis://"}
	target := ""
	if address := ephemeraltest.Address(t); address != "" {
		rest := strings.TrimPrefix(address, "redis://")
		if at := strings.LastIndexByte(rest, '@'); at >= 0 {
			g.prefix, rest = "redis://"+rest[:at+1], rest[at+1:]
		}
		host, db, _ := strings.Cut(rest, "/")
		target, g.suffix = host, "/"+db
	} else {
		mini, err := miniredis.Run()
		if err != nil {
			return nil, err
		}
		g.mini, target = mini, mini.Addr()
	}
	g.proxy = toxiproxy.NewProxy(toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()), "redis", "127.0.0.1:0", target)
	return g, g.proxy.Start()
}

func (g *gate) address() string { return g.prefix + g.proxy.Listen + g.suffix }

func (g *gate) shut() { g.proxy.Stop() }

// hold lets connections in and no answer out.
func (g *gate) hold() error {
	_, err := g.proxy.Toxics.AddToxicJson(strings.NewReader(`{"type": "timeout", "attributes": {"timeout": 0}}`))
	return err
}

// open ends whatever was wrong.
func (g *gate) open() error {
	g.proxy.Toxics.ResetToxics(context.Background())
	if err := g.proxy.Start(); !errors.Is(err, toxiproxy.ErrProxyAlreadyStarted) {
		return err
	}
	return nil
}

func (g *gate) close() {
	g.shut()
	if g.mini != nil {
		g.mini.Close()
	}
}

// until looks again and again until a condition holds.
func until(what string, holds func() bool) error { return within(15*time.Second, what, holds) }

// within is until with a patience of its own.
func within(patience time.Duration, what string, holds func() bool) error {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline.C:
			return fmt.Errorf("%s: not within %v", what, patience)
		case <-tick.C:
		}
	}
	return nil
}

func (s *story) health(path string) int {
	resp, err := http.Get(s.base + path)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}
