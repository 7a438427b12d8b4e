package text

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"kolo/internal/understand/text/fasttext"
)

// Language is a guess of a text's language.
type Language struct {
	Code       string  // ISO 639-1 where there is one, otherwise 639-3; "und" when there is nothing to go by
	Confidence float64 // 0 to 1; 0 for "und"
}

// Undetermined is the code of a text without letters.
const Undetermined = "und"

// dist holds the language model, which `npm run build` in web/ puts there. Only .keep is committed, so the program
// compiles before a build.
//
//go:embed all:dist
var dist embed.FS

var identifier = sync.OnceValues(func() (*languages, error) {
	b, err := dist.ReadFile("dist/lid.176.ftz")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("text: the language model is not part of this build; run `make assets` and build again")
	}
	if err != nil {
		return nil, err
	}
	m, err := fasttext.Read(b)
	if err != nil {
		return nil, fmt.Errorf("text: the language model: %w", err)
	}
	return newLanguages(m), nil
})

// Ready loads the language model, which otherwise happens at the first text, and tells what is wrong with it. Without
// the model Detect goes by the script alone.
func Ready() error {
	_, err := identifier()
	return err
}

// script is a writing system, as far as languages are told by it.
type script uint8

const (
	noScript script = iota
	latin
	cyrillic
	arabicScript
	hebrewScript
	han
	kana
	hangul
	devanagari
	bengali
	ethiopic
	greek
	armenian
	georgian
	thai
	laoScript
	khmer
	burmese
	tamilScript
	telugu
	kannada
	malayalam
	gujarati
	gurmukhi
	oriya
	sinhala
	tibetan
	thaana
	otherScript
	scripts
)

// sole is the language of a script that practically one language is written in.
var sole = [scripts]string{
	han: "zh", kana: "ja", hangul: "ko", ethiopic: "am", greek: "el", armenian: "hy", georgian: "ka", thai: "th", laoScript: "lo",
	khmer: "km", burmese: "my", tamilScript: "ta", telugu: "te", kannada: "kn", malayalam: "ml", gujarati: "gu", gurmukhi: "pa",
	oriya: "or", sinhala: "si", tibetan: "bo", thaana: "dv",
}

// several are the languages of the scripts that several are written in, as the model names them; all others are Latin.
var several = map[script]string{
	cyrillic:     "ru uk be bg sr mk kk ky mn tg tt ba cv os ce sah kv myv mhr mrj krc tyv av lez rue xal bxr sh uz az",
	arabicScript: "ar fa ur ps ckb azb ug sd pnb arz mzn ku glk uz az",
	devanagari:   "hi mr ne sa bh mai gom dty new",
	bengali:      "bn as bpy",
	hebrewScript: "he yi",
	latin:        "az uz tt sr sh ku",
}

// names are the labels of the model under which Kolo knows another code: the language that they are a part of or the
// code that the standard gives.
var names = map[string]string{"arz": "ar", "als": "gsw", "bh": "bho", "sh": "hr", "eml": "egl", "dty": "ne", "diq": "zza"}

// aliases are codes that others give for languages that the model knows by another.
var aliases = map[string]string{"nb": "no", "iw": "he", "fil": "tl", "in": "id", "ji": "yi", "prs": "fa", "pes": "fa", "arb": "ar", "cmn": "zh"}

// plain is a language's code without subtags, "fa" for "fa-IR", as Kolo calls it.
func plain(code string) string {
	if k := strings.IndexAny(code, "-_"); k >= 0 {
		code = code[:k]
	}
	code = strings.ToLower(code)
	if name, ok := aliases[code]; ok {
		return name
	}
	return code
}

