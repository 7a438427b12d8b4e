// Package vectortest loads the reference vectors of the statistics and compares results with them by the rule
// |got-want| <= abs + rel*|want|. Only tests import it.
//
// The vectors are the files of stat/testdata, which others computed, and those of stat/testdata/more, which a second
// implementation in plain Python (testdata/more/reference.py) did. KOLO_VECTORS names a folder with other files of the same
// formats to be run in their place.
package vectortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Tolerance is a file's or a case's allowance.
type Tolerance struct {
	Abs *float64 `json:"abs"`
	Rel float64  `json:"rel"`
}

func (t Tolerance) abs() float64 {
	if t.Abs == nil {
		return 1e-8
	}
	return *t.Abs
}

// Case is one reference computation.
type Case struct {
	ID        string          `json:"id"`
	Input     json.RawMessage `json:"input"`
	Expected  json.RawMessage `json:"expected"`
	Tolerance *Tolerance      `json:"tolerance"`
}

// File is a vector file.
type File struct {
	Name      string    `json:"name"`
	Tolerance Tolerance `json:"tolerance"`
	Cases     []Case    `json:"cases"`
}

// folders are where vectors lie, seen from the package stat itself or from one below it.
func folders() []string {
	if other := os.Getenv("KOLO_VECTORS"); other != "" {
		return []string{other}
	}
	own := "testdata"
	if _, err := os.Stat(own); err != nil {
		own = filepath.Join("..", own)
	}
	return []string{own, filepath.Join(own, "more")}
}

// Read gives the bytes of a vector file. Without it in KOLO_VECTORS the test is skipped.
func Read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(folders()[0], name+".json"))
	switch {
	case err == nil:
		return b
	case os.IsNotExist(err) && os.Getenv("KOLO_VECTORS") != "":
		t.Skipf("no %s among the other vectors", name)
	}
	t.Fatal(err)
	return nil
}

// Load reads the cases of a method from all folders.
func Load(t testing.TB, name string) File {
	t.Helper()
	var f File
	if err := json.Unmarshal(Read(t, name), &f); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	for _, dir := range folders()[1:] {
		b, err := os.ReadFile(filepath.Join(dir, name+".json"))
		if err != nil {
			continue // nothing was added to this method
		}
		var more File
		if err := json.Unmarshal(b, &more); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f.Cases = append(f.Cases, more.Cases...)
	}
	if len(f.Cases) == 0 {
		t.Fatalf("%s: no cases", name)
	}
	return f
}

// Each runs a subtest per case and checks what run returns against the expectation: every expected field must be there, so
// that a vector cannot go half tested.
func (f File) Each(t *testing.T, run func(t *testing.T, c Case) any) {
	t.Helper()
	for _, c := range f.Cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			tol := f.Tolerance
			if c.Tolerance != nil {
				tol = *c.Tolerance
			}
			var want any
			if err := json.Unmarshal(c.Expected, &want); err != nil {
				t.Fatal(err)
			}
			Compare(t, "", run(t, c), want, tol)
		})
	}
}

// Case finds a case by its id.
func (f File) Case(t testing.TB, id string) Case {
	t.Helper()
	for _, c := range f.Cases {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("%s: no case %s", f.Name, id)
	return Case{}
}

// Decode reads a JSON value into a new T. Where T has a list and the value is a scalar, it is taken for a list of one, as the
// files may have it; a number where T has a string becomes its text.
func Decode[T any](t testing.TB, raw json.RawMessage) T {
	t.Helper()
	var v, again T
	if len(raw) == 0 || json.Unmarshal(raw, &v) == nil {
		return v
	}
	var loose any
	if err := json.Unmarshal(raw, &loose); err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(fit(loose, reflect.TypeFor[T]()))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	return again
}

func fit(v any, to reflect.Type) any {
	if to.Implements(reflect.TypeFor[json.Unmarshaler]()) || reflect.PointerTo(to).Implements(reflect.TypeFor[json.Unmarshaler]()) {
		return v
	}
	switch to.Kind() {
	case reflect.Pointer:
		return fit(v, to.Elem())
	case reflect.Slice, reflect.Array:
		list, ok := v.([]any)
		if v == nil {
			return v
		}
		if !ok {
			list = []any{v}
		}
		for i := range list {
			list[i] = fit(list[i], to.Elem())
		}
		return list
	case reflect.Map:
		if m, ok := v.(map[string]any); ok {
			for k := range m {
				m[k] = fit(m[k], to.Elem())
			}
		}
	case reflect.Struct:
		if m, ok := v.(map[string]any); ok {
			for i := range to.NumField() {
				f := to.Field(i)
				if f.Anonymous {
					fit(m, f.Type)
					continue
				}
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if name == "" {
					name = f.Name
				}
				for k := range m {
					if strings.EqualFold(k, name) {
						m[k] = fit(m[k], f.Type)
					}
				}
			}
		}
	case reflect.String:
		if x, ok := v.(float64); ok {
			return fmt.Sprint(x)
		}
	}
	return v
}

// Keys gives the keys of a JSON object in the order of the file; nil for anything else.
func Keys(t testing.TB, raw json.RawMessage) []string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	var out []string
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, key.(string))
		var skip json.RawMessage
		if err := d.Decode(&skip); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Level is the confidence level of an input, 95 % where it names none.
