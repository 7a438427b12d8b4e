package watch

import (
	"math"
	"slices"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// EWMA smooths values: e_t = (1-lambda) e_{t-1} + lambda x_t from start.
func EWMA(x []float64, lambda, start float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		start += lambda * (v - start)
		out[i] = start
	}
	return out
}

// EWMALimits are half the widths of an EWMA's control limits by period, L sd sqrt(lambda/(2-lambda)(1-(1-lambda)^2t)).
func EWMALimits(n int, lambda, l, sd float64) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = l * sd * math.Sqrt(lambda/(2-lambda)*(1-math.Pow(1-lambda, 2*float64(i+1))))
	}
	return out
}

// CUSUM sums what exceeds k: S = max(0, S + x - k) from start (0, or half the limit as a head start).
func CUSUM(x []float64, k, start float64) []float64 {
	out := make([]float64, len(x))
	for i, v := range x {
		start = max(0, start+v-k)
		out[i] = start
	}
	return out
}

// PoissonReference is the k of a Poisson CUSUM that is best between two means: (mu1-mu0)/ln(mu1/mu0).
func PoissonReference(mu0, mu1 float64) (float64, error) {
	if !(mu0 > 0) || !(mu1 > mu0) || math.IsInf(mu1, 0) {
		return 0, stat.Invalid("watch", "the means %v and %v", mu0, mu1)
	}
	return (mu1 - mu0) / math.Log(mu1/mu0), nil
}

// EARS holds C1, C2 and C3 of the Early Aberration Reporting System: distances in standard deviations from the mean of
// the 7 periods before (C1), or before the latest two (C2), and the three-period sum of C2 above 1 (C3, alarm above 2).
// The first entries, for which there is no baseline, are 0: Ready tells from which index on each holds.
type EARS struct {
	C1, C2, C3     []float64
	Bound1, Bound2 []float64 // mean + z sd for the level asked
	Ready1, Ready2 int
	Ready3         int
}

// EARSOf computes the three with a baseline of so many periods; alpha is the one-sided level of the bounds.
func EARSOf(y []float64, baseline int, alpha float64) (EARS, error) {
	if baseline < 2 || !(alpha > 0 && alpha < 1) {
		return EARS{}, stat.Invalid("watch", "baseline %d, level %v", baseline, alpha)
	}
	n, z := len(y), -dist.NormQuantile(alpha)
	e := EARS{Ready1: baseline, Ready2: baseline + 2, Ready3: baseline + 4}
	for _, s := range []*[]float64{&e.C1, &e.C2, &e.C3, &e.Bound1, &e.Bound2} {
		*s = make([]float64, n)
	}
	distance := func(x float64, m stat.Moments) float64 {
		switch {
		case m.SD > 0:
			return (x - m.Mean) / m.SD
		case x > m.Mean:
			return math.MaxFloat64
		}
		return 0
	}
	for t := e.Ready1; t < n; t++ {
		m := stat.MomentsOf(y[t-baseline : t])
		e.C1[t], e.Bound1[t] = distance(y[t], m), m.Mean+z*m.SD
	}
	for t := e.Ready2; t < n; t++ {
		m := stat.MomentsOf(y[t-baseline-2 : t-2])
		e.C2[t], e.Bound2[t] = distance(y[t], m), m.Mean+z*m.SD
	}
	for t := e.Ready3; t < n; t++ {
		for i := t - 2; i <= t; i++ {
			e.C3[t] = min(math.MaxFloat64, e.C3[t]+max(0, e.C2[i]-1))
		}
	}
	return e, nil
}

// Outliers is the generalised extreme studentised deviate test.
type Outliers struct {
	R       []float64 // the largest deviation at each removal
	Lambda  []float64 // its critical value
	Removed []int     // indices in the order of removal
	Count   int       // how many of those are outliers
}

// ESD finds up to most outliers at level alpha (Rosner 1983); with robust, deviations are from the median in units of the
// scaled median absolute deviation, as in S-H-ESD, to be fed with residuals. For looking back, not for alarms.
func ESD(x []float64, most int, alpha float64, robust bool) (Outliers, error) {
	if !(alpha > 0 && alpha < 1) || most < 1 {
		return Outliers{}, stat.Invalid("watch", "at most %d outliers at level %v", most, alpha)
	}
	n := len(x)
	if most > n-2 {
		return Outliers{}, stat.Undefined("watch", "%d values are too few to look for %d outliers", n, most)
	}
	left := make([]int, n)
	for i := range left {
		if math.IsNaN(x[i]) || math.IsInf(x[i], 0) {
			return Outliers{}, stat.Invalid("watch", "value %d is %v", i, x[i])
		}
		left[i] = i
	}
	var o Outliers
	for i := 1; i <= most; i++ {
		values := make([]float64, len(left))
		for k, at := range left {
			values[k] = x[at]
		}
		m := stat.MomentsOf(values)
		centre, spread := m.Mean, m.SD
		if robust {
			centre = median(values)
			for k := range values {
				values[k] = math.Abs(values[k] - centre)
			}
			spread = 1.4826 * median(values)
		}
		if spread == 0 {
			break // what is left is all alike
		}
		worst, deviation := 0, -1.0
		for k, at := range left {
			if d := math.Abs(x[at] - centre); d > deviation {
				worst, deviation = k, d
			}
		}
		df := float64(n - i - 1)
		t := -dist.TQuantile(alpha/(2*float64(n-i+1)), df)
		lambda := float64(n-i) * t / math.Sqrt((df+t*t)*float64(n-i+1))
		o.R, o.Lambda = append(o.R, deviation/spread), append(o.Lambda, lambda)
		o.Removed = append(o.Removed, left[worst])
		if deviation/spread > lambda {
			o.Count = i
		}
		left = slices.Delete(left, worst, worst+1)
	}
	return o, nil
}

func median(x []float64) float64 {
	s := slices.Clone(x)
	slices.Sort(s)
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// ScorePoint is one period of a score that is a mean (NPS, CSAT): its number of answers, value and standard error.
type ScorePoint struct {
	N        int64
	Mean, SE float64
}

// ScoreZ gives z_t = (m_t - m_0)/sqrt(SE_t^2+SE_0^2), the input of CUSUM (k .5) and EWMA (lambda .2); 0, which moves
// nothing, for periods with fewer answers than stat.MinimumToShow.
func ScoreZ(points []ScorePoint, base, baseSE float64) ([]float64, error) {
	out := make([]float64, len(points))
	for i, p := range points {
		if p.N < stat.MinimumToShow {
			continue
		}
		se := math.Hypot(p.SE, baseSE)
		if !(se > 0) || math.IsInf(se, 0) {
			return nil, stat.Undefined("watch", "period %d has no standard error", i)
		}
		if out[i] = (p.Mean - base) / se; math.IsNaN(out[i]) || math.IsInf(out[i], 0) {
			return nil, stat.Invalid("watch", "period %d has score %v, the base is %v", i, p.Mean, base)
		}
	}
	return out, nil
}

// ShareRatio is the log likelihood ratio of k out of n for odds that are ratio times those of the share p: what the
// LR-CUSUM of a detractor share sums up (ratio 1.5).
func ShareRatio(k, n int64, p, ratio float64) (float64, error) {
	if k < 0 || k > n || !(p > 0 && p < 1) || !(ratio > 0) || math.IsInf(ratio, 0) {
		return 0, stat.Invalid("watch", "%d of %d, share %v, odds ratio %v", k, n, p, ratio)
	}
	return float64(k)*math.Log(ratio) - float64(n)*math.Log1p(p*(ratio-1)), nil
}
