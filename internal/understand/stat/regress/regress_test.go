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

func TestWeightsAreRowsRepeated(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(13, 14))
	x := design(r, 90, 3)
	y, w := make([]float64, 90), make([]float64, 90)
	var rows [][]float64
	var every []float64
	for i := range y {
		if r.Float64() < 1/(1+math.Exp(-x[i][1])) {
			y[i] = 1
		}
		w[i] = float64(i % 3)
		for range i % 3 {
			rows, every = append(rows, x[i]), append(every, y[i])
		}
	}
	near := func(what string, a, b []float64) {
		for j := range a {
			if math.Abs(a[j]-b[j]) > 1e-5 { // iterations end when the deviance stands still, as R's do, not the errors
				t.Errorf("%s %d: %v weighted, %v repeated", what, j, a[j], b[j])
			}
		}
	}
	a, err1 := Fit(x, y, w)
	b, err2 := Fit(rows, every, nil)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	near("least squares", a.Coef, b.Coef)
	near("its inverse", SE(a.Inverse), SE(b.Inverse))
	for _, f := range []func(x [][]float64, y, w, offset []float64) (*GLM, error){Logit, Poisson} {
		g, err1 := f(x, y, w, nil)
		h, err2 := f(rows, every, nil, nil)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		near("coefficient", g.Coef, h.Coef)
		near("its error", SE(g.Inverse), SE(h.Inverse))
		if math.Abs(g.Deviance-h.Deviance) > 1e-7 {
			t.Errorf("deviance %v weighted, %v repeated", g.Deviance, h.Deviance)
		}
	}
}

func TestARidgePullsToNothing(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(15, 16))
	x := design(r, 200, 4)
	y := make([]float64, 200)
	for i := range y {
		if r.Float64() < 1/(1+math.Exp(-2*x[i][1])) {
			y[i] = 1
		}
	}
	last := math.Inf(1)
	for _, lambda := range []float64{1e-3, 1, 30, 1e3, 1e6} {
		g, err := RidgeLogit(x, y, lambda)
		if err != nil {
			t.Fatal(err)
		}
		size := math.Hypot(g.Coef[1], math.Hypot(g.Coef[2], g.Coef[3]))
		if size >= last {
			t.Errorf("a penalty of %v leaves coefficients of %v, the one before %v", lambda, size, last)
		}
		last = size
	}
}
