package insight

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
)

// maxWords bounds the numbers that gather in which buckets a customer was: 248 buckets, weeks of more than four years.
const maxWords = 4

// contacts is cells for different customers, who do not add up over buckets and groups.
func (s *Service) contacts(ctx context.Context, a *asked) (out counted, err error) {
	var first, buckets int64
	if a.Bucket != "" {
		if first, buckets, err = s.buckets(ctx, a); err != nil || buckets == 0 {
			return out, err
		}
	}
	known := len(a.by) == 0
	switch {
	case a.Bucket == "":
		if out.cells, err = s.contactPairs(ctx, a); known && len(out.cells) > 0 {
			out.whole = out.cells[0].sums
		}
	case buckets <= maxWords*column.MaxBits:
		out, err = s.contactBits(ctx, a, first, buckets)
	default:
		known = false
		out.cells, err = s.contactPairs(ctx, a)
	}
	if err == nil && !known {
		var c counted
		c, err = s.contacts(ctx, a.without(true))
		out.whole = c.whole
	}
	return out, err
}

// buckets tells the first bucket of a question and how many there are, or some more on either side; none where there is no feedback.
func (s *Service) buckets(ctx context.Context, a *asked) (first, n int64, err error) {
	if a.span.hasFrom && a.span.hasTo {
		from, to := a.span.from, a.span.to
		if a.cal.ahead.year {
			from, to = years(from, 1), years(to, 1)
		} else {
			from, to = from+clock.Day(a.cal.ahead.days), to+clock.Day(a.cal.ahead.days)
		}
		first = a.cal.of(from)
		return first, a.cal.of(to) - first + 1, nil
	}
	days := func(cond string, args ...any) error {
		rows, err := s.columns.All(ctx, "SELECT count(*), min(day), max(day) FROM "+table+cond, args...)
		if err != nil || number[int64](rows[0][0]) == 0 {
			n = 0
			return err
		}
		first = a.cal.of(clock.Day(number[int64](rows[0][1])))
		n = a.cal.of(clock.Day(number[int64](rows[0][2]))) - first + 1
		return nil
	}
	// The range of all that there is costs nothing, and will do unless somewhere a date is far off.
	if err := days(""); err != nil || n <= maxWords*column.MaxBits {
		return first, n, err
	}
	var args arguments
	cond, err := where(a.asking, a.span, a.Where, &args)
	if err != nil {
		return 0, 0, err
	}
	err = days(" WHERE "+cond, args...)
	return first, n, err
}

// contactPairs has the columns tell each pair of group and customer apart.
func (s *Service) contactPairs(ctx context.Context, a *asked) ([]cell, error) {
	var args arguments
	cond, err := where(a.asking, a.span, a.Where, &args)
	if err != nil {
		return nil, err
	}
	keys := a.groupBy(&args)
	keys.value("c", "contact_key")
	rows, err := s.columns.All(ctx, keys.each(a.Dialect, cond+" AND contact_key <> 0", []aggregate{{a.CountDistinct("c"), "n"}})+" LIMIT "+strconv.Itoa(maxCells+1), args...)
	if err != nil {
		return nil, err
	}
	if len(rows) > maxCells {
		return nil, errTooManyCells
	}
	var out []cell
	for _, v := range rows {
		c := cell{keys: labels(a.by, v), sums: sums{n: number[int64](v[len(v)-1])}}
		if a.Bucket != "" {
			c.bucket = number[int64](v[len(a.by)])
		}
		if c.n > 0 {
			out = append(out, c)
		}
	}
	return out, nil
}

// manyRows are enough for their customers to be gathered in parts.
const manyRows = 2_000_000

// customerParts are conditions that divide the known customers by their keys, which are hashes. A thread of DuckDB's gives up its
// table of groups whenever that outgrows the processor's cache; of half a million customers in no order it would find hardly one
// there a second time, and set each row aside to be gathered again. With a quarter of the customers at a time it finds more of them, which
// saves a tenth to a quarter of the time where there are millions of rows, although the keys are read four times. With conditions
// or groups more would be read four times than the keys.
func (s *Service) customerParts(ctx context.Context, a *asked, cond string, args arguments) ([]string, error) {
	known := []string{"contact_key <> 0"}
	if a.Engine != column.DuckDB || len(a.by) > 0 || len(a.Where) > 0 {
		return known, nil
	}
	rows, err := s.columns.All(ctx, "SELECT count(*) FROM "+table+" WHERE "+cond, args...)
	if err != nil || number[int64](rows[0][0]) < s.manyRows {
		return known, err
	}
	const q1, q2, q3 = 1 << 61, 2 << 61, 3 << 61
	return []string{fmt.Sprintf("contact_key > 0 AND contact_key <= %d", q1), fmt.Sprintf("contact_key > %d AND contact_key <= %d", q1, q2),
		fmt.Sprintf("contact_key > %d AND contact_key <= %d", q2, q3), fmt.Sprintf("contact_key > %d", q3)}, nil
}

// contactBits gathers for each customer, as the bits of a number, in which buckets they were, and then counts the customers who
// have the bit: a place in memory for each customer instead of one for each pair of bucket and customer, of which there may be
// as many as feedback. Three times as fast where customers come back, and as exact.
func (s *Service) contactBits(ctx context.Context, a *asked, first, n int64) (counted, error) {
	var args arguments
	cond, err := where(a.asking, a.span, a.Where, &args)
	if err != nil {
		return counted{}, err
	}
	keys := a.without(true).with(a.by).groupBy(&args)
	groups := slices.Clone(keys.names)
	keys.add("c", "contact_key")
	keys.value("b", a.cal.expr(a.Dialect)+" - "+strconv.FormatInt(first, 10))
	var words []aggregate
	counts := slices.Clone(groups)
	for low := int64(0); low < n; low += column.MaxBits {
		word := fmt.Sprintf("w%d", low/column.MaxBits)
		words = append(words, aggregate{a.Bits("b - "+strconv.FormatInt(low, 10), int(min(n-low, column.MaxBits))), word})
		for bit := int64(0); bit < column.MaxBits && low+bit < n; bit++ {
			counts = append(counts, "sum("+a.BitOf(word, int(bit))+")")
		}
	}
	counts = append(counts, "count(*)")
	parts, err := s.customerParts(ctx, a, cond, args)
	if err != nil {
		return counted{}, err
	}
	for i, part := range parts {
		parts[i] = keys.each(a.Dialect, cond+" AND "+part, words)
	}
	text := "SELECT " + strings.Join(counts, ", ") + " FROM (" + strings.Join(parts, " UNION ALL ") + ") AS p"
	if len(groups) > 0 {
		text += " GROUP BY " + strings.Join(groups, ", ")
	}
	rows, err := s.columns.All(ctx, text+" LIMIT "+strconv.Itoa(maxCells+1), args...)
	if err != nil {
		return counted{}, err
	}
	var out counted
	for _, v := range rows {
		for b := range n {
			if hits := number[int64](v[int64(len(a.by))+b]); hits > 0 {
				out.cells = append(out.cells, cell{keys: labels(a.by, v), bucket: first + b, sums: sums{n: hits}})
			}
		}
		out.whole = sums{n: number[int64](v[len(v)-1])}
		if len(out.cells) > maxCells {
			return counted{}, errTooManyCells
		}
	}
	return out, nil
}
