package text

import "testing"

// Texts of about 100 characters, as customers write them.
var benchTexts = []string{
	"The delivery was quick, but the box arrived damaged and nobody at support answers my mails since Monday!",
	"המשלוח הגיע מהר אבל הקופסה הייתה קרועה ואף אחד בשירות הלקוחות לא עונה לי למיילים מאז יום שני, חבל מאוד",
	"ارسال سریع بود ولی جعبه پاره شده بود و هیچ\u200cکس در پشتیبانی از دوشنبه به ایمیل\u200cهای من جواب نداده است، متاسفم",
	"Доставка быстрая, но коробка пришла мятая, и с понедельника никто из поддержки не отвечает на мои письма!!",
}

func benchEach(b *testing.B, f func(s string)) {
	b.Helper()
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		f(benchTexts[n%len(benchTexts)])
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "texts/s")
}

func BenchmarkNormalize(b *testing.B) { benchEach(b, func(s string) { Normalize(s) }) }

func BenchmarkWords(b *testing.B) { benchEach(b, func(s string) { Words(s) }) }

func BenchmarkSplitter(b *testing.B) {
	var sp Splitter
	benchEach(b, func(s string) { sp.Words(s) })
}

func BenchmarkClauses(b *testing.B) {
	var sp Splitter
	benchEach(b, func(s string) { ClausesOf(s, sp.Words(s)) })
}

func BenchmarkDetect(b *testing.B) { benchEach(b, func(s string) { Detect(s) }) }

func BenchmarkPersonal(b *testing.B) {
	langs := []string{"en", "he", "fa", "ru"}
	k := 0
	benchEach(b, func(s string) {
		Personal(s, langs[k%4])
		k++
	})
}

func BenchmarkPersonalPhone(b *testing.B) {
	benchEach(b, func(s string) { Personal(s+" 052-5550199, 12.5.2024", "he") })
}

func BenchmarkTerms(b *testing.B) {
	words := make([][]Word, len(benchTexts))
	langs := []string{"en", "he", "fa", "ru"}
	for i, s := range benchTexts {
		words[i] = Words(s)
	}
	k := 0
	benchEach(b, func(string) {
		Terms(words[k%4], langs[k%4])
		k++
	})
}

func BenchmarkDuplicates(b *testing.B) {
	var sp Splitter
	var d Duplicates
	benchEach(b, func(s string) { d.Add(s, sp.Words(s)) })
}
