package requirement_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"github.com/upstander/upstander/internal/people"
	"github.com/upstander/upstander/internal/requirement"
)

func source(content string) requirement.Source {
	return requirement.Source{Name: "roster.csv", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }}
}

// sheet writes rows into a spreadsheet; a cell that begins with = becomes a formula.
func sheet(t testing.TB, rows ...[]any) requirement.Source {
	t.Helper()
	f := excelize.NewFile()
	for i, cells := range rows {
		for k, cell := range cells {
			name, err := excelize.CoordinatesToCellName(k+1, i+1)
			if err != nil {
				t.Fatal(err)
			}
			if text, ok := cell.(string); ok && strings.HasPrefix(text, "=") {
				err = f.SetCellFormula("Sheet1", name, text)
			} else {
				err = f.SetCellValue("Sheet1", name, cell)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	var b bytes.Buffer
	if _, err := f.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return source(b.String())
}

func encoded(t testing.TB, text string, how func(string) (string, error)) requirement.Source {
	t.Helper()
	out, err := how(text)
	if err != nil {
		t.Fatal(err)
	}
	return source(out)
}

const head = "id,email,name,cohort,department,level,entry,left\n"

func lines(rows ...string) requirement.Source { return source(head + strings.Join(rows, "\n") + "\n") }

// TestRosterFiles imports what universities send: each file holds Zoë Öçal, whatever it is written in.
func TestRosterFiles(t *testing.T) {
	text := "Student ID;E-mail address;Family name;First name;Intake;School;Level\r\n20260001;Zoe@North.example;Öçal;Zoë;2026;Computing;4\r\n"
	utf16 := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	files := map[string]requirement.Source{
		"utf-8":              source(text),
		"byte-order mark":    source("\ufeff" + text),
		"commas":             source(strings.ReplaceAll(text, ";", ",")),
		"tabs":               source(strings.ReplaceAll(text, ";", "\t")),
		"quotation marks":    source(strings.ReplaceAll(text, "Computing", `"Computing"`)),
		"utf-16":             encoded(t, text, utf16.NewEncoder().String),
		"utf-16 big endian":  encoded(t, text, unicode.UTF16(unicode.BigEndian, unicode.ExpectBOM).NewEncoder().String),
		"utf-16 without bom": encoded(t, text, unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().String),
		"windows-1252":       encoded(t, text, charmap.Windows1252.NewEncoder().String),
		"spreadsheet": sheet(
			t, []any{"Student ID", "E-mail address", "Family name", "First name", "Intake", "School", "Level"},
			[]any{20260001, "Zoe@North.example", "Öçal", "Zoë", 2026, "Computing", 4},
		),
		"Welsh": source("Rhif myfyriwr,E-bost,Enw,Carfan,Adran,Lefel\n20260001,zoe@north.example,Zoë Öçal,2026,Computing,4\n"),
	}
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			report, err := d.Import(t.Context(), "north", file, requirement.Import{})
			d.do(err)
			if diff := cmp.Diff(requirement.Report{Outcome: requirement.Outcome{Rows: 1, Added: 1}}, report); diff != "" {
				t.Fatalf("report (-want +got)\n%s", diff)
			}
			m, err := d.Member(t.Context(), d.person("zoe@north.example"))
			d.do(err)
			if m.ExternalID != "20260001" || m.Name != "Zoë Öçal" || m.Place != "north/2026/computing/4/" || m.Email != "zoe@north.example" {
				t.Errorf("%+v", m)
			}
		})
	}
}

