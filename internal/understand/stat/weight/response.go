package weight

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
)

// LowRepresentativity is the R-indicator below which a screen warns.
const LowRepresentativity = 0.8

// Group is people alike in all that is known of everyone invited: X are their explanatory values, without intercept.
type Group struct {
	X         []float64
	Invited   int64
	Responded int64
}

// Response says how representative those are who responded.
type Response struct {
	Rate       stat.Share
	Coef       []float64 // intercept, then one per explanatory value: log odds of responding
	Propensity []float64 // of each group
	RIndicator float64   // 1 - 2 sd(propensity): 1 is representative
	EffectiveN float64   // Kish, of respondents weighted by 1/propensity
	Penalised  bool      // a group of explanatory values determines the response
}

// Respond fits the response propensity by logistic regression. With groups but no explanatory values the propensity is
// the rate. Undefined when nobody was invited.
func Respond(groups []Group, level float64) (Response, error) {
	var invited, responded int64
	var x [][]float64
	var y, w []float64
	for _, g := range groups {
		if g.Responded < 0 || g.Responded > g.Invited {
			return Response{}, stat.Invalid("weight.Respond", "%d of %d responded", g.Responded, g.Invited)
		}
		invited, responded = invited+g.Invited, responded+g.Responded
		x = append(x, append([]float64{1}, g.X...))
		w = append(w, float64(g.Invited))
		y = append(y, float64(g.Responded)/max(1, float64(g.Invited)))
	}
	rate, err := stat.Proportion(responded, invited, level)
	if err != nil {
		return Response{}, err
	}
	fit, err := regress.Logit(x, y, w, nil)
	if err != nil {
		return Response{}, err
	}
	r := Response{Rate: rate, Coef: fit.Coef, Propensity: fit.Mu, Penalised: fit.Penalised}
	var sum, squares, mean, ss float64
	for i, rho := range fit.Mu {
		k := float64(groups[i].Responded)
		sum, squares = sum+k/rho, squares+k/(rho*rho)
		mean += w[i] * rho / float64(invited)
	}
	for i, rho := range fit.Mu {
		ss += w[i] * (rho - mean) * (rho - mean)
	}
	r.RIndicator = 1
	if invited > 1 {
		r.RIndicator = 1 - 2*math.Sqrt(ss/float64(invited-1))
	}
	if squares > 0 {
		r.EffectiveN = sum * sum / squares
	}
	return r, nil
}

// Sensitivity answers "what if those who did not respond are unhappier?": the NPS of everybody when non-respondents are
// gap points below respondents, NPS - (1-rate) gap. In points.
func Sensitivity(nps, rate float64, gaps []float64) ([]float64, error) {
	if err := checkRate(nps, rate); err != nil {
		return nil, err
	}
	out := make([]float64, len(gaps))
	for i, g := range gaps {
		if math.IsNaN(g) || math.IsInf(g, 0) {
			return nil, stat.Invalid("weight.Sensitivity", "a gap is %v", g)
		}
		out[i] = nps - (1-rate)*g
	}
	return out, nil
}

// GapToZero is the gap at which everybody's NPS would be 0; undefined at a full response.
func GapToZero(nps, rate float64) (float64, error) {
	if err := checkRate(nps, rate); err != nil {
		return 0, err
	}
	if rate == 1 {
		return 0, stat.Undefined("weight.GapToZero", "everybody responded")
	}
	return nps / (1 - rate), nil
}

// Bounds is the NPS of everybody if all non-respondents were detractors, and if all were promoters.
func Bounds(nps, rate float64) (low, high float64, err error) {
	if err := checkRate(nps, rate); err != nil {
		return 0, 0, err
	}
	return nps*rate - 100*(1-rate), nps*rate + 100*(1-rate), nil
}

func checkRate(nps, rate float64) error {
	if !(rate > 0 && rate <= 1) || !(nps >= -100 && nps <= 100) {
		return stat.Invalid("weight.Sensitivity", "response rate %v or NPS %v is out of range", rate, nps)
	}
	return nil
}

// Fatigue is how the odds of responding change with one more invitation in the past year.
type Fatigue struct {
	Slope    float64 // log odds per invitation; negative: people tire
	SE       float64
	Interval stat.Interval
}

// Tire fits response on the number of recent invitations; each group's X holds that number alone.
func Tire(groups []Group, level float64) (Fatigue, error) {
	if err := stat.CheckLevel("weight.Tire", level); err != nil {
		return Fatigue{}, err
	}
	var x [][]float64
	var y, w []float64
	for _, g := range groups {
		if len(g.X) != 1 || g.Responded < 0 || g.Responded > g.Invited {
			return Fatigue{}, stat.Invalid("weight.Tire", "%d of %d responded, %d values", g.Responded, g.Invited, len(g.X))
		}
		if g.Invited > 0 {
			x = append(x, []float64{1, g.X[0]})
			y = append(y, float64(g.Responded)/float64(g.Invited))
			w = append(w, float64(g.Invited))
		}
	}
	fit, err := regress.Logit(x, y, w, nil)
	if err != nil {
		return Fatigue{}, err
	}
	if fit.Penalised {
		return Fatigue{}, stat.Undefined("weight.Tire", "all or none of a group responded: too few invitations to see a trend")
	}
	f := Fatigue{Slope: fit.Coef[1], SE: math.Sqrt(fit.Inverse[1][1])}
	half := stat.Critical(level) * f.SE
	f.Interval = stat.Interval{Low: f.Slope - half, High: f.Slope + half, Level: level, Method: "logistic"}
	return f, nil
}
