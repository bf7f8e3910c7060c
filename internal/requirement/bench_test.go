package requirement_test

import (
	"fmt"
	"testing"

	"github.com/upstander/upstander/internal/requirement"
)

// rows are made-up people in five cohorts, forty departments and four levels.
func rows(n int) []requirement.Row {
	all := make([]requirement.Row, n)
	for i := range all {
		id := fmt.Sprintf("n%06d", i)
		all[i] = requirement.Row{
			Line: i + 2, ExternalID: id, Email: id + "@north.example", Name: fmt.Sprintf("Name%d Family%d", i%997, i%1999),
			Cohort: fmt.Sprint(2022 + i%5), Department: fmt.Sprintf("Department %d", i*7%40), Level: fmt.Sprint(3 + i*3%4),
		}
	}
	return all
}

func BenchmarkEnrol(b *testing.B) {
	for _, n := range []int{5_000, 50_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			all := rows(n)
			for b.Loop() {
				d := newDesk(b)
				for range 4 {
					d.add(requirement.Requirement{Modules: []string{"consent"}, Due: "2027-01-29"})
				}
				o, err := d.Enrol(b.Context(), "north", all, func(line int, key string) { b.Fatal(line, key) })
				if err != nil || o.Added != n {
					b.Fatal(o, err)
				}
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
