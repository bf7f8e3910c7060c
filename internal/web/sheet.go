package web

import (
	"encoding/csv"
	"io"
	"strings"
)

// Sheet writes CSV as spreadsheets want it: a byte-order mark, lines that end in CRLF, and no cell that they would take for a formula.
type Sheet struct {
	out *csv.Writer
	err error
}

// NewSheet begins a sheet.
func NewSheet(w io.Writer) *Sheet {
	_, err := io.WriteString(w, "\ufeff")
	out := csv.NewWriter(w)
	out.UseCRLF = true
	return &Sheet{out: out, err: err}
}

// Row writes one row. What goes wrong is returned by Flush.
func (s *Sheet) Row(cells ...string) {
	if s.err != nil {
		return
	}
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = SafeCell(c)
	}
	s.err = s.out.Write(safe)
}

// Flush writes what is left and returns the first thing that went wrong.
func (s *Sheet) Flush() error {
	s.out.Flush()
	if s.err != nil {
		return s.err
	}
	return s.out.Error()
}

// SafeCell keeps a spreadsheet from running what somebody typed: text that begins like a formula gets an apostrophe in front.
func SafeCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
