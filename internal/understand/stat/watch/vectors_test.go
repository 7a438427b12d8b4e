package watch

import (
	"encoding/json"
	"math"
	"slices"
	"testing"

	"kolo/internal/understand/stat/dist"
	"kolo/internal/understand/stat/vectortest"
)

type object = map[string]any

// where gives the 1-based indices of what holds.
func where(n int, holds func(i int) bool) []int {
	out := []int{}
	for i := range n {
		if holds(i) {
			out = append(out, i+1)
		}
	}
	return out
}

func TestVectorsBaseline(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "anomaly_baseline_nb").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Y, Exposure []float64
			Train       [2]int `json:"train_weeks"`
			Period      float64
			K, Lambda   float64
			L           float64 `json:"ewma_L"`
			Rho         float64
		}](t, c.Input)
		row := func(week int) []float64 {
			sin, cos := math.Sincos(2 * math.Pi * float64(week) / in.Period)
			return []float64{1, float64(week), cos, sin}
		}
		var x [][]float64
		for w := in.Train[0]; w <= in.Train[1]; w++ {
			x = append(x, row(w))
		}
		n := in.Train[1]
		b := vectortest.OK[*Baseline](t)(FitBaseline(x, in.Y[:n], in.Exposure[:n]))
		coef := func(v []float64) object {
			return object{"(Intercept)": v[0], "t": v[1], "c1": v[2], "s1": v[3]}
		}
		var cov [][]float64
		for i := range 4 {
			var r []float64
			for j := range 4 {
				r = append(r, b.Phi*b.Inverse[i*4+j])
			}
			cov = append(cov, r)
		}
		cols := map[string][]float64{}
		put := func(name string, v float64) { cols[name] = append(cols[name], v) }
		var flags []bool
		var z, llr []float64
		for w := n + 1; w <= len(in.Y); w++ {
			y := in.Y[w-1]
			p := b.Predict(row(w), in.Exposure[w-1])
			put("mu", p.Mean)
			put("se_lp", math.Sqrt((p.Variance-b.Phi*p.Mean)/(p.Mean*p.Mean)))
			put("var_pred", p.Variance)
			put("nb_size", p.Size())
			put("p_upper_strict", p.Upper(y))
			put("mid_p", p.MidP(y))
			put("threshold_99", p.Quantile(0.99))
			z = append(z, p.Z(y))
			flags = append(flags, p.MidP(y) < 0.01)
			llr = append(llr, LogRatio(p, in.Rho, y))
		}
		m := len(z)
		minus := make([]float64, m)
		for i := range z {
			minus[i] = -z[i]
		}
		up, ewma := CUSUM(z, in.K, 0), EWMA(z, in.Lambda, 0)
		limits, sums := EWMALimits(m, in.Lambda, in.L, 1), CUSUM(llr, 0, 0)
		out := object{
			"first_fit":           object{"coef": coef(b.first), "phi": b.firstPhi},
			"anscombe_first_pass": b.anscombe, "weights": b.Weights,
			"refit": object{"coef": coef(b.Coef), "phi": b.Phi, "cov_scaled": cov},
			"z":     z, "spike_flag_001": flags, "cusum_up": up, "cusum_down": CUSUM(minus, in.K, 0),
			"cusum_alarm_h4_first": n + where(m, func(i int) bool { return up[i] > 4 })[0],
			"ewma":                 ewma, "ewma_limit": limits,
			"ewma_alarm_first":            n + where(m, func(i int) bool { return ewma[i] > limits[i] })[0],
			"llr":                         llr,
			"llr_cusum":                   sums,
			"llr_cusum_first_above_ln260": n + where(m, func(i int) bool { return sums[i] > math.Log(260) })[0],
		}
		for k, v := range cols {
			out[k] = v
		}
		return out
	})
}

