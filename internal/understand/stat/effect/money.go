package effect

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat/distuv"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// Uncertain is a figure with its standard error.
type Uncertain struct{ Value, SE float64 }

func (u Uncertain) ok() bool {
	return u.SE >= 0 && !math.IsInf(u.SE, 0) && !math.IsNaN(u.Value) && !math.IsInf(u.Value, 0)
}

// Defaults of the money model.
const (
	LifetimeYears = 5   // horizon of a customer's value
	CashableShare = 0.7 // of handling cost that avoided contacts really save: staffing must follow
	Draws         = 20_000
)

// LifetimeValue is m sum_{t>=1} (r/(1+d))^t of a yearly contribution margin m, retention r and discount d, over years (0:
// without end), plus m when the next payment falls now. Margin, not revenue.
func LifetimeValue(margin, retention, discount float64, years int, paymentNow bool) (float64, error) {
	const op = "effect.LifetimeValue"
	if !(retention >= 0 && retention <= 1) || !(discount > -1) || years < 0 || math.IsNaN(margin) || math.IsInf(margin, 0) {
		return 0, stat.Invalid(op, "retention %v, discount %v, %d years", retention, discount, years)
	}
	f := retention / (1 + discount)
	if years == 0 && f >= 1 {
		return 0, stat.Undefined(op, "a customer who never leaves has no finite value: set a horizon")
	}
	v := f / (1 - f)
	switch {
	case f == 1:
		v = float64(years)
	case years > 0:
		v = f * (1 - math.Pow(f, float64(years))) / (1 - f)
	}
	if paymentNow {
		v++
	}
	return margin * v, nil
}

// Costs say what one case costs, and what the fix did. Money is in one currency, any unit.
type Costs struct {
	Avoided         Uncertain // cases in Months
	ContactsPerCase Uncertain
	CostPerContact  Uncertain // loaded
	Compensated     Uncertain // share of cases
	Compensation    Uncertain // average
	ExcessChurn     Uncertain // attributable, per case: see AttributableChurn, never the crude churn of complainers
	Lifetime        Uncertain // value of a customer
	Cashable        float64   // share of handling that is saved; 0: all of it
	Months          float64
	RunCost         float64 // per month
	OneOff          float64
}

// Savings are what avoided cases are worth. Handling and Compensated are hard, Churn is soft: the headline is hard only
// unless the customer opts in.
type Savings struct {
	Unit        Uncertain // cost of one case
	Handling    float64
	Compensated float64
	Churn       float64
	Hard        float64
	Gross       Uncertain
	GrossCI     stat.Interval
	Net         Uncertain // per month
	NetCI       stat.Interval
	Payback     *float64    // months; nil: never
	PaybackCI   [2]*float64 // nil upper end: perhaps never
	PPositive   float64     // that Net is above 0
	PPayback12  float64     // that it pays back within 12 months
	ROI         *float64    // first year; nil without a one-off cost
}

func (c Costs) check(op string) error {
	for _, u := range []Uncertain{c.Avoided, c.ContactsPerCase, c.CostPerContact, c.Compensated, c.Compensation,
		c.ExcessChurn, c.Lifetime} {
		if !u.ok() {
			return stat.Invalid(op, "%v +- %v is no figure", u.Value, u.SE)
		}
	}
	if !(c.Months > 0) || !(c.OneOff >= 0) || !(c.Cashable >= 0 && c.Cashable <= 1) || math.IsNaN(c.RunCost) {
		return stat.Invalid(op, "%v months, one-off cost %v, cashable share %v", c.Months, c.OneOff, c.Cashable)
	}
	return nil
}

func (c Costs) cashable() float64 {
	if c.Cashable == 0 {
		return 1
	}
	return c.Cashable
}

