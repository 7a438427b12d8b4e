package effect

import (
	"math"

	"gonum.org/v1/gonum/mat"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// Structural is a counterfactual from a control series: y_t = level_t + beta x_t + e_t with a random-walk level, fitted
// before the change and forecast after it.
type Structural struct {
	Beta             []float64 // intercept (where the level starts), then one per control series
	Observation      float64   // variance of e
	LevelVariance    float64   // of the level's steps
	LogLik           float64   // restricted, before the change
	Counterfactual   []float64
	CounterfactualSD []float64
	Effect           []float64 // observed less counterfactual
	Cumulative       []float64
	CumulativeSD     []float64 // from the joint forecast covariance
	Mean             float64
	MeanSD           float64
	Relative         float64 // Mean over the mean counterfactual
	P                float64 // one-sided, in the direction of the effect
	Interval         stat.Interval
}

// MaxSeries bounds the dense computation.
const MaxSeries = 1000

// LeastLevel is the smallest standard deviation of the level's steps, as a share of the series' own: without it the bands
// come out too narrow.
const LeastLevel = 0.01

// Forecast fits the first before values. Variances are chosen by restricted maximum likelihood unless both are given
// (positive). x has a row of control values per period, which the fix must not touch; before should be three times what
// comes after.
func Forecast(y []float64, x [][]float64, before int, observation, levelVariance, level float64) (*Structural, error) {
	const op = "effect.Forecast"
	if err := stat.CheckLevel(op, level); err != nil {
		return nil, err
	}
	n := len(y)
	if len(x) != n || n > MaxSeries || before < 0 || before > n {
		return nil, stat.Invalid(op, "%d values, %d rows of controls, %d before", n, len(x), before)
	}
	for i := range y {
		sum := y[i]
		for _, v := range x[i] {
			sum += v
		}
		if math.IsNaN(sum) || math.IsInf(sum, 0) || len(x[i]) != len(x[0]) {
			return nil, stat.Invalid(op, "period %d is incomplete", i)
		}
	}
	if math.IsNaN(observation+levelVariance) || math.IsInf(observation+levelVariance, 0) {
		return nil, stat.Invalid(op, "variances %v and %v", observation, levelVariance)
	}
	if n == before || before < len(x[0])+3 {
		return nil, stat.Undefined(op, "%d periods before and %d after are too few", before, n-before)
	}
	m := localLevel{y: y, x: x, before: before}
	if observation > 0 && levelVariance > 0 {
		if !m.fit(levelVariance / observation) {
			return nil, stat.Undefined(op, "the control series cannot be told apart")
		}
		m.scale = observation
	} else {
		if err := m.reml(); err != nil {
			return nil, err
		}
	}
	return m.forecast(level)
}

// localLevel works with variances in units of the observation's.
type localLevel struct {
	y      []float64
	x      [][]float64
	before int

	chol    mat.Cholesky // of the covariance before the change
	beta    *mat.VecDense
	info    mat.Cholesky // of X' S^-1 X
	q       float64
	quad    float64 // residual quadratic form
	scale   float64
	k       int
	weighed *mat.VecDense // S^-1 residual
}

func (m *localLevel) covariance(i, j int) float64 {
	v := m.q * float64(min(i, j)+1)
	if i == j {
		v++
	}
	return v
}

func (m *localLevel) row(i int) []float64 { return append([]float64{1}, m.x[i]...) }

func (m *localLevel) fit(q float64) bool {
	m.q, m.k = q, 1+len(m.x[0])
	n := m.before
	s, design := mat.NewSymDense(n, nil), mat.NewDense(n, m.k, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, m.covariance(i, j))
		}
		design.SetRow(i, m.row(i))
	}
	if !m.chol.Factorize(s) {
		return false
	}
	y := mat.NewVecDense(n, append([]float64(nil), m.y[:n]...))
	var sx mat.Dense
	if m.chol.SolveTo(&sx, design) != nil {
		return false
	}
	var info mat.Dense
	info.Mul(design.T(), &sx)
	sym := mat.NewSymDense(m.k, nil)
	for i := range m.k {
		for j := i; j < m.k; j++ {
			sym.SetSym(i, j, info.At(i, j))
		}
	}
	if !m.info.Factorize(sym) || m.info.Cond() > 1e14 {
		return false
	}
	var rhs, beta mat.VecDense
	rhs.MulVec(sx.T(), y)
	if m.info.SolveVecTo(&beta, &rhs) != nil {
		return false
	}
	m.beta = &beta
	var fitted, residual, weighed mat.VecDense
	fitted.MulVec(design, &beta)
	residual.SubVec(y, &fitted)
	if m.chol.SolveVecTo(&weighed, &residual) != nil {
		return false
	}
	m.weighed = &weighed
	m.quad = mat.Dot(&residual, &weighed)
	return true
}

