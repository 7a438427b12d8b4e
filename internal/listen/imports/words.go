package imports

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"kolo/internal/listen/feedback"
	"kolo/internal/people/contact"
)

// names are what people call the columns of such files, in English, Russian, Hebrew and Persian, by target. A name matches
// whole, or as words within a longer one; the more telling targets stand first. "score:" is followed by a metric.
var names = []struct {
	to    string
	words []string
}{
	{toIgnore, []string{"index", "row", "row number", "no", "nr", "#", "unnamed 0", "№", "№ п/п", "п/п", "reasons", "מספר שורה", "ردیف"}},
	{"score:nps", []string{"nps", "nps score", "net promoter", "net promoter score", "recommend", "likelihood to recommend", "recommendation", "ltr", "enps",
		"рекомендовать", "порекомендовать", "порекомендуете", "рекомендуете", "готовность рекомендовать", "להמליץ", "המלצה", "תמליץ", "תמליצו", "توصیه", "پیشنهاد به دوستان"}},
	{"score:ces", []string{"ces", "ces score", "effort", "effort score", "customer effort", "ease", "easy", "how easy", "легко", "легкость", "усилие", "усилия",
		"מאמץ", "קלות", "קל", "تلاش", "سهولت", "آسان"}},
	{"score:csat", []string{"csat", "csat score", "satisfaction", "satisfied", "customer satisfaction", "overall satisfaction", "удовлетворенность",
		"удовлетворённость", "удовлетворены", "довольны", "שביעות רצון", "מרוצה", "מרוצים", "رضایت", "راضی", "رضایتمندی"}},
	{"score:star", []string{"star", "stars", "star rating", "звезд", "звёзд", "звезды", "звёзды", "כוכבים", "כוכב", "ستاره"}},
	{"score:rating", []string{"rating", "score", "grade", "mark", "points", "polarity", "sentiment", "оценка", "оценки", "балл", "баллы", "рейтинг", "тональность",
		"דירוג", "ציון", "ניקוד", "סנטימנט", "امتیاز", "نمره", "رتبه", "قطبیت", "احساس"}},
	{"contact.email", contact.EmailWords},
	{"contact.phone", contact.PhoneWords},
	{"contact.external_id", []string{"customer id", "customerid", "client id", "user id", "userid", "contact id", "member id", "customer number", "customer", "client",
		"account number", "id клиента", "номер клиента", "клиент", "покупатель", "מזהה לקוח", "מספר לקוח", "לקוח", "שם משתמש", "شناسه مشتری", "شماره مشتری", "مشتری", "کد مشتری"}},
	{"contact.name", contact.NameWords},
	{"contact.account", []string{"account", "account id", "company", "company id", "organisation", "organization", "компания", "организация", "חברה", "ארגון", "شرکت", "سازمان"}},
	{"survey_version", []string{"survey version", "версия опроса", "גרסת סקר", "نسخه نظرسنجی"}},
	{"survey", []string{"survey", "survey name", "survey id", "questionnaire", "form", "опрос", "анкета", "סקר", "שאלון", "نظرسنجی", "پرسشنامه"}},
	{"touchpoint", []string{"touchpoint", "touch point", "journey step", "точка контакта", "נקודת מגע", "نقطه تماس"}},
	{toTime, []string{"date", "time", "timestamp", "datetime", "date time", "created", "created at", "created on", "creation date", "submitted", "submitted at",
		"submission date", "submit date", "submitted on", "completion date", "response date", "survey date", "review date", "end date", "completed at", "recorded date", "when", "posted", "published",
		"дата", "время", "дата и время", "дата создания", "дата ответа", "дата отзыва", "создано", "תאריך", "שעה", "זמן", "תאריך ושעה", "תאריך יצירה", "מועד",
		"تاریخ", "زمان", "تاریخ ثبت", "تاریخ و زمان", "ساعت"}},
	{"language", []string{"language", "lang", "locale", "язык", "שפה", "زبان"}},
	{"channel", []string{"channel", "medium", "канал", "ערוץ", "کانال"}},
	{"source", []string{"source", "источник", "מקור", "منبع"}},
	{"kind", []string{"kind", "feedback type", "тип обращения", "тип отзыва", "סוג פנייה", "סוג משוב", "نوع بازخورد"}},
	{"contact.country", nil}, // a country is sliced by, so it becomes an attribute; only the mapping screen offers this
	{toText, []string{"text", "comment", "comments", "feedback", "review", "review text", "message", "body", "verbatim", "description", "remarks", "remark", "opinion", "answer",
		"why", "reason", "note", "notes", "content", "complaint", "suggestion", "tweet", "sentence", "utterance", "отзыв", "отзывы", "текст", "комментарий",
		"комментарии", "сообщение", "обращение", "мнение", "жалоба", "пожелания", "замечания", "описание", "ответ", "הערה", "הערות", "תגובה", "תגובות", "טקסט",
		"משוב", "חוות דעת", "ביקורת", "הודעה", "תלונה", "תיאור", "נימוק", "نظر", "نظرات", "متن", "پیام", "بازخورد", "دیدگاه", "توضیحات", "توضیح", "کامنت", "شکایت", "پیشنهاد"}},
	{toExternalID, append([]string{"id", "uuid", "guid", "respondent id", "external id", "ticket", "sid", "ид", "идентификатор", "מזהה", "شناسه", "کد"}, rowIDs...)},
	{"attribute:", []string{"label", "labels", "category", "categories", "topic", "tag", "tags", "type", "class", "segment", "plan", "country", "city", "region", "branch",
		"store", "product", "department", "team", "gender", "age", "birth date", "birthday", "date of birth", "dob", "year", "month", "day", "week", "quantity", "qty",
		"count", "amount", "price", "cost", "duration", "hour", "minutes", "version", "url", "link", "file", "size", "length", "status", "priority",
		"категория", "метка", "тема", "тип", "класс", "сегмент", "страна", "город", "регион", "филиал", "магазин", "товар", "продукт", "отдел", "пол", "возраст",
		"дата рождения", "год", "месяц", "количество", "сумма", "цена", "длительность", "статус", "קטגוריה", "תווית", "נושא", "סוג", "מוצר", "סניף", "עיר",
		"מדינה", "אזור", "מחלקה", "מין", "גיל", "תאריך לידה", "שנה", "חודש", "כמות", "מחיר", "סטטוס", "דחיפות", "دسته", "دسته بندی", "برچسب", "موضوع", "نوع", "محصول",
		"شعبه", "شهر", "کشور", "استان", "بخش", "جنسیت", "سن", "تاریخ تولد", "سال", "ماه", "تعداد", "قیمت", "مبلغ", "وضعیت"}},
}

