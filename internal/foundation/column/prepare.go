package column

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/id"
)

// prepare checks a batch against its table, makes its values uniform and settles which of its rows win.
func prepare(t Table, b Batch) (Load, error) {
	const op = "column.Append"
	load := Load{Table: t, Rows: make([][]any, 0, len(b.Rows))}
	ws := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == "workspace" })
	at := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == t.ID })
	removes := len(b.Remove) > 0
	width := len(t.Columns)
	for i, r := range b.Rows {
		if len(r.Values) != width {
			return load, fault.New(fault.Invalid, op, "%s: row %d has %d values for %d columns", t.Name, i, len(r.Values), width)
		}
		row := r.Values // copied only when something has to become something else: it is the caller's
		for j := range t.Columns {
			v := r.Values[j]
			if isCanon(&t.Columns[j], v) {
				continue
			}
			v, err := canon(&t.Columns[j], v)
			if err != nil {
				return load, fault.New(fault.Invalid, op, "%s.%s: row %d: %v", t.Name, t.Columns[j].Name, i, err)
			}
			if &row[0] == &r.Values[0] {
				row = slices.Clone(row)
			}
			row[j] = v
		}
		if row[ws] == "" {
			return load, fault.New(fault.Invalid, op, "%s: row %d has no workspace", t.Name, i)
		}
		removes = removes || r.Replace
		load.Rows = append(load.Rows, row)
	}
	if !removes {
		return load, nil
	}
	if at < 0 {
		return load, fault.New(fault.Invalid, op, "rows of %s have no id to be replaced by", t.Name)
	}
	key := func(row []any) Key {
		s, _ := row[at].(string)
		return Key{row[ws].(string), s}
	}
	// From the end: once a set that says Replace has been passed, what stands before it under its key has lost.
	gone := map[Key]bool{}
	for _, k := range b.Remove {
		if !id.Valid(k.Workspace) {
			return load, fault.New(fault.Invalid, op, "%s: %q is no workspace to remove rows of", t.Name, k.Workspace)
		}
		if !gone[k] {
			gone[k] = true
			load.Remove = append(load.Remove, k)
		}
	}
	settled := map[Key]bool{}
	kept := make([][]any, 0, len(load.Rows))
	for i := len(load.Rows) - 1; i >= 0; {
		k := key(load.Rows[i])
		first := i // of the set
		for t.Many && first > 0 && key(load.Rows[first-1]) == k {
			first--
		}
		replace := false
		for j := first; j <= i; j++ {
			replace = replace || b.Rows[j].Replace
		}
		if !settled[k] {
			for j := i; j >= first; j-- {
				kept = append(kept, load.Rows[j])
			}
		}
		if replace {
			settled[k] = true
			if !gone[k] {
				gone[k] = true
				load.Remove = append(load.Remove, k)
			}
		}
		i = first - 1
	}
	slices.Reverse(kept)
	load.Rows = kept
	return load, nil
}

// isCanon tells whether a value is what canon would make of it, as nearly all are.
func isCanon(c *Column, v any) bool {
	switch x := v.(type) {
	case nil:
		return c.Nullable
	case string:
		return c.Type == Text && utf8.ValidString(x)
	case int64:
		return c.Type == Int
	case float64:
		return c.Type == Float && !math.IsNaN(x) && !math.IsInf(x, 0)
	case int16:
		return c.Type == Small
	case Pairs:
		return c.Type == Texts && x.sorted() && x.valid()
	}
	return false
}

// canon turns a value into the one Go type that stands for its column's type.
func canon(c *Column, v any) (any, error) {
	switch x := v.(type) { // the common cases without reflection
	case nil:
		if !c.Nullable {
			if c.Type == Texts {
				return Pairs(nil), nil
			}
			return nil, fmt.Errorf("NULL is not allowed")
		}
		return nil, nil
	case string:
		switch c.Type {
		case Text:
			return clean(x), nil
		case UUID:
			return v, checkUUID(x)
		}
	case int64:
		if c.Type == Int {
			return v, nil
		}
	case float64:
		if c.Type == Float {
			if math.IsNaN(x) || math.IsInf(x, 0) {
				if c.Nullable {
					return nil, nil
				}
				return nil, fmt.Errorf("%v is not a finite number", x)
			}
			return v, nil
		}
	case int16:
		if c.Type == Small {
			return v, nil
		}
	case bool:
		if c.Type == Small {
			if x {
				return int16(1), nil
			}
			return int16(0), nil
		}
	case map[string]string:
		if c.Type == Texts {
			return PairsOf(x).clean(), nil
		}
	case Pairs:
		if c.Type == Texts {
			return slices.Clone(x).Sort().clean(), nil
		}
	}
	return canonSlow(c, v)
}

func canonSlow(c *Column, v any) (any, error) {
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.Pointer {
		if rv.IsNil() {
			return canon(c, nil)
		}
		return canon(c, rv.Elem().Interface())
	}
	switch {
	case (c.Type == Text || c.Type == UUID) && rv.Kind() == reflect.String: // typed ids
		return canon(c, rv.String())
	case c.Type == Float && rv.CanFloat():
		return canon(c, rv.Float())
	case c.Type == Small && rv.Kind() == reflect.Bool:
		return canon(c, rv.Bool())
	case c.Type == Texts && rv.CanConvert(reflect.TypeFor[map[string]string]()):
		return canon(c, rv.Convert(reflect.TypeFor[map[string]string]()).Interface())
	case rv.CanInt() || rv.CanUint():
		var n int64
		if rv.CanInt() {
			n = rv.Int()
		} else if u := rv.Uint(); u <= math.MaxInt64 {
			n = int64(u)
		} else {
			return nil, fmt.Errorf("%d does not fit", u)
		}
		switch {
		case c.Type == Int:
			return n, nil
		case c.Type == Small && n == int64(int16(n)):
			return int16(n), nil
		case c.Type == Float && n == int64(float64(n)):
			return float64(n), nil
		}
		return nil, fmt.Errorf("%d does not fit", n)
	}
	return nil, fmt.Errorf("a %T does not fit", v)
}

// NoUUID is what stands for "" where an engine's UUIDs cannot be empty.
const NoUUID = "00000000-0000-0000-0000-000000000000"

// checkUUID refuses what would not come back as it was given.
func checkUUID(s string) error {
	if s != "" && !id.Valid(s) || s == NoUUID {
		return fmt.Errorf("%q is not the id of anything", s)
	}
	return nil
}

// clean replaces what is not UTF-8, which both engines would refuse or garble.
func clean(s string) string { return strings.ToValidUTF8(s, "�") }

func (p Pairs) valid() bool {
	for i := range p {
		if !utf8.ValidString(p[i].Name) || !utf8.ValidString(p[i].Text) {
			return false
		}
	}
	return true
}

// clean makes pairs valid in their own place; names that become one are one.
func (p Pairs) clean() Pairs {
	if p.valid() {
		return p
	}
	for i := range p {
		p[i] = Pair{clean(p[i].Name), clean(p[i].Text)}
	}
	return p.Sort()
}
