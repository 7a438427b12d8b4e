package insight_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/column/clickhouse"
	"kolo/internal/foundation/column/clickhousetest"
	"kolo/internal/foundation/column/duck"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
)

// today is when the tests take place: a Monday.
var today = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

var discard = slog.New(slog.DiscardHandler)

// world is a workspace on one of the two set-ups.
type world struct {
	t        *testing.T
	db       *store.DB
	columns  *column.DB
	feedback *feedback.Service
	insight  *insight.Service
	feeder   *insight.Feeder
	ws       identity.WorkspaceID
	identity *identity.Service
	clock    *clock.Fake
}

// each runs a test on both set-ups: SQLite with DuckDB, PostgreSQL with ClickHouse.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	storetest.EachAt(t, today, func(t *testing.T, db *store.DB, now *clock.Fake) {
		test(t, newWorld(t, db, now))
	})
}

// newWorld is a workspace on a store, with the columns that go with it.
func newWorld(t *testing.T, db *store.DB, now *clock.Fake) *world {
	t.Helper()
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
	w := &world{t: t, db: db, columns: columns, clock: now, identity: identity.NewService(db, identity.Options{})}
	w.feedback = feedback.NewService(db)
	t.Cleanup(w.feedback.Close)
	w.insight = insight.NewService(db, columns, w.feedback)
	w.feeder = insight.NewFeeder(w.insight, discard)
	w.ws = w.workspace("One")
	return w
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (w *world) zone() *time.Location {
	w.t.Helper()
	zone, err := time.LoadLocation("Asia/Jerusalem")
	must(w.t, err)
	return zone
}

func (w *world) workspace(name string) identity.WorkspaceID {
	w.t.Helper()
	ws, _, err := w.identity.CreateWorkspace(w.t.Context(), identity.NewWorkspace{Name: name, Zone: "Asia/Jerusalem", WeekStart: identity.Sunday,
		Owner: identity.NewOwner{Name: "Dana", Email: "dana@" + name + ".example.com"}})
	must(w.t, err)
	return ws.ID
}

// receive keeps inputs and feeds them to the columns.
func (w *world) receive(ws identity.WorkspaceID, inputs ...feedback.Input) []feedback.Result {
	w.t.Helper()
	results, err := w.feedback.Receive(w.t.Context(), ws, inputs)
	must(w.t, err)
	for _, r := range results {
		if r.Status == feedback.Rejected {
			w.t.Fatalf("rejected: %+v", r)
		}
	}
	must(w.t, w.feeder.Feed(w.t.Context()))
	return results
}

func (w *world) ask(q insight.Query) *insight.Answer {
	w.t.Helper()
	a, err := w.insight.Ask(w.t.Context(), w.ws, q)
	must(w.t, err)
	return a
}

func nps(value float64, daysAgo int, channel string) feedback.Input {
	at := today.AddDate(0, 0, -daysAgo)
	return feedback.Input{Channel: channel, Time: &at, Text: fmt.Sprintf("Score %v", value),
		Scores: []feedback.Score{{Metric: "nps", Value: value, Scale: feedback.Scale{Min: 0, Max: 10}}}}
}

func TestNPSByWeekAndChannel(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 40 {
			in = append(in, nps([]float64{10, 9, 7, 3}[i%4], i%14, []string{"web", "sms"}[i%2]))
		}
		w.receive(w.ws, in...)
		a := w.ask(insight.Query{Measure: insight.NPS})
		want, err := stat.NPSInterval(stat.NPSCounts{Promoters: 20, Passives: 10, Detractors: 10}, 0.95)
		must(t, err)
		if a.Total.N != 40 || *a.Total.Value != 25 || *a.Total.Interval != want || a.Scale != "0..10" || a.Total.Note != "" {
			t.Fatalf("total = %+v value %v interval %+v", a.Total, *a.Total.Value, a.Total.Interval)
		}
		a = w.ask(insight.Query{Measure: insight.NPS, By: []string{"channel"}, Bucket: "week", Between: insight.Period{Last: "14d"}})
		var n int64
		for _, r := range a.Rows {
			n += r.N
			day, err := clock.ParseDay(r.Bucket)
			must(t, err)
			if day.Weekday() != time.Sunday {
				t.Errorf("a week begins on %v", day.Weekday())
			}
		}
		if n != 40 || len(a.Rows) != 6 {
			t.Fatalf("%d answers in %d rows: %+v", n, len(a.Rows), a.Rows)
		}
		// web has 10 and 7 (NPS 50), sms has 9 and 3 (NPS 0)
		a = w.ask(insight.Query{Measure: insight.NPS, By: []string{"channel"}, Compare: &insight.Compare{To: "rest"}, Order: "value"})
		if len(a.Rows) != 2 || a.Rows[0].Keys["channel"] != "web" || *a.Rows[0].Value != 50 || *a.Rows[1].Value != 0 || a.Rows[0].Note != "indicative" {
			t.Fatalf("rows = %+v", a.Rows)
		}
		if c := a.Rows[0].Compare; *c.Value != 0 || *c.Difference != 50 || c.N != 20 {
			t.Fatalf("against the rest: %+v", c)
		}
		// from a figure to the words behind it
		v, err := url.ParseQuery(*a.Rows[0].Feedback)
		must(t, err)
		cond, period, err := insight.Decode(v)
		must(t, err)
		found, err := w.insight.Find(t.Context(), w.ws, cond, period, "", 1000)
		must(t, err)
		if len(found.Feedback) != 20 || found.Feedback[0].Channel != "web" {
			t.Fatalf("%d behind %s", len(found.Feedback), *a.Rows[0].Feedback)
		}
	})
}

