package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PersianSigns are the signs of the present tense, which many type apart from their verbs.
var PersianSigns = []string{"نمی", "می"}

// Endings of Persian words that many type apart, folded: behind any word, and behind one that ends in ه.
var (
	persianApart    = set(`ها های هایی هام هات هاش هایم هایت هایش هامون هاتون هاشون هایمان هایتان هایشان تر ترین`)
	persianApartAfe = set(`ام ای ایم اید اند`)
)

// PersianEnding tells whether a folded form is an ending that belongs to the Persian word before it.
func PersianEnding(form, before string) bool {
	return arabicForm(before) && utf8.RuneCountInString(before) > 1 && !slices.Contains(PersianSigns, before) &&
		(persianApart[form] || persianApartAfe[form] && strings.HasSuffix(before, "ه"))
}

// ApartPersian takes the longest ending that many type apart from a folded Persian form; without one rest is "".
func ApartPersian(form string) (rest, ending string) {
	if !arabicForm(form) {
		return "", ""
	}
	for i := range form {
		if i > 0 && PersianEnding(form[i:], form[:i]) {
			return form[:i], form[i:]
		}
	}
	return "", ""
}

// JoinPersian gives words such that what belongs to one Persian word is one, whether it was typed with a space within or not: "نمی دهد",
// "کتاب ها". The words that it is made of are left out; the original slice is not changed.
func JoinPersian(words []Word) []Word {
	var out []Word
	for i := 0; i < len(words); i++ {
		w := words[i]
		beside := func(a, b Word) bool {
			return a.Kind == Letters && b.Kind == Letters && b.Span.Start-a.Span.End <= 3 // a space, and what cannot be seen
		}
		join := func(a, b Word) Word {
			return Word{Span{a.Span.Start, b.Span.End}, a.Form + b.Form, Letters}
		}
		switch {
		case i+1 < len(words) && beside(w, words[i+1]) && slices.Contains(PersianSigns, w.Form) && arabicForm(words[i+1].Form):
			if out == nil {
				out = slices.Clone(words[:i])
			}
			i++
			out = append(out, join(w, words[i]))
		case i > 0 && len(w.Form) <= 16 && w.Kind == Letters && arabicForm(w.Form) && beside(last(out, words[:i]), w) && PersianEnding(w.Form, last(out, words[:i]).Form):
			if out == nil {
				out = slices.Clone(words[:i])
			}
			out[len(out)-1] = join(out[len(out)-1], w)
		case out != nil:
			out = append(out, w)
		}
	}
	if out == nil {
		return words
	}
	return out
}

// last is the last of the words so far, joined ones where there are any.
func last(joined, words []Word) Word {
	if joined != nil {
		return joined[len(joined)-1]
	}
	return words[len(words)-1]
}

func arabicForm(form string) bool {
	r, _ := utf8.DecodeRuneInString(form)
	return unicode.Is(unicode.Arabic, r)
}
