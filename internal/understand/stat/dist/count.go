package dist

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Counts is a distribution of counts with a mean and a variance above it (negative binomial), or equal to it (Poisson).
type Counts struct{ Mean, Variance float64 }

// Size is the negative binomial's size, mean^2/(variance-mean); infinite for a Poisson.
func (c Counts) Size() float64 {
	if c.Variance <= c.Mean {
		return math.Inf(1)
	}
	return c.Mean * c.Mean / (c.Variance - c.Mean)
}

// Upper is P(Y > y) for whole y >= -1.
func (c Counts) Upper(y float64) float64 {
	if y < 0 {
		return 1
	}
	r := c.Size()
	if math.IsInf(r, 1) {
		return mathext.GammaIncReg(y+1, c.Mean)
	}
	return mathext.RegIncBeta(y+1, r, c.Mean/(c.Mean+r))
}

// LogProb is log P(Y = y).
func (c Counts) LogProb(y float64) float64 {
	g, _ := math.Lgamma(y + 1)
	r := c.Size()
	if math.IsInf(r, 1) {
		return y*math.Log(c.Mean) - c.Mean - g
	}
	// log of r(r+1)...(r+y-1)/r^y, as a sum where that keeps digits.
	rising := 0.0
	if y <= 1000 {
		for i := 1.0; i < y; i++ {
			rising += math.Log1p(i / r)
		}
	} else {
		a, _ := math.Lgamma(r + y)
		b, _ := math.Lgamma(r)
		rising = a - b - y*math.Log(r)
	}
	return rising + y*math.Log(r*c.Mean/(r+c.Mean)) - g + r*math.Log1p(-c.Mean/(r+c.Mean))
}

// MidP is P(Y > y) + P(Y = y)/2: the upper p-value that is uniform on average for counts.
func (c Counts) MidP(y float64) float64 {
	return c.Upper(y) + math.Exp(c.LogProb(y))/2
}

// Z is the normal score of MidP, large for large counts; finite.
func (c Counts) Z(y float64) float64 { return -NormQuantile(min(max(c.MidP(y), 1e-300), 1-1e-16)) }

// Quantile is the smallest y with P(Y <= y) >= p, for 0 < p < 1.
func (c Counts) Quantile(p float64) float64 {
	low, high := -1.0, max(1, math.Ceil(c.Mean+4*math.Sqrt(c.Variance)))
	for 1-c.Upper(high) < p {
		low, high = high, 2*high
	}
	for high-low > 1 {
		if mid := math.Floor((low + high) / 2); 1-c.Upper(mid) >= p {
			high = mid
		} else {
			low = mid
		}
	}
	return high
}
