package workshop

import (
	"strings"

	"github.com/upstander/upstander/internal/content"
)

// summarise fills in what the questions of a workshop came to. Fewer than ten answers say nothing; opinions show in bands.
func (s *Service) summarise(p *summaryPage, r Room) {
	t, err := s.Template(r.Module, r.Template)
	if err != nil {
		return
	}
	for _, res := range r.Results {
		q, title, ok := questionOf(t, res, p.Base.Lang)
		if !ok {
			continue
		}
		row := summaryRow{Title: title, Round: res.Round, Words: res.Words}
		if q.Kind == Feedback {
			row.Title = p.T("room.feedback")
		}
		if q.Kind != Word && !res.Few() {
			row.Of, row.Bars = res.People(), bars(p.Base, q, res)
			if q.Kind == Myth && res.Phones > 0 {
				row.Confident = p.T("workshops.confident", "Count", res.Counts[wrongVerdict(q.Item)+"-3"], "Of", res.Phones)
			}
		}
		p.Questions = append(p.Questions, row)
	}
	for _, slide := range t.Slides {
		for _, id := range r.Skipped {
			if slide.ID == id {
				p.Skipped = append(p.Skipped, slideTitle(slide, p.Base.Lang))
			}
		}
	}
}

func wrongVerdict(it *content.Item) string {
	if it.Verdict {
		return content.VerdictMyth
	}
	return content.VerdictTrue
}

// questionOf finds the question of a result; false when the template has it no longer.
func questionOf(t *content.Template, res Result, lang string) (q Question, title string, ok bool) {
	if res.Question == feedbackID {
		q, _ = questionAt(t, Room{Slide: len(t.Slides)})
		return q, "", true
	}
	for i, slide := range t.Slides {
		if slide.Item == nil || slide.Item.Kind != content.Scenario {
			if slide.ID == res.Question {
				q, ok = questionAt(t, Room{Slide: i})
				return q, slideTitle(slide, lang), ok
			}
			continue
		}
		if !strings.HasPrefix(res.Question, slide.ID+"-") {
			continue
		}
		for _, m := range slide.Item.Moments { // the moment whose steps were counted
			q = Question{ID: res.Question, Kind: Story, Item: slide.Item, Moment: m}
			if counted(q, res) {
				return q, slideTitle(slide, lang), true
			}
		}
	}
	return q, "", false
}

// counted says whether all that a result counts are options of the question.
func counted(q Question, res Result) bool {
	some := false
	for option := range res.Counts {
		if merge(map[string]int{option: 1}, q.options())[option] == 0 {
			return false
		}
		some = true
	}
	return some
}
