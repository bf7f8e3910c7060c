package workshop

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/store"
)

// Engine is where rooms are kept.
type Engine = store.Engine

// vote is one phone's answer to the question that is open. It is gone when the question closes.
type vote struct {
	ID       string `bson:"_id"` // room:question:round:token
	Room     string `bson:"room"`
	Question string `bson:"question"`
	Round    int    `bson:"round"`
	Answer   string `bson:"answer"`
}

// word is one phone's word. It is gone when the question closes; what was let through stands in the room by then.
type word struct {
	ID       string `bson:"_id"` // room:question:round:token
	Room     string `bson:"room"`
	Question string `bson:"question"`
	Round    int    `bson:"round"`
	State    string `bson:"state"`  // wordWaiting, wordShown, wordRefused
	Handle   string `bson:"handle"` // by which a facilitator names it: the token is nobody's business
	Text     string `bson:"text"`
}

// breather says that somebody needs a moment. It is gone when they are back, or with the room.
type breather struct {
	ID      string `bson:"_id"` // room:token
	Room    string `bson:"room"`
	Outside bool   `bson:"outside"`
}

// Attended says that a person took part in a workshop. It holds no time and nothing of a phone.
type Attended struct {
	ID          string `bson:"_id"` // room:person
	Room        string `bson:"room"`
	Person      string `bson:"person"`
	Institution string `bson:"institution"`
	Module      string `bson:"module"`
	Template    string `bson:"template"`
	Edition     string `bson:"edition"`
	Day         string `bson:"day"`
	Pending     bool   `bson:"pending"` // it has yet to be counted towards what is required
}

type roomStore struct {
	rooms     *store.Collection[Room]
	votes     *store.Collection[vote]
	words     *store.Collection[word]
	breathers *store.Collection[breather]
	attended  *store.Collection[Attended]
	sessions  *store.Collection[Session]
}

func openStore(ctx context.Context, e store.Engine) (*roomStore, error) {
	s := &roomStore{}
	var errs [6]error
	s.rooms, errs[0] = store.Open[Room](ctx, e, store.Schema{Name: "rooms", Indexes: []store.Index{
		store.Unique("code"),
		store.On("institution", "state", "day"),
		store.On("facilitator", "day"),
		store.On("state", "until"),
		store.On("pending"),
	}})
	s.votes, errs[1] = store.Open[vote](ctx, e, store.Schema{Name: "votes", SecretHistory: true, Indexes: []store.Index{store.On("room", "question", "round", "answer")}})
	s.words, errs[2] = store.Open[word](ctx, e, store.Schema{Name: "words", SecretHistory: true, Indexes: []store.Index{
		store.On("room", "question", "round", "state"), store.On("room", "handle"),
	}})
	s.breathers, errs[3] = store.Open[breather](ctx, e, store.Schema{Name: "breathers", SecretHistory: true, Indexes: []store.Index{store.On("room", "outside")}})
	s.attended, errs[4] = store.Open[Attended](ctx, e, store.Schema{
		Name: "attendance", Version: 2, Indexes: []store.Index{store.On("room"), store.On("person", "day"), store.On("pending")},
		Migrations: []store.Migration{{To: 2, Change: func(f store.Fields) error { f["template"], f["pending"] = "", false; return nil }}},
	})
	s.sessions, errs[5] = store.Open[Session](ctx, e, store.Schema{Name: "workshop_sessions", Indexes: []store.Index{
		store.On("institution", "day", "time"), store.On("pending", "next_at"), store.On("day"),
	}})
	return s, errors.Join(errs[:]...)
}

func (s *roomStore) room(ctx context.Context, id string) (Room, error) { return s.rooms.Get(ctx, id) }

func (s *roomStore) byCode(ctx context.Context, code string) (Room, error) {
	return s.rooms.One(ctx, store.Where("code", code))
}

func (s *roomStore) insert(ctx context.Context, r Room) error { return s.rooms.Insert(ctx, r) }

func (s *roomStore) update(ctx context.Context, id string, change func(*Room) error) (Room, error) {
	return s.rooms.Update(ctx, id, change)
}

func (s *roomStore) openRooms(ctx context.Context, institution string) ([]Room, error) {
	page, err := s.rooms.Find(ctx, store.Where("institution", institution).Where("state", Open).By("day").Limit(200))
	return page.Items, err
}

