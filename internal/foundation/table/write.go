package table

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
)

// Type is the type of a column that is written.
type Type uint8

// The types, and the Go values that a Writer takes for them; nil is an empty cell of any type.
const (
	String Type = iota // string, []byte, or any value, as fmt prints it
	Int                // any integer
	Float              // any number; NaN and infinities are empty
	Bool               // bool
	Time               // time.Time, or int64 for Unix milliseconds; the zero time.Time is empty
	JSON               // json.RawMessage, []byte or string for JSON text; anything else is marshalled
)

// Column is a column that is written.
type Column struct {
	Name string
	Type Type
}

// Writer writes rows one after the other. It is for one goroutine.
type Writer interface {
	// Write adds a row with one value per column. The row is not kept.
	Write(row []any) error
	// Close finishes the file; it does not close what is written to.
	Close() error
	// Notes say, after Close, what of the content the format could not hold, in English; a workbook also has them on
	// a sheet of their own.
	Notes() []string
}

type writeOptions struct {
	zone     *time.Location
	bom      bool
	formulas bool
	sheet    string
	counted  func(rows int64)
}

// WriterOption changes how a file is written.
type WriterOption func(*writeOptions)

// WithBOM begins a CSV file with a byte order mark, without which Excel does not read it as UTF-8.
func WithBOM() WriterOption { return func(o *writeOptions) { o.bom = true } }

// WithFormulas leaves a CSV file's texts as they are, even those that a spreadsheet would run as formulas: for files that
// only programs read.
func WithFormulas() WriterOption { return func(o *writeOptions) { o.formulas = true } }

// WithZone sets the zone in which CSV, NDJSON (with their offset) and XLSX (as wall time) show times; UTC otherwise.
func WithZone(zone *time.Location) WriterOption {
	return func(o *writeOptions) {
		if zone != nil {
			o.zone = zone
		}
	}
}

// WithSheet names a workbook's sheet.
func WithSheet(name string) WriterOption { return func(o *writeOptions) { o.sheet = name } }

// WithCount has fn called after each row with how many were written.
func WithCount(fn func(rows int64)) WriterOption { return func(o *writeOptions) { o.counted = fn } }

// flushAt is how many bytes a text writer gathers before it writes them.
const flushAt = 64 << 10

// NewWriter begins a file. Column names are made unique and not empty.
func NewWriter(w io.Writer, format Format, columns []Column, opts ...WriterOption) (Writer, error) {
	o := writeOptions{zone: time.UTC, sheet: "Sheet1"}
	for _, opt := range opts {
		opt(&o)
	}
	if len(columns) == 0 || len(columns) > MaxColumns {
		return nil, fault.New(fault.Invalid, "table.NewWriter", "a table needs 1 to %d columns", MaxColumns)
	}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	cols := make([]Column, len(columns))
	for i, name := range columnNames(names, len(names)) {
		cols[i] = Column{name, columns[i].Type}
	}
	var out Writer
	var err error
	switch format {
	case CSV:
		out = newCSVWriter(w, cols, o)
	case NDJSON:
		out = newJSONWriter(w, cols, o)
	case XLSX:
		out, err = newSheetWriter(w, cols, o)
	case Parquet:
		out = newParquetWriter(w, cols)
	default:
		return nil, fault.Bad("table.NewWriter", fault.Field{Path: "format", Code: "unknown", Msg: "cannot write " + string(format)})
	}
	if err != nil {
		return nil, fault.Wrap("table.NewWriter", err)
	}
	return &checkedWriter{Writer: out, width: len(cols), counted: o.counted}, nil
}

// checkedWriter guards the writers from rows of a wrong width and from use after an error or Close.
type checkedWriter struct {
	Writer
	width   int
	rows    int64
	counted func(rows int64)
	err     error
	closed  bool
}

func (c *checkedWriter) Write(row []any) error {
	switch {
	case c.err != nil:
	case c.closed:
		c.err = fault.Wrap("table.Write", io.ErrClosedPipe)
	case len(row) != c.width:
		c.err = fault.Wrap("table.Write", fmt.Errorf("%d values for %d columns", len(row), c.width))
	default:
		c.err = fault.Wrap("table.Write", c.Writer.Write(row))
		if c.rows++; c.counted != nil && c.err == nil {
			c.counted(c.rows)
		}
	}
	return c.err
}

func (c *checkedWriter) Close() error {
	if c.closed {
		return c.err
	}
	c.closed = true
	if err := c.Writer.Close(); c.err == nil {
		c.err = fault.Wrap("table.Close", err)
	}
	return c.err
}

