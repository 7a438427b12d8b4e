package search_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"kolo/internal/understand/search"
)

func TestFinds(t *testing.T) {
	t.Parallel()
	x := search.NewIndexer()
	for _, c := range []struct {
		language, text, query string
		marked                string // what is marked, | between; "-" when the text is not found
	}{
		{"en", "Two refunds were promised.", "refund", "refunds"},
		{"en", "They refunded me at once", "Refunds", "refunded"},
		{"en", "The courier was late, delivery took weeks", "deliveries late", "late|delivery"},
		{"en", "The courier was late", "late delivery", "-"},
		{"en", "I want my money back!", `"money back"`, "money back"},
		{"en", "Back came the money", `"money back"`, "-"},
		{"en", "undelivered and delivering", "deliv*", "delivering"},
		{"en", "a courier and a refund", "refund -courier", "-"},
		{"en", "a refund", "refund -courier", "refund"},
		{"en", "undelivered, and the Delivery was late", "delivery*", "Delivery"},
		{"en", "Services and a service-desk", "service*", "Services|service"},
		{"en", "unfriendly, then friendly", "friendly*", "friendly"},
		{"en", "a delivery and a refund", "refund -delivery*", "-"},
		{"en", "My E-mails vanished, his mails did not", "e-mai*", "E-mails"},
		{"en", "Answers by e-mail vanished", "e-mail*", "e-mail"},
		{"ru", "Быстрая доставка, но доставкой недовольны", "доставка*", "доставка"},
		{"ru", "Ужасное обслуживание!", "обслуживание*", "обслуживание"},
		{"he", "שילמתי והמשלוח לא הגיע. המשלוח אבד", "המשלוח*", "המשלוח"},
		{"he", "והמשלוח לא הגיע", "משלו*", "והמשלוח"},
		{"he", "וגם שחיכיתי שעה", "חיכ*", "שחיכיתי"},
		{"he", "שחיכיתי, ומחכים עוד", "לחכות", "שחיכיתי|ומחכים"},
		{"ru", "Жду возврата денег, ждала и раньше", "ждать деньги", "Жду|денег|ждала"},
		{"ru", "Брат купил платье", "брать", "-"},
		{"fa", "سفارشم نرسید، گفتند میرسه", "سفارش رسیدن", "سفارشم|میرسه"},
		{"fa", "کیفیت محصولات پایین است", "محصولات*", "محصولات"},
		{"fa", "كيفيت پایین بود", "کیفیت*", "كيفيت"}, // typed with Arabic letters
		{"fa", "کتاب\u200cهای خوبی بود", "کتاب\u200cها*", "کتاب\u200cهای"},
		{"en", "call +1 555 2040 now", "2040", "2040"},
		{"en", "nothing", "", ""},
		{"en", "nothing", "!!! ???", "-"},
		{"en", "nothing", "\"", "-"},
		{"en", "nothing !!!", "nothing ()", "nothing"},
		{"he", "המשלוחים איחרו שוב", "משלוח", "המשלוחים"},
		{"he", "והמשלוח לא הגיע", "המשלוח", "והמשלוח"},
		{"ru", "Курьеры опоздали с доставкой", "доставка", "доставкой"},
		{"ru", "Курьеры опоздали с доставкой", "курьер опоздал", "Курьеры|опоздали"},
		{"fa", "کتاب\u200cها دیر رسید", "کتاب", "کتاب\u200cها"},
		{"fa", "ارسال كالا دير بود", "کالا", "كالا"}, // typed with Arabic letters
		{"de", "Die Lieferungen kamen zu spät", "lieferung", "Lieferungen"},
		{"en", "The café lost my résumé", "cafe resume", "café|résumé"},
		{"en", "The cafe was shut", "café", "cafe"},
		{"fr", "Une réponse très tardive", "reponse", "réponse"},
		{"fa", "کتاب\u200cهای خوبی بود", "کتاب های", "کتاب\u200cهای"},
		{"fa", "کتاب های خوبی بود", "کتاب\u200cها", "کتاب"},
		{"fa", "من می\u200cروم", "می روم", "می\u200cروم"},
		{"fa", "من می روم", "می\u200cروم", "می روم"},
		{"fa", "من می روم", "می روم", "می روم"},
		{"fa", "پاسخ نمی دهند", "نمی\u200cدهند پاسخ", "پاسخ|نمی دهند"},
		{"fa", "پاسخ نمی\u200cدهند", "پاسخ نمی دهند", "پاسخ|نمی\u200cدهند"},
		{"fa", "او می\u200cرود", "نمی روم", "-"},
		{"fa", "کسی جواب نمی\u200cدهد", "جواب نمي دهد", "جواب|نمی\u200cدهد"},
		{"fa", "کسی جواب نمی\u200cدهد", `"جواب نمي دهد"`, "جواب نمی\u200cدهد"},
		{"fa", "کسی جواب نمي دهد", `"جواب نمیدهد"`, "جواب نمي دهد"},
		{"fa", "کتاب\u200cهای خوبی بود", `"كتاب هاي خوبی"`, "کتاب\u200cهای خوبی"},
		{"fa", "كتاب هاي خوبی بود", `"کتابهای خوبی"`, "كتاب هاي خوبی"},
		{"fa", "كتاب هاي خوبی بود", "\"کتاب\u200cهای خوبی\"", "كتاب هاي خوبی"},
		{"fa", "من می\u200cخواهم", `"می خواهم"`, "می\u200cخواهم"},
		{"fa", "من می خواهم", "\"می\u200cخواهم\"", "می خواهم"},
		{"fa", "من می خواهم", `"می خواهم"`, "می خواهم"},
		{"fa", "من پول می\u200cخواهم امروز", `"پول می خواهم امروز"`, "پول می\u200cخواهم امروز"},
		{"fa", "من پول می خواهم امروز", "\"پول می\u200cخواهم امروز\"", "پول می خواهم امروز"},
		{"fa", "پول دیر خواهم", "\"پول می\u200cخواهم\"", "-"},
		{"fa", "نمی دانم چه می\u200cخواهم", "«نمی\u200cدانم چه می خواهم»", "نمی دانم چه می\u200cخواهم"},
		{"fa", "زوزوزو، می\u200cخواهم", "زوزوزو می خواهم", "زوزوزو|می\u200cخواهم"},
		{"fa", "زوزوزو، می\u200cخواهم", "می خواهم زوزوزو", "زوزوزو|می\u200cخواهم"},
		{"fa", "زوزوزو، می خواهم", "زوزوزو می خواهم", "زوزوزو|می خواهم"},
		{"fa", "زوزوزو، می خواهم", "می خواهم زوزوزو", "زوزوزو|می خواهم"},
		{"he", "הגשתי דו״ח חשבון לבנק", `"דו״ח חשבון"`, "דו״ח חשבון"},
		{"he", "הגשתי דו״ח חשבון לבנק", `"דו"ח חשבון"`, "דו״ח חשבון"},
		{"he", `הגשתי דו"ח חשבון לבנק`, "״דו״ח חשבון״", `דו"ח חשבון`},
		{"he", `הגשתי דו"ח חשבון לבנק`, `לבנק "דו"ח`, `דו"ח|לבנק`},
		{"he", "הגשתי דו״ח חשבון לבנק", `"חשבון" -"דו״ח חשבון"`, "-"},
		{"en", "I like it", "it's", "-"},
		{"en", "I like it, it’s good", "it's", "it’s"},
		{"en", "That is what she said", "that's what's she's", "-"},
		{"en", "I know it late", `"it's late"`, "-"},
		{"en", "Well, it's late", `"it's late"`, "it's late"},
		{"", "Well, it's late", "it's", "it's"},
		{"en", "John's order", "john", "John's"},
		{"en", "John came", "john's", "John"},
		{"en", "Don't do it", "don't", "Don't"},
		{"en", "They do it", "don't", "-"},
		{"fr", "L'hôtel est beau", "l'hotel", "L'hôtel"},
		{"en", "The breakfast was cold", `"cold room" OR breakfast`, "breakfast"},
		{"en", "A cold room, and no breakfast", `"cold room" OR breakfast`, "cold room|breakfast"},
		{"en", "A room", `"cold room" OR breakfast`, "-"},
		{"en", "late again", "late delivery OR refund", "-"},
		{"en", "a refund", "late delivery OR refund -policy", "refund"},
		{"en", "the refund policy", "late delivery OR refund -policy", "-"},
		{"en", "slow", "late | slow", "slow"},
		{"en", "now or never", "late or never", "-"}, // in small letters it is a word
		{"en", "now or never", `"now OR never"`, "now or never"},
		{"ru", "Курьер хамил", "доставка ИЛИ курьер", "Курьер"},
		{"he", "הקורא חיכה", "משלוח OR קורא", "הקורא"},
		{"fa", "کتاب دیر رسید", "قیمت OR کتاب", "کتاب"},
		{"en", "a refund", "refund OR", "refund"},
		{"en", "a refund", "refund OR ?!", "refund"},
		{"en", "a refund OR else", "OR", "OR"},
		{"en", "a refund", "?! OR", "-"},
		{"", "Доставка из Xiaomi", "xiaomi", "Xiaomi"},
		{"en", "it's not a \"quote", `"quote`, "quote"},
	} {
		q := search.Parse(c.query)
		index := x.Index(c.text, c.language)
		var marked []string
		for _, sp := range q.Spans(c.text, c.language) {
			marked = append(marked, c.text[sp.Start:sp.End])
		}
		got := strings.Join(marked, "|")
		if !q.Match(index) {
			got = "-"
		}
		if got != c.marked {
			t.Errorf("%q in %q (%s): %q, not %q; index %q, looking for %+v", c.query, c.text, c.language, got, c.marked, index, q.Patterns())
		}
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("late \"money back\" -courier deliv*", "The money back guarantee is late")
	f.Add("-\"", "\xff\u200f\u202e")
	f.Add("״\u05be-*", strings.Repeat("a ", 300))
	x := search.NewIndexer()
	f.Fuzz(func(t *testing.T, query, s string) {
		q := search.Parse(query)
		for _, p := range slices.Concat(q.Patterns()...) {
			for _, piece := range p.Any {
				if !strings.HasPrefix(piece, " ") || strings.TrimSpace(piece) == "" {
					t.Errorf("looks for %q", piece)
				}
			}
		}
		for _, l := range []string{"", "en", "he"} {
			index := x.Index(s, l)
			_ = q.Match(index)
			at := 0
			for _, sp := range q.Spans(s, l) {
				if sp.Start < at || sp.End > len(s) || sp.Start >= sp.End || !utf8.RuneStart(s[sp.Start]) {
					t.Errorf("marks %v of %q", sp, s)
				}
				at = sp.End
			}
		}
	})
}

func BenchmarkIndex(b *testing.B) {
	x := search.NewIndexer()
	for b.Loop() {
		x.Index("The courier was an hour late again, but the woman on the phone was kind and sorted it out at once.", "en")
	}
}
