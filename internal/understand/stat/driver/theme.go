package driver

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// Impact is what a theme does to the NPS, in points.
type Impact struct {
	Theme    string
	Share    float64 // of the answers that mention it
	With     float64 // NPS of those
	Without  float64 // NPS of the others
	Crude    float64 // NPS less Without: exactly share x (With - Without)
	Effect   Coefficient
	Adjusted float64 // share x adjusted effect: points lost (or gained) because of the theme
	Interval stat.Interval
}

// ThemeImpacts takes classes -1, 0, +1 as outcome and mentions 0 or 1 as drivers. Themes that nobody or everybody
// mentions are refused by name.
func ThemeImpacts(d Data, level float64) ([]Impact, error) {
	const op = "driver.ThemeImpacts"
	if err := d.check(op); err != nil {
		return nil, err
	}
	points := d
	points.Y = make([]float64, len(d.Y))
	total := 0.0
	for i, y := range d.Y {
		points.Y[i] = 100 * y
		total += 100 * y
	}
	e, err := Linear(points, level)
	if err != nil {
		return nil, err
	}
	n := float64(len(d.Y))
	var out []Impact
	for j, name := range d.Names {
		m := Impact{Theme: name, Effect: e.Coefficients[1+j]}
		with, k := 0.0, 0.0
		for i, row := range d.X {
			switch row[j] {
			case 1:
				with += points.Y[i]
				k++
			case 0:
			default:
				return nil, stat.Invalid(op, "a mention is 0 or 1, in row %d it is %v", i, row[j])
			}
		}
		m.Share, m.With, m.Without = k/n, with/k, (total-with)/(n-k)
		m.Crude = total/n - m.Without
		m.Adjusted = m.Share * m.Effect.Estimate
		m.Interval = stat.Interval{Low: m.Share * m.Effect.Interval.Low, High: m.Share * m.Effect.Interval.High,
			Level: level, Method: m.Effect.Interval.Method}
		out = append(out, m)
	}
	return out, nil
}

// Marginal is the average marginal effect of one driver on a probability.
type Marginal struct {
	Name     string
	Effect   float64
	SE       float64 // delta method
	Interval stat.Interval
}

// Chance is a logistic regression with what it means on the scale of probabilities.
type Chance struct {
	Coef      []float64 // intercept, drivers, controls: log odds
	SE        []float64
	Deviance  float64
	Penalised bool // the data separate; effects are held finite and too uncertain to order
	Marginals []Marginal
}

// Chances fits P(outcome = 1) and gives for each driver, all 0 or 1, the mean change in that probability when the driver
// goes from 0 to 1 with everything else as it is.
func Chances(d Data, level float64) (*Chance, error) {
	const op = "driver.Chances"
	if err := d.check(op); err != nil {
		return nil, err
	}
	if err := stat.CheckLevel(op, level); err != nil {
		return nil, err
	}
	x := d.design()
	fit, err := regress.Logit(x, d.Y, nil, nil)
	if err != nil {
		return nil, d.named(op, err)
	}
	c := &Chance{Coef: fit.Coef, SE: regress.SE(fit.Inverse), Deviance: fit.Deviance, Penalised: fit.Penalised}
	z := stat.Critical(level)
	n := float64(len(x))
	for j, name := range d.Names {
		m := Marginal{Name: name}
		gradient := make([]float64, len(fit.Coef))
		for i, row := range x {
			if v := row[1+j]; v != 0 && v != 1 {
				return nil, stat.Invalid(op, "driver %q is not 0 or 1 in row %d", name, i)
			}
			rest := fit.Eta[i] - row[1+j]*fit.Coef[1+j]
			p0, p1 := logistic(rest), logistic(rest+fit.Coef[1+j])
			m.Effect += (p1 - p0) / n
			for k, v := range row {
				at0, at1 := v, v
				if k == 1+j {
					at0, at1 = 0, 1
				}
				gradient[k] += (p1*(1-p1)*at1 - p0*(1-p0)*at0) / n
			}
		}
		m.SE = math.Sqrt(max(0, regress.Quadratic(gradient, fit.Inverse)))
		m.Interval = stat.Interval{Low: m.Effect - z*m.SE, High: m.Effect + z*m.SE, Level: level, Method: "delta"}
		c.Marginals = append(c.Marginals, m)
	}
	return c, nil
}

func logistic(eta float64) float64 { return 1 / (1 + math.Exp(-eta)) }

// Classifier is how well a theme classifier did on texts that people labelled.
type Classifier struct {
	Sensitivity float64
	Positives   int64 // labelled texts that have the theme
	Specificity float64
	Negatives   int64
}

// LeastYouden is the sum of sensitivity and specificity below which a share is not corrected.
const LeastYouden = 1.3

// CorrectedShare is a theme's share with the classifier's errors taken out.
type CorrectedShare struct {
	Apparent float64
	Share    float64
	SE       float64
	Interval stat.Interval
}

// Correct is Rogan and Gladen's (1978) estimator (q+sp-1)/(se+sp-1) for q = k/n, clamped to [0, 1], with
// Var = [q(1-q)/n + p^2 se(1-se)/n_se + (1-p)^2 sp(1-sp)/n_sp]/(se+sp-1)^2. Undefined for a classifier with
// se + sp < 1.3.
func Correct(k, n int64, c Classifier, level float64) (CorrectedShare, error) {
	const op = "driver.Correct"
	if err := stat.CheckLevel(op, level); err != nil {
		return CorrectedShare{}, err
	}
	if k < 0 || k > n || c.Positives < 1 || c.Negatives < 1 ||
		!(c.Sensitivity >= 0 && c.Sensitivity <= 1) || !(c.Specificity >= 0 && c.Specificity <= 1) {
		return CorrectedShare{}, stat.Invalid(op, "%d of %d, classifier %+v", k, n, c)
	}
	if n == 0 {
		return CorrectedShare{}, stat.Undefined(op, "a share of nothing")
	}
	if c.Sensitivity+c.Specificity < LeastYouden {
		return CorrectedShare{}, stat.Undefined(op, "the classifier is too weak to correct for")
	}
	youden := c.Sensitivity + c.Specificity - 1
	q := float64(k) / float64(n)
	r := CorrectedShare{Apparent: q, Share: min(max((q+c.Specificity-1)/youden, 0), 1)}
	p := r.Share
	r.SE = math.Sqrt(q*(1-q)/float64(n)+p*p*c.Sensitivity*(1-c.Sensitivity)/float64(c.Positives)+
		(1-p)*(1-p)*c.Specificity*(1-c.Specificity)/float64(c.Negatives)) / youden
	half := stat.Critical(level) * r.SE
	r.Interval = stat.Interval{Low: max(0, p-half), High: min(1, p+half), Level: level, Method: "Rogan-Gladen"}
	return r, nil
}
