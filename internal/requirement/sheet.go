package requirement

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Limits on what a spreadsheet makes of the library that reads it. It keeps everything but large sheets in memory.
const (
	maxColumns   = 200       // with anything in them
	maxBeside    = 8 << 20   // bytes of all that is no sheet: pictures, pivot tables, styles
	maxSheets    = 32 << 20  // bytes of the sheets that are small enough to stay in memory
	maxText      = 1 << 20   // bytes of one text or tag; a cell holds 32,767 characters
	maxPieces    = 2_000     // elements of one cell; the library joins them one by one
	maxStrings   = 4_000_000 // texts that cells share
	maxMarks     = 16 << 10  // commas, semicolons and tabs in one line of text
	sharedString = "xl/sharedstrings.xml"
)

// unfit is why a file cannot be read, where there is more to say than that.
type unfit struct{ key, other string }

func (u unfit) Error() string { return u.key }

// Is makes errors.Is(err, errUnreadable) true.
func (u unfit) Is(target error) bool { return target == errUnreadable }

func tooWide() error { return unfit{"roster.too-wide", strconv.Itoa(maxColumns)} }

// reason is what a report says of a file that cannot be read.
func reason(err error) Fault {
	if u := (unfit{}); errors.As(err, &u) {
		return Fault{Key: u.key, Other: u.other}
	}
	return Fault{Key: "roster.unreadable"}
}

// columns is a set of columns, counted from nought.
type columns [(maxColumns + 63) / 64]uint64

func (c *columns) add(i int)     { c[i/64] |= 1 << (i % 64) }
func (c columns) has(i int) bool { return i < maxColumns && c[i/64]&(1<<(i%64)) != 0 }

// checkParts refuses a spreadsheet that would fill the memory, before anything of it is unfolded.
func checkParts(z *zip.Reader) error {
	var beside, sheets uint64
	seen := map[string]bool{}
	for _, part := range z.File {
		name := strings.ToLower(strings.ReplaceAll(part.Name, `\`, "/"))
		if seen[name] {
			return errors.New("a part stands twice")
		}
		seen[name] = true
		size := min(part.UncompressedSize64, maxUnzipped)
		switch {
		case name != sharedString && !strings.HasPrefix(name, "xl/worksheets/sheet"):
			beside += size
		case size <= maxInMemory:
			sheets += size
		}
	}
	if beside > maxBeside || sheets > maxSheets {
		return unfit{"roster.too-heavy", strconv.Itoa(maxBeside >> 20)}
	}
	return checkStrings(z)
}

// checkStrings looks at the texts that cells share.
func checkStrings(z *zip.Reader) error {
	n := 0
	for _, part := range z.File {
		if !strings.EqualFold(strings.ReplaceAll(part.Name, `\`, "/"), sharedString) {
			continue
		}
		f, err := part.Open()
		if err != nil {
			return err
		}
		defer f.Close()
		return scan(f, "si", "sst", func(e xml.StartElement) error {
			if e.Name.Local == "si" {
				n++
			}
			if n > maxStrings {
				return errors.New("too many texts")
			}
			return nil
		})
	}
	return nil
}

// scan reads the beginnings of elements up to the end of what holds the cells, and refuses a cell that has no end.
func scan(part io.Reader, cell, end string, each func(xml.StartElement) error) error {
	in := &ration{part: io.LimitReader(part, maxUnzipped), left: maxText}
	d := xml.NewDecoder(bufio.NewReaderSize(in, 64<<10))
	pieces := 0
	for {
		t, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		in.left = maxText
		switch t := t.(type) {
		case xml.EndElement:
			if t.Name.Local == end {
				return nil
			}
		case xml.StartElement:
			switch t.Name.Local {
			case cell, "row", "col":
				pieces = 0
			default:
				pieces++
			}
			if pieces > maxPieces {
				return errors.New("a cell of too many pieces")
			}
			if err := each(t); err != nil {
				return err
			}
		}
	}
}

// ration hands out so many bytes until it is filled up again.
type ration struct {
	part io.Reader
	left int
}

// Read implements io.Reader.
func (r *ration) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, errors.New("a text without an end")
	}
	n, err := r.part.Read(p)
	r.left -= n
	return n, err
}

// formulasOf finds the cells of the first sheet that hold a formula, by row: what such a cell shows may be old, or nothing at all. It counts the rows,
// and refuses a sheet that is wider than any roster.
func formulasOf(z *zip.Reader) (found map[int]columns, rows int, err error) {
	name, err := firstSheet(z)
	if err != nil {
		return nil, 0, err
	}
	f, err := z.Open(name)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	found = map[int]columns{}
	at, column, row := "", 0, 0
	err = scan(f, "c", "sheetData", func(e xml.StartElement) error {
		switch e.Name.Local {
		case "row":
			rows++
			column = 0
		case "c":
			column++
			if at = attribute(e, "r"); at == "" {
				return nil
			}
			var err error
			column, row, err = excelize.CellNameToCoordinates(at)
			return err
		case "v", "is", "f":
			if column > maxColumns {
				return tooWide()
			}
			if e.Name.Local != "f" {
				return nil
			}
			if at == "" {
				return errors.New("a formula that stands nowhere")
			}
			set := found[row]
			set.add(column - 1)
			found[row] = set
		}
		return nil
	})
	return found, rows, err
}