// Save gives savings G = A U with delta-method errors: U = k c + pi g + delta LTV, Var G = U^2 Var A + A^2 Var U. It is the
// check on Simulate, whose interval is the default.
func Save(c Costs, level float64) (Savings, error) {
	const op = "effect.Save"
	if err := c.check(op); err != nil {
		return Savings{}, err
	}
	if err := stat.CheckLevel(op, level); err != nil {
		return Savings{}, err
	}
	f := c.cashable()
	product := func(a, b Uncertain, by float64) (float64, float64) {
		x, y := a.Value*b.SE*by, b.Value*a.SE*by
		return a.Value * b.Value * by, x*x + y*y
	}
	handling, v1 := product(c.ContactsPerCase, c.CostPerContact, f)
	compensation, v2 := product(c.Compensated, c.Compensation, 1)
	churn, v3 := product(c.ExcessChurn, c.Lifetime, 1)
	s := Savings{Unit: Uncertain{handling + compensation + churn, math.Sqrt(v1 + v2 + v3)}}
	a := c.Avoided
	s.Handling, s.Compensated, s.Churn = a.Value*handling, a.Value*compensation, a.Value*churn
	s.Hard = s.Handling + s.Compensated
	s.Gross = Uncertain{a.Value * s.Unit.Value, math.Hypot(s.Unit.Value*a.SE, a.Value*s.Unit.SE)}
	s.Net = Uncertain{s.Gross.Value/c.Months - c.RunCost, s.Gross.SE / c.Months}
	z := stat.Critical(level)
	around := func(u Uncertain) stat.Interval {
		return stat.Interval{Low: u.Value - z*u.SE, High: u.Value + z*u.SE, Level: level, Method: "delta"}
	}
	s.GrossCI, s.NetCI = around(s.Gross), around(s.Net)
	pay := func(net float64) *float64 {
		if net <= 0 {
			return nil
		}
		months := c.OneOff / net
		return &months
	}
	s.Payback, s.PaybackCI = pay(s.Net.Value), [2]*float64{pay(s.NetCI.High), pay(s.NetCI.Low)}
	above := func(x float64) float64 {
		if s.Net.SE == 0 {
			if s.Net.Value >= x {
				return 1
			}
			return 0
		}
		return dist.NormUpper((x - s.Net.Value) / s.Net.SE)
	}
	s.PPositive, s.PPayback12 = above(0), above(c.OneOff/12)
	if c.OneOff > 0 {
		roi := (12*s.Net.Value - c.OneOff) / c.OneOff
		s.ROI = &roi
	}
	return s, nil
}

// Sampling says how uncertain figures are drawn.
type Sampling struct {
	Draws int    // 0: Draws
	Seed  uint64 // kept with the report, so that its numbers can be had again
	// Normal draws normals, cut off below 0; otherwise shares are beta and costs lognormal with the same mean and error.
	Normal bool
	// Avoided draws the avoided cases; nil: normal.
	Avoided func(*rand.Rand) float64
}

// AvoidedFromRatio draws avoided cases from the t of a log rate ratio: expected (1 - exp(log + SE t)), where expected is how
// many cases there would have been.
func AvoidedFromRatio(expected float64, r Ratio) func(*rand.Rand) float64 {
	return func(rng *rand.Rand) float64 {
		t := rng.NormFloat64()
		if r.DF > 0 {
			t = distuv.StudentsT{Sigma: 1, Nu: r.DF, Src: rng}.Rand()
		}
		return expected * (1 - math.Exp(min(r.Log+r.SE*t, 50)))
	}
}

// Simulated is the distribution of savings.
type Simulated struct {
	Draws      int
	Seed       uint64
	GrossMean  float64
	Gross      stat.Interval
	GrossMed   float64
	Hard       stat.Interval
	Net        stat.Interval // per month
	PPositive  float64
	PPayback12 float64
	Payback    *float64 // median months; nil: never
}