func (s *roomStore) endedRooms(ctx context.Context, institution string) ([]Room, error) {
	page, err := s.rooms.Find(ctx, store.Where("institution", institution).Where("state", Ended).By("day").Desc().Limit(50))
	return page.Items, err
}

func (s *roomStore) roomsOf(ctx context.Context, person string) ([]Room, error) {
	page, err := s.rooms.Find(ctx, store.Where("facilitator", person).Desc().Limit(50))
	return page.Items, err
}

func (s *roomStore) pendingRooms(ctx context.Context) ([]Room, error) {
	page, err := s.rooms.Find(ctx, store.Where("pending", true).Limit(100))
	return page.Items, err
}

func (s *roomStore) overdueRooms(ctx context.Context, now time.Time) ([]Room, error) {
	page, err := s.rooms.Find(ctx, store.Where("state", Open).Range("until", nil, now).Limit(100))
	return page.Items, err
}

// keepVote writes a vote and returns what the phone had answered before; empty: nothing.
func (s *roomStore) keepVote(ctx context.Context, v vote) (before string, err error) {
	_, err = s.votes.Upsert(ctx, v.ID, func(d *vote, found bool) error {
		if before = ""; found {
			before = d.Answer
		}
		*d = v
		return nil
	})
	return before, err
}

