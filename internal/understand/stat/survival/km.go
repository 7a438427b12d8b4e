// Package survival says how long things take when some are not finished: time to first answer, to resolution, to closing
// the loop. What is still open is not left out and not taken as finished: it is censored now.
//
// Times are in any one unit, counted from the start of each item.
package survival

import (
	"cmp"
	"math"
	"slices"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// Observation is one item.
type Observation struct {
	Entry float64 // age at which it came under observation; 0 for items seen from their start
	Time  float64 // age at its end, or now
	Ended bool    // false: still open
}

// Step is one time at which something ended or was censored. At a tie, ends come before censorings.
type Step struct {
	Time     float64
	AtRisk   int
	Ended    int
	Censored int
	Open     float64        // S(t): share still open after this time
	SE       float64        // Greenwood; 0 where the bands are nil
	LogLog   *stat.Interval // of Open; nil before the first end and once nothing is open
	Log      *stat.Interval
}

// Curve is the Kaplan-Meier estimate, its steps in order of time.
type Curve struct {
	Level float64
	Steps []Step
	Last  float64 // largest time seen
}

func check(op string, obs []Observation) error {
	if len(obs) == 0 {
		return stat.Undefined(op, "there are no items")
	}
	for i, o := range obs {
		if !(o.Entry >= 0) || !(o.Time > o.Entry || o.Time == 0 && o.Entry == 0) || math.IsInf(o.Time, 0) {
			return stat.Invalid(op, "item %d is observed from %v to %v", i, o.Entry, o.Time)
		}
	}
	return nil
}

// KaplanMeier estimates the share still open by age. With entries after 0 (items already open when a reporting window
// begins) an item is at risk only from its entry on, exclusive.
func KaplanMeier(obs []Observation, level float64) (*Curve, error) {
	const op = "survival.KaplanMeier"
	if err := check(op, obs); err != nil {
		return nil, err
	}
	if err := stat.CheckLevel(op, level); err != nil {
		return nil, err
	}
	c := &Curve{Level: level}
	z := stat.Critical(level)
	s, greenwood := 1.0, 0.0
	for _, g := range tally(obs) {
		c.Last = g.time
		if g.ended > 0 {
			n, d := float64(g.atRisk), float64(g.ended)
			s *= 1 - d/n
			greenwood += d / (n * (n - d))
		}
		step := Step{Time: g.time, AtRisk: g.atRisk, Ended: g.ended, Censored: g.censored, Open: s}
		if g.atRisk == g.ended && g.ended > 0 {
			step.Open, s = 0, 0
		}
		if s > 0 && s < 1 {
			se := math.Sqrt(greenwood)
			step.SE = s * se
			u := z * se / math.Log(s)
			inner := math.Log(-math.Log(s))
			step.LogLog = &stat.Interval{Low: math.Exp(-math.Exp(inner - u)), High: math.Exp(-math.Exp(inner + u)),
				Level: level, Method: "log-log"}
			step.Log = &stat.Interval{Low: s * math.Exp(-z*se), High: min(1, s*math.Exp(z*se)), Level: level, Method: "log"}
		}
		c.Steps = append(c.Steps, step)
	}
	return c, nil
}

type group struct {
	time                    float64
	atRisk, ended, censored int
}

// tally groups items by time and counts who was at risk just before it.
func tally(obs []Observation) []group {
	byTime := slices.Clone(obs)
	slices.SortStableFunc(byTime, func(a, b Observation) int { return cmp.Compare(a.Time, b.Time) })
	entries := make([]float64, len(obs))
	for i, o := range obs {
		entries[i] = o.Entry
	}
	slices.Sort(entries)
	var out []group
	entered := 0
	for i := 0; i < len(byTime); {
		g := group{time: byTime[i].Time}
		// Items seen from their start are at risk at 0 too.
		for entered < len(entries) && (entries[entered] < g.time || entries[entered] == 0) {
			entered++
		}
		g.atRisk = entered - i
		for ; i < len(byTime) && byTime[i].Time == g.time; i++ {
			if byTime[i].Ended {
				g.ended++
			} else {
				g.censored++
			}
		}
		out = append(out, g)
	}
	return out
}

// At gives the step that holds at an age: the last one not after it. Before the first, everything is open and there are
// no bands.
func (c *Curve) At(time float64) Step {
	s := Step{Time: time, Open: 1}
	for _, k := range c.Steps {
		if k.Time > time {
			break
		}
		s = k
	}
	return s
}

// Within is the share finished within a target, 1 - S(target), with its log-log interval (nil at 0 and 1).
func (c *Curve) Within(target float64) (share float64, interval *stat.Interval) {
	s := c.At(target)
	if s.LogLog != nil {
		interval = &stat.Interval{Low: 1 - s.LogLog.High, High: 1 - s.LogLog.Low, Level: c.Level, Method: s.LogLog.Method}
	}
	return 1 - s.Open, interval
}

// Quantile is an age by which a share has finished; nil is "not reached", which is an answer.
type Quantile struct {
	Time      *float64
	Low, High *float64
}

// Band picks the interval that quantiles are inverted from.
type Band func(Step) *stat.Interval

// The bands: log-log is the default.
func LogLog(s Step) *stat.Interval { return s.LogLog }
func Log(s Step) *stat.Interval    { return s.Log }

// Quantile is the smallest t with S(t) <= 1-p, the middle of the stretch where S equals 1-p exactly; its interval
// inverts the band.
func (c *Curve) Quantile(p float64, band Band) (Quantile, error) {
	if !(p > 0 && p < 1) {
		return Quantile{}, stat.Invalid("survival.Quantile", "the share %v lies not between 0 and 1", p)
	}
	end := func(pick func(*stat.Interval) float64) *float64 {
		return c.invert(p, func(s Step) (float64, bool) {
			i := band(s)
			if i == nil {
				return 0, false
			}
			return pick(i), true
		})
	}
	return Quantile{
		Time: c.invert(p, func(s Step) (float64, bool) { return s.Open, true }),
		Low:  end(func(i *stat.Interval) float64 { return i.Low }),
		High: end(func(i *stat.Interval) float64 { return i.High }),
	}, nil
}

func (c *Curve) invert(p float64, level func(Step) (float64, bool)) *float64 {
	const tolerance = 1e-8
	first, final := math.NaN(), math.NaN()
	for _, s := range c.Steps {
		open, ok := level(s)
		if !ok {
			continue
		}
		final = 1 - open
		if math.IsNaN(first) && 1-open+tolerance >= p {
			first = s.Time
		}
		if 1-open-tolerance >= p {
			t := (first + s.Time) / 2
			return &t
		}
	}
	if math.IsNaN(first) {
		return nil
	}
	t := first
	if math.Abs(final-p) < tolerance {
		t = (first + c.Last) / 2
	}
	return &t
}

// RestrictedMean is the mean age at the end, nothing counting for more than tau, with its standard error: the area under
// S up to tau. Undefined when tau lies beyond the last time while something is open.
func (c *Curve) RestrictedMean(tau float64) (mean, se float64, err error) {
	last := c.Steps[len(c.Steps)-1]
	if !(tau > 0) || math.IsInf(tau, 0) {
		return 0, 0, stat.Invalid("survival.RestrictedMean", "tau is %v", tau)
	}
	if tau > c.Last && last.Open > 0 {
		return 0, 0, stat.Undefined("survival.RestrictedMean", "nothing was observed for as long as %v", tau)
	}
	areas := make([]float64, len(c.Steps)) // from each step to tau
	at, open := 0.0, 1.0
	for i, s := range c.Steps {
		to := min(s.Time, tau)
		mean += open * (to - at)
		at, open = to, s.Open
		next := tau
		if i+1 < len(c.Steps) {
			next = min(c.Steps[i+1].Time, tau)
		}
		areas[i] = s.Open * (next - to)
	}
	mean += open * (tau - at)
	for i := len(areas) - 2; i >= 0; i-- {
		areas[i] += areas[i+1]
	}
	v := 0.0
	for i, s := range c.Steps {
		n, d := float64(s.AtRisk), float64(s.Ended)
		if s.Time <= tau && n > d {
			v += areas[i] * areas[i] * d / (n * (n - d))
		}
	}
	return mean, math.Sqrt(v), nil
}

// Comparison is a log-rank test.
type Comparison struct {
	Observed, Expected []float64
	Test               stat.Test
}

// LogRank tests that all groups finish alike. Undefined for fewer than two groups, or when nothing ends while two groups
// are at risk.
func LogRank(groups [][]Observation) (Comparison, error) {
	const op = "survival.LogRank"
	k := len(groups)
	if k < 2 {
		return Comparison{}, stat.Undefined(op, "there is nothing to compare")
	}
	var all []Observation
	for _, g := range groups {
		if err := check(op, g); err != nil {
			return Comparison{}, err
		}
		all = append(all, g...)
	}
	c := Comparison{Observed: make([]float64, k), Expected: make([]float64, k)}
	v := make([][]float64, k)
	for i := range v {
		v[i] = make([]float64, k)
	}
	for _, at := range tally(all) {
		if at.ended == 0 {
			continue
		}
		risk := make([]float64, k)
		for i, g := range groups {
			for _, o := range g {
				if o.Time >= at.time && (o.Entry < at.time || o.Entry == 0) {
					risk[i]++
				}
				if o.Ended && o.Time == at.time {
					c.Observed[i]++
				}
			}
		}
		n, d := float64(at.atRisk), float64(at.ended)
		for i := range k {
			c.Expected[i] += d * risk[i] / n
			if n == 1 {
				continue
			}
			f := d * (n - d) / (n - 1) * risk[i] / n
			v[i][i] += f
			for j := range k {
				v[i][j] -= f * risk[j] / n
			}
		}
	}
	x := make([]float64, k)
	for i := range k {
		x[i] = c.Observed[i] - c.Expected[i]
	}
	stat2, ok := quadraticInverse(v, x, k-1)
	if !ok {
		return Comparison{}, stat.Undefined(op, "nothing ends while two groups are at risk")
	}
	c.Test = stat.Test{Stat: stat2, DF: float64(k - 1)}
	c.Test.P = dist.ChiSquareUpper(stat2, c.Test.DF)
	return c, nil
}

// quadraticInverse is x'V^-1 x over the first m rows, by elimination; V is positive semidefinite.
func quadraticInverse(v [][]float64, x []float64, m int) (sum float64, ok bool) {
	for c := range m {
		pivot := v[c][c]
		if !(pivot > 1e-12) {
			return 0, false
		}
		sum += x[c] * x[c] / pivot
		for r := c + 1; r < m; r++ {
			f := v[r][c] / pivot
			for j := c + 1; j < m; j++ {
				v[r][j] -= f * v[c][j]
			}
			x[r] -= f * x[c]
		}
	}
	return sum, true
}

// Incidence is the share that ended by each cause up to a time (Aalen-Johansen), when an end by one cause rules the
// others out: withdrawn tickets are not censored, they will never be resolved.
type Incidence struct {
	Times  []float64
	Shares [][]float64 // [cause-1][time]
}

// CumulativeIncidence takes times and causes: 0 is still open, 1.. are the causes.
func CumulativeIncidence(times []float64, causes []int, kinds int) (Incidence, error) {
	const op = "survival.CumulativeIncidence"
	if len(times) != len(causes) || kinds < 1 {
		return Incidence{}, stat.Invalid(op, "%d times with %d causes of %d kinds", len(times), len(causes), kinds)
	}
	obs := make([]Observation, len(times))
	ends := map[float64][]float64{}
	for i, t := range times {
		if causes[i] < 0 || causes[i] > kinds {
			return Incidence{}, stat.Invalid(op, "item %d has cause %d", i, causes[i])
		}
		obs[i] = Observation{Time: t, Ended: causes[i] > 0}
	}
	if err := check(op, obs); err != nil {
		return Incidence{}, err
	}
	for i, t := range times {
		if causes[i] > 0 {
			if ends[t] == nil {
				ends[t] = make([]float64, kinds)
			}
			ends[t][causes[i]-1]++
		}
	}
	r := Incidence{Shares: make([][]float64, kinds)}
	open, share := 1.0, make([]float64, kinds)
	for _, g := range tally(obs) {
		for k, d := range ends[g.time] {
			share[k] += open * d / float64(g.atRisk)
		}
		open *= 1 - float64(g.ended)/float64(g.atRisk)
		r.Times = append(r.Times, g.time)
		for k := range kinds {
			r.Shares[k] = append(r.Shares[k], share[k])
		}
	}
	return r, nil
}

// At is the share that ended by a cause (from 1) up to a time.
func (r Incidence) At(cause int, time float64) float64 {
	i, found := slices.BinarySearch(r.Times, time)
	if !found {
		i--
	}
	if i < 0 {
		return 0
	}
	return r.Shares[cause-1][i]
}
