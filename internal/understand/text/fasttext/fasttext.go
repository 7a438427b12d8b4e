// Package fasttext predicts with supervised models of fastText, read from its own files.
package fasttext

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// Model is a supervised model of fastText, as its files of version 12 hold it: product-quantised (.ftz), hierarchical
// softmax over single words and their n-grams. It is for predicting only, and safe for concurrent use. The format and the
// arithmetic follow facebookresearch/fastText (dictionary.cc, productquantizer.cc, quantmatrix.cc, loss.cc).
type Model struct {
	Labels []string // without "__label__", the most frequent first
	Dim    int      // length of a hidden vector

	minn, maxn  int
	counts      []int64
	words       map[string]int32 // row of a word
	nwords      int32
	buckets     uint32
	rows        []float32 // Dim numbers a row, unpacked
	pruned      table     // row of a bucket, after the words
	output      []float32 // Dim numbers an inner node
	left, right []int32   // children of inner node k, which is node k+len(Labels)
	endOfText   int32
}

// table is an open hash table from a bucket to its row; a bucket that was pruned away has none.
type table struct {
	mask uint32
	keys []uint32 // bucket+1, 0 for none
	rows []int32
}

func newTable(n int) table {
	size := uint32(16)
	for int(size) < 3*n {
		size *= 2
	}
	return table{size - 1, make([]uint32, size), make([]int32, size)}
}

func (t *table) slot(bucket uint32) uint32 {
	k := (bucket * 2654435769 >> 7) & t.mask
	for t.keys[k] != 0 && t.keys[k] != bucket+1 {
		k = (k + 1) & t.mask
	}
	return k
}

func (t *table) set(bucket uint32, row int32) {
	k := t.slot(bucket)
	t.keys[k], t.rows[k] = bucket+1, row
}

func (t *table) get(bucket uint32) (int32, bool) {
	k := t.slot(bucket)
	return t.rows[k], t.keys[k] != 0
}

// reader reads little-endian values and remembers the first error.
type reader struct {
	r   *bytes.Reader
	err error
}

func (r *reader) read(v any) {
	if r.err == nil {
		r.err = binary.Read(r.r, binary.LittleEndian, v)
	}
}

func (r *reader) int32() (v int32)     { r.read(&v); return }
func (r *reader) int64() (v int64)     { r.read(&v); return }
func (r *reader) bool() (v bool)       { r.read(&v); return }
func (r *reader) float64() (v float64) { r.read(&v); return }

func (r *reader) string() string {
	var b []byte
	for r.err == nil {
		c, err := r.r.ReadByte()
		if err != nil {
			r.err = err
		}
		if c == 0 {
			break
		}
		b = append(b, c)
	}
	return string(b)
}

// list makes a slice of n, and remembers an error when the file cannot hold as many.
func list[T any](r *reader, n int64, size int64) []T {
	if r.err == nil && (n < 0 || n*size > int64(r.r.Len())) {
		r.err = io.ErrUnexpectedEOF
	}
	if r.err != nil {
		return nil
	}
	v := make([]T, n)
	r.read(v)
	return v
}

