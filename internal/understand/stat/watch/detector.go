package watch

import (
	"math"

	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
)

// Series is a count per complete period, the oldest first, with what the counts are out of.
type Series struct {
	Counts   []float64   // whole numbers
	Exposure []float64   // transactions, contacts or answers; nil: 1 each. A period without exposure is left out
	Marks    [][]float64 // per period: 0/1 for each configured event or holiday; may be nil
}

// Detector is the default early-warning detector. Its zero value is not useful: begin with Weekly or Daily.
type Detector struct {
	Season    float64 // periods of a yearly season; 0: none
	Cycle     int     // periods of a short cycle with a level each (7 for days of a week); 0: none
	Window    int     // periods of history a baseline is fitted to
	Long      int     // periods of history that tell trend and season from Full on, where that is more than Window
	Trend     int     // of counts that are out of nothing and grow with the company: periods that tell how fast; 0: growth signals
	Guard     int     // latest periods that are left out of it, so that what is to be found does not hide itself
	Least     int     // periods of history below which EARS C2 stands in ("learning")
	Full      int     // periods of history from which trend and season are fitted
	Refit     int     // periods that one fit serves: 7 fits days anew once a week; 0: one
	Rate      float64 // chance of a false alarm per period and rule; see FalseAlarmRate
	Rho       float64 // smallest rise worth knowing; 0: 2 below a mean of 10, 1.5 from 10, 1.25 from 200
	LastN     int     // periods over which
	LeastLast float64 // at least so many events must have occurred
	LeastOver float64 // observed over expected that a signal needs
}

// Weekly watches weeks: two years of window, yearly season when two years are known.
func Weekly(rate float64) Detector {
	return Detector{Season: 52, Window: 104, Guard: 4, Least: 12, Full: 104, Rate: rate,
		LastN: 4, LeastLast: 5, LeastOver: 1.3}
}

// Daily watches days: a year of window, always with the days of the week, and with the yearly season when two years are known.
func Daily(rate float64) Detector {
	return Detector{Season: 365.25, Cycle: 7, Window: 364, Long: 728, Guard: 7, Least: 42, Full: 728, Rate: rate,
		LastN: 4, LeastLast: 5, LeastOver: 1.3}
}

// FalseAlarmRate turns a budget of false alarms a year over all series of a workspace into the chance per period and
// rule: two rules share it.
func FalseAlarmRate(perYear float64, periodsPerYear, series int) (float64, error) {
	if !(perYear > 0) || periodsPerYear < 1 || series < 1 {
		return 0, stat.Invalid("watch", "%v alarms a year over %d periods and %d series", perYear, periodsPerYear, series)
	}
	return min(0.5, perYear/(2*float64(periodsPerYear)*float64(series))), nil
}

// Reading is what the detector makes of one period.
type Reading struct {
	Period   int // index in the series
	Count    float64
	Expected float64 // of what grows, the larger of its level and its trend
	Variance float64 // of the prediction
	P        float64 // upper mid-p
	Z        float64
	Up       float64 // LR-CUSUM of a rise, after this period; reset to 0 by a signal
	Down     float64 // of a fall
	Spike    bool    // this period is far too high
	Shift    bool    // recent periods together are too high
	Fell     bool    // recent periods together are lower: an improvement
	Learning bool    // too little history: EARS C2, whose Expected is the mean of the week before last and so on
	NoData   bool    // no exposure, or no baseline could be fitted: not looked at

	spread float64 // of Learning: the variance that Z is of
}

// Limit is the least count at which the period of a reading would have been a spike; NaN where nothing is known of it.
func (d Detector) Limit(s Series, r Reading) float64 {
	least := max(d.LeastOver*r.Expected, d.LeastLast-(d.recent(s, r.Period)-r.Count), 0)
	z := -dist.NormQuantile(d.Rate)
	switch {
	case r.NoData || r.Learning && r.spread == 0:
		return math.NaN()
	case r.Learning:
		return math.Ceil(max(least, math.Nextafter(r.Expected+z*math.Sqrt(r.spread), math.Inf(1))))
	}
	p := dist.Counts{Mean: r.Expected, Variance: r.Variance}
	// Half of the chance of a count is its own, so that one at which no more than Rate lies above may fire by itself.
	y := p.Quantile(1 - d.Rate)
	if !(p.Z(y) > z) {
		y++
	}
	return math.Ceil(max(y, least))
}

