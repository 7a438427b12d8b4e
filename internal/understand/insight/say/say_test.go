package say

import (
	"strings"
	"testing"

	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/insight"
	"kolo/internal/understand/stat"
)

func at[T any](v T) *T { return &v }

func compared(m insight.Measure, value, before, d, low, high, p float64, verdict string) Compared {
	return Compared{What: "NPS", Measure: m, To: "previous", Row: insight.Row{Value: &value, N: 140, Compare: &insight.Comparison{
		Value: &before, N: 150, Difference: &d, Interval: &stat.Interval{Low: low, High: high}, P: &p, Minimum: at(5.0), Verdict: verdict}}}
}

func TestComparisonInWords(t *testing.T) {
	t.Parallel()
	cat := i18n.Load()
	for _, c := range []struct {
		tag  string
		x    Compared
		want string
	}{
		{"en", compared(insight.NPS, 31, 25, 6, -2, 14, .14, "chance"), "NPS rose by 6 points against the period before (25) (95% CI −2 to +14, p = 0.14): not distinguishable from chance."},
		{"en", compared(insight.NPS, 24, 25, -1, -1.6, -.4, .0004, "slight"), "NPS fell by 1 point against the period before (25) (95% CI −2 to −0.4, p < 0.001): more than chance, but less than the 5 points that matter here."},
		{"ru", compared(insight.NPS, 31, 9, 22, 12, 32, .00001, "clear"), "NPS: рост на 22 пункта по сравнению с предыдущим периодом (9) (95 % ДИ от +12 до +32; p < 0,001): случайностью это не объяснить."},
		{"fa", compared(insight.NPS, 31, 25, 6, 1, 11, .02, "clear"), "\u2068NPS\u2069: ۶ امتیاز افزایش نسبت به دورهٔ پیشین (۲۵)"},
		{"he", compared(insight.NPS, 31, 30, 2, 1, 11, .02, "clear"), "\u2068NPS\u2069: עלייה של שתי נקודות לעומת התקופה הקודמת (30)"},
	} {
		w, ok := Comparison(cat.Language(c.tag), c.x)
		if !ok || !strings.HasPrefix(strings.ReplaceAll(w.Sentence, "\u00a0", " "), c.want) {
			t.Errorf("%s: %q, want %q", c.tag, w.Sentence, c.want)
		}
	}
	en := cat.Language("en")
	share := compared(insight.CSAT, .81, .78, .03, .002, .058, .04, "slight")
	share.Row.Compare.Minimum = at(.05)
	share.To = "rest"
	if w, _ := Comparison(en, share); strings.ReplaceAll(w.Sentence, "\u00a0", " ") != "NPS is 3.0 percentage points higher than for the other groups (78.0%) (95% CI +0.2 to +5.8, p = 0.040): more than chance, but less than the 5.0 percentage points that matter here." {
		t.Errorf("%q", w.Sentence)
	}
	few := compared(insight.NPS, 31, 25, 6, -2, 14, .14, "too_few")
	few.Row.N = 7
	if w, ok := Comparison(en, few); !ok || w.Sentence != "NPS is not compared with the period before: fewer than 10 answers on one side (7 and 150)." || w.Tone != "" {
		t.Errorf("%+v", w)
	}
	count := Compared{What: "Feedback", Measure: insight.Count, To: "year", Row: insight.Row{Value: at(150.0), N: 150, Compare: &insight.Comparison{Value: at(100.0), N: 100, Difference: at(50.0)}}}
	if w, _ := Comparison(en, count); w.Sentence != "Feedback rose by 50 (50%) against a year earlier (100)." {
		t.Errorf("%q", w.Sentence)
	}
	if _, ok := Comparison(en, Compared{Row: insight.Row{Value: at(1.0)}}); ok {
		t.Error("a comparison with nothing")
	}
}

// TestAPValueStaysTogether: nothing breaks it, and in languages that run from right to left it is one piece that runs the other way.
// TestAmountsAgreeInNumber: what is shown with a decimal is not one of a thing.
func TestAmountsAgreeInNumber(t *testing.T) {
	t.Parallel()
	cat := i18n.Load()
	for _, c := range []struct {
		tag, unit string
		v         float64
		want      string
	}{
		{"en", "share", .01, "1.0 percentage points"}, {"he", "share", .01, "1.0 נקודות אחוז"}, {"en", "points", -1, "1 point"}, {"en", "points", .5, "0.5 points"},
	} {
		if got := strings.ReplaceAll(Amount(cat.Language(c.tag), c.unit, c.v), "\u00a0", " "); got != c.want {
			t.Errorf("%s: %v %s is %q, want %q", c.tag, c.v, c.unit, got, c.want)
		}
	}
}

func TestAPValueStaysTogether(t *testing.T) {
	t.Parallel()
	cat := i18n.Load()
	for _, c := range []struct {
		tag  string
		p    float64
		want i18n.Verbatim
	}{
		{"en", .86, "p\u00a0=\u00a00.86"}, {"ru", .0004, "p\u00a0<\u00a00,001"}, {"he", .86, "\u2066p\u00a0=\u00a00.86\u2069"}, {"fa", .0004, "\u2066p\u00a0<\u00a0۰٫۰۰۱\u2069"},
	} {
		l := cat.Language(c.tag)
		if got := P(l, c.p); got != c.want {
			t.Errorf("%s: %q, want %q", c.tag, got, c.want)
		}
		w, _ := Comparison(l, compared(insight.NPS, 31, 25, 6, 1, 11, c.p, "clear"))
		if !strings.Contains(w.Sentence, string(c.want)) {
			t.Errorf("%s: %q has no %q", c.tag, w.Sentence, c.want)
		}
	}
}

