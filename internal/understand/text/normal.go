package text

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Normal is a text folded for matching, with the way back to the original.
type Normal struct {
	Text string // valid UTF-8

	// For each byte of Text: where the rune of the original that it came from begins, and where it ends together with
	// the marks and repeats that were folded into it. Both nil when Text has the same bytes in the same places.
	from, to []uint32
}

// Normalize folds a text so that what means the same is spelled the same:
//
//   - lower case; compatibility forms (full width, ligatures, presentation forms, mathematical letters) as plain letters;
//     decomposed letters composed;
//   - niqqud, harakat, stress marks, tatweel, zero-width and bidi controls, variation selectors and skin tones left out;
//   - Arabic yeh, alef maksura, kaf, teh marbuta and alef, waw and yeh with hamza as the Persian letters; ё as е;
//   - all decimal digits as 0-9; typographic quotes, hyphens, and the marks of Hebrew and Arabic as their ASCII relatives;
//   - a character repeated more than twice is kept twice (digits as often as they stand);
//   - white space is one space, or one line break where it holds one, and none at the ends.
//
// A broken byte becomes U+FFFD. Two folded texts compare as bytes. Texts of 4 GiB and more are not supported.
func Normalize(s string) Normal {
	var f folder
	f.fold(s)
	n := Normal{Text: string(f.buf)}
	if !f.same {
		n.from, n.to = f.from, f.to
	}
	return n
}

// Original maps a span of n.Text to the span of the original text that it came from. A span that begins or ends inside
// a rune is widened to the whole rune; marks and repeats that were folded into a character belong to it, controls before
// the first and after the last character do not. What lies outside n.Text is cut off.
func (n Normal) Original(sp Span) Span {
	sp.Start = min(max(sp.Start, 0), len(n.Text))
	sp.End = min(max(sp.End, sp.Start), len(n.Text))
	if n.from == nil {
		if sp.Start < sp.End {
			for sp.Start > 0 && !utf8.RuneStart(n.Text[sp.Start]) {
				sp.Start--
			}
			for sp.End < len(n.Text) && !utf8.RuneStart(n.Text[sp.End]) {
				sp.End++
			}
		}
		return sp
	}
	switch {
	case sp.Start < sp.End:
		return Span{int(n.from[sp.Start]), int(n.to[sp.End-1])}
	case sp.Start < len(n.Text):
		return Span{int(n.from[sp.Start]), int(n.from[sp.Start])}
	case len(n.Text) > 0:
		return Span{int(n.to[sp.Start-1]), int(n.to[sp.Start-1])}
	}
	return Span{}
}

// What becomes of a rune, where it is not replaced by another.
const (
	foldMark    = -1 - iota // left out, belongs to the character before
	foldControl             // left out
	foldCompose             // composed with the character before where that is possible, otherwise like foldMark
	foldSpace
	foldLine
	foldCompat // replaced by its compatibility form, which may be several runes
)

// folds has what becomes of the runes below its length: nearly all that are met. Others are asked of foldRune.
var folds = func() (t [0x2100]int32) {
	for r := range t {
		t[r] = foldRune(rune(r))
	}
	return t
}()

// special are the replacements that are ours: spellings that mean the same.
var special = map[rune]rune{
	'ё': 'е', 'ς': 'σ',
	'ي': 'ی', 'ى': 'ی', 'ئ': 'ی', 'ې': 'ی', 'ك': 'ک', 'ة': 'ه', 'ۀ': 'ه', 'ە': 'ه', 'ھ': 'ه',
	'أ': 'ا', 'إ': 'ا', 'آ': 'ا', 'ٱ': 'ا', 'ؤ': 'و',
	'‘': '\'', '’': '\'', '‚': '\'', '‛': '\'', '`': '\'', '´': '\'', 'ʼ': '\'', 'ʹ': '\'', '′': '\'', '׳': '\'',
	'“': '"', '”': '"', '„': '"', '‟': '"', '״': '"', '″': '"', '«': '"', '»': '"',
	'‐': '-', '‑': '-', '‒': '-', '–': '-', '—': '-', '―': '-', '−': '-', '־': '-', '⁃': '-',
	'،': ',', '؛': ';', '؟': '?', '٪': '%', '٫': '.', '٬': ',', '。': '.', '、': ',', '۔': '.', '׃': ':',
	'⁄': '/',
}

