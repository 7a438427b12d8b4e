package insight

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
	"kolo/internal/understand/stat"
	"kolo/internal/understand/stat/driver"
)

// ThemesQuery asks for everything that a page of themes shows of each.
type ThemesQuery struct {
	Score   Measure    `json:"score,omitempty" enum:"nps,csat,ces,star,rating," doc:"The score that themes move; nps by default"`
	Scale   string     `json:"scale,omitempty" doc:"The scale to count, such as 1..5; the most frequent one by default"`
	Where   Conditions `json:"where,omitempty" doc:"Conditions that feedback must fulfil"`
	Between Period     `json:"between,omitempty"`
	Compare string     `json:"compare,omitempty" enum:"previous,year," doc:"Set beside the period before, or the same days a year earlier"`
	Level   float64    `json:"level,omitempty" doc:"Confidence level of the intervals, 0.95 by default"`
}

// ThemesAnswer is the themes of a selection, the most frequent first.
type ThemesAnswer struct {
	Score    Measure    `json:"score"`
	Unit     string     `json:"unit" enum:"points,share,scale" doc:"Of the score and of impacts"`
	Scale    string     `json:"scale,omitempty" doc:"That was counted"`
	From     string     `json:"from,omitempty"`
	To       string     `json:"to,omitempty"`
	N        int64      `json:"n" doc:"Pieces of feedback in all, with and without a theme"`
	Answers  int64      `json:"answers" doc:"Those of them with the score"`
	Value    *float64   `json:"value" doc:"The score of all of them"`
	Themes   []ThemeRow `json:"themes"`
	LeftOut  []LeftOut  `json:"left_out" doc:"Answers on other scales, which are not pooled"`
	Controls []string   `json:"controls" doc:"What impacts were adjusted for beside the other themes"`
	Filter   string     `json:"filter,omitempty" doc:"The conditions as a query string of /v1/feedback"`
}

// ThemeRow is one theme with all that stands under it. A text counts in each theme that it is about.
type ThemeRow struct {
	ID       string         `json:"id"`
	Parent   string         `json:"parent,omitempty"`
	N        int64          `json:"n" doc:"Texts about it"`
	Share    float64        `json:"share" doc:"Of all feedback"`
	Negative int64          `json:"negative" doc:"Texts that blame it"`
	Positive int64          `json:"positive" doc:"Texts that praise it"`
	Net      *float64       `json:"net" doc:"Positive less negative of the texts about it, in points"`
	NetRange *stat.Interval `json:"net_interval,omitempty"`
	Note     string         `json:"note,omitempty" enum:"too_few,indicative,one_customer" doc:"Of n"`
	Score    Row            `json:"score" doc:"The score of the feedback about it"`
	Change   *Comparison    `json:"change,omitempty" doc:"Of the share"`
	Impact   *ThemeImpact   `json:"impact,omitempty" doc:"Absent where too few answers mention it, or it cannot be told apart from others"`
	Feedback string         `json:"feedback" doc:"Query string of /v1/feedback for what is behind the numbers"`
}

// ThemeImpact is how much better or worse a score is because of a theme: the share of answers that mention it, times what a mention goes
// with when the other themes, channel and time are held still. An association, not a proof.
type ThemeImpact struct {
	Value           float64       `json:"value"`
	Interval        stat.Interval `json:"interval"`
	Effect          float64       `json:"effect" doc:"Of one mention"`
	P               float64       `json:"p"`
	Distinguishable bool          `json:"distinguishable" doc:"The interval excludes 0"`
}

// leastMentions is how many answers must mention a theme before it gets an impact.
const leastMentions = stat.MinimumToShow

// ThemesFor is Themes on behalf of somebody; see MayAsk.
func (s *Service) ThemesFor(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, q ThemesQuery) (*ThemesAnswer, error) {
	if err := s.MayAskOf(ctx, ws, actor, q.Between, q.Where); err != nil {
		return nil, err
	}
	return s.Themes(ctx, ws, q)
}

