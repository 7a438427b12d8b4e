// Package effect asks whether a fix worked, by how much and what that is worth. Rates are events per exposed transaction;
// an effect on a rate is a ratio, after over before (below 1 is better), or a difference, counterfactual less observed.
package effect

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// Count is events with what they are out of.
type Count struct {
	Events   float64
	Exposure float64
}

func (c Count) check(op string) error {
	if !(c.Events >= 0) || math.IsInf(c.Events, 0) || !(c.Exposure >= 0) || math.IsInf(c.Exposure, 0) {
		return stat.Invalid(op, "%v events of %v", c.Events, c.Exposure)
	}
	if c.Exposure == 0 {
		return stat.Undefined(op, "nothing was exposed")
	}
	return nil
}

// Ratio is a rate ratio with its inference on the log scale.
type Ratio struct {
	Log      float64 // natural logarithm of the ratio
	SE       float64 // of Log
	DF       float64 // of t; 0: normal
	Ratio    float64
	P        float64
	Interval stat.Interval // of Ratio
}

// widest is the distance from no effect, in logarithms, beyond which a ratio or its interval says nothing.
const widest = 700

// ratio is undefined where the interval has no end that a number can hold.
func ratio(log, se, df, level float64, method string) (Ratio, error) {
	q, p := stat.Critical(level), 1.0
	if df > 0 {
		q = stat.CriticalT(level, df)
	}
	switch {
	case !(math.Abs(log)+q*se < widest):
		return Ratio{}, stat.Undefined("effect", "too little happened for a ratio")
	case se == 0 && log != 0:
		p = 0
	case se > 0 && df > 0:
		p = dist.TTwoSided(log/se, df)
	case se > 0:
		p = dist.NormTwoSided(log / se)
	}
	return Ratio{Log: log, SE: se, DF: df, Ratio: math.Exp(log), P: p,
		Interval: stat.Interval{Low: math.Exp(log - q*se), High: math.Exp(log + q*se), Level: level, Method: method}}, nil
}

// BeforeAfter compares two rates of the same thing: the weakest design, whatever its interval says.
type BeforeAfter struct {
	Before, After float64 // rates
	Ratio         float64 // after over before
	Exact         stat.Interval
	ExactP        float64
	Wald          *Ratio  // log-Wald, widened by the dispersion; nil when a count is 0, or so uncertain that it has no end
	Difference    float64 // after less before
	DifferenceCI  stat.Interval
}

// Compare gives the rate ratio with the exact conditional interval (given the total, the later count is binomial) and
// the log-Wald one with SE sqrt(phi(1/x0+1/x1)). Undefined without events before.
func Compare(before, after Count, phi, level float64) (BeforeAfter, error) {
	const op = "effect.Compare"
	for _, c := range []Count{before, after} {
		if err := c.check(op); err != nil {
			return BeforeAfter{}, err
		}
		if c.Events != math.Trunc(c.Events) {
			return BeforeAfter{}, stat.Invalid(op, "%v events", c.Events)
		}
	}
	if err := stat.CheckLevel(op, level); err != nil {
		return BeforeAfter{}, err
	}
	if !(phi >= 1) || math.IsInf(phi, 0) {
		return BeforeAfter{}, stat.Invalid(op, "a dispersion of %v", phi)
	}
	if before.Events == 0 {
		return BeforeAfter{}, stat.Undefined(op, "nothing happened before")
	}
	r := BeforeAfter{Before: before.Events / before.Exposure, After: after.Events / after.Exposure}
	r.Ratio, r.Difference = r.After/r.Before, r.After-r.Before
	k, n := int64(after.Events), int64(before.Events+after.Events)
	share, err := stat.ClopperPearson(k, n, level)
	if err != nil {
		return BeforeAfter{}, err
	}
	odds := func(p float64) float64 { return p / (1 - p) * before.Exposure / after.Exposure }
	r.Exact = stat.Interval{Low: odds(share.Low), High: odds(share.High), Level: level, Method: "exact conditional"}
	r.ExactP = binomialP(k, n, after.Exposure/(before.Exposure+after.Exposure))
	if after.Events > 0 {
		if w, err := ratio(math.Log(r.Ratio), math.Sqrt(phi*(1/before.Events+1/after.Events)), 0, level, "log-Wald"); err == nil {
			r.Wald = &w
		}
	}
	half := stat.Critical(level) * math.Sqrt(phi*(r.Before/before.Exposure+r.After/after.Exposure))
	r.DifferenceCI = stat.Interval{Low: r.Difference - half, High: r.Difference + half, Level: level, Method: "Wald"}
	return r, nil
}

// binomialP is the exact two-sided p: the chance of all counts no more likely than k (with R's allowance for ties).
func binomialP(k, n int64, p float64) float64 {
	logProb := func(x int64) float64 {
		a, _ := math.Lgamma(float64(n) + 1)
		b, _ := math.Lgamma(float64(x) + 1)
		c, _ := math.Lgamma(float64(n-x) + 1)
		return a - b - c + float64(x)*math.Log(p) + float64(n-x)*math.Log1p(-p)
	}
	seen, sum := logProb(k), 0.0
	for x := range n + 1 {
		if l := logProb(x); l <= seen+1e-7 {
			sum += math.Exp(l)
		}
	}
	return min(1, sum)
}

// Verdict is how a result is stated.
type Verdict string

// The verdicts. Not shown is not "no effect".
const (
	Worked   Verdict = "worked" // the interval lies beyond the smallest worthwhile reduction
	Improved Verdict = "improved, size uncertain"
	NotShown Verdict = "not shown"
	Worse    Verdict = "worse"
)

// Judge reads the interval of a rate ratio against the smallest reduction that was called worthwhile beforehand, as a
// share (0.2: a fifth fewer).
func Judge(r stat.Interval, worthwhile float64) Verdict {
	switch {
	case r.High < 1-worthwhile:
		return Worked
	case r.High < 1:
		return Improved
	case r.Low > 1:
		return Worse
	}
	return NotShown
}

// Windows are the periods of a pre-registered comparison, first and last index each, inclusive. Trigger is what made the
// project start: a baseline that holds it would show an improvement by regression to the mean alone.
type Windows struct{ Before, Trigger, After [2]int }

// Fewest periods before and after the fix.
const (
	FewestBefore = 26
	FewestAfter  = 6
)

// Check refuses a baseline that touches the trigger window, an order that is not before, trigger, after, and windows that
// are too short.
func (w Windows) Check() error {
	const op = "effect.Windows"
	switch {
	case w.Before[1] >= w.Trigger[0]:
		return stat.Invalid(op, "the baseline must end before the periods that triggered the project")
	case w.After[0] <= w.Trigger[1]:
		return stat.Invalid(op, "the comparison must begin after the periods that triggered the project")
	case w.Before[1]-w.Before[0]+1 < FewestBefore:
		return stat.Invalid(op, "the baseline has fewer than %d periods", FewestBefore)
	case w.After[1]-w.After[0]+1 < FewestAfter:
		return stat.Invalid(op, "there are fewer than %d periods after the fix", FewestAfter)
	}
	return nil
}
