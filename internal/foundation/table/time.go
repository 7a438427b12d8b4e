package table

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// TimeFormat settles what the text of a date leaves open. Forms that leave nothing open ("2025-12-31", "31 Dec 2025", RFC
// 1123, ...) are read under every format but the last three.
type TimeFormat string

// The formats.
const (
	TimeAny        TimeFormat = ""        // as the text says; 03/04/2025 is then ErrAmbiguousDate
	TimeDayFirst   TimeFormat = "dmy"     // 03/04/2025 is in April
	TimeMonthFirst TimeFormat = "mdy"     // 03/04/2025 is in March
	TimeYearFirst  TimeFormat = "ymd"     // 25/04/03 is in 2025
	TimeUnix       TimeFormat = "unix"    // seconds
	TimeUnixMilli  TimeFormat = "unix_ms" // milliseconds
	TimeExcel      TimeFormat = "excel"   // days since 30 December 1899
)

var (
	// ErrAmbiguousDate is returned when day and month could be swapped and nobody said which comes first.
	ErrAmbiguousDate = errors.New("day and month of this date could be swapped")
	errNotTime       = errors.New("this is not a date")
)

// order is what a date's text tells about day and month.
type order uint8

const (
	orderClear      order = iota // nothing to ask
	orderDayFirst                // only possible with the day first
	orderMonthFirst              // only possible with the month first
	orderOpen                    // both are possible
)

// ParseTime reads a point in time and returns it in UTC: ISO 8601 and RFC 3339, RFC 1123, dates in figures in any order
// and with any of -/. between them, month names in English, Hebrew, Persian and Russian, Jalali dates (a year from 1300
// to 1500, or a Jalali month's name), digits of any of these scripts, 12-hour clocks, Unix seconds (10 digits) and
// milliseconds (13), and days of a spreadsheet (5 digits before the point). A time without a zone is in zone (UTC when
// nil), a date without a time its first moment there.
func ParseTime(s string, format TimeFormat, zone *time.Location) (time.Time, error) {
	t, _, err := parseTime(s, format, zone)
	return t, err
}

func parseTime(s string, format TimeFormat, zone *time.Location) (time.Time, order, error) {
	if zone == nil {
		zone = time.UTC
	}
	if s = Fold(s); len(s) > 80 {
		return time.Time{}, orderClear, errNotTime
	}
	if plainNumber(s) && strings.LastIndexByte(s, '-') <= 0 && strings.Count(s, ".") <= 1 {
		t, err := numberTime(s, format, zone)
		return t, orderClear, err
	}
	p := timeParser{s: strings.ToLower(s), zone: zone}
	if !p.scan() {
		return time.Time{}, orderClear, errNotTime
	}
	return p.resolve(format)
}

// numberTime reads what is one number.
func numberTime(s string, format TimeFormat, zone *time.Location) (time.Time, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return time.Time{}, errNotTime
	}
	whole, _, _ := strings.Cut(s, ".")
	if format == TimeAny || format == TimeDayFirst || format == TimeMonthFirst || format == TimeYearFirst {
		switch {
		case len(s) == 8 || len(s) == 14:
			return compactTime(s, zone)
		case len(whole) == 10 && onlyDigits(whole):
			format = TimeUnix
		case len(s) == 13 && onlyDigits(s):
			format = TimeUnixMilli
		case len(whole) == 5 && onlyDigits(whole):
			format = TimeExcel
		}
	}
	const farthest = 32503680000 // the year 3000 in Unix seconds
	switch {
	case format == TimeUnix && math.Abs(v) < farthest:
		sec, frac := math.Modf(v)
		return time.Unix(int64(sec), int64(math.Round(frac*1e3))*1e6).UTC(), nil
	case format == TimeUnixMilli && math.Abs(v) < farthest*1000:
		return time.UnixMilli(int64(v)).UTC(), nil
	case format == TimeExcel && v >= 0 && v < 400000:
		return serialTime(v, false, zone).UTC(), nil
	}
	return time.Time{}, errNotTime
}

