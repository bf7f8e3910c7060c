package requirement_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/requirement"
)

// send posts a file as a browser does.
func send(v *peopletest.Visitor, path, name, content string, fields ...string) peopletest.Answer {
	v.Site.T.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for i := 0; i+1 < len(fields); i += 2 {
		if err := w.WriteField(fields[i], fields[i+1]); err != nil {
			v.Site.T.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write([]byte(content))
	}
	if err != nil || w.Close() != nil {
		v.Site.T.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, &body)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return v.Do(r)
}

func has(t *testing.T, a peopletest.Answer, words ...string) {
	t.Helper()
	if a.Status != http.StatusOK && a.Status != http.StatusUnprocessableEntity {
		t.Fatalf("status %d, %s", a.Status, a.Location)
	}
	for _, w := range words {
		if !strings.Contains(a.Body, w) {
			t.Errorf("the page does not say %q:\n%s", w, a.Body)
		}
	}
}

// recorded compares the audit log with what somebody did, the latest first.
func (d *desk) recorded(by *peopletest.Visitor, want ...audit.Verb) {
	d.t.Helper()
	entries, err := d.audit.Entries(d.t.Context(), audit.Filter{Institution: "north", Actor: by.Person.ID}, "", "")
	d.do(err)
	var verbs []audit.Verb
	for _, e := range entries.Items {
		verbs = append(verbs, e.Verb)
	}
	if diff := cmp.Diff(want, verbs); diff != "" {
		d.t.Errorf("the audit log (-want +got)\n%s", diff)
	}
}

func staffed(t *testing.T) (*desk, *peopletest.Visitor) {
	d := newDesk(t)
	requirement.Routes(d.site.Doors, d.Service)
	return d, d.site.SignIn("staff@north.example", people.Staff)
}

func TestARosterIsCheckedBeforeItIsBroughtIn(t *testing.T) {
	d, staff := staffed(t)
	a := send(staff, "/app/staff/roster", "roster.csv", head+"n1,a@north.example,Abe One,2026,Law,4,,\nn2,wrong,Bea Two,2026,Law,4,,\n")
	if a.Status != http.StatusSeeOther {
		t.Fatalf("upload: %d %s", a.Status, a.Body)
	}
	has(t, staff.Get(a.Location), "Nothing has changed yet", "B (email)", "This is not an e-mail address", "Bring it in")
	if _, err := d.Member(t.Context(), d.person("a@north.example")); err == nil {
		t.Error("a check has written something")
	}
	if b := staff.Post(a.Location, "do", "import"); b.Status != http.StatusSeeOther {
		t.Fatalf("import: %d", b.Status)
	}
	has(t, staff.Get(a.Location), "The file has been brought in")
	if m, err := d.Member(t.Context(), d.person("a@north.example")); err != nil || m.Name != "Abe One" {
		t.Errorf("%+v, %v", m, err)
	}
	if b := staff.Post(a.Location, "do", "import"); b.Status != http.StatusConflict {
		t.Errorf("import twice: %d", b.Status)
	}
	has(t, staff.Get("/app/staff/roster"), "roster.csv", "Brought in")
	if b := d.site.SignIn("staff@south.example", people.Staff).Get(a.Location); b.Status != http.StatusNotFound {
		t.Errorf("staff of another institution: %d", b.Status)
	}
	if b := staff.Post(a.Location, "do", "discard"); b.Status != http.StatusSeeOther {
		t.Errorf("discard: %d", b.Status)
	}
	if b := staff.Get(a.Location); b.Status != http.StatusNotFound {
		t.Errorf("a discarded file: %d", b.Status)
	}
	d.recorded(staff, audit.RosterDiscard, audit.RosterImport, audit.RosterImport, audit.RosterCheck) // the second import was refused after it was noted
}

func TestUploadsThatAreTooMuch(t *testing.T) {
	d, staff := staffed(t)
	has(t, send(staff, "/app/staff/roster", "roster.csv", ""), "Choose a file")
	large := head + strings.Repeat("n1,a@north.example,A,,,,,\n", 20_000) // larger than any other form may be
	a := send(staff, "/app/staff/roster", "roster.csv", large)
	if a.Status != http.StatusSeeOther {
		t.Fatalf("a large file: %d", a.Status)
	}
	has(t, staff.Get(a.Location), "Being checked")
	for path, cookie := range map[string]string{"/app/staff/requirements/new": "upstander=" + staff.Cookies["upstander"], "/app/staff/roster": "a=b; upstander=x"} { // no other page, and nobody without a session
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(large))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", cookie)
		if resp, err := d.site.Server.Test(r); err == nil || !strings.Contains(err.Error(), "body size exceeds") {
			t.Errorf("%s took %d bytes: %v, %v", path, len(large), resp, err)
		}
	}
}

