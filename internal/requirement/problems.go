package requirement

import (
	"context"
	"fmt"
	"io"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/web"
)

// Say says a message in the reader's language.
type Say func(key string, args ...any) string

// Problems is a file that lists faults, by row, column and reason.
type Problems struct {
	say   Say
	sheet *web.Sheet
}

// NewProblems begins a file of faults.
func NewProblems(out io.Writer, say Say) *Problems {
	p := &Problems{say, web.NewSheet(out)}
	p.sheet.Row(say("roster.row"), say("roster.column"), say("roster.reason"))
	return p
}

// Add writes one fault.
func (p *Problems) Add(f Fault) {
	row := p.say("roster.whole-file")
	if f.Row > 0 {
		row = fmt.Sprint(f.Row)
	}
	p.sheet.Row(row, f.Column, p.say(f.Key, "Other", f.Other))
}

// End writes what is left.
func (p *Problems) End() error { return p.sheet.Flush() }

// Kept says whether an upload's file is still there to be read again.
func (u Upload) Kept() bool { return u.State == Checked }

// WriteProblems reads an uploaded file again and writes everything that is wrong with it, however much that is: nothing of it is kept.
func (s *Service) WriteProblems(ctx context.Context, u Upload, out io.Writer, say Say) error {
	if !u.Kept() {
		return fmt.Errorf("file of an upload: %w", fault.NotFound)
	}
	p := NewProblems(out, say)
	if _, err := s.Import(ctx, u.Institution, s.source(ctx, u), Import{DryRun: true, Complete: u.Complete, Fault: p.Add}); err != nil {
		return err
	}
	return p.End()
}
