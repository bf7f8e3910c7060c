package app

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/upstander/upstander/internal/certificate"
	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/report"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/training"
)

// proof tells certificate what requirement knows.
type proof struct{ a *App }

func (p proof) Met(ctx context.Context, person, req string) (certificate.Met, error) {
	done, err := p.a.requirements.Completed(ctx, person, req)
	if err != nil {
		return certificate.Met{}, err
	}
	met := certificate.Met{Cycle: done.Cycle, Day: done.Day, Edition: done.Edition, Titles: locale.Text{locale.Source: done.Module}}
	if m, ok := p.a.library.now().Module(done.Module); ok {
		for _, lang := range p.a.catalogue.Languages() {
			if w := m.In(lang); w.Lang == lang {
				met.Titles[lang] = w.Title
			}
		}
	}
	return met, nil
}

// modules tells requirement what there is to ask for.
func (a *App) modules() []requirement.Module {
	var all []requirement.Module
	for _, m := range a.library.now().Modules() {
		one := requirement.Module{ID: m.ID, Title: locale.Text{}}
		for _, lang := range a.catalogue.Languages() {
			one.Title[lang] = m.In(lang).Title
		}
		all = append(all, one)
	}
	return all
}

// workshopTemplates tells requirement which workshops there are to ask for.
func (a *App) workshopTemplates() []requirement.Module {
	var all []requirement.Module
	for _, m := range a.library.now().Modules() {
		for _, t := range m.Templates() {
			one := requirement.Module{ID: m.ID + "/" + t.ID, Title: locale.Text{}}
			for _, lang := range a.catalogue.Languages() {
				one.Title[lang] = t.In(lang).Title
			}
			all = append(all, one)
		}
	}
	return all
}

// desks tells report where each institution takes reports; report itself must not know persons.
type desks struct{ a *App }

func (d desks) Desk(institution string) (report.Desk, error) {
	in, err := d.a.people.Institution(institution)
	if err != nil {
		return report.Desk{}, err
	}
	r := in.Report
	return report.Desk{Anonymous: r.Anonymous, Adviser: r.Adviser, Telephone: r.Telephone, Email: r.Email, WorkingDays: max(r.WorkingDays, 1)}, nil
}

// desk tells training what requirement and certificate know.
type desk struct{ a *App }

func (d desk) Duties(ctx context.Context, p people.Person) ([]training.Duty, error) {
	list, err := d.a.requirements.Duties(ctx, p.ID, p.Institution)
	duties := make([]training.Duty, len(list))
	for i, one := range list {
		duties[i] = training.Duty{Module: one.Module, Due: one.Due, Met: one.Met, From: one.From}
		if one.Workshop {
			duties[i].Module, duties[i].Workshop, _ = strings.Cut(one.Module, "/")
		}
	}
	return duties, err
}

func (d desk) Certificates(ctx context.Context, p people.Person, lang string) ([]training.Held, error) {
	list, err := d.a.certificates.Held(ctx, p.ID)
	held := make([]training.Held, len(list))
	for i, c := range list {
		held[i] = training.Held{Module: c.Requirement, Title: c.Titles.Phrase(lang), Day: c.Day, Path: certificatePath(c)}
	}
	return held, err
}

// issuer lets training make certificates.
type issuer struct{ a *App }

func (i issuer) Issue(ctx context.Context, p people.Person, module, name string) (string, error) {
	c, err := i.a.certificates.Issue(ctx, p, module, name)
	if errors.Is(err, fault.NotFound) { // completed a moment ago, and the standing is not recorded yet
		if _, err := i.a.training.Sweep(ctx); err != nil {
			return "", err
		}
		c, err = i.a.certificates.Issue(ctx, p, module, name)
	}
	if err != nil {
		return "", err
	}
	return certificatePath(c), nil
}

func certificatePath(c certificate.Certificate) string { return "/app/certificates/" + c.Grouped() }

// numbers tells people who has which number on the roster.
type numbers struct{ a *App }

func (n numbers) PersonOf(ctx context.Context, institution, externalID string) (string, error) {
	return n.a.requirements.PersonOf(ctx, institution, externalID)
}

// environment reads a secret that institutions.yaml names, or the file that its twin names.
func environment(name string) (string, error) {
	value, _, err := config.Value(os.LookupEnv, name)
	return value, err
}

// dataFile reads a file that institutions.yaml names: from the data folder, unless its name begins at the root.
func (a *App) dataFile(name string) ([]byte, error) {
	if !filepath.IsAbs(name) {
		name = filepath.Join(a.cfg.Data, name)
	}
	return os.ReadFile(name)
}
