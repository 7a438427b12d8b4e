package stat

import (
	"math"

	"kolo/internal/understand/stat/dist"
)

func checkShare(op string, k, n int64, level float64) error {
	if k < 0 || n < 0 || k > n {
		return Invalid(op, "%d of %d is not a share", k, n)
	}
	if n == 0 {
		return Undefined(op, "a share of nothing")
	}
	return CheckLevel(op, level)
}

// Proportion is k/n with Wilson's interval, the default for every share Kolo shows.
func Proportion(k, n int64, level float64) (Share, error) {
	i, err := Wilson(k, n, level)
	if err != nil {
		return Share{}, err
	}
	return Share{Value: float64(k) / float64(n), Interval: i}, nil
}

// Wilson is the score interval of a share: centre (p+z^2/2n)/(1+z^2/n), half z/(1+z^2/n) sqrt(p(1-p)/n+z^2/4n^2).
func Wilson(k, n int64, level float64) (Interval, error) {
	if err := checkShare("Wilson", k, n, level); err != nil {
		return Interval{}, err
	}
	low, high := wilson(float64(k)/float64(n), float64(n), Critical(level))
	return Interval{low, high, level, "Wilson"}, nil
}

// wilson takes a share of real size, so that effective sample sizes can be used too.
func wilson(p, n, z float64) (low, high float64) {
	z2 := z * z
	centre := (p + z2/(2*n)) / (1 + z2/n)
	half := z / (1 + z2/n) * math.Sqrt(p*(1-p)/n+z2/(4*n*n))
	low, high = max(0, centre-half), min(1, centre+half)
	if p == 0 {
		low = 0
	}
	if p == 1 {
		high = 1
	}
	return low, high
}

// WilsonEffective is Wilson's interval for a weighted share p with the effective number of answers nEff (Kish).
func WilsonEffective(p, nEff, level float64) (Interval, error) {
	if !(p >= 0 && p <= 1) {
		return Interval{}, Invalid("WilsonEffective", "a share lies between 0 and 1, this one is %v", p)
	}
	if !(nEff > 0) || math.IsInf(nEff, 0) {
		return Interval{}, Undefined("WilsonEffective", "a share of nothing")
	}
	if err := CheckLevel("WilsonEffective", level); err != nil {
		return Interval{}, err
	}
	low, high := wilson(p, nEff, Critical(level))
	return Interval{low, high, level, "Wilson, effective n"}, nil
}

// AgrestiCoull is the Wald interval around Wilson's centre, clamped to [0, 1].
func AgrestiCoull(k, n int64, level float64) (Interval, error) {
	if err := checkShare("AgrestiCoull", k, n, level); err != nil {
		return Interval{}, err
	}
	z := Critical(level)
	size := float64(n) + z*z
	p := (float64(k) + z*z/2) / size
	half := z * math.Sqrt(p*(1-p)/size)
	return Interval{p - half, p + half, level, "Agresti-Coull"}.clamp(0, 1), nil
}

// ClopperPearson is the exact interval: never below its level, and wider for it.
func ClopperPearson(k, n int64, level float64) (Interval, error) {
	if err := checkShare("ClopperPearson", k, n, level); err != nil {
		return Interval{}, err
	}
	i := Interval{0, 1, level, "Clopper-Pearson"}
	x, m, tail := float64(k), float64(n), (1-level)/2
	if k > 0 {
		i.Low = dist.BetaQuantile(tail, x, m-x+1)
	}
	if k < n {
		i.High = dist.BetaQuantile(1-tail, x+1, m-x)
	}
	return i, nil
}

// Jeffreys is the equal-tailed posterior interval under a Beta(1/2, 1/2) prior, closed at 0 and 1.
func Jeffreys(k, n int64, level float64) (Interval, error) {
	if err := checkShare("Jeffreys", k, n, level); err != nil {
		return Interval{}, err
	}
	i := Interval{0, 1, level, "Jeffreys"}
	a, b, tail := float64(k)+0.5, float64(n-k)+0.5, (1-level)/2
	if k > 0 {
		i.Low = dist.BetaQuantile(tail, a, b)
	}
	if k < n {
		i.High = dist.BetaQuantile(1-tail, a, b)
	}
	return i, nil
}

// Newcombe is the hybrid score interval of the difference kB/nB - kA/nA of two independent shares, with the pooled z
// test. When no one or everyone has the trait in both groups the test is undefined: SE, Stat are 0 and P is 1 then.
func Newcombe(kA, nA, kB, nB int64, level float64) (Difference, error) {
	if err := checkShare("Newcombe", kA, nA, level); err != nil {
		return Difference{}, err
	}
	if err := checkShare("Newcombe", kB, nB, level); err != nil {
		return Difference{}, err
	}
	z := Critical(level)
	a, b := float64(kA)/float64(nA), float64(kB)/float64(nB)
	lowA, highA := wilson(a, float64(nA), z)
	lowB, highB := wilson(b, float64(nB), z)
	d := Difference{Estimate: b - a, Centre: b - a, P: 1}
	d.Interval = Interval{
		d.Estimate - math.Hypot(b-lowB, highA-a), d.Estimate + math.Hypot(highB-b, a-lowA), level, "Newcombe",
	}.clamp(-1, 1)
	if t, err := PooledZ(kA, nA, kB, nB); err == nil {
		d.Stat, d.P = t.Stat, t.P
		p := float64(kA+kB) / float64(nA+nB)
		d.SE = math.Sqrt(p * (1 - p) * (1/float64(nA) + 1/float64(nB)))
	}
	return d, nil
}

// PooledZ is the score test that two shares are equal, B minus A, without continuity correction.
func PooledZ(kA, nA, kB, nB int64) (Test, error) {
	if err := checkShare("PooledZ", kA, nA, DefaultLevel); err != nil {
		return Test{}, err
	}
	if err := checkShare("PooledZ", kB, nB, DefaultLevel); err != nil {
		return Test{}, err
	}
	k, n := kA+kB, nA+nB
	if k == 0 || k == n {
		return Test{}, Undefined("PooledZ", "both groups are all alike")
	}
	p := float64(k) / float64(n)
	se := math.Sqrt(p * (1 - p) * (1/float64(nA) + 1/float64(nB)))
	z := (float64(kB)/float64(nB) - float64(kA)/float64(nA)) / se
	return Test{Stat: z, P: dist.NormTwoSided(z)}, nil
}

// Fisher is the two-sided exact test of a 2x2 table: the probability, with both margins fixed, of all tables no more
// likely than the one seen (with R's allowance of 1e-7 for ties).
func Fisher(kA, nA, kB, nB int64) (float64, error) {
	if err := checkShare("Fisher", kA, nA, DefaultLevel); err != nil {
		return 0, err
	}
	if err := checkShare("Fisher", kB, nB, DefaultLevel); err != nil {
		return 0, err
	}
	k := kA + kB
	low, high := max(0, k-nB), min(k, nA)
	logProb := func(x int64) float64 { return logChoose(nA, x) + logChoose(nB, k-x) - logChoose(nA+nB, k) }
	seen := logProb(kA)
	p := 0.0
	for x := low; x <= high; x++ {
		if l := logProb(x); l <= seen+1e-7 {
			p += math.Exp(l)
		}
	}
	return min(1, p), nil
}

func logChoose(n, k int64) float64 {
	a, _ := math.Lgamma(float64(n) + 1)
	b, _ := math.Lgamma(float64(k) + 1)
	c, _ := math.Lgamma(float64(n-k) + 1)
	return a - b - c
}
