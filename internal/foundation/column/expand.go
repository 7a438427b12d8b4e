package column

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"kolo/internal/foundation/fault"
)

// Expand flattens list arguments: each $n whose argument is a slice becomes "$a, $b, ..." (NULL when it is empty, which
// nothing is IN), and every argument becomes a string, int64, float64 or nil. Quoted text, quoted names and comments are
// left alone.
func Expand(sql string, args []any) (string, []any, error) {
	flat := make([]any, 0, len(args))
	places := make([]string, len(args)) // what stands for $n
	text, err := Substitute(sql, func(n int) (string, error) {
		if n > len(args) {
			return "", fault.New(fault.Internal, "column.Query", "no argument for $%d", n)
		}
		if places[n-1] != "" {
			return places[n-1], nil
		}
		add := func(v any) (string, error) {
			v, err := argument(v)
			flat = append(flat, v)
			return "$" + strconv.Itoa(len(flat)), err
		}
		rv := reflect.ValueOf(args[n-1])
		if rv.Kind() != reflect.Slice {
			p, err := add(args[n-1])
			places[n-1] = p
			return p, err
		}
		list := make([]string, rv.Len())
		for i := range list {
			var err error
			if list[i], err = add(rv.Index(i).Interface()); err != nil {
				return "", err
			}
		}
		places[n-1] = strings.Join(list, ", ")
		if len(list) == 0 {
			places[n-1] = "NULL"
		}
		return places[n-1], nil
	})
	return text, flat, err
}

// Substitute copies a SQL text and replaces each $n outside quotes and comments by what put says.
func Substitute(sql string, put func(n int) (string, error)) (string, error) {
	var b strings.Builder
	b.Grow(len(sql) + 64)
	for i := 0; i < len(sql); {
		c := sql[i]
		end := i + 1
		switch {
		case c == '\'' || c == '"' || c == '`':
			end = skipTo(sql, i+1, string(c)) // a doubled quote is two quoted texts in a row
		case strings.HasPrefix(sql[i:], "--"):
			end = skipTo(sql, i+2, "\n")
		case strings.HasPrefix(sql[i:], "/*"):
			end = skipTo(sql, i+2, "*/")
		case c == '$':
			for end < len(sql) && sql[end] >= '0' && sql[end] <= '9' {
				end++
			}
			n, err := strconv.Atoi(sql[i+1 : end])
			if err != nil || n < 1 {
				return "", fault.New(fault.Internal, "column.Query", "a $ without a number at %d", i)
			}
			s, err := put(n)
			if err != nil {
				return "", err
			}
			b.WriteString(s)
			i = end
			continue
		}
		b.WriteString(sql[i:end])
		i = end
	}
	return b.String(), nil
}

func skipTo(s string, from int, mark string) int {
	if i := strings.Index(s[from:], mark); i >= 0 {
		return from + i + len(mark)
	}
	return len(s)
}

// argument makes one query argument uniform.
func argument(v any) (any, error) {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer && !rv.IsNil() {
		rv = rv.Elem()
	}
	switch {
	case !rv.IsValid() || rv.Kind() == reflect.Pointer:
		return nil, nil
	case rv.Kind() == reflect.String:
		return clean(rv.String()), nil
	case rv.Kind() == reflect.Bool:
		if rv.Bool() {
			return int64(1), nil
		}
		return int64(0), nil
	case rv.CanInt():
		return rv.Int(), nil
	case rv.CanUint() && rv.Uint() <= math.MaxInt64:
		return int64(rv.Uint()), nil
	case rv.CanFloat() && !math.IsNaN(rv.Float()) && !math.IsInf(rv.Float(), 0):
		return rv.Float(), nil
	}
	return nil, fault.Wrap("column.Query", fmt.Errorf("%v (%T) cannot be an argument", v, v))
}
