// Package watch gives early warning: it tells from a series of counts (complaints of a theme a week, say) what is
// expected now, and raises a signal when there is a spike or a lasting rise, at a rate of false alarms that the user
// chose. Series hold complete periods only, the oldest first.
package watch

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// Baseline is a quasi-Poisson regression of past counts, log mean = log exposure + x b, after one pass that gives
// outlying periods less weight.
type Baseline struct {
	Coef    []float64
	Phi     float64   // dispersion, at least 1
	Inverse []float64 // (X'WX)^-1, row-major; times Phi it is the covariance
	Weights []float64 // of the periods, adding up to their number

	first    []float64 // coefficients before reweighting
	firstPhi float64
	anscombe []float64
}

// AnscombeCut is the standardised residual above which a period counts as outlying; its weight is the residual's inverse
// square (Farrington et al. 1996, Noufaily et al. 2013).
const AnscombeCut = 2.58

// Predict gives the predictive distribution of a period with design row x and an exposure: mean mu and variance
// max(phi mu + mu^2 x'Cx, 1.0001 mu).
func (b *Baseline) Predict(x []float64, exposure float64) dist.Counts {
	eta, k := 0.0, len(b.Coef)
	for j, v := range x {
		eta += v * b.Coef[j]
	}
	q := 0.0
	for i := range k {
		for j := range k {
			q += x[i] * b.Inverse[i*k+j] * x[j]
		}
	}
	mu := exposure * math.Exp(min(max(eta, -30), 30))
	return dist.Counts{Mean: mu, Variance: max(b.Phi*mu+mu*mu*b.Phi*q, 1.0001*mu)}
}

// fitter fits windows one after the other without allocating: a workspace with 500 themes fits a thousand models each
// week, and a retrospective run a hundred times as many. Normal equations are exact enough for its few scaled columns.
type fitter struct {
	k                                   int
	level                               bool      // the only column is the intercept
	x                                   []float64 // rows
	y, exposure, offset, w              []float64
	cut                                 float64 // AnscombeCut, unless a test asks for another
	mu, eta, leverage                   []float64
	coef, inverse, normal, chol, target []float64
}

// reset makes room for n rows of k values.
func (f *fitter) reset(n, k int) {
	f.k, f.level, f.cut = k, false, AnscombeCut
	if cap(f.y) < n {
		all := make([]float64, 7*n)
		for i, part := range []*[]float64{&f.y, &f.exposure, &f.offset, &f.w, &f.mu, &f.eta, &f.leverage} {
			*part = all[i*n : i*n : (i+1)*n]
		}
	}
	if cap(f.x) < n*k {
		f.x = make([]float64, 0, n*k)
	}
	f.x, f.y, f.exposure, f.offset, f.w = f.x[:0], f.y[:0], f.exposure[:0], f.offset[:0], f.w[:0]
	f.mu, f.eta, f.leverage = f.mu[:0], f.eta[:0], f.leverage[:0]
	if cap(f.inverse) < k*k {
		f.inverse, f.normal, f.chol = make([]float64, k*k), make([]float64, k*k), make([]float64, k*k)
		f.coef, f.target = make([]float64, k), make([]float64, k)
	}
	f.inverse, f.normal, f.chol = f.inverse[:k*k], f.normal[:k*k], f.chol[:k*k]
	f.coef, f.target = f.coef[:k], f.target[:k]
}

func (f *fitter) add(x []float64, y, exposure float64) {
	f.x = append(f.x, x...)
	f.y, f.w = append(f.y, y), append(f.w, 1)
	f.exposure, f.offset = append(f.exposure, exposure), append(f.offset, math.Log(exposure))
	f.mu, f.eta, f.leverage = append(f.mu, 0), append(f.eta, 0), append(f.leverage, 0)
}

// settled is the change of a linear predictor that ends the iteration; the error left is its square.
const settled = 1e-7

// flat fits the level alone, which needs no iteration: the weighted events over the weighted exposure. It is the whole fit
// where there are no other columns, and else where the iteration begins; false without any event.
func (f *fitter) flat() bool {
	events, exposure := 0.0, 0.0
	for i, y := range f.y {
		events += f.w[i] * y
		exposure += f.w[i] * f.exposure[i]
	}
	rate := events / exposure
	if !(rate > 0) || math.IsInf(rate, 0) {
		return false
	}
	f.coef[0] = math.Log(rate)
	f.inverse[0] = 1 / events
	for i, e := range f.exposure {
		f.mu[i], f.eta[i] = rate*e, f.coef[0]+f.offset[i]
		f.leverage[i] = f.w[i] * f.mu[i] / events
	}
	return true
}

// irls iterates to convergence with the current weights, from the current means; false when the columns are collinear or
// nothing settles.
func (f *fitter) irls() bool {
	if f.level {
		return f.flat()
	}
	k := f.k
	for range 60 {
		clear(f.normal)
		clear(f.target)
		for i, mu := range f.mu {
			w := f.w[i] * mu
			wz := w*(f.eta[i]-f.offset[i]) + f.w[i]*(f.y[i]-mu)
			row := f.x[i*k : i*k+k]
			for a, u := range row {
				if u == 0 { // most of the days of a week
					continue
				}
				f.target[a] += u * wz
				wu, normal := w*u, f.normal[a*k:a*k+a+1]
				for b := range normal {
					normal[b] += wu * row[b]
				}
			}
		}
		if !f.cholesky() {
			return false
		}
		f.solve(f.target, f.coef)
		moved := 0.0
		for i := range f.mu {
			eta := f.offset[i]
			for j, v := range f.x[i*k : i*k+k] {
				eta += v * f.coef[j]
			}
			eta = min(max(eta, -30), 30)
			moved = max(moved, math.Abs(eta-f.eta[i]))
			f.eta[i], f.mu[i] = eta, math.Exp(eta)
		}
		if math.IsNaN(moved) {
			return false
		}
		if moved < settled {
			f.invert()
			return true
		}
	}
	return false
}

