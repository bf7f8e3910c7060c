package app

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/reminder"
	"github.com/upstander/upstander/internal/requirement"
)

// openReminders connects the reminders with whoever knows who has met what. post is nil in a demo without a mail server.
func (a *App) openReminders(ctx context.Context, post mail.Sender) error {
	cfg := reminder.Config{
		Connect: mail.Dialler(post),
		Engine:  a.engine, Standings: standings{a}, People: a.people, Audit: a.audit, Catalogue: a.catalogue, PerMinute: a.cfg.MailRate, Now: clock, Log: a.log,
		Link: func(institution, lang, page string) string { return a.server.FullLink(institution, lang, page) }, Home: a.cfg.URL + "/app",
		Sees: people.Person.Sees,
	}
	if u, err := url.Parse(a.cfg.URL); err == nil {
		cfg.Host = u.Hostname()
	}
	var err error
	a.reminders, err = reminder.New(ctx, cfg)
	return err
}

// standings tells reminder what requirement knows.
type standings struct{ a *App }

func (s standings) Requirements(ctx context.Context, institution string) ([]reminder.Requirement, error) {
	all, err := s.a.requirements.Requirements(ctx, institution)
	list := make([]reminder.Requirement, len(all))
	for i, r := range all {
		list[i] = s.rule(r)
	}
	return list, err
}

func (s standings) Requirement(ctx context.Context, id string) (reminder.Requirement, error) {
	r, err := s.a.requirements.Requirement(ctx, id)
	if err == nil && r.Ended != "" {
		err = fmt.Errorf("requirement has ended: %w", fault.NotFound)
	}
	return s.rule(r), err
}

// rule is a requirement in its cycle of today. One without a title is called after its modules.
func (s standings) rule(r requirement.Requirement) reminder.Requirement {
	cycle := r.CycleOn(s.a.people.Today())
	titles := locale.Text{}
	for _, lang := range s.a.catalogue.Languages() {
		if titles[lang] = r.Title[lang]; titles[lang] != "" {
			continue
		}
		var names []string
		for _, id := range r.Modules {
			name := id
			if m, ok := s.a.library.now().Module(id); ok {
				name = m.In(lang).Title
			}
			names = append(names, name)
		}
		titles[lang] = strings.Join(names, ", ")
	}
	return reminder.Requirement{ID: r.ID, Institution: r.Institution, Titles: titles, Cycle: cycle.ID, Due: cycle.Due}
}

func (s standings) OpenOn(ctx context.Context, r reminder.Requirement, due, after string) ([]reminder.Standing, string, error) {
	page, err := s.a.requirements.OpenOn(ctx, r.ID, r.Cycle, due, after)
	list := make([]reminder.Standing, len(page.Items))
	for i, st := range page.Items {
		list[i] = standing(st)
	}
	return list, page.Next, err
}

func (s standings) Open(ctx context.Context, r reminder.Requirement) (int, error) {
	cells, err := s.a.requirements.Cells(ctx, r.ID, r.Cycle, requirement.WholeOf(r.Institution))
	n := 0
	for _, c := range cells {
		n += c.NotYet()
	}
	return n, err
}

func (s standings) Standing(ctx context.Context, person, id string) (reminder.Standing, error) {
	st, err := s.a.requirements.Standing(ctx, person, id)
	return standing(st), err
}

func standing(st requirement.Standing) reminder.Standing {
	return reminder.Standing{Person: st.Person, Name: st.Name, Place: st.Place, Cycle: st.Cycle, Due: st.Due, Open: st.Status == requirement.Open}
}
