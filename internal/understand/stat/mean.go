package stat

import (
	"math"

	"kolo/internal/understand/stat/dist"
)

// Moments summarise measurements: their number, mean and standard deviation (divisor n-1).
type Moments struct {
	N    int64   `json:"n"`
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"`
}

// MomentsOf summarises values in one stable pass.
func MomentsOf(values []float64) Moments {
	var m Moments
	sum := 0.0
	for _, x := range values {
		m.N++
		d := x - m.Mean
		m.Mean += d / float64(m.N)
		sum += d * (x - m.Mean)
	}
	if m.N > 1 {
		m.SD = math.Sqrt(sum / float64(m.N-1))
	}
	return m
}

func (m Moments) check(op string) error {
	if m.N < 0 || m.SD < 0 || math.IsNaN(m.SD) || math.IsInf(m.SD, 0) || math.IsNaN(m.Mean) || math.IsInf(m.Mean, 0) {
		return Invalid(op, "the number, mean or standard deviation is out of range")
	}
	if m.N < 2 {
		return Undefined(op, "a mean needs two values for an interval, there are %d", m.N)
	}
	return nil
}

// MeanInterval is mean +- t sd/sqrt(n) with n-1 degrees of freedom, in the unit of the mean.
func MeanInterval(n int64, mean, sd, level float64) (Interval, error) {
	if err := (Moments{n, mean, sd}).check("MeanInterval"); err != nil {
		return Interval{}, err
	}
	if err := CheckLevel("MeanInterval", level); err != nil {
		return Interval{}, err
	}
	half := CriticalT(level, float64(n-1)) * sd / math.Sqrt(float64(n))
	return Interval{mean - half, mean + half, level, TMean}, nil
}

// MeanDifference is Welch's comparison of two means, B minus A, with Satterthwaite's degrees of freedom. Undefined when
// neither group varies.
func MeanDifference(a, b Moments, level float64) (Difference, error) {
	if err := a.check("MeanDifference"); err != nil {
		return Difference{}, err
	}
	if err := b.check("MeanDifference"); err != nil {
		return Difference{}, err
	}
	if err := CheckLevel("MeanDifference", level); err != nil {
		return Difference{}, err
	}
	va, vb := a.SD*a.SD/float64(a.N), b.SD*b.SD/float64(b.N)
	se := math.Sqrt(va + vb)
	if se == 0 {
		return Difference{}, Undefined("MeanDifference", "neither group varies")
	}
	df := (va + vb) * (va + vb) / (va*va/float64(a.N-1) + vb*vb/float64(b.N-1))
	diff := b.Mean - a.Mean
	half := CriticalT(level, df) * se
	return Difference{
		Estimate: diff, Centre: diff, SE: se, Stat: diff / se, DF: df, P: dist.TTwoSided(diff/se, df),
		Interval: Interval{diff - half, diff + half, level, "Welch t"},
	}, nil
}

// Quantile interpolates between the order statistics of sorted values (R's type 7). It needs at least one value.
func Quantile(sorted []float64, p float64) float64 {
	at := p * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}
