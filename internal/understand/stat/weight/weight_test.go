package weight

import (
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/vectortest"
)

func randomMargins(r *rand.Rand, n int) []Margin {
	margins := []Margin{{Name: "a", Targets: []float64{300, 500, 200}}, {Name: "b", Targets: []float64{450, 550}}}
	for u := range n {
		margins[0].Of = append(margins[0].Of, (u+r.IntN(2))%3)
		margins[1].Of = append(margins[1].Of, r.IntN(2))
	}
	return margins
}

func TestRakingMeetsItsMarginsWhateverTheBase(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 20 {
		margins := randomMargins(r, 120)
		base := make([]float64, 120)
		scaled := make([]float64, 120)
		for u := range base {
			base[u] = 0.2 + r.Float64()
			scaled[u] = 1000 * base[u]
		}
		a, err1 := Rake(nil, base, margins, 1e-10)
		b, err2 := Rake(nil, scaled, margins, 1e-10)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		for _, m := range margins {
			for k, s := range m.sums(ones(120), a.Weights) {
				if math.Abs(s-m.Targets[k]) > 1e-6 {
					t.Errorf("margin %s: %v, want %v", m.Name, s, m.Targets[k])
				}
			}
		}
		for u := range a.Weights {
			if math.Abs(a.Weights[u]-b.Weights[u]) > 1e-6 {
				t.Fatalf("the scale of the base weights matters: %v and %v", a.Weights[u], b.Weights[u])
			}
		}
		trimmed, err := RakeTrimmed(nil, base, margins, 2)
		if err != nil || trimmed.Error > Tolerance {
			t.Errorf("trimmed and raked again: %v, error %v", err, trimmed.Error)
		}
	}
}

func TestRakingRefuses(t *testing.T) {
	t.Parallel()
	empty := Margin{Name: "channel", Of: []int{0, 0}, Targets: []float64{5, 5}, Labels: []string{"app", "phone"}}
	_, err := Rake(nil, nil, []Margin{empty}, Tolerance)
	if !errors.Is(err, stat.ErrUndefined) || !strings.Contains(err.Error(), "phone") {
		t.Errorf("an empty category with a target: %v", err)
	}
	conflict := []Margin{
		{Name: "a", Of: []int{0, 0, 1, 1}, Targets: []float64{90, 10}},
		{Name: "b", Of: []int{0, 0, 1, 1}, Targets: []float64{10, 90}},
	}
	if _, err := Rake(nil, nil, conflict, Tolerance); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("margins that contradict each other: %v", err)
	}
	totals := []Margin{{Name: "a", Of: []int{0}, Targets: []float64{5}}, {Name: "b", Of: []int{0}, Targets: []float64{6}}}
	if _, err := Rake(nil, nil, totals, Tolerance); err == nil {
		t.Error("margins with different totals are accepted")
	}
	if _, err := Rake(nil, nil, nil, Tolerance); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("nothing: %v", err)
	}
	if got := Thin([]float64{30, 3}, []Margin{{Name: "a", Of: []int{0, 1}, Targets: []float64{1, 1}, Labels: []string{"x", "y"}}}); len(got) != 1 || got[0] != "a: y" {
		t.Errorf("thin categories: %v", got)
	}
}

func TestSplittingUnitsChangesNothing(t *testing.T) {
	t.Parallel()
	whole := Answers{Counts: []float64{10, 20, 5}, Weights: []float64{2, 1, 3}, Values: []float64{100, 0, -100}}
	split := Answers{Counts: []float64{4, 5, 20, 6}, Weights: []float64{2, 3, 1, 2}, Values: []float64{100, -100, 0, 100}}
	m := []Margin{{Name: "a", Of: []int{0, 1, 1}, Targets: []float64{1, 1}}}
	s := []Margin{{Name: "a", Of: []int{0, 1, 1, 0}, Targets: []float64{1, 1}}}
	a := vectortest.OK[Estimate](t)(Mean(whole, m))
	b := vectortest.OK[Estimate](t)(Mean(split, s))
	if math.Abs(a.Mean-b.Mean) > 1e-9 || math.Abs(a.SEFixed-b.SEFixed) > 1e-9 || math.Abs(a.SECalibrated-b.SECalibrated) > 1e-9 {
		t.Errorf("%+v and %+v", a, b)
	}
	if a.SECalibrated > a.SEFixed {
		t.Errorf("a margin that predicts the score must narrow it: %+v", a)
	}
	if _, err := Mean(Answers{Weights: []float64{1}, Values: []float64{1}}, nil); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("one answer: %v", err)
	}
}

