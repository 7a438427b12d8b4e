package text

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// group is a run of digits.
type group struct{ start, end int }

// Words that say what a number is. A word counts when it stands in the same line, near before the number.
var (
	phoneWords = folded(`tel phone call mobile cell whatsapp telegram ring text_me number_is reach contact fax
		טלפון טל' טל. נייד פלאפון לחזור התקשר להתקשר תתקשר יתקשר חזרו וואטסאפ ווטסאפ מס' מספר_הקו המספר_החדש סלולרי
		تلفن تماس موبایل همراه زنگ بزن شماره_من خط واتساپ تلگرام شماره
		тел телефон номер звон моб набер вотсап ватсап whatsapp телеграм связ`)
	cardWords    = folded(`card visa mastercard כרטיס ויזה کارت карт мир`)
	idWords      = folded(`teudat_zehut ssn social_security nino national_id id_number id_no id_is identity ת.ז ת"ז ת.ז. תז זהות هویت ملی کدملی شناسنامه`)
	idOwners     = set(`my his her their our your the an and with has national israeli personal identity card`)
	innWords     = folded(`инн`)
	snilsWords   = folded(`снилс`)
	passWords    = folded(`passport דרכון پاسپورت گذرنامه паспорт загранпаспорт полис`)
	accountWords = folded(`account acc. acct policy_no policy_number customer_id customer_no customer_number membership member_no patient_no patient_id patient_number mrn medical_record health_record hospital_number nhs_number nhs_no medicare insurance_no insurance_number insurance_id policy_id
		מספר_תיק_רפואי תיק_מטופל מספר_מטופל מספר_מבוטח شماره_پرونده شماره_بیمه پرونده_پزشکی
		номер_медицинской_карты номер_медкарты медкарта медкарты номер_карты_пациента карта_пациента карты_пациента история_болезни истории_болезни
		חשבון מספר_לקוח לקוח_מס פוליסה תיק_רפואי حساب اشتراک شماره_مشتری بیمه_نامه
		лс л/с лицевой лицевого лицевому лицевым договор договора договору расчетный`)
	postalWords = folded(`zip postcode post_code postal_code מיקוד کد_پستی کدپستی индекс`)
	bornWords   = folded(`date_of_birth born dob birth_date birthday birthdate תאריך_לידה יליד נולד تاریخ_تولد متولد тولد родил рождения г.р`)
	orderWords  = folded(`order booking ticket invoice case ref tracking parcel flight sku model serial imei claim claims receipt
		הזמנה הזמנות פנייה פניה חשבונית מעקב משלוח קבלה כרטיס_טיסה דגם סידורי אסמכתא
		سفارش پیگیری رهگیری فاکتور بلیط تیکت مرسوله رزرو سریال مدل
		заказ заявк обращени трек накладн чек билет брон номер_заказа модел артикул серийн квитанц тикет`)
	moneyWords = folded(`usd eur gbp ils nis rub dollar euro pound shekel руб р. ₽ тыс млн ש"ח שח ₪ שקל تومان ریال تومن $ € £ % kwh квт`)
)

// numbers looks at runs of digits and at what joins them.
func (f *finder) numbers() {
	b := f.b
	var groups []group
	links := f.harmless
	for i := 0; i < len(b); {
		if len(links) > 0 && i >= links[0].start {
			i = max(i, links[0].end)
			links = links[1:]
			continue
		}
		if !isDigit(b[i]) {
			i++
			continue
		}
		g := group{i, i}
		for i < len(b) && isDigit(b[i]) {
			i++
		}
		g.end = i
		groups = append(groups, g)
	}
	for k := 0; k < len(groups); {
		next := f.number(groups, k)
		k = max(next, k+1)
	}
}

// joined tells whether what stands between two groups may stand inside a number, and how it counts.
func (f *finder) joined(a, b group) bool {
	switch between := f.b[a.end:b.start]; len(between) {
	case 0:
		return true
	case 1:
		return strings.IndexByte(" -./()", between[0]) >= 0
	case 2:
		return string(between) == " (" || string(between) == ") " || string(between) == ")-"
	case 3:
		if string(between) == " - " {
			return true
		}
	}
	// "серия 4509 номер 123456"
	if n := b.start - a.end; n <= 8 {
		word := Normalize(f.s[f.from[a.end]:f.from[b.start]]).Text
		return word == "номер" || word == "№"
	}
	return false
}