// Signal tells whether the period warns of a rise.
func (r Reading) Signal() bool { return r.Spike || r.Shift }

// State carries the sums from one run to the next, so that a new period costs one fit.
type State struct {
	Up, Down float64
	run      run // since Up left 0
}

type run struct{ observed, expected float64 }

// Run reads the periods from index from to the end, in order, continuing from a state (nil: a fresh one), which it
// updates. Each period is compared with a baseline of earlier periods only.
func (d Detector) Run(s Series, from int, state *State) ([]Reading, error) {
	if err := d.check(s); err != nil {
		return nil, err
	}
	if from < 0 || from > len(s.Counts) {
		return nil, stat.Invalid("watch", "period %d is not in the series", from)
	}
	if state == nil {
		state = new(State)
	}
	limitZ, limitS := -dist.NormQuantile(d.Rate), -math.Log(d.Rate)
	f, level := fitted{base: -1}, fitted{base: -1}
	plain := d
	plain.Trend = 0
	out := make([]Reading, 0, len(s.Counts)-from)
	for t := from; t < len(s.Counts); t++ {
		r := Reading{Period: t, Count: s.Counts[t], P: 1}
		switch {
		case s.exposure(t) == 0:
			r.NoData = true
		case t < d.Least:
			d.learn(s, t, &r)
		default:
			p, ok := d.predict(&f, s, t)
			low := p
			if d.Trend > 0 {
				// Growth is no incident, but a trend is no promise, either: before the season is known it may be its rising half.
				// What is above both is a rise, what is below both a fall.
				if q, known := plain.predict(&level, s, t); known && ok {
					if low = q; q.Mean > p.Mean {
						p, low = q, p
					}
				}
			}
			if !ok {
				r.NoData = true
				break
			}
			r.Expected, r.Variance = p.Mean, p.Variance
			r.P, r.Z = p.MidP(r.Count), p.Z(r.Count)
			d.accumulate(state, p, low, &r)
			enough := d.recent(s, t) >= d.LeastLast
			r.Spike = r.Z > limitZ && enough && r.Count >= d.LeastOver*r.Expected
			over := min(d.LeastOver, d.rho(p.Mean))
			r.Shift = state.Up > limitS && enough && state.run.observed >= over*state.run.expected
			r.Fell = state.Down > limitS
		}
		if r.Signal() {
			state.Up, state.run = 0, run{}
		}
		if r.Fell {
			state.Down = 0
		}
		r.Up, r.Down = state.Up, state.Down
		out = append(out, r)
	}
	return out, nil
}

func (d Detector) check(s Series) error {
	if !(d.Rate > 0 && d.Rate < 1) || d.Window < 2 || d.Guard < 0 || d.Least < 0 || d.Rho < 0 || d.Rho != 0 && d.Rho <= 1 ||
		d.Trend < 0 || (d.Trend > 0 && !(d.Season > 0)) || d.Cycle < 0 || d.Cycle > mostLevels {
		return stat.Invalid("watch", "the detector's settings are out of range")
	}
	n := len(s.Counts)
	if s.Exposure != nil && len(s.Exposure) != n || s.Marks != nil && len(s.Marks) != n {
		return stat.Invalid("watch", "counts, exposure and marks have different lengths")
	}
	for t, y := range s.Counts {
		e := s.exposure(t)
		if !(y >= 0) || math.IsInf(y, 0) || y != math.Trunc(y) || !(e >= 0) || math.IsInf(e, 0) {
			return stat.Invalid("watch", "period %d has count %v and exposure %v", t, y, e)
		}
		if s.Marks != nil && len(s.Marks[t]) != len(s.Marks[0]) {
			return stat.Invalid("watch", "period %d has %d marks", t, len(s.Marks[t]))
		}
	}
	return nil
}

func (s Series) exposure(t int) float64 {
	if s.Exposure == nil {
		return 1
	}
	return s.Exposure[t]
}

func (d Detector) recent(s Series, t int) (sum float64) {
	for i := max(0, t-d.LastN+1); i <= t; i++ {
		sum += s.Counts[i]
	}
	return sum
}

