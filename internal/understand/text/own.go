package text

import (
	"strings"
	"unicode/utf8"
)

// own are the names that the writer of a text is known by: whole names, and their parts as words by themselves.
type own struct {
	whole [][]string // folded words
	parts []ownPart
}

type ownPart struct {
	form    string
	stem    string // what its Russian cases share
	fleets  string // the same without the vowel that falls out: "Павел", "Павла"
	capital bool   // it is a word as well ("Will"), and no name without a capital
}

// mostOwn is how many words of names are looked for; nobody is called by more.
const mostOwn = 40

// ownNames makes names ready to be looked for.
func ownNames(names []string) (o own) {
	n := 0
	for _, name := range names {
		var whole []string
		for _, w := range Words(name) {
			if w.Kind != Letters {
				continue
			}
			if n++; n > mostOwn {
				return o
			}
			form, r := possessor(w.Form), roles[w.Form]
			whole = append(whole, form)
			if utf8.RuneCountInString(form) < 3 || r&(isParticle|isTitle) != 0 || r&isStop != 0 && r&(isGiven|isGivenAlso) == 0 {
				continue
			}
			p := ownPart{form: form, capital: !uncased(w) && r&(isNobody|isGivenAlso) != 0}
			if form[0] >= 0xd0 && !uncased(w) {
				p.stem, p.fleets = russianName(form)
			}
			o.parts = append(o.parts, p)
		}
		if len(whole) > 1 || len(whole) == 1 && utf8.RuneCountInString(whole[0]) == 2 {
			o.whole = append(o.whole, whole)
		}
	}
	return o
}

// Names are what somebody is called, ready to be looked for in many texts.
type Names struct{ own own }

// NamesOf makes names ready to be looked for.
func NamesOf(names ...string) Names { return Names{ownNames(names)} }

// In tells whether one of the names stands in a text, in a form in which Personal finds it. Where none does, Personal finds the same with the
// names and without.
func (n Names) In(s string) bool {
	if n.own.parts == nil && n.own.whole == nil {
		return false
	}
	f := finder{s: s, own: n.own}
	return f.ofOwn(Words(s)) != nil
}

// possessor is a form without the English sign that something is somebody's.
func possessor(form string) string {
	rest, _ := strings.CutSuffix(form, "'s")
	rest = strings.TrimSuffix(rest, "'")
	if rest == "" {
		return form
	}
	return rest
}

// russianEnds are what the cases of names end in, behind what these share.
var russianEnds = set(`а я у ю ы и е о й ь ой ей ою ею ом ем ым им ых их ого его ому ему ая яя ую юю ий ый ье ья ью ьи ьей ов ев ами ям ах`)

// russianName is what the cases of a name share, and that without its last vowel.
func russianName(form string) (stem, fleets string) {
	stem = form
	for _, end := range []string{"ий", "ый", "ой", "ая", "яя", "а", "я", "й", "ь"} {
		if rest, ok := strings.CutSuffix(form, end); ok && utf8.RuneCountInString(rest) >= 2 {
			stem = rest
			break
		}
	}
	if stem != form {
		return stem, ""
	}
	r := []rune(form)
	if n := len(r); n >= 4 && (r[n-2] == 'е' || r[n-2] == 'о') && strings.ContainsRune("лцк", r[n-1]) {
		fleets = string(r[:n-2]) + string(r[n-1])
	}
	return stem, fleets
}

// is tells whether a word is the part of a name in any of its forms.
func (p ownPart) is(s string, w Word) bool {
	if p.capital && !upper(s, w) {
		return false
	}
	form := possessor(w.Form)
	if form == p.form {
		return true
	}
	switch {
	case p.stem != "":
		rest, ok := strings.CutPrefix(form, p.stem)
		if ok && (rest == "" || russianEnds[rest]) {
			return true
		}
		rest, ok = strings.CutPrefix(form, p.fleets)
		return ok && p.fleets != "" && russianEnds[rest]
	case hebrewForm(p.form):
		before, ok := strings.CutSuffix(form, p.form)
		return ok && utf8.RuneCountInString(before) <= 3 && strings.Trim(before, "והבלמשכ") == ""
	case uncased(w):
		rest, ok := strings.CutPrefix(form, p.form)
		return ok && persianBehind[rest]
	}
	return false
}

// persianBehind is what is written together with a Persian name.
var persianBehind = set(`م ام ی ای ست است رو را و ه ها جان خانم`)

func hebrewForm(form string) bool {
	r, _ := utf8.DecodeRuneInString(form)
	return hebrew(r)
}

// ofOwn tells of each word of a text whether it belongs to a name of its writer; nil where none does.
func (f *finder) ofOwn(words []Word) (found []bool) {
	mark := func(from, to int) {
		if found == nil {
			found = make([]bool, len(words))
		}
		for i := from; i < to; i++ {
			found[i] = true
		}
	}
	for i, w := range words {
		if w.Kind != Letters {
			continue
		}
		for _, p := range f.own.parts {
			if p.is(f.s, w) {
				mark(i, i+1)
				break
			}
		}
		for _, whole := range f.own.whole {
			if to := wholeAt(f.s, words, i, whole); to > i {
				mark(i, to)
			}
		}
	}
	return found
}

// wholeAt is where a whole name ends that begins at word i, or 0. Marks may stand within: "Bo-Li", "J. Li".
func wholeAt(s string, words []Word, i int, whole []string) int {
	if len(whole) == 1 && !uncased(words[i]) && !upper(s, words[i]) {
		return 0
	}
	k := i
	for n, form := range whole {
		for n > 0 && k < len(words) && k-i < 3*len(whole) && isMark(words[k], ".-,") {
			k++
		}
		if k >= len(words) || words[k].Kind != Letters || possessor(words[k].Form) != form {
			return 0
		}
		k++
	}
	return k
}
