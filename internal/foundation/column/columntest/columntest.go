// Package columntest is the suite that every engine of the columnar store passes.
package columntest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
)

// Said is a table of every type, much like the one that feedback has; Said.Row fills it.
var Said = column.Table{
	Name: "said",
	Columns: []column.Column{
		{Name: "workspace", Type: column.UUID},
		{Name: "id", Type: column.Text},
		{Name: "said_at", Type: column.Int},
		{Name: "words", Type: column.Text, Nullable: true},
		{Name: "score", Type: column.Small, Nullable: true},
		{Name: "weight", Type: column.Float, Nullable: true},
		{Name: "cents", Type: column.Int, Nullable: true},
		{Name: "kind", Type: column.Text},
		{Name: "extra", Type: column.Texts},
	},
	Key:   []string{"workspace", "said_at", "id"},
	ID:    "id",
	Extra: "extra",
}

// Labels is a table of which several rows share an id.
var Labels = column.Table{
	Name: "labels",
	Columns: []column.Column{
		{Name: "workspace", Type: column.UUID},
		{Name: "said", Type: column.Text},
		{Name: "label", Type: column.Text},
	},
	Key:  []string{"workspace", "said"},
	ID:   "said",
	Many: true,
}

// W and V are workspaces.
var W, V = Workspace("w"), Workspace("v")

// Workspace makes the id of a workspace of a name of one to six letters; ids are in the order of names of one length.
func Workspace(name string) string { return fmt.Sprintf("0190a000-0000-7000-8000-%012x", name) }

// Row is a row of Said.
func Row(workspace, id string, at int64, words any, score any, extra map[string]string) column.Row {
	return column.Row{Values: []any{workspace, id, at, words, score, nil, nil, "review", extra}}
}

func label(workspace, said, label string) column.Row {
	return column.Row{Values: []any{workspace, said, label}, Replace: true}
}

// Run runs the suite. open gives each test an empty store and closes it when the test ends.
func Run(t *testing.T, open func(t *testing.T) *column.DB) { run(t, open, testReaders) }

// RunOnShards is Run for tables that are spread over nodes, whose parts of a batch a reader may see one after the other.
func RunOnShards(t *testing.T, open func(t *testing.T) *column.DB) {
	run(t, open, func(t *testing.T, db *column.DB) { readers(t, db, 1) })
}

func run(t *testing.T, open func(t *testing.T) *column.DB, testReaders func(t *testing.T, db *column.DB)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, db *column.DB)
	}{
		{"RoundTrip", testRoundTrip},
		{"Refused", testRefused},
		{"Watermark", testWatermark},
		{"Parts", testParts},
		{"Replace", testReplace},
		{"Many", testMany},
		{"Purge", testPurge},
		{"Promote", testPromote},
		{"Reset", testReset},
		{"Workspaces", testWorkspaces},
		{"Arguments", testArguments},
		{"Questions", testQuestions},
		{"Fragments", testFragments},
		{"Scan", testScan},
		{"EnsureAgain", testEnsureAgain},
		{"Readers", testReaders},
		{"Feeders", testFeeders},
		{"Cancel", testCancel},
		{"About", testAbout},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			db := open(t)
			if err := db.Ensure(context.Background(), Said, Labels); err != nil {
				t.Fatal(err)
			}
			c.test(t, db)
		})
	}
}

func appended(t *testing.T, db *column.DB, from, to int64, batches ...column.Batch) {
	t.Helper()
	if err := db.Append(t.Context(), "s", from, to, batches...); err != nil {
		t.Fatal(err)
	}
}

func said(rows ...column.Row) column.Batch { return column.Batch{Table: "said", Rows: rows} }