// number looks for what begins at group k, and gives back the group to go on with.
func (f *finder) number(groups []group, k int) int {
	b := f.b
	start := groups[k].start
	if start > 0 && (b[start-1] == '+' || b[start-1] == '(') {
		start--
		if b[start] == '(' && start > 0 && b[start-1] == '+' {
			start--
		}
	}
	glued := start > 0 && (isLetter(b[start-1]) && b[start-1] != letterByte || b[start-1] == '_' || b[start-1] == '#')

	// The longest stretch of joined groups first: what is part of a longer number is no number of its own.
	last := k
	digits := groups[k].end - groups[k].start
	for last+1 < len(groups) && last-k < 11 && f.joined(groups[last], groups[last+1]) && digits+groups[last+1].end-groups[last+1].start <= 24 {
		last++
		digits += groups[last].end - groups[last].start
	}
	if digits < 5 {
		return last + 1
	}
	before := f.before(start, 40)
	if n := min(k+2, last); n > k && date(f.b[groups[k].start:groups[n].end]) { // a time may follow
		if containsAny(before, bornWords) {
			f.add(groups[k].start, groups[n].end, PersonalBorn, 70)
		}
		return n + 1
	}
	called := f.called(before)
	if called != "" && called != "phone" && called != "order" && 0 < f.spent && f.spent <= start && start-f.spent < 40 {
		// "ת.ז. 123456782 והטלפון שלי 054-1234567": what an earlier number was called is said of that one, unless this looks the same.
		since := f.before(start, start-f.spent)
		if named := f.called(since); named != "" {
			called = named
		} else if !f.alike(groups[k : last+1]) {
			called = ""
		}
	}
	if end := groups[k].end; f.spanishID(start, end, glued) {
		f.add(f.series(start), end+1, PersonalID, 91)
		return k + 1
	}
	for ; last >= k; last-- {
		end := groups[last].end
		if end < len(b) && (isLetter(b[end]) && b[end] != letterByte) {
			continue
		}
		if kind, rank := f.judge(groups[k:last+1], start, end, called, glued); kind != "" {
			if kind == PersonalID || kind == PersonalPassport || kind == PersonalAccount {
				start = f.series(start)
			}
			f.add(start, end, kind, rank)
			f.spent, f.like = end, shape(groups[k:last+1])
			return last + 1
		}
	}
	return k + 1
}

// spanishID tells whether a run of digits is, with the letter behind it that checks it, a Spanish identity number: a DNI of eight digits, or
// a NIE of X, Y or Z and seven.
func (f *finder) spanishID(start, end int, glued bool) bool {
	if end >= len(f.b) || end+1 < len(f.b) && (isLetter(f.b[end+1]) || isDigit(f.b[end+1])) {
		return false
	}
	n := 0
	switch d := f.b[start:end]; {
	case len(d) == 8 && !glued:
	case len(d) == 7 && glued && 'x' <= f.b[start-1] && f.b[start-1] <= 'z' && (start == 1 || !isLetter(f.b[start-2]) && !isDigit(f.b[start-2])):
		n = int(f.b[start-1] - 'x')
	default:
		return false
	}
	for _, c := range f.b[start:end] {
		if !isDigit(c) {
			return false
		}
		n = n*10 + int(c-'0')
	}
	return f.b[end] == "trwagmyfpdxbnjzsqvhlcke"[n%23]
}

// shape is how many digits groups have, and in how many groups.
func shape(groups []group) [2]int {
	n := 0
	for _, g := range groups {
		n += g.end - g.start
	}
	return [2]int{n, len(groups)}
}

// alike tells whether groups have the shape of the number that was found last.
func (f *finder) alike(groups []group) bool { return shape(groups) == f.like }

// series is where the letters begin that belong to the number of a document that begins at start: "AB 123456" has none
// joined to it, "AB123456" and "TEST-000123" have.
func (f *finder) series(start int) int {
	for k := 0; k < 12 && start > 0; k++ {
		c := f.b[start-1]
		if !('a' <= c && c <= 'z' || isDigit(c) || c == '-' && start > 1 && (isDigit(f.b[start-2]) || 'a' <= f.b[start-2] && f.b[start-2] <= 'z')) {
			break
		}
		start--
	}
	return start
}

