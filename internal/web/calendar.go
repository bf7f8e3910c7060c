package web

import (
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/gofiber/fiber/v2"
)

// Appointment is something to put into a calendar.
type Appointment struct {
	UID          string // the same for ever: a calendar replaces what it holds under it
	Sequence     int    // goes up with every change
	Cancelled    bool
	Title, Text  string
	Place        string
	URL          string // where it is announced
	Begins, Ends time.Time
	Made         time.Time // when the file is
}

// Calendar writes an appointment as an iCalendar file (RFC 5545). Times stand in UTC, so that no calendar needs to know when clocks change.
func (a Appointment) Calendar() string {
	cal := ics.NewCalendarFor("Upstander")
	cal.SetMethod(ics.MethodPublish)
	entry := cal.AddEvent(a.UID)
	entry.SetDtStampTime(a.Made)
	entry.SetStartAt(a.Begins)
	entry.SetEndAt(a.Ends)
	entry.SetSequence(a.Sequence)
	entry.SetStatus(ics.ObjectStatusConfirmed)
	if a.Cancelled {
		entry.SetStatus(ics.ObjectStatusCancelled)
	}
	entry.SetSummary(a.Title)
	if a.Text != "" {
		entry.SetDescription(a.Text)
	}
	entry.SetLocation(a.Place)
	entry.SetURL(a.URL)
	return cal.Serialize(ics.WithNewLine("\r\n"))
}

// SendCalendar answers with a calendar file.
func SendCalendar(c *fiber.Ctx, a Appointment) error {
	c.Set(fiber.HeaderContentType, "text/calendar; charset=utf-8")
	return c.SendString(a.Calendar())
}
