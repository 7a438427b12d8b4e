package scan_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"slices"
	"testing"

	"kolo/internal/demo"
	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/scan"
	"kolo/internal/understand/stat"
)

// of is the segment of one value or two.
func of(a *scan.Answer, parts ...scan.Part) *scan.Segment {
	for i := range a.Segments {
		if slices.Equal(a.Segments[i].Parts, parts) {
			return &a.Segments[i]
		}
	}
	return nil
}

// TestDemoSegments finds the segments that differ as planted in the demo company, and not those that do not.
func TestDemoSegments(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		c := demo.New(demo.Options{Feedback: 40_000})
		var all []feedback.Input
		must(t, c.Feedback(func(in feedback.Input) error {
			if in.Survey == "relationship" {
				all = append(all, in)
			}
			return nil
		}))
		w.receive(w.ws, all)
		a := w.ask(scan.Query{})
		if a.Score != insight.NPS || a.N != int64(len(all)) || a.Tests < 30 || a.PairTests < 200 || len(a.Paired) != 8 {
			t.Fatalf("%d answers, %d and %d tests, pairs of %v", a.N, a.Tests, a.PairTests, a.Paired)
		}
		for part, up := range map[scan.Part]bool{{Field: "attribute.segment", Value: "business"}: true, {Field: "attribute.plan", Value: "premium"}: true, {Field: "attribute.plan", Value: "basic"}: false, {Field: "contact.age_band", Value: "65+"}: false} {
			x := of(a, part)
			if x == nil || !x.Differs || x.Difference > 0 != up || len(x.Explained) > 0 {
				t.Errorf("%v: %+v", part, x)
			}
		}
		for _, part := range []scan.Part{{Field: "contact.age_band", Value: "25-34"}, {Field: "contact.prefers", Value: "email"}, {Field: "contact.prefers", Value: "sms"}} {
			if x := of(a, part); x == nil || x.Differs {
				t.Errorf("%v: %+v", part, x)
			}
		}
		special := 0
		for _, x := range a.Segments {
			if len(x.Parts) == 2 && x.Differs && len(x.Explained) == 0 {
				special++
			}
		}
		if special > 10 {
			t.Errorf("%d pairs that nothing explains: none is planted", special)
		}
	})
}

// answers makes 1,200 answers: region North lies in country IL and is as IL is; gold customers on the web are unhappy, and nobody else;
// device goes with country; dice means nothing.
func answers() []feedback.Input {
	rng := rand.New(rand.NewPCG(5, 5))
	var in []feedback.Input
	for range 1200 {
		country := []string{"IL", "GB", "DE"}[rng.IntN(3)]
		region := country + "-1"
		if country == "IL" {
			region = []string{"North", "South"}[rng.IntN(2)]
		}
		device := "phone"
		if rng.Float64() < map[string]float64{"IL": .9, "GB": .1, "DE": .1}[country] {
			device = `"; DROP`
		}
		tier, channel := []string{"gold", "plain"}[rng.IntN(2)], []string{"web", "sms", "email"}[rng.IntN(3)]
		p := .3
		if country == "IL" {
			p = .75
		}
		if tier == "gold" && channel == "web" {
			p -= .5
		}
		score := 3.0
		if rng.Float64() < p {
			score = 10
		}
		in = append(in, feedback.Input{Channel: channel, Touchpoint: "tp " + channel, Scores: []feedback.Score{{Metric: "nps", Value: score, Scale: feedback.Scale{Min: 0, Max: 10}}},
			Attributes: feedback.Attributes{"country": country, "region": region, `a "b'`: device, "tier": tier, "dice": fmt.Sprint("side ", rng.IntN(4)), "number": fmt.Sprint(rng.IntN(1000))}})
	}
	return in
}