// Themes tells of each theme how often it comes up, how it is spoken of, the score of the feedback about it, how its share has
// changed, and its impact on the score (methods.md 2.3: ordinary least squares with HC3 errors; controls are channel and quarter).
func (s *Service) Themes(ctx context.Context, ws identity.WorkspaceID, q ThemesQuery) (*ThemesAnswer, error) {
	const op = "insight.Themes"
	query, err := q.query()
	if err != nil {
		return nil, err
	}
	if s.columns == nil {
		return nil, fault.New(fault.Internal, op, "this process has no columns to ask")
	}
	group, _ := parseField("theme_group") // there is such a field
	query.By = []string{group.name}
	a := asked{Query: query, by: []field{group}}
	if a.set, a.span, err = s.scope(ctx, ws, q.Between); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if a.asking, err = s.asking(ctx, ws, []field{group}, q.Where); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if a.facts, err = s.facts(ctx, ws, *query); err != nil {
		return nil, fault.Wrap(op, err)
	}
	ans := &ThemesAnswer{Score: query.Measure, Unit: query.Measure.Unit(), Themes: []ThemeRow{}, LeftOut: []LeftOut{}, Controls: []string{}, Filter: Encode(q.Where, q.Between).Encode()}
	if a.span.hasFrom {
		ans.From = a.span.from.String()
	}
	if a.span.hasTo {
		ans.To = a.span.to.String()
	}
	rows := newThemeRows(&a)
	mentions, err := s.countSets(ctx, &a)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	members, err := s.learnSets(ctx, &a, setKeys(mentions))
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	rows.count(mentions, members)
	ans.N = rows.all
	if err := s.sure(ctx, &a, rows, members); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if q.Compare != "" {
		before := a
		if before.span, err = a.span.before(q.Compare); err != nil {
			return nil, err
		}
		earlier, err := s.countSets(ctx, &before)
		if err != nil {
			return nil, fault.Wrap(op, err)
		}
		if members, err = s.learnSets(ctx, &a, setKeys(earlier)); err != nil {
			return nil, fault.Wrap(op, err)
		}
		rows.before = newThemeRows(&a)
		rows.before.count(earlier, members)
		if err := s.sure(ctx, &before, rows.before, members); err != nil {
			return nil, fault.Wrap(op, err)
		}
	}
	if err := s.scoreThemes(ctx, &a, ans, rows); err != nil {
		return nil, fault.Wrap(op, err)
	}
	ans.Themes = rows.finish(&a)
	return ans, nil
}

// query checks a ThemesQuery, and gives it as that of its score.
func (q *ThemesQuery) query() (*Query, error) {
	query := &Query{Measure: cmp.Or(q.Score, NPS), Scale: q.Scale, Where: q.Where, Between: q.Between, Level: q.Level}
	if query.Measure != CSATMean && query.Measure != CESMean && query.Measure.metric() == "" {
		return nil, fault.Bad("insight.ThemesQuery", fault.Field{Path: "score", Code: "unknown", Msg: fmt.Sprintf("%q is not a score", q.Score)})
	}
	switch q.Compare {
	case "":
	case "previous", "year":
		query.Compare = &Compare{To: q.Compare}
	default:
		return nil, fault.Bad("insight.ThemesQuery", fault.Field{Path: "compare", Code: "unknown", Msg: "compare with previous or year"})
	}
	if err := query.Validate(); err != nil {
		return nil, err
	}
	return query, nil
}

// setCount is how often a set of mentions comes up.
type setCount struct{ key, n int64 }

func setKeys(list []setCount) []int64 {
	keys := make([]int64, len(list))
	for i, c := range list {
		keys[i] = c.key
	}
	return keys
}

