package effect

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// SlopeFrom is how many periods after the change a change of slope needs.
const SlopeFrom = 12

// CountSeries is an interrupted series of counts with exposure: quasi-Poisson, log link.
type CountSeries struct {
	Coef      []float64   // intercept, trend, level, slope when asked for, extra
	Phi       float64     // dispersion
	Model     [][]float64 // covariance phi (X'WX)^-1
	NeweyWest [][]float64 // secondary
	Rho       float64     // autocorrelation of the Pearson residuals, by REML
	Used      float64     // max(0, Rho)
	Cov       [][]float64 // the default: phi at least 1, times (1+Used)/(1-Used)
	DF        float64
	Level     Ratio   // rate ratio of the change of level, default inference
	Avoided   Avoided // over the periods after
	TooNarrow bool

	x      [][]float64
	offset []float64
	series Interruption
}

// Avoided is what would have happened less what the model says did.
type Avoided struct {
	Counterfactual float64
	Fitted         float64
	Observed       float64
	Cases          float64 // Counterfactual - Fitted
	SE             float64 // delta method, default covariance
	Interval       stat.Interval
}

// SegmentCounts fits counts s.Y with exposures. Standard errors are the model's times sqrt((1+rho)/(1-rho)), where rho >= 0
// is the REML autocorrelation of the Pearson residuals regressed on sqrt(mu) X: that covers where plain quasi-Poisson and
// Newey-West do not. Periods without exposure are refused: leave them out and say so.
func SegmentCounts(s Interruption, exposure []float64, level float64) (*CountSeries, error) {
	const op = "effect.SegmentCounts"
	if err := stat.CheckLevel(op, level); err != nil {
		return nil, err
	}
	if err := s.check(op); err != nil {
		return nil, err
	}
	n := len(s.Y)
	if len(exposure) != n {
		return nil, stat.Invalid(op, "%d counts with %d exposures", n, len(exposure))
	}
	before, after := 0.0, 0.0
	c := &CountSeries{x: s.design(), offset: make([]float64, n), series: s, TooNarrow: n < NarrowBelow}
	for i, e := range exposure {
		if err := (Count{s.Y[i], e}).check(op); err != nil {
			return nil, err
		}
		c.offset[i] = math.Log(e)
		if i < s.Before {
			before += s.Y[i]
		} else {
			after += s.Y[i]
		}
	}
	if before == 0 || after == 0 {
		return nil, stat.Undefined(op, "nothing happened before or after the change: compare the totals instead")
	}
	fit, err := regress.Poisson(c.x, s.Y, nil, c.offset)
	if err != nil {
		return nil, err
	}
	c.Coef, c.DF = fit.Coef, float64(n-len(fit.Coef))
	if c.Phi, err = fit.PearsonDispersion(s.Y, nil); err != nil {
		return nil, err
	}
	c.Model = regress.Scale(fit.Inverse, c.Phi)
	scores, roots, pearson := make([][]float64, n), make([][]float64, n), make([]float64, n)
	for i, row := range c.x {
		root := math.Sqrt(fit.Mu[i])
		pearson[i] = (s.Y[i] - fit.Mu[i]) / root
		scores[i], roots[i] = make([]float64, len(row)), make([]float64, len(row))
		for j, v := range row {
			scores[i][j], roots[i][j] = v*(s.Y[i]-fit.Mu[i]), v*root
		}
	}
	lag := s.Lag
	if lag == 0 {
		lag = NeweyWestLag(n)
	}
	c.NeweyWest = neweyWest(fit.Inverse, scores, lag)
	ar, err := REML(roots, pearson)
	if err != nil {
		return nil, err
	}
	c.Rho, c.Used = ar.Rho, max(0, ar.Rho)
	c.Cov = regress.Scale(fit.Inverse, max(1, c.Phi)*(1+c.Used)/(1-c.Used))
	if c.Level, err = ratio(c.Coef[LevelAt], math.Sqrt(c.Cov[LevelAt][LevelAt]), c.DF, level, "quasi-Poisson, AR-inflated"); err != nil {
		return nil, err
	}
	c.Avoided = c.avoided(c.Cov, stat.CriticalT(level, c.DF), level)
	return c, nil
}

