package text

import "unicode/utf8"

var (
	// streets are words beside the number of a house, those of the first list before the name of the street.
	streetsBefore = set(`ул улица пер переулок просп проспект пр шоссе бульвар наб набережная רחוב ברחוב לרחוב מרחוב רח שדרות שד خیابان خیابون کوچه بلوار`)
	streetsAfter  = set(`street st road rd avenue ave lane ln drive close court crescent terrace place square boulevard blvd way gardens grove`)
	houses        = set(`д дом кв квартира корп корпус стр подъезд этаж оф דירה דירת קומה כניסה בית پلاک واحد طبقه شماره flat apartment apt unit suite no`)
)

// home is the street with the number of a house that begins at word i, and what is said about the flat.
func (f *finder) home(words []Word, i int) (from, to int) {
	w := words[i]
	switch {
	case f.roles[i]&isStreet != 0:
		// "ул. Образцовая, дом 0", "רחוב הדוגמה 1", "خیابان آزادی پلاک ۱۲"
		k, named := i+1, 0
		for k < len(words) && k-i < 9 && !f.lineBreak(words, k) {
			switch x := words[k]; {
			case x.Kind == Number && named > 0:
				return i, f.flat(words, k+1)
			case x.Kind == Letters && houses[x.Form] || isMark(x, "№\"'-") || x.Form == "." && utf8.RuneCountInString(words[k-1].Form) <= 4:
			case isMark(x, ",") && k+1 < len(words) && (words[k+1].Kind == Number || houses[words[k+1].Form]):
			case x.Kind == Letters && named < 3:
				named++
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
				return from, k + 1
			}
		}
	}
	return 0, 0
}

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
