package table

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/jsonwrite"
	"kolo/internal/foundation/table/charset"
)

// jsonReader reads one object a line, or the objects of an array, or objects that follow one another in any layout. An
// object inside an object is flattened to columns "a.b"; an array stays JSON; null is the same as absent.
type jsonReader struct {
	src     *source
	win     *window
	check   bool
	limit   int
	layout  layout
	number  int64
	line    int64
	cells   []string // by column, of the present row
	text    string   // its source
	columns []string
	index   map[string]int // path to column
	taken   map[string]int // see uniqueName
	path    []byte
}

type layout uint8

const (
	byLine  layout = iota // a row ends with its line, which lets reading go on after a broken one
	byValue               // objects laid out over several lines, one after the other
	inArray               // elements of one array
)

const jsonSample = 1000 // rows that are looked at to know the columns before the first row

var errTooManyColumns = fmt.Errorf("there are more than %d columns", MaxColumns)

func newJSONReader(src *source, g Guess, o Options) (*jsonReader, error) {
	in, transcoded, err := charset.Decode(src, g.Encoding)
	if err != nil {
		return nil, err
	}
	j := &jsonReader{src: src, win: newWindow(in), check: !transcoded, limit: o.MaxRow, line: 1,
		index: make(map[string]int), taken: make(map[string]int)}
	for !j.win.eof && len(j.win.bytes()) < windowSize {
		if err := j.win.more(); err != nil {
			return nil, fault.Wrap("table.Open", err)
		}
	}
	if bytes.HasPrefix(j.win.bytes(), []byte("\uFEFF")) {
		j.win.take(3)
	}
	j.space()
	b := j.win.bytes()
	first, _, _ := bytes.Cut(b, []byte("\n"))
	switch {
	case len(b) > 0 && b[0] == '[':
		j.layout = inArray
	case len(b) > 0 && b[0] == '{' && !json.Valid(first) && bytes.Count(b, []byte("\n")) > 1 && valueEnd(b) > len(first):
		j.layout = byValue
	}
	j.foresee()
	return j, nil
}

// foresee learns the columns from the rows at hand and goes back.
func (j *jsonReader) foresee() {
	at, number, line, eof := j.win.r, j.number, j.line, j.win.eof
	j.win.eof = true // so that nothing is read and what is at hand stays
	for range jsonSample {
		if _, err := j.Next(); err == io.EOF {
			break
		}
	}
	j.win.r, j.number, j.line, j.win.eof = at, number, line, eof
}

func (j *jsonReader) Columns() []string { return j.columns }

func (j *jsonReader) Offset() (done, total int64) { return j.src.done, j.src.total }

func (j *jsonReader) Close() error { return nil }

func (j *jsonReader) Next() (Row, error) {
	for {
		raw, line, err := j.object()
		if err == io.EOF {
			return Row{}, io.EOF
		}
		var bad *RowError
		if err != nil && !errors.As(err, &bad) {
			return Row{}, fault.Wrap("table.Next", err)
		}
		j.number++
		if bad == nil {
			bad = j.flatten(raw)
		}
		if bad != nil {
			bad.Number, bad.Line = j.number, line
			return Row{}, bad
		}
		width := 0
		for _, c := range j.cells {
			if c != "" {
				width++
			}
		}
		if width == 0 {
			continue
		}
		row := Row{Number: j.number, Line: line, Cells: j.cells, Width: width, Raw: j.text}
		if j.check && !utf8.ValidString(row.Raw) {
			row.Raw, row.Mended = mendText(row.Raw), true
			for i, c := range j.cells {
				j.cells[i] = mendText(c)
			}
		}
		return row, nil
	}
}

// space skips what stands between rows.
func (j *jsonReader) space() {
	b, n := j.win.bytes(), 0
	for n < len(b) && (b[n] == ' ' || b[n] == '\t' || b[n] == '\r' || b[n] == '\n' || b[n] == 0x1E) {
		if b[n] == '\n' {
			j.line++
		}
		n++
	}
	j.win.take(n)
}

