package stat

import (
	"math"

	"kolo/internal/understand/stat/dist"
)

// pseudoGroups is how many customers of whom nothing is known are thought of beside those who answered, as the adjusted Wald interval
// thinks of as many answers.
const pseudoGroups = 3

// Worth is what n answers that come in groups are worth: so many independent ones, of which an interval has DF degrees of freedom; 0
// stands for the normal distribution. A group without repeated answers is worth its number.
type Worth struct {
	N, DF float64
}

// Worth tells what the answers are worth whose lowest and highest possible values are given, and the design effect that goes with it:
// that of Estimate, but never below 1, nor below what it is with three more groups of the usual size that answer anyhow. Of few groups
// chance makes the spread between them small, and where all answers agree nothing tells how alike those of a group are; with many
// groups the three are nothing. Without limits (low = high) there are none. Undefined for fewer than two groups.
func (k Clusters) Worth(low, high float64) (w Worth, deff float64, err error) {
	c, err := k.Estimate(DefaultLevel)
	if err != nil {
		return Worth{}, 0, err
	}
	deff = max(1, c.DesignEffect)
	if high > low && !math.IsInf(high-low, 0) {
		size := k.SizeSq / float64(k.N) // of the group that an answer is in
		mid, end := (low+high)/2, pseudoGroups/4.0
		sum, square := end*(low+high)+2*end*mid, end*(low*low+high*high)+2*end*mid*mid
		n := float64(k.N) + pseudoGroups*size
		mean := (k.Sum + size*sum) / n
		v := (k.Square+size*square)/n - mean*mean
		spread := k.SumSq + size*size*square - 2*mean*(k.Cross+size*size*sum) + mean*mean*(k.SizeSq+pseudoGroups*size*size)
		if v > 0 {
			deff = max(deff, spread/(n*v))
		}
	}
	if !(deff >= 1) || math.IsInf(deff, 0) {
		return Worth{}, 0, Invalid("Clusters", "a sum of groups is out of range")
	}
	return Worth{N: float64(k.N) / deff, DF: c.DF}, deff, nil
}

// TwoSided is the p of a statistic.
func (w Worth) TwoSided(x float64) float64 {
	if w.DF > 0 {
		return dist.TTwoSided(x, w.DF)
	}
	return dist.NormTwoSided(x)
}

// Together is what a difference of two figures rests on that have the variances va and vb: its degrees of freedom (Satterthwaite); N is
// left 0.
func Together(a, b Worth, va, vb float64) Worth {
	part, share := 0.0, va/(va+vb)
	if a.DF > 0 {
		part += share * share / a.DF
	}
	if b.DF > 0 {
		part += (1 - share) * (1 - share) / b.DF
	}
	if !(part > 0) {
		return Worth{}
	}
	return Worth{DF: max(1, 1/part)}
}

// NPSWorth is the default interval of an NPS whose answers are worth fewer: adjusted Wald on that many with the same shares.
func NPSWorth(c NPSCounts, w Worth, level float64) (Interval, error) {
	if err := w.check("NPSWorth"); err != nil {
		return Interval{}, err
	}
	if err := c.check("NPSWorth"); err != nil {
		return Interval{}, err
	}
	return c.normal("NPSWorth", AdjustedWald+", effective n", c.worth(w, 3), level)
}

// all tells whether each of n answers counts.
func (w Worth) all(n int64) bool { return w == Worth{N: float64(n)} }

func (w Worth) check(op string) error {
	if !(w.N > 1e-9) || math.IsInf(w.N, 0) || w.DF != 0 && !(w.DF >= 1) || math.IsInf(w.DF, 0) {
		return Undefined(op, "the answers are worth nothing")
	}
	return nil
}

// ShareWorth is Wilson's interval of a share whose answers are worth fewer, with t where few groups tell how many.
func ShareWorth(p float64, w Worth, level float64) (Interval, error) {
	i, err := WilsonEffective(p, w.N, level)
	if err == nil {
		if err = w.check("ShareWorth"); err == nil {
			i.Low, i.High = wilson(p, w.N, w.Critical(level))
		}
	}
	return i, err
}

// Critical is the quantile for an interval of what the answers say.
func (w Worth) Critical(level float64) float64 {
	if w.DF > 0 {
		return CriticalT(level, w.DF)
	}
	return Critical(level)
}