func TestScalesAreNotPooledAndChangesAreMarked(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		csat := func(v, high float64, daysAgo int, question string) feedback.Input {
			at := today.AddDate(0, 0, -daysAgo)
			return feedback.Input{Time: &at, Scores: []feedback.Score{{Metric: "csat", Value: v, Scale: feedback.Scale{Min: 1, Max: high}, Question: question}}}
		}
		var in []feedback.Input
		for i := range 30 {
			in = append(in, csat(float64(1+i%5), 5, 60-i, "How was it?"))
		}
		for i := range 12 {
			in = append(in, csat(7, 7, 20-i, "How satisfied are you?"))
		}
		w.receive(w.ws, in...)
		a := w.ask(insight.Query{Measure: insight.CSAT, Bucket: "day"})
		if a.Scale != "1..5" || a.Total.N != 30 || *a.Total.Value != 0.4 || len(a.LeftOut) != 1 || a.LeftOut[0] != (insight.LeftOut{Scale: "1..7", N: 12}) {
			t.Fatalf("%+v", a)
		}
		day := today.AddDate(0, 0, -20).Format(time.DateOnly)
		want := []insight.Mark{{Day: day, Kind: "scale", From: "1..5", To: "1..7"}, {Day: day, Kind: "wording", From: "How was it?", To: "How satisfied are you?"}}
		if !slices.Equal(a.Marks, want) {
			t.Fatalf("marks = %+v", a.Marks)
		}
		if b := w.ask(insight.Query{Measure: insight.CSATMean, Scale: "1..7"}); *b.Total.Value != 7 || b.Total.N != 12 {
			t.Fatalf("%+v", b.Total)
		}
	})
}

