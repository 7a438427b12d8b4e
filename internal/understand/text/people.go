package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// People and their homes have no checksum. What is found here is what the text itself introduces: "my name is", a
// signature behind a closing formula, a title or a patronymic, a street with its number. Everything is looked for among
// the words of the text.

// Formulas that a name follows, as folded words joined by "_".
var (
	titles        = phraseMap(`mr mrs ms dr prof`)
	introductions = phraseMap(`my_name_is my_name's the_name's שמי קוראים_לי меня_зовут моя_фамилия`)
	// Behind the name stands the end of the sentence: is, or a mark.
	persianIntroductions = phraseMap(`نام_من اسم_من اسمم نامم`)
	persianIs            = set(`است هست هستش میباشد می باشد و`)
	persianPrepositions  = set(`به با از در`) // "in my name"
	// Of a form: a colon must stand between.
	fields = phraseMap(`name full_name surname שם שם_מלא שם_פרטי שם_משפחה השם_שלי نام اسم نام_و_نام_خانوادگی نام_خانوادگی اسم_من نام_من фио имя фамилия`)
	// Behind these stands a mark or a line break first, and nothing but the name up to the next mark.
	closings = phraseMap(`regards kind_regards best_regards sincerely yours_sincerely yours_faithfully yours best_wishes yours_truly respectfully warm_regards warmest_regards with_thanks
		בברכה בכבוד_רב בתודה בתודה_מראש בהוקרה
		با_احترام با_تشکر با_سپاس با_تشکر_و_احترام ارادتمند
		с_уважением искренне_ваш искренне_ваша с_наилучшими_пожеланиями с_благодарностью всего_доброго всего_наилучшего`)
	// Behind these a name with capitals ends the text or the line.
	partings = phraseMap(`thanks many_thanks thank_you best cheers best, love signed all_the_best take_care thanks_in_advance спасибо заранее_спасибо спасибо_заранее
		תודה תודה_רבה תודה_מראש רב_תודות ממני ممنون مرسی سپاس متشکرم سپاسگزارم`)
	// notNames are capitalised words that stand where a name would.
	notNames = set(`ואני ואנחנו ו mr mrs ms miss dr i'm i've i'd it's the and i we your our customer client team manager support dear sir madam not no very a an from sent is of
		כל את זה לא של ה צוות לקוח לקוחה אני
		از به با یک مشتری تیم است را رو در اشتباه غلط درست نیست هم که این آن چیست چیه
		ваш ваша клиент покупатель команда и не`)
)

// people finds names and homes.
func (f *finder) people() {
	words := Words(f.s)
	f.roles = make([]role, len(words))
	for i, w := range words {
		if w.Kind == Letters {
			f.roles[i] = roles[w.Form]
		}
	}
	place := func(from, to int) (start, end int) { // in the projection
		start, _ = slices.BinarySearch(f.from, int32(words[from].Span.Start))
		end, _ = slices.BinarySearch(f.to, int32(words[to].Span.End))
		return start, min(end+1, len(f.b))
	}
	for i := range words {
		if f.roles[i]&isSpokenAt == 0 {
			continue
		}
		if from, to := f.spoken(words, i); to > from {
			start, end := place(from, to-1)
			f.add(start, end, PersonalEmail, 99)
		}
	}
	f.touched = f.touches(words)
	own := f.ofOwn(words)
	add := func(from, to int) { // a name, with what is known to belong to it
		for to < len(own) && own[to] {
			to++
		}
		start, end := place(from, to-1)
		f.add(start, end, PersonalName, 40)
	}
	covered := 0
	rest := func(to int) { // what is known of the writer's names where nothing else was found
		for from := covered; from < min(to, len(own)); from++ {
			if own[from] {
				add(from, from+1)
				for from+1 < len(own) && own[from+1] {
					from++
				}
			}
		}
		covered = max(covered, to)
	}
	for i := 0; i < len(words); i++ {
		if from, to := f.home(words, i); to > from {
			start, end := place(from, to-1)
			f.add(start, end, PersonalAddress, 65)
			i = to - 1
			continue
		}
		if to := f.dictated(words, i); to > i {
			start, end := place(i, to-1)
			f.add(start, end, spokenKind(f.called(f.before(start, 40))), 45)
			i = to - 1
			continue
		}
		if words[i].Kind == User && f.handle(words, i) {
			start, end := place(i, i)
			f.add(start, end, PersonalUser, 50)
			continue
		}
		from, to := f.named(words, i)
		if to <= from {
			from, to = f.introduced(words, i)
		}
		if to <= from {
			from, to = f.ofKin(words, i)
		}
		if to > from {
			rest(from)
			add(from, to)
			covered = to
			for covered < len(own) && own[covered] {
				covered++
			}
			i = covered - 1
		}
	}
	rest(len(words))
}

