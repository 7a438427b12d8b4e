package text

import (
	"strings"
	"unicode/utf8"
)

var (
	// streets are words beside the number of a house, those of the first list before the name of the street.
	streetsBefore = set(`ул улица улице улицу улицы пер переулок переулке просп проспект проспекте пр шоссе бульвар бульваре наб набережная набережной площадь площади רחוב ברחוב לרחוב מרחוב רח שדרות שד خیابان خیابون کوچه بلوار`)
	streetsAfter  = set(`street st road rd avenue ave lane ln drive close court crescent terrace place square boulevard blvd way gardens grove`)
	houses        = set(`д дом доме дома кв квартира квартире квартиры корп корпус корпусе стр строение подъезд подъезде этаж этаже оф офис комната דירה דירת קומה כניסה בית پلاک واحد طبقه شماره flat apartment apt unit suite no`)
)

// home is the street with the number of a house that begins at word i, and what is said about the flat.
func (f *finder) home(words []Word, i int) (from, to int) {
	w := words[i]
	switch {
	case f.roles[i]&isStreet != 0:
		// "ул. Образцовая, дом 0", "רחוב הדוגמה 1", "خیابان آزادی پلاک ۱۲"
		k, named := i+1, 0
		house := utf8.RuneCountInString(w.Form) <= 4 || uncased(w) // whether a number is that of a house; "на улице минус 30" is none
		for k < len(words) && k-i < 9 && !f.lineBreak(words, k) {
			switch x := words[k]; {
			case x.Kind == Number && named > 0:
				if !house || strings.Trim(x.Form, "0123456789/") != "" || len(x.Form) > 7 { // 20:30, 2,400
					return 0, 0
				}
				return i, f.postcode(words, f.flat(words, k+1))
			case x.Kind == Letters && houses[x.Form]:
				house = true
			case isMark(x, "№\"'-"), x.Form == "." && (k == i+1 && utf8.RuneCountInString(w.Form) <= 4 || houses[words[k-1].Form] || utf8.RuneCountInString(words[k-1].Form) == 1):
			case isMark(x, ",") && k+1 < len(words) && (words[k+1].Kind == Number || houses[words[k+1].Form]):
			case x.Kind == Letters && named < 3 && (f.roles[k]&isStop == 0 || named == 0 && utf8.RuneCountInString(x.Form) > 3 && k+1 < len(words) && words[k+1].Kind == Number):
				named++
				house = house || upper(f.s, x)
			default:
				return 0, 0
			}
			k++
		}
	case (w.Kind == Number || w.Kind == Letters && isDigit(w.Form[0])) && len(w.Form) <= 5 && i+2 < len(words):
		// "12 Example Street"
		for k := i + 1; k < len(words) && k-i <= 4 && words[k].Kind == Letters && upper(f.s, words[k]); k++ {
			if k > i+1 && streetsAfter[words[k].Form] {
				from = i
				if i >= 3 && isMark(words[i-1], ",") && words[i-2].Kind == Number && houses[words[i-3].Form] {
					from = i - 3
				}
				return from, f.postcode(words, k+1)
			}
		}
	case i+1 < len(words) && f.british(words, i) && f.postal(words, i):
		return i, i + 2
	}
	return 0, 0
}

// postcode goes on from word k, where an address ends, over a town and its British postcode: ", London NW1 6XE".
func (f *finder) postcode(words []Word, k int) int {
	town := 0
	for j := k; j+1 < len(words) && j-k < 8; j++ {
		switch {
		case f.british(words, j) && f.capital(words, j):
			return j + 2
		case isMark(words[j], ","):
		case words[j].Kind == Letters && upper(f.s, words[j]) && town < 4:
			town++
		default:
			return k
		}
	}
	return k
}

// british tells whether words i and i+1 have the form of a British postcode.
func (f *finder) british(words []Word, i int) bool {
	out, in := words[i].Form, words[i+1].Form
	if len(in) != 3 || len(out) < 2 || len(out) > 4 || !isDigit(in[0]) || f.lineBreak(words, i+1) {
		return false
	}
	for _, c := range []byte(in[1:]) {
		if c < 'a' || c > 'z' || strings.IndexByte("cikmov", c) >= 0 {
			return false
		}
	}
	k := 1
	if 'a' <= out[1] && out[1] <= 'z' {
		k = 2
	}
	if out[0] < 'a' || out[0] > 'z' || k >= len(out) || !isDigit(out[k]) || len(out) > k+2 || len(out) == k+2 && out[k+1] > 'z' {
		return false
	}
	return true
}

// capital tells whether all letters of words i and i+1 are capitals.
func (f *finder) capital(words []Word, i int) bool {
	s := f.s[words[i].Span.Start:words[i+1].Span.End]
	return strings.ToUpper(s) == s
}

// postal tells whether what stands before word i says that a postcode, in capitals unless it is called one, follows.
func (f *finder) postal(words []Word, i int) bool {
	capital := f.capital(words, i)
	for k := i - 1; k >= 0 && i-k <= 5 && !f.lineBreak(words, k+1); k-- {
		if w := words[k].Form; capital && homes[w] || w == "postcode" || w == "postal" || w == "post" && words[k+1].Form == "code" {
			return true
		}
	}
	return false
}

// homes are words beside which what looks like a postcode is that of a home.
var homes = set(`zip address live lives living lived moved move based deliver delivered delivery deliveries home house flat street road in to at`)

// flat goes on from word k over ", кв. 5", ", דירה 3".
func (f *finder) flat(words []Word, k int) int {
	end := k
	for k < len(words) && k-end < 4 && !f.lineBreak(words, k) {
		switch x := words[k]; {
		case x.Kind == Letters && houses[x.Form], isMark(x, ".,"):
		case x.Kind == Number && k > end && (houses[words[k-1].Form] || k >= 2 && words[k-1].Form == "." && houses[words[k-2].Form]):
			end = k + 1
		default:
			return end
		}
		k++
	}
	return end
}
