package text

import (
	"strings"
	"unicode/utf8"
)

// kin are words for those who are somebody's own, such that a name behind them is that person's. Hebrew and Persian ones stand with what
// says whose they are.
var kin = func() map[string][][]string {
	var b strings.Builder
	all := func(before, what string) {
		for _, w := range strings.Fields(what) {
			for _, o := range strings.Fields(before) {
				b.WriteString(o + "_" + w + " ")
			}
		}
	}
	all("my our his her their", `husband wife son daughter mother father mum mom dad mummy mommy daddy brother sister grandmother grandfather grandma grandpa granny grandson granddaughter
		hubby fiance fiancee boyfriend girlfriend uncle aunt auntie nephew niece cousin kid child baby boy girl stepson stepdaughter stepfather stepmother
		mother-in-law father-in-law son-in-law daughter-in-law brother-in-law sister-in-law
		older_son older_daughter oldest_son oldest_daughter elder_son elder_daughter eldest_son eldest_daughter younger_son younger_daughter youngest_son youngest_daughter
		little_son little_daughter little_boy little_girl little_brother little_sister older_brother older_sister younger_brother younger_sister late_husband late_wife late_mother late_father`)
	all("my his her", "partner")
	for _, w := range strings.Fields(`בעלי אשתי בני בתי אמי אבי אחי אחותי סבתי סבי נכדי נכדתי חמותי חמי גיסי גיסתי אחייני אחייניתי ארוסי ארוסתי`) {
		for _, p := range hebrewBefore {
			b.WriteString(p + w + " ")
		}
	}
	for _, w := range strings.Fields(`בעל אישה אשה בן בת ילד ילדה אמא אבא אימא אח אחות סבתא סבא נכד נכדה דוד דודה אחיין אחיינית חמות גיס גיסה ארוס ארוסה תינוק תינוקת בן_זוג בת_זוג בן_הזוג בת_הזוג`) {
		for _, p := range hebrewBefore {
			for _, h := range []string{"", "ה"} {
				b.WriteString(p + h + w + "_שלי " + p + h + w + "_שלנו ")
			}
		}
	}
	for _, w := range strings.Fields(`همسر شوهر زن خانم پسر دختر مادر پدر مامان بابا برادر داداش خواهر مادربزرگ پدربزرگ نامزد عمو عمه دایی خاله نوه بچه خواهرزاده برادرزاده فرزند`) {
		b.WriteString(w + "م " + w + "ام " + w + "_من " + w + "مون " + w + "مان " + w + "_ما ")
	}
	b.WriteString("مامانم بابام داییم عموم آبجیم ")
	// In Russian without saying whose, unless one of the staff may be called so.
	b.WriteString(`муж мужа мужу мужем муже жена жены жене жену женой сын сына сыну сыном сыне сынок сынишка дочь дочери дочерью мама мамы маме маму мамой мать матери матерью
		папа папы папе папу папой отец отца отцу отцом отце брат брата брату братом брате бабушка бабушки бабушке бабушку бабушкой дедушка дедушки дедушке дедушку дедушкой
		внук внука внуку внуком внучка внучки внучке внучку внучкой теща тещи теще тещу тещей свекровь свекрови свекровью тесть тестя тестю тестем племянник племянника племяннику племянником
		племянница племянницы племяннице племянницу племянницей супруг супруга супругу супругом супруги супруге супругой `)
	all("моя моей мою наша нашей нашу", "сестра сестры сестре сестру сестрой дочка дочки дочке дочку дочкой тетя тети тете тетю тетей")
	all("мой моего моему моим моем наш нашего нашему нашим нашем", "дядя дяди дяде дядю дядей ребенок ребенка ребенку ребенком")
	m := phraseMap(b.String())
	for first, list := range m { // "mother-in-law" is cut at its hyphens
		for i, rest := range list {
			var out []string
			for _, w := range rest {
				for k, p := range strings.Split(w, "-") {
					if k > 0 {
						out = append(out, "-")
					}
					out = append(out, p)
				}
			}
			m[first][i] = out
		}
	}
	return m
}()

// hebrewBefore is what is written together with a Hebrew noun, before it.
var hebrewBefore = []string{"", "ו", "ל", "ש", "ב", "מ", "כש", "של", "ול", "וש", "ומ"}

// ofKin is the name behind a word for somebody's own that begins at word i, or nothing.
func (f *finder) ofKin(words []Word, i int) (from, to int) {
	next := f.phrase(words, i, isKin, kin)
	if next == 0 || next >= len(words) {
		return 0, 0
	}
	comma := isMark(words[next], ",")
	if comma {
		next++
	}
	if next >= len(words) || words[next].Kind != Letters || f.lineBreak(words, next) || utf8.RuneCountInString(words[next].Form) < 2 {
		return 0, 0
	}
	r := f.roles[next]
	sure := r&isGiven != 0
	if uncased(words[next]) {
		family := next+1 < len(words) && words[next+1].Kind == Letters && f.family(words, next+1) && !f.lineBreak(words, next+1)
		switch {
		case family && f.namePart(words[next]) && (sure || r&isGivenAlso != 0 || !comma):
			return next, next + 2
		case sure && !family:
			return next, next + 1
		}
		return 0, 0
	}
	if !upper(f.s, words[next]) {
		if sure {
			return next, next + 1
		}
		return 0, 0
	}
	if !f.namePart(words[next]) || r&isNobody != 0 && r&isGivenAlso == 0 {
		return 0, 0
	}
	last := next - 1 // of the words for kin: where it has a capital, all words may have one
	if comma {
		last--
	}
	set := comma && next+1 < len(words) && isMark(words[next+1], ",.") // "our daughter, Mia, waited"
	if known := sure || r&isGivenAlso != 0; (comma && !set || upper(f.s, words[last]) && (last == i || upper(f.s, words[i])) || words[next].Shouted(f.s)) && !known {
		return 0, 0
	}
	to = next + 1
	for end := f.nameEnd(words, next, 3, 0); to < end && (f.roles[to]&isNobody == 0 || words[to].Form == "-"); {
		to++
	}
	if words[to-1].Form == "-" {
		to--
	}
	return next, to
}

// family tells whether a word of a script without capitals is a surname.
func (f *finder) family(words []Word, k int) bool {
	if f.roles[k]&isSurname != 0 && f.roles[k]&isStop == 0 {
		return true
	}
	for _, s := range surnameEnds {
		if strings.HasSuffix(words[k].Form, s) && len(words[k].Form) > len(s)+4 {
			return f.roles[k]&(isNobody|isStop) == 0
		}
	}
	return false
}
