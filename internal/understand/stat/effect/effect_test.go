package effect

import (
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/regress"
	"kolo/internal/understand/stat/vectortest"
)

func TestRatiosTurnAround(t *testing.T) {
	t.Parallel()
	a, b := Count{240, 60000}, Count{150, 62000}
	x := vectortest.OK[BeforeAfter](t)(Compare(a, b, 1, 0.95))
	y := vectortest.OK[BeforeAfter](t)(Compare(b, a, 1, 0.95))
	near(t, "ratio", x.Ratio*y.Ratio, 1, 1e-12)
	near(t, "interval", x.Exact.Low*y.Exact.High, 1, 1e-9)
	near(t, "p", x.ExactP, y.ExactP, 1e-12)
	perThousand := vectortest.OK[BeforeAfter](t)(Compare(Count{240, 60}, Count{150, 62}, 1, 0.95))
	near(t, "unit of exposure", perThousand.Exact.Low, x.Exact.Low, 1e-9)
	wide := vectortest.OK[BeforeAfter](t)(Compare(a, b, 4, 0.95))
	near(t, "dispersion", wide.Wald.SE, 2*x.Wald.SE, 1e-12)
	none := vectortest.OK[BeforeAfter](t)(Compare(Count{5, 100}, Count{0, 100}, 1, 0.95))
	if none.Wald != nil || none.Ratio != 0 || none.Exact.Low != 0 || !(none.Exact.High < 1.5) {
		t.Errorf("no events after: %+v", none)
	}
	for name, err := range map[string]error{
		"nothing before": second(Compare(Count{0, 10}, Count{3, 10}, 1, 0.95)),
		"no exposure":    second(Compare(Count{1, 0}, Count{3, 10}, 1, 0.95)),
		"zero count":     second(RatioOfRatios(a, b, a, Count{0, 5}, 1, 0.95)),
	} {
		if !errors.Is(err, stat.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Compare(Count{1.5, 10}, Count{1, 10}, 1, 0.95); err == nil {
		t.Error("half an event is accepted")
	}
}

func TestControlsInAnyOrder(t *testing.T) {
	t.Parallel()
	treated := Theme{Count{470, 93765}, Count{187, 60937}}
	var controls []Theme
	for i := range 8 {
		f := float64(i)
		controls = append(controls, Theme{Count{400 + 40*f, 90000}, Count{270 + 31*f, 65000}})
	}
	a := vectortest.OK[*WithControls](t)(AgainstControls(treated, controls, 1.2, 0.95))
	slices.Reverse(controls)
	b := vectortest.OK[*WithControls](t)(AgainstControls(treated, controls, 1.2, 0.95))
	near(t, "effect", a.Effect.Log, b.Effect.Log, 1e-10)
	near(t, "SE", a.Effect.SE, b.Effect.SE, 1e-10)
	if a.LeaveOneOut[0] > a.Effect.Ratio || a.LeaveOneOut[1] < a.Effect.Ratio {
		t.Errorf("leaving one out gives %v around %v", a.LeaveOneOut, a.Effect.Ratio)
	}
	if _, err := AgainstControls(treated, controls[:2], 1, 0.95); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("two controls: %v", err)
	}
	if v := Judge(a.Effect.Interval, 0.05); v != Worked {
		t.Errorf("%v is called %q", a.Effect.Interval, v)
	}
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	for want, i := range map[Verdict]stat.Interval{
		Worked: {Low: 0.5, High: 0.7}, Improved: {Low: 0.6, High: 0.95}, NotShown: {Low: 0.8, High: 1.1}, Worse: {Low: 1.1, High: 1.6},
	} {
		if got := Judge(i, 0.2); got != want {
			t.Errorf("%v: %q, want %q", i, got, want)
		}
	}
	fine := Windows{Before: [2]int{0, 29}, Trigger: [2]int{30, 33}, After: [2]int{36, 47}}
	if err := fine.Check(); err != nil {
		t.Error(err)
	}
	for name, w := range map[string]Windows{
		"trigger in the baseline": {Before: [2]int{0, 31}, Trigger: [2]int{30, 33}, After: [2]int{36, 47}},
		"after too early":         {Before: [2]int{0, 29}, Trigger: [2]int{30, 33}, After: [2]int{33, 47}},
		"short baseline":          {Before: [2]int{10, 29}, Trigger: [2]int{30, 33}, After: [2]int{36, 47}},
		"short after":             {Before: [2]int{0, 29}, Trigger: [2]int{30, 33}, After: [2]int{36, 39}},
	} {
		if w.Check() == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// autoregressive makes n values around a line with a step.
func autoregressive(seed uint64, n, before int, rho, step float64) []float64 {
	r := rand.New(rand.NewPCG(seed, 9))
	y, e := make([]float64, n), 0.0
	for i := range y {
		e = rho*e + r.NormFloat64()
		y[i] = 50 + 0.1*float64(i) + e
		if i >= before {
			y[i] += step
		}
	}
	return y
}

func TestREMLFindsTheAutocorrelation(t *testing.T) {
	t.Parallel()
	mean := 0.0
	for seed := range uint64(8) {
		s := Interruption{Y: autoregressive(seed, 200, 120, 0.5, -6), Before: 120}
		r := vectortest.OK[*Segmented](t)(Segment(s, 0.95))
		mean += r.GLS.Rho / 8
		if math.Abs(r.Level.Estimate+6) > 5*r.Level.SE {
			t.Errorf("seed %d: level %v +- %v, want -6", seed, r.Level.Estimate, r.Level.SE)
		}
		if r.Level.SE < r.SE[LevelAt]-1e-12 {
			t.Errorf("the default error %v is below OLS %v", r.Level.SE, r.SE[LevelAt])
		}
	}
	near(t, "mean rho", mean, 0.5, 0.08)
}

func TestATrendInTheDataIsATrendInTheModel(t *testing.T) {
	t.Parallel()
	s := Interruption{Y: autoregressive(4, 60, 40, 0.3, -2), Before: 40, Slope: true}
	a := vectortest.OK[*Segmented](t)(Segment(s, 0.95))
	tilted := s
	tilted.Y = slices.Clone(s.Y)
	for i := range tilted.Y {
		tilted.Y[i] = 10 * (tilted.Y[i] + 7 - 0.3*float64(i+1))
	}
	b := vectortest.OK[*Segmented](t)(Segment(tilted, 0.95))
	near(t, "level", b.Level.Estimate, 10*a.Level.Estimate, 1e-5)
	near(t, "SE", b.Level.SE, 10*a.Level.SE, 1e-5)
	near(t, "p", b.Level.P, a.Level.P, 1e-6)
}

func TestDegenerateInterruptions(t *testing.T) {
	t.Parallel()
	flat := make([]float64, 40)
	for name, err := range map[string]error{
		"constant":    second(Segment(Interruption{Y: flat, Before: 20}, 0.95)),
		"empty":       second(Segment(Interruption{}, 0.95)),
		"nothing yet": second(Segment(Interruption{Y: flat, Before: 40}, 0.95)),
		"silent":      second(SegmentCounts(Interruption{Y: flat, Before: 20}, ones(40), 0.95)),
		"no exposure": second(SegmentCounts(Interruption{Y: ones(40), Before: 20}, flat, 0.95)),
		"all alike":   second(FitNegativeBinomial([][]float64{{1}, {1}, {1}}, []float64{4, 4, 4}, flat[:3])),
		"no controls": second(DifferenceInDifferences([]Cell{{1, 1, Count{3, 10}}, {1, 2, Count{3, 10}}}, 1, 1, 0.95)),
	} {
		if !errors.Is(err, stat.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Segment(Interruption{Y: []float64{1, math.NaN(), 2, 3, 4, 5, 6}, Before: 4}, 0.95); err == nil {
		t.Error("NaN is accepted")
	}
	short := vectortest.OK[*Segmented](t)(Segment(Interruption{Y: autoregressive(1, 10, 6, 0, -3), Before: 6}, 0.95))
	if short.GLS != nil || !short.TooNarrow || !(short.Level.SE > 0) {
		t.Errorf("ten periods: %+v", short.Level)
	}
	extra := Interruption{Y: autoregressive(1, 30, 20, 0, 0), Before: 20}
	for i := range 30 {
		extra.Extra = append(extra.Extra, []float64{float64(i)}) // a second trend
	}
	var c *regress.CollinearError
	if _, err := Segment(extra, 0.95); !errors.As(err, &c) {
		t.Errorf("a term twice: %v", err)
	}
}

func ones(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = 1
	}
	return out
}

func TestAvoidedCasesCoverTheTruth(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	covered := 0
	const runs = 40
	for range runs {
		s := Interruption{Before: 40}
		exposure := make([]float64, 60)
		truth := 0.0
		for i := range exposure {
			exposure[i] = 900 + 200*r.Float64()
			mu := exposure[i] * 0.02
			if i >= 40 {
				truth += 0.4 * mu
				mu *= 0.6
			}
			s.Y = append(s.Y, math.Max(0, math.Round(mu+math.Sqrt(mu)*r.NormFloat64())))
		}
		c := vectortest.OK[*CountSeries](t)(SegmentCounts(s, exposure, 0.95))
		if c.Avoided.Interval.Contains(truth) {
			covered++
		}
	}
	if covered < 34 {
		t.Errorf("the interval holds the truth %d times of %d", covered, runs)
	}
}

func TestForecastIgnoresLevelAndUnits(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(6, 6))
	var y, z []float64
	var x, w [][]float64
	for i := range 60 {
		control := 50 + 3*math.Sin(float64(i)/5) + r.NormFloat64()
		v := 10 + 0.6*control + r.NormFloat64()
		if i >= 45 {
			v -= 4
		}
		y, x = append(y, v), append(x, []float64{control})
		z, w = append(z, 100*v-2000), append(w, []float64{1000 - control})
	}
	a := vectortest.OK[*Structural](t)(Forecast(y, x, 45, 0, 0, 0.95))
	b := vectortest.OK[*Structural](t)(Forecast(z, w, 45, 0, 0, 0.95))
	near(t, "effect", b.Mean, 100*a.Mean, 1e-4)
	near(t, "its SD", b.MeanSD, 100*a.MeanSD, 1e-3)
	if !a.Interval.Contains(-4) || a.Interval.Contains(0) {
		t.Errorf("an effect of -4 is given as %v", a.Interval)
	}
	constant := make([][]float64, 60)
	for i := range constant {
		constant[i] = []float64{3}
	}
	for name, err := range map[string]error{
		"constant control": second(Forecast(y, constant, 45, 0, 0, 0.95)),
		"constant series":  second(Forecast(ones(60), x, 45, 0, 0, 0.95)),
		"nothing after":    second(Forecast(y, x, 60, 0, 0, 0.95)),
	} {
		if !errors.Is(err, stat.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestSimplexIsOptimal(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(7, 7))
	for range 40 {
		n, p := 15, 2+r.IntN(12)
		y, donors := make([]float64, n), make([][]float64, p)
		for j := range donors {
			donors[j] = make([]float64, n)
			for t := range n {
				donors[j][t] = 5 + r.NormFloat64()
			}
		}
		for t := range y {
			y[t] = 5.2 + r.NormFloat64()
		}
		w, err := simplex(y, donors)
		if err != nil {
			t.Fatal(err)
		}
		sum, gap := 0.0, slices.Clone(y)
		for j := range w {
			if w[j] < 0 {
				t.Fatalf("weight %v", w[j])
			}
			sum += w[j]
			for t := range gap {
				gap[t] -= w[j] * donors[j][t]
			}
		}
		// At the optimum no donor pulls more than those in use.
		pull := func(j int) float64 { return regress.Dot(donors[j], gap) }
		level := math.Inf(-1)
		for j := range w {
			level = max(level, pull(j))
		}
		for j := range w {
			if w[j] > 1e-9 && math.Abs(pull(j)-level) > 1e-7 {
				t.Errorf("donor %d is in use with pull %v, the most is %v", j, pull(j), level)
			}
		}
		near(t, "sum of weights", sum, 1, 1e-12)
	}
	if _, err := SyntheticControl(ones(10), [][]float64{ones(10), ones(10)}, 5); err == nil {
		t.Error("donors without any error have no ratio")
	}
}

func TestMoneyAddsUp(t *testing.T) {
	t.Parallel()
	c := Costs{Avoided: Uncertain{500, 60}, ContactsPerCase: Uncertain{1.5, 0.05}, CostPerContact: Uncertain{7, 0.4},
		Compensated: Uncertain{0.2, 0.01}, Compensation: Uncertain{15, 1}, ExcessChurn: Uncertain{0.02, 0.003},
		Lifetime: Uncertain{300, 20}, Months: 6, RunCost: 300, OneOff: 5000}
	s := vectortest.OK[Savings](t)(Save(c, 0.95))
	near(t, "parts", s.Handling+s.Compensated+s.Churn, s.Gross.Value, 1e-9)
	m := vectortest.OK[Simulated](t)(Simulate(c, Sampling{Seed: 3}, 0.95))
	near(t, "mean", m.GrossMean, s.Gross.Value, 0.02*s.Gross.Value)
	near(t, "low end", m.Gross.Low, s.GrossCI.Low, 0.05*s.Gross.Value)
	near(t, "high end", m.Gross.High, s.GrossCI.High, 0.05*s.Gross.Value)
	if again := vectortest.OK[Simulated](t)(Simulate(c, Sampling{Seed: 3}, 0.95)); again.Gross != m.Gross || *again.Payback != *m.Payback {
		t.Error("the same seed gives other numbers")
	}
	if m.Hard.High >= m.Gross.High {
		t.Errorf("hard savings %v reach beyond all of them %v", m.Hard, m.Gross)
	}
	c.Cashable = CashableShare
	less := vectortest.OK[Savings](t)(Save(c, 0.95))
	near(t, "cashable", less.Handling, CashableShare*s.Handling, 1e-9)
	c.Avoided = Uncertain{}
	zero := vectortest.OK[Savings](t)(Save(c, 0.95))
	if zero.Payback != nil || zero.PPositive != 0 {
		t.Errorf("nothing avoided: %+v", zero)
	}
	fromRatio := Sampling{Seed: 1, Avoided: AvoidedFromRatio(1000, Ratio{Log: math.Log(0.6), SE: 0.1, DF: 30})}
	if x := vectortest.OK[Simulated](t)(Simulate(c, fromRatio, 0.95)); !(x.Gross.Low > 0 && x.Gross.Low < x.GrossMed) {
		t.Errorf("from a ratio: %+v", x.Gross)
	}
	c.Months = 0
	if _, err := Simulate(c, Sampling{}, 0.95); err == nil {
		t.Error("zero months are accepted")
	}
}

func TestRevenueAtRisk(t *testing.T) {
	t.Parallel()
	r := vectortest.OK[AtRisk](t)(RevenueAtRisk(200, 50, 1000, Uncertain{0.05, 0.01}, Uncertain{0.08, 0.02}, Uncertain{400, 30}, 0.95))
	near(t, "affected", r.Affected, 4000, 1e-9)
	near(t, "value", r.Value.Value, (200*0.05+3800*0.08)*400, 1e-6)
	// Against simulation of the same independent errors.
	rng := rand.New(rand.NewPCG(8, 8))
	var draws []float64
	for range 20000 {
		pi := 0.05 + math.Sqrt(0.05*0.95/1000)*rng.NormFloat64()*0.1 // a tenth, where the delta method is exact enough
		draws = append(draws, 200/pi)
	}
	spread := stat.MomentsOf(draws).SD * 10
	only := vectortest.OK[AtRisk](t)(RevenueAtRisk(200, 50, 1000, Uncertain{}, Uncertain{1, 0}, Uncertain{1, 0}, 0.95))
	near(t, "SE of the propensity", only.Value.SE, spread, 0.03*spread)
	if _, err := RevenueAtRisk(200, 0, 1000, Uncertain{}, Uncertain{}, Uncertain{}, 0.95); !errors.Is(err, stat.ErrUndefined) {
		t.Errorf("nobody told: %v", err)
	}
	for name, err := range map[string]error{
		"eternal":   second(LifetimeValue(100, 1, 0, 0, false)),
		"no strata": second(AttributableChurn([]Stratum{{1, 5, 0, 0}})),
	} {
		if !errors.Is(err, stat.ErrUndefined) {
			t.Errorf("%s: %v", name, err)
		}
	}
	near(t, "never leaves, five years", vectortest.OK[float64](t)(LifetimeValue(100, 1, 0, 5, true)), 600, 1e-9)
}

func second[T any](_ T, err error) error { return err }

func BenchmarkSegmentCounts(b *testing.B) {
	s := Interruption{Before: 70}
	r := rand.New(rand.NewPCG(1, 1))
	for range 104 {
		s.Y = append(s.Y, float64(20+r.IntN(15)))
	}
	for b.Loop() {
		if _, err := SegmentCounts(s, ones(104), 0.95); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSimulate(b *testing.B) {
	c := Costs{Avoided: Uncertain{500, 60}, ContactsPerCase: Uncertain{1.5, 0.05}, CostPerContact: Uncertain{7, 0.4},
		Compensated: Uncertain{0.2, 0.01}, Compensation: Uncertain{15, 1}, ExcessChurn: Uncertain{0.02, 0.003},
		Lifetime: Uncertain{300, 20}, Months: 6, RunCost: 300, OneOff: 5000}
	for b.Loop() {
		if _, err := Simulate(c, Sampling{Seed: 3}, 0.95); err != nil {
			b.Fatal(err)
		}
	}
}

func TestPanelsInAnyOrder(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(11, 11))
	var cells, other []Cell
	for u := range 5 {
		for p := range 8 {
			c := Cell{u, p, Count{float64(20 + r.IntN(30)), float64(1000 + r.IntN(500))}}
			cells = append(cells, c)
			c.Exposure *= 1000 // in another unit
			other = append(other, c)
		}
	}
	r.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
	a := vectortest.OK[*Panel](t)(DifferenceInDifferences(cells, 2, 4, 0.95))
	b := vectortest.OK[*Panel](t)(DifferenceInDifferences(other, 2, 4, 0.95))
	for name, pair := range map[string][2]float64{
		"two-way Poisson": {a.Poisson, b.Poisson}, "its error": {a.PoissonSE, b.PoissonSE}, "two-way log": {a.Log, b.Log}, "cluster": {a.LogCluster, b.LogCluster},
		"ratio": {a.Ratio.Log, b.Ratio.Log}, "rank": {a.PlaceboP, b.PlaceboP}, "trend": {a.PreTrend, b.PreTrend}, "simple": {a.Simple, 1000 * b.Simple},
	} {
		near(t, name, pair[0], pair[1], 1e-6*(1+math.Abs(pair[0])))
	}
	slices.Sort(a.Placebo)
	slices.Sort(b.Placebo)
	for i := range a.Placebo {
		near(t, "placebo", a.Placebo[i], b.Placebo[i], 1e-6)
	}
}

func TestIntervalsNarrowWithEvents(t *testing.T) {
	t.Parallel()
	last := math.Inf(1)
	for _, k := range []float64{4, 16, 64, 256, 1024} {
		c := vectortest.OK[BeforeAfter](t)(Compare(Count{2 * k, 1000}, Count{k, 1000}, 1, 0.95))
		if !c.Exact.Contains(c.Ratio) || !c.Wald.Interval.Contains(c.Ratio) || c.Exact.Width() >= last {
			t.Errorf("%v events: %+v after a width of %v", k, c, last)
		}
		if c.ExactP < 0 || c.ExactP > 1 {
			t.Errorf("p is %v", c.ExactP)
		}
		last = c.Exact.Width()
	}
}

func TestChurnIsTheSameInFinerStrata(t *testing.T) {
	t.Parallel()
	// A stratum parted by chance, in proportion, tells the same.
	whole := vectortest.OK[Churn](t)(AttributableChurn([]Stratum{{40, 200, 60, 800}, {10, 100, 20, 400}}))
	parted := vectortest.OK[Churn](t)(AttributableChurn([]Stratum{{20, 100, 30, 400}, {10, 100, 20, 400}, {20, 100, 30, 400}}))
	near(t, "Mantel-Haenszel", whole.MantelHaenszel.Value, parted.MantelHaenszel.Value, 1e-12)
	near(t, "ATT", whole.ATT.Value, parted.ATT.Value, 1e-12)
	near(t, "crude", whole.Crude, parted.Crude, 1e-12)
}
