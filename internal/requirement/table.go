package requirement

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// MaxFile is the largest roster file in bytes; a row in a line of text has some 150 of them.
const MaxFile = 64 << 20

// Limits on what a spreadsheet unfolds to: a small file can hold a huge one.
const (
	maxUnzipped = 512 << 20
	maxInMemory = 4 << 20 // larger sheets are unfolded to a temporary file
)

// Source is a file that can be read more than once.
type Source struct {
	Name string
	Open func() (io.ReadCloser, error)
	Path string // where it lies on the disk; empty: it does not. A spreadsheet that does is not read into memory
}

// line is one row of a file.
type line struct {
	n       int // counted from one, as a spreadsheet does
	cells   []string
	formula columns // cells that hold a formula
	broken  bool    // quotation marks that do not fit
}

// table reads a file line by line.
type table struct {
	next  func() (line, error) // io.EOF at the end
	close func() error
	sheet bool // days are numbers, and whole numbers may be written with an exponent
	total int  // lines, as far as that is known without reading them all
}

// errUnreadable says that a file is neither text with separated values nor a spreadsheet.
var errUnreadable = errors.New("the file cannot be read")

func tooLarge() error { return fmt.Errorf("%w: larger than %d bytes", errUnreadable, MaxFile) }

// openTable finds out what a file is and begins to read it.
func openTable(src Source) (*table, error) {
	f, err := src.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if bytes.HasPrefix(head[:n], []byte("PK\x03\x04")) {
		return openSheet(src)
	}
	return openText(src)
}

// openText reads separated values in UTF-8, UTF-16 or Windows-1252, with a comma, a semicolon or a tab.
func openText(src Source) (*table, error) {
	code, lines, err := codeOf(src)
	if err != nil {
		return nil, err
	}
	f, err := src.Open()
	if err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(transform.NewReader(f, unicode.BOMOverride(code.NewDecoder())), 64<<10)
	first, err := in.Peek(16 << 10)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, errors.Join(fmt.Errorf("%w: %w", errUnreadable, err), f.Close())
	}
	r := csv.NewReader(in)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = separator(first), -1, true
	next := func() (line, error) {
		cells, err := r.Read()
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong):
			return line{n: wrong.StartLine, broken: true}, nil
		case err != nil:
			return line{}, err
		}
		n, _ := r.FieldPos(0)
		return line{n: n, cells: cells}, nil
	}
	return &table{next: next, close: f.Close, total: lines}, nil
}

// codeOf reads a whole file to tell its encoding, and counts its lines. Text that is no UTF-8 is taken for Windows-1252, which is what spreadsheets of
// this country write.
func codeOf(src Source) (encoding.Encoding, int, error) {
	f, err := src.Open()
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	lines, marks, valid, size := 0, 0, true, 0
	var zeros [2]int // at even and at odd places
	buffer, kept := make([]byte, 64<<10), 0
	for {
		n, err := f.Read(buffer[kept:])
		chunk := buffer[:kept+n]
		for i, b := range chunk[kept:] {
			switch b {
			case '\n':
				lines, marks = lines+1, 0
			case ',', ';', '\t':
				marks++
			case 0:
				zeros[(size+i)%2]++
			}
			if marks > maxMarks {
				return nil, 0, tooWide()
			}
		}
		if size += n; size > MaxFile {
			return nil, 0, tooLarge()
		}
		kept = 0
		for len(chunk) > 0 && valid {
			r, w := utf8.DecodeRune(chunk)
			if r == utf8.RuneError && w == 1 {
				if valid = !utf8.FullRune(chunk) && err == nil; valid { // cut by the buffer's end
					kept = copy(buffer, chunk)
				}
				break
			}
			chunk = chunk[w:]
		}
		if err == nil {
			continue
		}
		if !errors.Is(err, io.EOF) {
			return nil, 0, err
		}
		switch {
		case zeros[1] > size/8 && zeros[0] == 0:
			return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), lines, nil
		case zeros[0] > size/8 && zeros[1] == 0:
			return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), lines, nil
		case valid:
			return unicode.UTF8, lines, nil
		}
		return charmap.Windows1252, lines, nil
	}
}

