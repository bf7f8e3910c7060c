package records

import (
	"fmt"
	"net/url"

	"github.com/upstander/upstander/internal/audit"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/web"
)

// minePage tells somebody what is held on them and for how long.
type minePage struct{ web.Base }

// Retention lists how long each kind of data is kept.
func (p minePage) Retention() []kept {
	var list []kept
	for _, k := range Retention() {
		one := kept{Kind: k.Kind}
		switch {
		case k.For.Years > 0:
			one.For = p.T("records.years", "Count", k.For.Years)
		case k.For.Months > 0:
			one.For = p.T("records.months", "Count", k.For.Months)
		default:
			one.For = p.T("records.days", "Count", k.For.Days)
		}
		list = append(list, one)
	}
	return list
}

type kept struct {
	Kind Kind
	For  string
}

// findPage asks an admin for whom a request was made.
type findPage struct {
	web.Base
	Who    string // as typed
	Nobody bool
}

// personPage is where a person's request is answered.
type personPage struct {
	web.Base
	Person people.Person
	Kept   string // why the person cannot be erased as things stand; empty: can be
}

// erasePage asks once more.
type erasePage struct {
	web.Base
	Person people.Person
	Email  string // as typed
}

// auditPage is the log.
type auditPage struct {
	web.Base
	Form    auditForm
	Entries []auditEntry
	Next    string
	Prev    string
}

// auditForm is the filter as it was typed.
type auditForm struct{ Actor, Verb, Subject, From, To string }

// query returns the filter as part of an address.
func (f auditForm) query() string {
	q := url.Values{}
	for name, value := range map[string]string{"actor": f.Actor, "verb": f.Verb, "subject": f.Subject, "from": f.From, "to": f.To} {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q.Encode()
}

// auditEntry is one row. Names are those of today; whoever has been erased has none.
type auditEntry struct {
	audit.Entry
	Time        string
	Who, OnWhom string
}

// Verbs lists what can have been done, for the filter.
func (auditPage) Verbs() []audit.Verb { return audit.Verbs() }

// Page returns the address of a neighbouring page with the same filter.
func (p auditPage) Page(direction, cursor string) string {
	address := fmt.Sprintf("/app/audit?%s=%s", direction, url.QueryEscape(cursor))
	if q := p.Form.query(); q != "" {
		address += "&" + q
	}
	return address
}

// By returns the address of the entries of one actor.
func (auditPage) By(actor string) string { return "/app/audit?actor=" + url.QueryEscape(actor) }

// Views lists the package's views and what they show, for the test that checks one against the other.
func Views() map[string]any {
	return map[string]any{
		"records/mine": minePage{}, "records/find": findPage{}, "records/person": personPage{}, "records/erase": erasePage{}, "records/audit": auditPage{},
	}
}
