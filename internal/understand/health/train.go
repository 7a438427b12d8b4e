package health

import (
	"errors"
	"maps"
	"math"
	"slices"

	"kolo/internal/foundation/clock"
	"kolo/internal/understand/stat"
	score "kolo/internal/understand/stat/health"
)

// Model makes scores of parts.
type Model struct {
	Segment string           `json:"segment"` // attribute that lists are filtered by
	Horizon int              `json:"horizon"`
	Weights map[Key]float64  `json:"weights"` // of Weighted, and of coverage
	Spec    Spec             `json:"spec"`
	Kind    Kind             `json:"kind"`
	Fit     *score.Model     `json:"fit,omitempty"` // of Fitted
	Limit   float64          `json:"limit"`         // at risk: a chance from here on, or of Weighted a score below
	Edges   [parts][]float64 `json:"edges"`         // of the parts' distribution when it was made
	Counts  [parts][]float64 `json:"counts"`
}

// What is at risk: a chance of leaving of so many times the usual one, or a score below so much while it is no chance.
const (
	riskFactor = 2.0
	riskScore  = 40.0
)

const (
	step       = 28 // days between snapshots
	mostSteps  = 26
	leastKnown = 28 // days for which a contact must be known before it teaches anything
	checkBins  = 10
	leastTests = 20 // customers who left, for a check to be made
)

// score makes a score of parts, and fills in what each part does to it.
func (m *Model) score(p *[parts]Part) (value float64, chance *float64, coverage float64) {
	value, chance = m.value(p)
	var known, all float64
	for j := range p {
		all += p[j].Weight
		if !p[j].Known {
			continue
		}
		known += p[j].Weight
		q := *p
		q[j].Score = q[j].Peers
		at, _ := m.value(&q)
		p[j].Effect = value - at
	}
	if all > 0 {
		coverage = known / all
	}
	return value, chance, coverage
}

func (m *Model) value(p *[parts]Part) (float64, *float64) {
	if m.Kind == Fitted {
		if c, err := m.Fit.Chance(scores(p)); err == nil {
			return 100 * (1 - c), &c
		}
	}
	var list [parts]score.Component
	for j := range p {
		list[j] = score.Component{Weight: p[j].Weight, Score: p[j].Score, Known: p[j].Known}
	}
	s, err := score.Compose(list[:])
	if err != nil { // nothing is known: as the peers
		return 50, nil
	}
	return s.Value, nil
}

// risk orders customers: higher is worse.
func (m *Model) risk(p *[parts]Part) float64 {
	v, chance := m.value(p)
	if chance != nil {
		return *chance
	}
	return 1 - v/100
}

func (m *Model) atRisk(value float64, chance *float64) bool {
	if chance != nil {
		return *chance >= m.Limit
	}
	return value < m.Limit
}

func scores(p *[parts]Part) []float64 {
	x := make([]float64, parts)
	for j := range p {
		x[j] = p[j].Score
	}
	return x
}

// shot is the customers of a day, with what was known of them before it.
type shot struct {
	day   clock.Day
	who   []*Facts
	parts [][parts]Part
	ref   *Peers
}

// shoot takes those who are customers on a day.
func (s *Spec) shoot(list []*Facts, t clock.Day, weights *Settings) shot {
	out := shot{day: t}
	var all []measured
	for _, f := range list {
		if s.since(f) > t-leastKnown || f.gone(t) {
			continue
		}
		out.who = append(out.who, f)
		all = append(all, s.measure(f, t))
	}
	out.ref = s.refer(t, all)
	out.parts = make([][parts]Part, len(all))
	for i := range all {
		out.parts[i] = s.parts(&all[i], out.ref, weights)
	}
	return out
}

// covered tells whether so much is known that a score is shown.
func covered(p *[parts]Part) bool {
	var known, all float64
	for j := range p {
		all += p[j].Weight
		if p[j].Known {
			known += p[j].Weight
		}
	}
	return all > 0 && known/all >= score.LeastCoverage
}

