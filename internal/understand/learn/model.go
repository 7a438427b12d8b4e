package learn

import (
	"math"
	"slices"
	"strings"
	"sync"

	"kolo/internal/understand/text"
)

// Kind is how a head's outputs hang together.
type Kind string

const (
	// OneOf heads choose one of their outputs: probabilities sum to 1.
	OneOf Kind = "one of"
	// AnyOf heads judge each output on its own.
	AnyOf Kind = "any of"
)

// Head is one question that a model answers about a text.
type Head struct {
	Name   string   `json:"name"`
	Kind   Kind     `json:"kind"`
	Labels []string `json:"labels"`

	bias    []float32
	step    []float32 // what 1 of weights is worth, by label
	weights []int8    // by row, the labels of one from each multiple of stride on
	stride  int
	at      int // of the model's Sums
}

// Model is a trained classifier: one vocabulary of n-grams, and heads that weigh them.
type Model struct {
	Features Features
	Heads    []*Head

	keys    []Key     // by row, ascending
	scale   []float32 // what an n-gram's value is multiplied with, by row
	tone    []int8    // 1 for words of praise, -1 of blame, by row; nil where negation is not looked at
	isChar  int       // rows from here on are of characters
	table   []slot
	weights []int8 // of all heads, which have parts of it: by row, one head after the other, and room for a multiple of eight
	width   int    // of a row of weights
	scratch sync.Pool
}

type slot struct {
	key Key
	row uint32
}

// Rows is how many n-grams the model knows.
func (m *Model) Rows() int { return len(m.keys) }

// Head is the head of that name, or nil.
func (m *Model) Head(name string) *Head {
	for _, h := range m.Heads {
		if h.Name == name {
			return h
		}
	}
	return nil
}

func (m *Model) index() {
	size := 16
	for size < 2*len(m.keys) {
		size *= 2
	}
	m.table = make([]slot, size)
	m.isChar = len(m.keys)
	for row, k := range m.keys {
		if k&charKey != 0 && row < m.isChar {
			m.isChar = row
		}
		i := int(k*0x9E3779B1) & (size - 1)
		for m.table[i].key != 0 {
			i = (i + 1) & (size - 1)
		}
		m.table[i] = slot{k, uint32(row)}
	}
}

func (m *Model) row(k Key) (uint32, bool) {
	mask := len(m.table) - 1
	for i := int(k*0x9E3779B1) & mask; ; i = (i + 1) & mask {
		switch s := m.table[i]; s.key {
		case k:
			return s.row, true
		case 0:
			return 0, false
		}
	}
}

// rowOr is the row of a key, or noRow.
func (m *Model) rowOr(k Key) uint32 {
	if row, ok := m.row(k); ok {
		return row
	}
	return noRow
}

// turned are the rows of a word that is turned, and of all of its tone.
func (m *Model) turned(h uint64, how turn, tone int8) [2]uint32 {
	own, all := turnedKeys(h, how, tone)
	rows := [2]uint32{m.rowOr(own), noRow}
	if all != 0 {
		rows[1] = m.rowOr(all)
	}
	return rows
}

// setTones keeps the tones of the words that the model knows.
func (m *Model) setTones(tones Tones) {
	m.tone = make([]int8, len(m.keys))
	for row, k := range m.keys {
		m.tone[row] = tones[k]
	}
}

// Scratch holds the room that reading needs. It must not be used concurrently.
type Scratch struct {
	keys   []Key
	counts []uint32 // by row; all zero between uses
	vector Vector

	// Of the text that is loaded, by word:
	hashes []uint64
	near   near
	turned [][2][2]uint32 // rows of a word that is turned, by what stands before and by what stands after it, and of all of its tone
	rated  []ratedRow
	grams  [][longestRow]uint32 // the rows of words that end there, by length; noRow where the model does not know them
	chars  []uint32             // rows of characters, of one word after the other
	ends   []int                // where the word's end in chars

	met  []metWord // the words that were met last, by hash; nil until the first
	long metWord   // one that is too long to be kept there
	sums Sums
}

// metWord is what a word of letters is to the model: a few thousand of them are most of what people say, and each would be looked up in dozens of
// places all over the model's table.
type metWord struct {
	form  string
	row   uint32   // of the word by itself
	chars []uint32 // rows of its characters
}

const (
	metWords   = 4096 // that are kept, a power of 2
	longestMet = 64   // bytes: few words are longer, and what makes them up must not fill the memory
)

// ratedRow is the row of a number that rates, and the last word that says that it does.
type ratedRow struct {
	row  uint32
	last int32
}

const noRow = ^uint32(0)

// Scratch gives room for reading with this model, to be given back with Release.
func (m *Model) Scratch() *Scratch {
	if s, ok := m.scratch.Get().(*Scratch); ok {
		return s
	}
	return &Scratch{counts: make([]uint32, len(m.keys))}
}

