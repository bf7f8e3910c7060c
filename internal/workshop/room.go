package workshop

import (
	"context"
	"crypto/hmac"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// Room is one live session.
type Room struct {
	ID          string    `bson:"_id"` // random: it stands in the address
	Institution string    `bson:"institution"`
	Language    string    `bson:"language"`
	Module      string    `bson:"module"`
	Template    string    `bson:"template"`
	Edition     string    `bson:"edition"`
	Facilitator string    `bson:"facilitator"` // the person who began it
	Day         string    `bson:"day"`         // civil
	State       string    `bson:"state"`       // Open, Ended
	Code        string    `bson:"code"`        // with which phones join; none:<id> once it has ended
	Hosts       []string  `bson:"hosts"`       // hashes of the keys of those who lead it
	Invitation  string    `bson:"invitation"`  // hash of a link for one more; empty: none
	Screens     []string  `bson:"screens"`     // hashes of the projectors' keys
	ScreenCode  string    `bson:"screen_code"` // hash of a code for one more; empty: none
	Slide       int       `bson:"slide"`
	Way         []string  `bson:"way"`   // steps taken in the scenario on this slide
	Phase       string    `bson:"phase"` // of what the slide asks
	Round       int       `bson:"round"` // of the question, from 1; 0: never opened
	Thing       int       `bson:"thing"` // of a sort's result: the example that shows
	Paused      bool      `bson:"paused"`
	Since       time.Time `bson:"since"` // when the slide was turned to
	Began       time.Time `bson:"began"`
	Until       time.Time `bson:"until"` // when it ends by itself
	Results     []Result  `bson:"results"`
	Skipped     []string  `bson:"skipped"`    // slides
	Pending     bool      `bson:"pending"`    // there may be votes to count or to erase
	Credit      bool      `bson:"credit"`     // the projector shows the code for attendance
	CreditKey   string    `bson:"credit_key"` // what codes for attendance and phones' tokens are derived from
	Version     int64     `bson:"version"`    // counts what phones and projector can see change
}

// States of a room.
const (
	Open  = "open"
	Ended = "ended"
)

// Phases of what a slide asks.
const (
	Shown    = "shown"    // not asked yet
	Asking   = "asking"   // phones may answer
	Closing  = "closing"  // no more answers; they are being counted
	Closed   = "closed"   // counted
	Revealed = "revealed" // the result is on the projector
)

// longest is how long a room stays open without anybody ending it.
const longest = 12 * time.Hour

// mostHosts bounds the keys of a room.
const mostHosts = 20

// Start opens a room at once and returns a key for whoever leads it.
func (s *Service) Start(ctx context.Context, p people.Person, module, template string) (r Room, key string, err error) {
	t, err := s.Template(module, template)
	if err != nil {
		return r, "", fault.Problems{{Field: "template", Key: "form.choose"}}
	}
	return s.open(ctx, p, t, s.newRoomID())
}

func (s *Service) newRoomID() string { return strings.ToLower(s.cfg.NewToken()[:16]) }

// open makes the room with an id and returns a key for whoever leads it; fault.Conflict when it is there already.
func (s *Service) open(ctx context.Context, p people.Person, t *content.Template, id string) (r Room, key string, err error) {
	key = s.cfg.NewToken()
	now := s.cfg.Now()
	for range 5 { // a code that is taken is drawn again
		r = Room{
			ID: id, Institution: p.Institution, Language: p.Language, Module: t.Module.ID, Template: t.ID, Edition: t.Module.Edition,
			Facilitator: p.ID, Day: s.cfg.Today(), State: Open, Code: spell([]byte(s.cfg.NewToken()), 6), Hosts: []string{hash(key)}, Screens: []string{}, Way: []string{},
			Phase: Shown, Since: now, Began: now, Until: now.Add(longest), Results: []Result{}, Skipped: []string{}, CreditKey: s.cfg.NewToken(), Version: 1,
		}
		if err = s.store.insert(ctx, r); !errors.Is(err, fault.Conflict) {
			return r, key, err
		}
	}
	return r, "", err
}

// Room returns a room, or fault.NotFound.
func (s *Service) Room(ctx context.Context, id string) (Room, error) { return s.store.room(ctx, id) }

// joinLimit bounds guesses at codes. A campus shares one address of the network: only what fails counts and only what fails is refused, or one of them
// could keep the others out of their rooms.
func joinLimit() ephemeral.Limit { return ephemeral.Limit{Name: "join", Times: 300, Per: time.Hour} }

// Find returns the open room of an institution with this code; fault.Problems on "code" when there is none. While Redis is away it goes on without
// counting: a room must not lose late joiners.
func (s *Service) Find(ctx context.Context, institution, typed, network string) (Room, error) {
	code := CleanCode(typed)
	r, err := s.store.byCode(ctx, code)
	if len(code) != 6 || errors.Is(err, fault.NotFound) || err == nil && r.Institution != institution {
		if err := s.cfg.Limits.Allow(ctx, joinLimit(), network); errors.Is(err, fault.TooMany) {
			return Room{}, err
		}
		return Room{}, fault.Problems{{Field: "code", Key: "join.wrong"}}
	}
	return r, err
}

// phoneLimit bounds the tokens that one network gets in a room: a campus shares one address, and nobody joins as a crowd.
func phoneLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "phone", Times: 1500, Per: time.Hour}
}

