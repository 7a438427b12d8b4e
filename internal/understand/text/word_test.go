package text

import (
	"slices"
	"strings"
	"testing"
)

func TestWords(t *testing.T) {
	t.Parallel()
	kinds := map[Kind]string{Letters: "", Number: "#", URL: "u:", Email: "e:", User: "@:", Emoji: "^", Punctuation: "."}
	for text, want := range map[string]string{
		"Don't wait, it's GREAT!!!":                  "don't wait ., it's great .!!",
		"paid 1,299.99 at 10:30 for 3 items":         "paid #1,299.99 at #10:30 for #3 items",
		"4G covid-19 15% B2B":                        "4g covid .- #19 #15 .% b2b",
		"צה\"ל ג'ירפה רח' 5, ש״ח":                    "צה\"ל ג'ירפה רח .' #5 ., ש\"ח",
		"می\u200cخواهم کتاب\u200cها ۱۲":              "میخواهم کتابها #12",
		"see https://x.example/a?b=1, ok":            "see u:https://x.example/a?b=1 ., ok",
		"at www.example.com and shop.example.co.il!": "at u:www.example.com and u:shop.example.co.il .!",
		"done.Now e.g. this":                         "done .. now e .. g .. this",
		"mail Joe@Example.com or @joe_b.":            "mail e:joe@example.com or @:@joe_b ..",
		"nice :) :-( ;) =D :/ http://":               "nice ^:) ^:-( ^;) ^=d ^:/ http .: .//",
		"👍🏽👍🏽👍🏽 👩\u200d💻 🇮🇱🇫🇷":                       "^👍 ^👍 ^👩 ^💻 ^🇮🇱 ^🇫🇷",
		"中文 ひらカタカナ ไทย":                              "中 文 ひ ら カタカナ ไทย",
		"так-то ))) «да»":                            "так .- то .)) .\" да .\"",
		"":                                           "",
	} {
		var got []string
		for _, w := range Words(text) {
			got = append(got, kinds[w.Kind]+w.Form)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("Words(%q)\n  %s, want\n  %s", text, s, want)
		}
	}
}

func TestWordSpans(t *testing.T) {
	t.Parallel()
	s := "\u202bהַשֵּׁרוּת\u202c הכי טוווווב!!"
	var got []string
	for _, w := range Words(s) {
		got = append(got, w.Span.Of(s))
	}
	if want := []string{"הַשֵּׁרוּת", "הכי", "טוווווב", "!!"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A splitter gives what Words gives, whatever it split before.
func TestSplitter(t *testing.T) {
	t.Parallel()
	var sp Splitter
	for range 2 {
		for _, s := range append(seeds, benchTexts...) {
			if got, want := sp.Words(s), Words(s); !slices.Equal(got, want) {
				t.Errorf("%q: %v, want %v", s, got, want)
			}
			if sp.Normal().Text != Normalize(s).Text {
				t.Errorf("%q is folded to %q", s, sp.Normal().Text)
			}
		}
	}
}

func TestClass(t *testing.T) {
	t.Parallel()
	var got []string
	for _, w := range Words("Order 4471 from a@b.com via https://x.com by @joe :)") {
		got = append(got, w.Class())
	}
	if s := strings.Join(got, " "); s != "order <number> from <email> via <url> by <user> :)" {
		t.Error(s)
	}
}

func TestShouted(t *testing.T) {
	t.Parallel()
	s := "WORST Shop I EVER 24 УЖАС שירות"
	var got []string
	for _, w := range Words(s) {
		if w.Shouted(s) {
			got = append(got, w.Form)
		}
	}
	if want := []string{"worst", "ever", "ужас"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}
