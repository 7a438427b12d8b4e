package driving

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"
	"sync"

	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/driver"
)

// model is the answers of a block as the columns of a regression.
type model struct {
	*insight.Matrix
	level   float64
	drivers []*column
	holds   []*column // controls
	keep    []int32   // the answers that have all drivers; nil: all do, or they are looked at pairwise
	pairs   bool
	part    []int32
	parts   int
}

// column is a driver or a control: what an answer has, by code, and the columns of the regression that it takes.
type column struct {
	field  string
	kind   Kind
	codes  []int32
	values []string
	number []float64 // by code, NaN where it is none; nil of a text
	theme  string
	trait  bool // it tells who or where, not what was done: nobody can make it better

	n, size    []int64 // answers by code: all, and those that are kept
	mean, step float64
	low, high  float64 // of a rating: up to, from
	levels     []int32 // of a text: the codes that have an effect, the most frequent, which they are held against, first
	other      bool    // and all the rest together has one
	at         []int   // its columns
}

// has tells whether a code is a value.
func (c *column) has(code int32) bool {
	if c.number != nil {
		return !math.IsNaN(c.number[code])
	}
	return true // no value is a value of a text
}

// newModel lays the drivers and controls of a block out. What cannot be looked at is refused.
func newModel(m *insight.Matrix, b plan, k known, level float64) (*model, []Refusal) {
	o := &model{Matrix: m, level: level}
	var refused []Refusal
	coded := map[string]insight.Coded{}
	for _, c := range slices.Concat(m.Texts, m.Numbers) {
		coded[c.Field] = c
	}
	for _, name := range b.drivers {
		if id, ok := strings.CutPrefix(name, "theme."); ok {
			o.drivers = append(o.drivers, o.mention(id))
			continue
		}
		c := coded[name]
		if c.More {
			refused = append(refused, Refusal{Field: name, Reason: "values"})
			continue
		}
		d := newColumn(c, k.kinds[name])
		d.trait = slices.Contains(k.segments, name) || name == touchpoint || name == channel || name == language
		o.drivers = append(o.drivers, d)
	}
	if b.themes {
		for _, id := range o.mentioned() {
			o.drivers = append(o.drivers, o.mention(id))
		}
	}
	for _, d := range o.drivers {
		d.count(nil)
	}
	o.drivers = slices.DeleteFunc(o.drivers, func(d *column) bool {
		n := int64(0)
		for code, k := range d.n {
			if d.has(int32(code)) && (d.number != nil || d.values[code] != "") {
				n += k
			}
		}
		if n < fewestOfOne {
			refused = append(refused, Refusal{Field: d.field, Reason: "missing"})
		}
		return n < fewestOfOne
	})
	for _, name := range b.controls {
		if c := coded[name]; !c.More && len(c.Values) > 0 {
			o.holds = append(o.holds, newColumn(c, Attribute))
		}
	}
	refused = append(refused, o.nested()...)
	o.holds = append(o.holds, o.quarters())
	o.leaveOut()
	o.divide()
	return o, refused
}

func newColumn(c insight.Coded, kind Kind) *column {
	x := &column{field: c.Field, kind: kind, codes: c.Codes, values: c.Values}
	if kind == Rating || kind == Fact {
		x.number = make([]float64, len(c.Values))
		for i, v := range c.Values {
			x.number[i] = math.NaN()
			if n, ok := insight.Number(v); ok {
				x.number[i] = n
			}
		}
	}
	return x
}

// quarters hold the time of an answer still.
func (o *model) quarters() *column {
	c := &column{field: "quarter", kind: Attribute, codes: make([]int32, len(o.Quarter))}
	at := map[int32]int32{}
	for i, q := range o.Quarter {
		code, ok := at[q]
		if !ok {
			code = int32(len(c.values))
			at[q], c.values = code, append(c.values, "quarter")
		}
		c.codes[i] = code
	}
	return c
}

// mention is a theme as a driver.
func (o *model) mention(id string) *column {
	c := &column{field: "theme." + id, kind: Theme, theme: id, codes: o.Sets, values: make([]string, len(o.Themes)), number: make([]float64, len(o.Themes))}
	for i, themes := range o.Themes {
		if slices.Contains(themes, id) {
			c.number[i] = 1
		}
	}
	return c
}

