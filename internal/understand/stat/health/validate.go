package health

import (
	"cmp"
	"math"
	"slices"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
	"kolo/internal/understand/stat/regress"
)

// Bin is one of the equally filled groups of customers, from the lowest predicted chance to the highest.
type Bin struct {
	N        int
	Mean     float64 // mean predicted chance
	Observed float64 // share that churned
}

// Top says how well the customers with the highest predicted chance were chosen.
type Top struct {
	Share     float64
	N         int
	Precision float64
	Recall    float64
	Lift      float64 // Precision over the base rate
}

// Validation compares predicted chances of churn with what happened.
type Validation struct {
	N        int
	Events   int
	BaseRate float64

	AUC         float64
	AUCSE       float64 // DeLong
	AUCInterval stat.Interval
	Brier       float64
	Skill       float64 // 1 - Brier/(base(1-base))
	LogLoss     float64

	Slope       float64 // logistic of the outcome on logit p: 1 is perfect, below 1 is overconfident
	SlopeSE     float64
	Intercept   float64 // of that fit
	InLarge     float64 // intercept with the slope held at 1: 0 is perfect
	InLargeSE   float64
	Expected    float64 // sum of the predicted chances
	ObservedPer float64 // observed over expected

	ECE    float64 // mean |predicted - observed| over the bins
	HL     stat.Test
	Bins   []Bin
	Tops   []Top
	Refuse []string // gates that are not passed; empty: the score may be shown as validated
}

// Gates of a validated score.
const (
	GateAUC     = 0.60 // the lower bound must exceed it
	GateLow     = 0.8  // of the slope and of observed over expected
	GateHigh    = 1.25
	clampChance = 1e-12
)

// Validate takes predicted chances of churn and outcomes from customers and a time that the model has not seen. bins is
// how many groups the calibration uses. Undefined unless both outcomes occur.
func Validate(p []float64, churned []bool, bins int, level float64) (*Validation, error) {
	if err := checkPredictions(p, churned); err != nil {
		return nil, err
	}
	if err := stat.CheckLevel("health.Validate", level); err != nil {
		return nil, err
	}
	if bins < 2 || bins > len(p) {
		return nil, stat.Invalid("health.Validate", "%d bins of %d customers", bins, len(p))
	}
	v := &Validation{N: len(p)}
	for i, y := range churned {
		if y {
			v.Events++
		}
		v.Expected += p[i]
		d := p[i] - number(y)
		v.Brier += d * d / float64(v.N)
		q := min(max(p[i], clampChance), 1-clampChance)
		if !y {
			q = 1 - q
		}
		v.LogLoss -= math.Log(q) / float64(v.N)
	}
	v.BaseRate = float64(v.Events) / float64(v.N)
	v.Skill = 1 - v.Brier/(v.BaseRate*(1-v.BaseRate))
	v.ObservedPer = float64(v.Events) / v.Expected
	a := placements(p, churned)
	v.AUC, v.AUCSE = a.auc, math.Sqrt(a.covariance(a))
	half := stat.Critical(level) * v.AUCSE
	v.AUCInterval = stat.Interval{Low: max(0, v.AUC-half), High: min(1, v.AUC+half), Level: level, Method: "DeLong"}
	if err := v.calibrate(p, churned); err != nil {
		return nil, err
	}
	v.bin(p, churned, bins)
	for _, share := range []float64{0.1, 0.2} {
		v.Tops = append(v.Tops, v.top(p, churned, share))
	}
	v.gate()
	return v, nil
}

