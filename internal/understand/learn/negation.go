package learn

import (
	"strings"

	"kolo/internal/understand/text"
)

// Negation turns words round: "not clean" is no praise, "never late" no blame. A linear model that has read "clean" a thousand times and "not
// clean" five times calls "the room was not clean" praise. So words in reach of a negation are n-grams of their own, and beside them stands
// one n-gram for all words of praise that are negated, and one for all of blame, which holds for words that were never met negated.

// reach is how many words after a negation it may turn round, and back how many before one that follows its word, as Persian verbs do.
const (
	reach = 4
	back  = 3
)

// Models have learned with these words: whoever changes them trains anew.

// negators come before what they negate.
var negators = set(`not no never none nobody nothing nowhere neither nor without cannot hardly barely scarcely dont didnt doesnt isnt wasnt arent werent
	cant couldnt wont wouldnt shouldnt havent hasnt hadnt aint
	не нет ни никто никого никому ничего ничто никогда никак нигде никакой никакая никакое никакие никаких никакого без нельзя невозможно
	לא אין ללא בלי אינו אינה אינם אינן אינני שום אף כלום מעולם לעולם בלתי
	هیچ بدون نه هیچکس هیچکدام هیچوقت هرگز بی
	kein keine keinen keiner keinem nicht nie niemals niemand nichts ohne ne pas jamais rien personne sans aucun aucune sin nunca nadie nada ningún ninguna
	non mai nessuno nessuna niente senza não nunca ninguém nada nenhum sem geen niet nooit niemand niets zonder nie nikt nic bez`)

// followers come after what they negate.
var followers = set(`нет нету нельзя
	نیست نیستند نیستم نیستیم نیستی نیس نبود نبودند نبودن نبودم نبودیم نباشد نشد نشدند نشدم نشدیم نشده نکرد نکردند نکردن نکردم نکردیم نکرده نداشت نداشتند
	نداشتم نداشتیم نداشته ندارد ندارند ندارم نداریم نداره ندارن نداد ندادند ندادن ندادم نداده نیامد نیامدند نیومد نرسید نرسیدند نرسیده ندیدم ندیدیم ندید
	نخواست نخواستند نگرفت نگرفتند نگرفتم نخورد نماند نماندیم نتوانست نتوانستند نتوانستم نتونستم نتونستن نگذاشت نگذاشتند نزد نزدند نیاورد نیاوردند
	değil yok`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// negates tells how a word negates: what comes after it, what came before it.
func negates(w text.Word) (after, before bool) {
	if w.Kind != text.Letters {
		return false, false
	}
	form := w.Form
	after = negators[form] || strings.HasSuffix(form, "n't")
	before = followers[form] || strings.HasPrefix(form, "نمی")
	return after, before
}

// near has for each word the negation nearest before it, and nearest after it, that reach it; -1 for none. Negations are not reached, and no
// negation reaches beyond a mark.
type near struct{ before, after []int32 }

func (n *near) find(words []text.Word) {
	n.before, n.after = n.before[:0], n.after[:0]
	last := -1 // the last negation of what follows it
	for i, w := range words {
		n.before, n.after = append(n.before, -1), append(n.after, -1)
		if w.Kind == text.Punctuation {
			last = -1
			continue
		}
		after, before := negates(w)
		if before {
			for j := i - 1; j >= max(0, i-back) && words[j].Kind != text.Punctuation; j-- {
				if n.after[j] < 0 && n.before[j] != int32(j) {
					n.after[j] = int32(i)
				}
			}
		}
		switch {
		case after || before:
			n.before[i], n.after[i] = int32(i), int32(i) // itself: not reached
			if after {
				last = i
			}
		case last >= 0 && i-last <= reach:
			n.before[i] = int32(last)
		}
	}
}

// reached tells whether word i is reached by a negation between first and last, exclusive.
func (n *near) reached(i, first, last int) bool {
	b, a := int(n.before[i]), int(n.after[i])
	if b == i {
		return false
	}
	return b >= first || a >= 0 && a < last
}

// Tones say which words praise (1) and which blame (-1), by their key.
type Tones map[Key]int8

// tones finds words that stand in examples of one of two labels of the first head much more than in those of the other, where no negation
// reaches them.
func tones(examples []Example, opposites [2]int) Tones {
	var count [2]map[Key]float64
	var total [2]float64
	for k := range count {
		count[k] = map[Key]float64{}
	}
	var n near
	var distinct []Key
	for _, e := range examples {
		if e.Targets[0] == nil {
			continue
		}
		side := -1
		for k, label := range opposites {
			if e.Targets[0][label] >= 0.9 {
				side = k
			}
		}
		if side < 0 {
			continue
		}
		weight := float64(e.Weights[0])
		if len(e.Words) == 1 {
			weight = leastTelling // whoever says one word means it
		}
		n.find(e.Words)
		distinct = distinct[:0]
		for i, w := range e.Words {
			if w.Kind == text.Letters && n.before[i] < 0 && n.after[i] < 0 {
				distinct = append(distinct, unigram(hashString(w.Class())))
			}
		}
		for _, k := range unique(distinct) {
			count[side][k] += weight
		}
		total[side] += weight
	}
	out := Tones{}
	for k := range count {
		for key, x := range count[k] {
			y := count[1-k][key]
			if x+y >= leastTelling && (x+1)/(total[k]+1) >= muchMore*(y+1)/(total[1-k]+1) {
				out[key] = int8(2*k - 1)
			}
		}
	}
	return out
}

const (
	leastTelling = 3 // weight of the examples that a word must stand in to have a tone
	muchMore     = 2.5
)

// negatedKeys are the n-gram of a negated word, and that of all negated words of its tone, or 0.
func negatedKeys(h uint64, tone int8) (own, all Key) {
	own = wordKey(mix(seedNegated, h))
	if tone != 0 {
		all = wordKey(mix(seedNegated, uint64(2+tone)))
	}
	return own, all
}

// loud is how much more the n-grams of all negated words of a tone count than others: what they tell is learned by them then, and not by
// each of the words.
const loud = 2
