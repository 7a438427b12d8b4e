package discover

import (
	"math"
	"math/rand/v2"
	"slices"

	"kolo/internal/understand/text"
)

// longest is how many terms of a text are looked at: what a text is about it says before that.
const longest = 400

// window is how far apart two terms may stand and still go together.
const window = 40

// corpus is the texts as terms: stems, and pairs of neighbours.
type corpus struct {
	names  []string  // of the terms; those of pairs have a space
	texts  [][]int32 // of each text its stems in order
	pairs  [][]int32 // and its pairs of neighbours
	df     []int     // in how many texts a term stands
	id     map[string]int32
	single int // how many of the names are stems; they come first
}

// stems are the terms of a text as discovery sees them: numbers, addresses and the like each count as one.
func stems(sp *text.Splitter, s, language string) []string {
	words := sp.Words(s)
	terms := text.Terms(words, language)
	out := make([]string, 0, min(len(terms), longest))
	for _, t := range terms {
		if len(out) == longest {
			break
		}
		switch w := words[t.Word]; w.Kind {
		case text.Letters, text.Emoji:
			out = append(out, t.Stem)
		default:
			out = append(out, w.Class())
		}
	}
	return out
}

// newCorpus counts the terms. Those of fewer texts than the least are left out.
func newCorpus(docs [][]string, leastStem, leastPair int) *corpus {
	c := &corpus{id: map[string]int32{}, texts: make([][]int32, len(docs)), pairs: make([][]int32, len(docs))}
	count := map[string]int{}
	last := map[string]int{}
	for i, d := range docs {
		for j, w := range d {
			if last[w] != i+1 {
				last[w] = i + 1
				count[w]++
			}
			if j > 0 {
				p := d[j-1] + " " + w
				if last[p] != i+1 {
					last[p] = i + 1
					count[p]++
				}
			}
		}
	}
	add := func(w string, least int) int32 {
		if count[w] < least {
			return -1
		}
		id, ok := c.id[w]
		if !ok {
			id = int32(len(c.names))
			c.id[w] = id
			c.names = append(c.names, w)
			c.df = append(c.df, count[w])
		}
		return id
	}
	for i, d := range docs {
		for _, w := range d {
			if id := add(w, leastStem); id >= 0 {
				c.texts[i] = append(c.texts[i], id)
			}
		}
	}
	c.single = len(c.names)
	for i, d := range docs {
		for j := 1; j < len(d); j++ {
			if id := add(d[j-1]+" "+d[j], leastPair); id >= 0 {
				c.pairs[i] = append(c.pairs[i], id)
			}
		}
	}
	return c
}

func (c *corpus) idf(term int32) float64 {
	return math.Log(float64(len(c.texts)+1) / float64(c.df[term]))
}

// all gives the terms of a text, of at least so many texts, with or without pairs.
func (c *corpus) all(into []int32, i, least int, pairs bool) []int32 {
	into = into[:0]
	for _, t := range c.texts[i] {
		if c.df[t] >= least {
			into = append(into, t)
		}
	}
	if pairs {
		for _, t := range c.pairs[i] {
			if c.df[t] >= least {
				into = append(into, t)
			}
		}
	}
	return into
}

// weights is the matrix of texts by terms: sublinear tf times idf, rows of length 1.
func (c *corpus) weights(least int, pairs bool) *sparse {
	s := &sparse{rows: len(c.texts), cols: len(c.names), begin: make([]int, 1, len(c.texts)+1)}
	var terms []int32
	for i := range c.texts {
		terms = c.all(terms, i, least, pairs)
		slices.Sort(terms)
		from := len(s.index)
		var square float64
		for j := 0; j < len(terms); {
			k := j
			for k < len(terms) && terms[k] == terms[j] {
				k++
			}
			w := (1 + math.Log(float64(k-j))) * c.idf(terms[j])
			square += w * w
			s.index = append(s.index, terms[j])
			s.value = append(s.value, float32(w))
			j = k
		}
		if square > 0 {
			f := float32(1 / math.Sqrt(square))
			for k := from; k < len(s.value); k++ {
				s.value[k] *= f
			}
		}
		s.begin = append(s.begin, len(s.index))
	}
	return s
}

// ppmi is the matrix of terms by terms: how much more often than by chance two stand in a text together, positive
// pointwise mutual information with the counts of contexts smoothed by 0.75 (Levy, Goldberg, Dagan 2015).
func (c *corpus) ppmi(least int, pairs bool) *sparse {
	n := len(c.names)
	// Which texts hold a term, and where: so that a row of counts is made at a time, with one array for all of them.
	type place struct{ text, at int32 }
	where := make([][]place, n)
	seqs := make([][]int32, len(c.texts))
	for i := range c.texts {
		seqs[i] = append([]int32(nil), c.all(nil, i, least, pairs)...)
		for at, t := range seqs[i] {
			where[t] = append(where[t], place{int32(i), int32(at)})
		}
	}
	rows := make([][]int32, n)
	counts := make([][]float32, n)
	sums := make([]float64, n)
	parallel(n, func(from, to int) {
		count := make([]float32, n)
		for t := from; t < to; t++ {
			var seen []int32
			for _, p := range where[t] {
				d := seqs[p.text]
				for k := max(0, int(p.at)-window); k <= min(len(d)-1, int(p.at)+window); k++ {
					if o := d[k]; o != int32(t) {
						if count[o] == 0 {
							seen = append(seen, o)
						}
						count[o]++
					}
				}
			}
			slices.Sort(seen)
			rows[t], counts[t] = seen, make([]float32, len(seen))
			for k, o := range seen {
				counts[t][k] = count[o]
				sums[t] += float64(count[o])
				count[o] = 0
			}
		}
	})
	context := make([]float64, n)
	var total float64
	for t, s := range sums {
		context[t] = math.Pow(s, 0.75)
		total += context[t]
	}
	s := &sparse{rows: n, cols: n, begin: make([]int, 1, n+1)}
	for t := range n {
		for k, o := range rows[t] {
			if p := math.Log(float64(counts[t][k])/sums[t]) - math.Log(context[o]/total); p > 0 {
				s.index = append(s.index, o)
				s.value = append(s.value, float32(p))
			}
		}
		s.begin = append(s.begin, len(s.index))
	}
	return s
}

// vectors gives each text a vector of length 1: the weighted mean of the vectors of its terms, which are learned from
// the texts themselves, less what all texts share. A text without a known term has none (zeros).
func (c *corpus) vectors(dim, least int, pairs bool, rng *rand.Rand) *dense {
	p := c.ppmi(least, pairs)
	u, singular := leftSingular(p, p, dim, 3, rng) // p is not quite symmetric; its axes are what is wanted
	for i := range u.rows {
		for j, s := range singular {
			u.row(i)[j] *= float32(s)
		}
	}
	v := c.weights(least, pairs).times(u)
	v.normalizeRows()
	v.withoutMain()
	v.normalizeRows()
	return v
}
