package health

import (
	"cmp"
	"errors"
	"maps"
	"math"
	"slices"

	"kolo/internal/foundation/clock"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/dist"
	score "kolo/internal/understand/stat/health"
)

// Reason is something after which customers leave faster than those of the same weeks whom it did not concern.
type Reason struct {
	Key      string        `json:"key" doc:"low_usage, falling_usage, complaint, unresolved_complaint, resolved_complaint, detractor, negative_text, low_purchase, help, setback, silent, new; or segment"`
	Where    []Is          `json:"where,omitempty" doc:"Of a segment: what its contacts have in common"`
	From     string        `json:"from,omitempty" doc:"Of a segment that left faster for a while: first day"`
	To       string        `json:"to,omitempty" doc:"Last day"`
	Window   int           `json:"window_days,omitempty" doc:"How far back it is looked for"`
	Contacts int           `json:"contacts" doc:"Whom it has concerned"`
	Left     int           `json:"left" doc:"Who left while it did"`
	Weeks    float64       `json:"weeks" doc:"For how many weeks of contacts it did"`
	Others   int           `json:"others_left"`
	OthersIn float64       `json:"others_weeks"`
	Ratio    float64       `json:"ratio" doc:"Of how fast these leave to how fast the others do"`
	Range    stat.Interval `json:"interval"`
	P        float64       `json:"p" doc:"After what was said before it was set aside; of a segment adjusted for all that were looked at"`
	Q        float64       `json:"q" doc:"Adjusted for the number of possible reasons (Benjamini-Hochberg)"`
	Crude    float64       `json:"crude_ratio,omitempty" doc:"Before anything was set aside"`
	Now      int           `json:"now" doc:"Customers whom it concerns at the end"`
}

// Is is a condition on an attribute of contacts.
type Is struct {
	Attribute string `json:"attribute"`
	Value     string `json:"value"`
}

// behaviours are the possible reasons that lie in what a contact did or said; the order is that of their bits.
var behaviours = [...]string{"low_usage", "falling_usage", "unresolved_complaint", "resolved_complaint", "detractor", "negative_text", "low_purchase", "help", "setback", "silent", "new", "complaint"}

const (
	bLowUsage = iota
	bFalling
	bOpen
	bResolved
	bDetractor
	bNegative
	bLowPurchase
	bHelp
	bSetback
	bSilent
	bNew
	bComplaint // where nothing says when complaints were resolved
)

const (
	week         = 7
	mostWeeks    = 156
	recent       = 56  // days that a complaint, a bad text, a setback or help counts for
	answerDays   = 91  // and a bad score
	silentDays   = 182 // without a word or a visit
	newcomer     = 91
	littleShare  = 0.25 // of what peers do is little
	leastLeft    = 8    // who left, for a segment to be looked at
	leastRatio   = 1.2  // below it a reason is not worth naming
	mostReasons  = 8
	blockWeeks   = 4 // strata of time
	mostCombined = 3 // attributes of a segment
	// Which segments and stretches are looked at depends on how many there are and not on who left: else those that are
	// looked at would be those where many left by chance.
	leastShare    = 0.01 // of all contacts
	leastMembers  = 30
	leastExpected = 3.0 // who would leave if they left as fast as the others of the same weeks
)

// lengths of the stretches of weeks in which a segment may leave faster; 0 is all the time.
var lengths = [...]int{4, 6, 8, 13, 26, 0}

// panel has a row for each contact and a column for each week.
type panel struct {
	who              []*Facts
	days             []clock.Day // first day of each week
	to               clock.Day
	exposed          [][]uint16  // by contact and week: bits of behaviours
	eligible         [][]uint16  // bits of the behaviours of which something can be said
	risk             [][]bool    // a customer at the beginning of the week, and not set aside
	weight           [][]float32 // how many times as fast as others this customer is expected to leave in the week; 0: not at risk
	left             []int       // week in which the contact leaves, -1
	now              []uint16    // behaviours at the end
	usageFor, buyFor int         // windows in days
}

