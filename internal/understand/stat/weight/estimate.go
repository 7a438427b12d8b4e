package weight

import (
	"math"

	"kolo/internal/understand/stat"
)

// Answers are units that share a value: cells of a design crossed with the classes of an answer, or single respondents.
type Answers struct {
	Counts  []float64 // respondents; nil: one each
	Weights []float64 // per respondent
	Base    []float64 // weights before raking; nil: all alike
	Values  []float64 // -1, 0, +1 for an NPS
}

// Estimate is a weighted mean in the unit of the values.
type Estimate struct {
	Mean         float64
	SEFixed      float64 // weights taken as given: the default, conservative
	SECalibrated float64 // of residuals from the margins; equals SEFixed without margins
	EffectiveN   float64 // Kish: (sum w)^2 / sum w^2
	DesignEffect float64 // n / EffectiveN
	LargestRatio float64 // largest weight over the mean weight
}

// Mean gives the weighted mean m with SE sqrt(n/(n-1) sum w^2 e^2)/sum w, once with e = x-m and once with e the residual
// of the additive regression of x on the margins that the weights were raked to, with the base weights (the estimator of
// Deville and Sarndal 1992). Undefined below two answers.
func Mean(a Answers, margins []Margin) (Estimate, error) {
	if a.Counts == nil {
		a.Counts = ones(len(a.Weights))
	}
	if err := checkCounts(a.Counts, a.Weights); err != nil {
		return Estimate{}, err
	}
	if a.Base == nil {
		a.Base = ones(len(a.Weights))
	}
	if err := checkCounts(a.Counts, a.Base); err != nil {
		return Estimate{}, err
	}
	if len(a.Values) != len(a.Weights) {
		return Estimate{}, stat.Invalid("weight", "%d values with %d weights", len(a.Values), len(a.Weights))
	}
	if len(margins) > 0 {
		if err := check(len(a.Weights), a.Counts, margins); err != nil {
			return Estimate{}, err
		}
	}
	var n, sum, squares, sx, largest float64
	for u, c := range a.Counts {
		w := a.Weights[u]
		n, sum, squares, sx = n+c, sum+c*w, squares+c*w*w, sx+c*w*a.Values[u]
		if c > 0 {
			largest = max(largest, w)
		}
	}
	if n < 2 {
		return Estimate{}, stat.Undefined("weight", "a weighted mean needs two answers, there are %v", n)
	}
	e := Estimate{Mean: sx / sum, EffectiveN: sum * sum / squares}
	e.DesignEffect = n / e.EffectiveN
	e.LargestRatio = largest / (sum / n)
	residual := make([]float64, len(a.Values))
	for u, x := range a.Values {
		residual[u] = x - e.Mean
	}
	e.SEFixed = a.se(residual, n, sum)
	a.sweep(residual, margins)
	e.SECalibrated = a.se(residual, n, sum)
	return e, nil
}

func (a Answers) se(residual []float64, n, sum float64) float64 {
	ss, total := 0.0, 0.0
	for u, r := range residual {
		e := a.Weights[u] * r
		total += a.Counts[u] * e // not 0 for calibrated residuals, which are orthogonal under the base weights
		ss += a.Counts[u] * e * e
	}
	return math.Sqrt(n/(n-1)*max(0, ss-total*total/n)) / sum
}

// sweep takes each margin's weighted category means out in turn until nothing moves: the residuals of the additive
// regression, without the trouble of dummies that add up to one.
func (a Answers) sweep(residual []float64, margins []Margin) {
	for range Cycles {
		moved := 0.0
		for _, m := range margins {
			sums, weights := make([]float64, len(m.Targets)), make([]float64, len(m.Targets))
			for u, k := range m.Of {
				w := a.Counts[u] * a.Base[u]
				sums[k] += w * residual[u]
				weights[k] += w
			}
			for u, k := range m.Of {
				if weights[k] > 0 {
					residual[u] -= sums[k] / weights[k]
					moved = max(moved, math.Abs(sums[k]/weights[k]))
				}
			}
		}
		if moved < 1e-12 {
			return
		}
	}
}

// Sums are the answers of respondents who share a weight: their number, the sum of their values and of the squares of these.
type Sums struct{ N, Sum, Square, Weight float64 }

// MeanOf is Mean of answers that are known by their sums alone, without margins: SECalibrated equals SEFixed. Undefined below two
// answers.
func MeanOf(groups []Sums) (Estimate, error) {
	var n, weights, squares, sx, largest float64
	for i, g := range groups {
		if !(g.N >= 0) || !(g.Weight > 0) || math.IsInf(g.N, 0) || math.IsInf(g.Weight, 0) {
			return Estimate{}, stat.Invalid("weight.MeanOf", "group %d has %v answers of weight %v", i, g.N, g.Weight)
		}
		n, weights, squares, sx = n+g.N, weights+g.N*g.Weight, squares+g.N*g.Weight*g.Weight, sx+g.Weight*g.Sum
		if g.N > 0 {
			largest = max(largest, g.Weight)
		}
	}
	if n < 2 {
		return Estimate{}, stat.Undefined("weight.MeanOf", "a weighted mean needs two answers, there are %v", n)
	}
	e := Estimate{Mean: sx / weights, EffectiveN: weights * weights / squares}
	e.DesignEffect, e.LargestRatio = n/e.EffectiveN, largest/(weights/n)
	ss := 0.0
	for _, g := range groups {
		ss += g.Weight * g.Weight * max(0, g.Square-2*e.Mean*g.Sum+e.Mean*e.Mean*g.N)
	}
	e.SEFixed = math.Sqrt(n/(n-1)*ss) / weights
	e.SECalibrated = e.SEFixed
	return e, nil
}
