package driving

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"

	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/driver"
)

// tell writes down what a model has found, the most important driver first.
func (o *model) tell(ans *Answer, imp *driver.Importance, p *driver.Products) error {
	plain, err := o.effects(p)
	if err != nil {
		return err
	}
	for i, d := range o.drivers {
		x := imp.Drivers[i]
		r := Driver{Field: d.field, Kind: d.kind, Share: x.Share, Importance: x.LMG, Interval: x.Interval, Rank: x.Rank, VIF: x.VIF, Step: d.step}
		o.describe(&r, d)
		if plain != nil {
			o.effect(&r, d, plain)
		}
		ans.Drivers = append(ans.Drivers, r)
	}
	contrast, err := o.contrast(ans)
	if err != nil {
		return err
	}
	if err := ans.adjust(); err != nil {
		return err
	}
	if err := o.gains(ans, plain, contrast); err != nil {
		return err
	}
	slices.SortStableFunc(ans.Drivers, func(a, b Driver) int { return cmp.Compare(b.Importance, a.Importance) })
	tie := 0
	for i := range ans.Drivers {
		if i > 0 && ans.Drivers[i].Rank[0] > ans.Drivers[i-1].Rank[1] {
			tie++
		}
		ans.Drivers[i].Tie = tie
	}
	return nil
}

// effects fits the model on answers that have all drivers; nil where there are too few for its columns.
func (o *model) effects(p *driver.Products) (*driver.Fit, error) {
	if !o.pairs {
		return fitted(p.Effects())
	}
	rest := o.whole()
	if rest == nil {
		return nil, nil
	}
	g, err := driver.Gather(rest.design(false))
	if err != nil {
		return nil, err
	}
	return fitted(g.Effects())
}

func fitted(f *driver.Fit, err error) (*driver.Fit, error) {
	if errors.Is(err, stat.ErrUndefined) {
		return nil, nil
	}
	return f, err
}

// whole is a pairwise model of the answers that have all drivers; nil when they are few. Its columns lie where this model's do.
func (o *model) whole() *model {
	rest := *o
	rest.pairs = false
	rest.keep = make([]int32, 0)
	for i := range o.Y {
		if !slices.ContainsFunc(o.drivers, func(d *column) bool { return !d.has(d.codes[i]) }) {
			rest.keep = append(rest.keep, int32(i))
		}
	}
	if len(rest.keep) < fewestAnswers {
		return nil
	}
	rest.divide()
	return &rest
}

// describe fills in what is known of a driver without a model.
func (o *model) describe(r *Driver, d *column) {
	var n, has int64
	for code, k := range d.n {
		n += k
		if d.kind == Theme && d.number[code] == 1 || d.kind != Theme && (d.number != nil && d.has(int32(code)) || d.number == nil && d.values[code] != "") {
			has += k
		}
	}
	r.Coverage = share(has, n)
	switch {
	case d.kind == Theme:
		r.Mentions = r.Coverage
	case d.number != nil:
		mean := d.mean
		r.Mean = &mean
	}
}

func told(c driver.Coefficient) *Effect {
	return &Effect{Value: c.Estimate, Interval: c.Interval, P: c.P}
}

// adjust allows for how many effects are shown beside each other (methods.md 1.4), and says which of them can be told from chance.
func (ans *Answer) adjust() error {
	var effects, contrasts []*Effect
	for i := range ans.Drivers {
		d := &ans.Drivers[i]
		if d.Effect != nil {
			effects = append(effects, d.Effect)
		}
		for _, l := range d.Levels {
			if l.Effect != nil {
				effects = append(effects, l.Effect)
			}
		}
		if d.Asymmetry != nil {
			contrasts = append(contrasts, &d.Asymmetry.Penalty, &d.Asymmetry.Reward)
		}
	}
	ans.Tested = len(effects)
	for _, family := range [][]*Effect{effects, contrasts} {
		p := make([]float64, len(family))
		for i, e := range family {
			p[i] = e.P
		}
		q, err := stat.BenjaminiHochberg(p)
		if err != nil {
			return err
		}
		for i, e := range family {
			e.Q = q[i]
			e.Distinguishable = e.Q <= stat.ExploreQ && !e.Interval.Contains(0)
		}
	}
	return nil
}

