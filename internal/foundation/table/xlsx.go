package table

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
)

// sheetReader streams the rows of one sheet. It does not use excelize, which the tests compare it with: excelize's rows
// come without their styles, so that dates could not be told from numbers, it holds all shared strings in memory, and it
// takes a file that ends too early for one that ends.
type sheetReader struct {
	book    *workbook
	part    *partReader
	rows    elements
	temp    *os.File // the copy of a stream
	columns []string
	taken   map[string]int // see uniqueName; made when a column comes late
	header  bool
	above   int
	first   int64 // the row of the sheet above the first data row
	line    int64 // of the sheet
	ahead   []aheadRow
	limit   int

	text  []byte
	spans [][2]int // by column, within text
	cells []string
}

// aheadRow is a row, or an error, that was read to guess the header.
type aheadRow struct {
	row Row
	err error
}

const sheetSample = 100

// openStreamedWorkbook reads a workbook in place where it can, and a copy of it otherwise.
func openStreamedWorkbook(src *source, o Options) (Reader, error) {
	type random interface {
		io.ReaderAt
		io.Seeker
	}
	if r, ok := src.r.(random); ok {
		if at, err := r.Seek(0, io.SeekCurrent); err == nil {
			start := at - int64(len(src.head))
			return openWorkbook(io.NewSectionReader(r, start, src.total), src.total, o)
		}
	}
	temp, err := os.CreateTemp("", "kolo-workbook-*")
	if err != nil {
		return nil, fault.Wrap("table.Open", err)
	}
	size, err := io.Copy(temp, src)
	var x *sheetReader
	if err == nil {
		x, err = openWorkbook(temp, size, o)
	}
	if err != nil {
		return nil, fault.Wrap("table.Open", errors.Join(err, temp.Close(), os.Remove(temp.Name())))
	}
	x.temp = temp
	return x, nil
}

