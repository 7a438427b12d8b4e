package rule

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kolo/internal/understand/text"
)

// Text is a text made ready for any number of rules. It must not be used concurrently.
type Text struct {
	words    []text.Word // without marks
	stems    []string    // of each word; "" for what is no word of letters
	language string
	at       map[string][]int32 // where a folded form, or behind a mark a stem, stands
	looked   map[string]string  // stems of the words of rules
}

// NewText makes a text ready, from its words and language ("" when it is not known).
func NewText(words []text.Word, language string) *Text {
	t := &Text{language: language, at: make(map[string][]int32, 2*len(words)), looked: map[string]string{}}
	typed := words
	if language != "ar" {
		words = text.JoinPersian(words)
	}
	t.words, t.stems = make([]text.Word, 0, len(words)), make([]string, 0, len(words))
	for _, w := range words {
		if w.Kind == text.Punctuation {
			continue
		}
		i := int32(len(t.words))
		t.words = append(t.words, w)
		t.at[w.Form] = append(t.at[w.Form], i)
		stem := ""
		if w.Kind == text.Letters {
			stem = stemOf(w.Form, language)
			t.at[mark+stem] = append(t.at[mark+stem], i)
		}
		t.stems = append(t.stems, stem)
		// Of a word that was typed as two, either is found, too.
		for len(typed) > 0 && typed[0].Span.End <= w.Span.End {
			if part := typed[0]; part.Kind == text.Letters && part.Form != w.Form && part.Span.Start >= w.Span.Start {
				for _, key := range []string{part.Form, mark + stemOf(part.Form, language)} {
					if at := t.at[key]; len(at) == 0 || at[len(at)-1] != i {
						t.at[key] = append(at, i)
					}
				}
			}
			typed = typed[1:]
		}
	}
	return t
}

// mark tells stems from forms in the index.
const mark = "\x00"

// stemOf is the stem of a word in the language of its text, or, where the word is of another script, in the language that
// most writes it.
func stemOf(form, language string) string {
	r, _ := utf8.DecodeRuneInString(form)
	switch {
	case unicode.Is(unicode.Hebrew, r):
		language = "he"
	case unicode.Is(unicode.Arabic, r):
		if language != "ar" {
			language = "fa"
		}
	case unicode.Is(unicode.Cyrillic, r):
		language = "ru"
	case r < utf8.RuneSelf:
		switch language {
		case "", text.Undetermined, "he", "fa", "ar", "ru":
			language = "en"
		}
	}
	return text.Stem(form, language)
}

// place is a stretch of words of a text.
type place struct{ from, to int32 }

// Match tells whether a rule holds of a text, and which stretches of the original text are the reason, in order and
// without overlaps.
func (r *Rule) Match(t *Text) (bool, []text.Span) {
	ok, places := r.root.match(t)
	if !ok {
		return false, nil
	}
	slices.SortFunc(places, func(a, b place) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var out []text.Span
	for _, p := range places {
		sp := text.Span{Start: t.words[p.from].Span.Start, End: t.words[p.to-1].Span.End}
		if n := len(out); n > 0 && sp.Start < out[n-1].End {
			out[n-1].End = max(out[n-1].End, sp.End)
			continue
		}
		out = append(out, sp)
	}
	return true, out
}

// Of tells whether a rule holds of a text in a language, and why; for more than one rule see NewText.
func (r *Rule) Of(s, language string) (bool, []text.Span) {
	return r.Match(NewText(text.Words(s), language))
}

func (n *node) match(t *Text) (bool, []place) {
	switch n.op {
	case opNot:
		ok, _ := n.kids[0].match(t)
		return !ok, nil
	case opAnd:
		var all []place
		for _, k := range n.kids {
			ok, places := k.match(t)
			if !ok {
				return false, nil
			}
			all = append(all, places...)
		}
		return true, all
	case opOr:
		var all []place
		any := false
		for _, k := range n.kids {
			if ok, places := k.match(t); ok {
				any, all = true, append(all, places...)
			}
		}
		return any, all
	}
	var all []place
	hits := n.hits(t)
	for _, h := range hits {
		all = append(all, h.parts...)
	}
	return len(hits) > 0, all
}

// hit is a stretch of words that something matches, and the words in it that are the reason.
type hit struct {
	place
	parts []place
}

// hits is where a word, a phrase, a choice of them, or two near each other stand, in order.
func (n *node) hits(t *Text) []hit {
	var out []hit
	switch n.op {
	case opWord:
		for _, p := range t.phrase(n.words) {
			out = append(out, hit{p, []place{p}})
		}
	case opPrefix:
		for i, w := range t.words {
			if strings.HasPrefix(w.Form, n.words[0]) || strings.HasPrefix(t.stems[i], n.words[0]) || strings.HasPrefix(text.HebrewStem(w.Form), n.words[0]) {
				p := place{int32(i), int32(i) + 1}
				out = append(out, hit{p, []place{p}})
			}
		}
	case opOr:
		for _, k := range n.kids {
			out = append(out, k.hits(t)...)
		}
		return inOrder(out)
	case opNear:
		return n.pairs(t)
	}
	return out
}

// inOrder sorts hits, and keeps the shortest of those that begin at the same word, so that there are never more than words.
func inOrder(hits []hit) []hit {
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	return slices.CompactFunc(hits, func(a, b hit) bool { return a.from == b.from })
}

// pairs finds, for each hit of the left side, the nearest of the right side before and after it.
func (n *node) pairs(t *Text) []hit {
	left, right := n.kids[0].hits(t), n.kids[1].hits(t)
	var out []hit
	add := func(a, b hit) {
		if b.from-a.to < int32(n.near) && a.from-b.to < int32(n.near) {
			out = append(out, hit{place{min(a.from, b.from), max(a.to, b.to)}, append(slices.Clone(a.parts), b.parts...)})
		}
	}
	j := 0
	for _, a := range left {
		for j < len(right) && right[j].from < a.to {
			j++
		}
		if j < len(right) { // the first one after; a word is not near itself
			add(a, right[j])
		}
		for k := j - 1; k >= max(0, j-3); k-- { // the last one before: some may overlap
			if right[k].to <= a.from {
				add(a, right[k])
				break
			}
		}
	}
	return inOrder(out)
}

// phrase is where words stand in a row, each in any of its forms.
func (t *Text) phrase(words []string) []place {
	var out []place
	for _, i := range t.forms(words[0]) {
		k := 1
		for k < len(words) && int(i)+k < len(t.words) && t.same(int(i)+k, words[k]) {
			k++
		}
		if k == len(words) {
			out = append(out, place{i, i + int32(k)})
		}
	}
	return out
}

// forms is where a word stands in any of its forms, in order.
func (t *Text) forms(word string) []int32 {
	exact, stemmed := t.at[word], t.at[mark+t.stem(word)]
	if len(exact) == 0 {
		return stemmed
	}
	if len(stemmed) == 0 {
		return exact
	}
	both := append(slices.Clone(exact), stemmed...)
	slices.Sort(both)
	return slices.Compact(both)
}

func (t *Text) stem(word string) string {
	s, ok := t.looked[word]
	if !ok {
		s = stemOf(word, t.language)
		t.looked[word] = s
	}
	return s
}

func (t *Text) same(i int, word string) bool {
	return t.words[i].Form == word || t.stems[i] != "" && t.stems[i] == t.stem(word)
}
