package text

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nyaruka/phonenumbers"
)

// PersonalKind says what a piece of personal data is. The value is a stable name: it stands in masked texts and in rows.
type PersonalKind string

// Kinds of personal data.
const (
	PersonalEmail    PersonalKind = "email"
	PersonalPhone    PersonalKind = "phone"
	PersonalCard     PersonalKind = "card"      // payment card
	PersonalIBAN     PersonalKind = "iban"      // bank account
	PersonalID       PersonalKind = "id"        // Israeli identity number, Iranian national code, or one that is called so
	PersonalINN      PersonalKind = "inn"       // Russian tax number
	PersonalSNILS    PersonalKind = "snils"     // Russian insurance number
	PersonalPassport PersonalKind = "passport"  // a number that is called so
	PersonalAccount  PersonalKind = "account"   // number of a contract, account or customer that is called so
	PersonalBorn     PersonalKind = "birthdate" // a date that is called so
	PersonalIP       PersonalKind = "ip"        // address of a machine
	PersonalLink     PersonalKind = "link"      // web address with a key or token in it
	PersonalName     PersonalKind = "name"      // of a person who is introduced, signs, or has a patronymic
	PersonalAddress  PersonalKind = "address"   // street and house
)

// Finding is a piece of personal data in a text.
type Finding struct {
	Span
	Kind PersonalKind
}

// Personal finds personal data in a text: what has a checksum is held against it, and numbers that are called an id,
// an account or the like are taken at their word. The language (an ISO code, "" to detect it) decides which countries'
// numbers are looked for. Digits of all scripts count. Of people and their homes only those are found that the text
// introduces, signs with, or writes with a patronymic or the number of a house. Findings stand in order and do not overlap.
func Personal(s, lang string) []Finding {
	if lang == "" {
		lang = Detect(s).Code
	}
	p := project(s)
	f := finder{projection: p, s: s, lang: lang}
	f.emails()
	f.links()
	f.machines()
	f.ibans()
	f.numbers()
	f.people()
	return f.resolve()
}

// Mask puts the name of its kind, as in "[email]", in the place of each finding. Findings are such as Personal gives
// back for s.
func Mask(s string, findings []Finding) string {
	if len(findings) == 0 {
		return s
	}
	var b strings.Builder
	at := 0
	for _, f := range findings {
		if f.Start < at || f.End > len(s) || f.End < f.Start {
			continue
		}
		b.WriteString(s[at:f.Start])
		b.WriteByte('[')
		b.WriteString(string(f.Kind))
		b.WriteByte(']')
		at = f.End
	}
	b.WriteString(s[at:])
	return b.String()
}

// projection is a text with one byte for each rune: ASCII in lower case, digits of all scripts as 0-9, dashes and spaces
// of all kinds as '-' and ' ', other letters as letterByte, the rest as otherByte; controls are left out.
type projection struct {
	b        []byte
	from, to []int32
}

const (
	letterByte = 0x80
	otherByte  = 0x81
)

func project(s string) projection {
	p := projection{make([]byte, 0, len(s)), make([]int32, 0, len(s)), make([]int32, 0, len(s))}
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		c := byte(otherByte)
		var to int32
		if int(r) < len(folds) {
			to = folds[r]
		} else {
			to = foldRune(r)
		}
		switch {
		case to == foldControl || to == foldMark && r != 0x640:
			i += size
			continue
		case r == '\t': // parts the fields of a form
			c = '\n'
		case to == foldSpace:
			c = ' '
		case to == foldLine:
			c = '\n'
		case r == '«' || r == '»':
		case 0 <= to && to < 0x80:
			c = byte(to)
		case 0xff01 <= r && r <= 0xff5e:
			c = byte(r - 0xff01 + '!')
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
		case unicode.IsLetter(r):
			c = letterByte
		}
		p.b = append(p.b, c)
		p.from = append(p.from, int32(i))
		p.to = append(p.to, int32(i+size))
		i += size
	}
	return p
}