// numerals are words for numbers, as people say them one after another when they give a number on the telephone.
var numerals = set(`zero oh nought one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
	twenty thirty forty fifty sixty seventy eighty ninety hundred double triple
	אפס אחד אחת שתיים שתים שניים שנים שתי שני שלוש שלושה ארבע ארבעה חמש חמישה שש שישה שבע שבעה שמונה תשע תשעה עשר עשרה עשרים שלושים ארבעים חמישים שישים שבעים שמונים תשעים מאה פעמים פעמיים
	صفر یک دو سه چهار پنج شش شیش هفت هشت نه ده یازده دوازده سیزده چهارده پانزده شانزده هفده هجده نوزده بیست سی چهل پنجاه شصت هفتاد هشتاد نود صد دویست سیصد چهارصد پانصد
	ششصد هفتصد هشتصد نهصد
	ноль нуль один одна два две три четыре пять шесть семь восемь девять десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать
	восемнадцать девятнадцать двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто сто двести триста четыреста пятьсот шестьсот семьсот восемьсот
	девятьсот тысяча тысячи дважды трижды`)

// dictated is the end of six or more numerals in a row that begin at word i, or 0. Figures may stand among them.
func (f *finder) dictated(words []Word, i int) int {
	if f.roles[i]&isNumeral == 0 {
		return 0
	}
	n, end := 0, 0
	for k := i; k < len(words) && (end == 0 || k-end < 3); k++ {
		switch w := words[k]; {
		case f.roles[k]&isNumeral != 0, w.Kind == Number && n > 0:
			n++
			end = k + 1
		case n > 0 && (isMark(w, ",.-") || w.Form == "و"):
		default:
			k = len(words)
		}
	}
	if n < 6 {
		return 0
	}
	return end
}

// spokenKind is what a dictated number is, by what it is called.
func spokenKind(called string) PersonalKind {
	switch called {
	case "card":
		return PersonalCard
	case "id":
		return PersonalID
	case "passport":
		return PersonalPassport
	case "account":
		return PersonalAccount
	}
	return PersonalPhone
}

// follows is where the words of a phrase that begins at i end, or 0.
func follows(words []Word, i int, phrases map[string][][]string) int {
	best := 0
	for _, rest := range phrases[words[i].Form] {
		k := 0
		for k < len(rest) && i+1+k < len(words) && words[i+1+k].Form == rest[k] {
			k++
		}
		if k == len(rest) && i+1+k > best {
			best = i + 1 + k
		}
	}
	return best
}

// phrase is follows for words of a role.
func (f *finder) phrase(words []Word, i int, r role, phrases map[string][][]string) int {
	if f.roles[i]&r == 0 {
		return 0
	}
	return follows(words, i, phrases)
}

func isMark(w Word, marks string) bool {
	return w.Kind == Punctuation && strings.Contains(marks, w.Form[:1])
}

// lineBreak tells whether one stands before word k.
func (f *finder) lineBreak(words []Word, k int) bool {
	return k > 0 && strings.ContainsAny(f.s[words[k-1].Span.End:words[k].Span.Start], "\n\r")
}

// namePart tells whether a word may be a part of a name: a capital where the script has them.
func (f *finder) namePart(w Word) bool {
	if w.Kind != Letters || notNames[w.Form] || utf8.RuneCountInString(w.Form) > 20 {
		return false
	}
	if uncased(w) {
		r := roles[w.Form]
		return r&isNobody == 0 || r&(isGiven|isGivenAlso) != 0
	}
	return upper(f.s, w)
}

