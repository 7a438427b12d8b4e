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
}

// maxCells bounds what a question may bring into memory, maxForms the forms of a score that are told apart in it.
const (
	maxCells = 200_000
	maxForms = 1000
)

var errTooManyCells = fault.New(fault.Invalid, "insight.Query", "more than %d groups: group by less, or take larger buckets of time", maxCells)

// cells runs a question over a span and gives its groups.
func (s *Service) cells(ctx context.Context, ws identity.WorkspaceID, q *Query, by []field, sp span, cal calendar) (counted, error) {
	if q.Measure == Contacts {
		return s.contacts(ctx, ws, q, by, sp, cal)
	}
	c, err := s.count(ctx, ws, q, by, sp, cal, true)
	if q.Measure.metric() != "" && (errors.Is(err, errTooManyCells) || err == nil && len(c.forms) > maxForms) {
		// A wording of its own for every answer, say. The scale alone is enough for the numbers, and there are few.
		c, err = s.count(ctx, ws, q, by, sp, cal, false)
	}
	return c, err
}

// count is cells for measures that add up. With byForm a score's groups are told apart by its form, a number, and otherwise by
// the text of its scale.
func (s *Service) count(ctx context.Context, ws identity.WorkspaceID, q *Query, by []field, sp span, cal calendar, byForm bool) (counted, error) {
	d := s.columns.Dialect()
	var args arguments
	cond, err := where(d, ws, sp, q.Where, &args)
	if err != nil {
		return counted{}, err
	}
	keys := groupBy(d, q, by, cal)
	metric := q.Measure.metric()
	if metric != "" {
		cond += " AND " + metric + "_class IS NOT NULL"
		if byForm {
			keys.add("s", metric+"_form")
		} else {
			keys.add("s", metric+"_scale")
		}
	}
	of, _ := parseField(q.Of)
	good, sum, square := "0", "0.0", "0.0"
	most := maxCells
	switch q.Measure {
	case NPS, CSAT, CES:
		// Counting classes as groups is faster than a sum over a condition for each.
		keys.add("c", metric+"_class")
		most *= 3
	case Star, Rating, CSATMean, CESMean:
		keys.value("x", metric)
		sum, square = "sum(x)", "sum(x * x)"
	case Mean:
		keys.value("x", of.numeric(d))
		cond += " AND " + of.numeric(d) + " IS NOT NULL"
		sum, square = "sum(x)", "sum(x * x)"
	case Distribution:
		keys.add("v", of.group(d))
		cond += " AND " + of.present(d)
	case ResponseShare:
		keys.value("h", "CASE WHEN "+of.present(d)+" THEN 1 ELSE 0 END")
		good = "sum(h)"
	case Share:
		var conds []string
		for _, e := range q.Share {
			sql, err := e.sql(d, &args)
			if err != nil {
				return counted{}, fault.New(fault.Invalid, "insight.Query", "%s", err)
			}
			conds = append(conds, sql)
		}
		keys.value("h", "CASE WHEN "+strings.Join(conds, " AND ")+" THEN 1 ELSE 0 END")
		good = "sum(h)"
	}
	rows, err := s.columns.Query(ctx, keys.statement(cond, []string{"count(*) AS n", good + " AS good", sum + " AS total", square + " AS square"}, most), args...)
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
		c := cell{keys: labels(by, v)}
		v = v[len(by):]
		next := func() (x any) { x, v = v[0], v[1:]; return x }
		var form int64
		var class int64
		if q.Bucket != "" {
			c.bucket = number[int64](next())
		}
		if metric != "" && byForm {
			form = number[int64](next())
		} else if metric != "" {
			c.scale = keyText(next())
		}
		switch q.Measure {
		case NPS, CSAT, CES:
			class = number[int64](next())
		case Distribution:
			c.value = of.label(next())
		}
		c.sums = sums{n: number[int64](v[0]), good: number[int64](v[1]), sum: number[float64](v[2]), square: number[float64](v[3])}
		switch class {
		case 1:
			c.good = c.n
		case -1:
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
	return s.scaled(ctx, ws, metric, out.cells, forms)
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
		key := strconv.FormatInt(c.bucket, 10) + "\x00" + c.scale + "\x00" + strings.Join(c.keys, "\x00")
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
type grouping struct{ names, inner []string }

// groupBy begins with a question's fields, g0, g1 ..., and its bucket, b.
func groupBy(d column.Dialect, q *Query, by []field, cal calendar) *grouping {
	g := &grouping{}
	for i, f := range by {
		g.add(fmt.Sprintf("g%d", i), f.group(d))
	}
	if q.Bucket != "" {
		g.add("b", cal.expr(d))
	}
	return g
}

// add groups by an expression.
func (g *grouping) add(name, expr string) {
	g.names = append(g.names, name)
	g.value(name, expr)
}

// value names an expression for an aggregate.
func (g *grouping) value(name, expr string) { g.inner = append(g.inner, expr+" AS "+name) }

// labels are the fields that a row of an answer begins with.
func labels(by []field, row []any) []string {
	keys := make([]string, len(by))
	for i, f := range by {
		keys[i] = f.label(row[i])
	}
	return keys
}

// statement asks for aggregates of each group, and for one group more than there may be.
func (g *grouping) statement(cond string, aggregates []string, most int) string {
	return g.grouped(cond, aggregates) + " LIMIT " + strconv.Itoa(most+1)
}

// grouped asks for aggregates of each group.
func (g *grouping) grouped(cond string, aggregates []string) string {
	inner := g.inner
	if len(inner) == 0 {
		inner = []string{"day AS x"}
	}
	text := "SELECT " + strings.Join(append(slices.Clone(g.names), aggregates...), ", ") + " FROM (SELECT " + strings.Join(inner, ", ") + " FROM " + table + " WHERE " + cond + ") AS t"
	if len(g.names) > 0 {
		text += " GROUP BY " + strings.Join(g.names, ", ")
	}
	return text
}
