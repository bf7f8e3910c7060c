package campaign

import (
	"fmt"
	"slices"

	ics "github.com/arran4/golang-ical"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
)

// upcoming lists what an institution announces and is not over yet, the nearest first.
func (s *Service) upcoming(in *people.Institution) []people.Event {
	var all []people.Event
	for _, e := range in.Events {
		if _, end := e.Times(); end.After(s.now()) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b people.Event) int {
		if a.Day+a.Start < b.Day+b.Start {
			return -1
		}
		return 1
	})
	return all
}

// calendar writes an event as an iCalendar file (RFC 5545).
func (s *Service) calendar(in *people.Institution, id, lang, address string) (string, error) {
	at := slices.IndexFunc(in.Events, func(e people.Event) bool { return e.ID == id })
	if at < 0 {
		return "", fmt.Errorf("event %q: %w", id, fault.NotFound)
	}
	e := in.Events[at]
	start, end := e.Times()
	cal := ics.NewCalendarFor("Upstander")
	cal.SetMethod(ics.MethodPublish)
	entry := cal.AddEvent(e.ID + "@" + in.ID + ".upstander")
	entry.SetDtStampTime(s.now())
	entry.SetStartAt(start)
	entry.SetEndAt(end)
	entry.SetSummary(e.Title.In(lang))
	entry.SetDescription(e.Text.In(lang))
	entry.SetLocation(e.Place.In(lang))
	entry.SetURL(address)
	return cal.Serialize(), nil
}
