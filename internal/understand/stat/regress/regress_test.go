package regress

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kolo/internal/understand/stat"
)

func design(r *rand.Rand, n, k int) [][]float64 {
	x := make([][]float64, n)
	for i := range x {
		x[i] = make([]float64, k)
		x[i][0] = 1
		for j := 1; j < k; j++ {
			x[i][j] = r.NormFloat64()
		}
	}
	return x
}

func TestLeastSquaresIsOrthogonal(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 8))
	x := design(r, 60, 5)
	y, w := make([]float64, 60), make([]float64, 60)
	for i := range y {
		y[i], w[i] = r.NormFloat64()+3*x[i][1], 0.1+r.Float64()
	}
	f, err := Fit(x, y, w)
	if err != nil {
		t.Fatal(err)
	}
	trace := 0.0
	for j := range 5 {
		dot := 0.0
		for i := range x {
			dot += w[i] * f.Residual[i] * x[i][j]
		}
		if math.Abs(dot) > 1e-10 {
			t.Errorf("residuals are not orthogonal to column %d: %v", j, dot)
		}
	}
	for _, h := range f.Leverage {
		trace += h
	}
	if math.Abs(trace-5) > 1e-10 {
		t.Errorf("leverages add up to %v, want 5", trace)
	}
}

func TestCollinearColumnsAreNamed(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 10))
	x := design(r, 30, 4)
	y := make([]float64, 30)
	for i := range x {
		y[i] = r.NormFloat64()
		x[i][3] = 2*x[i][1] - x[i][2] + 5
	}
	_, err := Fit(x, y, nil)
	var c *CollinearError
	if !errors.As(err, &c) || !slices.Equal(c.Columns, []int{3}) {
		t.Errorf("got %v", err)
	}
	if _, err := Fit(x[:2], y[:2], nil); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("two rows: %v", err)
	}
	x[4][2] = math.NaN()
	if _, err := Fit(x, y, nil); err == nil {
		t.Error("NaN is accepted")
	}
	if _, err := Fit(nil, nil, nil); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("nothing: %v", err)
	}
}

func TestScoreEquationsHold(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 12))
	x := design(r, 200, 4)
	y, counts, offset := make([]float64, 200), make([]float64, 200), make([]float64, 200)
	for i := range y {
		offset[i] = math.Log(50 + 100*r.Float64())
		counts[i] = math.Floor(math.Exp(offset[i]-3+0.4*x[i][1]) * (0.5 + r.Float64()))
		if r.Float64() < 1/(1+math.Exp(-x[i][2])) {
			y[i] = 1
		}
	}
	logit, err1 := Logit(x, y, nil, nil)
	pois, err2 := Poisson(x, counts, nil, offset)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for j := range 4 {
		a, b := 0.0, 0.0
		for i := range x {
			a += (y[i] - logit.Mu[i]) * x[i][j]
			b += (counts[i] - pois.Mu[i]) * x[i][j]
		}
		if math.Abs(a) > 1e-5 || math.Abs(b) > 1e-3 {
			t.Errorf("column %d: scores %v and %v", j, a, b)
		}
	}
}

func TestSeparationAndSilence(t *testing.T) {
	t.Parallel()
	x := [][]float64{{1, -2}, {1, -1}, {1, 1}, {1, 2}}
	g, err := Logit(x, []float64{0, 0, 1, 1}, nil, nil)
	if err != nil || !g.Penalised || math.IsNaN(g.Coef[1]) || g.Coef[1] < 1 {
		t.Errorf("separated data: %+v, %v", g, err)
	}
	none, err := Poisson(x, make([]float64, 4), nil, nil)
	if err != nil || none.Mu[0] > 1e-6 {
		t.Errorf("no events: %+v, %v", none, err)
	}
	for _, bad := range []float64{-1, math.NaN(), 2} {
		if _, err := Logit(x, []float64{0, 0, 1, bad}, nil, nil); err == nil {
			t.Errorf("outcome %v is accepted", bad)
		}
	}
}