func Level(given float64) float64 {
	if given == 0 {
		return 0.95
	}
	return given
}

// Undefined is a result that the data do not define; the file has null in its place.
type Undefined struct{ Err error }

// Maybe is a result, or Undefined where there is an error.
func Maybe[T any](v T, err error) any {
	if err != nil {
		return Undefined{err}
	}
	return v
}

// Within is a result for which the file states a tolerance of its own in words.
type Within struct {
	Got      any
	Abs, Rel float64
}

// Compare walks want and requires got to agree. A got map may have more keys than want, never fewer; an array of one
// may have been written as a scalar.
func Compare(t testing.TB, path string, got, want any, tol Tolerance) {
	t.Helper()
	if own, ok := got.(Within); ok {
		Compare(t, path, own.Got, want, Tolerance{Abs: &own.Abs, Rel: own.Rel})
		return
	}
	if u, ok := got.(Undefined); ok {
		if want != nil {
			t.Errorf("%s: undefined (%v), want %v", path, u.Err, want)
		}
		return
	}
	g := reflect.ValueOf(got)
	for g.Kind() == reflect.Pointer && !g.IsNil() {
		g = g.Elem()
	}
	missing := !g.IsValid() || g.Kind() == reflect.Pointer
	if want == nil || missing {
		if want != nil || !missing {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
		return
	}
	list := g.Kind() == reflect.Slice || g.Kind() == reflect.Array
	switch w := want.(type) {
	case map[string]any:
		if g.Kind() != reflect.Map {
			t.Fatalf("%s: got %T, want an object", path, got)
		}
		for k, v := range w {
			e := g.MapIndex(reflect.ValueOf(k))
			if !e.IsValid() {
				t.Errorf("%s.%s: not computed", path, k)
				continue
			}
			Compare(t, path+"."+k, e.Interface(), v, tol)
		}
	case []any:
		if !list && len(w) == 1 {
			Compare(t, path, got, w[0], tol)
			return
		}
		if !list {
			t.Fatalf("%s: got %T, want an array", path, got)
		}
		if g.Len() != len(w) {
			t.Fatalf("%s: got %d values %v, want %d %v", path, g.Len(), got, len(w), w)
		}
		for i, v := range w {
			Compare(t, fmt.Sprintf("%s[%d]", path, i), g.Index(i).Interface(), v, tol)
		}
	default:
		if list && g.Len() == 1 {
			Compare(t, path, g.Index(0).Interface(), want, tol)
			return
		}
		number, isNumber := want.(float64)
		if !isNumber {
			if fmt.Sprint(g.Interface()) != fmt.Sprint(want) {
				t.Errorf("%s: got %v, want %v", path, got, want)
			}
			return
		}
		x, ok := asNumber(g)
		if !ok || !(math.Abs(x-number) <= tol.abs()+tol.Rel*math.Abs(number)) {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

func asNumber(r reflect.Value) (float64, bool) {
	switch {
	case r.CanFloat():
		return r.Float(), true
	case r.CanInt():
		return float64(r.Int()), true
	case r.CanUint():
		return float64(r.Uint()), true
	}
	return 0, false
}

// OK unwraps a result that must exist: OK[T](t)(f()).
func OK[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