func scriptOf(r rune) script {
	switch {
	case r < 0x250:
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r >= 0xc0 && r != 0xd7 && r != 0xf7 || r == 0xaa || r == 0xba {
			return latin
		}
		return noScript
	case r < 0x370:
		if r < 0x2b0 {
			return latin
		}
		return noScript
	case r < 0x400:
		return greek
	case r < 0x530:
		return cyrillic
	case r < 0x590:
		return armenian
	case r < 0x600:
		if r >= 0x5d0 {
			return hebrewScript
		}
		return noScript
	case r < 0x700, 0x750 <= r && r < 0x780, 0x8a0 <= r && r < 0x900, 0xfb50 <= r && r < 0xfe00, 0xfe70 <= r && r < 0xfeff:
		if unicode.IsLetter(r) {
			return arabicScript
		}
		return noScript
	case 0x780 <= r && r < 0x7c0:
		return thaana
	case 0x900 <= r && r < 0x980:
		return devanagari
	case 0x980 <= r && r < 0xa00:
		return bengali
	case 0xa00 <= r && r < 0xa80:
		return gurmukhi
	case 0xa80 <= r && r < 0xb00:
		return gujarati
	case 0xb00 <= r && r < 0xb80:
		return oriya
	case 0xb80 <= r && r < 0xc00:
		return tamilScript
	case 0xc00 <= r && r < 0xc80:
		return telugu
	case 0xc80 <= r && r < 0xd00:
		return kannada
	case 0xd00 <= r && r < 0xd80:
		return malayalam
	case 0xd80 <= r && r < 0xe00:
		return sinhala
	case 0xe00 <= r && r < 0xe80:
		return thai
	case 0xe80 <= r && r < 0xf00:
		return laoScript
	case 0xf00 <= r && r < 0x1000:
		return tibetan
	case 0x1000 <= r && r < 0x10a0:
		return burmese
	case 0x10a0 <= r && r < 0x1100, 0x1c90 <= r && r < 0x1cc0:
		return georgian
	case 0x1100 <= r && r < 0x1200, 0xac00 <= r && r < 0xd7b0, 0x3130 <= r && r < 0x3190:
		return hangul
	case 0x1200 <= r && r < 0x13a0:
		return ethiopic
	case 0x1780 <= r && r < 0x1800:
		return khmer
	case 0x1e00 <= r && r < 0x1f00, 0xff21 <= r && r <= 0xff5a:
		return latin
	case 0x1f00 <= r && r < 0x2000:
		return greek
	case 0x3040 <= r && r < 0x3100, 0xff66 <= r && r < 0xffa0:
		return kana
	case 0x3400 <= r && r < 0xa000, 0xf900 <= r && r < 0xfb00, 0x20000 <= r && r < 0x40000, r == 0x3005:
		return han
	case r < 0x2000 || r > 0xa000 && r < 0x10000 || r > 0x10000 && r < 0x1d000:
		if unicode.IsLetter(r) {
			return otherScript
		}
	}
	return noScript
}

// languages is the model with what Kolo knows besides.
type languages struct {
	model    *fasttext.Model
	codes    []string          // of each label
	mask     [scripts][]bool   // which labels are written in a script; nil for scripts with one language
	foreign  [scripts]*foreign // nil where any letter goes
	cues     map[string]*cue   // what a small word says
	clusters []cluster
	prior    []float32 // of each label: how much rarer than a common language it is among customers
	spare    sync.Pool // *scratch
}

// scratch is the memory of one detection.
type scratch struct {
	text, mapped []byte
	hidden       []float32
	hits         []int8
	p, q         []float32
}

func newLanguages(m *fasttext.Model) *languages {
	l := &languages{model: m, prior: make([]float32, len(m.Labels))}
	index := map[string]int{}
	for i, label := range m.Labels {
		code := label
		if name, ok := names[label]; ok {
			code = name
		}
		l.codes = append(l.codes, code)
		l.prior[i] = 1
		index[label] = i
	}
	other := map[string]bool{"zh": true, "ja": true, "wuu": true, "yue": true}
	for _, code := range sole {
		other[code] = true
	}
	other["xmf"] = true
	for sc, list := range several {
		l.mask[sc] = make([]bool, len(m.Labels))
		for _, label := range strings.Fields(list) {
			if i, ok := index[label]; ok {
				l.mask[sc][i] = true
			}
			if sc != latin {
				other[label] = true
			}
		}
	}
	for label, i := range index {
		if !other[label] {
			l.mask[latin][i] = true
		}
	}
	l.cues = newCues(index)
	l.clusters = newClusters(index)
	for sc := range alphabets {
		l.foreign[sc] = newForeign(index, sc)
	}
	for _, label := range strings.Fields(rare) {
		if i, ok := index[label]; ok {
			l.prior[i] = 0.1
		}
	}
	// Among languages that are nearly alike, the one that more people write in comes first.
	for label, p := range map[string]float32{"bs": 0.4, "ms": 0.4, "nn": 0.3, "gl": 0.3, "tk": 0.3, "lb": 0.3,
		"en": 1.5, "uk": 0.6, "bg": 0.4, "mk": 0.2, "sr": 0.4, "be": 0.5, "yi": 0.2, "ps": 0.5, "ur": 0.6, "ckb": 0.5} {
		if i, ok := index[label]; ok {
			l.prior[i] = p
		}
	}
	l.spare.New = func() any {
		return &scratch{hidden: make([]float32, m.Dim), hits: make([]int8, len(m.Labels)), p: make([]float32, len(m.Labels)), q: make([]float32, len(m.Labels))}
	}
	return l
}

