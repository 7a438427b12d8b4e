package health

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/vectortest"
)

type object = map[string]any

func TestVectorsComposition(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "health_composition").Each(t, func(t *testing.T, c vectortest.Case) any {
		number := vectortest.OK[float64](t)
		scales := vectortest.Decode[struct {
			MinMax     *struct{ X, Lo, Hi float64 }
			Logistic   *struct{ X, Mid, K float64 }
			Percentile *struct {
				X   float64
				Ref []float64
			}
		}](t, c.Input)
		out := object{}
		if in := scales.MinMax; in != nil {
			out["minmax"] = vectortest.Maybe(MinMax(in.X, in.Lo, in.Hi))
		}
		if in := scales.Logistic; in != nil {
			out["logistic"] = vectortest.Maybe(Logistic(in.X, in.Mid, in.K))
		}
		if in := scales.Percentile; in != nil {
			out["percentile"] = vectortest.Maybe(Percentile(in.X, in.Ref))
		}
		if len(out) > 0 {
			return out
		}
		in := vectortest.Decode[struct {
			Weights    map[string]float64
			Components map[string]*float64
			Survey     struct {
				Scores   []float64 `json:"scores_0_10"`
				Ages     []float64 `json:"age_days"`
				HalfLife float64   `json:"half_life"`
			}
			SegmentMean float64 `json:"segment_mean"`
			PriorWeight float64 `json:"prior_weight"`
		}](t, c.Input)
		var scores []float64
		for _, s := range in.Survey.Scores {
			scores = append(scores, 10*s)
		}
		d := vectortest.OK[Decayed](t)(Decay(scores, in.Survey.Ages, in.Survey.HalfLife))
		shrunk := number(Shrink(d.Mean, d.EffectiveN, in.SegmentMean, in.PriorWeight))
		compose := func(sentiment float64) Score {
			var parts []Component
			for name, w := range in.Weights {
				p := Component{Weight: w}
				switch score := in.Components[name]; {
				case name == "sentiment":
					p.Score, p.Known = sentiment, true
				case score != nil:
					p.Score, p.Known = *score, true
				}
				parts = append(parts, p)
			}
			return vectortest.OK[Score](t)(Compose(parts))
		}
		s, plain := compose(shrunk), compose(d.Mean)
		return object{"sentiment_decayed": d.Mean, "n_eff": d.EffectiveN, "sentiment_shrunk": shrunk,
			"score_unshrunk": plain.Value, "score_shrunk": s.Value, "coverage": s.Coverage,
			"geometric": plain.Geometric}
	})
}

type predictions struct {
	P    []float64
	A    []float64 `json:"p_a"`
	B    []float64 `json:"p_b"`
	Y    []int
	Bins int
}

func (p predictions) outcome() []bool {
	out := make([]bool, len(p.Y))
	for i, y := range p.Y {
		out[i] = y == 1
	}
	return out
}

func TestVectorsValidation(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "health_validation").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[predictions](t, c.Input)
		if in.A != nil {
			test, err := CompareAUC(in.A, in.B, in.outcome())
			return object{"auc_a": vectortest.Maybe(AUC(in.A, in.outcome())), "auc_b": vectortest.Maybe(AUC(in.B, in.outcome())),
				"z": vectortest.Maybe(test.Stat, err), "p": vectortest.Maybe(test.P, err)}
		}
		v := vectortest.OK[*Validation](t)(Validate(in.P, in.outcome(), in.Bins, 0.95))
		var bins, lift []any
		for i, b := range v.Bins {
			bins = append(bins, object{"bin": i + 1, "n": b.N, "mean_p": b.Mean, "obs": b.Observed})
		}
		for _, top := range v.Tops {
			lift = append(lift, object{"top_share": top.Share, "n": top.N, "precision": top.Precision,
				"recall": top.Recall, "lift": top.Lift})
		}
		return object{"n": v.N, "events": v.Events, "base_rate": v.BaseRate, "auc": v.AUC, "auc_se_delong": v.AUCSE,
			"auc_ci_delong": []float64{v.AUCInterval.Low, v.AUCInterval.High}, "gini": 2*v.AUC - 1, "brier": v.Brier,
			"brier_reference": v.BaseRate * (1 - v.BaseRate), "brier_skill": v.Skill, "log_loss": v.LogLoss,
			"calibration_slope": v.Slope, "calibration_intercept_free": v.Intercept,
			"calibration_in_the_large": v.InLarge, "cal_slope_se": v.SlopeSE, "citl_se": v.InLargeSE,
			"expected_observed":   object{"expected": v.Expected, "observed": v.Events, "ratio_oe": v.ObservedPer},
			"ece_equal_frequency": v.ECE,
			"hosmer_lemeshow":     object{"x2": v.HL.Stat, "df": v.HL.DF, "p": v.HL.P}, "bins": bins, "lift": lift}
	})
}

