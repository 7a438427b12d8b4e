package stat

import "math"

// Names of the methods, as Interval.Method carries them.
const (
	AdjustedWald        = "adjusted Wald +3"
	Wald                = "Wald"
	TMean               = "t of the mean"
	BonettPrice         = "Bonett-Price +2"
	TangoScore          = "Tango score"
	PercentileBootstrap = "exact percentile bootstrap"
)

// NPSInterval is the default interval of an NPS, in points: adjusted Wald with three pseudo-answers (3/4 promoter, 3/2
// passive, 3/4 detractor; Rocks 2016), clamped to [-100, 100]. It goes around the raw score, which is not its centre.
// For few answers near the ends see NPSShown.
func NPSInterval(c NPSCounts, level float64) (Interval, error) {
	return c.normal("NPSInterval", AdjustedWald, c.moments(3), level)
}

// NPSShown is the interval for a screen: the default one, except for fewer than 20 answers with |NPS| > 80, where that
// covers as little as 88 % and Tango's keeps 96 %.
func NPSShown(c NPSCounts, level float64) (Interval, error) {
	if d := c.Promoters - c.Detractors; c.N() < 20 && 100*max(d, -d) > 80*c.N() {
		return NPSTango(c, level)
	}
	return NPSInterval(c, level)
}

// NPSWald is the textbook interval e +- z sqrt(v/n), kept for comparison: it covers 88 % at n=10 and has no width
// when all answers agree.
func NPSWald(c NPSCounts, level float64) (Interval, error) {
	return c.normal("NPSWald", Wald, c.moments(0), level)
}

// NPSBonettPrice adds one promoter and one detractor (Bonett and Price 2012); a little conservative.
func NPSBonettPrice(c NPSCounts, level float64) (Interval, error) {
	return c.normal("NPSBonettPrice", BonettPrice, c.adjusted(2, 1), level)
}

// NPSTMean is the t interval of the mean of -1/0/+1 answers; undefined for one answer.
func NPSTMean(c NPSCounts, level float64) (Interval, error) {
	if c.N() == 1 {
		return Interval{}, Undefined("NPSTMean", "one answer has no variance")
	}
	return c.around("NPSTMean", TMean, level, func() (float64, float64) {
		m := c.moments(0)
		return m.mean, CriticalT(level, m.n-1) * math.Sqrt(m.v/(m.n-1))
	})
}

func (c NPSCounts) normal(op, method string, m trinomial, level float64) (Interval, error) {
	return c.around(op, method, level, func() (float64, float64) { return m.mean, Critical(level) * m.se() })
}

// around checks the arguments, then makes the interval of a centre and half a width on the unit scale.
func (c NPSCounts) around(op, method string, level float64, f func() (centre, half float64)) (Interval, error) {
	if err := c.check(op); err != nil {
		return Interval{}, err
	}
	if err := CheckLevel(op, level); err != nil {
		return Interval{}, err
	}
	centre, half := f()
	return Interval{100 * (centre - half), 100 * (centre + half), level, method}.clamp(-100, 100), nil
}

// NPSTango is the score interval of Tango (1998) for the difference of two shares of one trinomial: all differences d
// that the score test with the constrained maximum-likelihood variance does not reject. Never without width.
func NPSTango(c NPSCounts, level float64) (Interval, error) {
	if err := c.check("NPSTango"); err != nil {
		return Interval{}, err
	}
	if err := CheckLevel("NPSTango", level); err != nil {
		return Interval{}, err
	}
	n, b, d := float64(c.N()), float64(c.Promoters), float64(c.Detractors)
	z := Critical(level)
	score := func(delta float64) float64 {
		lin := -b - d + (2*n-b+d)*delta
		q := (math.Sqrt(max(0, lin*lin+8*n*d*delta*(1-delta))) - lin) / (4 * n)
		num, v := b-d-n*delta, n*(2*q+delta*(1-delta))
		if v <= 0 { // only at the ends of the range
			return math.Copysign(math.Inf(1), num)
		}
		return num / math.Sqrt(v)
	}
	// The score falls from its ends to zero at the estimate, so each limit is bracketed by the estimate and an end.
	solve := func(inside, outside, want float64) float64 {
		for range 200 {
			mid := (inside + outside) / 2
			if mid == inside || mid == outside {
				break
			}
			if s := score(mid); (want > 0) == (s < want) {
				inside = mid
			} else {
				outside = mid
			}
		}
		return (inside + outside) / 2
	}
	est := (b - d) / n
	return Interval{100 * solve(est, -1, z), 100 * solve(est, 1, -z), level, TangoScore}.clamp(-100, 100), nil
}

// bootstrapLimit bounds the work of the convolution, which grows with the number of answers.
const bootstrapLimit = 1_000_000

// NPSBootstrap is the percentile bootstrap interval without its simulation error: the distribution of the resampled
// score is the n-fold convolution of the three observed shares, of which the far tails (less than 1e-15 in all) are cut off.
// Refused above 1,000,000 answers, where the default interval is as good.
func NPSBootstrap(c NPSCounts, level float64) (Interval, error) {
	if err := c.check("NPSBootstrap"); err != nil {
		return Interval{}, err
	}
	if err := CheckLevel("NPSBootstrap", level); err != nil {
		return Interval{}, err
	}
	if c.N() > bootstrapLimit {
		return Interval{}, Invalid("NPSBootstrap", "the exact bootstrap is for at most %d answers", bootstrapLimit)
	}
	n := float64(c.N())
	one := lattice{-1, []float64{float64(c.Detractors) / n, float64(c.Passives) / n, float64(c.Promoters) / n}}
	sum := lattice{0, []float64{1}}
	for k := c.N(); k > 0; k >>= 1 { // by repeated squaring; every term is positive, so nothing cancels
		if k&1 == 1 {
			sum = sum.plus(one)
		}
		if k > 1 {
			one = one.plus(one)
		}
	}
	quantile := func(p float64) float64 {
		mass := 0.0
		for i, w := range sum.pmf {
			if mass += w; mass >= p-1e-12 {
				return 100 * float64(sum.first+i) / n
			}
		}
		return 100 * float64(sum.first+len(sum.pmf)-1) / n
	}
	tail := (1 - level) / 2
	return Interval{quantile(tail), quantile(1 - tail), level, PercentileBootstrap}, nil
}

// lattice is a distribution on whole numbers from first on.
type lattice struct {
	first int
	pmf   []float64
}

// farTail is what is cut off at either end of a sum: so little that even a million cuts are nothing.
const farTail = 1e-22

// plus is the distribution of the sum of two independent draws.
func (l lattice) plus(o lattice) lattice {
	pmf := convolve(l.pmf, o.pmf)
	low, high := 0, len(pmf)
	for mass := pmf[low]; mass < farTail && low+1 < high; mass += pmf[low] {
		low++
	}
	for mass := pmf[high-1]; mass < farTail && high-1 > low; mass += pmf[high-1] {
		high--
	}
	return lattice{l.first + o.first + low, pmf[low:high]}
}

func convolve(a, b []float64) []float64 {
	out := make([]float64, len(a)+len(b)-1)
	for i, x := range a {
		if x < 1e-300 { // denormals would make this slow and add nothing
			continue
		}
		row := out[i : i+len(b)]
		for j, y := range b {
			row[j] += x * y
		}
	}
	return out
}
