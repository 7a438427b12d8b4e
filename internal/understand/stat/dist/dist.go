// Package dist holds the distribution functions that the statistics need, with tails computed directly rather than as
// one minus the other side, so that small p-values keep their digits.
//
// Arguments outside a function's domain give NaN; the packages above check their input first.
package dist

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Norm is P(Z <= z) of the standard normal.
func Norm(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// NormUpper is P(Z > z).
func NormUpper(z float64) float64 { return 0.5 * math.Erfc(z/math.Sqrt2) }

// NormTwoSided is P(|Z| > |z|).
func NormTwoSided(z float64) float64 { return math.Erfc(math.Abs(z) / math.Sqrt2) }

// NormQuantile is Phi^-1(p), by Wichura's AS241. 0 and 1 give the infinities.
func NormQuantile(p float64) float64 {
	switch {
	case p == 0:
		return math.Inf(-1)
	case p == 1:
		return math.Inf(1)
	case !(p > 0 && p < 1):
		return math.NaN()
	}
	return mathext.NormalQuantile(p)
}

// manyDF is where the expansion of t in 1/df is better than the incomplete beta function, whose logarithms of gamma
// lose digits as df grows.
const manyDF = 1e5

// enoughDF is from where on, for quantiles of no more than two standard deviations and more for others, that of t is told by its expansion.
const enoughDF = 300

// TUpper is P(T > t) of Student's t with df > 0 degrees of freedom (not necessarily whole).
func TUpper(t, df float64) float64 {
	if t < 0 {
		return 1 - TUpper(-t, df)
	}
	return 0.5 * TTwoSided(t, df)
}

// TTwoSided is P(|T| > |t|).
func TTwoSided(t, df float64) float64 {
	if math.IsNaN(t) || !(df > 0) {
		return math.NaN()
	}
	t = math.Abs(t)
	if math.IsInf(t, 1) {
		return 0
	}
	t2 := t * t
	if df > manyDF && t < 40 {
		z := t * (1 - (t2+1)/(4*df) + (13*t2*t2+8*t2+3)/(96*df*df))
		return NormTwoSided(z)
	}
	if x := t2 / (df + t2); x < 0.5 && t < 3 {
		return 1 - mathext.RegIncBeta(0.5, df/2, x)
	}
	return mathext.RegIncBeta(df/2, 0.5, df/(df+t2))
}

// TQuantile is the p-quantile of Student's t.
func TQuantile(p, df float64) float64 {
	z := NormQuantile(p)
	if math.IsNaN(z) || math.IsInf(z, 0) || p == 0.5 {
		return z
	}
	if z > 0 {
		return -TQuantile(1-p, df)
	}
	if z2 := z * z; df > enoughDF*max(1, z2/4) {
		// Abramowitz and Stegun 26.7.5, Cornish and Fisher's expansion. The next term is below 1e-4 z^11/df^5, which is nothing here, and
		// finding the root takes fifty times as long.
		g1 := (z2 + 1) / 4
		g2 := ((5*z2+16)*z2 + 3) / 96
		g3 := (((3*z2+19)*z2+17)*z2 - 15) / 384
		g4 := ((((79*z2+776)*z2+1482)*z2-1920)*z2 - 945) / 92160
		return z * (1 + (g1+(g2+(g3+g4/df)/df)/df)/df)
	}
	y := mathext.InvRegIncBeta(df/2, 0.5, 2*p)
	t := -math.Sqrt(df * (1 - y) / y)
	// Two Newton steps repair the digits that 1-y loses for many degrees of freedom.
	lg1, _ := math.Lgamma((df + 1) / 2)
	lg2, _ := math.Lgamma(df / 2)
	for range 2 {
		pdf := math.Exp(lg1-lg2-(df+1)/2*math.Log1p(t*t/df)) / math.Sqrt(df*math.Pi)
		if pdf == 0 || math.IsInf(t, 0) {
			break
		}
		t -= (TUpper(-t, df) - p) / pdf
	}
	return t
}

// ChiSquareUpper is P(X > x) of chi-square with df degrees of freedom.
func ChiSquareUpper(x, df float64) float64 {
	if x <= 0 {
		return 1
	}
	return mathext.GammaIncRegComp(df/2, x/2)
}

// FUpper is P(F > f) of Fisher's F with d1 and d2 degrees of freedom.
func FUpper(f, d1, d2 float64) float64 {
	if f <= 0 {
		return 1
	}
	if math.IsInf(f, 1) {
		return 0
	}
	return mathext.RegIncBeta(d2/2, d1/2, d2/(d2+d1*f))
}

// Beta is P(X <= x) of the beta distribution.
func Beta(x, a, b float64) float64 {
	switch {
	case x <= 0:
		return 0
	case x >= 1:
		return 1
	}
	return mathext.RegIncBeta(a, b, x)
}

// BetaQuantile is the p-quantile of the beta distribution with a, b > 0.
func BetaQuantile(p, a, b float64) float64 {
	switch {
	case p <= 0:
		return 0
	case p >= 1:
		return 1
	}
	x := mathext.InvRegIncBeta(a, b, p)
	for range 2 {
		if !(x > 0 && x < 1) {
			break
		}
		pdf := math.Exp((a-1)*math.Log(x) + (b-1)*math.Log1p(-x) - mathext.Lbeta(a, b))
		next := x - (mathext.RegIncBeta(a, b, x)-p)/pdf
		if !(next > 0 && next < 1) || math.Abs(next-x) > 1e-6*x {
			break // the step is noise or overshoots: keep what the inversion found
		}
		x = next
	}
	return x
}
