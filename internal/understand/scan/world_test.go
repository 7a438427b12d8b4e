package scan_test

import (
	"log/slog"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/clickhouse"
	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/scan"
)

// today is when the tests take place.
var today = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// world is a workspace on one of the two set-ups.
type world struct {
	t        *testing.T
	identity *identity.Service
	feedback *feedback.Service
	insight  *insight.Service
	feeder   *insight.Feeder
	scan     *scan.Service
	ws       identity.WorkspaceID
}

func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	storetest.EachAt(t, today, func(t *testing.T, db *store.DB, now *clock.Fake) {
		var columns *column.DB
		var err error
		if db.Engine() == store.SQLite {
			columns, err = duck.Open(t.Context(), "", column.Options{})
		} else {
			columns, err = clickhouse.Open(t.Context(), clickhousetest.URL(t), column.Options{})
		}
		must(t, err)
		t.Cleanup(func() { _ = columns.Close() })
		must(t, columns.Ensure(t.Context(), insight.Tables()...))
		w := &world{t: t, identity: identity.NewService(db, identity.Options{}), feedback: feedback.NewService(db)}
		t.Cleanup(w.feedback.Close)
		w.insight = insight.NewService(db, columns, w.feedback)
		w.feeder = insight.NewFeeder(w.insight, slog.New(slog.DiscardHandler))
		w.scan = scan.NewService(w.insight, w.feedback)
		w.ws = w.workspace("One")
		test(t, w)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) workspace(name string) identity.WorkspaceID {
	w.t.Helper()
	ws, _, err := w.identity.CreateWorkspace(w.t.Context(), identity.NewWorkspace{Name: name, Owner: identity.NewOwner{Name: "Dana", Email: "dana@" + name + ".example.com"}})
	must(w.t, err)
	return ws.ID
}

// receive keeps inputs and feeds them to the columns.
func (w *world) receive(ws identity.WorkspaceID, inputs []feedback.Input) {
	w.t.Helper()
	for len(inputs) > 0 {
		n := min(len(inputs), 1000)
		results, err := w.feedback.Receive(w.t.Context(), ws, inputs[:n])
		must(w.t, err)
		for _, r := range results {
			if r.Status == feedback.Rejected {
				w.t.Fatalf("rejected: %+v", r)
			}
		}
		inputs = inputs[n:]
	}
	must(w.t, w.feeder.Feed(w.t.Context()))
}

func (w *world) ask(q scan.Query) *scan.Answer {
	w.t.Helper()
	a, err := w.scan.Ask(w.t.Context(), w.ws, q)
	must(w.t, err)
	return a
}
