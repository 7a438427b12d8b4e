package jsonread_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/valyala/fastjson"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/jsonread"
)

// TestJSONIsJSON writes values again, those with characters in them that the parsing library would escape in Go's way.
func TestJSONIsJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"a":1,"b":[true,false,null,"x"],"c":{"d":-1.5e3}}`, `{"k\u0000":"v\u0007","\u000b":["\u007f\"\\"],"\udb40\udc01\n":{"x":1}}`, `"\u0001"`, `[]`, `{"":""}`,
	} {
		r := jsonread.Get()
		v, err := r.Parse("test", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		v.Type() // unescapes a text
		for _, x := range v.GetArray("b") {
			x.Type()
		}
		got := jsonread.JSON(v)
		r.Put()
		var a, b any
		if err := json.Unmarshal(got, &a); err != nil {
			t.Errorf("%s: %s: %v", text, got, err)
		}
		if err := json.Unmarshal([]byte(text), &b); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("%s became %s", text, got)
		}
	}
}

// TestTooManyValues refuses before it parses; commas within texts are none.
func TestTooManyValues(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		ok   bool
	}{
		{"[" + strings.Repeat("1,", 499_999) + "1]", true},
		{"[" + strings.Repeat("1,", 500_000) + "1]", false},
		{`["` + strings.Repeat(`,\"`, 500_001) + `"]`, true},
		{strings.Repeat("[", 30) + strings.Repeat("]", 30), true},
		{strings.Repeat("[", 31) + strings.Repeat("]", 31), false},
	} {
		r := jsonread.Get()
		if _, err := r.Parse("test", []byte(c.text)); (err == nil) != c.ok || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%.40s of %d bytes: %v", c.text, len(c.text), err)
		}
		r.Put()
	}
}

// TestAFieldThatComesTwiceIsWrong, in a large object too, and no other one is.
func TestAFieldThatComesTwiceIsWrong(t *testing.T) {
	t.Parallel()
	names := func(n int, more string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, `"name %d":1,`, i)
		}
		return "{" + b.String() + more + "}"
	}
	for text, want := range map[string]string{
		`{"text":"a","kind":"b","text":"c"}`: "x.text", `{"text":"a","test":"b"}`: "", `{"":1,"":2}`: "x.", names(100, `"name 3":1`): "x.name 3", names(100, `"name 77":1`): "x.name 77", names(5000, `"last":1`): "",
	} {
		r := jsonread.Get()
		v, err := r.Parse("test", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		r.Object("x.", v, func(string, *fastjson.Value) bool { return true })
		bad := r.Bad()
		r.Put()
		if want == "" && len(bad) != 0 || want != "" && (len(bad) != 1 || bad[0].Path != want || bad[0].Code != "twice") {
			t.Errorf("%.60s: %+v", text, bad)
		}
	}
}