// object finds the source of the next row.
func (j *jsonReader) object() (raw []byte, line int64, err error) {
	for {
		j.space()
		if j.layout == inArray {
			j.punctuation()
		}
		b := j.win.bytes()
		line = j.line
		if len(b) == 0 && j.win.eof {
			return nil, line, io.EOF
		}
		if len(b) > 0 {
			n := j.rowEnd(b)
			switch {
			case n > j.limit || n < 0 && len(b) > j.limit:
				return nil, line, j.tooLarge(b, n)
			case n >= 0:
				j.line += int64(bytes.Count(b[:n], []byte("\n")))
				j.win.take(n)
				return bytes.TrimRight(b[:n], " \t\r\n"), line, nil
			case j.win.eof:
				j.win.take(len(b))
				return b, line, nil // cut off: flatten says so
			}
		}
		if err := j.win.more(); err != nil {
			return nil, line, err
		}
	}
}

// punctuation skips brackets and commas between the elements of an array, with the space around them.
func (j *jsonReader) punctuation() {
	for {
		b := j.win.bytes()
		if len(b) == 0 || b[0] != '[' && b[0] != ',' && b[0] != ']' {
			return
		}
		j.win.take(1)
		j.space()
	}
}

// rowEnd is the length of the row at the beginning of b, or -1 when b ends before it does.
func (j *jsonReader) rowEnd(b []byte) int {
	if j.layout == byLine {
		if i := bytes.IndexByte(b, '\n'); i >= 0 {
			return i + 1
		}
		return -1
	}
	return valueEnd(b)
}

// tooLarge gives up a row, up to its end as far as that can be told.
func (j *jsonReader) tooLarge(b []byte, n int) error {
	bad := &RowError{Code: RowTooLarge, Raw: keptRaw(b), Msg: fmt.Sprintf("the row is larger than %d bytes", j.limit)}
	var v valueScan
	for n < 0 {
		if j.layout == byLine {
			n = bytes.IndexByte(b, '\n')
		} else {
			n = scanValue(&v, b)
		}
		if n < 0 {
			j.line += int64(bytes.Count(b, []byte("\n")))
			j.win.take(len(b))
			if j.win.eof {
				return bad
			}
			if err := j.win.more(); err != nil {
				return err
			}
			b = j.win.bytes()
		}
	}
	j.line += int64(bytes.Count(b[:n], []byte("\n")))
	j.win.take(n)
	return bad
}

// valueScan finds the end of a JSON value over several pieces: where its brackets are closed, or, when it has none, at
// the next comma or line end.
type valueScan struct {
	depth           int
	text, backslash bool
	begun           bool
}

func valueEnd[T string | []byte](b T) int { return scanValue(new(valueScan), b) }

func scanValue[T string | []byte](v *valueScan, b T) int {
	for i := range len(b) {
		c := b[i]
		switch {
		case v.backslash:
			v.backslash = false
		case v.text:
			v.backslash = c == '\\'
			v.text = c != '"'
		case c == '"':
			v.text, v.begun = true, true
		case c == '{' || c == '[':
			v.depth++
			v.begun = true
		case c == '}' || c == ']':
			v.depth--
			if v.depth <= 0 {
				return i + 1
			}
		case v.depth == 0 && v.begun && (c == ',' || c == '\n'):
			return i
		default:
			v.begun = true
		}
	}
	return -1
}

// flatten puts an object's values into j.cells.
func (j *jsonReader) flatten(raw []byte) *RowError {
	if len(raw) == 0 || raw[0] != '{' || !json.Valid(raw) {
		return &RowError{Code: RowBadJSON, Raw: keptRaw(raw), Msg: "this is not a JSON object" + whyNot(raw)}
	}
	for i := range j.cells {
		j.cells[i] = ""
	}
	j.path = j.path[:0]
	j.text = string(raw)
	if _, err := j.fields(j.text, 0); err != nil {
		return &RowError{Code: RowTooWide, Raw: keptRaw(raw), Msg: err.Error()}
	}
	return nil
}

func whyNot(raw []byte) string {
	var v map[string]json.RawMessage
	var syntax *json.SyntaxError
	if err := json.Unmarshal(raw, &v); errors.As(err, &syntax) {
		return fmt.Sprintf(" (at byte %d: %s)", syntax.Offset, syntax.Error())
	}
	return ""
}

// fields reads the members of the object at s[i] == '{' and returns where it ends. s is valid JSON: that was checked.
func (j *jsonReader) fields(s string, i int) (int, error) {
	for i = skipSpace(s, i+1); s[i] != '}'; i = skipSpace(s, i) {
		if s[i] == ',' {
			i++
			continue
		}
		end := stringEnd(s, i)
		mark := len(j.path)
		if mark > 0 {
			j.path = append(j.path, '.')
		}
		j.path = append(j.path, unquote(s[i:end])...)
		i = skipSpace(s, end)
		i = skipSpace(s, i+1) // the colon
		next, err := j.value(s, i)
		if err != nil {
			return next, err
		}
		j.path, i = j.path[:mark], next
	}
	return i + 1, nil
}

