package effect

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
	"kolo/internal/understand/stat/regress"
)

// rhoLow and rhoHigh bound the autocorrelation that is looked for.
const (
	rhoLow  = -0.9
	rhoHigh = 0.98
)

// AR1 is a regression with errors e_t = rho e_{t-1} + noise.
type AR1 struct {
	Rho    float64
	Coef   []float64
	Cov    [][]float64
	LogLik float64 // restricted
}

// whiten is Prais and Winsten's transformation, which keeps the first row.
func whiten(x [][]float64, y []float64, rho float64) ([][]float64, []float64) {
	xs, ys := make([][]float64, len(x)), make([]float64, len(y))
	for i, row := range x {
		xs[i] = make([]float64, len(row))
		if i == 0 {
			s := math.Sqrt(1 - rho*rho)
			for j, v := range row {
				xs[i][j] = s * v
			}
			ys[i] = s * y[i]
			continue
		}
		for j, v := range row {
			xs[i][j] = v - rho*x[i-1][j]
		}
		ys[i] = y[i] - rho*y[i-1]
	}
	return xs, ys
}

func fitAR(x [][]float64, y []float64, rho float64) (*AR1, error) {
	xs, ys := whiten(x, y, rho)
	fit, err := regress.Fit(xs, ys, nil)
	if err != nil {
		return nil, err
	}
	cov, err := fit.Cov()
	if err != nil {
		return nil, err
	}
	s2 := fit.RSS / fit.DF
	if !(s2 > 0) {
		return nil, stat.Undefined("effect", "the series is fitted without any error")
	}
	return &AR1{Rho: rho, Coef: fit.Coef, Cov: cov,
		LogLik: -fit.DF/2*(math.Log(2*math.Pi*s2)+1) + math.Log(1-rho*rho)/2 - fit.LogDet/2}, nil
}

// REML chooses rho by restricted maximum likelihood in (-.9, .98) and fits by generalised least squares.
func REML(x [][]float64, y []float64) (*AR1, error) {
	var failure error
	at := func(rho float64) float64 {
		f, err := fitAR(x, y, rho)
		if err != nil {
			failure = err
			return math.Inf(-1)
		}
		return f.LogLik
	}
	rho := maximise(at, rhoLow, rhoHigh)
	if failure != nil {
		return nil, failure
	}
	return fitAR(x, y, rho)
}

// maximise looks on a grid first, since the likelihood may have two peaks, then narrows the best by golden sections.
func maximise(f func(float64) float64, low, high float64) float64 {
	const grid = 40
	best, at := math.Inf(-1), 0
	for i := range grid + 1 {
		if v := f(low + (high-low)*float64(i)/grid); v > best {
			best, at = v, i
		}
	}
	step := (high - low) / grid
	a, b := max(low, low+step*float64(at-1)), min(high, low+step*float64(at+1))
	g := (math.Sqrt(5) - 1) / 2
	c, d := b-g*(b-a), a+g*(b-a)
	fc, fd := f(c), f(d)
	for b-a > 1e-9*(high-low) {
		if fc >= fd {
			b, d, fd = d, c, fc
			c = b - g*(b-a)
			fc = f(c)
		} else {
			a, c, fc = c, d, fd
			d = a + g*(b-a)
			fd = f(d)
		}
	}
	return (a + b) / 2
}

// PraisWinsten iterates rho = sum e_t e_{t-1} / sum_{t>=2} e_{t-1}^2 of the residuals on the original scale until it
// stands still.
func PraisWinsten(x [][]float64, y []float64) (*AR1, error) {
	rho := 0.0
	for range 500 {
		f, err := fitAR(x, y, rho)
		if err != nil {
			return nil, err
		}
		num, den, last := 0.0, 0.0, 0.0
		for i, row := range x {
			e := y[i] - regress.Dot(row, f.Coef)
			if i > 0 {
				num += e * last
				den += last * last
			}
			last = e
		}
		next := 0.0
		if den > 0 {
			next = min(max(num/den, -0.999), 0.999)
		}
		if math.Abs(next-rho) < 1e-12 {
			return fitAR(x, y, next)
		}
		rho = next
	}
	return nil, stat.Undefined("effect.PraisWinsten", "the autocorrelation does not settle")
}

