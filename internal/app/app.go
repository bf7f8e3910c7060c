// Package app wires the program: configuration in, running server out. It is the only package that knows every feature; it connects those that
// need something of each other through the small interfaces that they declare.
package app

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/campaign"
	"github.com/upstander/upstander/internal/certificate"
	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/ephemeral"
	"github.com/upstander/upstander/internal/insights"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/mail"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/pledge"
	"github.com/upstander/upstander/internal/records"
	"github.com/upstander/upstander/internal/reminder"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/store"
	"github.com/upstander/upstander/internal/training"
	"github.com/upstander/upstander/internal/web"
	"github.com/upstander/upstander/internal/workshop"
	"github.com/upstander/upstander/public"
	"github.com/upstander/upstander/views"
)

// Options are what the command line decides.
type Options struct {
	Demo   bool   // demo institutions and data; sign-in by role
	Source string // folder of the sources, from which views, assets and modules are read again as they change; empty: those inside the program
	Log    io.Writer
}

// App is a wired program. Close it after use.
type App struct {
	cfg    config.Config
	opts   Options
	log    *slog.Logger
	engine store.Engine
	redis  *ephemeral.Client

	catalogue    *locale.Catalogue
	library      *library
	server       *web.Server
	audit        *audit.Log
	people       *people.Service
	requirements *requirement.Service
	certificates *certificate.Service
	training     *training.Service
	campaign     *campaign.Service
	pledges      *pledge.Service
	records      *records.Service
	reminders    *reminder.Service
	insights     *insights.Service
	workshops    *workshop.Service

	release func()        // of the lease on the store
	crowded chan struct{} // closed when the demo's rosters are there
	lost    chan error    // when that lease cannot be kept
	stop    context.CancelFunc
	jobs    sync.WaitGroup
}

// New opens the stores, reads the content and builds the server. When it fails, nothing stays open.
func New(ctx context.Context, cfg config.Config, opts Options) (_ *App, err error) {
	a := &App{cfg: cfg, opts: opts, stop: func() {}, crowded: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	a.log = newLog(cfg, opts)
	if err := a.secret(); err != nil {
		return nil, err
	}
	var sender mail.Sender // stays nil in a demo without a mail server
	switch {
	case cfg.SMTP != "":
		if sender, err = mail.NewSMTP(cfg.SMTP, cfg.MailFrom); err != nil {
			return nil, err
		}
	case !opts.Demo:
		return nil, errors.New("UPSTANDER_SMTP is not set: without a mail server nobody could sign in")
	}
	institutions, err := a.open(ctx, sender)
	if err != nil {
		return nil, err
	}
	if err := a.requirements.Begin(ctx); err != nil {
		return nil, err
	}
	if err := a.serve(institutions); err != nil {
		return nil, err
	}
	if opts.Demo {
		if err := a.seed(ctx); err != nil {
			return nil, fmt.Errorf("demo data: %w", err)
		}
	}
	a.background()
	return a, nil
}

// open reads the content, opens the stores and builds every feature: the way of a server and of a command alike.
func (a *App) open(ctx context.Context, sender mail.Sender) (institutions []people.Institution, err error) {
	if a.catalogue, err = locale.Load(); err != nil {
		return nil, err
	}
	if a.opts.Demo {
		a.catalogue = a.catalogue.Mirrored()
	}
	if a.library, err = newLibrary(a.cfg, a.opts, a.log); err != nil {
		return nil, err
	}
	if institutions, err = readInstitutions(a.cfg, a.opts, a.catalogue, a.library.now()); err != nil {
		return nil, err
	}
	if err := a.openStore(ctx); err != nil {
		return nil, err
	}
	if a.redis, err = ephemeral.Open(a.cfg.Redis); err != nil {
		return nil, err
	}
	ephemeral.Quiet(a.log)
	return institutions, a.services(ctx, institutions, sender)
}

// secret makes sure that there is one. The demo keeps its own beside its data.
func (a *App) secret() error {
	if a.cfg.Secret != "" {
		return nil
	}
	if !a.opts.Demo {
		return errors.New("UPSTANDER_SECRET is not set: it must be at least 32 random characters, kept for ever")
	}
	path := filepath.Join(a.cfg.Data, "demo.secret")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		b = []byte(rand.Text() + rand.Text())
		if err = os.MkdirAll(a.cfg.Data, 0o700); err == nil {
			err = os.WriteFile(path, b, 0o600)
		}
	}
	if err != nil {
		return fmt.Errorf("the data folder cannot be written: %w", err)
	}
	a.cfg.Secret = string(b)
	return nil
}

