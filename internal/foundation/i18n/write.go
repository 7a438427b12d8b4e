package i18n

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/currency"
	printer "golang.org/x/text/message"
)

// N writes a number with that many decimals in the language's digits and separators; with decimals below 0, as many
// as it has, at most three. NaN and infinities are a dash: there is no such number to show.
func (l *Locale) N(n float64, decimals int) string {
	if math.IsNaN(n) || math.IsInf(n, 0) {
		return "–"
	}
	whole, frac, _ := strings.Cut(plain(n, decimals), ".")
	var b strings.Builder
	if strings.HasPrefix(whole, "-") {
		whole = whole[1:]
		b.WriteString(l.format.Minus)
	}
	for i := range len(whole) {
		if i > 0 && (len(whole)-i)%3 == 0 {
			b.WriteString(l.format.Group)
		}
		b.WriteByte(whole[i])
	}
	if frac != "" {
		b.WriteString(l.format.Decimal + frac)
	}
	text := l.digits(b.String())
	if n < 0 && strings.HasPrefix(text, l.format.Minus) {
		return l.leftToRight(text)
	}
	return text
}

// leftToRight keeps a number and its sign together in a line that runs from right to left: without the isolate
// (LRI ... PDI) the sign jumps to the other side, depending on the letters before it.
func (l *Locale) leftToRight(number string) string {
	if l.format.Dir != "rtl" {
		return number
	}
	return "\u2066" + strings.Trim(number, "\u2066\u2069") + "\u2069"
}

// Formula keeps what is written in signs and numbers, "p = 0.04", on one line and in its order: a line does not break within it, and among
// words that run from right to left its parts do not change places.
func (l *Locale) Formula(s string) Verbatim {
	return Verbatim(l.leftToRight(strings.ReplaceAll(s, " ", "\u00a0")))
}

// Signed writes a number with its sign, plus included: the difference of two scores.
func (l *Locale) Signed(n float64, decimals int) string {
	s := l.N(n, decimals)
	if n > 0 && s != l.N(0, decimals) {
		return l.leftToRight("+" + s)
	}
	return s
}

// Percent writes a share (0.25) as a percentage (25%).
func (l *Locale) Percent(share float64, decimals int) string {
	number := strings.Trim(l.N(share*100, decimals), "\u2066\u2069")
	return l.leftToRight(strings.Replace(l.format.Percent, "{n}", number, 1))
}

// Number reads a number as people write it in the language, with its digits, separators and spaces, into one for a program:
// "1 234,5" becomes "1234.5". The signs of other languages will do too where they can mean one thing alone: a comma is a decimal sign where it cannot
// stand between thousands ("12,50", "1.234,50"). A single comma before three digits stands between thousands unless it is the language's decimal
// sign; a single point is a decimal sign. ok is false for what is no number, or one that is not written as any is.
func (l *Locale) Number(s string) (number string, ok bool) {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= '۰' && r <= '۹':
			return '0' + r - '۰'
		case r >= '٠' && r <= '٩':
			return '0' + r - '٠'
		case r == '−':
			return '-'
		case r == '\u00a0' || r == '\u202f' || r == '\u2009':
			return ' '
		case r >= '\u2066' && r <= '\u2069' || r == '\u200e' || r == '\u200f': // signs of direction, which come with what is copied from a page
			return -1
		}
		return r
	}, s)
	s, negative := strings.CutPrefix(strings.TrimSpace(s), "-")
	if s = strings.TrimSpace(s); !signed.MatchString(s) {
		return s, false
	}
	whole, frac := s, ""
	if at := strings.LastIndexFunc(s, notDigit); at >= 0 {
		sign, size := utf8.DecodeRuneInString(s[at:])
		before, after := s[:at], s[at+size:]
		if last := strings.LastIndexFunc(before, notDigit); last >= 0 {
			// Several signs: all stand between thousands, or the last one is another and a decimal sign.
			if other, _ := utf8.DecodeRuneInString(before[last:]); other != sign && sign != ' ' && sign != '٬' {
				whole, frac = before, after
			}
		} else if string(sign) == l.format.Decimal || sign == '.' || sign == '٫' || sign != ' ' && (len(after) != 3 || before == "0") {
			whole, frac = before, after
		}
	}
	if at := strings.IndexFunc(whole, notDigit); at >= 0 {
		sign, _ := utf8.DecodeRuneInString(whole[at:])
		if whole = strings.ReplaceAll(whole, string(sign), ","); sign == '٫' || !thousands.MatchString(whole) {
			return s, false
		}
		whole = strings.ReplaceAll(whole, ",", "")
	}
	if negative {
		whole = "-" + whole
	}
	if frac != "" {
		whole += "." + frac
	}
	return whole, true
}

func notDigit(r rune) bool { return r < '0' || r > '9' }

var (
	signed    = regexp.MustCompile(`^[0-9]+([,. ٬٫][0-9]+)*$`)
	thousands = regexp.MustCompile(`^[1-9][0-9]{0,2}(,[0-9]{3})+$`)
)

// minorDigits are the decimals of the currencies that have not two (ISO 4217).
var minorDigits = map[string]int{
	"BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0, "UYI": 0, "VND": 0, "VUV": 0,
	"XAF": 0, "XOF": 0, "XPF": 0, "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3, "CLF": 4, "UYW": 4,
}

// MinorDigits is how many decimals an amount in a currency has.
func MinorDigits(currency string) int {
	if n, ok := minorDigits[currency]; ok {
		return n
	}
	return 2
}