func (d Detector) rho(mean float64) float64 {
	switch {
	case d.Rho > 0:
		return d.Rho
	case mean < 10:
		return 2
	case mean < 200:
		return 1.5
	}
	return 1.25
}

// FallRatio is the logarithm of how much more likely a count is when it has fallen by the smallest change worth knowing than when it
// is as expected: what the sum of a fall adds up.
func (d Detector) FallRatio(c dist.Counts, y float64) float64 {
	return LogRatio(c, 1/d.rho(c.Mean), y)
}

// learn is EARS C2: 7 periods before the latest 2. What grows is held against their line in place of their mean.
func (d Detector) learn(s Series, t int, r *Reading) {
	r.Learning = true
	if t < 9 {
		return
	}
	rates := make([]float64, 0, 7)
	for i := t - 9; i < t-2; i++ {
		if e := s.exposure(i); e > 0 {
			rates = append(rates, s.Counts[i]/e*s.exposure(t))
		}
	}
	m := stat.MomentsOf(rates)
	if m.N < 7 {
		return
	}
	r.Expected, r.Variance = m.Mean, m.SD*m.SD*(1+1.0/7)
	// A week of equal counts has no spread; it still has at least a Poisson's.
	spread := max(m.SD*m.SD, m.Mean, 1e-9)
	if d.Trend > 0 && d.Cycle == 0 { // within a week there is no growth to be seen, but the days of the week
		slope, left := 0.0, 0.0
		for i, v := range rates {
			slope += float64(i-3) * v / 28
		}
		for i, v := range rates {
			off := v - m.Mean - slope*float64(i-3)
			left += off * off / 5
		}
		left = max(left, m.Mean, 1e-9)
		if slope > 0 {
			r.Expected = m.Mean + 6*slope
			r.Variance = left * (1 + 1.0/7 + 36.0/28)
			spread = r.Variance
		}
	}
	r.spread = spread
	r.Z = (r.Count - r.Expected) / math.Sqrt(spread)
	r.P = dist.NormUpper(r.Z)
	r.Spike = r.P < d.Rate && d.recent(s, t) >= d.LeastLast && r.Count >= d.LeastOver*r.Expected
}

// fewestPerTerm is how many events each coefficient of a baseline should have; below it only the level is fitted.
const fewestPerTerm = 5

// mostLevels bounds the periods of a cycle.
const mostLevels = 16

// fitted is the baseline of some periods: of those from base on that one fit serves.
type fitted struct {
	fitter
	base, end int // the window ends before end
	terms     layout
	baseline  *Baseline // nil when none could be fitted
	silent    float64   // rate of a window without any event, 0 when there were some
	wide      float64   // what predictions vary more by because the window is short
	slow      *course   // trend and season where there is a cycle, too; nil: none
}

// course is how counts change from one cycle to the next: trend and season, fitted to whole cycles, in which a cycle has no part. What
// they leave open is small beside the chance of a single period.
type course struct {
	*Baseline
	terms layout
}

// predict fits the window before period t, unless that was done for the period before, and predicts t.
func (d Detector) predict(f *fitted, s Series, t int) (dist.Counts, bool) {
	if base := t - t%max(1, d.Refit); f.base != base {
		d.refit(f, s, base)
	}
	switch {
	case f.silent > 0:
		mu := f.silent * s.exposure(t)
		return dist.Counts{Mean: mu, Variance: mu + 2*mu*mu}, true
	case f.baseline == nil || f.terms.cycle && !f.terms.has[t%d.Cycle]:
		return dist.Counts{}, false
	}
	var row [32]float64
	factor, open := 1.0, 0.0
	if f.slow != nil {
		factor, open = f.slow.factor(d.row(row[:0], s, f.slow.terms, float64(t), f.end))
	}
	p := f.baseline.Predict(d.row(row[:0], s, f.terms, float64(t), f.end), s.exposure(t)*factor)
	p.Variance = f.wide * (p.Variance + p.Mean*p.Mean*open)
	return p, p.Variance <= widest*(p.Mean+p.Mean*p.Mean)
}

// widest is from which on a prediction, of exposures that lie worlds apart, say, says nothing any more.
const widest = 1e12

