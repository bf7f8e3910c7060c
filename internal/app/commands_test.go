package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/store"
)

// commands are the words that the stories are written in.
func commands() map[string]func(*testscript.TestScript, bool, []string) {
	do := func(run func(s *story, args []string) error) func(*testscript.TestScript, bool, []string) {
		return func(ts *testscript.TestScript, neg bool, args []string) {
			s := ts.Value("story").(*story)
			err := run(s, args)
			switch {
			case err != nil && !neg:
				ts.Fatalf("%v", err)
			case err == nil && neg:
				ts.Fatalf("unexpectedly so")
			}
		}
	}
	return map[string]func(*testscript.TestScript, bool, []string){
		"serve":       do(func(s *story, args []string) error { return s.start(args...) }),
		"serve-data":  do(serveDataCommand),
		"copy-source": do(copySourceCommand),
		"edit":        do(editCommand),
		"until-seen": do(func(s *story, args []string) error {
			return until("seen", func() bool { return s.browser.open(s.browser.url.Path) == nil && s.browser.sees(args[0]) })
		}),
		"until-seen-within": do(untilSeenWithinCommand),
		"audited":           do(auditedCommand),
		"until-logged": do(func(s *story, args []string) error {
			return until("logged", func() bool { return strings.Contains(s.output.String(), args[0]) })
		}),
		"crash":     do(func(s *story, _ []string) error { return s.stop(syscall.SIGKILL) }),
		"shut-down": do(func(s *story, _ []string) error { return s.stop(syscall.SIGTERM) }),
		"redis":     do(redisCommand),
		"ready": do(func(s *story, _ []string) error {
			return until("ready", func() bool { return s.health("/readyz") == 200 })
		}),
		"unready": do(func(s *story, _ []string) error {
			return until("not ready", func() bool { return s.health("/readyz") == 503 })
		}),
		"alive":  do(aliveCommand),
		"logged": do(func(s *story, args []string) error { return contains(s.output.String(), args[0]) }),

		"on":     do(func(s *story, args []string) error { s.on(args[0]); return nil }),
		"open":   do(func(s *story, args []string) error { return s.browser.open(s.expand(args[0])) }),
		"follow": do(func(s *story, args []string) error { return s.browser.follow(args[0]) }),
		"press":  do(func(s *story, args []string) error { return s.browser.press(args[0]) }),
		"type":   do(typeCommand),
		"attach": func(ts *testscript.TestScript, _ bool, args []string) { // FIELD FILE of the story
			s := ts.Value("story").(*story)
			if !s.browser.fields()[args[0]] {
				ts.Fatalf("there is no field %q on %s", args[0], s.browser.url)
			}
			s.browser.file = &file{field: args[0], name: args[1], content: []byte(ts.ReadFile(args[1]))}
		},
		"see":     do(func(s *story, args []string) error { return contains(text(s.browser.page), s.expand(args[0])) }),
		"markup":  do(func(s *story, args []string) error { return contains(s.browser.body, s.expand(args[0])) }),
		"at":      do(atCommand),
		"status":  do(statusCommand),
		"within":  do(withinCommand),
		"post":    do(postCommand),
		"keep":    do(keepCommand),
		"sign-in": do(signInCommand),

		"post-from":  do(postFromCommand),
		"keep-path":  do(func(s *story, args []string) error { s.kept[args[0]] = s.browser.url.Path; return nil }),
		"enter":      do(enterCommand),
		"enter-code": do(enterCodeCommand),

		"university":           do(universityCommand),
		"through-university":   do(throughUniversityCommand),
		"groups-at-university": do(func(s *story, args []string) error { s.university.Join(args[0], args[1:]...); return nil }),

		"follow-private-link": do(func(s *story, _ []string) error {
			link := find(s.browser.page, func(n *node) bool { return element("a")(n) && strings.Contains(attr(n, "href"), "/pledges/mine/") })
			if link == nil {
				return fmt.Errorf("there is no private link on %s", s.browser.url)
			}
			to, err := url.Parse(attr(link, "href"))
			if err != nil {
				return err
			}
			return s.browser.open(to.Path)
		}),
		"go-to":  do(goToCommand),
		"header": do(func(s *story, args []string) error { return contains(s.browser.header.Get(args[0]), args[1]) }),
		"log-mark": do(func(s *story, _ []string) error {
			err := s.flushLog()
			s.kept["log"] = fmt.Sprint(len(s.output.String()))
			return err
		}),
		"digest-store": do(func(s *story, _ []string) (err error) { s.kept["store"], err = s.settledDigest(); return err }),
		"same-store": do(func(s *story, _ []string) error {
			now, err := s.digest()
			if err == nil && now != s.kept["store"] {
				err = fmt.Errorf("the store has changed: %s, then %s", s.kept["store"], now)
			}
			return err
		}),
		"nothing-logged-since-mark": do(func(s *story, _ []string) error {
			if err := s.flushLog(); err != nil {
				return err
			}
			from, _ := strconv.Atoi(s.kept["log"])
			for _, line := range strings.Split(strings.TrimSpace(s.output.String()[from:]), "\n") {
				if !strings.Contains(line, "route=/healthz") {
					return fmt.Errorf("logged: %s", line)
				}
			}
			return nil
		}),
		"sent-no-cookie": do(func(s *story, _ []string) error {
			if sent := s.browser.client.Jar.Cookies(s.browser.url); len(sent) > 0 || s.browser.header.Get("Set-Cookie") != "" {
				return fmt.Errorf("cookies travelled to %s: %v", s.browser.url, sent)
			}
			return nil
		}),

		"serve-again": do(func(s *story, _ []string) error { return s.start() }),
		"keep-room": do(func(s *story, args []string) error {
			parts := strings.Split(s.browser.url.Path, "/")
			if len(parts) < 3 || parts[1] != "room" {
				return fmt.Errorf("%s is in no room", s.browser.url)
			}
			s.kept[args[0]] = parts[2]
			return nil
		}),
		"keep-code":       do(keepMatch(`Code ([A-Z0-9]{6})\b`)),
		"keep-credit":     do(keepMatch(`[Aa]ttendance[^:]*: ([A-Z0-9]{6})\b`)),
		"keep-screen":     do(keepMatch(`works once: ([A-Z0-9]{8})\b`)),
		"keep-invitation": do(keepMatch(`(/room/[a-z0-9]+/invitation/[A-Z0-9]+)`)),
		"press-first":     do(pressFirstCommand),

		"answer": do(func(s *story, args []string) error { return s.answer(args[0]) }),
		"go-on":  do(goOnCommand),
		"storm":  do(stormCommand),
	}
}

