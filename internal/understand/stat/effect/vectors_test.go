package effect

import (
	"fmt"
	"math"
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
	vectortest.Load(t, "rate_ratio").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			XB    float64 `json:"x_before"`
			EB    float64 `json:"exposure_before"`
			XA    float64 `json:"x_after"`
			EA    float64 `json:"exposure_after"`
			Level float64
		}](t, c.Input)
		r := vectortest.OK[BeforeAfter](t)(Compare(Count{in.XB, in.EB}, Count{in.XA, in.EA}, 1, in.Level))
		return object{"rate_before": r.Before, "rate_after": r.After, "rate_ratio": r.Ratio, "exact_ci": ends(r.Exact),
			"exact_p": r.ExactP, "wald_log_ci": ends(r.Wald.Interval), "rate_difference": r.Difference,
			"rd_wald_ci": ends(r.DifferenceCI)}
	})
}

func TestVectorsDiD(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "did").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		show := func(r Ratio) object {
			return object{"ratio_of_rate_ratios": r.Ratio, "log_se": r.SE, "ci": ends(r.Interval), "z": r.Log / r.SE, "p": r.P,
				"log_effect": r.Log, "se": r.SE, "df": r.DF, "rate_ratio": r.Ratio}
		}
		switch c.ID {
		case "panel-1":
			in := vectortest.Decode[struct {
				Unit, Time  []int
				Y, Exposure []float64
				Treated     int `json:"treated_unit"`
				Last        int `json:"last_pre_time"`
			}](t, c.Input)
			var cells []Cell
			for i := range in.Y {
				cells = append(cells, Cell{in.Unit[i], in.Time[i], Count{in.Y[i], in.Exposure[i]}})
			}
			p := vectortest.OK[*Panel](t)(DifferenceInDifferences(cells, in.Treated, in.Last, 0.95))
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
		case "rrr-simple":
			in := vectortest.Decode[struct {
				TB  [2]float64 `json:"treated_before"`
				TA  [2]float64 `json:"treated_after"`
				CB  [2]float64 `json:"control_before"`
				CA  [2]float64 `json:"control_after"`
				Phi float64
			}](t, c.Input)
			count := func(v [2]float64) Count { return Count{v[0], v[1]} }
			return show(vectortest.OK[Ratio](t)(RatioOfRatios(count(in.TB), count(in.TA), count(in.CB), count(in.CA), in.Phi, 0.95)))
		}
		in := vectortest.Decode[struct {
			Before, After []float64
			EB            []float64 `json:"exposure_before"`
			EA            []float64 `json:"exposure_after"`
			Treated       int       `json:"treated_index"`
			Phi           float64
		}](t, c.Input)
		var treated Theme
		var controls []Theme
		for i := range in.Before {
			th := Theme{Count{in.Before[i], in.EB[i]}, Count{in.After[i], in.EA[i]}}
			if i+1 == in.Treated {
				treated = th
			} else {
				controls = append(controls, th)
			}
		}
		w := vectortest.OK[*WithControls](t)(AgainstControls(treated, controls, in.Phi, 0.95))
		pm := show(w.Effect)
		pm["tau2"], pm["control_mean"] = w.Tau2, w.ControlMean
		return object{"delta": w.Delta, "v": w.V, "equal_variance": show(w.Equal), "paule_mandel": pm}
	})
}