// compactTime reads 20251231 and 20251231235959.
func compactTime(s string, zone *time.Location) (time.Time, error) {
	if !onlyDigits(s) {
		return time.Time{}, errNotTime
	}
	n := func(from, to int) int { v, _ := strconv.Atoi(s[from:to]); return v }
	p := timeParser{zone: zone}
	if len(s) == 14 {
		if p.hour, p.min, p.sec = n(8, 10), n(10, 12), n(12, 14); p.hour > 23 || p.min > 59 || p.sec > 60 {
			return time.Time{}, errNotTime
		}
	}
	return p.at(n(0, 4), n(4, 6), n(6, 8))
}

// serialTime makes a time of a spreadsheet's day number, to the millisecond. epoch1904 is the other calendar that
// workbooks may have. Numbers below 60 count from a day later, because the first of these programs held 1900 for a leap
// year.
func serialTime(v float64, epoch1904 bool, zone *time.Location) time.Time {
	ms := int64(math.Round(v * 86400e3))
	day, ms := int(ms/86400e3), ms%86400e3
	if ms < 0 {
		day, ms = day-1, ms+86400e3
	}
	year, month, first := 1899, time.December, 30
	if epoch1904 {
		year, month, first = 1904, time.January, 1
	} else if v < 60 {
		first++
	}
	sec := int(ms / 1000)
	return time.Date(year, month, first+day, sec/3600, sec/60%60, sec%60, int(ms%1000)*1e6, zone)
}

// timeParser takes the text of a date apart into its figures, names, time of day and zone.
type timeParser struct {
	s    string
	i    int
	zone *time.Location

	num     [3]int
	width   [3]int
	n       int
	sep     byte // what stands behind the first figure
	month   int  // by name, see monthOf
	hasTime bool
	hasZone bool
	hour    int
	min     int
	sec     int
	nano    int
	half    string // am or pm
}

// filler are words that may stand in a date and say nothing more than the rest does.
var filler = map[string]bool{
	"t": true, "at": true, "of": true, "st": true, "nd": true, "rd": true, "th": true, "the": true, "г": true, "года": true, "год": true,
	"го": true, "в": true, "בשעה": true, "ساعت": true,
	"mon": true, "tue": true, "wed": true, "thu": true, "fri": true, "sat": true, "sun": true, "tues": true, "thur": true, "thurs": true,
	"monday": true, "tuesday": true, "wednesday": true, "thursday": true, "friday": true, "saturday": true, "sunday": true,
	"пн": true, "вт": true, "ср": true, "чт": true, "пт": true, "сб": true, "вс": true, "понедельник": true, "вторник": true,
	"среда": true, "четверг": true, "пятница": true, "суббота": true, "воскресенье": true,
	"יום": true, "ראשון": true, "שני": true, "שלישי": true, "רביעי": true, "חמישי": true, "שישי": true, "שבת": true,
	"شنبه": true, "یکشنبه": true, "دوشنبه": true, "سهشنبه": true, "سه": true, "چهارشنبه": true, "پنجشنبه": true, "پنج": true, "جمعه": true,
}

// zones are the abbreviations of RFC 822, and no others: most abbreviations mean several zones.
var zones = map[string]int{"z": 0, "utc": 0, "gmt": 0, "ut": 0, "est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8,
	"pdt": -7}

func (p *timeParser) scan() bool {
	for p.i < len(p.s) {
		c := p.s[p.i]
		switch {
		case c >= '0' && c <= '9':
			if !p.figure() {
				return false
			}
		case c == '[' && p.hasTime: // "...+03:00[Europe/Moscow]"
			return true
		case strings.IndexByte(" ,-/.()", c) >= 0:
			if p.n == 1 && p.sep == 0 && c != ' ' {
				p.sep = c
			}
			p.i++
		default:
			if !p.word() {
				return false
			}
		}
	}
	return true
}

func (p *timeParser) digits() (v, width int) {
	from := p.i
	for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' && p.i-from < 9 {
		v = v*10 + int(p.s[p.i]-'0')
		p.i++
	}
	return v, p.i - from
}

