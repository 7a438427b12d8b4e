package text

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// role says what a word may be where people are looked for. One look into roles spares a dozen for each word of a text.
type role uint32

const (
	isTitle role = 1 << iota // may begin a phrase of titles, and so on
	isIntroduction
	isPersianIntroduction
	isField
	isParting
	isClosing
	isSelf
	isContact
	isHolder
	isNetwork // where people have user names
	isMine    // says whose: "my", "write to me"
	isYours
	isSpokenAt
	isNumeral
	isStreet
	isHere     // behind a name that says who speaks
	isBehind   // may stand right behind a name
	isReach    // between a name and a number
	isGreeting // before an introduction
	isGiven
	isGivenAlso
	isSurname
	isParticle // within a name
	isNobody   // no part of a name
	isStop     // a word that says nothing by itself
	isKin      // may begin a phrase of kin
)

// Formulas as those in people.go.
var (
	// selves say who writes, at the beginning of a clause. More than one word with capitals must follow, or a name that is known.
	selves = phraseMap(`this_is it's it_is i_am i'm im call_me
		כאן פה מדבר מדברת אני זה זאת זו ממני מאת כותב כותבת כותב_לכם כותבת_לכם החתום_מטה על_החתום
		من اینجانب بنده
		это я пишет пишет_вам вам_пишет беспокоит вас_беспокоит говорит на_связи с_вами мое_имя зовут`)
	// ownSelves can only be about who writes; of the others many are about somebody or something else.
	ownSelves = set(`i i'm im call אני ממני מאת كותב من اینجانب بنده я беспокоит вас мое`)
	// contactCues name somebody to turn to, with a colon, or with a number behind the name.
	contactCues = phraseMap(`contact contacts contact_me contact_person contact_name contact_details my_contact my_details my_contact_details details reach_me attn attention sender from signature
		passenger passengers patient guest booked_by ordered_by account_holder card_holder cardholder policyholder policy_holder name_on_the_account name_on_the_order name_on_the_booking
		קשר ליצירת_קשר איש_קשר אשת_קשר פרטי_קשר פרטים פרטיי הפרטים_שלי לפרטים לתיאום לחזרה מאת החתום חתימה נוסע נוסעת מטופל מטופלת אורח אורחת שם_הלקוח שם_הלקוחה שם_המזמין שם_המזמינה שם_הנוסע שם_המטופל
		تماس تماس_با تماس_با_من برای_تماس جهت_تماس راه_تماس ارتباط راه_ارتباطی برای_ارتباط جهت_ارتباط رابط فرستنده گیرنده مسافر بیمار مهمان امضا از_طرف مشخصات مشخصات_من
		для_связи для_обратной_связи связь контакт контакты мои_контакты контактное_лицо мои_данные заявитель заявительница получатель отправитель пассажир пациент пациентка владелец
		владелица подпись от автор`)
	weakCues = set(`from attention details связь от автор`) // "From: London Victoria"
	// holders say under whose name something runs.
	holders = phraseMap(`in_the_name_of under_the_name under_the_name_of booked_under under_name на_имя на_фамилию под_фамилией על_שם תחת_השם به_نام به_اسم`)
)

