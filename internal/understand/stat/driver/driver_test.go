package driver

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
	"kolo/internal/understand/stat/vectortest"
)

type object = map[string]any

// table is the form that most vectors come in: an outcome and named columns.
type table struct {
	Y       []float64
	X       json.RawMessage
	LowMax  float64 `json:"low_max"`
	HighMin float64 `json:"high_min"`
	Cuts    []float64
	Level   float64
}

// data takes the columns in the order of names, or of the file.
func (in table) data(t *testing.T, names ...string) Data {
	if names == nil {
		names = vectortest.Keys(t, in.X)
	}
	columns := vectortest.Decode[map[string][]float64](t, in.X)
	d := Data{Names: names, Y: in.Y}
	for i := range in.Y {
		var row []float64
		for _, n := range names {
			row = append(row, columns[n][i])
		}
		d.X = append(d.X, row)
	}
	return d
}

func TestVectorsImportance(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "drivers_importance").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[table](t, c.Input)
		predictors := vectortest.Decode[struct{ Predictors []string }](t, c.Expected).Predictors
		d := in.data(t, predictors...)
		m := vectortest.OK[*Importance](t)(Analyse(d, Options{Resamples: Resamples, Seed: 1}))
		e := vectortest.OK[*Effects](t)(Linear(d, vectortest.Level(in.Level)))
		var lmg, share, johnson, johnsonShare, beta, vif, zero []float64
		var bootstrap []any
		for j, dr := range m.Drivers {
			lmg, share, johnson = append(lmg, dr.LMG), append(share, dr.Share), append(johnson, dr.Johnson)
			johnsonShare = append(johnsonShare, dr.Johnson/m.R2)
			beta, vif, zero = append(beta, dr.Beta), append(vif, dr.VIF), append(zero, dr.ZeroOrder)
			if i := m.Drivers[j].Interval; i != nil {
				bootstrap = append(bootstrap, []float64{i.Low, i.High})
			}
		}
		coef, ols, hc3 := object{}, object{}, object{}
		for j, k := range e.Coefficients {
			coef[k.Name], ols[k.Name], hc3[k.Name] = k.Estimate, e.OLS[j], k.SE
		}
		return object{"r_squared": m.R2, "adj_r_squared": m.AdjR2, "predictors": predictors, "lmg": lmg,
			"lmg_share": share, "johnson_relative_weight": johnson, "johnson_share": johnsonShare,
			"standardised_beta": beta, "coef": coef, "se_ols": ols, "se_hc3": hc3, "vif": vif,
			"condition_number": m.Condition, "zero_order_r": zero,
			"lmg_jackknife_se":           vectortest.Maybe(JackknifeSE(d)),
			"lmg_bootstrap_percentile95": vectortest.Within{Got: bootstrap, Abs: 0.03}}
	})
}

func TestVectorsPenaltyReward(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "drivers_penalty_reward").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[table](t, c.Input)
		all, e, err := PenaltyReward(in.data(t), in.LowMax, in.HighMin, vectortest.Level(in.Level))
		if err != nil {
			t.Fatal(err)
		}
		coef, se, p, low, high := object{}, object{}, object{}, object{}, object{}
		for _, k := range e.Coefficients {
			coef[k.Name], se[k.Name], p[k.Name] = k.Estimate, k.SE, k.P
			low[k.Name], high[k.Name] = k.Interval.Low, k.Interval.High
		}
		lows, highs := object{}, object{}
		var attributes []any
		for _, a := range all {
			lows[a.Name+"_low"], highs[a.Name+"_high"] = a.LowShare, a.HighShare
			attributes = append(attributes, object{"attribute": a.Name, "penalty": a.Penalty.Estimate,
				"reward": a.Reward.Estimate, "range": a.Range, "impact_asymmetry": a.Impact,
				"asymmetry_t": a.Test.Stat, "asymmetry_p": a.Test.P})
		}
		return object{"coef": coef, "se_hc3": se, "p": p, "ci_low": low, "ci_high": high, "r_squared": e.R2,
			"low_share": lows, "high_share": highs, "attributes": attributes}
	})
}

