package driver

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
	"kolo/internal/understand/stat/regress"
)

// Coefficient is an estimated effect in the unit of the outcome.
type Coefficient struct {
	Name     string
	Estimate float64
	SE       float64
	P        float64
	Interval stat.Interval
}

// Effects are the coefficients of a linear model, the intercept first, then drivers, then controls (named "control").
type Effects struct {
	R2           float64
	DF           float64
	Coefficients []Coefficient
	OLS          []float64   // classical standard errors, for comparison
	Cov          [][]float64 // HC3
}

// Linear is the regression of the outcome on drivers and controls with HC3 standard errors and t with n-k degrees of
// freedom. For points of an NPS let the outcome be -100, 0 and +100.
func Linear(d Data, level float64) (*Effects, error) {
	const op = "driver.Linear"
	if err := d.check(op); err != nil {
		return nil, err
	}
	names := append([]string{"(Intercept)"}, d.Names...)
	for range d.controls() {
		names = append(names, "control")
	}
	e, err := linear(d.design(), d.Y, names, level)
	return e, d.named(op, err)
}

func linear(x [][]float64, y []float64, names []string, level float64) (*Effects, error) {
	if err := stat.CheckLevel("driver.Linear", level); err != nil {
		return nil, err
	}
	fit, err := regress.Fit(x, y, nil)
	if err != nil {
		return nil, err
	}
	classical, err := fit.Cov()
	if err != nil {
		return nil, err
	}
	e := &Effects{DF: fit.DF, OLS: regress.SE(classical)}
	if e.Cov, err = fit.HC3(x); err != nil {
		return nil, err
	}
	if m := stat.MomentsOf(y); m.SD > 0 {
		e.R2 = 1 - fit.RSS/(m.SD*m.SD*float64(m.N-1))
	}
	t := stat.CriticalT(level, fit.DF)
	for j, b := range fit.Coef {
		c := Coefficient{Name: names[j], Estimate: b, SE: math.Sqrt(e.Cov[j][j])}
		c.conclude(t, level, fit.DF)
		e.Coefficients = append(e.Coefficients, c)
	}
	return e, nil
}

// conclude adds interval and p of an estimate with an HC3 error, t being the quantile of level with df degrees of freedom.
func (c *Coefficient) conclude(t, level, df float64) {
	c.P = 1
	if c.SE > 0 {
		c.P = dist.TTwoSided(c.Estimate/c.SE, df)
	}
	c.Interval = stat.Interval{Low: c.Estimate - t*c.SE, High: c.Estimate + t*c.SE, Level: level, Method: "HC3 t"}
}

// Priority is what bringing a driver's bad share down to the best segment's would gain, in the unit of the effect.
type Priority struct {
	Gain     float64
	Interval stat.Interval
}

// Prioritise gives (shareNow - shareBest) x effect, where the effect is what the bad state costs (negative for a loss):
// the gain is its removal. The interval is that of the effect.
func Prioritise(shareNow, shareBest float64, effect Coefficient) (Priority, error) {
	if !(shareNow >= 0 && shareNow <= 1) || !(shareBest >= 0 && shareBest <= 1) {
		return Priority{}, stat.Invalid("driver.Prioritise", "shares %v and %v", shareNow, shareBest)
	}
	f := -(shareNow - shareBest)
	a, b := f*effect.Interval.Low, f*effect.Interval.High
	return Priority{Gain: f * effect.Estimate, Interval: stat.Interval{
		Low: min(a, b), High: max(a, b), Level: effect.Interval.Level, Method: effect.Interval.Method}}, nil
}
