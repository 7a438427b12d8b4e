package stat

import (
	"strings"
	"testing"

	"kolo/internal/understand/stat/vectortest"
)

type object = map[string]any

func ends(i Interval) []float64 { return []float64{i.Low, i.High} }

func TestVectorsNPSSingle(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "nps_single").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			NPSCounts
			Scores []int
			Level  float64
		}](t, c.Input)
		n := in.NPSCounts
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
		size := float64(n.N())
		m := n.moments(0)
		interval := vectortest.OK[Interval](t)
		out["n"] = size
		out["p_promoter"] = float64(n.Promoters) / size
		out["p_detractor"] = float64(n.Detractors) / size
		out["p_passive"] = float64(n.Passives) / size
		out["nps"] = vectortest.OK[float64](t)(n.Estimate())
		out["variance_unit"] = vectortest.OK[float64](t)(n.Variance())
		out["se"] = vectortest.OK[float64](t)(n.SE())
		out["sample_variance_unit"] = m.v * size / (size - 1)
		out["se_n_minus_1"] = 100 * trinomial{n: size - 1, v: m.v}.se()
		out["wald"] = ends(interval(NPSWald(n, in.Level)))
		out["t_trinomial_mean"] = ends(interval(NPSTMean(n, in.Level)))
		adj, bp := n.moments(3), n.adjusted(2, 1)
		out["adjusted_wald"] = object{
			"centre": 100 * adj.mean, "se": 100 * adj.se(), "ci": ends(interval(NPSInterval(n, in.Level)))}
		out["bonett_price"] = object{
			"centre": 100 * bp.mean, "se": 100 * bp.se(), "ci": ends(interval(NPSBonettPrice(n, in.Level)))}
		out["tango_score"] = ends(interval(NPSTango(n, in.Level)))
		out["exact_percentile_bootstrap"] = ends(interval(NPSBootstrap(n, in.Level)))
		return out
	})
}

func TestVectorsNPSDifference(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "nps_difference").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			A, B  NPSCounts
			Level float64
		}](t, c.Input)
		diff, test := vectortest.OK[Difference](t), vectortest.OK[Test](t)
		show := func(d Difference) object {
			return object{"difference": d.Centre, "se": d.SE, "z": d.Stat, "t": d.Stat, "df": d.DF,
				"p_two_sided": d.P, "ci": ends(d.Interval)}
		}
		split := diff(NPSDifference(in.A, in.B, in.Level))
		chi := test(NPSDistributionChange(in.A, in.B))
		return object{
			"nps_a":                    vectortest.OK[float64](t)(in.A.Estimate()),
			"nps_b":                    vectortest.OK[float64](t)(in.B.Estimate()),
			"difference":               split.Estimate,
			"wald":                     show(diff(NPSDifferenceWald(in.A, in.B, in.Level))),
			"adjusted_wald":            show(diff(NPSDifferenceRocks(in.A, in.B, in.Level))),
			"adjusted_wald_split":      show(split),
			"welch_t":                  show(diff(NPSDifferenceWelch(in.A, in.B, in.Level))),
			"chi2_distribution_change": object{"x2": chi.Stat, "df": chi.DF, "p": chi.P},
			"mann_whitney_midrank":     object{"p_two_sided": test(NPSRankTest(in.A, in.B)).P},
		}
	})
}

func TestVectorsSegmentScan(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "nps_segment_scan").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Segments []struct {
				Segment string
				P, N, D int64
			}
		}](t, c.Input)
		var segments []Segment
		for _, s := range in.Segments {
			segments = append(segments, Segment{s.Segment, NPSCounts{s.P, s.N, s.D}})
		}
		var out []any
		for _, r := range vectortest.OK[[]SegmentResult](t)(ScanSegments(segments, 0.95)) {
			out = append(out, object{"segment": r.Segment, "nps": r.NPS, "diff_adj": r.Versus.Centre,
				"se_adj": r.Versus.SE, "z": r.Versus.Stat, "p": r.Versus.P, "p_bh": r.Adjusted})
		}
		return out
	})
}

func TestVectorsCluster(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "nps_cluster").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Account []string
			Score   []int
			Level   float64
		}](t, c.Input)
		groups := map[string][]int{}
		for i, a := range in.Account {
			groups[a] = append(groups[a], in.Score[i])
		}
		var k NPSClusters
		for _, scores := range groups {
			k.Add(vectortest.OK[NPSCounts](t)(CountNPS(scores)))
		}
		r := vectortest.OK[NPSClustered](t)(k.Estimate(in.Level))
		return object{"nps": r.NPS, "se_naive": vectortest.OK[float64](t)(k.Counts.SE()), "se_cluster": r.SE, "df": r.DF,
			"ci": ends(r.Interval), "design_effect": r.DesignEffect, "account_level_nps": r.GroupLevel}
	})
}

