package workshop

import (
	"context"
	"time"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/web"
)

// title names the workshop of a room, in a language.
func (s *Service) title(r Room, lang string) (title, in string) {
	t, err := s.Template(r.Module, r.Template)
	if err != nil {
		return r.Template, ""
	}
	return t.In(lang).Title, t.In(lang).Lang
}

// hostView shows the cockpit, but for what changes all the time.
func (s *Service) hostView(b web.Base, r Room) *hostPage {
	p := &hostPage{Base: b, Now: s.look(b, r, ""), Code: r.Code, Paused: r.Paused, Credit: r.Credit, First: r.Slide == 0}
	t, err := s.Template(r.Module, r.Template)
	if err != nil || r.State != Open {
		return p
	}
	if r.Paused { // the cockpit sees what is behind the pause
		open := r
		open.Paused = false
		p.Now = s.look(b, open, "")
	}
	tw := t.In(b.Lang)
	p.Protocol, p.OnCard, p.SayLang, p.Last = cites(tw.Protocol, "card-"), tw.Sources, tw.Lang, r.Slide >= len(t.Slides)
	q, asks := questionAt(t, r)
	p.Asks = asks
	p.Nearer, p.Further = r.Thing > 0, p.Now.Result != nil && r.Thing+1 < len(p.Now.Result.Things)
	p.Main = p.Further || asks && r.Phase != Revealed && r.Phase != Closing
	if p.Last {
		return p
	}
	p.Minutes = t.Slides[r.Slide].Minutes
	w := t.Slides[r.Slide].In(b.Lang)
	p.Private, p.Cited = cites(w.Say, "said-"), w.Sources
	if p.Next = b.T("room.feedback"); r.Slide+1 < len(t.Slides) {
		p.Next = slideTitle(t.Slides[r.Slide+1], b.Lang)
	}
	if asks {
		p.fill(q, r)
		p.Main = p.Main || len(p.Steps) > 0
	}
	return p
}

// fill adds what belongs to a question: hands, and in a scenario the steps with the majority's first.
func (p *hostPage) fill(q Question, r Room) {
	p.Again = r.latest(q.ID) != nil
	res := r.result(q.ID, r.Round)
	if res != nil && r.Phase != Revealed {
		for _, id := range q.hands() {
			p.Hands = append(p.Hands, handView{ID: id, Text: optionText(p.Base, q, id), N: res.Hands[id]})
		}
	}
	if q.Kind == Story && r.Phase != Asking && r.Phase != Closing {
		best := ""
		for _, id := range q.options() {
			if res != nil && r.Phase == Revealed && res.Of(id) > 0 && (best == "" || res.Of(id) > res.Of(best)) {
				best = id
			}
		}
		for _, id := range q.options() {
			p.Steps = append(p.Steps, optionView{ID: id, Text: optionText(p.Base, q, id), Chosen: id == best})
		}
	}
}

func optionText(b web.Base, q Question, id string) string {
	if q.Item == nil {
		return b.T("feedback." + id)
	}
	w := q.Item.In(b.Lang)
	switch q.Kind {
	case Myth:
		return b.T("item.verdict-" + id)
	case Story:
		return w.Moments[q.Moment.ID].Choices[id]
	}
	return w.Options[id].Text
}

// slideTitle says what a slide is, for the cockpit.
func slideTitle(s *content.Slide, lang string) string {
	if s.Item == nil {
		return s.In(lang).Title
	}
	w := s.Item.In(lang)
	for _, title := range []string{w.Title, w.Question, w.Statement} {
		if title != "" {
			return title
		}
	}
	return s.ID
}

// heed notes that a cockpit is open; a room does without.
func (s *Service) heed(ctx context.Context, id string) {
	_ = s.cfg.Leading.Hear(ctx, "lead:"+id, "cockpit")
}

// alone says whether an open room has heard of nobody who leads it for some minutes. While Redis is away nobody is blamed.
func (s *Service) alone(ctx context.Context, r Room) bool {
	n, err := s.cfg.Leading.Count(ctx, "lead:"+r.ID)
	return err == nil && n == 0 && r.State == Open && s.cfg.Now().Sub(r.Began) > time.Minute
}

// pulse counts what changes while nothing else does.
func (s *Service) pulse(ctx context.Context, r Room) (pulseView, error) {
	p := pulseView{Room: r.ID, At: r.At(), OnSlide: minutes(r.Since, s.cfg.Now()), InAll: minutes(r.Began, s.cfg.Now())}
	if r.State != Open {
		return p, nil
	}
	var err error
	if p.Here, err = s.cfg.Presence.Count(ctx, r.ID); err != nil {
		p.Here = -1
	}
	if p.Breaths, p.Outside, err = s.store.countBreathers(ctx, r.ID); err != nil {
		return p, err
	}
	t, err := s.Template(r.Module, r.Template)
	if err != nil {
		return p, err
	}
	p.Planned = t.Minutes
	q, asks := questionAt(t, r)
	if !asks {
		return p, nil
	}
	if res := r.result(q.ID, r.Round); res != nil {
		p.Counted, p.Answers = true, res.Phones
	}
	if r.Phase == Asking || r.Phase == Closing {
		if p.Answers, err = s.store.answered(ctx, r.ID, q.ID, r.Round); err != nil {
			return p, err
		}
	}
	if q.Kind == Word && r.Phase == Asking {
		words, err := s.store.waitingWords(ctx, r.ID, q.ID, r.Round)
		for _, w := range words {
			p.Words = append(p.Words, wordView{w.Handle, w.Text})
		}
		return p, err
	}
	return p, nil
}

// minutes is how long ago something was, in whole minutes.
func minutes(since, now time.Time) int { return max(0, int(now.Sub(since).Minutes())) }