func TestVectorsSegmented(t *testing.T) {
	t.Parallel()
	f := vectortest.Load(t, "its_segmented")
	for _, c := range f.Cases {
		t.Run(c.ID, func(t *testing.T) {
			t.Parallel()
			in := vectortest.Decode[struct {
				Y     []float64
				Last  int `json:"last_pre_index"`
				Lag   int `json:"hac_lag"`
				Extra string
			}](t, c.Input)
			s := Interruption{Y: in.Y, Before: in.Last, Slope: true, Lag: in.Lag}
			names := []string{"(Intercept)", "t", "level", "slope"}
			if in.Extra != "" {
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
			r := vectortest.OK[*Segmented](t)(Segment(s, 0.95))
			by := func(v []float64) object {
				o := object{}
				for i, n := range names {
					o[n] = v[i]
				}
				return o
			}
			contrast := s.meanEffect(len(names))
			se := func(cov [][]float64) float64 { return math.Sqrt(regress.Quadratic(contrast, cov)) }
			level := tested(r.Coef[LevelAt], regress.SE(r.NeweyWestN)[LevelAt], r.DF, 0.95)
			got := object{"ols": object{"coef": by(r.Coef), "se": by(r.SE), "df": r.DF}, "durbin_watson": r.Watson, "lag": r.Lag,
				"newey_west": object{"se": by(regress.SE(r.NeweyWest)), "cov_level_slope": r.NeweyWest[LevelAt][SlopeAt]},
				"newey_west_small_sample": object{"se": by(regress.SE(r.NeweyWestN)), "ci_level": ends(level.Interval),
					"t_level": level.Stat, "p_level": level.P},
				"prais_winsten": object{"rho": r.Prais.Rho, "coef": by(r.Prais.Coef), "se": by(regress.SE(r.Prais.Cov))},
				"mean_effect_post": object{"ols": r.MeanOLS, "se_newey_west_small_sample": se(r.NeweyWestN),
					"gls": regress.Dot(contrast, r.GLS.Coef), "se_gls": se(r.GLS.Cov)},
				"relative_effect_post_ols": r.Relative, "counterfactual_mean_post": r.Counterfactual}
			want := vectortest.Decode[map[string]any](t, c.Expected)
			// The file gives the REML fit its own tolerance.
			loose := 1e-4
			tight := object{"gls_reml_ar1": want["gls_reml_ar1"]}
			gls := object{"gls_reml_ar1": object{"rho": r.GLS.Rho, "coef": by(r.GLS.Coef), "se": by(regress.SE(r.GLS.Cov)),
				"loglik_reml": r.GLS.LogLik}}
			vectortest.Compare(t, "", gls, map[string]any(tight), vectortest.Tolerance{Abs: &loose, Rel: loose})
			mean := want["mean_effect_post"].(map[string]any)
			near(t, "mean effect by GLS", regress.Dot(contrast, r.GLS.Coef), mean["gls"].(float64), 1e-4*(1+math.Abs(mean["gls"].(float64))))
			near(t, "its SE", se(r.GLS.Cov), mean["se_gls"].(float64), 1e-4*(1+mean["se_gls"].(float64)))
			delete(want, "gls_reml_ar1")
			delete(mean, "gls")
			delete(mean, "se_gls")
			vectortest.Compare(t, "", got, want, f.Tolerance)
			ols, reml := r.SE[LevelAt], regress.SE(r.GLS.Cov)[LevelAt]
			near(t, "default SE", r.Level.SE, max(ols, reml), 1e-12)
		})
	}
}

func TestVectorsCounts(t *testing.T) {
	t.Parallel()
	f := vectortest.Load(t, "its_counts")
	type input struct {
		Y, Exposure []float64
		Last        int `json:"last_pre_index"`
		Lag         int `json:"hac_lag"`
	}
	names := []string{"(Intercept)", "t", "level", "slope"}
	by := func(v []float64) object {
		o := object{}
		for i := range v {
			o[names[i]] = v[i]
		}
		return o
	}
	t.Run("counts-1", func(t *testing.T) {
		t.Parallel()
		c := f.Case(t, "counts-1")
		in := vectortest.Decode[input](t, c.Input)
		s := Interruption{Y: in.Y, Before: in.Last, Lag: in.Lag}
		b := vectortest.OK[*CountSeries](t)(SegmentCounts(s, in.Exposure, 0.95))
		s.Slope = true
		a := vectortest.OK[*CountSeries](t)(SegmentCounts(s, in.Exposure, 0.95))
		s.Slope = false
		model := ratio(b.Coef[LevelAt], regress.SE(b.Model)[LevelAt], b.DF, 0.95, "")
		nw := ratio(b.Coef[LevelAt], regress.SE(b.NeweyWest)[LevelAt], b.DF, 0.95, "")
		avoided := b.avoided(b.NeweyWest, stat.Critical(0.95), 0.95)
		want := vectortest.Decode[map[string]any](t, c.Expected)
		got := object{
			"A": object{"coef": by(a.Coef), "phi": a.Phi, "se_model": by(regress.SE(a.Model)), "se_nw": by(regress.SE(a.NeweyWest))},
			"B": object{"coef": by(b.Coef), "phi": b.Phi, "se_model": by(regress.SE(b.Model)), "se_nw": by(regress.SE(b.NeweyWest)),
				"rate_ratio": model.Ratio, "rr_ci_model": ends(model.Interval), "rr_ci_nw": ends(nw.Interval)},
			"avoided": object{"counterfactual_post": avoided.Counterfactual, "fitted_post": avoided.Fitted,
				"observed_post": avoided.Observed, "avoided": avoided.Cases, "se_delta_nw": avoided.SE, "ci": ends(avoided.Interval)},
		}
		offset := make([]float64, len(in.Exposure))
		for i, e := range in.Exposure {
			offset[i] = math.Log(e)
		}
		nb := vectortest.OK[*NegativeBinomial](t)(FitNegativeBinomial(s.design(), in.Y, offset))
		loose := 1e-4
		vectortest.Compare(t, ".B_negbin", object{"coef": by(nb.Coef), "se": by(nb.SE), "theta": nb.Theta}, want["B_negbin"],
			vectortest.Tolerance{Abs: &loose, Rel: loose})
		inflated := want["B_ar_inflated"].(map[string]any)
		near(t, "rho", b.Rho, inflated["rho_reml_pearson"].(float64), 1e-3)
		zero := 0.0
		vectortest.Compare(t, ".B_ar_inflated", object{"rho_reml_pearson": vectortest.Skip{}, "rho_used": vectortest.Skip{},
			"se_level": b.Level.SE, "rr_ci": ends(b.Level.Interval), "t": b.Level.Log / b.Level.SE, "p": vectortest.Skip{}},
			inflated, vectortest.Tolerance{Abs: &zero, Rel: 2e-3})
		near(t, "log p", math.Log(b.Level.P), math.Log(inflated["p"].(float64)), 0.05)
		logs, seg, err := SegmentLogRates(s, in.Exposure, 0.95)
		if err != nil {
			t.Fatal(err)
		}
		gls := want["B_log_gls_reml"].(map[string]any)
		near(t, "rho of log rates", seg.GLS.Rho, gls["rho"].(float64), 1e-3)
		vectortest.Compare(t, ".B_log_gls_reml", object{"rho": vectortest.Skip{}, "level": logs.Log, "se": logs.SE,
			"se_ols": seg.SE[LevelAt], "rate_ratio": logs.Ratio, "rr_ci": ends(logs.Interval)}, gls,
			vectortest.Tolerance{Abs: &zero, Rel: 2e-3})
		for _, k := range []string{"B_negbin", "B_ar_inflated", "B_log_gls_reml"} {
			delete(want, k)
		}
		vectortest.Compare(t, "", got, want, f.Tolerance)
	})
	t.Run("counts-low-ar", func(t *testing.T) {
		t.Parallel()
		c := f.Case(t, "counts-low-ar")
		in := vectortest.Decode[input](t, c.Input)
		b := vectortest.OK[*CountSeries](t)(SegmentCounts(Interruption{Y: in.Y, Before: in.Last}, in.Exposure, 0.95))
		want := vectortest.Decode[map[string]any](t, c.Expected)
		near(t, "rho", b.Rho, want["rho_reml_pearson"].(float64), 1e-3)
		zero := 0.0
		vectortest.Compare(t, "", object{"se_level": b.Level.SE, "rr_ci": ends(b.Level.Interval)},
			map[string]any{"se_level": want["se_level"], "rr_ci": want["rr_ci"]}, vectortest.Tolerance{Abs: &zero, Rel: 2e-3})
		vectortest.Compare(t, "", object{"coef": by(b.Coef), "phi": b.Phi, "phi_used_min1": max(1, b.Phi),
			"rho_reml_pearson": vectortest.Skip{}, "rho_used": vectortest.Skip{}, "se_model": regress.SE(b.Model)[LevelAt],
			"se_level": vectortest.Skip{}, "rate_ratio": b.Level.Ratio, "rr_ci": vectortest.Skip{}}, want, f.Tolerance)
	})
}

func TestVectorsStructural(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "structural_counterfactual").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
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
	vectortest.Load(t, "synthetic_control").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
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

func deref(p *float64) any {
	if p == nil {
		return nil
	}
	return *p
}

func TestVectorsMoney(t *testing.T) {
	t.Parallel()
	f := vectortest.Load(t, "cost_model")
	f.Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		switch {
		case strings.HasPrefix(c.ID, "ltv-"):
			in := vectortest.Decode[struct {
				Margin              float64 `json:"margin_per_year"`
				Retention, Discount float64
				Years               int
				Now                 bool `json:"first_payment_now"`
			}](t, c.Input)
			return vectortest.OK[float64](t)(LifetimeValue(in.Margin, in.Retention, in.Discount, in.Years, in.Now))
		case c.ID == "cost-1-monte-carlo":
			costs := vectortest.Decode[costInput](t, c.Input).costs()
			s := vectortest.OK[Simulated](t)(Simulate(costs, Sampling{Draws: 40_000, Seed: 1, Normal: true}, 0.95))
			want := vectortest.Decode[map[string]float64](t, c.Expected)
			near(t, "P(net > 0)", s.PPositive, want["p_net_positive"], 0.01)
			near(t, "P(payback <= 12)", s.PPayback12, want["p_payback_12"], 0.01)
			return object{"gross_mean": s.GrossMean, "gross_p2_5": s.Gross.Low, "gross_p50": s.GrossMed,
				"gross_p97_5": s.Gross.High, "p_net_positive": vectortest.Skip{}, "p_payback_12": vectortest.Skip{},
				"payback_p50": deref(s.Payback)}
		case c.ID == "attributable-churn":
			in := vectortest.Decode[struct {
				Strata []struct {
					A int64 `json:"exposed_churn"`
					X int64 `json:"exposed"`
					B int64 `json:"unexposed_churn"`
					Y int64 `json:"unexposed"`
				}
			}](t, c.Input)
			var strata []Stratum
			for _, s := range in.Strata {
				strata = append(strata, Stratum{s.A, s.X, s.B, s.Y})
			}
			r := vectortest.OK[Churn](t)(AttributableChurn(strata))
			return object{"mh_risk_difference": r.MantelHaenszel.Value, "mh_se": r.MantelHaenszel.SE,
				"att_standardised": r.ATT.Value, "att_se": r.ATT.SE, "crude_risk_difference": r.Crude}
		}
		s := vectortest.OK[Savings](t)(Save(vectortest.Decode[costInput](t, c.Input).costs(), 0.95))
		return object{"unit_cost": s.Unit.Value, "unit_cost_se": s.Unit.SE, "handling": s.Handling,
			"compensation": s.Compensated, "churn": s.Churn, "gross": s.Gross.Value, "gross_se": s.Gross.SE,
			"gross_ci": ends(s.GrossCI), "net_per_month": s.Net.Value, "net_per_month_se": s.Net.SE,
			"net_per_month_ci": ends(s.NetCI), "payback_months": deref(s.Payback),
			"payback_months_ci": []any{deref(s.PaybackCI[0]), deref(s.PaybackCI[1])}, "p_net_positive": s.PPositive,
			"p_payback_12": s.PPayback12, "roi_first_year": deref(s.ROI)}
	})
}
