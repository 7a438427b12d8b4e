package insight

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
	"kolo/internal/people/identity"
)

// sums are what adds up: from them every additive measure of a group, or of several together, is computed.
type sums struct {
	n, good, bad int64
	sum, square  float64
}

func (a sums) plus(b sums) sums {
	return sums{a.n + b.n, a.good + b.good, a.bad + b.bad, a.sum + b.sum, a.square + b.square}
}

func (a sums) minus(b sums) sums {
	return sums{a.n - b.n, a.good - b.good, a.bad - b.bad, a.sum - b.sum, a.square - b.square}
}

// cell is one group of one bucket as the columns give it.
type cell struct {
	keys   []string
	bucket int64
	scale  string
	value  string // of a distribution
	sums
}

// counted is what the columns say to a question.
type counted struct {
	cells []cell  // no two of the same group, bucket, scale and value
	forms []int64 // of the score that was asked for, all that there are; nil when they are too many to be told apart
	whole sums    // all groups together, of a measure that does not add up: different customers

	around   []cell // the same without groups, where one piece of feedback may be in several of them: themes, choices
	answered []cell // of a distribution of several choices: how many have answered, by group and bucket; nil otherwise
}

// maxCells bounds what a question may bring into memory, maxForms the forms of a score that are told apart in it.
const (
	maxCells = 200_000
	maxForms = 1000
)

var errTooManyCells = fault.New(fault.Invalid, "insight.Query", "there are too many groups: group by less, take larger buckets of time, or ask for less feedback")

// cells gives the groups of a question.
func (s *Service) cells(ctx context.Context, a *asked) (counted, error) {
	if a.Measure == Contacts {
		return s.contacts(ctx, a)
	}
	c, err := s.count(ctx, a, true)
	if a.metric() != "" && (errors.Is(err, errTooManyCells) || err == nil && len(c.forms) > maxForms) {
		// A wording of its own for every answer, say. The scale alone is enough for the numbers, and there are few.
		c, err = s.count(ctx, a, false)
	}
	listed := a.Measure == Distribution && a.ofSeveral
	if err == nil && (a.overlapping() || listed) {
		// A text may be about several themes, an answer may be several choices: what there is in all does not come from adding them up.
		all := a.without(a.Compare == nil || a.Compare.To != "rest")
		if listed {
			all = all.ofAnswered()
		}
		var around counted
		around, err = s.cells(ctx, all)
		c.around = around.cells
	}
	if err == nil && listed {
		var answered counted
		answered, err = s.count(ctx, a.ofAnswered(), true)
		c.answered = answered.cells
	}
	return c, err
}

// ofAnswered is the question how much feedback has a value of what a distribution is of.
func (a *asked) ofAnswered() *asked {
	all, q := *a, *a.Query
	q.Measure, q.Where = Count, append(slices.Clone(a.Where), Condition{Field: a.Of, Op: "not_empty"})
	all.Query, all.ofSeveral = &q, false
	return &all
}

// findLists sees which fields that a question counts by hold lists of choices there. Few questions do, and what none is is counted faster.
func (s *Service) findLists(ctx context.Context, a *asked) (err error) {
	a.by = slices.Clone(a.by)
	for i := range a.by {
		if a.by[i].several, err = s.hasLists(ctx, a, a.Where, a.by[i]); err != nil {
			return err
		}
	}
	if of, bad := parseField(a.Of); bad == nil && a.Measure == Distribution {
		a.ofSeveral, err = s.hasLists(ctx, a, a.Where, of)
	}
	return err
}

// hasLists tells whether a field holds lists of choices where conditions are fulfilled.
func (s *Service) hasLists(ctx context.Context, a *asked, c Conditions, f field) (bool, error) {
	if !f.chosen() {
		return false, nil
	}
	var args arguments
	cond, err := where(a.asking, a.span, c, &args)
	if err != nil {
		return false, err
	}
	rows, err := s.columns.All(ctx, "SELECT 1 AS x FROM "+table+" WHERE "+cond+" AND "+a.Contains(f.expr(a.Dialect), args.add(between))+" LIMIT 1", args...)
	return len(rows) > 0, err
}

// without is a question without its groups, and without its buckets too.
func (a *asked) without(buckets bool) *asked {
	all, q := *a, *a.Query
	if i := slices.IndexFunc(a.by, field.theme); i >= 0 {
		all.mentioned = a.by[i]
	}
	q.By, all.by = nil, nil
	if buckets {
		q.Bucket, all.cal = "", calendar{}
	}
	all.Query = &q
	return &all
}

