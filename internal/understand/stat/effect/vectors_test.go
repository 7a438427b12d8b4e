package effect

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
	"kolo/internal/understand/stat/vectortest"
)

type object = map[string]any

func ends(i stat.Interval) []float64 { return []float64{i.Low, i.High} }

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: got %v, want %v within %v", what, got, want, tolerance)
	}
}

func TestVectorsRateRatio(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "rate_ratio").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			XB    float64 `json:"x_before"`
			EB    float64 `json:"exposure_before"`
			XA    float64 `json:"x_after"`
			EA    float64 `json:"exposure_after"`
			Phi   float64
			Level float64
		}](t, c.Input)
		r := vectortest.OK[BeforeAfter](t)(Compare(Count{in.XB, in.EB}, Count{in.XA, in.EA}, max(1, in.Phi), vectortest.Level(in.Level)))
		var wald any
		if r.Wald != nil {
			wald = ends(r.Wald.Interval)
		}
		return object{"rate_before": r.Before, "rate_after": r.After, "rate_ratio": r.Ratio, "exact_ci": ends(r.Exact),
			"exact_p": r.ExactP, "wald_log_ci": wald, "rate_difference": r.Difference, "rd_wald_ci": ends(r.DifferenceCI)}
	})
}

func TestVectorsDiD(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "did").Each(t, func(t *testing.T, c vectortest.Case) any {
		show := func(r Ratio) object {
			return object{"ratio_of_rate_ratios": r.Ratio, "log_se": r.SE, "ci": ends(r.Interval), "z": r.Log / r.SE, "p": r.P,
				"log_effect": r.Log, "se": r.SE, "df": r.DF, "rate_ratio": r.Ratio}
		}
		in := vectortest.Decode[struct {
			Unit, Time  []int // of a panel
			Y, Exposure []float64
			Treated     int `json:"treated_unit"`
			Last        int `json:"last_pre_time"`

			TB []float64 `json:"treated_before"` // of two themes: events and exposure
			TA []float64 `json:"treated_after"`
			CB []float64 `json:"control_before"`
			CA []float64 `json:"control_after"`

			Before, After []float64 // of many
			EB            []float64 `json:"exposure_before"`
			EA            []float64 `json:"exposure_after"`
			Index         int       `json:"treated_index"`
			Phi           float64
			Level         float64
		}](t, c.Input)
		level := vectortest.Level(in.Level)
		switch {
		case in.Unit != nil:
			var cells []Cell
			for i := range in.Y {
				cells = append(cells, Cell{in.Unit[i], in.Time[i], Count{in.Y[i], in.Exposure[i]}})
			}
			p := vectortest.OK[*Panel](t)(DifferenceInDifferences(cells, in.Treated, in.Last, level))
			totals := object{}
			var exposure []float64
			for i, name := range []string{"a", "b", "c", "d"} {
				totals[name] = p.Totals[i].Events
				exposure = append(exposure, p.Totals[i].Exposure)
			}
			totals["exposure"] = exposure
			return object{"did_2x2_mean_rate": p.Simple,
				"means": object{"treated_pre": p.MeanRates[0], "treated_post": p.MeanRates[1],
					"control_pre": p.MeanRates[2], "control_post": p.MeanRates[3]},
				"totals": totals, "ratio_of_rate_ratios": show(p.Ratio),
				"twfe_log": object{"coef": p.Log, "se_ols": p.LogOLS, "se_cluster_cr1": p.LogCluster},
				"twfe_quasipoisson": object{"coef": p.Poisson, "se": p.PoissonSE, "phi": p.Phi,
					"rate_ratio": math.Exp(p.Poisson)},
				"placebo":  object{"coefs": p.Placebo, "p_rank": p.PlaceboP},
				"pretrend": object{"coef": p.PreTrend, "se": p.PreTrendSE, "p": p.PreTrendP}}
		case in.TB != nil:
			count := func(v []float64) Count { return Count{v[0], v[1]} }
			return show(vectortest.OK[Ratio](t)(RatioOfRatios(count(in.TB), count(in.TA), count(in.CB), count(in.CA), in.Phi, level)))
		}
		var treated Theme
		var controls []Theme
		for i := range in.Before {
			th := Theme{Count{in.Before[i], in.EB[i]}, Count{in.After[i], in.EA[i]}}
			if i+1 == in.Index {
				treated = th
			} else {
				controls = append(controls, th)
			}
		}
		w := vectortest.OK[*WithControls](t)(AgainstControls(treated, controls, in.Phi, level))
		pm := show(w.Effect)
		pm["tau2"], pm["control_mean"] = w.Tau2, w.ControlMean
		ordered := func(v []float64) []float64 { // as in the file, not the treated first
			return slices.Concat(v[1:in.Index], v[:1], v[in.Index:])
		}
		return object{"delta": ordered(w.Delta), "v": ordered(w.V), "equal_variance": show(w.Equal), "paule_mandel": pm}
	})
}

