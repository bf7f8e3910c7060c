package workshop

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// States of a word.
const (
	wordWaiting = "waiting"
	wordShown   = "shown"
	wordRefused = "refused"
)

// longestWord is in characters: a word or two.
const longestWord = 60

// Send takes a phone's word for the prompt that is open; a later one replaces it and waits to be let through anew. Like Cast it returns nil only when the
// word was taken.
func (s *Service) Send(ctx context.Context, id, ballot, token, text string) error {
	text, err := people.CleanName(text, "word")
	switch {
	case err != nil || len([]rune(text)) > longestWord:
		return fault.Problems{{Field: "word", Key: "form.too-long"}}
	case text == "":
		return fault.Problems{{Field: "word", Key: "room.word-missing"}}
	}
	return s.answer(ctx, id, ballot, token, func(r Room, q Question) (entry, error) {
		if q.Kind != Word {
			return nil, fmt.Errorf("%w: a vote is wanted", fault.Invalid)
		}
		w := word{ID: voteID(r, q, token), Room: r.ID, Question: q.ID, Round: r.Round, State: wordWaiting, Handle: s.cfg.NewToken(), Text: text}
		return &wordEntry{store: s.store, word: w}, nil
	})
}

// wordEntry is a word on its way.
type wordEntry struct {
	store  *roomStore
	word   word
	before *word // that the phone had sent; nil: none
}

func (e *wordEntry) put(ctx context.Context) (err error) {
	e.before, err = e.store.keepWord(ctx, e.word)
	return err
}

func (e *wordEntry) takeBack(ctx context.Context) error { return e.store.dropWord(ctx, e.word.ID) }

func (e *wordEntry) restore(ctx context.Context) error {
	if e.before == nil {
		return e.takeBack(ctx)
	}
	e.word = *e.before
	return e.put(ctx)
}

// Moderate lets a word through, or refuses it. handle names it; the phone that sent it stays unknown. What was let through is kept in the room in
// alphabetical order, which tells nothing about who sent it when.
func (s *Service) Moderate(ctx context.Context, id, handle string, let bool) error {
	w, err := s.store.wordBy(ctx, id, handle)
	if err != nil {
		return err
	}
	state := wordRefused
	if let {
		state = wordShown
		_, err = s.move(ctx, id, "", func(r *Room, t *content.Template) error {
			res := r.result(w.Question, w.Round)
			if q, ok := questionAt(t, *r); !ok || q.ID != w.Question || res == nil || r.Phase != Asking && r.Phase != Closing {
				return ErrMoved
			}
			if !slices.Contains(res.Words, w.Text) {
				res.Words = append(slices.Clone(res.Words), w.Text)
				slices.Sort(res.Words)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := s.store.judgeWord(ctx, w.ID, state); err != nil && !errors.Is(err, fault.NotFound) {
		return err
	}
	s.hub.tell(id)
	return nil
}
