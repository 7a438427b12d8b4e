package insight_test

import (
	"fmt"
	"net/url"
	"testing"

	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
)

// rating is an answer to a question of satisfaction on a scale.
func rating(value float64, scale feedback.Scale, i int) feedback.Input {
	at := today.AddDate(0, 0, -i%40)
	return feedback.Input{Channel: []string{"web", "sms"}[i%2], Time: &at, Scores: []feedback.Score{{Metric: "csat", Value: value, Scale: scale}}}
}

// mixedScales are 60 answers from 1 to 5 (12 of each), 20 from 1 to 7 and 10 from 1 to 5 of which 1 is the best.
func mixedScales() (in []feedback.Input) {
	for i := range 60 {
		in = append(in, rating(float64(1+i%5), feedback.Scale{Min: 1, Max: 5}, i))
	}
	for i := range 20 {
		in = append(in, rating(7, feedback.Scale{Min: 1, Max: 7}, i))
	}
	for i := range 10 {
		in = append(in, rating(1, feedback.Scale{Min: 1, Max: 5, Direction: feedback.Down}, i))
	}
	return in
}

// TestValuesOfAScoreKeepToOneScale: its mean and how its values are spread are of the scale that its other figures are of.
func TestValuesOfAScoreKeepToOneScale(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		w.receive(w.ws, mixedScales()...)
		for _, q := range []insight.Query{{}, {Scale: "1..7"}, {Scale: "5..1"}, {By: []string{"channel"}}, {Bucket: "month"}} {
			mean, known, spread := q, q, q
			mean.Measure, mean.Of = insight.Mean, "csat"
			known.Measure = insight.CSATMean
			spread.Measure, spread.Of = insight.Distribution, "csat"
			m, k, d := w.ask(mean), w.ask(known), w.ask(spread)
			if m.Scale != k.Scale || m.Total.N != k.Total.N || *m.Total.Value != *k.Total.Value || fmt.Sprint(m.LeftOut, m.Marks) != fmt.Sprint(k.LeftOut, k.Marks) || len(m.LeftOut) != 2 || *m.Total.Interval != *k.Total.Interval {
				t.Errorf("%+v: the mean of csat is %v of %d on %s without %v, csat_mean is %v of %d on %s without %v", q, *m.Total.Value, m.Total.N, m.Scale, m.LeftOut, *k.Total.Value, k.Total.N, k.Scale, k.LeftOut)
			}
			if d.Scale != k.Scale || d.Total.N != k.Total.N || fmt.Sprint(d.LeftOut) != fmt.Sprint(k.LeftOut) {
				t.Errorf("%+v: spread of %d on %s without %v", q, d.Total.N, d.Scale, d.LeftOut)
			}
		}
		d := w.ask(insight.Query{Measure: insight.Distribution, Of: "csat", Order: "key"})
		if len(d.Rows) != 5 {
			t.Fatalf("values are %+v", d.Rows)
		}
		for i, r := range d.Rows {
			if r.Keys["value"] != fmt.Sprint(i+1) || r.N != 60 || *r.Parts.Hits != 12 {
				t.Errorf("%v: %d of %d", r.Keys, *r.Parts.Hits, r.N)
			}
		}
		// Before and after are of one scale too.
		c := w.ask(insight.Query{Measure: insight.Mean, Of: "csat", Between: insight.Period{Last: "20d"}, Compare: &insight.Compare{To: "previous"}})
		k := w.ask(insight.Query{Measure: insight.CSATMean, Between: insight.Period{Last: "20d"}, Compare: &insight.Compare{To: "previous"}})
		if c.Total.Compare.N != k.Total.Compare.N || *c.Total.Compare.Value != *k.Total.Compare.Value {
			t.Errorf("before %+v, and csat_mean %+v", c.Total.Compare, k.Total.Compare)
		}
	})
}

// TestFeedbackBehindAFigureIsWhatWasCounted where there are other scales, and where an attribute is called like an operator.
func TestFeedbackBehindAFigureIsWhatWasCounted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		in := mixedScales()
		for i := range in {
			in[i].Attributes = map[string]string{"x": "7", "x.gte": "5", "in": "yes", "k.not_empty": "no"}
			if i%3 == 0 {
				in[i].Attributes = map[string]string{"x": "1"}
			}
		}
		w.receive(w.ws, in...)
		behind := func(r insight.Row) int64 {
			t.Helper()
			if r.Feedback == nil {
				t.Fatalf("nothing leads to what is behind %+v", r)
			}
			v, err := url.ParseQuery(*r.Feedback)
			must(t, err)
			c, p, err := insight.Decode(v)
			must(t, err)
			found, err := w.insight.Find(t.Context(), w.ws, c, p, "", 1000)
			must(t, err)
			return int64(len(found.Feedback))
		}
		for _, q := range []insight.Query{{Measure: insight.CSAT}, {Measure: insight.CSAT, By: []string{"channel"}, Bucket: "week"}, {Measure: insight.CSATMean, Scale: "1..7"}, {Measure: insight.Mean, Of: "csat"},
			{Measure: insight.Count, By: []string{"attribute.x.gte"}}, {Measure: insight.Count, By: []string{"attribute.in", "attribute.k.not_empty"}}, {Measure: insight.Distribution, Of: "attribute.x.gte"},
			{Measure: insight.Distribution, Of: "csat", Where: insight.Conditions{{Field: "csat", Values: []string{"4", "5"}}}}} {
			a := w.ask(q)
			for _, r := range append(a.Rows, a.Total) {
				n := r.N
				if q.Measure == insight.Distribution {
					n = *r.Parts.Hits
				}
				if n == 0 {
					continue
				}
				if got := behind(r); got != n {
					t.Errorf("%+v: %v %s counts %d, and %d are behind %s", q, r.Keys, r.Bucket, n, got, *r.Feedback)
				}
			}
		}
		c := insight.Conditions{{Field: "attribute.in", Op: "in", Values: []string{"yes"}}, {Field: "attribute.k.not_empty", Op: "not_empty"}, {Field: "attribute.x", Op: "gte", Values: []string{"5"}},
			{Field: "attribute.x.gte", Op: "in", Values: []string{"5"}}, {Field: "channel", Op: "in", Values: []string{"web", "sms"}}, {Field: "channel", Op: "in", Values: []string{"web"}}}
		got, _, err := insight.Decode(insight.Encode(c, insight.Period{}))
		must(t, err)
		if fmt.Sprint(got) != fmt.Sprint(c) {
			t.Errorf("%v became %v", c, got)
		}
		if hand, _, err := insight.Decode(url.Values{"attribute.in": {"yes"}}); err != nil || hand[0].Field != "attribute.in" {
			t.Errorf("%v %v", hand, err)
		}
		share := w.ask(insight.Query{Measure: insight.Share, Where: insight.Conditions{{Field: "text", Op: "contains", Values: []string{"a"}}}, Share: insight.Conditions{{Field: "text", Op: "contains", Values: []string{"b"}}}})
		if share.Total.Feedback != nil {
			t.Errorf("both words cannot be asked for in an address, and yet %s", *share.Total.Feedback)
		}
	})
}
