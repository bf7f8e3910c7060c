package app

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/store/sqlite"
)

// killedRows is long enough for an import to be killed in the middle.
const killedRows = 12_000

// longRoster writes a roster of made-up students whose numbers begin with a prefix.
func longRoster(prefix string) []byte {
	var b strings.Builder
	b.WriteString("student number,e-mail,name,cohort,department,level\n")
	for i := range killedRows {
		fmt.Fprintf(&b, "%s%05d,%s%05d@aldermoor.example,Given%d Family%d,2026,Department %d,%d\n", prefix, i, prefix, i, i, i%97, i%12, 4+i%3)
	}
	return []byte(b.String())
}

// rosterKill is a server that is killed during imports, and somebody of the staff.
type rosterKill struct {
	t      *testing.T
	server *workshopServer
	b      *browser
}

// members counts the roster as the store holds it for good.
func (k *rosterKill) members() int {
	k.t.Helper()
	e, err := openAddress(k.t.Context(), filepath.Join(k.server.data, "upstander.db"))
	if err != nil {
		k.t.Fatal(err)
	}
	defer e.Close()
	d, err := store.DigestOf(k.t.Context(), e, &store.Schema{Name: "members"}, func(int) {})
	if err != nil {
		k.t.Fatal(err)
	}
	return int(d.Documents)
}

// leaseRunsOut lets the time pass after which an import that shows no sign of life counts as dead.
func (k *rosterKill) leaseRunsOut() {
	k.t.Helper()
	e, err := sqlite.Open(k.t.Context(), filepath.Join(k.server.data, "upstander.db"), func() time.Time { return clock().Add(3 * time.Minute) })
	if err != nil {
		k.t.Fatal(err)
	}
	defer e.Close()
	lease, err := store.AcquireLease(k.t.Context(), e, "roster aldermoor", time.Second)
	if err == nil {
		err = lease.Release(k.t.Context())
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

// number reads the first group of a pattern from the page at an address; nothing there is -1.
func (k *rosterKill) number(address, pattern string) int {
	k.t.Helper()
	if err := k.b.open(address); err != nil {
		k.t.Fatal(err)
	}
	m := regexp.MustCompile(pattern).FindStringSubmatch(text(k.b.page))
	if m == nil {
		return -1
	}
	n, err := strconv.Atoi(strings.ReplaceAll(m[1], ",", ""))
	if err != nil {
		k.t.Fatal(err)
	}
	return n
}

// asked is how many the dashboard counts.
func (k *rosterKill) asked() int { return k.number("/app/staff/insights", `People\s+([\d,]+)`) }

// waits is until for what takes longer.
func (k *rosterKill) waits(what string, holds func() bool) {
	k.t.Helper()
	if err := within(time.Minute, what, holds); err != nil {
		k.t.Fatalf("%v\n%s", err, text(k.b.page))
	}
}

// command is the program beside the server.
func (k *rosterKill) command(ctx context.Context, file string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, k.server.binary, "roster", "import", file, "--institution", "aldermoor", "--demo")
	cmd.Env = append(os.Environ(), "UPSTANDER_DATA="+k.server.data, "UPSTANDER_STORE=", "UPSTANDER_REDIS="+k.server.redis, "UPSTANDER_LOG=warn")
	return cmd
}

var cameOf = regexp.MustCompile(`(\d+) rows imported: (\d+) added, (\d+) changed, (\d+) as before, 0 left; 0 rows with problems`)

// again imports a file by command to its end.
func (k *rosterKill) again(file string) (added, same int) {
	k.t.Helper()
	out, err := k.command(k.t.Context(), file).CombinedOutput()
	m := cameOf.FindStringSubmatch(string(out))
	if err != nil || m == nil || m[1] != strconv.Itoa(killedRows) || m[3] != "0" {
		k.t.Fatalf("%v\n%s", err, out)
	}
	added, _ = strconv.Atoi(m[2]) // digits, by the pattern
	same, _ = strconv.Atoi(m[4])
	return added, same
}

// TestRosterImportIsKilled kills the program with kill -9 in the middle of an import, once the server and once the command. What had been stored is there
// afterwards; an import that the page had taken on goes on by itself; everybody is asked what the roster asks of them; and the same file changes nothing.
func TestRosterImportIsKilled(t *testing.T) {
	redis, err := newGate(t)
	if err != nil {
		t.Fatal(err)
	}
	defer redis.close()
	server := newWorkshopServer(t, build(t), t.TempDir(), redis.address())
	server.start()
	k := &rosterKill{t: t, server: server, b: newBrowser("http://" + server.address)}
	if err := k.b.post("/app/sign-in/as", map[string][]string{"at": {"aldermoor"}, "role": {"staff"}}); err != nil || k.b.status != 200 {
		t.Fatal(err, k.b.status)
	}
	k.waits("the demo's crowd", func() bool { return k.asked() >= 400 })
	crowd := k.asked()
	byPage, byCommand := filepath.Join(t.TempDir(), "page.csv"), filepath.Join(t.TempDir(), "command.csv")
	for file, content := range map[string][]byte{byPage: longRoster("p"), byCommand: longRoster("c")} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	k.pageIsKilled(byPage)
	if added, same := k.again(byPage); added != 0 || same != killedRows {
		t.Errorf("the page's file again: %d added, %d as before", added, same)
	}
	k.waits("the page's people are asked", func() bool { return k.asked() == crowd+killedRows })
	k.commandIsKilled(byCommand)
	added, same := k.again(byCommand)
	if added == 0 || same == 0 || added+same != killedRows {
		t.Errorf("the command's file once more: %d added, %d as before", added, same)
	}
	if added, same := k.again(byCommand); added != 0 || same != killedRows {
		t.Errorf("the command's file again: %d added, %d as before", added, same)
	}
	k.waits("the command's people are asked", func() bool { return k.asked() == crowd+2*killedRows })
}

// pageIsKilled kills the server after it has taken an import on, and waits for the next one to bring it to its end.
func (k *rosterKill) pageIsKilled(path string) {
	k.t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		k.t.Fatal(err)
	}
	before := k.members()
	if err := k.b.open("/app/staff/roster"); err != nil {
		k.t.Fatal(err)
	}
	k.b.file = &file{field: "file", name: "page.csv", content: content}
	if err := k.b.press("Check the file"); err != nil {
		k.t.Fatal(err)
	}
	upload := k.b.url.Path
	k.waits("the file is checked", func() bool { return k.b.open(upload) == nil && k.b.sees("Nothing has changed yet") })
	if err := k.b.press("Bring it in"); err != nil || k.b.status != 200 {
		k.t.Fatal(err, k.b.status)
	}
	stored := k.stopsInTheMiddle(k.server.process.Process, before)
	k.server.kill()
	if left := k.members(); left < stored || left >= before+killedRows {
		k.t.Fatalf("%d of %d are stored after the kill, of %d before it", left-before, killedRows, stored-before)
	}
	k.leaseRunsOut()
	k.server.start()
	k.waits("the import goes on", func() bool { return k.b.open(upload) == nil && k.b.sees("The file has been brought in") })
}

