package column

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"os"
	"reflect"
	"strconv"

	"kolo/internal/foundation/fault"
)

// Rows is an answer, read row by row. Whatever the engine, a value is nil, int64, float64 or string: whole numbers that
// fit 64 bits are int64, conditions 0 or 1, and a float that is not a number is nil.
type Rows struct {
	ctx  context.Context
	cur  Cursor
	cols []string
	vals []any
	err  error
}

// Columns names the columns of the answer.
func (r *Rows) Columns() []string { return r.cols }

// Next goes to the next row; false at the end or after a failure, which Err tells.
func (r *Rows) Next() bool {
	if r.err != nil {
		return false
	}
	vals := make([]any, len(r.cols)) // a row of its own: callers keep them
	ok, err := r.cur.Next(vals)
	if err != nil {
		r.err = fault.Wrap("column.Query", because(r.ctx, err))
		return false
	}
	if !ok {
		return false
	}
	for i, v := range vals {
		if vals[i], err = uniform(v); err != nil {
			r.err = fault.Wrap("column.Query", fmt.Errorf("column %s: %w", r.cols[i], err))
			return false
		}
	}
	r.vals = vals
	return true
}

// Values is the present row.
func (r *Rows) Values() []any { return r.vals }

// Scan copies the present row to pointers of string, int, int64, float64, bool, any, a type made of those, or a pointer
// to one (left nil for NULL).
func (r *Rows) Scan(dest ...any) error {
	if len(dest) != len(r.vals) {
		return fault.Wrap("column.Scan", fmt.Errorf("%d places for %d columns", len(dest), len(r.vals)))
	}
	for i, d := range dest {
		if err := assign(reflect.ValueOf(d).Elem(), r.vals[i]); err != nil {
			return fault.Wrap("column.Scan", fmt.Errorf("column %s: %w", r.cols[i], err))
		}
	}
	return nil
}

// Err is what ended the rows early, if anything did.
func (r *Rows) Err() error { return r.err }

// Close lets go of the answer; needed unless Next returned false, harmless then.
func (r *Rows) Close() error { return r.cur.Close() }

// because says that a context ended when that is why work failed: the engines each say it in their own words, and a
// connection may notice the deadline a moment before the context does.
func because(ctx context.Context, err error) error {
	if err == nil || ctx.Err() == nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	cause := ctx.Err()
	if cause == nil {
		if _, ok := ctx.Deadline(); !ok {
			return err
		}
		cause = context.DeadlineExceeded
	}
	return fmt.Errorf("%w: %v", cause, err)
}

func uniform(v any) (any, error) {
	switch x := v.(type) {
	case nil, int64, string:
		return v, nil
	case float64:
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return nil, nil
		}
		return v, nil
	case *big.Int: // DuckDB's sums
		if x.IsInt64() {
			return x.Int64(), nil
		}
		f, _ := new(big.Float).SetInt(x).Float64()
		return f, nil
	case []byte:
		return string(x), nil
	case interface{ Float64() float64 }: // DuckDB's decimals
		return uniform(x.Float64())
	}
	rv := reflect.ValueOf(v)
	switch {
	case rv.Kind() == reflect.Pointer:
		if rv.IsNil() {
			return nil, nil
		}
		return uniform(rv.Elem().Interface())
	case rv.Kind() == reflect.Bool:
		if rv.Bool() {
			return int64(1), nil
		}
		return int64(0), nil
	case rv.CanInt():
		return rv.Int(), nil
	case rv.CanUint():
		if u := rv.Uint(); u > math.MaxInt64 {
			return float64(u), nil
		}
		return int64(rv.Uint()), nil
	case rv.CanFloat():
		return uniform(rv.Float())
	case rv.Kind() == reflect.String:
		return rv.String(), nil
	}
	return nil, fmt.Errorf("a %T is not a value", v)
}

func assign(dest reflect.Value, v any) error {
	if v == nil {
		if k := dest.Kind(); k != reflect.Pointer && k != reflect.Interface {
			return fmt.Errorf("NULL for a %s", dest.Type())
		}
		dest.SetZero()
		return nil
	}
	switch dest.Kind() {
	case reflect.Interface:
		dest.Set(reflect.ValueOf(v))
		return nil
	case reflect.Pointer:
		p := reflect.New(dest.Type().Elem())
		if err := assign(p.Elem(), v); err != nil {
			return err
		}
		dest.Set(p)
		return nil
	}
	switch x := v.(type) {
	case int64:
		switch {
		case dest.CanInt() && !dest.OverflowInt(x):
			dest.SetInt(x)
			return nil
		case dest.CanFloat():
			dest.SetFloat(float64(x))
			return nil
		case dest.Kind() == reflect.Bool:
			dest.SetBool(x != 0)
			return nil
		case dest.Kind() == reflect.String:
			dest.SetString(strconv.FormatInt(x, 10))
			return nil
		}
	case float64:
		switch {
		case dest.CanFloat():
			dest.SetFloat(x)
			return nil
		case dest.CanInt() && x == math.Trunc(x) && math.Abs(x) < 1<<53 && !dest.OverflowInt(int64(x)):
			dest.SetInt(int64(x))
			return nil
		}
	case string:
		if dest.Kind() == reflect.String {
			dest.SetString(x)
			return nil
		}
	}
	return fmt.Errorf("a %T for a %s", v, dest.Type())
}