// Simulate draws the money model: 20,000 draws unless asked otherwise, the same for the same seed.
func Simulate(c Costs, how Sampling, level float64) (Simulated, error) {
	const op = "effect.Simulate"
	if err := c.check(op); err != nil {
		return Simulated{}, err
	}
	if err := stat.CheckLevel(op, level); err != nil {
		return Simulated{}, err
	}
	if how.Draws == 0 {
		how.Draws = Draws
	}
	if how.Draws < 100 || how.Draws > 10_000_000 {
		return Simulated{}, stat.Invalid(op, "%d draws", how.Draws)
	}
	rng := rand.New(rand.NewPCG(how.Seed, 0x6d6f6e6579))
	share, cost := beta, lognormal
	if how.Normal {
		share, cost = positive, positive
	}
	avoided := how.Avoided
	if avoided == nil {
		avoided = func(r *rand.Rand) float64 { return c.Avoided.Value + c.Avoided.SE*r.NormFloat64() }
	}
	k, unit, pi := cost(c.ContactsPerCase, rng), cost(c.CostPerContact, rng), share(c.Compensated, rng)
	g, delta, ltv := cost(c.Compensation, rng), share(c.ExcessChurn, rng), cost(c.Lifetime, rng)
	s := Simulated{Draws: how.Draws, Seed: how.Seed}
	gross, hard, net, payback := make([]float64, how.Draws), make([]float64, how.Draws), make([]float64, how.Draws), make([]float64, how.Draws)
	for i := range how.Draws {
		a := avoided(rng)
		hard[i] = a * (k()*unit()*c.cashable() + pi()*g())
		gross[i] = hard[i] + a*delta()*ltv()
		net[i] = gross[i]/c.Months - c.RunCost
		payback[i] = math.Inf(1)
		if net[i] > 0 {
			s.PPositive++
			payback[i] = c.OneOff / net[i]
		}
		if payback[i] <= 12 {
			s.PPayback12++
		}
		s.GrossMean += gross[i]
	}
	n := float64(how.Draws)
	s.GrossMean, s.PPositive, s.PPayback12 = s.GrossMean/n, s.PPositive/n, s.PPayback12/n
	interval := func(x []float64) stat.Interval {
		slices.Sort(x)
		tail := (1 - level) / 2
		return stat.Interval{Low: stat.Quantile(x, tail), High: stat.Quantile(x, 1-tail), Level: level, Method: "Monte Carlo"}
	}
	s.Gross, s.Hard, s.Net = interval(gross), interval(hard), interval(net)
	s.GrossMed = stat.Quantile(gross, 0.5)
	slices.Sort(payback)
	if m := payback[len(payback)/2]; !math.IsInf(m, 1) {
		s.Payback = &m
	}
	return s, nil
}

func positive(u Uncertain, r *rand.Rand) func() float64 {
	return func() float64 { return max(0, u.Value+u.SE*r.NormFloat64()) }
}

func lognormal(u Uncertain, r *rand.Rand) func() float64 {
	if u.SE == 0 || u.Value <= 0 {
		return positive(u, r)
	}
	s2 := math.Log1p(u.SE * u.SE / (u.Value * u.Value))
	mu, s := math.Log(u.Value)-s2/2, math.Sqrt(s2)
	return func() float64 { return math.Exp(mu + s*r.NormFloat64()) }
}

func beta(u Uncertain, r *rand.Rand) func() float64 {
	v := u.SE * u.SE
	if v == 0 || !(u.Value > 0 && u.Value < 1) || v >= u.Value*(1-u.Value) {
		return positive(u, r)
	}
	size := u.Value*(1-u.Value)/v - 1
	d := distuv.Beta{Alpha: u.Value * size, Beta: (1 - u.Value) * size, Src: r}
	return d.Rand
}

// Stratum is customers alike in tenure, value and product: with the problem and without, and how many of each left.
type Stratum struct{ ExposedLeft, Exposed, UnexposedLeft, Unexposed int64 }