// want asks and compares the whole answer.
func want(t *testing.T, db *column.DB, rows [][]any, sql string, args ...any) {
	t.Helper()
	got, err := db.All(t.Context(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	if !reflect.DeepEqual(got, rows) {
		t.Fatalf("%s\n got %#v\nwant %#v", sql, got, rows)
	}
}

func testRoundTrip(t *testing.T, db *column.DB) {
	long := strings.Repeat("ארוך ", 20_000)
	rows := [][]any{
		{W, "1", int64(1), "שלום עולם", int64(10), 0.1, int64(math.MaxInt64), "review", "value"},
		{W, "2", int64(-2), "سلام، چطوری؟", int64(-32768), -1e300, int64(math.MinInt64), "", nil},
		{W, "3", int64(3), "", nil, nil, nil, "é\u0301'\"\\\n\t\x00end", "ünï \"quoted\" \\ \x01 אב"},
		{W, "4", int64(9007199254740993), nil, int64(0), 5e-324, int64(0), "🙂", ""},
		{W, "5", int64(5), long, int64(1), float64(3), int64(7), "привет", "x"},
	}
	var batch column.Batch
	batch.Table = "said"
	for _, r := range rows {
		extra := map[string]string{"other": "o"}
		if r[8] != nil {
			extra["k"] = r[8].(string)
		}
		vals := append(append([]any{}, r[:8]...), extra)
		if n, ok := r[4].(int64); ok {
			vals[4] = int(n)
		}
		batch.Rows = append(batch.Rows, column.Row{Values: vals})
	}
	appended(t, db, 0, 1, batch)
	want(t, db, rows, "SELECT workspace, id, said_at, words, score, weight, cents, kind, "+db.Dialect().Extra("said", "k")+" FROM said ORDER BY id")

	// What is not UTF-8 or not a number is made so; typed texts, pointers and flags are taken.
	type ID string
	x, words, none := Workspace("x"), "p", (*string)(nil)
	appended(t, db, 1, 2, said(
		column.Row{Values: []any{ID(x), "6", 6, &words, true, math.NaN(), uint32(8), "a\xffb", nil}},
		column.Row{Values: []any{x, "7", int32(7), none, false, float32(0.5), nil, "", map[string]string{"k": "\xfe"}}},
	))
	want(t, db, [][]any{
		{"6", "p", int64(1), nil, int64(8), "a\uFFFDb", nil},
		{"7", nil, int64(0), 0.5, nil, "", "\uFFFD"},
	}, "SELECT id, words, score, weight, cents, kind, "+db.Dialect().Extra("said", "k")+" FROM said WHERE workspace = $1 ORDER BY id", x)
}

func testRefused(t *testing.T, db *column.DB) {
	good := Row(W, "1", 1, "a", 1, nil)
	for name, batch := range map[string]column.Batch{
		"too few values":     said(column.Row{Values: []any{W, "2"}}),
		"NULL":               said(column.Row{Values: []any{nil, "2", 1, nil, nil, nil, nil, "k", nil}}),
		"no workspace":       said(Row("", "2", 1, "a", 1, nil)),
		"no UUID":            said(Row("w", "2", 1, "a", 1, nil)),
		"no plain UUID":      said(Row(strings.ToUpper(Workspace("jjj")), "2", 1, "a", 1, nil)),
		"none's UUID":        said(Row(column.NoUUID, "2", 1, "a", 1, nil)),
		"no UUID, removed":   {Table: "said", Remove: []column.Key{{Workspace: "w", ID: "1"}}},
		"too large":          said(Row(W, "2", 1, "a", 40_000, nil)),
		"a number as a text": said(Row(W, "2", 1, 5, 1, nil)),
		"a text as a number": said(column.Row{Values: []any{W, "2", "1", nil, nil, nil, nil, "k", nil}}),
	} {
		batch.Rows = append([]column.Row{good}, batch.Rows...)
		if err := db.Append(t.Context(), "s", 0, 1, batch); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := db.Append(t.Context(), "s", 0, 1, column.Batch{Table: "said", Remove: []column.Key{{Workspace: "w", ID: "1"}}}); !fault.Is(err, fault.Invalid) {
		t.Errorf("rows of no workspace were removed: %v", err)
	}
	if err := db.Append(t.Context(), "s", 5, 5, said(good)); !fault.Is(err, fault.Invalid) {
		t.Errorf("a batch that leads nowhere: %v", err)
	}
	if err := db.Append(t.Context(), "s", 0, 1, column.Batch{Table: "nowhere", Rows: []column.Row{good}}); err == nil {
		t.Error("a table that was not ensured")
	}
	want(t, db, [][]any{{int64(0)}}, "SELECT count(*) FROM said")
	if m, err := db.Watermark(t.Context(), "s"); m != 0 || err != nil {
		t.Fatal(m, err)
	}
}

func testWatermark(t *testing.T, db *column.DB) {
	ctx := t.Context()
	appended(t, db, 0, 10, said(Row(W, "1", 1, "a", 1, nil)))
	if err := db.Append(ctx, "s", 0, 10, said(Row(W, "1", 1, "a", 1, nil))); !errors.Is(err, column.ErrStale) || !fault.Is(err, fault.Conflict) {
		t.Fatalf("a replay was not refused: %v", err)
	}
	if err := db.Append(ctx, "s", 11, 12, said(Row(W, "9", 1, "a", 1, nil))); !errors.Is(err, column.ErrStale) {
		t.Fatalf("a gap was not refused: %v", err)
	}
	appended(t, db, 10, 25) // nothing to write, but to be remembered
	if err := db.Append(ctx, "other", 0, 3, said(Row(W, "2", 2, "b", 2, nil))); err != nil {
		t.Fatal(err)
	}
	for stream, m := range map[string]int64{"s": 25, "other": 3, "it's": 0} {
		if got, err := db.Watermark(ctx, stream); got != m || err != nil {
			t.Errorf("watermark of %s = %d, %v", stream, got, err)
		}
	}
	want(t, db, [][]any{{"1"}, {"2"}}, "SELECT id FROM said ORDER BY id")
}

// testParts: what comes in parts is there as if each had been appended alone, wherever the engine ends a step; what fails on the way
// leaves nothing of the step.
func testParts(t *testing.T, db *column.DB) {
	ctx := t.Context()
	again := func(r column.Row) column.Row { r.Replace = true; return r }
	late := said(again(Row(W, "2", 2, "newer", 2, nil)), Row(W, "4", 4, "d", 4, map[string]string{"plan": "gold"}))
	late.Remove = []column.Key{{Workspace: W, ID: "1"}, {Workspace: W, ID: "3"}}
	parts := []column.Part{
		{To: 1, Batches: []column.Batch{said(Row(W, "1", 1, "a", 1, nil), Row(W, "2", 2, "b", 2, nil), Row(W, "3", 3, "c", 3, nil))}},
		{To: 5, Batches: []column.Batch{late}},
		{To: 6}, // nothing to write, but to be remembered
		{To: 9, Batches: []column.Batch{said(Row(W, "1", 1, "back", 1, nil)), {Table: "labels", Rows: []column.Row{label(W, "1", "x")}}}},
	}
	broken := errors.New("broken")
	at := int64(0)
	// feed appends what follows the watermark, but for what is behind the part that fails.
	feed := func(fails int) error {
		var rest []column.Part
		for i, p := range parts {
			if p.To > at && (fails == 0 || i < fails) {
				rest = append(rest, p)
			}
		}
		n := 0
		to, err := db.AppendParts(ctx, "s", at, rest[0], func(context.Context) (column.Part, error) {
			if n++; n < len(rest) {
				return rest[n], nil
			}
			if fails > 0 {
				return column.Part{}, broken
			}
			return column.Part{}, nil
		})
		if err == nil {
			at = to
		}
		if got, err := db.Watermark(ctx, "s"); got != at || err != nil {
			t.Fatalf("the watermark is %d and not %d, %v", got, at, err)
		}
		return err
	}
	one := db.Dialect().Engine == column.ClickHouse // takes one part at a time, and asks for no more
	if err := feed(2); one != (err == nil) || !one && !errors.Is(err, broken) {
		t.Fatal(err)
	}
	if !one {
		want(t, db, [][]any{{int64(0)}}, "SELECT count(*) FROM said")
	}
	for at < 9 {
		before := at
		if err := feed(0); err != nil || at <= before {
			t.Fatal(at, err)
		}
	}
	if _, err := db.AppendParts(ctx, "s", 5, parts[3], nil); !errors.Is(err, column.ErrStale) {
		t.Fatalf("a replay was not refused: %v", err)
	}
	want(t, db, [][]any{{"1", "back", nil}, {"2", "newer", nil}, {"4", "d", "gold"}}, "SELECT id, words, "+db.Dialect().Extra("said", "plan")+" FROM said ORDER BY id")
	want(t, db, [][]any{{"x"}}, "SELECT label FROM labels")
	// A part that leads backwards is refused, with what came before it in its step.
	to, err := db.AppendParts(ctx, "s", 9, column.Part{To: 12, Batches: []column.Batch{said(Row(W, "5", 5, "e", 5, nil))}},
		func(context.Context) (column.Part, error) { return column.Part{To: 11}, nil })
	if one && (to != 12 || err != nil) || !one && !fault.Is(err, fault.Invalid) {
		t.Fatal(to, err)
	}
}

func testReplace(t *testing.T, db *column.DB) {
	again := func(r column.Row) column.Row { r.Replace = true; return r }
	appended(t, db, 0, 1, said(Row(W, "1", 1, "old", 1, nil), Row(W, "2", 2, "stays", 2, nil), Row(V, "1", 1, "another's", 3, nil), Row(W, "5", 5, "goes", 5, nil)))
	b := said(
		again(Row(W, "1", 1, "newer", 4, nil)),
		Row(W, "3", 3, "first of two", 5, nil),
		again(Row(W, "1", 1, "newest", 6, nil)),
		again(Row(W, "3", 3, "second of two", 7, nil)),
		again(Row(W, "4", 4, "was never there", 8, nil)),
	)
	b.Remove = []column.Key{{Workspace: W, ID: "5"}, {Workspace: W, ID: "it's not there"}}
	appended(t, db, 1, 2, b)
	want(t, db, [][]any{
		{V, "1", "another's"}, {W, "1", "newest"}, {W, "2", "stays"}, {W, "3", "second of two"}, {W, "4", "was never there"},
	}, "SELECT workspace, id, words FROM said ORDER BY workspace, id")

	// Many at once, as after a change of the model.
	big := Workspace("big")
	var first, second []column.Row
	for i := range 3000 {
		first = append(first, Row(big, fmt.Sprintf("%06d", i), int64(i), "one", 1, nil))
		second = append(second, again(Row(big, fmt.Sprintf("%06d", i), int64(i), "two", 2, nil)))
	}
	appended(t, db, 2, 3, said(first...))
	appended(t, db, 3, 4, said(second[:2000]...))
	want(t, db, [][]any{{"one", int64(1000)}, {"two", int64(2000)}}, "SELECT words, count(*) FROM said WHERE workspace = $1 GROUP BY words ORDER BY words", big)
}

func testMany(t *testing.T, db *column.DB) {
	batch := func(rows ...column.Row) column.Batch { return column.Batch{Table: "labels", Rows: rows} }
	appended(t, db, 0, 1, batch(label(W, "1", "price"), label(W, "1", "speed"), label(W, "2", "price"), label(V, "1", "staff")),
		said(Row(W, "1", 1, "a", 1, nil)))
	appended(t, db, 1, 2, batch(label(W, "1", "late"), label(W, "2", "x"), label(W, "1", "staff"), label(W, "1", "queue")))
	want(t, db, [][]any{{V, "1", "staff"}, {W, "1", "queue"}, {W, "1", "staff"}, {W, "2", "x"}},
		"SELECT workspace, said, label FROM labels ORDER BY workspace, said, label")
	b := batch()
	b.Remove = []column.Key{{Workspace: W, ID: "1"}, {Workspace: W, ID: "1"}}
	appended(t, db, 2, 3, b)
	want(t, db, [][]any{{V, "1"}, {W, "2"}}, "SELECT workspace, said FROM labels ORDER BY workspace")
}

func testPurge(t *testing.T, db *column.DB) {
	appended(t, db, 0, 1, said(Row(W, "1", 1, "mine", 1, nil), Row(W, "2", 2, "yours", 2, nil), Row(V, "1", 1, "theirs", 3, nil), Row(W, "o'3", 2, "odd", 2, map[string]string{"plan": "x"})),
		column.Batch{Table: "labels", Rows: []column.Row{label(W, "1", "a"), label(W, "1", "b"), label(W, "2", "a")}})
	var many []column.Key // a longer list than engines like in a text
	for i := range 10_000 {
		many = append(many, column.Key{Workspace: W, ID: fmt.Sprintf("00000000-0000-7000-8000-%012d", i)})
	}
	appended(t, db, 1, 2, column.Batch{Table: "said", Remove: many})
	want(t, db, [][]any{{int64(4)}}, "SELECT count(*) FROM said")
	if err := db.Promote(t.Context(), "said", "plan"); err != nil {
		t.Fatal(err)
	}
	gone := []column.Key{{Workspace: W, ID: "1"}, {Workspace: W, ID: "o'3"}, {Workspace: W, ID: "never was"}}
	for n := range int64(2) { // the second finds nothing, and that is fine
		appended(t, db, 2+n, 3+n, column.Batch{Table: "said", Remove: gone}, column.Batch{Table: "labels", Remove: gone})
		if err := db.Purge(t.Context(), "said", "labels"); err != nil {
			t.Fatal(err)
		}
	}
	want(t, db, [][]any{{V, "theirs"}, {W, "yours"}}, "SELECT workspace, words FROM said ORDER BY workspace")
	want(t, db, [][]any{{"2", "a"}}, "SELECT said, label FROM labels")
	appended(t, db, 4, 5, said(Row(W, "1", 1, "back", 1, map[string]string{"plan": "y"})))
	want(t, db, [][]any{{"1", nil}, {"1", "y"}, {"2", nil}}, "SELECT id, "+db.Dialect().Extra("said", "plan")+" FROM said ORDER BY id, words DESC")
}

var oddKeys = []string{"plan", "plan_type", "Plan", "план", "a b", "x'; drop", `q"uo\te`, "a/b~c", "$.plan", "0", "שם", "🙂", "*", "a_", "nul\x00byte"}

func testPromote(t *testing.T, db *column.DB) {
	ctx := t.Context()
	extra := func(n int) map[string]string {
		m := map[string]string{"never": "x"}
		for i, k := range oddKeys {
			if (n+i)%3 > 0 {
				m[k] = fmt.Sprintf("v%d of %s", n, k)
			}
		}
		return m
	}
	rows := func(from, to int) (rows []column.Row) {
		for n := from; n < to; n++ {
			rows = append(rows, Row(W, fmt.Sprintf("%02d", n), int64(n), nil, nil, extra(n)))
		}
		return rows
	}
	appended(t, db, 0, 1, said(rows(0, 6)...))
	ask := func(key string, n int) {
		t.Helper()
		var answer [][]any
		for i := range n {
			if v, ok := extra(i)[key]; ok {
				answer = append(answer, []any{fmt.Sprintf("%02d", i), v})
			} else {
				answer = append(answer, []any{fmt.Sprintf("%02d", i), nil})
			}
		}
		want(t, db, answer, "SELECT id, "+db.Dialect().Extra("said", key)+" FROM said ORDER BY id")
	}
	for _, k := range oddKeys {
		ask(k, 6)
	}
	for _, k := range oddKeys {
		for range 2 {
			if err := db.Promote(ctx, "said", k); err != nil {
				t.Fatalf("%q: %v", k, err)
			}
		}
		if got := db.Dialect().Extra("said", k); got != column.ColumnOf(k) {
			t.Fatalf("%q is asked as %s", k, got)
		}
	}
	appended(t, db, 1, 2, said(rows(6, 9)...))
	for _, k := range oddKeys {
		ask(k, 9)
	}
	got, err := db.Promoted(ctx, "said")
	if err != nil || len(got) != len(oddKeys) {
		t.Fatalf("promoted: %q, %v", got, err)
	}
	for _, k := range []string{"", "\xff", strings.Repeat("я", 100)} {
		if err := db.Promote(ctx, "said", k); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", k, err)
		}
	}
	if err := db.Promote(ctx, "labels", "plan"); !fault.Is(err, fault.Invalid) {
		t.Errorf("a table without a catch-all: %v", err)
	}
	want(t, db, [][]any{{nil, int64(3)}, {"present", int64(6)}},
		"SELECT p, count(*) FROM (SELECT CASE WHEN "+db.Dialect().Extra("said", "plan")+" IS NULL THEN NULL ELSE 'present' END AS p FROM said) x GROUP BY p ORDER BY count(*)")
}

func testReset(t *testing.T, db *column.DB) {
	rows := said(Row(W, "1", 1, "a", 1, map[string]string{"plan": "x"}), Row(W, "2", 2, "b", 2, nil))
	appended(t, db, 0, 7, rows, column.Batch{Table: "labels", Rows: []column.Row{label(W, "1", "a")}})
	if err := db.Append(t.Context(), "other", 0, 3); err != nil {
		t.Fatal(err)
	}
	if err := db.Promote(t.Context(), "said", "plan"); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := db.Reset(t.Context(), "s", "said"); err != nil {
			t.Fatal(err)
		}
		want(t, db, [][]any{{int64(0)}}, "SELECT count(*) FROM said")
	}
	want(t, db, [][]any{{int64(1)}}, "SELECT count(*) FROM labels")
	if m, err := db.Watermark(t.Context(), "other"); m != 3 || err != nil {
		t.Fatal(m, err)
	}
	if err := db.Append(t.Context(), "s", 7, 8, rows); !errors.Is(err, column.ErrStale) {
		t.Fatalf("a feeder that did not notice: %v", err)
	}
	appended(t, db, 0, 7, rows)
	want(t, db, [][]any{{"1", "x"}, {"2", nil}}, "SELECT id, "+db.Dialect().Extra("said", "plan")+" FROM said ORDER BY id")
}

func testWorkspaces(t *testing.T, db *column.DB) {
	a, b := Workspace("a"), Workspace("b")
	appended(t, db, 0, 1, said(Row(a, "1", 1, "of a", 9, nil), Row(b, "1", 1, "of b", 1, nil), Row(b, "2", 2, "of b", 2, nil)))
	r := Row(b, "1", 1, "new of b", 1, nil)
	r.Replace = true
	appended(t, db, 1, 2, said(r))
	appended(t, db, 2, 3, column.Batch{Table: "said", Remove: []column.Key{{Workspace: b, ID: "2"}}})
	want(t, db, [][]any{{"1", "of a"}}, "SELECT id, words FROM said WHERE workspace = $1", a)
	want(t, db, [][]any{{"1", "new of b"}}, "SELECT id, words FROM said WHERE workspace = $1", b)
}

func testArguments(t *testing.T, db *column.DB) {
	nasty := "it's \\ a \"$1\" `test`;\n-- \x00 ?"
	appended(t, db, 0, 1, said(Row(W, "1", 1, nasty, 1, nil), Row(W, "2", -5, "plain", 2, nil), Row(W, "3", math.MaxInt64, nil, 3, nil), Row(W, "4", math.MinInt64, "x", nil, nil)))
	type ID string
	ids := func(rows ...string) (all [][]any) {
		for _, r := range rows {
			all = append(all, []any{r})
		}
		return all
	}
	for _, c := range []struct {
		where string
		args  []any
		rows  [][]any
	}{
		{"words = $1", []any{nasty}, ids("1")},
		{"words = $2 AND workspace = $1 AND words = $2", []any{W, "plain"}, ids("2")},
		{"id = $1", []any{ID("2")}, ids("2")},
		{"said_at = $1", []any{int64(math.MaxInt64)}, ids("3")},
		{"said_at = $1", []any{int64(math.MinInt64)}, ids("4")},
		{"said_at = 0 - 5 AND said_at -$1 = 0", []any{-5}, ids("2")},
		{"score > $1", []any{1.5}, ids("2", "3")},
		{"score * $1 = 3", []any{1.5}, ids("2")},
		{"(score = 1) = $1 AND score < 3", []any{true}, ids("1")},
		{"score IN ($1)", []any{[]int{1, 3}}, ids("1", "3")},
		{"said_at IN ($1) OR words IN ($2)", []any{[]int64{-5}, []string{nasty}}, ids("1", "2")},
		{"id IN ($1) AND workspace = $2", []any{[]ID{"1", "4", "9"}, W}, ids("1", "4")},
		{"id IN ($1)", []any{[]string{}}, nil},
		{"(words IS NULL OR words NOT IN ($1))", []any{[]string{"plain", "x"}}, ids("1", "3")},
		{"coalesce(words, $1) = $1", []any{"missing"}, ids("3")},
		{"$1 = '$2 '' \"$3' OR id = '1' /* $4 */ -- $5", []any{"x"}, ids("1")},
		{"said_at BETWEEN $1 AND $2", []any{-10, 10}, ids("1", "2")},
		{"words LIKE $1", []any{"pl%"}, ids("2")},
	} {
		want(t, db, c.rows, "SELECT id FROM said WHERE "+c.where+"\nORDER BY id", c.args...)
	}
	for _, sql := range []string{"SELECT $2", "SELECT $x", "SELECT $0", "SELECT $"} {
		if _, err := db.Query(t.Context(), sql, 1); err == nil {
			t.Errorf("%s: no error", sql)
		}
	}
	if _, err := db.Query(t.Context(), "SELECT $1", struct{}{}); err == nil {
		t.Error("a struct as an argument")
	}
}

// testQuestions asks the kinds of question that insight asks. The figures are such that no rounding can differ.
func testQuestions(t *testing.T, db *column.DB) {
	countries, channels := []string{"IL", "IR", "RU"}, []any{"web", "email", nil, ""}
	var rows, labels []column.Row
	for i := range 1200 {
		var score, weight any
		if i%5 != 0 {
			score = i % 11
		}
		if i%4 != 0 {
			weight = float64(i%8) / 4
		}
		extra := map[string]string{"country": countries[i%3], "age": fmt.Sprint(20 + i%50)}
		if i%7 == 0 {
			delete(extra, "country")
		}
		id := fmt.Sprintf("%04d", i)
		rows = append(rows, column.Row{Values: []any{W, id, int64(i) * 3_600_000, channels[i%4], score, weight, int64(i), "k" + fmt.Sprint(i%2), extra}})
		for j := range i % 3 {
			labels = append(labels, label(W, id, fmt.Sprintf("t%d", (i+j)%4)))
		}
	}
	appended(t, db, 0, 1, said(rows...), column.Batch{Table: "labels", Rows: labels})
	for _, promote := range []bool{false, true} {
		if promote {
			if err := db.Promote(t.Context(), "said", "country"); err != nil {
				t.Fatal(err)
			}
		}
		d := db.Dialect()
		country := d.Extra("said", "country")
		// NPS by week and country: the numbers were worked out by a program of another kind, the loop below.
		type cell struct{ n, promoters, detractors int64 }
		cells := map[[2]any]cell{}
		for i := range 1200 {
			if i%5 == 0 {
				continue
			}
			k := [2]any{int64(i) / (7 * 24), any(countries[i%3])}
			if i%7 == 0 {
				k[1] = nil
			}
			c := cells[k]
			c.n++
			if i%11 >= 9 {
				c.promoters++
			}
			if i%11 <= 6 {
				c.detractors++
			}
			cells[k] = c
		}
		var nps [][]any
		for week := range int64(8) {
			for _, c := range []any{"IL", "IR", "RU", nil} {
				if x, ok := cells[[2]any{week, c}]; ok {
					nps = append(nps, []any{week, c, x.n, float64(100*(x.promoters-x.detractors)) / float64(x.n)})
				}
			}
		}
		want(t, db, nps, `SELECT week, country, n, 100 * (promoters - detractors) / n FROM (
			SELECT `+d.IntDiv("said_at", "604800000")+` AS week, `+country+` AS country, count(score) AS n,
				sum(CASE WHEN score >= 9 THEN 1 ELSE 0 END) AS promoters, sum(CASE WHEN score <= 6 THEN 1 ELSE 0 END) AS detractors
			FROM said WHERE workspace = $1 AND said_at >= $2 AND said_at < $3 AND score IS NOT NULL GROUP BY week, country) x
			ORDER BY week, country`, W, 0, int64(1200)*3_600_000)
	}
	want(t, db, [][]any{{"web", int64(300)}, {"email", int64(300)}, {"", int64(300)}, {nil, int64(300)}},
		"SELECT words, count(*) AS n FROM said WHERE workspace = $1 GROUP BY words ORDER BY words DESC", W)
	want(t, db, [][]any{{"k0", int64(300), 1.0, 0.5, 1.5}, {"k1", int64(600), 1.0, 0.25, 1.75}},
		"SELECT kind, count(weight), avg(weight), min(weight), max(weight) FROM said GROUP BY kind HAVING count(*) > 1 ORDER BY kind")
	want(t, db, [][]any{{int64(0), int64(0), nil, nil}},
		"SELECT count(*), coalesce(sum(cents), 0), avg(score), max(score) FROM said WHERE workspace = $1", Workspace("nobody"))
	want(t, db, [][]any{{"t3", int64(300)}},
		"SELECT label, count(*) AS n FROM labels WHERE workspace = $1 AND said IN (SELECT id FROM said WHERE workspace = $1 AND kind IN ($2)) GROUP BY label ORDER BY n DESC, label DESC LIMIT 1", W, []string{"k0", "k1"})
	want(t, db, [][]any{{int64(1), int64(0)}}, "SELECT max(score) = 10, min(score) > 0 FROM said")
	want(t, db, [][]any{{int64(1194), int64(0)}, {int64(1195), int64(1)}}, "SELECT cents, cents = 1195 FROM said WHERE cents IN (1194, 1195) ORDER BY cents")
	want(t, db, [][]any{{"0003"}, {"0004"}}, "SELECT id FROM said WHERE workspace = $1 ORDER BY said_at, id LIMIT $2 OFFSET $3", W, 2, 3)
	want(t, db, [][]any{{"a", int64(1)}, {"b", int64(2)}}, "SELECT part, sum(n) AS total FROM (SELECT 'a' AS part, 1 AS n UNION ALL SELECT 'b' AS part, 2 AS n) x GROUP BY part ORDER BY part")
	want(t, db, [][]any{{0.5, nil}}, "SELECT 1 / 2, 1 / nullIf(count(*), 0) FROM said WHERE workspace = $1", Workspace("nobody"))
	want(t, db, nil, "SELECT kind, avg(score) FROM said WHERE kind = 'none' GROUP BY kind")
}

func testFragments(t *testing.T, db *column.DB) {
	d := db.Dialect()
	texts := []any{"12", "-1.5", "1e3", "2.5E-1", "abc", "", " 1", "1 ", "+1", "1_000", "0x10", "nan", "inf", "-inf", "1,5", ".", "1.", ".5", "1e400", "1\n", "٣", nil}
	floats := []any{12.0, -1.5, 1000.0, 0.25}
	var rows []column.Row
	for i, s := range texts {
		extra := map[string]string{}
		if s != nil {
			extra["n"] = s.(string)
		}
		rows = append(rows, Row(W, fmt.Sprintf("%02d", i), int64(i)-5, s, nil, extra))
	}
	appended(t, db, 0, 1, said(rows...))
	for i, s := range texts {
		var f any
		if i < len(floats) {
			f = floats[i]
		}
		for _, text := range []string{"words", d.Extra("said", "n")} {
			want(t, db, [][]any{{s, f}}, "SELECT "+text+", "+d.ToFloat(text)+" FROM said WHERE id = $1", fmt.Sprintf("%02d", i))
		}
	}
	want(t, db, [][]any{{int64(-5), int64(-1)}, {int64(-4), int64(-1)}, {int64(-3), int64(0)}, {int64(3), int64(0)}, {int64(4), int64(1)}},
		"SELECT said_at, "+d.IntDiv("said_at", "4")+" FROM said WHERE said_at IN ($1) ORDER BY said_at", []int{-5, -4, -3, 3, 4})
	want(t, db, [][]any{{"", int64(1)}, {"2", int64(1)}, {"20", int64(1)}, {"3", int64(2)}}, "SELECT part, count(*) AS n FROM (SELECT "+d.Parts("list", "\x1f")+" AS part, said_at FROM (SELECT said_at, CASE WHEN said_at = 3 THEN '3' WHEN said_at = 2 THEN $1 ELSE '' END AS list FROM said WHERE said_at BETWEEN 1 AND 3) AS x) AS y GROUP BY part ORDER BY part", "20\x1f2\x1f3")
	for _, pattern := range []string{"[eE]-", `^1\+$|1[.]$`, "[\u0663٤]$"} {
		var fit [][]any
		for i, s := range texts {
			if s, ok := s.(string); ok && regexp.MustCompile(pattern).MatchString(s) {
				fit = append(fit, []any{fmt.Sprintf("%02d", i)})
			}
		}
		for _, text := range []string{"words", d.Extra("said", "n")} {
			want(t, db, fit, "SELECT id FROM said WHERE "+d.Matches(text, "$1")+" ORDER BY id", pattern)
		}
	}
	for _, days := range []int64{1, 30, 365, 40_000} { // around the end of February 2024, over ends of months, years and centuries
		var months [][]any
		for i := range texts {
			day := time.Unix((19_782+days*int64(i-5))*86400, 0).UTC()
			months = append(months, []any{int64(day.Year()-1970)*12 + int64(day.Month()) - 1})
		}
		want(t, db, months, fmt.Sprintf("SELECT %s FROM said ORDER BY said_at", d.MonthOf(fmt.Sprintf("said_at * %d + 19782", days))))
	}
	want(t, db, [][]any{{"03"}, {"02"}}, "SELECT id FROM said WHERE "+d.Contains("words", "$1")+" OR "+d.Contains("words", "$2")+" ORDER BY id DESC LIMIT 2", "E", "1e3")
	want(t, db, [][]any{{int64(len(texts) - 1)}}, "SELECT count(*) FROM said WHERE "+d.Contains("words", "$1"), "")
	want(t, db, [][]any{{int64(len(texts) - 1), int64(4)}}, "SELECT "+d.CountDistinct("words")+", "+d.CountDistinct(d.IntDiv("said_at + 5", "6"))+" FROM said")
	want(t, db, [][]any{{int64(-5), int64(5), int64(16), nil}}, "SELECT "+d.Quantile("said_at", "0")+", "+d.Quantile("said_at", "0.5")+", "+d.Quantile("said_at", "1")+", "+d.Quantile("score", "0.5")+" FROM said")
	want(t, db, [][]any{{int64(-5)}, {int64(0)}}, "SELECT q FROM (SELECT "+d.IntDiv("said_at", "100")+" AS g, "+d.Quantile("said_at", "0.01")+" AS q FROM said WHERE said_at < 0 GROUP BY g UNION ALL SELECT 1 AS g, "+d.Quantile("said_at", "0.5")+" AS q FROM said WHERE said_at IN (0, 1)) x ORDER BY q")
	bits := [][]any{{int64(0), int64(0), int64(1), int64(1), int64(1)}, {int64(1), int64(1), int64(0), int64(0), int64(0)}} // of -5 to -1, and of 0 to 16
	want(t, db, bits, "SELECT "+d.BitOf("a", 0)+" AS a0, "+d.BitOf("a", 16)+" AS a16, "+d.BitOf("b", 1)+" AS b1, "+d.BitOf("b", column.MaxBits-1)+
		" AS b61, "+d.BitOf("c", 30)+" AS c30 FROM (SELECT CASE WHEN said_at < 0 THEN 0 ELSE 1 END AS g, "+d.Bits("said_at", 17)+" AS a, "+
		d.Bits("CASE WHEN said_at = -1 THEN 61 WHEN said_at = -2 THEN 62 ELSE said_at + 5 END", column.MaxBits)+" AS b, "+
		d.Bits("CASE WHEN said_at = -1 THEN 30 WHEN said_at = -2 THEN 31 ELSE said_at + 8 END", 31)+" AS c FROM said GROUP BY g) x ORDER BY a0")
	want(t, db, [][]any{{int64(5)}}, "SELECT count(*) FROM said WHERE "+d.InQuery("id", "SELECT id FROM said WHERE said_at < $1"), 0)
	signs, names := "(SELECT CASE WHEN said_at < 0 THEN -1 ELSE said_at END AS k, count(*) AS n FROM said GROUP BY k) AS p", "(SELECT said_at AS k, said_at + 1 AS m FROM said WHERE said_at = -1 OR said_at > 14) AS q"
	want(t, db, [][]any{{int64(-1), int64(5), int64(0)}, {int64(15), int64(1), int64(16)}, {int64(16), int64(1), int64(17)}},
		"SELECT k, n, m FROM "+d.Join(signs, names, "k")+" ORDER BY k")
	pairs := "(" + d.Pairs("k", "m", [][2]int64{{-1, math.MaxInt64}, {16, 2}, {16, math.MinInt64 + 1}, {99, 4}}) + ") AS q"
	want(t, db, [][]any{{int64(-1), int64(5), int64(math.MaxInt64)}, {int64(16), int64(1), int64(math.MinInt64 + 1)}, {int64(16), int64(1), int64(2)}},
		"SELECT k, n, m FROM "+d.Join(signs, pairs, "k")+" ORDER BY k, m")
	want(t, db, [][]any{{int64(0)}}, "SELECT count(*) FROM "+d.Join(signs, "("+d.Pairs("k", "m", nil)+") AS q", "k"))
	among := []string{"abc", `x'y\z`, "12", "שלום", "-2"}
	for i, s := range append(among, "nothing of the kind") {
		n := i + 1
		if n > len(among) {
			n = 0
		}
		want(t, db, [][]any{{int64(n), int64(n)}}, "SELECT "+d.Code(d.Quote(s), among)+", "+d.Code("v", among)+" FROM (SELECT "+d.Quote(s)+" AS v) x")
	}
	want(t, db, [][]any{{int64(0), int64(0)}}, "SELECT "+d.Code("words", nil)+", "+d.Code(d.Extra("said", "n"), among)+" FROM said WHERE words IS NULL")
	want(t, db, [][]any{{int64(1), int64(3)}}, "SELECT count(*), sum("+d.Code("words", among)+") FROM said WHERE "+d.Code(d.Extra("said", "n"), among)+" > 1")
	for _, s := range []string{"it's", `back\slash`, "nul\x00", "$1", "''"} {
		want(t, db, [][]any{{s}}, "SELECT "+d.Quote(s))
	}
}

func testScan(t *testing.T, db *column.DB) {
	appended(t, db, 0, 1, said(column.Row{Values: []any{W, "1", 5, nil, 7, 0.5, nil, "k", nil}}))
	rows, err := db.Query(t.Context(), "SELECT id, said_at, words, score, weight, cents, score = 7, said_at, count(*) FROM said GROUP BY id, said_at, words, score, weight, cents")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	type ID string
	var (
		id     ID
		at     int64
		words  *string
		score  *int
		weight float64
		cents  any = "something"
		flag   bool
		f      float64
		n      int
	)
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	if err := rows.Scan(&id, &at, &words, &score, &weight, &cents, &flag, &f, &n); err != nil {
		t.Fatal(err)
	}
	if id != "1" || at != 5 || words != nil || *score != 7 || weight != 0.5 || cents != nil || !flag || f != 5 || n != 1 {
		t.Fatal(id, at, words, *score, weight, cents, flag, f, n)
	}
	var s string
	var a any
	if err := rows.Scan(&id, &at, &s, &a, &a, &a, &a, &a, &a); err == nil {
		t.Fatal("NULL went into a string")
	}
	if err := rows.Scan(&s); err == nil {
		t.Fatal("too few places")
	}
	if rows.Next() || rows.Err() != nil {
		t.Fatal("one row expected", rows.Err())
	}
}

func testEnsureAgain(t *testing.T, db *column.DB) {
	ctx := t.Context()
	appended(t, db, 0, 1, said(Row(W, "1", 1, "a", 1, map[string]string{"plan": "gold"})))
	wider := Said
	wider.Columns = append(append([]column.Column{}, Said.Columns...),
		column.Column{Name: "lang", Type: column.Text}, column.Column{Name: "tone", Type: column.Float, Nullable: true}, column.Column{Name: "count_of", Type: column.Int},
		column.Column{Name: "said_by", Type: column.UUID}, column.Column{Name: "survey", Type: column.UUID, Nullable: true})
	for range 2 {
		if err := db.Ensure(ctx, wider); err != nil {
			t.Fatal(err)
		}
	}
	type ID string
	var rows []column.Row
	for i, more := range [][]any{{"he", 0.25, 3, ID(V), V}, {"", nil, 0, "", nil}, {"", nil, 0, W, &W}} {
		r := Row(W, fmt.Sprint(2+i), 2, "b", 2, nil)
		r.Values = append(r.Values, more...)
		rows = append(rows, r)
	}
	appended(t, db, 1, 2, said(rows...))
	want(t, db, [][]any{{"1", "", nil, int64(0), "", nil}, {"2", "he", 0.25, int64(3), V, V}, {"3", "", nil, int64(0), "", nil}, {"4", "", nil, int64(0), W, W}},
		"SELECT id, lang, tone, count_of, said_by, survey FROM said ORDER BY id")
	want(t, db, [][]any{{"2"}}, "SELECT id FROM said WHERE said_by IN ($1) AND survey = $2", []string{V, Workspace("x")}, V)
	want(t, db, [][]any{{"", int64(2)}, {V, int64(1)}, {W, int64(1)}}, "SELECT said_by, count(*) FROM said GROUP BY said_by ORDER BY said_by")
	// An older program may run beside the new schema.
	if err := db.Ensure(ctx, Said); err != nil {
		t.Fatal(err)
	}
	appended(t, db, 2, 3, said(Row(W, "5", 3, "c", 3, nil)))
	want(t, db, [][]any{{int64(5)}}, "SELECT count(*) FROM said")
	// A column of ids that were texts.
	ids := Said
	ids.Columns = slices.Clone(Said.Columns)
	ids.Columns = append(ids.Columns, column.Column{Name: "answer_of", Type: column.Text, Nullable: true}, column.Column{Name: "member", Type: column.Text})
	if err := db.Ensure(ctx, ids); err != nil {
		t.Fatal(err)
	}
	r := Row(W, "6", 4, "d", 4, nil)
	r.Values = append(r.Values, V, W)
	appended(t, db, 3, 4, said(r))
	for i := range 2 {
		ids.Columns[len(Said.Columns)+i].Type = column.UUID
	}
	if err := db.Ensure(ctx, ids); err != nil {
		t.Fatal(err)
	}
	r.Values[1] = "7"
	appended(t, db, 4, 5, said(r))
	want(t, db, [][]any{{"5", nil, ""}, {"6", V, W}, {"7", V, W}}, "SELECT id, answer_of, member FROM said WHERE id > $1 ORDER BY id", "4")
	other := Said
	other.Columns = append([]column.Column{}, Said.Columns...)
	other.Columns[2].Type = column.Float
	if err := db.Ensure(ctx, other); !fault.Is(err, fault.Conflict) {
		t.Fatalf("a column changed its type: %v", err)
	}
	for name, broken := range map[string]column.Table{
		"name":      {Name: "x; drop", Columns: Said.Columns, Key: Said.Key},
		"column":    {Name: "x", Columns: []column.Column{{Name: "workspace", Type: column.UUID}, {Name: "a_plan", Type: column.Text}}, Key: []string{"workspace"}},
		"key":       {Name: "x", Columns: Said.Columns, Key: []string{"at"}},
		"catch-all": {Name: "x", Columns: Said.Columns, Key: Said.Key, ID: "id"},
	} {
		if err := db.Ensure(ctx, broken); !fault.Is(err, fault.Invalid) {
			t.Errorf("a table with a wrong %s: %v", name, err)
		}
	}
}

const batchSize = 500

func testReaders(t *testing.T, db *column.DB) { readers(t, db, batchSize) }

// readers asks from 20 goroutines while batches arrive. What a reader sees never shrinks, comes in pieces of a size, and in
// the end all agree.
func readers(t *testing.T, db *column.DB, piece int64) {
	const batches, size, readers = 12, batchSize, 20
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for last, more := int64(0), true; more; {
				select {
				case <-done:
					more = false // one last look
				default:
				}
				got, err := db.All(t.Context(), "SELECT count(*), coalesce(sum(score), 0) FROM said WHERE workspace = $1", W)
				if err != nil {
					t.Error(err)
					return
				}
				n := got[0][0].(int64)
				if n < last || n%piece != 0 || got[0][1] != n {
					t.Errorf("after %d rows: %v", last, got)
					return
				}
				if last = n; !more && n != batches*size {
					t.Errorf("at the end: %v", got)
				}
			}
		})
	}
	for b := range batches {
		var rows []column.Row
		for i := range size {
			rows = append(rows, Row(W, fmt.Sprintf("%d-%d", b, i), int64(i), "words", 1, map[string]string{"k": "v"}))
		}
		if err := db.Append(t.Context(), "s", int64(b), int64(b)+1, said(rows...)); err != nil {
			t.Error(err)
			break
		}
	}
	close(done)
	wg.Wait()
}