// roles are those of the words that have one.
var roles = func() map[string]role {
	m := map[string]role{}
	phrases := func(r role, of map[string][][]string) {
		for w := range of {
			m[w] |= r
		}
	}
	words := func(r role, of map[string]bool) {
		for w := range of {
			m[w] |= r
		}
	}
	phrases(isTitle, titles)
	phrases(isIntroduction, introductions)
	phrases(isPersianIntroduction, persianIntroductions)
	phrases(isField, fields)
	phrases(isParting, partings)
	phrases(isClosing, closings)
	phrases(isSelf, selves)
	phrases(isContact, contactCues)
	phrases(isHolder, holders)
	phrases(isKin, kin)
	words(isNumeral, numerals)
	words(isStreet, streetsBefore)
	words(isGiven, given)
	words(isGivenAlso, givenAlso)
	words(isSurname, surnames)
	words(isNobody, notNames)
	for _, list := range ownStopWords {
		words(isNobody|isStop, list)
	}
	words(isNetwork, set(`telegram tg instagram insta ig twitter snapchat snap skype discord viber signal facebook fb messenger tiktok linkedin handle username nick nickname threads mastodon
		טלגרם אינסטגרם אינסטה טוויטר סקייפ פייסבוק טיקטוק תלגרם הטלגרם האינסטגרם האינסטה הטוויטר בטלגרם באינסטגרם באינסטה בטוויטר
		تلگرام تلگرامم اینستاگرام اینستا اینستاگرامم توییتر ایدی ایدیم ایدی
		телеграм телеграмм телега телеге телеграме тг инстаграм инстаграме инста твиттер твиттере скайп ник вк`))
	words(isMine, set(`my mine me שלי אליי אלי לי אותי من منم تلگرامم اینستاگرامم ایدیم мой моя мое мне меня`))
	words(isYours, set(`your yours their theirs his her its our ours שלכם שלהם שלך ваш ваша ваше вашего вашему вашем вашей вашу شما to from`))
	words(isSpokenAt, set(`at собака שטרודל کروکت ات`))
	words(isHere, set(`here speaking calling writing מדבר מדברת כותב כותבת כאן беспокоит هستم هستیم`))
	words(isBehind, set(`from and here speaking calling writing again i ואני ואנחנו אני מדבר מדברת כאן из и هستم هست است هستش از و`))
	words(isReach, set(`tel phone telephone mobile mob cell cellphone number email e-mail mail on at by whatsapp id passport or
		טל טלפון הטלפון נייד פלאפון מייל אימייל המייל דואל מספר בטלפון בנייד במייל וואטסאפ ת ז תז
		тел телефон телефону телефоне телефона моб мобильный номер номеру почта почте email эл на по ватсап паспорт
		تلفن موبایل شماره ایمیل همراه تماس واتساپ به کد ملی کدملی`))
	words(isGreeting, set(`hi hello hey greetings morning afternoon evening day שלום היי הי אהלן טוב ערב בוקר רב סלאם سلام درود здравствуйте привет добрый день вечер утро приветствую`))
	words(isParticle, set(`de van von der den da di la le al el bin ibn ben bar abu בן בר בת אבו אבן אל דה`))
	// What stands with capitals, or alone, where a name would: houses, services, wares, praise.
	words(isNobody, set(`support service services customer customers care team office branch bank hotline helpline helpdesk desk department dept sales billing accounts manager managers management reception
		shop store insurance group ltd inc llc gmbh plc company co corp corporation hotel hostel airlines airways air airport telecom mobile internet home online app apps premium plus gold silver platinum basic
		business pro max ultra express prime black friday saturday sunday monday tuesday wednesday thursday january february march july august september october november december
		great good very bad best worst excellent amazing awesome fantastic perfect terrible horrible awful poor nice lovely wonderful highly recommend recommended absolutely definitely totally experience delivery price prices quality food staff product products time value money job work fast slow super quick easy simple friendly helpful clean cheap expensive top happy sad really love loved
		please thanks thank regards cheers contact call phone email mail tel number dear hello hi hey sir madam help never always not no yes ok okay sure what why how when where who new old first last
		street road avenue lane house square centre center clinic hospital school university college pharmacy restaurant cafe bar pub station terminal gate north south east west
		british english american israeli russian iranian persian french german spanish italian indian chinese jewish muslim christian hebrew arabic
		שירות לקוחות מוקד תמיכה סניף משרד מחלקה מחלקת בנק חברה חברת צוות טלפון נייד מייל אימייל וואטסאפ בטלפון במייל תודה רבה מראש בברכה שלום היי נציג נציגה הנציג הנציגה מנהל מנהלת המנהל המנהלת לקוח לקוחה
		אין אי אפשר צריך צריכה רוצה מחכה מאוד פשוט מעולה מצוין מצוינת נהדר נהדרת גרוע גרועה טוב טובה יפה אדיב אדיבה מקסים מקסימה אלוף אלופה תותח תותחית עזר עזרה שעזר שעזרה היה הייתה אתמול היום מחר עכשיו
		כתוב כתובה רשום רשומה מופיע מופיעה באנגלית בעברית שוב יותר פחות בלי ללא איתי איתו איתה אליי אליו אליה אלינו אליכם אתכם
		پشتیبانی خدمات مشتری مشتریان دفتر شعبه بانک شرکت تلفن موبایل ایمیل شماره تلگرام واتساپ همراه ممنون مرسی سپاس تشکر سلام لطفا باسلام نماینده مدیر راننده کارشناس اپراتور
		نیست نبود نمیشه میشه خوب بد عالی افتضاح راضی ناراضی بسیار واقعا اصلا همچنان دیروز امروز فردا الان جواب پاسخ جریان پایان اشتباه درسته بابت
		поддержка служба отдел сервис банк клиентский центр магазин компания офис оператор менеджер администратор директор доставка заказ приложение сбербанк
		спасибо большое огромное отлично хорошо плохо ужас кошмар полный очень супер звоните перезвоните пишите жду нет это телефон почта номер адрес здравствуйте добрый день привет уважаемые
		понедельник вторник среда четверг пятница суббота воскресенье январь февраль март апрель июнь июль август сентябрь октябрь ноябрь декабрь`))
	for w, r := range m {
		if r&isNobody != 0 && r&(isGiven|isGivenAlso) != 0 { // "Will" and "May" at the beginning of a sentence are words
			m[w] = r&^isGiven | isGivenAlso
		}
	}
	return m
}()

