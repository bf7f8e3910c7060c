package requirement

import (
	"reflect"
	"regexp"
	"testing"
)

// TestNothingForbiddenIsStored walks the fields of everything that staff may see of a person: there is no room for a start, a duration, a score, a
// route, a list of items or a reason.
func TestNothingForbiddenIsStored(t *testing.T) {
	forbidden := regexp.MustCompile(`(?i)start|begun|began|duration|minutes|seconds|score|mark|point|route|item|answer|attempt|tries|reason|note|comment|why|time|percent|progress`)
	for _, doc := range []any{Standing{}, Cell{}, Member{}, Exception{}, Completion{}} {
		of := reflect.TypeOf(doc)
		for i := range of.NumField() {
			if f := of.Field(i); forbidden.MatchString(f.Name) || forbidden.MatchString(f.Tag.Get("bson")) {
				t.Errorf("%s.%s says more than whether and on which day", of.Name(), f.Name)
			}
		}
	}
	for _, name := range []string{"StartedAt", "Reason", "Score", "Route"} {
		if !forbidden.MatchString(name) {
			t.Errorf("the rule lets %s through", name)
		}
	}
}
