package api

import (
	"strings"
	"testing"
	"time"
)

// A megabyte of brackets is refused at once: looking for fields that come twice must not follow them all.
func TestBracketsAloneCostNothing(t *testing.T) {
	t.Parallel()
	start := time.Now()
	for _, raw := range []string{strings.Repeat("[", 1<<20), strings.Repeat(`{"a":`, 1<<18)} {
		if _, is := twice([]byte(raw)); is {
			t.Error("a field comes twice in", raw[:20])
		}
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Error("it took", d)
	}
	if path, is := twice([]byte(`{"a":[{"b":1},{"b":1,"b":2}]}`)); !is || path != "a[1].b" {
		t.Errorf("%q, %v", path, is)
	}
}
