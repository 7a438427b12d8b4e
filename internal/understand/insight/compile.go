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
	bad := func(path, code, msg string) error {
		return fault.Bad("insight.Period", fault.Field{Path: path, Code: code, Msg: msg})
	}
	if p.Last != "" && (p.From != "" || p.To != "") {
		return s, bad("between", "form", "a period has from and to, or last, which ends today: not both")
	}
	if p.Last != "" {
		n, err := strconv.Atoi(p.Last[:len(p.Last)-1])
		if err != nil || n < 1 {
			return s, bad("between.last", "form", "last is a number of days, weeks, months or years: 90d, 12w, 6m, 2y")
		}
		today := now.In(zone)
		n = min(n, 1_000_000) // which is too long of any of them
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
			return s, bad("between.last", "form", "last ends in d, w, m or y")
		}
		if start.Before(today.AddDate(-longestLast, 0, 0)) {
			return s, bad("between.last", "range", fmt.Sprintf("last reaches back at most %d years", longestLast))
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
		return s, bad("between.to", "range", "the period ends before it begins")
	}
	return s, nil
}

// longestLast is how many years the last days, weeks, months or years may be.
const longestLast = 200

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
	return span{from: years(s.from, -1), to: years(s.to, -1), hasFrom: true, hasTo: true}, nil
}

// years is the same date some years later; 29 February is 1 March of a year that has none.
func years(d clock.Day, n int) clock.Day {
	y, m, dd := d.Date()
	return clock.Day(time.Date(y+n, m, dd, 0, 0, 0, 0, time.UTC).Unix() / 86400)
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
type calendar struct {
	bucket, weekStart string
	ahead             ahead
}

// ahead puts the days of a period that is compared with into the buckets of the question's own: each day stands in the bucket of the
// day that comes so much later, so that a bucket and its counterpart have the same days, whatever the lengths of months are.
type ahead struct {
	days  int64    // that the question's period comes later
	year  bool     // it comes a year later instead: the same dates
	leaps []string // then the days of the earlier period, 29 February, that have no counterpart
}

// nowhere is the number of the bucket of days without a counterpart, which no question has.
const nowhere = -1_000_000

// aheadOf is how far a period lies ahead of the one that it is compared with.
func aheadOf(to string, now, before span) ahead {
	if to == "previous" {
		return ahead{days: int64(now.from - before.from)}
	}
	return ahead{year: true, leaps: leapDays(before.from, before.to)}
}

// leapDays are each 29 February of a period, as SQL.
func leapDays(from, to clock.Day) (days []string) {
	first, _, _ := from.Date()
	last, _, _ := to.Date()
	for y := first; y <= last; y++ {
		leap := clock.Day(time.Date(y, time.February, 29, 0, 0, 0, 0, time.UTC).Unix() / 86400)
		if _, m, _ := leap.Date(); m == time.February && leap >= from && leap <= to {
			days = append(days, strconv.FormatInt(int64(leap), 10))
		}
	}
	return days
}

// days are the day and the month, as SQL, that a row's bucket is made of.
func (c calendar) days(d column.Dialect) (day, month string) {
	switch {
	case c.ahead.year:
		next := d.IntDiv("month + 23650", "12") // the year whose 29 February, if it has one, lies between a day and the same date a year later
		return "(day + CASE WHEN " + next + " % 4 = 0 AND (" + next + " % 100 <> 0 OR " + next + " % 400 = 0) THEN 366 ELSE 365 END)", "(month + 12)"
	case c.ahead.days != 0:
		day = "(day + " + strconv.FormatInt(c.ahead.days, 10) + ")"
		return day, d.MonthOf(day)
	}
	return "day", "month"
}

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
	day, month := c.days(d)
	bucket := "0"
	switch c.bucket {
	case "day":
		bucket = day
	case "week":
		bucket = d.IntDiv(day+" + "+strconv.FormatInt(c.weekOffset(), 10), "7")
	case "month":
		bucket = month
	case "quarter":
		bucket = d.IntDiv(month, "3")
	case "year":
		bucket = d.IntDiv(month, "12")
	}
	if len(c.ahead.leaps) > 0 {
		bucket = "(CASE WHEN day IN (" + strings.Join(c.ahead.leaps, ", ") + ") THEN " + strconv.Itoa(nowhere) + " ELSE " + bucket + " END)"
	}
	return bucket
}

// within are the days of a bucket that lie in a period.
func (c calendar) within(n int64, s span) (from, to clock.Day) {
	from, to = c.start(n), c.start(n+1)-1
	if s.hasFrom {
		from = max(from, s.from)
	}
	if s.hasTo {
		to = min(to, s.to)
	}
	return from, to
}

// of is the number of the bucket that holds a day of the question's period.
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
