package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind says what a word is.
type Kind uint8

// Kinds of words.
const (
	Letters     Kind = iota + 1 // a word of letters, which may hold digits: "good", "4g", צה"ל
	Number                      // digits, with what joins them: 3.5, 10:30, 1,000
	URL                         // an address on the web
	Email                       // an e-mail address
	User                        // @name
	Emoji                       // a pictograph, a flag, an emoticon like :)
	Punctuation                 // a mark, repeated up to twice: "!!"
)

// Word is one word of a text.
type Word struct {
	Span Span   // in the original text
	Form string // folded as by Normalize
	Kind Kind
}

// Class is the form that models learn from: the form itself, but one for all numbers, one for all addresses and so on.
func (w Word) Class() string {
	switch w.Kind {
	case Number:
		return "<number>"
	case URL:
		return "<url>"
	case Email:
		return "<email>"
	case User:
		return "<user>"
	}
	return w.Form
}

// Shouted tells whether the word stands in capital letters, two at least, in the original text that it came from.
func (w Word) Shouted(original string) bool {
	capitals := 0
	for _, r := range w.Span.Of(original) {
		switch {
		case unicode.IsUpper(r):
			capitals++
		case unicode.IsLower(r):
			return false
		}
	}
	return capitals >= 2
}

// Words cuts a text into its words, in order. White space is no word. A letter of Chinese or a sign of Japanese is a word
// of its own; Thai, Lao, Khmer and Burmese are left whole from space to space.
func Words(s string) []Word {
	var sp Splitter
	return sp.Words(s)
}

// Words cuts a folded text into its words; see the function of this name.
func (n Normal) Words() []Word { return cut(make([]Word, 0, len(n.Text)/5+4), n) }

// Splitter cuts texts into words with buffers that it uses again. It must not be used concurrently.
type Splitter struct {
	folder folder
	words  []Word
	normal Normal
}

// Words is like the function of this name; the slice is valid until the next call, the forms for ever.
func (sp *Splitter) Words(s string) []Word {
	sp.folder.fold(s)
	sp.normal = Normal{Text: string(sp.folder.buf)}
	if !sp.folder.same {
		sp.normal.from, sp.normal.to = sp.folder.from, sp.folder.to
	}
	if sp.words == nil {
		sp.words = make([]Word, 0, len(s)/5+4)
	}
	sp.words = cut(sp.words[:0], sp.normal)
	return sp.words
}

// Normal is the folded text of the last call of Words; its Text is valid for ever, Original until the next call.
func (sp *Splitter) Normal() Normal { return sp.normal }

// Classes of characters of a folded text.
const (
	cSpace = iota
	cLetter
	cDigit
	cIdeograph // a word of its own
	cEmoji
	cFlag  // half of a flag
	cPunct // everything else
)

var classes = func() (t [0x2100]uint8) {
	for r := range t {
		t[r] = classify(rune(r))
	}
	return t
}()

func class(r rune) uint8 {
	if int(r) < len(classes) {
		return classes[r]
	}
	return classify(r)
}

func classify(r rune) uint8 {
	switch {
	case r == ' ' || r == '\n':
		return cSpace
	case '0' <= r && r <= '9':
		return cDigit
	case 0x1f1e6 <= r && r <= 0x1f1ff:
		return cFlag
	case 0x1f000 <= r && r <= 0x1faff, 0x2600 <= r && r <= 0x27bf, 0x2b00 <= r && r <= 0x2bff, 0x2300 <= r && r <= 0x23ff, r == 0x3030, r == 0x303d:
		return cEmoji
	case 0x3041 <= r && r <= 0x3096, 0x2e80 <= r && r <= 0x2fdf, 0x3400 <= r && r <= 0x4dbf, 0x4e00 <= r && r <= 0x9fff, 0xf900 <= r && r <= 0xfaff,
		0x20000 <= r && r <= 0x3ffff, r == 0x3005, r == 0x3007:
		return cIdeograph
	case r == utf8.RuneError:
		return cPunct
	case unicode.IsLetter(r), unicode.Is(unicode.M, r), unicode.Is(unicode.Nl, r):
		return cLetter
	}
	return cPunct
}