// TestRowsThatAreWrong reports each by row and column and takes the others.
func TestRowsThatAreWrong(t *testing.T) {
	good := "n9,n9@north.example,Good Row,2026,Law,4,2026-09-21,"
	cases := map[string]struct {
		file requirement.Source
		want []requirement.Fault
	}{
		"no id":                   {lines(",a@north.example,A,,,,,", good), faults(2, "A (id)", "missing", "")},
		"no address":              {lines("n1,,A,,,,,", good), faults(2, "B (email)", "missing", "")},
		"an address that is none": {lines("n1,a@@north,A,,,,,", good), faults(2, "B (email)", "email-wrong", "")},
		"another institution's":   {lines("n1,a@south.example,A,,,,,", good), faults(2, "B (email)", "email-elsewhere", "")},
		"no name":                 {lines("n1,a@north.example,,,,,,", good), faults(2, "C (name)", "missing", "")},
		"the id twice":            {lines(good, "n9,b@north.example,B,,,,,"), faults(3, "A (id)", "twice", "2")},
		"the address twice":       {lines(good, "n1,N9@north.example,B,,,,,"), faults(3, "B (email)", "twice", "2")},
		"no day":                  {lines("n1,a@north.example,A,,,,soon,", good), faults(2, "G (entry)", "day-wrong", "")},
		"a day that is none":      {lines("n1,a@north.example,A,,,,31/02/2026,", good), faults(2, "G (entry)", "day-wrong", "")},
		"a cell too long":         {lines("n1,a@north.example,A,"+strings.Repeat("x", 101)+",,,,", good), faults(2, "D (cohort)", "too-long", "100")},
		"a huge cell":             {lines("n1,a@north.example,A,"+strings.Repeat("x", 1<<20)+",,,,", good), faults(2, "D (cohort)", "too-long", "100")},
		"a formula":               {lines("n1,a@north.example,A,=1+1,,,,", good), faults(2, "D (cohort)", "formula", "")},
		"too many cells":          {lines("n1,a@north.example,A,,,,,,,more", good), faults(2, "", "too-many-cells", "")},
		"quotation marks":         {lines(`n1,a"@north.example,A,,,,,`, good), faults(2, "", "quotes", "")},
		"letters lost":            {lines("n1,a@north.example,A\ufffdB,,,,,", good), faults(2, "C (name)", "unreadable-letters", "")},
		"a sheet's formula": {
			sheet(t, []any{"id", "email", "name"}, []any{"n1", "a@north.example", "=UPPER(\"a\")"}, []any{"n9", "n9@north.example", "Good Row"}),
			faults(2, "C (name)", "formula", ""),
		},
		"several in one row": {lines("n1,a,,,,,soon,", good), []requirement.Fault{
			{Row: 2, Column: "B (email)", Key: "roster.email-wrong"}, {Row: 2, Column: "G (entry)", Key: "roster.day-wrong"},
		}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			report, err := d.Import(t.Context(), "north", c.file, requirement.Import{})
			d.do(err)
			want := requirement.Report{Outcome: requirement.Outcome{Rows: 2, Added: 1, Wrong: 1}, Faults: c.want}
			if diff := cmp.Diff(want, report); diff != "" {
				t.Errorf("report (-want +got)\n%s", diff)
			}
		})
	}
}

func faults(row int, column, key, other string) []requirement.Fault {
	return []requirement.Fault{{Row: row, Column: column, Key: "roster." + key, Other: other}}
}

// TestFilesThatAreRefused takes nothing of a file that is wrong as a whole.
func TestFilesThatAreRefused(t *testing.T) {
	cases := map[string]struct {
		content string
		want    requirement.Fault
	}{
		"empty":            {"", requirement.Fault{Key: "roster.empty"}},
		"without names":    {"n1,a@north.example,A\n", requirement.Fault{Row: 1, Key: "roster.no-header"}},
		"no address":       {"id,name\nn1,A\n", requirement.Fault{Column: "email", Key: "roster.column-missing"}},
		"a column twice":   {"id,email,name,Student number\n", requirement.Fault{Row: 1, Column: "D (Student number)", Key: "roster.column-twice", Other: "A (id)"}},
		"swapped":          {"id,name,email\nn1,a@north.example,A B\nn2,b@north.example,C D\n", requirement.Fault{Column: "C (email)", Key: "roster.swapped", Other: "B (name)"}},
		"id and name":      {"name,id,email\n200101,A B,a@north.example\n", requirement.Fault{Column: "B (id)", Key: "roster.swapped", Other: "A (name)"}},
		"cohort and level": {"id,email,name,cohort,level\nn1,a@north.example,A,4,2026\n", requirement.Fault{Column: "D (cohort)", Key: "roster.swapped", Other: "E (level)"}},
		"a broken sheet":   {"PK\x03\x04 and nothing else", requirement.Fault{Key: "roster.unreadable"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			report, err := d.Import(t.Context(), "north", source(c.content), requirement.Import{})
			d.do(err)
			if diff := cmp.Diff(requirement.Report{Refused: true, Faults: []requirement.Fault{c.want}}, report); diff != "" {
				t.Errorf("report (-want +got)\n%s", diff)
			}
		})
	}
}

