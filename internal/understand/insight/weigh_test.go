package insight_test

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/population"
	"kolo/internal/understand/stat"
)

// on is an answer of somebody on a plan.
func on(plan string, score float64, daysAgo int) feedback.Input {
	in := by(0, score, daysAgo, "web")
	if plan != "" {
		in.Attributes = feedback.Attributes{"plan": plan}
	}
	return in
}

func (w *world) population(ws identity.WorkspaceID, margins ...population.Margin) {
	w.t.Helper()
	must(w.t, population.NewService(w.db).SaveMargins(w.t.Context(), ws, identity.Program(ws, "test"), margins))
}

func parts(of ...any) (list []population.Part) {
	for i := 0; i < len(of); i += 2 {
		list = append(list, population.Part{Value: of[i].(string), Share: of[i+1].(float64)})
	}
	return list
}

// TestWeightingToAKnownPopulation: with one field, the weighted score is the mix of the groups' scores that the population has.
func TestWeightingToAKnownPopulation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		other := w.workspace("Other")
		var in []feedback.Input
		for i := range 160 { // NPS 50
			in = append(in, on("Basic", []float64{10, 10, 8, 8}[i%4], 1+i%2))
		}
		for i := range 40 { // NPS -50
			in = append(in, on("premium", []float64{0, 0, 8, 8}[i%4], 1+i%2))
		}
		for range 7 {
			in = append(in, on("", 0, 1), on("trial", 0, 1)) // of no plan, of one that the population lacks
		}
		w.receive(w.ws, in...)
		w.receive(other, in...)
		w.population(w.ws, population.Margin{Field: "attribute.plan", Parts: parts("basic", 50., "premium", 50.)})
		a := w.ask(insight.Query{Measure: insight.NPS, Weight: true, By: []string{"channel"}, Between: insight.Period{Last: "7d"}, Compare: &insight.Compare{To: "previous"}})
		x := a.Total.Weighted
		if !a.Weighted || a.Weighting == nil || x == nil {
			t.Fatalf("%+v", a)
		}
		if math.Abs(x.Value) > 1e-9 || x.N != 200 || x.Interval.Low > 0 || x.Interval.High < 0 {
			t.Errorf("half of 50 and half of -50 are 0, not %+v", *x)
		}
		// Weights 100/160 and 100/40: (sum w)^2 / sum w^2 = 200^2 / (160 .625^2 + 40 2.5^2)
		if want := 40000 / (160*.390625 + 40*6.25); math.Abs(x.EffectiveN-want) > 1e-6 || math.Abs(a.Weighting.Largest-2.5) > 1e-6 || math.Abs(a.Weighting.DesignEffect-200/want) > 1e-6 {
			t.Errorf("worth %v, want %v: %+v", x.EffectiveN, want, *a.Weighting)
		}
		if a.Weighting.LeftOut != 14 || len(a.Weighting.Collapsed) != 0 || !slices.Equal(a.Weighting.Fields, []string{"attribute.plan"}) {
			t.Errorf("%+v", *a.Weighting)
		}
		if *a.Total.Value == x.Value || a.Total.N != 214 {
			t.Errorf("the unweighted figure stays: %+v", a.Total)
		}
		if r := a.Rows[0].Weighted; r == nil || r.Value != x.Value || r.N != x.N {
			t.Errorf("the only group is the total: %+v", r)
		}
		// By days: each has 80 and 20 of them, enough for weights of its own.
		b := w.ask(insight.Query{Measure: insight.NPS, Weight: true, Bucket: "day", Between: insight.Period{Last: "3d"}})
		if b.Weighting.Buckets != 2 {
			t.Errorf("%+v", *b.Weighting)
		}
		for _, r := range b.Rows {
			if r.N > 0 && (r.Weighted == nil || math.Abs(r.Weighted.Value) > 1e-9) {
				t.Errorf("%s: %+v", r.Bucket, r.Weighted)
			}
		}
		share := w.ask(insight.Query{Measure: insight.Share, Share: insight.Conditions{{Field: "nps", Op: "gte", Values: []string{"9"}}}, Weight: true})
		if s := share.Total.Weighted; s == nil || math.Abs(s.Value-.25) > 1e-9 || s.Interval.Method != "Wilson, effective n" {
			t.Errorf("%+v", s)
		}
		_, err := w.insight.Ask(t.Context(), other, insight.Query{Measure: insight.NPS, Weight: true})
		refused(t, err, "no population is known")
	})
}

