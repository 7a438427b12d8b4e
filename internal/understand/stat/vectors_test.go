package stat

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kolo/internal/understand/stat/vectortest"
)

type object = map[string]any

func ends(i Interval) []float64 { return []float64{i.Low, i.High} }

// interval is the ends of an interval, or that it is undefined.
func interval(i Interval, err error) any {
	if err != nil {
		return vectortest.Undefined{Err: err}
	}
	return ends(i)
}

func TestEveryVectorFileIsTested(t *testing.T) {
	t.Parallel()
	var tests strings.Builder
	sources, err := filepath.Glob("*/*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(sources, "vectors_test.go") {
		source, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tests.Write(source)
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 30 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		if !strings.Contains(tests.String(), `(t, "`+name+`")`) {
			t.Errorf("no test reads the vectors %s", name)
		}
	}
}

func TestVectorsNPSSingle(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "nps_single").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			NPSCounts
			Scores []int
			Level  float64
		}](t, c.Input)
		n, level := in.NPSCounts, vectortest.Level(in.Level)
		out := object{}
		if in.Scores != nil {
			n = vectortest.OK[NPSCounts](t)(CountNPS(in.Scores))
			values := make([]float64, len(in.Scores))
			for i, s := range in.Scores {
				values[i] = float64(s)
			}
			m := MomentsOf(values)
			out["mean_ltr"], out["sd_ltr"] = m.Mean, m.SD
		}
		out["n"] = n.N()
		for _, name := range []string{"nps", "variance_unit", "se", "p_promoter", "p_passive", "p_detractor", "sample_variance_unit", "se_n_minus_1"} {
			out[name] = nil
		}
		if shares, err := n.Shares(level); err == nil {
			m := n.moments(0)
			out["nps"] = vectortest.OK[float64](t)(n.Estimate())
			out["variance_unit"] = vectortest.OK[float64](t)(n.Variance())
			out["se"] = vectortest.OK[float64](t)(n.SE())
			out["p_promoter"], out["p_passive"], out["p_detractor"] = shares.Promoters.Value, shares.Passives.Value, shares.Detractors.Value
			if m.n > 1 {
				out["sample_variance_unit"] = m.v * m.n / (m.n - 1)
				out["se_n_minus_1"] = 100 * trinomial{n: m.n - 1, v: m.v}.se()
			}
		}
		around := func(m trinomial, i Interval, err error) any {
			if err != nil {
				return vectortest.Undefined{Err: err}
			}
			return object{"centre": 100 * m.mean, "se": 100 * m.se(), "ci": ends(i)}
		}
		out["wald"] = interval(NPSWald(n, level))
		out["t_trinomial_mean"] = interval(NPSTMean(n, level))
		adjusted, err := NPSInterval(n, level)
		out["adjusted_wald"] = around(n.moments(3), adjusted, err)
		bonett, err := NPSBonettPrice(n, level)
		out["bonett_price"] = around(n.adjusted(2, 1), bonett, err)
		out["tango_score"] = interval(NPSTango(n, level))
		out["exact_percentile_bootstrap"] = interval(NPSBootstrap(n, level))
		return out
	})
}

