package insights

import (
	"fmt"
	"math"
	"time"
)

// Trend is how many have met a requirement by the end of each week, and how many are expected to have until it is due.
//
// The forecast is a simple one that anybody can check: the mean of the last whole weeks, four at most, is added for every week to come, and the sum is
// never more than everybody who has to meet the requirement. It says what happens if nothing changes; it knows no terms and no holidays.
type Trend struct {
	Weeks    []Week
	Mean     float64 // a week, over the last Over whole weeks
	Over     int     // weeks that the mean is taken over; nought: no forecast
	Due      int     // which of the weeks holds the due date; -1: none of them
	Expected int     // met at the end of the week of the due date; of use when Over > 0 and Due is in the future
}

// Week is the end of one week.
type Week struct {
	Monday   time.Time
	Met      int // in all, until then
	Forecast bool
}

// The chart shows a year at most behind and ahead; the mean is taken over a month.
const (
	longest  = 52
	meanOver = 4
)

// NewTrend reads a trend from the numbers of each ISO week. most is how many can meet the requirement at all; start, today and due are civil days;
// start and due may be empty. Before the start nothing is drawn, unless somebody had met the requirement by then. What is known is rounded first, and
// expected from that, where it is for somebody who may not see names.
func NewTrend(weeks map[string]int, most int, start, today, due string, rounded bool) (Trend, error) {
	now, err := monday(today)
	if err != nil {
		return Trend{}, err
	}
	byMonday, first := map[time.Time]int{}, now
	for week, n := range weeks {
		m, err := mondayOf(week)
		if err != nil {
			return Trend{}, err
		}
		byMonday[m] += n
		if m.Before(first) {
			first = m
		}
	}
	if s, err := monday(start); err == nil && s.Before(first) {
		first = s
	}
	t := Trend{Due: -1}
	earliest, sum := now.AddDate(0, 0, -7*(longest-1)), 0
	for m := first; !m.After(now); m = m.AddDate(0, 0, 7) {
		sum += byMonday[m]
		if !m.Before(earliest) {
			t.Weeks = append(t.Weeks, Week{Monday: m, Met: sum})
		}
	}
	for m, n := range byMonday { // a clock that was ahead: they have met it, whenever it was
		if m.After(now) {
			t.Weeks[len(t.Weeks)-1].Met += n
		}
	}
	for i := range t.Weeks {
		if rounded {
			t.Weeks[i].Met = nearestFive(t.Weeks[i].Met)
		}
	}
	t.forecast(most, due)
	return t, nil
}

// forecast adds the weeks from the next to the one of the due date.
func (t *Trend) forecast(most int, due string) {
	last, err := monday(due)
	if err != nil {
		return
	}
	for i, w := range t.Weeks {
		if w.Monday.Equal(last) {
			t.Due = i
		}
	}
	now := t.Weeks[len(t.Weeks)-1]
	ahead := int(last.Sub(now.Monday).Hours()) / (24 * 7)
	if ahead <= 0 || ahead > longest {
		return
	}
	t.Over = min(meanOver, len(t.Weeks)-1) // the week under way is not whole
	if t.Over == 0 {
		return
	}
	recent := t.Weeks[len(t.Weeks)-2].Met
	if before := len(t.Weeks) - 2 - t.Over; before >= 0 {
		recent -= t.Weeks[before].Met
	}
	t.Mean = float64(recent) / float64(t.Over)
	for i := 1; i <= ahead; i++ {
		t.Expected = max(now.Met, min(most, now.Met+int(math.Round(t.Mean*float64(i)))))
		t.Weeks = append(t.Weeks, Week{Monday: now.Monday.AddDate(0, 0, 7*i), Met: t.Expected, Forecast: true})
	}
	t.Due = len(t.Weeks) - 1
}

// monday returns the first day of the week that a civil day is in.
func monday(day string) (time.Time, error) {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return t, fmt.Errorf("week of a day: %w", err)
	}
	return t.AddDate(0, 0, -(int(t.Weekday())+6)%7), nil
}

// mondayOf returns the first day of an ISO week, 2026-W47. The fourth of January is always in the first.
func mondayOf(week string) (time.Time, error) {
	var year, number int
	if _, err := fmt.Sscanf(week, "%4d-W%2d", &year, &number); err != nil {
		return time.Time{}, fmt.Errorf("week %q: %w", week, err)
	}
	first, err := monday(fmt.Sprintf("%04d-01-04", year))
	m := first.AddDate(0, 0, 7*(number-1))
	if y, n := m.ISOWeek(); err == nil && (y != year || n != number) {
		err = fmt.Errorf("there is no week %q", week)
	}
	return m, err
}
