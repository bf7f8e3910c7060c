package insights

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// plain writes a trend as one line: the Monday that it begins on, what was known, and what is expected after a bar.
func plain(t Trend) string {
	s, forecast := t.Weeks[0].Monday.Format(time.DateOnly), false
	for _, w := range t.Weeks {
		if w.Forecast && !forecast {
			s, forecast = s+" |", true
		}
		s += fmt.Sprint(" ", w.Met)
	}
	return fmt.Sprintf("%s; due %d", s, t.Due)
}

func TestTrend(t *testing.T) {
	for _, c := range []struct {
		name              string
		weeks             map[string]int
		most              int
		start, today, due string
		want              string
	}{
		{"nothing yet, no date", nil, 100, "", "2026-11-20", "", "2026-11-16 0; due -1"},
		{"the mean of the last four whole weeks goes on", map[string]int{"2026-W42": 100, "2026-W43": 8, "2026-W44": 4, "2026-W45": 6, "2026-W46": 2, "2026-W47": 1}, 500, "", "2026-11-20", "2026-12-11", "2026-10-12 100 108 112 118 120 121 | 126 131 136; due 8"},
		{"weeks in which nobody did count, too", map[string]int{"2026-W43": 10, "2026-W46": 2}, 500, "", "2026-11-20", "2026-11-29", "2026-10-19 10 10 10 12 12 | 15; due 5"},
		{"never more than everybody", map[string]int{"2026-W45": 40, "2026-W46": 40}, 100, "", "2026-11-20", "2026-12-11", "2026-11-02 40 80 80 | 100 100 100; due 5"},
		{"never fewer than have", map[string]int{"2026-W45": 40, "2026-W46": 40}, 70, "", "2026-11-20", "2026-11-27", "2026-11-02 40 80 80 | 80; due 3"},
		{"a mean of half a person is rounded at the end", map[string]int{"2026-W43": 1, "2026-W46": 1}, 50, "", "2026-11-20", "2026-12-11", "2026-10-19 1 1 1 2 2 | 3 3 4; due 7"},
		{"from the start", map[string]int{"2026-W46": 3}, 50, "2026-11-01", "2026-11-20", "", "2026-10-26 0 0 3 3; due -1"},
		{"due this week: nothing to expect", map[string]int{"2026-W46": 3}, 50, "", "2026-11-20", "2026-11-22", "2026-11-09 3 3; due 1"},
		{"due and past", map[string]int{"2026-W45": 3}, 50, "", "2026-11-20", "2026-11-09", "2026-11-02 3 3 3; due 1"},
		{"began this week: no whole week to go by", map[string]int{"2026-W47": 3}, 50, "2026-11-17", "2026-11-20", "2026-12-11", "2026-11-16 3; due -1"},
		{"over the turn of a year with 53 weeks", map[string]int{"2026-W52": 1, "2026-W53": 2, "2027-W01": 4}, 50, "", "2027-01-08", "", "2026-12-21 1 3 7; due -1"},
		{"a clock that was ahead", map[string]int{"2026-W48": 3}, 50, "", "2026-11-20", "", "2026-11-16 3; due -1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := NewTrend(c.weeks, c.most, c.start, c.today, c.due, false)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, plain(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRoundedTrend(t *testing.T) {
	got, err := NewTrend(map[string]int{"2026-W44": 11, "2026-W45": 3, "2026-W46": 9, "2026-W47": 1}, 50, "", "2026-11-20", "2026-12-04", true)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("2026-10-26 10 15 25 25 | 33 42; due 5", plain(got)); diff != "" || got.Mean != 25./3 {
		t.Error(got.Mean, diff)
	}
}

func TestTrendOfYears(t *testing.T) {
	got, err := NewTrend(map[string]int{"2019-W10": 7, "2026-W46": 1}, 50, "", "2026-11-20", "2029-01-01", false)
	if err != nil || len(got.Weeks) != longest || got.Weeks[0].Met != 7 || got.Weeks[longest-1].Met != 8 || got.Over != 0 {
		t.Errorf("%d weeks, %+v, %v", len(got.Weeks), got.Weeks[0], err)
	}
}

func TestWeeks(t *testing.T) {
	day := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 4000 {
		year, number := day.ISOWeek()
		m, err := mondayOf(fmt.Sprintf("%04d-W%02d", year, number))
		same, merr := monday(day.Format(time.DateOnly))
		if err != nil || merr != nil || !m.Equal(same) || m.Weekday() != time.Monday || day.Before(m) || day.Sub(m) > 6*24*time.Hour {
			t.Fatalf("%s is in the week of %s and of %s (%v, %v)", day, m, same, err, merr)
		}
		day = day.AddDate(0, 0, 1)
	}
	for _, wrong := range []string{"", "2026", "2026-W54", "2025-W53", "2026-W00", "x" + strings.Repeat("9", 20)} {
		if m, err := mondayOf(wrong); err == nil {
			t.Errorf("%q is a week: %s", wrong, m)
		}
	}
}