func TestValidationAtItsEnds(t *testing.T) {
	t.Parallel()
	perfect := []float64{0.1, 0.2, 0.8, 0.9}
	y := []bool{false, false, true, true}
	v := vectortest.OK[*Validation](t)(Validate(perfect, y, 2, 0.95))
	if v.AUC != 1 || v.AUCSE != 0 || v.Tops[0].N != 1 || v.Tops[0].Precision != 1 {
		t.Errorf("a perfect order: %+v", v)
	}
	reversed, err := AUC(perfect, []bool{true, true, false, false})
	if err != nil || reversed != 0 {
		t.Errorf("a reversed order: %v, %v", reversed, err)
	}
	for name, err := range map[string]error{
		"nobody churned": second(Validate(perfect, make([]bool, 4), 2, 0.95)),
		"all alike":      second(Validate([]float64{0.5, 0.5, 0.5, 0.5}, y, 2, 0.95)),
		"same score":     second(CompareAUC(perfect, perfect, y)),
		"nothing":        second(AUC(nil, nil)),
		"no component":   second(Compose([]Component{{Weight: 1}})),
		"no value":       second(Decay(nil, nil, 90)),
		"no peers":       second(Percentile(1, nil)),
	} {
		if !errors.Is(err, stat.ErrUndefined) {
			t.Errorf("%s: %v, want undefined", name, err)
		}
	}
	if _, err := Validate([]float64{2, 0.5}, []bool{true, false}, 2, 0.95); err == nil {
		t.Error("a chance of 2 is accepted")
	}
	old := vectortest.OK[Decayed](t)(Decay([]float64{10, 30}, []float64{1e6, 1e6}, 30))
	if math.Abs(old.Mean-20) > 1e-9 {
		t.Errorf("old evidence: %+v", old)
	}
}

func TestChurnModelLearnsDirectionAndScale(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	var x, scaled [][]float64
	var y []bool
	for range 2000 {
		usage, noise := 100*r.Float64(), 100*r.Float64()
		x, scaled = append(x, []float64{usage, noise, 7}), append(scaled, []float64{usage / 1000, noise, 7})
		y = append(y, r.Float64() < 1/(1+math.Exp(0.05*(usage-20))))
	}
	m := vectortest.OK[*Model](t)(FitChurn(x, y, 0))
	n := vectortest.OK[*Model](t)(FitChurn(scaled, y, 0))
	number := vectortest.OK[float64](t)
	idle, busy := number(m.Chance([]float64{5, 50, 7})), number(m.Chance([]float64{95, 50, 7}))
	if math.Abs(idle-0.68) > 0.08 || math.Abs(busy-0.023) > 0.02 || m.Coef[2] != 0 {
		t.Errorf("chances %v and %v, want about .68 and .02; %+v", idle, busy, m)
	}
	if again := number(n.Chance([]float64{0.005, 50, 7})); math.Abs(again-idle) > 1e-6 {
		t.Errorf("the unit of a component matters: %v and %v", idle, again)
	}
	if _, err := FitChurn(x[:60], y[:60], 0); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("sixty customers: %v", err)
	}
	if _, err := m.Chance([]float64{1}); err == nil {
		t.Error("too few components are accepted")
	}
}

