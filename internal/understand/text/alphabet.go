package text

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// alphabets are the letters that a language writes its own words with: for Latin those beyond a-z, for Cyrillic and
// Arabic all of them. "р" adds the Russian ones. A language that is not listed may have any letter.
var alphabets = map[script]string{
	latin: `en éïñ|az çəğıöşü|tr çğıöşüâîû|uz öçşğ|tk äçňöşüýž|da æøåé|no æøåéòô|nn æøåéò|sv åäöé|fi äöå|et äöüõšž|nl ëïéèöü|de äöüß|fr àâæçéèêëîïôœùûüÿ|es áéíñóúü
		pt àáâãçéêíóôõúü|gl áéíñóúü|ca àçèéíïòóúü|it àèéìòóùî|ro ăâîșțşţ|pl ąćęłńóśźż|cs áčďéěíňóřšťúůýž|sk áäčďéíĺľňóôŕšťúýž|sl čšž|hr čćđšž|bs čćđšž
		sr čćđšž|sh čćđšž|hu áéíóöőúüű|lt ąčęėįšųūž|lv āčēģīķļņšūž|id é|ms é|sq çë|is áðéíóúýþæö|eu ñü|af êëîïôöûéè|cy âêîôûŵŷïáé|ga áéíóú|mt ċġħżàèìòù
		tl ñ|sw|eo ĉĝĥĵŝŭ|lb äëéöüâ|oc àáèéíòóúçïü|br âêîôûùüñé|nds äöüß|ku çêîşû|jv éè|su é|la|
		vi àáâãèéêìíòóôõùúýăđĩũơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ`,
	cyrillic: `ru р|uk абвгґдеєжзиіїйклмнопрстуфхцчшщьюя|be абвгдеёжзійклмнопрстуўфхцчшыьэюя|bg абвгдежзийклмнопрстуфхцчшщъьюя|sr абвгдђежзијклљмнњопрстћуфхцчџш
		mk абвгдѓежзѕијклљмнњопрстќуфхцчџшѐѝ|kk рәғқңөұүһі|ky рңөү|mn рөү|tg рғӣқӯҳҷ|tt рәөүҗңһ|ba рғҙҡңҫөүһә|uz рўқғҳ|cv рӑӗҫӳ|sah рҕҥөһү|ce рӏ|os ръæ`,
	arabicScript: `ar ابتثجحخدذرزسشصضطظعغفقكلمنهويءآأؤإئةى|fa ابپتثجچحخدذرزژسشصضطظعغفقکگلمنوهیءآأؤئۀيكىةإ
		ur ابپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھءیےآأؤئۂۓةهيك|ckb ئابپتجچحخدرڕزژسشعغفڤقکگلڵمنوۆهھەیێكيىصضط
		ps اآبپتټثجځچڅحخدډذرړزژږسښشصضطظعغفقکګلمنڼوهیېۍئءأؤيكگ|ug ئابپتجچخدرزژسشغفقكگڭلمنھوۇۆۈۋېەىي`,
}

// marked are letters that a language can hardly write long without, and how often they are among its letters. Their absence
// speaks against it, but not much: many people type without them.
var marked = map[script]string{
	latin: `cs ěřů 0.035|sk ľĺŕôäť 0.012|pl ąćęłńśźż 0.07|hu őűáéíöüóú 0.12|tr ğışçöü 0.1|az ə 0.08|ro ăâîșțşţ 0.06|lt ąčęėįšųūž 0.06|lv āčēģīķļņšūž 0.09
		et äõöü 0.04|fi äö 0.05|de äöüß 0.015|fr éèêàçù 0.03|pt ãõçéáíóê 0.03|es áéíóúñ 0.02|sv åäö 0.05|da æøå 0.03|no æøå 0.03|nn æøå 0.03|ca àèéòóíç 0.03
		hr čćđšž 0.025|bs čćđšž 0.025|sr čćđšž 0.025|sl čšž 0.025|is áðéíóúýþæö 0.15|eo ĉĝĥĵŝŭ 0.03|gl áéíóúñ 0.02|vi àáâãèéêìíòóôõùúăđĩũơưạảấầẩẫậắằặẹẻếềểễệỉịọỏốồổỗộớờởỡợụủứừửữự 0.2`,
	cyrillic: `uk іїєґ 0.08|be іў 0.08|sr јљњђћџ 0.07|mk јљњѓќѕџ 0.06|kk әғқңөұүһі 0.12|ky ңөү 0.04|mn өү 0.07|tg ғӣқӯҳҷ 0.06|tt әөүҗңһ 0.1|ba ғҙҡңҫөүһә 0.12|uz ўқғҳ 0.06
		bg ъ 0.015|ru ыэё 0.025`,
	arabicScript: `fa پچژگی 0.07|ur ٹڈڑںےہھ 0.12|ckb ەێۆڵڕ 0.15|ps ټډړږښڼېۍ 0.06|ug ېۆۇۈۋە 0.15`,
}