// touch is a finding, as words from and up to to, that people give beside their names: a telephone number, an address.
type touch struct{ from, to int }

// touches are those that have been found, in order.
func (f *finder) touches(words []Word) []touch {
	var out []touch
	for _, r := range f.found {
		switch r.Kind {
		case PersonalEmail, PersonalPhone, PersonalID, PersonalPassport, PersonalINN, PersonalSNILS, PersonalBorn:
		default:
			continue
		}
		from, _ := slices.BinarySearchFunc(words, r.Start, func(w Word, at int) int { return w.Span.End - 1 - at })
		to, _ := slices.BinarySearchFunc(words, r.End, func(w Word, at int) int { return w.Span.Start - at })
		if from < to {
			out = append(out, touch{from, to})
		}
	}
	slices.SortFunc(out, func(a, b touch) int { return a.from - b.from })
	return out
}

// near is the first of the touches that does not begin before word k, or false.
func (f *finder) near(k int) (touch, bool) {
	at, _ := slices.BinarySearchFunc(f.touched, k, func(t touch, k int) int { return t.from - k })
	if at == len(f.touched) {
		return touch{}, false
	}
	return f.touched[at], true
}

// reaches tells whether a number or an address stands behind word k: nothing but marks, a line break and words such as "tel" between.
func (f *finder) reaches(words []Word, k, how int) bool {
	if k < len(words) && how == shaped && isMark(words[k], ":") { // "call me back: 054-1234567"
		return false
	}
	t, ok := f.near(k)
	if !ok || t.from-k > 6 {
		return false
	}
	for breaks := 0; k < t.from; k++ {
		if f.lineBreak(words, k) {
			breaks++
		}
		if breaks > 1 || !(isMark(words[k], ",;:-(|/.") || f.roles[k]&isReach != 0) {
			return false
		}
	}
	return true
}

// leftEdge tells whether a clause, a line or the text begins at word k, or stands behind a greeting.
func (f *finder) leftEdge(words []Word, k int) bool {
	return k == 0 || !says(words[k-1]) || f.lineBreak(words, k) || f.roles[k-1]&isGreeting != 0 || words[k-1].Kind == User || k > 1 && words[k-2].Form == "#"
}

// rightEdge tells whether a name may end before word k.
func (f *finder) rightEdge(words []Word, k int) bool {
	if k >= len(words) || !says(words[k]) || f.roles[k]&isBehind != 0 || f.lineBreak(words, k) {
		return true
	}
	if k > 0 && f.roles[k-1]&isGiven != 0 && strings.HasPrefix(words[k].Form, "מ") { // "from": "יוסי מהמכולת"
		return true
	}
	t, ok := f.near(k)
	return ok && t.from == k
}

// mostNameWords is how many words and marks a name has at most, with all its particles and hyphens.
const mostNameWords = 10

// How sure it is that words are somebody's name.
const (
	nobody  = iota
	shaped  // two words or three that can be one
	first   // one word, which people are called
	full    // with a name that is known, or initials
	certain // both what people are given and a surname
)