// avoided sums counterfactual less fitted over the periods after the change, with the delta method for a covariance.
func (c *CountSeries) avoided(cov [][]float64, quantile, level float64) Avoided {
	a := Avoided{}
	gradient := make([]float64, len(c.Coef))
	for i := c.series.Before; i < len(c.x); i++ {
		fitted := math.Exp(c.offset[i] + regress.Dot(c.x[i], c.Coef))
		without := fitted * math.Exp(-c.series.effectAt(i, c.Coef))
		a.Fitted, a.Counterfactual, a.Observed = a.Fitted+fitted, a.Counterfactual+without, a.Observed+c.series.Y[i]
		for j, v := range c.x[i] {
			u := v
			if j == LevelAt || c.series.Slope && j == SlopeAt {
				u = 0
			}
			gradient[j] += without*u - fitted*v
		}
	}
	a.Cases = a.Counterfactual - a.Fitted
	a.SE = math.Sqrt(max(0, regress.Quadratic(gradient, cov)))
	a.Interval = stat.Interval{Low: a.Cases - quantile*a.SE, High: a.Cases + quantile*a.SE, Level: level, Method: "delta"}
	return a
}

// SegmentLogRates is the check beside it: GLS-REML on log((y+.5)/exposure), the rate ratio of the change of level.
func SegmentLogRates(s Interruption, exposure []float64, level float64) (Ratio, *Segmented, error) {
	const op = "effect.SegmentLogRates"
	if len(exposure) != len(s.Y) {
		return Ratio{}, nil, stat.Invalid(op, "%d counts with %d exposures", len(s.Y), len(exposure))
	}
	logs := make([]float64, len(s.Y))
	for i, e := range exposure {
		if err := (Count{s.Y[i], e}).check(op); err != nil {
			return Ratio{}, nil, err
		}
		logs[i] = math.Log((s.Y[i] + 0.5) / e)
	}
	s.Y = logs
	seg, err := Segment(s, level)
	if err != nil {
		return Ratio{}, nil, err
	}
	r, err := ratio(seg.Level.Estimate, seg.Level.SE, seg.DF, level, "GLS-REML on log rates")
	if err != nil {
		return Ratio{}, nil, err
	}
	return r, seg, nil
}

// NegativeBinomial is a fit with variance mu + mu^2/theta.
type NegativeBinomial struct {
	Coef  []float64
	SE    []float64
	Theta float64
}

// FitNegativeBinomial alternates iterated least squares and the maximum-likelihood theta. Undefined for counts that vary no
// more than a Poisson's, where theta has no bound.
func FitNegativeBinomial(x [][]float64, y, offset []float64) (*NegativeBinomial, error) {
	const op = "effect.FitNegativeBinomial"
	start, err := regress.Poisson(x, y, nil, offset)
	if err != nil {
		return nil, err
	}
	nb := &NegativeBinomial{Coef: start.Coef, Theta: math.Inf(1)}
	mu := start.Mu
	n := len(y)
	w, z := make([]float64, n), make([]float64, n)
	for range 200 {
		theta, ok := thetaML(y, mu)
		if !ok {
			return nil, stat.Undefined(op, "the counts vary no more than a Poisson's")
		}
		var fit *regress.LeastSquares
		for range 50 {
			moved := 0.0
			for i := range n {
				w[i] = mu[i] / (1 + mu[i]/theta)
				z[i] = math.Log(mu[i]) - offset[i] + (y[i]-mu[i])/mu[i]
			}
			if fit, err = regress.Fit(x, z, w); err != nil {
				return nil, err
			}
			for i, row := range x {
				eta := min(max(offset[i]+regress.Dot(row, fit.Coef), -30), 30)
				moved = max(moved, math.Abs(eta-math.Log(mu[i])))
				mu[i] = math.Exp(eta)
			}
			if moved < 1e-10 {
				break
			}
		}
		settled := math.Abs(theta-nb.Theta) < 1e-9*theta
		nb.Coef, nb.SE, nb.Theta = fit.Coef, regress.SE(fit.Inverse), theta
		if settled {
			return nb, nil
		}
	}
	return nil, stat.Undefined(op, "the fit does not settle")
}

// thetaML solves the score equation of theta by bisection of its logarithm.
func thetaML(y, mu []float64) (float64, bool) {
	score := func(theta float64) float64 {
		s := 0.0
		for i, v := range y {
			s += mathext.Digamma(v+theta) - mathext.Digamma(theta) + math.Log(theta) + 1 - math.Log(theta+mu[i]) -
				(v+theta)/(mu[i]+theta)
		}
		return s
	}
	low, high := math.Log(1e-6), math.Log(1e7)
	if score(math.Exp(high)) > 0 {
		return 0, false
	}
	for range 100 {
		if mid := (low + high) / 2; score(math.Exp(mid)) > 0 {
			low = mid
		} else {
			high = mid
		}
	}
	return math.Exp((low + high) / 2), true
}