type finder struct {
	projection
	s, lang  string
	found    []ranked
	harmless []group // web addresses, whose figures are nobody's
	parsed   int     // telephone numbers that were looked at closely
}

type ranked struct {
	Finding
	start, end int // in the projection
	rank       int // which wins where two overlap: the higher
}

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || c == letterByte }

func (f *finder) add(start, end int, kind PersonalKind, rank int) {
	f.found = append(f.found, ranked{Finding{Span{int(f.from[start]), int(f.to[end-1])}, kind}, start, end, rank})
}

// resolve keeps, of findings that overlap, the one of the highest rank, then the longest.
func (f *finder) resolve() []Finding {
	if len(f.found) == 0 {
		return nil
	}
	slices.SortStableFunc(f.found, func(a, b ranked) int {
		if a.rank != b.rank {
			return b.rank - a.rank
		}
		if n := (b.end - b.start) - (a.end - a.start); n != 0 {
			return n
		}
		return a.start - b.start
	})
	taken := make([]bool, len(f.b))
	var out []Finding
	for _, r := range f.found {
		// Two ends are enough: no finding lies within another of a lower rank without being longer than it or taken first.
		if slices.Contains(taken[r.start:r.end], true) {
			continue
		}
		for i := r.start; i < r.end; i++ {
			taken[i] = true
		}
		out = append(out, r.Finding)
	}
	slices.SortFunc(out, func(a, b Finding) int { return a.Start - b.Start })
	return out
}

// before is the folded text of up to n characters before a place, back to the end of the line.
func (f *finder) before(start, n int) string {
	from := max(0, start-n)
	for k := start - 1; k >= from; k-- {
		if f.b[k] == '\n' {
			from = k + 1
		}
	}
	if from >= start {
		return ""
	}
	return Normalize(f.s[f.from[from]:f.from[start]]).Text
}

// after is the folded text of up to n characters behind a place.
func (f *finder) after(end, n int) string {
	to := min(len(f.b), end+n)
	if end >= to {
		return ""
	}
	return Normalize(f.s[f.from[end]:f.to[to-1]]).Text
}

func (f *finder) emails() {
	for at, c := range f.b {
		if c != '@' {
			continue
		}
		start := at
		for start > 0 && at-start < 64 {
			c := f.b[start-1]
			if !('a' <= c && c <= 'z' || isDigit(c) || strings.IndexByte("._%+-", c) >= 0) {
				break
			}
			start--
		}
		for start < at && strings.IndexByte("._%+-", f.b[start]) >= 0 {
			start++
		}
		end, label, labels := at+1, at+1, 0
		for end < len(f.b) && end-at < 255 {
			c := f.b[end]
			if 'a' <= c && c <= 'z' || isDigit(c) || c == '-' {
				end++
				continue
			}
			if c == '.' && end > label && end+1 < len(f.b) && ('a' <= f.b[end+1] && f.b[end+1] <= 'z' || isDigit(f.b[end+1])) {
				end++
				label = end
				labels++
				continue
			}
			break
		}
		if start == at || labels == 0 || end-label < 2 || isDigit(f.b[label]) {
			continue
		}
		f.add(start, end, PersonalEmail, 100)
	}
}

// secrets are names of parameters whose value opens something.
var secrets = []string{"token=", "key=", "auth=", "sid=", "session=", "sessionid=", "password=", "pwd=", "pass=", "code=", "otp=", "secret=", "sig=",
	"signature=", "hash=", "access_token=", "email=", "phone=", "user=", "login="}

