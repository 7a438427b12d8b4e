package table

import "time"

// The years of the Persian (Jalali) calendar that are read; Gregorian dates in that range of years do not occur.
const (
	jalaliFirst = 1300
	jalaliLast  = 1500
)

// jalaliDays counts the days from 1 Farvardin 1300 (21 March 1921) to 1 Farvardin of each year up to 1501.
var jalaliDays = func() (days [jalaliLast - jalaliFirst + 2]int) {
	for y := jalaliFirst; y <= jalaliLast; y++ {
		n := 365
		if jalaliLeap(y) {
			n++
		}
		days[y-jalaliFirst+1] = days[y-jalaliFirst] + n
	}
	return days
}()

// jalaliLeap follows the cycle of 33 years with 8 leap years that agrees with the astronomical rule from 1210 to 1634.
func jalaliLeap(year int) bool {
	n := (year - 1210 + 1) % 33
	return n > 0 && (n-1)%4 == 0
}

// fromJalali gives the Gregorian date of a Jalali one.
func fromJalali(year, month, day int) (y int, m time.Month, d int, ok bool) {
	if year < jalaliFirst || year > jalaliLast || month < 1 || month > 12 || day < 1 {
		return 0, 0, 0, false
	}
	length := 31 // six months of 31 days, five of 30, and one of 29 or 30
	switch {
	case month == 12 && !jalaliLeap(year):
		length = 29
	case month > 6:
		length = 30
	}
	if day > length {
		return 0, 0, 0, false
	}
	days := jalaliDays[year-jalaliFirst] + day - 1
	if month <= 7 {
		days += (month - 1) * 31
	} else {
		days += 186 + (month-7)*30
	}
	y, m, d = time.Date(1921, 3, 21+days, 0, 0, 0, 0, time.UTC).Date()
	return y, m, d, true
}

// months are the names of the Gregorian months and, from 13 on, of the Jalali ones, in lower case and after Fold.
var months = map[string]int{
	"january": 1, "february": 2, "march": 3, "april": 4, "may": 5, "june": 6, "july": 7, "august": 8, "september": 9, "october": 10,
	"november": 11, "december": 12,
	"январь": 1, "февраль": 2, "март": 3, "апрель": 4, "май": 5, "июнь": 6, "июль": 7, "август": 8, "сентябрь": 9, "октябрь": 10,
	"ноябрь": 11, "декабрь": 12,
	"января": 1, "февраля": 2, "марта": 3, "апреля": 4, "мая": 5, "июня": 6, "июля": 7, "августа": 8, "сентября": 9, "октября": 10,
	"ноября": 11, "декабря": 12,
	"ינואר": 1, "פברואר": 2, "מרץ": 3, "מרס": 3, "אפריל": 4, "מאי": 5, "יוני": 6, "יולי": 7, "אוגוסט": 8, "ספטמבר": 9,
	"אוקטובר": 10, "נובמבר": 11, "דצמבר": 12,
	"ינו": 1, "פבר": 2, "מרצ": 3, "אפר": 4, "יונ": 6, "יול": 7, "אוג": 8, "ספט": 9, "אוק": 10, "נוב": 11, "דצמ": 12,
	"ژانویه": 1, "فوریه": 2, "مارس": 3, "آوریل": 4, "اوریل": 4, "مه": 5, "می": 5, "ژوئن": 6, "ژوین": 6, "ژوئیه": 7, "جولای": 7,
	"ژوییه": 7, "اوت": 8, "آگوست": 8, "اگوست": 8, "سپتامبر": 9, "اکتبر": 10, "نوامبر": 11, "دسامبر": 12,
	"فروردین": 13, "اردیبهشت": 14, "خرداد": 15, "تیر": 16, "مرداد": 17, "امرداد": 17, "شهریور": 18, "مهر": 19, "آبان": 20,
	"ابان": 20, "آذر": 21, "اذر": 21, "دی": 22, "بهمن": 23, "اسفند": 24,
}

// short holds the beginnings, three letters and longer, of the English and Russian names: no two months share one.
var short = func() map[string]int {
	out := make(map[string]int)
	for name, m := range months {
		r := []rune(name)
		if m > 12 || r[0] >= 0x0590 {
			continue
		}
		for n := 3; n < len(r); n++ {
			out[string(r[:n])] = m
		}
	}
	return out
}()

// monthOf knows a month by its name or abbreviation, 13 to 24 being Jalali; 0 is no month.
func monthOf(word string) int {
	if m, ok := months[word]; ok {
		return m
	}
	if m, ok := short[word]; ok {
		return m
	}
	for _, prefix := range []string{"ב", "ל", "מ"} { // "12 בינואר"
		if rest, ok := cutPrefix(word, prefix); ok {
			return months[rest]
		}
	}
	return 0
}

func cutPrefix(s, prefix string) (string, bool) {
	if len(s) > len(prefix) && s[:len(prefix)] == prefix {
		return s[len(prefix):], true
	}
	return s, false
}