// Release takes room back.
func (m *Model) Release(s *Scratch) { m.scratch.Put(s) }

// Load looks all n-grams of a text up, so that Piece can make vectors of the whole and of its parts.
func (m *Model) Load(s *Scratch, words []text.Word) {
	s.hashes, s.grams, s.chars, s.ends = s.hashes[:0], s.grams[:0], s.chars[:0], s.ends[:0]
	f := m.Features
	if f.Negation {
		s.near.find(words)
		s.turned, s.rated = s.turned[:0], s.rated[:0]
	}
	var r rowsOfWords
	for i, w := range words {
		h := hashString(w.Class())
		r.next(h)
		g := [longestRow]uint32{noRow, noRow, noRow, noRow}
		known := m.meet(s, w, h)
		first := 0
		if known != nil {
			g[0], first = known.row, 1
		}
		for n := first; n < min(f.Words, i+1, longestRow); n++ {
			g[n] = m.rowOr(r.key(n))
		}
		s.hashes, s.grams = append(s.hashes, h), append(s.grams, g)
		if f.Negation {
			t := [2][2]uint32{{noRow, noRow}, {noRow, noRow}}
			if before, after := s.near.reached(i, 0, len(words)); w.Kind == text.Letters && (before || after) {
				var tone int8
				if g[0] != noRow {
					tone = m.tone[g[0]]
				}
				if before {
					t[0] = m.turned(h, s.near.how[i], tone)
				}
				if after {
					t[1] = m.turned(h, denied, tone)
				}
			}
			s.turned = append(s.turned, t)
			rate := ratedRow{noRow, int32(i)}
			if how, last := rated(words, i); how != rateless {
				rate = ratedRow{m.rowOr(ratedKey(how)), int32(last)}
			}
			s.rated = append(s.rated, rate)
		}
		if known != nil {
			s.chars = append(s.chars, known.chars...)
		}
		s.ends = append(s.ends, len(s.chars))
	}
}

// meet is what a word of letters is to the model, valid until the next; nil for others. h is the hash of its class, which is its form.
func (m *Model) meet(s *Scratch, w text.Word, h uint64) *metWord {
	if w.Kind != text.Letters {
		return nil
	}
	if s.met == nil {
		s.met = make([]metWord, metWords)
	}
	k := &s.met[h&uint64(len(s.met)-1)]
	switch {
	case len(w.Form) > longestMet:
		k = &s.long
	case k.form == w.Form && w.Form != "":
		return k
	default:
		k.form = strings.Clone(w.Form)
	}
	k.row, k.chars = m.rowOr(unigram(h)), k.chars[:0]
	if m.Features.CharHigh > 0 {
		s.keys = m.Features.chars(s.keys[:0], w.Form)
		for _, key := range s.keys {
			if row, ok := m.row(key); ok {
				k.chars = append(k.chars, row)
			}
		}
	}
	return k
}

// Piece makes the vector of words first to last, exclusive, of the text that is loaded: each n-gram within them that the
// model knows, once, with 1 + ln(how often) times the n-gram's own scale; the words' part of norm 1, the characters' part
// of norm CharWeight (or empty). It is valid until the next.
func (m *Model) Piece(s *Scratch, first, last int) Vector {
	v := Vector{s.vector.Rows[:0], s.vector.Values[:0]}
	put := func(row uint32) {
		if s.counts[row] == 0 {
			v.Rows = append(v.Rows, row)
		}
		s.counts[row]++
	}
	for i := first; i < last; i++ {
		for n := range min(m.Features.Words, i-first+1, longestRow) {
			if row := s.grams[i][n]; row != noRow {
				put(row)
			}
		}
		if m.Features.Negation {
			if r := s.rated[i]; r.row != noRow && int(r.last) < last {
				put(r.row)
			}
			before, after := s.near.reached(i, first, last)
			for k, reached := range [2]bool{before, after} {
				if reached {
					for _, row := range s.turned[i][k] {
						if row != noRow {
							put(row)
						}
					}
				}
			}
		}
	}
	if first < last {
		if last-first <= min(m.Features.Whole, longestRow) {
			var r rowsOfWords
			for _, h := range s.hashes[first:last] {
				r.next(h)
			}
			if row, ok := m.row(wholeKey(r[last-first-1])); ok {
				put(row)
			}
		}
		if m.Features.Edges {
			hashes := [4]uint64{s.hashes[first], s.hashes[min(first+1, last-1)], s.hashes[max(last-2, first)], s.hashes[last-1]}
			s.keys = edges(s.keys[:0], hashes, last-first)
			for _, k := range s.keys {
				if row, ok := m.row(k); ok {
					put(row)
				}
			}
		}
		from := 0
		if first > 0 {
			from = s.ends[first-1]
		}
		for _, row := range s.chars[from:s.ends[last-1]] {
			put(row)
		}
	}
	return m.weigh(s, v)
}

