package table

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table/charset"
)

// csvReader reads delimited text as it is found in the world, not only as RFC 4180 has it: stray quotes are text, rows
// may be short, a quote that is opened and never closed costs one row and not the rest of the file. encoding/csv cannot
// go on after such a row, and allocates for each.
type csvReader struct {
	src     *source
	win     *window
	split   splitter
	columns []string

	raw, unguard bool // raw: not transcoded
	wide         bool
	limit        int
	number, line int64
	at           int64 // bytes taken since the start, as UTF-8
	literal      int64 // up to here a quote has to close on its own line, see recover
}

func newCSVReader(src *source, g Guess, o Options) (*csvReader, error) {
	in, transcoded, err := charset.Decode(src, g.Encoding)
	if err != nil {
		return nil, err
	}
	if g.Delimiter >= utf8.RuneSelf || strings.ContainsRune("\"\r\n\x00", g.Delimiter) {
		return nil, fault.Bad("table.Open", fault.Field{Path: "delimiter", Code: "unknown",
			Msg: "the delimiter must be one ASCII character other than a quote"})
	}
	c := &csvReader{src: src, win: newWindow(in), split: splitter{comma: byte(g.Delimiter), cr: g.bareCR}, columns: g.Columns,
		raw: !transcoded, unguard: o.Unguard, wide: o.Wide, limit: o.MaxRow, line: 1}
	if err := c.skipPreamble(); err != nil {
		return nil, fault.Wrap("table.Open", err)
	}
	for skip := g.Above; g.Header || skip > 0; { // the names are known from Sniff
		raw, err := c.record()
		if _, bad := err.(*RowError); bad {
			return nil, refuse("header", "the header row cannot be read: %v", err)
		} else if err != nil && err != io.EOF {
			return nil, fault.Wrap("table.Open", err)
		}
		if err == io.EOF {
			break
		}
		if len(raw) > 0 {
			if skip--; skip < 0 || skip == 0 && !g.Header {
				break
			}
		}
	}
	return c, nil
}

// skipPreamble takes a byte order mark and a "sep=;" line for Excel.
func (c *csvReader) skipPreamble() error {
	for !c.win.eof && len(c.win.bytes()) < 64 {
		if err := c.win.more(); err != nil {
			return err
		}
	}
	rest, lines := preamble(c.win.bytes())
	c.advance(len(c.win.bytes()) - len(rest))
	c.line += int64(lines)
	return nil
}

// preamble cuts off what precedes the first row, and tells how many lines that was.
func preamble(b []byte) (rest []byte, lines int) {
	b = bytes.TrimPrefix(b, []byte("\uFEFF"))
	if line, rest, ok := bytes.Cut(b, []byte("\n")); ok {
		if s := bytes.TrimSuffix(line, []byte("\r")); len(s) == 5 && bytes.HasPrefix(bytes.ToLower(s), []byte("sep=")) {
			return rest, 1
		}
	}
	return b, 0
}

func (c *csvReader) Columns() []string { return c.columns }

func (c *csvReader) Offset() (done, total int64) { return c.src.done, c.src.total }

func (c *csvReader) Close() error { return nil }

func (c *csvReader) Next() (Row, error) {
	for {
		line := c.line
		raw, err := c.record()
		if err == io.EOF {
			return Row{}, io.EOF
		} else if bad, ok := err.(*RowError); ok {
			c.number++
			bad.Number, bad.Line = c.number, line
			return Row{}, bad
		} else if err != nil {
			return Row{}, fault.Wrap("table.Next", err)
		}
		if len(raw) == 0 {
			continue // an empty line is no row
		}
		c.number++
		cells, mended := c.split.rec.strings(len(c.columns), c.raw)
		width := len(c.split.rec.ends)
		if blank(cells) {
			continue
		}
		if !c.wide && width > len(c.columns) && !blank(cells[len(c.columns):]) {
			return Row{}, &RowError{Number: c.number, Line: line, Code: RowTooWide, Raw: keptRaw(raw),
				Msg: fmt.Sprintf("the row has %d cells and there are only %d columns: is there a separator in a cell that is not in quotes?", width, len(c.columns))}
		}
		if !c.wide {
			cells = cells[:len(c.columns)]
		}
		if c.unguard {
			for i, cell := range cells {
				cells[i] = Unguard(cell)
			}
		}
		return Row{Number: c.number, Line: line, Cells: cells, Width: width, Mended: mended}, nil
	}
}