func checkPredictions(p []float64, churned []bool) error {
	if len(p) != len(churned) {
		return stat.Invalid("health", "%d predictions of %d outcomes", len(p), len(churned))
	}
	events := 0
	for i, x := range p {
		if !(x >= 0 && x <= 1) {
			return stat.Invalid("health", "prediction %d is %v", i, x)
		}
		if churned[i] {
			events++
		}
	}
	if events == 0 || events == len(p) {
		return stat.Undefined("health", "%d of %d customers churned: both outcomes are needed", events, len(p))
	}
	return nil
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func (v *Validation) calibrate(p []float64, churned []bool) error {
	x, y, logit, one := make([][]float64, v.N), make([]float64, v.N), make([]float64, v.N), make([][]float64, v.N)
	varies := false
	for i, q := range p {
		q = min(max(q, clampChance), 1-clampChance)
		logit[i] = math.Log(q / (1 - q))
		x[i], one[i], y[i] = []float64{1, logit[i]}, []float64{1}, number(churned[i])
		varies = varies || logit[i] != logit[0]
	}
	large, err := regress.Logit(one, y, nil, logit)
	if err != nil {
		return err
	}
	v.InLarge, v.InLargeSE = large.Coef[0], math.Sqrt(large.Inverse[0][0])
	if !varies {
		return stat.Undefined("health.Validate", "all predictions are the same")
	}
	free, err := regress.Logit(x, y, nil, nil)
	if err != nil {
		return err
	}
	v.Intercept, v.Slope, v.SlopeSE = free.Coef[0], free.Coef[1], math.Sqrt(free.Inverse[1][1])
	return nil
}

// order is by rising prediction, ties in the order of the input.
func order(p []float64, descending bool) []int {
	out := make([]int, len(p))
	for i := range out {
		out[i] = i
	}
	slices.SortStableFunc(out, func(i, j int) int {
		if descending {
			i, j = j, i
		}
		return cmp.Compare(p[i], p[j])
	})
	return out
}

func (v *Validation) bin(p []float64, churned []bool, bins int) {
	v.Bins = make([]Bin, bins)
	for rank, i := range order(p, false) {
		b := &v.Bins[rank*bins/v.N]
		b.N++
		b.Mean += p[i]
		b.Observed += number(churned[i])
	}
	v.HL.DF = float64(bins - 2)
	for k := range v.Bins {
		b := &v.Bins[k]
		n := float64(b.N)
		expected, observed := b.Mean, b.Observed
		b.Mean, b.Observed = b.Mean/n, b.Observed/n
		v.ECE += n / float64(v.N) * math.Abs(b.Mean-b.Observed)
		if spread := expected * (1 - b.Mean); spread > 0 {
			v.HL.Stat += (observed - expected) * (observed - expected) / spread
		}
	}
	v.HL.P = 1
	if v.HL.DF > 0 {
		v.HL.P = dist.ChiSquareUpper(v.HL.Stat, v.HL.DF)
	}
}

func (v *Validation) top(p []float64, churned []bool, share float64) Top {
	t := Top{Share: share, N: max(1, int(math.Ceil(share*float64(v.N)-1e-9)))}
	hits := 0.0
	for _, i := range order(p, true)[:t.N] {
		hits += number(churned[i])
	}
	t.Precision = hits / float64(t.N)
	t.Recall = hits / float64(v.Events)
	t.Lift = t.Precision / v.BaseRate
	return t
}

func (v *Validation) gate() {
	for _, g := range []struct {
		ok   bool
		name string
	}{
		{v.AUCInterval.Low > GateAUC, "auc"},
		{v.Slope >= GateLow && v.Slope <= GateHigh, "slope"},
		{v.ObservedPer >= GateLow && v.ObservedPer <= GateHigh, "observed_expected"},
	} {
		if !g.ok {
			v.Refuse = append(v.Refuse, g.name)
		}
	}
}

// placement holds DeLong's structural components: for each case the share of controls below it, and the reverse.
type placement struct {
	auc             float64
	cases, controls []float64
}

func placements(p []float64, churned []bool) placement {
	rank := midranks(p)
	var with, without []int
	for i, y := range churned {
		if y {
			with = append(with, i)
		} else {
			without = append(without, i)
		}
	}
	m, n := float64(len(with)), float64(len(without))
	within := func(at []int) []float64 {
		values := make([]float64, len(at))
		for k, i := range at {
			values[k] = p[i]
		}
		return midranks(values)
	}
	var a placement
	for k, r := range within(with) {
		c := (rank[with[k]] - r) / n
		a.cases = append(a.cases, c)
		a.auc += c / m
	}
	for k, r := range within(without) {
		a.controls = append(a.controls, 1-(rank[without[k]]-r)/m)
	}
	return a
}

func midranks(p []float64) []float64 {
	by, out := order(p, false), make([]float64, len(p))
	for i := 0; i < len(by); {
		j := i
		for j < len(by) && p[by[j]] == p[by[i]] {
			j++
		}
		for _, at := range by[i:j] {
			out[at] = float64(i+j+1) / 2
		}
		i = j
	}
	return out
}

// covariance of two areas on the same customers.
func (a placement) covariance(b placement) float64 {
	of := func(x, y []float64, mx, my float64) float64 {
		if len(x) < 2 {
			return 0
		}
		s := 0.0
		for i := range x {
			s += (x[i] - mx) * (y[i] - my)
		}
		return s / float64(len(x)-1) / float64(len(x))
	}
	return of(a.cases, b.cases, a.auc, b.auc) + of(a.controls, b.controls, a.auc, b.auc)
}

// AUC is the chance that a customer who churned was predicted higher than one who did not, ties counting half.
func AUC(p []float64, churned []bool) (float64, error) {
	if err := checkPredictions(p, churned); err != nil {
		return 0, err
	}
	return placements(p, churned).auc, nil
}

// CompareAUC is DeLong's paired test, A minus B: is the score better than its best single component?
func CompareAUC(a, b []float64, churned []bool) (stat.Test, error) {
	if err := checkPredictions(a, churned); err != nil {
		return stat.Test{}, err
	}
	if err := checkPredictions(b, churned); err != nil {
		return stat.Test{}, err
	}
	x, y := placements(a, churned), placements(b, churned)
	v := x.covariance(x) + y.covariance(y) - 2*x.covariance(y)
	if !(v > 1e-15) {
		return stat.Test{}, stat.Undefined("health.CompareAUC", "the two order the customers alike")
	}
	z := (x.auc - y.auc) / math.Sqrt(v)
	return stat.Test{Stat: z, P: dist.NormTwoSided(z)}, nil
}
