package table

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
)

var (
	errNotNumber = errors.New("this is not a number")
	errNotBool   = errors.New("this is neither yes nor no")
)

// Fold makes ASCII of the digits and signs of Persian and Arabic, and of the spaces that spreadsheets put into numbers,
// and drops marks of writing direction. Text that needs none of it is returned as it is.
func Fold(s string) string {
	s = strings.TrimSpace(s)
	ascii := true
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return s
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r >= '۰' && r <= '۹':
			return '0' + r - '۰'
		case r >= '٠' && r <= '٩':
			return '0' + r - '٠'
		case r == '٫':
			return '.'
		case r == '٬':
			return '\''
		case r == '٪':
			return '%'
		case r == '،':
			return ','
		case r == '−' || r == '‐' || r == '‑' || r == '–':
			return '-'
		case r == '’':
			return '\''
		case unicode.IsSpace(r):
			return ' '
		case isBidiMark(r) || r == '\uFEFF' || r == '\u200C': // the last: Persian's zero width non-joiner
			return -1
		case r == 'ي' || r == 'ى':
			return 'ی'
		case r == 'ك':
			return 'ک'
		}
		return r
	}, s))
}

// ParseNumber reads a number as people write it: "1 234,5", "1,234.5", "1'234", "۱٬۲۳۴٫۵", "(12)", "12-", "$5", "45%"
// (which is 0.45, as in a spreadsheet). decimal is the decimal sign, '.' or ','; with 0 the number itself has to tell,
// and "1,234" is taken for a thousand and "1.234" for one and a bit.
func ParseNumber(s string, decimal rune) (float64, error) {
	if v, err := strconv.ParseFloat(s, 64); err == nil && decimal != ',' && plainNumber(s) {
		return v, nil
	}
	s = strings.TrimFunc(Fold(s), func(r rune) bool { return unicode.Is(unicode.Sc, r) || r == ' ' })
	negative, percent := false, false
	if n := len(s); n > 2 && s[0] == '(' && s[n-1] == ')' {
		s, negative = s[1:n-1], true
	}
	if strings.HasPrefix(s, "%") || strings.HasSuffix(s, "%") {
		s, percent = strings.TrimSpace(strings.Trim(s, "%")), true
	}
	if n := len(s); n > 1 && s[n-1] == '-' {
		s, negative = s[:n-1], true
	} else if n > 1 && (s[0] == '-' || s[0] == '+') {
		s, negative = s[1:], negative || s[0] == '-'
	}
	s = strings.TrimFunc(s, func(r rune) bool { return unicode.Is(unicode.Sc, r) || r == ' ' })
	plain, ok := plainDigits(s, decimal)
	if !ok {
		return 0, errNotNumber
	}
	v, err := strconv.ParseFloat(plain, 64)
	if err != nil {
		return 0, errNotNumber
	}
	if percent {
		v /= 100
	}
	if negative {
		v = -v
	}
	return v, nil
}

// plainNumber tells whether text has the form -12.5e3 with nothing that only Go reads as a number (hex, Inf, "1_000").
func plainNumber(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c < '0' || c > '9') && !strings.ContainsRune("+-.eE", rune(c)) {
			return false
		}
	}
	return s != ""
}

// plainDigits takes the grouping out of an unsigned number and makes its decimal sign a dot.
func plainDigits(s string, decimal rune) (string, bool) {
	if s == "" || s[0] != '.' && s[0] != ',' && (s[0] < '0' || s[0] > '9') {
		return "", false
	}
	mantissa, exponent := s, ""
	if i := strings.IndexAny(s, "eE"); i > 0 {
		mantissa, exponent = s[:i], s[i:]
	}
	if decimal == 0 {
		decimal = decimalSign(mantissa)
	}
	whole, fraction, has := strings.Cut(mantissa, string(decimal))
	if has && !onlyDigits(fraction) || exponent != "" && !plainNumber(exponent) {
		return "", false
	}
	if !onlyDigits(whole) {
		var ok bool
		if whole, ok = ungroup(whole); !ok {
			return "", false
		}
	}
	if whole+fraction == "" {
		return "", false
	}
	if has && fraction != "" {
		whole += "." + fraction
	}
	return whole + exponent, true
}

// decimalSign guesses which sign of a number is the decimal one: of two different ones the last; a comma unless groups of
// three follow it throughout; a dot unless there are several.
func decimalSign(s string) rune {
	dot, comma := strings.LastIndexByte(s, '.'), strings.LastIndexByte(s, ',')
	switch {
	case dot >= 0 && comma >= 0:
		if dot > comma {
			return '.'
		}
		return ','
	case comma >= 0:
		if strings.Count(s, ",") > 1 || len(s)-comma == 4 && comma <= 3 && s[0] != '0' && !strings.ContainsAny(s, " '") {
			return '.'
		}
		return ','
	case strings.Count(s, ".") > 1:
		return ','
	}
	return '.'
}

// ungroup joins groups of digits set apart by one and the same sign: a first of one to three digits, then threes, as
// well as twos (as in 12,34,567) but for the last one.
func ungroup(s string) (string, bool) {
	i := strings.IndexAny(s, " ',.")
	if i < 1 || i > 3 {
		return "", false
	}
	groups := strings.Split(s, s[i:i+1])
	for k, g := range groups {
		last := k == len(groups)-1
		if !onlyDigits(g) || k > 0 && len(g) != 3 && (last || len(g) != 2) {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func onlyDigits(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// words of yes and no in English, Hebrew, Persian and Russian.
var bools = map[string]bool{
	"true": true, "yes": true, "y": true, "t": true, "on": true, "1": true, "כן": true, "אמת": true, "بله": true, "بلی": true, "آری": true,
	"درست": true, "да": true, "истина": true,
	"false": false, "no": false, "n": false, "f": false, "off": false, "0": false, "לא": false, "שקר": false, "خیر": false, "نه": false,
	"نادرست": false, "нет": false, "ложь": false,
}

// ParseBool reads yes and no, true and false, 1 and 0, in the four languages.
func ParseBool(s string) (bool, error) {
	v, ok := bools[strings.ToLower(Fold(s))]
	if !ok {
		return false, errNotBool
	}
	return v, nil
}
