package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clauses cuts a text into stretches that say one thing each: at ends of sentences, line breaks, items of lists,
// semicolons and spaced dashes, before words of contrast ("but", "אבל", "اما", "но"), and at commas where both sides can
// stand alone. The clauses stand in order, do not overlap, and cover the text but for white space and for what is
// between them; each holds a word, unless the whole text holds none.
func Clauses(s string) []Span {
	var sp Splitter
	return ClausesOf(s, sp.Words(s))
}

// ClausesOf is Clauses for a text whose words are known.
func ClausesOf(s string, words []Word) []Span {
	if len(words) == 0 {
		return nil
	}
	begins := make([]bool, len(words)+1)
	begins[0], begins[len(words)] = true, true
	for i := range words {
		if i > 0 && !begins[i] {
			begins[i] = breaks(s, words, i) || contrasts(words, i)
		}
	}
	commas(words, begins)
	return spans(words, begins)
}

// spans turns beginnings into clauses. What has no letter or figure belongs to the clause before, or after at the start.
func spans(words []Word, begins []bool) []Span {
	var out []Span
	start, said := 0, false // the clause being collected, and whether it says anything
	for i := range words {
		if i > start && begins[i] && said {
			k := i
			for ; k < len(words) && closing(words, k); k++ { // marks behind the end belong to it
			}
			if k < len(words) && k > i {
				begins[k] = true
			}
			if k == i {
				out = append(out, Span{words[start].Span.Start, words[i-1].Span.End})
				start, said = i, false
			}
		}
		said = said || says(words[i])
	}
	if !said && len(out) > 0 {
		out[len(out)-1].End = words[len(words)-1].Span.End
		return out
	}
	return append(out, Span{words[start].Span.Start, words[len(words)-1].Span.End})
}

func says(w Word) bool { return w.Kind != Punctuation && w.Kind != Emoji }

// closing tells whether word k closes what stands before it.
func closing(words []Word, k int) bool {
	w := words[k]
	if w.Kind == Emoji {
		return true
	}
	if w.Kind != Punctuation {
		return false
	}
	switch w.Form[0] {
	case '.', ',', ';', ':', '!', '?', ')', ']', '}', '%':
		return true
	case '"', '\'': // closes when nothing but white space follows
		return k+1 == len(words) || words[k+1].Span.Start > w.Span.End && words[k-1].Span.End == w.Span.Start
	}
	return false
}

// breaks tells whether the end of a sentence, of a line, of an item or a spaced dash stands before word i.
func breaks(s string, words []Word, i int) bool {
	w, last := words[i], words[i-1]
	gap := s[last.Span.End:w.Span.Start]
	if strings.ContainsAny(gap, "\n\r\u2028\u2029") {
		return true
	}
	if last.Kind == Emoji {
		return w.Kind == Letters && i > 1 && upper(s, w) // an emoji often stands for the full stop
	}
	if last.Kind != Punctuation {
		return w.Kind == Punctuation && w.Form[0] == '(' && gap != ""
	}
	switch last.Form[0] {
	case ';', '!', '?':
		return true
	case '.':
		return stops(s, words, i, gap)
	case '-':
		return gap != "" && i > 1 && words[i-2].Span.End < last.Span.Start && says(words[i-2])
	case ')':
		return gap != "" && w.Kind != Punctuation
	}
	if strings.HasPrefix(last.Form, "•") || strings.HasPrefix(last.Form, "।") {
		return true
	}
	return strings.HasPrefix(w.Form, "•")
}

// stops tells whether the full stop before word i ends a sentence.
func stops(s string, words []Word, i int, gap string) bool {
	if len(words[i-1].Form) > 1 || i < 2 {
		return true
	}
	before, after := words[i-2], words[i]
	if gap == "" { // "good.Bad": people forget the space
		return before.Kind == Letters && after.Kind == Letters && before.Span.Len() > 3 && (upper(s, after) || after.Span.Len() > 3)
	}
	if before.Kind != Letters {
		return true
	}
	n := utf8.RuneCountInString(before.Form)
	if abbreviations[before.Form] {
		return false
	}
	return n > 1 || !upper(s, before) || after.Kind != Letters // an initial
}