func TestVectorsSimple(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "anomaly_simple").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Y                      []float64
			Mu0, Mu1, Lambda, L, H float64
		}](t, c.Input)
		n := len(in.Y)
		k := vectortest.OK[float64](t)(PoissonReference(in.Mu0, in.Mu1))
		ewma, limit := EWMA(in.Y, in.Lambda, in.Mu0), EWMALimits(n, in.Lambda, in.L, math.Sqrt(in.Mu0))
		cusum, head := CUSUM(in.Y, k, 0), CUSUM(in.Y, k, in.H/2)
		ratio := make([]float64, n)
		poisson := dist.Counts{Mean: in.Mu0, Variance: in.Mu0}
		over := dist.Counts{Mean: in.Mu0, Variance: 1.5 * in.Mu0}
		var p, p15 []float64
		for i, y := range in.Y {
			limit[i] += in.Mu0
			ratio[i] = LogRatio(poisson, in.Mu1/in.Mu0, y)
			p, p15 = append(p, poisson.Upper(y-1)), append(p15, over.Upper(y-1))
		}
		lr := CUSUM(ratio, 0, 0)
		return object{"ewma": ewma, "ewma_limit": limit, "k": k, "cusum": cusum, "cusum_fir": head, "lr_cusum": lr,
			"ewma_flags":      where(n, func(i int) bool { return ewma[i] > limit[i] }),
			"cusum_flags":     where(n, func(i int) bool { return cusum[i] > in.H }),
			"cusum_fir_flags": where(n, func(i int) bool { return head[i] > in.H }),
			"lr_flags_ln100":  where(n, func(i int) bool { return lr[i] > math.Log(100) }),
			"quantile99": []float64{poisson.Quantile(0.99), over.Quantile(0.99),
				dist.Counts{Mean: in.Mu0, Variance: 3 * in.Mu0}.Quantile(0.99)},
			"upper_p_poisson": p, "upper_p_nb_phi15": p15}
	})
}

func TestVectorsEARS(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "anomaly_ears").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Y        []float64
			Baseline int
		}](t, c.Input)
		e := vectortest.OK[EARS](t)(EARSOf(in.Y, in.Baseline, 0.001))
		n := len(in.Y)
		form := func(method string, ready int, bound []float64) object {
			return object{"method": method, "alpha": 0.001, "first_index": ready + 1, "upperbound": bound[ready:],
				"alarm_index": where(n, func(i int) bool { return i >= ready && in.Y[i] > bound[i] })}
		}
		return object{"C1": form("C1", e.Ready1, e.Bound1), "C2": form("C2", e.Ready2, e.Bound2),
			"C3_textbook": object{"first_index": e.Ready3 + 1, "c2": e.C2[e.Ready2:], "c3": e.C3[e.Ready3:],
				"alarm_rule": "C3>2", "alarm_index": where(n, func(i int) bool { return e.C3[i] > 2 })}}
	})
}

func TestVectorsESD(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "anomaly_gesd").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			X, Residual []float64
			Most        int `json:"max_outliers"`
			Alpha       float64
		}](t, c.Input)
		x, robust := in.X, in.Residual != nil
		if robust {
			x = in.Residual
		}
		o := vectortest.OK[Outliers](t)(ESD(x, in.Most, in.Alpha, robust))
		for i := range o.Removed {
			o.Removed[i]++
		}
		return object{"R": o.R, "lambda": o.Lambda, "removed": o.Removed, "n_outliers": o.Count}
	})
}

func TestVectorsChangePoint(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "anomaly_bocpd").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Y              []float64
			A0, B0, Hazard float64
		}](t, c.Input)
		r := vectortest.OK[ChangePoints](t)(RunLengths(in.Y, in.A0, in.B0, in.Hazard))
		return object{"map_run_length": r.Likely, "log_predictive": r.LogPredictive,
			"run_length_posterior_last": r.Posterior[len(in.Y)-1], "run_length_posterior_t12": r.Posterior[11]}
	})
}