func (f *finder) links() {
	b := f.b
	for i := 0; i+8 < len(b); i++ {
		if b[i] != 'h' || string(b[i:i+7]) != "http://" && string(b[i:i+8]) != "https://" {
			continue
		}
		end := i
		for end < len(b) && b[end] > ' ' && b[end] < letterByte && b[end] != '"' && b[end] != '<' && b[end] != '>' {
			end++
		}
		for end > i && strings.IndexByte(".,;:!?)]}'", b[end-1]) >= 0 {
			end--
		}
		link := string(b[i:end])
		opens := false
		if k := strings.IndexAny(link, "?#"); k >= 0 {
			for _, part := range strings.FieldsFunc(link[k+1:], func(r rune) bool { return r == '&' || r == ';' || r == '#' || r == '?' }) {
				for _, name := range secrets {
					if v, ok := strings.CutPrefix(part, name); ok && len(v) >= 4 {
						opens = true
					}
				}
			}
		}
		if k := strings.IndexByte(link, '@'); k >= 0 { // user:password@host, or an address inside
			opens = true
		}
		for _, part := range strings.FieldsFunc(link, func(r rune) bool { return strings.ContainsRune("/?&=#.-_%+", r) }) {
			opens = opens || randomLooking(part)
		}
		if opens {
			f.add(i, end, PersonalLink, 110)
		} else {
			f.harmless = append(f.harmless, group{i, end})
		}
		i = max(i, end-1)
	}
}

// randomLooking tells whether a part of an address is long and changes between letters and digits as no word does.
func randomLooking(part string) bool {
	if len(part) < 16 {
		return false
	}
	changes := 0
	for i := 1; i < len(part); i++ {
		if isDigit(part[i]) != isDigit(part[i-1]) {
			changes++
		}
	}
	return changes*5 >= len(part)
}

func (f *finder) machines() {
	b := f.b
	for i := 0; i < len(b); {
		if !isDigit(b[i]) && (b[i] < 'a' || b[i] > 'f') && b[i] != ':' {
			i++
			continue
		}
		end, dots, colons := i, 0, 0
		for end < len(b) && (isDigit(b[end]) || 'a' <= b[end] && b[end] <= 'f' || b[end] == '.' || b[end] == ':') {
			switch b[end] {
			case '.':
				dots++
			case ':':
				colons++
			}
			end++
		}
		next := end
		start := i
		for end > i && (b[end-1] == '.' || b[end-1] == ':') {
			end--
		}
		i = next
		if i == start {
			i++
		}
		if (dots < 3 && colons < 2) || end-start > 45 || end-start < 7 || start > 0 && (isLetter(b[start-1]) || isDigit(b[start-1])) || next < len(b) && (isLetter(b[next]) || isDigit(b[next])) {
			continue
		}
		a, err := netip.ParseAddr(string(b[start:end]))
		if err != nil || a.IsUnspecified() || a.IsLoopback() {
			continue
		}
		if a.Is4() && containsAny(f.before(start, 16), versionWords) {
			continue
		}
		f.add(start, end, PersonalIP, 73)
	}
}

var versionWords = folded("version ver. firmware v. build גרסה גירסה نسخه ورژن версия версии прошивка")

// folded are the folded forms of the words of a list; "_" stands for a space.
func folded(list string) []string {
	var out []string
	for _, w := range strings.Fields(list) {
		out = append(out, Normalize(strings.ReplaceAll(w, "_", " ")).Text)
	}
	return out
}

// containsAny tells whether a folded text holds one of the words at the beginning of a word.
func containsAny(s string, words []string) bool { return lastOf(s, words) >= 0 }

// lastOf is where the last of the words begins in a folded text, or -1. It must begin a word of the text, but for the
// prefixes of one letter that Hebrew writes together with it.
func lastOf(s string, words []string) int {
	last := -1
	for _, w := range words {
		if !strings.Contains(s, w) { // much faster than looking from the end
			continue
		}
		for end := len(s); end > 0; {
			k := strings.LastIndex(s[:end], w)
			if k < 0 || k <= last {
				break
			}
			r, size := utf8.DecodeLastRuneInString(s[:k])
			if k > 0 && hebrew(r) {
				r, _ = utf8.DecodeLastRuneInString(s[:k-size])
				if k == size {
					r = ' '
				}
			}
			if k == 0 || !unicode.IsLetter(r) {
				last = k
				break
			}
			end = k
		}
	}
	return last
}