func upper(s string, w Word) bool {
	r, _ := utf8.DecodeRuneInString(w.Span.Of(s))
	return unicode.IsUpper(r)
}

var abbreviations = set(`mr mrs ms dr prof st no nr vs etc e.g i.e approx dept inc ltd co tel ref acc
	г ул д кв стр корп пр пер обл р руб коп т п тел им др гр см мин ч тыс млн млрд доп ок св
	ул вул буд грн str nr ul np tzn bzw ca z.b usw`)

func set(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[Normalize(w).Text] = true
	}
	return m
}

// Words of contrast. Those of the second list mean it only behind a comma.
var (
	contrast = set(`but however although though except unfortunately whereas nevertheless nonetheless
		אבל אך אולם ואילו למרות אמנם לצערי לצערנו חבל ברם
		اما ولی لیکن منتها منتهی ولیکن هرچند متاسفانه
		но однако зато хотя впрочем увы
		لكن ولكن لكنه لكنها غير
		pero aunque mais cependant toutefois pourtant aber jedoch allerdings trotzdem leider però tuttavia purtroppo
		porém contudo fakat ancak але проте однак lecz jednak niestety maar echter helaas`)
	commaContrast = set(`yet only while still shame pity just otherwise
		רק אלא מצד לעומת ומצד ועדיין עדיין
		فقط البته حیف ولی بلکه
		а правда только жаль жалко тем при
		sino solo sauf sondern nur schade ma peccato mas só ama lakin а та toch ale`)
)

func contrasts(words []Word, i int) bool {
	f := words[i].Form
	if words[i].Kind != Letters {
		return false
	}
	if !contrast[f] {
		return commaContrast[f] && words[i-1].Kind == Punctuation && words[i-1].Form[0] == ','
	}
	// "nothing but", "all but", "не но": a contrast within a phrase says nothing new.
	return i+1 < len(words) && !phraseBefore[words[i-1].Form]
}

var phraseBefore = set(`nothing all anything none even last`)

// Words that tie what follows a comma to what stands before it, or what they begin to what follows the comma.
var (
	ties = set(`that which who whom whose because since so as than where when if unless until to of in on at for with from by and or nor
		including such like especially
		כי ש שכן כדי אשר אם כאשר לפני אחרי בגלל כלומר או של את עם על מה איפה איך כמו
		که چون تا زیرا چونکه اگر اگه وقتی یعنی یا و از به در با برای را رو مثل
		что чтобы который которая которое которые которую которого которой которых которым где когда если потому поскольку так как чем куда
		откуда пока или либо и ни то
		que porque quien donde cuando si qui où quand parce dass weil wenn die der das che perché quando se який яка що щоб bo że który`)
	opens = set(`if when whenever while after before because since as once until unless
		אם כאשר כש אחרי לפני מכיוון בגלל כי
		اگر اگه وقتی چون تا هروقت بعد قبل
		если когда пока поскольку чтобы раз после
		si cuando quand lorsque wenn als nachdem se quando якщо коли jeśli kiedy gdy als`)
)

// commas splits at the commas of each clause where both sides can stand alone.
func commas(words []Word, begins []bool) {
	for start := 0; start < len(words); {
		end := start + 1
		for !begins[end] {
			end++
		}
		part := start // where the stretch after the last comma that split begins
		for i := start; i < end; i++ {
			if words[i].Kind != Punctuation || words[i].Form[0] != ',' || i+1 >= end {
				continue
			}
			next := i + 1
			for next < end && !(words[next].Kind == Punctuation && words[next].Form[0] == ',') {
				next++
			}
			if standsAlone(words[part:i]) && standsAlone(words[i+1:next]) && !ties[words[i+1].Form] && !opens[first(words[part:i])] {
				begins[i+1] = true
				part = i + 1
			}
		}
		start = end
	}
}

func first(words []Word) string {
	for _, w := range words {
		if w.Kind == Letters {
			return w.Form
		}
	}
	return ""
}

// standsAlone tells whether a stretch is long enough to say something: three words, or two of which none is a tie.
func standsAlone(words []Word) bool {
	n := 0
	for _, w := range words {
		if w.Kind == Letters || w.Kind == Number {
			n++
		}
	}
	return n >= 2
}