// named gives coefficients, or their errors, by name.
func named(names []string, v []float64) object {
	o := object{}
	for i, n := range names {
		o[n] = v[i]
	}
	return o
}

// within gives everything the tolerance that a file states for it in words.
func within(got any, abs, rel float64) vectortest.Within {
	return vectortest.Within{Got: got, Abs: abs, Rel: rel}
}

func TestVectorsSegmented(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "its_segmented").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Y     []float64
			Last  int `json:"last_pre_index"`
			Lag   int `json:"hac_lag"`
			Extra string
			Level float64
		}](t, c.Input)
		s := Interruption{Y: in.Y, Before: in.Last, Slope: true, Lag: in.Lag}
		names := []string{"(Intercept)", "t", "level", "slope"}
		if strings.Contains(in.Extra, "month dummies") {
			for i := range in.Y {
				row := make([]float64, 11)
				if m := i % 12; m > 0 {
					row[m-1] = 1
				}
				s.Extra = append(s.Extra, row)
			}
			for m := 2; m <= 12; m++ {
				names = append(names, fmt.Sprintf("mo%d", m))
			}
		}
		r := vectortest.OK[*Segmented](t)(Segment(s, vectortest.Level(in.Level)))
		by := func(v []float64) object { return named(names, v) }
		contrast := s.meanEffect(len(names))
		se := func(cov [][]float64) float64 { return math.Sqrt(regress.Quadratic(contrast, cov)) }
		level := tested(r.Coef[LevelAt], regress.SE(r.NeweyWestN)[LevelAt], r.DF, vectortest.Level(in.Level))
		near(t, "default SE", r.Level.SE, max(r.SE[LevelAt], regress.SE(r.GLS.Cov)[LevelAt]), 1e-12)
		return object{"ols": object{"coef": by(r.Coef), "se": by(r.SE), "df": r.DF}, "durbin_watson": r.Watson, "lag": r.Lag,
			"newey_west": object{"se": by(regress.SE(r.NeweyWest)), "cov_level_slope": r.NeweyWest[LevelAt][SlopeAt]},
			"newey_west_small_sample": object{"se": by(regress.SE(r.NeweyWestN)), "ci_level": ends(level.Interval),
				"t_level": level.Stat, "p_level": level.P},
			"prais_winsten": object{"rho": r.Prais.Rho, "coef": by(r.Prais.Coef), "se": by(regress.SE(r.Prais.Cov))},
			"gls_reml_ar1": object{"rho": within(r.GLS.Rho, 1e-4, 1e-4), "coef": within(by(r.GLS.Coef), 1e-4, 1e-4),
				"se": within(by(regress.SE(r.GLS.Cov)), 1e-4, 1e-4), "loglik_reml": within(r.GLS.LogLik, 1e-4, 1e-4)},
			"mean_effect_post": object{"ols": r.MeanOLS, "se_newey_west_small_sample": se(r.NeweyWestN),
				"gls": within(regress.Dot(contrast, r.GLS.Coef), 1e-4, 1e-4), "se_gls": within(se(r.GLS.Cov), 1e-4, 1e-4)},
			"relative_effect_post_ols": r.Relative, "counterfactual_mean_post": r.Counterfactual}
	})
}

