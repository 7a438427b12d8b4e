package text

import (
	"strings"
	"testing"
	"unicode/utf8"
)

var seeds = []string{
	"", " ", "\n", "a", "The food was great, but the service was slow. Call me: +1 202-555-0143 or joe@example.com!",
	"המשלוח הגיע בזמן, אבל השירות היה גרוע. ת.ז. 123456782, 052-5550199", "ارسال سریع بود، ولی بسته\u200cبندی خوب نبود. ۰۹۱۲۰۰۰۰۰۰۰",
	"Доставка быстрая, но упаковка мятая!!! +7 (900) 000-00-00 https://x.ru/?token=abcdef", "👍👍👍👍", "😀\u200d😀\ufe0f🏳\ufe0f\u200d🌈🇮🇱🇮",
	"\xff\xfe\x80\xc3", "\u202e\u202d\u2066abc\u2069", "\u0301\u0301a\u0301", "x\u200b\u200c\u200dy", "IL62 0108 0000 0009 9999 999", "4111 1111 1111 1111",
	"1.2.3.4 ::1 fe80::1:2 10:30:20", "@@@@ a@b a@b.c @x.", "http:// https:// www. www.a http://a@b:c/#token=1234567", ":):(:-) ;p =d :/ ://", "a.b.c.d.e.f.g", "''\"\"«»()[]",
	"中文沒有空格，很好。日本語です。ไทย", "ﷺﷺﷺ ﬁ", strings.Repeat("א\u05b0", 50), "e.g. 3.5 т.е. г. Москва", "+++(((000)))---", "00-00/00.00 00 00",
}

func FuzzText(f *testing.F) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		checkAll(t, s)
	})
}

// checkAll runs everything over a text and holds what it gives against what is promised of any text.
func checkAll(t *testing.T, s string) {
	t.Helper()
	n := Normalize(s)
	if !utf8.ValidString(n.Text) {
		t.Fatalf("Normalize(%q) is not UTF-8: %q", s, n.Text)
	}
	for i := 0; i < len(n.Text); {
		_, size := utf8.DecodeRuneInString(n.Text[i:])
		sp := n.Original(Span{i, i + size})
		checkSpans(t, "Original", s, []Span{sp})
		i += size
	}
	words := Words(s)
	spans := make([]Span, len(words))
	for i, w := range words {
		spans[i] = w.Span
		if w.Form == "" || w.Kind < Letters || w.Kind > Punctuation {
			t.Fatalf("Words(%q): %+v", s, w)
		}
	}
	checkSpans(t, "Words", s, spans)

	clauses := Clauses(s)
	checkSpans(t, "Clauses", s, clauses)
	k := 0
	for _, w := range words {
		for k < len(clauses) && clauses[k].End <= w.Span.Start {
			k++
		}
		if k == len(clauses) || !clauses[k].Contains(w.Span) {
			t.Fatalf("Clauses(%q): %v do not hold %q", s, clauses, w.Span.Of(s))
		}
	}

	found := Personal(s, "")
	spans = spans[:0]
	for _, p := range found {
		spans = append(spans, p.Span)
	}
	checkSpans(t, "Personal", s, spans)
	if masked := Mask(s, found); len(found) == 0 && masked != s {
		t.Fatalf("Mask(%q) = %q without a finding", s, masked)
	}
	for _, lang := range []string{"en", "he", "fa", "ru", "ar", "tr", ""} {
		for _, term := range Terms(words, lang) {
			if term.Stem == "" {
				t.Fatalf("Terms(%q, %s): an empty stem of %q", s, lang, words[term.Word].Form)
			}
		}
	}
	Fingerprint(words)
	if l := Detect(s); l.Code == "" || !(l.Confidence >= 0 && l.Confidence <= 1) {
		t.Fatalf("Detect(%q) = %+v", s, l)
	}
	var d Duplicates
	if g, near := d.Add("a", words); g != 0 || near {
		t.Fatalf("Duplicates of %q: %d %v", s, g, near)
	}
}

// A megabyte of anything keeps all promises.
func TestMegabyte(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds")
	}
	for _, unit := range []string{"Very good, but slow. 0525550199 ", "השירות איטי", "\xff\u0301\u200b👍🏽"} {
		checkAll(t, strings.Repeat(unit, 1<<20/len(unit)+1))
	}
}

func FuzzNormalize(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, 1, 3)
	}
	f.Fuzz(func(t *testing.T, s string, start, end int) {
		n := Normalize(s)
		// What was left out may have kept equal characters apart; after a second time nothing is left to do.
		twice := Normalize(n.Text).Text
		if thrice := Normalize(twice).Text; thrice != twice {
			t.Fatalf("Normalize(%q) does not come to rest: %q, %q, %q", s, n.Text, twice, thrice)
		}
		sp := n.Original(Span{start, end})
		if sp.Start < 0 || sp.End < sp.Start || sp.End > len(s) || !onBorder(s, sp.Start) || !onBorder(s, sp.End) {
			t.Fatalf("Original(%d, %d) of %q is %v", start, end, s, sp)
		}
	})
}

func FuzzMask(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, "he", 0, 3)
	}
	f.Fuzz(func(t *testing.T, s, lang string, start, end int) {
		found := Personal(s, lang)
		masked := Mask(s, found)
		for _, x := range found {
			if !strings.Contains(masked, "["+string(x.Kind)+"]") {
				t.Fatalf("%s of %q is not masked: %q", x.Kind, s, masked)
			}
		}
		Mask(s, []Finding{{Span{start, end}, PersonalName}, {Span{end, start}, PersonalName}}) // spans of another text
	})
}

func FuzzStem(f *testing.F) {
	for _, s := range []string{"deliveries", "והמשלוחים", "کتابهایمان", "доставками", "", "\xff", "ß", "ــ", strings.Repeat("ה", 40)} {
		for _, lang := range []string{"en", "he", "fa", "ru", "ar", "de", "tr"} {
			f.Add(s, lang)
		}
	}
	f.Fuzz(func(t *testing.T, s, lang string) {
		form := Normalize(s).Text
		if stem := Stem(form, lang); (stem == "") != (form == "") {
			t.Fatalf("Stem(%q, %s) = %q", form, lang, stem)
		}
		if stem := HebrewStem(form); !strings.HasSuffix(form, stem) {
			t.Fatalf("HebrewStem(%q) = %q", form, stem)
		}
	})
}

func FuzzDetect(f *testing.F) {
	for _, s := range seeds {
		f.Add(s, "en")
	}
	f.Fuzz(func(t *testing.T, s, hint string) {
		a, b := DetectWith(s, hint), DetectWith(s, hint)
		if a != b {
			t.Fatalf("DetectWith(%q, %q) is %v, then %v", s, hint, a, b)
		}
		if (a.Code == Undetermined) != (a.Confidence == 0) || a.Confidence < 0 || a.Confidence > 1 {
			t.Fatalf("DetectWith(%q, %q) = %v", s, hint, a)
		}
	})
}

func FuzzDuplicates(f *testing.F) {
	f.Add("a b c d e f g", "a b c d e f h")
	f.Fuzz(func(t *testing.T, a, b string) {
		var d Duplicates
		g, _ := d.Add("a", Words(a))
		h, near := d.Add("b", Words(b))
		if h != g && h != 1 || near && h != g {
			t.Fatalf("%q is in group %d, %q in %d (near %v)", a, g, b, h, near)
		}
		if again, near := d.Add("c", Words(b)); Fingerprint(Words(b)) != 0 && (again != h || near) {
			t.Fatalf("%q is in group %d, and in %d again", b, h, again)
		}
	})
}