// with is a question by these fields.
func (a *asked) with(by []field) *asked {
	a.by = by
	return a
}

// count is cells for measures that add up. With byForm a score's groups are told apart by its form, a number, and otherwise by
// the text of its scale.
func (s *Service) count(ctx context.Context, a *asked, byForm bool) (counted, error) {
	var args arguments
	cond, err := where(a.asking, a.span, a.Where, &args)
	if err != nil {
		return counted{}, err
	}
	keys := a.groupBy(&args)
	metric := a.metric()
	if metric != "" {
		cond += " AND " + metric + "_class IS NOT NULL"
		if byForm {
			keys.add("s", metric+"_form")
		} else {
			keys.add("s", metric+"_scale")
		}
	}
	of, _ := parseField(a.Of)
	good, sum, square := "0", "0.0", "0.0"
	most := s.mostCells
	switch a.Measure {
	case NPS, CSAT, CES:
		// Counting classes as groups is faster than a sum over a condition for each.
		keys.add("c", metric+"_class")
		most *= 3
	case NetSentiment, NegativeShare:
		keys.add("c", "sentiment_class")
		cond += " AND sentiment_class IS NOT NULL"
		most *= 4
	case SentimentMean:
		keys.value("x", "sentiment_score")
		cond += " AND sentiment_score IS NOT NULL"
		sum, square = "sum(x)", "sum(x * x)"
	case Star, Rating, CSATMean, CESMean:
		keys.value("x", metric)
		sum, square = "sum(x)", "sum(x * x)"
	case Mean:
		keys.value("x", of.numeric(a.Dialect))
		cond += " AND " + of.numeric(a.Dialect) + " IS NOT NULL"
		sum, square = "sum(x)", "sum(x * x)"
	case Distribution:
		of.several = a.ofSeveral
		keys.field("v", of, a.Dialect)
		cond += " AND " + of.present(a.Dialect)
	case ResponseShare, Share:
		fulfils, err := a.share(&args)
		if err != nil {
			return counted{}, err
		}
		keys.value("h", "CASE WHEN "+fulfils+" THEN 1 ELSE 0 END")
		good = "sum(h)"
	}
	rows, err := s.columns.Query(ctx, keys.statement(a.Dialect, cond, []aggregate{{"count(*)", "n"}, {good, "good"}, {sum, "total"}, {square, "square"}}, most), args...)
	if err != nil {
		return counted{}, err
	}
	defer func() { _ = rows.Close() }() // Err has told already
	var out counted
	var forms []int64 // of the cells, one each
	at := map[string]int{}
	var key []byte
	for read := 0; rows.Next(); read++ {
		if read == most {
			return counted{}, errTooManyCells
		}
		v := rows.Values()
		c := cell{keys: labels(a.by, v)}
		v = v[len(a.by):]
		next := func() (x any) { x, v = v[0], v[1:]; return x }
		var form int64
		var class int64
		if a.Bucket != "" {
			c.bucket = number[int64](next())
		}
		if metric != "" && byForm {
			form = number[int64](next())
		} else if metric != "" {
			c.scale = keyText(next())
		}
		switch a.Measure {
		case NPS, CSAT, CES, NetSentiment, NegativeShare:
			class = number[int64](next())
		case Distribution:
			c.value = of.label(next())
		}
		c.sums = sums{n: number[int64](v[0]), good: number[int64](v[1]), sum: number[float64](v[2]), square: number[float64](v[3])}
		switch {
		case a.Measure.ofMentions():
			c.bad = number[int64](v[2])
			c.sum, c.square = 0, 0
		case class == 1:
			c.good = c.n
		case class == -1:
			c.bad = c.n
		}
		if c.n == 0 { // without groups there is a row even over nothing
			continue
		}
		key = strconv.AppendInt(strconv.AppendInt(key[:0], c.bucket, 10), form, 10)
		for _, part := range append(c.keys, c.scale, c.value) {
			key = append(append(key, 0), part...)
		}
		if i, ok := at[string(key)]; ok {
			out.cells[i].sums = out.cells[i].plus(c.sums)
			continue
		}
		at[string(key)] = len(out.cells)
		out.cells, forms = append(out.cells, c), append(forms, form)
	}
	if err := rows.Err(); err != nil || metric == "" || !byForm {
		return out, err
	}
	return s.scaled(ctx, a.ws, metric, out.cells, forms)
}