// NeweyWestLag is the number of lags that goes with a length: floor(.75 n^(1/3)).
func NeweyWestLag(n int) int { return int(math.Floor(0.75 * math.Cbrt(float64(n)))) }

// neweyWest is bread meat bread with Bartlett weights over the score contributions.
func neweyWest(bread, scores [][]float64, lag int) [][]float64 {
	meat := regress.Zero(len(bread))
	for i, s := range scores {
		regress.AddOuter(meat, s, s, 1)
		for l := 1; l <= lag && l <= i; l++ {
			w := 1 - float64(l)/float64(lag+1)
			regress.AddOuter(meat, s, scores[i-l], w)
			regress.AddOuter(meat, scores[i-l], s, w)
		}
	}
	return regress.Sandwich(bread, meat)
}

// Interruption is a series with a known date of change. Index counts: the first Before values come before it.
type Interruption struct {
	Y      []float64
	Before int
	Extra  [][]float64 // per period: seasonal terms and the like; may be nil
	Slope  bool        // let the slope change too; without it the level alone
	Lag    int         // of Newey-West; 0: NeweyWestLag
}

// Fewest periods before and after a change, and the lengths below which OLS stands in, and a warning is due.
const (
	SegmentsBefore = 12
	SegmentsAfter  = 6
	REMLFrom       = 12
	NarrowBelow    = 24
)

func (s Interruption) check(op string) error {
	n := len(s.Y)
	if s.Extra != nil && len(s.Extra) != n {
		return stat.Invalid(op, "%d values with %d rows of terms", n, len(s.Extra))
	}
	for i, v := range s.Y {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return stat.Invalid(op, "value %d is %v", i, v)
		}
	}
	if s.Before < 3 || n-s.Before < 2 {
		return stat.Undefined(op, "%d periods before and %d after the change are too few", s.Before, n-s.Before)
	}
	return nil
}

// design is 1, t, level, slope when asked for, then the extra terms; t counts from 1.
func (s Interruption) design() [][]float64 {
	x := make([][]float64, len(s.Y))
	for i := range x {
		t, level, slope := float64(i+1), 0.0, 0.0
		if i >= s.Before {
			level, slope = 1, float64(i+1-s.Before)
		}
		x[i] = []float64{1, t, level}
		if s.Slope {
			x[i] = append(x[i], slope)
		}
		if s.Extra != nil {
			x[i] = append(x[i], s.Extra[i]...)
		}
	}
	return x
}

// LevelAt and SlopeAt are the columns of the change; SlopeAt only with Slope.
const (
	LevelAt = 2
	SlopeAt = 3
)

// Segmented is an interrupted time series by segmented regression, in the unit of the series.
type Segmented struct {
	Coef       []float64 // OLS: intercept, trend, level, slope, extra
	SE         []float64 // OLS
	DF         float64
	Watson     float64 // Durbin-Watson
	Lag        int
	NeweyWest  [][]float64 // covariance; a secondary line: it is too small under autocorrelation
	NeweyWestN [][]float64 // times n/(n-k)
	Prais      *AR1
	GLS        *AR1 // the default; nil for series shorter than REMLFrom, where OLS stands in

	Level          stat.Difference // change of level: GLS estimate with the larger of the OLS and REML errors
	Mean           stat.Difference // mean effect over the periods after, in the same way
	Counterfactual float64         // mean of what would have been, by OLS
	Relative       float64         // OLS mean effect over Counterfactual
	MeanOLS        float64
	TooNarrow      bool // fewer than NarrowBelow periods: say that the interval may be too narrow
}

