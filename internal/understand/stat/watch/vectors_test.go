package watch

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kolo/internal/foundation/raced"
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

// firstAfter is the 1-based index of the first of so many values, the one before being at, that holds; undefined when none does.
func firstAfter(at, n int, holds func(i int) bool) any {
	if all := where(n, holds); len(all) > 0 {
		return at + all[0]
	}
	return nil
}

func TestVectorsBaseline(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "anomaly_baseline_nb").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Y, Exposure []float64
			Train       [2]int `json:"train_weeks"`
			Period      float64
			K, Lambda   float64
			L           float64 `json:"ewma_L"`
			Rho         float64
			Cut         float64 `json:"anscombe_cut"`
		}](t, c.Input)
		if in.Exposure == nil {
			for range in.Y {
				in.Exposure = append(in.Exposure, 1)
			}
		}
		row := func(week int) []float64 {
			sin, cos := math.Sincos(2 * math.Pi * float64(week) / in.Period)
			return []float64{1, float64(week), cos, sin}
		}
		var x [][]float64
		for w := in.Train[0]; w <= in.Train[1]; w++ {
			x = append(x, row(w))
		}
		first, n := in.Train[0]-1, in.Train[1]
		b := vectortest.OK[*Baseline](t)(fitBaseline(x, in.Y[first:n], in.Exposure[first:n], in.Cut))
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
			"cusum_alarm_h4_first": firstAfter(n, m, func(i int) bool { return up[i] > 4 }),
			"ewma":                 ewma, "ewma_limit": limits,
			"ewma_alarm_first":            firstAfter(n, m, func(i int) bool { return ewma[i] > limits[i] }),
			"llr":                         llr,
			"llr_cusum":                   sums,
			"llr_cusum_first_above_ln260": firstAfter(n, m, func(i int) bool { return sums[i] > math.Log(260) }),
		}
		for k, v := range cols {
			out[k] = v
		}
		return out
	})
}

func TestVectorsSimple(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "anomaly_simple").Each(t, func(t *testing.T, c vectortest.Case) any {
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
	vectortest.Load(t, "anomaly_ears").Each(t, func(t *testing.T, c vectortest.Case) any {
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
	vectortest.Load(t, "anomaly_gesd").Each(t, func(t *testing.T, c vectortest.Case) any {
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
	vectortest.Load(t, "anomaly_bocpd").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Y              []float64
			A0, B0, Hazard float64
		}](t, c.Input)
		r := vectortest.OK[ChangePoints](t)(RunLengths(in.Y, in.A0, in.B0, in.Hazard))
		out := object{"map_run_length": r.Likely, "log_predictive": r.LogPredictive, "run_length_posterior_last": r.Posterior[len(in.Y)-1]}
		for i, p := range r.Posterior {
			out[fmt.Sprintf("run_length_posterior_t%d", i+1)] = p
		}
		return out
	})
}

func TestVectorsRunLengths(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "arl_tables").Each(t, func(t *testing.T, c vectortest.Case) any {
		if raced.On && strings.Contains(c.ID, "for_arl0") {
			t.Skip("arithmetic on one goroutine, slow under the race detector")
		}
		var out []any
		for _, in := range vectortest.Decode[[]map[string]float64](t, c.Expected) {
			row := object{}
			for _, name := range []string{"k", "h", "lambda", "L", "arl0", "mu0", "mu1"} {
				row[name] = in[name] // what is not computed below is what the row is about
			}
			mu0, poisson := in["mu0"]
			_, ewma := in["lambda"]
			length := func(shift float64) any {
				switch {
				case poisson:
					return vectortest.Maybe(PoissonCUSUMRunLength(mu0+shift, in["k"], in["h"]))
				case ewma:
					return vectortest.Maybe(EWMARunLength(in["lambda"], in["L"], shift))
				}
				return vectortest.Maybe(CUSUMRunLength(in["k"], in["h"], shift))
			}
			switch _, wanted := in["arl0"]; {
			case wanted && ewma: // the limit is asked for
				row["L"] = vectortest.Maybe(EWMALimit(in["lambda"], in["arl0"]))
			case wanted && !poisson:
				row["h"] = vectortest.Maybe(CUSUMLimit(in["k"], in["arl0"]))
			default:
				for name := range in {
					shift, isShift := strings.CutPrefix(name, "arl_shift_")
					switch {
					case name == "siegmund_arl0":
						row[name] = vectortest.Within{Got: Siegmund(in["k"], in["h"]), Rel: 1e-10, Abs: 1e-8}
					case isShift:
						row[name] = length(vectortest.OK[float64](t)(strconv.ParseFloat(shift, 64)))
					case strings.HasPrefix(name, "arl0"):
						row[name] = length(0)
					case name == "arl1":
						row[name] = length(in["mu1"] - mu0)
					}
				}
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

// benchmarkDesign is what the file says of its detector.
type benchmarkDesign struct {
	History, Guard, Window int
	A, Rho, Period         float64
}

// detector is the one of the benchmark file: no low-count rule, one size of rise.
func (b benchmarkDesign) detector() Detector {
	return Detector{Season: b.Period, Window: b.Window, Guard: b.Guard, Least: 12, Full: b.History, Rate: b.A, Rho: b.Rho, LastN: 4}
}

func TestBenchmarkSeriesGiveTheExactSignals(t *testing.T) {
	t.Parallel()
	var file struct {
		Design benchmarkDesign
		Series []benchmarkSeries
	}
	if err := json.Unmarshal(vectortest.Read(t, "benchmark_early_warning"), &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Series) == 0 {
		t.Fatal("there are no series")
	}
	d := file.Design.detector()
	for i, s := range file.Series {
		if raced.On && i%16 != 0 {
			continue // arithmetic on one goroutine, slow under the race detector
		}
		readings, err := d.Run(Series{Counts: s.Y}, file.Design.History, nil)
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

// The file asks of a detector that is not the packages' own that it raises alarms in the same weeks, give or take one.
func TestVectorsFarrington(t *testing.T) {
	t.Parallel()
	for _, c := range vectortest.Load(t, "anomaly_farrington").Cases {
		in := vectortest.Decode[struct {
			Y     []float64
			Range []int
			Alpha float64
		}](t, c.Input)
		want := vectortest.Decode[struct {
			Flexible []int `json:"flexible_alarm"`
		}](t, c.Expected)
		readings, err := Weekly(in.Alpha).Run(Series{Counts: in.Y}, in.Range[0]-1, nil)
		if err != nil {
			t.Fatal(err)
		}
		near := func(i int, alarm func(i int) bool) bool {
			for j := max(0, i-1); j < min(len(want.Flexible), i+2); j++ {
				if alarm(j) {
					return true
				}
			}
			return false
		}
		for i := range want.Flexible {
			own, theirs := func(i int) bool { return readings[i].Spike }, func(i int) bool { return want.Flexible[i] == 1 }
			if own(i) && !near(i, theirs) || theirs(i) && !near(i, own) {
				t.Errorf("%s, week %d: spike %v, the reference says %v", c.ID, in.Range[i], own(i), theirs(i))
			}
		}
	}
}
