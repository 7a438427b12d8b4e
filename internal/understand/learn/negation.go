package learn

import (
	"strings"

	"kolo/internal/understand/text"
)

// Some words turn others round: "not clean" is no praise, "never late" no blame, "used to be great" and "would be great if" neither. A linear model
// that has read "clean" a thousand times and "not clean" five times calls "the room was not clean" praise. So words in reach of one that turns
// are n-grams of their own, by the way in which they are turned, and beside them stands one n-gram for all words of praise that are turned
// that way, and one for all of blame, which holds for words that were never met turned.

// A way of turning words round.
type turn uint8

const (
	denied    turn = iota // "not clean", "far from clean"
	surpassed             // "never had a worse meal": what is compared, and denied for good
	wished                // "would be clean if"
	past                  // "used to be clean"
	turns
)

// reach is how many words after one that turns it may turn round, and back how many before one that follows its word, as Persian verbs do.
const (
	reach = 4
	back  = 3
)

// Models have learned with these words: whoever changes them trains anew.

// turners come before what they turn round.
var turners = [turns]map[string]bool{
	denied: set(`not no never none nobody nothing nowhere neither nor without cannot hardly barely scarcely dont didnt doesnt isnt wasnt arent werent
	stopped stops ceased cant couldnt wont wouldnt shouldnt havent hasnt hadnt aint
	не нет ни никто никого никому ничего ничто никогда никак нигде никакой никакая никакое никакие никаких никакого без нельзя невозможно перестал перестала перестало перестали
	ноль нисколько ничуть отнюдь ничем нечего негде некого некуда
	לא אין ללא בלי אינו אינה אינם אינן אינני שום אף כלום מעולם לעולם בלתי ולא שלא ואין שאין ובלי מבלי ומעולם ושום טרם אפס הפסיק הפסיקה הפסיקו
	هیچ بدون نه هیچکس هیچکدام هیچوقت هرگز بی ابدا عمرا
	kein keine keinen keiner keinem nicht nie niemals niemand nichts ohne ne pas jamais rien personne sans aucun aucune sin nunca nadie nada ningún ninguna
	non mai nessuno nessuna niente senza não nunca ninguém nada nenhum sem geen niet nooit niemand niets zonder nie nikt nic bez`),
	wished: set(`wish бы кабы הלוואי כדאי רצוי کاش کاشکی`),
	past:   set(`formerly previously раньше прежде когда-то בעבר قبلا قبلاً سابقا سابقاً`),
}

// pairs are two words that turn what comes after them, as one does.
var pairs = [turns]map[[2]string]bool{
	denied: pairsOf("far from|вряд ли|едва ли|anything but|less than|بود جز|هست جز|باشه جز|بود الا|هست الا|רחוק מלהיות|רחוקה מלהיות|רחוקים מלהיות"),
	wished: pairsOf(`would be|would have|would've been|could be|could have|should be|should have|might be|it'd be|that'd be|if only|
		היה יכול|הייתה יכולה|יכול היה|יכולה הייתה|יכול להיות|יכולה להיות|יכולים להיות|צריך להיות|צריכה להיות|צריכים להיות`),
	past: pairsOf("used to|פעם היה|פעם הייתה|פעם היו|היה פעם|הייתה פעם|היו פעם"),
}

// idle is what turns nothing, for the word that comes after it.
var idle = pairsOf(`not only|not just|not merely|nothing but|nothing short|no doubt|no wonder|לא רק|نه تنها|نه فقط|не только|не просто|nicht nur|no solo|non solo|pas seulement|não só`)

// forGood are words that deny for good: what is better or worse than anything, where they stand before it.
var forGood = set(`never couldn't couldnt can't cant cannot nothing nobody nowhere no hardly никогда нигде никто ничего ни не нельзя невозможно
	מעולם לעולם אף אין לא ולא שלא ואין שאין هیچ هیچوقت هیچکس هرگز عمرا`)

// none are those of them behind which "more" is "any more".
var none = set("no אין ואין שאין нет")

// so stand before what was never met so much: "never been treated so well".
var so = set(`so such as more less יותר פחות более менее כזה כזאת כזו כל כך ככה так такой такого такую такое такие таких такая настолько چنین همچین اینقدر انقدر`)

