package table

import (
	"bytes"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/table/charset"
)

// SniffSize is how much of a file's beginning Sniff wants to see.
const SniffSize = 256 << 10

// Guess is what a file seems to be.
type Guess struct {
	Format    Format
	Encoding  string   // of text formats
	Delimiter rune     // of CSV
	Sheets    []string // of XLSX, visible ones first; known to Inspect only
	Header    bool     // the first row names the columns
	Above     int      // rows with something in them before that one, such as a title: they belong to no table
	Columns   []string // unique and never empty; of XLSX known to Inspect only

	bareCR bool
}

// Sniff guesses from a file's first SniffSize bytes (all of it, when it is shorter) and its name.
func Sniff(head []byte, name string) (Guess, error) { return sniff(head, name, Options{}) }

// Inspect is Sniff for a whole file at hand: it knows a workbook's sheets and columns too. What opts say is taken as
// given.
func Inspect(r io.ReaderAt, size int64, name string, opts Options) (Guess, error) {
	head := make([]byte, min(size, SniffSize))
	if n, err := r.ReadAt(head, 0); err != nil && (err != io.EOF || n < len(head)) {
		return Guess{}, fault.Wrap("table.Inspect", err)
	}
	g, err := sniff(head, name, opts)
	if err != nil || g.Format != XLSX {
		return g, err
	}
	x, err := openWorkbook(r, size, opts)
	if err != nil {
		return Guess{}, err
	}
	g.Sheets, g.Header, g.Above, g.Columns = x.book.names(), x.header, x.above, x.columns
	return g, x.Close()
}

// magics are beginnings of files that are no table which can be read here.
var magics = []struct{ magic, code, msg string }{
	{"\xD0\xCF\x11\xE0", "old_excel", "this is an old Excel file (.xls) or a workbook with a password: save it as .xlsx without a password"},
	{"PAR1", "parquet", "Parquet files cannot be read: export as CSV, XLSX or NDJSON"},
	{"\x1F\x8B", "compressed", "the file is compressed: unpack it first"},
	{"%PDF", "pdf", "this is a PDF: export the table as CSV or XLSX"},
}

func refuse(code, format string, args ...any) error {
	return &fault.Error{Kind: fault.Invalid, Op: "table.Open", Msg: fmt.Sprintf(format, args...),
		Fields: []fault.Field{{Path: "file", Code: code, Msg: fmt.Sprintf(format, args...)}}}
}

func sniff(head []byte, name string, o Options) (Guess, error) {
	g := Guess{Format: o.Format, Encoding: o.Encoding, Delimiter: o.Delimiter, Header: true}
	switch g.Format {
	case "", CSV, NDJSON, XLSX:
	default:
		return g, fault.Bad("table.Open", fault.Field{Path: "format", Code: "unknown", Msg: "cannot read " + string(g.Format)})
	}
	if len(head) == 0 {
		return g, refuse("empty", "the file is empty")
	}
	if bytes.HasPrefix(head, []byte("PK\x03\x04")) && (g.Format == "" || g.Format == XLSX) {
		g.Format = XLSX
		return g, nil
	}
	for _, m := range magics {
		if bytes.HasPrefix(head, []byte(m.magic)) {
			return g, refuse(m.code, "%s", m.msg)
		}
	}
	if g.Format == XLSX {
		return g, refuse("workbook", "this is not an XLSX workbook")
	}
	if g.Encoding == "" {
		g.Encoding = charset.Detect(head)
	}
	text, err := charset.DecodeHead(head, g.Encoding)
	if err != nil {
		return g, err
	}
	if isBinary(text) {
		return g, refuse("binary", "this is neither text nor an XLSX workbook")
	}
	cut := len(head) >= SniffSize
	text, _ = preambleOf(text, &g)
	if g.Format == "" {
		g.Format = textFormat(text, name)
	}
	if g.Format == NDJSON {
		j, err := newJSONReader(&source{r: bytes.NewReader(text)}, Guess{Encoding: "utf-8"}, Options{MaxRow: max(o.MaxRow, DefaultMaxRow)})
		if err != nil {
			return g, err
		}
		g.Columns = j.columns
		return g, nil
	}
	g.bareCR = bytes.IndexByte(text, '\n') < 0 && bytes.IndexByte(text, '\r') >= 0
	if g.Delimiter == 0 {
		g.Delimiter = guessDelimiter(text, name, g.bareCR, cut)
	}
	rows := sampleRows(text, byte(g.Delimiter), g.bareCR, cut)
	if err := g.names(rows, o); err != nil || o.Delimiter != 0 || !g.Header || len(g.Columns) > 1 || !slices.ContainsFunc(rows, func(r []string) bool { return len(r) > 1 }) {
		return g, err
	}
	for _, d := range "\t|;" { // one name above texts with commas: what separates nothing leaves them whole
		if bytes.IndexByte(text, byte(d)) < 0 {
			g.Delimiter, o.Header, o.Above = d, &g.Header, &g.Above
			return g, g.names(sampleRows(text, byte(d), g.bareCR, cut), o)
		}
	}
	return g, nil
}

