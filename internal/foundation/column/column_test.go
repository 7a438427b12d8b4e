package column

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
)

func TestColumnOf(t *testing.T) {
	t.Parallel()
	for key, name := range map[string]string{
		"plan": "a_plan", "plan_type": "a_plan__type", "Plan": "a__50lan", "a b": "a_a_20b", "ж": "a__d0_b6", "x'; drop": "a_x_27_3b_20drop",
	} {
		if got := ColumnOf(key); got != name {
			t.Errorf("ColumnOf(%q) = %s, not %s", key, got, name)
		}
	}
	for _, name := range []string{"a_", "plan", "a_x_", "a_x_2", "a_x_zz", "extra_k", ""} {
		if key, ok := KeyOf(name); ok {
			t.Errorf("KeyOf(%q) = %q", name, key)
		}
	}
}

func FuzzColumnOf(f *testing.F) {
	for _, key := range []string{"plan", "A_b", "план", "a__20", "_", "\xff", ""} {
		f.Add(key)
	}
	plain := regexp.MustCompile(`^a_[a-z0-9_]*$`)
	f.Fuzz(func(t *testing.T, key string) {
		name := ColumnOf(key)
		if !plain.MatchString(name) {
			t.Fatalf("%q needs quotes", name)
		}
		if got, ok := KeyOf(name); key != "" && (!ok || got != key) {
			t.Fatalf("%q became %q, and that %q", key, name, got)
		}
	})
}

func TestExpand(t *testing.T) {
	t.Parallel()
	type ID string
	for _, c := range []struct {
		sql  string
		args []any
		want string
		flat []any
	}{
		{"a = $1 AND b = $2 AND c = $1", []any{1, "x"}, "a = $1 AND b = $2 AND c = $1", []any{int64(1), "x"}},
		{"a IN ($2) AND b = $1", []any{true, []ID{"p", "q"}}, "a IN ($1, $2) AND b = $3", []any{"p", "q", int64(1)}},
		{"a IN ($1) OR b IN ($1)", []any{[]int{7, 8}}, "a IN ($1, $2) OR b IN ($1, $2)", []any{int64(7), int64(8)}},
		{"a IN ($1)", []any{[]string(nil)}, "a IN (NULL)", []any{}},
		{"'$1' \"$1\" `$1` -- $1\n/* $1 */ $1 'it''s $1'", []any{nil}, "'$1' \"$1\" `$1` -- $1\n/* $1 */ $1 'it''s $1'", []any{nil}},
		{"$11$1", []any{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10.5}, "$1$2", []any{10.5, int64(0)}},
		{"'open $1", nil, "'open $1", []any{}},
	} {
		got, flat, err := Expand(c.sql, c.args)
		if err != nil || got != c.want || !reflect.DeepEqual(flat, c.flat) {
			t.Errorf("%s\n got %s %v (%v)\nwant %s %v", c.sql, got, flat, err, c.want, c.flat)
		}
	}
}

func FuzzSubstitute(f *testing.F) {
	f.Add("a = $1 AND 'it''s $1' -- $1")
	f.Add("/* $1 */ \"$1\" $1")
	f.Fuzz(func(t *testing.T, sql string) {
		got, err := Substitute(sql, func(n int) (string, error) { return fmt.Sprintf("$%d", n), nil })
		if err == nil && len(got) > len(sql) || err == nil && !strings.Contains(sql, "$0") && got != sql {
			t.Fatalf("%q became %q", sql, got)
		}
	})
}

func TestPrepareRefusesNullKeys(t *testing.T) {
	t.Parallel()
	const workspace = "0190a000-0000-7000-8000-000000000001"
	table := Table{Name: "x", Columns: []Column{{Name: "workspace", Type: UUID}, {Name: "n", Type: Int, Nullable: true}}, Key: []string{"workspace"}}
	for _, b := range []Batch{
		{Table: "x", Rows: []Row{{Values: []any{workspace, 1}, Replace: true}}},
		{Table: "x", Remove: []Key{{workspace, "1"}}},
	} {
		if _, err := prepare(table, b); !fault.Is(err, fault.Invalid) {
			t.Errorf("a table without ids: %v", err)
		}
	}
}

func TestReservedNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"at", "left", "order", "a_plan", "A", "", "_batch"} {
		table := Table{Name: "x", Columns: []Column{{Name: "workspace", Type: UUID}, {Name: name, Type: Int}}, Key: []string{"workspace"}}
		if err := table.validate(); !fault.Is(err, fault.Invalid) {
			t.Errorf("a column named %q: %v", name, err)
		}
	}
}

func TestQuote(t *testing.T) {
	t.Parallel()
	for engine, want := range map[EngineName]string{DuckDB: `'it''s \ '`, ClickHouse: `'it\'s \\ '`} {
		if got := (Dialect{Engine: engine}).Quote(`it's \ `); got != want {
			t.Errorf("%s: %s", engine, got)
		}
	}
}