// TestTheWeightedSumsAreThoseOfNPS holds a weighted score against the formula for an NPS, which has vectors.
func TestTheWeightedSumsAreThoseOfNPS(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 50 {
			in = append(in, on("basic", []float64{10, 9, 8, 3, 0}[i%5], 1), on("premium", []float64{10, 10, 9, 8, 6}[i%5], 1))
		}
		w.receive(w.ws, in...)
		w.population(w.ws, population.Margin{Field: "attribute.plan", Parts: parts("basic", .8, "premium", .2)})
		x := w.ask(insight.Query{Measure: insight.NPS, Weight: true}).Total.Weighted
		var nps stat.WeightedNPS
		for i := range 50 {
			nps.Add([]int{1, 1, 0, -1, -1}[i%5], 1.6)
			nps.Add([]int{1, 1, 1, 0, -1}[i%5], .4)
		}
		want, err := nps.Estimate(.95)
		must(t, err)
		if x == nil || math.Abs(x.Value-want.NPS) > 1e-9 || math.Abs(x.Interval.Low-want.Interval.Low) > 1e-9 || math.Abs(x.EffectiveN-want.EffectiveN) > 1e-9 {
			t.Errorf("%+v, want %+v", x, want)
		}
	})
}

func TestThinCategoriesAreCollapsedOrRefused(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		for i := range 100 {
			in = append(in, on("basic", []float64{10, 3}[i%2], 1))
		}
		for range 15 {
			in = append(in, on("gold", 10, 1), on("silver", 10, 1))
		}
		w.receive(w.ws, in...)
		w.population(w.ws, population.Margin{Field: "attribute.plan", Parts: parts("basic", .5, "gold", .2, "silver", .2, "never", .1)},
			population.Margin{Field: "language", Parts: parts("he", .5, "en", .5)})
		_, err := w.insight.Ask(t.Context(), w.ws, insight.Query{Measure: insight.NPS, Weight: true})
		refused(t, err, "none of the answers has a value") // of a language
		must(t, population.NewService(w.db).DeleteMargin(t.Context(), w.ws, identity.Program(w.ws, "test"), "language"))
		a := w.ask(insight.Query{Measure: insight.NPS, Weight: true})
		// Nobody is on "never": it is put together with gold (15), and these with silver (15): 100 and 30.
		if got := a.Weighting.Collapsed; len(got) != 1 || got[0] != "gold + silver + never" {
			t.Errorf("%q", got)
		}
		if x := a.Total.Weighted; math.Abs(x.Value-50) > 1e-9 {
			t.Errorf("half of 0 and half of 100 are 50, not %+v", *x)
		}
		_, err = w.insight.Ask(t.Context(), w.ws, insight.Query{Measure: insight.NPS, Weight: true, Where: insight.Conditions{{Field: "contact", Values: []string{"x"}}}})
		refused(t, err, "chosen one by one") // whom the margins of all say nothing of
		_, err = w.insight.Ask(t.Context(), w.ws, insight.Query{Measure: insight.NPS, Weight: true, Where: insight.Conditions{{Field: "attribute.plan", Op: "empty"}}})
		if err != nil {
			t.Errorf("there are no such answers: %v", err)
		}
		for _, q := range []insight.Query{{Measure: insight.Count, Weight: true}, {Measure: insight.NPS, By: []string{"theme"}, Weight: true}} {
			_, err = w.insight.Ask(t.Context(), w.ws, q)
			refused(t, err, "can be weighted")
		}
	})
}

func refused(t *testing.T, err error, why string) {
	t.Helper()
	var f *fault.Error
	if !errors.As(err, &f) || f.Kind != fault.Invalid || len(f.Fields) == 0 || f.Fields[0].Path != "weight" || !strings.Contains(f.Fields[0].Msg, why) {
		t.Errorf("%v, want a refusal because %s", err, why)
	}
}

