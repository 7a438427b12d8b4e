package reading_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
)

func shipped(t testing.TB) *reading.Reader {
	t.Helper()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestReadTellsPraiseFromBlame(t *testing.T) {
	t.Parallel()
	r := shipped(t)
	for _, c := range []struct {
		language, text string
		want           reading.Sentiment
	}{
		{"en", "The staff were wonderful, thank you so much!", reading.Positive},
		{"en", "Terrible service, rude and slow. Never again.", reading.Negative},
		{"en", "What time do you open on Sunday?", reading.Neutral},
		{"he", "שירות מצוין, תודה רבה!", reading.Positive},
		{"he", "שירות גרוע, לא עונים לטלפון", reading.Negative},
		{"he", "באיזו שעה אתם נפתחים ביום ראשון?", reading.Neutral},
		{"fa", "خیلی عالی بود، ممنون از شما", reading.Positive},
		{"fa", "افتضاح بود، اصلا جواب نمیدن", reading.Negative},
		{"fa", "ساعت کاری شما در روز جمعه چیست؟", reading.Neutral},
		{"ru", "Отличный сервис, большое спасибо!", reading.Positive},
		{"ru", "Ужасное обслуживание, никто не отвечает", reading.Negative},
		{"ru", "Во сколько вы открываетесь в воскресенье?", reading.Neutral},
	} {
		x := r.Read(c.text, c.language)
		if x.Sentiment != c.want {
			t.Errorf("%s %q: %s, want %s", c.language, c.text, x.Sentiment, c.want)
		}
		if x.Model != r.Model() || x.Model == "" {
			t.Errorf("the reading carries the version %q", x.Model)
		}
	}
}

// TestReadsAnswersOfAFewWords: many customers write no more, in the words of no corpus of reviews.
func TestReadsAnswersOfAFewWords(t *testing.T) {
	t.Parallel()
	r := shipped(t)
	for language, by := range map[string]map[reading.Sentiment]string{
		"en": {
			reading.Positive: "Thank you|thanks!|Thank you very much|Thanks a lot|many thanks|Good|Perfect|awesome|all good|Good service|love it|👍|thanks 🙏|super service|helpful staff",
			reading.Negative: "bad|not good|Terrible|bad service|poor quality|slow|rude|never again|👎|😡|crap app|cold food",
			reading.Neutral:  "ok|fine|average|nothing|none|n/a|no|no comment",
		},
		"he": {
			reading.Positive: "תודה|תודה רבה|תודה!|המון תודה|אחלה|מעולה|טוב|הכל טוב|שירות טוב|מוצר מעולה|👍",
			reading.Negative: "גרוע|לא טוב|נורא|שירות גרוע|לא ממליץ|איטי|יקר|👎",
			reading.Neutral:  "בסדר|סביר|אין|כלום|לא יודע|ככה ככה",
		},
		"fa": {
			reading.Positive: "ممنون|مرسی|متشکرم|خیلی ممنون|با تشکر|عالی|خوب|خدمات خوب|کیفیت عالی|👍",
			reading.Negative: "بد|خیلی بد|افتضاح|خوب نبود|خدمات بد|گران|👎",
			reading.Neutral:  "معمولی|متوسط|بد نبود|نظری ندارم|هیچی",
		},
		"ru": {
			reading.Positive: "Спасибо|спасибо большое|Благодарю|спс|отлично|хорошо|хороший сервис|отличный товар|👍",
			reading.Negative: "плохо|ужасно|не очень|плохой сервис|не рекомендую|дорого|👎",
			reading.Neutral:  "нормально|средне|нет|ничего|не знаю|без комментариев",
		},
	} {
		for want, texts := range by {
			for s := range strings.SplitSeq(texts, "|") {
				x := r.Read(s, language)
				if x.Sentiment != want {
					t.Errorf("%s %q: %s, want %s (%.2f)", language, s, x.Sentiment, want, x.Score)
				}
				if len(x.Clauses) == 1 && x.Clauses[0].Sentiment != x.Sentiment {
					t.Errorf("%s %q is %s, its only clause %s", language, s, x.Sentiment, x.Clauses[0].Sentiment)
				}
			}
		}
	}
}

// check holds what is true of every reading, whatever the text.
func check(t *testing.T, s string, x reading.Reading) {
	t.Helper()
	if x.Score < -1 || x.Score > 1 || x.Confidence < 0 || x.Confidence > 1 {
		t.Errorf("score %v, confidence %v", x.Score, x.Confidence)
	}
	end := 0
	for _, c := range x.Clauses {
		if c.Start < end || c.End <= c.Start || c.End > len(s) {
			t.Fatalf("clause %v after %d, of %d bytes", c.Span, end, len(s))
		}
		if c.Start < len(s) && !utf8.RuneStart(s[c.Start]) && utf8.ValidString(s) {
			t.Fatalf("clause %v begins within a rune", c.Span)
		}
		end = c.End
		if c.Sentiment == reading.Mixed || len(c.Themes) > 2 {
			t.Errorf("clause: %s, %d themes", c.Sentiment, len(c.Themes))
		}
	}
}

// TestReadsNegations: plain words that turn others round, none of them in the corpus, which has others of their kind.
func TestReadsNegations(t *testing.T) {
	t.Parallel()
	r := shipped(t)
	right, all := 0, 0
	for language, by := range map[string]map[reading.Sentiment]string{
		"en": {
			reading.Positive: "The wait was short|The queue was short|I didn't have to wait|They didn't overcharge me|no hidden charges" +
				"|not expensive|there was nothing wrong with it|I wasn't disappointed|it never breaks|never crashes" +
				"|no noise at all|Sarah went above and beyond|they always go above and beyond|no more problems since the update" +
				"|the problem is gone|The refund was quick|The queue at the branch was short|It is not expensive and it works" +
				"|There was nothing wrong with my order",
			reading.Negative: "Nobody helped us with the luggage|No one was there to help|nobody cares|none of the staff were helpful" +
				"|The agent didn't help me|They couldn't help me|hardly helpful|wasn't helpful|not friendly at all" +
				"|no one is friendly here|nobody was polite|The technician failed to fix it|nothing was fixed|without any help" +
				"|I never got an answer|They didn't even apologise|not fast, not cheap|The delivery wasn't fast" +
				"|no refund was given|nobody ever apologised|The agent was not helpful and I had to call again" +
				"|Support did not help me with my problem|The technician came but nothing was fixed" +
				"|They didn't even apologise for the delay|Nobody apologised for the mistake|The delivery was not fast" +
				"|The room was not clean|The food was not good|The staff were not friendly at all|It does not work well",
		},
		"he": {
			reading.Positive: "התור היה קצר|לא יקר|לא התאכזבתי|אף פעם לא נתקע|פשוט עובד|אין תורים|לא היו בעיות|לא היה תור בסניף",
			reading.Negative: "הנציג לא עזר|אף אחד לא היה נחמד|לא מהיר ולא זול|לא אדיבים|שום דבר לא תוקן|הנציג לא עזר לי בכלל" +
				"|הטכנאי הגיע אבל שום דבר לא תוקן|אף אחד לא התנצל על האיחור|המשלוח לא היה מהיר|החדר לא היה נקי|הצוות לא היה אדיב",
		},
		"fa": {
			reading.Positive: "ارزشش را داشت|ارزش خرید دارد|ارزش پولش را دارد|مشکلی ندارد|گران نیست|اصلا خراب نمی\u200cشود|پشیمان نشدم|صف نبود" +
				"|قیمتش گران نیست و کیفیتش خوب است",
			reading.Negative: "کسی کمک نکرد|پشتیبان کمکی نکرد|هیچ چیز کار نمی\u200cکند|مودب نبودند|سریع نبود|پشتیبان به من کمک نکرد" +
				"|هیچ کس عذرخواهی نکرد|ارسال سریع نبود|اتاق تمیز نبود|کارکنان مودب نبودند|تکنسین آمد ولی چیزی درست نشد",
		},
		"ru": {
			reading.Positive: "Ожидание было недолгим|Недорого|Не разочаровался|Проблем не было|Никогда не ломается|Не подвели ни разу" +
				"|Очереди не было|Очереди в отделении не было",
			reading.Negative: "Никто не помог|никто не помог решить вопрос|Оператор не помог|Мастер ничего не починил|Не быстро и не дёшево" +
				"|Невежливо|Оператор не помог решить мою проблему|Поддержка мне не помогла|Мастер приехал, но ничего не починил" +
				"|Доставка была не быстрой|Персонал был невежлив|В номере было не чисто|Никто даже не извинился",
		},
	} {
		for want, said := range by {
			for s := range strings.SplitSeq(said, "|") {
				if all++; r.Read(s, language).Sentiment == want {
					right++
				} else {
					t.Logf("%s %q: %+v", language, s, r.Read(s, language))
				}
			}
		}
	}
	if 100*right < 85*all {
		t.Errorf("%d of %d are right", right, all)
	}
}

func TestReadTakesAnything(t *testing.T) {
	t.Parallel()
	r := shipped(t)
	for _, s := range []string{"", " ", "\x00", "\xff\xfe\xfd", "🙂🙂🙂", "12345", "\u202e\u200b\u2066", strings.Repeat("\u0301", 1000), "מה נשמע hello привет سلام",
		strings.Repeat("great, but bad. ", 60_000), strings.Repeat("a", 1<<20), strings.Repeat("😡", 1<<18), strings.Repeat("?", 1<<20)} {
		for _, language := range []string{"", "en", "he", "xx"} {
			check(t, s, r.Read(s, language))
		}
	}
}

func TestReadIsTheSameForAllAtOnce(t *testing.T) {
	t.Parallel()
	r := shipped(t)
	texts := []string{"Lovely rooms but the wifi is hopeless", "המשלוח איחר בשבוע", "Сколько стоит доставка?", "کیفیت غذا عالی بود"}
	want := make([]reading.Reading, len(texts))
	for i, s := range texts {
		want[i] = r.Read(s, "")
	}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range 200 {
				k := i % len(texts)
				if x := r.Read(texts[k], ""); x.Score != want[k].Score || len(x.Clauses) != len(want[k].Clauses) {
					t.Errorf("%q was read in two ways", texts[k])
					return
				}
			}
		})
	}
	wg.Wait()
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"good, but bad", "\xc3(", "א\u05b0ב", "a\u200db", "😀 :) !!"} {
		f.Add(s, "")
	}
	r := shipped(f)
	f.Fuzz(func(t *testing.T, s, language string) { check(t, s, r.Read(s, language)) })
}

