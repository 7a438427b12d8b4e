package table

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Limits of a sheet.
const (
	sheetRows  = 1 << 20 // with the header
	cellUnits  = 32767   // UTF-16 units of a cell
	notesKept  = 1000
	exactUpTo  = 999_999_999_999_999 // longer integers lose figures in a spreadsheet and are written as text
	nameOfNote = "Notes"
)

// sheetWriter writes a workbook straight into the compressed stream, so that a download begins with the first rows and no
// temporary file is needed; excelize's stream writer sends nothing before the last row is there. When a sheet is full the
// rows go on, under the same header, on the next one.
type sheetWriter struct {
	zip   *zip.Writer
	part  io.Writer
	buf   []byte
	cols  []Column
	refs  []string // the letters of each column
	opts  writeOptions
	names []string
	row   int
	limit int // rows of a sheet
	notes []string
	cuts  int
}

// Styles by their number in styles.xml.
const (
	styleMoment = 1
	styleHeader = 2
)

func newSheetWriter(w io.Writer, cols []Column, o writeOptions) (*sheetWriter, error) {
	x := &sheetWriter{zip: zip.NewWriter(w), cols: cols, opts: o, limit: sheetRows}
	x.zip.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestSpeed)
	})
	for i := range cols {
		x.refs = append(x.refs, columnRef(i))
	}
	return x, x.begin(sheetName(o.sheet, 1))
}

// sheetName makes a name that a spreadsheet accepts, numbered from the second sheet on.
func sheetName(s string, n int) string {
	s = strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune("[]:*?/\\", r) || r < ' ' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "")), " '")
	suffix := ""
	if n > 1 {
		suffix = fmt.Sprintf(" %d", n)
	}
	for units(s)+len(suffix) > 31 {
		_, size := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-size]
	}
	if s == "" || strings.EqualFold(s, "History") || strings.EqualFold(s, nameOfNote) { // reserved by Excel, and by us
		s = "Sheet"
	}
	return s + suffix
}

// columnRef is the name of a column: A, B, ..., Z, AA, ...
func columnRef(i int) string {
	s := ""
	for i++; i > 0; i = (i - 1) / 26 {
		s = string(rune('A'+(i-1)%26)) + s
	}
	return s
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

func (x *sheetWriter) begin(name string) error {
	x.names = append(x.names, name)
	var err error
	if x.part, err = x.zip.Create(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(x.names))); err != nil {
		return err
	}
	x.buf = append(x.buf, xmlHead+`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews>`+
		`<sheetView workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView>`+
		`</sheetViews><cols>`...)
	for i, c := range x.cols {
		width := 12
		switch c.Type {
		case Time:
			width = 20
		case String, JSON:
			width = 28
		}
		x.buf = fmt.Appendf(x.buf, `<col min="%d" max="%d" width="%d" customWidth="1"/>`, i+1, i+1, width)
	}
	x.buf = append(x.buf, `</cols><sheetData><row r="1">`...)
	x.row = 1
	for i, c := range x.cols {
		x.text(i, c.Name, styleHeader)
	}
	x.buf = append(x.buf, `</row>`...)
	return nil
}

func (x *sheetWriter) endSheet() error {
	x.buf = append(x.buf, `</sheetData></worksheet>`...)
	return x.flush()
}

func (x *sheetWriter) flush() error {
	_, err := x.part.Write(x.buf)
	x.buf = x.buf[:0]
	return err
}

