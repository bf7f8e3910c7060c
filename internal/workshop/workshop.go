// Package workshop runs live sessions in a room: a facilitator's cockpit, a projector, and everybody's phones. The session is the module: what it asks
// are the module's own items. Its rules:
//
//   - The room is a document. Whoever holds one of its keys leads it, so that closing a tab or losing a sign-in changes nothing in the room. State
//     lives in the store; signals and presence, which may be lost, in Redis.
//   - A vote stands under a random token that a phone keeps. It is acknowledged only after the room has been read again as open; when a question
//     closes, its votes are counted, the counts are kept in the room and the votes are erased. Opening again is a new round.
//   - What people think shows in bands, from ten answers on, and "all of them" looks like "all but one". Nobody's experience is ever asked.
//   - Results show when the facilitator reveals them. A word shows after it has been let through.
//   - Who has booked a place, and who waits for one, is known to staff. Facilitators see how many.
//   - Attendance is a person, a room and a day. It is added in the signed-in half with a code that changes on the projector; nothing joins it to a phone.
package workshop

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/people"
)

// Config is what the service is made from.
type Config struct {
	Engine   Engine
	Library  func() *content.Library
	Limits   *ephemeral.Limits
	Presence *ephemeral.Presence // phones heard of lately
	Leading  *ephemeral.Presence // cockpits heard of lately
	Signals  *ephemeral.Signals
	Now      func() time.Time
	Today    func() string // civil day
	NewToken func() string // at least 128 random bits in letters and digits
	Log      *slog.Logger

	// Credit counts an attendance towards what is required; again, when it may not have been. nil: nobody does.
	Credit func(ctx context.Context, a Attended) error

	// For sessions that are announced and booked.
	People    Persons
	Audit     *audit.Log
	Catalogue *locale.Catalogue
	Connect   func(ctx context.Context) (mail.Link, error) // nil in a demo without a mail server: nothing leaves
	Home      string                                       // address of the signed-in half
	Host      string                                       // right-hand side of a Message-ID
	PerMinute int                                          // messages that leave at most
	// Sees says whether somebody of the staff may see the name of a person.
	Sees func(ctx context.Context, by people.Person, person string) (bool, error)
}

// Persons knows who somebody is, and what an institution is called.
type Persons interface {
	Person(ctx context.Context, id string) (people.Person, error)
	Institution(id string) (*people.Institution, error)
}

// Service is the package's verbs.
type Service struct {
	cfg    Config
	store  *roomStore
	hub    *hub
	london *time.Location
	gates  sync.Map // room -> *sync.RWMutex: votes under way on this server pass it, closing a question waits for them
}

// New opens the store.
func New(ctx context.Context, cfg Config) (*Service, error) {
	st, err := openStore(ctx, cfg.Engine)
	if err != nil {
		return nil, err
	}
	london, err := locale.London()
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, store: st, london: london}
	s.hub = newHub(s)
	return s, nil
}

// Template finds a template for workshops; fault.NotFound when a module no longer has it.
func (s *Service) Template(module, id string) (*content.Template, error) {
	if m, ok := s.cfg.Library().Module(module); ok {
		if t, ok := m.Template(id); ok {
			return t, nil
		}
	}
	return nil, fmt.Errorf("workshop template: %w", fault.NotFound)
}

// Templates lists every template that there is.
func (s *Service) Templates() []*content.Template {
	var all []*content.Template
	for _, m := range s.cfg.Library().Modules() {
		all = append(all, m.Templates()...)
	}
	return all
}

func (s *Service) gate(room string) *sync.RWMutex {
	g, _ := s.gates.LoadOrStore(room, &sync.RWMutex{})
	return g.(*sync.RWMutex)
}

// changed tells whoever looks at the room, here and on other servers.
func (s *Service) changed(r Room) { s.hub.tell(r.ID) }

// Run passes signals on until ctx ends; all streams end with it.
func (s *Service) Run(ctx context.Context) { s.hub.run(ctx) }

// Hang ends every stream, so that the server can stop at once.
func (s *Service) Hang() { s.hub.close() }

// Sweep finishes what a server that died has left: questions half closed, votes half erased, rooms that nobody ended.
func (s *Service) Sweep(ctx context.Context) error {
	pending, err := s.store.pendingRooms(ctx)
	if err != nil {
		return err
	}
	for _, r := range pending {
		if _, err := s.settle(ctx, r.ID); err != nil {
			return err
		}
	}
	late, err := s.store.overdueRooms(ctx, s.cfg.Now())
	if err != nil {
		return err
	}
	for _, r := range late {
		if _, err := s.End(ctx, r.ID); err != nil {
			return err
		}
	}
	return s.sweepAttendance(ctx)
}

// letters are those of codes that people read from a wall and type: none looks like another.
const letters = "CDFGHJKMNPQRTVWX34679"

// spell turns a secret into a code of n letters.
func spell(secret []byte, n int) string {
	sum := sha256.Sum256(secret)
	code := make([]byte, n)
	for i := range code {
		code[i] = letters[(int(sum[2*i])<<8|int(sum[2*i+1]))%len(letters)]
	}
	return string(code)
}

// CleanCode brings a typed code to the form in which codes are kept.
func CleanCode(typed string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(letters, r) {
			return r
		}
		return -1
	}, strings.ToUpper(typed))
}

func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// derive makes another secret from one, for another purpose: the two cannot be brought together without the first.
func derive(secret, purpose string) string {
	m := hmac.New(sha256.New, []byte(secret))
	m.Write([]byte(purpose))
	return hex.EncodeToString(m.Sum(nil)[:16])
}
