package rule

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"kolo/internal/understand/text"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule, text, language string
		want                 string // the reasons with | between, "-" when the rule does not hold
	}{
		{"refund", "I want two refunds, now", "en", "refunds"},
		{"refund", "Refunding took weeks", "en", "Refunding"},
		{"refund", "I want my money", "en", "-"},
		{`"money back"`, "I want my money back.", "en", "money back"},
		{`"money back"`, "money was sent back", "en", "-"},
		{"deliver*", "Undelivered: the delivery man never delivers", "en", "delivery|delivers"},
		{"late delivery", "The delivery was late", "en", "delivery|late"},
		{"late delivery", "The delivery was on time", "en", "-"},
		{"late, slow", "so slow", "en", "slow"},
		{"late OR slow", "so late, so slow", "en", "late|slow"},
		{"late | slow & courier", "slow", "en", "-"}, // AND binds more tightly
		{"(late | slow) courier", "slow courier", "en", "slow|courier"},
		{"refund NOT policy", "your refund policy", "en", "-"},
		{"refund -policy", "my refund", "en", "refund"},
		{"refund !(policy, terms)", "refund terms", "en", "-"},
		{"card w/3 declined", "my card was declined", "en", "card|declined"},
		{"card w/3 declined", "declined: the card", "en", "declined|card"},
		{"card w/2 declined", "my card was, as often, declined", "en", "-"},
		{"card NEAR declined NEAR/2 again", "the card was declined again and again", "en", "card|declined|again"},
		{"(courier, driver) w/3 rude", "a rude driver", "en", "rude|driver"},
		{`"check-in"`, "Check in was slow", "en", "Check in"},
		{"check-in", "the check-in desk", "en", "check-in"},
		{"no NEAR no", "no", "en", "-"}, // a word is not near itself
		{"no NEAR no", "no and no", "en", "no|no"},
		{"משלוח", "המשלוח איחר", "he", "המשלוח"},
		{"המשלוח איחר", "איחור של המשלוח", "he", "-"},
		{`צה"ל`, `שירתתי בצה"ל`, "he", `בצה"ל`},
		{`"דו"ח חשבון", צה"ל`, "הגשתי דו״ח חשבון לבנק", "he", "דו״ח חשבון"},
		{"״דו״ח חשבון״", `הגשתי דו"ח חשבון לבנק`, "he", `דו"ח חשבון`},
		{"доставка", "Доставку задержали", "ru", "Доставку"},
		{"ждать", "Жду ответа, ждал и буду ждать", "ru", "Жду|ждал|ждать"},
		{"платить", "Платье и плата, а плачу я", "ru", "плачу"},
		{"ожидание", "ждал", "ru", "-"},
		{"לחכות", "שחיכיתי וגם מחכים", "he", "שחיכיתי|מחכים"},
		{"חיכ*", "וגם שחיכיתי", "he", "שחיכיתי"},
		{"הם", "המים קרים", "he", "-"},
		{"ارسال", "ارسالش دیر شد", "fa", "ارسالش"},
		{"سفارش", "سفارش\u200cها و سفارش ها و سفارشها و سفارشم", "fa", "سفارش\u200cها|سفارش ها|سفارشها|سفارشم"},
		{"سفارش", "سفارت بسته بود", "fa", "-"},
		{"رسیدن", "می\u200cرسه و نمی\u200cرسد، می رسید", "fa", "می\u200cرسه|می رسید"},
		{"доставка ИЛИ курьер", "курьеры хамят", "ru", "курьеры"},
		{"цена НЕ скидка", "цена со скидкой", "ru", "-"},
		{"قیمت", "قيمت\u200cها بالاست", "fa", "قيمت\u200cها"},
		// A space, a half-space, none, and an Arabic keyboard: on either side.
		{"جواب نمي دهد", "کسی جواب نمی\u200cدهد", "fa", "جواب|نمی\u200cدهد"},
		{"جواب نمی\u200cدهد", "کسی جواب نمي دهد", "fa", "جواب|نمي دهد"},
		{`"جواب نمي دهد"`, "کسی جواب نمیدهد", "fa", "جواب نمیدهد"},
		{`"جواب نمیدهد"`, "کسی جواب نمی دهد", "fa", "جواب نمی دهد"},
		{`"جواب نمي دهد"`, "کسی جواب نمي دهد", "fa", "جواب نمي دهد"},
		{"نمی دهد", "کسی می\u200cدهد، نمی خواهد", "fa", "-"},
		{`"كتاب هاي خوب"`, "کتاب\u200cهای خوب", "fa", "کتاب\u200cهای خوب"},
		{`"کتابهای خوب"`, "كتاب هاي خوب", "fa", "كتاب هاي خوب"},
		{"دهد", "جواب نمی دهد", "fa", "نمی دهد"},
		{"رفته ام", "من رفته\u200cام", "fa", "رفته\u200cام"},
		{"نمی, دهد", "می\u200cروم", "fa", "-"},
		{"delivery", "המשלוח של delivery איחר", "he", "delivery"},
		{"😡", "late again 😡", "en", "😡"},
		{"1,000", "it cost 1,000 dollars", "en", "1,000"},
	} {
		r, err := Parse(c.rule)
		if err != nil {
			t.Errorf("%s: %v", c.rule, err)
			continue
		}
		ok, spans := r.Of(c.text, c.language)
		got := "-"
		if ok {
			var parts []string
			for _, sp := range spans {
				parts = append(parts, sp.Of(c.text))
			}
			got = strings.Join(parts, "|")
		}
		if got != c.want {
			t.Errorf("%s in %q: %q, want %q", c.rule, c.text, got, c.want)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rule, code string
		column     int
	}{
		{"", "empty", 1},
		{"  ", "empty", 1},
		{"late AND", "unfinished", 9},
		{"AND late", "operator", 1},
		{"late OR OR slow", "operator", 9},
		{"(late", "bracket", 1},
		{"late)", "bracket", 5},
		{"()", "operator", 2},
		{`say "money back`, "quote", 5},
		{`""`, "empty_phrase", 1},
		{"de*liver", "star", 3},
		{"*", "star", 1},
		{"a*", "star", 1},
		{"check-in*", "star", 1},
		{"NOT late", "only_not", 1},
		{"late OR NOT slow", "only_not", 1},
		{"late NEAR/x slow", "near", 6},
		{"late w/99 slow", "near", 6},
		{"late w/3 (NOT slow)", "near_what", 10},
		{"late w/3 (slow AND bad)", "near_what", 10},
		{"тише -", "no_word", 6},
		{strings.Repeat("(", 40) + "a" + strings.Repeat(")", 40), "too_deep", 33},
		{"ab" + strings.Repeat(" w/2 ab", 17), "too_many_near", 116},
		{strings.Repeat("ab ", 1400), "too_long", MaxLength + 1},
		{strings.Repeat("ab ", 450), "too_many", 3*MaxWords + 1},
	} {
		_, err := Parse(c.rule)
		var e *Error
		if !errors.As(err, &e) || e.Code != c.code || e.Column != c.column {
			t.Errorf("%.40s: %#v, want %s at %d", c.rule, err, c.code, c.column)
		}
	}
}

