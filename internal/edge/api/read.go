package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"kolo/internal/foundation/fault"
)

// strict reads a body, and refuses fields that do not exist or come twice: one that is silently ignored gives a wrong answer.
func strict[T any](raw []byte) (T, error) {
	var v T
	if path, is := twice(raw); is {
		return v, fault.Bad("api.decode", comesTwice(path))
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&v); err != nil {
		return v, fault.Bad("api.decode", malformed(raw, reflect.TypeFor[T](), err))
	}
	return v, nil
}

// format reads and writes JSON for huma.
var format = huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: func(raw []byte, v any) error {
	if path, is := twice(raw); is {
		return unread(comesTwice(path))
	}
	err := json.Unmarshal(raw, v)
	if err != nil {
		err = unread(malformed(raw, reflect.TypeOf(v).Elem(), err))
	}
	return err
}}

func comesTwice(path string) fault.Field {
	return fault.Field{Path: path, Code: "twice", Msg: "this field comes twice"}
}

// deepest is how deep values are looked into for fields that come twice: far deeper than any body that is understood, and so little that a body
// of brackets alone costs nothing.
const deepest = 100

// twice finds the first field that an object in a body has already, of which package json would take the last. What is not JSON has none.
func twice(raw []byte) (path string, is bool) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var value func(at string, depth int) bool
	value = func(at string, depth int) bool {
		token, err := d.Token()
		if err != nil || depth > deepest {
			return false
		}
		switch token {
		case json.Delim('{'):
			names := map[string]bool{}
			for d.More() {
				key, err := d.Token()
				name, ok := key.(string)
				if err != nil || !ok {
					return false
				}
				of := strings.TrimPrefix(at+"."+name, ".")
				if names[name] {
					path, is = of, true
					return false
				}
				if names[name] = true; !value(of, depth+1) {
					return false
				}
			}
		case json.Delim('['):
			for i := 0; d.More(); i++ {
				if !value(at+"["+strconv.Itoa(i)+"]", depth+1) {
					return false
				}
			}
		default:
			return true
		}
		_, err = d.Token() // the end of it
		return err == nil
	}
	value("", 0)
	return path, is
}

// unread is why a body cannot be read, on its way through huma, which keeps of an error its text alone.
type unread fault.Field

const unreadMark = "unread: "

func (u unread) Error() string {
	b, _ := json.Marshal(u) // three texts
	return unreadMark + string(b)
}

// unreadOf is the field of an unread error by its text.
func unreadOf(text string) (f fault.Field, ok bool) {
	rest, ok := strings.CutPrefix(text, unreadMark)
	return f, ok && json.Unmarshal([]byte(rest), &f) == nil
}

// malformed says why a body of a type cannot be read, and of which field that is true.
func malformed(raw []byte, t reflect.Type, err error) fault.Field {
	var wrong *json.UnmarshalTypeError
	var syntax *json.SyntaxError
	f := fault.Field{Code: "json", Msg: "this is not JSON"}
	switch {
	case errors.As(err, &wrong):
		path := strings.ReplaceAll(wrong.Field, ".[", "[")
		if at, found := locate(raw, t); found != nil {
			path, wrong = at, found
		}
		f = fault.Field{Path: path, Code: "type", Msg: expected(wrong)}
	case errors.As(err, &syntax):
		f.Msg = fmt.Sprintf("this is not JSON: %s (at byte %d)", syntax, syntax.Offset)
	case strings.Contains(err.Error(), "unknown field"):
		_, name, _ := strings.Cut(err.Error(), "unknown field ")
		name = strings.Trim(name, `"`)
		f = fault.Field{Path: name, Code: "unknown", Msg: "there is no such field"}
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		f.Msg = "the JSON ends early"
	case strings.HasPrefix(err.Error(), "parsing time"), strings.HasPrefix(err.Error(), "Time.UnmarshalJSON"):
		f = fault.Field{Path: "time", Code: "form", Msg: "a time has the form 2026-01-31T09:30:00Z (RFC 3339)"}
	default:
		f.Msg = err.Error()
	}
	return f
}

