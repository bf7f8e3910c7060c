package report_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/report"
	"github.com/upstander/upstander/internal/web"
	"github.com/upstander/upstander/public"
	"github.com/upstander/upstander/views"
)

type desks map[string]report.Desk

func (d desks) Desk(institution string) (report.Desk, error) {
	one, ok := d[institution]
	if !ok {
		return report.Desk{}, fault.NotFound
	}
	return one, nil
}

func visit(t *testing.T, path string, header ...string) (*http.Response, string, string) {
	t.Helper()
	words, err := locale.Load()
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	en := map[string]string{"en": "North", "cy": "Gogledd"}
	s, err := web.New(web.Config{
		URL: "http://example.test", Views: views.Files, Public: public.Files, Catalogue: words, Now: time.Now,
		Log:   slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})),
		Sites: []web.Site{{ID: "north", Name: en, Short: en, Languages: []string{"en", "cy"}}, {ID: "south", Name: en, Short: en, Languages: []string{"en"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	report.Routes(s.NewDoor("public", web.Public), s, desks{
		"north": {Anonymous: "https://tell.north.example/a", Adviser: "https://tell.north.example/b", Telephone: "01632 960 001", WorkingDays: 1},
		"south": {Telephone: "01632 960 002", WorkingDays: 2},
	})
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Host = "example.test"
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := s.Test(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body), log.String()
}

func TestTwoDoorsExplainedBeforeAnythingIsTyped(t *testing.T) {
	_, body, _ := visit(t, "/north/report")
	emergency, fault, anonymous, adviser := strings.Index(body, "call 999"), strings.Index(body, "not your fault"), strings.Index(body, "tell.north.example/a"), strings.Index(body, "tell.north.example/b")
	if emergency < 0 || fault < emergency || anonymous < fault || adviser < anonymous {
		t.Errorf("the order is emergency %d, fault %d, anonymous %d, adviser %d", emergency, fault, anonymous, adviser)
	}
	for _, want := range []string{"Nobody learns who you are", "within 1 working day", "bullying", "discrimination", "tel:01632960001", `rel="noreferrer noopener external"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if strings.Contains(body, "<input type=\"text\"") || strings.Contains(body, "<textarea") {
		t.Error("something can be typed")
	}
	if _, body, _ := visit(t, "/south/report"); !strings.Contains(body, "by telephone only") || !strings.Contains(body, "within 2 working days") {
		t.Error("without forms of its own")
	}
	if _, body, _ := visit(t, "/north/cy/report"); !strings.Contains(body, "nid eich bai chi") || !strings.Contains(body, "o fewn 1 diwrnod gwaith") {
		t.Error("the Welsh page is not in Welsh")
	}
}

var script = regexp.MustCompile(`<script(?: src="[^"]*/js/(\w+)\.[^"]*")?`)

func TestTheDoorKnowsNobody(t *testing.T) {
	resp, plain, log := visit(t, "/north/report")
	other, marked, log2 := visit(t, "/north/report", "Cookie", "upstander=token", "User-Agent", "telling", "X-Forwarded-For", "203.0.113.7", "Referer", "http://example.test/app")
	if plain != marked {
		t.Error("the page differs by who asks")
	}
	if log != "" || log2 != "" {
		t.Errorf("something was logged: %s %s", log, log2)
	}
	for _, r := range []*http.Response{resp, other} {
		if r.Header.Get("Set-Cookie") != "" || r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("headers: %v", r.Header)
		}
	}
	var scripts []string
	for _, m := range script.FindAllStringSubmatch(plain, -1) {
		scripts = append(scripts, m[1])
	}
	if want := []string{"theme", "leave"}; !slices.Equal(scripts, want) { // the two that talk to nobody
		t.Errorf("the page loads the scripts %v, not %v", scripts, want)
	}
}

// TestNothingSaysWhereALinkWasFollowed looks at what goes along with a link into the signed-in half, and that no form needs what is left out.
func TestNothingSaysWhereALinkWasFollowed(t *testing.T) {
	for _, path := range []string{"/north/report", "/north/cy/report"} {
		resp, body, _ := visit(t, path)
		if got := resp.Header.Get("Referrer-Policy"); got != "no-referrer" {
			t.Errorf("%s: %s", path, got)
		}
		if n := strings.Count(body, "<form"); n == 0 || n != strings.Count(body, `action="`+web.LeavePath+`"`) {
			t.Errorf("%s: %d forms, of which not all leave", path, n)
		}
	}
}
