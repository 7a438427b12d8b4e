package insight_test

import (
	"fmt"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
)

func onDay(t *testing.T, s string) clock.Day {
	t.Helper()
	d, err := clock.ParseDay(s)
	must(t, err)
	return d
}

// yearBefore is the same date a year earlier; ok is false of 29 February, which has none.
func yearBefore(d clock.Day) (clock.Day, bool) {
	y, m, dd := d.Date()
	at := time.Date(y-1, m, dd, 0, 0, 0, 0, time.UTC)
	return clock.Day(at.Unix() / 86400), at.Month() == m
}

// TestBucketsStandBesideTheSameDays counts by hand, day by day, what each bucket of time is compared with: the same days so much earlier,
// as many of them, over ends of months and 29 February, in feedback, in different customers and in a score.
func TestBucketsStandBesideTheSameDays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		first, last := onDay(t, "2023-01-01"), onDay(t, "2026-05-31")
		perDay := map[clock.Day]int{}
		who := map[clock.Day]map[int]bool{}
		var in []feedback.Input
		for i, d := 0, first; d <= last; d++ {
			n := int(d) % 3
			if d > last-500 {
				n = 1 + int(d)%4
			}
			who[d] = map[int]bool{}
			for range n {
				f := by(0, float64(i%11), 0, "web")
				at := time.Unix(int64(d)*86400+12*3600, 0).UTC()
				f.Time, f.Contact = &at, &feedback.Who{ExternalID: fmt.Sprint("c", i%17)}
				who[d][i%17] = true
				in = append(in, f)
				i++
			}
			perDay[d] = n
		}
		for len(in) > 0 {
			n := min(1000, len(in))
			w.receive(w.ws, in[:n]...)
			in = in[n:]
		}
		for _, c := range []struct{ from, to, bucket, compare string }{
			{"2026-02-21", "2026-05-21", "month", "previous"},
			{"2026-03-10", "2026-05-20", "month", "previous"},
			{"2026-01-01", "2026-05-31", "quarter", "previous"},
			{"2025-05-05", "2026-05-20", "year", "previous"},
			{"2026-02-23", "2026-03-29", "week", "previous"},
			{"2026-02-23", "2026-03-29", "week", "year"},
			{"2026-02-23", "2026-03-29", "day", "year"},
			{"2026-03-10", "2026-05-20", "month", "year"},
			{"2025-01-01", "2025-12-31", "month", "year"},
			{"2024-02-10", "2024-03-20", "day", "year"},
			{"2024-02-10", "2024-03-20", "week", "year"},
			{"2024-01-15", "2024-06-20", "month", "year"},
			{"2024-01-15", "2025-06-20", "quarter", "year"},
			{"2024-06-15", "2025-06-20", "year", "year"},
		} {
			from, to := onDay(t, c.from), onDay(t, c.to)
			n := to - from + 1
			for _, measure := range []insight.Measure{insight.Count, insight.Contacts, insight.NPS} {
				a := w.ask(insight.Query{Measure: measure, Bucket: c.bucket, Between: insight.Period{From: c.from, To: c.to}, Compare: &insight.Compare{To: c.compare}})
				sum, whole := 0, true
				for i, r := range a.Rows {
					start, end := max(onDay(t, r.Bucket), from), to
					if i+1 < len(a.Rows) {
						end = onDay(t, a.Rows[i+1].Bucket) - 1
					}
					count, left, missing, people := 0, 0, 0, map[int]bool{}
					for d := start; d <= end; d++ {
						before, ok := d-n, true
						if c.compare == "year" {
							before, ok = yearBefore(d)
						}
						if !ok {
							missing++
							continue
						}
						left++
						count += perDay[before]
						for p := range who[before] {
							people[p] = true
						}
					}
					sum += count
					got := r.Compare
					if missing > 0 && (measure != insight.NPS || left == 0) {
						if whole = false; got != nil {
							t.Errorf("%v: %s of %s is compared over fewer days: %+v", c, measure, r.Bucket, got)
						}
						continue
					}
					want := map[insight.Measure]int{insight.Count: count, insight.NPS: count, insight.Contacts: len(people)}[measure]
					if got == nil || got.N != int64(want) || measure != insight.NPS && *got.Value != float64(want) {
						t.Errorf("%v: %s of %s is compared with %+v, want %d", c, measure, r.Bucket, got, want)
					}
				}
				if measure == insight.Count && whole && c.from != "2025-01-01" && a.Total.Compare.N != int64(sum) { // 2024 has a day more
					t.Errorf("%v: rows are compared with %d together, the total with %d", c, sum, a.Total.Compare.N)
				}
			}
		}
		// One bucket is all there is: customers who answered several times count in it, and in its counterpart, as they do in the total.
		for _, to := range []string{"previous", "year"} {
			a := w.ask(insight.Query{Measure: insight.NPS, Bucket: "year", Between: insight.Period{From: "2026-03-10", To: "2026-05-20"}, Compare: &insight.Compare{To: to}})
			if row, total := a.Rows[0].Compare, a.Total.Compare; len(a.Rows) != 1 || total.Interval == nil || *row.Interval != *total.Interval || a.Total.Inflation() <= 1 {
				t.Errorf("%s: %+v and %+v", to, row, total)
			}
		}
	})
}