// TestImportAgain imports a roster, the same once more, a changed one and a complete one.
func TestImportAgain(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	r := d.add(requirement.Requirement{Modules: []string{"consent"}})
	row := func(n, department, left string) string {
		return fmt.Sprintf("%s,%s@north.example,Name %s,2026,%s,4,,%s", n, n, n, department, left)
	}
	first := lines(row("n1", "Law", ""), row("n2", "Law", ""), row("n3", "Arts", ""), row("n4", "Arts", ""))
	steps := []struct {
		name string
		file requirement.Source
		how  requirement.Import
		want requirement.Outcome
		open int
	}{
		{"dry", first, requirement.Import{DryRun: true}, requirement.Outcome{Rows: 4, Added: 4}, 0},
		{"first", first, requirement.Import{}, requirement.Outcome{Rows: 4, Added: 4}, 4},
		{"again", first, requirement.Import{}, requirement.Outcome{Rows: 4, Same: 4}, 4},
		{"moved and left", lines(row("n1", "Arts", ""), row("n2", "Law", "yes")), requirement.Import{}, requirement.Outcome{Rows: 2, Changed: 1, Closed: 1}, 3},
		{"again", lines(row("n1", "Arts", ""), row("n2", "Law", "yes")), requirement.Import{}, requirement.Outcome{Rows: 2, Same: 2}, 3},
		{"complete, dry", lines(row("n3", "Arts", ""), ",n1@north.example,No id,,,,,"), requirement.Import{Complete: true, DryRun: true}, requirement.Outcome{Rows: 2, Same: 1, Closed: 2, Wrong: 1}, 3},
		{"complete, one row wrong", lines(row("n3", "Arts", ""), "n1,wrong,Name n1,,,,,"), requirement.Import{Complete: true}, requirement.Outcome{Rows: 2, Same: 1, Closed: 1, Wrong: 1}, 2},
		{"back", first, requirement.Import{}, requirement.Outcome{Rows: 4, Same: 1, Changed: 3}, 4},
	}
	for _, s := range steps {
		report, err := d.Import(ctx, "north", s.file, s.how)
		d.do(err)
		if diff := cmp.Diff(s.want, report.Outcome); diff != "" {
			t.Errorf("%s (-want +got)\n%s", s.name, diff)
		}
		n := 0
		cells, err := d.Cells(ctx, r.ID, "once", "north/")
		d.do(err)
		for _, c := range cells {
			n += c.All
		}
		if n != s.open {
			t.Errorf("%s: %d standings are counted, want %d: %+v", s.name, n, s.open, cells)
		}
	}
}