// TestSurveysSideBySideAreNoChange: a wording changes within a survey, and not when another survey with its own words begins.
func TestSurveysSideBySideAreNoChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ask := func(survey, source, question string, from, to int) (in []feedback.Input) {
			for ago := from; ago >= to; ago-- {
				at := today.AddDate(0, 0, -ago)
				in = append(in, feedback.Input{Time: &at, Survey: survey, Source: source, Scores: []feedback.Score{{Metric: "csat", Value: 4, Scale: feedback.Scale{Min: 1, Max: 5}, Question: question}}})
			}
			return in
		}
		w.receive(w.ws, ask("delivery", "", "How was the delivery?", 100, 1)...)
		w.receive(w.ws, ask("call", "", "How was the call?", 99, 1)...)       // began a day later
		w.receive(w.ws, ask("visit", "", "How was the visit?", 60, 40)...)    // once
		w.receive(w.ws, ask("shop", "", "", 98, 51)...)                       // nobody knows how it asked
		w.receive(w.ws, ask("shop", "", "How was the shop?", 50, 1)...)       // until then
		w.receive(w.ws, ask("", "helpdesk", "Were you helped?", 97, 1)...)    // two questions
		w.receive(w.ws, ask("", "helpdesk", "Were we kind?", 30, 1)...)       // of one source, of which one began later
		w.receive(w.ws, ask("", "app", "Do you like the app?", 90, 28)...)    // its last answers came late
		w.receive(w.ws, ask("", "app", "How do you like the app?", 31, 1)...) // and this is the change
		a := w.ask(insight.Query{Measure: insight.CSAT, Bucket: "week"})
		want := []insight.Mark{{Day: today.AddDate(0, 0, -31).Format(time.DateOnly), Kind: "wording", From: "Do you like the app?", To: "How do you like the app?"}}
		if !slices.Equal(a.Marks, want) {
			t.Errorf("marks = %+v", a.Marks)
		}
	})
}

func TestEveryMeasure(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		at := today.AddDate(0, 0, -1)
		var in []feedback.Input
		for i := range 20 {
			f := feedback.Input{Time: &at, Text: []string{"Late again", "", "Очень ДОВОЛЕН", "המשלוח איחר"}[i%4], Touchpoint: "delivery",
				Contact:    &feedback.Who{ExternalID: fmt.Sprint("c", i%5), Attributes: feedback.Attributes{"plan": map[bool]string{true: "gold", false: "basic"}[i%5 < 2]}},
				Attributes: feedback.Attributes{"minutes": fmt.Sprint(i), "страна o'x": "RU", "note": "x"},
				Answers:    feedback.Answers{{Question: "again", Value: []any{"yes", "maybe"}}, {Question: "years", Value: float64(i % 3)}},
				Scores: []feedback.Score{
					{Metric: "ces", Value: float64(1 + i%7), Scale: feedback.Scale{Min: 1, Max: 7}},
					{Metric: "star", Value: float64(1 + i%5), Scale: feedback.Scale{Min: 1, Max: 5}},
				}}
			if i == 19 {
				f.Scores = nil
			}
			in = append(in, f)
		}
		w.receive(w.ws, in...)
		value := func(q insight.Query) float64 {
			a := w.ask(q)
			if a.Total.Value == nil {
				t.Fatalf("%+v has no value", q)
			}
			return *a.Total.Value
		}
		near := func(name string, got, want float64) {
			if math.Abs(got-want) > 1e-9 {
				t.Errorf("%s = %v, want %v", name, got, want)
			}
		}
		near("count", value(insight.Query{Measure: insight.Count}), 20)
		near("contacts", value(insight.Query{Measure: insight.Contacts}), 5)
		near("contacts by plan", value(insight.Query{Measure: insight.Contacts, By: []string{"contact.plan"}}), 5)
		near("star", value(insight.Query{Measure: insight.Star}), 55.0/19)
		near("ces", value(insight.Query{Measure: insight.CES}), 7.0/19)
		near("mean minutes", value(insight.Query{Measure: insight.Mean, Of: "attribute.minutes"}), 9.5)
		near("mean answer", value(insight.Query{Measure: insight.Mean, Of: "answer.years"}), 0.95)
		near("response share", value(insight.Query{Measure: insight.ResponseShare, Of: "star"}), 0.95)
		near("text share", value(insight.Query{Measure: insight.ResponseShare, Of: "text"}), 0.75)
		near("share", value(insight.Query{Measure: insight.Share, Share: insight.Conditions{{Field: "attribute.minutes", Op: "gte", Values: []string{"10"}}}}), 0.5)
		near("contains", value(insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "text", Op: "contains", Values: []string{"доВольн", "доволен"}}}}), 5)
		near("hebrew", value(insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "text", Op: "contains", Values: []string{"איחר"}}}}), 5)
		near("odd key", value(insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "attribute.страна o'x", Values: []string{"RU"}}}}), 20)
		near("not in", value(insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "star", Op: "not_in", Values: []string{"5"}}}}), 17)
		near("empty", value(insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "star", Op: "empty"}}}), 1)
		near("group", value(insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "star_group", Values: []string{"high"}}}}), 7)
		d := w.ask(insight.Query{Measure: insight.Distribution, Of: "star", Order: "key"})
		if len(d.Rows) != 5 || d.Rows[0].Keys["value"] != "1" || d.Total.N != 19 {
			t.Fatalf("distribution = %+v", d.Rows)
		}
		near("share of one star", *d.Rows[0].Value, 4.0/19)
		by := w.ask(insight.Query{Measure: insight.Count, By: []string{"contact.plan", "touchpoint", "weekday", "answer.again"}})
		if len(by.Rows) != 4 || by.Rows[0].N != 12 || by.Rows[0].Keys["contact.plan"] != "basic" || by.Rows[0].Keys["weekday"] != "sunday" || by.Rows[0].Keys["answer.again"] != "maybe" || by.Rows[1].Keys["answer.again"] != "yes" || by.Rows[1].N != 12 || by.Total.N != 20 {
			t.Fatalf("by = %+v", by.Rows)
		}
		top := w.ask(insight.Query{Measure: insight.Count, By: []string{"attribute.minutes"}, Limit: 3})
		if len(top.Rows) != 3 || !top.Truncated || top.Total.N != 20 {
			t.Fatalf("top = %+v", top)
		}
	})
}