// Money writes an amount in minor units (cents) of a currency (ISO 4217): "€1,234.50", "€1,234".
func (l *Locale) Money(minor int64, code string) string {
	digits := MinorDigits(code)
	amount := float64(minor) / math.Pow10(digits)
	if amount == math.Trunc(amount) {
		digits = 0
	}
	symbol := code
	if unit, err := currency.ParseISO(code); err == nil {
		symbol = printer.NewPrinter(l.tag).Sprint(currency.Symbol(unit))
	}
	symbolFirst := strings.HasPrefix(l.format.Money, "{symbol}")
	if symbolFirst && symbol == code { // a code is set apart from its number
		symbol += "\u00a0"
	}
	sign := ""
	if symbolFirst && amount < 0 {
		sign, amount = l.format.Minus, -amount
	}
	return sign + strings.NewReplacer("{symbol}", symbol, "{n}", l.N(amount, digits)).Replace(l.format.Money)
}

// Estimate writes an amount that is not known to the last unit, an expectation or a sum of such, in whole units of the currency:
// "€1,234". minor is in minor units, as in Money.
func (l *Locale) Estimate(minor float64, code string) string {
	unit := math.Pow10(MinorDigits(code))
	return l.Money(int64(math.Round(minor/unit)*unit), code)
}

// Size writes a number of bytes: "1.4 MB".
func (l *Locale) Size(bytes int64) string {
	n, unit := float64(bytes), 0
	units := [...]string{"size.b", "size.kb", "size.mb", "size.gb"}
	for n >= 1000 && unit < len(units)-1 {
		n, unit = n/1000, unit+1
	}
	decimals := 0
	if unit > 0 && n < 100 {
		decimals = 1
	}
	return l.T(units[unit], "n", Verbatim(l.N(n, decimals)))
}

// Verbatim is the value of a placeholder that is written already: a formatted number.
type Verbatim string

// plain is a number in Go's own digits, without "-0".
func plain(n float64, decimals int) string {
	s := ""
	if decimals < 0 {
		s = strconv.FormatFloat(math.Round(n*1000)/1000, 'f', -1, 64)
	} else {
		s = strconv.FormatFloat(n, 'f', decimals, 64)
	}
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return s
}

// digits puts the language's digits in the place of 0 to 9.
func (l *Locale) digits(s string) string {
	if len(l.format.digits) == 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return l.format.digits[r-'0']
		}
		return r
	}, s)
}

// Date is a short date in a zone: "5 Mar 2026".
func (l *Locale) Date(t time.Time, zone *time.Location) string { return l.date(l.format.Date, t, zone) }

// DateLong spells the month out: "5 March 2026".
func (l *Locale) DateLong(t time.Time, zone *time.Location) string {
	return l.date(l.format.DateLong, t, zone)
}

// DateTime is a short date with the time: "5 Mar 2026, 14:05".
func (l *Locale) DateTime(t time.Time, zone *time.Location) string {
	return l.date(l.format.DateTime, t, zone)
}

// Time is the time of the day: "14:05".
func (l *Locale) Time(t time.Time, zone *time.Location) string { return l.date("{H}:{M}", t, zone) }

// Month is a month of a year: "March 2026".
func (l *Locale) Month(t time.Time, zone *time.Location) string {
	return l.date(l.format.Month, t, zone)
}

// Weekday names a day of the week.
func (l *Locale) Weekday(d time.Weekday) string { return l.format.Weekdays[d] }

// WeekdayShort names a day of the week in two or three letters.
func (l *Locale) WeekdayShort(d time.Weekday) string { return l.format.WeekdaysShort[d] }

// Bucket names a period of time by its first instant, short enough for an axis. The unit is "day", "week", "month",
// "quarter" or "year"; a week goes by its first day. The year is left out of days and weeks unless asked for.
func (l *Locale) Bucket(unit string, start time.Time, zone *time.Location, withYear bool) string {
	switch unit {
	case "month":
		return l.date(l.format.MonthShort, start, zone)
	case "quarter":
		at := start.In(zone)
		return l.T("bucket.quarter", "q", int(at.Month()-1)/3+1, "year", Verbatim(l.digits(strconv.Itoa(at.Year()))))
	case "year":
		return l.date("{y}", start, zone)
	}
	if withYear {
		return l.Date(start, zone)
	}
	return l.date(l.format.DayMonth, start, zone)
}

func (l *Locale) date(pattern string, t time.Time, zone *time.Location) string {
	if zone == nil {
		zone = time.UTC
	}
	t = t.In(zone)
	y, m, d := t.Date()
	r := strings.NewReplacer(
		"{y}", strconv.Itoa(y), "{d}", strconv.Itoa(d),
		"{month}", l.format.Months[m-1], "{alone}", l.format.MonthsAlone[m-1], "{mon}", l.format.MonthsShort[m-1],
		"{H}", t.Format("15"), "{M}", t.Format("04"))
	return l.digits(r.Replace(pattern))
}

// Ago says how long before now an instant was ("3 hours ago"), or how long after ("in 3 hours"). What lies more than a
// week away is better told by its date, which the caller writes in the reader's zone: Ago gives it in t's own.
func (l *Locale) Ago(t, now time.Time) string {
	d, when := now.Sub(t), "ago."
	if d < 0 {
		d, when = -d, "in."
	}
	switch {
	case d < 45*time.Second:
		return l.T("ago.now")
	case d < 59*time.Minute+30*time.Second:
		return l.T(when+"minutes", "count", max(1, int(d.Round(time.Minute)/time.Minute)))
	case d < 23*time.Hour+30*time.Minute:
		return l.T(when+"hours", "count", max(1, int(d.Round(time.Hour)/time.Hour)))
	case d < 7*24*time.Hour:
		return l.T(when+"days", "count", max(1, int(d.Round(24*time.Hour)/(24*time.Hour))))
	}
	return l.Date(t, t.Location())
}
