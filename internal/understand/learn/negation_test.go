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
			if n.reached(i, 0, len(words)) {
				got = append(got, w.Span.Of(s))
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%q: reached %q, not %q", s, got, want)
		}
	}
	words := text.Words("not clean at all")
	var n near
	if n.find(words); n.reached(1, 1, 4) {
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