// vectorOf is Piece for a text whose keys are known.
func (m *Model) vectorOf(s *Scratch, keys []Key) Vector {
	v := Vector{s.vector.Rows[:0], s.vector.Values[:0]}
	for _, k := range keys {
		row, ok := m.row(k)
		if !ok {
			continue
		}
		if s.counts[row] == 0 {
			v.Rows = append(v.Rows, row)
		}
		s.counts[row]++
	}
	return m.weigh(s, v)
}

// weigh gives rows that were counted their values, and sets the counts back.
func (m *Model) weigh(s *Scratch, v Vector) Vector {
	var words, chars float64
	for _, row := range v.Rows {
		x := dampen(s.counts[row]) * m.scale[row]
		s.counts[row] = 0
		if int(row) < m.isChar {
			words += float64(x * x)
		} else {
			chars += float64(x * x)
		}
		v.Values = append(v.Values, x)
	}
	w, c := norm(words, 1), norm(chars, m.Features.CharWeight)
	for i, row := range v.Rows {
		if int(row) < m.isChar {
			v.Values[i] *= w
		} else {
			v.Values[i] *= c
		}
	}
	s.vector = v
	return v
}

// Vector is Load and Piece for a whole text.
func (m *Model) Vector(s *Scratch, words []text.Word) Vector {
	m.Load(s, words)
	return m.Piece(s, 0, len(words))
}

func norm(squares float64, to float32) float32 {
	if squares == 0 {
		return 0
	}
	return to / float32(math.Sqrt(squares))
}

// Logits puts a vector's raw scores into out, one for each label.
func (h *Head) Logits(v Vector, out []float32) {
	out = out[:len(h.Labels)]
	clear(out)
	sums(v, h.weights, h.stride, out)
	h.finish(out)
}

// finish makes raw scores of what sums gave.
func (h *Head) finish(out []float32) {
	for k := range out {
		out[k] = out[k]*h.step[k] + h.bias[k]
	}
}

// Sums are what a vector comes to in all heads at once, in less time than one after the other, for the weights of an n-gram stand side by side.
// Heads make raw scores of them (Of). They are valid until the next.
type Sums []float32

// Sums sums a vector up.
func (m *Model) Sums(s *Scratch, v Vector) Sums {
	s.sums = slices.Grow(s.sums[:0], m.width)[:m.width]
	clear(s.sums)
	sums(v, m.weights, m.width, s.sums)
	return s.sums
}

// Of puts a head's raw scores into out, one for each label.
func (h *Head) Of(s Sums, out []float32) {
	out = out[:len(h.Labels)]
	copy(out, s[h.at:])
	h.finish(out)
}

// makeRoom gives the heads their parts of the weights, all of them 0.
func (m *Model) makeRoom() {
	width := 0
	for _, h := range m.Heads {
		h.at = width
		width += len(h.Labels)
	}
	m.width = (width + 7) &^ 7
	m.weights = make([]int8, len(m.keys)*m.width)
	for _, h := range m.Heads {
		h.weights, h.stride = m.weights[min(h.at, len(m.weights)):], m.width
	}
}

// sums adds to the outputs what the rows of a vector make of them, each one by one in the order of the rows.
func sums(v Vector, weights []int8, stride int, out []float32) {
	n, first := len(out), 0
	if wide && len(v.Rows) > 0 { // most of the time of reading is spent here
		for ; first+32 <= n; first += 32 {
			sum32(&out[first], &weights[first], stride, &v.Rows[0], &v.Values[0], len(v.Rows))
		}
		for ; first+8 <= n; first += 8 {
			sum8(&out[first], &weights[first], stride, &v.Rows[0], &v.Values[0], len(v.Rows))
		}
	}
	if first < n {
		sumPlainly(v, weights, stride, out, first)
	}
}

// sumPlainly is sums for the outputs from first on.
func sumPlainly(v Vector, weights []int8, stride int, out []float32, first int) {
	rest := out[first:]
	for i, row := range v.Rows {
		x := v.Values[i]
		w := weights[int(row)*stride+first : int(row)*stride+len(out)]
		for k, y := range w {
			rest[k] += x * float32(y)
		}
	}
}

// Softmax turns raw scores into probabilities that sum to 1, in place.
func Softmax(z []float32) {
	most := z[0]
	for _, x := range z {
		most = max(most, x)
	}
	var sum float32
	for k, x := range z {
		z[k] = float32(math.Exp(float64(x - most)))
		sum += z[k]
	}
	for k := range z {
		z[k] /= sum
	}
}

// Sigmoid is 1 / (1 + e^-z).
func Sigmoid(z float32) float32 { return float32(1 / (1 + math.Exp(-float64(z)))) }