// locate finds the first value in a body that is of another type than its place, with its path: package json names no element of a list. The
// error is nil where there is none.
func locate(raw []byte, t reflect.Type) (path string, wrong *json.UnmarshalTypeError) {
	if err := json.Unmarshal(raw, reflect.New(t).Interface()); !errors.As(err, &wrong) {
		return "", nil
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	own := strings.ReplaceAll(wrong.Field, ".[", "[")
	if reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return own, wrong // it reads in its own way, and says where
	}
	try := func(part string, raw []byte, t reflect.Type) bool {
		at, found := locate(raw, t)
		if found == nil {
			return false
		}
		if at != "" && at[0] != '[' && part != "" {
			part += "."
		}
		path, wrong = part+at, found
		return true
	}
	var list []json.RawMessage
	var object map[string]json.RawMessage
	switch {
	case t.Kind() == reflect.Slice && json.Unmarshal(raw, &list) == nil:
		for i, e := range list {
			if try("["+strconv.Itoa(i)+"]", e, t.Elem()) {
				return path, wrong
			}
		}
	case t.Kind() == reflect.Map && json.Unmarshal(raw, &object) == nil:
		for _, k := range slices.Sorted(maps.Keys(object)) {
			if try(k, object[k], t.Elem()) {
				return path, wrong
			}
		}
	case t.Kind() == reflect.Struct && json.Unmarshal(raw, &object) == nil:
		for _, f := range reflect.VisibleFields(t) {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if value, ok := object[name]; ok && name != "" && try(name, value, f.Type) {
				return path, wrong
			}
		}
	}
	return own, wrong
}

// words are the names of types for people who write JSON: those of package json, and those of huma.
var words = map[string]string{"string": "a text", "number": "a number", "integer": "a whole number", "array": "a list", "object": "an object", "bool": "true or false", "boolean": "true or false", "null": "null"}

// expected says in plain words which type is expected instead of another.
func expected(wrong *json.UnmarshalTypeError) string {
	t := wrong.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	want := "object"
	switch t.Kind() {
	case reflect.String:
		want = "string"
	case reflect.Float32, reflect.Float64:
		want = "number"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		want = "integer"
	case reflect.Slice, reflect.Array:
		want = "array"
	case reflect.Bool:
		want = "bool"
	}
	got, ok := words[wrong.Value]
	if number, is := strings.CutPrefix(wrong.Value, "number "); is { // one that does not fit
		got, ok = number, true
	}
	if !ok {
		got = wrong.Value
	}
	return words[want] + " is expected here, not " + got
}

// plainly says what huma has found in plain words, where it is about the type of a value, or how large it is.
func plainly(f *fault.Field) {
	what, expects := strings.CutPrefix(f.Msg, "expected ")
	if !expects {
		return
	}
	if want, ok := words[what]; ok {
		f.Code, f.Msg = "type", want+" is expected here"
	}
	for _, x := range []struct{ theirs, ours, code string }{
		{"number >= ", "a number of at least %s is expected here", "range"}, {"number <= ", "a number of at most %s is expected here", "range"},
		{"number > ", "a number above %s is expected here", "range"}, {"number < ", "a number below %s is expected here", "range"},
		{"length >= ", "this is too short: it has %s characters at least", "too_short"}, {"length <= ", "this is too long: it has %s characters at most", "too_long"},
		{"array length >= ", "these are too few: %s at least", "too_few"}, {"array length <= ", "these are too many: %s at most", "too_many"},
	} {
		if limit, ok := strings.CutPrefix(what, x.theirs); ok {
			f.Code, f.Msg = x.code, fmt.Sprintf(x.ours, limit)
			return
		}
	}
}
