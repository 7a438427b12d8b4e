package insight

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/column"
	"kolo/internal/foundation/fault"
)

// span is a period as the columns understand it: days, both included, or instants, the last excluded. Zero ends are open.
type span struct {
	from, to           clock.Day
	fromTime, toTime   int64
	hasFrom, hasTo     bool
	fromExact, toExact bool
}

// resolve reads a period in the workspace's zone.
func (p Period) resolve(now time.Time, zone *time.Location) (span, error) {
	var s span
	wrong := func(path, v string) error {
		return fault.Bad("insight.Period", fault.Field{Path: "between." + path, Code: "form", Msg: fmt.Sprintf("%q is neither a day (2026-01-31) nor an instant (RFC 3339)", v)})
	}
	if p.Last != "" {
		n, err := strconv.Atoi(p.Last[:len(p.Last)-1])
		if err != nil || n < 1 || n > 40000 {
			return s, fault.Bad("insight.Period", fault.Field{Path: "between.last", Code: "form", Msg: "last is a number of days, weeks, months or years: 90d, 12w, 6m, 2y"})
		}
		today := now.In(zone)
		var start time.Time
		switch p.Last[len(p.Last)-1] {
		case 'd':
			start = today.AddDate(0, 0, 1-n)
		case 'w':
			start = today.AddDate(0, 0, 1-7*n)
		case 'm':
			start = today.AddDate(0, -n, 1)
		case 'y':
			start = today.AddDate(-n, 0, 1)
		default:
			return s, fault.Bad("insight.Period", fault.Field{Path: "between.last", Code: "form", Msg: "last ends in d, w, m or y"})
		}
		return span{from: clock.DayOf(start, zone), to: clock.DayOf(today, zone), hasFrom: true, hasTo: true}, nil
	}
	if p.From != "" {
		s.hasFrom = true
		if d, err := clock.ParseDay(p.From); err == nil {
			s.from = d
		} else if t, err := time.Parse(time.RFC3339, p.From); err == nil {
			s.from, s.fromTime, s.fromExact = clock.DayOf(t, zone), t.UnixMilli(), true
		} else {
			return s, wrong("from", p.From)
		}
	}
	if p.To != "" {
		s.hasTo = true
		if d, err := clock.ParseDay(p.To); err == nil {
			s.to = d
		} else if t, err := time.Parse(time.RFC3339, p.To); err == nil {
			s.to, s.toTime, s.toExact = clock.DayOf(t.Add(-time.Millisecond), zone), t.UnixMilli(), true
		} else {
			return s, wrong("to", p.To)
		}
	}
	if s.hasFrom && s.hasTo && s.to < s.from {
		return s, fault.Bad("insight.Period", fault.Field{Path: "between.to", Code: "range", Msg: "the period ends before it begins"})
	}
	return s, nil
}

// before is the period that a comparison is made with.
func (s span) before(to string) (span, error) {
	if !s.hasFrom || !s.hasTo {
		return s, fault.Bad("insight.Compare", fault.Field{Path: "between", Code: "required", Msg: "a comparison in time needs a period with both ends"})
	}
	if s.fromExact || s.toExact {
		return s, fault.Bad("insight.Compare", fault.Field{Path: "between", Code: "form", Msg: "a comparison in time needs whole days"})
	}
	if to == "previous" {
		n := s.to - s.from + 1
		return span{from: s.from - n, to: s.to - n, hasFrom: true, hasTo: true}, nil
	}
	yearAgo := func(d clock.Day) clock.Day {
		y, m, dd := d.Date()
		return clock.Day(time.Date(y-1, m, dd, 0, 0, 0, 0, time.UTC).Unix() / 86400)
	}
	return span{from: yearAgo(s.from), to: yearAgo(s.to), hasFrom: true, hasTo: true}, nil
}

// where is the part of a statement that chooses the feedback.
func where(d asking, s span, c Conditions, args *arguments) (string, error) {
	parts := []string{"workspace = " + args.add(string(d.ws))}
	if s.hasFrom {
		parts = append(parts, "day >= "+args.add(int64(s.from)))
	}
	if s.hasTo {
		parts = append(parts, "day <= "+args.add(int64(s.to)))
	}
	if s.fromExact {
		parts = append(parts, "time >= "+args.add(s.fromTime))
	}
	if s.toExact {
		parts = append(parts, "time < "+args.add(s.toTime))
	}
	for _, e := range c {
		sql, err := e.sql(d, args)
		if err != nil {
			return "", fault.New(fault.Invalid, "insight.Query", "%s", err)
		}
		parts = append(parts, sql)
	}
	return strings.Join(parts, " AND "), nil
}

// calendar numbers buckets of time. Weeks begin on weekStart.
type calendar struct{ bucket, weekStart string }

func (c calendar) weekOffset() int64 { // days to add so that a week's days share a multiple of 7: day 0 was a Thursday
	switch c.weekStart {
	case "sunday":
		return 4
	case "saturday":
		return 5
	}
	return 3
}

func (c calendar) expr(d column.Dialect) string {
	switch c.bucket {
	case "day":
		return "day"
	case "week":
		return d.IntDiv("day + "+strconv.FormatInt(c.weekOffset(), 10), "7")
	case "month":
		return "month"
	case "quarter":
		return d.IntDiv("month", "3")
	case "year":
		return d.IntDiv("month", "12")
	}
	return "0"
}

// of is the number of the bucket that holds a day.
func (c calendar) of(day clock.Day) int64 {
	y, m, _ := day.Date()
	month := int64(y-1970)*12 + int64(m) - 1
	switch c.bucket {
	case "day":
		return int64(day)
	case "week":
		return (int64(day) + c.weekOffset()) / 7
	case "month":
		return month
	case "quarter":
		return month / 3
	case "year":
		return month / 12
	}
	return 0
}

// start is the first day of a bucket.
func (c calendar) start(n int64) clock.Day {
	first := func(months int64) clock.Day {
		return clock.Day(time.Date(1970, time.Month(1+months), 1, 0, 0, 0, 0, time.UTC).Unix() / 86400)
	}
	switch c.bucket {
	case "week":
		return clock.Day(n*7 - c.weekOffset())
	case "month":
		return first(n)
	case "quarter":
		return first(3 * n)
	case "year":
		return first(12 * n)
	}
	return clock.Day(n)
}

func keyText(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func number[T int64 | float64](v any) T {
	switch v := v.(type) {
	case int64:
		return T(v)
	case float64:
		return T(v)
	}
	return 0
}
