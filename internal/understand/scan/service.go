package scan

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
)

// Service looks through segments.
type Service struct {
	insight  *insight.Service
	feedback *feedback.Service
}

// NewService asks insight.
func NewService(in *insight.Service, f *feedback.Service) *Service { return &Service{in, f} }

// Scores are the measures by which segments can be compared.
var Scores = []insight.Measure{insight.NPS, insight.CSAT, insight.CES, insight.Star, insight.Rating, insight.NetSentiment, insight.CSATMean, insight.CESMean}

// oneCustomer is the note of answers that are all of one customer: nothing is told apart by one voice.
const oneCustomer = "one_customer"

// everyField are those that all feedback has; source stands for the survey too, which mostly goes with it.
var everyField = []string{"channel", "touchpoint", "source", "language", "theme"}

// table is the answers of a field by value, or of a pair of fields by both.
type table struct {
	fields []string
	values [][]string // by field, "" not among them
	at     []map[string]int
	cells  []group      // of a pair: row by row
	worth  []stat.Worth // of each, where its customers tell; N is 0 otherwise
	alone  []bool       // all its answers are one customer's
	rest   group        // where groups overlap: of all texts, whatever they are about, or of all who answered
	theme  bool         // groups overlap: of themes, and of answers of several choices
}

// scanner is a scan at work.
type scanner struct {
	*Service
	deff    float64 // what customers who answered several times do to the variance of a score, the same for all segments: of a small one it is not known
	q       Query
	ws      identity.WorkspaceID
	singles []*table
	pairs   []*table
	others  bool // there are answers on other scales
}

// Ask answers which segments of a workspace's answers differ from the rest.
func (s *Service) Ask(ctx context.Context, ws identity.WorkspaceID, q Query) (*Answer, error) {
	const op = "scan.Ask"
	if err := s.check(ctx, ws, &q); err != nil {
		return nil, err
	}
	total, err := s.insight.Ask(ctx, ws, insight.Query{Measure: q.Score, Scale: q.Scale, Where: q.Where, Between: q.Between, Level: q.Level})
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	ans := &Answer{Score: q.Score, Unit: q.Score.Unit(), Scale: total.Scale, From: total.From, To: total.To, Filter: total.Filter, N: total.Total.N, Value: total.Total.Value,
		Interval: total.Total.Interval, Rate: q.Rate, Fields: []string{}, Paired: []string{}, Skipped: []string{}, Segments: []Segment{}, LeftOut: total.LeftOut,
		Definition: fmt.Sprintf("scan v%d of %s", DefinitionVersion, total.Definition)}
	if ans.N == 0 {
		return ans, nil
	}
	q.Scale = total.Scale
	w := &scanner{Service: s, q: q, ws: ws, deff: 1, others: len(total.LeftOut) > 0}
	if total.Total.Note == oneCustomer {
		return ans, nil
	}
	if d := total.Total.DesignEffect; d != nil {
		w.deff, ans.DesignEffect = *d, d
	}
	if err := w.ask(ctx, ans); err != nil {
		return nil, fault.Wrap(op, err)
	}
	if err := w.test(ans, groupOf(q.Score, total.Total)); err != nil {
		return nil, fault.Wrap(op, err)
	}
	w.explain(ans)
	slices.SortStableFunc(ans.Segments, func(a, b Segment) int {
		return cmp.Or(cmp.Compare(a.Q, b.Q), cmp.Compare(a.P, b.P), cmp.Compare(math.Abs(b.Difference), math.Abs(a.Difference)), cmp.Compare(len(a.Parts), len(b.Parts)))
	})
	for i := range ans.Segments {
		x := &ans.Segments[i]
		if x.Differs {
			ans.Differ++
			if len(x.Explained) == 0 {
				ans.Short++
			}
		}
	}
	if len(ans.Segments) > mostShown {
		ans.Segments = ans.Segments[:mostShown]
	}
	return ans, nil
}

