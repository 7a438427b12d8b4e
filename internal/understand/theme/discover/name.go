package discover

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kolo/internal/understand/text"
)

// longestPhrase is the most words a phrase of a name has.
const longestPhrase = 5

// longestOpening is the most characters of a text that stand for a name.
const longestOpening = 60

// token is a word of a text as naming sees it: its stem, and how it is written.
type token struct {
	stem    string
	written string // as in the text; in small letters where it begins a sentence
	stop    bool   // says nothing by itself
	gap     bool   // a mark stands before it: no phrase goes across
}

func tokens(sp *text.Splitter, s, language string) []token {
	words := sp.Words(s)
	terms := text.Terms(words, language)
	out := make([]token, 0, min(len(terms), longest))
	first, last := true, -1
	for _, t := range terms {
		if len(out) == longest {
			break
		}
		gap := first
		for k := last + 1; k < t.Word; k++ { // only marks are no terms
			gap = gap || words[k].Form != "'" && words[k].Form != "-" && words[k].Form != "\""
			first = first || strings.ContainsAny(words[k].Form, ".!?\n…؟:")
		}
		last = t.Word
		w := words[t.Word]
		tok := token{t.Stem, w.Span.Of(s), t.Stop, gap}
		switch {
		case w.Kind != text.Letters:
			tok.stem, tok.gap = w.Class(), true
		case first && !(w.Shouted(s) && utf8.RuneCountInString(w.Form) <= 5):
			tok.written = w.Form
		}
		out = append(out, tok)
		first = false
	}
	return out
}

// phrase is a run of words that may name a theme.
type phrase struct {
	stems   []string
	content int // words that are no stop words
	strong  int // of these, words that say something by themselves
	inside  int // texts of the cluster that have it
	written map[string]int
}

// namer names clusters by phrases that their texts have and others have not.
type namer struct {
	docs     [][]token
	language string
	all      map[string]int // by stems: texts that have the phrase, over all clusters
	nouns    map[string]float64
	named    map[int]bool // the texts with the first phrase of what was named last
}

func newNamer(docs [][]token, language string) *namer {
	n := &namer{docs: docs, language: language, all: map[string]int{}, nouns: nouns(docs, language)}
	seen := map[string]int{}
	for i, d := range docs {
		n.phrases(d, func(key string, _, _ int) {
			if seen[key] != i+1 {
				seen[key] = i + 1
				n.all[key]++
			}
		})
	}
	for key, c := range n.all { // what stands once names nothing
		if c < 2 {
			delete(n.all, key)
		}
	}
	return n
}

// phrases calls do with each phrase of a text: its stems with spaces between, and which words they are.
func (n *namer) phrases(d []token, do func(key string, from, to int)) {
	edge, last := edges[n.language], lastNever[n.language]
	var key strings.Builder
	for from := range d {
		how := n.language == "en" && d[from].stem == "how" && from+1 < len(d) && !d[from+1].gap && asking[d[from+1].stem]
		if !how && (d[from].stop || !wordly(d[from].stem) || edge[d[from].stem]) {
			continue
		}
		if !how && from > 0 && d[from-1].stem == "how" && asking[d[from].stem] && !d[from].gap {
			continue
		}
		key.Reset()
		for to := from; to < len(d) && to < from+longestPhrase; to++ {
			if to > from {
				if d[to].gap {
					break
				}
				key.WriteByte(' ')
			}
			key.WriteString(d[to].stem)
			if s := d[to].stem; !d[to].stop && wordly(s) && !edge[s] && !last[s] {
				do(key.String(), from, to+1)
			}
		}
	}
}

func wordly(stem string) bool {
	r, _ := utf8.DecodeRuneInString(stem)
	return unicode.IsLetter(r)
}

// saying tells whether a text says what the theme that was named last is called after.
func (n *namer) saying(row int) bool { return n.named[row] }

// fewMembers is the number of texts below which a theme that is called by one word gets a second one, however few of them have it.
const fewMembers = 100

// chance is how many of a theme's texts that have a phrase are taken to have it by chance.
const chance = 0.7

// nounlike is what a phrase counts by how likely its last word, and less so its others, is a noun: a name says what texts are about.
func (n *namer) nounlike(stems []string) float64 {
	if n.nouns == nil {
		return 1
	}
	likely := func(s string) float64 {
		if p, ok := n.nouns[s]; ok {
			return p
		}
		return 0.5
	}
	best, last := 0.0, likely(stems[len(stems)-1])
	for _, s := range stems {
		best = max(best, likely(s))
	}
	if n.language == "en" { // the head of a phrase stands last
		best = (best + last) / 2
	}
	return 0.3 + 1.4*best
}

