package insight_test

import (
	"fmt"
	"testing"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/fault"
	"kolo/internal/understand/insight"
)

// TestGridSaysWhatAskSays asks the same of both, in one piece and in many.
func TestGridSaysWhatAskSays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		spoken := w.speak(3000)
		if len(spoken) == 0 {
			t.Fatal("nothing was said")
		}
		period := insight.Period{From: "2026-01-01", To: "2026-11-23"}
		for _, q := range []insight.Query{
			{Measure: insight.Count, By: []string{"channel"}, Bucket: "week"},
			{Measure: insight.Count, Bucket: "day"},
			{Measure: insight.Count, By: []string{"theme"}, Bucket: "week"},
			{Measure: insight.Count, By: []string{"theme_group"}, Bucket: "week"},
			{Measure: insight.NegativeShare, By: []string{"channel"}, Bucket: "week"},
			{Measure: insight.NPS, By: []string{"channel"}, Bucket: "week"},
			{Measure: insight.Share, Share: insight.Conditions{{Field: "nps_group", Values: []string{"detractor"}}}, Bucket: "month"},
		} {
			q.Between, q.Limit, q.Order = period, 5000, "key"
			want := map[string]int64{}
			a, err := w.insight.Ask(t.Context(), w.ws, q)
			must(t, err)
			put := func(m map[string]int64, keys []string, bucket string, n, hits int64) {
				if n > 0 {
					m[fmt.Sprint(keys, bucket)] = n*1_000_000 + hits
				}
			}
			for _, r := range a.Rows {
				var keys []string
				for _, b := range q.By {
					keys = append(keys, r.Keys[b])
				}
				hits := int64(0)
				if p := r.Parts; p != nil && p.Hits != nil {
					hits = *p.Hits
				} else if p != nil && p.Detractors != nil {
					hits = *p.Detractors
				}
				put(want, keys, r.Bucket, r.N, hits)
			}
			if len(want) < 5 {
				t.Fatalf("%s by %v: only %d cells", q.Measure, q.By, len(want))
			}
			for _, most := range []int{100_000, 40} {
				was := w.insight.CellsAtMost(most)
				g, err := w.insight.Grid(t.Context(), w.ws, q)
				w.insight.CellsAtMost(was)
				must(t, err)
				got := map[string]int64{}
				for _, x := range g.Groups {
					last := -1
					for _, c := range x.Cells {
						if c.At <= last || c.At >= len(g.Starts) {
							t.Fatalf("cells out of order: %+v", x)
						}
						last = c.At
						hits := int64(0)
						switch q.Measure {
						case insight.NPS, insight.NegativeShare:
							hits = c.Bad
						case insight.Share:
							hits = c.Good
						}
						put(got, x.Keys, g.Starts[c.At].String(), c.N, hits)
					}
				}
				if len(got) != len(want) {
					t.Errorf("%s by %v, at most %d cells: %d cells instead of %d", q.Measure, q.By, most, len(got), len(want))
				}
				for k, n := range want {
					if got[k] != n {
						t.Errorf("%s by %v, at most %d cells: %s is %d instead of %d", q.Measure, q.By, most, k, got[k], n)
						break
					}
				}
				if first, err := clock.ParseDay("2026-01-01"); err != nil || g.Starts[0] > first {
					t.Errorf("the first bucket begins on %s", g.Starts[0])
				}
			}
		}
		other := w.workspace("Two")
		g, err := w.insight.Grid(t.Context(), other, insight.Query{Measure: insight.Count, Bucket: "week", Between: period})
		must(t, err)
		if len(g.Groups) != 0 || len(g.Starts) < 40 {
			t.Errorf("another workspace sees %+v", g)
		}
		for _, q := range []insight.Query{{Measure: insight.Count, Between: period}, {Measure: insight.Contacts, Bucket: "week", Between: period}, {Measure: insight.Count, Bucket: "week"},
			{Measure: insight.Count, Bucket: "week", Between: insight.Period{From: "2026-01-01"}}} {
			if _, err := w.insight.Grid(t.Context(), w.ws, q); !fault.Is(err, fault.Internal) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}