func (p *timeParser) peek() byte {
	if p.i < len(p.s) {
		return p.s[p.i]
	}
	return 0
}

func (p *timeParser) figure() bool {
	from := p.i
	v, width := p.digits()
	switch {
	case p.peek() == ':' && !p.hasTime && width <= 2:
		return p.clock(v)
	case from > 0 && p.s[from-1] == 't' && p.n == 3 && !p.hasTime && (width == 4 || width == 6): // 2025-12-31T2359
		if width == 4 {
			v *= 100
		}
		p.hasTime, p.hour, p.min, p.sec = true, v/10000, v/100%100, v%100
		return p.offset()
	case p.n < 3 && width <= 4:
		p.num[p.n], p.width[p.n] = v, width
		p.n++
		return true
	case p.n == 0 && width == 8 && p.peek() == 't': // 20251231T235959
		p.num, p.width, p.n = [3]int{v / 10000, v / 100 % 100, v % 100}, [3]int{4, 2, 2}, 3
		return true
	}
	return false
}

// clock reads a time of day from behind its hour.
func (p *timeParser) clock(hour int) bool {
	p.i++
	min, width := p.digits()
	if width != 2 {
		return false
	}
	p.hasTime, p.hour, p.min = true, hour, min
	if p.peek() == ':' {
		p.i++
		if p.sec, width = p.digits(); width != 2 {
			return false
		}
		if c := p.peek(); c == '.' || c == ',' {
			p.i++
			from := p.i
			for p.i < len(p.s) && p.s[p.i] >= '0' && p.s[p.i] <= '9' {
				p.i++
			}
			f, err := strconv.ParseFloat("0."+p.s[from:p.i], 64)
			if err != nil {
				return false
			}
			p.nano = int(math.Round(f*1e6)) * 1e3
		}
	}
	return p.offset()
}

// offset reads what may follow a time: "+03:00", " -0500", "+3".
func (p *timeParser) offset() bool {
	i := p.i
	for i < len(p.s) && p.s[i] == ' ' {
		i++
	}
	if i+1 >= len(p.s) || p.s[i] != '+' && p.s[i] != '-' || p.s[i+1] < '0' || p.s[i+1] > '9' {
		return true
	}
	negative := p.s[i] == '-'
	p.i = i + 1
	v, width := p.digits()
	minutes := 0
	switch width {
	case 1, 2:
		if p.peek() == ':' {
			p.i++
			if minutes, width = p.digits(); width != 2 {
				return false
			}
		}
	case 4:
		v, minutes = v/100, v%100
	default:
		return false
	}
	if v > 14 || minutes > 59 {
		return false
	}
	sec := v*3600 + minutes*60
	if negative {
		sec = -sec
	}
	p.zone, p.hasZone = time.FixedZone("", sec), true
	return true
}

func (p *timeParser) word() bool {
	from := p.i
	for p.i < len(p.s) {
		r, n := utf8.DecodeRuneInString(p.s[p.i:])
		if !unicode.IsLetter(r) {
			break
		}
		p.i += n
	}
	w := p.s[from:p.i]
	if w == "" {
		return false
	}
	// "a.m." and the Persian "ق.ظ" and "ب.ظ" are written with points.
	for _, h := range [...][2]string{{"a.m", "am"}, {"p.m", "pm"}, {"ق.ظ", "am"}, {"ب.ظ", "pm"}} {
		if strings.HasPrefix(p.s[from:], h[0]) {
			p.i, w = from+len(h[0]), h[1]
		}
	}
	switch w {
	case "am", "pm":
		p.half = w
		return p.hasTime
	case "قظ", "صبح":
		p.half = "am"
		return p.hasTime
	case "بظ", "عصر":
		p.half = "pm"
		return p.hasTime
	}
	if m := monthOf(w); m > 0 && p.month == 0 {
		p.month = m
		return true
	}
	if hours, ok := zones[w]; ok && p.hasTime {
		if !p.hasZone {
			p.zone, p.hasZone = time.FixedZone("", hours*3600), true
		}
		return p.offset()
	}
	return filler[w] || p.hasZone // an abbreviation behind an offset adds nothing
}