// named is the name that begins at or behind word i, or nothing.
func (f *finder) named(words []Word, i int) (from, to int) {
	if words[i].Form == "-" && i > 0 && words[i-1].Span.End < words[i].Span.Start && !says(words[i-1]) {
		// "... again. — R. Sampleton"
		if end := f.nameEnd(words, i+1, 3, 0); end > i+2 && f.lineEnds(words, end) {
			return i + 1, end
		}
	}
	if words[i].Kind != Letters {
		return 0, 0
	}
	if next := f.phrase(words, i, isTitle, titles); next > 0 {
		for next < len(words) && isMark(words[next], ".") {
			next++
		}
		if end := f.nameEnd(words, next, 3, 0); end > next && upper(f.s, words[i]) {
			return next, end
		}
	}
	if next := f.phrase(words, i, isIntroduction, introductions); next > 0 && (!uncased(words[i]) || f.leftEdge(words, i)) { // not על שמי, "in my name"
		for next < len(words) && isMark(words[next], ":-") {
			next++
		}
		// A script without capitals gives no sign where the name ends: what is introduced is two words at most.
		return next, f.nameEnd(words, next, 3, 2)
	}
	if next := f.phrase(words, i, isPersianIntroduction, persianIntroductions); next > 0 {
		end := f.nameEnd(words, next, 3, 3)
		if end > next && !(i > 0 && persianPrepositions[words[i-1].Form]) && (end == len(words) || f.lineBreak(words, end) || persianIs[words[end].Form] || isMark(words[end], ".,!;")) {
			return next, end
		}
	}
	if next := f.phrase(words, i, isField, fields); next > 0 && next < len(words) && isMark(words[next], ":") && (i == 0 || !says(words[i-1]) || f.lineBreak(words, i)) {
		return next + 1, f.nameEnd(words, next+1, 4, 3)
	}
	if next := f.phrase(words, i, isParting, partings); next > 0 && next < len(words) && (isMark(words[next], ",-") || f.lineBreak(words, next)) {
		if !f.lineBreak(words, next) {
			next++
		}
		if end := f.nameEnd(words, next, 3, 0); f.lineEnds(words, end) {
			return next, end
		}
		// Who is thanked by a first name, in a script without capitals, may be a member of the staff.
		if end, how := f.somebody(words, next); how >= full && f.lineEnds(words, end) || how >= first && f.reaches(words, end, how) {
			return next, end
		}
	}
	if next := f.phrase(words, i, isClosing, closings); next > 0 && next < len(words) && (isMark(words[next], ",:-.") || f.lineBreak(words, next)) {
		if isMark(words[next], ",:-.") {
			next++
		}
		end := f.nameEnd(words, next, 4, 3)
		if end < len(words) && !isMark(words[end], ",.;(") && !f.lineBreak(words, end) && words[end].Kind == Letters {
			return 0, 0 // a sentence goes on
		}
		return next, end
	}
	if patronymic(words[i].Form) && upper(f.s, words[i]) {
		from, to = i, i+1
		for from > 0 && i-from < 2 && f.namePart(words[from-1]) && !f.lineBreak(words, from) && (from-1 > 0 && says(words[from-2]) || from == i || surname(words[from-1].Form)) {
			from--
		}
		if to < len(words) && f.namePart(words[to]) && !f.lineBreak(words, to) {
			to++
		}
		return from, to
	}
	return 0, 0
}

// lineEnds tells whether a line or the text ends before word k, but for a full stop.
func (f *finder) lineEnds(words []Word, k int) bool {
	if k < len(words) && isMark(words[k], ".") {
		k++
	}
	return k >= len(words) || f.lineBreak(words, k)
}

// surname tells whether a folded word ends as Russian surnames do. It is asked where a name stands beside it.
func surname(form string) bool {
	for _, end := range []string{"ов", "ев", "ин", "ын", "ова", "ева", "ина", "ына", "ский", "ская", "цкий", "цкая", "ко", "ук", "юк", "ян", "их", "ых", "дзе", "швили"} {
		if strings.HasSuffix(form, end) && len(form) > len(end)+2 {
			return true
		}
	}
	return false
}

// nameEnd is the end of the name that begins at k: at most so many words with capitals, or without. Initials keep their
// full stops.
func (f *finder) nameEnd(words []Word, k, cased, plain int) int {
	n, end := 0, k
	for k < len(words) && f.namePart(words[k]) && !(n > 0 && f.lineBreak(words, k)) {
		limit := cased
		if uncased(words[k]) {
			limit = plain
			if n > 0 && strings.HasPrefix(words[k].Form, "ו") && f.roles[k]&(isGiven|isSurname) == 0 { // "and": "שמי רינה ואין לי"
				break
			}
		}
		if n++; n > limit {
			break
		}
		initial := utf8.RuneCountInString(words[k].Form) == 1
		k++
		end = k
		if initial && k < len(words) && words[k].Form == "." {
			k++
			end = k
		} else if k+1 < len(words) && words[k].Form == "-" && words[k].Span.Start == words[k-1].Span.End && words[k+1].Span.Start == words[k].Span.End {
			k++
			n--
		}
	}
	return end
}

// patronymic tells whether a folded word is a Russian patronymic in any case.
func patronymic(form string) bool {
	if len(form) < 12 || form[0] < 0xd0 {
		return false
	}
	for _, end := range []string{"", "а", "у", "ем", "е"} {
		if stem, ok := strings.CutSuffix(form, end); ok && (strings.HasSuffix(stem, "ович") || strings.HasSuffix(stem, "евич")) {
			return true
		}
	}
	for _, end := range []string{"а", "ы", "е", "у", "ой"} {
		if stem, ok := strings.CutSuffix(form, end); ok && (strings.HasSuffix(stem, "овн") || strings.HasSuffix(stem, "евн") || strings.HasSuffix(stem, "ичн")) {
			return true
		}
	}
	return false
}
