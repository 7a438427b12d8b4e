package health

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// Stratum counts who left, and for how long they could have, of the exposed and of the others at one stretch of time or in
// one group.
type Stratum struct {
	Exposed, Others int     // who left
	ExposedTime     float64 // at risk, in any unit
	OthersTime      float64
}

// Rates compares how fast the exposed leave with how fast the others do.
type Rates struct {
	Exposed, Others         int // who left
	ExposedTime, OthersTime float64
	Ratio                   float64
	Interval                stat.Interval
	Z                       float64
	P                       float64
}

// RateRatio is the Mantel-Haenszel rate ratio over strata, sum(d1 T0/T) / sum(d0 T1/T), with the variance of its logarithm
// after Greenland and Robins (1985), sum(T1 T0 d/T^2) / (sum(d1 T0/T) sum(d0 T1/T)). Strata in which nobody was exposed, or
// everybody, say nothing. Undefined unless some left on either side.
func RateRatio(strata []Stratum, level float64) (Rates, error) {
	const op = "health.RateRatio"
	if err := stat.CheckLevel(op, level); err != nil {
		return Rates{}, err
	}
	var r Rates
	var top, bottom, spread float64
	for i, s := range strata {
		if s.Exposed < 0 || s.Others < 0 || !(s.ExposedTime >= 0) || !(s.OthersTime >= 0) || math.IsInf(s.ExposedTime+s.OthersTime, 0) {
			return Rates{}, stat.Invalid(op, "stratum %d is %+v", i, s)
		}
		if s.ExposedTime == 0 || s.OthersTime == 0 {
			continue
		}
		r.Exposed, r.Others = r.Exposed+s.Exposed, r.Others+s.Others
		r.ExposedTime, r.OthersTime = r.ExposedTime+s.ExposedTime, r.OthersTime+s.OthersTime
		t := s.ExposedTime + s.OthersTime
		top += float64(s.Exposed) * s.OthersTime / t
		bottom += float64(s.Others) * s.ExposedTime / t
		spread += s.ExposedTime * s.OthersTime * float64(s.Exposed+s.Others) / (t * t)
	}
	if top == 0 || bottom == 0 {
		return r, stat.Undefined(op, "%d of the exposed and %d of the others left", r.Exposed, r.Others)
	}
	se := math.Sqrt(spread / (top * bottom))
	if !(math.Abs(math.Log(top/bottom))+stat.Critical(level)*se < 700) {
		return r, stat.Undefined(op, "the ratio is too uncertain for an interval")
	}
	r.Ratio = top / bottom
	half := stat.Critical(level) * se
	r.Interval = stat.Interval{Low: r.Ratio * math.Exp(-half), High: r.Ratio * math.Exp(half), Level: level, Method: "Greenland-Robins"}
	r.Z = math.Log(r.Ratio) / se
	r.P = dist.NormTwoSided(r.Z)
	return r, nil
}

// Limits of the population stability index [convention of credit scoring]: below the first little has moved, above the
// second the model sees other customers than it was fitted on.
const (
	PSILittle = 0.10
	PSIMuch   = 0.25
)

// PSI is the population stability index of counts in the same bins then and now, sum((q - p) ln(q/p)) of their shares. Half
// a count is added to each bin, so that an empty one does not make it infinite. Undefined where one side has no counts.
func PSI(then, now []float64) (float64, error) {
	const op = "health.PSI"
	if len(then) != len(now) || len(then) == 0 {
		return 0, stat.Invalid(op, "%d bins and %d", len(then), len(now))
	}
	var a, b float64
	for i := range then {
		if !(then[i] >= 0) || !(now[i] >= 0) || math.IsInf(then[i]+now[i], 0) {
			return 0, stat.Invalid(op, "bin %d counts %v and %v", i, then[i], now[i])
		}
		a, b = a+then[i], b+now[i]
	}
	if a == 0 || b == 0 {
		return 0, stat.Undefined(op, "%v counts then and %v now", a, b)
	}
	k, sum := float64(len(then)), 0.0
	for i := range then {
		p, q := (then[i]+0.5)/(a+k/2), (now[i]+0.5)/(b+k/2)
		sum += (q - p) * math.Log(q/p)
	}
	return sum, nil
}
