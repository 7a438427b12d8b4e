package fasttext

import (
	"os"
	"strings"
	"testing"
)

// The probabilities of all labels add up to one, and the likeliest is the language of the text.
func TestPredict(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("../dist/lid.176.ftz")
	if err != nil {
		t.Fatal("the language model is missing: make assets")
	}
	m, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(m.Labels) != 176 || m.Dim != 16 {
		t.Fatalf("%d labels, %d dimensions", len(m.Labels), m.Dim)
	}
	p, h := make([]float32, len(m.Labels)), make([]float32, m.Dim)
	for text, want := range map[string]string{
		"Hello, how are you today?": "en", "Hallo, wie geht es dir heute?": "de", "Привет, как у тебя дела сегодня?": "ru", "שלום, מה שלומך היום?": "he",
		"\xff\xfe Hello, \x80how are you\x80 today?": "en",
	} {
		if m.Hidden(h, []byte(text)) == 0 {
			t.Errorf("%q: no word is known", text)
		}
		m.Predict(p, h)
		sum, best := float32(0), 0
		for i, x := range p {
			sum += x
			if x > p[best] {
				best = i
			}
		}
		if sum < 0.999 || sum > 1.001 || m.Labels[best] != want {
			t.Errorf("%q is %s; all add up to %g", text, m.Labels[best], sum)
		}
	}
}

func TestBrokenModel(t *testing.T) {
	t.Parallel()
	good, err := os.ReadFile("../dist/lid.176.ftz")
	if err != nil {
		t.Fatal("the language model is missing: make assets")
	}
	for _, n := range []int{0, 4, 8, 60, 100, 1000, 100_000, len(good) / 2, len(good) - 1} {
		if _, err := Read(good[:n]); err == nil || !strings.HasPrefix(err.Error(), "fasttext: ") {
			t.Errorf("%d bytes of the model: %v", n, err)
		}
	}
	bad := append([]byte(nil), good...)
	for _, at := range []int{8, 40, 52, 56, 60, 64, 68} { // sizes at the head of the file
		old := bad[at]
		bad[at] ^= 0x7f
		if m, err := Read(bad); err == nil { // what still reads must not break on use
			p := make([]float32, len(m.Labels))
			h := make([]float32, m.Dim)
			m.Hidden(h, []byte("some text"))
			m.Predict(p, h)
		}
		bad[at] = old
	}
}

func FuzzModel(f *testing.F) {
	good, err := os.ReadFile("../dist/lid.176.ftz")
	if err != nil {
		f.Skip("the language model is missing: make assets")
	}
	f.Add(good[:4096])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Read(b); err == nil {
			p, h := make([]float32, len(m.Labels)), make([]float32, m.Dim)
			m.Hidden(h, []byte("some text"))
			m.Predict(p, h)
		}
	})
}