// openStore opens the store and claims it.
func (a *App) openStore(ctx context.Context) (err error) {
	if a.engine, err = openEngine(ctx, a.cfg); err != nil {
		return err
	}
	a.lost = make(chan error, 1)
	if a.release, err = serving(ctx, a.engine, func(err error) { a.lost <- err }); err != nil {
		return err
	}
	return keepApart(ctx, a.engine, a.opts.Demo)
}

// services builds every feature.
func (a *App) services(ctx context.Context, institutions []people.Institution, sender mail.Sender) (err error) {
	if a.audit, err = audit.New(ctx, audit.Config{Engine: a.engine, Now: clock, NewID: uuid.NewString}); err != nil {
		return err
	}
	a.people, err = people.New(ctx, people.Config{
		Institutions: institutions, Engine: a.engine, Ephemeral: a.redis, Mail: sender, Catalogue: a.catalogue, CodeKeys: a.cfg.Keys("sign-in code"), HeldKeys: a.cfg.Keys("held form"),
		Audit: a.audit, Directory: numbers{a}, URL: a.cfg.URL, Secret: environment, ReadFile: a.dataFile, Log: a.log, Now: clock, NewID: func() string { return uuid.NewString() },
	})
	if err != nil {
		return err
	}
	a.requirements, err = requirement.New(ctx, requirement.Config{
		Engine: a.engine, Institutions: a.people, Persons: a.people, Modules: a.modules, Workshops: a.workshopTemplates, Today: a.people.Today, Now: clock, NewID: shortID, Log: a.log,
		Audit: a.audit,
	})
	if err != nil {
		return err
	}
	a.insights = insights.New(insights.Config{Requirements: a.requirements, Audit: a.audit, Today: a.people.Today, Now: clock})
	if a.certificates, err = certificate.New(ctx, a.engine, proof{a}, a.redis.NewLimits()); err != nil {
		return err
	}
	a.training, err = training.New(ctx, training.Config{
		Engine: a.engine, Library: a.library.now, Standings: a.requirements, Persons: a.people, Today: a.people.Today, Now: clock,
		NewSeed: rand.Text, Log: a.log,
	})
	if err != nil {
		return err
	}
	if a.campaign, err = campaign.New(campaign.Config{
		Institutions: a.people, Library: a.library.now, Languages: a.catalogue.Languages(), Cookies: cookies(), Now: clock,
		Reviews: func() ([]locale.Review, error) { return Reviews(a.library.now(), a.catalogue) },
	}); err != nil {
		return err
	}
	a.pledges, err = pledge.New(ctx, pledge.Config{
		Engine: a.engine, Limits: a.redis.NewLimits(), Mail: sender, People: a.people, Audit: a.audit, Catalogue: a.catalogue, Keys: a.cfg.Keys("pledge"),
		Link: func(institution, lang, page string) string { return a.server.FullLink(institution, lang, page) }, Now: clock, NewID: uuid.NewString, NewToken: rand.Text,
		ThisMonth: func() string { return a.people.Today()[:len("2006-01")] },
	})
	if err != nil {
		return err
	}
	if err := a.openWorkshops(ctx, sender); err != nil {
		return err
	}
	if err := a.openReminders(ctx, sender); err != nil {
		return err
	}
	return a.openRecords(ctx)
}

// cookies lists every cookie that the program sets.
func cookies() []web.Cookie { return slices.Concat(people.Cookies(), workshop.Cookies()) }

// shortID draws the id of something of which an institution has few: its standings carry it, one a person.
func shortID() string { return strings.ToLower(rand.Text()[:10]) }

// serve builds the web server and registers every route.
func (a *App) serve(institutions []people.Institution) (err error) {
	if err := a.people.ReadSecrets(); err != nil {
		return err
	}
	cfg := web.Config{
		URL: a.cfg.URL, Demo: a.opts.Demo, Reload: a.opts.Source != "", Views: views.Files, Public: public.Files, Catalogue: a.catalogue,
		Proxies: a.cfg.Proxies(), Log: a.log, Now: clock,
	}
	for i := range institutions {
		cfg.Sites = append(cfg.Sites, institutions[i].Site())
	}
	if a.opts.Source != "" {
		cfg.Views, cfg.Public = os.DirFS(filepath.Join(a.opts.Source, "views")), os.DirFS(filepath.Join(a.opts.Source, "public"))
	}
	if a.server, err = web.New(cfg); err != nil {
		return err
	}
	a.server.Ready(map[string]func(context.Context) error{"store": a.engine.Ping, "redis": a.redis.Ping})
	return a.routes()
}