// rare are languages that the model knows well from large encyclopedias written by programs or by enthusiasts, and that
// customers write in far less often than the model guesses.
const rare = "ceb war vo io ia ie jbo la eo nds als bar lmo pms vec scn nap eml rm wa frr dsb hsb kw gv an ast ilo pam min bcl cbk sco " +
	"nah qu gn os krc rue mhr mrj myv kv xal bxr av lez tyv arz pnb mzn azb lrc dty bpy sa new gom mai bh sh vep pfl vls li gd yo so su jv mg ht co sc br oc ku"

// sample is how much of a text is looked at, in bytes. More does not make the answer surer.
const sample = 4 << 10

// Detect guesses the language of a text. Mentions of addresses and of names in another script count little.
func Detect(s string) Language { return DetectWith(s, "") }

// DetectWith is like Detect for a text of somebody whose language is known (an ISO 639 code, subtags are ignored; "" when it
// is not): the shorter and the less
// clear the text, the more that counts. A text in a script of other languages is never given the hint.
func DetectWith(s string, hint string) Language {
	l, err := identifier()
	if err != nil {
		l = nil
	}
	return l.detect(s, plain(hint))
}

// bare is what a script is taken for when the build has no model.
var bare = [scripts]string{latin: "en", cyrillic: "ru", arabicScript: "ar", devanagari: "hi", bengali: "bn", hebrewScript: "he"}

func (l *languages) detect(s, hint string) Language {
	if cut := sample; len(s) > cut {
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut]
	}
	count := letters(s)
	total := 0
	top := noScript
	weight := func(sc script) int {
		switch sc {
		case han: // a letter says as much as half a word elsewhere
			return 4 * count[sc]
		case latin: // the names of things are Latin everywhere, and seldom the other way round
			return count[sc]
		}
		return 2 * count[sc]
	}
	for sc := latin; sc < scripts; sc++ {
		total += weight(sc)
		if top == noScript || weight(sc) > weight(top) {
			top = sc
		}
	}
	if total == 0 || top == otherScript {
		return Language{Code: Undetermined}
	}
	if top == han && count[kana]*10 > count[han] || top == kana {
		return Language{"ja", 0.99}
	}
	share := float64(weight(top)) / float64(total)
	if code := sole[top]; code != "" {
		return Language{code, 0.5 + 0.49*min(1, share)}
	}
	if l == nil {
		return Language{bare[top], 0.3}
	}

	w := l.spare.Get().(*scratch)
	defer l.spare.Put(w)
	w.text = clean(append(w.text[:0], ' '), s, top)
	l.ask(w.p, w, w.text, top, count[top], hint)
	if top == arabicScript && !onlyArabic(w.text) {
		w.mapped = persianLetters(w.mapped[:0], w.text)
		if string(w.mapped) != string(w.text) {
			l.ask(w.q, w, w.mapped, top, count[top], hint)
			if a, b := most(w.p), most(w.q); w.q[b] > w.p[a] {
				w.p, w.q = w.q, w.p
			}
		}
	}
	k := most(w.p)
	code := l.codes[k]
	sum := float32(0)
	for i, p := range w.p {
		if l.codes[i] == code {
			sum += p
		}
	}
	return Language{code, float64(min(sum, 1))}
}

// arabicOnly are words that Arabic alone has, though a Persian could write their letters: of one of them no Persian text is asked for.
var arabicOnly = raw(`رقمي رقمك هاتفي جوالي جوالك موبايلي بريدي عنواني طلبيتي جيد سيئ بطيء عندي مشكلتي`)

func raw(list string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(list) {
		m[w] = true
	}
	return m
}

// onlyArabic tells whether a text of few words has one of them as it stands, and no letter that Arabic has not.
func onlyArabic(s []byte) bool {
	if len(s) > 60 || bytes.ContainsAny(s, "پچژگکی") {
		return false
	}
	for _, w := range bytes.Fields(s) {
		if arabicOnly[string(w)] {
			return true
		}
	}
	return false
}