func TestVectorsNPSDifference(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "nps_difference").Each(t, func(t *testing.T, c vectortest.Case) any {
		level := vectortest.Level(vectortest.Decode[struct{ Level float64 }](t, c.Input).Level)
		show := func(d Difference, err error) any {
			if err != nil {
				return vectortest.Undefined{Err: err}
			}
			return object{"difference": d.Centre, "se": d.SE, "z": d.Stat, "t": d.Stat, "df": d.DF,
				"p_two_sided": d.P, "ci": ends(d.Interval)}
		}
		test := func(x Test, err error) any {
			if err != nil {
				return vectortest.Undefined{Err: err}
			}
			return object{"x2": x.Stat, "df": x.DF, "p": x.P, "p_two_sided": x.P}
		}
		if twice := lists(t, c.Input); len(twice) == 2 { // of the same people
			var moves [3][3]int64
			var a, b NPSCounts
			for i, s := range twice[0] {
				from, to := classOf(t, s), classOf(t, twice[1][i])
				moves[from][to]++
				a, b = a.Plus(ofClass(from)), b.Plus(ofClass(to))
			}
			d, err := NPSPaired(moves, level)
			out := object{"n": a.N(), "nps_a": vectortest.Maybe(a.Estimate()), "nps_b": vectortest.Maybe(b.Estimate()), "paired_t": show(d, err)}
			if err == nil {
				maps.Copy(out, show(d, nil).(object))
			}
			return out
		}
		in := vectortest.Decode[struct{ A, B *NPSCounts }](t, c.Input)
		split, err := NPSDifference(*in.A, *in.B, level)
		return object{
			"nps_a":                    vectortest.Maybe(in.A.Estimate()),
			"nps_b":                    vectortest.Maybe(in.B.Estimate()),
			"difference":               vectortest.Maybe(split.Estimate, err),
			"wald":                     show(NPSDifferenceWald(*in.A, *in.B, level)),
			"adjusted_wald":            show(NPSDifferenceRocks(*in.A, *in.B, level)),
			"adjusted_wald_split":      show(split, err),
			"welch_t":                  show(NPSDifferenceWelch(*in.A, *in.B, level)),
			"chi2_distribution_change": test(NPSDistributionChange(*in.A, *in.B)),
			"mann_whitney_midrank":     test(NPSRankTest(*in.A, *in.B)),
		}
	})
}

// lists are the lists of answers of an input, in the order of the file.
func lists(t *testing.T, input json.RawMessage) (out [][]int) {
	values := vectortest.Decode[map[string]json.RawMessage](t, input)
	for _, k := range vectortest.Keys(t, input) {
		var list []int
		if json.Unmarshal(values[k], &list) == nil {
			out = append(out, list)
		}
	}
	return out
}

// classOf is 0 for a detractor, 1 for a passive and 2 for a promoter.
func classOf(t *testing.T, score int) int {
	c := vectortest.OK[NPSCounts](t)(CountNPS([]int{score}))
	return int(c.Passives + 2*c.Promoters)
}

func ofClass(class int) NPSCounts {
	return []NPSCounts{{Detractors: 1}, {Passives: 1}, {Promoters: 1}}[class]
}

func TestVectorsSegmentScan(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "nps_segment_scan").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Segments []struct {
				Segment string
				P, N, D int64
			}
			Level float64
		}](t, c.Input)
		var segments []Segment
		for _, s := range in.Segments {
			segments = append(segments, Segment{s.Segment, NPSCounts{s.P, s.N, s.D}})
		}
		var out []any
		for _, r := range vectortest.OK[[]SegmentResult](t)(ScanSegments(segments, vectortest.Level(in.Level))) {
			o := object{"segment": r.Segment, "nps": r.NPS, "diff_adj": nil, "se_adj": nil, "z": nil, "p": nil, "p_bh": nil}
			if r.Tested {
				o["diff_adj"], o["se_adj"], o["z"], o["p"] = r.Versus.Centre, r.Versus.SE, r.Versus.Stat, r.Versus.P
				o["p_bh"] = r.Adjusted
			}
			out = append(out, o)
		}
		return out
	})
}

func TestVectorsCluster(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "nps_cluster").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Account []string
			Score   []int
			Level   float64
		}](t, c.Input)
		var names []string
		groups := map[string][]int{}
		for i, a := range in.Account {
			if groups[a] == nil {
				names = append(names, a)
			}
			groups[a] = append(groups[a], in.Score[i])
		}
		var k NPSClusters
		for _, a := range names {
			k.Add(vectortest.OK[NPSCounts](t)(CountNPS(groups[a])))
		}
		r := vectortest.OK[NPSClustered](t)(k.Estimate(vectortest.Level(in.Level)))
		return object{"nps": r.NPS, "se_naive": vectortest.OK[float64](t)(k.Counts.SE()), "se_cluster": r.SE, "df": r.DF,
			"ci": ends(r.Interval), "design_effect": r.DesignEffect, "account_level_nps": r.GroupLevel}
	})
}

