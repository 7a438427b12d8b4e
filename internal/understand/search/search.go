// Package search finds texts by what was said, in any of a word's forms and in all languages at once.
//
// A text is found by its index: the stems of its words in their order, each between two spaces, and beside them the words
// themselves, for a stem does not tell how its word began. A query becomes pieces of such indexes to be contained, so that the
// columns can look for them without an index of their own, together with every other filter.
//
//	refund              the word in any of its forms: refunds, refunded
//	late delivery       both words, anywhere in the text
//	"money back"        the words side by side
//	deliv*              words that begin so
//	-courier            without the word, the phrase or the beginning
//	late OR slow        either; of all that stands on one side of it, or on the other. The same as late | slow, late ИЛИ slow
package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kolo/internal/understand/text"
)

// Indexer makes indexes. It remembers stems, for which most of the time would go; it is for one goroutine.
type Indexer struct {
	splitter text.Splitter
	words    map[string]map[string]indexed // by language and form
	n        int                           // of all that is in words
	stems    []byte
	forms    []byte
}

// indexed is a word as indexes have it.
type indexed struct{ stem, form string }

// Index is what a text is found by.
type Index struct {
	Stems string // of its words; "" for a text without words
	Forms string // the words folded, "" when these are the stems
}

// NewIndexer makes an indexer.
func NewIndexer() *Indexer { return &Indexer{words: map[string]map[string]indexed{}} }

const mostStems = 200_000

// Index is the index of a text in a language (ISO 639-1, "" when it is not known).
func (x *Indexer) Index(s, language string) Index {
	if s == "" {
		return Index{}
	}
	x.stems, x.forms = append(x.stems[:0], ' '), append(x.forms[:0], ' ')
	known := x.words[language]
	if known == nil {
		known = map[string]indexed{}
		x.words[strings.Clone(language)] = known
		x.n++
	}
	for _, w := range x.splitter.Words(s) {
		if w.Kind == text.Punctuation || w.Form == "" {
			continue
		}
		at := x.word(known, w, language)
		x.stems = append(append(x.stems, at.stem...), ' ')
		x.forms = append(append(x.forms, at.form...), ' ')
	}
	if len(x.stems) == 1 {
		return Index{}
	}
	index := Index{Stems: string(x.stems)}
	if index.Stems != string(x.forms) {
		index.Forms = string(x.forms)
	}
	return index
}

func (x *Indexer) word(known map[string]indexed, w text.Word, language string) indexed {
	if w.Kind != text.Letters {
		form := clean(w.Form)
		return indexed{form, form}
	}
	if at, ok := known[w.Form]; ok {
		return at
	}
	form := strings.Clone(w.Form) // not a part of the whole text, which would stay with it
	at := indexed{strings.Clone(clean(stem(form, language))), clean(form)}
	if bare := bare(form, at.stem); bare != "" {
		at.form += " " + bare
	}
	if x.n >= mostStems {
		clear(x.words)
		x.n = 0
	}
	x.n++
	known[form] = at
	return at
}

// stem is what a word is found by. "It's" and "that's" are not found by "it" and "that", which are in every text.
func stem(form, language string) string {
	s := text.Stem(form, language)
	if language == "en" && s != form && strings.Contains(form, "'") && text.Terms([]text.Word{{Kind: text.Letters, Form: s}}, language)[0].Stop {
		return form
	}
	return s
}

// bare is a Hebrew word without its prefixes, where its stem does not begin as it does: "שחיכיתי" begins with "חיכ", too, and its stem is
// "לחכות". Otherwise it is "".
func bare(form, stem string) string {
	if b := text.HebrewStem(form); b != form && !strings.HasPrefix(b, stem) {
		return b
	}
	return ""
}

// clean makes sure that no word looks like two, and takes Latin letters without their marks, as many type them: "cafe" is "café".
func clean(s string) string {
	s = unmarked(s)
	if !strings.ContainsFunc(s, unicode.IsSpace) {
		return s
	}
	return strings.Join(strings.Fields(s), "_")
}

