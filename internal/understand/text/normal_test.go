package text

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                      "",
		"Hello,  World!":        "hello, world!",
		"  a\t b \r\n\n c ":     "a b\nc",
		"sooooo goooood!!!!!":   "soo good!!",
		"call 10000 wwww.x.com": "call 10000 www.x.com",
		"שָׁלוֹם":               "שלום",
		"מַהֲדוּרָה צה״ל ג׳ירפה":            "מהדורה צה\"ל ג'ירפה",
		"می\u200cخواهم كتاب\u200cهاي مدرسة": "میخواهم کتابهای مدرسه",
		"اَلسَّلامُ عـــليكم أإآؤئ":         "السلام علیکم اااوی"[:0] + "السلام علیکم ااوی",
		"Ёлка Её":                         "елка ее",
		"и\u0306 е\u0308 e\u0301 а\u0301": "й е é а",
		"۰۱۲۳۴۵۶۷۸۹ ٠١٢٣ ०१२ １２":          "0123456789 0123 012 12",
		"“x” ‘y’ «z» …":                   "\"x\" 'y' \"z\" ..",
		"ﬁne ＦＵＬＬ 𝐛𝐨𝐥𝐝 ①":                 "fine full bold 1",
		"\u202eabc\u202c\u200bd":          "abcd",
		"a\xffb":                          "a\ufffdb",
		"👍🏽 👩\u200d💻 ❤\ufe0f":             "👍 👩💻 ❤",
		"سلام، خوبی؟":                     "سلام, خوبی?",
		"ΣΟΦΟΣ σοφός":                     "σοφοσ σοφόσ",
	} {
		n := Normalize(in)
		if n.Text != want {
			t.Errorf("Normalize(%q) = %q, want %q", in, n.Text, want)
		}
		if again := Normalize(n.Text).Text; again != n.Text {
			t.Errorf("Normalize(%q) is not its own normal form: %q", n.Text, again)
		}
	}
}

// Spans of the folded text must land on the very characters that people see, marks and repeats with them.
func TestOriginal(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, find, want string }{
		{"Plain ASCII Text", "ascii", "ASCII"},
		{"זה שֵׁרוּת טוב", "שרות", "שֵׁרוּת"},
		{"این کتاب\u200cها خوب", "کتابها", "کتاب\u200cها"},
		{"\u202bمَدرسة\u202c ok", "مدرسه", "مَدرسة"},
		{"that is sooooo bad", "soo", "sooooo"},
		{"zo\u0308lf", "zölf", "zo\u0308lf"},
		{"the ﬁnal ①", "fi", "ﬁ"},
		{"a  b\n\nc", "b\nc", "b\n\nc"},
		{"x\xff\xfey", "\ufffd", "\xff"},
		{"👍🏽👍🏽👍🏽 yes", "👍👍", "👍🏽👍🏽👍🏽"},
	} {
		n := Normalize(c.text)
		k := strings.Index(n.Text, c.find)
		if k < 0 {
			t.Errorf("%q is not in %q", c.find, n.Text)
			continue
		}
		if got := n.Original(Span{k, k + len(c.find)}).Of(c.text); got != c.want {
			t.Errorf("%q in %q is %q of the original, want %q", c.find, c.text, got, c.want)
		}
	}
	n := Normalize("абв")
	if got := n.Original(Span{1, 3}); got != (Span{0, 4}) {
		t.Errorf("a span inside runes gives %v", got)
	}
	if got := n.Original(Span{-5, 99}); got != (Span{0, 6}) {
		t.Errorf("a span beyond the text gives %v", got)
	}
}

// checkSpans fails when the spans are out of order, overlap or do not lie on borders of runes of s.
func checkSpans(t *testing.T, what, s string, spans []Span) {
	t.Helper()
	at := 0
	for _, sp := range spans {
		if sp.Start < at || sp.End <= sp.Start || sp.End > len(s) {
			t.Fatalf("%s: span %v after %d of %d bytes", what, sp, at, len(s))
		}
		if !onBorder(s, sp.Start) || !onBorder(s, sp.End) {
			t.Fatalf("%s: span %v of %q is not on borders of runes", what, sp, s)
		}
		at = sp.End
	}
}

// onBorder tells whether i does not lie inside a well-formed rune of s.
func onBorder(s string, i int) bool {
	for k := max(0, i-3); k < i; k++ {
		if r, size := utf8.DecodeRuneInString(s[k:]); k+size > i && (r != utf8.RuneError || size > 1) {
			return false
		}
	}
	return true
}