// factor is how far a row lies above the level, and the variance of its logarithm.
func (c *course) factor(x []float64) (factor, variance float64) {
	eta, q, k := 0.0, 0.0, len(c.Coef)
	for i := 1; i < k; i++ {
		eta += x[i] * c.Coef[i]
		for j := 1; j < k; j++ {
			q += x[i] * c.Inverse[i*k+j] * x[j]
		}
	}
	return math.Exp(min(max(eta, -30), 30)), c.Phi * q
}

// refit fits the window that is known at a period.
func (d Detector) refit(f *fitted, s Series, base int) {
	window := d.Window
	if d.Trend > 0 && base < d.Full {
		window = d.Trend
	}
	first, end := max(0, base-d.Guard-window), max(0, base-d.Guard) // end is excluded
	f.base, f.end, f.baseline, f.slow, f.silent, f.wide = base, end, nil, nil, 0, 1
	events, exposed := 0.0, 0.0
	for i := first; i < end; i++ {
		if e := s.exposure(i); e > 0 {
			events += s.Counts[i]
			exposed += e
		}
	}
	if exposed == 0 {
		return
	}
	if events == 0 {
		f.silent = 0.5 / exposed // silence is not a rate of 0: half an event in the window (Jeffreys)
		return
	}
	factor := func(int) float64 { return 1 }
	if d.Cycle > 1 {
		if f.slow = d.slowly(f, s, base, end); f.slow != nil {
			var row [32]float64
			factor = func(i int) float64 {
				v, _ := f.slow.factor(d.row(row[:0], s, f.slow.terms, float64(i), end))
				return v
			}
		}
	}
	f.terms = d.terms(s, first, end, base)
	if events < fewestPerTerm*float64(f.terms.columns) {
		f.terms = layout{columns: 1}
	}
	for {
		silent := f.terms.silent
		row := make([]float64, 0, 16)
		f.reset(end-first, f.terms.columns)
		f.level = f.terms.columns == 1
		for i := first; i < end; i++ {
			if e := s.exposure(i); e > 0 {
				row = d.row(row[:0], s, f.terms, float64(i), end)
				y := s.Counts[i]
				if f.terms.cycle && silent[i%d.Cycle] { // as for a silent window
					y, silent[i%d.Cycle] = 0.5, false
				}
				f.add(row, y, e*factor(i))
			}
		}
		if b, err := f.fit(false); err == nil {
			f.baseline = b
			if d.Trend > 0 && f.terms.trends > 0 {
				f.wide = few(len(b.Weights), f.terms.columns)
			}
			return
		}
		if f.terms.columns == 1 {
			return
		}
		f.terms = layout{columns: 1}
	}
}

// slowly fits trend and season to the cycles that are known at a period; nil when there is nothing to fit or too little to fit it to.
func (d Detector) slowly(f *fitted, s Series, base, end int) *course {
	window := d.Trend
	if base >= d.Full {
		window = max(d.Window, d.Long)
	}
	cycles := min(window, end) / d.Cycle
	terms := d.slowTerms(base)
	if terms.columns == 1 || cycles <= terms.columns {
		return nil
	}
	row := make([]float64, 0, 16)
	f.reset(cycles, terms.columns)
	f.level = false
	events := 0.0
	for c := cycles; c > 0; c-- {
		first := end - c*d.Cycle
		y, exposure := 0.0, 0.0
		for i := first; i < first+d.Cycle; i++ {
			if e := s.exposure(i); e > 0 {
				y += s.Counts[i]
				exposure += e
			}
		}
		if exposure > 0 {
			row = d.row(row[:0], s, terms, float64(first)+float64(d.Cycle-1)/2, end)
			f.add(row, y, exposure)
			events += y
		}
	}
	if events < fewestPerTerm*float64(terms.columns) {
		return nil
	}
	b, err := f.fit(false)
	if err != nil {
		return nil
	}
	if d.Trend > 0 {
		b.Phi *= few(len(b.Weights), terms.columns)
	}
	return &course{b, terms}
}

// few is by how much more a prediction varies because its dispersion comes from n periods less k coefficients: the variance of Student's t.
// Trends alone need it, which are carried on far beyond a short window.
func few(n, k int) float64 {
	left := float64(n - k)
	return left / max(left-2, 1)
}

