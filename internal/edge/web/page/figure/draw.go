package figure

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/insight"
)

// What a chart can show before it becomes a wall; a table has the rest.
const (
	mostSeries = 8   // colours that can be told apart
	mostBars   = 30  // one beside the other
	mostGroups = 16  // of bars in several colours
	mostCells  = 30  // rows of a heat map
	mostPoints = 400 // along an axis of fields
	mostLinks  = 3000
)

// Kinds lists the charts that suit an answer, the best first; none when it is a single figure.
func Kinds(a *insight.Answer) []string {
	n, counts, shares := len(Dimensions(a)), a.Measure == insight.Count, a.Measure == insight.Distribution
	switch {
	case len(a.Rows) == 0 || a.Bucket == "" && n == 0:
		return nil
	case a.Bucket != "" && n == 0 && (counts || a.Measure == insight.Contacts):
		return []string{"bar", "line"}
	case a.Bucket != "" && n == 0:
		return []string{"line", "bar"}
	case a.Bucket != "" && (counts && !a.Overlapping || shares && n == 1 && !a.SeveralChoices): // only what adds up may be stacked
		return []string{"stack", "line", "heat"}
	case a.Bucket != "":
		return []string{"line", "heat", "bar"}
	case n == 1:
		return []string{"bar"}
	case shares && n == 2 && !a.SeveralChoices:
		return []string{"stack", "heat", "bar"}
	case counts && !a.Overlapping:
		return []string{"heat", "stack", "bar"}
	}
	return []string{"heat", "bar"}
}

// Draw draws an answer as one of its Kinds: as kind where that suits it, otherwise as the best. name gives fields their
// names; nil names them as Field does. whole is false when only the largest groups are in the chart.
func Draw(e ui.Env, id string, a *insight.Answer, kind string, name func(field string) string) (c ui.Chart, whole, ok bool) {
	if name == nil {
		name = func(f string) string { return Field(e, f) }
	}
	kinds := Kinds(a)
	if len(kinds) == 0 {
		return c, false, false
	}
	if !slices.Contains(kinds, kind) {
		kind = kinds[0]
	}
	low, high, decimals, percent := scale(a.Measure, a.Scale)
	c = ui.Chart{ID: id, Kind: kind, Title: e.T("measure." + string(a.Measure)), Percent: percent, Decimals: decimals, Detail: Detail(e, a, name), CSV: file(a)}
	if a.Of != "" {
		c.Title += ": " + name(a.Of)
	}
	if kind != "line" && kind != "heat" && low == 0 { // a bar whose foot is cut off lies
		zero := 0.0
		c.Min = &zero
	}
	if kind == "heat" && a.Measure == insight.NPS {
		c.Min, c.Max = &low, &high
	}
	g := lay(e, a)
	whole = true
	cut := func(most int, list *[]line) {
		if len(*list) > most {
			*list, whole = (*list)[:most], false
		}
	}
	c.Groups, c.Some = a.Bucket == "", a.Truncated
	across := a.Bucket == "" && (len(g.dims) == 1 || kind != "heat")
	if across {
		// Groups stand along the axis; of several fields the last one makes the colours.
		c.Dimension = called(a, g.dims[:max(1, len(g.dims)-1)], name)
		most := mostBars
		if len(g.dims) > 1 {
			most = mostGroups
			cut(mostSeries, &g.cols)
		}
		all := g.rows
		cut(most, &g.rows)
		if len(g.dims) == 1 {
			c.Kind, c.Height = "across", max(140, 34*len(g.rows)+48)
			g.cols = []line{{label: c.Title}}
		}
		g.along(&c)
		if len(all) > len(g.rows) { // its summary names the highest and the lowest, which need not be among the largest groups
			full, every := c, g
			full.Labels, full.Series, every.rows = nil, nil, all
			every.along(&full)
			c.Whole = &full
		}
	} else {
		c.Dimension = e.T("bucket." + a.Bucket)
		if a.Bucket == "" {
			c.Dimension = called(a, g.dims[len(g.dims)-1:], name)
			cut(mostPoints, &g.cols)
		} else if a.Bucket == "quarter" {
			c.Dimension = e.T("bucket.quarters")
		}
		most := mostSeries
		if kind == "heat" {
			most = mostCells
		}
		cut(most, &g.rows)
		for _, col := range g.cols {
			c.Labels = append(c.Labels, col.label)
		}
		for _, r := range g.rows {
			label := r.label
			if label == "" {
				label = c.Title
			}
			s := empty(label, len(g.cols), len(g.rows) == 1 || kind == "heat")
			s.Color = r.color
			for i, col := range g.cols {
				g.put(&s, i, r.at, col.at)
			}
			c.Series = append(c.Series, s)
		}
		if kind == "heat" {
			c.Height = max(180, 34*len(g.rows)+84)
		} else if len(g.dims) == 0 {
			c.Series = append(c.Series, weighted(e, a, g)...)
			c.Series = append(c.Series, earlier(e, a, g)...)
		}
	}
	if len(c.Series)*len(c.Labels) > mostLinks {
		for i := range c.Series {
			c.Series[i].Hrefs = nil
		}
	}
	c.Marks = marks(e, a, g.buckets)
	return c, whole, true
}