func TestCompareWithEarlier(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 60 {
			in = append(in, nps(10, i%7, "web"), nps([]float64{10, 3}[i%2], 7+i%7, "web"), nps(3, 365+i%7, "web"))
		}
		w.receive(w.ws, in...)
		for to, want := range map[string]float64{"previous": 100, "year": 200} {
			a := w.ask(insight.Query{Measure: insight.NPS, Between: insight.Period{Last: "7d"}, Compare: &insight.Compare{To: to}, Bucket: "day"})
			c := a.Total.Compare
			if c == nil || c.Difference == nil || *c.Difference != want || !c.Distinguishable || c.N != 60 {
				t.Errorf("%s: %+v", to, c)
			}
			if a.Rows[0].Compare == nil || a.Rows[0].Compare.N == 0 {
				t.Errorf("%s: the first day has no counterpart: %+v", to, a.Rows[0])
			}
		}
		a := w.ask(insight.Query{Measure: insight.Count, Between: insight.Period{Last: "7d"}, Compare: &insight.Compare{Where: insight.Conditions{{Field: "channel", Values: []string{"sms"}}}}})
		if *a.Total.Compare.Value != 0 || *a.Total.Compare.Difference != 60 {
			t.Fatalf("%+v", a.Total.Compare)
		}
	})
}

