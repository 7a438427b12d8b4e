package learn

import (
	"strconv"
	"strings"

	"kolo/internal/understand/text"
)

// All numbers are one word to a model, for "waited 40 minutes" and "waited 45" are the same. What customers rate with is not: "2 of 10" and
// "10 of 10" are. So a number that rates is an n-gram of its own by how high it is.

// rates is how high a number rates.
type rates uint8

const (
	rateless rates = iota
	low            // up to four tenths of the scale
	middling
	high // from seven tenths
)

// best are the ends of scales that people rate on in words.
var best = map[string]float64{"5": 5, "10": 10, "100": 100}

var (
	// between stand between what is given and the best that can be.
	between = set("/ out of von sur su из מתוך از")
	stars   = set("* ⭐ ★ 🌟 star stars כוכב כוכבים ستاره звезда звезды звезд звезду sterne stern étoiles etoiles estrellas stelle")
)

// Rates tells whether some words rate in figures or stars.
func Rates(words []text.Word) bool {
	for i := range words {
		if how, _ := rated(words, i); how != rateless {
			return true
		}
	}
	return false
}

// rated tells whether word i is a number, or begins a row of stars, that rates, how high, and the last word that says so.
func rated(words []text.Word, i int) (how rates, last int) {
	switch words[i].Kind {
	case text.Emoji:
		return rowOfStars(words, i)
	case text.Number:
	default:
		return rateless, i
	}
	given, of, joined := strings.Cut(words[i].Form, "/")
	x, err := strconv.ParseFloat(strings.Replace(given, ",", ".", 1), 64)
	if err != nil || x < 0 {
		return rateless, i
	}
	if joined {
		return height(x, best[of]), i
	}
	k := i + 1
	if k < len(words) && words[k].Form == "-" { // "1-star"
		k++
	}
	if k < len(words) && stars[words[k].Form] {
		return height(x, 5), k
	}
	for k = i + 1; k < len(words) && k <= i+2 && between[words[k].Form]; k++ {
	}
	if k > i+1 && k < len(words) && words[k].Kind == text.Number {
		return height(x, best[words[k].Form]), k
	}
	return rateless, i
}

// rowOfStars counts full stars that stand side by side. Of the same mark the second word is all further ones; one alone may praise what is said,
// unless empty ones follow.
func rowOfStars(words []text.Word, i int) (how rates, last int) {
	star := words[i]
	if star.Form != "⭐" && star.Form != "★" && star.Form != "🌟" || i > 0 && beside(words[i-1], star) && words[i-1].Form == star.Form {
		return rateless, i
	}
	end, last := star.Span.End, i
	if last+1 < len(words) && beside(words[last], words[last+1]) && words[last+1].Form == star.Form {
		last++
		end = words[last].Span.End
	}
	n := (end - star.Span.Start) / star.Span.Len()
	if n == 1 {
		if last+1 == len(words) || words[last+1].Form != "☆" {
			return rateless, i
		}
		last++
	}
	return height(float64(n), 5), last
}

func beside(a, b text.Word) bool { return a.Span.End == b.Span.Start }

func height(x, best float64) rates {
	switch {
	case best == 0 || x > best:
		return rateless
	case x <= 0.4*best:
		return low
	case x < 0.7*best:
		return middling
	}
	return high
}

func ratedKey(how rates) Key { return wordKey(mix(seedRated, uint64(how))) }
