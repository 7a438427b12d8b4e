package id

import (
	"testing"
	"time"
)

func TestNewIsOrderedAndUnique(t *testing.T) {
	t.Parallel()
	now := time.Now()
	prev := ""
	for range 10000 {
		s := New(now)
		if !Valid(s) || s[14] != '7' {
			t.Fatalf("not a UUIDv7: %s", s)
		}
		if s <= prev {
			t.Fatalf("%s after %s", s, prev)
		}
		prev = s
	}
	if Valid("ABCDEF00-0000-7000-8000-000000000000") || Valid("x") {
		t.Fatal("accepted a malformed id")
	}
}