// background starts what runs beside the server.
func (a *App) background() {
	ctx, stop := context.WithCancel(context.Background())
	a.stop = stop
	a.every(ctx, 10*time.Second, func(ctx context.Context) error { _, err := a.training.Sweep(ctx); return err })
	a.every(ctx, time.Second, a.requirements.Sweep)
	if a.opts.Demo && a.cfg.Store == "" {
		a.jobs.Go(func() { // the demo listens before its crowd is there; a store elsewhere is spared it
			if err := a.seedRosters(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("demo rosters failed", "error", err.Error())
			}
			close(a.crowded)
		})
	} else {
		close(a.crowded)
	}
	a.everyFor(ctx, time.Second, 30*time.Minute, a.requirements.Work)
	a.every(ctx, mailEvery, a.mail)
	a.every(ctx, 5*time.Second, func(ctx context.Context) error { _, err := a.records.SweepErasures(ctx); return err })
	a.every(ctx, time.Hour, func(ctx context.Context) error { _, err := a.records.Sweep(ctx); return err })
	a.every(ctx, 2*time.Second, a.workshops.Sweep)
	a.jobs.Go(func() { a.workshops.Run(ctx) })
	if a.opts.Source != "" {
		a.every(ctx, 500*time.Millisecond, func(context.Context) error { a.library.refresh(); return nil })
	}
}

// mailEvery is the span that a turn of mail is measured for.
const mailEvery = 5 * time.Second

// mail plans the reminders that are due and hands over what waits. Notices of workshops go first, they are urgent; reminders get what they leave of the
// span, so that both together keep to one rate.
func (a *App) mail(ctx context.Context) error {
	_, planned := a.reminders.PlanDue(ctx)
	n, told := a.workshops.Tell(ctx, mailEvery)
	var sent error
	if left := mailEvery - time.Duration(n)*time.Minute/time.Duration(a.cfg.MailRate); left > 0 {
		_, sent = a.reminders.Send(ctx, left)
	}
	return errors.Join(planned, told, sent)
}

// every runs a job again and again until the program stops.
func (a *App) every(ctx context.Context, pause time.Duration, job func(context.Context) error) {
	a.everyFor(ctx, pause, time.Minute, job)
}

// everyFor is every for a job that may take some time.
func (a *App) everyFor(ctx context.Context, pause, most time.Duration, job func(context.Context) error) {
	a.jobs.Go(func() {
		t := time.NewTicker(pause)
		defer t.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-t.C:
			}
			ctx, cancel := context.WithTimeout(ctx, most)
			if err := job(ctx); err != nil && ctx.Err() == nil {
				a.log.Warn("background job failed", "error", err.Error())
			}
			cancel()
		}
	})
}

// Serve answers requests until ctx ends, then drains for at most drainFor.
func (a *App) Serve(ctx context.Context, ln net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- a.server.Serve(ln) }()
	select {
	case err := <-failed:
		return err
	case err := <-a.lost: // another program may take the store now
		return errors.Join(err, a.shutdown())
	case <-ctx.Done():
	}
	a.log.Info("stopping")
	return a.shutdown()
}

func (a *App) shutdown() error {
	a.workshops.Hang() // streams would keep the server from stopping
	ctx, cancel := context.WithTimeout(context.Background(), drainFor)
	defer cancel()
	return a.server.Shutdown(ctx)
}

// drainFor leaves a second of the five that a stop may take to closing the stores.
const drainFor = 4 * time.Second

// Server returns the web server, for tests.
func (a *App) Server() *web.Server { return a.server }

// Close stops what runs beside the server and closes the stores.
func (a *App) Close() error {
	a.stop()
	a.jobs.Wait()
	var errs []error
	if a.release != nil {
		a.release()
	}
	if a.redis != nil {
		errs = append(errs, a.redis.Close())
	}
	if a.engine != nil {
		errs = append(errs, a.engine.Close())
	}
	return errors.Join(errs...)
}

func newLog(cfg config.Config, opts Options) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log)); err != nil {
		level = slog.LevelInfo
	}
	out := opts.Log
	if out == nil {
		out = io.Discard
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: level}))
}
