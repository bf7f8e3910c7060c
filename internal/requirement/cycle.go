package requirement

import (
	"time"

	"github.com/upstander/upstander/internal/fault"
)

// Once is the cycle of a requirement that is never renewed.
const Once = "once"

// How often a requirement is renewed.
const (
	Never        = "never"
	Months       = "months"        // every so many months from the requirement's start
	AcademicYear = "academic-year" // on 1 August
)

// Renewals lists how often a requirement can be renewed.
func Renewals() []string { return []string{Never, AcademicYear, Months} }

// maxMonths is the longest renewal: ten years.
const maxMonths = 120

// Renewal says when a requirement asks again of those who have met it.
type Renewal struct {
	Every  string `bson:"every"`
	Months int    `bson:"months"`
}

func (r Renewal) problems(start string) (p fault.Problems) {
	switch r.Every {
	case Never, AcademicYear:
	case Months:
		if r.Months < 1 || r.Months > maxMonths {
			p.Add("months", "requirement.months-wrong")
		}
		if start == "" {
			p.Add("start", "requirement.start-missing")
		}
	default:
		p.Add("renewal", "form.choose")
	}
	return p
}

// Cycle is one renewal period of a requirement.
type Cycle struct {
	ID   string // Once, or the day on which it begins
	From string // completions count from this civil day; empty: from ever
	Due  string // civil day; empty: no date
}

// CycleOn returns the cycle that a day falls into. Before the start it is the first one, so that staff can plan ahead.
func (r Requirement) CycleOn(day string) Cycle {
	switch r.Renewal.Every {
	case Months:
		start := r.Start
		n := 0
		for n < 12*200 && addMonths(start, (n+1)*r.Renewal.Months) <= day {
			n++
		}
		from := addMonths(start, n*r.Renewal.Months)
		return Cycle{ID: from, From: from, Due: addMonths(r.Due, n*r.Renewal.Months)}
	case AcademicYear:
		first, now := academicYear(max(r.Start, "0001-08-01")), academicYear(day)
		if r.Start == "" { // the due date says which year was meant first
			first = now
			if r.Due != "" {
				first = min(academicYear(r.Due), now)
			}
		}
		now = max(first, now)
		return Cycle{ID: now, From: max(now, r.Start), Due: addMonths(r.Due, 12*(year(now)-year(first)))}
	}
	return Cycle{ID: Once, From: r.Start, Due: r.Due}
}

// academicYear returns the first day of the academic year that a day falls into.
func academicYear(day string) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return day
	}
	y := t.Year()
	if t.Month() < time.August {
		y--
	}
	return time.Date(y, time.August, 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

func year(day string) int {
	t, _ := time.Parse(time.DateOnly, day) // written by academicYear
	return t.Year()
}

// addMonths goes on by whole months; in a month that has no such day it is its last one.
func addMonths(day string, n int) string {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil || n == 0 {
		return day
	}
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1).Format(time.DateOnly)
}
