package locale

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func civil(t *testing.T, day string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestRulesFindWhatWasAnnounced computes the years of the list and those of England and Wales that gov.uk listed before it: they differ in the days
// of one year only.
func TestRulesFindWhatWasAnnounced(t *testing.T) {
	h, err := LoadHolidays()
	if err != nil {
		t.Fatal(err)
	}
	once := map[string]bool{Scotland + " 2026-06-15": true}
	for _, nation := range []string{EnglandAndWales, Scotland, NorthernIreland} {
		if len(h.announced[nation]) != 3 {
			t.Errorf("%s: %d years", nation, len(h.announced[nation]))
		}
		for year, listed := range h.announced[nation] {
			ruled := map[string]bool{}
			for _, day := range computed(nation, year) {
				ruled[day] = true
			}
			for day := range listed {
				if once[nation+" "+day] {
					ruled[day] = true
				}
			}
			if diff := cmp.Diff(listed, ruled); diff != "" {
				t.Errorf("%s %d (-announced +computed)\n%s", nation, year, diff)
			}
		}
	}
	for year, want := range map[int][]string{
		2017: {"2017-01-02", "2017-04-14", "2017-04-17", "2017-05-01", "2017-05-29", "2017-08-28", "2017-12-25", "2017-12-26"},
		2019: {"2019-01-01", "2019-04-19", "2019-04-22", "2019-05-06", "2019-05-27", "2019-08-26", "2019-12-25", "2019-12-26"},
		2021: {"2021-01-01", "2021-04-02", "2021-04-05", "2021-05-03", "2021-05-31", "2021-08-30", "2021-12-27", "2021-12-28"},
		2023: {"2023-01-02", "2023-04-07", "2023-04-10", "2023-05-01", "2023-05-29", "2023-08-28", "2023-12-25", "2023-12-26"}, // and the coronation
	} {
		if diff := cmp.Diff(want, computed(EnglandAndWales, year)); diff != "" {
			t.Errorf("%d (-listed +computed)\n%s", year, diff)
		}
	}
	// In 2022 Boxing Day kept its Monday and Christmas Day went to the Tuesday; in 2017 Scotland's 2 January kept its Monday.
	if got := computed(EnglandAndWales, 2022); got[len(got)-2] != "2022-12-26" || got[len(got)-1] != "2022-12-27" {
		t.Errorf("Christmas 2022: %v", got)
	}
	if got := computed(Scotland, 2017)[:2]; got[0] != "2017-01-02" || got[1] != "2017-01-03" {
		t.Errorf("Scotland 2017: %v", got)
	}
}

func TestWorkingDays(t *testing.T) {
	h, err := LoadHolidays()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		nation, day string
		want        bool
	}{
		{EnglandAndWales, "2026-11-20", true},
		{EnglandAndWales, "2026-11-21", false}, // Saturday
		{EnglandAndWales, "2026-11-30", true},
		{Scotland, "2026-11-30", false}, // St Andrew's Day
		{Scotland, "2026-04-06", true},  // Easter Monday is none there
		{NorthernIreland, "2026-07-13", false},
		{EnglandAndWales, "2031-04-14", false}, // Easter Monday, computed
		{EnglandAndWales, "2031-04-15", true},
	} {
		if got := h.Working(test.nation, civil(t, test.day)); got != test.want {
			t.Errorf("%s %s: %v", test.nation, test.day, got)
		}
	}
	for institution, nation := range map[string]string{"england": EnglandAndWales, "wales": EnglandAndWales, "scotland": Scotland, "northern-ireland": NorthernIreland} {
		if NationOf(institution) != nation {
			t.Errorf("%s: %s", institution, NationOf(institution))
		}
	}
}