// TestFourFilesAtOnce lets four files begin to arrive. The fifth is told to come back, and is taken when one of them has arrived.
func TestFourFilesAtOnce(t *testing.T) {
	d, staff := staffed(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	d.do(err)
	go func() { _ = d.site.Server.Serve(ln) }()
	t.Cleanup(func() { _ = d.site.Server.Shutdown(context.Background()) })
	const size = 300_000
	begin := func() (net.Conn, *bufio.Reader) {
		c, err := net.Dial("tcp", ln.Addr().String())
		d.do(err)
		t.Cleanup(func() { _ = c.Close() })
		_, err = fmt.Fprintf(c, "POST /app/staff/roster HTTP/1.1\r\nHost: example.test\r\nSec-Fetch-Site: same-origin\r\nCookie: upstander=%s\r\nExpect: 100-continue\r\n"+
			"X-Upstander-Place: mine\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n", staff.Cookies["upstander"], size)
		d.do(err)
		r := bufio.NewReader(c)
		for range 2 { // its header has been read when it is asked to go on
			if line, err := r.ReadString('\n'); err != nil || strings.Contains(line, " 1") && !strings.Contains(line, "100") {
				t.Fatalf("%q %v", line, err)
			}
		}
		return c, r
	}
	end := func(c net.Conn, r *bufio.Reader) int {
		_, err := io.WriteString(c, strings.Repeat("x", size))
		d.do(err)
		resp, err := http.ReadResponse(r, nil)
		d.do(err)
		return resp.StatusCode
	}
	first, answers := begin()
	for range 3 {
		begin()
	}
	_, late := begin()
	if fifth, err := http.ReadResponse(late, nil); err != nil || fifth.StatusCode != http.StatusServiceUnavailable || fifth.Header.Get("Retry-After") == "" {
		t.Fatalf("the fifth: %+v, %v", fifth, err)
	}
	if got := end(first, answers); got != http.StatusUnprocessableEntity {
		t.Errorf("the first: %d", got)
	}
	if got := end(begin()); got != http.StatusUnprocessableEntity {
		t.Errorf("after it: %d", got)
	}
}

// TestACompressedUpload is a megabyte of nothing in a kilobyte: it is not unfolded.
func TestACompressedUpload(t *testing.T) {
	_, staff := staffed(t)
	var form, packed bytes.Buffer
	w := multipart.NewWriter(&form)
	part, err := w.CreateFormFile("file", "roster.csv")
	if err == nil {
		_, err = part.Write(bytes.Repeat([]byte(" "), 1<<20))
	}
	z := gzip.NewWriter(&packed)
	if err = errors.Join(err, w.Close()); err == nil {
		_, err = z.Write(form.Bytes())
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/app/staff/roster", &packed)
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Content-Encoding", "gzip")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if a := staff.Do(r); a.Status != http.StatusUnsupportedMediaType || !strings.Contains(a.Body, "It was sent compressed") {
		t.Errorf("%d %s", a.Status, a.Body)
	}
}

// TestAFileThatEndsTheServer is begun on three times, with a new start after each, and then no more.
func TestAFileThatEndsTheServer(t *testing.T) {
	d, staff := staffed(t)
	at := send(staff, "/app/staff/roster", "roster.csv", head+strings.Repeat("n1,a@north.example,A,,,,,\n", 5000)).Location
	dies := func() (dead bool) {
		defer func() { dead = recover() != nil }()
		d.fatal = true
		d.do(d.Work(t.Context()))
		return false
	}
	for n := range 3 {
		if !dies() {
			t.Fatalf("the %d. time it does not end the server", n+1)
		}
		d.later += time.Minute
		has(t, staff.Get(at), "Being checked")
	}
	if dies() {
		t.Error("it is begun on for a fourth time")
	}
	has(t, staff.Get(at), "broke off three times", "Forget this file")
	has(t, staff.Get("/app/staff/roster"), "Given up")
	d.fatal = false
	d.do(d.Work(t.Context()))
	has(t, staff.Get(at), "broke off three times")
	if a := staff.Post(at, "do", "import"); a.Status != http.StatusConflict {
		t.Errorf("import of what has been given up: %d", a.Status)
	}
	if a := staff.Post(at, "do", "discard"); a.Status != http.StatusSeeOther {
		t.Errorf("discard: %d", a.Status)
	}
}

// TestAnErrorIsNoEnd lets the work on a file fail more often than it may end the server.
func TestAnErrorIsNoEnd(t *testing.T) {
	d, staff := staffed(t)
	at := send(staff, "/app/staff/roster", "roster.csv", head+strings.Repeat("n1,a@north.example,A,,,,,\n", 5000)).Location
	for range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		d.asked = cancel
		if err := d.Work(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("%v", err)
		}
		d.later += time.Minute
	}
	d.asked = nil
	d.do(d.Work(t.Context()))
	has(t, staff.Get(at), "Nothing has changed yet")
}

