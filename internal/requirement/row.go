package requirement

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/upstander/upstander/internal/people"
)

// Row is what a roster says of one person.
type Row struct {
	Line       int    // in the file
	ExternalID string // the institution's own id
	Email      string
	Name       string // as it is written
	Family     string // what the name is ordered by, where the roster tells it; else empty
	Cohort     string
	Department string
	Level      string
	Mode       string
	Partner    string
	Placement  string
	Labels     []string
	Entry      string // civil day; empty: not known
	Left       string // civil day; empty: enrolled
}

// digest tells whether a row has changed since it was last imported.
func (r Row) digest() string {
	sum := sha256.Sum256([]byte(strings.Join(append([]string{
		r.ExternalID, r.Email, r.Name, r.Family, r.Cohort, r.Department, r.Level, r.Mode, r.Partner, r.Placement, r.Entry, r.Left,
	}, r.Labels...), "\x00")))
	return hex.EncodeToString(sum[:12])
}

// member makes a roster's entry of a row.
func (r Row) member(id, institution, today string) Member {
	given := r.Name
	if r.Family != "" {
		given = strings.TrimSpace(strings.Replace(r.Name, r.Family, "", 1))
	}
	labels := r.Labels
	if labels == nil {
		labels = []string{}
	}
	left := r.Left
	if left == leftSome {
		left = today
	}
	return Member{
		ID: id, Institution: institution, ExternalID: r.ExternalID, Email: r.Email, Name: r.Name, NameKey: nameKey(r.Family, given),
		Cohort: r.Cohort, Department: r.Department, Level: r.Level, Mode: r.Mode, Partner: r.Partner, Placement: r.Placement, Labels: labels,
		Entry: r.Entry, Left: left, Place: PlaceOf(institution, r.Cohort, r.Department, r.Level), Row: r.digest(),
	}
}

// checker reads one line.
type checker struct {
	im     *importer
	line   line
	faults []Fault
}

func (c *checker) fault(column, key, other string) {
	label := ""
	if column != "" {
		label = c.im.header.labelOf(column)
	}
	c.faults = append(c.faults, Fault{Row: c.line.n, Column: label, Key: key, Other: other})
}

func (c *checker) row() Row {
	r := Row{Line: c.line.n}
	if c.line.broken {
		c.fault("", "roster.quotes", "")
		return r
	}
	for _, extra := range c.line.cells[min(len(c.line.cells), len(c.im.header.titles)):] {
		if strings.TrimSpace(extra) != "" {
			c.fault("", "roster.too-many-cells", "")
			return r
		}
	}
	r.ExternalID = c.needed(colID, maxExternalID)
	r.Email = c.email()
	r.Name, r.Family = c.name()
	c.sameInstitution()
	for column, into := range map[string]*string{
		colCohort: &r.Cohort, colDepartment: &r.Department, colLevel: &r.Level, colMode: &r.Mode, colPartner: &r.Partner, colPlacement: &r.Placement,
	} {
		*into = c.cell(column, maxCell)
	}
	r.Labels = c.labels()
	r.Entry = c.day(colEntry)
	r.Left = c.left()
	slices.SortStableFunc(c.faults, func(a, b Fault) int { return strings.Compare(a.Column, b.Column) })
	return r
}

// cell returns what stands in a column, on one line and without control characters.
func (c *checker) cell(column string, most int) string {
	i, ok := c.im.header.at[column]
	if ok && c.line.formula.has(i) {
		c.fault(column, "roster.formula", "")
		return ""
	}
	if !ok || i >= len(c.line.cells) {
		return ""
	}
	if len(c.line.cells[i]) > 4*most+200 {
		c.fault(column, "roster.too-long", strconv.Itoa(most))
		return ""
	}
	text, err := people.CleanName(c.line.cells[i], column)
	if err != nil || len([]rune(text)) > most {
		c.fault(column, "roster.too-long", strconv.Itoa(most))
		return ""
	}
	if strings.HasPrefix(text, "=") {
		c.fault(column, "roster.formula", "")
		return ""
	}
	if strings.ContainsRune(text, '\ufffd') {
		c.fault(column, "roster.unreadable-letters", "")
		return ""
	}
	if c.im.table.sheet {
		text = plain(text)
	}
	return text
}

