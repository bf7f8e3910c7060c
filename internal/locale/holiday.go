package locale

import (
	_ "embed"
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"
)

// The bank holidays as they have been announced, and those of one year only.
//
//go:embed holidays.yaml
var holidayFile []byte

// Nations with bank holidays of their own. England and Wales share theirs.
const (
	EnglandAndWales = "england-and-wales"
	Scotland        = "scotland"
	NorthernIreland = "northern-ireland"
)

// Holidays knows the bank holidays of the nations of the United Kingdom: those announced where the list reaches, computed beyond.
type Holidays struct {
	announced map[string]map[int]map[string]bool
}

// LoadHolidays reads the list that the program carries.
func LoadHolidays() (*Holidays, error) {
	var file struct {
		Years []int               `yaml:"years"`
		Days  map[string][]string `yaml:"days"`
	}
	if err := yaml.UnmarshalWithOptions(holidayFile, &file, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("holidays.yaml: %s", yaml.FormatError(err, false, true))
	}
	h := &Holidays{announced: map[string]map[int]map[string]bool{}}
	for nation, days := range file.Days {
		h.announced[nation] = map[int]map[string]bool{}
		for _, y := range file.Years {
			h.announced[nation][y] = map[string]bool{}
		}
		for _, day := range days {
			t, err := time.Parse(time.DateOnly, day)
			if err != nil || !slices.Contains(file.Years, t.Year()) {
				return nil, fmt.Errorf("holidays.yaml: %s: %q is no day of the years listed", nation, day)
			}
			h.announced[nation][t.Year()][day] = true
		}
	}
	return h, nil
}

// NationOf returns whose bank holidays are kept in a nation as institutions name it: england, wales, scotland, northern-ireland.
func NationOf(nation string) string {
	switch nation {
	case Scotland, NorthernIreland:
		return nation
	}
	return EnglandAndWales
}

// On says whether a day is a bank holiday in a nation.
func (h *Holidays) On(nation string, day time.Time) bool {
	if listed, ok := h.announced[nation][day.Year()]; ok {
		return listed[day.Format(time.DateOnly)]
	}
	return slices.Contains(computed(nation, day.Year()), day.Format(time.DateOnly))
}

// Working says whether a day is neither of a weekend nor a bank holiday.
func (h *Holidays) Working(nation string, day time.Time) bool {
	return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday && !h.On(nation, day)
}

// computed lists the bank holidays of a year by the rules of the Banking and Financial Dealings Act 1971 and the yearly proclamations since 1974 and
// 1978: what falls on a weekend is kept on the next weekdays that are free.
func computed(nation string, year int) []string {
	date := func(m time.Month, d int) time.Time { return time.Date(year, m, d, 0, 0, 0, 0, time.UTC) }
	easter := easterSunday(year)
	fixed := []time.Time{date(time.January, 1), date(time.December, 25), date(time.December, 26)}
	moving := []time.Time{easter.AddDate(0, 0, -2), firstMonday(date(time.May, 1)), lastMonday(date(time.May, 31))}
	switch nation {
	case Scotland:
		fixed = append(fixed, date(time.January, 2), date(time.November, 30))
		moving = append(moving, firstMonday(date(time.August, 1)))
	case NorthernIreland:
		fixed = append(fixed, date(time.March, 17), date(time.July, 12))
		moving = append(moving, easter.AddDate(0, 0, 1), lastMonday(date(time.August, 31)))
	default:
		moving = append(moving, easter.AddDate(0, 0, 1), lastMonday(date(time.August, 31)))
	}
	slices.SortFunc(fixed, time.Time.Compare)
	taken := map[time.Time]bool{}
	for _, t := range append(slices.Clone(fixed), moving...) {
		taken[t] = true
	}
	days := []string{}
	for _, t := range moving {
		days = append(days, t.Format(time.DateOnly))
	}
	for _, t := range fixed {
		if weekend(t) {
			for t = t.AddDate(0, 0, 1); weekend(t) || taken[t]; t = t.AddDate(0, 0, 1) {
			}
			taken[t] = true
		}
		days = append(days, t.Format(time.DateOnly))
	}
	slices.Sort(days)
	return days
}

func weekend(t time.Time) bool {
	return t.Weekday() == time.Saturday || t.Weekday() == time.Sunday
}

func firstMonday(first time.Time) time.Time {
	return first.AddDate(0, 0, (8-int(first.Weekday()))%7)
}

func lastMonday(last time.Time) time.Time {
	return last.AddDate(0, 0, -(int(last.Weekday())+6)%7)
}

// easterSunday counts by the Gregorian rule, in the form that Oudin gave it.
func easterSunday(year int) time.Time {
	century := year / 100
	golden := year % 19
	moon := (century - century/4 - (8*century+13)/25 + 19*golden + 15) % 30
	moon -= (moon / 28) * (1 - (moon/28)*(29/(moon+1))*((21-golden)/11))
	weekday := (year + year/4 + moon + 2 - century + century/4) % 7
	from := moon - weekday
	month := 3 + (from+40)/44
	return time.Date(year, time.Month(month), from+28-31*(month/4), 0, 0, 0, 0, time.UTC)
}
