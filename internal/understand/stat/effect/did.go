package effect

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// RatioOfRatios compares one theme's change with another's: (treated after/before)/(control after/before) with log SE
// sqrt(phi sum 1/x). All counts must be positive.
func RatioOfRatios(treatedBefore, treatedAfter, controlBefore, controlAfter Count, phi, level float64) (Ratio, error) {
	const op = "effect.RatioOfRatios"
	log, v := 0.0, 0.0
	for i, c := range []Count{treatedAfter, treatedBefore, controlAfter, controlBefore} {
		if err := c.check(op); err != nil {
			return Ratio{}, err
		}
		if c.Events == 0 {
			return Ratio{}, stat.Undefined(op, "a count is 0")
		}
		sign := []float64{1, -1, -1, 1}[i]
		log += sign * math.Log(c.Events/c.Exposure)
		v += 1 / c.Events
	}
	if err := stat.CheckLevel(op, level); err != nil {
		return Ratio{}, err
	}
	if !(phi > 0) || math.IsInf(phi, 0) {
		return Ratio{}, stat.Invalid(op, "a dispersion of %v", phi)
	}
	return ratio(log, math.Sqrt(phi*v), 0, level, "ratio of rate ratios")
}

// FewestControls is how many unaffected themes the design with controls asks for.
const FewestControls = 5

// Theme is one theme's events before and after.
type Theme struct{ Before, After Count }

// WithControls is the primary design: the treated theme's change against what unaffected themes did.
type WithControls struct {
	Delta       []float64  // log change of each theme, the treated first
	V           []float64  // its Poisson variance, with dispersion
	Tau2        float64    // how much controls vary beyond that (Paule-Mandel)
	ControlMean float64    // log change of the controls
	Effect      Ratio      // treated against controls; t with J-1 degrees of freedom
	Equal       Ratio      // the form that takes all themes for equally large
	LeaveOneOut [2]float64 // range of the ratio when one control is left out
}

// AgainstControls measures Delta = log((after+.5)/exposure) - log((before+.5)/exposure) of each theme, v = phi(1/(before+.5) +
// 1/(after+.5)), m the controls' mean weighted by 1/(v+tau^2). The effect is Delta_treated - m with
// SE^2 = v_treated + tau^2 + 1/sum w and t with J-1 degrees of freedom: a prediction for a new theme, which keeps its
// error rate with a single treated one where cluster-robust errors do not. Needs three controls; ask for five. When the
// treated theme is much larger than the controls the test is a little liberal.
func AgainstControls(treated Theme, controls []Theme, phi, level float64) (*WithControls, error) {
	const op = "effect.AgainstControls"
	if err := stat.CheckLevel(op, level); err != nil {
		return nil, err
	}
	if !(phi > 0) || math.IsInf(phi, 0) {
		return nil, stat.Invalid(op, "a dispersion of %v", phi)
	}
	j := len(controls)
	if j < 3 {
		return nil, stat.Undefined(op, "%d controls are too few", j)
	}
	w := &WithControls{}
	for _, t := range append([]Theme{treated}, controls...) {
		for _, c := range []Count{t.Before, t.After} {
			if err := c.check(op); err != nil {
				return nil, err
			}
		}
		b, a := t.Before.Events+0.5, t.After.Events+0.5
		w.Delta = append(w.Delta, math.Log(a/t.After.Exposure)-math.Log(b/t.Before.Exposure))
		w.V = append(w.V, phi*(1/b+1/a))
	}
	var err error
	if w.Tau2, w.ControlMean, err = stat.PauleMandel(w.Delta[1:], w.V[1:]); err != nil {
		return nil, err
	}
	sum := 0.0
	for _, v := range w.V[1:] {
		sum += 1 / (v + w.Tau2)
	}
	df := float64(j - 1)
	if w.Effect, err = ratio(w.Delta[0]-w.ControlMean, math.Sqrt(w.V[0]+w.Tau2+1/sum), df, level, "prediction t"); err != nil {
		return nil, err
	}
	m := stat.MomentsOf(w.Delta[1:])
	if w.Equal, err = ratio(w.Delta[0]-m.Mean, m.SD*math.Sqrt(1+1/float64(j)), df, level, "prediction t, equal variances"); err != nil {
		return nil, err
	}
	w.LeaveOneOut = [2]float64{math.Inf(1), math.Inf(-1)}
	for out := range j {
		var d, v []float64
		for i := range j {
			if i != out {
				d, v = append(d, w.Delta[1+i]), append(v, w.V[1+i])
			}
		}
		_, mean, err := stat.PauleMandel(d, v)
		if err != nil {
			return nil, err
		}
		r := math.Exp(w.Delta[0] - mean)
		w.LeaveOneOut = [2]float64{min(w.LeaveOneOut[0], r), max(w.LeaveOneOut[1], r)}
	}
	return w, nil
}