// preambleOf is preamble, which also says the delimiter when it is a "sep=;" line.
func preambleOf(text []byte, g *Guess) ([]byte, int) {
	rest, lines := preamble(text)
	if lines > 0 && g.Delimiter == 0 {
		g.Delimiter = rune(bytes.TrimPrefix(text, []byte("\uFEFF"))[4])
	}
	return rest, lines
}

// names decides on the header and the columns from the first rows.
func (g *Guess) names(rows [][]string, o Options) error {
	if len(rows) == 0 {
		return refuse("empty", "there is no row in the file")
	}
	g.Above = guessAbove(rows)
	if o.Above != nil {
		g.Above = min(max(*o.Above, 0), len(rows)-1)
	}
	g.Header = guessHeader(rows[g.Above:])
	if o.Header != nil {
		g.Header = *o.Header
	}
	if !g.Header && o.Above == nil {
		g.Above = 0
	}
	rows = rows[g.Above:]
	usual := usualWidth(rows)
	width := usual
	var header []string
	if g.Header {
		header = rows[0]
		width = len(header) // where rows have more cells than there are names, nobody knows which cell each name is of
	}
	if max(usual, width) > MaxColumns {
		return refuse("columns", "there are more than %d columns", MaxColumns)
	}
	if o.Unguard {
		for i := range header {
			header[i] = Unguard(header[i])
		}
	}
	g.Columns = columnNames(header, width)
	return nil
}

// isBinary tells whether there are many control characters, more than a fiftieth.
func isBinary(text []byte) bool {
	odd := 0
	for _, c := range text {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != 0x1B {
			odd++
		}
	}
	return odd > 8 && odd*50 > len(text)
}

func textFormat(text []byte, name string) Format {
	t := bytes.TrimLeft(text, " \t\r\n")
	switch strings.ToLower(path.Ext(name)) {
	case ".ndjson", ".jsonl", ".json":
		return NDJSON
	}
	if len(t) > 0 && t[0] == '[' {
		t = bytes.TrimLeft(t[1:], " \t\r\n")
	}
	if len(t) > 0 && t[0] == '{' {
		t = bytes.TrimLeft(t[1:], " \t\r\n")
		if len(t) > 0 && (t[0] == '"' || t[0] == '}') {
			return NDJSON
		}
	}
	return CSV
}

// sampleRows splits the first rows that have content, 500 at most. cut says that the last one is not whole.
func sampleRows(text []byte, comma byte, cr, cut bool) (rows [][]string) {
	s := splitter{comma: comma, cr: cr}
	for len(text) > 0 && len(rows) < 500 {
		n, st := s.record(text, !cut, false)
		if st == incomplete {
			if len(rows) > 0 || cut && !s.inQuotes {
				break
			}
			n, _ = s.record(text, true, true) // a stray quote in the very first row
		}
		if n == len(text) && cut && len(rows) > 0 {
			break
		}
		if len(trimEnd(text[:n], cr)) > 0 {
			cells, _ := s.rec.strings(0, true)
			rows = append(rows, append([]string(nil), cells...))
		}
		text = text[n:]
	}
	return rows
}

// guessDelimiter takes the one that splits most rows into the same number of cells, two at least.
func guessDelimiter(text []byte, name string, cr, cut bool) rune {
	best, fit := ',', 0.5
	if strings.EqualFold(path.Ext(name), ".tsv") || strings.EqualFold(path.Ext(name), ".tab") {
		best = '\t'
	}
	for _, d := range ",;\t|" {
		rows := sampleRows(text, byte(d), cr, cut)
		width := usualWidth(rows)
		if width < 2 {
			continue
		}
		same := 0
		for _, r := range rows {
			if len(r) == width {
				same++
			}
		}
		// A tie goes to the one that makes more cells: "a;b;c,d" throughout is three cells rather than two.
		if f := float64(same)/float64(len(rows)) + float64(min(width, 100))/1e4; f > fit {
			best, fit = d, f
		}
	}
	return best
}

// usualWidth is the number of cells that most rows have.
func usualWidth(rows [][]string) int {
	count, best := make(map[int]int), 0
	for _, r := range rows {
		count[len(r)]++
	}
	for w, n := range count {
		if n > count[best] || n == count[best] && w > best {
			best = w
		}
	}
	return best
}

// mostAbove is how many rows of titles may stand above a table.
const mostAbove = 10

