package reminder

import (
	"net/url"
	"slices"

	"github.com/upstander/upstander/internal/web"
)

// listPage lists the requirements of an institution and how each reminds.
type listPage struct {
	web.Base
	Rules []rule
	Mute  bool // there is no mail server: nothing leaves
}

type rule struct {
	Requirement
	Title   string
	On      bool
	Sent    int
	Waiting int
	Back    int
}

// planPage sets a plan, shows what it would say and to how many, and what has come of it.
type planPage struct {
	web.Base
	Rule     Requirement
	Name     string // of the requirement
	Plan     Plan
	Mute     bool
	Open     int // have not met it today
	Dates    []stepDate
	Previews []preview
	Counts   map[string]int
	Back     []returned
	Next     string
	Prev     string
}

// stepDate is the day on which a step goes out, for those without more time.
type stepDate struct {
	Step int
	Day  string
	Gone bool
}

// preview is one kind of message in every language.
type preview struct {
	Title    string
	Messages []Message
}

// returned is a message that came back.
type returned struct {
	Reminder
	Name string
}

// Choices lists the days that a plan can have.
func (p planPage) Choices() []choice {
	var all []choice
	for _, d := range Days() {
		all = append(all, choice{d, p.Step(d), slices.Contains(p.Plan.Steps, d)})
	}
	return all
}

type choice struct {
	Days   int
	Text   string
	Chosen bool
}

// Step says when a step is, in words.
func (p planPage) Step(days int) string {
	switch {
	case days < 0:
		return p.T("reminder.before", "Count", -days)
	case days > 0:
		return p.T("reminder.after", "Count", days)
	}
	return p.T("reminder.on")
}

// Hours lists the hours between which messages can leave.
func (planPage) Hours() []int {
	var all []int
	for h := 7; h <= 21; h++ {
		all = append(all, h)
	}
	return all
}

// Address returns this page's address.
func (p planPage) Address() string { return "/app/reminders/" + url.PathEscape(p.Rule.ID) }

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{"reminder/list": listPage{}, "reminder/plan": planPage{}}
}