// contrasts turns rows of factors into a design: a coefficient is named by a factor and one of its levels.
func contrasts(t *testing.T, rows []map[string]any, names []string) (x [][]float64) {
	for _, r := range rows {
		row := make([]float64, len(names))
		for j, n := range names {
			found := false
			for factor := range r {
				level, ok := strings.CutPrefix(strings.ToLower(n), strings.ToLower(factor))
				if ok {
					found = true
					if strings.EqualFold(level, fmt.Sprint(r[factor])) {
						row[j] = 1
					}
				}
			}
			if !found {
				t.Fatalf("no factor has the coefficient %s", n)
			}
		}
		x = append(x, row)
	}
	return x
}

// highestRating is where a rise by one step stops.
const highestRating = 5

func TestVectorsOrdinal(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "drivers_ordinal").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			table
			Rows  []map[string]any
			Order []string
		}](t, c.Input)
		want := vectortest.Decode[struct{ Coef, Zeta json.RawMessage }](t, c.Expected)
		names, cuts := vectortest.Keys(t, want.Coef), vectortest.Keys(t, want.Zeta)
		var x [][]float64
		var class []int
		var weight []float64
		if in.Rows != nil {
			x = contrasts(t, in.Rows, names)
			for _, r := range in.Rows {
				weight = append(weight, r["freq"].(float64))
				class = append(class, slices.Index(in.Order, r["sat"].(string)))
			}
		} else {
			x = in.data(t, names...).X
			for _, y := range in.Y {
				k := 0
				for k < len(in.Cuts) && y > in.Cuts[k] {
					k++
				}
				class = append(class, k)
			}
		}
		m := vectortest.OK[*Ordinal](t)(ProportionalOdds(names, x, class, len(cuts)+1, weight))
		coef, se, zeta, effect := object{}, object{}, object{}, object{}
		for j, n := range names {
			coef[n], se[n], effect[n] = m.Coef[j], m.SE[j], m.Step(j, highestRating)
		}
		for j, n := range cuts {
			zeta[n], se[n] = m.Zeta[j], m.SE[len(names)+j]
		}
		return object{"coef": coef, "zeta": zeta, "se": se, "deviance": vectortest.Within{Got: m.Deviance, Abs: 1e-6},
			"deviance_null": vectortest.Within{Got: m.Null, Abs: 1e-6}, "mcfadden_r2": m.McFadden, "nps_effect_plus_one": effect}
	})
}

func TestVectorsTheme(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "drivers_theme").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Class  []float64 `json:"score_class"`
			Themes json.RawMessage
			Level  float64
		}](t, c.Input)
		level := vectortest.Level(in.Level)
		d := table{Y: in.Class, X: in.Themes}.data(t)
		detractor, total := d, 0.0
		detractor.Y = make([]float64, len(d.Y))
		for i, y := range d.Y {
			if total += y; y == -1 {
				detractor.Y[i] = 1
			}
		}
		k := vectortest.OK[*Chance](t)(Chances(detractor, level))
		coef, se := object{}, object{}
		for j, n := range append([]string{"(Intercept)"}, d.Names...) {
			coef[n], se[n] = k.Coef[j], k.SE[j]
		}
		var ame, impact []any
		for _, m := range k.Marginals {
			ame = append(ame, object{"theme": m.Name, "ame": m.Effect, "se_delta": m.SE,
				"ci": []float64{m.Interval.Low, m.Interval.High}})
		}
		for _, m := range vectortest.OK[[]Impact](t)(ThemeImpacts(d, level)) {
			impact = append(impact, object{"theme": m.Theme, "share": m.Share, "nps_with": m.With,
				"nps_without": m.Without, "crude_impact": m.Crude, "adjusted_effect": m.Effect.Estimate,
				"adjusted_se_hc3": m.Effect.SE, "adjusted_impact": m.Adjusted,
				"adjusted_impact_ci": []float64{m.Interval.Low, m.Interval.High}})
		}
		return object{"logit_coef": coef, "logit_se": se, "deviance": k.Deviance, "ame": ame, "impact": impact,
			"overall_nps": 100 * total / float64(len(d.Y))}
	})
}