// countSets counts feedback by what it says of which themes; key 0 is feedback without one.
func (s *Service) countSets(ctx context.Context, a *asked) ([]setCount, error) {
	var args arguments
	cond, err := where(a.asking, a.span, a.Where, &args)
	if err != nil {
		return nil, err
	}
	rows, err := s.columns.Query(ctx, "SELECT mention_set, count(*) FROM "+table+" WHERE "+cond+" GROUP BY mention_set", args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err has told already
	var out []setCount
	for rows.Next() {
		v := rows.Values()
		out = append(out, setCount{number[int64](v[0]), number[int64](v[1])})
	}
	return out, rows.Err()
}

// maxKnownSets bounds what is remembered of sets.
const maxKnownSets = 500_000

// learnSets gives what sets hold, and reads that of those which this process has not met yet. A set is named by what it holds, so
// that what was read once holds for ever; it is remembered only as long as there is room.
func (s *Service) learnSets(ctx context.Context, a *asked, keys []int64) (map[int64][]ThemeLabel, error) {
	out := make(map[int64][]ThemeLabel, len(keys))
	var missing []int64
	s.mu.Lock()
	if len(s.known) > maxKnownSets {
		clear(s.known)
	}
	for _, k := range keys {
		if list, ok := s.known[k]; ok {
			out[k] = list
		} else if k != 0 {
			missing = append(missing, k)
		}
	}
	s.mu.Unlock()
	if len(missing) == 0 {
		return out, nil
	}
	// Many are asked for as all: a list of a thousand is faster read than compared with.
	text, args := "SELECT set_key, theme, sentiment FROM "+sets+" WHERE workspace = $1", []any{string(a.ws)}
	if len(missing) <= 1000 {
		text, args = text+" AND set_key IN ($2)", append(args, missing)
	}
	rows, err := s.columns.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // Err has told already
	found := map[int64][]ThemeLabel{}
	for rows.Next() {
		v := rows.Values()
		l := ThemeLabel{ID: keyText(v[1]), Sentiment: int8(number[int64](v[2]))}
		if k := number[int64](v[0]); !slices.Contains(found[k], l) { // two feeders may both have written it
			found[k] = append(found[k], l)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	maps.Copy(out, found)
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.Copy(s.known, found)
	return out, nil
}

// themeRows are the themes while they are counted.
type themeRows struct {
	ids    []string
	at     map[string]int // by id
	above  map[string][]int
	tree   Tree
	all    int64
	n      []int64
	bad    []int64
	good   []int64
	score  []sums
	rest   sums  // of all answers
	scores []Row // with what their customers make of them
	total  Row   // of all answers
	shares []Row // of all feedback
	nets   []Row // of what is said about them
	impact map[string]driver.Impact
	before *themeRows
}

func newThemeRows(a *asked) *themeRows {
	r := &themeRows{at: map[string]int{}, above: map[string][]int{}, tree: a.tree, impact: map[string]driver.Impact{}}
	for _, id := range known(a.tree) {
		x := a.tree.Resolve(id)
		for ; x != ""; x = a.tree.Parent(x) {
			i, ok := r.at[x]
			if !ok {
				i = len(r.ids)
				r.at[x], r.ids = i, append(r.ids, x)
			}
			r.above[id] = append(r.above[id], i)
		}
	}
	r.n, r.bad, r.good, r.score = make([]int64, len(r.ids)), make([]int64, len(r.ids)), make([]int64, len(r.ids)), make([]sums, len(r.ids))
	return r
}

// of are the themes, with all above them, that a text with these labels is about; each once.
func (r *themeRows) of(labels []ThemeLabel) []int {
	var out []int
	for _, l := range labels {
		for _, i := range r.above[l.ID] {
			if !slices.Contains(out, i) {
				out = append(out, i)
			}
		}
	}
	return out
}

// count adds up what is said of themes.
func (r *themeRows) count(list []setCount, members map[int64][]ThemeLabel) {
	for _, c := range list {
		r.all += c.n
		labels := members[c.key]
		for _, i := range r.of(labels) {
			r.n[i] += c.n
			switch good, bad := towards(labels, func(id string) bool { return slices.Contains(r.above[id], i) }); {
			case good && !bad:
				r.good[i] += c.n
			case bad && !good:
				r.bad[i] += c.n
			}
		}
	}
}

// towards tells whether there is praise and whether there is blame in what is said of some themes; mixed is both.
func towards(labels []ThemeLabel, of func(id string) bool) (good, bad bool) {
	for _, l := range labels {
		if of(l.ID) {
			good = good || l.Sentiment == 1 || l.Sentiment == 2
			bad = bad || l.Sentiment == -1 || l.Sentiment == 2
		}
	}
	return good, bad
}

// scored is a number of answers that are alike.
type scored struct {
	set, quarter   int64
	scale, channel string
	value          float64 // class, or the value itself
	n              int64
}

// classes tells whether a score stands on how many answers are of which class, instead of on their values.
func (m Measure) classes() bool { return m == NPS || m == CSAT || m == CES }

// scored counts the answers of a question, on all scales.
func (s *Service) scored(ctx context.Context, a *asked) ([]scored, error) {
	list, forms, err := s.countScored(ctx, a, true)
	if errors.Is(err, errTooManyCells) {
		// A wording of its own for every answer, say. The scale alone is enough for the numbers, and there are few.
		list, _, err = s.countScored(ctx, a, false)
		return list, err
	}
	if err != nil {
		return nil, err
	}
	known, err := s.formsOf(ctx, a.ws, a.Measure.metric(), slices.Compact(slices.Sorted(slices.Values(forms))))
	if err != nil {
		return nil, err
	}
	for i, f := range forms {
		list[i].scale = known[f].scale
	}
	return list, nil
}

// countScored is scored. With byForm answers are told apart by their form, a number, which is given beside each group, and
// otherwise by the text of their scale. errTooManyCells: there are more groups, or forms, than there may be.
func (s *Service) countScored(ctx context.Context, a *asked, byForm bool) (list []scored, forms []int64, err error) {
	metric := a.Measure.metric()
	value := metric
	if a.Measure.classes() {
		value += "_class"
	}
	scale := metric + "_scale"
	if byForm {
		scale = metric + "_form"
	}
	var args arguments
	cond, err := where(a.asking, a.span, a.Where, &args)
	if err != nil {
		return nil, nil, err
	}
	rows, err := s.columns.Query(ctx, fmt.Sprintf(`SELECT ts, f, c, q, v, count(*) FROM (SELECT theme_set AS ts, %s AS f, channel AS c, %s AS q, %s AS v FROM %s WHERE %s AND %s IS NOT NULL) AS t
		GROUP BY ts, f, c, q, v LIMIT %d`, scale, a.IntDiv("month", "3"), value, table, cond, value, s.maxScored+1), args...)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = rows.Close() }() // Err has told already
	different := map[int64]bool{}       // forms
	for rows.Next() {
		if len(list) == s.maxScored || len(different) > maxForms {
			return nil, nil, errTooManyCells
		}
		v := rows.Values()
		x := scored{set: number[int64](v[0]), quarter: number[int64](v[3]), channel: keyText(v[2]), value: number[float64](v[4]), n: number[int64](v[5])}
		if byForm {
			forms = append(forms, number[int64](v[1]))
			different[forms[len(forms)-1]] = true
		} else {
			x.scale = keyText(v[1])
		}
		list = append(list, x)
	}
	return list, forms, rows.Err()
}

// scoreThemes gives themes the score of the feedback about them, and their impacts.
func (s *Service) scoreThemes(ctx context.Context, a *asked, ans *ThemesAnswer, rows *themeRows) error {
	list, err := s.scored(ctx, a)
	if err != nil {
		return err
	}
	list = onScale(a, ans, list)
	about := map[int64][]int{} // by set
	for _, x := range list {
		about[x.set] = nil
	}
	members, err := s.learnSets(ctx, a, slices.Collect(maps.Keys(about)))
	if err != nil {
		return err
	}
	for k := range about {
		about[k] = rows.of(members[k])
	}
	for _, x := range list {
		c := sums{n: x.n}
		switch {
		case !a.Measure.classes():
			c.sum, c.square = x.value*float64(x.n), x.value*x.value*float64(x.n)
		case x.value == 1:
			c.good = x.n
		case x.value == -1:
			c.bad = x.n
		}
		rows.rest = rows.rest.plus(c)
		for _, i := range about[x.set] {
			rows.score[i] = rows.score[i].plus(c)
		}
	}
	total := Row{sum: rows.rest}
	a.counted = ans.Scale
	a.evaluate(&total)
	ans.Answers, ans.Value = total.N, total.Value
	rows.scores = make([]Row, len(rows.ids))
	for i := range rows.scores {
		rows.scores[i] = Row{sum: rows.score[i], Keys: map[string]string{"theme_group": rows.ids[i]}}
		a.evaluate(&rows.scores[i])
	}
	by := *a
	by.by = []field{rows.field(a.by[0])}
	if err := s.byCustomer(ctx, &by, rows.scores, &total); err != nil {
		return err
	}
	rows.total = total
	return rows.moves(a, ans, list, about)
}

// field groups by each theme with all that stands under it.
func (r *themeRows) field(f field) field {
	f.groups, f.members = r.ids, make([][]string, len(r.ids))
	for _, id := range slices.Sorted(maps.Keys(r.above)) {
		for _, i := range r.above[id] {
			f.members[i] = append(f.members[i], id)
		}
	}
	return f
}

// onScale keeps the answers of one scale.
func onScale(a *asked, ans *ThemesAnswer, list []scored) []scored {
	cells := make([]cell, len(list))
	for i, x := range list {
		cells[i] = cell{scale: x.scale, sums: sums{n: x.n}}
	}
	chosen := Answer{LeftOut: ans.LeftOut}
	chosen.chooseScale(cells, a.Scale)
	ans.Scale, ans.LeftOut = chosen.Scale, chosen.LeftOut
	if len(ans.LeftOut) > 0 {
		a.scale = ans.Scale
	}
	return slices.DeleteFunc(list, func(x scored) bool { return x.scale != ans.Scale })
}

// moves estimates impacts: of themes without any below among all of those, of the top level by itself, and of what stands between among all
// on its level, with those above that have nothing below.
func (r *themeRows) moves(a *asked, ans *ThemesAnswer, list []scored, about map[int64][]int) error {
	parents, depth := make([]bool, len(r.ids)), make([]int, len(r.ids))
	for j, id := range r.ids {
		for p := r.tree.Parent(id); p != ""; p = r.tree.Parent(p) {
			if i, ok := r.at[p]; ok && depth[j] == 0 {
				parents[i] = true
			}
			depth[j]++
		}
	}
	cuts := []func(int) bool{}
	for level := range slices.Max(append(depth, 0)) + 1 {
		between := false
		for i := range r.ids {
			between = between || depth[i] == level && parents[i]
		}
		if level == 0 || between {
			cuts = append(cuts, func(i int) bool { return depth[i] == level || depth[i] < level && !parents[i] })
		}
	}
	cuts = append(cuts, func(i int) bool { return !parents[i] })
	d := newDummies(list)
	if d.channels.n > 0 {
		ans.Controls = append(ans.Controls, "channel")
	}
	if d.quarters.n > 0 {
		ans.Controls = append(ans.Controls, "quarter")
	}
	for _, keep := range cuts {
		var names []string
		index := make([]int, len(r.ids))
		for i, id := range r.ids {
			index[i] = -1
			if n := r.score[i].n; keep(i) && n >= leastMentions && r.rest.n-n >= leastMentions {
				index[i] = len(names)
				names = append(names, id)
			}
		}
		if len(names) == 0 {
			continue
		}
		mentions := make(map[int64][]int, len(about))
		for set, themes := range about {
			for _, i := range themes {
				if index[i] >= 0 {
					mentions[set] = append(mentions[set], index[i])
				}
			}
			slices.Sort(mentions[set])
		}
		impacts, err := driver.ThemeImpactsOfCells(names, d.channels.n+d.quarters.n, alike(list, mentions, d, a.Measure), a.Level)
		if err != nil && !errors.Is(err, stat.ErrUndefined) {
			return err
		}
		for _, m := range impacts {
			r.impact[m.Theme] = m
		}
	}
	return nil
}

// maxDummies bounds the channels, and the quarters, that impacts are adjusted for.
const maxDummies = 60

// dummies are what impacts are adjusted for.
type dummies struct {
	channels numbered[string]
	quarters numbered[int64]
}

// numbered gives values the numbers of their dummies, from 0 to below n.
type numbered[T cmp.Ordered] struct {
	at map[T]int // -1 for one without a dummy
	n  int
}

func newDummies(list []scored) dummies {
	channels, quarters := map[string]int64{}, map[int64]int64{}
	for _, x := range list {
		channels[x.channel] += x.n
		quarters[x.quarter] += x.n
	}
	return dummies{numberOf(channels), numberOf(quarters)}
}

// numberOf numbers the most frequent values, of those that are as frequent the first in order. The most frequent of all, which
// the others are compared with, and what is left beyond maxDummies have no dummy.
func numberOf[T cmp.Ordered](counts map[T]int64) numbered[T] {
	values := slices.SortedFunc(maps.Keys(counts), func(x, y T) int { return cmp.Or(cmp.Compare(counts[y], counts[x]), cmp.Compare(x, y)) })
	out := numbered[T]{at: make(map[T]int, len(values))}
	for i, v := range values {
		out.at[v] = -1
		if i > 0 && out.n < maxDummies {
			out.at[v] = out.n
			out.n++
		}
	}
	return out
}

// alike puts answers together that mention the same themes on the same channel in the same quarter, and gave the same value.
func alike(list []scored, mentions map[int64][]int, d dummies, m Measure) []driver.Cell {
	patterns, pattern := map[string]int{}, make(map[int64]int, len(mentions))
	for set, themes := range mentions {
		key := fmt.Sprint(themes)
		if _, ok := patterns[key]; !ok {
			patterns[key] = len(patterns)
		}
		pattern[set] = patterns[key]
	}
	type key struct {
		pattern, channel, quarter int
		y                         float64
	}
	none := len(patterns)
	at := map[key]int{}
	var cells []driver.Cell
	for _, x := range list {
		k := key{none, d.channels.at[x.channel], d.quarters.at[x.quarter], x.value}
		if p, ok := pattern[x.set]; ok {
			k.pattern = p
		}
		switch m {
		case NPS:
			k.y *= 100
		case CSAT, CES:
			k.y = max(0, k.y)
		}
		i, ok := at[k]
		if !ok {
			i = len(cells)
			at[k] = i
			c := driver.Cell{Mentions: mentions[x.set], Y: k.y}
			if k.channel >= 0 {
				c.Controls = append(c.Controls, k.channel)
			}
			if k.quarter >= 0 {
				c.Controls = append(c.Controls, d.channels.n+k.quarter)
			}
			cells = append(cells, c)
		}
		cells[i].N += x.n
	}
	return cells
}

// impact allows for customers who answered several times by what they do to the score; none where all answers, or those that mention
// the theme, are one customer's.
func (a *asked) impact(m driver.Impact, total, score Row) *ThemeImpact {
	if total.alone || score.alone {
		return nil
	}
	if deff := max(total.deff, score.deff); deff > 1 && m.Effect.SE > 0 {
		w := total.counts()
		if score.deff > 0 {
			w = score.counts()
		}
		wider := math.Sqrt(deff) * w.Critical(a.Level) / stat.Critical(a.Level)
		m.Interval.Low, m.Interval.High = m.Adjusted-wider*(m.Adjusted-m.Interval.Low), m.Adjusted+wider*(m.Interval.High-m.Adjusted)
		m.Interval.Method += ", design effect"
		m.Effect.P = w.TwoSided(m.Effect.Estimate / (m.Effect.SE * math.Sqrt(deff)))
	}
	m.Interval = a.withinDifference(m.Interval)
	return &ThemeImpact{Value: m.Adjusted, Interval: m.Interval, Effect: m.Effect.Estimate, P: m.Effect.P, Distinguishable: !m.Interval.Contains(0)}
}

// finish gives the themes that come up, the most frequent first.
func (r *themeRows) finish(a *asked) []ThemeRow {
	out := []ThemeRow{}
	shares := a.measured(Share)
	for i, id := range r.ids {
		if r.n[i] == 0 && (r.before == nil || r.before.n[i] == 0) {
			continue
		}
		row := ThemeRow{ID: id, Parent: r.tree.Parent(id), N: r.n[i], Negative: r.bad[i], Positive: r.good[i], Score: r.scores[i]}
		row.Score.Keys = nil
		row.Feedback = Encode(append(slices.Clone(a.Where), Condition{Field: "theme", Op: "in", Values: []string{id}}), a.Between).Encode()
		if v := r.shares[i].Value; v != nil {
			row.Share = *v
		}
		row.Net, row.NetRange, row.Note = r.nets[i].Value, r.nets[i].Interval, r.nets[i].Note
		of := Conditions{{Field: a.Measure.metric(), Op: "not_empty"}}
		if a.scale != "" {
			of = append(of, Condition{Field: a.Measure.metric() + "_scale", Op: "in", Values: []string{a.scale}})
		}
		scored := row.Feedback + "&" + Encode(of, Period{}).Encode()
		row.Score.Feedback = &scored
		if r.before != nil {
			row.Change = shares.difference(r.shares[i], r.before.shares[i])
			row.Change.N = r.before.n[i]
		}
		if m, ok := r.impact[id]; ok && !math.IsNaN(m.Adjusted) {
			row.Impact = a.impact(m, r.total, r.scores[i])
		}
		out = append(out, row)
	}
	slices.SortStableFunc(out, func(x, y ThemeRow) int { return cmp.Or(cmp.Compare(y.N, x.N), strings.Compare(x.ID, y.ID)) })
	return out
}
