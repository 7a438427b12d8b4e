package table

import (
	"errors"
	"net/url"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Kind is what the values of a column seem to be.
type Kind string

// The kinds. A column of figures without a sign, space or leading zero is Integer even where it holds telephone numbers.
const (
	KindEmpty   Kind = "empty"
	KindText    Kind = "text"
	KindInteger Kind = "integer"
	KindDecimal Kind = "decimal"
	KindTime    Kind = "time"
	KindBoolean Kind = "boolean"
	KindEmail   Kind = "email"
	KindPhone   Kind = "phone"
	KindURL     Kind = "url"
)

// Profile describes a column by a sample of its values.
type Profile struct {
	Kind      Kind
	Fit       float64    // the share of filled values that are of this kind; 1 but for stray values
	Time      TimeFormat // of KindTime: how ParseTime has to read it
	Ambiguous bool       // of KindTime: nothing in the sample says whether day or month comes first, or it says both
	Decimal   rune       // of numbers: the decimal sign for ParseNumber, '.' or ','; 0 when none has shown itself
	Values    int        // size of the sample
	Filled    int
	Distinct  int
	Min, Max  string   // of numbers and times, in plain form and RFC 3339; of text the lengths in characters
	Samples   []string // the most frequent values, 5 at most, cut to 200 characters
}

// enough of the filled values must be of a kind for the column to be of it.
const enough = 0.95

// ProfileColumn looks at a sample of a column's values. Times without a zone are in zone.
func ProfileColumn(values []string, zone *time.Location) Profile {
	p := Profile{Kind: KindEmpty, Values: len(values)}
	count, filled := make(map[string]int), make([]string, 0, len(values))
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" && !isMissing(v) {
			filled = append(filled, v)
			count[v]++
		}
	}
	p.Filled, p.Distinct, p.Samples = len(filled), len(count), frequent(count)
	if len(filled) == 0 {
		return p
	}
	kinds := make(map[Kind]int)
	for _, v := range filled {
		kinds[kindOf(v)]++
	}
	p.Kind, p.Fit = commonKind(kinds, len(filled))
	switch p.Kind {
	case KindInteger, KindDecimal:
		if p.unixTimes(filled, zone) {
			break
		}
		p.numbers(filled)
	case KindTime:
		p.times(filled, zone)
	case KindText:
		p.lengths(filled)
	}
	return p
}

// isMissing knows the usual ways to write that there is no value.
func isMissing(s string) bool {
	switch strings.ToLower(s) {
	case "null", "nil", "none", "n/a", "na", "nan", "#n/a", "-", "--", "—":
		return true
	}
	return false
}

func frequent(count map[string]int) []string {
	all := make([]string, 0, len(count))
	for v := range count {
		all = append(all, v)
	}
	sort.Slice(all, func(i, k int) bool {
		if count[all[i]] != count[all[k]] {
			return count[all[i]] > count[all[k]]
		}
		return all[i] < all[k]
	})
	all = all[:min(5, len(all))]
	for i, v := range all {
		if r := []rune(v[:min(len(v), 1000)]); len(r) > 200 {
			all[i] = string(r[:200]) + "…"
		}
	}
	return all
}

// commonKind joins kinds that contain one another: integers among decimals, telephone numbers among integers.
func commonKind(kinds map[Kind]int, all int) (Kind, float64) {
	need := enough * float64(all)
	for _, k := range []struct {
		kind Kind
		also []Kind
	}{
		{KindInteger, nil},
		{KindDecimal, []Kind{KindInteger}},
		{KindTime, nil}, {KindBoolean, nil}, {KindEmail, nil}, {KindURL, nil},
		{KindPhone, []Kind{KindInteger}},
	} {
		n := kinds[k.kind]
		if n == 0 {
			continue
		}
		for _, a := range k.also {
			n += kinds[a]
		}
		if float64(n) >= need {
			return k.kind, float64(n) / float64(all)
		}
	}
	return KindText, 1
}

// kindOf is the kind of one value on its own. A date in figures with dots is a time; one plain number never is.
func kindOf(s string) Kind {
	s = Fold(s)
	switch {
	case s == "":
		return KindEmpty
	case len(s) > 2048:
		return KindText
	case isEmail(s):
		return KindEmail
	case isURL(s):
		return KindURL
	}
	digits, letters := 0, 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			digits++
		} else if unicode.IsLetter(r) {
			letters++
		}
	}
	if digits == 0 {
		if _, err := ParseBool(s); err == nil {
			return KindBoolean
		}
		return KindText
	}
	if len(s) > 80 {
		return KindText
	}
	if plain := strings.TrimPrefix(s, "-"); plain != "" && onlyDigits(plain) || s[0] == '+' && digits < 7 && onlyDigits(s[1:]) {
		switch {
		case len(s) > 1 && s[0] == '0' && len(s) >= 9 && len(s) <= 15:
			return KindPhone
		case len(s) > 1 && s[0] == '0' || len(s) > 19:
			return KindText // a code
		case (len(s) == 8 || len(s) == 14) && isCompactTime(s):
			return KindTime
		}
		return KindInteger
	}
	if letters == 0 && isPhone(s, digits) {
		return KindPhone
	}
	if _, _, err := parseTime(s, TimeAny, nil); (err == nil || errors.Is(err, ErrAmbiguousDate)) && !isFloat(s) {
		return KindTime
	}
	if _, err := ParseNumber(s, 0); err == nil {
		return KindDecimal
	}
	return KindText
}

