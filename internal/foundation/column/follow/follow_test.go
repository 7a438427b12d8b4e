package follow_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/column/follow"
	"kolo/internal/foundation/id"
	"kolo/internal/foundation/store/storetest"
)

// TestAFillIsToldOnce: when the columns were emptied, by Rebuild or by a newer layout, the log has one line when they begin to be filled and one
// with the rows when they are; the following of what comes in has none.
func TestAFillIsToldOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := storetest.SQLite(t, clock.NewFake(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)))
	columns, err := duck.Open(ctx, "", column.Options{})
	must(t, err)
	t.Cleanup(func() { _ = columns.Close() })
	must(t, columns.Ensure(ctx, column.Table{Name: "said", Key: []string{"workspace", "id"}, ID: "id",
		Columns: []column.Column{{Name: "workspace", Type: column.UUID}, {Name: "id", Type: column.Text}}}))
	workspace := id.New(db.Clock().Now())
	last := int64(3)
	source := follow.Source{Stream: "said", Lease: "said", Tables: []string{"said"}, Layout: 1,
		Ready: func(context.Context) (int64, error) { return last, nil },
		Next: func(_ context.Context, after, upTo int64) (follow.Batch, error) { // two at a time
			b := follow.Batch{To: min(after+2, upTo)}
			said := column.Batch{Table: "said"}
			for n := after + 1; n <= b.To; n++ {
				said.Rows = append(said.Rows, column.Row{Values: []any{workspace, id.New(db.Clock().Now())}})
			}
			b.Rows = []column.Batch{said}
			return b, nil
		}}
	var log bytes.Buffer
	f := follow.New(db, columns, source, slog.New(slog.NewJSONHandler(&log, nil)))
	told := func(what string, want ...float64) {
		t.Helper()
		must(t, f.Feed(ctx))
		var lines []map[string]any
		for d := json.NewDecoder(&log); d.More(); {
			var line map[string]any
			must(t, d.Decode(&line))
			lines = append(lines, line)
		}
		if len(lines) != 2*len(want) {
			t.Fatalf("%s: %v", what, lines)
		}
		for i, rows := range want {
			if begun, done := lines[2*i], lines[2*i+1]; begun["msg"] != "the columns are being filled from the rows" || done["msg"] != "the columns are filled" || done["rows"] != rows || done["seconds"] == nil {
				t.Errorf("%s: %v", what, lines)
			}
		}
	}
	told("the first rows")
	must(t, f.Rebuild(ctx))
	told("a rebuild", 3)
	last = 5
	told("what came in since")
	source.Layout = 2
	f = follow.New(db, columns, source, slog.New(slog.NewJSONHandler(&log, nil)))
	told("a newer layout", 5)
	last = 1000
	f = follow.New(db, columns, source, slog.New(slog.NewJSONHandler(&log, nil)))
	told("a start far behind, as after a fill that was killed", 995)
	told("nothing new")
	source.Layout = 3
	f = follow.New(db, columns, source, slog.New(slog.NewJSONHandler(&log, nil)))
	ready := int64(400)
	f.After("read", func(context.Context) (int64, error) { return ready, nil })
	must(t, f.Feed(ctx))
	must(t, f.Feed(ctx)) // nothing more is ready
	ready = last
	told("a newer layout, while another step has much to do yet", 1000)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
