package text

import (
	"slices"
	"testing"
)

// Forms of a word share a stem, and words that differ do not.
func TestStem(t *testing.T) {
	t.Parallel()
	for lang, groups := range map[string][][]string{
		"en": {{"delivery", "deliveries"}, {"wait", "waiting", "waited"}, {"price", "prices"}},
		"ru": {{"доставка", "доставки", "доставку"}, {"курьер", "курьером", "курьеры"}, {"цена", "цены", "ценой"},
			{"ждать", "жду", "ждет", "ждал", "ждала", "ждали", "ждите"}, {"подождать", "подождите"}, {"помочь", "помог", "помогли", "поможет"}, {"вернуть", "вернул", "верну", "вернете"},
			{"платить", "плачу", "платит", "платили"}, {"плата", "плату"}, {"платье", "платья"}, {"брать", "беру", "брали"}, {"брат", "брата"}, {"день", "дня", "дней"}, {"деньги", "денег"},
			{"требовать", "требую", "требует"}, {"пользоваться", "пользуюсь", "пользовались"}, {"прийти", "пришла", "придет"}, {"прислать", "пришлите"}, {"договор", "договора"}, {"договорились", "договоримся"},
			{"доход", "дохода"}, {"доходить", "дохожу"}, {"посылка", "посылок"}, {"новый", "новую"}},
		"he": {{"משלוח", "המשלוח", "משלוחים", "במשלוח", "והמשלוח"}, {"שירות", "השירות", "בשירות", "והשירות"}, {"מחיר", "המחירים", "במחיר"}, {"חשבונית", "החשבונית", "חשבוניות"}, {"דקה", "דקות"}, {"אני", "שאני", "ואני"}, {"עלות", "עלויות", "העלויות"}, {"תמונה", "התמונות"},
			{"לשלם", "שילמתי", "משלם", "ששילמנו", "נשלם"}, {"מושלם", "מושלמת"}, {"לחכות", "חיכיתי", "מחכים", "שחיכינו"}, {"להחזיר", "החזירו", "מחזיר", "החזרתם"}, {"החזר", "ההחזר", "להחזר"}, {"לחזור", "חזרתי", "יחזרו"},
			{"להגיע", "הגיע", "מגיעים", "שהגיעה"}, {"הם", "שהם"}, {"המים", "מים"}, {"להזמין", "הזמנתי", "מזמינים"}, {"זמין", "זמינה"}, {"הזמנה", "ההזמנות"}, {"וידאו", "בווידאו"}},
		"fa": {{"کتاب", "کتابها", "کتابهای", "کتابهایم"}, {"گوشی", "گوشیها", "گوشیهای"}, {"سریع", "سریعتر", "سریعترین"},
			{"سفارش", "سفارشها", "سفارشم", "سفارشهایمان"}, {"سفارت", "سفارتها"}, {"ارسال", "ارسالش", "ارسالها"}, {"ساختمان", "ساختمانها"}, {"رسید", "میرسد", "رسیدیم", "برسه"}, {"نرسید", "نمیرسه", "نرسیده"},
			{"گرفت", "میگیرم", "بگیرید"}, {"خواست", "میخوام", "میخواهم", "بخواهید"}, {"داد", "میدهد", "میدین"}, {"کار", "کارها"}, {"بدون"}, {"دونه"}, {"میدونه", "میدونم"}},
		"de": {{"lieferung", "lieferungen"}, {"preis", "preise"}},
		"ar": {{"توصیل", "التوصیل"}},
		"xx": {{"same"}, {"sames"}},
	} {
		seen := map[string]int{}
		for i, g := range groups {
			stem := Stem(g[0], lang)
			for _, form := range g {
				if got := Stem(form, lang); got != stem {
					t.Errorf("%s: the stem of %s is %s, of %s it is %s", lang, form, got, g[0], stem)
				}
			}
			if k, ok := seen[stem]; ok {
				t.Errorf("%s: %s and %s share the stem %s", lang, groups[k][0], g[0], stem)
			}
			seen[stem] = i
		}
	}
}

func TestHebrewStem(t *testing.T) {
	t.Parallel()
	for form, want := range map[string]string{"והמשלוח": "משלוח", "בבית": "בית", "לכולם": "כולם", "שהשירות": "שירות", "הבית": "בית", "הגיע": "הגיע", "delivery": "delivery", "": ""} {
		if got := HebrewStem(form); got != want {
			t.Errorf("HebrewStem(%s) = %s, want %s", form, got, want)
		}
	}
}

func TestTerms(t *testing.T) {
	t.Parallel()
	words := Words("The deliveries of 2 boxes were NOT fast :(")
	var stems, stops []string
	for _, term := range Terms(words, "en") {
		stems = append(stems, term.Stem)
		if term.Stop {
			stops = append(stops, words[term.Word].Form)
		}
	}
	if want := []string{"the", "deliveri", "of", "2", "box", "were", "not", "fast", ":("}; !slices.Equal(stems, want) {
		t.Errorf("stems %q", stems)
	}
	if want := []string{"the", "of", "were"}; !slices.Equal(stops, want) {
		t.Errorf("stop words %q", stops)
	}
}

// Subtags and other names of a language change nothing.
func TestTags(t *testing.T) {
	t.Parallel()
	if a, b := Stem("deliveries", "en-GB"), Stem("deliveries", "en"); a != b {
		t.Errorf("%s and %s", a, b)
	}
	if a, b := Stem("שירותים", "iw_IL"), Stem("שירותים", "he"); a != b {
		t.Errorf("%s and %s", a, b)
	}
	if f := Personal("ת.ז. 123456782", "he-IL"); len(f) != 1 {
		t.Errorf("found %v", f)
	}
	if l := DetectWith("helt fint", "nb-NO"); l.Code != "no" {
		t.Errorf("detected %v", l)
	}
}

func TestStopWords(t *testing.T) {
	t.Parallel()
	for lang, words := range map[string][2]string{"en": {"the", "not"}, "he": {"של", "לא"}, "fa": {"از", "بد"}, "ru": {"это", "не"}, "de": {"und", "lieferung"}, "ar": {"من", "توصیل"}, "no": {"og", "pakke"}} {
		if list := stopWords(lang); !list[words[0]] || list[words[1]] {
			t.Errorf("%s: %s is a stop word: %v, %s: %v", lang, words[0], list[words[0]], words[1], list[words[1]])
		}
	}
	if stopWords("xx") != nil {
		t.Error("an unknown language has stop words")
	}
}