func BenchmarkRead(b *testing.B) {
	r := shipped(b)
	s := "The courier came two days late and left the box in the rain, but support sent me a new one at once."
	text.Ready()
	for b.Loop() {
		r.Read(s, "")
	}
}

func TestEveryShippedModelReads(t *testing.T) {
	t.Parallel()
	r := shipped(t)
	if got := r.Languages(); len(got) != 4 {
		t.Fatalf("models for %q", got)
	}
	for _, l := range append(r.Languages(), "fr", "") {
		if got := r.Read("12 days late", l); got.Model != r.Model() || len(got.Clauses) == 0 {
			t.Errorf("in %q: %+v", l, got)
		}
	}
}

// What a clause says does not depend on how long the text is that it stands in: a transcript is read as its sentences are.
func TestLongTextsAreReadAsShortOnes(t *testing.T) {
	t.Parallel()
	r := shipped(t)
	for _, c := range []struct {
		language  string
		sentiment reading.Sentiment
		sentences []string
	}{
		{"en", reading.Positive, []string{"The staff were friendly and helpful.", "I love how easy the app is.", "Delivery was fast and the courier was kind.", "Great quality for the price."}},
		{"en", reading.Negative, []string{"The staff were rude to us.", "The app crashes all the time.", "The parcel arrived late and broken.", "I was charged twice and nobody answers."}},
		{"he", reading.Positive, []string{"השירות היה מצוין.", "הצוות אדיב ומקצועי.", "המשלוח הגיע מהר מאוד.", "אני מאוד מרוצה מהמוצר."}},
		{"fa", reading.Negative, []string{"کیفیت محصول خیلی بد بود.", "پشتیبانی اصلا جواب نمیدهد.", "بسته دیر و شکسته رسید.", "برنامه مدام خطا میدهد."}},
		{"ru", reading.Positive, []string{"Очень вежливый персонал.", "Доставили быстро, спасибо.", "Отличное качество за свои деньги.", "Приложение удобное и понятное."}},
	} {
		for _, n := range []int{1, 10, 50} {
			long := strings.Repeat(strings.Join(c.sentences, " ")+" ", n)
			got := r.Read(long, c.language)
			right := 0
			for _, x := range got.Clauses {
				if x.Sentiment == c.sentiment {
					right++
				}
			}
			if share := float64(right) / float64(len(got.Clauses)); got.Sentiment != c.sentiment || share < 0.75 {
				t.Errorf("%s, %d times: the text is %v, and %.2f of %d clauses are %v", c.language, n, got.Sentiment, share, len(got.Clauses), c.sentiment)
			}
		}
	}
	for _, word := range []string{"terrible ", "ужасно ", "גרוע "} {
		if got := r.Read(strings.Repeat(word, 10_000), ""); got.Sentiment != reading.Negative {
			t.Errorf("%q, said again and again, is %v", word, got.Sentiment)
		}
	}
}