// resolve decides which figure is which.
func (p *timeParser) resolve(format TimeFormat) (time.Time, order, error) {
	a, b, c := p.num[0], p.num[1], p.num[2]
	fail := func() (time.Time, order, error) { return time.Time{}, orderClear, errNotTime }
	done := func(y, m, d int, o order) (time.Time, order, error) {
		t, err := p.at(y, m, d)
		return t, o, err
	}
	if format == TimeUnix || format == TimeUnixMilli || format == TimeExcel {
		return fail()
	}
	switch {
	case p.month > 0 && p.n == 1 && p.width[0] == 4: // December 2025
		return done(a, p.month, 1, orderClear)
	case p.month > 0 && p.n == 2 && p.width[0] == 4:
		return done(a, p.month, b, orderClear)
	case p.month > 0 && p.n == 2:
		return done(p.year(1), p.month, a, orderClear)
	case p.month > 0:
		return fail()
	case p.n == 2 && p.width[0] == 4 && !p.hasTime && (p.sep == '-' || p.sep == '/'): // 2025-12
		return done(a, b, 1, orderClear)
	case p.n != 3 || p.width[0] < 3 && p.width[2] != 2 && p.width[2] != 4:
		return fail()
	case p.width[0] >= 3:
		return done(a, b, c, orderClear)
	case p.width[0] == 2 && p.width[2] <= 2 && format == TimeYearFirst:
		return done(p.year(0), b, c, orderClear)
	}
	y := p.year(2)
	jalali := y >= jalaliFirst && y <= jalaliLast // never written with the month first
	switch {
	case format == TimeMonthFirst && !jalali:
		return done(y, a, b, orderClear)
	case format == TimeDayFirst || jalali || p.sep == '.':
		return done(y, b, a, orderClear)
	case a > 12 && b <= 12:
		return done(y, b, a, orderDayFirst)
	case b > 12 && a <= 12:
		return done(y, a, b, orderMonthFirst)
	case a == b:
		return done(y, a, b, orderClear)
	}
	if _, err := p.at(y, b, a); err != nil {
		return fail()
	}
	return time.Time{}, orderOpen, ErrAmbiguousDate
}

// year is a figure as a year; two digits mean 1969 to 2068.
func (p *timeParser) year(i int) int {
	switch {
	case p.width[i] > 2:
		return p.num[i]
	case p.num[i] < 69:
		return 2000 + p.num[i]
	}
	return 1900 + p.num[i]
}

// at puts the date together with the time of day. A year from 1300 to 1500 is Jalali.
func (p *timeParser) at(year, month, day int) (time.Time, error) {
	hour := p.hour
	if p.half != "" {
		if hour < 1 || hour > 12 {
			return time.Time{}, errNotTime
		}
		if hour %= 12; p.half == "pm" {
			hour += 12
		}
	}
	endOfDay := hour == 24 && p.min == 0 && p.sec == 0 // ISO 8601 has it
	if hour > 23 && !endOfDay || p.min > 59 || p.sec > 60 {
		return time.Time{}, errNotTime
	}
	m := time.Month(month)
	if year >= jalaliFirst && year <= jalaliLast {
		if p.month > 12 {
			month -= 12
		} else if p.month > 0 {
			return time.Time{}, errNotTime
		}
		var ok bool
		if year, m, day, ok = fromJalali(year, month, day); !ok {
			return time.Time{}, errNotTime
		}
	}
	if year < 1600 || year > 2999 || m < 1 || m > 12 || day < 1 || day > 31 {
		return time.Time{}, errNotTime
	}
	if time.Date(year, m, day, 0, 0, 0, 0, time.UTC).Day() != day {
		return time.Time{}, errNotTime
	}
	return time.Date(year, m, day, hour, p.min, p.sec, p.nano, p.zone).UTC(), nil
}
