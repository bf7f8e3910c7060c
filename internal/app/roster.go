package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/config"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/locale"
	"github.com/upstander/upstander/internal/requirement"
)

// RosterImport says which file is to be brought onto whose roster.
type RosterImport struct {
	File             string
	Institution      string
	DryRun, Complete bool
	Problems         io.Writer // takes every problem as CSV; nil: nobody wants them
}

// ErrNotTaken says that a roster file was refused as a whole.
var ErrNotTaken = errors.New("the file was not taken")

// ImportRoster brings a file onto an institution's roster, beside a running server or without one, and writes what came of it. The audit log takes it
// down first, unless nothing is written.
func ImportRoster(ctx context.Context, cfg config.Config, opts Options, in RosterImport, progress Progress, out io.Writer) (err error) {
	a, err := Open(ctx, cfg, opts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	if err := a.requirements.Begin(ctx); err != nil {
		return err
	}
	if _, err := a.people.Institution(in.Institution); err != nil {
		return fmt.Errorf("there is no institution %q", in.Institution)
	}
	if !in.DryRun {
		if err := a.audit.Record(ctx, audit.Entry{Institution: in.Institution, Actor: audit.Operator, Verb: audit.RosterImport}); err != nil {
			return err
		}
	}
	src := requirement.Source{Name: in.File, Open: func() (io.ReadCloser, error) { return os.Open(in.File) }, Path: in.File}
	how := requirement.Import{DryRun: in.DryRun, Complete: in.Complete, Progress: func(done, total int64) { progress.Show("rows", done, total) }}
	end := func() error { return nil }
	if in.Problems != nil {
		file := requirement.NewProblems(in.Problems, a.catalogue.In(locale.Source).T)
		how.Fault, end = file.Add, file.End
	}
	report, err := a.requirements.Import(ctx, in.Institution, src, how)
	err = errors.Join(err, end())
	switch {
	case errors.Is(err, fault.Conflict):
		return errors.New("another import of this roster is running")
	case err != nil:
		return err
	}
	a.tell(out, in, report)
	if report.Refused {
		return ErrNotTaken
	}
	return nil
}

// tell writes a report as lines of text: row, column and reason.
func (a *App) tell(out io.Writer, in RosterImport, r requirement.Report) {
	speaker := a.catalogue.In(locale.Source)
	for _, f := range r.Faults {
		where := in.File
		if f.Row > 0 {
			where = fmt.Sprintf("row %d", f.Row)
		}
		if f.Column != "" {
			where += ", " + f.Column
		}
		fmt.Fprintf(out, "%s: %s\n", where, speaker.T(f.Key, "Other", f.Other))
	}
	if r.More > 0 {
		fmt.Fprintf(out, "and %d more problems\n", r.More)
	}
	for _, c := range r.Ignored {
		fmt.Fprintf(out, "column %q is not known and was left out\n", c)
	}
	done := "imported"
	if in.DryRun {
		done = "would be imported"
	}
	o := r.Outcome
	fmt.Fprintf(out, "%d rows %s: %d added, %d changed, %d as before, %d left; %d rows with problems were left out\n",
		o.Rows-o.Wrong, done, o.Added, o.Changed, o.Same, o.Closed, o.Wrong)
}
