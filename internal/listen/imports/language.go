package imports

import (
	"strings"
	"unicode"
)

// languageOf tells in which language texts are written when it is the same one for nearly all of them and their letters,
// or their commonest words, leave little doubt; otherwise "".
func languageOf(texts []string) string {
	scripts := map[*unicode.RangeTable]int{}
	read := 0
	var all strings.Builder
	for _, t := range texts {
		if s := scriptOf(t); s != nil {
			scripts[s]++
			read++
			all.WriteString(strings.ToLower(t) + " ")
		}
	}
	for script, n := range scripts {
		if 20*n < 19*read || n < 5 {
			continue
		}
		has := func(letters string) bool { return 200*countAny(all.String(), letters) >= countLetters(all.String()) }
		switch script {
		case unicode.Hebrew:
			return "he"
		case unicode.Cyrillic:
			switch {
			case has("іїєґ"):
				return "uk"
			case has("ыэё") && !has("әғқңөұүһ"):
				return "ru"
			}
		case unicode.Arabic:
			switch {
			case has("ٹڈڑےں"):
				return "ur"
			case has("پچژگ"):
				return "fa"
			case has("ة"):
				return "ar"
			}
		case unicode.Latin:
			words := strings.FieldsFunc(all.String(), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' })
			common := 0
			for _, w := range words {
				if commonEnglish[w] {
					common++
				}
			}
			if 8*common > len(words) {
				return "en"
			}
		}
	}
	return ""
}

// commonEnglish words are a quarter of English texts, and hardly occur in its neighbours.
var commonEnglish = map[string]bool{"the": true, "and": true, "to": true, "of": true, "it": true, "is": true, "was": true, "my": true, "you": true,
	"for": true, "that": true, "this": true, "have": true, "with": true, "not": true, "i'm": true, "don't": true, "what": true, "can": true, "how": true}

// scriptOf is the script of most of a text's letters, nil for a text of hardly any.
func scriptOf(text string) *unicode.RangeTable {
	most, letters := (*unicode.RangeTable)(nil), 0
	count := map[*unicode.RangeTable]int{}
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		for _, s := range []*unicode.RangeTable{unicode.Latin, unicode.Hebrew, unicode.Arabic, unicode.Cyrillic} {
			if unicode.Is(s, r) {
				if count[s]++; most == nil || count[s] > count[most] {
					most = s
				}
				break
			}
		}
	}
	if letters < 3 || 2*count[most] <= letters {
		return nil
	}
	return most
}

func countAny(s, letters string) (n int) {
	for _, r := range s {
		if strings.ContainsRune(letters, r) {
			n++
		}
	}
	return n
}

func countLetters(s string) (n int) {
	for _, r := range s {
		if unicode.IsLetter(r) {
			n++
		}
	}
	return n
}