func TestVectorsRidge(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "drivers_ridge").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[table](t, c.Input)
		var lambdas []float64
		for _, row := range vectortest.Decode[[]struct{ Lambda float64 }](t, c.Expected) {
			lambdas = append(lambdas, row.Lambda)
		}
		d := in.data(t)
		fits := vectortest.OK[[]Ridge](t)(RidgeFit(d, lambdas))
		best := vectortest.OK[Ridge](t)(RidgeBest(d))
		var out []any
		for _, r := range fits {
			out = append(out, object{"lambda": r.Lambda, "coef_standardised": r.Coef, "df": r.DF, "gcv": r.GCV})
			if best.GCV > r.GCV*(1+1e-3) {
				t.Errorf("the best lambda %v has GCV %v, %v has %v", best.Lambda, best.GCV, r.Lambda, r.GCV)
			}
		}
		return out
	})
}

func TestVectorsMisclassification(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "misclassification").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			X, N       int64
			Sens, Spec float64
			NSens      int64 `json:"n_sens"`
			NSpec      int64 `json:"n_spec"`
			Level      float64
		}](t, c.Input)
		r, err := Correct(in.X, in.N, Classifier{in.Sens, in.NSens, in.Spec, in.NSpec}, vectortest.Level(in.Level))
		return object{"apparent": float64(in.X) / float64(in.N), "corrected": vectortest.Maybe(r.Share, err), "se": vectortest.Maybe(r.SE, err),
			"ci":                  vectortest.Maybe([]float64{r.Interval.Low, r.Interval.High}, err),
			"bias_if_uncorrected": vectortest.Maybe(r.Apparent-r.Share, err)}
	})
}

// halo makes p drivers that share a mood, and an outcome.
func halo(seed uint64, n, p int) Data {
	r := rand.New(rand.NewPCG(seed, 1))
	d := Data{}
	for j := range p {
		d.Names = append(d.Names, string(rune('a'+j)))
	}
	for i := range n {
		mood, row, y := r.NormFloat64(), make([]float64, p), r.NormFloat64()
		for j := range row {
			row[j] = mood + r.NormFloat64()
			y += row[j] * float64(j+1) / float64(p)
		}
		d.X, d.Y, d.Cluster = append(d.X, row), append(d.Y, y), append(d.Cluster, i/2)
	}
	return d
}

func TestLMGIsAnAverageOverOrders(t *testing.T) {
	t.Parallel()
	d := halo(3, 80, 4)
	m := vectortest.OK[*Importance](t)(Analyse(d, Options{}))
	r2 := func(columns []int) float64 {
		x := make([][]float64, len(d.Y))
		for i := range x {
			x[i] = []float64{1}
			for _, j := range columns {
				x[i] = append(x[i], d.X[i][j])
			}
		}
		f, err := regress.Fit(x, d.Y, nil)
		if err != nil {
			t.Fatal(err)
		}
		s := stat.MomentsOf(d.Y)
		return 1 - f.RSS/(s.SD*s.SD*float64(s.N-1))
	}
	want := make([]float64, 4)
	orders := 0
	var visit func(order []int)
	visit = func(order []int) {
		if len(order) == 4 {
			orders++
			for k, j := range order {
				want[j] += r2(order[:k+1]) - r2(order[:k])
			}
			return
		}
		for j := range 4 {
			if !slices.Contains(order, j) {
				visit(append(slices.Clone(order), j))
			}
		}
	}
	visit(nil)
	sum := 0.0
	for j, dr := range m.Drivers {
		sum += dr.LMG
		if math.Abs(dr.LMG-want[j]/float64(orders)) > 1e-10 {
			t.Errorf("%s: %v, over all orders %v", dr.Name, dr.LMG, want[j]/float64(orders))
		}
	}
	if math.Abs(sum-r2([]int{0, 1, 2, 3})) > 1e-12 {
		t.Errorf("LMG add up to %v, R2 is %v", sum, m.R2)
	}
}

func TestRandomOrdersAgreeWithTheExactValue(t *testing.T) {
	t.Parallel()
	d := halo(4, 300, 12)
	rows := make([][]float64, len(d.Y))
	for i := range rows {
		rows[i] = d.row(i)
	}
	r, _, _ := correlation(covariance(rows), 0)
	want := exact(newLattice(12), r, 12)
	got, mc := sampled(r, 12, 7)
	sum, total := 0.0, 0.0
	for j := range want {
		sum, total = sum+got[j], total+want[j]
		if math.Abs(got[j]-want[j]) > 5*mc[j] || mc[j] > 0.01 {
			t.Errorf("driver %d: %v +- %v, exact %v", j, got[j], mc[j], want[j])
		}
	}
	if math.Abs(sum-total) > 1e-12 {
		t.Errorf("random orders add up to %v, R2 is %v", sum, total)
	}
	big := vectortest.OK[*Importance](t)(Analyse(halo(5, 200, 18), Options{Seed: 9}))
	if big.Drivers[0].MCError == 0 || big.Ordered()[0].LMG < big.Drivers[0].LMG {
		t.Errorf("eighteen drivers: %+v", big.Drivers[0])
	}
}

