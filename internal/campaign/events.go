package campaign

import (
	"fmt"
	"slices"
	"strings"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// upcoming lists what an institution announces and is not over yet, the nearest first.
func (s *Service) upcoming(in *people.Institution) []people.Event {
	var all []people.Event
	for _, e := range in.Events {
		if _, end := e.Times(); end.After(s.now()) {
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b people.Event) int { return strings.Compare(a.Day+a.Start+a.ID, b.Day+b.Start+b.ID) })
	return all
}

// appointment is an event as a calendar takes it.
func (s *Service) appointment(in *people.Institution, id, lang, address string) (web.Appointment, error) {
	at := slices.IndexFunc(in.Events, func(e people.Event) bool { return e.ID == id })
	if at < 0 {
		return web.Appointment{}, fmt.Errorf("event %q: %w", id, fault.NotFound)
	}
	e := in.Events[at]
	begins, ends := e.Times()
	return web.Appointment{
		UID: e.ID + "@" + in.ID + ".upstander", Title: e.Title.In(lang), Text: e.Text.In(lang), Place: e.Place.In(lang), URL: address,
		Begins: begins, Ends: ends, Made: s.now(),
	}, nil
}