// separator returns what stands between the names of the columns.
func separator(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', 0
	for _, s := range []rune{',', ';', '\t'} {
		if n := bytes.Count(first, []byte(string(s))); n > most {
			best, most = s, n
		}
	}
	return best
}

// openSheet reads the first sheet of a spreadsheet row by row. Large parts are unfolded to temporary files, which the table's close removes.
func openSheet(src Source) (*table, error) {
	opts := excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxInMemory}
	z, open, err := openArchive(src)
	if err != nil {
		return nil, err
	}
	defer z.close()
	if err := checkParts(z.Reader); err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	formulas, total, err := formulasOf(z.Reader)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	f, err := open(opts)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	rows, err := f.Rows(f.GetSheetName(0))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", errUnreadable, err), f.Close())
	}
	n := 0
	next := func() (line, error) {
		if !rows.Next() {
			if err := rows.Error(); err != nil {
				return line{}, fmt.Errorf("%w: %w", errUnreadable, err)
			}
			return line{}, io.EOF
		}
		n++
		cells, err := rows.Columns()
		if err != nil {
			return line{}, fmt.Errorf("%w: %w", errUnreadable, err)
		}
		return line{n: n, cells: cells, formula: formulas[n]}, nil
	}
	return &table{next: next, close: func() error { return errors.Join(rows.Close(), f.Close()) }, sheet: true, total: total}, nil
}

// archive is the zip file that a spreadsheet is.
type archive struct {
	*zip.Reader
	close func()
}

// openArchive opens a spreadsheet's file for us, and for the library that reads its rows.
func openArchive(src Source) (archive, func(excelize.Options) (*excelize.File, error), error) {
	if src.Path == "" {
		return unpack(src)
	}
	about, err := os.Stat(src.Path)
	if err != nil {
		return archive{}, nil, err
	}
	if about.Size() > MaxFile {
		return archive{}, nil, tooLarge()
	}
	z, err := zip.OpenReader(src.Path)
	if err != nil {
		return archive{}, nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	open := func(o excelize.Options) (*excelize.File, error) { return excelize.OpenFile(src.Path, o) }
	return archive{&z.Reader, func() { _ = z.Close() }}, open, nil
}

// unpack reads a file that is not on the disk.
func unpack(src Source) (archive, func(excelize.Options) (*excelize.File, error), error) {
	in, err := src.Open()
	if err != nil {
		return archive{}, nil, err
	}
	raw, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
	if err = errors.Join(err, in.Close()); err != nil {
		return archive{}, nil, err
	}
	if len(raw) > MaxFile {
		return archive{}, nil, tooLarge()
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return archive{}, nil, fmt.Errorf("%w: %w", errUnreadable, err)
	}
	open := func(o excelize.Options) (*excelize.File, error) { return excelize.OpenReader(bytes.NewReader(raw), o) }
	return archive{z, func() {}}, open, nil
}

// firstSheet returns the name of the file that holds a workbook's first sheet.
func firstSheet(z *zip.Reader) (string, error) {
	var book struct {
		Sheets []struct {
			ID string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	var links struct {
		Links []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := errors.Join(readPart(z, "xl/workbook.xml", &book), readPart(z, "xl/_rels/workbook.xml.rels", &links)); err != nil {
		return "", err
	}
	for _, l := range links.Links {
		if len(book.Sheets) > 0 && l.ID == book.Sheets[0].ID {
			return strings.TrimPrefix(path.Join("/xl", strings.TrimPrefix(l.Target, "/xl/")), "/"), nil
		}
	}
	return "", errors.New("the workbook has no sheet")
}

func readPart(z *zip.Reader, name string, into any) error {
	f, err := z.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return xml.NewDecoder(io.LimitReader(f, 1<<20)).Decode(into)
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// plain writes a number of a sheet without its exponent: 2.0260011E7 is what a sheet may keep of 20260011.
func plain(cell string) string {
	if !strings.ContainsAny(cell, "eE") || strings.ContainsAny(cell, " -@") {
		return cell
	}
	n, err := strconv.ParseFloat(cell, 64)
	if err != nil || n != float64(int64(n)) {
		return cell
	}
	return strconv.FormatInt(int64(n), 10)
}
