package insights_test

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/upstander/upstander/internal/insights"
	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/people/peopletest"
	"github.com/upstander/upstander/internal/requirement"
	"github.com/upstander/upstander/internal/store/storetest"
)

// sizes are the rosters that are measured. FerretDB, which may stand behind a MongoDB's address, is slow to fill.
func sizes() []int {
	if os.Getenv(storetest.AddressVariable) != "" {
		return []int{500, 5_000}
	}
	return []int{5_000, 50_000}
}

// university is a roster of n people in 5 cohorts of 40 departments of 4 levels, with four requirements for everybody; some have met the first.
type university struct {
	*campus
	required           []string
	staff, facilitator *peopletest.Visitor
	deep               map[string]insights.Wanted // far down each list
}

func newUniversity(b *testing.B, n int) *university {
	b.Helper()
	u := &university{campus: newCampus(b), deep: map[string]insights.Wanted{}}
	u.required = append(u.required, u.require("north", "consent"), u.require("north", "bystander"), u.require("north", "consent"), u.late("north", "bystander"))
	began := time.Now()
	rows := make([]requirement.Row, n)
	for i := range rows {
		id := fmt.Sprintf("n%06d", i)
		rows[i] = requirement.Row{
			Line: i + 2, ExternalID: id, Email: id + "@north.example", Name: fmt.Sprintf("%c%c%c Sample%d", 'A'+i*7%26, 'a'+i*11%26, 'a'+i*5%26, i%977),
			Cohort: fmt.Sprint(2022 + i%5), Department: fmt.Sprintf("Department %02d", i/5%40), Level: fmt.Sprintf("Level %d", i/200%4),
		}
	}
	if _, err := u.requirements.Enrol(b.Context(), "north", rows, func(line int, key string) { b.Fatal(line, key) }); err != nil {
		b.Fatal(err)
	}
	b.Logf("%d people with 4 standings each in %v", n, time.Since(began).Round(time.Millisecond))
	for i := range n / 50 {
		u.meet("north", rows[i*50].ExternalID, "consent", fmt.Sprintf("2026-11-%02d", 1+i%20))
	}
	u.open()
	u.staff, u.facilitator = u.SignIn("staff@north.example", people.Staff), u.SignIn("facilitator@north.example", people.Facilitator)
	return u
}

// halfway turns pages until half of a list is behind.
func (u *university) halfway(b *testing.B, look insights.Look, w insights.Wanted, n int) insights.Wanted {
	b.Helper()
	for range n / 100 {
		l, err := u.insights.People(b.Context(), insights.Whole("north"), look, w)
		if err != nil {
			b.Fatal(err)
		}
		if l.Next == "" {
			break
		}
		w.After = l.Next
	}
	return w
}

func (u *university) list(b *testing.B, look insights.Look, w insights.Wanted) {
	if l, err := u.insights.People(b.Context(), insights.Whole("north"), look, w); err != nil || len(l.People) == 0 {
		b.Fatal(len(l.People), err)
	}
}

func (u *university) page(b *testing.B, v *peopletest.Visitor, path string) {
	if a := v.Get(path); a.Status != 200 {
		b.Fatal(a.Status, a.Body)
	}
}