// TestATextIsAboutWhatItsClausesAreAbout: the whole of two sentences is one vector, in which the second is easily lost.
func TestATextIsAboutWhatItsClausesAreAbout(t *testing.T) {
	t.Parallel()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		"The app crashes every time I try to pay. Delivery was two weeks late and nobody answered my emails.": {"app_website", "communication", "delivery"},
		"שירות מעולה, ממליצה בחום! האפליקציה נוחה וקלה לשימוש.":                                               {"app_website"},
	} {
		var got []string
		for _, x := range r.Read(text, "").Themes {
			got = append(got, x.Theme)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("%q is about %v, not %v", text, got, want)
		}
	}
}

// A telephone number or an order number alone is neither praise nor blame; what rates in figures is.
func TestFiguresAloneSayNothing(t *testing.T) {
	t.Parallel()
	r := shipped(t)
	for _, s := range []string{"4478120", "8 (495) 555-02-19", "۰۹۳۵۱۱۱۲۲۳۳", "054-5550188", "a@example.com", "12.05.2026, 10:30"} {
		for _, language := range []string{"", "en", "he", "fa", "ru"} {
			if x := r.Read(s, language); x.Sentiment != reading.Neutral || x.Unsure {
				t.Errorf("%s %q: %+v", language, s, x)
			}
		}
	}
}

// About knows every theme, and nothing of what says nothing.
func TestAbout(t *testing.T) {
	t.Parallel()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	p, names := r.About("The courier left my parcel in the rain, delivery was two days late.", "en"), r.Themes()
	if len(p) != len(names) {
		t.Fatalf("%d probabilities of %d themes", len(p), len(names))
	}
	best := 0
	for k, x := range p {
		if x < 0 || x > 1 {
			t.Errorf("%s: %v", names[k], x)
		}
		if x > p[best] {
			best = k
		}
	}
	if names[best] != "delivery" {
		t.Errorf("a parcel is about %s", names[best])
	}
	if p := r.About("...!", "en"); p != nil {
		t.Errorf("marks are about %v", p)
	}
}
