// Package learn holds the classifiers that read customers' texts: linear models over hashed n-grams of words and
// characters, how they are trained, made small, calibrated and kept in files.
//
// A model is immutable once it is built and safe for concurrent use. Training is deterministic: the same examples in the
// same order with the same options give the same bytes.
package learn

import (
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"

	"kolo/internal/understand/text"
)

// Features says which n-grams of a text are looked at. It is kept with the model, for a model reads only what it was
// trained on.
type Features struct {
	Words      int     `json:"words"`              // longest row of words, 1 to 4
	Edges      bool    `json:"edges"`              // first and last words of the text, as such
	Whole      int     `json:"whole,omitempty"`    // a text of up to so many words, as such; 0 for none, at most longestRow
	Negation   bool    `json:"negation,omitempty"` // words that are turned round and numbers that rate, as such
	CharLow    int     `json:"char_low"`           // shortest and
	CharHigh   int     `json:"char_high"`          // longest row of characters within a word, its borders included
	CharWeight float32 `json:"char_weight"`        // norm of the characters' part of a vector, where the words' part has norm 1
	MinCount   int     `json:"min_count"`          // in how many examples an n-gram must occur to be learned
}

// Key identifies an n-gram: 31 bits of its hash, and the highest bit for one of characters. Zero is no key.
type Key uint32

const charKey Key = 1 << 31

const (
	prime = 0x9E3779B97F4A7C15
	// Seeds of the kinds of n-grams, so that a word, the same word at the beginning and the same letters inside another
	// differ.
	seedWord  = 0x243F6A8885A308D3
	seedBegin = 0xA4093822299F31D0
	seedEnd   = 0x082EFA98EC4E6C89
	seedChar  = 0x452821E638D01377
	seedWhole = 0xBE5466CF34E90C6C
	// Of a word that is turned round.
	seedTurned = 0xC0AC29B7C97C50DD
	// Of a number that rates.
	seedRated = 0x3F84D5B5B5470917
)

func mix(h, x uint64) uint64 {
	hi, lo := bits.Mul64(h^x, prime)
	return hi ^ lo
}

func wordKey(h uint64) Key {
	k := Key(mix(h, seedWord)) &^ charKey
	if k == 0 {
		k = 1
	}
	return k
}

func hashString(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h, uint64(len(s)))
}

// longestRow is the longest row of words that can be asked for.
const longestRow = 4

// Append appends the keys of the n-grams of a text, each as often as it occurs. It takes time linear in the words' length.
func (f Features) Append(keys []Key, words []text.Word, tones Tones) []Key {
	var r rowsOfWords
	var n near
	if f.Negation {
		n.find(words)
	}
	for i, w := range words {
		h := hashString(w.Class())
		r.next(h)
		if f.Negation && w.Kind == text.Letters {
			put := func(how turn) {
				own, all := turnedKeys(h, how, tones[unigram(h)])
				if keys = append(keys, own); all != 0 {
					keys = append(keys, all)
				}
			}
			before, after := n.reached(i, 0, len(words))
			if before {
				put(n.how[i])
			}
			if after {
				put(denied)
			}
		}
		if f.Negation {
			if how, _ := rated(words, i); how != rateless {
				keys = append(keys, ratedKey(how))
			}
		}
		for n := range min(f.Words, i+1, longestRow) {
			keys = append(keys, r.key(n))
		}
		if w.Kind == text.Letters && f.CharHigh > 0 {
			keys = f.chars(keys, w.Form)
		}
	}
	if n := len(words); n > 0 && n <= min(f.Whole, longestRow) {
		keys = append(keys, wholeKey(r[n-1]))
	}
	if f.Edges && len(words) > 0 {
		var hashes [4]uint64
		first, last := words[:min(2, len(words))], words[max(0, len(words)-2):]
		for i, w := range first {
			hashes[i] = hashString(w.Class())
		}
		for i, w := range last {
			hashes[4-len(last)+i] = hashString(w.Class())
		}
		keys = edges(keys, hashes, len(words))
	}
	return keys
}

// rowsOfWords hashes the rows of words that end at a word, by length.
type rowsOfWords [longestRow]uint64

func (r *rowsOfWords) next(h uint64) {
	for n := longestRow - 1; n > 0; n-- {
		r[n] = mix(r[n-1], h)
	}
	r[0] = mix(seedWord, h)
}

// key is that of the row of n+1 words.
func (r *rowsOfWords) key(n int) Key { return wordKey(r[n] + uint64(n) + 1) }

// unigram is the key of a word by itself.
func unigram(h uint64) Key {
	var r rowsOfWords
	r.next(h)
	return r.key(0)
}

// unique sorts keys and leaves each once.
func unique(keys []Key) []Key {
	slices.Sort(keys)
	return slices.Compact(keys)
}

// wholeKey is that of a text that is one row of words and nothing else.
func wholeKey(row uint64) Key { return wordKey(mix(seedWhole, row)) }

// edges appends the keys of the first one and two words and of the last: their hashes are the first two and the last two.
func edges(keys []Key, hashes [4]uint64, words int) []Key {
	keys = append(keys, wordKey(mix(seedBegin, hashes[0])), wordKey(mix(seedEnd, hashes[3])))
	if words > 1 {
		keys = append(keys, wordKey(mix(mix(seedBegin, hashes[0]), hashes[1])), wordKey(mix(mix(seedEnd, hashes[2]), hashes[3])))
	}
	return keys
}

// chars appends the rows of characters of one word, whose borders count as characters.
func (f Features) chars(keys []Key, form string) []Key {
	var open [8]uint64 // hashes of the rows that begin at each of the last characters, newest last
	n := 0             // how many are open
	high := min(f.CharHigh, len(open))
	put := func(r rune) {
		if n == high {
			copy(open[:], open[1:n])
			n--
		}
		open[n] = seedChar
		n++
		for k := range n {
			open[k] = mix(open[k], uint64(r))
			if length := n - k; length >= f.CharLow {
				keys = append(keys, Key(open[k]>>16)|charKey)
			}
		}
	}
	put('<')
	for i := 0; i < len(form); {
		r, size := utf8.DecodeRuneInString(form[i:])
		i += size
		put(r)
	}
	put('>')
	return keys
}

// Vector is a text as a model sees it: the rows of its n-grams and their values.
type Vector struct {
	Rows   []uint32
	Values []float32
}

// sublinear is 1 + ln n, by n.
var sublinear = func() (t [256]float32) {
	for n := 1; n < len(t); n++ {
		t[n] = float32(1 + math.Log(float64(n)))
	}
	return t
}()

func dampen(n uint32) float32 {
	if int(n) < len(sublinear) {
		return sublinear[n]
	}
	return float32(1 + math.Log(float64(n)))
}
