package requirement

import (
	"slices"
	"strings"
)

// The columns of a roster.
const (
	colID          = "student-number"
	colEmail       = "email"
	colName        = "name"
	colGiven       = "given-name"
	colFamily      = "family-name"
	colInstitution = "institution"
	colCohort      = "cohort"
	colDepartment  = "department"
	colLevel       = "level"
	colMode        = "mode"
	colPartner     = "partner"
	colPlacement   = "placement"
	colLabels      = "labels"
	colEntry       = "entry"
	colLeft        = "left"
)

// Columns lists every column that a roster may have, in the order of the template.
func Columns() []string {
	return []string{
		colID, colEmail, colName, colGiven, colFamily, colInstitution, colCohort, colDepartment, colLevel, colMode, colPartner, colPlacement, colLabels,
		colEntry, colLeft,
	}
}

// Template is an empty roster with the names of the columns and one row that shows how they are filled in.
func Template() string {
	return "\ufeff" + strings.Join(Columns(), ",") + "\r\n" +
		"20260001,student@example.ac.uk,Sam Example,,,,2026,Computing,4,Full time,,,new;hall,2026-09-21,\r\n"
}

// columnNames are the names that a column goes by, in English and in Welsh, as slugs.
func columnNames() map[string][]string {
	return map[string][]string{
		colID:          {"student-number", "id", "external-id", "student-id", "student-no", "person-id", "number", "rhif", "rhif-myfyriwr"},
		colEmail:       {"email", "e-mail", "email-address", "e-mail-address", "mail", "ebost", "e-bost", "cyfeiriad-ebost", "cyfeiriad-e-bost"},
		colName:        {"name", "full-name", "student-name", "display-name", "enw", "enw-llawn"},
		colGiven:       {"given-name", "given-names", "first-name", "first-names", "forename", "forenames", "enw-cyntaf", "enwau-cyntaf"},
		colFamily:      {"family-name", "surname", "last-name", "cyfenw"},
		colInstitution: {"institution", "university", "sefydliad", "prifysgol"},
		colCohort:      {"cohort", "intake", "year-of-entry", "entry-year", "carfan", "blwyddyn-mynediad"},
		colDepartment:  {"department", "school", "faculty", "adran", "ysgol", "cyfadran"},
		colLevel:       {"level", "year-of-study", "level-of-study", "lefel", "blwyddyn-astudio"},
		colMode:        {"mode", "mode-of-study", "study-mode", "modd", "dull-astudio"},
		colPartner:     {"partner", "partner-institution", "sefydliad-partner"},
		colPlacement:   {"placement", "lleoliad"},
		colLabels:      {"labels", "label", "tags", "labeli", "label-carfan"},
		colEntry:       {"entry", "entry-date", "start-date", "date-of-entry", "mynediad", "dyddiad-mynediad", "dyddiad-dechrau"},
		colLeft:        {"left", "leaver", "left-on", "leaving-date", "date-left", "end-date", "wedi-gadael", "dyddiad-gadael"},
	}
}

// header says where in a file each column stands.
type header struct {
	at      map[string]int
	titles  []string // as they are written
	ignored []string // columns that this program does not know
	faults  []Fault
}

// Fault is something that is wrong with a row, or with the whole file when it names no row.
type Fault struct {
	Row    int    `bson:"row"`    // counted from one, as a spreadsheet does; 0: the whole file
	Column string `bson:"column"` // as the file calls it, with its letter: B (e-mail); empty: the whole row
	Key    string `bson:"key"`    // message key of the reason
	Other  string `bson:"other"`  // another column or row that the reason speaks of
}

// readHeader finds the columns by their names.
func readHeader(cells []string) header {
	if slices.ContainsFunc(cells[min(len(cells), maxColumns):], func(c string) bool { return strings.TrimSpace(c) != "" }) {
		return header{faults: []Fault{reason(tooWide())}}
	}
	h := header{at: map[string]int{}, titles: make([]string, len(cells))}
	names := columnNames()
	for i, cell := range cells {
		h.titles[i] = short(strings.Join(strings.Fields(strings.TrimPrefix(cell, "\ufeff")), " "), 40)
		column := ""
		for c, known := range names {
			if slices.Contains(known, slug(h.titles[i])) {
				column = c
			}
		}
		switch first, twice := h.at[column]; {
		case column == "" && h.titles[i] != "":
			h.ignored = append(h.ignored, h.titles[i])
		case column == "":
		case twice:
			h.faults = append(h.faults, Fault{Row: 1, Column: h.label(i), Key: "roster.column-twice", Other: h.label(first)})
		default:
			h.at[column] = i
		}
	}
	if len(h.at) == 0 {
		h.ignored, h.faults = nil, []Fault{{Row: 1, Key: "roster.no-header"}}
		return h
	}
	_, given := h.at[colGiven]
	_, family := h.at[colFamily]
	for _, need := range []string{colID, colEmail, colName} {
		if _, ok := h.at[need]; !ok && (need != colName || !given || !family) {
			h.faults = append(h.faults, Fault{Column: need, Key: "roster.column-missing"})
		}
	}
	return h
}

// label names a column as a spreadsheet and its first row do.
func (h header) label(i int) string {
	letters := ""
	for n := i + 1; n > 0; n = (n - 1) / 26 {
		letters = string(rune('A'+(n-1)%26)) + letters
	}
	if i < len(h.titles) && h.titles[i] != "" {
		return letters + " (" + h.titles[i] + ")"
	}
	return letters
}

// labelOf names a known column.
func (h header) labelOf(column string) string {
	if i, ok := h.at[column]; ok {
		return h.label(i)
	}
	if i, ok := h.at[colFamily]; ok && column == colName {
		return h.label(i)
	}
	return column
}

// swapped compares what the first rows hold with what their columns are called: a column of addresses that is not called so, years under level. It
// finds columns that were mixed up before every row is refused, or worse, taken.
func (h header) swapped(rows []line) []Fault {
	if len(rows) == 0 {
		return nil
	}
	mostly := func(i int, fits func(string) bool) bool {
		n, filled := 0, 0
		for _, r := range rows {
			if i < len(r.cells) && strings.TrimSpace(r.cells[i]) != "" {
				filled++
				if fits(strings.TrimSpace(r.cells[i])) {
					n++
				}
			}
		}
		return filled > 0 && n*5 >= filled*4
	}
	address := func(s string) bool { return strings.Contains(s, "@") }
	calendarYear := func(s string) bool { return len(s) >= 4 && (s[:2] == "20" || s[:2] == "19") && digits(s[:4]) }
	studyYear := func(s string) bool { return len(s) <= 2 && digits(s) }
	var faults []Fault
	email := h.at[colEmail]
	for i := range h.titles {
		if i != email && mostly(i, address) && !mostly(email, address) {
			faults = append(faults, Fault{Column: h.label(email), Key: "roster.swapped", Other: h.label(i)})
		}
	}
	cohort, ok := h.at[colCohort]
	level, ok2 := h.at[colLevel]
	if ok && ok2 && mostly(cohort, studyYear) && mostly(level, calendarYear) {
		faults = append(faults, Fault{Column: h.label(cohort), Key: "roster.swapped", Other: h.label(level)})
	}
	id, name := h.at[colID], h.at[colName]
	if _, ok := h.at[colName]; ok && mostly(name, numbered) && !mostly(id, numbered) {
		faults = append(faults, Fault{Column: h.label(id), Key: "roster.swapped", Other: h.label(name)})
	}
	return faults
}

func digits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// numbered says whether a text holds more than one digit, as ids do and names do not.
func numbered(s string) bool {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n > 1
}
