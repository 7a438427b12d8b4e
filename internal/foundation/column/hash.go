package column

import (
	"crypto/sha256"
	"encoding/binary"
)

// Hash makes a number of texts by which the columns tell them apart, 0 only of no text: the beginning of a cryptographic hash,
// so that of 10 million different ones two share a number with a probability of 1 in 180,000.
func Hash(texts ...string) int64 {
	var short [256]byte // most are
	b := short[:0]
	for i, s := range texts {
		if i > 0 {
			b = append(b, 0)
		}
		b = append(b, s...)
	}
	if len(b) == 0 {
		return 0
	}
	sum := sha256.Sum256(b)
	return max(1, int64(binary.BigEndian.Uint64(sum[:8])>>1))
}