func TestAUCIgnoresOrderAndMonotoneChange(t *testing.T) {
	t.Parallel()
	c := vectortest.Load(t, "health_validation").Case(t, "churn-ties")
	in := vectortest.Decode[predictions](t, c.Input)
	y := in.outcome()
	n := len(y)
	p2, y2 := make([]float64, n), make([]bool, n)
	for i := range y {
		p2[n-1-i], y2[n-1-i] = in.P[i]*in.P[i], y[i]
	}
	number := vectortest.OK[float64](t)
	if a, b := number(AUC(in.P, y)), number(AUC(p2, y2)); math.Abs(a-b) > 1e-12 {
		t.Errorf("%v became %v", a, b)
	}
}

func second[T any](_ T, err error) error { return err }

func TestValidationIgnoresTheOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	n := 300
	p, y := make([]float64, n), make([]bool, n)
	for i := range p {
		p[i] = r.Float64() // no ties, so that bins hold the same customers in any order
		y[i] = r.Float64() < p[i]
	}
	a := vectortest.OK[*Validation](t)(Validate(p, y, 10, 0.95))
	q, z := make([]float64, n), make([]bool, n)
	for i, at := range r.Perm(n) {
		q[i], z[i] = p[at], y[at]
	}
	b := vectortest.OK[*Validation](t)(Validate(q, z, 10, 0.95))
	for name, pair := range map[string][2]float64{"AUC": {a.AUC, b.AUC}, "its error": {a.AUCSE, b.AUCSE}, "Brier": {a.Brier, b.Brier},
		"slope": {a.Slope, b.Slope}, "in the large": {a.InLarge, b.InLarge}, "ECE": {a.ECE, b.ECE}, "fit of bins": {a.HL.Stat, b.HL.Stat}} {
		if math.Abs(pair[0]-pair[1]) > 1e-8 {
			t.Errorf("%s is %v, in another order %v", name, pair[0], pair[1])
		}
	}
	if a.AUC < 0.5 || a.AUC > 1 || a.Tops[1].Recall < a.Tops[0].Recall || !a.AUCInterval.Contains(a.AUC) {
		t.Errorf("%+v", a)
	}
	// Turned around, the area is what is left to 1, as sure.
	for i := range q {
		q[i] = 1 - q[i]
	}
	if c := vectortest.OK[*Validation](t)(Validate(q, z, 10, 0.95)); math.Abs(a.AUC+c.AUC-1) > 1e-9 || math.Abs(a.AUCSE-c.AUCSE) > 1e-9 {
		t.Errorf("%v +- %v, turned around %v +- %v", a.AUC, a.AUCSE, c.AUC, c.AUCSE)
	}
}

func TestScoresKeepTheirRange(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		var parts []Component
		low, high := 100.0, 0.0
		for range 1 + r.IntN(5) {
			c := Component{Weight: 0.01 + r.Float64(), Score: 100 * r.Float64(), Known: r.IntN(3) > 0}
			if c.Known {
				low, high = min(low, c.Score), max(high, c.Score)
			}
			parts = append(parts, c)
		}
		s, err := Compose(parts)
		if errors.Is(err, stat.ErrUndefined) {
			continue
		}
		if err != nil || s.Value < low-1e-9 || s.Value > high+1e-9 || s.Geometric > s.Value+1e-9 || s.Coverage <= 0 || s.Coverage > 1+1e-12 {
			t.Errorf("%+v of %v (%v)", s, parts, err)
		}
		for i := range parts {
			parts[i].Weight *= 7
		}
		if again := vectortest.OK[Score](t)(Compose(parts)); math.Abs(again.Value-s.Value) > 1e-9 {
			t.Errorf("%v, with weights of another sum %v", s.Value, again.Value)
		}
	}
}
