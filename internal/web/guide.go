package web

import (
	"errors"

	"github.com/gofiber/fiber/v2"

	"github.com/upstander/upstander/internal/content"
	"github.com/upstander/upstander/internal/fault"
)

// guidePage shows every component in every state. It is there in the demo only, and is what the browser checks photograph.
type guidePage struct {
	Base
	Swatches []string
	Bars     Bars
	Trend    Line
	Marks    []string
	Scenes   []string
}

// GuideRoutes registers the style guide.
func GuideRoutes(s *Server) {
	s.NewDoor("public", System).Get("/styleguide", s.guide)
}

func (s *Server) guide(c *fiber.Ctx) error {
	p := &guidePage{
		Base:     s.NewBase(c, "site.name"),
		Swatches: []string{"paper", "sheet", "ink", "ink-2", "rule", "edge", "teal", "chosen", "clay", "moss", "ochre", "tint"},
		Marks: []string{
			"direct", "distract", "delegate", "delay", "support", "report", "pledge", "training", "works", "partly", "look", "chosen", "open", "before", "phone", "day",
		},
		Scenes: content.Drawings(),
		Bars: Bars{Caption: "Met, by department", Of: "Department", Number: "Met", Rows: []Bar{
			{Label: "Arts", N: 812, Of: 960}, {Label: "Medicine", N: 401, Of: 1204}, {Label: "Physics", N: 0, Of: 240}, {Label: "Music", Said: "fewer than 10"},
		}},
		Trend: Line{
			ID: "trend", Title: "Met, week by week", Desc: "From 120 in the first week to 940 in the fourth, and 1,200 expected by the due date.", Of: "Week", Number: "Met", Top: 1400, TopLabel: "1,400 in all", AsTable: "As a table", Expected: "expected",
			Points: []Point{{Label: "1", N: 120}, {Label: "2", N: 430}, {Label: "3", N: 700}, {Label: "4", N: 940}, {Label: "5", N: 1080, Forecast: true}, {Label: "6", N: 1200, Forecast: true}},
			Mark:   &Mark{At: 5, Label: "due"},
		},
	}
	p.Title = "Style guide"
	if !p.Refuse(fault.Problems{{Field: "wrong", Key: "form.choose"}}) {
		return errors.New("style guide: the sample problem was not taken")
	}
	return c.Render("styleguide/guide", p)
}