// Give makes a token for a phone that has come into the room. It is random, with a seal of the room: what nobody has been given counts for nothing.
// fault.TooMany when the network has been given too many; while Redis is away nobody counts.
func (s *Service) Give(ctx context.Context, r Room, network string) (string, error) {
	if err := s.cfg.Limits.Allow(ctx, phoneLimit(), r.ID+" "+network); errors.Is(err, fault.TooMany) {
		return "", err
	}
	token := s.cfg.NewToken()
	return token + "." + r.seal(token), nil
}

// Gave says whether a phone's token is one of this room.
func (r Room) Gave(token string) bool {
	random, seal, _ := strings.Cut(token, ".")
	return len(token) <= 100 && random != "" && hmac.Equal([]byte(seal), []byte(r.seal(random)))
}

func (r Room) seal(token string) string { return derive(r.CreditKey, "phone "+token)[:16] }

// Leads says whether a key is one of those that lead the room.
func (r Room) Leads(key string) bool { return key != "" && slices.Contains(r.Hosts, hash(key)) }

// Shows says whether a key is a projector's.
func (r Room) Shows(key string) bool { return key != "" && slices.Contains(r.Screens, hash(key)) }

// Invite makes a link for one more person to lead the room; an older one no longer works.
func (s *Service) Invite(ctx context.Context, id string) (token string, err error) {
	token = s.cfg.NewToken()
	_, err = s.live(ctx, id, func(r *Room) error { r.Invitation = hash(token); return nil })
	return token, err
}

// Accept uses an invitation up and returns a key; fault.NotFound when it has been used or replaced.
func (s *Service) Accept(ctx context.Context, id, token string) (key string, err error) {
	key = s.cfg.NewToken()
	_, err = s.live(ctx, id, func(r *Room) error {
		if r.Invitation == "" || r.Invitation != hash(token) {
			return fmt.Errorf("invitation: %w", fault.NotFound)
		}
		r.Invitation = ""
		return r.lead(key)
	})
	return key, err
}

// Recover returns a new key to the person who began the room, or to another facilitator of the institution whom that person asks: whoever has lost
// every device signs in and goes on.
func (s *Service) Recover(ctx context.Context, id string, p people.Person) (key string, err error) {
	key = s.cfg.NewToken()
	_, err = s.live(ctx, id, func(r *Room) error {
		if r.Facilitator != p.ID {
			return fmt.Errorf("room of somebody else: %w", fault.NotFound)
		}
		return r.lead(key)
	})
	return key, err
}

// lead adds a key. The first one stays: a room with too many loses the second oldest.
func (r *Room) lead(key string) error {
	if r.Hosts = append(r.Hosts, hash(key)); len(r.Hosts) > mostHosts {
		r.Hosts = slices.Delete(r.Hosts, 1, 2)
	}
	return nil
}