func (c *csvReader) advance(n int) {
	c.win.take(n)
	c.at += int64(n)
}

// record splits the next record into c.split.rec and returns its source without the line end, valid until the next
// call.
func (c *csvReader) record() ([]byte, error) {
	for {
		w := c.win.bytes()
		if len(w) > 0 {
			n, state := c.split.record(w, c.win.eof, c.at < c.literal)
			if state == incomplete && (c.win.eof || len(w) > c.limit) || state == complete && n > c.limit {
				return c.recover(w[:n], state)
			}
			if state == complete {
				if c.split.suspicious && c.looksLikeRows(w[:n]) {
					return c.recover(w[:n], state)
				}
				c.advance(n)
				c.line += int64(c.split.lines)
				return trimEnd(w[:n], c.split.cr), nil
			}
		} else if c.win.eof {
			return nil, io.EOF
		}
		if err := c.win.more(); err != nil {
			return nil, err
		}
	}
}

// recover deals with a record that is too large, or whose quotes cannot be right. When what the quotes enclose looks
// like rows of this table, the opening quote was stray: one line is given up (or is fine once its quote is read as text)
// and reading goes on with the next line. Up to the end of what was looked at, quotes then have to close on their own
// line, which keeps a hostile file from being scanned again and again.
func (c *csvReader) recover(w []byte, st state) ([]byte, error) {
	quoted := c.split.inQuotes || st == complete && c.split.suspicious
	if quoted && c.at >= c.literal && c.looksLikeRows(w) {
		c.literal = c.at + int64(len(w))
		n, _ := c.split.record(w, true, true)
		raw := trimEnd(w[:n], c.split.cr)
		c.advance(n)
		c.line++
		if len(c.split.rec.ends) == len(c.columns) {
			return raw, nil
		}
		return nil, &RowError{Code: RowBadQuotes, Raw: keptRaw(raw), Msg: "a quote is opened and never closed"}
	}
	bad := &RowError{Code: RowTooLarge, Raw: keptRaw(w), Msg: fmt.Sprintf("the row is larger than %d bytes", c.limit)}
	switch {
	case st == complete:
		c.line += int64(c.split.lines)
	case len(w) <= c.limit:
		bad.Code, bad.Msg = RowBadQuotes, "a quote is opened and never closed, and the file ends within it"
	default:
		return nil, c.discard(bad)
	}
	c.advance(len(w))
	return nil, bad
}

// discard drops bytes up to the end of a record. A newline ends it where the number of quotes so far is even.
func (c *csvReader) discard(bad *RowError) error {
	eol, odd, quoting := c.split.eol(), false, c.split.inQuotes && c.at >= c.literal
	for {
		w := c.win.bytes()
		for i := 0; i < len(w); {
			j := bytes.IndexByte(w[i:], eol)
			line := w[i:]
			if j >= 0 {
				line = w[i : i+j]
			}
			if quoting && bytes.Count(line, quote)%2 == 1 {
				odd = !odd
			}
			if j < 0 {
				break
			}
			i += j + 1
			c.line++
			if !odd {
				c.advance(i)
				return bad
			}
		}
		c.advance(len(w))
		if c.win.eof {
			return bad
		}
		if err := c.win.more(); err != nil {
			return err
		}
	}
}

var quote = []byte{'"'}