func TestVectorsCounts(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "its_counts").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Y, Exposure []float64
			Last        int `json:"last_pre_index"`
			Lag         int `json:"hac_lag"`
			Level       float64
		}](t, c.Input)
		confidence := vectortest.Level(in.Level)
		terms := []string{"(Intercept)", "t", "level", "slope"}
		by := func(v []float64) object { return named(terms[:len(v)], v) }
		level := Interruption{Y: in.Y, Before: in.Last, Lag: in.Lag}
		b := vectortest.OK[*CountSeries](t)(SegmentCounts(level, in.Exposure, confidence))
		inflated := object{"rho_reml_pearson": within(b.Rho, 1e-3, 0), "rho_used": within(b.Used, 1e-3, 0),
			"se_level": within(b.Level.SE, 0, 2e-3), "rr_ci": within(ends(b.Level.Interval), 0, 2e-3),
			"t": within(b.Level.Log/b.Level.SE, 0, 2e-3)}
		if short := vectortest.Decode[map[string]any](t, c.Expected); short["A"] == nil {
			for name, v := range (object{"coef": by(b.Coef), "phi": b.Phi, "phi_used_min1": max(1, b.Phi),
				"se_model": regress.SE(b.Model)[LevelAt], "rate_ratio": b.Level.Ratio}) {
				inflated[name] = v
			}
			return inflated
		}
		// An error of 2 in 1,000 in t is one of so much more in p that its logarithm is compared.
		p := vectortest.Decode[struct {
			Inflated struct{ P float64 } `json:"B_ar_inflated"`
		}](t, c.Expected).Inflated.P
		near(t, "log p", math.Log(b.Level.P), math.Log(p), 2*2e-3*math.Abs(math.Log(p)))
		inflated["p"] = within(b.Level.P, p/2, 0)
		slope := level
		slope.Slope = true
		a := vectortest.OK[*CountSeries](t)(SegmentCounts(slope, in.Exposure, confidence))
		model := vectortest.OK[Ratio](t)(ratio(b.Coef[LevelAt], regress.SE(b.Model)[LevelAt], b.DF, confidence, ""))
		nw := vectortest.OK[Ratio](t)(ratio(b.Coef[LevelAt], regress.SE(b.NeweyWest)[LevelAt], b.DF, confidence, ""))
		avoided := b.avoided(b.NeweyWest, stat.Critical(confidence), confidence)
		offset := make([]float64, len(in.Exposure))
		for i, e := range in.Exposure {
			offset[i] = math.Log(e)
		}
		var negative any
		switch nb, err := FitNegativeBinomial(level.design(), in.Y, offset); {
		case err == nil:
			negative = within(object{"coef": by(nb.Coef), "se": by(nb.SE), "theta": nb.Theta}, 1e-4, 1e-4)
		default:
			negative = vectortest.Undefined{Err: err}
		}
		logs, seg, err := SegmentLogRates(level, in.Exposure, confidence)
		if err != nil {
			t.Fatal(err)
		}
		return object{
			"A": object{"coef": by(a.Coef), "phi": a.Phi, "se_model": by(regress.SE(a.Model)), "se_nw": by(regress.SE(a.NeweyWest))},
			"B": object{"coef": by(b.Coef), "phi": b.Phi, "se_model": by(regress.SE(b.Model)), "se_nw": by(regress.SE(b.NeweyWest)),
				"rate_ratio": model.Ratio, "rr_ci_model": ends(model.Interval), "rr_ci_nw": ends(nw.Interval)},
			"B_negbin":      negative,
			"B_ar_inflated": inflated,
			"B_log_gls_reml": object{"rho": within(seg.GLS.Rho, 1e-3, 0), "level": within(logs.Log, 0, 2e-3), "se": within(logs.SE, 0, 2e-3),
				"se_ols": within(seg.SE[LevelAt], 0, 2e-3), "rate_ratio": within(logs.Ratio, 0, 2e-3), "rr_ci": within(ends(logs.Interval), 0, 2e-3)},
			"avoided": object{"counterfactual_post": avoided.Counterfactual, "fitted_post": avoided.Fitted,
				"observed_post": avoided.Observed, "avoided": avoided.Cases, "se_delta_nw": avoided.SE, "ci": ends(avoided.Interval)},
		}
	})
}

func TestVectorsStructural(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "structural_counterfactual").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Y, X   []float64
			Last   int     `json:"last_pre_index"`
			Obs    float64 `json:"sigma2_obs"`
			Levels float64 `json:"sigma2_level"`
		}](t, c.Input)
		x := make([][]float64, len(in.X))
		for i, v := range in.X {
			x[i] = []float64{v}
		}
		r := vectortest.OK[*Structural](t)(Forecast(in.Y, x, in.Last, in.Obs, in.Levels, 0.95))
		return object{"beta": r.Beta, "counterfactual": r.Counterfactual, "counterfactual_sd": r.CounterfactualSD,
			"effect": r.Effect, "cumulative": r.Cumulative, "cumulative_sd": r.CumulativeSD, "mean_effect": r.Mean,
			"mean_effect_sd": r.MeanSD, "relative_effect": r.Relative, "p_one_sided": r.P, "restricted_loglik": r.LogLik,
			"sigma2_obs": r.Observation, "sigma2_level": r.LevelVariance}
	})
}

func TestVectorsSynthetic(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "synthetic_control").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Treated []float64
			Donors  [][]float64
			Last    int `json:"last_pre_index"`
		}](t, c.Input)
		r := vectortest.OK[*Synthetic](t)(SyntheticControl(in.Treated, in.Donors, in.Last))
		return object{"weights": r.Weights, "gap_post": r.Gap, "mean_effect": r.Mean, "rmspe_pre": r.ErrorPre,
			"rmspe_post": r.ErrorPost, "ratio_treated": r.Ratio, "ratios_donors": r.DonorRatio, "p_rank": r.P}
	})
}

