// Package report is the report door: two ways to tell the institution, explained before anybody types.
//
// The door knows nobody. It must not import package people, its routes see no session, no cookie travels there, and nothing about a visit is
// stored, logged, counted or limited by address. For now it hands over to the institution's own forms and people.
package report

// Desk is where an institution takes reports, and what it promises.
type Desk struct {
	Anonymous   string // address of its own form; empty: there is none
	Adviser     string // address of its own form or page; empty: by telephone or mail only
	Telephone   string
	Email       string
	WorkingDays int // within which somebody answers
}

// Open says whether there is any way to reach the institution through this door.
func (d Desk) Open() bool {
	return d.Anonymous != "" || d.Adviser != "" || d.Telephone != "" || d.Email != ""
}

// Desks knows where each institution takes reports.
type Desks interface {
	// Desk returns an institution's desk, or fault.NotFound.
	Desk(institution string) (Desk, error)
}