func TestColumnsFollowTheRows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		in := nps(9, 1, "web")
		in.ExternalID, in.Contact = "r1", &feedback.Who{Email: "ana@example.com"}
		again := in
		first := w.receive(w.ws, in, nps(2, 1, "web"))
		second := w.receive(w.ws, again)
		if second[0].Status != feedback.Duplicate || second[0].ID != first[0].ID {
			t.Fatalf("second delivery: %+v", second)
		}
		if n := w.ask(insight.Query{Measure: insight.Count}).Total.N; n != 2 {
			t.Fatalf("%d in the columns", n)
		}
		got, err := w.feedback.Get(t.Context(), w.ws, first[0].ID)
		must(t, err)
		must(t, w.db.Update(t.Context(), func(tx *store.Tx) error { return feedback.Erased(tx, w.ws, got.Contact) }))
		must(t, w.feeder.Feed(t.Context()))
		if n := w.ask(insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "text", Op: "not_empty"}}}).Total.N; n != 1 {
			t.Fatalf("%d texts after erasure", n)
		}
		if a := w.ask(insight.Query{Measure: insight.NPS}); a.Total.N != 2 || a.Total.Note != "too_few" {
			t.Fatalf("after erasure: %+v", a.Total)
		}
		before := w.ask(insight.Query{Measure: insight.NPS, By: []string{"channel"}})
		must(t, w.feeder.Rebuild(t.Context()))
		must(t, w.feeder.Feed(t.Context()))
		after := w.ask(insight.Query{Measure: insight.NPS, By: []string{"channel"}})
		if after.Total.N != before.Total.N || *after.Total.Value != *before.Total.Value {
			t.Fatalf("rebuilt %+v, was %+v", after.Total, before.Total)
		}
	})
}

func TestTwoWorkspacesNeverSeeEachOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		other := w.workspace("Two")
		in := nps(9, 1, "web")
		in.ExternalID = "same"
		same := in
		mine := w.receive(w.ws, in)
		theirs := w.receive(other, same)
		if theirs[0].Status != feedback.Created {
			t.Fatalf("an external id of another workspace counts: %+v", theirs[0])
		}
		if n := w.ask(insight.Query{Measure: insight.Count}).Total.N; n != 1 {
			t.Fatalf("%d counted", n)
		}
		if _, err := w.feedback.Get(t.Context(), other, mine[0].ID); !fault.Is(err, fault.NotFound) {
			t.Fatalf("read across the wall: %v", err)
		}
		for _, c := range []insight.Conditions{nil, {{Field: "channel", Values: []string{"web"}}}} {
			found, err := w.insight.Find(t.Context(), other, c, insight.Period{}, "", 10)
			must(t, err)
			if len(found.Feedback) != 1 || found.Feedback[0].ID != theirs[0].ID {
				t.Fatalf("found %+v", found.Feedback)
			}
		}
	})
}

func TestFindPages(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 55 {
			in = append(in, nps(float64(i%11), i%3, "web")) // many share a time
		}
		w.receive(w.ws, in...)
		for _, c := range []insight.Conditions{nil, {{Field: "channel", Values: []string{"web"}}}} {
			seen, cursor := map[feedback.ID]bool{}, ""
			for {
				f, err := w.insight.Find(t.Context(), w.ws, c, insight.Period{}, cursor, 10)
				must(t, err)
				for _, x := range f.Feedback {
					if seen[x.ID] {
						t.Fatal("seen twice")
					}
					seen[x.ID] = true
				}
				if cursor = f.Next; cursor == "" {
					break
				}
			}
			if len(seen) != 55 {
				t.Fatalf("paged through %d", len(seen))
			}
		}
		if _, err := w.insight.Find(context.Background(), w.ws, nil, insight.Period{}, "x; DROP", 10); !fault.Is(err, fault.Invalid) {
			t.Fatalf("cursor: %v", err)
		}
	})
}

