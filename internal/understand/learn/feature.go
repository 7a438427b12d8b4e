// Package learn holds the classifiers that read customers' texts: linear models over hashed n-grams of words and
// characters, how they are trained, made small, calibrated and kept in files.
//
// A model is immutable once it is built and safe for concurrent use. Training is deterministic: the same examples in the
// same order with the same options give the same bytes.
package learn

import (
	"math"
	"math/bits"
	"unicode/utf8"

	"kolo/internal/understand/text"
)

// Features says which n-grams of a text are looked at. It is kept with the model, for a model reads only what it was
// trained on.
type Features struct {
	Words      int     `json:"words"`       // longest row of words, 1 to 4
	Skip       bool    `json:"skip"`        // pairs of words with one word between them, too
	Edges      bool    `json:"edges"`       // first and last words of the text, as such
	CharLow    int     `json:"char_low"`    // shortest and
	CharHigh   int     `json:"char_high"`   // longest row of characters within a word, its borders included
	CharWeight float32 `json:"char_weight"` // norm of the characters' part of a vector, where the words' part has norm 1
	MinCount   int     `json:"min_count"`   // in how many examples an n-gram must occur to be learned
}

// Key identifies an n-gram: 31 bits of its hash, and the highest bit for one of characters. Zero is no key.
type Key uint32

const charKey Key = 1 << 31

const (
	prime = 0x9E3779B97F4A7C15
	// Seeds of the kinds of n-grams, so that a word, the same word at the beginning and the same letters inside another
	// differ.
	seedWord  = 0x243F6A8885A308D3
	seedSkip  = 0x13198A2E03707344
	seedBegin = 0xA4093822299F31D0
	seedEnd   = 0x082EFA98EC4E6C89
	seedChar  = 0x452821E638D01377
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

// Append appends the keys of the n-grams of a text, each as often as it occurs. It takes time linear in the words' length.
func (f Features) Append(keys []Key, words []text.Word) []Key {
	var recent [4]uint64 // hashes of the rows of words that end at the word before, by length
	var before, last uint64
	for i, w := range words {
		h := hashString(w.Class())
		for n := min(f.Words, i+1, len(recent)); n >= 1; n-- {
			if n == 1 {
				recent[0] = mix(seedWord, h)
			} else {
				recent[n-1] = mix(recent[n-2], h)
			}
			keys = append(keys, wordKey(recent[n-1]+uint64(n)))
		}
		if f.Skip && i >= 2 {
			keys = append(keys, wordKey(mix(mix(seedSkip, before), h)))
		}
		before, last = last, h
		if f.Edges {
			switch i {
			case 0:
				keys = append(keys, wordKey(mix(seedBegin, h)))
			case 1:
				keys = append(keys, wordKey(mix(mix(seedBegin, before), h)))
			}
		}
		if w.Kind == text.Letters && f.CharHigh > 0 {
			keys = f.chars(keys, w.Form)
		}
	}
	if f.Edges && len(words) > 0 {
		keys = append(keys, wordKey(mix(seedEnd, last)))
		if len(words) > 1 {
			keys = append(keys, wordKey(mix(mix(seedEnd, before), last)))
		}
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
