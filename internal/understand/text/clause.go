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
			begins[i] = breaks(s, words, i) || contrasts(words, begins, i) || joins(words, begins, i)
		}
	}
	commas(words, begins)
	return spans(words, begins)
}

// joins tells whether word i is an "and" behind which another sentence begins.
func joins(words []Word, begins []bool, i int) bool {
	w := words[i]
	if w.Kind != Letters || i+3 >= len(words) {
		return false
	}
	and := ands[w.Form]
	if !and && !strings.HasPrefix(w.Form, "ו") || i < 3 || pause(words, i-1) {
		return false
	}
	left, right := 0, 0
	for k := i - 1; k >= 0 && left < longSide && says(words[k]); k-- {
		left++
		if begins[k] {
			break
		}
	}
	for k := i + 1; k < len(words) && right < longSide && says(words[k]); k++ {
		right++
	}
	if left < 3 || right < 3 {
		return false
	}
	if words[i-1].Kind == Number && words[i+1].Kind == Number {
		return false // "between 8 and 12"
	}
	enough := longSide - 1
	if w.Form == "and" {
		enough++
	}
	if left >= longSide && right >= enough && w.Form != "en" {
		return true // people who speak put no commas
	}
	if and {
		return starters[words[i+1].Form] || enders[words[i-1].Form]
	}
	return strings.HasPrefix(w.Form, "וה") && len(w.Form) > 10 && right >= 3 && left >= 3 || starters[w.Form]
}

// longSide is how many words without a mark on both sides of an "and" make two sentences of them.
const longSide = 6

var (
	ands     = set(`and и و y et und e och og en ve та`)
	starters = set(`the i we he she they it my our your now then nobody there you this these i'd i've we're we'd it's they've you've someone everyone
		ואז ואין ולא ואף ועכשיו והיום ובסוף ואחרי ואני ואנחנו ואתם והם והוא והיא וזה וכל ויש וגם
		теперь потом никто это я мы он она они вы там тут все из`)
	enders = set(`آمد نیامد آوردند دارم داشتم هستم نیستم بود نبود بودن شد نشد شدن است نیست هست کرد نکرد کردن داد نداد دادن دارد ندارد داره نداره داشت نداشت گفت گفتن رفت اومد نیومد اومدن امد میشه نمیشه
		کنه میکنه نمیکنه میکنن خورد زد نزد زدن گرفت گرفتن موند مونده شده نشده کرده نکرده میده نمیده میدن میشود میکند میکنند ماند رسید نرسید افتاد خریدم`)
)