// testFeeders lets several goroutines of one process feed a stream: each position is written by one of them.
func testFeeders(t *testing.T, db *column.DB) {
	const feeders, steps = 4, 10
	var wg sync.WaitGroup
	for f := range feeders {
		wg.Go(func() {
			for n := int64(0); n < steps; n++ {
				err := db.Append(t.Context(), "s", n, n+1, said(Row(W, fmt.Sprint(n), n, fmt.Sprint(f), 1, nil)))
				if err != nil && !errors.Is(err, column.ErrStale) {
					t.Error(err)
				}
				for m := int64(0); m <= n; { // wait until somebody has done it
					var err error
					if m, err = db.Watermark(t.Context(), "s"); err != nil {
						t.Error(err)
						return
					}
				}
			}
		})
	}
	wg.Wait()
	want(t, db, [][]any{{int64(steps), int64(steps)}}, "SELECT count(*), "+db.Dialect().CountDistinct("id")+" FROM said")
}

func testCancel(t *testing.T, db *column.DB) {
	var rows []column.Row
	for i := range 20_000 {
		rows = append(rows, Row(W, fmt.Sprint(i), int64(i), strings.Repeat("text ", 20), 1, nil))
	}
	appended(t, db, 0, 1, said(rows...))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.All(ctx, "SELECT count(*) FROM said"); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled before: %v", err)
	}
	if err := db.Append(ctx, "s", 1, 2, said(rows...)); !errors.Is(err, context.Canceled) {
		t.Fatalf("cancelled append: %v", err)
	}
	endless := "SELECT count(*) FROM said x, said y, said z WHERE x.words < y.words OR y.id < z.id" // 8 billion pairs of pairs
	if db.Dialect().Engine == column.ClickHouse {
		endless = "SELECT count() FROM system.numbers WHERE number < 0" // a join here is one block, which cannot be stopped
	}
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_, err := db.All(ctx, endless)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("after the deadline: %v", err)
	}
	if took := time.Since(begin); took > 20*time.Second {
		t.Fatalf("stopping took %v", took)
	}
	want(t, db, [][]any{{int64(20_000)}}, "SELECT count(*) FROM said")
	appended(t, db, 1, 2, said(Row(V, "1", 1, "a", 1, nil)))
}

func testAbout(t *testing.T, db *column.DB) {
	appended(t, db, 0, 1, said(Row(W, "1", 1, "a", 1, nil)))
	if err := db.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := db.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	s, err := db.Stats(t.Context())
	if err != nil || s.Version == "" || s.Rows["said"] != 1 || s.Engine != string(db.Dialect().Engine) {
		t.Fatalf("%+v %v", s, err)
	}
	if err := errors.Join(db.Close(), db.Close()); err != nil {
		t.Fatal(err)
	}
	if err := db.Ready(t.Context()); err == nil {
		t.Fatal("ready after it was closed")
	}
}
