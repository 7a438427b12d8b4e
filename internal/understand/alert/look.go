package alert

import (
	"math"
	"sync"

	"kolo/internal/foundation/clock"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
	"kolo/internal/understand/stat/watch"
)

// buckets of time that are watched.
const (
	week  = "week"
	daily = "day"
)

// frame is how a bucket of time is watched.
type frame struct {
	bucket  string
	perYear int
	recent  int // latest periods that sums run over: a look starts them anew, so that it depends on nothing but the data
	history int // periods before those that a baseline may use: two years and a guard
	guard   int
	scores  watch.Scores
}

var frames = map[string]frame{
	week:  {bucket: week, perYear: 52, recent: 8, history: 108, guard: 4, scores: watch.WeeklyScores()},
	daily: {bucket: daily, perYear: 365, recent: 56, history: 735, guard: 7, scores: watch.DailyScores()},
}

func (l *line) detector(rate float64) watch.Detector {
	d := watch.Weekly(rate)
	if l.frame.bucket == daily {
		d = watch.Daily(rate)
		d.Refit = 7
	}
	if l.grows {
		d.Trend = l.frame.perYear / 2
	}
	return d
}

// line is one series: a subject by bucket of time, complete periods alone, the oldest first.
type line struct {
	subject Subject
	frame   frame
	ends    []clock.Day // last day of each period
	begins  []clock.Day

	counts   []float64       // of a count
	exposure []float64       // what they are held against; 0 leaves a period out
	outOf    []float64       // what they are out of, as people are told: the exposure without the mix of where texts come from
	points   []watch.Answers // of a score, instead
	unasked  []float64       // of a theme: those of the counts that came unasked
	part     bool            // the exposure is what else there is of the same whole
	grows    bool            // it is out of nothing, so that it grows with the company: growth is not an incident
}

// What became of a series in a look.
const (
	Watched  = "watched"
	Learning = "learning" // its history is too short for a baseline: only what is very far off is told
	Blank    = "blank"    // there was nothing to look at in the latest period
)

// period is what one period of a series is, beside what was to be expected of it.
type period struct {
	observed, expected, low, high float64
	exposure                      float64
	limit                         float64 // from which on the period alone signals; NaN when nothing can
	p                             float64
	state                         string
}

// signal is a period in which a rule fired.
type signal struct {
	at, since int // periods
	kind      Kind
	rule      Rule
	excess    float64
	period
}

// finding is what a look found out about a line.
type finding struct {
	*line
	state   string // in the latest period
	rate    float64
	q       float64
	last    period
	signals []signal
}

// look reads the latest periods of a line, those that sums run over, and shows each where somebody wants to see them. rate is the line's chance of a
// false signal per period and rule, for two rules.
func (l *line) look(rate float64, each func(at int, p period)) (finding, error) {
	f := finding{line: l, rate: rate, q: 1, state: Blank}
	// The band takes longer than all the rest, so that only what somebody sees has one.
	wanted := func(at int) bool { return each != nil || at == len(l.ends)-1 }
	keep := func(at int, p period) {
		if at == len(l.ends)-1 {
			f.last, f.state = p, p.state
		}
		if each != nil {
			each(at, p)
		}
	}
	var err error
	if l.points != nil {
		f.signals, err = l.lookAtScore(rate, keep)
	} else {
		f.signals, err = l.lookAtCounts(rate, wanted, keep)
	}
	return f, err
}

// from is the first period that sums run over.
func (l *line) from() int { return max(0, len(l.ends)-l.frame.recent) }

// least that a fall must have had to expect, and by how much it must lie below, before it is called an improvement.
const (
	leastExpected = 10
	leastUnder    = 1.3
)

