package driver

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// Class says what an attribute is good for.
type Class string

// The classes.
const (
	Dissatisfier Class = "dissatisfier" // hurts when bad more than it pleases when good: fix
	Satisfier    Class = "satisfier"    // pleases when good more than it hurts when bad: delight
	Hybrid       Class = "hybrid"
	NoAsymmetry  Class = "no evidence of asymmetry"
	Unclear      Class = "unclear" // a low rating raises the outcome, or a high one lowers it
	TooFew       Class = "too few cases"
)

// Fewest cases in a dummy, and the asymmetry from which a class is named when the test agrees.
const (
	FewestCases     = 20
	AsymmetryNamed  = 0.1
	AsymmetryLevel  = 0.05
	DefaultLowMax   = 2.0
	DefaultHighFrom = 5.0
)

// Asymmetry is one attribute's penalty for being low and reward for being high, in the unit of the outcome.
type Asymmetry struct {
	Name        string
	Penalty     Coefficient
	Reward      Coefficient
	LowShare    float64
	HighShare   float64
	Range       float64   // |penalty| + |reward|
	Impact      float64   // (|reward| - |penalty|) / Range, -1 to 1
	Test        stat.Test // that reward + penalty is 0
	Class       Class
	LowN, HighN int
}

// PenaltyReward is the contrast analysis of attribute ratings: dummies for low (<= lowMax) and high (>= highMin) of each,
// the middle as reference, with HC3 errors. An attribute that nobody rated low, or nobody high, is refused as collinear.
func PenaltyReward(d Data, lowMax, highMin, level float64) ([]Asymmetry, *Effects, error) {
	const op = "driver.PenaltyReward"
	if err := d.check(op); err != nil {
		return nil, nil, err
	}
	if !(lowMax < highMin) {
		return nil, nil, stat.Invalid(op, "low ends at %v, high begins at %v", lowMax, highMin)
	}
	n, p := len(d.Y), len(d.Names)
	dummies := Data{Y: d.Y, Controls: d.Controls}
	for _, name := range d.Names {
		dummies.Names = append(dummies.Names, name+"_low")
	}
	for _, name := range d.Names {
		dummies.Names = append(dummies.Names, name+"_high")
	}
	lows, highs := make([]int, p), make([]int, p)
	for _, row := range d.X {
		z := make([]float64, 2*p)
		for j, v := range row {
			if v <= lowMax {
				z[j] = 1
				lows[j]++
			}
			if v >= highMin {
				z[p+j] = 1
				highs[j]++
			}
		}
		dummies.X = append(dummies.X, z)
	}
	e, err := Linear(dummies, level)
	if err != nil {
		return nil, nil, err
	}
	var out []Asymmetry
	for j, name := range d.Names {
		a := Asymmetry{Name: name, Penalty: e.Coefficients[1+j], Reward: e.Coefficients[1+p+j], LowN: lows[j], HighN: highs[j],
			LowShare: float64(lows[j]) / float64(n), HighShare: float64(highs[j]) / float64(n)}
		low, high := a.Penalty.Estimate, a.Reward.Estimate
		a.Range = math.Abs(low) + math.Abs(high)
		if a.Range > 0 {
			a.Impact = (math.Abs(high) - math.Abs(low)) / a.Range
		}
		v := e.Cov[1+j][1+j] + e.Cov[1+p+j][1+p+j] + 2*e.Cov[1+j][1+p+j]
		a.Test = stat.Test{DF: e.DF, P: 1}
		if v > 0 {
			a.Test.Stat = (low + high) / math.Sqrt(v)
			a.Test.P = dist.TTwoSided(a.Test.Stat, e.DF)
		}
		a.Class = a.class()
		out = append(out, a)
	}
	return out, e, nil
}

func (a Asymmetry) class() Class {
	switch {
	case a.LowN < FewestCases || a.HighN < FewestCases:
		return TooFew
	case a.Penalty.Estimate > 0 || a.Reward.Estimate < 0:
		return Unclear
	case a.Test.P >= AsymmetryLevel:
		return NoAsymmetry
	case a.Impact < -AsymmetryNamed:
		return Dissatisfier
	case a.Impact > AsymmetryNamed:
		return Satisfier
	}
	return Hybrid
}