// effect fills in what a driver does to the score with the others held still.
func (o *model) effect(r *Driver, d *column, f *driver.Fit) {
	if d.number != nil {
		if c, ok := f.Combination(d.field, map[int]float64{d.at[0]: 1}, o.level); ok {
			r.Effect = told(c)
		}
		return
	}
	r.Step = 0
	for i, code := range d.levels {
		l := Level{Value: d.values[code], N: d.size[code]}
		if i > 0 {
			if c, ok := f.Combination(d.field, map[int]float64{d.at[i-1]: 1}, o.level); ok {
				l.Effect = told(c)
			}
		}
		r.Levels = append(r.Levels, l)
	}
	if d.other && len(d.levels) > 0 {
		l := Level{Other: true}
		for _, k := range d.size {
			l.N += k
		}
		for _, code := range d.levels {
			l.N -= d.size[code]
		}
		if c, ok := f.Combination(d.field, map[int]float64{d.at[len(d.at)-1]: 1}, o.level); ok {
			l.Effect = told(c)
		}
		r.Levels = append(r.Levels, l)
	}
}

// contrasted is a model in which low and high ratings have columns of their own, and where these lie.
type contrasted struct {
	fit *driver.Fit
	at  map[string][]int
}

// contrast fits low and high answers to ratings, where there are ratings, and fills in what they do.
func (o *model) contrast(ans *Answer) (*contrasted, error) {
	if !slices.ContainsFunc(o.drivers, func(d *column) bool { return d.kind == Rating && d.high > d.low }) {
		return nil, nil
	}
	of := o
	if o.pairs {
		if of = o.whole(); of == nil {
			return nil, nil
		}
	}
	before := make([][]int, len(o.drivers))
	for i, d := range o.drivers {
		before[i] = d.at
	}
	p, err := driver.Gather(of.design(true))
	if err != nil {
		return nil, err
	}
	fit, err := fitted(p.Effects())
	if err != nil || fit == nil {
		return nil, err
	}
	c := &contrasted{fit: fit, at: map[string][]int{}}
	for i, d := range o.drivers {
		c.at[d.field] = d.at
		if d.kind == Rating {
			lows, highs := d.ends(of.rows())
			if a, ok := fit.Asymmetry(d.field, d.at[0], d.at[1], lows, highs, o.level); ok {
				for k := range ans.Drivers {
					if ans.Drivers[k].Field == d.field {
						ans.Drivers[k].Asymmetry = &Asymmetry{Low: d.low, High: d.high, LowN: lows, HighN: highs, Penalty: *told(a.Penalty), Reward: *told(a.Reward),
							Balance: a.Impact, P: a.Test.P, Class: a.Class, LowShare: a.LowShare}
					}
				}
			}
		}
		d.at = before[i]
	}
	return c, nil
}

// ends counts low and high answers.
func (c *column) ends(rows []int32) (lows, highs int) {
	size := make([]int, len(c.values))
	for _, i := range rows {
		size[c.codes[i]]++
	}
	for code, n := range size {
		if v := c.number[code]; v <= c.low {
			lows += n
		} else if v >= c.high {
			highs += n
		}
	}
	return lows, highs
}

