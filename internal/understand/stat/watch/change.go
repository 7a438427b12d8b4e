package watch

import (
	"math"

	"kolo/internal/understand/stat"
)

// ChangePoints is the outcome of Bayesian online change-point detection: an explanation ("it changed about then"), not
// an alarm.
type ChangePoints struct {
	LogPredictive []float64   // of each count given those before
	Likely        []int       // the most probable number of periods since the last change, after each period
	Posterior     [][]float64 // [t][r]: probability that r periods were seen since the change
}

// RunLengths is Adams and MacKay's (2007) recursion for Poisson counts with a Gamma(shape, rate) prior on the mean of
// each regime and a constant chance hazard of a change per period.
func RunLengths(y []float64, shape, rate, hazard float64) (ChangePoints, error) {
	if !(shape > 0) || !(rate > 0) || !(hazard > 0 && hazard < 1) {
		return ChangePoints{}, stat.Invalid("watch", "prior %v, %v, hazard %v", shape, rate, hazard)
	}
	var c ChangePoints
	mass := []float64{1}
	sums := []float64{0} // of the counts in a run of each length
	for t, v := range y {
		if !(v >= 0) || v != math.Trunc(v) || math.IsInf(v, 0) {
			return ChangePoints{}, stat.Invalid("watch", "count %d is %v", t, v)
		}
		next, total, change := make([]float64, len(mass)+1), 0.0, 0.0
		for r, m := range mass {
			p := m * math.Exp(logGammaPoisson(v, shape+sums[r], rate+float64(r)))
			total += p
			next[r+1] = p * (1 - hazard)
			change += p * hazard
		}
		next[0] = change
		if !(total > 0) {
			return ChangePoints{}, stat.Undefined("watch", "count %d is impossible under the prior", t)
		}
		likely := 0
		for r := range next {
			if next[r] /= total; next[r] > next[likely] {
				likely = r
			}
		}
		c.LogPredictive = append(c.LogPredictive, math.Log(total))
		c.Likely = append(c.Likely, likely)
		c.Posterior = append(c.Posterior, next)
		grown := make([]float64, len(sums)+1)
		for r, s := range sums {
			grown[r+1] = s + v
		}
		mass, sums = next, grown
	}
	return c, nil
}

// logGammaPoisson is the log of the negative binomial predictive of a Gamma(a, b) prior.
func logGammaPoisson(y, a, b float64) float64 {
	g1, _ := math.Lgamma(a + y)
	g2, _ := math.Lgamma(a)
	g3, _ := math.Lgamma(y + 1)
	return g1 - g2 - g3 + a*math.Log(b/(b+1)) - y*math.Log1p(b)
}