func TestVectorsProportions(t *testing.T) {
	t.Parallel()
	f := vectortest.Load(t, "proportions")
	single := func(id string) bool { return strings.HasPrefix(id, "prop-") }
	f.Each(t, single, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			X, N  int64
			Level float64
		}](t, c.Input)
		interval := vectortest.OK[Interval](t)
		return object{
			"p":               vectortest.OK[Share](t)(Proportion(in.X, in.N, in.Level)).Value,
			"wilson":          ends(interval(Wilson(in.X, in.N, in.Level))),
			"agresti_coull":   ends(interval(AgrestiCoull(in.X, in.N, in.Level))),
			"clopper_pearson": ends(interval(ClopperPearson(in.X, in.N, in.Level))),
			"jeffreys":        ends(interval(Jeffreys(in.X, in.N, in.Level))),
		}
	})
	f.Each(t, func(id string) bool { return !single(id) }, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			XA    int64 `json:"x_a"`
			NA    int64 `json:"n_a"`
			XB    int64 `json:"x_b"`
			NB    int64 `json:"n_b"`
			Level float64
		}](t, c.Input)
		d := vectortest.OK[Difference](t)(Newcombe(in.XA, in.NA, in.XB, in.NB, in.Level))
		out := object{"difference": d.Estimate, "newcombe_ci": ends(d.Interval), "score_z_pooled": nil,
			"p_pooled": nil, "fisher_p": vectortest.OK[float64](t)(Fisher(in.XA, in.NA, in.XB, in.NB))}
		if z, err := PooledZ(in.XA, in.NA, in.XB, in.NB); err == nil {
			out["score_z_pooled"], out["p_pooled"] = z.Stat, z.P
		}
		return out
	})
}

func TestVectorsRatingScales(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "rating_scales").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct {
			Values    []int
			Counts    []int64
			TopValues []int `json:"top_values"`
			Level     float64
		}](t, c.Input)
		d := Distribution{Min: in.Values[0], Counts: in.Counts}
		s := vectortest.OK[RatingSummary](t)(d.Summary(len(in.TopValues), in.Level))
		shrunk := vectortest.OK[Shrunk](t)(d.Shrunk(nil))
		return object{"n": s.N, "mean": s.Mean, "sd": s.SD, "se": s.SE, "mean_t_ci": ends(*s.MeanCI),
			"top_box_share": s.Top.Value, "top_box_wilson": ends(s.Top.Interval), "median": s.Median,
			"mean_rescaled_0_100": s.Rescaled, "net_top2_minus_bottom2": s.Net,
			"dirichlet_posterior_mean_prior2each": shrunk.Mean, "dirichlet_posterior_sd": shrunk.SD,
			"dirichlet_lower95_normal": shrunk.Low}
	})
}

func TestVectorsMultiplicity(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "multiplicity").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		in := vectortest.Decode[struct{ P []float64 }](t, c.Input)
		adjusted := vectortest.OK[[]float64](t)
		bh := adjusted(BenjaminiHochberg(in.P))
		rejected := []int{}
		for i, q := range bh {
			if q <= 0.05 {
				rejected = append(rejected, i)
			}
		}
		return object{"bh": bh, "by": adjusted(BenjaminiYekutieli(in.P)), "holm": adjusted(Holm(in.P)),
			"bonferroni": adjusted(Bonferroni(in.P)), "rejected_bh_005": rejected}
	})
}

func TestVectorsSampleSize(t *testing.T) {
	t.Parallel()
	vectortest.Load(t, "sample_size").Each(t, nil, func(t *testing.T, c vectortest.Case) any {
		ins := vectortest.Decode[[]struct {
			P, D, H, V1, V2, Power, Alpha float64
			Margin                        float64 `json:"moe_points"`
			Delta                         float64 `json:"delta_points"`
		}](t, c.Input)
		var out []int64
		size := vectortest.OK[int64](t)
		for _, in := range ins {
			switch c.ID {
			case "moe":
				out = append(out, size(NPSSampleSize(in.P+in.D-(in.P-in.D)*(in.P-in.D), in.Margin, 0.95)))
			case "diff":
				out = append(out, size(NPSSampleSizeToDetect(in.V1, in.V2, in.Delta, in.Power, in.Alpha)))
			case "wilson_half_width":
				out = append(out, size(ShareSampleSize(in.P, in.H, 0.95)))
			}
		}
		return out
	})
}