// line is a row or a column of a grid: its key and its name.
type line struct {
	label, color string
	at           int
}

// grid lays an answer out in two directions: groups down; buckets of time, or the values of the last field, across.
type grid struct {
	dims       []string
	rows, cols []line
	buckets    []string
	cells      map[[2]int]insight.Row
}

// Dimensions are what an answer's groups are made by: its fields, and for a distribution the value.
func Dimensions(a *insight.Answer) []string {
	dims := slices.Clone(a.By)
	if a.Measure == insight.Distribution {
		dims = append(dims, "value")
	}
	return dims
}

// FieldOf is the field whose values stand in a dimension of an answer.
func FieldOf(a *insight.Answer, dimension string) string {
	if dimension == "value" && a.Measure == insight.Distribution {
		return a.Of
	}
	return dimension
}

func called(a *insight.Answer, dims []string, name func(string) string) string {
	out := make([]string, len(dims))
	for i, d := range dims {
		out[i] = name(FieldOf(a, d))
	}
	return strings.Join(out, " · ")
}

func lay(e ui.Env, a *insight.Answer) grid {
	g := grid{dims: Dimensions(a), cells: map[[2]int]insight.Row{}}
	down, side := g.dims, ""
	if a.Bucket == "" && len(g.dims) > 1 {
		down, side = g.dims[:len(g.dims)-1], g.dims[len(g.dims)-1]
	}
	key := func(r insight.Row, by []string) string {
		parts := make([]string, len(by))
		for i, b := range by {
			parts[i] = r.Keys[b]
		}
		return strings.Join(parts, "\x00")
	}
	field := func(dim string) string { return FieldOf(a, dim) }
	rows, cols := map[string]int{}, map[string]int{}
	rowKeys, colKeys := map[int]string{}, map[int]string{}
	for _, r := range a.Rows {
		rk, ck := key(r, down), r.Bucket
		if a.Bucket == "" && side != "" {
			ck = r.Keys[side]
		}
		if _, ok := rows[rk]; !ok {
			rows[rk] = len(rows)
			rowKeys[rows[rk]] = rk
			l := line{label: Keys(e, a, r, down), at: rows[rk]}
			if len(down) == 1 {
				l.color = color(field(down[0]), r.Keys[down[0]])
			}
			g.rows = append(g.rows, l)
		}
		if _, ok := cols[ck]; !ok {
			cols[ck] = len(cols)
			colKeys[cols[ck]] = ck
			l := line{at: cols[ck]}
			if side != "" {
				l.label, l.color = Value(e, field(side), ck), color(field(side), ck)
			}
			g.cols = append(g.cols, l)
		}
		g.cells[[2]int{rows[rk], cols[ck]}] = r
	}
	if len(down) == 1 && Ordered(field(down[0])) {
		slices.SortStableFunc(g.rows, func(x, y line) int { return Compare(field(down[0]), rowKeys[x.at], rowKeys[y.at]) })
	}
	switch {
	case a.Bucket != "":
		slices.SortFunc(g.cols, func(x, y line) int { return cmp.Compare(colKeys[x.at], colKeys[y.at]) })
		year := len(g.cols) > 0 && colKeys[g.cols[0].at][:4] != colKeys[g.cols[len(g.cols)-1].at][:4]
		for i, col := range g.cols {
			g.buckets = append(g.buckets, colKeys[col.at])
			g.cols[i].label = Bucket(e, a.Bucket, colKeys[col.at], year)
		}
	case side != "" && Ordered(field(side)):
		slices.SortStableFunc(g.cols, func(x, y line) int { return Compare(field(side), colKeys[x.at], colKeys[y.at]) })
	}
	return g
}

// along draws the groups of a grid along the axis.
func (g grid) along(c *ui.Chart) {
	for _, r := range g.rows {
		c.Labels = append(c.Labels, r.label)
	}
	for _, col := range g.cols {
		s := empty(col.label, len(g.rows), len(g.dims) == 1)
		s.Color = col.color
		for i, r := range g.rows {
			g.put(&s, i, r.at, col.at)
		}
		c.Series = append(c.Series, s)
	}
}