func (f *fitter) cholesky() bool {
	k := f.k
	for a := range k {
		for b := 0; b <= a; b++ {
			s := f.normal[a*k+b]
			for c := range b {
				s -= f.chol[a*k+c] * f.chol[b*k+c]
			}
			if a != b {
				f.chol[a*k+b] = s / f.chol[b*k+b]
				continue
			}
			if !(s > 1e-11*f.normal[a*k+a]) {
				return false
			}
			f.chol[a*k+a] = math.Sqrt(s)
		}
	}
	return true
}

func (f *fitter) solve(b, out []float64) {
	k := f.k
	for i := range k {
		s := b[i]
		for c := range i {
			s -= f.chol[i*k+c] * out[c]
		}
		out[i] = s / f.chol[i*k+i]
	}
	for i := k - 1; i >= 0; i-- {
		s := out[i]
		for c := i + 1; c < k; c++ {
			s -= f.chol[c*k+i] * out[c]
		}
		out[i] = s / f.chol[i*k+i]
	}
}

// invert fills the inverse of the last normal equations and the leverages.
func (f *fitter) invert() {
	k := f.k
	for j := range k {
		clear(f.target)
		f.target[j] = 1
		f.solve(f.target, f.inverse[j*k:j*k+k])
	}
	for i, mu := range f.mu {
		q, row := 0.0, f.x[i*k:i*k+k]
		for a, u := range row {
			if u == 0 {
				continue
			}
			for b, v := range row {
				q += u * f.inverse[a*k+b] * v
			}
		}
		f.leverage[i] = f.w[i] * mu * q
	}
}

// pearson is max(1, sum w (y-mu)^2/mu / (n-k)).
func (f *fitter) pearson() float64 {
	sum := 0.0
	for i, y := range f.y {
		sum += f.w[i] * (y - f.mu[i]) * (y - f.mu[i]) / f.mu[i]
	}
	return max(1, sum/float64(len(f.y)-f.k))
}

// fit is the whole baseline: fit, reweight, fit again. With keep, what the first pass found is kept for inspection.
func (f *fitter) fit(keep bool) (*Baseline, error) {
	n := len(f.y)
	if n <= f.k {
		return nil, stat.Undefined("watch", "%d periods are too few for a baseline", n)
	}
	if !f.flat() || !f.irls() {
		return nil, stat.Undefined("watch", "the baseline cannot be fitted to these periods")
	}
	b := &Baseline{firstPhi: f.pearson()}
	if keep {
		b.first = append(b.first, f.coef...)
	}
	sum := 0.0
	for i, y := range f.y {
		mu := f.mu[i]
		root := math.Cbrt(y)
		s := 1.5 * (root*root/math.Sqrt(math.Cbrt(mu)) - math.Sqrt(mu)) /
			math.Sqrt(b.firstPhi*max(1-f.leverage[i], 1e-9))
		if keep {
			b.anscombe = append(b.anscombe, s)
		}
		f.w[i] = 1
		if s > f.cut {
			f.w[i] = 1 / (s * s)
		}
		sum += f.w[i]
	}
	for i := range f.w {
		f.w[i] *= float64(n) / sum
	}
	if !f.irls() {
		return nil, stat.Undefined("watch", "the reweighted baseline cannot be fitted to these periods")
	}
	b.Phi = f.pearson()
	b.Coef, b.Inverse = append(b.Coef, f.coef...), append(b.Inverse, f.inverse...)
	b.Weights = append(b.Weights, f.w...)
	return b, nil
}

// FitBaseline fits design rows (with their intercept), counts and exposures; exposure nil is 1 each. Undefined when the rows
// are not more than the columns, the columns collinear, or nothing ever happened.
func FitBaseline(x [][]float64, y, exposure []float64) (*Baseline, error) {
	return fitBaseline(x, y, exposure, AnscombeCut)
}

func fitBaseline(x [][]float64, y, exposure []float64, cut float64) (*Baseline, error) {
	if len(x) == 0 || len(x) != len(y) || exposure != nil && len(exposure) != len(y) {
		return nil, stat.Undefined("watch", "%d periods with %d counts", len(x), len(y))
	}
	var f fitter
	f.reset(len(x), len(x[0]))
	f.cut = cut
	for i, row := range x {
		e := 1.0
		if exposure != nil {
			e = exposure[i]
		}
		if len(row) != f.k || !(y[i] >= 0) || math.IsInf(y[i], 0) || !(e > 0) || math.IsInf(e, 0) {
			return nil, stat.Invalid("watch", "period %d has count %v and exposure %v", i, y[i], e)
		}
		f.add(row, y[i], e)
	}
	return f.fit(true)
}