// TestWeightedComparison: the mix of plans changed, the score of each did not. Weighted, nothing has changed.
func TestWeightedComparison(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		var in []feedback.Input
		add := func(plan string, n, daysAgo int, scores ...float64) {
			for i := range n {
				in = append(in, on(plan, scores[i%len(scores)], daysAgo))
			}
		}
		add("basic", 400, 10, 10, 10, 8, 0)
		add("premium", 100, 10, 0, 0, 8, 10)
		add("basic", 100, 3, 10, 10, 8, 0)
		add("premium", 400, 3, 0, 0, 8, 10)
		w.receive(w.ws, in...)
		w.population(w.ws, population.Margin{Field: "attribute.plan", Parts: parts("basic", .5, "premium", .5)})
		a := w.ask(insight.Query{Measure: insight.NPS, Weight: true, Between: insight.Period{Last: "7d"}, Bucket: "week", Compare: &insight.Compare{To: "previous"}})
		c := a.Total.Compare
		if !c.Distinguishable || *c.Difference > -25 {
			t.Errorf("unweighted, the score falls by 30 points: %+v", c)
		}
		if x := c.Weighted; x == nil || math.Abs(x.Difference) > 1e-9 || x.Distinguishable || x.P < .99 {
			t.Errorf("%+v", x)
		}
		found := false
		for _, r := range a.Rows {
			found = found || r.Compare != nil && r.Compare.Weighted != nil
		}
		if !found {
			t.Errorf("no week has a weighted counterpart: %+v", a.Rows)
		}
	})
}

