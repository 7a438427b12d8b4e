package watch

import (
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/mat"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// nodes of the quadrature that solves the integral equations of run lengths.
const nodes = 80

func phi(x float64) float64 { return math.Exp(-x*x/2) / math.Sqrt(2*math.Pi) }

// CUSUMRunLength is the mean number of periods to a signal of S = max(0, S+z-k), signal at S > h, for z ~ N(shift, 1)
// from S = 0 (the integral equation of the run length, solved at Gauss-Legendre nodes).
func CUSUMRunLength(k, h, shift float64) (float64, error) {
	if !(h > 0) || !(h < 1e3) || math.IsNaN(k+shift) || math.IsInf(k+shift, 0) {
		return 0, stat.Invalid("watch", "k %v, h %v, shift %v", k, h, shift)
	}
	x, w := make([]float64, nodes), make([]float64, nodes)
	quad.Legendre{}.FixedLocations(x, w, 0, h)
	// Unknowns: the run length from 0 (an atom), then from each node.
	a, b := mat.NewDense(nodes+1, nodes+1, nil), mat.NewVecDense(nodes+1, nil)
	for i := range nodes + 1 {
		from := 0.0
		if i > 0 {
			from = x[i-1]
		}
		drift := from + shift - k
		a.Set(i, 0, -dist.Norm(-drift))
		for j := range nodes {
			a.Set(i, j+1, -w[j]*phi(x[j]-drift))
		}
		a.Set(i, i, a.At(i, i)+1)
		b.SetVec(i, 1)
	}
	return first(a, b)
}

// EWMARunLength is the mean number of periods until |e| > L sqrt(lambda/(2-lambda)), e starting at 0, for
// z ~ N(shift, 1).
func EWMARunLength(lambda, l, shift float64) (float64, error) {
	if !(lambda > 0 && lambda <= 1) || !(l > 0) || math.IsNaN(shift) || math.IsInf(shift+l, 0) {
		return 0, stat.Invalid("watch", "lambda %v, L %v, shift %v", lambda, l, shift)
	}
	c := l * math.Sqrt(lambda/(2-lambda))
	x, w := make([]float64, nodes), make([]float64, nodes)
	quad.Legendre{}.FixedLocations(x, w, -c, c)
	a, b := mat.NewDense(nodes+1, nodes+1, nil), mat.NewVecDense(nodes+1, nil)
	for i := range nodes + 1 {
		from := 0.0
		if i > 0 {
			from = x[i-1]
		}
		for j := range nodes {
			a.Set(i, j+1, -w[j]*phi((x[j]-(1-lambda)*from)/lambda-shift)/lambda)
		}
		a.Set(i, i, a.At(i, i)+1)
		b.SetVec(i, 1)
	}
	return first(a, b)
}

func first(a *mat.Dense, b *mat.VecDense) (float64, error) {
	var v mat.VecDense
	if err := v.SolveVec(a, b); err != nil {
		return 0, stat.Undefined("watch", "the run length is too long to compute")
	}
	arl := v.AtVec(0)
	if !(arl >= 1-1e-9) || math.IsInf(arl, 0) {
		return 0, stat.Undefined("watch", "the run length is too long to compute")
	}
	return arl, nil
}

// Siegmund's closed form of a CUSUM's run length under control: (e^{2kb}-2kb-1)/(2k^2) with b = h+1.166.
func Siegmund(k, h float64) float64 {
	b := 2 * k * (h + 1.166)
	return (math.Expm1(b) - b) / (2 * k * k)
}

// PoissonCUSUMRunLength is the mean number of periods until S = max(0, S+y-k) >= h for Poisson counts, from S = 0, as a
// Markov chain on the grid on which k and h lie (to a hundredth).
func PoissonCUSUMRunLength(mean, k, h float64) (float64, error) {
	if !(mean > 0) || !(k > 0) || !(h > 0) || mean > 1e4 || k > 1e4 {
		return 0, stat.Invalid("watch", "mean %v, k %v, h %v", mean, k, h)
	}
	den := 1.0
	for ; den < 100; den++ {
		if math.Abs(k*den-math.Round(k*den)) < 1e-9 && math.Abs(h*den-math.Round(h*den)) < 1e-9 {
			break
		}
	}
	states := int(math.Ceil(h*den - 1e-9))
	if states > 3000 {
		return 0, stat.Invalid("watch", "the limit %v is too far for the grid", h)
	}
	step := int(math.Round(k * den))
	if step == 0 {
		return 0, stat.Invalid("watch", "k %v is below the grid", k)
	}
	p := dist.Counts{Mean: mean, Variance: mean}
	a, b := mat.NewDense(states, states, nil), mat.NewVecDense(states, nil)
	for i := range states {
		b.SetVec(i, 1)
		a.Set(i, i, 1)
		for y := 0; ; y++ {
			to := max(0, i+y*int(den)-step)
			if to >= states {
				break
			}
			a.Set(i, to, a.At(i, to)-math.Exp(p.LogProb(float64(y))))
		}
	}
	return first(a, b)
}

// CUSUMLimit is the h at which a one-sided CUSUM with reference k has the wanted mean time between false signals.
func CUSUMLimit(k, arl float64) (float64, error) {
	return limit(arl, func(h float64) (float64, error) { return CUSUMRunLength(k, h, 0) })
}

// EWMALimit is the L of a two-sided EWMA with the wanted mean time between false signals.
func EWMALimit(lambda, arl float64) (float64, error) {
	return limit(arl, func(l float64) (float64, error) { return EWMARunLength(lambda, l, 0) })
}

// limit solves for the wanted run length, which grows with the limit, by bisection of its logarithm.
func limit(arl float64, f func(float64) (float64, error)) (float64, error) {
	if !(arl > 1) || arl > 1e7 {
		return 0, stat.Invalid("watch", "a mean time of %v between false signals", arl)
	}
	low, high := 0.0, 1.0
	for {
		got, err := f(high)
		if err != nil || high > 100 {
			return 0, stat.Undefined("watch", "no limit gives a mean time of %v", arl)
		}
		if got >= arl {
			break
		}
		low, high = high, high*1.5
	}
	for range 60 {
		mid := (low + high) / 2
		got, err := f(mid)
		if err != nil {
			return 0, err
		}
		if got < arl {
			low = mid
		} else {
			high = mid
		}
		if high-low < 1e-9*high {
			break
		}
	}
	return (low + high) / 2, nil
}