// logLik is the restricted log-likelihood at an observation variance.
func (m *localLevel) logLik(observation float64) float64 {
	df := float64(m.before - m.k)
	return -df/2*math.Log(2*math.Pi*observation) - m.chol.LogDet()/2 - m.info.LogDet()/2 - m.quad/observation/2
}

func (m *localLevel) profile() float64 { return m.quad / float64(m.before-m.k) }

func (m *localLevel) reml() error {
	spread := stat.MomentsOf(m.y[:m.before]).SD
	if spread == 0 {
		return stat.Undefined("effect.Forecast", "the series does not vary before the change")
	}
	ok := true
	log := maximise(func(log float64) float64 {
		if !m.fit(math.Exp(log)) || !(m.quad > 0) {
			ok = false
			return math.Inf(-1)
		}
		return m.logLik(m.profile())
	}, math.Log(1e-8), math.Log(1e4))
	if !ok || !m.fit(math.Exp(log)) {
		return stat.Undefined("effect.Forecast", "the control series cannot be told apart, or fit without any error")
	}
	m.scale = m.profile()
	if least := LeastLevel * LeastLevel * spread * spread; m.q*m.scale < least {
		if !m.fit(least / m.scale) {
			return stat.Undefined("effect.Forecast", "the control series cannot be told apart")
		}
	}
	return nil
}

func (m *localLevel) forecast(level float64) (*Structural, error) {
	n, h, t0 := m.before, len(m.y)-m.before, m.before
	r := &Structural{Beta: append([]float64(nil), m.beta.RawVector().Data...), Observation: m.scale,
		LevelVariance: m.q * m.scale, LogLik: m.logLik(m.scale)}
	cross, design := mat.NewDense(n, h, nil), mat.NewDense(n, m.k, nil)
	for i := range n {
		design.SetRow(i, m.row(i))
		for j := range h {
			cross.Set(i, j, m.covariance(i, t0+j))
		}
	}
	var a mat.Dense // S^-1 S_bf
	if err := m.chol.SolveTo(&a, cross); err != nil {
		return nil, stat.Undefined("effect.Forecast", "the covariance before the change is singular")
	}
	var krige, gap, known mat.Dense
	krige.Mul(cross.T(), &a)
	gap.Mul(design.T(), &a) // k x h
	for j := range h {
		for i, v := range m.row(t0 + j) {
			gap.Set(i, j, v-gap.At(i, j))
		}
	}
	if err := m.info.SolveTo(&known, &gap); err != nil {
		return nil, stat.Undefined("effect.Forecast", "the control series cannot be told apart")
	}
	var learned mat.Dense
	learned.Mul(gap.T(), &known)
	joint := func(i, j int) float64 {
		return m.scale * (m.covariance(t0+i, t0+j) - krige.At(i, j) + learned.At(i, j))
	}
	total, variance, expected := 0.0, 0.0, 0.0
	for j := range h {
		mean := mat.Dot(cross.ColView(j), m.weighed)
		for i, v := range m.row(t0 + j) {
			mean += v * r.Beta[i]
		}
		own := joint(j, j)
		for i := range j {
			variance += 2 * joint(i, j)
		}
		variance += own
		expected += mean
		total += m.y[t0+j] - mean
		r.Counterfactual = append(r.Counterfactual, mean)
		r.CounterfactualSD = append(r.CounterfactualSD, math.Sqrt(max(0, own)))
		r.Effect = append(r.Effect, m.y[t0+j]-mean)
		r.Cumulative = append(r.Cumulative, total)
		r.CumulativeSD = append(r.CumulativeSD, math.Sqrt(max(0, variance)))
	}
	r.Mean, r.MeanSD = total/float64(h), math.Sqrt(max(0, variance))/float64(h)
	if expected != 0 {
		r.Relative = total / expected
	}
	r.P = dist.NormUpper(math.Abs(r.Mean) / r.MeanSD)
	half := stat.Critical(level) * r.MeanSD
	r.Interval = stat.Interval{Low: r.Mean - half, High: r.Mean + half, Level: level, Method: "local level"}
	return r, nil
}