// begins is the day since when facts are kept, but for the very first: some old letter that somebody typed in. It does not
// depend on how many follow.
func begins(list []*Facts, to clock.Day) clock.Day {
	const strays = 10
	count := map[clock.Day]int{}
	for _, f := range list {
		for _, a := range f.Acts {
			count[a.Day]++
		}
		for _, v := range f.Voices {
			count[v.Day]++
		}
	}
	sum := 0
	for _, d := range slices.Sorted(maps.Keys(count)) {
		if sum += count[d]; sum > strays {
			return min(d, to)
		}
	}
	return to
}

// specOf fills in what settings leave open from what happened before a day: half-lives long enough for a typical customer to
// have done something within the window.
func specOf(list []*Facts, begin, t clock.Day, set *Settings) Spec {
	s := Spec{Begin: begin, HalfLife: map[Key]float64{}}
	for k, h := range set.HalfLife {
		s.HalfLife[k] = h
	}
	var days, uses, buys, complaints, dated float64
	for _, f := range list {
		for _, v := range f.voices(t) {
			if v.Complaint {
				if complaints++; !v.open(t) {
					dated++
				}
			}
		}
		first := s.since(f)
		if first >= t {
			continue
		}
		last := t
		for _, a := range f.acts(t) {
			switch a.Role {
			case used:
				uses += float64(a.N)
			case bought:
				buys += float64(a.N)
			case cancelled:
				last = a.Day
			}
		}
		days += float64(max(last-first, 0))
	}
	longer := func(half, n, least, most float64) float64 {
		if n == 0 || days == 0 {
			return half
		}
		return max(half, min(max(least, wantedEvents*math.Ln2*days/n), most))
	}
	s.Usage, s.Buying, s.Dated = uses > 0, buys > 0, dated > 0 && dated >= leastDated*complaints
	s.HalfLife[Usage] = longer(set.HalfLife[Usage], uses, 0, longestHalfLife)
	s.HalfLife[Commercial] = longer(90, buys, 90, 2*longestHalfLife)
	return s
}

// learn makes a model of facts of the days before "to" and holds it against what happened. was is the model before, or nil.
func learn(list []*Facts, set *Settings, to clock.Day, was *Model) (*Model, Report) {
	r := Report{Horizon: set.Horizon, Contacts: len(list), To: to.String(), Refused: []string{}, Reasons: []Reason{}, Others: []Reason{}}
	from := begins(list, to)
	for _, f := range list {
		if _, left := f.leaves(f.First, to); left {
			r.Left++
		}
	}
	r.From = from.String()
	h := clock.Day(set.Horizon)
	// The newest whole horizon tests, and the one before it where enough is left to learn from.
	tests := []clock.Day{to - h}
	if to-3*h >= from+2*step {
		tests = append(tests, to-2*h)
	}
	t0 := slices.Min(tests)
	spec := specOf(list, from, t0, set)
	m := &Model{Segment: set.Segment, Horizon: set.Horizon, Weights: set.Weights, Spec: spec, Kind: Weighted, Limit: riskScore}
	var shots []shot // the oldest first
	for k := mostSteps; k >= 0; k-- {
		if t := to - clock.Day(k*step); t >= from+step {
			shots = append(shots, spec.shoot(list, t, set))
		}
	}
	var x [][]float64
	var y []bool
	left := map[*Facts]bool{}
	for _, s := range shots {
		if s.day > t0-h { // what happened after the first test began is not learned from
			break
		}
		for i, f := range s.who {
			if !covered(&s.parts[i]) {
				continue
			}
			_, gone := f.leaves(s.day, s.day+h)
			x, y = append(x, scores(&s.parts[i])), append(y, gone)
			if gone {
				left[f] = true
			}
		}
	}
	r.Fitted, r.FitLeft, r.FitUpto = len(x), len(left), t0.String()
	switch {
	case r.Left == 0:
		r.Refused = append(r.Refused, "silent")
	case len(x) == 0:
		r.Refused = append(r.Refused, "history")
	case len(left) < score.FewestEvents:
		r.Refused = append(r.Refused, "few")
	default:
		if fit, err := score.FitChurn(x, y, 0); err == nil {
			m.Kind, m.Fit = Fitted, fit
		} else {
			r.Refused = append(r.Refused, "few")
		}
	}
	if m.Kind == Fitted {
		n := 0
		for _, gone := range y {
			if gone {
				n++
			}
		}
		r.BaseRate = float64(n) / float64(len(y))
		m.Limit = min(riskFactor*r.BaseRate, (1+r.BaseRate)/2) // where most leave, there is no twice as much
		for j, k := range Keys {
			r.Weights = append(r.Weights, Weight{k, m.Fit.Coef[j]})
		}
	} else {
		for _, k := range Keys {
			r.Weights = append(r.Weights, Weight{k, set.weight(k)})
		}
	}
	r.HalfLives = spec.HalfLife
	m.check(list, tests, h, set, &r)
	m.remember(shots, was, &r)
	for _, s := range shots {
		r.Trend = append(r.Trend, m.point(&s, to))
	}
	return m, r
}