// ibanLengths are the lengths of account numbers by country (the IBAN registry of SWIFT).
var ibanLengths = func() map[string]int {
	m := map[string]int{}
	for _, e := range strings.Fields(`ad24 ae23 al28 at20 az28 ba20 be16 bg22 bh22 br29 by28 ch21 cr22 cy28 cz24 de22 dk18 do28 ee20 eg29 es24 fi18 fo18 fr27
		gb22 ge22 gi23 gl18 gr27 gt28 hr21 hu28 ie22 il23 iq23 ir26 is26 it27 jo30 kw30 kz20 lb28 lc32 li21 lt20 lu20 lv21 ly25 mc27 md24 me22 mk19
		mr27 mt31 mu30 nl18 no15 pk24 pl28 ps29 pt25 qa29 ro24 rs22 sa24 sc31 sd18 se24 si19 sk24 sm27 st25 sv28 tl23 tn24 tr26 ua29 va22 vg24 xk20`) {
		m[e[:2]] = int(e[2]-'0')*10 + int(e[3]-'0')
	}
	return m
}()

var ibanWords = folded(`iban שבא חשבון شبا حساب счет счета счёт реквизиты`)

func (f *finder) ibans() {
	b := f.b
	for i := 0; i+14 < len(b); i++ {
		if b[i] < 'a' || b[i] > 'z' || b[i+1] < 'a' || b[i+1] > 'z' || i > 0 && (isLetter(b[i-1]) || isDigit(b[i-1])) {
			continue
		}
		want := ibanLengths[string(b[i:i+2])]
		if want == 0 {
			continue
		}
		var code [40]byte
		n, end := 0, i
		for end < len(b) && n < want {
			c := b[end]
			if isDigit(c) || 'a' <= c && c <= 'z' {
				code[n] = c
				n++
			} else if c != ' ' && c != '-' || n < 2 && c != ' ' || end > i && (b[end-1] == ' ' || b[end-1] == '-') {
				break
			}
			end++
		}
		if n < 4 || !isDigit(code[2]) || !isDigit(code[3]) {
			continue
		}
		whole := n == want && (end == len(b) || !isDigit(b[end]) && !isLetter(b[end]))
		if whole && mod97(code[:n]) {
			f.add(i, end, PersonalIBAN, 105)
			continue
		}
		// Mistyped or made up: believe who calls it one.
		digits := 0
		for _, c := range code[:n] {
			if isDigit(c) {
				digits++
			}
		}
		for end > i && !isDigit(b[end-1]) {
			end--
		}
		if digits >= 12 && containsAny(f.before(i, 30), ibanWords) {
			f.add(i, end, PersonalIBAN, 90)
		}
	}
}

// mod97 is the check of ISO 13616.
func mod97(code []byte) bool {
	rest := 0
	for k := range code {
		c := code[(k+4)%len(code)]
		if isDigit(c) {
			rest = (rest*10 + int(c-'0')) % 97
		} else {
			rest = (rest*100 + int(c-'a') + 10) % 97
		}
	}
	return rest == 1
}

// group is a run of digits.
type group struct{ start, end int }