func TestImportanceIgnoresOrderAndUnits(t *testing.T) {
	t.Parallel()
	d := halo(6, 120, 5)
	e := Data{Names: []string{"e", "d", "c", "b", "a"}}
	for i := range d.Y {
		k := len(d.Y) - 1 - i
		row := slices.Clone(d.X[k])
		slices.Reverse(row)
		for j := range row {
			row[j] = 3 - 40*row[j]
		}
		e.X, e.Y = append(e.X, row), append(e.Y, 5*d.Y[k]+1)
	}
	a := vectortest.OK[*Importance](t)(Analyse(d, Options{}))
	b := vectortest.OK[*Importance](t)(Analyse(e, Options{}))
	for j := range 5 {
		if math.Abs(a.Drivers[j].LMG-b.Drivers[4-j].LMG) > 1e-10 {
			t.Errorf("%s: %v and %v", a.Drivers[j].Name, a.Drivers[j].LMG, b.Drivers[4-j].LMG)
		}
	}
}

func TestControlsAreAlwaysIn(t *testing.T) {
	t.Parallel()
	d := halo(8, 200, 3)
	for i := range d.Y {
		period := float64(i % 4)
		d.Controls = append(d.Controls, []float64{period})
		d.Y[i] += 10 * period
	}
	with := vectortest.OK[*Importance](t)(Analyse(d, Options{Resamples: 200, Seed: 3}))
	without := d
	without.Controls = nil
	if plain := vectortest.OK[*Importance](t)(Analyse(without, Options{})); plain.R2 > with.R2/2 {
		t.Errorf("R2 is %v with the period held and %v without", with.R2, plain.R2)
	}
	for _, dr := range with.Drivers {
		if !dr.Interval.Contains(dr.LMG) || dr.Rank[0] < 1 || dr.Rank[1] > 3 || dr.Rank[0] > dr.Rank[1] {
			t.Errorf("%+v", dr)
		}
	}
	again := vectortest.OK[*Importance](t)(Analyse(d, Options{Resamples: 200, Seed: 3}))
	if *again.Drivers[1].Interval != *with.Drivers[1].Interval {
		t.Error("the same seed gives another interval")
	}
}

func TestCollinearDriversAreNamed(t *testing.T) {
	t.Parallel()
	d := halo(9, 60, 3)
	d.Names = append(d.Names, "twin")
	for i := range d.X {
		d.X[i] = append(d.X[i], d.X[i][0]+d.X[i][1])
	}
	for name, err := range map[string]error{
		"importance": second(Analyse(d, Options{})), "effect": second(Linear(d, 0.95)),
	} {
		if !errors.Is(err, ErrCollinear) || !strings.Contains(err.Error(), "twin") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range d.X {
		d.X[i][3] = 7
	}
	if _, err := Analyse(d, Options{}); !errors.Is(err, ErrCollinear) || !strings.Contains(err.Error(), "twin") {
		t.Errorf("a constant driver: %v", err)
	}
	flat := halo(9, 60, 2)
	for i := range flat.Y {
		flat.Y[i] = 4
	}
	if _, err := Analyse(flat, Options{}); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("a constant outcome: %v", err)
	}
	for _, n := range []int{0, 1, 3} {
		few := halo(9, n, 3)
		if _, err := Analyse(few, Options{Resamples: 10}); !errors.Is(err, stat.ErrUndefined) {
			t.Errorf("%d answers: %v", n, err)
		}
		if _, err := JackknifeSE(few); err == nil {
			t.Errorf("jackknife of %d answers", n)
		}
	}
	nan := halo(9, 30, 2)
	nan.X[4][1] = math.NaN()
	if _, err := Analyse(nan, Options{}); err == nil {
		t.Error("NaN is accepted")
	}
}

