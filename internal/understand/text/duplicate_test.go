package text

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

func TestDuplicates(t *testing.T) {
	t.Parallel()
	var d Duplicates
	for _, c := range []struct {
		text  string
		group int
		near  bool
	}{
		{"The courier left my parcel in the rain and never rang the bell", 0, false},
		{"the courier left my parcel in the rain, and never rang the bell!!!", 0, false},
		{"The courier left my parcel in the rain and never rang that bell", 0, true},
		{"The courier was kind", 1, false},
		{"The courier was rude", 2, false},
		{"Great", 3, false},
		{"great!", 3, false},
		{"!!!", 4, false},
		{"???", 5, false},
		{"", 6, false},
		{"Order 4471 has still not come although three weeks have passed by now", 7, false},
		{"Order 9923 has still not come although three weeks have passed by now", 7, true},
		{"המשלוח נזרק בגשם ואף אחד לא טרח לצלצל בדלת או להשאיר הודעה", 8, false},
		{"המשלוח נזרק בגשם, ואף אחד לא טרח לצלצל בדלת או להשאיר פתק", 8, true},
	} {
		group, near := d.Add(fmt.Sprint(c.group), Words(c.text))
		if group != c.group || near != c.near {
			t.Errorf("%q is in group %d (near %v), want %d (%v)", c.text, group, near, c.group, c.near)
		}
		if d.First(group) != fmt.Sprint(c.group) {
			t.Errorf("the first of group %d is %q", group, d.First(group))
		}
	}
	if d.Groups() != 9 {
		t.Errorf("%d groups", d.Groups())
	}
}

// Texts of which one word in twenty was changed are found as near copies, texts with half of their words in common are not.
func TestNearCopies(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	random := func(n int) []string {
		w := make([]string, n)
		for i := range w {
			w[i] = fmt.Sprintf("w%d", r.IntN(5000))
		}
		return w
	}
	found, confused, nearBits := 0, 0, 0
	const n = 300
	var d Duplicates
	for i := range n {
		words := random(20)
		original := strings.Join(words, " ")
		a, _ := d.Add("a", Words(original))
		words[r.IntN(20)] = fmt.Sprintf("new%d", i)
		copied := strings.Join(words, " ")
		if b, near := d.Add("b", Words(copied)); b == a && near {
			found++
		}
		if Distance(Fingerprint(Words(original)), Fingerprint(Words(copied))) <= 16 {
			nearBits++
		}
		copy(words[10:], random(10))
		if c, _ := d.Add("c", Words(strings.Join(words, " "))); c == a {
			confused++
		}
	}
	if found < n*85/100 || confused > n/100 || nearBits < n*9/10 {
		t.Errorf("of %d near copies %d were found, %d by fingerprint; %d others were taken for copies", n, found, nearBits, confused)
	}
}

func TestFingerprint(t *testing.T) {
	t.Parallel()
	a := Fingerprint(Words("The courier left my parcel in the rain, order 12"))
	if b := Fingerprint(Words("the COURIER left my parcel in the rain; order 99!")); a != b || a == 0 {
		t.Errorf("%x and %x", a, b)
	}
	if Fingerprint(nil) != 0 || Fingerprint(Words("...")) != 0 {
		t.Error("a text without words has a fingerprint")
	}
}