// spans turns beginnings into clauses. What has no letter or figure belongs to the clause before, or after at the start.
func spans(words []Word, begins []bool) []Span {
	var out []Span
	start, said := 0, false // the clause being collected, and whether it says anything
	for i := range words {
		if i > start && begins[i] && said {
			if closing(words, i) { // marks behind the end belong to it
				begins[i+1] = true
			} else {
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
		// an emoji often stands for the full stop
		return w.Kind == Letters && i > 2 && (upper(s, w) || uncased(w) && says(words[i-2]) && says(words[i-3]))
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
	if s[words[i-1].Span.Start] >= utf8.RuneSelf { // the full stops of Chinese, Urdu and others are nothing else
		return true
	}
	if gap == "" { // "good.Bad": people forget the space
		return before.Kind == Letters && after.Kind == Letters && before.Span.Len() > 3 && (upper(s, after) || after.Span.Len() > 3)
	}
	if before.Kind != Letters {
		return true
	}
	switch {
	case titled[before.Form]:
		return false
	case numbered[before.Form]:
		return after.Kind != Number
	case abbreviations[before.Form]:
		return upper(s, after)
	}
	if utf8.RuneCountInString(before.Form) > 1 {
		return true
	}
	if upper(s, before) { // an initial
		return after.Kind != Letters
	}
	return upper(s, after)
}

// uncased tells whether a word is of a script without capitals.
func uncased(w Word) bool {
	r, _ := utf8.DecodeRuneInString(w.Form)
	return unicode.IsLetter(r) && !unicode.IsLower(r)
}

func upper(s string, w Word) bool {
	r, _ := utf8.DecodeRuneInString(w.Span.Of(s))
	return unicode.IsUpper(r)
}

// Abbreviations whose full stop ends nothing: before a name, before a number, or unless a capital follows.
var (
	titled        = set(`mr mrs ms dr prof st г ул пер обл им гр т д вул буд пл np bzw`)
	numbered      = set(`no nr tel ref acc кв стр корп тел п`)
	abbreviations = set(`vs etc e.g i.e approx dept inc ltd co руб коп см мин ч тыс млн млрд доп ок св грн usw tzn ca z.b`)
)

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
		אבל אך אולם ואולם ואילו למרות ולמרות אמנם לצערי לצערנו חבל ברם אלא חוץ למעט מלבד
		اما ولی لیکن منتها منتهی ولیکن هرچند متاسفانه
		но однако зато хотя впрочем увы
		لكن ولكن لكنه لكنها غير
		pero aunque mais cependant toutefois pourtant aber jedoch allerdings trotzdem leider però tuttavia purtroppo
		porém contudo fakat ancak але проте однак lecz jednak niestety maar echter helaas`)
	commaContrast = set(`yet only while still shame pity just otherwise
		רק אלא ועדיין עדיין
		فقط البته حیف بلکه
		а правда только жаль жалко кроме
		sino solo sauf sondern nur schade ma peccato mas só ama lakin а та toch ale`)

	// phrases of contrast, by their first word
	phrases = phraseMap(`on_the_other on_the_plus on_the_minus that_said having_said even_so at_the_same in_spite apart_from other_than
		ובכל_זאת בכל_זאת עם_זאת יחד_עם ולמרות_זאת אם_כי מצד_שני ומצד_שני מצד_אחד אף_על ומנגד רק_חבל רק_ש רק_שאין רק_שה
		به_غیر_از به_جز با_این_حال با_این_تفاسیر با_اینهمه با_این_همه با_وجود با_این_وجود در_عوض از_همه_بدتر از_طرفی تا_اینکه در_حالی حیف_که فقط_حیف به_جاش
		тем_не_менее в_то_же а_вот с_другой жаль_что вот_только`)
)

// phraseMap puts phrases, whose words are joined by "_", under their first word.
func phraseMap(list string) map[string][][]string {
	m := map[string][][]string{}
	for _, p := range strings.Fields(list) {
		w := strings.Split(p, "_")
		for i := range w {
			w[i] = Normalize(w[i]).Text
		}
		m[w[0]] = append(m[w[0]], w[1:])
	}
	return m
}

// contrasts tells whether word i begins what is set against the words before it.
func contrasts(words []Word, begins []bool, i int) bool {
	f := words[i].Form
	if words[i].Kind != Letters || i+1 >= len(words) {
		return false
	}
	comma := words[i-1].Kind == Punctuation && words[i-1].Form[0] == ','
	for _, rest := range phrases[f] {
		k := 0
		for k < len(rest) && i+1+k < len(words) && words[i+1+k].Form == rest[k] {
			k++
		}
		if k == len(rest) {
			return true
		}
	}
	if f == pity && words[i+1].Form == "על" { // "חבל על הזמן" praises or blames, but is one thought
		return false
	}
	if !contrast[f] {
		return comma && commaContrast[f] && !pause(words, i+1)
	}
	// "nothing but": a contrast within a phrase says nothing new. "The driver, though, ...", "راننده ولی": what is set
	// against the words before begins a word earlier, at the comma.
	return !phraseBefore[words[i-1].Form] && !(comma && pause(words, i+1)) && !topic(words, begins, i) && !(f == despite && !comma)
}

// pause tells whether word k is a comma.
func pause(words []Word, k int) bool {
	return k < len(words) && words[k].Kind == Punctuation && words[k].Form[0] == ','
}

// topic tells whether what stands before word i only names what i sets against the words before: a word alone behind a comma or, before some
// words, a few at the beginning.
func topic(words []Word, begins []bool, i int) bool {
	n := 0
	for n < i && n <= longTopic && says(words[i-1-n]) && (n == 0 || !begins[i-n]) {
		n++
	}
	return n == 1 && i >= 2 && words[i-1].Kind == Letters && pause(words, i-2) || n > 0 && n <= late[words[i].Form] && mere(words[i-n:i])
}

// mere tells whether a few words name something, and say nothing of it. What ends in "ه" is mostly "is" in spoken Persian, unless it is all there is.
func mere(words []Word) bool {
	last := words[len(words)-1].Form
	return !enders[last] && (len(words) == 1 || !strings.HasSuffix(last, "ه"))
}

// late are words of contrast that often stand behind what they speak of, which has so many words at most: "قیمتش ولی بالاست", its price though is high.
// In the project's own texts one or two words before them are forty times as often what is spoken of as a clause of their own.
var late = map[string]int{Normalize("ولی").Text: longTopic, Normalize("اما").Text: longTopic, "зато": 1}

const longTopic = 3

// despite begins a contrast behind a comma alone: elsewhere it is a word of the same thought.
var despite, pity = Normalize("למרות").Text, Normalize("חבל").Text

var phraseBefore = set(`nothing all anything everything none even last הכל הכול הכל הכול שום به`)

// Words that tie what follows a comma to what stands before it, or what they begin to what follows the comma.
var (
	ties = set(`that which who whom whose because since so as than where when if unless until to of in on at for with from by or nor
		including such like especially
		כי ש שכן כדי אשר אם כאשר לפני בגלל כלומר או של על מה איפה איך כמו
		که چون زیرا چونکه اگر اگه وقتی یعنی یا را رو مثل
		что чтобы который которая которое которые которую которого которой которых которым где когда если потому поскольку так как чем куда
		откуда пока или либо ни то
		que porque quien donde cuando si qui où quand parce dass weil wenn die der das che perché quando se який яка що щоб bo że który`)
	// Words of which the same is true of a few words only.
	looseTies = set(`and with את עם אחרי با تا به از در برای و и та i y et und e og och en ve`)
	opens     = set(`if when whenever after before because since as once until unless
		אם כאשר כש אחרי לפני מכיוון בגלל כי
		اگر اگه وقتی چون هروقت بعد قبل
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
		if remarks(words[start:end]) {
			for i := start; i+1 < end; i++ {
				begins[i+1] = begins[i+1] || pause(words, i)
			}
			start = end
			continue
		}
		left, since := 0, 0             // words since the last comma that split, and since the last of all
		opened, greeted := false, false // whether they begin a subordinate clause, or greet somebody
		for i := start; i < end; i++ {
			if !pause(words, i) || i+1 >= end {
				if w := words[i]; w.Kind == Letters || w.Kind == Number {
					since++
					if left++; left == 1 {
						opened, greeted = opens[w.Form], salutations[w.Form]
					}
				}
				continue
			}
			next, right := i+1, 0
			for ; next < end && !pause(words, next); next++ {
				if right < 4 && (words[next].Kind == Letters || words[next].Kind == Number) {
					right++
				}
			}
			after := words[i+1].Form
			split := left >= 2 && right >= 2
			switch {
			case right >= 3 && i+3 < end && (words[i+2].Form == "לעומת" || words[i+3].Form == "לעומת"): // "ההחזר לעומת זאת תקוע"
				split = left >= 2
			case ties[after], opened, greeted && left <= 3, since == 1 && left > 1 && right < 4: // the last: a list of single words
				split = false
			case looseTies[after] || strings.HasPrefix(after, "ו"):
				split = left >= 2 && right >= 3
			case right == 1 && next+2 < end && comments[words[next+1].Form]: // "возврат, правда, бесплатный"
				split = left >= 2
			case right >= 2 && i+2 < end && contrast[words[i+2].Form], lateIn(words[i+1 : next]): // "باتریش اما", "قیمت غذاها ولی"
				split = true
			}
			if split {
				begins[i+1] = true
				left = 0
			}
			since = 0
		}
		start = end
	}
}

// lateIn tells whether words begin with what a word of contrast behind it speaks of.
func lateIn(words []Word) bool {
	for n := 1; n <= longTopic && n < len(words)-1 && says(words[n-1]); n++ {
		if n <= late[words[n].Form] && mere(words[:n]) {
			return true
		}
	}
	return false
}

// remarks tells whether a sentence is a row of words, two at most between commas: "Prompt, careless."
func remarks(words []Word) bool {
	parts, n := 1, 0
	for i, w := range words {
		if pause(words, i) {
			if n == 0 {
				return false
			}
			parts, n = parts+1, 0
			continue
		}
		if w.Kind == Letters {
			if n++; n > 2 || greetings[w.Form] || n == 1 && (ties[w.Form] || looseTies[w.Form] || comments[w.Form]) {
				return false
			}
		}
	}
	return parts >= 2 && n > 0
}

// greetings are followed by a comma and a name.
var greetings = set(`hi hello hey dear thanks thank regards cheers bye yes no ok okay well please sorry best
	שלום היי תודה בברכה כן לא אוקיי סליחה
	سلام ممنون درود مرسی بله نه باشه
	здравствуйте привет спасибо добрый уважаемые уважением да нет ок пожалуйста извините
	hola gracias bonjour merci hallo danke ciao grazie olá obrigado merhaba`)

// salutations begin a letter; the comma behind the name that follows parts nothing.
var salutations = set(`hi hello hey dear good שלום היי לכבוד سلام درود باسلام здравствуйте привет добрый уважаемые уважаемый уважаемая hola bonjour hallo ciao olá merhaba`)

// comments are words that stand between commas behind what they set against the words before.
var comments = set(`however though though, правда однако впрочем увы כמובן אמנם`)
