package feedback

import (
	"testing"
	"time"
)

// Whoever brings the rows, a single request or a file, in this process or another: what counts is how many come in how long.
func TestMuchIsComingIn(t *testing.T) {
	var a arrival
	start := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	for _, x := range []struct {
		after time.Duration
		seq   int64
		much  bool
		why   string
	}{
		{0, 1_000_000, false, "what was there before did not come just now"},
		{time.Second, 1_001_900, false, "1,900 a second"},
		{1100 * time.Millisecond, 1_009_000, false, "too short to tell"},
		{1300 * time.Millisecond, 1_009_000, true, "7,100 in 300 ms"},
		{1400 * time.Millisecond, 1_009_000, true, "too short to tell"},
		{1600 * time.Millisecond, 1_009_600, true, "600 in 300 ms"},
		{3 * time.Second, 1_010_100, false, "500 in 1.4 s"},
	} {
		a.look(start.Add(x.after), x.seq)
		if a.much() != x.much {
			t.Errorf("after %v: much = %v: %s", x.after, !x.much, x.why)
		}
	}
}