// followers deny what came before them.
var followers = set(`gone нет нету нельзя исчез исчезла исчезли נעלם נעלמה נעלמו
	نیست نیستند نیستم نیستیم نیستی نیس نبود نبودند نبودن نبودم نبودیم نباشد نشد نشدند نشدم نشدیم نشده نکرد نکردند نکردن نکردم نکردیم نکرده نداشت نداشتند
	نداشتم نداشتیم نداشته ندارد ندارند ندارم نداریم نداره ندارن نداد ندادند ندادن ندادم نداده نیامد نیامدند نیومد نرسید نرسیدند نرسیده ندیدم ندیدیم ندید
	نخواست نخواستند نگرفت نگرفتند نگرفتم نخورد نماند نماندیم نتوانست نتوانستند نتوانستم نتونستم نتونستن نگذاشت نگذاشتند نزد نزدند نیاورد نیاوردند
	نخوردم نخوردیم نخورده نشنیدم نذاشت نذاشتن نپرداخت نپرداختند نفهمید نفهمیدم نگفت نگفتن نگفتند نباشه نباشن نباشند نشه نشود نشوند نکنه نکند نکنن نکنند نده ندهد ندن نیاد نیاید
	değil yok`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

func pairsOf(list string) map[[2]string]bool {
	m := map[[2]string]bool{}
	for p := range strings.SplitSeq(list, "|") {
		first, second, _ := strings.Cut(strings.TrimSpace(p), " ")
		m[[2]string{first, second}] = true
	}
	return m
}

// known is what the lists above say of a word, so that most words are looked up once.
var known = func() map[string]hint {
	m := map[string]hint{}
	say := func(word string, f func(*hint)) {
		h := m[word]
		f(&h)
		m[word] = h
	}
	for how := range turns {
		for w := range turners[how] {
			say(w, func(h *hint) { h.turns, h.how = true, how })
		}
		for p := range pairs[how] {
			say(p[1], func(h *hint) { h.second = true })
		}
	}
	for p := range idle {
		say(p[0], func(h *hint) { h.idles = true })
	}
	for w := range followers {
		say(w, func(h *hint) { h.follows = true })
	}
	return m
}()

type hint struct {
	how                           turn
	turns, follows, second, idles bool // turns what comes after, denies what came before, is the second of a pair, may turn nothing
}

// compares tells whether a word is one of more or less, by its ending; some such words are none, which does no harm where nothing denies them.
func compares(form string) bool {
	switch form {
	case "longer": // no longer
		return false
	case "worse", "better", "more", "хуже", "лучше", "יותר", "פחות", "بهتر", "بدتر", "بیشتر", "کمتر":
		return true
	}
	return len(form) > 4 && strings.HasSuffix(form, "er") || len(form) > 8 && (strings.HasSuffix(form, "ее") || strings.HasSuffix(form, "تر"))
}

// turner tells whether word i turns what comes after it, how, and where what turns begins: it may be two words. before tells whether it denies
// what came before.
func turner(words []text.Word, i int) (how turn, begins int, after, before bool) {
	form := words[i].Form
	if words[i].Kind != text.Letters {
		return 0, i, false, false
	}
	h := known[form]
	before = h.follows || strings.HasPrefix(form, "نمی")
	if h.second && i > 0 {
		for how := range turns {
			if pairs[how][[2]string{words[i-1].Form, form}] {
				return how, i - 1, true, before
			}
		}
	}
	if after = h.turns || strings.HasSuffix(form, "n't"); after && h.idles && i+1 < len(words) {
		after = !idle[[2]string{form, words[i+1].Form}]
	}
	return h.how, i, after, before
}

// near has for each word what turns it, nearest before it, and what denies it, nearest after it; -1 for none. What turns is not turned, and
// nothing turns beyond a mark.
type near struct {
	before, after []int32
	how           []turn // how what stands before turns it
}

func (n *near) find(words []text.Word) {
	n.before, n.after, n.how = n.before[:0], n.after[:0], n.how[:0]
	last, begins, how := -1, -1, denied // what turns what follows it: its last word and its first
	much := false                       // so much has been said since then
	for i, w := range words {
		n.before, n.after, n.how = append(n.before, -1), append(n.after, -1), append(n.how, denied)
		if w.Kind == text.Punctuation {
			last = -1
			continue
		}
		h, first, after, before := turner(words, i)
		if before {
			for j := i - 1; j >= max(0, i-back) && words[j].Kind != text.Punctuation; j-- {
				if n.after[j] < 0 && n.before[j] != int32(j) {
					n.after[j] = int32(i)
				}
			}
		}
		switch {
		case after || before:
			for j := first; j <= i; j++ {
				n.before[j], n.after[j] = int32(j), int32(j) // itself: not reached
			}
			if after {
				last, begins, how, much = i, first, h, false
			}
		case last >= 0 && i-last <= reach:
			n.before[i], n.how[i] = int32(begins), how
			much = much || so[w.Form] && !(i-last == 1 && none[words[last].Form]) // "no more problems"
			if how == denied && forGood[words[last].Form] && (much || compares(w.Form)) {
				n.how[i] = surpassed
			}
		}
	}
}

// reached tells whether word i is turned by what stands before it from first on, and whether it is denied by what stands after it up to last, exclusive.
func (n *near) reached(i, first, last int) (before, after bool) {
	b, a := int(n.before[i]), int(n.after[i])
	if b == i {
		return false, false
	}
	return b >= first, a >= 0 && a < last
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

// turnedKeys are the n-gram of a word that is turned, and that of all words of its tone that are turned so, or 0.
func turnedKeys(h uint64, how turn, tone int8) (own, all Key) {
	seed := uint64(seedTurned) + uint64(how)<<32
	own = wordKey(mix(seed, h))
	if tone != 0 {
		all = wordKey(mix(seed, uint64(2+tone)))
	}
	return own, all
}

// loud is how much more the n-grams of all turned words of a tone count than others: what they tell is learned by them then, and not by
// each of the words.
const loud = 2