// cut appends the words of a folded text.
func cut(words []Word, n Normal) []Word {
	s := n.Text
	at := strings.IndexByte(s, '@') // the next one, or -1: most texts hold no address
	var before rune                 // the character before
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		c := class(r)
		end, kind := i+size, Punctuation
		switch c {
		case cSpace:
			before = r
			i = end
			continue
		case cLetter, cDigit:
			if at >= 0 && at < i {
				at = next(s, i)
			}
			if at > i && at-i <= 64 {
				end = email(s, i, at)
				kind = Email
			}
			if kind != Email || end == 0 {
				end = address(s, i)
				kind = URL
			}
			if end == 0 {
				end, kind = run(s, i, c)
			}
		case cIdeograph:
			kind = Letters
		case cEmoji:
			kind = Emoji
		case cFlag:
			kind = Emoji
			if r2, size2 := utf8.DecodeRuneInString(s[end:]); class(r2) == cFlag {
				end += size2
			}
		default:
			if r == '@' && class(before) != cLetter && class(before) != cDigit {
				if e := name(s, end); e > end {
					end, kind = e, User
					break
				}
			}
			if e := emoticon(s, i, before); e > 0 {
				end, kind = e, Emoji
				break
			}
			if strings.HasPrefix(s[end:], s[i:end]) {
				end += size
			}
		}
		sp := Span{i, end}
		if n.from != nil {
			sp = Span{int(n.from[i]), int(n.to[end-1])}
		}
		words = append(words, Word{sp, s[i:end], kind})
		before, _ = utf8.DecodeLastRuneInString(s[i:end])
		i = end
	}
	return words
}

func next(s string, from int) int {
	if k := strings.IndexByte(s[from:], '@'); k >= 0 {
		return from + k
	}
	return -1
}

// run is the end of the word of letters and digits that begins at i, and its kind.
func run(s string, i int, first uint8) (int, Kind) {
	kind := Number
	if first == cLetter {
		kind = Letters
	}
	for j := i; j < len(s); {
		r, size := rune(s[j]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[j:])
		}
		switch class(r) {
		case cLetter:
			kind = Letters
			j += size
			continue
		case cDigit:
			j += size
			continue
		}
		if j+1 >= len(s) || j == i {
			return j, kind
		}
		after, _ := utf8.DecodeRuneInString(s[j+1:])
		switch {
		case kind == Number && (r == '.' || r == ',' || r == ':' || r == '/') && class(after) == cDigit:
		case kind == Letters && r == '\'' && class(after) == cLetter && !hebrewAt(s, j): // don't, l'hôtel
		case kind == Letters && (r == '\'' || r == '"') && hebrewAt(s, j) && hebrew(after): // ג'ירפה, צה"ל
		case kind == Letters && r == '\'' && hebrewAt(s, j) && strings.ContainsRune("גזצץתד", lastRune(s, j)): // the geresh of a final letter
			return j + 1, kind
		default:
			return j, kind
		}
		j++
	}
	return len(s), kind
}

func hebrew(r rune) bool { return 0x05d0 <= r && r <= 0x05ea }

func lastRune(s string, j int) rune {
	r, _ := utf8.DecodeLastRuneInString(s[:j])
	return r
}

func hebrewAt(s string, j int) bool { return hebrew(lastRune(s, j)) }

func asciiName(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }

// email is the end of the e-mail address that begins at i and has its @ at at, or 0.
func email(s string, i, at int) int {
	for j := i; j < at; j++ {
		c := s[j]
		if !asciiName(c) && c != '.' && c != '_' && c != '%' && c != '+' && c != '-' {
			return 0
		}
	}
	end, label, labels := at+1, at+1, 0
	for end < len(s) && end-at <= 255 {
		c := s[end]
		if asciiName(c) || c == '-' {
			end++
			continue
		}
		if c == '.' && end > label && end+1 < len(s) && asciiName(s[end+1]) {
			end++
			label = end
			labels++
			continue
		}
		break
	}
	if labels == 0 || end-label < 2 || '0' <= s[label] && s[label] <= '9' {
		return 0
	}
	return end
}