// gains fills in what the score would gain where something bad clearly costs it, and is clearly rarer in one segment than in all.
func (o *model) gains(ans *Answer, plain *driver.Fit, contrast *contrasted) error {
	if plain == nil {
		return nil
	}
	type state struct {
		Gain
		bad  []bool
		cost driver.Coefficient
	}
	states := make([]*state, len(ans.Drivers)) // they stand in the order of the model yet
	var p []float64
	for i, d := range o.drivers {
		if g, bad, cost, ok := o.badState(d, &ans.Drivers[i], plain, contrast); ok {
			states[i] = &state{g, bad, cost}
			p = append(p, cost.P)
		}
	}
	q, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return err
	}
	var work sync.WaitGroup
	for i, s := range states {
		if s == nil {
			continue
		}
		sure := q[0] <= stat.ExploreQ
		if q = q[1:]; !sure || s.cost.Estimate >= 0 {
			continue
		}
		d, r := o.drivers[i], &ans.Drivers[i]
		work.Go(func() {
			g := s.Gain
			if d.number == nil {
				g.Best = 0
			} else if !o.rarest(d, s.bad, &g) {
				return
			}
			gain, err := driver.Prioritise(g.Now, g.Best, s.cost)
			if err != nil || gain.Interval.Low <= 0 { // it may be nothing
				return
			}
			g.Points, g.Interval = gain.Gain, gain.Interval
			if o.Unit == "points" && ans.Customers > 0 {
				moved := gain.Gain / 100 * float64(ans.Customers)
				g.Moved = &moved
			}
			r.Gain = &g
		})
	}
	work.Wait()
	return nil
}

// badState says which state of a driver is the bad one, by code, how often it comes up, and what it costs the score.
func (o *model) badState(d *column, r *Driver, plain *driver.Fit, contrast *contrasted) (g Gain, bad []bool, cost driver.Coefficient, ok bool) {
	bad = make([]bool, max(1, len(d.values)))
	switch {
	case d.kind == Theme:
		g.Bad = "mention"
		for code, v := range d.number {
			bad[code] = v == 1
		}
		cost, ok = plain.Combination(d.field, map[int]float64{d.at[0]: 1}, o.level)
	case d.kind == Rating && contrast != nil && r.Asymmetry != nil:
		g.Bad, g.Limit = "low", d.low
		for code, v := range d.number {
			bad[code] = v <= d.low
		}
		n := float64(contrast.fit.N)
		low, high := float64(r.Asymmetry.LowN)/n, float64(r.Asymmetry.HighN)/n
		if low >= 1 {
			return g, nil, cost, false
		}
		at := contrast.at[d.field] // against what the others have on average: between low and high, or high
		cost, ok = contrast.fit.Combination(d.field, map[int]float64{at[0]: 1, at[1]: -high / (1 - low)}, o.level)
	case d.number != nil && r.Effect != nil:
		up := r.Effect.Value < 0 // more of it is bad
		g.Limit, ok = d.quarter(up)
		if g.Bad = "low_number"; up {
			g.Bad = "high_number"
		}
		var inside, outside, n, rest float64
		for code, v := range d.number {
			if math.IsNaN(v) {
				continue
			}
			w := float64(d.size[code])
			if bad[code] = up && v >= g.Limit || !up && v <= g.Limit; bad[code] {
				inside, n = inside+w*v, n+w
			} else {
				outside, rest = outside+w*v, rest+w
			}
		}
		if !ok || n == 0 || rest == 0 {
			return g, nil, cost, false
		}
		cost, ok = plain.Combination(d.field, map[int]float64{d.at[0]: (inside/n - outside/rest) / d.step}, o.level)
	case d.number == nil && len(d.levels) > 1 && !d.trait:
		g.Bad = "value"
		worst := o.worst(d, plain)
		if worst < 0 {
			return g, nil, cost, false
		}
		bad[d.levels[worst]] = true
		g.Value = d.values[d.levels[worst]]
		weights, rest := map[int]float64{}, float64(0)
		for i, code := range d.levels {
			if i != worst {
				rest += float64(d.size[code])
			}
		}
		for i, code := range d.levels {
			if i == worst {
				if i > 0 {
					weights[d.at[i-1]] = 1
				}
			} else if i > 0 {
				weights[d.at[i-1]] = -float64(d.size[code]) / rest
			}
		}
		// It is the worst of several: its interval and p have to allow for that (Bonferroni).
		several := float64(len(d.levels))
		cost, ok = plain.Combination(d.field, weights, 1-(1-o.level)/several)
		cost.P = min(1, several*cost.P)
	}
	var n, k float64
	for code, size := range d.size {
		if d.has(int32(code)) {
			n += float64(size)
			if bad[code] {
				k += float64(size)
			}
		}
	}
	if n == 0 {
		return g, nil, cost, false
	}
	g.Now = k / n
	return g, bad, cost, ok
}