func TestSegments(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		in := answers()
		w.receive(w.ws, in)
		a := w.ask(scan.Query{})
		count := func(is func(feedback.Input) bool) (c stat.NPSCounts) {
			for _, f := range in {
				switch {
				case !is(f):
				case f.Scores[0].Value == 10:
					c.Promoters++
				default:
					c.Detractors++
				}
			}
			return c
		}
		il := of(a, scan.Part{Field: "attribute.country", Value: "IL"})
		want, err := stat.NPSDifference(count(func(f feedback.Input) bool { return f.Attributes["country"] != "IL" }), count(func(f feedback.Input) bool { return f.Attributes["country"] == "IL" }), .95)
		must(t, err)
		if il == nil || !il.Differs || il.P != want.P || *il.Interval != want.Interval || math.Abs(il.Difference-want.Estimate) > 1e-9 || il.N+il.RestN != 1200 || len(il.Explained) > 0 || len(il.Mixed) > 0 {
			t.Fatalf("%+v, want %+v", il, want)
		}
		v, err := url.ParseQuery(il.Feedback)
		must(t, err)
		c, p, err := insight.Decode(v)
		must(t, err)
		if found, err := w.insight.Find(t.Context(), w.ws, c, p, "", 1000); err != nil || int64(len(found.Feedback)) != il.N {
			t.Errorf("%d behind %s: %v", len(found.Feedback), il.Feedback, err)
		}
		north := of(a, scan.Part{Field: "attribute.region", Value: "North"})
		if north == nil || !north.Differs || len(north.Explained) != 1 || north.Explained[0].Value != "IL" {
			t.Errorf("a part of IL: %+v", north)
		}
		// Of a field with two values one stands for both; what differs because of the country says so.
		hostile, phone := of(a, scan.Part{Field: `attribute.a "b'`, Value: `"; DROP`}), of(a, scan.Part{Field: `attribute.a "b'`, Value: "phone"})
		if (hostile == nil) == (phone == nil) {
			t.Fatalf("%+v and %+v", hostile, phone)
		}
		if phone != nil {
			hostile = phone
		}
		if !slices.ContainsFunc(hostile.Mixed, func(m scan.Mixed) bool {
			return m.Field == "attribute.country" && math.Abs(m.Adjusted) < .5*math.Abs(hostile.Difference)
		}) {
			t.Errorf("behind the device is the country: %+v", hostile)
		}
		// The very same answers are told once.
		web := of(a, scan.Part{Field: "channel", Value: "web"})
		if web == nil || len(web.Also) != 1 || web.Also[0] != (scan.Part{Field: "touchpoint", Value: "tp web"}) || of(a, web.Also[0]) != nil {
			t.Errorf("%+v", web)
		}
		// A pair that its parts do not predict, and one that they do.
		pair := of(a, scan.Part{Field: "attribute.tier", Value: "gold"}, scan.Part{Field: "channel", Value: "web"})
		if pair == nil {
			pair = of(a, scan.Part{Field: "channel", Value: "web"}, scan.Part{Field: "attribute.tier", Value: "gold"})
		}
		if pair == nil || !pair.Differs || len(pair.Explained) > 0 || pair.Excess == nil || pair.Excess.Interval.High > 0 || math.Abs(*pair.Predicted+pair.Excess.Value-pair.Value) > 1e-9 {
			t.Errorf("%+v", pair)
		}
		for _, x := range a.Segments {
			if x.Parts[0].Field == "attribute.number" || x.Parts[0].Field == "attribute.dice" && len(x.Parts) == 1 && x.Differs {
				t.Errorf("%+v", x)
			}
			if len(x.Parts) == 2 && x.Differs && x.Excess != nil && x.Excess.P > .3 && len(x.Explained) != 2 {
				t.Errorf("its parts predict %+v", x)
			}
		}
		if !slices.IsSortedFunc(a.Segments, func(x, y scan.Segment) int { return cmp.Or(cmp.Compare(x.Q, y.Q), cmp.Compare(x.P, y.P)) }) {
			t.Error("not by evidence")
		}
		// Each family is corrected for itself.
		for size, n := range map[int]int{1: a.Tests, 2: a.PairTests} {
			var p, q []float64
			for _, x := range a.Segments {
				if len(x.Parts) == size {
					p, q = append(p, x.P), append(q, x.Q)
				}
			}
			want, err := stat.BenjaminiHochberg(p)
			must(t, err)
			if len(p) != n {
				t.Errorf("%d tests, %d told", len(p), n)
			}
			for i := range q {
				if math.Abs(q[i]-want[i]) > 1e-12 {
					t.Fatalf("q %v, want %v", q[i], want[i])
				}
			}
		}
		no := false
		if b := w.ask(scan.Query{Pairs: &no, Fields: []string{"channel"}}); b.PairTests != 0 || b.Tests != 3 || len(b.Fields) != 1 {
			t.Errorf("%+v", b)
		}
		theirs, err := w.scan.Ask(t.Context(), w.workspace("Two"), scan.Query{})
		must(t, err)
		if theirs.N != 0 || len(theirs.Segments)+len(theirs.Fields) != 0 {
			t.Errorf("another workspace sees %+v", theirs)
		}
		for _, q := range []scan.Query{{Score: insight.Count}, {Rate: 2}, {Level: 2}, {Fields: []string{"nothing"}}, {Where: insight.Conditions{{Field: "nothing"}}}} {
			if _, err := w.scan.Ask(t.Context(), w.ws, q); !fault.Is(err, fault.Invalid) {
				t.Errorf("%+v: %v", q, err)
			}
		}
	})
}

