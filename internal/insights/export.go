package insights

import (
	"archive/zip"
	"fmt"
	"io"
	"iter"

	"github.com/xuri/excelize/v2"

	"github.com/upstander/upstander/internal/fault"
	"github.com/upstander/upstander/internal/web"
)

// Format is a kind of file that lists are exported to.
type Format string

// The formats.
const (
	CSV  Format = "csv"
	XLSX Format = "xlsx"
)

// Formats lists every format.
func Formats() []Format { return []Format{CSV, XLSX} }

// ContentType returns what HTTP calls the format.
func (f Format) ContentType() string {
	if f == XLSX {
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "text/csv; charset=utf-8"
}

// sheetRows is how many rows a sheet of a workbook holds at most.
const sheetRows = 1 << 20

// write writes rows under their headings, any number of them in little memory: CSV as they come; a workbook by way of a temporary file, for its parts
// are packed only when the last row is known.
func write(w io.Writer, f Format, headings []string, rows iter.Seq2[[]string, error]) error {
	switch f {
	case CSV:
		return writeCSV(w, headings, rows)
	case XLSX:
		return writeXLSX(w, headings, rows, sheetRows)
	}
	return fmt.Errorf("%w: there is no format %q", fault.Invalid, f)
}

func writeCSV(w io.Writer, headings []string, rows iter.Seq2[[]string, error]) error {
	out := &watched{to: w}
	sheet := web.NewSheet(out)
	sheet.Row(headings...)
	for row, err := range rows {
		if err == nil {
			err = out.err // nobody reads any more: stop asking the store
		}
		if err != nil {
			return err
		}
		sheet.Row(row...)
	}
	return sheet.Flush()
}

// watched remembers that writing has failed.
type watched struct {
	to  io.Writer
	err error
}

func (w *watched) Write(p []byte) (int, error) {
	n, err := w.to.Write(p)
	w.err = err
	return n, err
}

// writeXLSX begins another sheet whenever one holds as many rows as it can. Every cell is a text, which no program takes for a formula.
func writeXLSX(w io.Writer, headings []string, rows iter.Seq2[[]string, error], most int) (err error) {
	book := excelize.NewFile()
	defer func() {
		if cerr := book.Close(); err == nil { // removes the temporary file
			err = cerr
		}
	}()
	book.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w) }) // its own would pack everything in memory
	s := sheets{book: book, headings: headings, most: most}
	if err := s.begin(); err != nil {
		return err
	}
	for row, err := range rows {
		if err == nil {
			err = s.row(row)
		}
		if err != nil {
			return err
		}
	}
	if err := s.out.Flush(); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return book.Write(io.Discard)
}

// sheets writes one sheet of a workbook after the other.
type sheets struct {
	book     *excelize.File
	out      *excelize.StreamWriter
	headings []string
	most     int
	n, at    int // sheets begun, and rows in the last
	cells    []any
}

func (s *sheets) begin() error {
	if s.out != nil {
		if err := s.out.Flush(); err != nil {
			return err
		}
	}
	s.n, s.at = s.n+1, 0
	name := fmt.Sprintf("Sheet%d", s.n)
	if s.n > 1 {
		if _, err := s.book.NewSheet(name); err != nil {
			return err
		}
	}
	var err error
	if s.out, err = s.book.NewStreamWriter(name); err != nil {
		return err
	}
	if err := s.out.SetColWidth(1, len(s.headings), 22); err != nil {
		return err
	}
	if err := s.out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	return s.row(s.headings)
}

func (s *sheets) row(row []string) error {
	if s.at == s.most {
		if err := s.begin(); err != nil {
			return err
		}
	}
	s.at++
	s.cells = s.cells[:0]
	for _, cell := range row {
		s.cells = append(s.cells, cell)
	}
	return s.out.SetRow(fmt.Sprintf("A%d", s.at), s.cells)
}