// layout says which terms the baseline has, in the order of its columns after the level.
type layout struct {
	trends  int // a trend, and with 2 a change of it
	season  bool
	cycle   bool             // a level for each place in the cycle that the window has
	has     [mostLevels]bool // by place: the window has it
	silent  [mostLevels]bool // by place: but without any event
	marks   []int
	columns int
}

// slowTerms are trend and season. Of what grows the trend is known before the season is, and once that is, it may change one Trend before the end.
func (d Detector) slowTerms(t int) layout {
	l := layout{columns: 1}
	switch {
	case t >= d.Full && d.Season > 0 && d.Trend > 0:
		l.trends, l.season = 2, true
	case t >= d.Full && d.Season > 0:
		l.trends, l.season = 1, true
	case d.Trend > 0:
		l.trends = 1
	}
	l.columns += l.trends
	if l.season {
		l.columns += 2
	}
	return l
}

func (d Detector) terms(s Series, first, end, t int) layout {
	l := layout{columns: 1}
	if d.Cycle <= 1 {
		l = d.slowTerms(t)
	} else if end-first >= 2*d.Cycle {
		l.cycle, l.columns = true, 0
		for i := first; i < end; i++ {
			c := i % d.Cycle
			if s.exposure(i) == 0 {
				continue
			}
			if !l.has[c] {
				l.has[c], l.silent[c] = true, true
				l.columns++
			}
			l.silent[c] = l.silent[c] && s.Counts[i] == 0
		}
	}
	if s.Marks == nil {
		return l
	}
	for m := range s.Marks[0] {
		on, off := false, false
		for i := first; i < end; i++ {
			on, off = on || s.Marks[i][m] != 0, off || s.Marks[i][m] == 0
		}
		if on && off { // otherwise the window cannot tell its effect
			l.marks = append(l.marks, m)
			l.columns++
		}
	}
	return l
}

// row is the design row of a time, which is a period or, of a cycle, its middle.
func (d Detector) row(row []float64, s Series, l layout, at float64, end int) []float64 {
	row = append(row, 1)
	since := at - float64(end)
	if l.trends > 0 {
		row = append(row, since/d.Season)
	}
	if l.trends > 1 {
		row = append(row, max(0, since+float64(d.Trend))/d.Season)
	}
	if l.season {
		sin, cos := math.Sincos(2 * math.Pi * at / d.Season)
		row = append(row, cos, sin)
	}
	if l.cycle {
		first := true // of the places that the window has; its level is the intercept
		for c := range d.Cycle {
			if !l.has[c] {
				continue
			}
			if !first {
				on := 0.0
				if int(at)%d.Cycle == c {
					on = 1
				}
				row = append(row, on)
			}
			first = false
		}
	}
	for _, m := range l.marks {
		row = append(row, s.Marks[int(at)][m])
	}
	return row
}

// accumulate updates the two likelihood-ratio sums. Under the baseline the ratio has mean 1 whatever the past, so that
// the mean time to a false signal at exp(h) = 1/Rate is at least 1/Rate, without any calibration.
// low is what a fall is held against.
func (d Detector) accumulate(state *State, p, low dist.Counts, r *Reading) {
	state.Up = max(0, state.Up+LogRatio(p, d.rho(p.Mean), r.Count))
	state.Down = max(0, state.Down+d.FallRatio(low, r.Count))
	if state.Up == 0 {
		state.run = run{}
	} else {
		state.run.observed += r.Count
		state.run.expected += p.Mean
	}
}

// LogRatio is log f(y; rho mu)/f(y; mu) of counts with the same ratio of variance to mean.
func LogRatio(p dist.Counts, rho, y float64) float64 {
	raised := dist.Counts{Mean: rho * p.Mean, Variance: rho * p.Variance}
	return raised.LogProb(y) - p.LogProb(y)
}

// EpisodeGap is the number of periods within which signals belong to one episode.
const EpisodeGap = 4

// Episodes gives the periods at which a new episode begins: a signal more than gap periods after the one before.
func Episodes(readings []Reading, gap int) []int {
	var out []int
	last := math.MinInt / 2
	for _, r := range readings {
		if !r.Signal() {
			continue
		}
		if r.Period-last > gap {
			out = append(out, r.Period)
		}
		last = r.Period
	}
	return out
}