// TestManyPlacesAreCounted imports a roster of many departments, and once more when everybody has moved on to the next: every cell says what the
// standings say.
func TestManyPlacesAreCounted(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	r := d.add(requirement.Requirement{Modules: []string{"consent"}, Due: "2027-01-29"})
	for year := range 2 {
		var rows []string
		for i := range 60 {
			rows = append(rows, fmt.Sprintf("n%d,n%d@north.example,Name %d,2026,Department %d,4,,", i, i, i, (i+year*31)%40))
		}
		want := requirement.Outcome{Rows: 60, Added: 60}
		if year > 0 {
			want = requirement.Outcome{Rows: 60, Changed: 60}
		}
		report, err := d.Import(ctx, "north", lines(rows...), requirement.Import{})
		d.do(err)
		if diff := cmp.Diff(want, report.Outcome); diff != "" {
			t.Errorf("year %d (-want +got)\n%s", year, diff)
		}
		d.do(d.Meet(ctx, d.person(fmt.Sprintf("n%d@north.example", year)), "north", "consent", "2026.1", "2026-11-20"))
		type numbers struct{ All, Met, Open int }
		standing, counted := map[string]numbers{}, map[string]numbers{}
		for st, err := range d.EachStanding(ctx, requirement.Query{Requirement: r.ID}) {
			d.do(err)
			n := standing[st.Place]
			n.All++
			if st.Status == requirement.Met {
				n.Met++
			} else {
				n.Open++
			}
			standing[st.Place] = n
		}
		cells, err := d.Cells(ctx, r.ID, "once", "north/")
		d.do(err)
		for _, c := range cells {
			counted[c.Place] = numbers{c.All, c.Met, c.Open["2027-01-29"]}
		}
		if diff := cmp.Diff(standing, counted); diff != "" || len(cells) < 30 {
			t.Errorf("year %d: %d cells (-standings +counted)\n%s", year, len(cells), diff)
		}
	}
}

// TestALargeSheetOnTheDisk reads a spreadsheet whose parts are too large to be kept in memory, and leaves nothing of it behind.
func TestALargeSheetOnTheDisk(t *testing.T) {
	const n = 6000
	f := excelize.NewFile()
	defer f.Close()
	long := strings.Repeat("very ", 15)
	for i := range n + 1 {
		cells := []any{"id", "email", "name", "cohort", "department", "partner", "placement"}
		if i > 0 {
			cells = []any{
				fmt.Sprint("n", i), fmt.Sprintf("n%d@north.example", i), fmt.Sprint(long, "long name ", i), "2026", fmt.Sprint("Department ", i%40), fmt.Sprint(long, i),
				fmt.Sprint(long, "far away ", i),
			}
		}
		if err := f.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &cells); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.SetCellFormula("Sheet1", "C9", "A9&A8"); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "roster.xlsx")
	if err := f.SaveAs(path); err != nil {
		t.Fatal(err)
	}
	unfolded := t.TempDir()
	t.Setenv("TMPDIR", unfolded)
	src := requirement.Source{Name: "roster.xlsx", Open: func() (io.ReadCloser, error) { return os.Open(path) }}
	d := newDesk(t)
	var reports []requirement.Report
	for _, at := range []string{"", path} {
		src.Path = at
		report, err := d.Import(t.Context(), "north", src, requirement.Import{DryRun: true})
		d.do(err)
		reports = append(reports, report)
	}
	want := requirement.Report{
		Outcome: requirement.Outcome{Rows: n, Added: n - 1, Wrong: 1}, Faults: []requirement.Fault{{Row: 9, Column: "C (name)", Key: "roster.formula"}},
	}
	if diff := cmp.Diff([]requirement.Report{want, want}, reports); diff != "" {
		t.Errorf("from memory and from the disk (-want +got)\n%s", diff)
	}
	if left, err := os.ReadDir(unfolded); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// packed adds parts to a spreadsheet, or puts them in the place of those of the same name.
func packed(t testing.TB, parts map[string]string) requirement.Source {
	t.Helper()
	in, err := sheet(t, []any{"id", "email", "name"}, []any{"n1", "a@north.example", "A"}).Open()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range z.File {
		if parts[f.Name] == "" {
			err = errors.Join(err, w.Copy(f))
		}
	}
	for name, content := range parts {
		part, perr := w.Create(name)
		if perr == nil {
			_, perr = io.WriteString(part, content)
		}
		err = errors.Join(err, perr)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		t.Fatal(err)
	}
	return source(b.String())
}