// OfferScreen makes a code with which one more projector can be opened; an older one no longer works.
func (s *Service) OfferScreen(ctx context.Context, id string) (code string, err error) {
	code = spell([]byte(s.cfg.NewToken()), 8)
	_, err = s.live(ctx, id, func(r *Room) error { r.ScreenCode = hash(code); return nil })
	return code, err
}

// screenLimit bounds guesses at a projector's code. Only what fails counts and is refused, or anybody in the room could keep the projector out.
func screenLimit() ephemeral.Limit {
	return ephemeral.Limit{Name: "screen", Times: 20, Per: time.Minute}
}

// OpenScreen uses a projector's code up and returns a key; fault.Problems on "code" when it is wrong. While Redis is away none is taken.
func (s *Service) OpenScreen(ctx context.Context, id, typed string) (key string, err error) {
	code := CleanCode(typed)
	key = s.cfg.NewToken()
	_, err = s.live(ctx, id, func(r *Room) error {
		if r.ScreenCode == "" || r.ScreenCode != hash(code) {
			return fault.Problems{{Field: "code", Key: "screen.wrong"}}
		}
		r.ScreenCode = ""
		r.show(key)
		return nil
	})
	if errors.Is(err, fault.Invalid) {
		if err := s.cfg.Limits.Allow(ctx, screenLimit(), id); err != nil {
			return "", err
		}
	}
	return key, err
}

// OwnScreen returns a projector's key for the device of whoever leads the room.
func (s *Service) OwnScreen(ctx context.Context, id string) (key string, err error) {
	key = s.cfg.NewToken()
	_, err = s.live(ctx, id, func(r *Room) error { r.show(key); return nil })
	return key, err
}

func (r *Room) show(key string) {
	if r.Screens = append(r.Screens, hash(key)); len(r.Screens) > mostHosts {
		r.Screens = slices.Delete(r.Screens, 0, 1)
	}
}

// live changes a room that has not ended.
func (s *Service) live(ctx context.Context, id string, change func(*Room) error) (Room, error) {
	return s.store.update(ctx, id, func(r *Room) error {
		if r.State != Open {
			return fmt.Errorf("room has ended: %w", fault.Conflict)
		}
		return change(r)
	})
}

// ErrMoved says that the room has moved on since the page was made: somebody else leads it too, or a button was pressed twice.
var ErrMoved = errors.New("the room has moved on")

// At names where a room is: whoever presses a button says what it saw. It changes with slide, moment, phase, round and example.
func (r Room) At() string {
	return fmt.Sprintf("%d.%d.%s.%d.%d", r.Slide, len(r.Way), r.Phase, r.Round, r.Thing)
}

// move changes what can be seen of a room that is still where its leader saw it; at is empty for what may happen anywhere.
func (s *Service) move(ctx context.Context, id, at string, change func(*Room, *content.Template) error) (Room, error) {
	seen, err := s.store.room(ctx, id)
	if err != nil {
		return seen, err
	}
	t, err := s.Template(seen.Module, seen.Template)
	if err != nil {
		return seen, err
	}
	r, err := s.live(ctx, id, func(r *Room) error {
		if at != "" && r.At() != at {
			return ErrMoved
		}
		if err := change(r, t); err != nil {
			return err
		}
		r.Version++
		return nil
	})
	if err == nil {
		s.changed(r)
	}
	return r, err
}

// Next turns to the next slide; in a scenario it takes a step and comes to the next moment. Past the last slide comes the question how it was.
func (s *Service) Next(ctx context.Context, id, at string) (Room, error) {
	return s.turn(ctx, id, at, func(r *Room, _ *content.Template) error { r.to(r.Slide+1, s.cfg.Now()); return nil })
}

// Back turns to the slide before.
func (s *Service) Back(ctx context.Context, id, at string) (Room, error) {
	return s.turn(ctx, id, at, func(r *Room, _ *content.Template) error { r.to(max(0, r.Slide-1), s.cfg.Now()); return nil })
}