// looksLikeRows tells whether at least half of several lines have as many cells as there are columns.
func (c *csvReader) looksLikeRows(b []byte) bool {
	if len(c.columns) < 2 {
		return false
	}
	lines, fit := 0, 0
	for len(b) > 0 && lines < 1000 {
		line := b
		if i := bytes.IndexByte(b, c.split.eol()); i >= 0 {
			line, b = b[:i], b[i+1:]
		} else if lines > 0 && !c.win.eof {
			break // cut off by the window
		} else {
			b = nil
		}
		lines++
		if bytes.Count(line, []byte{c.split.comma})+1 == len(c.columns) {
			fit++
		}
	}
	return lines > 1 && 2*fit >= lines
}

// splitter finds the cells of one record in memory.
type splitter struct {
	comma byte
	cr    bool // lines end with a bare CR
	rec   record
	lines int

	inQuotes   bool // an incomplete record ended inside quotes
	suspicious bool // over several lines, a quoted cell holds what looks like the opening of another
}

type state uint8

const (
	incomplete state = iota
	complete
)

func (s *splitter) eol() byte {
	if s.cr {
		return '\r'
	}
	return '\n'
}

func trimEnd(b []byte, cr bool) []byte {
	if cr {
		return bytes.TrimSuffix(b, []byte("\r"))
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(b, []byte("\n")), []byte("\r"))
}

// record splits the record at the beginning of b and tells how many bytes it takes with its line end. last says that
// nothing follows b; literal, that a quote opens a cell only when it closes on the same line.
func (s *splitter) record(b []byte, last, literal bool) (n int, st state) {
	s.rec.reset()
	s.inQuotes, s.suspicious, s.lines = false, false, 1
	i := bytes.IndexByte(b, s.eol())
	n = i + 1
	if i < 0 {
		if !last {
			return s.quoted(b, false, literal) // cannot be complete; tells whether a quote is open
		}
		n = len(b)
	}
	line := trimEnd(b[:n], s.cr)
	if bytes.IndexByte(line, '"') >= 0 {
		if literal {
			s.quoted(line, true, true)
			return n, complete
		}
		return s.quoted(b, last, false)
	}
	s.rec.line = line // for most files this is all that ever runs
	for at := 0; ; {
		j := bytes.IndexByte(line[at:], s.comma)
		if j < 0 {
			s.rec.ends = append(s.rec.ends, len(line))
			return n, complete
		}
		at += j
		s.rec.ends = append(s.rec.ends, at)
		at++
	}
}

// quoted splits a record that has quotes.
func (s *splitter) quoted(b []byte, last, literal bool) (n int, st state) {
	opening := false
	for {
		if n < len(b) && b[n] == '"' {
			start, ends := n, len(s.rec.text)
			end, stray, ok := s.quotedCell(b, n+1, last)
			opening = opening || stray
			if !ok && !literal {
				s.inQuotes = true
				return len(b), incomplete
			}
			n = end
			if !ok { // a literal quote: back to the start of the cell
				s.rec.text = s.rec.text[:ends]
				n = start + s.bare(b[start:])
			}
		} else {
			n += s.bare(b[n:])
		}
		s.rec.end()
		switch {
		case n == len(b):
			if !last {
				return n, incomplete
			}
			return n, s.done(b[:n], opening)
		case b[n] == s.comma:
			n++
		default: // a line end
			if b[n] == '\r' && !s.cr {
				n++
			}
			return n + 1, s.done(b[:n+1], opening)
		}
	}
}

func (s *splitter) done(b []byte, opening bool) state {
	s.lines = max(1, bytes.Count(b, []byte{s.eol()}))
	s.suspicious = opening && s.lines > 1
	return complete
}

// bare takes an unquoted cell and tells its length.
func (s *splitter) bare(b []byte) int {
	n := len(b)
	if i := bytes.IndexByte(b, s.eol()); i >= 0 {
		n = i
		if !s.cr && i > 0 && b[i-1] == '\r' {
			n--
		}
	} else if !s.cr && n > 0 && b[n-1] == '\r' {
		n-- // half a line end, whose other half is not read yet, or the last one
		if i := bytes.IndexByte(b[:n], s.comma); i < 0 {
			s.rec.text = append(s.rec.text, b[:n]...)
			return len(b)
		}
	}
	if i := bytes.IndexByte(b[:n], s.comma); i >= 0 {
		n = i
	}
	s.rec.text = append(s.rec.text, b[:n]...)
	return n
}