type costInput struct {
	Avoided   float64    `json:"avoided_cases"`
	AvoidedSE float64    `json:"avoided_se"`
	K         [2]float64 `json:"contacts_per_case"`
	C         [2]float64 `json:"cost_per_contact"`
	Pi        [2]float64 `json:"share_compensated"`
	G         [2]float64 `json:"compensation"`
	Delta     [2]float64 `json:"excess_churn"`
	LTV       [2]float64
	Months    float64
	Run       float64 `json:"run_cost_per_month"`
	OneOff    float64 `json:"one_off_cost"`
}

func (in costInput) costs() Costs {
	u := func(v [2]float64) Uncertain { return Uncertain{v[0], v[1]} }
	return Costs{Avoided: Uncertain{in.Avoided, in.AvoidedSE}, ContactsPerCase: u(in.K), CostPerContact: u(in.C),
		Compensated: u(in.Pi), Compensation: u(in.G), ExcessChurn: u(in.Delta), Lifetime: u(in.LTV), Months: in.Months,
		RunCost: in.Run, OneOff: in.OneOff}
}

func TestVectorsMoney(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "cost_model").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Margin              *float64 `json:"margin_per_year"`
			Retention, Discount float64
			Years               int
			Now                 bool `json:"first_payment_now"`

			Strata []struct {
				A int64 `json:"exposed_churn"`
				X int64 `json:"exposed"`
				B int64 `json:"unexposed_churn"`
				Y int64 `json:"unexposed"`
			}

			Reported      *float64 // cases, and how many of those asked in a survey had told
			Told, Asked   int64
			ChurnReported [2]float64 `json:"excess_churn_reported"`
			ChurnSilent   [2]float64 `json:"excess_churn_silent"`
			LTV           [2]float64

			Draws int // simulated, else by the delta method
			Level float64
		}](t, c.Input)
		level := vectortest.Level(in.Level)
		switch {
		case in.Margin != nil:
			return vectortest.Maybe(LifetimeValue(*in.Margin, in.Retention, in.Discount, in.Years, in.Now))
		case in.Strata != nil:
			var strata []Stratum
			for _, s := range in.Strata {
				strata = append(strata, Stratum{s.A, s.X, s.B, s.Y})
			}
			r := vectortest.OK[Churn](t)(AttributableChurn(strata))
			return object{"mh_risk_difference": r.MantelHaenszel.Value, "mh_se": r.MantelHaenszel.SE,
				"att_standardised": r.ATT.Value, "att_se": r.ATT.SE, "crude_risk_difference": r.Crude}
		case in.Reported != nil:
			u := func(v [2]float64) Uncertain { return Uncertain{v[0], v[1]} }
			r := vectortest.OK[AtRisk](t)(RevenueAtRisk(*in.Reported, in.Told, in.Asked, u(in.ChurnReported), u(in.ChurnSilent), u(in.LTV), level))
			return object{"affected": r.Affected, "multiplier": r.Multiplier, "revenue_at_risk": r.Value.Value, "se": r.Value.SE, "ci": ends(r.Interval)}
		}
		costs := vectortest.Decode[costInput](t, c.Input).costs()
		if in.Draws > 0 {
			s := vectortest.OK[Simulated](t)(Simulate(costs, Sampling{Draws: 40_000, Seed: 1, Normal: true}, level))
			return object{"gross_mean": s.GrossMean, "gross_p2_5": s.Gross.Low, "gross_p50": s.GrossMed,
				"gross_p97_5": s.Gross.High, "p_net_positive": within(s.PPositive, 0.01, 0), "p_payback_12": within(s.PPayback12, 0.01, 0),
				"payback_p50": s.Payback}
		}
		s := vectortest.OK[Savings](t)(Save(costs, level))
		return object{"unit_cost": s.Unit.Value, "unit_cost_se": s.Unit.SE, "handling": s.Handling,
			"compensation": s.Compensated, "churn": s.Churn, "gross": s.Gross.Value, "gross_se": s.Gross.SE,
			"gross_ci": ends(s.GrossCI), "net_per_month": s.Net.Value, "net_per_month_se": s.Net.SE,
			"net_per_month_ci": ends(s.NetCI), "payback_months": s.Payback, "payback_months_ci": s.PaybackCI, "p_net_positive": s.PPositive,
			"p_payback_12": s.PPayback12, "roi_first_year": s.ROI}
	})
}