func contains(page, words string) error {
	if !strings.Contains(page, words) {
		return fmt.Errorf("not there: %q in\n%s", words, page)
	}
	return nil
}

// until-seen-within SECONDS WORDS: looks at the same address again and again, and not longer
func untilSeenWithinCommand(s *story, args []string) error {
	most, err := strconv.ParseFloat(args[0], 64)
	if err != nil {
		return err
	}
	began, address := time.Now(), s.browser.url.RequestURI()
	err = until("seen", func() bool { return s.browser.open(address) == nil && s.browser.sees(args[1]) })
	if took := time.Since(began); err == nil && took.Seconds() > most {
		err = fmt.Errorf("%q showed after %v", args[1], took)
	}
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, text(s.browser.page))
	}
	return err
}

// audited VERB TIMES: how often the demo's first university has this in its audit log
func auditedCommand(s *story, args []string) error {
	address := s.store
	if address == "" {
		address = filepath.Join(s.data, "upstander.db")
	}
	e, err := openAddress(context.Background(), address)
	if err != nil {
		return err
	}
	defer e.Close()
	log, err := audit.New(context.Background(), audit.Config{Engine: e, Now: clock, NewID: uuid.NewString})
	if err != nil {
		return err
	}
	page, err := log.Entries(context.Background(), audit.Filter{Institution: "aldermoor", Verb: audit.Verb(args[0])}, "", "")
	if err == nil && strconv.Itoa(len(page.Items)) != args[1] {
		err = fmt.Errorf("%d entries: %+v", len(page.Items), page.Items)
	}
	return err
}

// expand puts in what has been kept: {name}.
func (s *story) expand(text string) string {
	for name, value := range s.kept {
		text = strings.ReplaceAll(text, "{"+name+"}", value)
	}
	return text
}

// copy-source FOLDER: the sources that an author works on
func copySourceCommand(s *story, args []string) error {
	for _, part := range []string{"views", "public", "modules"} {
		if err := os.CopyFS(filepath.Join(s.env.WorkDir, args[0], part), os.DirFS(filepath.Join("../..", part))); err != nil {
			return err
		}
	}
	return nil
}

// edit FILE OLD NEW
func editCommand(s *story, args []string) error {
	file := filepath.Join(s.env.WorkDir, args[0])
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !strings.Contains(string(b), args[1]) {
		return fmt.Errorf("%s does not contain %q", args[0], args[1])
	}
	return os.WriteFile(file, []byte(strings.Replace(string(b), args[1], args[2], 1)), 0o600)
}