// share is the condition that feedback fulfils of which a share is asked for.
func (a *asked) share(args *arguments) (string, error) {
	share := a.Share
	if a.Measure == ResponseShare {
		share = Conditions{{Field: a.Of, Op: "not_empty"}}
	}
	conds := make([]string, len(share))
	for i, e := range share {
		var err error
		if conds[i], err = e.sql(a.asking, args); err != nil {
			return "", fault.New(fault.Invalid, "insight.Query", "%s", err)
		}
	}
	return strings.Join(conds, " AND "), nil
}

// scaled gives cells the scales of their forms, and puts those together that differ only in the wording.
func (s *Service) scaled(ctx context.Context, ws identity.WorkspaceID, metric string, cells []cell, forms []int64) (counted, error) {
	out := counted{forms: slices.Clone(forms)}
	slices.Sort(out.forms)
	if out.forms = slices.Compact(out.forms); len(out.forms) > maxForms {
		return out, nil
	}
	known, err := s.formsOf(ctx, ws, metric, out.forms)
	if err != nil {
		return out, err
	}
	at := map[string]int{}
	for i, c := range cells {
		c.scale = known[forms[i]].scale
		key := strconv.FormatInt(c.bucket, 10) + "\x00" + c.scale + "\x00" + c.value + "\x00" + strings.Join(c.keys, "\x00")
		if j, ok := at[key]; ok {
			out.cells[j].sums = out.cells[j].plus(c.sums)
			continue
		}
		at[key] = len(out.cells)
		out.cells = append(out.cells, c)
	}
	return out, nil
}

// form is how a score was asked for.
type form struct{ scale, wording string }

// formsOf reads what forms of a workspace's score stand for. A form is made of the two texts, so that what was read
// once holds for ever.
func (s *Service) formsOf(ctx context.Context, ws identity.WorkspaceID, metric string, forms []int64) (map[int64]form, error) {
	out := make(map[int64]form, len(forms))
	var missing []int64
	s.mu.Lock()
	for _, f := range forms {
		if known, ok := s.forms[f]; ok {
			out[f] = known
		} else {
			missing = append(missing, f)
		}
	}
	s.mu.Unlock()
	if len(missing) == 0 {
		return out, nil
	}
	rows, err := s.columns.All(ctx, fmt.Sprintf("SELECT %[1]s_form AS f, min(%[1]s_scale) AS s, min(%[1]s_question) AS w FROM %[2]s WHERE workspace = $1 AND %[1]s_form IN ($2) GROUP BY f", metric, table),
		string(ws), missing)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.forms) > 10*maxForms {
		clear(s.forms)
	}
	for _, r := range rows {
		f := number[int64](r[0])
		out[f] = form{keyText(r[1]), keyText(r[2])}
		s.forms[f] = out[f]
	}
	return out, nil
}

// grouping is the part of a statement that says by what it groups.
type grouping struct {
	names, inner []string
	columns      []string // the names of inner
	lists        []string // those of them that are lists, to be counted by each choice

	theme    string // which of the names is a group of themes, "" for none
	lookUp   string // the groups of sets
	mentions bool   // of what is said about each theme

	also []string // names by which alone it groups too, in the same pass
}

// aggregate is an expression over the feedback of a group, and its name.
type aggregate struct{ expr, name string }

// none tells whether it is 0, whatever the feedback.
func (x aggregate) none() bool { return x.expr == "0" || x.expr == "0.0" }

// groupBy begins with a question's fields, g0, g1 ..., and its bucket, b.
func (a *asked) groupBy(args *arguments) *grouping {
	g := &grouping{}
	for i, f := range a.by {
		name := fmt.Sprintf("g%d", i)
		if f.theme() {
			g.mentions = a.Measure.ofMentions()
			g.names, g.theme, g.lookUp = append(g.names, name), name, f.lookUp(a.asking, g.mentions, args)
			continue
		}
		g.field(name, f, a.Dialect)
	}
	if a.Bucket != "" {
		g.add("b", a.cal.expr(a.Dialect))
	}
	return g
}

// add groups by an expression.
func (g *grouping) add(name, expr string) {
	g.names = append(g.names, name)
	g.value(name, expr)
}

// value names an expression for an aggregate.
func (g *grouping) value(name, expr string) {
	g.inner, g.columns = append(g.inner, expr+" AS "+name), append(g.columns, name)
}

