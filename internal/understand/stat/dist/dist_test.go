package dist

import (
	"math"
	"testing"
)

func TestQuantilesInvertTails(t *testing.T) {
	t.Parallel()
	for _, df := range []float64{1, 2, 3.5, 9, 30, 197, 999, 9999, 99999, 100001, 1e6, 1e9} {
		for _, p := range []float64{1e-6, 0.001, 0.025, 0.2, 0.4999, 0.5, 0.7, 0.975, 0.9999} {
			q := TQuantile(p, df)
			tolerance := 1e-11
			if df > 1e4 { // the tail itself loses digits
				tolerance = 1e-10
			}
			if got := TUpper(-q, df); math.Abs(got-p) > tolerance {
				t.Errorf("t df %v: quantile of %v is %v, which has %v below it", df, p, q, got)
			}
		}
	}
	for _, ab := range [][2]float64{{0.5, 10.5}, {1, 1}, {3, 40}, {1500.5, 1.5}, {2e4, 3e5}} {
		for _, p := range []float64{0.001, 0.025, 0.5, 0.975} {
			x := BetaQuantile(p, ab[0], ab[1])
			if got := Beta(x, ab[0], ab[1]); math.Abs(got-p) > 1e-9 {
				t.Errorf("beta %v: quantile of %v is %v, which has %v below it", ab, p, x, got)
			}
		}
	}
}

func TestKnownValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"qnorm .975", NormQuantile(0.975), 1.9599639845400543},
		{"t(1) is Cauchy", TUpper(1, 1), 0.25},
		{"t(2)", TTwoSided(3, 2), 1 - 3/math.Sqrt(11)},
		{"qt(.975, 9)", TQuantile(0.975, 9), 2.262157162798205},
		{"chisq(2) is exponential", ChiSquareUpper(6, 2), math.Exp(-3)},
		{"F(1,d) is t squared", FUpper(4, 1, 7), TTwoSided(2, 7)},
		{"far normal tail", NormUpper(10) / 7.619853024160495e-24, 1},
		{"far t(2) tail", TTwoSided(1e5, 2) * 1e10, -math.Expm1(-0.5*math.Log1p(2e-10)) * 1e10},
	} {
		const tol = 1e-12
		if math.Abs(c.got-c.want) > tol {
			t.Errorf("%s: got %.17g, want %.17g", c.name, c.got, c.want)
		}
	}
}

func TestExpansionMeetsTheIntegral(t *testing.T) {
	t.Parallel()
	for _, x := range []float64{0.1, 1, 2, 3.3, 5} {
		below, above := TTwoSided(x, manyDF), TTwoSided(x, manyDF*(1+1e-9))
		if math.Abs(below-above) > 1e-9*below {
			t.Errorf("at t=%v the two methods give %v and %v", x, below, above)
		}
	}
}

// TestQuantileExpansion compares the expansion of t's quantile with the root of its integral where they meet.
func TestQuantileExpansion(t *testing.T) {
	t.Parallel()
	for _, p := range []float64{1e-12, 1e-9, 1e-6, 0.0005, 0.005, 0.025, 0.05, 0.25, 0.45} {
		z := NormQuantile(p)
		for _, more := range []float64{1.0001, 1.5, 4, 40} {
			df := enoughDF * max(1, z*z/4) * more
			q := TQuantile(p, df)
			if got := TUpper(-q, df); math.Abs(got/p-1) > 1e-9 {
				t.Errorf("t df %v: quantile of %v is %v, which has %v below it", df, p, q, got)
			}
		}
	}
	if got, want := TQuantile(0.975, 1000), 1.9623390808264078; math.Abs(got-want) > 1e-13 {
		t.Errorf("qt(.975, 1000) = %.17g, want %.17g", got, want)
	}
}

func TestCounts(t *testing.T) {
	t.Parallel()
	for _, c := range []Counts{{0.3, 0.3}, {6, 6}, {6, 6.0006}, {6, 9}, {40, 400}, {2500, 2600}} {
		below, y := 0.0, 0.0
		for ; below < 0.9; y++ {
			below += math.Exp(c.LogProb(y))
			if got := 1 - c.Upper(y); math.Abs(got-below) > 1e-9 {
				t.Fatalf("%+v: P(Y <= %v) is %v, the sum %v", c, y, got, below)
			}
		}
		if q := c.Quantile(0.9); q != y-1 {
			t.Errorf("%+v: quantile %v, want %v", c, q, y-1)
		}
		if math.IsInf(c.Z(1e4), 0) || c.Upper(-1) != 1 {
			t.Errorf("%+v: z %v", c, c.Z(1e4))
		}
	}
	if got := (Counts{6, 6}).Upper(4); math.Abs(got-0.714943499683369) > 1e-12 {
		t.Errorf("P(Y > 4) of a Poisson(6) is %v", got)
	}
}