// A page that ends early for its bytes goes on where it ended, in the columns and in the rows.
func TestFindPagesWithinABudget(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 12 {
			x := nps(float64(i%11), i%3, "web")
			x.Text = strings.Repeat("x", 1000)
			in = append(in, x)
		}
		w.receive(w.ws, in...)
		for _, c := range []insight.Conditions{nil, {{Field: "channel", Values: []string{"web"}}}} {
			seen, cursor, pages := map[feedback.ID]bool{}, "", 0
			for {
				f, err := w.insight.FindWithin(t.Context(), w.ws, c, insight.Period{}, cursor, 10, 3500)
				must(t, err)
				if pages++; len(f.Feedback) > 3 || pages > 12 {
					t.Fatalf("%d texts on page %d", len(f.Feedback), pages)
				}
				for _, x := range f.Feedback {
					seen[x.ID] = true
				}
				if cursor = f.Next; cursor == "" {
					break
				}
			}
			if len(seen) != 12 {
				t.Fatalf("paged through %d", len(seen))
			}
			if f, err := w.insight.FindWithin(t.Context(), w.ws, c, insight.Period{}, "", 10, 1); err != nil || len(f.Feedback) != 1 {
				t.Fatalf("a text that is too long by itself: %d, %v", len(f.Feedback), err)
			}
		}
	})
}

func TestBadQuestionsSayWhere(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		q    insight.Query
		path string
	}{
		{insight.Query{Measure: "happiness"}, "measure"},
		{insight.Query{Measure: insight.Mean}, "of"},
		{insight.Query{Measure: insight.Count, By: []string{"color'; DROP TABLE feedback"}}, "by[0]"},
		{insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "channel", Op: "like", Values: []string{"x"}}}}, "where[0].op"},
		{insight.Query{Measure: insight.Count, Bucket: "hour"}, "bucket"},
		{insight.Query{Measure: insight.NPS, Compare: &insight.Compare{To: "rest"}}, "compare.to"},
		{insight.Query{Measure: insight.Share}, "share"},
		{insight.Query{Measure: insight.Count, Between: insight.Period{From: "2026-01-01", To: "2026-01-31", Last: "90d"}}, "between"},
		{insight.Query{Measure: insight.Count, Between: insight.Period{To: "2026-01-31", Last: "90d"}}, "between"},
		{insight.Query{Measure: insight.Count, Between: insight.Period{Last: "9999y"}}, "between.last"},
		{insight.Query{Measure: insight.Count, Between: insight.Period{Last: "99999999999999999d"}}, "between.last"},
		{insight.Query{Measure: insight.Count, Between: insight.Period{Last: "201y"}}, "between.last"},
		{insight.Query{Measure: insight.Count, Between: insight.Period{Last: "soon"}}, "between.last"},
		{insight.Query{Measure: insight.Count, Between: insight.Period{From: "yesterday"}}, "between.from"},
		{insight.Query{Measure: insight.CSAT, Scale: "abc"}, "scale"},
		{insight.Query{Measure: insight.CSAT, Scale: "1.."}, "scale"},
		{insight.Query{Measure: insight.CSAT, Scale: "5..5"}, "scale"},
		{insight.Query{Measure: insight.NPS, Scale: "1..5"}, "scale"},
		{insight.Query{Measure: insight.Mean, Of: "channel"}, "of"},
		{insight.Query{Measure: insight.Mean, Of: "sentiment"}, "of"},
	} {
		err := c.q.Validate()
		p := fault.ProblemOf(err)
		if !fault.Is(err, fault.Invalid) || len(p.Errors) == 0 || p.Errors[0].Path != c.path {
			t.Errorf("%+v: %v", c.q, err)
		}
	}
	for _, q := range []insight.Query{
		{Measure: insight.Count, Between: insight.Period{Last: "200y"}}, {Measure: insight.Count, Between: insight.Period{Last: "36500d"}}, {Measure: insight.CSAT, Scale: "5..1"}, {Measure: insight.Rating, Scale: "-2.5..2.5"},
		{Measure: insight.NPS, Scale: "0..10"}, {Measure: insight.Mean, Of: "nps"}, {Measure: insight.Mean, Of: "sentiment_score"}, {Measure: insight.Mean, Of: "attribute.size"},
	} {
		if err := q.Validate(); err != nil {
			t.Errorf("%+v: %v", q, err)
		}
	}
}