// judge tells what a stretch of groups is, if anything.
func (f *finder) judge(groups []group, start, end int, called string, glued bool) (PersonalKind, int) {
	var all [32]byte
	n := 0
	for _, g := range groups {
		n += copy(all[n:], f.b[g.start:min(g.end, g.start+len(all))])
		if n >= len(all) {
			return "", 0
		}
	}
	d := all[:n]
	switch {
	case called == "id" && n >= 5 && n <= 12, called == "bare id" && (israeliID(d) || iranianCode(d)):
		return PersonalID, 92
	case called == "passport" && n >= 6 && n <= 12:
		return PersonalPassport, 92
	}
	if called != "card" && years(f.b, groups) {
		return "", 0
	}
	if called == "postal" && n >= 5 && n <= 10 {
		return PersonalAddress, 60
	}
	if f.lang == "ru" && n == 20 && d[0] == '4' && called != "order" { // an account of a Russian bank
		return PersonalAccount, 60
	}
	plus := f.b[start] == '+' || start+1 < len(f.b) && f.b[start] == '(' && f.b[start+1] == '+'
	if !plus && !glued {
		if n >= 13 && n <= 19 && strings.IndexByte("234569", d[0]) >= 0 && luhn(d) && evenGroups(groups) && (called == "card" || called != "order" || n == 16) {
			return PersonalCard, 95
		}
		if n == 16 && (called == "card" || called != "order" && len(groups) == 4 && evenGroups(groups)) {
			return PersonalCard, 85
		}
		switch {
		case called == "snils" && n == 11, f.lang == "ru" && n == 11 && snils(d) && called != "order" && len(groups) == 4 && groups[0].end-groups[0].start == 3:
			return PersonalSNILS, 91
		case called == "inn" && (n == 10 || n == 12), f.lang == "ru" && (n == 12 || n == 10 && d[0] != '9') && len(groups) == 1 && inn(d) && called == "":
			return PersonalINN, 75
		case f.lang == "he" && n == 9 && len(groups) == 1 && israeliID(d) && called == "":
			return PersonalID, 74
		case f.lang == "fa" && n == 10 && len(groups) == 1 && iranianCode(d) && called == "":
			return PersonalID, 74
		}
	}
	if f.phone(groups, d, start, end, called, plus, glued) {
		return PersonalPhone, 72
	}
	if called == "account" && n >= 5 {
		return PersonalAccount, 50
	}
	return "", 0
}

// called is what the words before a number say that it is: the nearest counts.
func (f *finder) called(before string) string {
	best, name := -1, ""
	kinds := [...]struct {
		words []string
		name  string
	}{{postalWords, "postal"}, {versionWords, "version"}, {orderWords, "order"}, {accountWords, "account"}, {phoneWords, "phone"}, {cardWords, "card"}, {passWords, "passport"}, {idWords, "id"}, {innWords, "inn"}, {snilsWords, "snils"}}
	for _, c := range kinds {
		if k := lastOf(before, c.words); k > best {
			best, name = k, c.name
		}
	}
	if name == "phone" && strings.HasPrefix(before[best:], numberIs) { // what is before that says whose: "order number is"
		rest := strings.TrimRight(before[:best], " ")
		if bareID(rest) {
			return "id"
		}
		for _, c := range kinds {
			if k := lastOf(rest, c.words); k >= 0 && !strings.Contains(rest[k:], " ") {
				return c.name
			}
		}
		return name
	}
	if name == "card" && bareID(strings.TrimRight(before[:best], " ")) {
		return "id"
	}
	if k := strings.LastIndex(before, "id"); k > best && (name == "" || name == "phone" || name == "id") && strings.Trim(before[k+2:], " :#.-") == "" && bareID(before[:k+2]) {
		return "bare id"
	}
	return name
}

// numberIs ends what a number is called: "my number is", "the order number is".
const numberIs = "number is"