func openWorkbook(r io.ReaderAt, size int64, o Options) (*sheetReader, error) {
	book, err := readWorkbook(r, size, cmp.Or(o.stringsInCore, stringsInCore))
	if err != nil {
		return nil, err
	}
	x := &sheetReader{book: book, limit: o.MaxRow}
	if x.limit <= 0 {
		x.limit = DefaultMaxRow
	}
	if err := x.begin(o); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

func (x *sheetReader) begin(o Options) error {
	name := o.Sheet
	if name == "" {
		name = x.book.names()[0]
	}
	for _, s := range x.book.sheets {
		if s.name == name {
			var err error
			if x.part, err = x.book.part(s.path); err != nil {
				return err
			}
			break
		}
	}
	if x.part == nil {
		return fault.Bad("table.Open", fault.Field{Path: "sheet", Code: "unknown", Msg: "there is no sheet " + strconv.Quote(name)})
	}
	x.rows = elements{win: newWindow(x.part), name: "row", list: "sheetData", limit: 4 * x.limit}
	return x.lookAhead(o)
}

// lookAhead reads the first rows, to know whether there is a header and how wide the table is.
func (x *sheetReader) lookAhead(o Options) error {
	var sample [][]string
	bytes := 0
	for len(sample) < sheetSample && bytes < windowSize {
		row, err := x.next()
		var bad *RowError
		if err == io.EOF {
			break
		} else if err != nil && !errors.As(err, &bad) {
			return err
		}
		if err == nil {
			row.Cells = append([]string(nil), row.Cells...)
			sample = append(sample, row.Cells)
			for _, c := range row.Cells {
				bytes += len(c)
			}
		}
		x.ahead = append(x.ahead, aheadRow{row, err})
	}
	switch {
	case len(sample) == 0 && len(x.ahead) > 0:
		return refuse("header", "no row on the sheet can be read")
	case len(sample) == 0:
		return refuse("empty", "there is no row on the sheet")
	}
	g := Guess{}
	if err := g.names(sample, o); err != nil {
		return err
	}
	x.header, x.above = g.Header, g.Above
	for skip := x.above; skip > 0; skip-- {
		for i, a := range x.ahead {
			if x.first = a.row.Line; a.err == nil {
				x.ahead = append(x.ahead[:i:i], x.ahead[i+1:]...)
				break
			}
		}
	}
	width := 0
	for _, r := range sample[x.above:] {
		width = max(width, len(r))
	}
	var header []string
	if x.header {
		for i, a := range x.ahead {
			if a.err == nil {
				header, x.first = a.row.Cells, a.row.Line
				x.ahead = append(x.ahead[:i:i], x.ahead[i+1:]...)
				break
			}
		}
	}
	x.columns = columnNames(header, width)
	return nil
}

func (x *sheetReader) Columns() []string { return x.columns }

func (x *sheetReader) Offset() (done, total int64) { return x.part.done, x.part.total }

func (x *sheetReader) Close() error {
	err := x.book.strings.close()
	if x.part != nil {
		err = errors.Join(err, x.part.Close())
		x.part.ReadCloser = io.NopCloser(nil) // Close may be called twice
	}
	if x.temp != nil {
		err = errors.Join(err, x.temp.Close(), os.Remove(x.temp.Name()))
		x.temp = nil
	}
	x.book.strings = nil
	return err
}

func (x *sheetReader) Next() (Row, error) {
	row, err := x.following()
	var bad *RowError
	if errors.As(err, &bad) {
		bad.Number = bad.Line - x.first
		return Row{}, bad
	} else if err != nil {
		return Row{}, err
	}
	row.Number = row.Line - x.first
	for n := len(x.columns); n < len(row.Cells); n++ { // a value to the right of all that came before
		if x.taken == nil {
			x.taken = make(map[string]int)
			for _, c := range x.columns {
				x.taken[c] = 1
			}
		}
		x.columns = append(x.columns, uniqueName(fmt.Sprintf("column %d", n+1), x.taken))
	}
	for len(row.Cells) < len(x.columns) {
		row.Cells = append(row.Cells, "")
	}
	return row, nil
}

func (x *sheetReader) following() (Row, error) {
	if len(x.ahead) > 0 {
		a := x.ahead[0]
		x.ahead = x.ahead[1:]
		return a.row, a.err
	}
	return x.next()
}

// next reads the next row that has content. Its Number is not set yet.
func (x *sheetReader) next() (Row, error) {
	for {
		b, state, err := x.rows.next()
		switch {
		case err != nil:
			return Row{}, damaged(err)
		case state == elementsOver:
			return Row{}, io.EOF
		case state == elementsCut:
			return Row{}, damaged(io.ErrUnexpectedEOF)
		}
		t, _ := parseTag(b)
		x.line++
		x.line = max(x.line, int64(atoi(t.attr("r"))))
		if state == elementTooLarge {
			return Row{}, x.bad(RowTooLarge, fmt.Sprintf("the row is larger than %d bytes", x.limit), nil)
		}
		row, err := x.row(b[t.end:])
		if err != nil {
			return Row{}, err
		}
		if len(x.text) > 0 {
			return row, nil
		}
	}
}

func (x *sheetReader) bad(code RowCode, msg string, raw []byte) *RowError {
	return &RowError{Line: x.line, Code: code, Msg: msg, Raw: keptRaw(raw)}
}

// row reads the cells of a row.
func (x *sheetReader) row(b []byte) (Row, error) {
	x.text, x.spans = x.text[:0], x.spans[:0]
	column, width := -1, 0
	for rest := b; ; {
		c, inner, n := nextCell(rest)
		if n < 0 {
			break
		}
		rest = rest[n:]
		column++
		if ref := c.attr("r"); len(ref) > 0 {
			if column = columnOf(ref); column < 0 {
				return Row{}, x.bad(RowBadSheet, "a cell of the row stands nowhere", b)
			}
		}
		from := len(x.text)
		if err := x.value(&c, inner); err != nil {
			return Row{}, fault.Wrap("table.Next", err)
		}
		if len(x.text) > x.limit {
			return Row{}, x.bad(RowTooLarge, fmt.Sprintf("the row is larger than %d bytes", x.limit), b)
		}
		if len(x.text) == from {
			continue
		}
		for len(x.spans) <= column {
			x.spans = append(x.spans, [2]int{})
		}
		x.spans[column] = [2]int{from, len(x.text)}
		width = max(width, column+1)
	}
	all := string(x.text)
	mended := !utf8.ValidString(all) || strings.IndexByte(all, 0) >= 0
	x.cells = x.cells[:0]
	for _, s := range x.spans {
		cell := all[s[0]:s[1]]
		if mended {
			cell = mendText(cell)
		}
		x.cells = append(x.cells, cell)
	}
	return Row{Line: x.line, Cells: x.cells, Width: width, Mended: mended}, nil
}

// nextCell finds the next <c> and what is in it; n is what to drop, or -1 when there is none.
func nextCell(b []byte) (c tag, inner []byte, n int) {
	for n < len(b) {
		t, ok := parseTag(b[n:])
		if !ok {
			return c, nil, -1
		}
		at := n + t.end
		if string(t.name) == "c" && !t.closing {
			if t.empty {
				return t, nil, at
			}
			end := elementEnd(b, at, "c")
			if end < 0 {
				return c, nil, -1
			}
			return t, b[at:end], end
		}
		for at < len(b) && b[at] != '<' {
			at++
		}
		n = at
	}
	return c, nil, -1
}

// columnOf is the column of a reference such as "AB12", from 0; -1 is none.
func columnOf(ref []byte) int {
	n := 0
	for _, c := range ref {
		if c |= 0x20; c < 'a' || c > 'z' {
			break
		}
		if n = n*26 + int(c-'a') + 1; n > MaxColumns {
			return -1
		}
	}
	return n - 1
}

// value adds the text of a cell to x.text.
func (x *sheetReader) value(c *tag, inner []byte) error {
	if len(inner) == 0 {
		return nil
	}
	kind := c.attr("t")
	if string(kind) == "e" { // #N/A, #REF! and the like: what a formula could not find, which nobody said
		return nil
	}
	if string(kind) == "inlineStr" {
		x.text = plainText(x.text, inner)
		return nil
	}
	from := len(x.text)
	for w := (tags{rest: inner}); w.next(); {
		if string(w.tag.name) == "v" && !w.tag.closing && !w.tag.empty {
			x.text = appendText(x.text, w.text)
		}
	}
	v := x.text[from:]
	if len(v) == 0 {
		return nil
	}
	switch string(kind) {
	case "s":
		var err error
		x.text, err = x.book.strings.append(x.text[:from], atoi(v))
		return err
	case "b":
		x.text = strconv.AppendBool(x.text[:from], string(v) == "1" || string(v) == "true")
	case "str":
		x.text = unescapeX(x.text, from)
	case "", "n":
		x.number(from, atoi(c.attr("s")))
	}
	return nil
}

// number rewrites the number at the end of x.text: without an exponent, or as a date where its style shows one.
func (x *sheetReader) number(from, style int) {
	v := x.text[from:]
	var shows dateStyle
	if style > 0 && style < len(x.book.dates) {
		shows = x.book.dates[style]
	}
	if shows == 0 && onlyDigits(string(v)) {
		return
	}
	f, err := strconv.ParseFloat(string(v), 64)
	if err != nil {
		return
	}
	if len(v) > 16 && shows == 0 { // 0.30000000000000004 is 0.3 to whoever wrote it: programs show 15 figures
		f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	}
	if shows == 0 || f < 0 || f >= 2958466 { // the year 10000
		x.text = appendFloat(x.text[:from], f)
		return
	}
	x.text = x.appendMoment(x.text[:from], f, shows)
}

func (x *sheetReader) appendMoment(dst []byte, f float64, shows dateStyle) []byte {
	if shows&showsElapsed != 0 && shows&showsDate == 0 {
		sec := int64(f*86400 + 0.5)
		return fmt.Appendf(dst, "%02d:%02d:%02d", sec/3600, sec/60%60, sec%60)
	}
	t := serialTime(f, x.book.epoch1904, time.UTC)
	layout := "2006-01-02"
	if onTheDot := t.Hour()|t.Minute()|t.Second()|t.Nanosecond() == 0; !onTheDot || shows&showsTime != 0 {
		layout = "2006-01-02T15:04:05"
	}
	if shows&showsDate == 0 && f < 1 {
		layout = "15:04:05"
	}
	if t.Nanosecond() != 0 {
		layout += ".000"
	}
	return t.AppendFormat(dst, layout)
}
