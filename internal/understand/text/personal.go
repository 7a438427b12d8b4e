package text

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
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
	PersonalUser     PersonalKind = "username"  // of a person, where people have such: "my telegram is @..."
)

// Finding is a piece of personal data in a text.
type Finding struct {
	Span
	Kind PersonalKind
}

// Personal finds personal data in a text: what has a checksum is held against it, and numbers that are called an id,
// an account or the like are taken at their word. The language (an ISO code, "" to detect it) decides which countries'
// numbers are looked for. Digits of all scripts count. Of people and their homes only those are found that the text
// introduces, signs with, or writes with a patronymic or the number of a house, and the names that its writer is known by, whole or
// a part of three letters. Findings stand in order and do not overlap.
func Personal(s, lang string, names ...string) []Finding {
	if lang = plain(lang); lang == "" {
		lang = Detect(s).Code
	}
	p := project(s)
	f := finder{projection: p, s: s, lang: lang, own: ownNames(names)}
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
	own      own
	found    []ranked
	harmless []group // web addresses, whose figures are nobody's
	parsed   int     // telephone numbers that were looked at closely

	spent int    // where the number ends that was found last
	like  [2]int // and its shape

	// Of the words of the text, once the numbers and addresses are found:
	roles   []role
	touched []touch
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
		end := at + 1
		switch c {
		case '@':
		case '(', '[', '{': // "joe (at) example.com"
			if at+4 > len(f.b) || string(f.b[at+1:at+3]) != "at" || f.b[at+3] != closer[c] {
				continue
			}
			end = at + 4
		default:
			continue
		}
		f.email(at, end)
	}
	for _, word := range spokenAts {
		for from := 0; ; {
			k := strings.Index(f.s[from:], word)
			if k < 0 {
				break
			}
			from += k + len(word)
			start, _ := slices.BinarySearch(f.from, int32(from-len(word)))
			end, _ := slices.BinarySearch(f.from, int32(from))
			f.email(start, end)
		}
	}
}

var closer = map[byte]byte{'(': ')', '[': ']', '{': '}'}

// spokenAts are how people say the sign.
var spokenAts = []string{" собака ", " שטרודל ", " ات ساین "}

// email looks for the address around what stands for its @.
func (f *finder) email(at, end int) {
	start := at
	if at != end-1 && start > 0 && f.b[start-1] == ' ' {
		start--
	}
	local := start
	abroad := at == end-1 // names and domains in other scripts have the sign itself
	ascii := false        // of Latin letters: others that are glued to them are another word
	for start > 0 && at-start < 64 {
		c := f.b[start-1]
		letter := 'a' <= c && c <= 'z'
		if !(letter || isDigit(c) || strings.IndexByte("._%+-", c) >= 0 || c == letterByte && abroad && !ascii) {
			break
		}
		ascii = ascii || letter
		start--
	}
	for start < local && strings.IndexByte("._%+-", f.b[start]) >= 0 {
		start++
	}
	if at != end-1 && end < len(f.b) && f.b[end] == ' ' {
		end++
	}
	label, labels, limit := end, 0, end+254
	part := func(k int) bool { // the script of a label is that of its first letter
		c := f.b[k]
		return 'a' <= c && c <= 'z' && (k == label || f.b[label] != letterByte) || isDigit(c) || c == letterByte && abroad && (k == label || f.b[label] == letterByte)
	}
	for end < len(f.b) && end < limit {
		c := f.b[end]
		if part(end) || c == '-' {
			end++
			continue
		}
		if c == '.' && end > label && end+1 < len(f.b) && ('a' <= f.b[end+1] && f.b[end+1] <= 'z' || isDigit(f.b[end+1]) || f.b[end+1] == letterByte && abroad) {
			end++
			label = end
			labels++
			continue
		}
		break
	}
	if start == local || labels == 0 || end-label < 2 || isDigit(f.b[label]) {
		return
	}
	f.add(start, end, PersonalEmail, 100)
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
// one or two letters that Hebrew writes together with it: "והטלפון".
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
			for at, n := k, 0; at > 0 && hebrew(r) && n < 2; n++ {
				at -= size
				if r, size = utf8.DecodeLastRuneInString(s[:at]); at == 0 {
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
