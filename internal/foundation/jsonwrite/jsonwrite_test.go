package jsonwrite

import (
	"encoding/json"
	"maps"
	"math"
	"testing"
)

// TestReadsBack: what is written is what encoding/json reads, byte by byte of every kind of text and number.
func TestReadsBack(t *testing.T) {
	texts := []string{"", "plain", "שלום \"עולם\"", "a\\b\n\r\t\x00\x1f\x7f", "<b>&\u2028", "\xff\xfe broken", "سلام\u200c", "😀", "half \xe2\x82"}
	for _, s := range texts {
		var got, want string
		if err := json.Unmarshal(Text(nil, s), &got); err != nil {
			t.Fatalf("%q: %s: %v", s, Text(nil, s), err)
		}
		b, _ := json.Marshal(s)
		if _ = json.Unmarshal(b, &want); got != want {
			t.Errorf("%q is written as %s", s, Text(nil, s))
		}
	}
	for _, v := range []float64{0, 1, -1, 0.1, 1e-7, 1e20, 1e21, -12345.678, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		b, _ := json.Marshal(v)
		var got float64
		if err := json.Unmarshal(Number(nil, v), &got); err != nil || got != v {
			t.Errorf("%s is written as %s", b, Number(nil, v))
		}
	}
	m := map[string]string{"plan": "gold", "b\"": "<x>", "": "empty", "ключ": "значение"}
	var got map[string]string
	if err := json.Unmarshal(Texts(nil, m), &got); err != nil || !maps.Equal(got, m) {
		t.Errorf("%v: %s", err, Texts(nil, m))
	}
	if s := string(Texts([]byte("x"), map[string]string{"b": "2", "a": "1"})); s != `x{"a":"1","b":"2"}` {
		t.Error(s)
	}
	if s := string(Texts(nil, nil)); s != `{}` {
		t.Error(s)
	}
}