func (c *checker) needed(column string, most int) string {
	before := len(c.faults)
	text := c.cell(column, most)
	if text == "" && len(c.faults) == before {
		c.fault(column, "roster.missing", "")
	}
	return text
}

func (c *checker) email() string {
	before := len(c.faults)
	text := c.needed(colEmail, maxCell+20)
	if len(c.faults) > before {
		return ""
	}
	email, err := people.CleanEmail(text)
	if err != nil {
		c.fault(colEmail, "roster.email-wrong", "")
		return ""
	}
	_, domain, _ := strings.Cut(email, "@")
	for _, in := range c.im.s.cfg.Institutions.Institutions() {
		if in.ID != c.im.institution.ID && slices.ContainsFunc(in.EmailDomains, func(d string) bool { return domain == d || strings.HasSuffix(domain, "."+d) }) {
			c.fault(colEmail, "roster.email-elsewhere", "")
		}
	}
	return email
}

// name returns the name as it is written and, where the file tells it, the family name.
func (c *checker) name() (name, family string) {
	given, family := c.cell(colGiven, maxCell), c.cell(colFamily, maxCell)
	if name = c.cell(colName, maxCell+20); name == "" {
		name = strings.TrimSpace(given + " " + family)
	}
	if name == "" && len(c.faults) == 0 {
		c.fault(colName, "roster.missing", "")
	}
	return name, family
}

func (c *checker) sameInstitution() {
	named := c.cell(colInstitution, maxCell)
	in := c.im.institution
	names := []string{slug(in.ID)}
	for _, text := range []map[string]string{in.Name, in.Short} {
		for _, n := range text {
			names = append(names, slug(n))
		}
	}
	if named != "" && !slices.Contains(names, slug(named)) {
		c.fault(colInstitution, "roster.institution-wrong", "")
	}
}

func (c *checker) labels() []string {
	var all []string
	for _, l := range strings.FieldsFunc(c.cell(colLabels, maxCell), func(r rune) bool { return r == ';' || r == '|' || r == ',' }) {
		if l = strings.TrimSpace(l); l != "" && !slices.Contains(all, l) {
			all = append(all, l)
		}
	}
	if len(all) > maxLabels {
		c.fault(colLabels, "roster.too-many-labels", strconv.Itoa(maxLabels))
	}
	slices.Sort(all)
	return all
}

func (c *checker) day(column string) string {
	text := c.cell(column, maxCell)
	day, ok := c.civilDay(text)
	if !ok {
		c.fault(column, "roster.day-wrong", "")
	}
	return day
}

// civilDay reads a day as it is written in this country, or as a sheet counts days.
func (c *checker) civilDay(text string) (string, bool) {
	if text == "" {
		return "", true
	}
	for _, layout := range []string{time.DateOnly, "02/01/2006", "2/1/2006", "02.01.2006", "2 January 2006", "2 Jan 2006", "02-Jan-2006", "2006-01-02 15:04:05", "2006-01-02T15:04:05"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.Format(time.DateOnly), t.Year() >= 1950 && t.Year() < 2100
		}
	}
	if n, err := strconv.ParseFloat(text, 64); err == nil && c.im.table.sheet && n > 18_000 && n < 75_000 {
		if t, err := excelize.ExcelDateToTime(n, false); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

// left reads the day on which somebody left; a plain yes is today.
func (c *checker) left() string {
	text := c.cell(colLeft, maxCell)
	switch strings.ToLower(text) {
	case "", "no", "n", "false", "0", "na", "nac ydy":
		return ""
	case "yes", "y", "true", "1", "x", "left", "leaver", "withdrawn", "ie", "ydy", "wedi gadael":
		return leftSome
	}
	day, ok := c.civilDay(text)
	if !ok {
		c.fault(colLeft, "roster.day-wrong", "")
	}
	return day
}

// leftSome stands in a row whose person has left on a day that the file does not tell: it is the day on which the roster says so first.
const leftSome = "left"