// TestSheetsThatAreTooMuch refuses small files that would fill the memory, and says why. What a roster may hold is taken.
func TestSheetsThatAreTooMuch(t *testing.T) {
	const first = "xl/worksheets/sheet1.xml"
	rows := func(cells string) map[string]string {
		names := ""
		for i, title := range []string{"id", "email", "name"} {
			names += fmt.Sprintf(`<c r="%c1" t="inlineStr"><is><t>%s</t></is></c>`, 'A'+i, title)
		}
		return map[string]string{first: `<worksheet><sheetData><row r="1">` + names + `</row><row r="2">` + cells + `</row></sheetData></worksheet>`}
	}
	named := func(n int) string { return strings.TrimSpace(head) + strings.Repeat(",", n-8) + "x\n" }
	wide, heavy, broken := "roster.too-wide", "roster.too-heavy", "roster.unreadable"
	for name, c := range map[string]struct {
		file requirement.Source
		want string
	}{
		"a formula in the last column":   {packed(t, rows(`<c r="XFD2"><f>A1</f></c>`)), wide},
		"a value beyond":                 {packed(t, rows(`<c r="GS2"><v>1</v></c>`)), wide},
		"a text beyond":                  {packed(t, rows(`<c r="GS2" t="inlineStr"><is><t>x</t></is></c>`)), wide},
		"unnamed cells beyond":           {packed(t, rows(strings.Repeat("<c><v>1</v></c>", 201))), wide},
		"a formula in the last that may": {packed(t, rows(`<c r="GR2"><f>A1</f></c>`)), ""},
		"colours to the very end":        {packed(t, rows(`<c r="XFD2" s="0"/>`)), ""},
		"text with many columns":         {source(named(201)), wide},
		"text with commas only":          {source(head + strings.Repeat(",", 1<<20)), wide},
		"text with as many as may be":    {source(named(200)), ""},
		"empty columns beyond":           {source(strings.TrimSpace(head) + strings.Repeat(",", 400) + "\n"), ""},
		"pictures":                       {packed(t, map[string]string{"xl/media/a.png": strings.Repeat(" ", 5<<20), "xl/media/b.png": strings.Repeat(" ", 4<<20)}), heavy},
		"a small picture":                {packed(t, map[string]string{"xl/media/a.png": strings.Repeat(" ", 5<<20)}), ""},
		"many sheets": {packed(t, map[string]string{
			"xl/worksheets/sheet2.xml": strings.Repeat(" ", 4<<20), "xl/worksheets/sheet3.xml": strings.Repeat(" ", 4<<20), "xl/worksheets/sheet4.xml": strings.Repeat(" ", 4<<20),
			"xl/worksheets/sheet5.xml": strings.Repeat(" ", 4<<20), "xl/worksheets/sheet6.xml": strings.Repeat(" ", 4<<20), "xl/worksheets/sheet7.xml": strings.Repeat(" ", 4<<20),
			"xl/worksheets/sheet8.xml": strings.Repeat(" ", 4<<20), "xl/worksheets/sheet9.xml": strings.Repeat(" ", 4<<20),
		}), heavy},
		"a part twice":           {packed(t, map[string]string{"xl/Workbook.xml": "<workbook/>"}), broken},
		"a text without an end":  {packed(t, rows(`<c r="A2"><v>`+strings.Repeat("x", 2<<20)+`</v></c>`)), broken},
		"a cell without an end":  {packed(t, rows(`<c r="A2"><is>`+strings.Repeat("<r/>", 2_001)+`</is></c>`)), broken},
		"shared text, no end":    {packed(t, map[string]string{"xl/sharedStrings.xml": `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>` + strings.Repeat("x", 2<<20) + `</t></si></sst>`}), broken},
		"too many shared pieces": {packed(t, map[string]string{"xl/sharedStrings.xml": `<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si>` + strings.Repeat("<r/>", 2_001) + `</si></sst>`}), broken},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			report, err := d.Import(t.Context(), "north", c.file, requirement.Import{DryRun: true})
			d.do(err)
			got := ""
			if report.Refused && len(report.Faults) == 1 {
				got = report.Faults[0].Key
			}
			if got != c.want || report.Refused != (c.want != "") {
				t.Errorf("%+v, want %q", report, c.want)
			}
		})
	}
}

