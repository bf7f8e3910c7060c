// Package audit is the log of what staff, admins and operators do: who, what, when, on whom.
//
// Its rules:
//
//   - It is append-only. Nothing changes an entry, and nothing but the end of its retention removes one.
//   - It names people by their random ids and nothing else, so that erasing a person leaves the log whole and true: the id then leads to nobody.
//   - An action is recorded before it is answered for. Where the log cannot be written, the action fails.
package audit

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/upstander/upstander/internal/fault"
)

// Actors who are no person.
const (
	Operator = "operator" // somebody with a shell on the server
	System   = "system"   // the program itself: a sweep, a reminder that falls due
)

// MaxDetail is the longest detail in characters.
const MaxDetail = 300

// Entry says that somebody did something to somebody or something.
type Entry struct {
	ID          string    `bson:"_id"` // UUIDv7 of At: the order of time
	Institution string    `bson:"institution"`
	At          time.Time `bson:"at"`
	Actor       string    `bson:"actor"` // person id, Operator or System
	Verb        Verb      `bson:"verb"`
	Subject     string    `bson:"subject"` // id of a person or a thing; empty: the institution as a whole
	Detail      string    `bson:"detail"`  // what else matters, such as filters or counts; never a name or an address
}

// Day returns the civil date of an entry where the institutions are.
func (e Entry) Day(in *time.Location) string { return e.At.In(in).Format(time.DateOnly) }

// Filter says which entries of an institution are wanted. Empty fields want all.
type Filter struct {
	Institution string
	Actor       string
	Verb        Verb
	Subject     string
	From, To    time.Time // From inclusive, To exclusive; zero is open
}

// Config is what the log is made from.
type Config struct {
	Engine Engine
	Now    func() time.Time
	NewID  func() string // random UUIDs; their time is set from Now
}

// Log is the package's verbs.
type Log struct {
	cfg   Config
	store *entryStore

	mu      sync.Mutex
	last    int64  // millisecond of the entry before
	counted uint16 // entries in it, besides the first
}

// New opens the log.
func New(ctx context.Context, cfg Config) (*Log, error) {
	s, err := openStore(ctx, cfg.Engine)
	if err != nil {
		return nil, err
	}
	return &Log{cfg: cfg, store: s}, nil
}

// Record writes an entry down. ID and At are the log's own; the rest is the caller's. It fails with fault.Invalid where an entry is not
// complete or its text could name a person: that is a mistake in the program.
func (l *Log) Record(ctx context.Context, e Entry) error {
	if err := e.check(); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	e.At = l.cfg.Now().UTC().Truncate(time.Millisecond)
	id, err := uuid.Parse(l.cfg.NewID())
	if err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	e.ID = idAt(e.At, l.count(e.At), id)
	if err := l.store.insert(ctx, e); err != nil {
		return fmt.Errorf("audit: %w", err)
	}
	return nil
}

func (e Entry) check() error {
	switch {
	case e.Institution == "" || e.Actor == "":
		return fmt.Errorf("%w: an entry needs an institution and an actor", fault.Invalid)
	case !slices.Contains(Verbs(), e.Verb):
		return fmt.Errorf("%w: there is no verb %q", fault.Invalid, e.Verb)
	case len([]rune(e.Detail)) > MaxDetail || strings.ContainsFunc(e.Detail, unicode.IsControl):
		return fmt.Errorf("%w: a detail is one line of at most %d characters", fault.Invalid, MaxDetail)
	case strings.Contains(e.Actor+e.Subject+e.Detail, "@"):
		return fmt.Errorf("%w: an entry must not hold an e-mail address", fault.Invalid)
	}
	return nil
}

// Entries returns one page of the log, the newest entry first.
func (l *Log) Entries(ctx context.Context, f Filter, after, before string) (Page, error) {
	return l.store.page(ctx, f, after, before)
}

// Forget removes entries older than the end of their retention, and returns how many. Nothing else removes any.
func (l *Log) Forget(ctx context.Context, institution string, before time.Time) (int, error) {
	return l.store.forgetBefore(ctx, institution, before)
}

// count numbers the entries of one millisecond, so that what one action leaves stands in its order.
func (l *Log) count(t time.Time) uint16 {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch ms := t.UnixMilli(); {
	case ms != l.last:
		l.last, l.counted = ms, 0
	case l.counted < maxCount:
		l.counted++
	}
	return l.counted
}

// maxCount fits into the twelve bits between a UUIDv7's time and its random end.
const maxCount = 1<<12 - 1

// idAt makes a UUIDv7 of a moment and a place within it from a random UUID.
func idAt(t time.Time, place uint16, random uuid.UUID) string {
	ms := t.UnixMilli()
	for i := range 6 {
		random[i] = byte(ms >> (8 * (5 - i)))
	}
	random[6], random[7] = 0x70|byte(place>>8), byte(place)
	random[8] = 0x80 | random[8]&0x3f
	return random.String()
}

// firstID is the least id of a moment and after; the zero time has none.
func firstID(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return fmt.Sprintf("%08x-%04x", uint64(ms)>>16&0xffffffff, uint64(ms)&0xffff)
}