// about counts the answers of which the text is about each theme.
func (o *model) about() map[string]int64 {
	sets := make([]int64, len(o.Themes))
	for _, s := range o.Sets {
		sets[s]++
	}
	counts := map[string]int64{}
	for s, themes := range o.Themes {
		for _, id := range themes {
			counts[id] += sets[s]
		}
	}
	return counts
}

// mentioned are the themes that most texts are about, of those under which no other stands.
func (o *model) mentioned() []string {
	groups := map[string]bool{}
	for _, p := range o.Parents {
		groups[p] = true
	}
	counts := o.about()
	var ids []string
	for id, n := range counts {
		if !groups[id] && n >= fewestOfOne && int64(len(o.Y))-n >= fewestOfOne {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	return ids[:min(len(ids), beginWith)]
}

// count counts answers by code: all, or those that are kept.
func (c *column) count(keep []int32) {
	size := make([]int64, max(1, len(c.values)))
	if keep == nil {
		for _, code := range c.codes {
			size[code]++
		}
	} else {
		for _, i := range keep {
			size[c.codes[i]]++
		}
	}
	if c.size = size; c.n == nil {
		c.n = size
	}
}

// nested drops texts whose values each belong to one value of another, as cities to countries: the coarser one can be told more surely.
func (o *model) nested() (refused []Refusal) {
	within := func(a, b *column) bool {
		both := make([]int64, len(a.values)*len(b.values))
		for i, code := range a.codes {
			both[int(code)*len(b.values)+int(b.codes[i])]++
		}
		var same int64
		for row := range slices.Chunk(both, len(b.values)) {
			same += slices.Max(row)
		}
		return float64(same) >= 0.99*float64(len(a.codes))
	}
	drop := map[*column]bool{}
	for _, a := range o.drivers {
		for _, b := range o.drivers {
			if a == b || drop[a] || drop[b] || a.number != nil || b.number != nil || a.single() || b.single() || len(a.values) < len(b.values) {
				continue
			}
			if within(a, b) {
				drop[a] = true
				refused = append(refused, Refusal{Field: a.field, Reason: "same", Same: []string{b.field}})
			}
		}
	}
	o.drivers = slices.DeleteFunc(o.drivers, func(d *column) bool { return drop[d] })
	return refused
}

// single tells whether nearly all answers have the same value.
func (c *column) single() bool {
	var all int64
	for _, n := range c.n {
		all += n
	}
	return float64(slices.Max(c.n)) >= 0.99*float64(all)
}

// leaveOut applies the rule for what is missing: answers without some driver are left out while at least nine in ten have all;
// otherwise each pair of columns is looked at where both are there. Nothing is ever filled in.
func (o *model) leaveOut() {
	var gaps []*column
	for _, d := range o.drivers {
		for code, n := range d.n {
			if n > 0 && !d.has(int32(code)) {
				gaps = append(gaps, d)
				break
			}
		}
	}
	if len(gaps) == 0 {
		return
	}
	keep := make([]int32, 0, len(o.Y))
	for i := range o.Y {
		if !slices.ContainsFunc(gaps, func(d *column) bool { return !d.has(d.codes[i]) }) {
			keep = append(keep, int32(i))
		}
	}
	if o.pairs = float64(len(keep)) < complete*float64(len(o.Y)); !o.pairs {
		o.keep = keep
	}
}

// rows are the numbers of the answers that are looked at.
func (o *model) rows() []int32 {
	if o.keep != nil {
		return o.keep
	}
	rows := make([]int32, len(o.Y))
	for i := range rows {
		rows[i] = int32(i)
	}
	return rows
}

// divide puts whole customers into parts.
func (o *model) divide() {
	rows := o.rows()
	o.part, o.parts = make([]int32, len(rows)), parts
	if len(rows) <= 4*parts { // each customer is a part
		seen := map[int64]int32{}
		o.parts = 0
		for j, i := range rows {
			c := o.Customer[i]
			p, ok := seen[c]
			if !ok || c == 0 {
				p = int32(o.parts)
				o.parts++
				seen[c] = p
			}
			o.part[j] = p
		}
		return
	}
	for j, i := range rows {
		if c := o.Customer[i]; c != 0 {
			o.part[j] = int32(c / 1000 % parts) // which customers were taken goes by the thousandth
		} else {
			o.part[j] = int32(j % parts)
		}
	}
}

// customers counts different known ones.
func (o *model) customers() int64 {
	var list []int64
	for _, i := range o.rows() {
		if c := o.Customer[i]; c != 0 {
			list = append(list, c)
		}
	}
	slices.Sort(list)
	return int64(len(slices.Compact(list)))
}

// measure finds means, steps, bounds and levels among the answers that are kept.
func (c *column) measure(keep []int32, most int) {
	c.count(keep)
	if c.kind == Theme {
		c.step = 1
		return
	}
	if c.number == nil {
		order := make([]int32, len(c.values))
		for i := range order {
			order[i] = int32(i)
		}
		slices.SortStableFunc(order, func(a, b int32) int { return cmp.Compare(c.size[b], c.size[a]) })
		var rest int64
		for i, code := range order {
			if c.size[code] >= fewestLevel && i < most {
				c.levels = append(c.levels, code)
			} else {
				rest += c.size[code]
			}
		}
		c.other = rest >= fewestLevel
		return
	}
	var n, sum, square float64
	low, high := math.Inf(1), math.Inf(-1)
	for code, k := range c.size {
		if v := c.number[code]; k > 0 && !math.IsNaN(v) {
			w := float64(k)
			n, sum = n+w, sum+w*v
			low, high = min(low, v), max(high, v)
		}
	}
	if n == 0 {
		return
	}
	c.mean = sum / n
	for code, k := range c.size {
		if v := c.number[code]; k > 0 && !math.IsNaN(v) {
			square += float64(k) * (v - c.mean) * (v - c.mean)
		}
	}
	c.step = 1
	if sd := math.Sqrt(square / n); c.kind == Fact && sd > 0 {
		c.step = math.Pow(10, math.Round(math.Log10(sd))) // a round number near to how much it varies
	}
	if c.kind == Rating { // low: the worst quarter of the scale; high: the best tenth (methods: 2 and 5 of 5)
		c.low, c.high = low+(high-low)/4, high-(high-low)/10
	}
}

// design lays the columns out; with contrast, ratings have one column for low answers and one for high ones. The answers of a
// complete model are those that are kept.
func (o *model) design(contrast bool) *driver.Answers {
	a := &driver.Answers{Part: o.part, Parts: o.parts, Size: 1}
	rows := o.keep
	take := func(codes []int32) []int32 {
		if rows == nil {
			return codes
		}
		out := make([]int32, len(rows))
		for j, i := range rows {
			out[j] = codes[i]
		}
		return out
	}
	if rows == nil {
		a.Y, a.Customer = o.Y, o.Customer
	} else {
		a.Y, a.Customer = make([]float64, len(rows)), make([]int64, len(rows))
		for j, i := range rows {
			a.Y[j], a.Customer[j] = o.Y[i], o.Customer[i]
		}
	}
	var sets [][]driver.Entry // themes share a factor
	for _, d := range o.drivers {
		a.Names = append(a.Names, d.field)
		switch {
		case d.kind == Theme:
			if sets == nil {
				sets = make([][]driver.Entry, len(o.Themes))
			}
			d.at = []int{a.Size}
			for s := range sets {
				if d.number[s] == 1 {
					sets[s] = append(sets[s], driver.Entry{Column: a.Size, Value: 1})
				}
			}
			a.Size++
		case d.number != nil && contrast && d.kind == Rating:
			d.at = []int{a.Size, a.Size + 1}
			levels := make([][]driver.Entry, len(d.values))
			for code, v := range d.number {
				if v <= d.low {
					levels[code] = []driver.Entry{{Column: a.Size, Value: 1}}
				}
				if v >= d.high {
					levels[code] = append(levels[code], driver.Entry{Column: a.Size + 1, Value: 1})
				}
			}
			a.Size += 2
			a.Factors = append(a.Factors, driver.Factor{Codes: take(d.codes), Levels: levels})
		case d.number != nil:
			d.at = []int{a.Size}
			levels := make([][]driver.Entry, len(d.values))
			for code, v := range d.number {
				if !math.IsNaN(v) {
					levels[code] = []driver.Entry{{Column: a.Size, Value: (v - d.mean) / d.step}}
				}
			}
			a.Size++
			a.Factors = append(a.Factors, driver.Factor{Codes: take(d.codes), Levels: levels})
		default:
			a.Factors = append(a.Factors, driver.Factor{Codes: take(d.codes), Levels: d.dummies(&a.Size)})
		}
		a.Columns = append(a.Columns, d.at)
	}
	if sets != nil {
		a.Factors = append(a.Factors, driver.Factor{Codes: take(o.Sets), Levels: sets})
	}
	for _, h := range o.holds {
		levels := h.dummies(&a.Size)
		a.Controls = append(a.Controls, h.at...)
		a.Factors = append(a.Factors, driver.Factor{Codes: take(h.codes), Levels: levels})
	}
	if o.pairs {
		a.Presence = make([]int, len(o.drivers))
		for i, d := range o.drivers {
			if d.number == nil || d.kind == Theme || !slices.ContainsFunc(d.number, math.IsNaN) {
				continue
			}
			a.Presence[i] = a.Size
			levels := make([][]driver.Entry, len(d.values))
			for code := range levels {
				if d.has(int32(code)) {
					levels[code] = []driver.Entry{{Column: a.Size, Value: 1}}
				}
			}
			a.Size++
			a.Factors = append(a.Factors, driver.Factor{Codes: take(d.codes), Levels: levels})
		}
	}
	return a
}

// dummies gives a text its columns: one for each level but the first, and one for the rest together.
func (c *column) dummies(size *int) [][]driver.Entry {
	c.at = nil
	levels := make([][]driver.Entry, max(1, len(c.values)))
	named := map[int32]bool{}
	for i, code := range c.levels {
		named[code] = true
		if i > 0 {
			levels[code] = []driver.Entry{{Column: *size, Value: 1}}
			c.at = append(c.at, *size)
			*size++
		}
	}
	if c.other && len(c.levels) > 0 {
		for code := range levels {
			if !named[int32(code)] {
				levels[code] = []driver.Entry{{Column: *size, Value: 1}}
			}
		}
		c.at = append(c.at, *size)
		*size++
	}
	return levels
}

// solve fills the answer with what moves the score.
func (o *model) solve(ans *Answer) error {
	o.settle(ans)
	for len(o.drivers) > 0 {
		p, err := driver.Gather(o.design(false))
		if err != nil {
			return err
		}
		if o.refuse(ans, p.Twins()) {
			continue
		}
		imp, err := p.Importance(driver.Options{Resamples: resamples, Level: o.level, Seed: seed})
		if errors.Is(err, stat.ErrUndefined) {
			return nil // too few answers, or all the same: there is nothing to tell
		}
		if err != nil {
			return err
		}
		ans.R2, ans.AdjR2, ans.Condition = imp.R2, imp.AdjR2, min(imp.Condition, math.MaxFloat64)
		ans.Resamples, ans.Seed, ans.Parts = resamples, seed, o.parts
		return o.tell(ans, imp, p)
	}
	return nil
}

// settle measures the columns, and drops drivers that do not vary.
func (o *model) settle(ans *Answer) {
	var work sync.WaitGroup
	for _, c := range slices.Concat(o.drivers, o.holds) {
		work.Go(func() { c.measure(o.keep, mostLevels) })
	}
	work.Wait()
	o.drivers = slices.DeleteFunc(o.drivers, func(d *column) bool {
		different := 0
		if d.number != nil {
			seen := map[float64]bool{}
			for code, k := range d.size {
				if k > 0 && d.has(int32(code)) {
					seen[d.number[code]] = true
				}
			}
			different = len(seen)
		} else if different = len(d.levels); d.other {
			different++
		}
		if different < 2 {
			ans.Refused = append(ans.Refused, Refusal{Field: d.field, Reason: "constant"})
		}
		return different < 2
	})
	if len(o.drivers) > MostDrivers {
		for _, d := range o.drivers[MostDrivers:] {
			ans.Refused = append(ans.Refused, Refusal{Field: d.field, Reason: "many"})
		}
		o.drivers = o.drivers[:MostDrivers]
	}
}

// refuse drops drivers that cannot be told apart from others, by name; true when there were some.
func (o *model) refuse(ans *Answer, twins []driver.Twin) bool {
	drop := map[int]bool{}
	for _, t := range twins {
		r := Refusal{Field: o.drivers[t.Driver].field, Reason: "controls"}
		for _, j := range t.Of {
			r.Reason, r.Same = "same", append(r.Same, o.drivers[j].field)
		}
		ans.Refused = append(ans.Refused, r)
		drop[t.Driver] = true
	}
	var left []*column
	for i, d := range o.drivers {
		if !drop[i] {
			left = append(left, d)
		}
	}
	o.drivers = left
	return len(twins) > 0
}
