package jsonread_test

import (
	"encoding/json"
	"reflect"
	"testing"

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