// TestAPartKeepsTheWeightsOfTheWhole: what a condition on who answered leaves has the figure of its row in the answer by that field, with
// what its own weights are worth; and weighted sums of parts add up to the whole's.
func TestAPartKeepsTheWeightsOfTheWhole(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		rng := rand.New(rand.NewPCG(5, 8))
		var in []feedback.Input
		counts := map[[2]string]float64{}
		for range 900 {
			plan, region := []string{"basic", "basic", "basic", "premium"}[rng.IntN(4)], []string{"north", "south", "south"}[rng.IntN(3)]
			tier := []string{"old", "new"}[rng.IntN(2)]
			if plan == "premium" && rng.IntN(3) > 0 {
				tier = "old"
			}
			x := on(plan, float64(rng.IntN(11)), 1+rng.IntN(20))
			x.Attributes["region"], x.Attributes["tier"] = region, tier
			if rng.IntN(30) == 0 {
				delete(x.Attributes, "region") // the population knows nothing of them
			} else {
				counts[[2]string{plan, region}]++
			}
			x.Channel = []string{"web", "sms"}[rng.IntN(2)]
			in = append(in, x)
		}
		w.receive(w.ws, in...)
		w.population(w.ws, population.Margin{Field: "attribute.plan", Parts: parts("basic", .5, "premium", .5)}, population.Margin{Field: "attribute.region", Parts: parts("north", .6, "south", .4)})
		of := func(field, value string) insight.Conditions {
			return insight.Conditions{{Field: field, Values: []string{value}}}
		}
		whole := w.ask(insight.Query{Measure: insight.NPS, Weight: true})
		if whole.Weighting.Raked != 0 || whole.Total.Weighted.N+whole.Weighting.LeftOut != 900 {
			t.Errorf("%+v", *whole.Weighting)
		}
		for _, field := range []string{"attribute.tier", "attribute.plan", "nps_group", "channel"} {
			rows := w.ask(insight.Query{Measure: insight.NPS, Weight: true, By: []string{field}})
			n, left := int64(0), int64(0)
			for _, r := range rows.Rows {
				a := w.ask(insight.Query{Measure: insight.NPS, Weight: true, Where: of(field, r.Keys[field])})
				x := a.Total.Weighted
				if field == "channel" { // it says how they were asked: those are a sample, and raked by themselves
					if a.Weighting.Raked != 0 || x == nil || math.Abs(x.Value-r.Weighted.Value) < 1e-9 {
						t.Errorf("%s %s: %+v, %+v", field, r.Keys[field], *a.Weighting, x)
					}
					continue
				}
				if x == nil || math.Abs(x.Value-r.Weighted.Value) > 1e-9 || x.N != r.Weighted.N || math.Abs(x.EffectiveN-r.Weighted.EffectiveN) > 1e-6 ||
					math.Abs(x.Interval.Low-r.Weighted.Interval.Low) > 1e-9 {
					t.Fatalf("%s %s: %+v, its row has %+v", field, r.Keys[field], x, r.Weighted)
				}
				if g := a.Weighting; g.Raked != whole.Total.Weighted.N || math.Abs(g.EffectiveN-x.EffectiveN) > 1e-9 || math.Abs(g.DesignEffect-float64(x.N)/x.EffectiveN) > 1e-9 || g.EffectiveN > float64(x.N)+1e-6 {
					t.Errorf("%+v", *g)
				}
				n, left = n+x.N, left+a.Weighting.LeftOut
			}
			if field != "channel" && (n != whole.Total.Weighted.N || left != whole.Weighting.LeftOut) {
				t.Errorf("the parts by %s have %d answers and %d left out", field, n, left)
			}
		}
		// The part's figure is that of its own answers with the weights of the whole: raked to margins that two fields of two values have.
		weights := raked(counts)
		var sum, mean float64
		for _, x := range in {
			if x.Attributes["tier"] != "old" || x.Attributes["region"] == "" {
				continue
			}
			y := 0.0
			if v := x.Scores[0].Value; v >= 9 {
				y = 100
			} else if v <= 6 {
				y = -100
			}
			g := weights[[2]string{x.Attributes["plan"], x.Attributes["region"]}]
			sum, mean = sum+g, mean+g*y
		}
		old := w.ask(insight.Query{Measure: insight.NPS, Weight: true, Where: append(of("attribute.tier", "old"), insight.Condition{Field: "has_text", Values: []string{"no"}})})
		if x := old.Total.Weighted; math.Abs(x.Value-mean/sum) > 1e-3 {
			t.Errorf("%v, want %v", x.Value, mean/sum)
		}
		// By weeks, and held against the other part: both are parts of one whole.
		c := w.ask(insight.Query{Measure: insight.NPS, Weight: true, Where: of("attribute.tier", "old"), Compare: &insight.Compare{Where: of("attribute.tier", "new")}}).Total
		fresh := w.ask(insight.Query{Measure: insight.NPS, Weight: true, Where: of("attribute.tier", "new")}).Total.Weighted
		if x := c.Compare.Weighted; x == nil || math.Abs(x.Value-fresh.Value) > 1e-9 || math.Abs(x.Difference-(c.Weighted.Value-fresh.Value)) > 1e-9 {
			t.Errorf("%+v", x)
		}
		weeks := w.ask(insight.Query{Measure: insight.NPS, Weight: true, Bucket: "week", Where: of("attribute.tier", "old")})
		rows := w.ask(insight.Query{Measure: insight.NPS, Weight: true, Bucket: "week", By: []string{"attribute.tier"}})
		compared := 0
		for _, r := range weeks.Rows {
			i := slices.IndexFunc(rows.Rows, func(x insight.Row) bool { return x.Bucket == r.Bucket && x.Keys["attribute.tier"] == "old" })
			if i < 0 || r.Weighted == nil {
				continue
			}
			if want := rows.Rows[i].Weighted; math.Abs(r.Weighted.Value-want.Value) > 1e-9 || r.Weighted.N != want.N {
				t.Errorf("%s: %+v, want %+v", r.Bucket, r.Weighted, want)
			}
			compared++
		}
		if compared < 2 {
			t.Errorf("%d weeks are weighted", compared)
		}
	})
}

// raked are the weights that make plans half and half, and the north 60 %: each margin in turn, until nothing moves.
func raked(counts map[[2]string]float64) map[[2]string]float64 {
	share := []map[string]float64{{"basic": .5, "premium": .5}, {"north": .6, "south": .4}}
	weights, n := map[[2]string]float64{}, 0.0
	for k, c := range counts {
		weights[k], n = 1, n+c
	}
	for range 100 {
		for side, margin := range share {
			for value, of := range margin {
				sum := 0.0
				for k, c := range counts {
					if k[side] == value {
						sum += c * weights[k]
					}
				}
				for k := range counts {
					if k[side] == value {
						weights[k] *= of * n / sum
					}
				}
			}
		}
	}
	return weights
}
