package discover

import (
	"math"
	"math/rand/v2"
)

// alreadyKnown is what texts are about by Options.About: a row for each, of length 1 at most. It is nil where nobody knows.
func alreadyKnown(g, sample []int, about func(int) []float32) *dense {
	list := make([][]float32, len(sample))
	parallel(len(sample), func(from, to int) {
		for i := from; i < to; i++ {
			list[i] = about(g[sample[i]])
		}
	})
	width := 0
	for _, p := range list {
		width = max(width, len(p))
	}
	if width == 0 {
		return nil
	}
	out := newDense(len(sample), width)
	for i, p := range list {
		r := out.row(i)
		for k, v := range p {
			r[k] = float32(math.Sqrt(float64(v)))
		}
		if dot(r, r) > 1 {
			normalize(r)
		}
	}
	return out
}

// fewTexts is the number of texts below which they tell so little by their words alone that what is known beforehand tells more. Of a bank's
// narrow questions 400 are told apart better so (NMI .51 against .37), 1,000 about as well, 3,000 worse.
const fewTexts = 1000

// ownVectors are the vectors of few texts.
func (c *corpus) ownVectors(seed uint64) *dense {
	return c.vectors(min(100, max(2, len(c.names)/4)), 1, true, rand.New(rand.NewPCG(seed, 1)))
}

// crowded tells whether one theme, of k where so many were wanted, has swallowed the others, as happens where texts share few words.
func crowded(of []int, k int) bool {
	size := map[int]int{}
	most := 0
	for _, j := range of {
		size[j]++
		most = max(most, size[j])
	}
	return crowd*most > len(of) && (k == 0 || most*k > 3*len(of))
}

const (
	// crowd is of how many texts one is in the largest theme where it is taken for a crowd.
	crowd = 4
	// ownWords is what the words of a text count beside what it is about.
	ownWords = 0.5
	// tries is how many times clusters are looked for; the tightest ones are taken.
	tries = 8
)

const (
	// unsure is how like its theme a text must be; what is less like all of them is put to none.
	unsure = 0.6
	// looseRoot times the square root of the number of texts is how many themes are looked for, mostLoose at most: 18 in 400 texts, 40 in 2,000.
	looseRoot, mostLoose = 0.9, 60
)

// loose clusters texts that share few words by what they are about, m, and less by their own words, x. With k 0 it finds a number of themes that
// a person can look through, and leaves texts that are like none of them in none (-1); otherwise there are k, or as many as there are texts
// that differ. It gives back how like its theme each text is, 0 to 1, and the vectors by which that is told.
func loose(c *corpus, m, x *dense, k int, seed uint64) (of []int, sure []float32, v *dense) {
	n := len(c.texts)
	v = newDense(n, m.cols+x.cols)
	for i := range n {
		r := v.row(i)
		copy(r, m.row(i))
		axpy(ownWords, x.row(i), r[m.cols:])
	}
	v.normalizeRows()
	parts := min(k, n)
	if k == 0 {
		parts = min(n, max(2, min(mostLoose, int(math.Round(looseRoot*math.Sqrt(float64(n)))))))
	}
	rng := rand.New(rand.NewPCG(seed, 11))
	most := -1.0
	for range tries {
		got := kmeans(v, parts, 30, rng)
		if s := tight(v, got, parts); s > most {
			of, most = got, s
		}
	}
	if k > 0 {
		of, parts = c.split(v, of, parts, k)
	}
	center, _ := centroids(v, of, parts)
	sure = make([]float32, n)
	near := make([]int, n)
	nearest(v, center, near, sure)
	for i := range of {
		if k > 0 {
			sure[i] = dot(v.row(i), center.row(of[i]))
		} else if of[i] = near[i]; sure[i] < unsure {
			of[i] = -1
		}
		sure[i] = min(1, max(0, sure[i]))
	}
	return of, sure, v
}
