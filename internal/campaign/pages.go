package campaign

import "github.com/upstander/upstander/internal/web"

// frontPage is an institution's front page.
type frontPage struct {
	web.Base
	Campuses []campus
}

type campus struct{ Name, Telephone string }

// chooserPage lists the institutions of the deployment.
type chooserPage struct{ web.Base }

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{"campaign/front": frontPage{}, "campaign/chooser": chooserPage{}}
}