// field groups by a field, and by each choice of one that holds several.
func (g *grouping) field(name string, f field, d column.Dialect) {
	if !f.several {
		g.add(name, f.group(d))
		return
	}
	g.names, g.columns, g.lists = append(g.names, name), append(g.columns, name), append(g.lists, name)
	g.inner = append(g.inner, unlisted(d, f.expr(d))+" AS "+listOf(name))
}

// listOf is the name of a list before it is taken apart.
func listOf(name string) string { return name + "_list" }

// apart takes the lists of a table apart, one after the other: a row becomes one for each choice.
func (g *grouping) apart(d column.Dialect, from string, columns []string) string {
	for i, list := range g.lists {
		selected := make([]string, len(columns))
		for k, name := range columns {
			switch at := slices.Index(g.lists, name); {
			case name == list:
				selected[k] = d.Parts(listOf(name), between) + " AS " + name
			case at > i:
				selected[k] = listOf(name)
			default:
				selected[k] = name
			}
		}
		from = "(SELECT " + strings.Join(selected, ", ") + " FROM " + from + ") AS t" + strconv.Itoa(i)
	}
	return from
}

// labels are the fields that a row of an answer begins with.
func labels(by []field, row []any) []string {
	keys := make([]string, len(by))
	for i, f := range by {
		keys[i] = f.label(row[i])
	}
	return keys
}

// statement asks for aggregates of each group, and for one group more than there may be.
func (g *grouping) statement(a column.Dialect, cond string, aggregates []aggregate, most int) string {
	limit := " LIMIT " + strconv.Itoa(most+1)
	if g.theme == "" {
		return g.each(a, cond, aggregates) + limit
	}
	// First the sets are counted, then it is looked up what they are about. The order matters: there are few sets.
	first := *g
	first.theme = ""
	first.names = slices.DeleteFunc(slices.Clone(g.names), func(n string) bool { return n == g.theme })
	set := map[bool]string{true: "mention_set", false: "theme_set"}[g.mentions]
	first.inner, first.columns = slices.Clone(g.inner), slices.Clone(g.columns)
	first.add("ts", set)
	var sums []string
	for _, x := range aggregates {
		if x.none() { // which there is no need to add up
			sums = append(sums, x.expr+" AS "+x.name+"1")
			continue
		}
		sums = append(sums, "sum("+x.name+") AS "+x.name+"1")
	}
	if g.mentions {
		sums = []string{"sum(n) AS n1", "sum(n * pos * (1 - neg)) AS good1", "sum(n * neg * (1 - pos)) AS bad1", "0.0 AS square1"}
	}
	return "SELECT " + strings.Join(append(g.outer(), sums...), ", ") + " FROM " +
		a.Join("("+first.each(a, cond+" AND "+set+" <> 0", aggregates)+") AS p", "("+g.lookUp+") AS q", "ts") + " GROUP BY " + strings.Join(g.names, ", ") + limit
}

// outer names the groups where the sets have been looked up.
func (g *grouping) outer() []string {
	names := slices.Clone(g.names)
	for i, n := range names {
		if n == g.theme {
			names[i] = "m AS " + n
		}
	}
	return names
}

// each asks for aggregates of each group, over single pieces of feedback.
func (g *grouping) each(a column.Dialect, cond string, aggregates []aggregate) string {
	inner, columns := slices.Clone(g.inner), slices.Clone(g.columns)
	if g.theme != "" {
		set := map[bool]string{true: "mention_set", false: "theme_set"}[g.mentions]
		inner, columns = append(inner, set+" AS ts"), append(columns, "ts")
		cond += " AND " + set + " <> 0"
	}
	if len(inner) == 0 {
		inner = []string{"day AS x"}
	}
	from := g.apart(a, "(SELECT "+strings.Join(inner, ", ")+" FROM "+table+" WHERE "+cond+") AS t", columns)
	if g.theme != "" {
		from = a.Join(from, "("+g.lookUp+") AS q", "ts")
	}
	list := g.outer()
	for _, x := range aggregates {
		list = append(list, x.expr+" AS "+x.name)
	}
	text := "SELECT " + strings.Join(list, ", ") + " FROM " + from
	switch by := strings.Join(g.names, ", "); {
	case g.also != nil:
		text += " GROUP BY GROUPING SETS ((" + by + "), (" + strings.Join(g.also, ", ") + "))"
	case by != "":
		text += " GROUP BY " + by
	}
	return text
}
