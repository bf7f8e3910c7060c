package app

import (
	"github.com/upstander/upstander/internal/campaign"
	"github.com/upstander/upstander/internal/certificate"
	"github.com/upstander/upstander/internal/insights"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/pledge"
	"github.com/upstander/upstander/internal/records"
	"github.com/upstander/upstander/internal/reminder"
	"github.com/upstander/upstander/internal/report"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/training"
	"github.com/upstander/upstander/internal/web"
	"github.com/upstander/upstander/internal/workshop"
)

// routes registers every feature on its doors, one line each. testdata/routes.golden is the map that comes of it.
func (a *App) routes() error {
	if a.opts.Demo {
		web.GuideRoutes(a.server)
	}
	doors := people.NewDoors(a.server, a.people)
	people.Routes(doors, a.people)
	campaign.Routes(doors, a.campaign)
	report.Routes(doors.Public, a.server, desks{a})
	pledge.Routes(doors, a.pledges)
	training.Routes(doors, a.training, a.people, desk{a}, issuer{a})
	workshop.Routes(doors, a.workshops)
	certificate.Routes(doors, a.certificates, a.people.Institution)
	requirement.Routes(doors, a.requirements)
	reminder.Routes(doors, a.reminders)
	insights.Routes(doors, a.insights)
	if err := records.Routes(doors, a.records); err != nil {
		return err
	}
	people.Nowhere(doors, a.people)
	return nil
}