// serve-data FILE: on a data folder that holds nothing but this store, put there by upstander restore
func serveDataCommand(s *story, args []string) error {
	s.data = filepath.Join(s.env.WorkDir, "data-of-"+args[0])
	restore := exec.Command(s.binary, "restore", filepath.Join(s.env.WorkDir, args[0]))
	restore.Env = append(os.Environ(), "UPSTANDER_DATA="+s.data, "UPSTANDER_STORE=")
	if out, err := restore.CombinedOutput(); err != nil {
		return fmt.Errorf("restore: %w\n%s", err, out)
	}
	return s.start()
}

// redis away | redis hangs | redis back
func redisCommand(s *story, args []string) error {
	switch args[0] {
	case "away":
		s.gate.shut()
		return nil
	case "hangs":
		return s.gate.hold()
	}
	return s.gate.open()
}

// keepMatch keeps the first group of a pattern in what the page says, under a name.
func keepMatch(pattern string) func(s *story, args []string) error {
	rule := regexp.MustCompile(pattern)
	return func(s *story, args []string) error {
		found := rule.FindStringSubmatch(text(s.browser.page))
		if found == nil {
			return fmt.Errorf("nothing like %s in %s", pattern, text(s.browser.page))
		}
		s.kept[args[0]] = found[1]
		return nil
	}
}

// press-first BUTTON WORDS: the button with this text in the first list entry that shows the words
func pressFirstCommand(s *story, args []string) error {
	entry := find(s.browser.page, func(n *node) bool { return element("li")(n) && strings.Contains(text(n), args[1]) })
	if entry == nil {
		return fmt.Errorf("no entry shows %q", args[1])
	}
	whole := s.browser.page
	s.browser.page = entry
	err := s.browser.press(args[0])
	if err != nil {
		s.browser.page = whole
	}
	return err
}

func aliveCommand(s *story, _ []string) error {
	if code := s.health("/healthz"); code != 200 {
		return fmt.Errorf("healthz answers %d", code)
	}
	return nil
}

// type FIELD VALUE: into a field, or the value of a radio button or checkbox
func typeCommand(s *story, args []string) error {
	if !s.browser.fields()[args[0]] {
		return fmt.Errorf("there is no field %q on %s", args[0], s.browser.url)
	}
	s.browser.typed[args[0]] = append(s.browser.typed[args[0]], s.expand(args[1]))
	return nil
}

// at PATTERN: the path of the page, with * for one segment
func atCommand(s *story, args []string) error {
	if ok, err := path.Match(s.expand(args[0]), s.browser.url.Path); err != nil || !ok {
		return fmt.Errorf("the page is %s", s.browser.url)
	}
	return nil
}

func statusCommand(s *story, args []string) error {
	if strconv.Itoa(s.browser.status) != args[0] {
		return fmt.Errorf("%s answered %d\n%s", s.browser.url, s.browser.status, text(s.browser.page))
	}
	return nil
}

// within SECONDS: how long the last page took
func withinCommand(s *story, args []string) error {
	n, err := strconv.ParseFloat(args[0], 64)
	if err == nil && s.browser.took.Seconds() > n {
		err = fmt.Errorf("%s took %v", s.browser.url, s.browser.took)
	}
	return err
}

// post PATH [FIELD VALUE …]: a form that no page shows
func postCommand(s *story, args []string) error {
	return s.browser.post(s.expand(args[0]), s.form(args[1:]))
}

// post-from ORIGIN PATH [FIELD VALUE …]: a form on another site's page, with the cookies of this one
func postFromCommand(s *story, args []string) error {
	return s.browser.send(http.MethodPost, s.expand(args[1]), s.form(args[2:]), args[0])
}

// form reads names and values in turn.
func (s *story) form(pairs []string) url.Values {
	form := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Add(pairs[i], s.expand(pairs[i+1]))
	}
	return form
}

// keep NAME: the last segment of the page's path, for {NAME} later
func keepCommand(s *story, args []string) error {
	s.kept[args[0]] = path.Base(s.browser.url.Path)
	return nil
}

// sign-in EMAIL: by a code, which the demo shows on the page
func signInCommand(s *story, args []string) error {
	b := s.browser
	if err := b.open("/app/sign-in"); err != nil {
		return err
	}
	b.typed["email"] = []string{args[0]}
	if err := b.press("Send me a code"); err != nil {
		return err
	}
	if err := enterCodeCommand(s, nil); err != nil {
		return err
	}
	if b.url.Path != "/app" || b.status != 200 {
		return fmt.Errorf("not signed in: %s answered %d", b.url, b.status)
	}
	return nil
}

