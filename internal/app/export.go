package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/insights"
	"github.com/upstander/upstander/internal/locale"
)

// ExportOrder says which list an operator wants as a file.
type ExportOrder struct {
	Institution string
	Look        insights.Look
	Wanted      insights.Wanted
	Format      insights.Format
}

// Export writes a list of people. The audit log takes it down first.
func (a *App) Export(ctx context.Context, o ExportOrder, out io.Writer) error {
	if _, err := a.people.Institution(o.Institution); err != nil {
		return fmt.Errorf("there is no institution %q", o.Institution)
	}
	e, err := a.insights.Export(ctx, audit.Operator, insights.Whole(o.Institution), o.Look, o.Wanted, o.Format)
	switch {
	case errors.Is(err, fault.NotFound):
		return fmt.Errorf("%s has no requirement %q in such a period; it has %s", o.Institution, o.Look.Requirement, a.requirementIDs(ctx, o.Institution))
	case errors.Is(err, fault.Denied):
		return fmt.Errorf("%q is no place of %s: it begins with %s/", o.Look.Place, o.Institution, o.Institution)
	case err != nil:
		return err
	}
	return e.Write(ctx, out, a.catalogue.In(locale.Source).T)
}

func (a *App) requirementIDs(ctx context.Context, institution string) string {
	list, err := a.requirements.Requirements(ctx, institution)
	if err != nil || len(list) == 0 {
		return "none"
	}
	ids := make([]string, len(list))
	for i, r := range list {
		ids[i] = r.ID
	}
	return strings.Join(ids, ", ")
}
