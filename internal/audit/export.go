package audit

import (
	"context"
	"io"
	"time"

	"github.com/upstander/upstander/internal/web"
)

// Export writes the entries of a filter as CSV, the oldest first, page by page: any number in little memory. It holds ids and no names, so that a
// file which outlives a person tells nobody who that was.
func (l *Log) Export(ctx context.Context, w io.Writer, f Filter) error {
	sheet := web.NewSheet(w)
	sheet.Row("id", "time", "actor", "verb", "subject", "detail")
	for e, err := range l.store.each(ctx, f) {
		if err != nil {
			return err
		}
		sheet.Row(e.ID, e.At.UTC().Format(time.RFC3339), e.Actor, string(e.Verb), e.Subject, e.Detail)
	}
	return sheet.Flush()
}