// enter-code: the one that the demo shows on the page
func enterCodeCommand(s *story, _ []string) error {
	code := find(s.browser.page, func(n *node) bool { return attr(n, "class") == "code" })
	if code == nil {
		return fmt.Errorf("no code is shown: %s", text(s.browser.page))
	}
	s.browser.typed["code"] = []string{text(code)}
	return s.browser.press("Sign in")
}

// enter ROLE: by the demo's button
func enterCommand(s *story, args []string) error {
	if err := s.browser.open("/app/sign-in"); err != nil {
		return err
	}
	return s.browser.press(args[0])
}

// item returns the item that the browser looks at.
func (s *story) item() (*content.Item, error) {
	parts := strings.Split(strings.Trim(s.browser.url.Path, "/"), "/")
	if len(parts) == 4 {
		if m, ok := s.library.ModuleBySlug(parts[2]); ok {
			if it, ok := m.ItemBySlug(parts[3]); ok {
				return it, nil
			}
		}
	}
	return nil, fmt.Errorf("%s shows no item", s.browser.url)
}

// pass goes through the gate, where one stands before the item on the page.
func (s *story) pass() error {
	if !s.browser.sees("Before you go on") {
		return nil
	}
	return s.browser.press("Continue")
}

// answer rightly | wrongly: whatever is asked on the page, and stay on it
func (s *story) answer(how string) error {
	if err := s.pass(); err != nil {
		return err
	}
	it, err := s.item()
	if err != nil {
		return err
	}
	if !it.Asked() {
		return nil
	}
	if it.Kind == content.Scenario {
		for _, step := range story1(it, how == "rightly") {
			s.browser.typed["step"] = []string{step}
			if err := s.browser.press("Show what happens"); err != nil {
				return err
			}
		}
		return nil
	}
	for name, values := range given(it, how == "rightly") {
		s.browser.typed[name] = values
	}
	return s.browser.press("Give my answer")
}

// given is an answer to an item, right or wrong, as form fields.
func given(it *content.Item, right bool) map[string][]string {
	f := map[string][]string{}
	switch it.Kind {
	case content.Choice:
		for _, o := range it.Options {
			if o.Right == right && (it.Several || len(f["option"]) == 0) {
				f["option"] = append(f["option"], o.ID)
			}
		}
	case content.Myth:
		f["verdict"], f["sure"] = []string{content.VerdictMyth}, []string{"3"}
		if it.Verdict == right {
			f["verdict"] = []string{content.VerdictTrue}
		}
	case content.Sort:
		for _, t := range it.Things {
			place := t.Places[0]
			if !right {
				place = it.Places[slices.IndexFunc(it.Places, func(p string) bool { return !slices.Contains(t.Places, p) })]
			}
			f["place-"+t.ID] = []string{place}
		}
	}
	return f
}

// story1 finds a path through a scenario with full credit, or with as little as can be had.
func story1(it *content.Item, right bool) []string {
	var best []string
	credit := -1.0
	var walk func(p []string)
	walk = func(p []string) {
		trail, _ := it.Trail(p)
		now := trail[len(trail)-1]
		if now.Ending() && (credit < 0 || right == (now.Credit > credit)) {
			best, credit = p, now.Credit
		}
		for _, c := range now.Choices {
			walk(append(slices.Clone(p), c.ID))
		}
	}
	walk(nil)
	return best
}

// go-to KIND: answer rightly and go on until an item of this kind is on the page
func goToCommand(s *story, args []string) error {
	for range 60 {
		it, err := s.item()
		if err != nil {
			return err
		}
		if string(it.Kind) == args[0] {
			return s.pass()
		}
		if err := goOnCommand(s, []string{"rightly", "1"}); err != nil {
			return err
		}
	}
	return fmt.Errorf("no %s within sixty pages", args[0])
}

// flushLog waits until what has been logged so far has arrived: a line about one more request comes after all of it.
func (s *story) flushLog() error {
	marker := "route=/healthz"
	before := strings.Count(s.output.String(), marker)
	s.health("/healthz")
	return until("logged", func() bool { return strings.Count(s.output.String(), marker) > before })
}