func foldRune(r rune) int32 {
	if to, ok := special[r]; ok {
		return to
	}
	switch {
	case r == '\n' || r == '\r' || r == 0x85 || r == 0x2028 || r == 0x2029 || r == '\v' || r == '\f':
		return foldLine
	case r < 0x80:
		switch {
		case 'A' <= r && r <= 'Z':
			return r + 'a' - 'A'
		case r <= ' ' || r == 0x7f:
			return foldSpace
		}
		return r
	case r < 0xa0:
		return foldSpace
	case 0x0591 <= r && r <= 0x05bd, r == 0x05bf, r == 0x05c1, r == 0x05c2, r == 0x05c4, r == 0x05c5, r == 0x05c7, // niqqud
		0x0610 <= r && r <= 0x061a, 0x064b <= r && r <= 0x065f, r == 0x0670, 0x06d6 <= r && r <= 0x06dc, // harakat
		0x06df <= r && r <= 0x06e4, r == 0x06e7, r == 0x06e8, 0x06ea <= r && r <= 0x06ed, 0x08d3 <= r && r <= 0x08ff,
		r == 0x0640,                                              // tatweel
		0xfe00 <= r && r <= 0xfe0f, 0xe0100 <= r && r <= 0xe01ef, // variation selectors
		0x1f3fb <= r && r <= 0x1f3ff,                           // skin tones
		0xe0020 <= r && r <= 0xe007f, r == 0x20e3, r == 0xfb1e: // tags of flags, the keycap
		return foldMark
	case r == 0xad, r == 0x034f, r == 0x061c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5, 0x180b <= r && r <= 0x180e,
		0x200b <= r && r <= 0x200f, 0x202a <= r && r <= 0x202e, 0x2060 <= r && r <= 0x206f, r == 0xfeff, r == 0x3164, r == 0xffa0,
		0xfff9 <= r && r <= 0xfffb, 0x1bca0 <= r && r <= 0x1bca3, 0xe0000 <= r && r <= 0xe001f:
		return foldControl
	case 0x0300 <= r && r <= 0x036f, 0x1ab0 <= r && r <= 0x1aff, 0x1dc0 <= r && r <= 0x1dff, 0x20d0 <= r && r <= 0x20ff, 0xfe20 <= r && r <= 0xfe2f:
		return foldCompose
	case unicode.IsSpace(r):
		return foldSpace
	}
	if d, ok := digit(r); ok {
		return '0' + d
	}
	if compat(r) {
		return foldCompat
	}
	low := unicode.ToLower(r)
	if to, ok := special[low]; ok {
		return to
	}
	return low
}

// compat tells whether a rune is in a block of forms that exist for the sake of other standards or of decoration, and
// has a plain form that is one word.
func compat(r rune) bool {
	switch {
	case 0x2100 <= r && r <= 0x214f, 0x2460 <= r && r <= 0x24ff, 0xfb00 <= r && r <= 0xfdff, 0xfe30 <= r && r <= 0xfeff,
		0xff00 <= r && r <= 0xffef, 0x1d400 <= r && r <= 0x1d7ff, 0x1f100 <= r && r <= 0x1f16f, 0x01c4 <= r && r <= 0x01cc,
		r == 0x2026, 0x2070 <= r && r <= 0x209c, 0x0675 <= r && r <= 0x0678, 0x3200 <= r && r <= 0x33ff, r == 0xb2, r == 0xb3, r == 0xb9,
		0xbc <= r && r <= 0xbe, 0x2000 <= r && r <= 0x200a:
		var in, out [64]byte
		b := norm.NFKC.Append(out[:0], in[:utf8.EncodeRune(in[:], r)]...)
		if string(b) == string(r) || len(b) > 32 {
			return false
		}
		// Only what stays one word: the words of a text must not share a character of the original.
		letters, marks, ideographs := 0, 0, 0
		for _, p := range string(b) {
			switch class(p) {
			case cIdeograph:
				ideographs++
			case cLetter, cDigit:
				letters++
			default:
				marks++
			}
		}
		return marks == 0 && ideographs == 0 || letters+ideographs == 0 && r == 0x2026 || letters+marks == 0 && ideographs == 1 || letters+ideographs == 0 && marks == 1
	}
	return false
}