// worth is moments of as many answers as those are worth.
func (c NPSCounts) worth(w Worth, extra float64) trinomial {
	f := w.N / float64(c.N())
	n := w.N + extra
	p, d := (f*float64(c.Promoters)+extra/4)/n, (f*float64(c.Detractors)+extra/4)/n
	return trinomial{n: n, mean: p - d, v: max(0, p+d-(p-d)*(p-d))}
}

// NPSDifferenceWorth is NPSDifference of answers that are worth fewer, with t where few groups tell how many.
func NPSDifferenceWorth(a, b NPSCounts, wa, wb Worth, level float64) (Difference, error) {
	const op = "NPSDifferenceWorth"
	if err := checkTwo(op, a, b, level); err != nil {
		return Difference{}, err
	}
	if wa.all(a.N()) && wb.all(b.N()) {
		return NPSDifference(a, b, level)
	}
	if err := checkWorth(op, wa, wb); err != nil {
		return Difference{}, err
	}
	ma, mb := a.worth(wa, 1.5), b.worth(wb, 1.5)
	va, vb := ma.v/ma.n, mb.v/mb.n
	w := Together(wa, wb, va, vb)
	centre, se := 100*(mb.mean-ma.mean), 100*math.Sqrt(va+vb)
	half := w.Critical(level) * se
	return Difference{
		Estimate: 100 * (b.moments(0).mean - a.moments(0).mean), Centre: centre, SE: se, Stat: centre / se, DF: w.DF, P: w.TwoSided(centre / se),
		Interval: Interval{centre - half, centre + half, level, "split adjusted Wald, effective n"}.clamp(-200, 200),
	}, nil
}

func checkWorth(op string, a, b Worth) error {
	if err := a.check(op); err != nil {
		return err
	}
	return b.check(op)
}

// NewcombeWorth is Newcombe of shares whose answers are worth fewer, with t where few groups tell how many.
func NewcombeWorth(kA, nA, kB, nB int64, wa, wb Worth, level float64) (Difference, error) {
	const op = "NewcombeWorth"
	if err := checkShare(op, kA, nA, level); err != nil {
		return Difference{}, err
	}
	if err := checkShare(op, kB, nB, level); err != nil {
		return Difference{}, err
	}
	if wa.all(nA) && wb.all(nB) {
		return Newcombe(kA, nA, kB, nB, level)
	}
	if err := checkWorth(op, wa, wb); err != nil {
		return Difference{}, err
	}
	a, b := float64(kA)/float64(nA), float64(kB)/float64(nB)
	p := (a*wa.N + b*wb.N) / (wa.N + wb.N)
	w := Together(wa, wb, 1/wa.N, 1/wb.N)
	z := w.Critical(level)
	lowA, highA := wilson(a, wa.N, z)
	lowB, highB := wilson(b, wb.N, z)
	d := Difference{Estimate: b - a, Centre: b - a, DF: w.DF, P: 1}
	d.Interval = Interval{d.Estimate - math.Hypot(b-lowB, highA-a), d.Estimate + math.Hypot(highB-b, a-lowA), level, "Newcombe, effective n"}.clamp(-1, 1)
	if d.SE = math.Sqrt(p * (1 - p) * (1/wa.N + 1/wb.N)); d.SE > 0 {
		d.Stat = d.Estimate / d.SE
		d.P = w.TwoSided(d.Stat)
	}
	return d, nil
}

// MeanDifferenceWorth is MeanDifference of answers that are worth fewer.
func MeanDifferenceWorth(a, b Moments, wa, wb Worth, level float64) (Difference, error) {
	const op = "MeanDifferenceWorth"
	if err := checkWorth(op, wa, wb); err != nil {
		return Difference{}, err
	}
	d, err := MeanDifference(a, b, level)
	if err != nil || wa.all(a.N) && wb.all(b.N) {
		return d, err
	}
	if wa.DF == 0 {
		wa.DF = float64(a.N - 1)
	}
	if wb.DF == 0 {
		wb.DF = float64(b.N - 1)
	}
	va, vb := a.SD*a.SD/wa.N, b.SD*b.SD/wb.N
	w := Together(wa, wb, va, vb)
	d.SE, d.DF = math.Sqrt(va+vb), w.DF
	d.Stat = d.Estimate / d.SE
	d.P = w.TwoSided(d.Stat)
	half := w.Critical(level) * d.SE
	d.Interval = Interval{d.Estimate - half, d.Estimate + half, level, "Welch t, effective n"}
	return d, nil
}