// TestATone is coloured only where the difference is clear, by whether it is good news.
func TestATone(t *testing.T) {
	t.Parallel()
	en := i18n.Load().Language("en")
	for verdict, want := range map[string]string{"clear": "bad", "chance": "", "slight": ""} {
		x := compared(insight.NegativeShare, .3, .2, .1, .05, .15, .001, verdict)
		if verdict == "clear" {
			x.Row.Compare.Better = at(false)
		}
		w, _ := Comparison(en, x)
		if w.Tone != want || !w.Up {
			t.Errorf("%s: %+v", verdict, w)
		}
	}
}

func TestWhatElseIsKnown(t *testing.T) {
	t.Parallel()
	en := i18n.Load().Language("en")
	x := compared(insight.NPS, 31, 25, 6, -2, 14, .14, "chance")
	c := x.Row.Compare
	c.Shares, c.Detectable = &stat.Test{P: .003, DF: 2}, at(11.4)
	c.Paired = &insight.Paired{Customers: 43, Difference: 4, Interval: stat.Interval{Low: 1, High: 7}, P: .012}
	w, _ := Comparison(en, x)
	got := strings.ReplaceAll(strings.Join(w.More, "|"), "\u00a0", " ")
	for _, want := range []string{"chi-square test, p = 0.003", "43 customers answered both times and changed by +4 on average (95% CI +1 to +7, p = 0.012)", "a difference of 11 points or more would show"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q lacks %q", got, want)
		}
	}
	a := &insight.Answer{Measure: insight.NPS, Unit: "points", Bucket: "week", Detectable: &insight.Detectable{Difference: 9.3, N: 140}}
	if got := Detectable(en, a); got != "With about 140 answers a week, only changes of 9 points or more can be seen from one week to the next." {
		t.Errorf("%q", got)
	}
	if Detectable(en, &insight.Answer{}) != "" || Customers(en, insight.Row{}) != "" {
		t.Error("what is not known is told")
	}
	if got := Customers(en, insight.Row{N: 140, Customers: at(int64(97)), DesignEffect: at(1.3)}); !strings.HasPrefix(got, "140 answers of 97 known customers") {
		t.Errorf("%q", got)
	}
}

func TestFillWritesEverySentence(t *testing.T) {
	t.Parallel()
	x := compared(insight.NPS, 31, 25, 6, -2, 14, .14, "chance")
	a := &insight.Answer{Measure: insight.NPS, Unit: "points", Total: x.Row, Rows: []insight.Row{{Value: at(1.0), Compare: &insight.Comparison{Value: at(1.0), N: 3, Difference: at(0.0), Verdict: "too_few"}}, {}}}
	Fill(i18n.Load().Language("en"), a, &insight.Compare{To: "previous"}, 0)
	if !strings.HasPrefix(a.Total.Compare.Sentence, "NPS rose by 6 points") || !strings.HasPrefix(a.Rows[0].Compare.Sentence, "NPS is not compared") {
		t.Errorf("%q, %q", a.Total.Compare.Sentence, a.Rows[0].Compare.Sentence)
	}
}

// TestOneVoiceIsSaid: why there is neither interval nor verdict is said in every language.
func TestOneVoiceIsSaid(t *testing.T) {
	t.Parallel()
	cat := i18n.Load()
	for tag, want := range map[string][2]string{
		"en": {"NPS is not compared with the period before: all answers on one side are one customer's, and one voice says nothing of others.", "All 60 answers are one customer's"},
		"he": {"אין השוואה עם התקופה הקודמת, כי באחד הצדדים כל התשובות הן של לקוח אחד", "כל 60 התשובות הן של לקוח אחד"},
		"fa": {"در یک سو همهٔ پاسخ\u200cها از یک مشتری است", "هر ۶۰ پاسخ از یک مشتری است"},
		"ru": {"с одной стороны все ответы от одного клиента", "Все ответы от одного клиента (60 ответов)"},
	} {
		l := cat.Language(tag)
		x := compared(insight.NPS, 100, 25, 75, 0, 0, 0, "one_customer")
		x.Row.Compare.Interval, x.Row.Compare.P = nil, nil
		w, ok := Comparison(l, x)
		plain := strings.NewReplacer("\u00a0", " ", "\u2068", "", "\u2069", "")
		if !ok || !strings.Contains(plain.Replace(w.Sentence), want[0]) || w.Tone != "" {
			t.Errorf("%s: %q, want %q", tag, w.Sentence, want[0])
		}
		if got := plain.Replace(Customers(l, insight.Row{N: 60, Customers: at(int64(1)), Note: "one_customer"})); !strings.Contains(got, want[1]) {
			t.Errorf("%s: %q, want %q", tag, got, want[1])
		}
	}
}
