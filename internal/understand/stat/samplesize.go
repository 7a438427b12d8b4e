package stat

import (
	"math"

	"kolo/internal/understand/stat/dist"
)

// Planning variances of one NPS answer: a typical one, and the worst.
const (
	TypicalVariance = 0.65
	WorstVariance   = 1.0
)

// maxSample is where a sample size stops being an answer.
const maxSample = 1e12

// NPSSampleSize is how many answers give a margin of error of at most margin points, n = ceil(z^2 v/m^2 - 3), at
// least 1, for the variance v of one answer.
func NPSSampleSize(variance, margin, level float64) (int64, error) {
	if err := CheckLevel("NPSSampleSize", level); err != nil {
		return 0, err
	}
	if !(variance >= 0 && variance <= 1) || !(margin > 0) {
		return 0, Invalid("NPSSampleSize", "variance %v must lie in [0, 1] and margin %v be positive", variance, margin)
	}
	z, m := Critical(level), margin/100
	return whole("NPSSampleSize", z*z*variance/(m*m)-3)
}

// NPSSampleSizeToDetect is how many answers each of two groups needs to show a difference of delta points with the given
// power at two-sided alpha: ceil((z_{1-alpha/2}+z_power)^2 (v1+v2)/delta^2 - 3).
func NPSSampleSizeToDetect(v1, v2, delta, power, alpha float64) (int64, error) {
	if err := checkPower("NPSSampleSizeToDetect", v1, v2, power, alpha); err != nil {
		return 0, err
	}
	if !(delta > 0) {
		return 0, Invalid("NPSSampleSizeToDetect", "the difference must be positive, it is %v", delta)
	}
	z := Critical(1-alpha) + dist.NormQuantile(power)
	return whole("NPSSampleSizeToDetect", z*z*(v1+v2)/(delta*delta/1e4)-3)
}

// NPSDetectable is the smallest difference in points that two groups of nA and nB answers show with the given power at
// two-sided alpha; to be printed beside a chart.
func NPSDetectable(nA, nB int64, v1, v2, power, alpha float64) (float64, error) {
	if err := checkPower("NPSDetectable", v1, v2, power, alpha); err != nil {
		return 0, err
	}
	if nA < 1 || nB < 1 {
		return 0, Undefined("NPSDetectable", "a group has no answers")
	}
	z := Critical(1-alpha) + dist.NormQuantile(power)
	return 100 * z * math.Sqrt(v1/float64(nA+3)+v2/float64(nB+3)), nil
}

func checkPower(op string, v1, v2, power, alpha float64) error {
	if !(v1 >= 0 && v1 <= 1) || !(v2 >= 0 && v2 <= 1) {
		return Invalid(op, "the variance of an answer lies in [0, 1]")
	}
	if !(power > 0 && power < 1) || !(alpha > 0 && alpha < 1) || 1-alpha == 1 {
		return Invalid(op, "power and alpha lie between 0 and 1")
	}
	return nil
}

func whole(op string, n float64) (int64, error) {
	if n > maxSample {
		return 0, Undefined(op, "no practical sample is large enough")
	}
	return max(1, int64(math.Ceil(n))), nil
}

// ShareSampleSize is how many answers give Wilson's interval of a share near p a half width of at most h.
func ShareSampleSize(p, h, level float64) (int64, error) {
	if err := CheckLevel("ShareSampleSize", level); err != nil {
		return 0, err
	}
	if !(p >= 0 && p <= 1) || !(h > 0) {
		return 0, Invalid("ShareSampleSize", "share %v must lie in [0, 1] and half width %v be positive", p, h)
	}
	z := Critical(level)
	z2 := z * z
	tooWide := func(n float64) bool { return z/(1+z2/n)*math.Sqrt(p*(1-p)/n+z2/(4*n*n)) > h }
	low, high := 0.0, 1.0
	for tooWide(high) {
		if low, high = high, high*2; high > maxSample {
			return 0, Undefined("ShareSampleSize", "no practical sample is large enough")
		}
	}
	for high-low > 1 {
		if mid := math.Floor((low + high) / 2); tooWide(mid) {
			low = mid
		} else {
			high = mid
		}
	}
	return int64(high), nil
}

// Needed plans with what is usual (an NPS whose answers have TypicalVariance, a share of one half) at 95 % and a power of 80 %: how
// many answers give an interval with that half width, and how many in each of two groups show that difference. Both in points, of a
// share in percentage points.
func Needed(share bool, margin, difference float64) (forMargin, forDifference int64, err error) {
	if share {
		if forMargin, err = ShareSampleSize(0.5, margin/100, DefaultLevel); err != nil {
			return 0, 0, err
		}
		if !(difference > 0) {
			return 0, 0, Invalid("Needed", "the difference must be positive, it is %v", difference)
		}
		z := Critical(DefaultLevel) + dist.NormQuantile(0.8)
		forDifference, err = whole("Needed", z*z*0.5/(difference*difference/1e4))
		return forMargin, forDifference, err
	}
	if forMargin, err = NPSSampleSize(TypicalVariance, margin, DefaultLevel); err != nil {
		return 0, 0, err
	}
	forDifference, err = NPSSampleSizeToDetect(TypicalVariance, TypicalVariance, difference, 0.8, 1-DefaultLevel)
	return forMargin, forDifference, err
}