// settledDigest waits until the store changes no more by itself: the demo's crowd comes in after the server listens, and standings follow it.
func (s *story) settledDigest() (string, error) {
	var last string
	var since time.Time // when last was seen first
	var broken error
	err := within(time.Minute, "the store comes to rest", func() bool {
		var now string
		if now, broken = s.digest(); broken != nil {
			return true
		}
		if now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > time.Second && (s.store != "" || !strings.Contains(now, "cells 0 "))
	})
	return last, errors.Join(broken, err)
}

// digest is a checksum over everything that the store holds, but for the leases that servers renew.
func (s *story) digest() (string, error) {
	address := s.store
	if address == "" {
		address = filepath.Join(s.data, "upstander.db")
	}
	e, err := openAddress(context.Background(), address)
	if err != nil {
		return "", err
	}
	defer e.Close()
	names, err := store.MovableCollections(context.Background(), e)
	if err != nil {
		return "", err
	}
	all := ""
	for _, name := range names {
		d, err := store.DigestOf(context.Background(), e, &store.Schema{Name: name}, func(int) {})
		if err != nil {
			return "", err
		}
		all += fmt.Sprintf("%s %d %x\n", name, d.Documents, d.Sum[:6])
	}
	return all, nil
}

// go-on rightly | wrongly [N]: answer and go on, N times or until the way ends: at completion, or where practice begins or ends
func goOnCommand(s *story, args []string) error {
	steps := 300
	if len(args) > 1 {
		var err error
		if steps, err = strconv.Atoi(args[1]); err != nil {
			return err
		}
	}
	practising := s.browser.sees("Practice ·")
	for range steps {
		if err := s.answer(args[0]); err != nil {
			return err
		}
		if err := s.browser.press("Go on"); err != nil {
			return err
		}
		if strings.HasSuffix(s.browser.url.Path, "/done") || len(args) == 1 && s.browser.sees("Practice ·") != practising {
			return nil
		}
	}
	if len(args) > 1 {
		return nil
	}
	return fmt.Errorf("the way does not end; it is at %s", s.browser.url)
}

// storm N: N learners answer their first question at once; the program is killed in the middle and started again; every answer that was
// acknowledged must be there
func stormCommand(s *story, args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	learners := make([]*browser, n)
	for i := range learners {
		s.on(fmt.Sprint("learner ", i))
		learners[i] = s.browser
		if err := s.toFirstQuestion(fmt.Sprintf("learner%d@aldermoor.example", i)); err != nil {
			return err
		}
	}
	acknowledged := make([]bool, n)
	var mu sync.Mutex
	count := 0
	enough := make(chan struct{})
	var wg sync.WaitGroup
	for i, b := range learners {
		s.browser = b
		it, err := s.item()
		if err != nil {
			return err
		}
		form := url.Values{"do": {"answer"}}
		for name, values := range given(it, true) {
			form[name] = values
		}
		at := b.url.String()
		wg.Go(func() {
			if err := b.post(at, form); err == nil && b.status == 200 && b.url.String() == at {
				mu.Lock()
				acknowledged[i] = true
				if count++; count == n/3 {
					close(enough)
				}
				mu.Unlock()
			} else {
				b.url, _ = url.Parse(at)
			}
		})
	}
	<-enough
	if err := s.stop(syscall.SIGKILL); err != nil {
		return err
	}
	wg.Wait()
	old := s.base
	if err := s.start(); err != nil {
		return err
	}
	lost := 0
	for i, b := range learners {
		if !acknowledged[i] {
			continue
		}
		at := strings.TrimPrefix(b.url.String(), old)
		carryCookies(b, old)
		if err := b.open(at); err != nil {
			return err
		}
		if !b.sees("Your answer.") {
			lost++
		}
	}
	s.env.T().Log(fmt.Sprintf("%d of %d answers were acknowledged before the kill", count, n))
	if lost > 0 {
		return fmt.Errorf("%d of %d acknowledged answers are lost", lost, count)
	}
	return nil
}

// toFirstQuestion signs in, begins the first module and goes to its first question.
func (s *story) toFirstQuestion(email string) error {
	if err := signInCommand(s, []string{email}); err != nil {
		return err
	}
	m := s.library.Modules()[0]
	if err := s.browser.post("/app/training/"+m.Slug, url.Values{"route": {"main"}}); err != nil {
		return err
	}
	for range 20 {
		it, err := s.item()
		if err != nil {
			return err
		}
		if it.Kind == content.Choice || it.Kind == content.Myth {
			return nil
		}
		if err := s.pass(); err != nil {
			return err
		}
		if err := s.browser.press("Go on"); err != nil {
			return err
		}
	}
	return fmt.Errorf("no question within twenty pages")
}
