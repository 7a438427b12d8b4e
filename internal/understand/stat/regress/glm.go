package regress

import (
	"math"

	"kolo/internal/understand/stat"
)

// GLM is a fitted generalised linear model.
type GLM struct {
	Coef      []float64
	Inverse   [][]float64 // (X'WX)^-1 at the fit, not scaled by a dispersion
	Mu        []float64   // fitted means
	Eta       []float64   // fitted linear predictors, offset included
	Leverage  []float64
	Deviance  float64
	LogLik    float64 // of a logistic fit
	Penalised bool    // the data separate, so a ridge of 1e-4 kept the coefficients finite
}

// family is a link with its variance.
type family struct {
	inverse  func(eta float64) float64
	variance func(mu float64) float64 // also the derivative of the mean: both links are canonical
	deviance func(y, mu float64) float64
	start    func(y, w float64) float64 // first mean
	link     func(mu float64) float64
}

var logistic = family{
	inverse:  func(eta float64) float64 { return 1 / (1 + math.Exp(-eta)) },
	variance: func(mu float64) float64 { return mu * (1 - mu) },
	deviance: func(y, mu float64) float64 { return 2 * (xlogy(y, y/mu) + xlogy(1-y, (1-y)/(1-mu))) },
	start:    func(y, w float64) float64 { return (w*y + 0.5) / (w + 1) },
	link:     func(mu float64) float64 { return math.Log(mu / (1 - mu)) },
}

var poisson = family{
	inverse:  math.Exp,
	variance: func(mu float64) float64 { return mu },
	deviance: func(y, mu float64) float64 { return 2 * (xlogy(y, y/mu) - (y - mu)) },
	start:    func(y, _ float64) float64 { return y + 0.1 },
	link:     math.Log,
}

func xlogy(x, y float64) float64 {
	if x == 0 {
		return 0
	}
	return x * math.Log(y)
}

const (
	etaLimit   = 30.0
	iterations = 60
	// settled is the relative change of the deviance that ends the iteration, and Inverse is that of its last weights: the
	// rule of R's glm, which other implementations follow too.
	settled = 1e-8
	ridge   = 1e-4
)

// Logit fits P(y) = 1/(1+exp(-(offset + x b))) by iterated weighted least squares; y is 0 or 1 or a share of weight
// trials, weight and offset may be nil. Data that separate are fitted with a small ridge and marked Penalised.
func Logit(x [][]float64, y, weight, offset []float64) (*GLM, error) {
	for i, v := range y {
		if !(v >= 0 && v <= 1) {
			return nil, stat.Invalid("regress.Logit", "outcome %d is %v, not a share", i, v)
		}
	}
	g, err := irls(logistic, x, y, weight, offset, 0)
	if err != nil {
		return nil, err
	}
	if g == nil || separated(g) {
		if g, err = irls(logistic, x, y, weight, offset, ridge); err != nil {
			return nil, err
		}
		if g == nil {
			return nil, stat.Undefined("regress.Logit", "the fit does not settle")
		}
		g.Penalised = true
	}
	for i, mu := range g.Mu {
		w := 1.0
		if weight != nil {
			w = weight[i]
		}
		g.LogLik += w * (xlogy(y[i], mu) + xlogy(1-y[i], 1-mu))
	}
	return g, nil
}

// RidgeLogit is Logit with the penalty lambda/2 sum b^2 on all coefficients but the first; explanatory values should be
// on one scale. Inverse is that of the penalised information.
func RidgeLogit(x [][]float64, y []float64, lambda float64) (*GLM, error) {
	for i, v := range y {
		if !(v >= 0 && v <= 1) {
			return nil, stat.Invalid("regress.RidgeLogit", "outcome %d is %v, not a share", i, v)
		}
	}
	if !(lambda > 0) || math.IsInf(lambda, 0) {
		return nil, stat.Invalid("regress.RidgeLogit", "the penalty must be positive, it is %v", lambda)
	}
	g, err := irls(logistic, x, y, nil, nil, lambda)
	if err == nil && g == nil {
		err = stat.Undefined("regress.RidgeLogit", "the fit does not settle")
	}
	return g, err
}