// Skip turns to the next slide and remembers that this one was left out.
func (s *Service) Skip(ctx context.Context, id, at string) (Room, error) {
	return s.turn(ctx, id, at, func(r *Room, t *content.Template) error {
		if r.Slide < len(t.Slides) && !slices.Contains(r.Skipped, t.Slides[r.Slide].ID) {
			r.Skipped = append(r.Skipped, t.Slides[r.Slide].ID)
		}
		r.to(r.Slide+1, s.cfg.Now())
		return nil
	})
}

// turn leaves a slide. A question that is open is closed first, so that no vote is lost.
func (s *Service) turn(ctx context.Context, id, at string, change func(*Room, *content.Template) error) (Room, error) {
	r, err := s.store.room(ctx, id)
	if err == nil && (r.Phase == Asking || r.Phase == Closing) && r.At() == at {
		r, err = s.Close(ctx, id, at)
		at = r.At()
	}
	if err != nil {
		return r, err
	}
	return s.move(ctx, id, at, func(r *Room, t *content.Template) error {
		if err := change(r, t); err != nil {
			return err
		}
		if r.Slide > len(t.Slides) {
			return fmt.Errorf("there is no slide after the last: %w", fault.Conflict)
		}
		return nil
	})
}

// to turns to a slide. What was asked there before stays counted; asking again is a new round.
func (r *Room) to(slide int, now time.Time) {
	r.Slide, r.Way, r.Phase, r.Round, r.Thing, r.Since = slide, []string{}, Shown, 0, 0, now
}

// Step takes a step in the scenario on the slide, by the room's majority or as its leader says.
func (s *Service) Step(ctx context.Context, id, at, step string) (Room, error) {
	return s.move(ctx, id, at, func(r *Room, t *content.Template) error {
		q, ok := questionAt(t, *r)
		if !ok || q.Kind != Story || !slices.Contains(q.options(), step) || r.Phase == Asking || r.Phase == Closing {
			return fmt.Errorf("there is no such step: %w", fault.Conflict)
		}
		if res := r.result(q.ID, r.Round); res != nil {
			res.Step = step
		}
		r.Way = append(slices.Clone(r.Way), step)
		r.Phase, r.Round = Shown, 0
		return nil
	})
}

// Pause covers projector and phones; Resume goes on where the room was. Votes that are under way are taken all the same.
func (s *Service) Pause(ctx context.Context, id string) (Room, error) { return s.cover(ctx, id, true) }

// Resume ends a pause.
func (s *Service) Resume(ctx context.Context, id string) (Room, error) {
	return s.cover(ctx, id, false)
}

func (s *Service) cover(ctx context.Context, id string, on bool) (Room, error) {
	return s.move(ctx, id, "", func(r *Room, _ *content.Template) error { r.Paused = on; return nil })
}

// ShowCredit puts the code for attendance on the projector, or takes it away. Away from it the code is still good for those who need a moment.
func (s *Service) ShowCredit(ctx context.Context, id string, on bool) (Room, error) {
	return s.move(ctx, id, "", func(r *Room, _ *content.Template) error { r.Credit = on; return nil })
}

// End counts what is open, erases what phones have left, and lets go of the code. Results stay. Ending again changes nothing.
func (s *Service) End(ctx context.Context, id string) (Room, error) {
	r, err := s.store.room(ctx, id)
	if err != nil || r.State == Ended {
		return r, err
	}
	if r.Phase == Asking || r.Phase == Closing {
		if r, err = s.Close(ctx, id, r.At()); err != nil {
			return r, err
		}
	}
	r, err = s.store.update(ctx, id, func(r *Room) error {
		if r.State == Ended {
			return nil
		}
		r.State, r.Code, r.Pending, r.Credit, r.Paused, r.Invitation, r.ScreenCode = Ended, "none:"+r.ID, true, false, false, "", ""
		r.Version++
		return nil
	})
	if err != nil {
		return r, err
	}
	s.changed(r)
	return s.settle(ctx, id)
}
