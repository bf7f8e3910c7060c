package app

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/config"
)

// newApp boots the program inside the test, on a fresh data folder.
func newApp(t testing.TB, opts Options) *App {
	t.Helper()
	cfg, err := config.Load(func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	cfg.Data = t.TempDir()
	a, err := New(t.Context(), cfg, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a
}

// TestRoutes compares who may do what with the map in testdata/routes.golden. UPSTANDER_UPDATE=1 writes it anew; read the difference before you
// commit it.
func TestRoutes(t *testing.T) {
	a := newApp(t, Options{Demo: true})
	var b strings.Builder
	for _, r := range a.server.Routes() {
		fmt.Fprintf(&b, "%-5s %-48s %s\n", r.Method, r.Path, r.Door)
	}
	if os.Getenv("UPSTANDER_UPDATE") != "" {
		if err := os.WriteFile("testdata/routes.golden", []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/routes.golden")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("routes (-golden +now)\n%s", diff)
	}
}