// stopsInTheMiddle lets a program run for short spells until it has stored more than before, and leaves it stopped: counting takes longer than some
// imports do. It returns what was stored then.
func (k *rosterKill) stopsInTheMiddle(p *os.Process, before int) int {
	k.t.Helper()
	signal := func(s os.Signal) {
		if err := p.Signal(s); err != nil {
			k.t.Fatal(err)
		}
	}
	const spells, spell = 200, 100 * time.Millisecond
	for range spells {
		rest(k.t.Context(), spell)
		signal(syscall.SIGSTOP)
		if stored := k.members(); stored > before {
			return stored
		}
		signal(syscall.SIGCONT)
	}
	k.t.Fatalf("nothing was stored in %d spells of %v", spells, spell)
	return 0
}

// commandIsKilled kills the command once it has stored something.
func (k *rosterKill) commandIsKilled(file string) {
	k.t.Helper()
	before := k.members()
	cmd := k.command(k.t.Context(), file)
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	stored := k.stopsInTheMiddle(cmd.Process, before)
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
		k.t.Fatal(err)
	}
	_ = cmd.Wait()
	if left := k.members(); left < stored || left >= before+killedRows {
		k.t.Fatalf("%d of %d are stored after the kill, of %d before it", left-before, killedRows, stored-before)
	}
	k.leaseRunsOut()
}