// bareID tells whether a folded text ends in "id" as what people have: by itself, or with a word that says whose it is. "Session id" and
// "order id" are others.
func bareID(s string) bool {
	rest, ok := strings.CutSuffix(s, "id")
	if !ok {
		return false
	}
	before := strings.TrimRight(rest, " ")
	if before == "" {
		return true
	}
	r, _ := utf8.DecodeLastRuneInString(rest)
	if unicode.IsLetter(r) || unicode.IsDigit(r) || r == '_' {
		return false
	}
	if r, _ = utf8.DecodeLastRuneInString(before); !unicode.IsLetter(r) && !unicode.IsDigit(r) {
		return strings.ContainsRune(",.;:!?(", r)
	}
	return idOwners[before[strings.LastIndexByte(before, ' ')+1:]]
}

// date tells whether digits are a date or a span of years.
func date(b []byte) bool {
	parts := strings.FieldsFunc(string(b), func(r rune) bool { return strings.ContainsRune("-./ ", r) })
	num := func(s string) int {
		v := 0
		for _, c := range s {
			v = v*10 + int(c-'0')
		}
		return v
	}
	for _, p := range parts {
		if len(p) > 4 {
			return false
		}
	}
	year := func(s string) bool {
		return len(s) == 4 && (num(s) >= 1900 && num(s) <= 2100 || num(s) >= 1300 && num(s) <= 1450)
	}
	switch len(parts) {
	case 2:
		return year(parts[0]) && year(parts[1])
	case 3:
		d, m := parts[0], parts[1]
		y := parts[2]
		if year(d) {
			d, y = y, d
		}
		return len(d) <= 2 && len(m) <= 2 && (year(y) || len(y) == 2 && bytes.IndexByte(b, ' ') < 0) && num(d) <= 31 && num(m) <= 31
	}
	return false
}

// years tells whether groups of digits are years, one after another.
func years(b []byte, groups []group) bool {
	for i, g := range groups {
		if g.end-g.start != 4 {
			return false
		}
		y := string(b[g.start:g.end])
		if (y < "1900" || y > "2100") && (y < "1300" || y > "1450") || i > 0 && y < string(b[groups[i-1].start:groups[i-1].end]) {
			return false
		}
	}
	return len(groups) > 1
}

// evenGroups tells whether digits stand in one run or as cards are printed: in fours, the American ones 4-6-5.
func evenGroups(groups []group) bool {
	if len(groups) == 1 {
		return true
	}
	for i, g := range groups {
		n := g.end - g.start
		if i == len(groups)-1 && n <= 4 || n == 4 || len(groups) == 3 && (i == 1 && n == 6 || i == 2 && n == 5) {
			continue
		}
		return false
	}
	return true
}

func luhn(d []byte) bool {
	sum := 0
	for i := range d {
		v := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			v *= 2
			if v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

// israeliID is the check of an Israeli identity number of nine digits, which is Luhn's.
func israeliID(d []byte) bool { return len(d) == 9 && luhn(d) && string(d) != "000000000" }

// inn is the check of a Russian tax number (order MMV-7-6/435 of the Federal Tax Service).
func inn(d []byte) bool {
	check := func(n int, weights ...int) bool {
		sum := 0
		for i, w := range weights {
			sum += w * int(d[i]-'0')
		}
		return sum%11%10 == int(d[n]-'0')
	}
	switch len(d) {
	case 10:
		return check(9, 2, 4, 10, 3, 5, 9, 4, 6, 8)
	case 12:
		return check(10, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8) && check(11, 3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
	}
	return false
}

// snils is the check of a Russian insurance number.
func snils(d []byte) bool {
	if len(d) != 11 {
		return false
	}
	sum := 0
	for i := range 9 {
		sum += (9 - i) * int(d[i]-'0')
	}
	return sum%101%100 == int(d[9]-'0')*10+int(d[10]-'0')
}

// iranianCode is the check of an Iranian national code.
func iranianCode(d []byte) bool {
	if len(d) != 10 || strings.Count(string(d), string(d[:1])) == 10 {
		return false
	}
	sum := 0
	for i := range 9 {
		sum += (10 - i) * int(d[i]-'0')
	}
	rest := sum % 11
	return rest < 2 && int(d[9]-'0') == rest || rest >= 2 && int(d[9]-'0') == 11-rest
}