// Cell is one theme in one period.
type Cell struct {
	Unit, Time int
	Count
}

// Panel is a difference in differences over periods, with its checks.
type Panel struct {
	MeanRates  [4]float64 // per 1,000: treated before, treated after, controls before, controls after
	Simple     float64    // difference of the differences of MeanRates
	Totals     [4]Count   // in the same order
	Ratio      Ratio      // of the totals, Poisson
	Log        float64    // two-way fixed effects on log((y+.5)/exposure)
	LogOLS     float64    // its classical SE
	LogCluster float64    // its cluster-robust SE (CR1): not valid for one treated theme, never used for tests
	Poisson    float64    // two-way fixed effects, quasi-Poisson
	PoissonSE  float64
	Phi        float64   // dispersion, for AgainstControls
	Placebo    []float64 // Poisson with each control in turn as if it were treated
	PlaceboP   float64   // rank of the treated among them; with J controls it cannot fall below 1/(J+1)
	PreTrend   float64   // slope of treated less controls per period before the fix
	PreTrendSE float64
	PreTrendP  float64
}

// DifferenceInDifferences needs the same periods of every theme, at least three before the fix (times up to lastBefore)
// and one after, and two controls.
func DifferenceInDifferences(cells []Cell, treated, lastBefore int, level float64) (*Panel, error) {
	const op = "effect.DifferenceInDifferences"
	if err := stat.CheckLevel(op, level); err != nil {
		return nil, err
	}
	p := &Panel{}
	var n [4]float64
	units := map[int]bool{}
	for _, c := range cells {
		if err := c.check(op); err != nil {
			return nil, err
		}
		k := 0
		if c.Unit != treated {
			k = 2
			units[c.Unit] = true
		}
		if c.Time > lastBefore {
			k++
		}
		n[k]++
		p.MeanRates[k] += 1000 * c.Events / c.Exposure
		p.Totals[k].Events += c.Events
		p.Totals[k].Exposure += c.Exposure
	}
	for k := range n {
		if n[k] == 0 {
			return nil, stat.Undefined(op, "treated and controls are both needed, before and after")
		}
		p.MeanRates[k] /= n[k]
	}
	if len(units) < 2 {
		return nil, stat.Undefined(op, "there is one control only")
	}
	p.Simple = p.MeanRates[1] - p.MeanRates[0] - (p.MeanRates[3] - p.MeanRates[2])
	var err error
	if p.Ratio, err = RatioOfRatios(p.Totals[0], p.Totals[1], p.Totals[2], p.Totals[3], 1, level); err != nil {
		return nil, err
	}
	after := func(c Cell, unit int) float64 {
		if c.Unit == unit && c.Time > lastBefore {
			return 1
		}
		return 0
	}
	x, y, offset := twoWay(cells, func(c Cell) float64 { return after(c, treated) })
	fit, err := regress.Fit(x, logRates(cells), nil)
	if err != nil {
		return nil, err
	}
	cov, err := fit.Cov()
	if err != nil {
		return nil, err
	}
	p.Log, p.LogOLS = fit.Coef[0], math.Sqrt(cov[0][0])
	p.LogCluster = clusterSE(fit, x, cells)
	glm, err := regress.Poisson(x, y, nil, offset)
	if err != nil {
		return nil, err
	}
	if p.Phi, err = glm.PearsonDispersion(y, nil); err != nil {
		return nil, err
	}
	p.Poisson, p.PoissonSE = glm.Coef[0], math.Sqrt(p.Phi*glm.Inverse[0][0])
	if err := p.placebos(cells, treated, after); err != nil {
		return nil, err
	}
	return p, p.preTrend(cells, treated, lastBefore)
}

