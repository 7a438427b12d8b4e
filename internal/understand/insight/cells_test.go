package insight_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
)

// TestDifferentCustomers counts them anew in every bucket and group, on each of the ways that the columns are asked.
func TestDifferentCustomers(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		rng := rand.New(rand.NewPCG(3, 4))
		var in []feedback.Input
		who := map[string]map[string]bool{} // by question and group
		seen := func(c string, keys ...string) {
			for _, k := range keys {
				if who[k] == nil {
					who[k] = map[string]bool{}
				}
				who[k][c] = true
			}
		}
		for range 2500 {
			at := today.AddDate(0, 0, -rng.IntN(700))
			channel := []string{"web", "sms", "call"}[rng.IntN(3)]
			f := feedback.Input{Channel: channel, Time: &at, Text: "x"}
			if rng.IntN(5) > 0 {
				c := fmt.Sprint("c", rng.IntN(60))
				f.Contact = &feedback.Who{ExternalID: c}
				day := clock.DayOf(at, w.zone())
				y, m, _ := day.Date()
				week := day - clock.Day(day.Weekday()) // begins on Sunday
				month := fmt.Sprintf("%04d-%02d-01", y, m)
				seen(c, "all", "/"+channel, "day/"+day.String(), "week/"+week.String(), "month/"+month, "month/"+month+channel, "week/"+week.String()+channel, fmt.Sprintf("year/%d-01-01", y))
			}
			in = append(in, f)
		}
		for len(in) > 0 {
			n := min(500, len(in))
			w.receive(w.ws, in[:n]...)
			in = in[n:]
		}
		questions := []insight.Query{
			{}, {By: []string{"channel"}}, {Bucket: "day", Between: insight.Period{Last: "2y"}}, {Bucket: "day", Between: insight.Period{Last: "90d"}}, {Bucket: "week"}, {Bucket: "month"},
			{Bucket: "month", By: []string{"channel"}}, {Bucket: "week", By: []string{"channel"}, Between: insight.Period{Last: "2y"}}, {Bucket: "year"},
		}
		for i, q := range slices.Repeat(questions, 2) {
			if i == len(questions) { // now with the customers in parts
				w.insight.ManyRowsAre(2)
			}
			q.Measure, q.Limit = insight.Contacts, 5000
			a := w.ask(q)
			groups := 0
			for _, r := range a.Rows {
				want := len(who["all"])
				if q.Bucket != "" || q.By != nil {
					want = len(who[q.Bucket+"/"+r.Bucket+r.Keys["channel"]])
				}
				if r.N != int64(want) {
					t.Errorf("%+v: %s %v: %d customers, want %d", q, r.Bucket, r.Keys, r.N, want)
				}
				if r.N > 0 {
					groups++
				}
			}
			if groups == 0 || q.Between.Last != "90d" && a.Total.N != int64(len(who["all"])) {
				t.Errorf("%+v: %d groups, %d customers in all, want %d", q, groups, a.Total.N, len(who["all"]))
			}
		}
		if a := w.ask(insight.Query{Measure: insight.Contacts, Bucket: "month", Where: insight.Conditions{{Field: "channel", Values: []string{"fax"}}}}); len(a.Rows) != 0 || a.Total.N != 0 {
			t.Errorf("of no feedback: %+v", a)
		}
	})
}

// TestAWordingForEveryAnswer has more forms of a question than are told apart.
func TestAWordingForEveryAnswer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 1100 {
			f := nps(float64(1+i%5), i%50, []string{"web", "sms"}[i%2])
			f.Scores[0] = feedback.Score{Metric: "csat", Value: float64(1 + i%5), Scale: feedback.Scale{Min: 1, Max: 5}, Question: fmt.Sprintf("How was order %d?", i)}
			if i%11 == 5 {
				f.Scores[0].Scale.Max = 7
			}
			in = append(in, f)
		}
		w.receive(w.ws, in[:550]...)
		w.receive(w.ws, in[550:]...)
		a := w.ask(insight.Query{Measure: insight.CSAT, Bucket: "week", By: []string{"channel"}})
		if a.Total.N != 1000 || *a.Total.Value != 0.4 || a.Scale != "1..5" || len(a.LeftOut) != 1 || a.LeftOut[0].N != 100 {
			t.Fatalf("%+v, left out %v", a.Total, a.LeftOut)
		}
		for _, m := range a.Marks {
			if m.Kind != "scale" {
				t.Errorf("%+v", m)
			}
		}
		b := w.ask(insight.Query{Measure: insight.CSATMean, Scale: "1..7"})
		if b.Total.N != 100 || *b.Total.Value != 3 {
			t.Fatalf("%+v", b.Total)
		}
		// The page of themes counts all of them too, and says so when it cannot.
		w.insight.ScoreAtMost(40)
		p, err := w.insight.Themes(t.Context(), w.ws, insight.ThemesQuery{Score: insight.CSAT})
		must(t, err)
		if p.Answers != 1000 || *p.Value != 0.4 || p.Scale != "1..5" || len(p.LeftOut) != 1 || p.LeftOut[0] != (insight.LeftOut{Scale: "1..7", N: 100}) {
			t.Errorf("themes: %+v", p)
		}
		w.insight.ScoreAtMost(5)
		if p, err = w.insight.Themes(t.Context(), w.ws, insight.ThemesQuery{Score: insight.CSAT}); !fault.Is(err, fault.Invalid) {
			t.Errorf("more groups than there may be: %+v, %v", p, err)
		}
	})
}

// TestColumnsOfAnOlderLayout are filled anew by the next feeder.
func TestColumnsOfAnOlderLayout(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		ids := w.receive(w.ws, nps(9, 1, "web"), nps(3, 2, "web"), nps(8, 2, "sms"))
		must(t, w.columns.Append(t.Context(), "by hand", 0, 1, column.Batch{Table: "feedback", Remove: []column.Key{{Workspace: string(w.ws), ID: string(ids[1].ID)}}}))
		count := func() int64 { return w.ask(insight.Query{Measure: insight.Count}).Total.N }
		must(t, insight.NewFeeder(w.insight, discard).Feed(t.Context()))
		if n := count(); n != 2 {
			t.Fatalf("%d: columns of the present layout were touched", n)
		}
		must(t, w.columns.Reset(t.Context(), "feedback.layout"))
		w.clock.Advance(time.Minute) // the lease of the feeder that fed before is over
		must(t, insight.NewFeeder(w.insight, discard).Feed(t.Context()))
		if n := count(); n != 3 {
			t.Fatalf("%d after the layout changed", n)
		}
	})
}
