package health

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/vectortest"
)

func TestRateRatioOfOneStratumIsTheCrudeOne(t *testing.T) {
	t.Parallel()
	// One table: the ratio is that of the rates, and the variance of its logarithm 1/d1 + 1/d0.
	r := vectortest.OK[Rates](t)(RateRatio([]Stratum{{Exposed: 30, ExposedTime: 100, Others: 60, OthersTime: 600}}, 0.95))
	if math.Abs(r.Ratio-3) > 1e-12 {
		t.Errorf("ratio %v", r.Ratio)
	}
	if want := math.Log(3) / math.Sqrt(1.0/30+1.0/60); math.Abs(r.Z-want) > 1e-12 {
		t.Errorf("z %v, want %v", r.Z, want)
	}
	for name, s := range map[string]Stratum{"nobody exposed": {Others: 5, OthersTime: 10}, "none of the others": {Exposed: 4, ExposedTime: 5, OthersTime: 9}} {
		if _, err := RateRatio([]Stratum{s}, 0.95); !errors.Is(err, stat.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := RateRatio([]Stratum{{ExposedTime: math.NaN()}}, 0.95); err == nil || errors.Is(err, stat.ErrUndefined) {
		t.Errorf("no number: %v", err)
	}
}

// TestRateRatioIsNotFooledByStrata: where both rates are high the exposed are many, which alone makes the crude ratio large.
func TestRateRatioIsNotFooledByStrata(t *testing.T) {
	t.Parallel()
	r := vectortest.OK[Rates](t)(RateRatio([]Stratum{{Exposed: 90, ExposedTime: 900, Others: 10, OthersTime: 100}, {Exposed: 1, ExposedTime: 100, Others: 9, OthersTime: 900}}, 0.95))
	if math.Abs(r.Ratio-1) > 1e-12 {
		t.Errorf("ratio %v; the crude one is %v", r.Ratio, (91.0/1000)/(19.0/1000))
	}
}

func TestRateRatioCovers(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	poisson := func(mean float64) (n int) {
		for at := r.ExpFloat64(); at < mean; at += r.ExpFloat64() {
			n++
		}
		return n
	}
	const truth, runs = 2.0, 2000
	hits := 0
	for range runs {
		var strata []Stratum
		for k := range 6 {
			base := 0.01 * float64(1+k)
			strata = append(strata, Stratum{Exposed: poisson(truth * base * 300), ExposedTime: 300, Others: poisson(base * 1500), OthersTime: 1500})
		}
		if vectortest.OK[Rates](t)(RateRatio(strata, 0.95)).Interval.Contains(truth) {
			hits++
		}
	}
	if share := float64(hits) / runs; share < 0.935 || share > 0.965 {
		t.Errorf("the interval holds the truth in %v of the runs", share)
	}
}

func TestPSI(t *testing.T) {
	t.Parallel()
	number := vectortest.OK[float64](t)
	if x := number(PSI([]float64{10, 20, 30}, []float64{100, 200, 300})); x > 0.002 {
		t.Errorf("the same shares differ by %v", x)
	}
	// Shares .5/.5 and .3/.7 of many: (-.2) ln(.6) + .2 ln(1.4).
	want := -0.2*math.Log(0.6) + 0.2*math.Log(1.4)
	if x := number(PSI([]float64{5e6, 5e6}, []float64{3e6, 7e6})); math.Abs(x-want) > 1e-5 {
		t.Errorf("%v, want %v", x, want)
	}
	if x := number(PSI([]float64{10, 0}, []float64{0, 10})); math.IsInf(x, 0) || x < 1 {
		t.Errorf("all that moved is %v", x)
	}
	if _, err := PSI([]float64{0, 0}, []float64{1, 2}); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("nothing then: %v", err)
	}
}