// somebody is the end of the name that may begin at word k, and how sure it is one.
func (f *finder) somebody(words []Word, k int) (end, how int) {
	if k >= len(words) || words[k].Kind != Letters {
		return k, nobody
	}
	if uncased(words[k]) {
		return f.somebodyPlain(words, k)
	}
	n, initials, known, sure, family := 0, 0, false, false, false
	start := k
	leads := utf8.RuneCountInString(words[k].Form) == 1
	for k < len(words) && k-start < mostNameWords && n < 4 && words[k].Kind == Letters && !uncased(words[k]) && !(n > 0 && f.lineBreak(words, k)) {
		w, r := words[k], f.roles[k]
		if n > 0 && r&isParticle != 0 && k+1 < len(words) && !f.lineBreak(words, k+1) && f.namePart(words[k+1]) { // "van Dam"
			k++
			continue
		}
		size := utf8.RuneCountInString(w.Form)
		if !f.namePart(w) || r&isNobody != 0 && size > 1 && (r&isGivenAlso == 0 || n > 0) || size > 1 && !known && r&isGiven == 0 && w.Shouted(f.s) {
			break
		}
		known = known || r&isGiven != 0 && (n == initials || family) || r&isGivenAlso != 0 && n == initials
		sure = sure || r&isGiven != 0
		family = family || surname(w.Form) && w.Form[0] >= 0xd0
		n++
		k++
		end = k
		if size == 1 {
			initials++
			if k < len(words) && words[k].Form == "." && words[k].Span.Start == words[k-1].Span.End {
				k++
				end = k
			} else {
				return start, nobody // "Plan A", "I"
			}
		} else if k+1 < len(words) && words[k].Form == "-" && words[k].Span.Start == words[k-1].Span.End && words[k+1].Span.Start == words[k].Span.End && f.namePart(words[k+1]) {
			k++
			n--
		}
	}
	switch whole := n - initials; {
	case n > 3 || whole == 0:
		return start, nobody
	case n == 1 && sure:
		return end, first
	case n == 1:
		return start, nobody
	case known || initials > 0 && (leads || family): // not "Row F."
		return end, certain
	case initials > 0:
		return start, nobody
	}
	return end, shaped
}

// somebodyPlain is somebody in a script without capitals, where only names that are known, or an edge, tell where one ends.
func (f *finder) somebodyPlain(words []Word, k int) (end, how int) {
	part := func(k int) bool {
		w, r := words[k], f.roles[k]
		return w.Kind == Letters && uncased(w) && utf8.RuneCountInString(w.Form) > 1 && utf8.RuneCountInString(w.Form) <= 20 &&
			(r&(isNobody|isContact|isNetwork) == 0 || r&(isGiven|isGivenAlso) != 0)
	}
	var ends [3]int // of one word, two, three
	n := 0
	for j := k; j < len(words) && j-k < mostNameWords && n < len(ends) && part(j) && !(n > 0 && f.lineBreak(words, j)); j++ {
		if f.roles[j]&isParticle != 0 && n > 0 && j+1 < len(words) && part(j+1) && !f.lineBreak(words, j+1) { // בן, which belongs to what follows
			continue
		}
		if j+2 < len(words) && words[j+1].Form == "-" && words[j+1].Span.Start == words[j].Span.End && words[j+2].Span.Start == words[j+1].Span.End && part(j+2) {
			j += 2
		}
		ends[n] = j + 1
		n++
	}
	r := f.roles[k]
	known := r&(isGiven|isGivenAlso) != 0
	second := false // whether what stands behind the first word is a surname
	if n >= 2 {
		last := words[ends[1]-1].Form
		second = f.roles[ends[1]-1]&isSurname != 0
		for _, s := range surnameEnds {
			second = second || known && strings.HasSuffix(last, s) && len(last) > len(s)+2
		}
		if known && second {
			return ends[1], certain
		}
		if t, ok := f.near(ends[1]); r&isGiven != 0 && !second && strings.HasPrefix(last, "מ") && !(ok && t.from-ends[1] < 2) {
			return ends[0], first // "רותי ממושב צופית", "דנה מלירונה"
		}
	}
	for n > 0 && !f.rightEdge(words, ends[n-1]) {
		n--
	}
	switch {
	case n == 0:
		return k, nobody
	case n == 1 && r&isGiven != 0:
		return ends[0], first
	case n == 1:
		return k, nobody
	case n == 2 && (second || r&isGiven != 0 || r&isSurname != 0 && f.roles[ends[1]-1]&(isGiven|isGivenAlso) != 0):
		return ends[n-1], full
	}
	return ends[n-1], shaped
}