// TestSmallSegments: among very many small segments that mean nothing, hardly any is told to differ, though a few agree by chance.
func TestSmallSegments(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		rng := rand.New(rand.NewPCG(8, 8))
		var in []feedback.Input
		for range 6000 {
			f := feedback.Input{Scores: []feedback.Score{{Metric: "nps", Value: []float64{3, 8, 9, 10}[rng.IntN(4)], Scale: feedback.Scale{Min: 0, Max: 10}}}, Attributes: feedback.Attributes{}}
			for k := range 5 {
				f.Attributes[fmt.Sprint("k", k)] = fmt.Sprint("v", rng.IntN(20))
			}
			in = append(in, f)
		}
		w.receive(w.ws, in)
		a := w.ask(scan.Query{})
		if a.Tests < 99 || a.PairTests < 2500 || a.Differ > 3 {
			t.Errorf("%d of %d and %d differ", a.Differ, a.Tests, a.PairTests)
		}
	})
}

func TestScoresOfAllKinds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 400 {
			good := i%2 == 0
			v := 2 + float64(i%3)
			if good {
				v = 3 + float64(i%3)
			}
			in = append(in, feedback.Input{Scores: []feedback.Score{{Metric: "csat", Value: v, Scale: feedback.Scale{Min: 1, Max: 5}}, {Metric: "star", Value: v, Scale: feedback.Scale{Min: 1, Max: 5}}},
				Attributes: feedback.Attributes{"side": map[bool]string{true: "a", false: "b"}[good], "all": "same"}})
		}
		w.receive(w.ws, in)
		for _, m := range []insight.Measure{insight.CSAT, insight.Star, insight.CSATMean} {
			a := w.ask(scan.Query{Score: m})
			direct, err := w.insight.Ask(t.Context(), w.ws, insight.Query{Measure: m, By: []string{"attribute.side"}, Compare: &insight.Compare{To: "rest"}})
			must(t, err)
			if len(a.Segments) != 1 || a.Tests != 1 || !a.Segments[0].Differs || a.Unit != m.Unit() {
				t.Fatalf("%s: %+v", m, a)
			}
			x := a.Segments[0]
			i := slices.IndexFunc(direct.Rows, func(r insight.Row) bool { return r.Keys["attribute.side"] == x.Parts[0].Value })
			if c := direct.Rows[i].Compare; math.Abs(*c.Difference-x.Difference) > 1e-9 || math.Abs(c.Interval.Low-x.Interval.Low) > 1e-9 || math.Abs(*c.P-x.P) > 1e-9 {
				t.Errorf("%s: %+v, want %+v", m, x, c)
			}
		}
		same := w.workspace("Same")
		for i := range in {
			in[i].Scores = []feedback.Score{{Metric: "star", Value: 4, Scale: feedback.Scale{Min: 1, Max: 5}}}
		}
		w.receive(same, in)
		a, err := w.scan.Ask(t.Context(), same, scan.Query{})
		must(t, err)
		if a.N != 400 || len(a.Segments) != 0 {
			t.Errorf("all say the same: %+v", a)
		}
	})
}

