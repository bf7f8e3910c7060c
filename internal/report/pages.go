package report

import "github.com/upstander/upstander/internal/web"

// doorsPage explains the two ways side by side.
type doorsPage struct {
	web.Base
	Desk Desk
}

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any { return map[string]any{"report/doors": doorsPage{}} }