func unmarked(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII && unicode.Is(unicode.Latin, r) }) {
		return s
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(s) {
		if !unicode.Is(unicode.Mn, r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// apart are endings and beginnings of Persian words that many type apart from them. Behind another word they say nothing.
var apart = []string{"ها", "های", "هایی", "هام", "هات", "هاش", "می", "نمی", "تر", "ترین", "ای"}

// Query is what is searched for. The zero value finds everything.
type Query struct {
	any  [][]part // all parts of one of them
	vain bool     // there are signs in it and no word: it finds nothing
}

// part is one word, phrase or beginning.
type part struct {
	not    bool
	prefix bool // the last word is a beginning
	words  []word
}

type word struct {
	form  string   // folded
	stems []string // that it may have, by the language that it may be in
	sign  string   // of the present tense, with which a Persian word begins and which many type apart; or ""
	verb  *word    // what remains
	bare  *word    // of a Persian word in a phrase, what stands before an ending that many type apart; or nil
	end   *word    // that ending
}

const (
	mostParts = 20  // words and phrases in a query; the rest is not looked for
	mostWords = 12  // in a phrase
	mostSigns = 3   // of the present tense, and endings, in a phrase that are looked for joined and apart: each doubles the pieces
	mostBytes = 500 // of a query
)

// Parse reads a query. Nothing is wrong with any text: what is no sign of the grammar is a word. Signs alone find nothing, for whoever
// typed them did not ask for everything; space alone does.
func Parse(s string) Query {
	q := Query{vain: strings.TrimSpace(s) != ""}
	var all []part // of the alternative at hand
	end := func() {
		if len(all) > 0 {
			q.any, q.vain, all = append(q.any, all), false, nil
		}
	}
	n := 0
	s = cut(strings.ToValidUTF8(s, " "), mostBytes)
	for len(s) > 0 && n < mostParts {
		s = strings.TrimLeftFunc(s, unicode.IsSpace)
		not := false
		if rest, ok := strings.CutPrefix(s, "-"); ok && rest != "" && !unicode.IsSpace(first(rest)) {
			not, s = true, rest
		}
		var piece string
		quoted := false
		if open := first(s); strings.ContainsRune(quotes, open) {
			s = s[utf8.RuneLen(open):]
			at := closing(s)
			piece, quoted = s[:at], true
			s = s[at:]
			if s != "" {
				s = s[utf8.RuneLen(first(s)):]
			}
		} else {
			piece, s = upToSpace(s)
			if or[piece] && !not && len(all) > 0 { // with nothing before it, it is a word
				end()
				continue
			}
			if slices.Contains(text.PersianSigns, text.Normalize(piece).Text) { // "می روم" is one word typed apart
				if verb, rest := upToSpace(strings.TrimLeftFunc(s, unicode.IsSpace)); slices.Contains(languages(verb), "fa") {
					piece, s = piece+verb, rest
				}
			}
		}
		if p, ok := newPart(piece, not, quoted); ok && (quoted || len(all) == 0 || len(p.words) > 1 || !slices.Contains(apart, p.words[0].form)) {
			all = append(all, p)
			n++
		}
	}
	end()
	return q
}

func upToSpace(s string) (piece, rest string) {
	if at := strings.IndexFunc(s, unicode.IsSpace); at >= 0 {
		return s[:at], s[at:]
	}
	return s, ""
}

// or is what stands between alternatives, as in the rules of themes.
var or = map[string]bool{"OR": true, "ИЛИ": true, "|": true}

const quotes = `"“”„«»״`

// closing is where a phrase ends: at the first quotation mark but those between two Hebrew letters, which are part of the word: דו"ח.
func closing(s string) int {
	var before rune
	for i, r := range s {
		if strings.ContainsRune(quotes, r) && !(unicode.Is(unicode.Hebrew, before) && unicode.Is(unicode.Hebrew, first(s[i+utf8.RuneLen(r):]))) {
			return i
		}
		before = r
	}
	return len(s)
}

func newPart(piece string, not, quoted bool) (part, bool) {
	p := part{not: not}
	if !quoted {
		piece, p.prefix = strings.CutSuffix(piece, "*")
	}
	for _, w := range text.Words(piece) {
		if w.Kind == text.Punctuation || w.Form == "" || len(p.words) == mostWords {
			continue
		}
		p.words = append(p.words, word{form: clean(w.Form), stems: stems(w)})
	}
	if !p.prefix {
		p.words = conjugated(p.words)
	}
	return p, len(p.words) > 0
}

// conjugated joins Persian verbs with the sign of the present tense before them, and words with the endings behind them, and notes how
// those that have one are typed apart.
func conjugated(words []word) []word {
	out, signs := words[:0], 0
	for i := 0; i < len(words); i++ {
		w := words[i]
		if i+1 < len(words) && slices.Contains(text.PersianSigns, w.form) && slices.Contains(languages(words[i+1].form), "fa") {
			i++
			form := w.form + words[i].form
			w = letters(form)
		} else if i+1 < len(words) && text.PersianEnding(words[i+1].form, w.form) {
			i++
			w = letters(w.form + words[i].form)
		}
		for _, sign := range text.PersianSigns {
			if rest, ok := strings.CutPrefix(w.form, sign); ok && utf8.RuneCountInString(rest) > 1 && signs < mostSigns {
				verb := letters(rest)
				w.sign, w.verb = sign, &verb
				signs++
				break
			}
		}
		if rest, ending := text.ApartPersian(w.form); rest != "" && w.verb == nil && len(words) > 1 && signs < mostSigns {
			bare, end := letters(rest), letters(ending)
			w.bare, w.end = &bare, &end
			signs++
		}
		out = append(out, w)
	}
	return out
}

// letters is a word of letters by its folded form.
func letters(form string) word {
	return word{form: form, stems: stems(text.Word{Kind: text.Letters, Form: form})}
}

func first(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// byScript are the languages that are written with the letters of a word and have stems: nobody says in which one a query
// is.
var latin = []string{"en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "ro", "hu", "tr"}

// byLetters are all of them.
var byLetters = append(slices.Clone(latin), "he", "fa", "ar", "ru")

func languages(form string) []string {
	switch r := first(form); {
	case unicode.Is(unicode.Hebrew, r):
		return []string{"he"}
	case unicode.Is(unicode.Arabic, r):
		return []string{"fa", "ar"}
	case unicode.Is(unicode.Cyrillic, r):
		return []string{"ru"}
	case unicode.Is(unicode.Latin, r):
		return latin
	}
	return nil
}

// stems are what the index of a text may have for a word, the word itself included: in a language without stems it is that.
func stems(w text.Word) []string {
	out := []string{clean(w.Form)}
	if w.Kind != text.Letters {
		return out
	}
	for _, l := range languages(w.Form) {
		if s := clean(stem(w.Form, l)); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// Pattern is one thing to be found in an index, or not to be: any of some pieces of it.
type Pattern struct {
	Not   bool
	Any   []string // of the stems: each begins with a space, and ends with one unless it is a beginning
	Forms []string // of the words themselves, likewise: beginnings alone
}

// Patterns are what an index must fulfil: all of any alternative. Without alternatives, see Empty and Vain.
func (q Query) Patterns() [][]Pattern {
	out := make([][]Pattern, len(q.any))
	for k, all := range q.any {
		out[k] = make([]Pattern, len(all))
		for i, p := range all {
			out[k][i] = Pattern{Not: p.not, Any: p.pieces()}
			if p.prefix {
				out[k][i].Forms = out[k][i].Any
			}
		}
	}
	return out
}

const mostPieces = 24

func (p part) pieces() []string {
	if p.prefix { // of the word as it is written, or of its stem: a Hebrew word begins behind its prefixes, too
		forms := make([]string, len(p.words))
		for i, w := range p.words {
			forms[i] = w.form
		}
		return []string{" " + strings.Join(forms, " ")}
	}
	var out []string
	add := func(words string) {
		piece := " " + words + " "
		if !slices.Contains(out, piece) && len(out) < mostPieces {
			out = append(out, piece)
		}
	}
	if len(p.words) == 1 {
		w := p.words[0]
		for _, v := range w.stems {
			add(v)
		}
		if w.verb != nil {
			for _, v := range w.verb.stems {
				add(w.sign + " " + v)
			}
		}
		return out
	}
	// Word by word in one language, rather than all languages with all: a phrase is in one.
	for _, l := range append([]string{""}, byLetters...) {
		all := []string{""}
		for i, w := range p.words {
			space := " "
			if i == 0 {
				space = ""
			}
			joined := len(all)
			for k := range joined {
				if w.verb != nil {
					all = append(all, all[k]+space+w.sign+" "+w.verb.in(l))
				}
				if w.bare != nil {
					all = append(all, all[k]+space+w.bare.in(l)+" "+w.end.in(l))
				}
				all[k] += space + w.in(l)
			}
		}
		for _, words := range all {
			add(words)
		}
	}
	return out
}

// in is the stem of a word in a language, and the word itself in one that it cannot be in.
func (w word) in(language string) string {
	if !slices.Contains(languages(w.form), language) {
		return w.form
	}
	return clean(stem(w.form, language))
}

// Empty tells whether nothing is searched for.
func (q Query) Empty() bool { return len(q.any) == 0 }

// Vain tells whether a query has nothing that could be found.
func (q Query) Vain() bool { return q.vain }

// Match tells whether an index fulfils the query.
func (q Query) Match(index Index) bool {
	in := func(s string) func(string) bool { return func(piece string) bool { return strings.Contains(s, piece) } }
	fails := func(p Pattern) bool {
		return (slices.ContainsFunc(p.Any, in(index.Stems)) || slices.ContainsFunc(p.Forms, in(index.Forms))) == p.Not
	}
	return q.Empty() && !q.vain || slices.ContainsFunc(q.Patterns(), func(all []Pattern) bool { return !slices.ContainsFunc(all, fails) })
}

// Spans are the places of a text that the query asks for, in order and apart from each other: what is to be marked.
func (q Query) Spans(s, language string) []text.Span {
	var words []text.Word
	var stemmed, forms, bares []string
	for _, w := range text.Words(s) {
		if w.Kind != text.Punctuation && w.Form != "" {
			words = append(words, w)
			shared := w.Form
			if w.Kind == text.Letters {
				shared = stem(w.Form, language)
			}
			stemmed, forms = append(stemmed, clean(shared)), append(forms, clean(w.Form))
			bares = append(bares, bare(w.Form, shared))
		}
	}
	var out []text.Span
	for _, p := range slices.Concat(q.any...) {
		if p.not {
			continue
		}
		for i := range words {
			n := p.at(stemmed, i)
			if n == 0 && p.prefix {
				n = max(p.at(forms, i), p.at(bares, i))
			}
			if n > 0 {
				out = append(out, text.Span{Start: words[i].Span.Start, End: words[i+n-1].Span.End})
			}
		}
	}
	slices.SortFunc(out, func(a, b text.Span) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	kept := out[:0]
	for _, sp := range out {
		if n := len(kept); n > 0 && sp.Start < kept[n-1].End {
			kept[n-1].End = max(kept[n-1].End, sp.End)
			continue
		}
		kept = append(kept, sp)
	}
	return kept
}

// at is how many of the stems, or forms, from i on are what the part asks for; 0 if it does not stand there.
func (p part) at(all []string, i int) int {
	from := i
	for k, w := range p.words {
		last := k == len(p.words)-1
		switch {
		case i == len(all):
			return 0
		case w.bare != nil && i+1 < len(all) && slices.Contains(w.bare.stems, all[i]) && slices.Contains(w.end.stems, all[i+1]):
			i += 2
		case p.prefix && (!last && all[i] == w.form || last && strings.HasPrefix(all[i], w.form)), !p.prefix && slices.Contains(w.stems, all[i]):
			i++
		case w.verb != nil && all[i] == w.sign && i+1 < len(all) && slices.Contains(w.verb.stems, all[i+1]):
			i += 2
		default:
			return 0
		}
	}
	return i - from
}