// introduced is the name that a cue before word i, or what stands beside it, makes one: "contact: ...", "this is ...", "..., 054-1234567",
// the last line of a letter.
func (f *finder) introduced(words []Word, i int) (from, to int) {
	if words[i].Kind != Letters {
		return 0, 0
	}
	r := f.roles[i]
	edge := f.leftEdge(words, i)
	if r&isContact != 0 {
		if next := follows(words, i, contactCues); next > 0 {
			colon := false
			for next < len(words) && isMark(words[next], ":-") {
				next++
				colon = true
			}
			end, how := f.somebody(words, next)
			weak := next < len(words) && uncased(words[next]) || weakCues[words[i].Form]
			switch near := how != nobody && f.reaches(words, end, how); {
			case near && (colon || how >= first), colon && how >= full && f.rightEdge(words, end), colon && how == first && f.lineEnds(words, end),
				colon && how == shaped && !weak && f.lineEnds(words, end):
				return next, end
			}
		}
	}
	if r&isHolder != 0 {
		if next := follows(words, i, holders); next > 0 {
			if end, how := f.somebody(words, next); how >= full || how == first && f.rightEdge(words, end) {
				return next, end
			}
		}
	}
	if r&isSelf != 0 && (edge || ownSelves[words[i].Form]) {
		if next := follows(words, i, selves); next > 0 {
			for next < len(words) && isMark(words[next], ":-") {
				next++
			}
			end, how := f.somebody(words, next)
			plain := next < len(words) && uncased(words[next])
			own := ownSelves[words[i].Form]
			near := how != nobody && f.reaches(words, end, how)
			behind := end < len(words) && f.roles[end]&isBehind != 0
			switch how {
			case full, certain:
				if near || how == certain && plain || f.rightEdge(words, end) {
					return next, end
				}
			case first:
				if f.rightEdge(words, end) && (own && edge || near || i == 0 || f.lineEnds(words, end) || f.roles[i-1]&isGreeting != 0) {
					return next, end
				}
			case shaped:
				if near || !plain && (own && behind || f.ends(words, end)) {
					return next, end
				}
			}
		}
	}
	if !upper(f.s, words[i]) && r&(isGiven|isGivenAlso|isSurname) == 0 {
		return 0, 0
	}
	touching := false
	if t, ok := f.near(i); ok && t.from-i < 10 {
		touching = true
	}
	before, gap := f.behindTouch(words, i)
	last := i > 0 && (f.lineBreak(words, i) || isMark(words[i-1], ".!?") || words[i-1].Kind == Emoji)
	if !touching && !before && !last && !edge {
		return 0, 0
	}
	end, how := f.somebody(words, i)
	if how == nobody {
		return 0, 0
	}
	plain := uncased(words[i])
	switch {
	case touching && f.reaches(words, end, how):
		if edge && (how != shaped || end-i == 2) || how != shaped && !plain || how == certain {
			return i, end
		}
	case before && f.rightEdge(words, end):
		if how >= full || how == first && gap || how == shaped && gap && !plain && f.lineEnds(words, end) {
			return i, end
		}
	case edge && how != shaped && end < len(words) && f.roles[end]&isHere != 0 && !f.lineBreak(words, end) && f.rightEdge(words, end+1):
		return i, end // "Dana speaking."
	case last && how == certain && (f.ends(words, end) || f.lineBreak(words, i) && f.lineEnds(words, end)), last && how == first && f.lineBreak(words, i) && f.ends(words, end):
		return i, end
	}
	return 0, 0
}

// ends tells whether the text ends before word k, but for a full stop.
func (f *finder) ends(words []Word, k int) bool {
	if k < len(words) && isMark(words[k], ".!") {
		k++
	}
	return k >= len(words)
}

// behindTouch tells whether a number or an address ends before word i, with nothing but marks between, and whether these, unlike a
// full stop, join the two.
func (f *finder) behindTouch(words []Word, i int) (ok, joined bool) {
	if len(f.touched) == 0 {
		return false, false
	}
	joined = true
	for k := i; k >= 0 && i-k <= 2; k-- {
		at, found := slices.BinarySearchFunc(f.touched, k, func(t touch, k int) int { return t.to - k })
		if found && at < len(f.touched) {
			return true, joined
		}
		if k == 0 || !isMark(words[k-1], ",;-(|/.") {
			break
		}
		joined = joined && !isMark(words[k-1], ".")
	}
	return false, false
}
