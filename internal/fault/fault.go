// Package fault names the ways in which a request can fail, once for the whole program.
//
// A service returns an error that wraps one of the sentinels; the one error handler in package web turns it into a page.
// Nothing below web knows an HTTP status code.
package fault

import (
	"errors"
	"fmt"
	"time"
)

// The kinds of failure. Test with errors.Is; wrap with fmt.Errorf("verb: %w", fault.NotFound).
var (
	// NotFound says that there is no such thing, or none that the asker may know of.
	NotFound = errors.New("not found")
	// Invalid says that the input cannot be accepted as it stands. Problems says why, field by field.
	Invalid = errors.New("invalid input")
	// Denied says that the asker is known and may not do this.
	Denied = errors.New("not allowed")
	// SignIn says that the asker is not known yet and has to sign in first.
	SignIn = errors.New("sign-in needed")
	// Conflict says that the thing exists already or has changed meanwhile.
	Conflict = errors.New("conflict")
	// TooMany says that the asker must wait. Wait says how long.
	TooMany = errors.New("too many attempts")
	// TooLarge says that the input is larger than the route accepts.
	TooLarge = errors.New("too large")
	// Unavailable says that something this needs (a store, the mail server) does not answer now.
	Unavailable = errors.New("unavailable")
)

// Problem is one reason why one field was not accepted.
type Problem struct {
	Field string         // the form field's name
	Key   string         // message key of the reason
	Args  map[string]any // values for the message
}

// Problems is an Invalid error that says why, field by field, in the order of the form.
type Problems []Problem

// Add appends a problem.
func (p *Problems) Add(field, key string) { *p = append(*p, Problem{Field: field, Key: key}) }

// Err returns nil when there is no problem.
func (p Problems) Err() error {
	if len(p) == 0 {
		return nil
	}
	return p
}

// Error lists fields and message keys, never what was typed.
func (p Problems) Error() string {
	s := Invalid.Error()
	for _, one := range p {
		s += fmt.Sprintf("; %s: %s", one.Field, one.Key)
	}
	return s
}

// Is makes errors.Is(err, fault.Invalid) true.
func (p Problems) Is(target error) bool { return target == Invalid }

// Wait is a TooMany error that says when to come back.
type Wait struct{ For time.Duration }

func (w Wait) Error() string { return fmt.Sprintf("%v: wait %v", TooMany, w.For.Round(time.Second)) }

// Is makes errors.Is(err, fault.TooMany) true.
func (w Wait) Is(target error) bool { return target == TooMany }
