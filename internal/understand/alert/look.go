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
	history int // periods before those that a baseline may use
	window  int // of them, for the mean of a score
	guard   int
	least   int // periods with enough answers below which a score is not watched yet
}

var frames = map[string]frame{
	week:  {bucket: week, perYear: 52, recent: 8, history: 108, window: 52, guard: 4, least: 12},
	daily: {bucket: daily, perYear: 365, recent: 56, history: 371, window: 182, guard: 7, least: 42},
}

func (f frame) detector(rate float64) watch.Detector {
	if f.bucket == daily {
		d := watch.Daily(rate)
		d.Refit = 7
		return d
	}
	return watch.Weekly(rate)
}

// line is one series: a subject by bucket of time, complete periods alone, the oldest first.
type line struct {
	subject Subject
	frame   frame
	ends    []clock.Day // last day of each period
	begins  []clock.Day

	counts   []float64 // of a count
	exposure []float64 // 0 leaves a period out
	points   []point   // of a score, instead
	part     bool      // the exposure is what else there is of the same whole
}

// point is one period of a score: its answers, and how many of them are at the bad end.
type point struct {
	n, bad      int64
	sum, square float64
}

func (a point) plus(b point) point {
	return point{a.n + b.n, a.bad + b.bad, a.sum + b.sum, a.square + b.square}
}

func (a point) mean() float64 { return a.sum / float64(a.n) }

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
	d := l.frame.detector(rate)
	readings, err := d.Run(watch.Series{Counts: l.counts, Exposure: l.exposure}, l.from(), nil)
	if err != nil {
		return nil, err
	}
	var out []signal
	up, down := run{from: -1}, run{from: -1}
	for _, r := range readings {
		p := l.period(r, rate, r.Signal() || r.Fell || wanted(r.Period))
		keep(r.Period, p)
		if r.NoData {
			continue
		}
		up.add(r.Period, r.Count, r.Expected)
		down.add(r.Period, r.Count, r.Expected)
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
		case r.Fell && down.expected >= leastExpected && down.observed*leastUnder <= down.expected && down.observed*leastUnder <= l.usual(r.Period)*float64(down.n):
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
func (l *line) period(r watch.Reading, rate float64, band bool) period {
	p := period{observed: r.Count, expected: r.Expected, p: r.P, limit: math.NaN(), state: Watched}
	if l.exposure != nil {
		p.exposure = l.exposure[r.Period]
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
	if r.Learning { // the spread of 7 periods, and of their mean
		c.Mean = max(c.Mean, 0.1)
		c.Variance = max(c.Variance, 1.0001*c.Mean) * (1 + 1.0/7)
		if band {
			p.p = c.MidP(r.Count)
		}
	}
	if !band {
		return p
	}
	p.low, p.high = c.Quantile((1-shown)/2), c.Quantile((1+shown)/2)
	p.limit = max(c.Quantile(1-rate)+1, math.Ceil(l.frame.detector(rate).LeastOver*r.Expected))
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
	good := l.subject.better()
	var out []signal
	var sinceDown, sinceUp, sinceShare scoreRun
	down, up, drift, share := 0.0, 0.0, 0.0, 0.0
	for t := l.from(); t < len(l.points); t++ {
		x := l.points[t]
		b, ok := l.base(t)
		p := period{exposure: float64(x.n), p: 1, limit: math.NaN(), state: Watched}
		if x.n > 0 {
			p.observed = x.mean()
		}
		switch {
		case x.n < stat.MinimumToShow:
			p.state = Blank
		case !ok:
			p.state = Learning
		}
		if p.state != Watched {
			keep(t, p)
			continue
		}
		z, err := watch.ScoreZ([]watch.ScorePoint{{N: x.n, Mean: x.mean(), SE: b.se(x.n)}}, b.mean(), b.se(b.n))
		if err != nil {
			return nil, err
		}
		z[0] *= good
		spread := math.Hypot(b.se(x.n), b.se(b.n))
		p.expected, p.low, p.high = b.mean(), b.mean()-1.96*spread, b.mean()+1.96*spread
		p.p = dist.NormUpper(-z[0])
		p.limit = b.mean() - good*(lim.cusum+reference)*spread
		keep(t, p)
		down = sinceDown.next(t, x, b, watch.CUSUM([]float64{-z[0]}, reference, down)[0])
		up = sinceUp.next(t, x, b, watch.CUSUM([]float64{z[0]}, reference, up)[0])
		drift = watch.EWMA(z, lambda, drift)[0]
		ratio := 0.0
		if b.bad > 0 && b.bad < b.n {
			if ratio, err = watch.ShareRatio(x.bad, x.n, float64(b.bad)/float64(b.n), oddsRatio); err != nil {
				return nil, err
			}
			ratio /= b.phi // answers of a period vary together more than chance has it
		}
		share = sinceShare.next(t, x, b, max(0, share+ratio))
		least := worthKnowing[l.subject.Measure]
		s := signal{at: t, kind: Alarm, period: p}
		switch {
		case down > lim.cusum && good*sinceDown.moved() <= -least:
			s.rule, s.since, s.excess = Mean, sinceDown.from, sinceDown.excess
		case share > -math.Log(each) && good*sinceShare.moved() <= -least:
			s.rule, s.since, s.excess = Share, sinceShare.from, sinceShare.excess
		case drift < -width && sinceDown.n > 0 && good*sinceDown.moved() <= -least:
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
	point
	expected float64 // mean, weighted by answers
	excess   float64 // bad answers
}

// next adds a period, or begins anew when the sum is back at 0; it gives the sum.
func (r *scoreRun) next(t int, x point, b base, sum float64) float64 {
	if sum == 0 {
		*r = scoreRun{}
		return 0
	}
	if r.n == 0 {
		r.from = t
	}
	r.point = r.point.plus(x)
	r.expected += b.mean() * float64(x.n)
	r.excess += float64(x.bad) - float64(b.bad)/float64(b.n)*float64(x.n)
	return sum
}

// moved is by how much the score of the run differs from what it was before.
func (r *scoreRun) moved() float64 { return r.mean() - r.expected/float64(r.n) }

// base is a score before a period.
type base struct {
	point
	phi float64 // how much more its periods differ than chance has it, at least 1
}

// se is the standard error of a mean of n answers like those of the base. The spread is that of all its answers: that of one period
// may be 0 by chance.
func (b base) se(n int64) float64 {
	v := (b.square - float64(b.n)*b.mean()*b.mean()) / float64(b.n-1)
	return math.Sqrt(b.phi * max(v, 1e-12) / float64(n))
}

// base is what the window before period t says of a score, unless too few of its periods have enough answers.
func (l *line) base(t int) (b base, ok bool) {
	f := l.frame
	first, end := max(0, t-f.guard-f.window), t-f.guard
	enough := 0
	for i := first; i < end; i++ {
		if l.points[i].n >= stat.MinimumToShow {
			b.point = b.point.plus(l.points[i])
			enough++
		}
	}
	if enough < f.least {
		return b, false
	}
	b.phi = 1
	one := b.se(1)
	sum := 0.0
	for i := first; i < end; i++ {
		if x := l.points[i]; x.n >= stat.MinimumToShow {
			d := (x.mean() - b.mean()) / one
			sum += float64(x.n) * d * d
		}
	}
	b.phi = max(1, sum/float64(enough-1))
	return b, true
}