// digit is the value of a decimal digit of any script.
func digit(r rune) (int32, bool) {
	if r < 0x0660 {
		return r - '0', '0' <= r && r <= '9'
	}
	if !unicode.Is(unicode.Nd, r) {
		return 0, false
	}
	// Decimal digits stand in tens, and each range of the table begins with a zero.
	for _, t := range unicode.Nd.R16 {
		if r <= rune(t.Hi) && r >= rune(t.Lo) {
			return (r - rune(t.Lo)) % 10, true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if r <= rune(t.Hi) && r >= rune(t.Lo) {
			return (r - rune(t.Lo)) % 10, true
		}
	}
	return 0, false
}

// folder holds what folding fills, so that it may be used again for the next text.
type folder struct {
	buf      []byte
	from, to []uint32
	same     bool // every byte stands where it stood

	last  rune // the character put last, 0 at the beginning
	count int  // how often it was put in a row
}

func (f *folder) fold(s string) {
	f.buf = f.buf[:0]
	f.last, f.count = 0, 0
	f.same = true

	// As long as every byte stays where it is, positions need not be kept.
	i := 0
	if cap(f.buf) < len(s) {
		f.buf = make([]byte, 0, len(s)+len(s)/8+8)
	}
	for ; i < len(s); i++ {
		c := s[i]
		if c >= utf8.RuneSelf {
			break
		}
		to := folds[c]
		if to == foldSpace && (f.last == ' ' || f.last == '\n' || f.last == 0) || to == foldLine && c != '\n' || to < 0 && i == len(s)-1 {
			break
		}
		switch to {
		case foldSpace:
			to = ' '
		case foldLine:
			if f.last == ' ' || f.last == '\n' || f.last == 0 {
				to = -1
			} else {
				to = '\n'
			}
		}
		if to < 0 {
			break
		}
		if to == f.last && f.count >= repeats(to) {
			break
		}
		f.put1(byte(to))
	}
	if i == len(s) {
		return
	}
	f.same = false
	f.from, f.to = f.from[:0], f.to[:0]
	if cap(f.from) < len(s)+8 {
		f.from = make([]uint32, 0, len(s)+len(s)/8+8)
		f.to = make([]uint32, 0, len(s)+len(s)/8+8)
	}
	for k := range f.buf {
		f.from = append(f.from, uint32(k))
		f.to = append(f.to, uint32(k)+1)
	}

	for i < len(s) {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		start, end := uint32(i), uint32(i+size)
		i += size
		var to int32
		if int(r) < len(folds) {
			to = folds[r]
		} else {
			to = foldRune(r)
		}
		if to >= 0 {
			f.put(to, start, end)
			continue
		}
		switch to {
		case foldMark:
			f.extend(start, end)
		case foldSpace:
			switch f.last {
			case ' ', '\n', 0:
			default:
				f.put(' ', start, end)
			}
		case foldLine:
			switch f.last {
			case '\n', 0:
			case ' ':
				f.buf[len(f.buf)-1] = '\n'
				f.last = '\n'
			default:
				f.put('\n', start, end)
			}
		case foldCompose:
			f.compose(r, start, end)
		case foldCompat:
			f.compat(r, start, end)
		}
	}
	if f.last == ' ' || f.last == '\n' {
		f.buf = f.buf[:len(f.buf)-1]
		f.from, f.to = f.from[:len(f.buf)], f.to[:len(f.buf)]
	}
}

// repeats is how often a character may stand in a row. Figures mean something else with each digit; an address begins
// with three w.
func repeats(r rune) int {
	switch {
	case '0' <= r && r <= '9':
		return 1 << 30
	case r == 'w':
		return 3
	}
	return 2
}

func (f *folder) put1(c byte) {
	if rune(c) == f.last {
		f.count++
	} else {
		f.last, f.count = rune(c), 1
	}
	f.buf = append(f.buf, c)
}

func (f *folder) put(r rune, start, end uint32) {
	if r == f.last {
		if f.count >= repeats(r) {
			f.extend(start, end)
			return
		}
		f.count++
	} else {
		f.last, f.count = r, 1
	}
	n := len(f.buf)
	if r < utf8.RuneSelf {
		f.buf = append(f.buf, byte(r))
		f.from = append(f.from, start)
		f.to = append(f.to, end)
		return
	}
	f.buf = utf8.AppendRune(f.buf, r)
	for range len(f.buf) - n {
		f.from = append(f.from, start)
		f.to = append(f.to, end)
	}
}

// extend gives a piece of the original to the character put last.
func (f *folder) extend(_, end uint32) {
	for k := len(f.to) - 1; k >= 0; k-- {
		f.to[k] = end
		if utf8.RuneStart(f.buf[k]) {
			return
		}
	}
}

// compose adds a combining mark to the character put last. What has no composed form loses the mark.
func (f *folder) compose(mark rune, start, end uint32) {
	if len(f.buf) == 0 || f.last == ' ' || f.last == '\n' {
		return
	}
	base, size := utf8.DecodeLastRune(f.buf)
	var in, out [16]byte
	pair := utf8.AppendRune(utf8.AppendRune(in[:0], base), mark)
	both := norm.NFC.Append(out[:0], pair...)
	r, n := utf8.DecodeRune(both)
	if n != len(both) || r == base {
		f.extend(start, end)
		return
	}
	if to := foldRune(r); to >= 0 {
		r = to
	}
	begin := f.from[len(f.buf)-size]
	f.buf = f.buf[:len(f.buf)-size]
	f.from, f.to = f.from[:len(f.buf)], f.to[:len(f.buf)]
	f.last, f.count = 0, 0 // a composed letter begins a new row
	f.put(r, begin, end)
}

// compat puts the plain form of a rune, each of its characters standing for the whole rune.
func (f *folder) compat(r rune, start, end uint32) {
	var in, out [64]byte
	plain := norm.NFKC.Append(out[:0], in[:utf8.EncodeRune(in[:], r)]...)
	for _, p := range string(plain) {
		to := foldRune(p)
		switch {
		case to >= 0:
			f.put(to, start, end)
		case to == foldSpace && f.last != ' ' && f.last != '\n' && f.last != 0:
			f.put(' ', start, end)
		case to == foldMark || to == foldCompose:
			f.extend(start, end)
		}
	}
}