func TestVectorsProportions(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "proportions").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			X, N  int64
			XA    int64  `json:"x_a"`
			NA    *int64 `json:"n_a"`
			XB    int64  `json:"x_b"`
			NB    int64  `json:"n_b"`
			Level float64
		}](t, c.Input)
		level := vectortest.Level(in.Level)
		if in.NA == nil {
			p, err := Proportion(in.X, in.N, level)
			return object{
				"p":               vectortest.Maybe(p.Value, err),
				"wilson":          interval(Wilson(in.X, in.N, level)),
				"agresti_coull":   interval(AgrestiCoull(in.X, in.N, level)),
				"clopper_pearson": interval(ClopperPearson(in.X, in.N, level)),
				"jeffreys":        interval(Jeffreys(in.X, in.N, level)),
			}
		}
		d, err := Newcombe(in.XA, *in.NA, in.XB, in.NB, level)
		z, noTest := PooledZ(in.XA, *in.NA, in.XB, in.NB)
		return object{"difference": vectortest.Maybe(d.Estimate, err), "newcombe_ci": interval(d.Interval, err),
			"score_z_pooled": vectortest.Maybe(z.Stat, noTest), "p_pooled": vectortest.Maybe(z.P, noTest),
			"fisher_p": vectortest.Maybe(Fisher(in.XA, *in.NA, in.XB, in.NB))}
	})
}

func TestVectorsRatingScales(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "rating_scales").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Values    []int
			Counts    []int64
			TopValues []int `json:"top_values"`
			Level     float64
		}](t, c.Input)
		level := vectortest.Level(in.Level)
		first := slices.Min(in.Values)
		d := Distribution{Min: first, Counts: make([]int64, slices.Max(in.Values)-first+1), LowIsGood: slices.Contains(in.TopValues, first)}
		for i, v := range in.Values {
			d.Counts[v-first] = in.Counts[i]
		}
		s := vectortest.OK[RatingSummary](t)(d.Summary(len(in.TopValues), level))
		shrunk := vectortest.OK[Shrunk](t)(d.Shrunk(nil))
		mean, err := MeanInterval(s.N, s.Mean, s.SD, level)
		if err == nil { // what is shown of it lies on the scale
			low, high := float64(first), float64(first+len(d.Counts)-1)
			if s.MeanCI == nil || *s.MeanCI != mean.clamp(low, high) {
				t.Errorf("the summary shows %v of %v", s.MeanCI, mean)
			}
		}
		return object{"n": s.N, "mean": s.Mean, "sd": vectortest.Maybe(s.SD, err), "se": vectortest.Maybe(s.SE, err),
			"mean_t_ci": interval(mean, err), "top_box_share": s.Top.Value, "top_box_wilson": ends(s.Top.Interval),
			"median": s.Median, "mean_rescaled_0_100": s.Rescaled, "net_top2_minus_bottom2": s.Net,
			"dirichlet_posterior_mean_prior2each": shrunk.Mean, "dirichlet_posterior_sd": shrunk.SD,
			"dirichlet_lower95_normal": shrunk.Low}
	})
}

func TestVectorsMultiplicity(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "multiplicity").Each(t, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct{ P []float64 }](t, c.Input)
		adjusted := vectortest.OK[[]float64](t)
		bh := adjusted(BenjaminiHochberg(in.P))
		rejected := []int{}
		for i, q := range bh {
			if q <= AlertQ {
				rejected = append(rejected, i)
			}
		}
		return object{"bh": bh, "by": adjusted(BenjaminiYekutieli(in.P)), "holm": adjusted(Holm(in.P)),
			"bonferroni": adjusted(Bonferroni(in.P)), "rejected_bh_005": rejected}
	})
}

func TestVectorsSampleSize(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "sample_size").Each(t, func(t *testing.T, c vectortest.Case) any {
		ins := vectortest.Decode[[]struct {
			P, D, H, V1, V2, Power, Alpha, Level float64
			Margin                               float64 `json:"moe_points"`
			Delta                                float64 `json:"delta_points"`
		}](t, c.Input)
		var out []any
		for _, in := range ins {
			level := vectortest.Level(in.Level)
			switch {
			case in.Margin > 0:
				out = append(out, vectortest.Maybe(NPSSampleSize(in.P+in.D-(in.P-in.D)*(in.P-in.D), in.Margin, level)))
			case in.Delta > 0:
				out = append(out, vectortest.Maybe(NPSSampleSizeToDetect(in.V1, in.V2, in.Delta, in.Power, in.Alpha)))
			default:
				out = append(out, vectortest.Maybe(ShareSampleSize(in.P, in.H, level)))
			}
		}
		return out
	})
}