func (x *sheetWriter) Write(row []any) error {
	if x.row == x.limit {
		if err := x.endSheet(); err != nil {
			return err
		}
		if err := x.begin(sheetName(x.opts.sheet, len(x.names)+1)); err != nil {
			return err
		}
	}
	x.row++
	x.buf = append(x.buf, `<row r="`...)
	x.buf = strconv.AppendInt(x.buf, int64(x.row), 10)
	x.buf = append(x.buf, `">`...)
	for i, v := range row {
		c, err := cellOf(v, x.cols[i])
		if err != nil {
			return err
		}
		if c.empty {
			continue
		}
		switch x.cols[i].Type {
		case Int:
			if c.int > exactUpTo || c.int < -exactUpTo {
				x.text(i, strconv.FormatInt(c.int, 10), 0)
				continue
			}
			x.open(i, 0, "")
			x.buf = strconv.AppendInt(append(x.buf, `<v>`...), c.int, 10)
			x.buf = append(x.buf, `</v></c>`...)
		case Float:
			x.open(i, 0, "")
			x.buf = strconv.AppendFloat(append(x.buf, `<v>`...), c.float, 'g', -1, 64)
			x.buf = append(x.buf, `</v></c>`...)
		case Bool:
			x.open(i, 0, "b")
			x.buf = append(x.buf, `<v>`...)
			if c.bool {
				x.buf = append(x.buf, '1')
			} else {
				x.buf = append(x.buf, '0')
			}
			x.buf = append(x.buf, `</v></c>`...)
		case Time:
			x.moment(i, c.time)
		default:
			if c.text != "" {
				x.text(i, c.text, 0)
			}
		}
	}
	x.buf = append(x.buf, `</row>`...)
	if len(x.buf) >= flushAt {
		return x.flush()
	}
	return nil
}

// open begins the cell of a column in the present row.
func (x *sheetWriter) open(column, style int, kind string) {
	x.buf = append(x.buf, `<c r="`...)
	x.buf = append(x.buf, x.refs[column]...)
	x.buf = strconv.AppendInt(x.buf, int64(x.row), 10)
	if style > 0 {
		x.buf = append(x.buf, `" s="`...)
		x.buf = strconv.AppendInt(x.buf, int64(style), 10)
	}
	if kind != "" {
		x.buf = append(x.buf, `" t="`...)
		x.buf = append(x.buf, kind...)
	}
	x.buf = append(x.buf, `">`...)
}

// moment writes a wall time as a spreadsheet has it, a number of days; what it cannot count is text.
func (x *sheetWriter) moment(column int, t time.Time) {
	t = t.In(x.opts.zone)
	if t.Year() < 1901 || t.Year() > 9999 {
		x.text(column, string(appendTime(nil, t, x.opts.zone)), 0)
		return
	}
	wall := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	ms := wall.UnixMilli() + 25569*86400e3 // from 30 December 1899
	x.open(column, styleMoment, "")
	x.buf = strconv.AppendFloat(append(x.buf, `<v>`...), math.Round(float64(ms)/86400e3*1e10)/1e10, 'f', -1, 64)
	x.buf = append(x.buf, `</v></c>`...)
}

func (x *sheetWriter) text(column int, s string, style int) {
	if len(s) > cellUnits {
		if n := units(s); n > cellUnits {
			s = cutUnits(s, cellUnits)
			if x.cuts++; x.cuts <= notesKept {
				x.notes = append(x.notes, fmt.Sprintf("%s!%s%d: the text has %d characters; a cell holds %d, the rest was cut off",
					x.names[len(x.names)-1], x.refs[column], x.row, n, cellUnits))
			}
		}
	}
	x.open(column, style, "inlineStr")
	x.buf = append(x.buf, `<is><t`...)
	if s != "" && (isSpace(s[0]) || isSpace(s[len(s)-1]) || strings.IndexByte(s, '\n') >= 0) {
		x.buf = append(x.buf, ` xml:space="preserve"`...)
	}
	x.buf = append(x.buf, '>')
	x.buf = appendXML(x.buf, s)
	x.buf = append(x.buf, `</t></is></c>`...)
}

func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

// units counts UTF-16 units, as spreadsheets do.
func units(s string) int {
	n := 0
	for _, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
	}
	return n
}

func cutUnits(s string, most int) string {
	n := 0
	for i, r := range s {
		if n++; r > 0xFFFF {
			n++
		}
		if n > most {
			return s[:i]
		}
	}
	return s
}

