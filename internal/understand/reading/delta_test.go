package reading

import (
	"slices"
	"testing"
)

func TestFilesOfEarlierVersionsAreRead(t *testing.T) {
	raw := []float32{1, 2, 3, 0}
	deltaNote{Strength: 2, Scale: 0.5, Words: 1}.apply(raw, []float32{1, 0, 0, 0}, 9)
	if want := []float32{2.5, 1, 1.5, 0}; !slices.Equal(raw, want) {
		t.Errorf("%v, not %v", raw, want)
	}
}
