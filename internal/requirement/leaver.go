package requirement

import (
	"context"
	"strings"
)

// closeMissing closes whoever is on the roster and not in a file that the operator calls complete.
func (e *enrolment) closeMissing(ctx context.Context, known func(externalID string) bool) error {
	cursor := ""
	for {
		page, err := e.s.store.membersOf(ctx, e.institution, cursor)
		if err != nil {
			return err
		}
		for _, m := range page.Items {
			if m.Left != "" || strings.HasPrefix(m.ExternalID, noExternalID) || known(m.ExternalID) {
				continue
			}
			if err := e.close(ctx, m); err != nil {
				return err
			}
		}
		if cursor = page.Next; cursor == "" {
			return nil
		}
	}
}

// close notes that somebody has left. Without the digest of its row the entry opens again as soon as a file has it.
func (e *enrolment) close(ctx context.Context, m Member) error {
	e.count(func(o *Outcome) { o.Closed++ })
	if e.dry {
		return nil
	}
	now := m
	now.Left, now.Row = e.today, ""
	if err := e.s.store.replaceMember(ctx, m, now); err != nil {
		return err
	}
	return e.settle(ctx, m.ID)
}