// cell is a value after its column's type: empty, or the field of that type.
type cell struct {
	empty bool
	text  string // String and JSON
	int   int64
	float float64
	bool  bool
	time  time.Time
}

func cellOf(v any, c Column) (cell, error) {
	if v == nil {
		return cell{empty: true}, nil
	}
	switch c.Type {
	case String:
		switch v := v.(type) {
		case string:
			return cell{text: v}, nil
		case []byte:
			return cell{text: string(v)}, nil
		}
		return cell{text: fmt.Sprint(v)}, nil
	case Int:
		if n, ok := asInt(v); ok {
			return cell{int: n}, nil
		}
	case Float:
		if f, ok := asFloat(v); ok {
			return cell{float: f, empty: math.IsNaN(f) || math.IsInf(f, 0)}, nil
		}
	case Bool:
		if b, ok := v.(bool); ok {
			return cell{bool: b}, nil
		}
	case Time:
		switch v := v.(type) {
		case time.Time:
			return cell{time: v, empty: v.IsZero()}, nil
		case int64:
			return cell{time: time.UnixMilli(v)}, nil
		}
	case JSON:
		switch v := v.(type) {
		case string:
			return cell{text: v, empty: v == ""}, nil
		case []byte:
			return cell{text: string(v), empty: len(v) == 0}, nil
		case json.RawMessage:
			return cell{text: string(v), empty: len(v) == 0}, nil
		}
		b, err := json.Marshal(v)
		return cell{text: string(b)}, err
	}
	return cell{}, fmt.Errorf("column %q cannot hold a %T", c.Name, v)
}

func asInt(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case int32:
		return int64(v), true
	case int16:
		return int64(v), true
	case int8:
		return int64(v), true
	case uint8:
		return int64(v), true
	case uint16:
		return int64(v), true
	case uint32:
		return int64(v), true
	case uint64:
		return int64(v), v <= math.MaxInt64
	case uint:
		return int64(v), uint64(v) <= math.MaxInt64
	}
	return 0, false
}

func asFloat(v any) (float64, bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case float32:
		return float64(v), true
	}
	n, ok := asInt(v)
	return float64(n), ok
}

// appendFloat writes a number in full, without an exponent unless it has more than 21 figures.
func appendFloat(b []byte, f float64) []byte {
	if a := math.Abs(f); a != 0 && (a < 1e-6 || a >= 1e21) {
		return strconv.AppendFloat(b, f, 'e', -1, 64)
	}
	return strconv.AppendFloat(b, f, 'f', -1, 64)
}

// appendTime writes RFC 3339, to the millisecond where the time has one.
func appendTime(b []byte, t time.Time, zone *time.Location) []byte {
	t = t.In(zone)
	if t.Nanosecond() >= 1e6 {
		return t.AppendFormat(b, "2006-01-02T15:04:05.000Z07:00")
	}
	return t.AppendFormat(b, time.RFC3339)
}

// Guard makes a text harmless in a spreadsheet: what it would run as a formula (= + - @ as the first sign, after whatever space, line
// feeds and signs that nobody sees; a tab or a carriage return first of all) gets an apostrophe before it, and so does a text of
// apostrophes followed by one of these, so that Unguard can always give back what was there. Plain numbers are left alone.
func Guard(s string) string {
	if !triggers(s) {
		return s
	}
	if r := s[0]; r != '\t' && r != '\r' {
		if n := strings.TrimLeftFunc(s, unseen); (n[0] == '-' || n[0] == '+') && plainAmount(n[1:]) {
			return s
		}
	}
	return "'" + s
}

// Unguard takes off the apostrophe that Guard, or another careful program, has put before a text.
func Unguard(s string) string {
	if len(s) > 1 && s[0] == '\'' && triggers(s) {
		return s[1:]
	}
	return s
}

func triggers(s string) bool {
	if s == "" || s[0] > '@' && s[0] < utf8.RuneSelf {
		return false // most texts
	}
	s = strings.TrimLeft(s, "'")
	if s == "" {
		return false
	}
	if s[0] == '\t' || s[0] == '\r' {
		return true
	}
	switch r, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(s, unseen)); r {
	case '=', '+', '-', '@':
		return true
	case '＝', '＋', '－', '＠': // their wide forms, which East Asian set-ups read alike
		return true
	}
	return false
}

// unseen tells the signs that programs may drop or pass over before they look at how a text begins.
func unseen(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Z, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// plainAmount tells digits with at most one decimal point between them.
func plainAmount(s string) bool {
	whole, fraction, has := strings.Cut(s, ".")
	return whole != "" && onlyDigits(whole) && onlyDigits(fraction) && (!has || fraction != "")
}