func TestVectorsRunLengths(t *testing.T) {
	t.Parallel()
	number := vectortest.OK[float64](t)
	f := vectortest.Load(t, "arl_tables")
	f.Each(t, func(id string) bool { return !underRace || id == "cusum_normal" || id == "ewma_normal" }, func(t *testing.T, c vectortest.Case) any {
		var out []any
		for _, in := range vectortest.Decode[[]struct{ K, H, Lambda, L, ARL0 float64 }](t, c.Expected) {
			row := object{"k": in.K, "h": in.H, "lambda": in.Lambda, "L": in.L, "arl0": in.ARL0}
			shifts := map[string]float64{"arl0_onesided": 0, "arl0_twosided": 0, "arl_shift_0.5": 0.5, "arl_shift_1": 1,
				"arl_shift_1.5": 1.5, "arl_shift_2": 2, "arl_shift_3": 3}
			for name, shift := range shifts {
				switch c.ID {
				case "cusum_normal":
					row[name] = number(CUSUMRunLength(in.K, in.H, shift))
				case "ewma_normal":
					row[name] = number(EWMARunLength(in.Lambda, in.L, shift))
				}
			}
			switch c.ID {
			case "cusum_normal":
				row["siegmund_arl0"] = Siegmund(in.K, in.H)
				want := vectortest.Decode[[]map[string]float64](t, c.Expected)[len(out)]["siegmund_arl0"]
				if math.Abs(Siegmund(in.K, in.H)-want) > 1e-8*want {
					t.Errorf("Siegmund(%v, %v) = %v, want %v", in.K, in.H, Siegmund(in.K, in.H), want)
				}
			case "ewma_limit_for_arl0":
				row["L"] = number(EWMALimit(in.Lambda, in.ARL0))
			case "cusum_h_for_arl0_onesided":
				row["h"] = number(CUSUMLimit(in.K, in.ARL0))
			}
			out = append(out, row)
		}
		return out
	})
}

type benchmarkSeries struct {
	ID      string
	Y       []float64
	Signals []int `json:"signal_weeks"`
	Starts  []int `json:"episode_weeks"`
}

// reference is the detector as the benchmark file describes it: no low-count rule, one size of rise.
func reference() Detector {
	return Detector{Season: 52, Window: 104, Guard: 4, Least: 12, Full: 104, Rate: 1.0 / 208, Rho: 2, LastN: 4}
}

func TestBenchmarkSeriesGiveTheExactSignals(t *testing.T) {
	t.Parallel()
	var file struct{ Series []benchmarkSeries }
	if err := json.Unmarshal(vectortest.Read(t, "benchmark_early_warning"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Series) < 100 {
		t.Fatalf("only %d series", len(file.Series))
	}
	for i, s := range file.Series {
		if underRace && i%16 != 0 {
			continue // arithmetic on one goroutine, slow under the race detector
		}
		readings, err := reference().Run(Series{Counts: s.Y}, 104, nil)
		if err != nil {
			t.Fatalf("%s: %v", s.ID, err)
		}
		signals := []int{}
		for _, r := range readings {
			if r.Signal() {
				signals = append(signals, r.Period+1)
			}
		}
		starts := []int{}
		for _, p := range Episodes(readings, EpisodeGap) {
			starts = append(starts, p+1)
		}
		if !slices.Equal(signals, s.Signals) || !slices.Equal(starts, s.Starts) {
			t.Errorf("%s: signals %v, episodes %v; want %v, %v", s.ID, signals, starts, s.Signals, s.Starts)
		}
	}
}

func TestSalmonellaRaisesNoAlarm(t *testing.T) {
	t.Parallel()
	c := vectortest.Load(t, "anomaly_farrington").Cases[0]
	in := vectortest.Decode[struct {
		Y     []float64
		Range []int
		Alpha float64
	}](t, c.Input)
	want := vectortest.Decode[struct {
		Flexible []int `json:"flexible_alarm"`
		Original []int `json:"original_alarm"`
	}](t, c.Expected)
	readings, err := Weekly(in.Alpha).Run(Series{Counts: in.Y}, in.Range[0]-1, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range readings {
		near := slices.Contains(want.Flexible[max(0, i-1):min(len(want.Flexible), i+2)], 1)
		if r.Spike != near {
			t.Errorf("week %d: spike %v, the reference says %v", r.Period+1, r.Spike, near)
		}
	}
}