// domains are the endings at which a name without a scheme is taken for an address.
var domains = map[string]bool{
	"com": true, "net": true, "org": true, "io": true, "co": true, "ru": true, "ir": true, "il": true, "info": true, "app": true, "dev": true,
	"me": true, "ai": true, "shop": true, "store": true, "online": true, "site": true, "de": true, "fr": true, "es": true, "it": true, "pl": true,
	"uk": true, "eu": true, "us": true, "gov": true, "edu": true, "by": true, "kz": true, "ua": true, "tr": true, "br": true, "ca": true, "biz": true,
}

// address is the end of the web address that begins at i, or 0.
func address(s string, i int) int {
	rest := s[i:]
	switch {
	case strings.HasPrefix(rest, "http://") || strings.HasPrefix(rest, "https://"):
		if end := tail(s, i); end > i+strings.Index(rest, "//")+2 {
			return end
		}
		return 0
	case strings.HasPrefix(rest, "www.") && len(rest) > 4 && asciiName(rest[4]):
		return tail(s, i)
	}
	// name.name.ending: bounded, because it is tried at every word.
	end, label, labels := i, i, 0
	for end < len(s) && end-i < 128 {
		c := s[end]
		if asciiName(c) || c == '-' {
			end++
			continue
		}
		if c == '.' && end > label && end+1 < len(s) && asciiName(s[end+1]) {
			end++
			label = end
			labels++
			continue
		}
		break
	}
	if labels == 0 || !domains[s[label:end]] || s[i:end] == "e.g" {
		return 0
	}
	if end < len(s) {
		if r, _ := utf8.DecodeRuneInString(s[end:]); class(r) == cLetter || class(r) == cDigit {
			return 0
		}
		if s[end] == '/' || s[end] == '?' || s[end] == ':' {
			return tail(s, i)
		}
	}
	return end
}

// tail is the end of what holds together up to the next space, less the marks that close a sentence around it.
func tail(s string, i int) int {
	end := i
	for end < len(s) {
		c := s[end]
		if c == ' ' || c == '\n' || c == '<' || c == '>' || c == '"' {
			break
		}
		end++
	}
	for end > i && strings.IndexByte(".,;:!?)]}'", s[end-1]) >= 0 {
		end--
	}
	return end
}

// name is the end of the user name that begins at i.
func name(s string, i int) int {
	for j := i; j < len(s); {
		r, size := utf8.DecodeRuneInString(s[j:])
		if c := class(r); c != cLetter && c != cDigit && r != '_' {
			if r == '.' && j > i && j+1 < len(s) && asciiName(s[j+1]) {
				j++
				continue
			}
			return j
		}
		j += size
	}
	return len(s)
}

// emoticon is the end of the emoticon that begins at i, or 0.
func emoticon(s string, i int, before rune) int {
	if c := s[i]; c != ':' && c != ';' && c != '=' || class(before) == cDigit {
		return 0
	}
	j := i + 1
	if j < len(s) && (s[j] == '-' || s[j] == '\'') {
		j++
	}
	if j >= len(s) {
		return 0
	}
	switch s[j] {
	case ')', '(':
		if j++; j < len(s) && s[j] == s[j-1] {
			j++
		}
		return j
	case '/', '\\', '|', '*':
		if class(before) == cLetter || j+1 < len(s) && s[j+1] == s[j] {
			return 0
		}
		return j + 1
	case 'd', 'p', 'o', '3':
		if class(before) == cLetter {
			return 0
		}
		if j+1 < len(s) {
			if r, _ := utf8.DecodeRuneInString(s[j+1:]); class(r) == cLetter || class(r) == cDigit {
				return 0
			}
		}
		return j + 1
	}
	return 0
}