// reasons finds out why customers leave: among behaviours, and among segments of the attributes in slices, always or for some weeks.
// The strongest is taken first, and what it explains is set aside before the rest is looked at again; so a complaint's angry
// words are no reason beside the complaint. Segments keep all their customers: those who leave faster for a reason that was found
// are expected to. Behaviours are compared within stretches of four weeks. The two
// are questions of their own: each is adjusted by Benjamini-Hochberg at stat.AlertQ, segments for all stretches of all of them.
func reasons(list []*Facts, attributes []string, spec *Spec, to clock.Day) (found, others []Reason, looked int) {
	p := newPanel(list, spec, to)
	if len(p.days) < blockWeeks {
		return []Reason{}, []Reason{}, 0
	}
	s := newSegments(p, attributes)
	found = []Reason{}
	open := map[int]bool{}
	for b := range behaviours {
		open[b] = true
	}
	crude := map[int]float64{}
	for round := 0; ; round++ {
		type candidate struct {
			Reason
			bit int
			hit *hit
			z   float64
		}
		var all []candidate
		for _, b := range slices.Sorted(maps.Keys(open)) {
			r, z, err := p.behaviour(b)
			if err != nil {
				continue
			}
			if round == 0 {
				crude[b] = r.Ratio
			}
			r.Crude = crude[b]
			all = append(all, candidate{r, b, nil, z})
		}
		best, tests := s.best(p)
		looked = max(looked, tests)
		if best != nil {
			if r, err := s.reason(p, best); err == nil {
				r.P = best.p
				all = append(all, candidate{r, -1, best, best.z})
			}
		}
		var ps []float64
		for i := range all {
			if all[i].bit >= 0 {
				ps = append(ps, all[i].P)
			}
		}
		q, err := stat.BenjaminiHochberg(ps)
		if err != nil { // p-values all lie between 0 and 1
			break
		}
		pick := -1
		for i := range all {
			c := &all[i]
			if c.Q = c.P; c.bit >= 0 { // behaviours come first
				c.Q = q[i]
			}
			if c.Q <= stat.AlertQ && c.Ratio >= leastRatio && c.Range.Low > 1 && c.Left >= leastLeft && (pick < 0 || c.z > all[pick].z) {
				pick = i
			}
		}
		if pick < 0 || len(found) == mostReasons {
			others = []Reason{}
			for _, c := range all {
				others = append(others, c.Reason)
			}
			break
		}
		c := all[pick]
		found = append(found, c.Reason)
		if c.bit >= 0 {
			delete(open, c.bit)
			p.setAside(func(i, k int) bool { return p.exposed[i][k]&(1<<c.bit) != 0 }, float32(c.Ratio))
		} else {
			p.setAside(func(i, k int) bool { return k >= c.hit.from && k < c.hit.to && s.has(i, c.hit.combo) }, 0)
		}
	}
	slices.SortStableFunc(found, func(a, b Reason) int { return cmp.Compare(b.Ratio, a.Ratio) })
	return found, others, looked
}

func newPanel(list []*Facts, spec *Spec, to clock.Day) *panel {
	n := min(int(to-spec.Begin)/week, mostWeeks)
	p := &panel{who: list, to: to}
	for k := n; k > 0; k-- {
		p.days = append(p.days, to-clock.Day(k*week))
	}
	// Wide enough for a typical customer to have done the thing a few times; whole weeks.
	span := func(k Key) int {
		return min(max(int(math.Ceil(window(spec.HalfLife[k])/week)), 8), 26) * week
	}
	p.usageFor, p.buyFor = span(Usage), span(Commercial)
	longest := clock.Day(max(p.usageFor, p.buyFor))
	columns := append(slices.Clone(p.days), to) // the end is a column of its own: how customers stand now
	// What customers do in each week.
	type sum struct{ n, uses, buys float64 }
	peers := make([]sum, len(columns))
	for _, f := range list {
		for k, t := range columns {
			if spec.since(f) > t-longest || f.gone(t) {
				continue
			}
			x := &peers[k]
			x.n++
			x.uses += float64(f.count(used, t-clock.Day(p.usageFor), t))
			x.buys += float64(f.count(bought, t-clock.Day(p.buyFor), t))
		}
	}
	for i, f := range list {
		exposed, eligible, risk, weight := make([]uint16, n), make([]uint16, n), make([]bool, n), make([]float32, n)
		p.left = append(p.left, -1)
		for k, t := range columns {
			if spec.since(f) > t || f.gone(t) {
				if k == n {
					p.now = append(p.now, 0)
				}
				continue
			}
			x := peers[k]
			x.n = max(x.n, 1)
			ex, el := p.bits(f, spec, t, x.uses/x.n, x.buys/x.n)
			if k == n {
				p.now = append(p.now, ex)
				break
			}
			exposed[k], eligible[k], risk[k], weight[k] = ex, el, true, 1
			if _, gone := f.leaves(t, t+week); gone {
				p.left[i] = k
			}
		}
		p.exposed, p.eligible, p.risk = append(p.exposed, exposed), append(p.eligible, eligible), append(p.risk, risk)
		p.weight = append(p.weight, weight)
	}
	return p
}