// Read reads a model from the bytes of its file. A broken file is an error, never a panic.
func Read(b []byte) (*Model, error) {
	r := &reader{r: bytes.NewReader(b)}
	if magic, version := r.int32(), r.int32(); r.err == nil && (magic != 793712314 || version != 12) {
		return nil, errors.New("fasttext: not a fastText model of version 12")
	}
	m := &Model{endOfText: -1}
	var args [12]int32 // dim ws epoch minCount neg wordNgrams loss model bucket minn maxn lrUpdateRate
	r.read(&args)
	r.float64()
	m.Dim, m.minn, m.maxn, m.buckets = int(args[0]), int(args[9]), int(args[10]), uint32(args[8])
	if r.err == nil && (args[6] != 1 || args[5] != 1 || m.Dim < 1 || m.Dim > 1000 || args[8] < 1) {
		return nil, errors.New("fasttext: a fastText model with hierarchical softmax over single words is needed")
	}

	size, nwords, nlabels := r.int32(), r.int32(), r.int32()
	r.int64() // tokens
	npruned := r.int64()
	if r.err == nil && (size != nwords+nlabels || nlabels < 2) {
		return nil, errors.New("fasttext: the model's dictionary is broken")
	}
	m.words, m.nwords = map[string]int32{}, nwords
	for i := int32(0); i < size && r.err == nil; i++ {
		word, count := r.string(), r.int64()
		var kind int8
		r.read(&kind)
		if kind == 0 {
			m.words[word] = i
			if word == "</s>" {
				m.endOfText = i
			}
			continue
		}
		m.Labels = append(m.Labels, strings.TrimPrefix(word, "__label__"))
		m.counts = append(m.counts, count)
	}
	if r.err == nil && len(m.Labels) != int(nlabels) {
		return nil, errors.New("fasttext: the model's dictionary is broken")
	}
	m.pruned = newTable(int(max(0, min(npruned, int64(len(b))))))
	for i := int64(0); i < npruned && r.err == nil; i++ {
		bucket, row := r.int32(), r.int32()
		m.pruned.set(uint32(bucket), row)
	}

	if quantised := r.bool(); r.err == nil && (!quantised || npruned < 0) {
		return nil, errors.New("fasttext: a quantised fastText model is needed")
	}
	m.rows = unpack(r, m.Dim)
	r.bool() // whether the output is quantised too: with a hierarchical softmax it never is
	rows, cols := r.int64(), r.int64()
	if r.err == nil && (cols != int64(m.Dim) || rows < int64(nlabels)-1) {
		return nil, errors.New("fasttext: the model's output layer is broken")
	}
	m.output = list[float32](r, rows*cols, 4)
	if r.err != nil {
		return nil, fmt.Errorf("fasttext: the language model is broken: %w", r.err)
	}
	m.grow()
	return m, nil
}

// unpack reads a product-quantised matrix and computes its rows.
func unpack(r *reader, dim int) []float32 {
	hasNorms := r.bool()
	rows, _ := r.int64(), r.int64()
	codes := list[uint8](r, int64(r.int32()), 1)
	centroids, parts, width, lastWidth := quantizer(r)
	var norms []uint8
	var normCentroids []float32
	if hasNorms {
		norms = list[uint8](r, rows, 1)
		normCentroids, _, _, _ = quantizer(r)
	}
	if r.err == nil && (int64(len(codes)) != rows*int64(parts) || width*(parts-1)+lastWidth != dim || hasNorms && len(normCentroids) < 256) {
		r.err = errors.New("its quantised matrix has the wrong size")
	}
	if r.err != nil {
		return nil
	}
	out := make([]float32, int(rows)*dim)
	for i := range int(rows) {
		length := float32(1)
		if hasNorms {
			length = normCentroids[norms[i]]
		}
		for p := range parts {
			w := width
			if p == parts-1 {
				w = lastWidth
			}
			// 256 centroids a part lie one after another; those of the last part may be narrower.
			base := p*256*width + int(codes[i*parts+p])*w
			for d := range w {
				out[i*dim+p*width+d] = length * centroids[base+d]
			}
		}
	}
	return out
}

func quantizer(r *reader) (centroids []float32, parts, width, lastWidth int) {
	dim := r.int32()
	parts, width, lastWidth = int(r.int32()), int(r.int32()), int(r.int32())
	centroids = list[float32](r, int64(dim)*256, 4)
	if r.err == nil && (parts < 1 || width < 1 || lastWidth < 1 || lastWidth > width || (parts-1)*width+lastWidth != int(dim)) {
		r.err = errors.New("its quantiser is broken")
	}
	return
}