// isFloat tells one plain number, which ParseTime would take for a count of days or seconds.
func isFloat(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

func isCompactTime(s string) bool {
	t, err := compactTime(s, time.UTC)
	return err == nil && t.Year() >= 1900 && t.Year() < 2100
}

func isEmail(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(s) > 254 || strings.ContainsAny(s, " ,;<>\"()\n") || strings.Contains(domain, "@") {
		return false
	}
	dot := strings.LastIndexByte(domain, '.')
	return dot > 0 && dot < len(domain)-1 && domain[0] != '-' && !strings.Contains(domain, "..")
}

func isURL(s string) bool {
	low := strings.ToLower(s[:min(len(s), 8)])
	if strings.HasPrefix(low, "www.") {
		return !strings.ContainsAny(s, " \n")
	}
	if !strings.HasPrefix(low, "http://") && !strings.HasPrefix(low, "https://") {
		return false
	}
	u, err := url.Parse(s)
	return err == nil && u.Host != ""
}

// isPhone tells a telephone number by its plus sign, or its leading zero or bracket with signs between the figures.
func isPhone(s string, digits int) bool {
	if digits < 7 || digits > 15 || len(s) > 30 || strings.Trim(s, "+0123456789 -().") != "" && !strings.HasPrefix(s, "+") {
		return false
	}
	for i, r := range s {
		if r == '+' && i > 0 || !strings.ContainsRune("+0123456789 -()./", r) {
			return false
		}
	}
	if s[0] == '+' {
		return true
	}
	if _, _, err := parseTime(s, TimeAny, nil); err == nil || errors.Is(err, ErrAmbiguousDate) {
		return false
	}
	if _, err := ParseNumber(s, 0); err == nil {
		return false
	}
	return s[0] == '(' || s[0] == '0' || digits >= 9 && strings.ContainsAny(s, "- ")
}

// unixTimes tells whether integers are Unix times of this century up to 2033 (10 digits) or 2100 (13).
func (p *Profile) unixTimes(values []string, zone *time.Location) bool {
	if p.Kind != KindInteger {
		return false
	}
	for format, span := range map[TimeFormat][2]float64{TimeUnix: {1e9, 2e9}, TimeUnixMilli: {1e12, 4.1e12}} {
		all := true
		for _, v := range values {
			n, err := strconv.ParseFloat(Fold(v), 64)
			if all = err == nil && n >= span[0] && n < span[1]; !all {
				break
			}
		}
		if all {
			p.Kind, p.Time = KindTime, format
			p.span(values, zone)
			return true
		}
	}
	return false
}

// numbers finds the decimal sign over all values, and the least and the greatest.
func (p *Profile) numbers(values []string) {
	for _, v := range values {
		v = Fold(v)
		if strings.ContainsAny(v, ".,") {
			if sign, sure := shownDecimal(v); sure {
				p.Decimal = sign
				break
			} else if p.Decimal == 0 && strings.Contains(v, string(sign)) {
				p.Decimal = sign
			}
		}
	}
	var low, high float64
	any := false
	for _, v := range values {
		n, err := ParseNumber(v, p.Decimal)
		if err != nil {
			continue
		}
		if !any || n < low {
			low = n
		}
		if !any || n > high {
			high = n
		}
		any = true
	}
	if any {
		p.Min, p.Max = string(appendFloat(nil, low)), string(appendFloat(nil, high))
	}
}

// shownDecimal is decimalSign, and whether the number leaves no doubt about it.
func shownDecimal(s string) (sign rune, sure bool) {
	s = strings.Trim(s, "+-%$€₪₽ ")
	sign = decimalSign(s)
	if strings.Contains(s, ",") && strings.Contains(s, ".") || strings.Count(s, ",") > 1 || strings.Count(s, ".") > 1 {
		return sign, true
	}
	i := strings.IndexAny(s, ".,")
	return sign, len(s)-i != 4 // one sign with three figures behind it could be either
}

// times decides over all values whether the day or the month comes first.
func (p *Profile) times(values []string, zone *time.Location) {
	var seen [4]int
	for _, v := range values {
		if _, o, err := parseTime(v, TimeAny, zone); err == nil || errors.Is(err, ErrAmbiguousDate) {
			seen[o]++
		}
	}
	day, month, open := seen[orderDayFirst], seen[orderMonthFirst], seen[orderOpen]
	switch {
	case day+month+open == 0:
	case month > day:
		p.Time, p.Ambiguous = TimeMonthFirst, day > 0
	default:
		p.Time, p.Ambiguous = TimeDayFirst, month > 0 || day == 0
	}
	p.span(values, zone)
}

func (p *Profile) span(values []string, zone *time.Location) {
	var low, high time.Time
	for _, v := range values {
		t, err := ParseTime(v, p.Time, zone)
		if err != nil {
			continue
		}
		if low.IsZero() || t.Before(low) {
			low = t
		}
		if high.IsZero() || t.After(high) {
			high = t
		}
	}
	if !low.IsZero() {
		p.Min, p.Max = low.Format(time.RFC3339), high.Format(time.RFC3339)
	}
}

func (p *Profile) lengths(values []string) {
	low, high := -1, 0
	for _, v := range values {
		n := len([]rune(v))
		if low < 0 || n < low {
			low = n
		}
		high = max(high, n)
	}
	p.Min, p.Max = strconv.Itoa(low), strconv.Itoa(high)
}
