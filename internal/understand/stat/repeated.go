package stat

import (
	"math"

	"kolo/internal/understand/stat/dist"
)

// Clusters accumulates answers of any measure whose value is a mean (a share is the mean of 0 and 1, an NPS of -1, 0 and +1)
// that come in groups, such as several answers of one customer. All fields are plain sums, so that SQL can deliver them: group
// g has n_g answers that add up to s_g.
type Clusters struct {
	N      int64   `json:"n"`
	Sum    float64 `json:"sum"`    // of all answers
	Square float64 `json:"square"` // of all answers squared
	Groups int64   `json:"groups"`
	SumSq  float64 `json:"sum_sq"`  // sum of s_g^2
	Cross  float64 `json:"cross"`   // sum of n_g s_g
	SizeSq float64 `json:"size_sq"` // sum of n_g^2
}

// AddSingles takes in n answers that stand alone: each is a group of its own.
func (k *Clusters) AddSingles(n int64, sum, square float64) {
	k.N, k.Groups = k.N+n, k.Groups+n
	k.Sum, k.Square = k.Sum+sum, k.Square+square
	k.SumSq, k.Cross, k.SizeSq = k.SumSq+square, k.Cross+sum, k.SizeSq+float64(n)
}

// Times is so many times as many groups that are alike.
func (k Clusters) Times(f float64) Clusters {
	k.N, k.Groups = int64(math.Round(f*float64(k.N))), int64(math.Round(f*float64(k.Groups)))
	k.Sum, k.Square, k.SumSq, k.Cross, k.SizeSq = f*k.Sum, f*k.Square, f*k.SumSq, f*k.Cross, f*k.SizeSq
	return k
}

// Clustered is a mean with what its groups make of its uncertainty, in the unit of the answers.
type Clustered struct {
	Mean         float64
	Variance     float64 // of one answer
	SE           float64 // cluster-robust
	DF           float64
	DesignEffect float64 // variance of the mean over that of as many independent answers; 0 where these do not vary
	Interval     Interval
}

// Estimate uses the linearised variance V = G/(G-1) sum_g (s_g - n_g m)^2 / n^2 and t with G-1 degrees of freedom; the design effect
// is V / (v/n) with the plain variance v of one answer. Undefined for fewer than two groups.
func (k Clusters) Estimate(level float64) (Clustered, error) {
	if err := CheckLevel("Clusters", level); err != nil {
		return Clustered{}, err
	}
	if k.N < k.Groups || k.Square < 0 || math.IsNaN(k.Sum) || math.IsInf(k.Sum, 0) || math.IsNaN(k.Square) || math.IsInf(k.Square, 0) {
		return Clustered{}, Invalid("Clusters", "a sum of groups is out of range")
	}
	if k.Groups < 2 {
		return Clustered{}, Undefined("Clusters", "a clustered interval needs two groups")
	}
	n, g := float64(k.N), float64(k.Groups)
	c := Clustered{Mean: k.Sum / n, DF: g - 1}
	c.Variance = max(0, k.Square/n-c.Mean*c.Mean)
	v := g / (g - 1) * max(0, k.SumSq-2*c.Mean*k.Cross+c.Mean*c.Mean*k.SizeSq) / (n * n)
	c.SE = math.Sqrt(v)
	if c.Variance > 1e-12*(1+c.Mean*c.Mean) {
		c.DesignEffect = v / (c.Variance / n)
	}
	half := CriticalT(level, c.DF) * c.SE
	c.Interval = Interval{c.Mean - half, c.Mean + half, level, "cluster-robust t"}
	return c, nil
}

// Inflate is the difference when its variance is deff times what independent answers would give: SE and both sides of the
// interval grow by the root of it, the test statistic shrinks by it. A design effect below 1 changes nothing: answers of one customer
// being unlike each other is no reason to be surer.
func (d Difference) Inflate(deff float64) Difference {
	if !(deff > 1) || math.IsInf(deff, 0) {
		return d
	}
	f := math.Sqrt(deff)
	d.SE, d.Stat = d.SE*f, d.Stat/f
	d.Interval.Low, d.Interval.High = d.Centre-f*(d.Centre-d.Interval.Low), d.Centre+f*(d.Interval.High-d.Centre)
	d.Interval.Method += ", design effect"
	if d.Stat != 0 {
		if d.P = dist.NormTwoSided(d.Stat); d.DF > 0 {
			d.P = dist.TTwoSided(d.Stat, d.DF)
		}
	}
	return d
}

// Paired is the t test on the changes of those who answered both times, from the moments of their changes; in the unit of the
// changes. Undefined for fewer than two people, or when everybody changed by the same amount.
func Paired(changes Moments, level float64) (Difference, error) {
	if err := changes.check("Paired"); err != nil {
		return Difference{}, err
	}
	if err := CheckLevel("Paired", level); err != nil {
		return Difference{}, err
	}
	if changes.SD == 0 {
		return Difference{}, Undefined("Paired", "everybody changed by the same amount")
	}
	df := float64(changes.N - 1)
	d := Difference{Estimate: changes.Mean, Centre: changes.Mean, SE: changes.SD / math.Sqrt(float64(changes.N)), DF: df}
	d.Stat = d.Estimate / d.SE
	d.P = dist.TTwoSided(d.Stat, df)
	half := CriticalT(level, df) * d.SE
	d.Interval = Interval{d.Centre - half, d.Centre + half, level, "paired t"}
	return d, nil
}

// Detectable is the smallest difference of two means of nA and nB answers that shows with the given power at two-sided alpha:
// (z_{1-alpha/2} + z_power) sqrt(vA/nA + vB/nB), in the unit of the answers, for the variances vA and vB of one answer. For an NPS
// there is NPSDetectable, which knows of its adjusted interval.
func Detectable(nA, nB, vA, vB, power, alpha float64) (float64, error) {
	if !(vA >= 0) || !(vB >= 0) || math.IsInf(vA, 0) || math.IsInf(vB, 0) {
		return 0, Invalid("Detectable", "a variance is out of range")
	}
	if err := checkPower("Detectable", 0, 0, power, alpha); err != nil {
		return 0, err
	}
	if !(nA > 0) || !(nB > 0) {
		return 0, Undefined("Detectable", "a group has no answers")
	}
	return (Critical(1-alpha) + dist.NormQuantile(power)) * math.Sqrt(vA/nA+vB/nB), nil
}