// grow builds the Huffman tree of the labels, as fastText does: labels are counted in falling order.
func (m *Model) grow() {
	n := len(m.Labels)
	count := make([]int64, 2*n-1)
	for i := range count {
		count[i] = 1e15
	}
	copy(count, m.counts)
	m.left, m.right = make([]int32, n-1), make([]int32, n-1)
	leaf, node := n-1, n
	for i := n; i < 2*n-1; i++ {
		var pick [2]int
		for j := range pick {
			if leaf >= 0 && count[leaf] < count[node] {
				pick[j] = leaf
				leaf--
			} else {
				pick[j] = node
				node++
			}
		}
		m.left[i-n], m.right[i-n] = int32(pick[0]), int32(pick[1])
		count[i] = count[pick[0]] + count[pick[1]]
	}
}

const (
	fnvStart = 2166136261
	fnvPrime = 16777619
)

// Hidden fills sum, of length Dim, with the mean of the rows of the words of s, and gives back how many there were. White space separates words, as in
// training.
func (m *Model) Hidden(sum []float32, s []byte) int {
	clear(sum)
	n := 0
	add := func(row int32) {
		base := int(row) * m.Dim
		if row < 0 || base+m.Dim > len(m.rows) {
			return
		}
		for d, v := range m.rows[base : base+m.Dim] {
			sum[d] += v
		}
		n++
	}
	var buf [128]byte
	for i := 0; i < len(s); {
		for i < len(s) && white(s[i]) {
			i++
		}
		start := i
		// A word longer than any is cut, so that a text without spaces costs no more than another.
		for i < len(s) && !white(s[i]) && i-start < len(buf)-2 {
			i++
		}
		for i < len(s) && i > start && s[i]&0xc0 == 0x80 { // not inside a rune
			i--
		}
		if i == start {
			if i >= len(s) {
				break
			}
			i = start + 1 // a stray continuation byte
			continue
		}
		word := s[start:i]
		if row, ok := m.words[string(word)]; ok {
			add(row)
		}
		w := append(append(append(buf[:0], '<'), word...), '>')
		for a := 0; a < len(w); a++ {
			if w[a]&0xc0 == 0x80 {
				continue
			}
			h := uint32(fnvStart)
			for b, k := a, 1; b < len(w) && k <= m.maxn; k++ {
				h = (h ^ uint32(int8(w[b]))) * fnvPrime
				for b++; b < len(w) && w[b]&0xc0 == 0x80; b++ {
					h = (h ^ uint32(int8(w[b]))) * fnvPrime
				}
				if k >= m.minn && (k != 1 || a != 0 && b != len(w)) {
					if row, ok := m.pruned.get(h % m.buckets); ok {
						add(m.nwords + row)
					}
				}
			}
		}
	}
	add(m.endOfText)
	if n > 0 {
		for d := range sum {
			sum[d] /= float32(n)
		}
	}
	return n
}

// Predict fills p, as long as Labels, with the probability of each label.
func (m *Model) Predict(p []float32, hidden []float32) {
	n := len(m.Labels)
	reach := make([]float32, n-1) // the probability of coming to each inner node
	reach[n-2] = 1
	for k := n - 2; k >= 0; k-- { // a parent stands behind its children
		right := float32(0)
		if reach[k] > negligible {
			dot := float32(0)
			for d, v := range m.output[k*m.Dim : (k+1)*m.Dim] {
				dot += v * hidden[d]
			}
			right = float32(1 / (1 + math.Exp(-float64(dot))))
		}
		for side, c := range [2]int32{m.left[k], m.right[k]} {
			q := reach[k] * right
			if side == 0 {
				q = reach[k] - q
			}
			if int(c) < n {
				p[c] = q
			} else {
				reach[int(c)-n] = q
			}
		}
	}
}

// negligible is the probability of a part of the tree below which it is not looked into: one of its labels gets it all.
const negligible = 1e-5

func white(c byte) bool { return c <= ' ' && (c == ' ' || c >= '\t' && c <= '\r' || c == 0) }