// check holds a new model against what happened on days that it did not learn from.
func (m *Model) check(list []*Facts, tests []clock.Day, h clock.Day, set *Settings, r *Report) {
	c, refused := m.hold(list, tests, h, set)
	if c == nil {
		if len(r.Refused) == 0 {
			r.Refused = append(r.Refused, refused...)
		}
		return
	}
	r.Check, r.Tests = c, daysOf(tests)
	r.Refused = append(r.Refused, refused...)
}

// daysOf are days as a report has them, the first one first.
func daysOf(tests []clock.Day) (out []string) {
	for _, t := range slices.Sorted(slices.Values(tests)) {
		out = append(out, t.String())
	}
	return out
}

// recheck holds a version against the newest whole horizon that began after it was made; with the one before it, where that one did
// too and too few left in the newest. It is nil while there is no such horizon, and where nothing can be said for the few who left.
func (v *Version) recheck(list []*Facts, set *Settings, to clock.Day) *Recheck {
	made, err := clock.ParseDay(v.Report.To)
	if err != nil {
		return nil
	}
	h, own := clock.Day(v.model.Horizon), *set
	own.Weights = v.model.Weights
	var tests []clock.Day
	for t := to - h; t >= made && len(tests) < 2; t -= h {
		tests = append(tests, t)
		if c, refused := v.model.hold(list, tests, h, &own); c != nil {
			if refused == nil {
				refused = []string{}
			}
			return &Recheck{Tests: daysOf(tests), Check: *c, Refused: refused}
		}
	}
	return nil
}