// TestAnAddressThatIsTaken leaves out whoever would take over somebody else's sign-in.
func TestAnAddressThatIsTaken(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	_, err := d.Import(ctx, "north", lines("n1,a@north.example,A,,,,,", "n2,b@north.example,B,,,,,"), requirement.Import{})
	d.do(err)
	for _, dry := range []bool{true, false} {
		report, err := d.Import(ctx, "north", lines("n3,a@north.example,C,,,,,", "n2,a@north.example,B,,,,,x"), requirement.Import{DryRun: dry})
		d.do(err)
		if report.Outcome.Wrong != 2 || report.Outcome.Added+report.Outcome.Changed != 0 {
			t.Errorf("dry %v: %+v", dry, report)
		}
	}
	report, err := d.Import(ctx, "north", lines("n2,new@north.example,B,,,,,"), requirement.Import{})
	d.do(err)
	if p, err := d.site.People.Person(ctx, d.person("new@north.example")); err != nil || report.Outcome.Changed != 1 || p.Name != "B" {
		t.Errorf("a new address: %+v %+v %v", report, p, err)
	}
}

// TestARosterOpensNobodysAccount: whoever keeps the roster must not be able to give a person who has signed in, or who has a role, an address of
// their own choice.
func TestARosterOpensNobodysAccount(t *testing.T) {
	d, ctx := newDesk(t), t.Context()
	_, err := d.Import(ctx, "north", lines("n1,student@north.example,A,,,,,", "n2,boss@north.example,B,,,,,"), requirement.Import{})
	d.do(err)
	student, boss := d.person("student@north.example"), d.person("boss@north.example")
	d.site.SignIn("student@north.example")
	_, err = d.site.People.Grant(ctx, "boss@north.example", people.Admin)
	d.do(err)
	file := lines("n1,thief@north.example,Anna,,,,,", "n2,thief+2@north.example,B,,,,,2026-11-01")
	for _, dry := range []bool{true, false, false} { // and once more: it is said each time
		report, err := d.Import(ctx, "north", file, requirement.Import{DryRun: dry})
		d.do(err)
		if len(report.Faults) != 2 || report.Faults[0].Key != "roster.email-kept" || report.Faults[1].Key != "roster.email-kept" || report.Outcome.Wrong != 2 {
			t.Errorf("dry %v: %+v", dry, report)
		}
	}
	if d.person("student@north.example") != student || d.person("boss@north.example") != boss {
		t.Error("an account has changed hands")
	}
	if m, err := d.Member(ctx, student); err != nil || m.Name != "Anna" || m.Email != "student@north.example" {
		t.Errorf("the rest of the row: %+v %v", m, err)
	}
	if m, err := d.Member(ctx, boss); err != nil || m.Left != "2026-11-01" {
		t.Errorf("a leaver: %+v %v", m, err)
	}
}

// FuzzImport feeds anything: it must end, with rows counted once.
func FuzzImport(f *testing.F) {
	f.Add([]byte(head + "n1,a@north.example,A,2026,Law,4,2026-09-21,\n"))
	f.Add([]byte("\xff\xfei\x00d\x00,\x00"))
	f.Add([]byte("id;email;name\n\"n1;a@b\n"))
	f.Add([]byte("PK\x03\x04"))
	d := newDesk(f)
	f.Fuzz(func(t *testing.T, content []byte) {
		report, err := d.Import(t.Context(), "north", source(string(content)), requirement.Import{DryRun: true})
		o := report.Outcome
		if err != nil || o.Rows != o.Added+o.Changed+o.Same+o.Closed+o.Wrong {
			t.Errorf("%+v, %v", report, err)
		}
	})
}
