package training

import (
	"testing"

	"github.com/upstander/upstander/internal/content"
)

// TestHomeSaysEachThingOnce sorts one module by what is asked of a person and what they have done.
func TestHomeSaysEachThingOnce(t *testing.T) {
	m := smallModule(t)
	under, done := *begin(m, m.Routes[0].ID, "seed").journey, *begin(m, m.Routes[0].ID, "seed").journey
	done.Completed = "2026-11-20"
	asked := Duty{Module: m.ID, Due: "2027-01-29"}
	renewed := Duty{Module: m.ID, From: "2026-12-01"}
	for name, c := range map[string]struct {
		journeys                   []Journey
		duties                     []Duty
		held                       []Held
		due, begun, waiting, other int
	}{
		"nothing":                         {other: 1},
		"asked":                           {duties: []Duty{asked}, due: 1},
		"asked twice":                     {duties: []Duty{asked, asked}, due: 1},
		"asked and begun":                 {journeys: []Journey{under}, duties: []Duty{asked}, due: 1},
		"begun unasked":                   {journeys: []Journey{under}, begun: 1},
		"completed, the standing follows": {journeys: []Journey{done}, duties: []Duty{asked}, waiting: 1},
		"met, no certificate yet":         {journeys: []Journey{done}, duties: []Duty{{Module: m.ID, Met: "2026-11-20"}}, waiting: 1},
		"met and certified":               {journeys: []Journey{done}, duties: []Duty{{Module: m.ID, Met: "2026-11-20"}}, held: []Held{{Module: m.ID, Day: "2026-11-20"}}},
		"asked again after a renewal":     {journeys: []Journey{done}, duties: []Duty{renewed}, held: []Held{{Module: m.ID, Day: "2026-11-20"}}, due: 1},
		"a module that is gone":           {duties: []Duty{{Module: "gone"}}, other: 1},
		"a workshop that is gone":         {duties: []Duty{{Module: m.ID, Workshop: "gone"}}, other: 1},
	} {
		p := &homePage{Certificates: c.held}
		p.Lang = "en"
		p.fill([]*content.Module{m}, c.journeys, c.duties)
		if len(p.Duties) != c.due || len(p.Begun) != c.begun || len(p.Waiting) != c.waiting || p.More != (c.other == 1) || len(p.Workshops) != 0 {
			t.Errorf("%s: due %v, begun %v, waiting %v, more %v", name, p.Duties, p.Begun, p.Waiting, p.More)
		}
		if c.due == 1 && p.Duties[0].Begun != (name == "asked and begun") {
			t.Errorf("%s: begun is %v", name, p.Duties[0].Begun)
		}
	}
}
