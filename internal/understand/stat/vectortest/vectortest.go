// Package vectortest loads the reference vectors of the statistics and compares results with them by the rule
// |got-want| <= abs + rel*|want|. Only tests import it.
package vectortest

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
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

// Read gives the bytes of a vector file of stat/testdata, from the package stat itself or from one below it.
func Read(t testing.TB, name string) []byte {
	t.Helper()
	for _, dir := range []string{"testdata", filepath.Join("..", "testdata")} {
		if b, err := os.ReadFile(filepath.Join(dir, name+".json")); err == nil {
			return b
		}
	}
	t.Fatalf("no vector file %s", name)
	return nil
}

// Load reads a vector file.
func Load(t testing.TB, name string) File {
	t.Helper()
	var f File
	if err := json.Unmarshal(Read(t, name), &f); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(f.Cases) == 0 {
		t.Fatalf("%s: no cases", name)
	}
	return f
}

// Each runs a subtest per case whose id keep accepts (nil: all) and checks what run returns against the expectation:
// every expected field must be there, so that a vector cannot go half tested.
func (f File) Each(t *testing.T, keep func(id string) bool, run func(t *testing.T, c Case) any) {
	t.Helper()
	ran := 0
	for _, c := range f.Cases {
		if keep != nil && !keep(c.ID) {
			continue
		}
		ran++
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
	if ran == 0 {
		t.Fatalf("%s: no case was run", f.Name)
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

// Decode reads a JSON value into a new T.
func Decode[T any](t testing.TB, raw json.RawMessage) T {
	t.Helper()
	var v T
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// Skip as a got value accepts any expectation: for notes, and for Monte-Carlo fields that a test checks on its own.
type Skip struct{}

// Compare walks want and requires got to agree. A got map may have more keys than want, never fewer; an array of one
// may have been written as a scalar.
func Compare(t testing.TB, path string, got, want any, tol Tolerance) {
	t.Helper()
	if _, ok := got.(Skip); ok {
		return
	}
	if want == nil {
		if f, ok := number(got); got != nil && !(ok && math.IsNaN(f)) {
			t.Errorf("%s: got %v, want undefined", path, got)
		}
		return
	}
	if got == nil {
		t.Errorf("%s: got undefined, want %v", path, want)
		return
	}
	g := reflect.Indirect(reflect.ValueOf(got))
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
		if g.Kind() != reflect.Slice && g.Kind() != reflect.Array {
			t.Fatalf("%s: got %T, want an array", path, got)
		}
		if g.Len() != len(w) {
			t.Fatalf("%s: got %d values %v, want %d %v", path, g.Len(), got, len(w), w)
		}
		for i, v := range w {
			Compare(t, fmt.Sprintf("%s[%d]", path, i), g.Index(i).Interface(), v, tol)
		}
	case float64:
		if (g.Kind() == reflect.Slice || g.Kind() == reflect.Array) && g.Len() == 1 {
			Compare(t, path, g.Index(0).Interface(), want, tol)
			return
		}
		f, ok := number(got)
		if !ok || !(math.Abs(f-w) <= tol.abs()+tol.Rel*math.Abs(w)) {
			t.Errorf("%s: got %v, want %v", path, got, w)
		}
	default:
		if g.Kind() == reflect.Slice && g.Len() == 1 {
			Compare(t, path, g.Index(0).Interface(), want, tol)
			return
		}
		if fmt.Sprint(g.Interface()) != fmt.Sprint(want) {
			t.Errorf("%s: got %v, want %v", path, got, want)
		}
	}
}

func number(v any) (float64, bool) {
	r := reflect.ValueOf(v)
	switch {
	case !r.IsValid():
		return 0, false
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
