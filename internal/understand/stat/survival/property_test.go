package survival

import (
	"math"
	"slices"
	"testing"

	"kolo/internal/understand/stat/vectortest"
)

func TestCurvesFallAndIgnoreOrderAndUnit(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		obs := random(seed, 60, 0.3)
		a := vectortest.OK[*Curve](t)(KaplanMeier(obs, 0.95))
		other := slices.Clone(obs)
		slices.Reverse(other)
		for i := range other {
			other[i].Time, other[i].Entry = 24*other[i].Time, 24*other[i].Entry
		}
		b := vectortest.OK[*Curve](t)(KaplanMeier(other, 0.95))
		last := 1.0
		for i, s := range a.Steps {
			o := b.Steps[i]
			if s.Open > last || s.Open < 0 || s.Open != o.Open || s.AtRisk != o.AtRisk || math.Abs(24*s.Time-o.Time) > 1e-9 {
				t.Fatalf("seed %d: %+v after %v, in hours %+v", seed, s, last, o)
			}
			last = s.Open
			for _, band := range []Band{LogLog, Log} {
				if k := band(s); k != nil && !(k.Low >= 0 && k.Low <= s.Open && s.Open <= k.High && k.High <= 1) {
					t.Fatalf("seed %d: %v around %v", seed, k, s.Open)
				}
			}
		}
		for _, p := range []float64{0.2, 0.5, 0.8} {
			q, r := vectortest.OK[Quantile](t)(a.Quantile(p, LogLog)), vectortest.OK[Quantile](t)(b.Quantile(p, LogLog))
			if (q.Time == nil) != (r.Time == nil) || q.Time != nil && math.Abs(24**q.Time-*r.Time) > 1e-9 {
				t.Errorf("seed %d: the quantile %v is %v, in hours %v", seed, p, q, r)
			}
			if q.Time != nil && (q.Low != nil && *q.Low > *q.Time || q.High != nil && *q.High < *q.Time) {
				t.Errorf("seed %d: %+v", seed, q)
			}
		}
		previous := 0.0
		for _, tau := range []float64{1, 2, 3} {
			if tau > a.Last {
				break
			}
			mean, se, err := a.RestrictedMean(tau)
			if err != nil || mean < previous || mean > tau || se < 0 {
				t.Errorf("seed %d: to %v the mean is %v +- %v after %v, %v", seed, tau, mean, se, previous, err)
			}
			previous = mean
		}
	}
}

func TestItemsTwiceAreTheSameCurve(t *testing.T) {
	t.Parallel()
	obs := random(7, 50, 0.25)
	a := vectortest.OK[*Curve](t)(KaplanMeier(obs, 0.95))
	b := vectortest.OK[*Curve](t)(KaplanMeier(append(slices.Clone(obs), obs...), 0.95))
	for i, s := range a.Steps {
		if math.Abs(s.Open-b.Steps[i].Open) > 1e-12 || s.SE > 0 && s.Open > 0 && b.Steps[i].SE >= s.SE {
			t.Errorf("%+v, of twice as many %+v", s, b.Steps[i])
		}
	}
}

func TestLogRankIgnoresTheOrderOfGroups(t *testing.T) {
	t.Parallel()
	x, y, z := random(1, 30, 0.2), random(2, 40, 0.2), random(3, 20, 0.4)
	a := vectortest.OK[Comparison](t)(LogRank([][]Observation{x, y, z}))
	b := vectortest.OK[Comparison](t)(LogRank([][]Observation{z, x, y}))
	if math.Abs(a.Test.Stat-b.Test.Stat) > 1e-9 || math.Abs(a.Expected[0]-b.Expected[1]) > 1e-9 {
		t.Errorf("%+v and %+v", a, b)
	}
	observed, expected := 0.0, 0.0
	for i := range a.Observed {
		observed, expected = observed+a.Observed[i], expected+a.Expected[i]
	}
	if math.Abs(observed-expected) > 1e-9 {
		t.Errorf("%v ended, %v were expected", observed, expected)
	}
}