// AskFor is Ask on behalf of somebody: values that say who somebody is are covered before those who may not know, and the way to the
// feedback behind them with them.
func (s *Service) AskFor(ctx context.Context, ws identity.WorkspaceID, actor identity.Actor, q Query) (*Answer, error) {
	if err := s.insight.MayAskOf(ctx, ws, actor, q.Between, q.Where); err != nil {
		return nil, err
	}
	veil, err := s.insight.VeilFor(ctx, ws, actor)
	if err != nil {
		return nil, err
	}
	a, err := s.Ask(ctx, ws, q)
	if err != nil || veil.Lifted() {
		return a, err
	}
	cover := func(parts []Part) (covered bool) {
		for i, p := range parts {
			if shown := veil.Value(p.Field, p.Value); shown != p.Value {
				parts[i].Value, covered = shown, true
			}
		}
		return covered
	}
	for i := range a.Segments {
		x := &a.Segments[i]
		x.Parts, x.Also, x.Explained = slices.Clone(x.Parts), slices.Clone(x.Also), slices.Clone(x.Explained) // they may be shared
		if cover(x.Parts) {
			x.Feedback = ""
		}
		cover(x.Also)
		cover(x.Explained)
	}
	return a, nil
}

// check fills in the defaults of a question, and says what is wrong with it.
func (s *Service) check(ctx context.Context, ws identity.WorkspaceID, q *Query) error {
	const op = "scan.Query"
	var bad []fault.Field
	if q.Rate == 0 {
		q.Rate = stat.ExploreQ
	}
	if q.Rate <= 0 || q.Rate > 0.5 {
		bad = append(bad, fault.Field{Path: "rate", Code: "range", Msg: "the rate lies between 0 and 0.5"})
	}
	if q.Level == 0 {
		q.Level = stat.DefaultLevel
	}
	if q.Level < 0.5 || q.Level >= 1 {
		bad = append(bad, fault.Field{Path: "level", Code: "range", Msg: "a confidence level lies between 0.5 and 1"})
	}
	if q.Score != "" && !slices.Contains(Scores, q.Score) {
		bad = append(bad, fault.Field{Path: "score", Code: "unknown", Msg: fmt.Sprintf("%q is not a score by which segments are compared", q.Score)})
	}
	if len(q.Fields) > mostFields {
		bad = append(bad, fault.Field{Path: "fields", Code: "too_many", Msg: fmt.Sprintf("at most %d fields", mostFields)})
	}
	if len(bad) > 0 {
		return fault.Bad(op, bad...)
	}
	if err := s.insight.Check(ctx, ws, q.Where, q.Between); err != nil {
		return err
	}
	if q.Score == "" {
		scores, err := s.insight.Metrics(ctx, ws, q.Where, q.Between)
		if err != nil {
			return err
		}
		q.Score = insight.NPS
		if len(scores) > 0 {
			q.Score = insight.Measure(scores[0])
		}
	}
	return nil
}

// fields are those to look through.
func (w *scanner) fields(ctx context.Context) ([]string, error) {
	if len(w.q.Fields) > 0 {
		return w.q.Fields, nil
	}
	register, err := w.feedback.Register(ctx, w.ws)
	if err != nil {
		return nil, err
	}
	fields := slices.Clone(everyField)
	for _, f := range register {
		name := f.Field + "." + f.Key
		known := f.Field == "contact" && slices.ContainsFunc(register, func(x feedback.Field) bool { return x.Field == "attribute" && x.Key == f.Key && !x.Hidden })
		if f.Hidden || f.Kind == "number" || known || len(fields) >= mostFields {
			continue // numbers are no segments; and what came with the feedback says more than what is known today
		}
		fields = append(fields, name)
	}
	return fields, nil
}