// rowIDs are what people call the id that a row has in the system it comes from. They say it outright, so that a few rows which are there
// twice do not make something else of their column: a bare "id" could be a customer's.
var rowIDs = []string{"response id", "responseid", "response number", "response no", "survey response", "answer id", "answer number", "feedback id", "review id", "comment id",
	"ticket id", "ticket number", "ticket no", "message id", "record id", "record number", "submission id", "entry id", "case id", "case number", "complaint id", "complaint number",
	"id ответа", "ид ответа", "номер ответа", "идентификатор ответа", "id отзыва", "номер отзыва", "идентификатор отзыва", "id обращения", "номер обращения",
	"идентификатор обращения", "id заявки", "номер заявки", "номер жалобы", "id записи", "номер записи", "номер анкеты",
	"מזהה תשובה", "מזהה התשובה", "מספר תשובה", "מזהה תגובה", "מזהה משוב", "מספר משוב", "מזהה פנייה", "מספר פנייה", "מספר הפנייה", "מס פנייה", "מספר פניה", "מזהה רשומה",
	"מספר רשומה", "מספר קריאה", "מספר תלונה",
	"شناسه پاسخ", "شماره پاسخ", "کد پاسخ", "شناسه نظر", "شناسه بازخورد", "شناسه رکورد", "شماره تیکت", "شناسه تیکت", "شماره شکایت", "شماره درخواست", "کد پیگیری", "شماره پیگیری"}

// saysRowID tells whether a column's name says that it is the row's id, and not one of a customer.
func saysRowID(name string) bool {
	to, _ := called(name)
	if slices.ContainsFunc(to, func(s saying) bool { return s.to == toContactID }) {
		return false
	}
	n := " " + normal(name) + " "
	return slices.ContainsFunc(rowIDs, func(w string) bool { return strings.Contains(n, " "+normal(w)+" ") })
}

// called finds what a column's name says: the target whose word it is, or those whose words it contains, the longest word
// first, for it says most. A name that is one of the words says more than one that only contains some.
func called(name string) (to []saying, whole bool) {
	n := normal(name)
	for _, e := range names {
		best := 0
		for _, w := range e.words {
			w = normal(w)
			switch {
			case n == w:
				return []saying{{e.to, len(w)}}, true
			case e.to != toIgnore && len(w) > best && len(w) > 2 && strings.Contains(" "+n+" ", " "+w+" "):
				best = len(w)
			}
		}
		if best > 0 {
			to = append(to, saying{e.to, best})
		}
	}
	// "Оценка NPS" is a score, and says of what: the letters of a metric say more than the longer word beside them.
	if slices.ContainsFunc(strings.Fields(n), func(w string) bool { return slices.Contains(letters, w) }) {
		to = slices.DeleteFunc(to, func(s saying) bool { return s.to == "score:rating" })
	}
	slices.SortStableFunc(to, func(a, b saying) int { return cmp.Compare(b.length, a.length) })
	return to, false
}