// value reads what stands at s[i] into the column of the present path.
func (j *jsonReader) value(s string, i int) (int, error) {
	switch s[i] {
	case '{':
		if k := skipSpace(s, i+1); s[k] == '}' {
			return k + 1, nil
		}
		if len(j.path) > 4096 { // nested beyond all use: keep it as JSON
			end := i + valueEnd(s[i:])
			return end, j.set(s[i:end])
		}
		return j.fields(s, i)
	case '"':
		end := stringEnd(s, i)
		return end, j.set(unquote(s[i:end]))
	case '[':
		end := i + valueEnd(s[i:])
		return end, j.set(s[i:end])
	case 'n':
		return i + len("null"), nil
	default:
		end := i
		for end < len(s) && !strings.ContainsRune(",}] \t\r\n", rune(s[end])) {
			end++
		}
		return end, j.set(s[i:end])
	}
}

// set stores a value; of several under one name the last counts, as everywhere in JSON.
func (j *jsonReader) set(v string) error {
	at, ok := j.index[string(j.path)]
	if !ok {
		if len(j.columns) == MaxColumns {
			return errTooManyColumns
		}
		at = len(j.columns)
		key := string(j.path)
		name := mendText(key)
		if name == "" {
			name = fmt.Sprintf("column %d", at+1)
		}
		j.index[key] = at
		j.columns = append(j.columns, uniqueName(name, j.taken))
		j.cells = append(j.cells, "")
	}
	j.cells[at] = v
	return nil
}

func skipSpace(s string, i int) int {
	for s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n' {
		i++
	}
	return i
}

// stringEnd is where the string that begins at s[i] ends, behind its quote.
func stringEnd(s string, i int) int {
	for i++; ; i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// unquote reads a JSON string; one without escapes costs nothing.
func unquote(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s[1 : len(s)-1]
	}
	var out string
	if json.Unmarshal([]byte(s), &out) != nil {
		return s
	}
	return strings.ReplaceAll(out, "\x00", "")
}

// jsonWriter writes one object a line and keeps types. Empty values are left out.
type jsonWriter struct {
	w    io.Writer
	buf  []byte
	keys [][]byte
	cols []Column
	opts writeOptions
}

func newJSONWriter(w io.Writer, cols []Column, o writeOptions) *jsonWriter {
	j := &jsonWriter{w: w, cols: cols, opts: o}
	for _, c := range cols {
		j.keys = append(j.keys, append(jsonwrite.Text(nil, c.Name), ':'))
	}
	return j
}

func (j *jsonWriter) Write(row []any) error {
	j.buf = append(j.buf, '{')
	first := true
	for i, v := range row {
		c, err := cellOf(v, j.cols[i])
		if err != nil {
			return err
		}
		if c.empty {
			continue
		}
		if !first {
			j.buf = append(j.buf, ',')
		}
		first = false
		j.buf = append(j.buf, j.keys[i]...)
		switch j.cols[i].Type {
		case Int:
			j.buf = strconv.AppendInt(j.buf, c.int, 10)
		case Float:
			j.buf = appendFloat(j.buf, c.float)
		case Bool:
			j.buf = strconv.AppendBool(j.buf, c.bool)
		case Time:
			j.buf = append(j.buf, '"')
			j.buf = appendTime(j.buf, c.time, j.opts.zone)
			j.buf = append(j.buf, '"')
		case JSON:
			j.buf = appendCompactJSON(j.buf, c.text)
		default:
			j.buf = jsonwrite.Text(j.buf, c.text)
		}
	}
	j.buf = append(j.buf, "}\n"...)
	if len(j.buf) >= flushAt {
		return j.flush()
	}
	return nil
}

func (j *jsonWriter) flush() error {
	_, err := j.w.Write(j.buf)
	j.buf = j.buf[:0]
	return err
}

func (j *jsonWriter) Close() error { return j.flush() }

func (j *jsonWriter) Notes() []string { return nil }

// appendCompactJSON writes JSON text on one line; text that is not JSON becomes a string, so that the line stays valid.
func appendCompactJSON(b []byte, s string) []byte {
	out := bytes.NewBuffer(b)
	if err := json.Compact(out, []byte(s)); err != nil {
		return jsonwrite.Text(b, s)
	}
	return out.Bytes()
}
