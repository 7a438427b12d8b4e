package follow

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store/storetest"
)

// While another step has much to do yet, rows wait until there are as many as go together, and no more than that go; but not for ever, and
// not when they are the last.
func TestRowsGoTogether(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	columns, err := duck.Open(ctx, "", column.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = columns.Close() })
	if err := columns.Ensure(ctx, column.Table{Name: "fed", Key: []string{"workspace"}, Columns: []column.Column{{Name: "workspace", Type: column.UUID}, {Name: "number", Type: column.Int}}}); err != nil {
		t.Fatal(err)
	}
	var ready, last int64
	number := func(n *int64) func(context.Context) (int64, error) {
		return func(context.Context) (int64, error) { return *n, nil }
	}
	ws := id.New(time.Now())
	f := New(storetest.SQLite(t, clock.System{}), columns, Source{Stream: "s", Lease: "l", Tables: []string{"fed"}, Layout: 1, Gather: 10, Ready: number(&last),
		Next: func(_ context.Context, after, upTo int64) (Batch, error) {
			b := Batch{To: min(after+5, upTo), Rows: []column.Batch{{Table: "fed"}}}
			for n := after + 1; n <= b.To; n++ {
				b.Rows[0].Rows = append(b.Rows[0].Rows, column.Row{Values: []any{ws, n}})
			}
			return b, nil
		}}, slog.New(slog.DiscardHandler))
	f.After("other", number(&ready))
	fed := func(what string, gather bool, want int64) {
		t.Helper()
		if _, err := f.feed(ctx, gather); err != nil {
			t.Fatal(err)
		}
		rows, err := columns.All(ctx, "SELECT count(*), coalesce(max(number), 0) FROM fed")
		if err != nil {
			t.Fatal(err)
		}
		mark, err := columns.Watermark(ctx, "s")
		if err != nil || mark != want || rows[0][0] != want || rows[0][1] != want {
			t.Fatalf("%s: the columns are at %d with %v, not at %d (%v)", what, mark, rows[0], want, err)
		}
	}
	ready, last = 7, 100
	fed("few of many", true, 0)
	ready = 23
	fed("two times what goes together, and a rest", true, 20)
	fed("the rest", true, 20)
	f.gathers = f.gathers.Add(-patience)
	fed("the rest after a while", true, 23)
	ready = 27
	fed("some more", true, 23)
	fed("when asked to", false, 27)
	ready, last = 31, 36
	fed("when hardly any will follow", true, 31)
}
