package learn

import (
	"fmt"
	"strings"
	"testing"

	"kolo/internal/understand/text"
)

func TestNegationsReachWords(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"the room was not clean at all, it smelt": "clean at all",
		"not one two three four five":             "one two three four",
		"they didn't even apologise":              "even apologise",
		"no one came but nobody cared":            "one came but cared",
		"clean and quiet":                         "",
		"far from clean":                          "clean",
		"anything but cheap":                      "cheap",
		"it used to be great":                     "be great",
		"would be nice if it worked":              "nice if it worked",
		"not only clean, also quiet":              "",
		"nothing but praise":                      "",
		"раньше было лучше":                       "было лучше",
		"היה פעם טוב":                             "טוב",
		"کاش تمیز بود":                            "تمیز بود",
		"не помог и не извинился":                 "помог и извинился",
		"проблем нет":                             "проблем",
		"הצוות לא היה אדיב":                       "היה אדיב",
		"کارکنان مودب نبودند":                     "کارکنان مودب",
		"غذا خوب، اتاق تمیز نبود":                 "اتاق تمیز",
		"جواب نمی\u200cدهند":                      "جواب",
	} {
		words := text.Words(s)
		var n near
		n.find(words)
		var got []string
		for i, w := range words {
			if before, after := n.reached(i, 0, len(words)); before || after {
				got = append(got, w.Span.Of(s))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: reached %q, not %q", s, got, want)
		}
	}
	words := text.Words("not clean at all")
	var n near
	n.find(words)
	if before, after := n.reached(1, 1, 4); before || after {
		t.Error("a negation reaches into a piece that it does not stand in")
	}
}

// A word that was never met negated is turned round as others of its tone were.
func TestNegationHoldsForWordsNeverMetNegated(t *testing.T) {
	t.Parallel()
	praise := strings.Fields("clean quick kind fresh warm tidy soft cheap fair calm")
	blame := strings.Fields("dirty slow rude stale cold messy hard dear unfair loud")
	var examples []Example
	say := func(label int, s string) {
		target := make([]float32, 2)
		target[label] = 1
		examples = append(examples, Example{Words: text.Words(s), Targets: [][]float32{target}, Weights: []float32{1}})
	}
	for i := range praise {
		for k := range 6 {
			say(1, fmt.Sprintf("thing %d was %s", k, praise[i]))
			say(0, fmt.Sprintf("thing %d was %s", k, blame[i]))
		}
		if i < 6 {
			for k := range 3 {
				say(0, fmt.Sprintf("thing %d was not %s", k, praise[i]))
				say(1, fmt.Sprintf("thing %d was not %s", k, blame[i]))
			}
		}
	}
	right := func(f Features) (n int) {
		m, err := Train(examples, []HeadSpec{{Name: "x", Kind: OneOf, Labels: []string{"blame", "praise"}}}, Options{Features: f, Opposites: [2]int{0, 1}, Epochs: 10, Rate: 0.2})
		if err != nil {
			t.Fatal(err)
		}
		file, err := m.Encode(nil)
		if err != nil {
			t.Fatal(err)
		}
		if m, err = Decode(file, nil); err != nil {
			t.Fatal(err)
		}
		s, z := m.Scratch(), make([]float32, 2)
		for i := 6; i < len(praise); i++ {
			for label, w := range []string{praise[i], blame[i]} {
				m.Heads[0].Logits(m.Vector(s, text.Words("thing 9 was not "+w)), z)
				if Most(z) == label {
					n++
				}
			}
		}
		return n
	}
	f := Features{Words: 2, CharLow: 3, CharHigh: 4, CharWeight: 0.5, MinCount: 2}
	if n := right(f); n > 4 {
		t.Errorf("without a look at negation %d of 8 are right: this test shows nothing", n)
	}
	if f.Negation = true; right(f) != 8 {
		t.Errorf("%d of 8 are right", right(f))
	}
}

func TestNumbersRate(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]rates{
		"10/10": high, "0/10 would not": low, "3 out of 10": low, "6/10": middling, "2 stars": low, "5 stars": high, "1-star": low, "5*": high, "8 из 10": high,
		"4.5/5": high, "2,5 из 5": middling, "۱۰ از ۱۰": high, "3 מתוך 5": middling, "5 כוכבים": high, "12/10": rateless, "40 minutes": rateless, "3 of us": rateless,
		"24/7": rateless, "10:30": rateless, "3 out of order": rateless, "0 stars": low,
		"⭐": rateless, "⭐⭐": low, "⭐⭐⭐": middling, "⭐️⭐️⭐️⭐️⭐️ great": high, "★★☆☆☆": low, "★★★★★": high, "★☆☆☆☆": low,
	} {
		if got, _ := rated(text.Words(s), 0); got != want {
			t.Errorf("%q: %d, not %d", s, got, want)
		}
	}
}

// What is better or worse than anything is not turned into its opposite.
func TestComparisonsThatAreDeniedForGood(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"never had a worse meal":          "worse",
		"couldn't be happier":             "happier",
		"never been treated so well":      "so well",
		"not better than before":          "",
		"никогда не видел такого хамства": "такого хамства",
		"מעולם לא קיבלתי יותר טוב":        "יותר טוב",
		"no more problems":                "more",
		"it no longer crashes":            "",
		"هیچ جا بهتر نیست":                "بهتر",
	} {
		words := text.Words(s)
		var n near
		n.find(words)
		var got []string
		for i, w := range words {
			if before, _ := n.reached(i, 0, len(words)); before && n.how[i] == surpassed {
				got = append(got, w.Span.Of(s))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: %q, not %q", s, got, want)
		}
	}
}