// Churn is the excess churn of customers with a problem, as a difference of shares.
type Churn struct {
	MantelHaenszel Uncertain // Greenland-Robins SE
	ATT            Uncertain // standardised to those with the problem
	Crude          float64   // not to be used: complainers differ
}

// AttributableChurn compares within strata. Strata without both kinds of customers say nothing and are left out of both
// estimates; undefined when all are.
func AttributableChurn(strata []Stratum) (Churn, error) {
	const op = "effect.AttributableChurn"
	var c Churn
	var num, den, variance, att, attVar, n1 float64
	var a1, m1, a0, m0 float64
	for i, s := range strata {
		if s.ExposedLeft < 0 || s.ExposedLeft > s.Exposed || s.UnexposedLeft < 0 || s.UnexposedLeft > s.Unexposed {
			return Churn{}, stat.Invalid(op, "stratum %d is out of range", i)
		}
		a, x, b, y := float64(s.ExposedLeft), float64(s.Exposed), float64(s.UnexposedLeft), float64(s.Unexposed)
		a1, m1, a0, m0 = a1+a, m1+x, a0+b, m0+y
		if x == 0 || y == 0 {
			continue
		}
		n := x + y
		num += (a*y - b*x) / n
		den += x * y / n
		variance += (a*(x-a)*y*y*y + b*(y-b)*x*x*x) / (x * y * n * n)
		p1, p0 := a/x, b/y
		att += x * (p1 - p0)
		attVar += x * x * (p1*(1-p1)/x + p0*(1-p0)/y)
		n1 += x
	}
	if den == 0 {
		return Churn{}, stat.Undefined(op, "no stratum has customers with and without the problem")
	}
	c.MantelHaenszel = Uncertain{num / den, math.Sqrt(variance) / den}
	c.ATT = Uncertain{att / n1, math.Sqrt(attVar) / n1}
	c.Crude = a1/m1 - a0/m0
	return c, nil
}

// AtRisk is revenue at risk from a problem, silent sufferers included.
type AtRisk struct {
	Affected   float64 // customers with the problem
	Multiplier float64 // affected per one who reports: 1/propensity
	Value      Uncertain
	Interval   stat.Interval
}

// RevenueAtRisk is [reported delta_rep + (N-reported) delta_silent] x value with N = reported/propensity, the propensity
// measured by the firm's own survey ("did you have a problem? did you contact us?": told of asked), and the delta-method SE.
// Undefined when nobody in the survey reported.
func RevenueAtRisk(reported float64, told, asked int64, churnReported, churnSilent, value Uncertain, level float64) (AtRisk, error) {
	const op = "effect.RevenueAtRisk"
	if err := stat.CheckLevel(op, level); err != nil {
		return AtRisk{}, err
	}
	if !(reported >= 0) || math.IsInf(reported, 0) || told < 0 || told > asked || !churnReported.ok() || !churnSilent.ok() || !value.ok() {
		return AtRisk{}, stat.Invalid(op, "%v reported, %d of %d told", reported, told, asked)
	}
	if told == 0 {
		return AtRisk{}, stat.Undefined(op, "nobody in the survey had reported the problem")
	}
	pi := float64(told) / float64(asked)
	r := AtRisk{Affected: reported / pi, Multiplier: 1 / pi}
	silent := r.Affected - reported
	lost := reported*churnReported.Value + silent*churnSilent.Value
	sePi := math.Sqrt(pi * (1 - pi) / float64(asked))
	v := 0.0
	for _, d := range []float64{
		reported * value.Value * churnReported.SE,
		silent * value.Value * churnSilent.SE,
		lost * value.SE,
		reported / (pi * pi) * churnSilent.Value * value.Value * sePi,
	} {
		v += d * d
	}
	r.Value = Uncertain{lost * value.Value, math.Sqrt(v)}
	half := stat.Critical(level) * r.Value.SE
	r.Interval = stat.Interval{Low: r.Value.Value - half, High: r.Value.Value + half, Level: level, Method: "delta"}
	return r, nil
}