// letters counts the letters of each script in s, but for those of addresses.
func letters(s string) (count [scripts]int) {
	var word [scripts]int
	odd, some := false, false
	for i := 0; i <= len(s); {
		r, size := ' ', 1
		if i < len(s) {
			if r = rune(s[i]); r >= utf8.RuneSelf {
				r, size = utf8.DecodeRuneInString(s[i:])
			}
		}
		i += size
		if sc := scriptOf(r); sc != noScript {
			word[sc]++
			some = true
			continue
		}
		switch {
		case r == '@', r == '/' && i < len(s) && s[i] == '/':
			odd = true
		case space(r):
			if some {
				for sc, n := range word {
					if !odd {
						count[sc] += n
					}
				}
				clear(word[:])
			}
			odd, some = false, false
		}
	}
	return count
}

func space(r rune) bool { return r <= ' ' || r == 0xa0 || r == 0x2028 || r == 0x2029 || r == 0x3000 }

// ask fills p with the probability of each label among those of the script, for a text of so many letters.
func (l *languages) ask(p []float32, w *scratch, text []byte, sc script, letters int, hint string) {
	l.model.Hidden(w.hidden, text)
	l.model.Predict(p, w.hidden)
	for i := range p {
		if !l.mask[sc][i] {
			p[i] = 0
		}
		p[i] *= l.prior[i]
	}
	scale(p)
	if f := l.foreign[sc]; f != nil {
		f.weigh(p, text, letters)
	}
	for i := range p { // a small word may speak for what the model has ruled out
		if l.mask[sc][i] {
			p[i] += 1e-5
		}
	}
	l.listen(p, text, sc, w.hits)
	if hint != "" {
		n := float64(letters)
		least := 1e-4 + 0.02*math.Exp(-n/4) // a word or two may be of any language: they are taken for the customer's
		if p[most(p)] < 0.5 && n < 60 {     // and so is what nobody can tell
			least = 0.1
		}
		l.raise(p, sc, hint, float32(1+12*math.Exp(-n/12)), float32(least))
	}
}

// raise multiplies the odds of a language, which has a small probability at least.
func (l *languages) raise(p []float32, sc script, code string, by, least float32) {
	for i := range p {
		if l.codes[i] == code && l.mask[sc][i] {
			p[i] = (p[i] + least) * by
		}
	}
	scale(p)
}

func scale(p []float32) {
	sum := float32(0)
	for _, v := range p {
		sum += v
	}
	if sum > 0 {
		for i := range p {
			p[i] /= sum
		}
	}
}

func most(p []float32) int {
	k := 0
	for i, v := range p {
		if v > p[k] {
			k = i
		}
	}
	return k
}

// clean appends the words of s that help to tell the language: none with characters of addresses, or whose letters are
// of another script than the text; the controls and marks that models never saw are left out.
func clean(b []byte, s string, sc script) []byte {
	for i := 0; i < len(s); {
		start := len(b)
		own, foreign, odd := 0, 0, false
		last, drawn := rune(-1), 0
		for i < len(s) {
			r, size := rune(s[i]), 1
			if r >= utf8.RuneSelf {
				r, size = utf8.DecodeRuneInString(s[i:])
			}
			i += size
			if space(r) {
				break
			}
			if size > 1 && (0x200b <= r && r <= 0x200f && r != 0x200c || 0x202a <= r && r <= 0x202e || 0x2060 <= r && r <= 0x206f || r == 0xfeff || r == 0xad || r == 0x640 || 0x64b <= r && r <= 0x652 || r == utf8.RuneError) {
				continue
			}
			if r == '@' || r == '/' && i < len(s) && s[i] == '/' {
				odd = true
			}
			if is := scriptOf(r); is == sc {
				if r == last { // "отличнооооо": nobody's language
					if drawn++; drawn == 2 {
						b = b[:len(b)-size]
					}
					if drawn >= 2 {
						continue
					}
				} else {
					last, drawn = r, 0
				}
				own++
			} else if last = -1; is != noScript {
				foreign++
			}
			b = append(b, s[i-size:i]...)
		}
		if odd || own == 0 && foreign > 0 {
			b = b[:start]
			continue
		}
		if len(b) > start {
			b = append(b, ' ')
		}
	}
	return b
}

// persianLetters appends s with the Arabic yeh and kaf, which many a keyboard has, as the Persian ones.
func persianLetters(b, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if i+1 < len(s) {
			switch c := uint16(s[i])<<8 | uint16(s[i+1]); c {
			case 0xd98a, 0xd989: // ي ى
				b = append(b, "ی"...)
				i++
				continue
			case 0xd983: // ك
				b = append(b, "ک"...)
				i++
				continue
			}
		}
		b = append(b, s[i])
	}
	return b
}