// mark is what marked says of one language.
type mark struct {
	label int
	rate  float64
	bit   uint64
}

// foreign tells how many letters of a text each language has none of.
type foreign struct {
	label []int           // which label of the model each bit stands for
	lacks map[rune]uint64 // of a letter: the languages that do not have it
	fast  [0x700]uint64   // the same for the letters below its length

	marks []mark
	is    map[rune]uint64 // of a letter: the languages that are marked by it
}

func newForeign(index map[string]int, sc script) *foreign {
	russian := "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
	f := &foreign{lacks: map[rune]uint64{}, is: map[rune]uint64{}}
	var has []map[rune]bool
	all := map[rune]bool{}
	for _, line := range strings.FieldsFunc(alphabets[sc], func(r rune) bool { return r == '|' || r == '\n' }) {
		code, letters, _ := strings.Cut(strings.TrimSpace(line), " ")
		i, ok := index[code]
		if !ok {
			continue
		}
		if rest, ok := strings.CutPrefix(letters, "р"); ok && sc == cyrillic {
			letters = rest + russian
		}
		own := map[rune]bool{}
		for _, r := range letters {
			own[r], all[r] = true, true
		}
		f.label = append(f.label, i)
		has = append(has, own)
	}
	for r := range all {
		var m uint64
		for k, own := range has {
			if !own[r] {
				m |= 1 << k
			}
		}
		f.lacks[r] = m
		if int(r) < len(f.fast) {
			f.fast[r] = m
		}
	}
	for _, line := range strings.FieldsFunc(marked[sc], func(r rune) bool { return r == '|' || r == '\n' }) {
		part := strings.Fields(line)
		i, ok := index[part[0]]
		if !ok {
			continue
		}
		rate, err := strconv.ParseFloat(part[2], 64)
		if err != nil {
			panic("text: " + err.Error()) // it is written above
		}
		m := mark{i, rate, 1 << len(f.marks)}
		f.marks = append(f.marks, m)
		for _, r := range part[1] {
			f.is[r] |= m.bit
		}
	}
	return f
}

// weigh lowers the probability of each language by the letters of s that it does not have.
func (f *foreign) weigh(p []float32, s []byte, length int) {
	var count [64]int
	var seen uint64 // languages of which a mark is there
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRune(s[i:])
		i += size
		r = unicode.ToLower(r)
		seen |= f.is[r]
		var m uint64
		if int(r) < len(f.fast) {
			m = f.fast[r]
		} else {
			m = f.lacks[r]
		}
		for ; m != 0; m &= m - 1 {
			count[bits.TrailingZeros64(m)]++
		}
	}
	for k, label := range f.label {
		if count[k] > 0 {
			// A name from elsewhere has a letter or two; more are no accident.
			p[label] *= float32(math.Pow(foreignLetter, math.Min(float64(count[k]), foreignMost)))
		}
	}
	for _, m := range f.marks {
		if seen&m.bit == 0 {
			p[m.label] *= float32(math.Max(math.Exp(-m.rate*float64(length)), unmarked))
		}
	}
	scale(p)
}

const (
	unmarked      = 0.3 // no lower: people type without marks
	foreignLetter = 0.15
	foreignMost   = 6
)