// guessAbove counts the rows of titles above the one that names the columns: the first that has about as much in it as the rows below. The
// first of them has one cell, the first, and the row behind them has to look more like names than it does: otherwise a header that names
// some of its columns is taken for a title, and somebody's answer for the names.
func guessAbove(rows [][]string) int {
	counts := make([]int, len(rows))
	for i, r := range rows {
		counts[i] = filledCells(r)
	}
	usual := slices.Clone(counts)
	slices.Sort(usual)
	most := usual[len(usual)/2]
	at, pairs := 0, false // pairs: a row such as "Made by,Dana" stands among them
	for at < len(rows) && counts[at] < most && (counts[at] == 0 || isFilled(rows[at][0]) && (counts[at] == 1 || counts[at] == 2 && at > 0)) {
		pairs = pairs || counts[at] == 2
		at++
	}
	if at == 0 || at > mostAbove || at == len(rows) || counts[at] < most || !guessHeader(rows[at:]) {
		return 0
	}
	width, same := usualWidth(rows[at:]), 0
	for _, r := range rows[at:] {
		if len(r) == width {
			same++
		}
	}
	if 5*same < 4*(len(rows)-at) { // no table, but texts with commas
		return 0
	}
	if !namesFigures(rows[at:]) && (pairs || !longerThan(rows[:at], rows[at])) {
		return 0
	}
	return at
}

func isFilled(cell string) bool { return strings.TrimSpace(cell) != "" }

func filledCells(r []string) (n int) {
	for _, c := range r {
		if isFilled(c) {
			n++
		}
	}
	return n
}

// namesFigures tells whether a column has a text in the first row and mostly something else below: numbers, dates, addresses.
func namesFigures(rows [][]string) bool {
	for i, name := range rows[0] {
		if !isFilled(name) {
			continue
		}
		filled, figures := 0, 0
		for _, r := range rows[1:] {
			if i >= len(r) || !isFilled(r[i]) {
				continue
			}
			filled++
			if kind := kindOf(r[i]); kind != KindText && kind != KindBoolean {
				figures++
			}
		}
		if 2*figures > filled {
			return true
		}
	}
	return false
}

// longerThan tells whether titles are of three words or more, and names of fewer: where a table has texts alone, nothing else tells a title
// from the name of its first column. A question is the name of a column of answers, however long it is.
func longerThan(titles [][]string, names []string) bool {
	words := func(s string) int { return len(strings.Fields(s)) }
	for _, r := range titles {
		if title := strings.TrimSpace(r[0]); title != "" && (words(title) < 3 || strings.HasSuffix(title, "?") || strings.HasSuffix(title, "؟")) {
			return false
		}
	}
	return !slices.ContainsFunc(names, func(c string) bool { return words(c) >= 3 })
}

// guessHeader tells whether the first row names columns. It does not when it looks like the data below it: a number,
// date or address in it, a value that comes again in its column, or a long text. Otherwise it does, because most files
// have a header.
func guessHeader(rows [][]string) bool {
	first, rest := rows[0], rows[1:]
	if len(rest) > 200 {
		rest = rest[:200]
	}
	named := 0
	for i, name := range first {
		name = strings.TrimSpace(name)
		if name == "" {
			continue
		}
		if kind := kindOf(name); kind != KindText && kind != KindBoolean {
			return false
		}
		named++
		filled, length := 0, 0
		for _, r := range rest {
			if i >= len(r) || r[i] == "" {
				continue
			}
			if strings.TrimSpace(r[i]) == name {
				return false
			}
			filled++
			length += len(r[i])
		}
		// A survey's question can be a long name, but then it is longer than the answers to it.
		if len(name) > 100 && length > filled*len(name)/2 {
			return false
		}
	}
	return named > 0
}

// columnNames makes names that are unique and not empty.
func columnNames(header []string, width int) []string {
	taken := make(map[string]int, width)
	names := make([]string, width)
	for i := range names {
		name := ""
		if i < len(header) {
			name = cleanName(header[i])
		}
		if name == "" {
			name = fmt.Sprintf("column %d", i+1)
		}
		names[i] = uniqueName(name, taken)
	}
	return names
}

// uniqueName numbers a name that was taken before; taken holds the last number given for each.
func uniqueName(name string, taken map[string]int) string {
	n := taken[name] + 1
	unique := name
	for ; n > 1; n++ {
		unique = fmt.Sprintf("%s %d", name, n)
		if taken[unique] == 0 {
			break
		}
	}
	taken[name], taken[unique] = n, max(1, taken[unique])
	return unique
}

// cleanName makes one line of a header's cell, without what cannot be seen, 256 bytes at most.
func cleanName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '\uFEFF' || isBidiMark(r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	s = strings.Join(strings.Fields(s), " ")
	for len(s) > 256 {
		_, n := utf8.DecodeLastRuneInString(s)
		s = s[:len(s)-n]
	}
	return s
}

// isBidiMark tells the invisible marks of writing direction, which stick to names, numbers and dates in copied text.
func isBidiMark(r rune) bool {
	return r == 0x200E || r == 0x200F || r == 0x061C || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}
