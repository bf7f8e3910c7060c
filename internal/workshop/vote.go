package workshop

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
)

// ErrClosed says that a question takes no answers (any more). What was sent does not count.
var ErrClosed = errors.New("the question is closed")

// Ask opens the question on the slide. Every opening is a new round.
func (s *Service) Ask(ctx context.Context, id, at string) (Room, error) {
	return s.ask(ctx, id, at, false)
}

// AskGroups opens a step of a scenario to small groups: they talk it over, and one phone answers for each. Nothing tells which phones belong together.
func (s *Service) AskGroups(ctx context.Context, id, at string) (Room, error) {
	return s.ask(ctx, id, at, true)
}

func (s *Service) ask(ctx context.Context, id, at string, groups bool) (Room, error) {
	return s.move(ctx, id, at, func(r *Room, t *content.Template) error {
		q, ok := questionAt(t, *r)
		if !ok || r.Phase == Asking || r.Phase == Closing || groups && q.Kind != Story {
			return fmt.Errorf("there is nothing to open: %w", fault.Conflict)
		}
		r.Round = 1
		if last := r.latest(q.ID); last != nil {
			r.Round = last.Round + 1
		}
		r.Results = append(r.Results, Result{Question: q.ID, Round: r.Round, Attitude: q.Attitude, Groups: groups, Counts: map[string]int{}, Hands: map[string]int{}, Words: []string{}})
		r.Phase, r.Thing = Asking, 0
		return nil
	})
}

// Asked returns the question where the room is, and whether phones may answer it now.
func (s *Service) Asked(r Room) (q Question, open bool) {
	t, err := s.Template(r.Module, r.Template)
	if err != nil {
		return q, false
	}
	q, ok := questionAt(t, r)
	return q, ok && r.State == Open && r.Phase == Asking
}

// Ballot names the question and round that a phone answers: what it saw.
func (r Room) Ballot(q Question) string { return q.ID + ":" + strconv.Itoa(r.Round) }

func voteID(r Room, q Question, token string) string { return r.ID + ":" + r.Ballot(q) + ":" + token }

// Cast takes a phone's answer to the question that is open; a later one replaces it. It returns nil only when the answer counts: ErrClosed when the
// question has closed or is another one, fault.Problems when something is missing.
func (s *Service) Cast(ctx context.Context, id, ballot, token string, f Fields) error {
	return s.answer(ctx, id, ballot, token, func(r Room, q Question) (entry, error) {
		if q.Kind == Word {
			return nil, fmt.Errorf("%w: a word is wanted", fault.Invalid)
		}
		answer, err := q.read(f)
		return &voteEntry{store: s.store, vote: vote{ID: voteID(r, q, token), Room: r.ID, Question: q.ID, Round: r.Round, Answer: answer}}, err
	})
}

// entry is what a phone sends, on its way into the store.
type entry interface {
	put(ctx context.Context) error
	takeBack(ctx context.Context) error // there is nothing of this phone then
	restore(ctx context.Context) error  // what the phone had sent before is back
}

// answer writes what a phone sends between two looks at the room, and takes it back when the question has closed meanwhile. What the phone had sent before
// counts, and is put back as long as the votes are not counted yet.
func (s *Service) answer(ctx context.Context, id, ballot, token string, read func(Room, Question) (entry, error)) error {
	if token == "" {
		return fault.Problems{{Field: "option", Key: "room.no-cookie"}}
	}
	gate := s.gate(id)
	gate.RLock()
	defer gate.RUnlock()
	r, open, err := s.takes(ctx, id, ballot)
	switch {
	case err != nil:
		return err
	case !open:
		return ErrClosed
	}
	q, _ := s.Asked(r)
	e, err := read(r, q)
	if err != nil {
		return err
	}
	if err := e.put(ctx); err != nil {
		return err
	}
	r, open, err = s.takes(ctx, id, ballot)
	switch {
	case err != nil || open:
		return err
	case r.Phase == Closing:
		return errors.Join(ErrClosed, e.restore(ctx))
	}
	return errors.Join(ErrClosed, e.takeBack(ctx))
}

// takes looks at the room, and says whether it takes answers to the question that a phone saw.
func (s *Service) takes(ctx context.Context, id, ballot string) (r Room, open bool, err error) {
	if r, err = s.store.room(ctx, id); err != nil {
		return r, false, err
	}
	q, open := s.Asked(r)
	return r, open && r.Ballot(q) == ballot, nil
}

// voteEntry is a vote on its way.
type voteEntry struct {
	store  *roomStore
	vote   vote
	before string // what the phone had answered; empty: nothing
}

func (e *voteEntry) put(ctx context.Context) (err error) {
	e.before, err = e.store.keepVote(ctx, e.vote)
	return err
}

func (e *voteEntry) takeBack(ctx context.Context) error { return e.store.dropVote(ctx, e.vote.ID) }

func (e *voteEntry) restore(ctx context.Context) error {
	if e.before == "" {
		return e.takeBack(ctx)
	}
	e.vote.Answer = e.before
	return e.put(ctx)
}

// Mine returns what a phone has answered to the question that is open; empty: nothing.
func (s *Service) Mine(ctx context.Context, r Room, token string) (string, error) {
	q, open := s.Asked(r)
	switch {
	case !open || token == "":
		return "", nil
	case q.Kind == Word:
		return s.store.wordOf(ctx, voteID(r, q, token))
	}
	return s.store.voteOf(ctx, voteID(r, q, token))
}