func TestResponseAtItsEnds(t *testing.T) {
	t.Parallel()
	all := vectortest.OK[Response](t)(Respond([]Group{{nil, 50, 50}, {nil, 30, 30}}, 0.95))
	if all.Rate.Value != 1 || math.Abs(all.RIndicator-1) > 1e-6 {
		t.Errorf("everybody responded: %+v", all)
	}
	parted := vectortest.OK[Response](t)(Respond([]Group{{[]float64{0}, 50, 0}, {[]float64{1}, 50, 50}}, 0.95))
	if !parted.Penalised || parted.RIndicator > 0.1 {
		t.Errorf("only one group responded: %+v", parted)
	}
	if _, err := Respond(nil, 0.95); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("nobody invited: %v", err)
	}
	tired := vectortest.OK[Fatigue](t)(Tire([]Group{{[]float64{0}, 900, 270}, {[]float64{1}, 500, 110}, {[]float64{4}, 300, 30}}, 0.95))
	if tired.Slope >= 0 || tired.Interval.Contains(0) {
		t.Errorf("falling response is not seen: %+v", tired)
	}
}

// TestMeanOfSumsIsTheMean: answers known by their sums give what they give one by one.
func TestMeanOfSumsIsTheMean(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 1))
	var one Answers
	var groups []Sums
	for range 12 {
		g := Sums{Weight: .2 + 3*r.Float64()}
		for range 1 + r.IntN(30) {
			x := float64(r.IntN(3) - 1)
			g.N, g.Sum, g.Square = g.N+1, g.Sum+x, g.Square+x*x
			one.Values, one.Weights = append(one.Values, x), append(one.Weights, g.Weight)
		}
		groups = append(groups, g)
	}
	want, err := Mean(one, nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := MeanOf(groups)
	if err != nil {
		t.Fatal(err)
	}
	for name, pair := range map[string][2]float64{"mean": {got.Mean, want.Mean}, "se": {got.SEFixed, want.SEFixed}, "n": {got.EffectiveN, want.EffectiveN}, "largest": {got.LargestRatio, want.LargestRatio}} {
		if math.Abs(pair[0]-pair[1]) > 1e-10 {
			t.Errorf("%s is %v, one by one %v", name, pair[0], pair[1])
		}
	}
	if _, err := MeanOf(groups[:0]); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("nothing: %v", err)
	}
}

func TestMarginsInAnyOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	margins := randomMargins(r, 150)
	a := vectortest.OK[Raked](t)(Rake(nil, nil, margins, 1e-12))
	b := vectortest.OK[Raked](t)(Rake(nil, nil, []Margin{margins[1], margins[0]}, 1e-12))
	sum := 0.0
	for u := range a.Weights {
		sum += a.Weights[u]
		if a.Weights[u] <= 0 || math.Abs(a.Weights[u]-b.Weights[u]) > 1e-8*a.Weights[u] {
			t.Fatalf("unit %d weighs %v, with the margins the other way round %v", u, a.Weights[u], b.Weights[u])
		}
	}
	if math.Abs(sum-1000) > 1e-6 {
		t.Errorf("the weights add up to %v", sum)
	}
	trimmed := vectortest.OK[[]float64](t)(Trim(nil, a.Weights, 1.5))
	left := 0.0
	for _, w := range trimmed {
		if left += w; w > 1.5*sum/150*(1+1e-9) {
			t.Errorf("a weight of %v is left", w)
		}
	}
	if math.Abs(left-sum) > 1e-6 {
		t.Errorf("trimmed weights add up to %v", left)
	}
}

func TestEffectiveNumberIsAtMostTheNumber(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	for range 100 {
		n := 2 + r.IntN(40)
		a := Answers{}
		for range n {
			a.Weights, a.Values = append(a.Weights, 0.1+r.Float64()), append(a.Values, float64(r.IntN(3)-1))
		}
		e := vectortest.OK[Estimate](t)(Mean(a, nil))
		if e.EffectiveN > float64(n)+1e-9 || e.DesignEffect < 1-1e-12 || e.LargestRatio < 1-1e-12 || math.Abs(e.Mean) > 1 {
			t.Errorf("%+v of %d", e, n)
		}
		for i := range a.Weights {
			a.Weights[i] *= 1e6
		}
		if s := vectortest.OK[Estimate](t)(Mean(a, nil)); math.Abs(s.Mean-e.Mean) > 1e-9 || math.Abs(s.SEFixed-e.SEFixed) > 1e-9 {
			t.Errorf("%+v, in millions %+v", e, s)
		}
	}
}
