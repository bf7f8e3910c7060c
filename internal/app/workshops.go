package app

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"time"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/workshop"
)

// openWorkshops connects workshops with whoever knows persons and who may see them. post is nil in a demo without a mail server.
func (a *App) openWorkshops(ctx context.Context, post mail.Sender) (err error) {
	cfg := workshop.Config{
		Connect: mail.Dialler(post),
		Engine:  a.engine, Library: a.library.now, Limits: a.redis.NewLimits(), Presence: a.redis.NewPresence(45*time.Second, clock),
		Leading: a.redis.NewPresence(5*time.Minute, clock), Signals: a.redis.NewSignals(), Now: clock, Today: a.people.Today, NewToken: rand.Text, Log: a.log,
		People: a.people, Audit: a.audit, Catalogue: a.catalogue, Home: a.cfg.URL + "/app", PerMinute: a.cfg.MailRate, Sees: a.seesPerson,
		Credit: a.creditAttendance,
	}
	if u, err := url.Parse(a.cfg.URL); err == nil {
		cfg.Host = u.Hostname()
	}
	a.workshops, err = workshop.New(ctx, cfg)
	return err
}

// creditAttendance counts an attendance towards what is required.
func (a *App) creditAttendance(ctx context.Context, at workshop.Attended) error {
	return a.requirements.Meet(ctx, at.Person, at.Institution, at.Module+"/"+at.Template, at.Edition, at.Day)
}

// seesPerson says whether somebody of the staff may see a person. Whoever is not on the roster stands at no place, and only those see them who see the whole
// institution.
func (a *App) seesPerson(ctx context.Context, by people.Person, person string) (bool, error) {
	m, err := a.requirements.Member(ctx, person)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return false, err
	}
	return by.Sees(m.Place), nil
}