func (g grid) put(s *ui.Series, i, row, col int) {
	if r, ok := g.cells[[2]int{row, col}]; ok {
		put(s, i, r)
	}
}

// earlier is the counterpart of a single line in a comparison over time, quiet beside it.
func earlier(e ui.Env, a *insight.Answer, g grid) []ui.Series {
	s := empty(e.T("explore.counterpart"), len(g.cols), false)
	s.Color, s.Hrefs = "8", nil
	to := a.Question().Compare
	s.Elsewhen = to != nil && (to.To == "previous" || to.To == "year")
	some := false
	for i, col := range g.cols {
		r := g.cells[[2]int{0, col.at}]
		if c := r.Compare; c != nil && c.Value != nil && (c.N >= 10 || a.Unit == "count") {
			s.Values[i], s.N[i], some = *c.Value, c.N, true
		}
	}
	if !some {
		return nil
	}
	return []ui.Series{s}
}

// weighted is the line of weighted figures beside a single one.
func weighted(e ui.Env, a *insight.Answer, g grid) []ui.Series {
	if !a.Weighted {
		return nil
	}
	s := empty(e.T("explore.weighted"), len(g.cols), false)
	s.Color = "3"
	for i, col := range g.cols {
		if r := g.cells[[2]int{0, col.at}]; r.Weighted != nil && r.Note != "too_few" {
			s.Values[i], s.N[i] = r.Weighted.Value, r.Weighted.N
		}
	}
	s.Hrefs = nil
	return []ui.Series{s}
}

func marks(e ui.Env, a *insight.Answer, buckets []string) []ui.Mark {
	var out []ui.Mark
	if a.Bucket == "" {
		return nil
	}
	for _, m := range a.Marks {
		at := 0
		for i, b := range buckets {
			if b <= m.Day {
				at = i
			}
		}
		out = append(out, ui.Mark{At: at, Text: Changed(e, m), Day: Day(e, m.Day)})
	}
	return out
}

// Day is a day of an answer in words.
func Day(e ui.Env, day string) string {
	d, err := clock.ParseDay(day)
	if err != nil {
		return day
	}
	return e.Locale.Date(d.Start(time.UTC), time.UTC)
}

// Changed tells of a mark. Two wordings of one language stand apart as well, whatever they begin and end with.
func Changed(e ui.Env, m insight.Mark) string {
	if m.Kind == "scale" {
		return e.T("mark.scale", "from", Scale(e, m.From), "to", Scale(e, m.To))
	}
	apart := func(s string) i18n.Verbatim { return i18n.Verbatim("\u2068" + s + "\u2069") }
	return e.T("mark."+m.Kind, "from", apart(m.From), "to", apart(m.To))
}

var order = map[string]int{
	"monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6, "sunday": 7,
	"detractor": 1, "passive": 2, "promoter": 3, "dissatisfied": 1, "neutral": 2, "satisfied": 3, "hard": 1, "easy": 3,
	"low": 1, "middle": 2, "high": 3,
	"negative": 1, "positive": 3, "mixed": 4, "no": 1, "yes": 2,
}

// ranked tells whether the values of a field have a place in order.
func ranked(field string) bool {
	return field == "weekday" || strings.HasPrefix(field, "sentiment") || strings.HasSuffix(field, "_group") && field != "theme_group"
}

// Ordered tells whether the values of a field have an order of their own: weekdays, groups of a score, numbers.
func Ordered(field string) bool {
	return ranked(field) || slices.Contains(metrics, field)
}

var metrics = []string{"nps", "csat", "ces", "star", "rating"}

// Compare puts two values of a field in order: numbers by size, weekdays and groups of a score in theirs, other values
// by letters; no value comes last.
func Compare(field, x, y string) int {
	if x == "" || y == "" {
		return cmp.Compare(y, x)
	}
	if ranked(field) && field != "sentiment_score" {
		return cmp.Compare(order[x], order[y])
	}
	a, errA := strconv.ParseFloat(x, 64)
	b, errB := strconv.ParseFloat(y, 64)
	if errA == nil && errB == nil && !math.IsNaN(a) && !math.IsNaN(b) {
		return cmp.Compare(a, b)
	}
	return cmp.Compare(x, y)
}

// color is that of a group of a score: its end of the scale.
func color(field, value string) string {
	if !ranked(field) || field == "weekday" || field == "sentiment_unsure" {
		return ""
	}
	return map[int]string{1: "bad", 2: "neutral", 3: "good", 4: "6"}[order[value]] // what is mixed is no green beside the good
}
