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

type object = map[string]any

type cell struct {
	Channel, Tenure                    string
	N, Promoters, Passives, Detractors float64
}

type rakeInput struct {
	Cells   []cell
	Margins map[string]map[string]float64
	Margin  map[string]float64
	Cap     float64 `json:"cap_multiple_of_mean"`
}

var channels, tenures = []string{"app", "phone", "store"}, []string{"new", "old"}

// cellCounts and classes give the units as cells, and as cells crossed with the three classes of the answer.
func cellCounts(in rakeInput) (counts []float64, byCell, byClass []Margin, classes Answers) {
	margin := func(name string, labels []string, of func(cell) string, targets map[string]float64) {
		m := Margin{Name: name, Labels: labels}
		for _, l := range labels {
			m.Targets = append(m.Targets, targets[l])
		}
		c := m
		for _, u := range in.Cells {
			for k, l := range labels {
				if of(u) == l {
					m.Of = append(m.Of, k)
					c.Of = append(c.Of, k, k, k)
				}
			}
		}
		byCell, byClass = append(byCell, m), append(byClass, c)
	}
	if in.Margin != nil {
		margin("channel", channels, func(c cell) string { return c.Channel }, in.Margin)
	} else {
		margin("channel", channels, func(c cell) string { return c.Channel }, in.Margins["channel"])
		margin("tenure", tenures, func(c cell) string { return c.Tenure }, in.Margins["tenure"])
	}
	for _, u := range in.Cells {
		counts = append(counts, u.N)
		classes.Counts = append(classes.Counts, u.Promoters, u.Passives, u.Detractors)
		classes.Values = append(classes.Values, 100, 0, -100)
	}
	return counts, byCell, byClass, classes
}

func spread(w []float64) (out []float64) {
	for _, x := range w {
		out = append(out, x, x, x)
	}
	return out
}

func byName(in rakeInput, w []float64) object {
	out := object{}
	for i, c := range in.Cells {
		out[c.Channel+"|"+c.Tenure] = w[i]
	}
	return out
}

func TestVectorsRaking(t *testing.T) {
	t.Parallel()
	f := vectortest.Load(t, "raking")
	first := vectortest.Decode[rakeInput](t, f.Case(t, "rake-2margin").Input)
	counts, byCell, byClass, answers := cellCounts(first)
	raked := vectortest.OK[Raked](t)(Rake(counts, nil, byCell, 1e-12))
	f.Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[rakeInput](t, c.Input)
		switch c.ID {
		case "rake-2margin":
			a := answers
			a.Weights = ones(len(a.Values))
			plain := vectortest.OK[Estimate](t)(Mean(a, nil))
			a.Weights = spread(raked.Weights)
			e := vectortest.OK[Estimate](t)(Mean(a, byClass))
			low, high := math.Inf(1), 0.0
			for _, w := range raked.Weights {
				low, high = min(low, w), max(high, w)
			}
			return object{"cell_weight": byName(in, raked.Weights), "iterations_to_1e12": raked.Cycles,
				"unweighted_nps": plain.Mean, "weighted_nps": e.Mean, "se_weights_fixed": e.SEFixed,
				"se_rake": e.SECalibrated, "se_calibrate_raking": e.SECalibrated, "kish_neff": e.EffectiveN,
				"kish_deff": e.DesignEffect, "weight_min": low, "weight_max": high,
				"weight_ratio_max_mean": e.LargestRatio}
		case "poststratify-channel":
			counts, byCell, byClass, a := cellCounts(in)
			w := vectortest.OK[[]float64](t)(PostStratify(counts, byCell[0]))
			a.Weights = spread(w)
			e := vectortest.OK[Estimate](t)(Mean(a, byClass))
			weights := object{}
			for i, u := range in.Cells {
				weights[u.Channel] = w[i]
			}
			return object{"weights": weights, "weighted_nps": e.Mean, "se": e.SECalibrated}
		case "trim":
			w := vectortest.OK[[]float64](t)(Trim(counts, raked.Weights, in.Cap))
			a := answers
			a.Weights = spread(w)
			sum, high := 0.0, 0.0
			for i, x := range w {
				sum, high = sum+counts[i]*x, max(high, x)
			}
			return object{"cell_weight": byName(first, w), "sum": sum, "max": high,
				"weighted_nps": vectortest.OK[Estimate](t)(Mean(a, nil)).Mean}
		}
		t.Fatalf("unknown case %s", c.ID)
		return nil
	})
}

func TestVectorsResponse(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "response_rate").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Cells []struct {
				Tenure, Channel    int
				Invited, Responded int64
			}
			NPS  float64   `json:"nps_respondents"`
			Rate float64   `json:"response_rate"`
			Gaps []float64 `json:"gap_points"`
		}](t, c.Input)
		if in.Cells == nil {
			low, high, err := Bounds(in.NPS, in.Rate)
			if err != nil {
				t.Fatal(err)
			}
			return object{"adjusted": vectortest.OK[[]float64](t)(Sensitivity(in.NPS, in.Rate, in.Gaps)),
				"bounds_all_detractors_all_promoters": []float64{low, high},
				"gap_to_zero":                         vectortest.OK[float64](t)(GapToZero(in.NPS, in.Rate))}
		}
		is := func(b bool) float64 {
			if b {
				return 1
			}
			return 0
		}
		var groups []Group
		for _, u := range in.Cells {
			groups = append(groups, Group{[]float64{float64(u.Tenure), is(u.Channel == 1), is(u.Channel == 2)},
				u.Invited, u.Responded})
		}
		r := vectortest.OK[Response](t)(Respond(groups, 0.95))
		cells := make([]any, len(groups)) // the expectation lists them by tenure, then channel
		for i, u := range in.Cells {
			cells[3*u.Tenure+u.Channel] = object{"tenure": u.Tenure, "channel": u.Channel, "rho": r.Propensity[i]}
		}
		return object{"response_rate": r.Rate.Value, "wilson": []float64{r.Rate.Low, r.Rate.High},
			"coef":        object{"intercept": r.Coef[0], "tenure1": r.Coef[1], "channel1": r.Coef[2], "channel2": r.Coef[3]},
			"r_indicator": r.RIndicator, "ipw_kish_neff": r.EffectiveN, "propensity_by_cell": cells}
	})
}

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