func TestSetARequirement(t *testing.T) {
	d, staff := staffed(t)
	ctx := t.Context()
	law := row("n1", "Abe Law", "Law")
	d.enrol(law, row("n2", "Bea Arts", "Arts"))
	has(t, staff.Get("/app/staff/requirements"), "Nothing is required yet")
	has(t, staff.Post("/app/staff/requirements/new", "renewal", "months", "due", "soon"), "Choose at least one module", "Give a day like", "number of months from 1 to 120")
	typed := []string{"modules", "consent", "renewal", "never", "due", "2027-01-29", "department", "law"}
	has(t, staff.Post("/app/staff/requirements/new", append(typed, "do", "preview")...), "1 person will have to complete it", "1 person is added")
	if a := staff.Post("/app/staff/requirements/new", append(typed, "do", "save")...); a.Location != "/app/staff/requirements?said=requirement-saved" {
		t.Fatalf("save: %d %s", a.Status, a.Body)
	}
	d.do(d.Sweep(ctx))
	has(t, staff.Get("/app/staff/requirements"), "Consent", "29 January 2027", "A group")
	list, err := d.Requirements(ctx, "north")
	d.do(err)
	path := "/app/staff/requirements/" + list[0].ID
	has(t, staff.Get(path), `value="law" checked`)
	has(t, staff.Post(path, "modules", "consent", "renewal", "never", "department", "arts", "do", "preview"), "1 person is added", "1 person is no longer asked")
	abe := "/app/staff/people/" + d.person(law.Email)
	has(t, staff.Get(abe), "Abe Law", "Not yet", "2026 · Law · 4")
	has(t, staff.Post(abe, "requirement", list[0].ID, "do", "met", "day", "2030-01-01"), "Give a day like")
	for _, step := range []struct{ do, day, says string }{
		{"extend", "2027-03-01", "extended"}, {"met", "2026-11-01", "Staff marked this as met"}, {"restore", "", "Not yet"}, {"exempt", "", "Staff exempted this person"},
	} {
		if a := staff.Post(abe, "requirement", list[0].ID, "do", step.do, "due", step.day, "day", step.day); a.Status != http.StatusSeeOther {
			t.Fatalf("%s: %d", step.do, a.Status)
		}
		has(t, staff.Get(abe), step.says)
	}
	south := d.site.SignIn("staff@south.example", people.Staff)
	for _, p := range []string{abe, path} {
		if a := south.Get(p); a.Status != http.StatusNotFound {
			t.Errorf("%s for another institution: %d", p, a.Status)
		}
	}
	if a := d.site.SignIn("n2@north.example").Get(abe); a.Status != http.StatusForbidden {
		t.Errorf("a student: %d", a.Status)
	}
	if a := staff.Post(path, "do", "end"); a.Location != "/app/staff/requirements?said=requirement-ended" {
		t.Errorf("end: %d", a.Status)
	}
	has(t, staff.Get("/app/staff/requirements"), "Ended", "Nothing is required yet")
	d.recorded(staff, audit.RequirementClose, audit.StandingExempt, audit.StandingReopen, audit.StandingMeet, audit.StandingExtend, audit.RequirementAdd)
}

func TestTemplateCanBeImported(t *testing.T) {
	d, staff := staffed(t)
	a := staff.Get("/app/staff/roster/template.csv")
	report, err := d.Import(t.Context(), "north", source(a.Body), requirement.Import{DryRun: true})
	if d.do(err); report.Outcome.Added != 1 || len(report.Faults)+len(report.Ignored) != 0 {
		t.Errorf("%+v", report)
	}
}

// TestStaffOfADepartmentCountTheirOwn: from numbers of the whole institution they could subtract their own place, and know how the last person
// elsewhere stands.
func TestStaffOfADepartmentCountTheirOwn(t *testing.T) {
	d, staff := staffed(t)
	d.enrol(row("n1", "Abe Law", "Law"), row("n2", "Bea Arts", "Arts"), row("n3", "Cai Arts", "Arts"))
	d.add(requirement.Requirement{Modules: []string{"consent"}})
	has(t, staff.Get("/app/staff/requirements"), `<td class="number">3</td>`)
	scoped := d.site.SignIn("arts@north.example", people.Staff)
	admin := d.site.SignIn("admin@north.example", people.Admin)
	_, err := d.site.People.ChangeRoles(t.Context(), admin.Person, scoped.Person.ID, []people.Role{people.Staff}, "2026/arts")
	d.do(err)
	a := scoped.Get("/app/staff/requirements")
	has(t, a, `<td class="number">2</td>`)
	if strings.Contains(a.Body, `<td class="number">3</td>`) {
		t.Error("staff of a department see how many there are elsewhere")
	}
}