// letters are the names of metrics that are no words of any language.
var letters = []string{"nps", "enps", "csat", "ces"}

// saying is a target that a name speaks of, by a word of some length.
type saying struct {
	to     string
	length int
}

// normal is a name in lower case, its words set apart by single spaces, however they were joined: "CustomerID",
// "customer_id" and "customer-id" are the same.
func normal(s string) string {
	var b strings.Builder
	var before rune
	for _, r := range s {
		switch {
		case r == 'ي' || r == 'ى': // the Arabic forms, which old encodings have
			b.WriteRune('ی')
		case r == 'ك':
			b.WriteRune('ک')
		case r == '\u200c': // Persian's zero width non-joiner is left out as often as not
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '#' || r == '№':
			if unicode.IsUpper(r) && unicode.IsLower(before) {
				b.WriteByte(' ')
			}
			b.WriteRune(unicode.ToLower(r))
		default:
			b.WriteByte(' ')
		}
		before = r
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// middling are words for the middle step, which people take for whatever is asked.
var middling = []string{"neutral", "average", "okay", "ok", "so so", "нейтрально", "нейтральный", "нейтральная", "ни то ни другое", "средне", "нормально", "так себе", "נייטרלי", "ניטרלי", "נייטרלית", "בסדר", "בינוני", "ככה ככה",
	"חצי חצי", "خنثی", "بی نظر", "متوسط", "معمولی", "نه خوب نه بد", "بد نیست"}

// ladders are the words of answers from the worst to the best, without which half of all survey files say nothing.
var ladders = []struct {
	metric string
	min    float64
	steps  [][]string
}{
	{"csat", 1, [][]string{
		{"very dissatisfied", "very unsatisfied", "extremely dissatisfied", "not at all satisfied", "not satisfied at all", "очень недоволен", "совсем недоволен", "совсем недовольна", "очень недовольна", "полностью не удовлетворен", "מאוד לא מרוצה", "כלל לא מרוצה", "בכלל לא מרוצה", "לא מרוצה בכלל", "לא מרוצה כלל", "ממש לא מרוצה", "מאד לא מרוצה", "מאוד לא מרוצים", "خیلی ناراضی", "بسیار ناراضی", "کاملا ناراضی", "اصلا راضی نیستم", "اصلا راضی نبودم"},
		{"dissatisfied", "unsatisfied", "somewhat dissatisfied", "недоволен", "недовольна", "скорее недоволен", "скорее недовольна", "не удовлетворен", "לא מרוצה", "לא מרוצים", "די לא מרוצה", "ناراضی", "راضی نیستم", "راضی نبودم"},
		append([]string{"neither satisfied nor dissatisfied", "ни доволен ни недоволен", "לא מרוצה ולא לא מרוצה", "نه راضی نه ناراضی"}, middling...),
		{"satisfied", "somewhat satisfied", "доволен", "довольна", "скорее доволен", "скорее довольна", "удовлетворен", "מרוצה", "מרוצים", "די מרוצה", "راضی", "راضی هستم", "راضی بودم"},
		{"very satisfied", "extremely satisfied", "очень доволен", "очень довольна", "полностью удовлетворен", "מאוד מרוצה", "מרוצה מאוד", "מאד מרוצה", "מרוצה מאד", "خیلی راضی", "بسیار راضی", "کاملا راضی", "خیلی راضی هستم", "کاملا راضی هستم"},
	}},
	{"csat", 1, [][]string{
		{"very poor", "terrible", "very bad", "awful", "ужасно", "очень плохо", "גרוע מאוד", "נורא", "خیلی بد", "افتضاح", "بسیار بد"},
		{"poor", "bad", "плохо", "גרוע", "רע", "بد", "ضعیف"},
		append([]string{"fair", "удовлетворительно", "סביר"}, middling...),
		{"good", "хорошо", "טוב", "خوب"},
		{"excellent", "very good", "great", "отлично", "очень хорошо", "מצוין", "מצויין", "טוב מאוד", "عالی", "خیلی خوب", "بسیار خوب"},
	}},
	{"ces", 1, [][]string{
		{"strongly disagree", "very difficult", "полностью не согласен", "очень трудно", "מאוד לא מסכים", "כלל לא מסכים", "קשה מאוד", "کاملا مخالفم", "خیلی سخت"},
		{"disagree", "difficult", "не согласен", "трудно", "לא מסכים", "קשה", "مخالفم", "سخت"},
		append([]string{"neither agree nor disagree", "neither", "не знаю", "نظری ندارم"}, middling...),
		{"agree", "easy", "согласен", "легко", "מסכים", "קל", "موافقم", "آسان"},
		{"strongly agree", "very easy", "полностью согласен", "очень легко", "מסכים מאוד", "מאוד מסכים", "קל מאוד", "کاملا موافقم", "خیلی آسان"},
	}},
	{"rating", -1, [][]string{
		{"negative", "neg", "негативный", "отрицательный", "негативно", "שלילי", "منفی"},
		{"neutral", "neu", "mixed", "нейтральный", "нейтрально", "смешанный", "נייטרלי", "ניטרלי", "مختلط", "خنثی"},
		{"positive", "pos", "позитивный", "положительный", "позитивно", "חיובי", "مثبت"},
	}},
}

// ladder finds the words that a column's values are, and what each of them stands for: those of the ladder that knows most of the cells. Both
// ends need not have been said, but at least two steps. A few cells may be none of them, such as a second row of headings: they are told by
// their rows. Where something else says that the column is a score (told), most cells being known is enough: the page asks for the rest.
func ladder(values []string, told bool) (metric string, lowest, highest float64, stand Values) {
	fewest := -1
	for _, l := range ladders {
		words := Values{}
		seen := map[int]bool{}
		strange, known := 0, 0
		for _, v := range values {
			v = strings.TrimSpace(v)
			if v == "" || missing(v) {
				continue
			}
			at := slices.IndexFunc(l.steps, func(steps []string) bool { return slices.Contains(steps, answered(v)) })
			if at < 0 {
				strange++
				continue
			}
			words[v] = number(l.min + float64(at))
			seen[at] = true
			known++
		}
		if few := 20*strange <= len(values); len(seen) > 1 && (few || told && known > strange) && (fewest < 0 || strange < fewest) {
			fewest = strange
			metric, lowest, highest, stand = l.metric, l.min, l.min+float64(len(l.steps)-1), words
		}
	}
	return metric, lowest, highest, stand
}

// answered is a cell as the words of ladders are written: without the sign on the last vowel of an adverb, which few people type.
func answered(cell string) string { return strings.ReplaceAll(normal(cell), "\u064b", "") }

// Ladder knows the steps of a scale by its words, such as "very satisfied": what each stands for, on which scale. ok is
// false when it does not know most of them.
func Ladder(words []string) (scale feedback.Scale, stand Values, ok bool) {
	_, low, high, stand := ladder(words, true)
	return feedback.Scale{Min: low, Max: high, Direction: feedback.Up}, stand, stand != nil
}

// languages are the names of languages that files have instead of their codes.
var languages = map[string]string{
	"english": "en", "английский": "en", "אנגלית": "en", "انگلیسی": "en", "hebrew": "he", "иврит": "he", "עברית": "he", "iw": "he", "עברי": "he", "عبری": "he",
	"persian": "fa", "farsi": "fa", "персидский": "fa", "פרסית": "fa", "فارسی": "fa", "russian": "ru", "русский": "ru", "רוסית": "ru", "روسی": "ru",
	"arabic": "ar", "арабский": "ar", "ערבית": "ar", "عربی": "ar", "german": "de", "deutsch": "de", "french": "fr", "spanish": "es", "italian": "it",
	"turkish": "tr", "ukrainian": "uk", "portuguese": "pt", "chinese": "zh", "japanese": "ja",
}

// kinds are the words that files have for the kinds of feedback.
var kinds = map[string]string{
	"survey": "response", "answer": "response", "ответ": "response", "опрос": "response", "תגובה לסקר": "response", "پاسخ": "response",
	"отзыв": "review", "ביקורת": "review", "חוות דעת": "review", "نقد": "review", "نظر": "review",
	"mention": "mention", "post": "mention", "tweet": "mention", "упоминание": "mention", "אזכור": "mention",
	"ticket": "message", "chat": "message", "email": "message", "question": "message", "inquiry": "message", "обращение": "message", "вопрос": "message",
	"сообщение": "message", "פנייה": "message", "שאלה": "message", "הודעה": "message", "پیام": "message", "سوال": "message",
	"жалоба": "complaint", "претензия": "complaint", "תלונה": "complaint", "شکایت": "complaint",
	"interview": "note", "интервью": "note", "ראיון": "note", "مصاحبه": "note", "mystery shop": "audit", "аудит": "audit",
}