// bits tell which behaviours concern a contact as of a day, and of which something can be said.
func (p *panel) bits(f *Facts, spec *Spec, t clock.Day, peersUse, peersBuy float64) (exposed, eligible uint16) {
	set := func(bit int, known, yes bool) {
		if known {
			eligible |= 1 << bit
			if yes {
				exposed |= 1 << bit
			}
		}
	}
	known := int(t - spec.since(f))
	if spec.Usage {
		w := clock.Day(p.usageFor)
		uses := f.count(used, t-w, t)
		set(bLowUsage, known >= p.usageFor && peersUse >= 1, float64(uses) <= littleShare*peersUse)
		// The last half of the window beside what came before it.
		half := w / 2
		before, span := f.count(used, t-half-2*w, t-half), min(2*w, clock.Day(known)-half)
		if span >= w {
			expected := float64(before) / float64(span) * float64(half)
			set(bFalling, true, before >= 4 && expected >= 1 && float64(f.count(used, t-half, t)) <= expected/3)
		}
	}
	if spec.Buying {
		set(bLowPurchase, known >= p.buyFor && peersBuy >= 1, float64(f.count(bought, t-clock.Day(p.buyFor), t)) <= littleShare*peersBuy)
	}
	var open, closed, bad, negative bool
	last := clock.Day(-1)
	lately := false
	for _, v := range f.voices(t) {
		age := t - v.Day
		if age <= silentDays {
			lately = true
		}
		if v.Complaint {
			if age <= recent {
				open, closed = open || v.open(t), closed || !v.open(t)
			}
		} else if age <= recent && v.Told >= 0 && v.Told < 35 {
			negative = true
		}
		if v.Rated >= 0 && v.Day >= last { // the newest counts
			last, bad = v.Day, v.Rated == 0 && age <= answerDays
		}
	}
	set(bOpen, spec.Dated, open)
	set(bResolved, spec.Dated, closed)
	set(bComplaint, !spec.Dated, open || closed)
	set(bDetractor, true, bad)
	set(bNegative, true, negative)
	set(bHelp, true, f.count(helped, t-recent, t) >= 2)
	set(bSetback, true, f.count(setback, t-recent, t) >= 1)
	set(bSilent, known >= silentDays, !lately && f.count(visited, t-silentDays, t) == 0)
	set(bNew, true, int(t-f.First) < newcomer)
	return exposed, eligible
}

// setAside takes the weeks of contacts out of what behaviours are looked for in, and has segments expect them to leave so many
// times as fast; 0 takes them out there too.
func (p *panel) setAside(which func(contact, week int) bool, faster float32) {
	for i := range p.who {
		for k := range p.days {
			if p.weight[i][k] > 0 && which(i, k) {
				p.risk[i][k] = false
				p.weight[i][k] *= faster
			}
		}
	}
}

