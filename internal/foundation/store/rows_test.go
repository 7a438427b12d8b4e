package store

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"reflect"
	"testing"
)

func openLite(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), Options{URL: filepath.Join(t.TempDir(), "kolo.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	if err := db.Update(t.Context(), func(tx *Tx) error {
		_, err := tx.Exec("CREATE TABLE r (id INTEGER PRIMARY KEY, v, s TEXT)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return db
}

// TestPackedRowsKeepEveryValue: what goes in packed is what goes in by itself, of every type.
func TestPackedRowsKeepEveryValue(t *testing.T) {
	db := openLite(t)
	type name string
	seven := int64(7)
	values := []any{nil, 0, -1, int64(math.MinInt64), int64(math.MaxInt64), int32(5), true, false, 0.1, -math.MaxFloat64, math.Inf(1), math.NaN(),
		"", "text", "a\x00b", "שלום", "\xff broken", name("named"), bytes.Repeat([]byte("x"), 3<<20), []byte{}, []byte(nil), []byte{0, 1, 255}, &seven, (*int64)(nil)}
	if err := db.Update(t.Context(), func(tx *Tx) error {
		var rows [][]any
		for i, v := range values {
			rows = append(rows, []any{i, v, "packed"})
			if _, err := tx.Exec("INSERT INTO r (id, v, s) VALUES ($1, $2, 'alone')", 1000+i, v); err != nil {
				return err
			}
		}
		n, err := tx.InsertMany("test", "r", []string{"id", "v", "s"}, rows, "")
		if err == nil && n != int64(len(values)) {
			err = fmt.Errorf("%d of %d", n, len(values))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	err := db.View(t.Context(), func(tx *Tx) error {
		different, err := All(tx, Value[int64], `SELECT a.id FROM r a JOIN r b ON b.id = a.id + 1000
			WHERE a.v IS NOT b.v OR typeof(a.v) <> typeof(b.v) OR a.s <> 'packed'`)
		for _, i := range different {
			t.Errorf("%T %v is kept otherwise when it is packed", values[i], values[i])
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestInsertManyOfAnyNumber: each row is there once, in its order, and those that stand in the way count for nothing.
func TestInsertManyOfAnyNumber(t *testing.T) {
	db := openLite(t)
	for _, n := range []int{0, 1, packedRows - 1, packedRows, packedRows + 1, 3*packedRows + 7} {
		if err := db.Update(t.Context(), func(tx *Tx) error {
			if _, err := tx.Exec("DELETE FROM r"); err != nil {
				return err
			}
			rows := make([][]any, n)
			for i := range rows {
				rows[i] = []any{i, i * i, fmt.Sprint("s", i)}
			}
			in, err := tx.InsertMany("test", "r", []string{"id", "v", "s"}, rows, "")
			if err != nil || in != int64(n) {
				return fmt.Errorf("%d of %d: %w", in, n, err)
			}
			if in, err = tx.InsertMany("test", "r", []string{"id", "v", "s"}, append(rows, []any{n, 0, "new"}), "ON CONFLICT DO NOTHING"); err != nil || in != 1 {
				return fmt.Errorf("%d new of %d: %w", in, n, err)
			}
			if in, err = tx.InsertMany("test", "r", []string{"id", "v", "s"}, rows, "ON CONFLICT (id) DO UPDATE SET s = 'again'"); err != nil || in != int64(n) {
				return fmt.Errorf("%d changed of %d: %w", in, n, err)
			}
			wrong, err := One(tx, Value[int64], "SELECT count(*) FROM r WHERE id < $1 AND (v <> id * id OR s <> 'again')", n)
			if err != nil || wrong != 0 {
				return fmt.Errorf("%d are wrong: %w", wrong, err)
			}
			return nil
		}); err != nil {
			t.Fatal(n, err)
		}
	}
}

// TestAFailedInsertCannotBeCommitted, whatever becomes of its error: SQLite does not undo such a statement by itself.
func TestAFailedInsertCannotBeCommitted(t *testing.T) {
	db := openLite(t)
	err := db.Update(t.Context(), func(tx *Tx) error {
		if _, err := tx.InsertMany("test", "r", []string{"id"}, [][]any{{1}, {2}, {1}, {3}}, ""); !errors.Is(err, ErrExists) {
			t.Errorf("%v", err)
		}
		return nil // forgotten
	})
	if !errors.Is(err, ErrExists) {
		t.Errorf("committed: %v", err)
	}
	for name, rows := range map[string][][]any{"a value of no kind": {{1, struct{}{}}}, "a row too short": {{1, 2}, {3}}} {
		if err := db.Update(t.Context(), func(tx *Tx) error {
			_, err := tx.InsertMany("test", "r", []string{"id", "v"}, rows, "")
			return err
		}); err == nil {
			t.Errorf("%s is kept", name)
		}
	}
	_ = db.View(t.Context(), func(tx *Tx) error {
		if n, err := One(tx, Value[int64], "SELECT count(*) FROM r"); n != 0 || err != nil {
			t.Errorf("%d rows are there, %v", n, err)
		}
		return nil
	})
}

// TestPackedRowsThatAreSpoiltAreRefused: each end of a packed list, and each byte of it changed, gives an error or rows, never a read beyond it.
func TestPackedRowsThatAreSpoiltAreRefused(t *testing.T) {
	db := openLite(t)
	whole, err := packRows(nil, 3, [][]any{{1, "two", 3.0}, {[]byte("4"), nil, "six"}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(packed []byte) (rows [][3]any, err error) {
		err = db.View(t.Context(), func(tx *Tx) (err error) {
			rows, err = All(tx, func(s Scanner) (r [3]any, err error) { return r, s.Scan(&r[0], &r[1], &r[2]) }, "SELECT c0, c1, c2 FROM packed_rows($1)", packed)
			return err
		})
		return rows, err
	}
	rows, err := ask(whole)
	if want := [][3]any{{int64(1), "two", 3.0}, {[]byte("4"), nil, "six"}}; err != nil || !reflect.DeepEqual(rows, want) {
		t.Fatalf("%v, %v", rows, err)
	}
	for n := 1; n < len(whole); n++ {
		if rows, err := ask(whole[:n]); err == nil && len(rows) > 1 {
			t.Errorf("%d bytes of %d give %v", n, len(whole), rows)
		}
	}
	for i := range whole {
		for _, b := range []byte{0, 3, 64, 255} {
			spoilt := bytes.Clone(whole)
			spoilt[i] = b
			_, _ = ask(spoilt)
		}
	}
	if _, err := ask(nil); err != nil {
		t.Errorf("nothing: %v", err)
	}
	if err := db.View(t.Context(), func(tx *Tx) error {
		_, err := All(tx, Value[any], "SELECT c0 FROM packed_rows")
		return err
	}); err == nil {
		t.Error("without rows there is something")
	}
}