// hold holds the scores of the days of tests against who left within the horizon, and tells what they fail. The check is nil where there
// is nothing to hold them against: few who left, or all customers alike.
func (m *Model) hold(list []*Facts, tests []clock.Day, h clock.Day, set *Settings) (c *Check, refused []string) {
	var p []float64
	var y []bool
	var single [parts][]float64
	c = &Check{Calibrated: m.Kind == Fitted}
	for _, t := range tests {
		s := m.Spec.shoot(list, t, set)
		for i, f := range s.who {
			if !covered(&s.parts[i]) {
				continue
			}
			_, gone := f.leaves(t, t+h)
			p, y = append(p, m.risk(&s.parts[i])), append(y, gone)
			for j := range single {
				single[j] = append(single[j], 1-s.parts[i][j].Score/100)
			}
			if gone {
				c.Left++
			}
		}
	}
	if c.N = len(p); c.Left < leastTests || c.N-c.Left < leastTests {
		return nil, []string{"few"}
	}
	v, err := score.Validate(p, y, checkBins, stat.DefaultLevel)
	if err != nil { // all customers alike, or a fit that does not settle
		return nil, []string{"auc"}
	}
	c.BaseRate, c.AUC, c.AUCRange = v.BaseRate, v.AUC, v.AUCInterval
	c.Skill, c.Brier, c.ECE, c.Expected, c.Ratio = v.Skill, v.Brier, v.ECE, v.Expected, v.ObservedPer
	c.Slope, c.SlopeSE, c.InLarge, c.InLargeSE = v.Slope, v.SlopeSE, v.InLarge, v.InLargeSE
	for _, b := range v.Bins {
		bin := Bin{N: b.N, Mean: b.Mean, Observed: b.Observed}
		if i, err := stat.Wilson(int64(math.Round(b.Observed*float64(b.N))), int64(b.N), stat.DefaultLevel); err == nil {
			bin.Range = i
		}
		c.Bins = append(c.Bins, bin)
	}
	for _, t := range v.Tops {
		c.Tops = append(c.Tops, Top(t))
	}
	best := -1
	for j := range single {
		if a, err := score.AUC(single[j], y); err == nil && (best < 0 || a > c.SingleAUC) {
			best, c.Single, c.SingleAUC = j, Keys[j], a
		}
	}
	refused = v.Refuse
	if m.Kind == Weighted {
		refused = slices.DeleteFunc(refused, func(g string) bool { return g != "auc" }) // it is no chance, and refused for that already
	}
	test, err := score.CompareAUC(p, single[best], y)
	switch {
	case err == nil:
		c.SingleP = &test.P
		if !(test.Stat > 0 && test.P < 1-stat.DefaultLevel) {
			refused = append(refused, "single")
		}
	case errors.Is(err, stat.ErrUndefined): // as good as its best part, and no better
		refused = append(refused, "single")
	}
	return c, refused
}

// remember keeps how the parts are distributed, and tells how far they are from where they were with the model before.
func (m *Model) remember(shots []shot, was *Model, r *Report) {
	if len(shots) == 0 || len(shots[len(shots)-1].parts) == 0 {
		return
	}
	now := shots[len(shots)-1].parts
	for j, k := range Keys {
		values := make([]float64, len(now))
		for i := range now {
			values[i] = now[i][j].Score
		}
		if was != nil && len(was.Counts[j]) > 0 {
			if psi, err := score.PSI(was.Counts[j], histogram(values, was.Edges[j])); err == nil {
				r.Drift = append(r.Drift, Drift{k, psi, psi > score.PSIMuch})
			}
		}
		sorted := slices.Sorted(slices.Values(values))
		m.Edges[j] = []float64{}
		for d := 1; d < 10; d++ {
			if e := sorted[d*(len(sorted)-1)/10]; len(m.Edges[j]) == 0 || e > m.Edges[j][len(m.Edges[j])-1] {
				m.Edges[j] = append(m.Edges[j], e)
			}
		}
		m.Counts[j] = histogram(values, m.Edges[j])
	}
}

// histogram counts values up to each edge, and those beyond the last.
func histogram(values, edges []float64) []float64 {
	out := make([]float64, len(edges)+1)
	for _, v := range values {
		at, _ := slices.BinarySearch(edges, v)
		out[at]++
	}
	return out
}

func (m *Model) point(s *shot, to clock.Day) Point {
	p := Point{Day: s.day.String()}
	sum := 0.0
	for i, f := range s.who {
		if !covered(&s.parts[i]) {
			continue
		}
		v, chance := m.value(&s.parts[i])
		p.N++
		sum += v
		if m.atRisk(v, chance) {
			p.AtRisk++
		}
		if _, gone := f.leaves(s.day, min(s.day+step, to)); gone {
			p.Left++
		}
	}
	if p.N > 0 {
		p.Mean = sum / float64(p.N)
	}
	return p
}