// behaviour compares those whom a behaviour concerns with the others of the same four weeks.
func (p *panel) behaviour(bit int) (Reason, float64, error) {
	r := Reason{Key: behaviours[bit], Window: p.windowOf(bit)}
	strata := make([]score.Stratum, (len(p.days)+blockWeeks-1)/blockWeeks)
	mask := uint16(1) << bit
	for i := range p.who {
		concerned := false
		for k := range p.days {
			if !p.risk[i][k] || p.eligible[i][k]&mask == 0 {
				continue
			}
			s, leaves := &strata[k/blockWeeks], 0
			if p.left[i] == k {
				leaves = 1
			}
			if p.exposed[i][k]&mask != 0 {
				concerned = true
				s.ExposedTime++
				s.Exposed += leaves
			} else {
				s.OthersTime++
				s.Others += leaves
			}
		}
		if concerned {
			r.Contacts++
		}
		if p.now[i]&mask != 0 {
			r.Now++
		}
	}
	x, err := score.RateRatio(strata, stat.DefaultLevel)
	if err != nil {
		return r, 0, err
	}
	r.take(x)
	return r, x.Z, nil
}

func (r *Reason) take(x score.Rates) {
	r.Left, r.Weeks, r.Others, r.OthersIn = x.Exposed, x.ExposedTime, x.Others, x.OthersTime
	r.Ratio, r.Range, r.P = x.Ratio, x.Interval, x.P
}

func (p *panel) windowOf(bit int) int {
	switch bit {
	case bLowUsage:
		return p.usageFor
	case bFalling:
		return p.usageFor / 2
	case bLowPurchase:
		return p.buyFor
	case bDetractor:
		return answerDays
	case bSilent:
		return silentDays
	case bNew:
		return newcomer
	}
	return recent
}

// combo is a segment: up to three pairs of attribute and value, as numbers from 1, in the order of attributes.
type combo [mostCombined]uint16

// segments are those that are looked at.
type segments struct {
	attributes []string
	values     []Is       // by number, from 1
	of         [][]uint16 // by contact: the numbers of its values
	combos     map[combo]int
	list       []combo
	member     [][]int32 // by contact: its segments
}

// hit is a segment that left faster from one week to before another.
type hit struct {
	combo    int
	from, to int
	z, p     float64
}

func newSegments(p *panel, attributes []string) *segments {
	s := &segments{attributes: attributes, values: make([]Is, 1), combos: map[combo]int{}}
	numbers := map[Is]uint16{}
	count := map[combo]int{}
	each := func(v []uint16, fn func(combo)) {
		for a := range v {
			fn(combo{v[a]})
			for b := a + 1; b < len(v); b++ {
				fn(combo{v[a], v[b]})
				for c := b + 1; c < len(v); c++ {
					fn(combo{v[a], v[b], v[c]})
				}
			}
		}
	}
	for _, f := range p.who {
		var v []uint16
		for _, a := range attributes {
			x := Is{a, f.Attributes[a]}
			if x.Value == "" {
				continue
			}
			n, ok := numbers[x]
			if !ok {
				if len(s.values) == math.MaxUint16 {
					continue
				}
				n = uint16(len(s.values))
				numbers[x], s.values = n, append(s.values, x)
			}
			v = append(v, n)
		}
		s.of = append(s.of, v)
		each(v, func(c combo) { count[c]++ })
	}
	least := max(int(leastShare*float64(len(p.who))), leastMembers)
	for c, n := range count {
		if n >= least {
			s.list = append(s.list, c)
		}
	}
	slices.SortFunc(s.list, func(a, b combo) int { return slices.Compare(a[:], b[:]) })
	for at, c := range s.list {
		s.combos[c] = at
	}
	s.member = make([][]int32, len(p.who))
	for i, v := range s.of {
		each(v, func(c combo) {
			if at, ok := s.combos[c]; ok {
				s.member[i] = append(s.member[i], int32(at))
			}
		})
	}
	return s
}

func (s *segments) has(contact, combo int) bool {
	return slices.Contains(s.member[contact], int32(combo))
}

// counts are running sums over weeks: of a week's place the sum of all weeks before it.
type counts struct {
	time, left   [][]float64 // by segment
	all, allLeft []float64
}

func running(x []float64) {
	for k := 1; k < len(x); k++ {
		x[k] += x[k-1]
	}
}