func TestAddress(t *testing.T) {
	t.Parallel()
	no := false
	q := scan.Query{Score: insight.CSAT, Fields: []string{"channel", "attribute.x y"}, Pairs: &no, Rate: .05, Scale: "1..5", Between: insight.Period{Last: "90d"},
		Where: insight.Conditions{{Field: "channel", Op: "in", Values: []string{"web"}}}}
	got, err := scan.Decode(q.Encode())
	must(t, err)
	if got.Pairs == nil || *got.Pairs || got.Encode().Encode() != q.Encode().Encode() || got.Rate != .05 || len(got.Fields) != 2 {
		t.Errorf("%+v, want %+v", got, q)
	}
}

// TestOneVoiceIsNoSegment: many answers of one customer, or of two, are no segment that differs.
func TestOneVoiceIsNoSegment(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var all []feedback.Input
		add := func(n, customer int, score float64, channel string) {
			for range n {
				at := today.AddDate(0, 0, -1)
				all = append(all, feedback.Input{Channel: channel, Time: &at, Contact: &feedback.Who{ExternalID: fmt.Sprint("c", customer)},
					Scores: []feedback.Score{{Metric: "nps", Value: score, Scale: feedback.Scale{Max: 10}}}})
			}
		}
		add(60, 1, 0, "one")
		add(30, 2, 0, "two")
		add(30, 3, 0, "two")
		for i := range 300 {
			add(1, 10+i, []float64{10, 8, 10, 3}[i%4], []string{"web", "sms", "phone"}[i%3])
		}
		w.receive(w.ws, all)
		a := w.ask(scan.Query{Fields: []string{"channel"}})
		if x := of(a, scan.Part{Field: "channel", Value: "one"}); x != nil || a.Small != 1 {
			t.Errorf("one voice was tested: %+v, %d too small", x, a.Small)
		}
		if x := of(a, scan.Part{Field: "channel", Value: "two"}); x == nil || x.Differs {
			t.Errorf("two voices: %+v", x)
		}
	})
}

// TestDifferencesKeepToTheScale: the two ends of a scale are as far apart as anything can be.
func TestDifferencesKeepToTheScale(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var all []feedback.Input
		for i := range 24 {
			at, high := today.AddDate(0, 0, -1), float64(i%2)
			if i < 2 { // one of each is otherwise
				high = 1 - high
			}
			all = append(all, feedback.Input{Channel: []string{"web", "sms"}[i%2], Time: &at, Scores: []feedback.Score{{Metric: "star", Value: 1 + 4*high, Scale: feedback.Scale{Min: 1, Max: 5}}}})
		}
		w.receive(w.ws, all)
		a := w.ask(scan.Query{Score: insight.Star, Fields: []string{"channel"}, Level: .9999})
		if len(a.Segments) != 1 || a.Segments[0].Interval.Low < -4 || a.Segments[0].Interval.High > 4 {
			t.Errorf("%+v", a.Segments)
		}
	})
}

// TestChoicesAreSegments: who picked something is compared with all others who answered, whatever else they picked.
func TestChoicesAreSegments(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 600 {
			score, pick := 9.0, []any{[]any{"a"}, []any{"b", "c"}, []any{"c", "a", "b"}, "b"}[i%4]
			if i%4 == 0 || i%4 == 2 {
				score = 3
			}
			f := feedback.Input{Channel: "web", Scores: []feedback.Score{{Metric: "nps", Value: score, Scale: feedback.Scale{Min: 0, Max: 10}}}}
			if i < 500 {
				f.Answers = feedback.Answers{{Question: "pick", Value: pick}}
			}
			in = append(in, f)
		}
		w.receive(w.ws, in)
		a := w.ask(scan.Query{Fields: []string{"answer.pick", "channel"}})
		for value, n := range map[string]int64{"a": 250, "b": 375, "c": 250} {
			x := of(a, scan.Part{Field: "answer.pick", Value: value})
			if x == nil || x.N != n || x.RestN != 500-n {
				t.Errorf("%s: %+v", value, x)
			}
		}
		if len(a.Segments) != 3 {
			t.Errorf("%+v", a.Segments)
		}
	})
}