// name names the cluster of some texts: phrases, the most telling first, each written as its texts mostly write it. A name
// that is taken, or a word by itself, is told apart by a second phrase.
func (n *namer) name(members []int, taken map[string]bool) (string, []string) {
	found, dull := map[string]*phrase{}, weakWords[n.language]
	seen := map[string]int{}
	for _, i := range members {
		d := n.docs[i]
		n.phrases(d, func(key string, from, to int) {
			if n.all[key] == 0 {
				return
			}
			p := found[key]
			if p == nil {
				p = &phrase{written: map[string]int{}}
				for _, t := range d[from:to] {
					p.stems = append(p.stems, t.stem)
					if !t.stop {
						p.content++
						if !dull[t.stem] {
							p.strong++
						}
					}
				}
				found[key] = p
			}
			if seen[key] != i+1 {
				seen[key] = i + 1
				p.inside++
			}
			var w []string
			for _, t := range d[from:to] {
				w = append(w, t.written)
			}
			p.written[strings.Join(w, " ")]++
		})
	}
	type candidate struct {
		*phrase
		key   string
		score float64
	}
	list := make([]candidate, 0, len(found))
	size, rest := float64(len(members)), float64(len(n.docs)-len(members))
	for key, p := range found {
		if p.inside < 2 && len(members) > 3 {
			continue
		}
		in, out := (float64(p.inside)-chance)/size, (float64(n.all[key]-p.inside)+0.5)/(rest+1)
		tells := math.Log((in + 1e-4) / (out + 1e-4))
		if tells <= 0 {
			continue
		}
		score := math.Sqrt(in) * tells * lengths[p.content]
		switch weak := p.content - p.strong; {
		case p.strong == 0:
			score *= 0.3
		case weak > 0:
			score *= 1 - 0.4*float64(weak)/float64(p.content)
			if dull[p.stems[len(p.stems)-1]] {
				score *= 0.6
			}
		}
		score *= n.nounlike(p.stems)
		list = append(list, candidate{p, key, score})
	}
	slices.SortFunc(list, func(a, b candidate) int { return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.key, b.key)) })
	if n.named = map[int]bool{}; len(list) == 0 {
		return "", nil
	}
	// A longer phrase that most of the texts with the first one have says more than the first one.
	for i, c := range list {
		if i > 0 && c.strong > 0 && strings.Contains(" "+c.key+" ", " "+list[0].key+" ") && 5*c.inside >= 3*list[0].inside {
			list[0] = c
			break
		}
	}
	var chosen []candidate
	used := map[string]bool{}
	for _, c := range list {
		if len(chosen) > 0 && slices.ContainsFunc(c.stems, func(s string) bool { return used[s] }) {
			continue
		}
		for _, s := range c.stems {
			used[s] = true
		}
		if chosen = append(chosen, c); len(chosen) == 6 {
			break
		}
	}
	for _, i := range members {
		n.phrases(n.docs[i], func(key string, _, _ int) {
			if key == chosen[0].key {
				n.named[i] = true
			}
		})
	}
	var phrases []string
	for _, c := range chosen {
		phrases = append(phrases, mostWritten(c.written))
	}
	name := capital(phrases[0])
	if alone := chosen[0].content == 1 || chosen[0].strong == 0; alone || taken[name] {
		second, most := "", 0
		for i, c := range chosen[1:] {
			if longer := name + ", " + phrases[i+1]; c.strong > 0 && c.inside > most && !taken[longer] && !akin(chosen[0].stems, c.stems) {
				second, most = longer, c.inside
			}
		}
		if second != "" && (taken[name] || 10*most >= len(members) || alone && len(members) < fewMembers) {
			name = second
		}
	}
	taken[name] = true
	return name, phrases
}

// opening is the first words of a text, without what tells who wrote it: the name of a theme that has no phrase of its own.
func opening(s, language string, names []string) string {
	words := strings.Fields(text.Mask(s, text.Personal(s, language, names...)))
	name := ""
	for i, w := range words {
		longer := strings.TrimSpace(name + " " + w)
		if utf8.RuneCountInString(longer) > longestOpening {
			if i == 0 { // one word without end
				return string([]rune(w)[:longestOpening]) + "…"
			}
			return name + "…"
		}
		name = longer
		if i+1 == longestPhrase && i+1 < len(words) {
			return name + "…"
		}
	}
	return name
}

// akin tells whether two phrases have words of one family: "delivered" adds nothing to "delivery".
func akin(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			n := 0
			for n < min(len(x), len(y)) && x[n] == y[n] {
				n++
			}
			if n > 5 || n == min(len(x), len(y)) {
				return true
			}
		}
	}
	return false
}

// lengths favours phrases of two and three words that are no stop words: one tells little, more are seldom said alike.
var lengths = [longestPhrase + 1]float64{0, 0.75, 1.2, 1.35, 1.35, 1.3}

func mostWritten(written map[string]int) string {
	best := ""
	for w, n := range written {
		if best == "" || n > written[best] || n == written[best] && w < best {
			best = w
		}
	}
	return best
}

// capital writes the first letter of a name as a capital, where the script has them.
func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}