func TestSeparationIsSaidNotHidden(t *testing.T) {
	t.Parallel()
	d := Data{Names: []string{"theme"}}
	var class []int
	for i := range 40 {
		v := float64(i % 2)
		d.X, d.Y, class = append(d.X, []float64{v}), append(d.Y, v), append(class, 2*(i%2))
	}
	c := vectortest.OK[*Chance](t)(Chances(d, 0.95))
	if !c.Penalised || math.IsNaN(c.Marginals[0].Effect) {
		t.Errorf("%+v", c)
	}
	class[0] = 1
	if _, err := ProportionalOdds(d.Names, d.X, class, 3, nil); err != nil && !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("proportional odds of separated classes: %v", err)
	}
	if _, err := ProportionalOdds(d.Names, d.X, make([]int, 40), 3, nil); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("one class: %v", err)
	}
	if _, err := Correct(10, 100, Classifier{0.6, 100, 0.6, 100}, 0.95); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("a weak classifier: %v", err)
	}
}

func TestProportionality(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(21, 22))
	simulate := func(bend float64) ([][]float64, []int) {
		var x [][]float64
		var class []int
		for range 3000 {
			v, w := r.NormFloat64(), r.NormFloat64()
			u := r.Float64()
			upper := logistic(-1 + (0.8+bend)*v + 0.5*w)
			k := 0
			if u < logistic(1+0.8*v+0.5*w) {
				k = 1
			}
			if u < upper && k == 1 {
				k = 2
			}
			x, class = append(x, []float64{v, w}), append(class, k)
		}
		return x, class
	}
	x, class := simulate(0)
	fine, each, err := Proportionality(x, class, 3)
	if err != nil || fine.P < 0.001 || len(each) != 2 || fine.DF != 2 {
		t.Errorf("proportional: %+v %+v %v", fine, each, err)
	}
	x, class = simulate(0.9)
	bent, each, err := Proportionality(x, class, 3)
	if err != nil || bent.P > 1e-4 || each[0].P > 1e-4 || each[1].P < 1e-3 {
		t.Errorf("one driver bends: %+v %+v %v", bent, each, err)
	}
}

func TestPenaltyRewardClasses(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(31, 32))
	d := Data{Names: []string{"basic", "delight", "even"}}
	for range 900 {
		row := []float64{float64(1 + r.IntN(5)), float64(1 + r.IntN(5)), float64(1 + r.IntN(5))}
		y := 7 + 0.3*r.NormFloat64()
		for j, size := range [][2]float64{{2, 0.5}, {0.5, 2}, {1, 1}} {
			if row[j] <= 2 {
				y -= size[0]
			}
			if row[j] >= 5 {
				y += size[1]
			}
		}
		d.X, d.Y = append(d.X, row), append(d.Y, y)
	}
	got, _, err := PenaltyReward(d, DefaultLowMax, DefaultHighFrom, 0.95)
	if err != nil {
		t.Fatal(err)
	}
	if got[0].Class != Dissatisfier || got[1].Class != Satisfier || got[2].Class != NoAsymmetry {
		t.Errorf("classes %v, %v, %v", got[0].Class, got[1].Class, got[2].Class)
	}
	p := vectortest.OK[Priority](t)(Prioritise(0.4, 0.1, got[0].Penalty))
	if math.Abs(p.Gain+0.3*got[0].Penalty.Estimate) > 1e-12 || !p.Interval.Contains(p.Gain) {
		t.Errorf("priority %+v of %+v", p, got[0].Penalty)
	}
}

func second[T any](_ T, err error) error { return err }

// BenchmarkAnalyse12Drivers1000Resamples of 100,000 answers must take less than five seconds on two cores.
func BenchmarkAnalyse12Drivers1000Resamples(b *testing.B) {
	d := halo(1, 100_000, 12)
	d.Cluster = nil
	for b.Loop() {
		if _, err := Analyse(d, Options{Resamples: Resamples, Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAnalyse15Drivers1000Resamples(b *testing.B) {
	d := halo(1, 2000, 15)
	for b.Loop() {
		if _, err := Analyse(d, Options{Resamples: Resamples, Seed: 1}); err != nil {
			b.Fatal(err)
		}
	}
}
