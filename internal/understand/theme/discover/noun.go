package discover

import (
	"strings"

	"kolo/internal/understand/text"
)

// cue is what tells in a language that a word is a noun, and that it is none. No list of nouns is needed: the texts themselves show which of
// their words people put an article or a preposition before, and which a pronoun.
type cue struct {
	noun, other map[string]bool // stems of words before a noun, and before a verb or an adjective
	behind      map[string]bool // stems of words that follow a noun
	endings     []string        // of forms that are mostly verbs
	beginnings  []string        // the same
	article     string          // what is written together with a definite noun
	last        bool            // verbs stand at the end
}

var cues = map[string]cue{
	"en": {
		noun:  stemSet("en", `the a an my your our their his her its this that these those no any some every each of with without another for from about`),
		other: stemSet("en", `i you we they he she it to will would can could should must may might don't doesn't didn't can't couldn't won't wouldn't never always very so too really quite more most be is was are were been being have has had i'm i've it's not just please still keeps kept`),
	},
	"he": {
		noun:    stemSet("he", `של את עם בלי על אין יש שום בשביל לגבי אותו אותה כל איזה`),
		other:   stemSet("he", `אני אתם אתה הם הן הוא היא אנחנו לא שלא מאוד ממש כל-כך הכי יותר רק אפשר צריך רוצה`),
		article: "ה",
	},
	"fa": {
		noun:       stemSet("fa", `این آن از به در با برای بدون هر هیچ همین`),
		other:      stemSet("fa", `خیلی من شما ما اونا زیادی نه`),
		behind:     stemSet("fa", `را رو من شما ما`),
		beginnings: []string{"می", "نمی"},
		last:       true,
	},
	"ru": {
		noun: stemSet("ru", `в на за с со от для по из у о об без до при к под над мой моя мое мои моего моей ваш ваша ваше ваши вашего вашей этот эта это эти этого этой
			этом никакой никакого нет весь вся`),
		other: stemSet("ru", `я вы мы он она они ты не очень слишком так мне вам нам может могу можно нельзя надо нужно чтобы совсем еще`),
		endings: []string{"ться", "лся", "лась", "лись", "лось", "ть", "ли", "ла", "ло", "ает", "яет", "ует", "ают", "уют", "ите", "йте", "ете", "ешь", "ишь", "ый", "ий", "ая", "ое", "ые",
			"ого", "ому", "ыми", "ным"},
	},
}

func stemSet(language, list string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(list) {
		out[text.Stem(text.Normalize(w).Text, language)] = true
	}
	return out
}

// nouns tells of each stem how likely it is a noun, 0 to 1; 1/2 where nothing is known.
func nouns(docs [][]token, language string) map[string]float64 {
	c, known := cues[language]
	if !known {
		return nil
	}
	yes, no := map[string]float64{}, map[string]float64{}
	for _, d := range docs {
		for i, t := range d {
			if t.stop || !wordly(t.stem) {
				continue
			}
			if i > 0 && !t.gap {
				switch before := d[i-1].stem; {
				case c.noun[before]:
					yes[t.stem]++
				case c.other[before]:
					no[t.stem]++
				}
			}
			if i+1 < len(d) && !d[i+1].gap && c.behind[d[i+1].stem] {
				yes[t.stem]++
			}
			form := strings.ToLower(t.written)
			if c.article != "" && strings.HasPrefix(form, c.article) && !strings.HasPrefix(t.stem, c.article) {
				yes[t.stem]++
			}
			if c.last && (i+1 == len(d) || d[i+1].gap) {
				no[t.stem]++
			}
			for _, e := range c.endings {
				if strings.HasSuffix(form, e) {
					no[t.stem] += 0.7
					break
				}
			}
			for _, b := range c.beginnings {
				if rest, ok := strings.CutPrefix(form, b); ok && len(rest) > 4 {
					no[t.stem]++
					break
				}
			}
		}
	}
	out := map[string]float64{}
	for s, n := range yes {
		out[s] = (n + 1) / (n + no[s] + 2)
	}
	for s, n := range no {
		if _, ok := out[s]; !ok {
			out[s] = 1 / (n + 2)
		}
	}
	return out
}