// BenchmarkPages measures every page of the dashboard and the lists at both sizes of roster, in one run, and how much dearer the larger is.
func BenchmarkPages(b *testing.B) {
	var all []*university
	for _, n := range sizes() {
		all = append(all, newUniversity(b, n))
	}
	all0, n := insights.Look{Requirement: all[0].required[0]}, sizes()[1] // the same id in both
	cohort, department, level := insights.Look{Requirement: all0.Requirement, Place: "north/2024/"}, insights.Look{Requirement: all0.Requirement, Place: "north/2024/department-07/"}, insights.Look{Requirement: all0.Requirement, Place: "north/2024/department-07/level-2/"}
	late := insights.Look{Requirement: all[0].required[3]} // everybody is overdue
	lateCohort, lateDepartment := late, late
	lateCohort.Place, lateDepartment.Place = cohort.Place, department.Place
	for i, u := range all {
		u.deep["overdue"] = u.halfway(b, late, insights.Wanted{Status: requirement.Overdue}, sizes()[i])
		u.deep["all by name"] = u.halfway(b, all0, insights.Wanted{}, sizes()[i])
		u.deep["all by day"] = u.halfway(b, all0, insights.Wanted{By: requirement.ByDay}, sizes()[i]/50)
		u.deep["cohort by name"] = u.halfway(b, cohort, insights.Wanted{}, sizes()[i]/5)
	}
	for _, op := range []struct {
		name string
		run  func(b *testing.B, u *university)
	}{
		{"dashboard/institution", func(b *testing.B, u *university) { u.page(b, u.staff, "/app/staff/insights") }},
		{"dashboard/cohort", func(b *testing.B, u *university) { u.page(b, u.staff, "/app/staff/insights?place=north/2024/") }},
		{"dashboard/groups-only", func(b *testing.B, u *university) { u.page(b, u.facilitator, "/app/staff/insights") }},
		{"dashboard/groups-only-counted-anew", func(b *testing.B, u *university) {
			u.now = u.now.Add(time.Hour)
			u.page(b, u.facilitator, "/app/staff/insights")
		}},
		{"people/page", func(b *testing.B, u *university) { u.page(b, u.staff, "/app/staff/people") }},
		{"people/all-by-name-halfway", func(b *testing.B, u *university) { u.list(b, all0, u.deep["all by name"]) }},
		{"people/all-by-day-halfway", func(b *testing.B, u *university) { u.list(b, all0, u.deep["all by day"]) }},
		{"people/cohort-by-name", func(b *testing.B, u *university) { u.list(b, cohort, insights.Wanted{}) }},
		{"people/cohort-by-name-halfway", func(b *testing.B, u *university) { u.list(b, cohort, u.deep["cohort by name"]) }},
		{"people/cohort-open", func(b *testing.B, u *university) { u.list(b, cohort, insights.Wanted{Status: requirement.Open}) }},
		{"people/overdue", func(b *testing.B, u *university) { u.list(b, late, insights.Wanted{Status: requirement.Overdue}) }},
		{"people/overdue-halfway", func(b *testing.B, u *university) { u.list(b, late, u.deep["overdue"]) }},
		{"people/cohort-overdue", func(b *testing.B, u *university) { u.list(b, lateCohort, insights.Wanted{Status: requirement.Overdue}) }},
		{"people/department-overdue", func(b *testing.B, u *university) {
			u.list(b, lateDepartment, insights.Wanted{Status: requirement.Overdue})
		}},
		{"people/cohort-by-day", func(b *testing.B, u *university) { u.list(b, cohort, insights.Wanted{By: requirement.ByDay}) }},
		{"people/department-by-name", func(b *testing.B, u *university) { u.list(b, department, insights.Wanted{}) }},
		{"people/level-by-name", func(b *testing.B, u *university) { u.list(b, level, insights.Wanted{}) }},
		{"people/search-name", func(b *testing.B, u *university) { u.list(b, all0, insights.Wanted{Search: "sample1"}) }},
		{"people/search-id", func(b *testing.B, u *university) { u.list(b, all0, insights.Wanted{Search: "n00012"}) }},
	} {
		b.Run(op.name, func(b *testing.B) {
			took := make([]time.Duration, len(all))
			for i, u := range all {
				for range 3 { // warm
					op.run(b, u)
				}
				began := time.Now()
				for range b.N {
					op.run(b, u)
				}
				took[i] = time.Since(began) / time.Duration(b.N)
				b.ReportMetric(float64(took[i].Microseconds())/1000, fmt.Sprintf("ms@%d", sizes()[i]))
			}
			b.ReportMetric(float64(took[1])/float64(took[0]), "growth")
			b.ReportMetric(0, "ns/op")
		})
	}
	b.Logf("the larger roster has %d people", n)
}

// BenchmarkExport writes every standing of four requirements: 200,000 with 50,000 people.
func BenchmarkExport(b *testing.B) {
	for _, n := range sizes() {
		u := newUniversity(b, n)
		say := english(b)
		for _, f := range insights.Formats() {
			b.Run(fmt.Sprintf("%s/%d", f, 4*n), func(b *testing.B) {
				var out counting
				runtime.GC()
				began, base := time.Now(), heap()
				for range b.N {
					for _, id := range u.required {
						e, err := u.insights.Export(b.Context(), "operator", insights.Whole("north"), insights.Look{Requirement: id}, insights.Wanted{}, f)
						if err == nil {
							err = e.Write(b.Context(), &out, say)
						}
						if err != nil {
							b.Fatal(err)
						}
					}
				}
				b.ReportMetric(float64(4*n*b.N)/time.Since(began).Seconds(), "rows/s")
				b.ReportMetric(float64(max(out.most, base)-base)/(1<<20), "MB-peak")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// counting is a file that nobody keeps; now and then it looks at the heap.
type counting struct {
	n, looked int
	most      uint64
}

var _ io.Writer = &counting{}

func (c *counting) Write(p []byte) (int, error) {
	if c.n += len(p); c.n-c.looked > 256<<10 {
		c.looked, c.most = c.n, max(c.most, heap())
	}
	return len(p), nil
}