func (l *line) lookAtCounts(rate float64, wanted func(int) bool, keep func(int, period)) ([]signal, error) {
	d := l.detector(rate)
	readings, err := d.Run(watch.Series{Counts: l.counts, Exposure: l.exposure}, l.from(), nil)
	if err != nil {
		return nil, err
	}
	var out []signal
	up, down := run{from: -1}, run{from: -1}
	fallen := 0.0 // the sum of a fall
	for _, r := range readings {
		expected, fell := r.Expected, r.Fell
		if !l.grows && !r.NoData && !r.Learning {
			expected, fell = l.fall(d, r, &fallen, -math.Log(rate))
			r.Down = fallen
		}
		p := l.period(d, r, r.Signal() || fell || wanted(r.Period))
		keep(r.Period, p)
		if r.NoData {
			continue
		}
		up.add(r.Period, r.Count, r.Expected)
		down.add(r.Period, r.Count, expected)
		switch {
		case r.Signal() && l.part && !l.over(up, r, leastMore):
			// It is the others that have become fewer.
		case r.Learning:
			// The normal tail of EARS is too light for small counts at so small a chance: the counts' own must agree.
			if r.Spike && p.p < rate {
				out = append(out, signal{r.Period, r.Period, Alarm, Spike, r.Count - r.Expected, p})
			}
		case r.Shift:
			out = append(out, signal{r.Period, up.from, Alarm, Shift, up.excess(), p})
		case r.Spike:
			out = append(out, signal{r.Period, r.Period, Alarm, Spike, r.Count - r.Expected, p})
		case fell && down.expected >= leastExpected && down.observed*leastUnder <= down.expected && down.observed*leastUnder <= l.usual(r.Period)*float64(down.n):
			if r.Expected > 0 { // beside what the series itself has
				p.expected, p.low, p.high = expected, p.low*expected/r.Expected, p.high*expected/r.Expected
			}
			out = append(out, signal{r.Period, down.from, Improvement, Shift, down.excess(), p})
		}
		if r.Up == 0 {
			up = run{from: -1}
		}
		if r.Down == 0 {
			down = run{from: -1}
		}
	}
	return out, nil
}

// fall adds a reading to the sum of a fall, which is the detector's but for what is expected: no more than the series itself usually has. What
// it is out of may have grown because of something else, as all texts do in a burst of one theme, and then all others have a smaller
// share of it without being fewer.
func (l *line) fall(d watch.Detector, r watch.Reading, sum *float64, limit float64) (expected float64, fell bool) {
	expected = r.Expected
	if own, known := l.own(r.Period); known {
		expected = min(expected, own)
	}
	if r.Expected > 0 && expected > 0 {
		c := dist.Counts{Mean: expected, Variance: max(r.Variance*expected/r.Expected, 1.0001*expected)}
		*sum = max(0, *sum+d.FallRatio(c, r.Count))
	}
	if fell = *sum > limit; fell {
		*sum = 0
	}
	return expected, fell
}

// own is the mean of the latest half year before a period and its guard, by day of the same day of the week, whatever it is out of.
func (l *line) own(t int) (mean float64, known bool) {
	step := 1
	if l.frame.bucket == daily {
		step = 7
	}
	sum, n := 0.0, 0
	for i := t - (l.frame.guard/step+1)*step; i >= max(0, t-l.frame.guard-l.frame.perYear/2); i -= step {
		if l.exposure[i] > 0 {
			sum += l.counts[i]
			n++
		}
	}
	if n == 0 {
		return 0, false
	}
	return sum / float64(n), true
}

// leastMore is by how much a part must itself have grown before its share of the whole is told.
const leastMore = 1.15

// over tells whether what signals is more than so many times what there usually is, whatever it is out of.
func (l *line) over(up run, r watch.Reading, times float64) bool {
	usual := l.usual(r.Period)
	if r.Shift {
		return up.observed >= times*usual*float64(up.n)
	}
	return r.Count >= times*usual
}