// best is the segment and the stretch of weeks in which it left faster than all others of the same weeks with the highest likelihood
// ratio (Kulldorff's scan statistic, conditional on how many left); nil where there is none. tests is how many were looked at, and its
// p is adjusted for these.
func (s *segments) best(p *panel) (best *hit, tests int) {
	n := len(p.days)
	c := counts{all: make([]float64, n+1), allLeft: make([]float64, n+1), time: make([][]float64, len(s.list)), left: make([][]float64, len(s.list))}
	for at := range s.list {
		c.time[at], c.left[at] = make([]float64, n+1), make([]float64, n+1)
	}
	for i := range p.who {
		for k, w := range p.weight[i] {
			if w == 0 {
				continue
			}
			c.all[k+1] += float64(w)
			for _, at := range s.member[i] {
				c.time[at][k+1] += float64(w)
			}
			if p.left[i] == k {
				c.allLeft[k+1]++
				for _, at := range s.member[i] {
					c.left[at][k+1]++
				}
			}
		}
	}
	running(c.all)
	running(c.allLeft)
	for at := range s.list {
		running(c.time[at])
		running(c.left[at])
	}
	return c.scan()
}

func (c *counts) scan() (best *hit, tests int) {
	var zs []float64 // of those that left faster; the others can only be further from it
	n := len(c.all) - 1
	for at := range c.time {
		time, left := c.time[at], c.left[at]
		for _, length := range lengths {
			if length == 0 {
				length = n
			}
			for a := 0; a+length <= n; a++ {
				d1 := left[a+length] - left[a]
				t1, t, d := time[a+length]-time[a], c.all[a+length]-c.all[a], c.allLeft[a+length]-c.allLeft[a]
				if t1 == t || t1 == 0 {
					continue
				}
				q := t1 / t
				if d*q < leastExpected {
					continue
				}
				tests++
				if d1 < leastLeft || d1 <= d*q {
					continue
				}
				ratio := d1 * math.Log(d1/(d*q))
				if d > d1 {
					ratio += (d - d1) * math.Log((d-d1)/(d*(1-q)))
				}
				z := math.Sqrt(2 * max(ratio, 0))
				if zs = append(zs, z); best == nil || z > best.z {
					best = &hit{combo: at, from: a, to: a + length, z: z, p: 1}
				}
			}
			if length == n {
				break
			}
		}
	}
	// Benjamini-Hochberg of the best: the segments and stretches around it that show the same support it.
	slices.Sort(zs)
	for i, z := range slices.Backward(zs) {
		rank := float64(len(zs) - i)
		best.p = min(best.p, dist.NormUpper(z)*float64(tests)/rank) // of leaving faster: one side
	}
	return best, tests
}

func (s *segments) reason(p *panel, h *hit) (Reason, error) {
	r := Reason{Key: "segment"}
	for _, n := range s.list[h.combo] {
		if n > 0 {
			r.Where = append(r.Where, s.values[n])
		}
	}
	whole := h.from == 0 && h.to == len(p.days)
	if !whole {
		r.From = p.days[h.from].String()
		end := p.to
		if h.to < len(p.days) {
			end = p.days[h.to]
		}
		r.To = (end - 1).String()
	}
	strata, weeks := make([]score.Stratum, h.to-h.from), map[bool]float64{}
	for i := range p.who {
		in, concerned := s.has(i, h.combo), false
		for k := h.from; k < h.to; k++ {
			w := float64(p.weight[i][k])
			if w == 0 {
				continue
			}
			x, leaves := &strata[k-h.from], 0
			if p.left[i] == k {
				leaves = 1
			}
			if weeks[in]++; in {
				concerned = true
				x.ExposedTime += w
				x.Exposed += leaves
			} else {
				x.OthersTime += w
				x.Others += leaves
			}
		}
		if concerned {
			r.Contacts++
			if h.to == len(p.days) && p.left[i] < 0 && !p.who[i].gone(p.to) {
				r.Now++
			}
		}
	}
	x, err := score.RateRatio(strata, stat.DefaultLevel)
	if err != nil && !errors.Is(err, stat.ErrUndefined) {
		return r, err
	}
	alone := err != nil
	if alone { // none of the others left: they count as one customer, so that there is a ratio
		strata[0].Others++
		if x, err = score.RateRatio(strata, stat.DefaultLevel); err != nil {
			return r, err
		}
	}
	r.take(x)
	if alone {
		r.Others = 0
	}
	r.Weeks, r.OthersIn = weeks[true], weeks[false] // as they were; the ratio allows for other reasons
	return r, nil
}
