package workshop

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/upstander/upstander/internal/people"
)

// TestSummaryOfAMyth says how many were very sure of the opposite, and draws the answers, from ten answers on; of nine it says nothing.
func TestSummaryOfAMyth(t *testing.T) {
	const confident, few = "of 12 on phones were very sure of the opposite", "Fewer than ten answered."
	for name, test := range map[string]struct {
		votes    [][]string // verdict and how sure, one phone each
		want     []string
		unwanted []string
	}{
		"twelve": {
			append(times(5, "true", "3"), append(times(2, "true", "1"), append(times(4, "myth", "3"), times(1, "myth", "2")...)...)...),
			[]string{"5 " + confident, `<td class="number">7 / 12</td>`, `<td class="number">5 / 12</td>`},
			[]string{few},
		},
		"twelve, none of them wrong and sure": {
			append(times(11, "myth", "3"), times(1, "true", "2")...),
			[]string{"0 " + confident, `<td class="number">1 / 12</td>`, `<td class="number">11 / 12</td>`},
			[]string{few},
		},
		"nine": {
			times(9, "true", "3"),
			[]string{few},
			[]string{"very sure", `class="number"`, "/ 9"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			Routes(o.Doors, o.Service)
			f := &fixture{Service: o.Service, t: t}
			r, _, err := o.Start(t.Context(), o.leader, "small", "small-talk")
			r = f.to(f.must(r, err), aMyth)
			for i, v := range test.votes {
				f.cast(r, fmt.Sprint("phone-", i), "verdict", v[0], "sure", v[1])
			}
			f.must(o.End(t.Context(), r.ID))
			a := o.SignIn("leader@north.example", people.Facilitator).Get("/app/workshops/" + r.ID)
			if a.Status != http.StatusOK || !strings.Contains(a.Body, "It is always so.") {
				t.Fatalf("the summary: %d\n%s", a.Status, a.Body)
			}
			for _, words := range test.want {
				if !strings.Contains(a.Body, words) {
					t.Errorf("it does not say %q\n%s", words, a.Body)
				}
			}
			for _, words := range test.unwanted {
				if strings.Contains(a.Body, words) {
					t.Errorf("it says %q", words)
				}
			}
		})
	}
}

// times repeats an answer.
func times(n int, verdict, sure string) [][]string {
	var all [][]string
	for range n {
		all = append(all, []string{verdict, sure})
	}
	return all
}