// appendXML escapes text: for XML, and, as spreadsheets do, what XML cannot hold and what looks like that escape.
func appendXML(b []byte, s string) []byte {
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		n, with := 1, ""
		switch {
		case c == '&':
			with = "&amp;"
		case c == '<':
			with = "&lt;"
		case c == '>':
			with = "&gt;"
		case c == '\r' || c < ' ' && c != '\t' && c != '\n':
			with = fmt.Sprintf("_x%04X_", c)
		case c == '_' && len(s) >= i+7 && s[i+1] == 'x' && s[i+6] == '_':
			if _, err := strconv.ParseUint(s[i+2:i+6], 16, 16); err == nil {
				with = "_x005F_"
			}
		case c >= utf8.RuneSelf:
			var r rune
			if r, n = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && n == 1 || r == 0xFFFE || r == 0xFFFF {
				with = "\uFFFD"
			}
		}
		if with != "" {
			b = append(append(b, s[from:i]...), with...)
			from = i + n
		}
		i += n
	}
	return append(b, s[from:]...)
}

func (x *sheetWriter) Close() error {
	if err := x.endSheet(); err != nil {
		return err
	}
	if x.cuts > 0 {
		if x.cuts > notesKept {
			x.notes = append(x.notes, fmt.Sprintf("%d more texts were cut off", x.cuts-notesKept))
		}
		notes := x.notes
		x.cols, x.refs = []Column{{Name: nameOfNote}}, []string{"A"}
		if err := x.begin(nameOfNote); err != nil {
			return err
		}
		for _, n := range notes {
			if err := x.Write([]any{n}); err != nil {
				return err
			}
		}
		if err := x.endSheet(); err != nil {
			return err
		}
	}
	for _, p := range x.frame() {
		w, err := x.zip.Create(p[0])
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, xmlHead+p[1]); err != nil {
			return err
		}
	}
	return x.zip.Close()
}

// frame is what a workbook has besides its sheets. It comes last, when their number is known.
func (x *sheetWriter) frame() [][2]string {
	const (
		open = "http://schemas.openxmlformats.org/"
		rel  = open + "officeDocument/2006/relationships"
		kind = "application/vnd.openxmlformats-officedocument.spreadsheetml."
	)
	var types, sheets, rels bytes.Buffer
	for i, name := range x.names {
		fmt.Fprintf(&types, `<Override PartName="/xl/worksheets/sheet%d.xml" ContentType="%sworksheet+xml"/>`, i+1, kind)
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, strings.ReplaceAll(string(appendXML(nil, name)), `"`, "&quot;"), i+1, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, rel, i+1)
	}
	fmt.Fprintf(&rels, `<Relationship Id="rId%d" Type="%s/styles" Target="styles.xml"/>`, len(x.names)+1, rel)
	return [][2]string{
		{"xl/styles.xml", `<styleSheet xmlns="` + open + `spreadsheetml/2006/main">` +
			`<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss"/></numFmts>` +
			`<fonts count="2"><font><sz val="11"/><name val="Calibri"/></font><font><b/><sz val="11"/><name val="Calibri"/></font></fonts>` +
			`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
			`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
			`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
			`<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
			`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
			`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs></styleSheet>`},
		{"xl/workbook.xml", `<workbook xmlns="` + open + `spreadsheetml/2006/main" xmlns:r="` + rel + `"><sheets>` + sheets.String() +
			`</sheets></workbook>`},
		{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="` + open + `package/2006/relationships">` + rels.String() + `</Relationships>`},
		{"_rels/.rels", `<Relationships xmlns="` + open + `package/2006/relationships"><Relationship Id="rId1" Type="` + rel +
			`/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
		{"[Content_Types].xml", `<Types xmlns="` + open + `package/2006/content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/xl/workbook.xml" ContentType="` + kind + `sheet.main+xml"/>` + types.String() +
			`<Override PartName="/xl/styles.xml" ContentType="` + kind + `styles+xml"/></Types>`},
	}
}

func (x *sheetWriter) Notes() []string { return x.notes }