// worst is the level with the lowest effect, -1 when one is not known.
func (o *model) worst(d *column, f *driver.Fit) int {
	worst, lowest := 0, 0.0
	for i := range d.levels {
		if i == 0 {
			continue
		}
		if !f.Known[d.at[i-1]] {
			return -1
		}
		if e := f.Coef[d.at[i-1]]; e < lowest {
			worst, lowest = i, e
		}
	}
	return worst
}

// quarter is the number that a quarter of the answers reach, from above or below.
func (c *column) quarter(above bool) (float64, bool) {
	type point struct {
		v float64
		n int64
	}
	var points []point
	var n int64
	for code, k := range c.size {
		if v := c.number[code]; k > 0 && !math.IsNaN(v) {
			points = append(points, point{v, k})
			n += k
		}
	}
	slices.SortFunc(points, func(a, b point) int {
		if above {
			a, b = b, a
		}
		return cmp.Compare(a.v, b.v)
	})
	sum := int64(0)
	for i, p := range points {
		if sum += p.n; 4*sum >= n {
			return p.v, i+1 < len(points)
		}
	}
	return 0, false
}

// rarest finds the segment in which a bad state is rarest, among those of enough answers that are clearly better than all together.
func (o *model) rarest(d *column, bad []bool, g *Gain) bool {
	g.Best = g.Now
	for _, s := range o.holds {
		if s.field == "quarter" || s.field == source {
			continue
		}
		n, k := make([]int64, len(s.values)), make([]int64, len(s.values))
		count := func(i int32) {
			if code := d.codes[i]; d.has(code) {
				at := s.codes[i]
				n[at]++
				if bad[code] {
					k[at]++
				}
			}
		}
		if o.keep == nil {
			for i := range o.Y {
				count(int32(i))
			}
		} else {
			for _, i := range o.keep {
				count(i)
			}
		}
		for at, of := range n {
			if of < fewestSegment || s.values[at] == "" {
				continue
			}
			low := float64(k[at]) / float64(of)
			if i, err := stat.Wilson(k[at], of, o.level); low < g.Best && err == nil && i.High < g.Now {
				g.Best, g.Where, g.Is, g.N = low, s.field, s.values[at], of
			}
		}
	}
	return g.Where != ""
}

// behind is the query string of the feedback behind a driver: the bad end of it where there is one.
func behind(where insight.Conditions, between insight.Period, metric string, d Driver) string {
	c := append(slices.Clone(where), insight.Condition{Field: metric, Op: "not_empty"})
	number := func(v float64) []string { return []string{strconv.FormatFloat(v, 'f', -1, 64)} }
	id, theme := strings.CutPrefix(d.Field, "theme.")
	switch {
	case theme:
		c = append(c, insight.Condition{Field: "theme", Values: []string{id}})
	case d.Gain != nil && d.Gain.Bad == "value" && d.Gain.Value != "":
		c = append(c, insight.Condition{Field: d.Field, Values: []string{d.Gain.Value}})
	case d.Gain != nil && (d.Gain.Bad == "low" || d.Gain.Bad == "low_number"):
		c = append(c, insight.Condition{Field: d.Field, Op: "lte", Values: number(d.Gain.Limit)})
	case d.Gain != nil && d.Gain.Bad == "high_number":
		c = append(c, insight.Condition{Field: d.Field, Op: "gte", Values: number(d.Gain.Limit)})
	default:
		c = append(c, insight.Condition{Field: d.Field, Op: "not_empty"})
	}
	return insight.Encode(c, between).Encode()
}
