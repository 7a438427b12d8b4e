package driver

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
	"kolo/internal/understand/stat/regress"
)

// Ordinal is a fitted proportional-odds model logit P(Y <= j) = zeta_j - x b.
type Ordinal struct {
	Coef     []float64
	Zeta     []float64
	SE       []float64 // of Coef, then Zeta
	Cov      [][]float64
	Deviance float64
	Null     float64 // deviance of the model without drivers
	McFadden float64 // 1 - Deviance/Null
	x        [][]float64
	weight   []float64
}

// ProportionalOdds fits an ordered outcome of classes 0..classes-1 on rows of drivers (no intercept) by Newton's method;
// weight counts how often a row occurred, nil is once. Undefined when a class is empty or the drivers separate the
// classes.
func ProportionalOdds(names []string, x [][]float64, class []int, classes int, weight []float64) (*Ordinal, error) {
	const op = "driver.ProportionalOdds"
	if len(x) == 0 || len(x) != len(class) || weight != nil && len(weight) != len(x) || classes < 2 {
		return nil, stat.Undefined(op, "%d rows, %d outcomes, %d classes", len(x), len(class), classes)
	}
	p, cuts := len(names), classes-1
	if weight == nil {
		weight = make([]float64, len(x))
		for i := range weight {
			weight[i] = 1
		}
	}
	counts, n := make([]float64, classes), 0.0
	probe := make([][]float64, len(x))
	for i, c := range class {
		if c < 0 || c >= classes || len(x[i]) != p || !(weight[i] >= 0) || math.IsInf(weight[i], 0) {
			return nil, stat.Invalid(op, "row %d is out of range", i)
		}
		counts[c] += weight[i]
		n += weight[i]
		probe[i] = append([]float64{1}, x[i]...)
	}
	if _, err := regress.Fit(probe, make([]float64, len(x)), nil); err != nil {
		return nil, Data{Names: names}.named(op, err)
	}
	m := &Ordinal{x: x, weight: weight}
	theta, below := make([]float64, p+cuts), 0.0
	for c, k := range counts {
		if k == 0 {
			return nil, stat.Undefined(op, "nobody is in class %d", c)
		}
		m.Null -= 2 * k * math.Log(k/n)
		if below += k; c < cuts {
			theta[p+c] = math.Log(below / (n - below))
		}
	}
	now, gradient, hessian := ordinalLikelihood(x, class, weight, theta, p, cuts)
	for range 100 {
		step, err := solve(hessian, gradient)
		if err != nil {
			return nil, stat.Undefined(op, "the drivers separate the classes")
		}
		scale, next := 1.0, make([]float64, len(theta))
		for ; scale > 1e-10; scale /= 2 {
			for j := range theta {
				next[j] = theta[j] - scale*step[j]
			}
			if l, g, h := ordinalLikelihood(x, class, weight, next, p, cuts); l >= now-1e-12*math.Abs(now) {
				moved := l - now
				theta, now, gradient, hessian = next, l, g, h
				if math.Abs(moved) < 1e-12*(math.Abs(now)+1) {
					return m.finish(theta, now, hessian, p)
				}
				break
			}
		}
		if scale <= 1e-10 {
			break
		}
	}
	return nil, stat.Undefined(op, "the fit does not settle: the drivers separate the classes")
}

func (m *Ordinal) finish(theta []float64, loglik float64, hessian [][]float64, p int) (*Ordinal, error) {
	for _, b := range theta[:p] {
		if math.Abs(b) > 1e6 {
			return nil, stat.Undefined("driver.ProportionalOdds", "the drivers separate the classes")
		}
	}
	k := len(theta)
	m.Cov = regress.Zero(k)
	for j := range k {
		unit := make([]float64, k)
		unit[j] = -1
		column, err := solve(hessian, unit)
		if err != nil {
			return nil, stat.Undefined("driver.ProportionalOdds", "the drivers separate the classes")
		}
		for i, v := range column {
			m.Cov[i][j] = v
		}
	}
	m.Coef, m.Zeta, m.SE, m.Deviance = theta[:p], theta[p:], regress.SE(m.Cov), -2*loglik
	if m.Null > 0 {
		m.McFadden = 1 - m.Deviance/m.Null
	}
	return m, nil
}

// ordinalLikelihood gives the log-likelihood with its first and second derivatives in (coef, zeta); -Inf when the cuts
// are out of order.
func ordinalLikelihood(x [][]float64, class []int, weight, theta []float64, p, cuts int) (float64, []float64, [][]float64) {
	k := p + cuts
	l, g, h := 0.0, make([]float64, k), regress.Zero(k)
	for c := p + 1; c < k; c++ {
		if theta[c] <= theta[c-1] {
			return math.Inf(-1), g, h
		}
	}
	up, down := make([]float64, k), make([]float64, k) // derivatives of the linear predictor at the upper and lower cut
	for i, row := range x {
		w := weight[i]
		if w == 0 {
			continue
		}
		eta := regress.Dot(row, theta[:p])
		upper, lower := math.Inf(1), math.Inf(-1)
		if class[i] < cuts {
			upper = theta[p+class[i]] - eta
		}
		if class[i] > 0 {
			lower = theta[p+class[i]-1] - eta
		}
		fu, fl := density(upper), density(lower)
		prob := cumulative(upper, lower)
		l += w * math.Log(prob)
		// second derivative of the logistic distribution function: f(1-2F)
		cu, cl := curvature(upper), curvature(lower)
		clear(up)
		clear(down)
		for j, v := range row {
			up[j], down[j] = -v, -v
		}
		if class[i] < cuts {
			up[p+class[i]] = 1
		}
		if class[i] > 0 {
			down[p+class[i]-1] = 1
		}
		d := make([]float64, k)
		for j := range d {
			d[j] = (fu*up[j] - fl*down[j]) / prob
			g[j] += w * d[j]
		}
		regress.AddOuter(h, d, d, -w)
		regress.AddOuter(h, up, up, w*cu/prob)
		regress.AddOuter(h, down, down, -w*cl/prob)
	}
	return l, g, h
}

