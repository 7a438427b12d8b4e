package discover

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
)

// runs is how many clusterings are made and averaged.
const runs = 8

// over is how many more clusters are looked for than are wanted: the likeliest to be one are joined.
const over = 1.2

// ensemble clusters texts several times, from different vectors, seeds and numbers of clusters, and finds what the
// clusterings agree on. With k 0 it also finds how many clusters there are; otherwise there are k, or as many as there are texts
// that differ. It tells whether the texts are too diverse for their
// number: they share so few words that nothing tells one theme from another.
func ensemble(ctx context.Context, c *corpus, f *samples, k int, seed uint64, progress func(float64)) (of []int, sure []float32, x *dense, diverse bool, err error) {
	rng := rand.New(rand.NewPCG(seed, 1))
	n := len(c.texts)
	dim := min(100, max(2, len(c.names)/4))
	x = c.vectors(dim, 3, true, rng)
	if err := ctx.Err(); err != nil {
		return nil, nil, nil, false, err
	}
	progress(0.1)
	both := beside(x, c.vectors(dim, 2, false, rng))
	both.normalizeRows()
	progress(0.15)

	wanted := k > 0
	middle := int(math.Round(float64(k) * over))
	if k == 0 {
		middle = guess(n)
	}
	m := newMixture(c)
	all, sizes := make([][]int, runs), make([]int, runs)
	for r := range sizes {
		// Evenly, as factors, from two thirds to one and a half of the number that is wanted.
		spread := math.Exp(0.4 * (2*float64(r)/float64(runs-1) - 1))
		sizes[r] = min(n, max(2, int(math.Round(float64(middle)*spread))))
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	done := 0
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	for r := range runs {
		wg.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			if ctx.Err() != nil {
				return
			}
			v := x
			if r%2 == 1 {
				v = both
			}
			start := kmeans(v, sizes[r], 12, rand.New(rand.NewPCG(seed, uint64(r)+100)))
			all[r], _ = m.fit(v, start, sizes[r], 15, true)
			mu.Lock()
			defer mu.Unlock()
			done++
			progress(0.15 + 0.6*float64(done)/runs)
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, nil, nil, false, err
	}
	width := 0
	for _, s := range sizes {
		width = max(width, s)
	}
	u, singular := agreement(all, sizes, min(width, n), rng)
	parts := k
	if k == 0 {
		parts = agreed(singular)
	} else {
		parts = int(math.Round(float64(k) * over))
	}
	parts = min(parts, n)
	u = u.columns(0, min(parts, u.cols))
	u.normalizeRows()
	var best []int
	most := -1.0
	for range 3 {
		of := kmeans(u, parts, 30, rng)
		if s := tight(u, of, parts); s > most {
			best, most = of, s
		}
	}
	joined, left := merge(c, best, parts, 0)
	diverse = scattered*left < max(parts, min(guess(n), fine))
	switch {
	case k > 0:
		best, parts = merge(c, best, parts, k)
		best, k = c.split(x, best, parts, k)
	case diverse:
		best, k = merge(c, best, parts, (parts+1)/2)
	default:
		best, k = joined, left
	}
	progress(0.85)
	of, sure = m.fit(x, best, k, 8, false)
	if n >= leastRefined*k {
		of, sure = refine(f, of, k, rng)
	}
	if wanted {
		of = c.hold(best, of, k)
	}
	progress(0.95)
	return of, sure, x, diverse, nil
}

// scattered is how many clusters, of those that the clusterings agree on, become one where texts are too diverse.
const scattered = 4

// leastRefined is how many texts a theme must have, on average, for a classifier to learn anything from half of them.
const leastRefined = 12

// guess is a number of clusters to begin with.
func guess(n int) int {
	return max(2, int(math.Round(math.Sqrt(float64(n)))))
}

// agreed is how many clusters the clusterings agree on: each direction of their agreement counts when more than half of
// them hold it.
func agreed(singular []float64) int {
	k := 0
	for _, s := range singular {
		if s*s > 0.5 {
			k++
		}
	}
	return max(2, k)
}

// tight is how near rows are to the centroids of their clusters, in sum.
func tight(x *dense, of []int, k int) float64 {
	c, _ := centroids(x, of, k)
	sum := 0.0
	for i, j := range of {
		sum += float64(dot(x.row(i), c.row(j)))
	}
	return sum
}