// quotedCell takes a quoted cell from behind its opening quote and returns where the delimiter or line end stands. ok
// is false when b ends before that can be known. A quote that neither is doubled nor stands before a delimiter is text;
// stray tells that one stood where another cell might begin.
func (s *splitter) quotedCell(b []byte, n int, last bool) (end int, stray, ok bool) {
	for {
		j := bytes.IndexByte(b[n:], '"')
		if j < 0 {
			return len(b), stray, false
		}
		s.rec.text = append(s.rec.text, b[n:n+j]...)
		n += j + 1
		if n < len(b) && b[n] == '"' {
			s.rec.text = append(s.rec.text, '"')
			n++
			continue
		}
		k := n
		for k < len(b) && (b[k] == ' ' || b[k] == '\t') && b[k] != s.comma {
			k++
		}
		switch {
		case k == len(b):
			return k, stray, last
		case b[k] == s.comma || b[k] == s.eol():
			return k, stray, true
		case b[k] == '\r' && k+1 == len(b):
			if last {
				return k + 1, stray, true
			}
			return k, stray, false
		case b[k] == '\r' && b[k+1] == '\n':
			return k, stray, true
		}
		stray = stray || n >= 2 && b[n-2] == s.comma
		s.rec.text = append(s.rec.text, '"')
	}
}

// csvWriter writes RFC 4180 with CRLF.
type csvWriter struct {
	w    io.Writer
	buf  []byte
	cols []Column
	opts writeOptions
}

func newCSVWriter(w io.Writer, cols []Column, o writeOptions) *csvWriter {
	c := &csvWriter{w: w, cols: cols, opts: o}
	if o.bom {
		c.buf = append(c.buf, "\uFEFF"...)
	}
	for i, col := range cols {
		if i > 0 {
			c.buf = append(c.buf, ',')
		}
		c.text(col.Name)
	}
	c.buf = append(c.buf, '\r', '\n')
	return c
}

func (c *csvWriter) Write(row []any) error {
	from := len(c.buf)
	for i, v := range row {
		if i > 0 {
			c.buf = append(c.buf, ',')
		}
		x, err := cellOf(v, c.cols[i])
		if err != nil {
			return err
		}
		if x.empty {
			continue
		}
		switch c.cols[i].Type {
		case Int:
			c.buf = strconv.AppendInt(c.buf, x.int, 10)
		case Float:
			c.buf = appendFloat(c.buf, x.float)
		case Bool:
			c.buf = strconv.AppendBool(c.buf, x.bool)
		case Time:
			c.buf = appendTime(c.buf, x.time, c.opts.zone)
		default:
			c.text(x.text)
		}
	}
	if len(c.buf) == from { // an empty line would be no row
		c.buf = append(c.buf, '"', '"')
	}
	c.buf = append(c.buf, '\r', '\n')
	if len(c.buf) >= flushAt {
		return c.flush()
	}
	return nil
}

// text writes a text, in quotes where it needs them: also where it begins or ends with a space, which some readers drop.
func (c *csvWriter) text(s string) {
	if !c.opts.formulas {
		s = Guard(s)
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	if s == "" || !strings.ContainsAny(s, ",\"\r\n;\t") && s[0] != ' ' && s[len(s)-1] != ' ' {
		c.buf = append(c.buf, s...)
		return
	}
	c.buf = append(c.buf, '"')
	for {
		i := strings.IndexByte(s, '"')
		if i < 0 {
			break
		}
		c.buf = append(c.buf, s[:i+1]...)
		c.buf = append(c.buf, '"')
		s = s[i+1:]
	}
	c.buf = append(c.buf, s...)
	c.buf = append(c.buf, '"')
}

func (c *csvWriter) flush() error {
	_, err := c.w.Write(c.buf)
	c.buf = c.buf[:0]
	return err
}

func (c *csvWriter) Close() error { return c.flush() }

func (c *csvWriter) Notes() []string { return nil }
