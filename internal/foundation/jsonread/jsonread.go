// Package jsonread reads JSON field by field, for intakes: by hand, because reflection would be half of what receiving costs, and
// so that everything that is wrong with an object is told at once, by its path.
package jsonread

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"kolo/internal/foundation/fault"
)

// Reader reads one text at a time, for one goroutine at a time. Get one, and Put it back when nothing that Parse gave is in use.
type Reader struct {
	parser fastjson.Parser
	words  map[string]string // what came before: names and short values come again and again
	bad    []fault.Field
	large  bool // the parser has grown with a large text
}

var readers = sync.Pool{New: func() any { return &Reader{words: map[string]string{}} }}

// Get gives a reader that has found nothing wrong.
func Get() *Reader {
	r := readers.Get().(*Reader)
	r.bad = r.bad[:0]
	return r
}

// Put gives a reader back. One that has read a large text is let go: its parser keeps what it once needed.
func (r *Reader) Put() {
	if !r.large {
		readers.Put(r)
	}
}

const (
	maxLevels = 30      // far more than any intake needs
	maxValues = 500_000 // of one text: 100 for each row of the largest batch. The parser makes some 100 bytes of a value that is two
	keepText  = 1 << 20 // bytes of a text after which a parser is not used again
)

// Line is a line of NDJSON without the space around it and without the byte order mark that a file begins with, and so does a later line
// where files were joined: no JSON begins with one.
func Line(line []byte) []byte { return bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\ufeff"))) }

// Parse reads a text from outside, that is one JSON value in UTF-8 with at most 30 levels and 500,000 values; the error is
// fault.Invalid.
func (r *Reader) Parse(op string, raw []byte) (*fastjson.Value, error) {
	if !utf8.Valid(raw) {
		return nil, fault.Bad(op, fault.Field{Code: "encoding", Msg: "this is not valid UTF-8"})
	}
	switch levels, values := extent(raw); {
	case levels > maxLevels:
		return nil, fault.Bad(op, fault.Field{Code: "json", Msg: "this JSON is nested too deeply"})
	case values > maxValues:
		return nil, fault.Bad(op, fault.Field{Code: "too_many", Msg: fmt.Sprintf("this JSON has more than %d values; send it in several parts", maxValues)})
	}
	if err := fastjson.ValidateBytes(raw); err != nil {
		return nil, fault.Bad(op, syntax(raw, err))
	}
	r.large = r.large || len(raw) > keepText
	v, err := r.parser.ParseBytes(raw)
	if err != nil {
		return nil, fault.Bad(op, syntax(raw, err))
	}
	return v, nil
}

// ParseOwn reads a text that Kolo itself has written.
func (r *Reader) ParseOwn(text string) (*fastjson.Value, error) {
	r.large = r.large || len(text) > keepText
	return r.parser.Parse(text)
}

// JSON is a value as JSON again. The library's own writer escapes control characters as Go does, which JSON does not know.
func JSON(v *fastjson.Value) []byte {
	raw := v.MarshalTo(nil)
	if fastjson.ValidateBytes(raw) == nil {
		return raw
	}
	raw, err := json.Marshal(plain(v))
	if err != nil {
		panic(fmt.Sprintf("jsonread: %v", err)) // only texts, numbers as they were, lists and objects of them
	}
	return raw
}

func plain(v *fastjson.Value) any {
	switch v.Type() {
	case fastjson.TypeString:
		return string(v.GetStringBytes())
	case fastjson.TypeNumber:
		return json.Number(v.MarshalTo(nil))
	case fastjson.TypeArray:
		all := v.GetArray()
		out := make([]any, len(all))
		for i, x := range all {
			out[i] = plain(x)
		}
		return out
	case fastjson.TypeObject:
		out := map[string]any{}
		v.GetObject().Visit(func(key []byte, v *fastjson.Value) { out[string(key)] = plain(v) })
		return out
	case fastjson.TypeTrue, fastjson.TypeFalse:
		return v.GetBool()
	}
	return nil
}

// Bad is a copy of what was found wrong so far, nil for nothing; it is forgotten with that.
func (r *Reader) Bad() []fault.Field {
	if len(r.bad) == 0 {
		return nil
	}
	out := append([]fault.Field(nil), r.bad...)
	r.bad = r.bad[:0]
	return out
}

// extent is how many levels a text has, and how many values lie side by side in its objects and lists. It ends where either is
// too many: the validator's time would grow with the square of levels, the parser's memory with values.
func extent(raw []byte) (levels, values int) {
	depth, quoted := 0, false
	values = 1
	for i := 0; i < len(raw); i++ {
		switch raw[i] {
		case '"':
			quoted = !quoted
		case '\\':
			i++
		case '{', '[':
			if !quoted {
				depth++
				if levels = max(levels, depth); levels > maxLevels {
					return levels, values
				}
			}
		case '}', ']':
			if !quoted {
				depth--
			}
		case ',':
			if !quoted {
				if values++; values > maxValues {
					return levels, values
				}
			}
		}
	}
	return levels, values
}

// syntax says why a text is not one JSON value, as package json finds it.
func syntax(raw []byte, found error) fault.Field {
	f := fault.Field{Code: "json", Msg: "this is not JSON: " + found.Error()}
	dec := json.NewDecoder(bytes.NewReader(raw))
	var v any
	err := dec.Decode(&v)
	var at *json.SyntaxError
	switch {
	case errors.As(err, &at):
		f.Msg = fmt.Sprintf("this is not JSON: %s (at byte %d)", at, at.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.Msg = "the JSON ends early"
	case err == nil:
		if _, err := dec.Token(); err != io.EOF {
			f.Msg = "something follows the object; send several as an array or as NDJSON"
		}
	}
	return f
}

// Wrong notes that something is wrong at a path.
func (r *Reader) Wrong(path, code, format string, args ...any) {
	r.bad = append(r.bad, fault.Field{Path: path, Code: code, Msg: fmt.Sprintf(format, args...)})
}

// Mismatch says that a value is not of the type that a field has.
func (r *Reader) Mismatch(path string, v *fastjson.Value, want string) {
	names := map[fastjson.Type]string{fastjson.TypeNull: "null", fastjson.TypeObject: "an object", fastjson.TypeArray: "a list", fastjson.TypeString: "a text",
		fastjson.TypeNumber: "a number", fastjson.TypeTrue: "a truth value", fastjson.TypeFalse: "a truth value"}
	r.Wrong(path, "type", "%s is not %s", names[v.Type()], want)
}

// Object calls known for each member; known tells whether there is such a field. Null is an object without members. A member that comes
// twice is wrong: whichever of the two counted, the other would be lost without a word.
func (r *Reader) Object(path string, v *fastjson.Value, known func(name string, v *fastjson.Value) bool) {
	o, err := v.Object()
	if err != nil {
		if v.Type() != fastjson.TypeNull {
			r.Mismatch(strings.TrimSuffix(path, "."), v, "an object")
		}
		return
	}
	var names members
	o.Visit(func(key []byte, v *fastjson.Value) {
		name := r.Intern(key)
		if names.twice(name) {
			r.Wrong(path+Clip(name), "twice", "this field comes twice")
			return
		}
		if !known(name, v) {
			r.Wrong(path+Clip(name), "unknown", "there is no such field; facts of your own go into attributes")
		}
	})
}

// members are the names that an object has so far. Most objects are small, and no two of their names have the same bit, so that they are
// hardly ever compared, and nothing is allocated.
type members struct {
	bits  uint64
	n     int
	first [32]string
	more  map[string]bool
}

// twice takes in a name, and tells whether it was there already.
func (m *members) twice(name string) bool {
	bit := uint64(1)
	if n := len(name); n > 0 {
		bit = 1 << ((uint(n) + 7*uint(name[0]) + 13*uint(name[n-1]) + 29*uint(name[n/2])) % 64)
	}
	if m.bits&bit != 0 && (slices.Contains(m.first[:m.n], name) || m.more[name]) {
		return true
	}
	m.bits |= bit
	if m.n < len(m.first) {
		m.first[m.n] = name
		m.n++
		return false
	}
	if m.more == nil {
		m.more = map[string]bool{}
	}
	m.more[name] = true
	return false
}

// Clip shortens a text for a message.
func Clip(s string) string {
	if len(s) > 40 {
		return strings.ToValidUTF8(s[:40], "") + "…"
	}
	return s
}

// Intern gives a short text that came before without making it again.
func (r *Reader) Intern(b []byte) string {
	if s, ok := r.words[string(b)]; ok {
		return s
	}
	s := string(b)
	if len(s) <= 64 && len(r.words) < 2000 {
		r.words[s] = s
	}
	return s
}

func (r *Reader) bytes(path string, v *fastjson.Value) []byte {
	switch v.Type() {
	case fastjson.TypeString:
		b, _ := v.StringBytes()
		return b
	case fastjson.TypeNull:
	default:
		r.Mismatch(path, v, "a text")
	}
	return nil
}

// Text reads a text; null is "".
func (r *Reader) Text(path string, v *fastjson.Value) string { return string(r.bytes(path, v)) }

// Word is Text for what comes again and again.
func (r *Reader) Word(path string, v *fastjson.Value) string { return r.Intern(r.bytes(path, v)) }

// Number reads a finite number; null is missing.
func (r *Reader) Number(path string, v *fastjson.Value, missing float64) float64 {
	switch v.Type() {
	case fastjson.TypeNumber:
		if f, err := v.Float64(); err == nil && !math.IsInf(f, 0) {
			return f
		}
		r.Wrong(path, "range", "this number is too large")
	case fastjson.TypeNull:
	default:
		r.Mismatch(path, v, "a number")
	}
	return missing
}

// Time reads an instant (RFC 3339); null is nil.
func (r *Reader) Time(path string, v *fastjson.Value) *time.Time {
	s := r.bytes(path, v)
	if v.Type() != fastjson.TypeString {
		return nil
	}
	t, err := time.Parse(time.RFC3339, string(s))
	if err != nil {
		r.Wrong(path, "form", "a time has the form 2026-01-31T09:30:00Z (RFC 3339)")
		return nil
	}
	return &t
}

// List calls each for the elements of a list, and gives their number.
func (r *Reader) List(path string, v *fastjson.Value, each func(i int, v *fastjson.Value)) int {
	if v.Type() == fastjson.TypeNull {
		return 0
	}
	all, err := v.Array()
	if err != nil {
		r.Mismatch(path, v, "a list")
	}
	for i, v := range all {
		each(i, v)
	}
	return len(all)
}

// Texts reads an object of texts. Numbers and truth values become texts, nulls are left out.
func (r *Reader) Texts(path string, v *fastjson.Value) map[string]string {
	if v.Type() == fastjson.TypeNull {
		return nil
	}
	var out map[string]string
	r.Object(path+".", v, func(k string, v *fastjson.Value) bool {
		var s string
		switch v.Type() {
		case fastjson.TypeNull:
			return true
		case fastjson.TypeString:
			s = r.Word("", v)
		case fastjson.TypeObject, fastjson.TypeArray:
			r.Wrong(path+"."+Clip(k), "type", "a value is a text, a number or true or false")
			return true
		default:
			s = r.Intern(v.MarshalTo(nil))
		}
		if out == nil {
			out = make(map[string]string, 4)
		}
		out[k] = s
		return true
	})
	return out
}