// ask counts the answers of each field, and of each pair of those that most answers have.
func (w *scanner) ask(ctx context.Context, ans *Answer) error {
	fields, err := w.fields(ctx)
	if err != nil {
		return err
	}
	tables := make([]*table, len(fields))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, f := range fields {
		g.Go(func() (err error) { tables[i], err = w.table(gctx, f); return err })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	var pairable []*table
	for i, t := range tables {
		switch {
		case t == nil:
			ans.Skipped = append(ans.Skipped, fields[i])
			continue
		case len(t.values[0]) < 2 && !t.theme || len(t.values[0]) == 0:
			continue // there is nothing to compare
		}
		ans.Fields = append(ans.Fields, fields[i])
		w.singles = append(w.singles, t)
		if !t.theme {
			pairable = append(pairable, t)
		}
	}
	if w.q.Pairs != nil && !*w.q.Pairs {
		return nil
	}
	n := func(t *table) (n int64) {
		for _, c := range t.cells {
			n += c.n
		}
		return n
	}
	slices.SortStableFunc(pairable, func(a, b *table) int {
		return cmp.Or(cmp.Compare(n(b), n(a)), cmp.Compare(len(a.values[0]), len(b.values[0])))
	})
	pairable = pairable[:min(len(pairable), mostPaired)]
	var combos [][2]string
	for i, a := range pairable {
		ans.Paired = append(ans.Paired, a.fields[0])
		for _, b := range pairable[i+1:] {
			combos = append(combos, [2]string{a.fields[0], b.fields[0]})
		}
	}
	w.pairs = make([]*table, len(combos))
	g, gctx = errgroup.WithContext(ctx)
	g.SetLimit(4)
	for i, c := range combos {
		g.Go(func() (err error) { w.pairs[i], err = w.table(gctx, c[0], c[1]); return err })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	w.pairs = slices.DeleteFunc(w.pairs, func(t *table) bool { return t == nil })
	return nil
}

// table counts answers by one field or two; nil when there are too many values.
func (w *scanner) table(ctx context.Context, fields ...string) (*table, error) {
	t := &table{fields: fields, theme: slices.ContainsFunc(fields, func(f string) bool { return strings.HasPrefix(f, "theme") })}
	where := w.q.Where
	if t.theme { // what has no words is about nothing because of that
		where = append(slices.Clone(where), insight.Condition{Field: "has_text", Values: []string{"yes"}})
	}
	if len(fields) == 1 && strings.HasPrefix(fields[0], "answer.") { // the rest of a choice are those who answered without it
		where = append(slices.Clone(where), insight.Condition{Field: fields[0], Op: "not_empty"})
	}
	limit := mostValues + 1 // and that of no value
	if len(fields) > 1 {
		limit = 5000
	}
	a, err := w.insight.Ask(ctx, w.ws, insight.Query{Measure: w.q.Score, Scale: w.q.Scale, By: fields, Where: where, Between: w.q.Between, Level: w.q.Level, Limit: limit})
	if err != nil {
		return nil, err
	}
	if a.Truncated {
		return nil, nil
	}
	t.theme = t.theme || a.SeveralChoices
	t.values, t.at = make([][]string, len(fields)), make([]map[string]int, len(fields))
	for i, f := range fields {
		t.at[i] = map[string]int{}
		for _, r := range a.Rows {
			v := r.Keys[f]
			if _, ok := t.at[i][v]; !ok && v != "" {
				t.at[i][v] = len(t.values[i])
				t.values[i] = append(t.values[i], v)
			}
		}
	}
	size := len(t.values[0])
	if len(fields) > 1 {
		size *= len(t.values[1])
	}
	t.cells, t.worth, t.alone = make([]group, size), make([]stat.Worth, size), make([]bool, size)
	for _, r := range a.Rows {
		at, known := 0, true
		for i, f := range fields {
			k, ok := t.at[i][r.Keys[f]]
			known = known && ok
			at = at*len(t.values[i]) + k
		}
		if known {
			t.cells[at], t.alone[at] = groupOf(w.q.Score, r), r.Note == oneCustomer
			t.worth[at] = r.Worth()
		}
	}
	if t.theme {
		t.rest = groupOf(w.q.Score, a.Total)
	}
	return t, nil
}

// worth is what a group's answers are worth by what customers who answered several times do to all.
func (w *scanner) worth(g group) stat.Worth { return stat.Worth{N: float64(g.n) / w.deff} }

// restAlone tells whether all that a segment of the table is compared with is one customer's, so far as the table shows.
func (t *table) restAlone(but int) bool {
	others := 0
	for i, c := range t.cells {
		if i == but || c.n == 0 {
			continue
		}
		if others++; !t.alone[i] || others > 1 {
			return false
		}
	}
	return others == 1 && !t.theme
}

// whole is all answers that a segment of the table is compared within.
func (t *table) whole() (all group) {
	if t.theme {
		return t.rest
	}
	for _, c := range t.cells {
		all = all.plus(c)
	}
	return all
}

// test compares each segment with its rest, and corrects for all of them.
func (w *scanner) test(ans *Answer, total group) error {
	m := w.q.Score
	var p, means, variances []float64
	spread := total.spread(m, 3)
	same := map[group]int{} // segments by what they hold
	add := func(parts []Part, t *table, at int, all group) error {
		g := t.cells[at]
		rest := all.minus(g)
		if g.n == 0 {
			return nil
		}
		if g.n < stat.MinimumToShow || rest.n < stat.MinimumToShow || t.alone[at] || t.restAlone(at) {
			ans.Small++
			return nil
		}
		if i, ok := same[g]; ok && len(parts) == 1 && rest.n == ans.Segments[i].RestN { // a survey and its touchpoint, say
			ans.Segments[i].Also = append(ans.Segments[i].Also, parts[0])
			return nil
		}
		// What its own few customers do weighs where it is more than what those of all do.
		own, others := w.worth(g), w.worth(rest)
		if x := t.worth[at]; x.N > 0 && x.N < own.N {
			own = x
		}
		d, err := difference(m, rest, g, others, own, w.q.Level)
		if err != nil {
			return nil // all answers of both agree: there is nothing that could differ
		}
		if low, high, ok := m.Limits(w.q.Scale); ok {
			d.Interval = d.Interval.Within(low-high, high-low)
		}
		x := Segment{Parts: parts, N: g.n, Value: g.value(m), RestN: rest.n, Rest: rest.value(m), Difference: d.Estimate, Interval: &d.Interval, P: chance(m, rest, g, others, own, d), Feedback: w.behind(parts)}
		if _, indicative := stat.NPSPublishable(g.n); indicative {
			x.Note = "indicative"
		}
		p, means, variances = append(p, x.P), append(means, x.Value), append(variances, max(spread, 1e-12)/float64(g.n))
		same[g] = len(ans.Segments)
		ans.Segments = append(ans.Segments, x)
		return nil
	}
	for _, t := range w.singles {
		all := t.whole()
		skip := -1
		if len(t.values[0]) == 2 && !t.theme { // one is the other's mirror image: the smaller one stands for both
			skip = 0
			if t.cells[1].n > t.cells[0].n {
				skip = 1
			}
		}
		for i, v := range t.values[0] {
			if i == skip {
				continue
			}
			if err := add([]Part{{t.fields[0], v}}, t, i, all); err != nil {
				return err
			}
		}
	}
	ans.Tests = len(p)
	for _, t := range w.pairs {
		all := t.whole()
		t.each(func(i, j int, g, row, column group) {
			most := float64(g.n)
			if g.n == 0 || most >= inside*float64(row.n) || most >= inside*float64(column.n) {
				return // nearly the same answers as one of its parts
			}
			_ = add([]Part{{t.fields[0], t.values[0][i]}, {t.fields[1], t.values[1][j]}}, t, i*len(t.values[1])+j, all)
		})
	}
	ans.PairTests = len(p) - ans.Tests
	if len(p) == 0 {
		return nil
	}
	q, err := stat.BenjaminiHochberg(p[:ans.Tests]) // pairs are a family of their own: there are so many that they would hide the others
	if err != nil {
		return err
	}
	ofPairs, err := stat.BenjaminiHochberg(p[ans.Tests:])
	if err != nil {
		return err
	}
	q = append(q, ofPairs...)
	tau2, _, err := stat.PauleMandel(means, variances)
	if err != nil {
		return err
	}
	mean := total.value(m)
	for i := range ans.Segments {
		x := &ans.Segments[i]
		x.Q, x.Differs = q[i], q[i] <= w.q.Rate
		weight := tau2 / (tau2 + variances[i])
		x.Shrunk = weight*x.Value + (1-weight)*mean
	}
	return nil
}

// each walks through the cells of a pair, with the sums of their row and column.
func (t *table) each(do func(i, j int, cell, row, column group)) {
	rows, columns := make([]group, len(t.values[0])), make([]group, len(t.values[1]))
	for i := range rows {
		for j := range columns {
			c := t.cells[i*len(columns)+j]
			rows[i], columns[j] = rows[i].plus(c), columns[j].plus(c)
		}
	}
	for i := range rows {
		for j := range columns {
			do(i, j, t.cells[i*len(columns)+j], rows[i], columns[j])
		}
	}
}

// behind is the query string of a segment's feedback.
func (w *scanner) behind(parts []Part) string {
	c := slices.Clone(w.q.Where)
	for _, p := range parts {
		if !strings.HasPrefix(p.Field, "answer.") { // who chose one of some may have chosen others, too
			c = slices.DeleteFunc(c, func(e insight.Condition) bool { return e.Field == p.Field && e.Op == "in" })
		}
		c = append(c, insight.Condition{Field: p.Field, Values: []string{p.Value}})
	}
	metric, _ := strings.CutSuffix(string(w.q.Score), "_mean")
	if w.q.Score == insight.NetSentiment {
		metric = "sentiment"
	}
	c = append(c, insight.Condition{Field: metric, Op: "not_empty"})
	if w.others {
		c = append(c, insight.Condition{Field: metric + "_scale", Values: []string{w.q.Scale}})
	}
	return insight.Encode(c, w.q.Between).Encode()
}

// explain finds what is behind the segments that differ: a larger one they lie in, their two parts, or another field.
func (w *scanner) explain(ans *Answer) {
	m := w.q.Score
	single := map[Part]*Segment{}
	for i := range ans.Segments {
		if x := &ans.Segments[i]; len(x.Parts) == 1 {
			single[x.Parts[0]] = x
		}
	}
	byParts := map[[2]Part]*Segment{}
	for i := range ans.Segments {
		if x := &ans.Segments[i]; len(x.Parts) == 2 {
			byParts[[2]Part{x.Parts[0], x.Parts[1]}] = x
		}
	}
	var tested []*Segment
	var p []float64
	for _, t := range w.pairs {
		all := t.whole()
		t.each(func(i, j int, cell, row, column group) {
			a, b := Part{t.fields[0], t.values[0][i]}, Part{t.fields[1], t.values[1][j]}
			w.within(single[a], single[b], cell, row, column, b)
			w.within(single[b], single[a], cell, column, row, a)
			x := byParts[[2]Part{a, b}]
			if x == nil || !x.Differs {
				return
			}
			x.Explained = x.Parts
			first, second := row.minus(cell), column.minus(cell)
			neither := all.minus(row).minus(second)
			value, predicted, interval, chance, ok := interaction(m, cell, first, second, neither, w.deff, w.q.Level)
			if !ok {
				return
			}
			if low, high, ok := m.Limits(w.q.Scale); ok { // a difference of two differences
				interval = interval.Within(2*(low-high), 2*(high-low))
			}
			x.Predicted, x.Excess = &predicted, &Excess{Value: value, Interval: interval, P: chance, Q: 1}
			tested, p = append(tested, x), append(p, chance)
		})
		w.mixed(t, single, false)
		w.mixed(t, single, true)
	}
	q, err := stat.BenjaminiHochberg(p)
	if err != nil {
		return // p-values of interaction lie between 0 and 1
	}
	for i, x := range tested {
		if x.Excess.Q = q[i]; q[i] <= w.q.Rate {
			x.Explained = nil
		}
	}
	for _, x := range single {
		slices.SortFunc(x.Mixed, func(a, b Mixed) int { return cmp.Compare(math.Abs(a.Adjusted), math.Abs(b.Adjusted)) })
	}
}

// within marks a segment that lies in a larger one which differs too, and does not differ from the rest of that.
func (w *scanner) within(small, large *Segment, cell, mine, whole group, of Part) {
	if small == nil || large == nil || !small.Differs || !large.Differs || len(small.Explained) > 0 || cell.n < mine.n*95/100 || whole.n <= mine.n {
		return
	}
	rest := whole.minus(cell)
	if d, err := difference(w.q.Score, rest, cell, w.worth(rest), w.worth(cell), w.q.Level); err != nil || d.P >= alpha || d.Estimate*small.Difference <= 0 {
		small.Explained = []Part{of}
	}
}

// mixed finds segments of one field of a pair whose difference is much smaller among answers that are alike in the other.
func (w *scanner) mixed(t *table, single map[Part]*Segment, turned bool) {
	mine, other := 0, 1
	if turned {
		mine, other = 1, 0
	}
	at := func(i, j int) group {
		if turned {
			i, j = j, i
		}
		return t.cells[i*len(t.values[1])+j]
	}
	strata := make([]group, len(t.values[other]))
	for i := range t.values[mine] {
		for j := range strata {
			strata[j] = strata[j].plus(at(i, j))
		}
	}
	for i, v := range t.values[mine] {
		x := single[Part{t.fields[mine], v}]
		if x == nil || !x.Differs {
			continue
		}
		in, out := make([]group, len(strata)), make([]group, len(strata))
		for j := range strata {
			in[j] = at(i, j)
			out[j] = strata[j].minus(in[j])
		}
		if adjusted, ok := among(w.q.Score, in, out); ok && adjusted/x.Difference < muchLess {
			x.Mixed = append(x.Mixed, Mixed{Field: t.fields[other], Adjusted: adjusted})
		}
	}
}