// Segment fits y = b0 + b1 t + b2 after + b3 (periods since) + extra. The default inference is GLS with REML AR(1) errors,
// t with n-k degrees of freedom and SE the larger of OLS and REML, since either alone covers too little.
func Segment(s Interruption, level float64) (*Segmented, error) {
	const op = "effect.Segment"
	if err := stat.CheckLevel(op, level); err != nil {
		return nil, err
	}
	if err := s.check(op); err != nil {
		return nil, err
	}
	x, n := s.design(), len(s.Y)
	fit, err := regress.Fit(x, s.Y, nil)
	if err != nil {
		return nil, err
	}
	cov, err := fit.Cov()
	if err != nil {
		return nil, err
	}
	r := &Segmented{Coef: fit.Coef, SE: regress.SE(cov), DF: fit.DF, Lag: s.Lag, TooNarrow: n < NarrowBelow}
	if r.Lag == 0 {
		r.Lag = NeweyWestLag(n)
	}
	scores := make([][]float64, n)
	num := 0.0
	for i, row := range x {
		scores[i] = make([]float64, len(row))
		for j, v := range row {
			scores[i][j] = v * fit.Residual[i]
		}
		if i > 0 {
			d := fit.Residual[i] - fit.Residual[i-1]
			num += d * d
		}
	}
	if fit.RSS > 0 {
		r.Watson = num / fit.RSS
	}
	r.NeweyWest = neweyWest(fit.Inverse, scores, r.Lag)
	r.NeweyWestN = regress.Scale(r.NeweyWest, float64(n)/fit.DF)
	mean := s.meanEffect(len(fit.Coef))
	r.MeanOLS = regress.Dot(mean, fit.Coef)
	for i := s.Before; i < n; i++ {
		r.Counterfactual += (fit.Fitted[i] - s.effectAt(i, fit.Coef)) / float64(n-s.Before)
	}
	if r.Counterfactual != 0 {
		r.Relative = r.MeanOLS / r.Counterfactual
	}
	coef, used := fit.Coef, cov
	if n >= REMLFrom {
		if r.GLS, err = REML(x, s.Y); err != nil {
			return nil, err
		}
		coef = r.GLS.Coef
		if r.Prais, err = PraisWinsten(x, s.Y); err != nil {
			r.Prais = nil // a secondary line: the analysis stands without it
		}
	}
	contrast := func(v []float64) stat.Difference {
		variance := regress.Quadratic(v, used)
		if r.GLS != nil {
			variance = max(variance, regress.Quadratic(v, r.GLS.Cov))
		}
		return tested(regress.Dot(v, coef), math.Sqrt(max(0, variance)), r.DF, level)
	}
	at := make([]float64, len(fit.Coef))
	at[LevelAt] = 1
	r.Level, r.Mean = contrast(at), contrast(mean)
	return r, nil
}

func tested(estimate, se, df, level float64) stat.Difference {
	half := stat.CriticalT(level, df) * se
	d := stat.Difference{Estimate: estimate, Centre: estimate, SE: se, DF: df, P: 1,
		Interval: stat.Interval{Low: estimate - half, High: estimate + half, Level: level, Method: "t"}}
	if se > 0 {
		d.Stat = estimate / se
		d.P = dist.TTwoSided(d.Stat, df)
	}
	return d
}

// meanEffect is the contrast whose product with the coefficients is the mean effect after the change.
func (s Interruption) meanEffect(k int) []float64 {
	v, after := make([]float64, k), float64(len(s.Y)-s.Before)
	v[LevelAt] = 1
	if s.Slope {
		v[SlopeAt] = (after + 1) / 2
	}
	return v
}

func (s Interruption) effectAt(i int, coef []float64) float64 {
	if i < s.Before {
		return 0
	}
	e := coef[LevelAt]
	if s.Slope {
		e += coef[SlopeAt] * float64(i+1-s.Before)
	}
	return e
}
