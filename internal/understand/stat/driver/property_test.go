package driver

import (
	"math"
	"slices"
	"testing"

	"kolo/internal/understand/stat/vectortest"
)

// same compares figures of which rows in another order change nothing but the last digits.
func same(t *testing.T, what string, a, b, tolerance float64) {
	t.Helper()
	if !(math.Abs(a-b) <= tolerance*(1+math.Abs(a))) {
		t.Errorf("%s: %v and %v", what, a, b)
	}
}

func reversed(d Data) Data {
	d.X, d.Y = slices.Clone(d.X), slices.Clone(d.Y)
	slices.Reverse(d.X)
	slices.Reverse(d.Y)
	if d.Cluster != nil {
		d.Cluster = slices.Clone(d.Cluster)
		slices.Reverse(d.Cluster)
	}
	return d
}

func TestRowsInAnyOrder(t *testing.T) {
	t.Parallel()
	d := halo(41, 300, 3)
	e := reversed(d)
	a, b := vectortest.OK[*Effects](t)(Linear(d, 0.95)), vectortest.OK[*Effects](t)(Linear(e, 0.95))
	for j := range a.Coefficients {
		same(t, "effect", a.Coefficients[j].Estimate, b.Coefficients[j].Estimate, 1e-10)
		same(t, "its error", a.Coefficients[j].SE, b.Coefficients[j].SE, 1e-10)
	}
	j, k := vectortest.OK[[]float64](t)(JackknifeSE(d)), vectortest.OK[[]float64](t)(JackknifeSE(e))
	for i := range j {
		same(t, "jackknife", j[i], k[i], 1e-8)
	}
	ratings := halo(42, 500, 2)
	for i, row := range ratings.X {
		for j := range row {
			row[j] = min(5, max(1, math.Round(3+row[j])))
		}
		ratings.X[i] = row
	}
	p, _, err1 := PenaltyReward(ratings, DefaultLowMax, DefaultHighFrom, 0.95)
	q, _, err2 := PenaltyReward(reversed(ratings), DefaultLowMax, DefaultHighFrom, 0.95)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	for j := range p {
		same(t, "impact", p[j].Impact, q[j].Impact, 1e-9)
		same(t, "asymmetry", p[j].Test.P, q[j].Test.P, 1e-8)
		if p[j].Impact < -1 || p[j].Impact > 1 || math.Abs(p[j].Range-math.Abs(p[j].Penalty.Estimate)-math.Abs(p[j].Reward.Estimate)) > 1e-12 {
			t.Errorf("%+v", p[j])
		}
	}
}

func TestRowsCountedAreRowsRepeated(t *testing.T) {
	t.Parallel()
	d := halo(43, 80, 2)
	var class []int
	var weight []float64
	var x [][]float64
	var every []int
	for i, y := range d.Y {
		k := 0
		if y > -0.5 {
			k++
		}
		if y > 1 {
			k++
		}
		w := float64(i % 3) // some rows never
		class, weight = append(class, k), append(weight, w)
		for range i % 3 {
			x, every = append(x, d.X[i]), append(every, k)
		}
	}
	a := vectortest.OK[*Ordinal](t)(ProportionalOdds(d.Names, d.X, class, 3, weight))
	b := vectortest.OK[*Ordinal](t)(ProportionalOdds(d.Names, x, every, 3, nil))
	for j := range a.Coef {
		same(t, "coefficient", a.Coef[j], b.Coef[j], 1e-8)
		same(t, "its error", a.SE[j], b.SE[j], 1e-8)
		same(t, "a step", a.Step(j, 9), b.Step(j, 9), 1e-8)
	}
	same(t, "deviance", a.Deviance, b.Deviance, 1e-10)
}

func TestCustomersAreResampledWhole(t *testing.T) {
	t.Parallel()
	// Every answer four times, as if of four people: nothing new is known of the customers.
	d := halo(44, 150, 3)
	d.Cluster = nil
	var four Data
	four.Names = d.Names
	for i := range d.Y {
		for range 4 {
			four.X, four.Y, four.Cluster = append(four.X, d.X[i]), append(four.Y, d.Y[i]), append(four.Cluster, i)
		}
	}
	o := Options{Resamples: 400, Seed: 5}
	a, b := vectortest.OK[*Importance](t)(Analyse(d, o)), vectortest.OK[*Importance](t)(Analyse(four, o))
	four.Cluster = nil
	c := vectortest.OK[*Importance](t)(Analyse(four, o))
	for j := range a.Drivers {
		same(t, "LMG", a.Drivers[j].LMG, b.Drivers[j].LMG, 1e-10)
		same(t, "low end", a.Drivers[j].Interval.Low, b.Drivers[j].Interval.Low, 1e-9)
		same(t, "high end", a.Drivers[j].Interval.High, b.Drivers[j].Interval.High, 1e-9)
		if c.Drivers[j].Interval.Width() > 0.7*a.Drivers[j].Interval.Width() {
			t.Errorf("four times as many people narrow %v to %v only", a.Drivers[j].Interval, c.Drivers[j].Interval)
		}
	}
}

func TestImportanceIsNotNegative(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		m := vectortest.OK[*Importance](t)(Analyse(halo(100+seed, 30+int(seed), 2+int(seed)%6), Options{}))
		lmg, share, johnson := 0.0, 0.0, 0.0
		for _, d := range m.Drivers {
			if d.LMG < -1e-12 || d.VIF < 1-1e-9 || math.Abs(d.ZeroOrder) > 1+1e-12 {
				t.Errorf("seed %d: %+v", seed, d)
			}
			lmg, share, johnson = lmg+d.LMG, share+d.Share, johnson+d.Johnson
		}
		same(t, "LMG add up", m.R2, lmg, 1e-10)
		same(t, "shares add up", 1, share, 1e-10)
		same(t, "relative weights add up", m.R2, johnson, 1e-9)
		if m.R2 > 1 || m.AdjR2 > m.R2 || m.Condition < 1 {
			t.Errorf("seed %d: %+v", seed, m)
		}
	}
}

func TestMarginalsAndImpactsAddUp(t *testing.T) {
	t.Parallel()
	d := halo(45, 400, 2)
	for i := range d.X {
		for j := range d.X[i] {
			mentioned := 0.0
			if d.X[i][j] > 0.8 {
				mentioned = 1
			}
			d.X[i][j] = mentioned
		}
		d.Y[i] = math.Max(-1, math.Min(1, math.Round(d.Y[i])))
	}
	total := 0.0
	for _, y := range d.Y {
		total += 100 * y / float64(len(d.Y))
	}
	for _, m := range vectortest.OK[[]Impact](t)(ThemeImpacts(d, 0.95)) {
		same(t, "score of all", total, m.Share*m.With+(1-m.Share)*m.Without, 1e-10)
		same(t, "crude impact", m.Crude, m.Share*(m.With-m.Without), 1e-10)
		if !m.Interval.Contains(m.Adjusted) {
			t.Errorf("%+v", m)
		}
	}
}