func (s *roomStore) voteOf(ctx context.Context, id string) (string, error) {
	v, err := s.votes.Get(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return v.Answer, err
}

func (s *roomStore) dropVote(ctx context.Context, id string) error {
	return absent(s.votes.Delete(ctx, id))
}

// absent takes it for done that there is nothing to delete.
func absent(err error) error {
	if errors.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// tally counts the votes of one round by answer.
func (s *roomStore) tally(ctx context.Context, room, question string, round int) (map[string]int, error) {
	groups, err := s.votes.Tally(ctx, store.Where("room", room).Where("question", question).Where("round", round), "answer")
	n := map[string]int{}
	for _, g := range groups {
		n[g.Text(0)] = int(g.N)
	}
	return n, err
}

// answered counts the votes or words of one round.
func (s *roomStore) answered(ctx context.Context, room, question string, round int) (int, error) {
	n := 0
	votes, err := s.votes.Tally(ctx, store.Where("room", room).Where("question", question).Where("round", round))
	if err != nil {
		return 0, err
	}
	words, err := s.words.Tally(ctx, store.Where("room", room).Where("question", question).Where("round", round).By("state"))
	for _, g := range append(votes, words...) {
		n += int(g.N)
	}
	return n, err
}

// erase deletes every vote and word of one round.
func (s *roomStore) erase(ctx context.Context, room, question string, round int) error {
	_, err := s.votes.DeleteWhere(ctx, store.Where("room", room).Where("question", question).Where("round", round))
	if err == nil {
		_, err = s.words.DeleteWhere(ctx, store.Where("room", room).Where("question", question).Where("round", round))
	}
	return err
}

// eraseAll deletes everything that phones have left in a room.
func (s *roomStore) eraseAll(ctx context.Context, room string) error {
	_, err1 := s.votes.DeleteWhere(ctx, store.Where("room", room).By("question"))
	_, err2 := s.words.DeleteWhere(ctx, store.Where("room", room).By("question"))
	_, err3 := s.breathers.DeleteWhere(ctx, store.Where("room", room))
	return errors.Join(err1, err2, err3)
}

func (s *roomStore) keepWord(ctx context.Context, w word) (before *word, err error) {
	_, err = s.words.Upsert(ctx, w.ID, func(d *word, found bool) error {
		before = nil
		if found {
			was := *d
			before = &was
		}
		*d = w
		return nil
	})
	return before, err
}

func (s *roomStore) dropWord(ctx context.Context, id string) error {
	return absent(s.words.Delete(ctx, id))
}

func (s *roomStore) wordOf(ctx context.Context, id string) (string, error) {
	w, err := s.words.Get(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return "", nil
	}
	return w.Text, err
}

func (s *roomStore) wordBy(ctx context.Context, room, handle string) (word, error) {
	return s.words.One(ctx, store.Where("room", room).Where("handle", handle))
}

func (s *roomStore) judgeWord(ctx context.Context, id, state string) error {
	_, err := s.words.Update(ctx, id, func(w *word) error { w.State = state; return nil })
	return err
}

func (s *roomStore) waitingWords(ctx context.Context, room, question string, round int) ([]word, error) {
	page, err := s.words.Find(ctx, store.Where("room", room).Where("question", question).Where("round", round).Where("state", wordWaiting).Limit(20))
	return page.Items, err
}

func (s *roomStore) keepBreather(ctx context.Context, b breather) error {
	_, err := s.breathers.Upsert(ctx, b.ID, func(d *breather, _ bool) error { *d = b; return nil })
	return err
}

func (s *roomStore) breatherOf(ctx context.Context, id string) (breather, bool, error) {
	b, err := s.breathers.Get(ctx, id)
	if errors.Is(err, fault.NotFound) {
		return b, false, nil
	}
	return b, err == nil, err
}

func (s *roomStore) dropBreather(ctx context.Context, id string) error {
	return absent(s.breathers.Delete(ctx, id))
}

// countBreathers returns how many need a moment, and how many of them would like to be found outside.
func (s *roomStore) countBreathers(ctx context.Context, room string) (all, outside int, err error) {
	groups, err := s.breathers.Tally(ctx, store.Where("room", room), "outside")
	for _, g := range groups {
		if all += int(g.N); g.Values[0] == true {
			outside += int(g.N)
		}
	}
	return all, outside, err
}

// attend adds an attendance; adding it again changes nothing.
func (s *roomStore) attend(ctx context.Context, a Attended) error {
	err := s.attended.Insert(ctx, a)
	if errors.Is(err, fault.Conflict) {
		return nil
	}
	return err
}

func (s *roomStore) uncounted(ctx context.Context) ([]Attended, error) {
	page, err := s.attended.Find(ctx, store.Where("pending", true).Limit(100))
	return page.Items, err
}

func (s *roomStore) counted(ctx context.Context, id string) error {
	_, err := s.attended.Update(ctx, id, func(a *Attended) error { a.Pending = false; return nil })
	return absent(err)
}

func (s *roomStore) attendanceOf(ctx context.Context, person string) ([]Attended, error) {
	page, err := s.attended.Find(ctx, store.Where("person", person).Desc().Limit(50))
	return page.Items, err
}

func (s *roomStore) countAttendance(ctx context.Context, room string) (int, error) {
	groups, err := s.attended.Tally(ctx, store.Where("room", room))
	if err != nil || len(groups) == 0 {
		return 0, err
	}
	return int(groups[0].N), nil
}

func (s *roomStore) eachAttendanceOf(ctx context.Context, person string, do func(Attended)) error {
	for a, err := range s.attended.Each(ctx, store.Where("person", person)) {
		if err != nil {
			return err
		}
		do(a)
	}
	return nil
}

func (s *roomStore) erasePerson(ctx context.Context, person string) error {
	if _, err := s.attended.DeleteWhere(ctx, store.Where("person", person)); err != nil {
		return err
	}
	for {
		page, err := s.rooms.Find(ctx, store.Where("facilitator", person).Limit(100))
		if err != nil || len(page.Items) == 0 {
			return err
		}
		for _, r := range page.Items {
			if _, err := s.rooms.Update(ctx, r.ID, func(r *Room) error { r.Facilitator = nobody; return nil }); err != nil {
				return err
			}
		}
	}
}

// Sessions.

func (s *roomStore) session(ctx context.Context, id string) (Session, error) {
	return s.sessions.Get(ctx, id)
}

func (s *roomStore) insertSession(ctx context.Context, d Session) error {
	return s.sessions.Insert(ctx, d)
}

func (s *roomStore) updateSession(ctx context.Context, id string, change func(*Session) error) (Session, error) {
	return s.sessions.Update(ctx, id, change)
}

func (s *roomStore) upcoming(ctx context.Context, institution, today string) ([]Session, error) {
	page, err := s.sessions.Find(ctx, store.Where("institution", institution).Range("day", today, nil).Limit(200))
	return page.Items, err
}

func (s *roomStore) sessionsOf(ctx context.Context, institution string) iter.Seq2[Session, error] {
	return s.sessions.Each(ctx, store.Where("institution", institution).By("day", "time"))
}

// untold returns sessions of which somebody has yet to be told, the longest waiting first.
func (s *roomStore) untold(ctx context.Context, now time.Time) ([]Session, error) {
	page, err := s.sessions.Find(ctx, store.Where("pending", true).Range("next_at", nil, now.Add(time.Millisecond)).Limit(10))
	return page.Items, err
}

func (s *roomStore) forgetSessions(ctx context.Context, day string) (int, error) {
	return s.sessions.DeleteWhere(ctx, store.All().Range("day", nil, day))
}
