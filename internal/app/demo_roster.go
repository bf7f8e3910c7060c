package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/requirement"
)

// crowd describes the made-up students of one of the demo's institutions.
type crowd struct {
	size        int
	prefix      string // of student numbers
	given       string
	family      string
	departments []string
	met         int // of ten, roughly
}

// crowds are nobody in particular: every name is put together from two lists.
func crowds() map[string]crowd {
	return map[string]crowd{
		"aldermoor": {
			size: 400, prefix: "A", met: 6,
			given:       "Abena Alix Amir Anouk Bela Bram Cato Chidi Dara Dilys Edda Emre Farah Fenn Gita Hamza Ines Ishaan Jola Juno Kaya Kofi Lark Leila Maren Mina Noor Odell Otto Priya Quinn Rafi Rune Sable Sefa Tamsin Theo Uma Vesna Wren Yara Zeki",
			family:      "Abbotsleigh Adeyinka-Vale Amberwick Ashgrove Bankole-Hythe Birchmore Brackenby Castellane-Roe Cloudesmith Darnwell Desai-Fenwick Elderbrook Farrowmere Ghalib-Thorn Greywater Hartsmead Iqbal-Lowe Jasperley Kestrelwood Larkhill Marchbanks-Ito Nettlefold Okoro-Pell Pennyfeather Quillmoor Rookhope Saltmarsh Tamworthy Umber Vantongeren-Lee Wintersea Yarrowdale",
			departments: []string{"Biological Sciences", "Business", "Computing", "English and History", "Law", "Nursing"},
		},
		"bryncoed": {
			size: 120, prefix: "B", met: 4,
			given:       "Anest Bedo Briall Cadno Deilen Eirlys Elain Ffion Glesni Gwern Heledd Hirael Idwen Iorwen Llio Lleucu Madrun Nest Olwen Peredur Rhosyn Seren Tegid Wena",
			family:      "Aberhalen Bryndraenog Caehelyg Coedlwyd Dolwern Eithinog Ffosgoch Glaslyn-Ward Heulfryn Llwynonn Maesglas Nantybedw Penrhiwlas Rhydfelen-Shah Tanycoed Ynysgau",
			departments: []string{"Addysg", "Celfyddydau", "Cyfrifiadureg", "Gofal Iechyd", "Gwyddorau", "Y Gyfraith"},
		},
	}
}

// seedRosters fills the demo's rosters where they are empty, with people of whom some have completed something.
func (a *App) seedRosters(ctx context.Context) error {
	for id, c := range crowds() {
		in, err := a.people.Institution(id)
		if err != nil { // the demo runs on somebody's own institutions
			continue
		}
		had, err := a.requirements.Values(ctx, id)
		if err != nil {
			return err
		}
		if len(had) > 0 {
			continue
		}
		rows := c.rows(in.EmailDomains[0])
		if err := a.creditCrowd(ctx, in, c, rows); err != nil {
			return err
		}
		refused := func(line int, key string) { a.log.Warn("demo roster: row refused", "row", line, "reason", key) }
		if _, err := a.requirements.Enrol(ctx, id, rows, refused); err != nil {
			return err
		}
	}
	return nil
}

func (c crowd) rows(domain string) []requirement.Row {
	given, family := strings.Fields(c.given), strings.Fields(c.family)
	rows := make([]requirement.Row, c.size)
	for i := range rows {
		g, f := given[i*5%len(given)], family[(i*7+i/len(family))%len(family)]
		cohort := 2025 + i%2
		rows[i] = requirement.Row{
			Line: i + 2, ExternalID: fmt.Sprintf("%s%d%04d", c.prefix, cohort, i+1), Email: strings.ToLower(fmt.Sprintf("%s.%s.%d@%s", g, f, i+1, domain)),
			Name: g + " " + f, Family: f, Cohort: fmt.Sprint(cohort), Department: c.departments[i*i%7%len(c.departments)], Level: fmt.Sprint(4 + i%3),
			Mode: []string{"Full time", "Full time", "Full time", "Part time"}[i%4], Entry: fmt.Sprintf("%d-09-21", cohort),
		}
	}
	return rows
}

// creditCrowd lets some of the crowd have completed modules in the weeks before today.
func (a *App) creditCrowd(ctx context.Context, in *people.Institution, c crowd, rows []requirement.Row) error {
	persons := make([]people.Person, len(rows))
	for i, r := range rows {
		persons[i] = people.Person{Institution: in.ID, Email: r.Email, Name: r.Name}
	}
	ids, _, err := a.people.Enrol(ctx, persons)
	if err != nil {
		return err
	}
	today, err := time.Parse(time.DateOnly, a.people.Today())
	if err != nil {
		return err
	}
	var done []requirement.Completion
	for i, person := range ids {
		for k, m := range a.library.now().Modules() {
			if lot := (i*13 + k*5 + i/9) % 10; lot < c.met-2*k {
				day := today.AddDate(0, 0, -(i*11+k*3)%56).Format(time.DateOnly)
				done = append(done, requirement.Completion{Person: person, Institution: in.ID, Module: m.ID, Day: day, Edition: m.Edition})
			}
		}
	}
	return a.requirements.Credit(ctx, done)
}
