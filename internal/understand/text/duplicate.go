package text

import "math/bits"

// Fingerprint is the SimHash of a text's words and pairs of words: near copies differ in few of its 64 bits. Case, marks,
// punctuation and figures count for nothing. 0 for a text without words. (Charikar: Similarity estimation techniques from
// rounding algorithms, STOC 2002.)
func Fingerprint(words []Word) uint64 {
	var votes [64]int32
	n := 0
	shingles(words, func(h uint64) {
		n++
		for b := range votes {
			votes[b] += int32(h>>b&1)<<1 - 1
		}
	})
	if n == 0 {
		return 0
	}
	var f uint64
	for b, v := range votes {
		if v > 0 {
			f |= 1 << b
		}
	}
	return f
}

// Distance is in how many of 64 bits two fingerprints differ.
func Distance(a, b uint64) int { return bits.OnesCount64(a ^ b) }

// shingles calls f with a hash of each word and of each pair of neighbours.
func shingles(words []Word, f func(uint64)) {
	before := uint64(0)
	for _, w := range words {
		if w.Kind == Punctuation {
			continue
		}
		h := hash(w.Class())
		f(h)
		if before != 0 {
			f(mix(before ^ bits.RotateLeft64(h, 31)))
		}
		before = h
	}
}

// hash is FNV-1a, mixed, because its high bits are weak on short words.
func hash(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix(h)
}

// mix is the finaliser of SplitMix64.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

const (
	hashes = 32                         // values of a signature
	band   = 4                          // values that must all agree for two texts to be compared
	alike  = 0.7                        // share of equal values from which two texts are near copies: an estimate of their Jaccard similarity
	least  = 6                          // words and pairs that a text must have to be a near copy of another; shorter ones are copies or they are not
	bands  = (hashes + band - 1) / band // signature is cut into as many
)

// Duplicates groups copies and near copies among the texts that it is given. The zero value is ready. It must not be used
// concurrently. It keeps about 400 bytes for each group. (Broder: On the resemblance and containment of documents, 1997;
// locality-sensitive hashing after Indyk and Motwani, 1998.)
type Duplicates struct {
	exact map[uint64]int // hash of the words, to the group
	bands [bands]map[uint64][]int32
	first []string // id of each group's first text
	signs [][hashes]uint32
}

// most is how many groups a text is compared with in each band, so that a common phrase cannot slow everything down.
const mostCompared = 16

// Add puts a text into a group and tells its number, from 0, and whether it is there as a near copy rather than as the
// first or the very same words. Texts without words are never copies of one another.
func (d *Duplicates) Add(id string, words []Word) (group int, near bool) {
	if d.exact == nil {
		d.exact = map[uint64]int{}
		for b := range d.bands {
			d.bands[b] = map[uint64][]int32{}
		}
	}
	var all uint64
	n := 0
	sign := [hashes]uint32{}
	for k := range sign {
		sign[k] = 1<<32 - 1
	}
	for _, w := range words {
		if w.Kind != Punctuation {
			all = mix(all*31 + hash(w.Form))
		}
	}
	if g, ok := d.exact[all]; ok && all != 0 {
		return g, false
	}
	shingles(words, func(h uint64) {
		n++
		low, high := uint32(h), uint32(h>>32)|1
		for k := range sign { // double hashing in place of independent functions
			low += high
			sign[k] = min(sign[k], scramble(low))
		}
	})
	if all == 0 {
		d.first, d.signs = append(d.first, id), append(d.signs, sign)
		return len(d.first) - 1, false
	}
	group = -1
	var keys [bands]uint64
	if n >= least {
		best := 0
		for b := range keys {
			k := uint64(b + 1)
			for _, v := range sign[b*band : (b+1)*band] {
				k = mix(k ^ uint64(v))
			}
			keys[b] = k
			for _, g := range d.bands[b][k] {
				same := 0
				for i, v := range sign {
					if d.signs[g][i] == v {
						same++
					}
				}
				if same > best && float64(same) >= alike*hashes {
					best, group = same, int(g)
				}
			}
		}
	}
	if group >= 0 {
		d.exact[all] = group
		return group, true
	}
	group = len(d.first)
	d.first, d.signs = append(d.first, id), append(d.signs, sign)
	d.exact[all] = group
	if n >= least {
		for b, k := range keys {
			if len(d.bands[b][k]) < mostCompared {
				d.bands[b][k] = append(d.bands[b][k], int32(group))
			}
		}
	}
	return group, false
}

// First is the id of the first text of a group.
func (d *Duplicates) First(group int) string { return d.first[group] }

// Groups is how many groups there are.
func (d *Duplicates) Groups() int { return len(d.first) }

// scramble is the finaliser of MurmurHash3.
func scramble(h uint32) uint32 {
	h = (h ^ h>>16) * 0x85ebca6b
	h = (h ^ h>>13) * 0xc2b2ae35
	return h ^ h>>16
}
