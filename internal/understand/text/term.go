package text

import (
	"strings"
	"unicode/utf8"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/arabic"
	"github.com/blevesearch/snowballstem/danish"
	"github.com/blevesearch/snowballstem/dutch"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/finnish"
	"github.com/blevesearch/snowballstem/french"
	"github.com/blevesearch/snowballstem/german"
	"github.com/blevesearch/snowballstem/hungarian"
	"github.com/blevesearch/snowballstem/italian"
	"github.com/blevesearch/snowballstem/norwegian"
	"github.com/blevesearch/snowballstem/portuguese"
	"github.com/blevesearch/snowballstem/romanian"
	"github.com/blevesearch/snowballstem/russian"
	"github.com/blevesearch/snowballstem/spanish"
	"github.com/blevesearch/snowballstem/swedish"
	"github.com/blevesearch/snowballstem/tamil"
	"github.com/blevesearch/snowballstem/turkish"
)

// Term is a word as search and the naming of themes see it.
type Term struct {
	Stem string // what all forms of the word share; never shown to people
	Word int    // which of the words it is
	Stop bool   // a word that says nothing by itself, like "the"
}

// Terms are the stemmed words of a text in a language (an ISO code, "" when it is not known); punctuation is left out.
func Terms(words []Word, lang string) []Term {
	lang = plain(lang)
	out := make([]Term, 0, len(words))
	stop := stopWords(lang)
	for i, w := range words {
		switch w.Kind {
		case Punctuation:
		case Letters:
			stem := stemOf(w.Form, lang)
			out = append(out, Term{stem, i, stop[w.Form] || lang == "he" && stop[stem]}) // "שאני": that I
		default:
			out = append(out, Term{w.Form, i, false})
		}
	}
	return out
}

var stemmers = map[string]func(*snowballstem.Env) bool{
	"ar": arabic.Stem, "da": danish.Stem, "nl": dutch.Stem, "en": english.Stem, "fi": finnish.Stem, "fr": french.Stem, "de": german.Stem,
	"hu": hungarian.Stem, "it": italian.Stem, "no": norwegian.Stem, "nn": norwegian.Stem, "pt": portuguese.Stem, "ro": romanian.Stem,
	"ru": russian.Stem, "es": spanish.Stem, "sv": swedish.Stem, "ta": tamil.Stem, "tr": turkish.Stem,
}

// longest is the length in bytes of the longest form that is stemmed. No language has longer words, and a megabyte
// without a space is none.
const longest = 96

// Stem is what the forms of a word share, for a folded form in a language. In a language without rules of its own it is
// the form itself.
func Stem(form, lang string) string { return stemOf(form, plain(lang)) }

func stemOf(form, lang string) string {
	if len(form) > longest {
		return form
	}
	switch lang {
	case "he":
		return hebrewTerm(form)
	case "fa":
		return persianStem(form)
	case "ar":
		form = arabicLetters.Replace(form)
	}
	stem := stemmers[lang]
	if stem == nil {
		return form
	}
	env := snowballstem.NewEnv(form)
	stem(env)
	if env.Current() == "" {
		return form
	}
	return env.Current()
}

// arabicLetters gives the letters back that Normalize made Persian and that the Arabic stemmer knows otherwise.
var arabicLetters = strings.NewReplacer("ی", "ي", "ک", "ك")

// persianEndings are plural, comparative, possessive and indefinite endings, longest first, with the letters that must
// remain.
var persianEndings = []struct {
	ending string
	remain int
}{
	{"هایشان", 2}, {"هایمان", 2}, {"هایتان", 2}, {"هامون", 2}, {"هاتون", 2}, {"هاشون", 2}, {"ترین", 2}, {"هایی", 2}, {"هایم", 2}, {"هایت", 2}, {"هایش", 2},
	{"های", 2}, {"هام", 2}, {"هات", 2}, {"هاش", 2}, {"مان", 4}, {"تان", 4}, {"شان", 4}, {"مون", 3}, {"تون", 3}, {"شون", 3}, {"ها", 2}, {"تر", 3},
	{"م", 4}, {"ت", 4}, {"ش", 4}, {"ی", 4},
}

// persianStem takes the marks of the present tense and up to two endings from a form.
func persianStem(form string) string {
	for _, prefix := range []string{"نمی", "می"} {
		if rest, ok := strings.CutPrefix(form, prefix); ok && utf8.RuneCountInString(rest) >= 4 {
			form = rest
			break
		}
	}
	for range 2 { // "گوشی‌هایمان" has two
		for _, e := range persianEndings {
			if rest, ok := strings.CutSuffix(form, e.ending); ok && utf8.RuneCountInString(rest) >= e.remain {
				form = rest
				break
			}
		}
	}
	return form
}