// twoWay has the treatment first, then dummies of units and of all periods but the first.
func twoWay(cells []Cell, treatment func(Cell) float64) (x [][]float64, y, offset []float64) {
	unit, period := map[int]int{}, map[int]int{}
	for _, c := range cells {
		if _, ok := unit[c.Unit]; !ok {
			unit[c.Unit] = len(unit)
		}
		if _, ok := period[c.Time]; !ok {
			period[c.Time] = len(period)
		}
	}
	for _, c := range cells {
		row := make([]float64, 1+len(unit)+len(period)-1)
		row[0] = treatment(c)
		row[1+unit[c.Unit]] = 1
		if t := period[c.Time]; t > 0 {
			row[len(unit)+t] = 1
		}
		x, y, offset = append(x, row), append(y, c.Events), append(offset, math.Log(c.Exposure))
	}
	return x, y, offset
}

func logRates(cells []Cell) []float64 {
	out := make([]float64, len(cells))
	for i, c := range cells {
		out[i] = math.Log((c.Events + 0.5) / c.Exposure)
	}
	return out
}

func clusterSE(fit *regress.LeastSquares, x [][]float64, cells []Cell) float64 {
	k := len(fit.Coef)
	scores := map[int][]float64{}
	for i, c := range cells {
		if scores[c.Unit] == nil {
			scores[c.Unit] = make([]float64, k)
		}
		for j, v := range x[i] {
			scores[c.Unit][j] += v * fit.Residual[i]
		}
	}
	meat := regress.Zero(k)
	for _, s := range scores {
		regress.AddOuter(meat, s, s, 1)
	}
	g, n := float64(len(scores)), float64(len(cells))
	return math.Sqrt(g / (g - 1) * (n - 1) / (n - float64(k)) * regress.Sandwich(fit.Inverse, meat)[0][0])
}

func (p *Panel) placebos(cells []Cell, treated int, after func(Cell, int) float64) error {
	var controls []Cell
	var units []int
	seen := map[int]bool{}
	for _, c := range cells {
		if c.Unit == treated {
			continue
		}
		controls = append(controls, c)
		if !seen[c.Unit] {
			seen[c.Unit] = true
			units = append(units, c.Unit)
		}
	}
	extreme := 1.0
	for _, u := range units {
		x, y, offset := twoWay(controls, func(c Cell) float64 { return after(c, u) })
		fit, err := regress.Poisson(x, y, nil, offset)
		if err != nil {
			return err
		}
		p.Placebo = append(p.Placebo, fit.Coef[0])
		if math.Abs(fit.Coef[0]) >= math.Abs(p.Poisson) {
			extreme++
		}
	}
	p.PlaceboP = extreme / float64(len(units)+1)
	return nil
}

func (p *Panel) preTrend(cells []Cell, treated, lastBefore int) error {
	var before []Cell
	for _, c := range cells {
		if c.Time <= lastBefore {
			before = append(before, c)
		}
	}
	x, y, offset := twoWay(before, func(c Cell) float64 {
		if c.Unit == treated {
			return float64(c.Time)
		}
		return 0
	})
	fit, err := regress.Poisson(x, y, nil, offset)
	if err != nil {
		return err
	}
	phi, err := fit.PearsonDispersion(y, nil)
	if err != nil {
		return err
	}
	r, err := ratio(fit.Coef[0], math.Sqrt(phi*fit.Inverse[0][0]), float64(len(y)-len(fit.Coef)), stat.DefaultLevel, "")
	if err != nil {
		return err
	}
	p.PreTrend, p.PreTrendSE, p.PreTrendP = r.Log, r.SE, r.P
	return nil
}