func TestStringKeepsTheMeaning(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"late, slow courier":     `"late" OR "slow" AND "courier"`,
		"(late, slow) courier":   `("late" OR "slow") AND "courier"`,
		"a1 w/3 b1 w/4 c1":       `"a1" NEAR/3 "b1" NEAR/4 "c1"`,
		"a1 w/3 (b1 w/4 c1)":     `"a1" NEAR/3 ("b1" NEAR/4 "c1")`,
		"refund -(policy terms)": `"refund" AND NOT ("policy" AND "terms")`,
		"del* NOT NOT (x y)":     `del* AND NOT NOT ("x" AND "y")`,
	} {
		r, err := Parse(in)
		if err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got := r.String(); got != want {
			t.Errorf("%s: %s, want %s", in, got, want)
		}
	}
}

// Steps of matching grow with the text, not with its square: the places that are kept are counted, for time is no measure
// on a busy machine.
func TestMatchIsLinear(t *testing.T) {
	t.Parallel()
	r, err := Parse(`(no, "no no", no*) w/5 (no, "no no")` + strings.Repeat(" w/5 no", 10))
	if err != nil {
		t.Fatal(err)
	}
	count := func(n int) int {
		tx := NewText(text.Words(strings.Repeat("no ", n)), "en")
		sum := 0
		for _, h := range r.root.hits(tx) {
			sum += len(h.parts)
		}
		return sum
	}
	small, large := count(500), count(5000)
	if small == 0 || large > 12*small {
		t.Errorf("%d places in 500 words, %d in 5000", small, large)
	}
}

func FuzzRule(f *testing.F) {
	for _, s := range []string{"refund", `"money back"`, "a b, c*", "x NEAR/3 (y | z) NOT w", "(((", `צה"ל -"א"`, "w/5", "И ИЛИ НЕ", "a\x00b", "😡 & \xff", "«да» w/2 нет", "1,000,x"} {
		f.Add(s, "I want my money back, refund! צה\"ל 😡", "en")
	}
	f.Fuzz(func(t *testing.T, source, s, language string) {
		r, err := Parse(source)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Msg == "" || e.Column < 1 || e.Span.Start > len(source) || e.Span.End > len(source) || e.Span.Start > e.Span.End {
				t.Fatalf("%q: %#v", source, err)
			}
			return
		}
		again, err := Parse(r.String())
		if err != nil {
			if len(r.String()) > MaxLength {
				return
			}
			t.Fatalf("%q is %q: %v", source, r.String(), err)
		}
		if again.String() != r.String() {
			t.Fatalf("%q is %q, and then %q", source, r.String(), again.String())
		}
		ok, spans := r.Of(s, language)
		if ok2, spans2 := again.Of(s, language); ok2 != ok || !slices.Equal(spans, spans2) {
			t.Fatalf("%q and %q differ on %q", source, r.String(), s)
		}
		if empty, _ := r.Of("", language); empty {
			t.Fatalf("%q holds of nothing", source)
		}
		last := 0
		for _, sp := range spans {
			if sp.Start < last || sp.End <= sp.Start || sp.End > len(s) || !utf8.RuneStart(s[sp.Start]) && utf8.ValidString(s) {
				t.Fatalf("%q in %q: %v", source, s, spans)
			}
			last = sp.End
		}
	})
}