// Words that say what a number is. A word counts when it stands in the same line, near before the number.
var (
	phoneWords = folded(`tel phone call mobile cell whatsapp telegram ring text_me number_is reach contact fax
		טלפון טל' טל. נייד פלאפון לחזור התקשר להתקשר תתקשר יתקשר חזרו וואטסאפ ווטסאפ מס' מספר_הקו המספר_החדש סלולרי
		تلفن تماس موبایل همراه زنگ بزن شماره_من خط واتساپ تلگرام شماره
		тел телефон номер звон моб набер вотсап ватсап whatsapp телеграм связ`)
	cardWords    = folded(`card visa mastercard כרטיס ויזה کارت карт мир`)
	idWords      = folded(`ssn social_security national_id id_number id_no id_is identity ת.ז ת"ז ת.ז. תז זהות هویت ملی کدملی شناسنامه`)
	innWords     = folded(`инн`)
	snilsWords   = folded(`снилс`)
	passWords    = folded(`passport דרכון پاسپورت گذرنامه паспорт загранпаспорт полис`)
	accountWords = folded(`account acc. acct policy_no policy_number customer_id customer_no customer_number membership member_no patient_no patient_id
		חשבון מספר_לקוח לקוח_מס פוליסה תיק_רפואי حساب اشتراک شماره_مشتری بیمه_نامه
		лс л/с лицевой лицевого лицевому лицевым договор договора договору расчетный`)
	bornWords  = folded(`date_of_birth born dob birth_date birthday birthdate תאריך_לידה יליד נולד تاریخ_تولد متولد тولد родил рождения г.р`)
	orderWords = folded(`order booking ticket invoice case ref tracking parcel flight sku model serial imei claim claims receipt
		הזמנה הזמנות פנייה פניה חשבונית מעקב משלוח קבלה כרטיס_טיסה דגם סידורי אסמכתא
		سفارش پیگیری رهگیری فاکتور بلیط تیکت مرسوله رزرو سریال مدل
		заказ заявк обращени трек накладн чек билет брон номер_заказа модел артикул сери квитанц тикет`)
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
		return string(between) == " - "
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
	for last+1 < len(groups) && last-k < 9 && f.joined(groups[last], groups[last+1]) && digits+groups[last+1].end-groups[last+1].start <= 24 {
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
			return last + 1
		}
	}
	return k + 1
}

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
	case called == "id" && n >= 5 && n <= 12:
		return PersonalID, 92
	case called == "passport" && n >= 6 && n <= 12:
		return PersonalPassport, 92
	}
	plus := f.b[start] == '+' || start+1 < len(f.b) && f.b[start] == '(' && f.b[start+1] == '+'
	if !plus && !glued {
		if n >= 13 && n <= 19 && strings.IndexByte("234569", d[0]) >= 0 && luhn(d) && evenGroups(groups) && (called == "card" || called != "order" || n == 16) {
			return PersonalCard, 95
		}
		if n == 16 && (called == "card" || len(groups) == 4 && evenGroups(groups)) {
			return PersonalCard, 85
		}
		switch {
		case called == "snils" && n == 11, f.lang == "ru" && n == 11 && snils(d) && called != "order" && len(groups) == 4 && groups[0].end-groups[0].start == 3:
			return PersonalSNILS, 91
		case called == "inn" && (n == 10 || n == 12), f.lang == "ru" && (n == 12 || n == 10) && len(groups) == 1 && inn(d) && called == "":
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
	for _, c := range [...]struct {
		words []string
		name  string
	}{{versionWords, "version"}, {orderWords, "order"}, {accountWords, "account"}, {phoneWords, "phone"}, {cardWords, "card"}, {passWords, "passport"}, {idWords, "id"}, {innWords, "inn"}, {snilsWords, "snils"}} {
		if k := lastOf(before, c.words); k > best {
			best, name = k, c.name
		}
	}
	return name
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

// regions are the countries whose numbers are looked for, by language.
var regions = map[string][]string{
	"en": {"GB", "US", "IN", "AU", "IE", "ZA"}, "he": {"IL"}, "fa": {"IR", "AF"}, "ru": {"RU", "BY", "UA", "KZ"}, "uk": {"UA"}, "be": {"BY"}, "kk": {"KZ"},
	"ar": {"SA", "AE", "EG", "JO", "IL"}, "de": {"DE", "AT", "CH"}, "fr": {"FR", "BE", "CH"}, "es": {"ES", "MX", "AR", "CO"}, "it": {"IT"}, "pt": {"BR", "PT"},
	"tr": {"TR"}, "pl": {"PL"}, "nl": {"NL", "BE"}, "cs": {"CZ"}, "sv": {"SE"}, "no": {"NO"}, "da": {"DK"}, "fi": {"FI"}, "el": {"GR"}, "ro": {"RO"},
	"hu": {"HU"}, "bg": {"BG"}, "hi": {"IN"}, "bn": {"BD", "IN"}, "ur": {"PK"}, "ja": {"JP"}, "ko": {"KR"}, "zh": {"CN", "TW", "HK"}, "th": {"TH"},
	"vi": {"VN"}, "id": {"ID"}, "ka": {"GE"}, "hy": {"AM"}, "az": {"AZ"}, "uz": {"UZ"}, "sr": {"RS"}, "hr": {"HR"}, "sk": {"SK"}, "sl": {"SI"},
}

// elsewhere are the countries whose numbers are looked for in other languages too, where they are written as numbers are.
var elsewhere = []string{"IL", "IR", "RU", "GB", "US"}

// mostParsed is how often the rules of countries are asked in one text, which is dear. No text has as many numbers but one
// that is nothing else, and there the prefix and the length must do.
const mostParsed = 5000

// phone tells whether a stretch is a telephone number.
func (f *finder) phone(groups []group, d []byte, start, end int, called string, plus, glued bool) bool {
	if len(d) < 7 || len(d) > 15 || glued || len(groups) > 7 {
		return false
	}
	raw := string(d)
	if plus {
		if f.parsed++; f.parsed > mostParsed {
			return true
		}
		n, err := phonenumbers.Parse("+"+raw, "")
		return err == nil && (phonenumbers.IsPossibleNumber(n) || called == "phone")
	}
	if called == "order" || called == "account" || called == "version" {
		return false
	}
	if containsAny(f.after(end, 8), moneyWords) || thousands(f.b[start:end], groups) {
		return false
	}
	shaped := len(groups) >= 2 || f.b[start] == '('
	own := regions[f.lang]
	for k, region := range append(own[:len(own):len(own)], elsewhere...) {
		if k >= len(own) && !(shaped || f.lang == Undetermined) || k >= len(own) && slices.Contains(own, region) {
			continue
		}
		prefixed := raw[0] == '0'
		switch region {
		case "RU", "KZ":
			prefixed = len(d) == 11 && (raw[0] == '8' || raw[0] == '7')
		case "IL":
			prefixed = prefixed || shaped && len(d) == 10 && (strings.HasPrefix(raw, "1700") || strings.HasPrefix(raw, "1800") || strings.HasPrefix(raw, "1599"))
		case "US":
			prefixed = shaped && (len(d) == 10 || len(d) == 11 && raw[0] == '1') && usShape(groups)
		case "ES", "IT", "PL", "NO", "DK", "CZ", "GR":
			prefixed = shaped || called == "phone"
		}
		if !prefixed && called != "phone" {
			continue
		}
		if f.parsed++; f.parsed > mostParsed {
			return prefixed && len(d) >= 9
		}
		n, err := phonenumbers.Parse(raw, region)
		if err != nil {
			continue
		}
		if phonenumbers.IsValidNumberForRegion(n, region) || (called == "phone" || shaped && prefixed) && phonenumbers.IsPossibleNumber(n) && len(d) >= 9 {
			return true
		}
	}
	// "555-0188": a local number, as people give it.
	if len(d) == 7 && len(groups) <= 3 && (shaped && groups[0].end-groups[0].start == 3 && (len(groups) == 3 || groups[1].end-groups[1].start == 4) && f.b[groups[0].end] == '-' || called == "phone" && shaped) {
		return true
	}
	return called == "phone" && len(d) >= 9 && (shaped || len(d) <= 12)
}

func usShape(groups []group) bool {
	k := 0
	if groups[0].end-groups[0].start == 1 {
		k = 1
	}
	return len(groups) == k+3 && groups[k].end-groups[k].start == 3 && groups[k+1].end-groups[k+1].start == 3 && groups[k+2].end-groups[k+2].start == 4
}

// thousands tells whether digits are a number written in threes: "12 500 000".
func thousands(b []byte, groups []group) bool {
	if len(groups) < 2 || groups[0].end-groups[0].start > 3 {
		return false
	}
	for _, g := range groups[1:] {
		if g.end-g.start != 3 {
			return false
		}
	}
	return b[0] != '0' && b[0] != '(' && !bytes.ContainsRune(b, '-')
}