// usual is the mean of the latest half year before a period and its guard, whatever it is out of.
func (l *line) usual(t int) float64 {
	sum, n := 0.0, 0
	for i := t - l.frame.guard - 1; i >= 0 && n < l.frame.perYear/2; i-- {
		if l.exposure[i] > 0 {
			sum += l.counts[i]
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / float64(n)
}

// run is what happened since a sum left 0.
type run struct {
	from, n            int
	observed, expected float64
}

func (r *run) add(at int, observed, expected float64) {
	if r.from < 0 {
		r.from = at
	}
	r.n++
	r.observed += observed
	r.expected += expected
}

func (r run) excess() float64 { return r.observed - r.expected }

// shown is the level of the band of what was to be expected.
const shown = 0.95

// period is a reading as people see it, with its band or without.
func (l *line) period(d watch.Detector, r watch.Reading, band bool) period {
	p := period{observed: r.Count, expected: r.Expected, p: r.P, limit: math.NaN(), state: Watched}
	if l.outOf != nil {
		p.exposure = l.outOf[r.Period]
	}
	switch {
	case r.NoData:
		p.state = Blank
		return p
	case r.Learning:
		p.state = Learning
		if r.Expected == 0 && r.Variance == 0 {
			return p
		}
	}
	c := dist.Counts{Mean: r.Expected, Variance: max(r.Variance, 1.0001*r.Expected)}
	if r.Learning {
		c.Mean = max(c.Mean, 0.1)
		c.Variance = max(c.Variance, 1.0001*c.Mean*(1+1.0/7)) // at least a Poisson's, and that of a mean of 7
		if band {
			p.p = c.MidP(r.Count)
		}
	}
	if !band {
		return p
	}
	p.low, p.high = c.Quantile((1-shown)/2), c.Quantile((1+shown)/2)
	p.limit = d.Limit(watch.Series{Counts: l.counts, Exposure: l.exposure}, r)
	if r.Learning {
		for c.MidP(p.limit) >= d.Rate {
			p.limit++
		}
	}
	return p
}

// tune are the constants of how scores are watched (methods: CUSUM k .5, EWMA lambda .2, odds ratio 1.5 of bad answers).
const (
	reference = 0.5
	lambda    = 0.2
	oddsRatio = 1.5
)

// worthKnowing is the smallest difference of a score that is told, in its own unit.
var worthKnowing = map[string]float64{"nps": 3, "csat": .03, "ces": .03, "star": .1}

// limits are those of a CUSUM and an EWMA with a chance of a false signal per period. They take an integral equation each, and
// all series of a workspace but a few have the same.
type limits struct{ cusum, ewma float64 }

var (
	limitsMu   sync.Mutex
	limitsKept = map[float64]limits{}
)

// limitsOf rounds the chance down to two digits.
func limitsOf(rate float64) (limits, error) {
	scale := math.Pow(10, math.Floor(math.Log10(rate))-1)
	rate = max(math.Floor(rate/scale+1e-9)*scale, 1e-6)
	limitsMu.Lock()
	defer limitsMu.Unlock()
	if l, ok := limitsKept[rate]; ok {
		return l, nil
	}
	h, err := watch.CUSUMLimit(reference, 1/rate)
	if err != nil {
		return limits{}, err
	}
	w, err := watch.EWMALimit(lambda, 1/rate)
	if err != nil {
		return limits{}, err
	}
	if len(limitsKept) > 1000 {
		clear(limitsKept)
	}
	limitsKept[rate] = limits{h, w}
	return limitsKept[rate], nil
}

// lookAtScore watches the mean of a score by CUSUM and EWMA and its share of bad answers by a likelihood-ratio CUSUM. The three share
// what two rules of a count have. Sums run towards the best end of the scale; what people see stays in the score's own unit.
func (l *line) lookAtScore(rate float64, keep func(int, period)) ([]signal, error) {
	each := 2 * rate / 3
	lim, err := limitsOf(each)
	if err != nil {
		return nil, err
	}
	better, err := limitsOf(rate)
	if err != nil {
		return nil, err
	}
	width := lim.ewma * math.Sqrt(lambda/(2-lambda))
	scores, good := l.frame.scores, l.subject.better()
	var out []signal
	var sinceDown, sinceUp, sinceShare scoreRun
	var usual *watch.Usual
	fitted := -1
	down, up, drift, share := 0.0, 0.0, 0.0, 0.0
	for t := l.from(); t < len(l.points); t++ {
		x := l.points[t]
		p := period{exposure: float64(x.N), p: 1, limit: math.NaN(), state: Watched}
		if x.N > 0 {
			p.observed = x.Mean()
		}
		if at := t - t%max(1, scores.Refit); at != fitted {
			usual, fitted = scores.Before(l.points, at), at
		}
		base, se, known := usual.Mean(t)
		switch {
		case x.N < stat.MinimumToShow:
			p.state = Blank
		case !known:
			p.state = Learning
		}
		if p.state != Watched {
			keep(t, p)
			continue
		}
		z, err := watch.ScoreZ([]watch.ScorePoint{{N: x.N, Mean: x.Mean(), SE: usual.SE(x.N)}}, base, se)
		if err != nil {
			return nil, err
		}
		z[0] *= good
		spread := math.Hypot(usual.SE(x.N), se)
		p.expected, p.low, p.high = base, base-1.96*spread, base+1.96*spread
		p.p = dist.NormUpper(-z[0])
		p.limit = base - good*(lim.cusum+reference)*spread
		keep(t, p)
		bad := usual.Bad(t)
		down = sinceDown.next(t, x, base, bad, watch.CUSUM([]float64{-z[0]}, reference, down)[0])
		up = sinceUp.next(t, x, base, bad, watch.CUSUM([]float64{z[0]}, reference, up)[0])
		drift = watch.EWMA(z, lambda, drift)[0]
		ratio := 0.0
		if bad > 0 && bad < 1 {
			if ratio, err = watch.ShareRatio(x.Bad, x.N, bad, oddsRatio); err != nil {
				return nil, err
			}
			ratio /= usual.Phi // answers of a period vary together more than chance has it
		}
		share = sinceShare.next(t, x, base, bad, max(0, share+ratio))
		least := worthKnowing[l.subject.Measure]
		s := signal{at: t, kind: Alarm, period: p}
		switch {
		case down > lim.cusum && good*sinceDown.moved() <= -least:
			s.rule, s.since, s.excess = Mean, sinceDown.from, sinceDown.excess
		case share > -math.Log(each) && good*sinceShare.moved() <= -least:
			s.rule, s.since, s.excess = Share, sinceShare.from, sinceShare.excess
		case drift < -width && sinceDown.N > 0 && good*sinceDown.moved() <= -least:
			s.rule, s.since, s.excess = Drift, sinceDown.from, sinceDown.excess
		case up > better.cusum && good*sinceUp.moved() >= least:
			s.kind, s.rule, s.since, s.excess = Improvement, Mean, sinceUp.from, sinceUp.excess
			up, sinceUp = 0, scoreRun{}
		default:
			continue
		}
		if s.kind == Alarm {
			down, drift, share, sinceDown, sinceShare = 0, 0, 0, scoreRun{}, scoreRun{}
		}
		out = append(out, s)
	}
	return out, nil
}

// scoreRun is what happened to a score since a sum left 0.
type scoreRun struct {
	from int
	watch.Answers
	expected float64 // mean, weighted by answers
	excess   float64 // bad answers
}

// next adds a period of which a mean and a share of bad answers were to be expected, or begins anew when the sum is back at 0; it gives the
// sum.
func (r *scoreRun) next(t int, x watch.Answers, mean, bad, sum float64) float64 {
	if sum == 0 {
		*r = scoreRun{}
		return 0
	}
	if r.N == 0 {
		r.from = t
	}
	r.Answers = r.Plus(x)
	r.expected += mean * float64(x.N)
	r.excess += float64(x.Bad) - bad*float64(x.N)
	return sum
}

// moved is by how much the score of the run differs from what it was before.
func (r *scoreRun) moved() float64 { return r.Mean() - r.expected/float64(r.N) }
