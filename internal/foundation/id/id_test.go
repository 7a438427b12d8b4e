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

func TestTimeIsThatOfItsMaking(t *testing.T) {
	t.Parallel()
	for _, want := range []time.Time{time.UnixMilli(0), time.Date(2020, 11, 26, 15, 0, 0, 123e6, time.UTC)} { // none to come: ids of now would no longer be in order
		if at, ok := Time(New(want)); !ok || !at.Equal(want) {
			t.Errorf("an id of %v is of %v", want, at)
		}
	}
	if at, ok := Time("ffffffff-ffff-7000-8000-000000000000"); !ok || !at.Equal(time.UnixMilli(1<<48-1)) {
		t.Errorf("the last id of all is of %v", at)
	}
	for _, s := range []string{"", "delivery", "0198c7f2-6b1e-4c44-9d7a-2f1f8a1b3c4d", "0198C7F2-6b1e-7c44-9d7a-2f1f8a1b3c4d"} {
		if at, ok := Time(s); ok || at.UnixMilli() != 0 {
			t.Errorf("%q is of %v", s, at)
		}
	}
}
