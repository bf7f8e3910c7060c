package web

import (
	"strings"
	"testing"
	"time"
)

// unfold undoes what RFC 5545, section 3.1, does to long lines.
func unfold(file string) string { return strings.ReplaceAll(file, "\r\n ", "") }

func TestAppointmentsAreCalendarFiles(t *testing.T) {
	london, err := time.LoadLocation("Europe/London")
	if err != nil {
		t.Fatal(err)
	}
	a := Appointment{
		UID: "abc@north.upstander", Title: "Consent, in a room", Text: "Wel; dewch i mewn\nac eistedd: " + strings.Repeat("ŵ", 80), Place: "Library, room 2", URL: "https://u.example/app/workshops",
		Begins: time.Date(2027, 6, 3, 14, 30, 0, 0, london), Ends: time.Date(2027, 6, 3, 15, 20, 0, 0, london), Made: time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
	}
	file := a.Calendar()
	for _, line := range strings.SplitAfter(file, "\r\n") {
		if len(line) > 77 || strings.Contains(strings.TrimSuffix(line, "\r\n"), "\n") {
			t.Errorf("a line of %d bytes: %q", len(line), line)
		}
	}
	for _, want := range []string{
		"UID:abc@north.upstander\r\n", "DTSTART:20270603T133000Z\r\n", "DTEND:20270603T142000Z\r\n", "DTSTAMP:20261120T090000Z\r\n", "SEQUENCE:0\r\n", "STATUS:CONFIRMED\r\n",
		"SUMMARY:Consent\\, in a room\r\n", `DESCRIPTION:Wel\; dewch i mewn\nac eistedd: ŵŵ`, "LOCATION:Library\\, room 2\r\n", "METHOD:PUBLISH\r\n",
	} {
		if !strings.Contains(unfold(file), want) {
			t.Errorf("no %q in\n%s", want, file)
		}
	}
	a.Sequence, a.Cancelled = 3, true
	if file := a.Calendar(); !strings.Contains(file, "SEQUENCE:3\r\n") || !strings.Contains(file, "STATUS:CANCELLED\r\n") || strings.Count(file, "STATUS:") != 1 {
		t.Errorf("cancelled:\n%s", file)
	}
}