func density(z float64) float64 {
	if math.IsInf(z, 0) {
		return 0
	}
	e := math.Exp(-math.Abs(z))
	return e / ((1 + e) * (1 + e))
}

func curvature(z float64) float64 {
	if math.IsInf(z, 0) {
		return 0
	}
	return density(z) * (1 - 2*logistic(z))
}

// cumulative is F(upper)-F(lower) of the logistic distribution without cancellation in the tails.
func cumulative(upper, lower float64) float64 {
	if lower > 0 {
		upper, lower = -lower, -upper
	}
	return max(logistic(upper)-logistic(lower), 1e-300)
}

func solve(a [][]float64, b []float64) ([]float64, error) {
	fit, err := regress.Fit(a, b, nil)
	if err != nil {
		return nil, err
	}
	return fit.Coef, nil
}

// Step is the mean change in P(last class) - P(first class), in points, when a driver rises by one, but not above most:
// for the classes detractor, passive, promoter it is the change of the NPS.
func (m *Ordinal) Step(driver int, most float64) float64 {
	first, last := m.Zeta[0], m.Zeta[len(m.Zeta)-1]
	sum, n := 0.0, 0.0
	for i, row := range m.x {
		eta := regress.Dot(row, m.Coef)
		moved := eta + m.Coef[driver]*(max(row[driver], min(row[driver]+1, most))-row[driver])
		score := func(eta float64) float64 { return logistic(eta-last) - logistic(first-eta) }
		sum += m.weight[i] * (score(moved) - score(eta))
		n += m.weight[i]
	}
	return 100 * sum / n
}

// Proportionality compares the binary logits of all cuts (Brant 1990): the chi-square test that each driver has the same
// effect at every cut. A small P speaks against proportional odds. Drivers' own tests are in the order of the columns.
func Proportionality(x [][]float64, class []int, classes int) (all stat.Test, each []stat.Test, err error) {
	const op = "driver.Proportionality"
	if len(x) == 0 || len(x) != len(class) || classes < 3 {
		return all, nil, stat.Undefined(op, "%d rows, %d classes", len(x), classes)
	}
	p, cuts, n := len(x[0]), classes-1, len(x)
	design := make([][]float64, n)
	for i, row := range x {
		design[i] = append([]float64{1}, row...)
	}
	fits := make([]*regress.GLM, cuts)
	for c := range cuts {
		y := make([]float64, n)
		for i, k := range class {
			if k > c {
				y[i] = 1
			}
		}
		if fits[c], err = regress.Logit(design, y, nil, nil); err != nil {
			return all, nil, err
		}
		if fits[c].Penalised {
			return all, nil, stat.Undefined(op, "the drivers separate the classes")
		}
	}
	cov := func(a, b int) [][]float64 { // of the coefficients at cuts a <= b
		meat := regress.Zero(p + 1)
		for i, row := range design {
			regress.AddOuter(meat, row, row, fits[b].Mu[i]*(1-fits[a].Mu[i]))
		}
		return regress.Multiply(regress.Multiply(fits[a].Inverse, meat), fits[b].Inverse)
	}
	// Differences of each later cut from the first, and their covariance.
	size := p * (cuts - 1)
	diff, v := make([]float64, size), regress.Zero(size)
	v00 := cov(0, 0)
	for a := 1; a < cuts; a++ {
		v0a := cov(0, a)
		for b := a; b < cuts; b++ {
			vab, v0b := cov(a, b), cov(0, b)
			for i := range p {
				for j := range p {
					s := vab[1+i][1+j] - v0a[1+j][1+i] - v0b[1+i][1+j] + v00[1+i][1+j]
					v[(a-1)*p+i][(b-1)*p+j], v[(b-1)*p+j][(a-1)*p+i] = s, s
				}
			}
		}
		for i := range p {
			diff[(a-1)*p+i] = fits[a].Coef[1+i] - fits[0].Coef[1+i]
		}
	}
	wald := func(at []int) (stat.Test, error) {
		sub, d := regress.Zero(len(at)), make([]float64, len(at))
		for i, r := range at {
			d[i] = diff[r]
			for j, c := range at {
				sub[i][j] = v[r][c]
			}
		}
		s, err := solve(sub, d)
		if err != nil {
			return stat.Test{}, stat.Undefined(op, "the cuts cannot be compared")
		}
		t := stat.Test{Stat: max(0, regress.Dot(d, s)), DF: float64(len(at))}
		t.P = dist.ChiSquareUpper(t.Stat, t.DF)
		return t, nil
	}
	every := make([]int, size)
	for i := range every {
		every[i] = i
	}
	if all, err = wald(every); err != nil {
		return all, nil, err
	}
	for i := range p {
		var at []int
		for a := range cuts - 1 {
			at = append(at, a*p+i)
		}
		t, err := wald(at)
		if err != nil {
			return all, nil, err
		}
		each = append(each, t)
	}
	return all, each, nil
}