// separated sees coefficients on their way to infinity: a fitted chance that no finite sample supports.
func separated(g *GLM) bool {
	for _, eta := range g.Eta {
		if math.Abs(eta) > 15 {
			return true
		}
	}
	return false
}

// Poisson fits log mu = offset + x b; weight and offset may be nil. With no event at all in the data the fit is at the
// limit exp(-30) of the linear predictor.
func Poisson(x [][]float64, y, weight, offset []float64) (*GLM, error) {
	for i, v := range y {
		if !(v >= 0) || math.IsInf(v, 0) {
			return nil, stat.Invalid("regress.Poisson", "count %d is %v", i, v)
		}
	}
	g, err := irls(poisson, x, y, weight, offset, 0)
	if err != nil {
		return nil, err
	}
	if g == nil {
		return nil, stat.Undefined("regress.Poisson", "the fit does not settle")
	}
	return g, nil
}

// irls gives nil without an error when it does not converge. The penalty is on all coefficients but the first.
func irls(f family, x [][]float64, y, weight, offset []float64, penalty float64) (*GLM, error) {
	n := len(x)
	if n == 0 || len(y) != n || weight != nil && len(weight) != n || offset != nil && len(offset) != n {
		return nil, stat.Undefined("regress", "%d rows with %d outcomes", n, len(y))
	}
	k := len(x[0])
	at := func(s []float64, i int, none float64) float64 {
		if s == nil {
			return none
		}
		return s[i]
	}
	rows, z, w := x, make([]float64, n), make([]float64, n)
	if penalty > 0 { // a ridge is k-1 more observations
		rows = append(make([][]float64, 0, n+k-1), x...)
		for j := 1; j < k; j++ {
			row := make([]float64, k)
			row[j] = 1
			rows, z, w = append(rows, row), append(z, 0), append(w, penalty)
		}
	}
	g := &GLM{Mu: make([]float64, n), Eta: make([]float64, n)}
	for i := range n {
		g.Mu[i] = f.start(y[i], at(weight, i, 1))
		g.Eta[i] = f.link(g.Mu[i])
	}
	objective := func(beta []float64) float64 {
		d := 0.0
		for i, row := range x {
			eta := min(max(Dot(row, beta)+at(offset, i, 0), -etaLimit), etaLimit)
			mu := f.inverse(eta)
			g.Eta[i], g.Mu[i] = eta, mu
			d += at(weight, i, 1) * f.deviance(y[i], mu)
		}
		g.Deviance = d
		for j := 1; penalty > 0 && j < k; j++ {
			d += penalty * beta[j] * beta[j]
		}
		return d
	}
	last := math.Inf(1)
	for range iterations {
		for i := range n {
			v := max(f.variance(g.Mu[i]), 1e-300)
			z[i] = g.Eta[i] - at(offset, i, 0) + (y[i]-g.Mu[i])/v
			w[i] = at(weight, i, 1) * v
		}
		ls, err := Fit(rows, z, w)
		if err != nil {
			return nil, err
		}
		beta := ls.Coef
		now := objective(beta)
		for range 30 { // step-halving
			if g.Coef == nil || now <= last+1e-9*(math.Abs(last)+1) {
				break
			}
			for j := range beta {
				beta[j] = (beta[j] + g.Coef[j]) / 2
			}
			now = objective(beta)
		}
		g.Coef, g.Inverse, g.Leverage = beta, ls.Inverse, ls.Leverage[:n]
		if math.IsNaN(now) {
			return nil, nil
		}
		if math.Abs(now-last) < settled*(math.Abs(now)+0.1) {
			return g, nil
		}
		last = now
	}
	return nil, nil
}

// PearsonDispersion is sum w (y-mu)^2/mu / (n-k) of a Poisson fit; undefined without residual degrees of freedom.
func (g *GLM) PearsonDispersion(y, weight []float64) (float64, error) {
	df := float64(len(y) - len(g.Coef))
	if df <= 0 {
		return 0, stat.Undefined("regress", "as many coefficients as rows leave no dispersion")
	}
	sum := 0.0
	for i, mu := range g.Mu {
		w := 1.0
		if weight != nil {
			w = weight[i]
		}
		sum += w * (y[i] - mu) * (y[i] - mu) / mu
	}
	return sum / df, nil
}