// Close stops a question: it is marked, votes under way are waited for, and what came in is counted and erased. A server that dies on the way leaves
// a mark, and the next one goes on from there.
func (s *Service) Close(ctx context.Context, id, at string) (Room, error) {
	r, err := s.store.room(ctx, id)
	if err != nil {
		return r, err
	}
	if r.Phase == Asking {
		r, err = s.move(ctx, id, at, func(r *Room, _ *content.Template) error {
			if r.Phase != Asking {
				return ErrMoved
			}
			r.Phase, r.Pending = Closing, true
			return nil
		})
		if err != nil {
			return r, err
		}
	}
	if r.Phase != Closing {
		return r, ErrMoved
	}
	return s.settle(ctx, id)
}

// settle counts a question that is closing, and erases the votes of every question that is not open. It can be repeated, and several servers may do it
// at once: counts are absolute, and only who finds the mark writes them. An acknowledged vote was written before the mark, so everybody counts it.
func (s *Service) settle(ctx context.Context, id string) (Room, error) {
	s.await(id)
	r, err := s.store.room(ctx, id)
	if err != nil {
		return r, err
	}
	if r.Phase == Closing {
		if r, err = s.count(ctx, r); err != nil {
			return r, err
		}
	}
	for _, res := range r.Results {
		if r.Phase == Asking && res.Round == r.Round {
			if q, open := s.Asked(r); open && q.ID == res.Question {
				continue
			}
		}
		if err := s.store.erase(ctx, id, res.Question, res.Round); err != nil {
			return r, err
		}
	}
	if r.State == Ended {
		if err := s.store.eraseAll(ctx, id); err != nil {
			return r, err
		}
		s.gates.Delete(id)
	}
	return s.store.update(ctx, id, func(now *Room) error {
		if now.Phase != Closing {
			now.Pending = false
		}
		return nil
	})
}

// await waits for votes under way on this server; their senders find the mark and take them back.
func (s *Service) await(room string) {
	gate := s.gate(room)
	gate.Lock()
	defer gate.Unlock()
}

// count writes the counts of the question that is closing into the room.
func (s *Service) count(ctx context.Context, r Room) (Room, error) {
	t, err := s.Template(r.Module, r.Template)
	if err != nil {
		return r, err
	}
	q, _ := questionAt(t, r)
	votes, err := s.store.tally(ctx, r.ID, q.ID, r.Round)
	if err != nil {
		return r, err
	}
	counts, phones := q.count(votes)
	counts = merge(counts, q.options())
	if q.Kind == Word {
		if phones, err = s.store.answered(ctx, r.ID, q.ID, r.Round); err != nil {
			return r, err
		}
	}
	round := r.Round
	r, err = s.store.update(ctx, r.ID, func(r *Room) error {
		if r.Phase != Closing || r.Round != round {
			return nil // another server was quicker
		}
		res := r.result(q.ID, round)
		if res == nil {
			return fmt.Errorf("round %d of %s is not there: %w", round, q.ID, fault.Conflict)
		}
		res.Counts, res.Phones = counts, phones
		r.Phase = Closed
		r.Version++
		return nil
	})
	if err == nil {
		s.changed(r)
	}
	return r, err
}

// Reveal puts the result on the projector.
func (s *Service) Reveal(ctx context.Context, id, at string) (Room, error) {
	return s.move(ctx, id, at, func(r *Room, _ *content.Template) error {
		if r.Phase != Closed {
			return fmt.Errorf("there is no result to show: %w", fault.Conflict)
		}
		r.Phase, r.Thing = Revealed, 0
		return nil
	})
}

// ShowExample shows another example of a sort whose result is on: by is how many further, or back.
func (s *Service) ShowExample(ctx context.Context, id, at string, by int) (Room, error) {
	return s.move(ctx, id, at, func(r *Room, t *content.Template) error {
		q, ok := questionAt(t, *r)
		thing := r.Thing + by
		if !ok || q.Kind != Sort || r.Phase != Revealed || thing < 0 || thing >= len(q.Item.Things) {
			return fmt.Errorf("there is no such example: %w", fault.Conflict)
		}
		r.Thing = thing
		return nil
	})
}

// mostHands is the most hands that anybody counts in a room.
const mostHands = 500

// Hands writes down how many people without phones put their hands up, by option. It can be mended until the result is shown: later, moving a number
// up and down could find out what bands hide.
func (s *Service) Hands(ctx context.Context, id, at string, counted map[string]int) (Room, error) {
	return s.move(ctx, id, at, func(r *Room, t *content.Template) error {
		q, ok := questionAt(t, *r)
		res := r.result(q.ID, r.Round)
		if !ok || res == nil || r.Phase == Revealed || len(q.hands()) == 0 {
			return fmt.Errorf("hands are not counted now: %w", fault.Conflict)
		}
		hands := map[string]int{}
		for option, n := range counted {
			if !slices.Contains(q.hands(), option) || n < 0 || n > mostHands {
				return fault.Problems{{Field: "hands-" + option, Key: "cockpit.hands-wrong"}}
			}
			if n > 0 {
				hands[option] = n
			}
		}
		res.Hands = hands
		return nil
	})
}
