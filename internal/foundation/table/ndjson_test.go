package table

import (
	"fmt"
	"strings"
	"testing"
	"testing/iotest"

	"kolo/internal/foundation/fault"
)

func TestJSONAsItIsFound(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ in, columns, rows string }{
		"lines": {`{"text":"hi","score":9}` + "\n\n" + `{"score":1.50,"ok":true,"text":null}` + "\r\n", "text|score|ok",
			"1@1:hi|9|\n2@3:|1.50|true"},
		"flattened": {`{"a":{"b":{"c":1},"d":"x"},"e":[1,{"f":2}],"g":{},"h":"\u05e9\n"}`, "a.b.c|a.d|e|h", "1@1:1|x|[1,{\"f\":2}]|ש\n"},
		"array":     {"[\n{\"a\":1},\n{\"a\":2,\"b\":\"]\"}\n]\n", "a|b", "1@2:1|\n2@3:2|]"},
		"pretty":    {"{\n \"a\": 1,\n \"b\": {\"c\": \"}\"}\n}\n{\n \"a\": 2\n}", "a|b.c", "1@1:1|}\n2@5:2|"},
		"broken":    {"{\"a\":1}\n{\"a\":\n[1]\nnull\n{\"a\":2}\n", "a", "1@1:1\n5@5:2\n2@2!bad_json\n3@3!bad_json\n4@4!bad_json"},
		"empty":     {"{\"a\":1}\n{}\n{\"a\":null}\n{\"a\":\"\"}\n{\"a\":2}\n", "a", "1@1:1\n5@5:2"},
		"twice":     {"{\"a\":1,\"a\":2,\"\":3}\n", "a|column 2", "1@1:2|3"},
		"bom":       {"\uFEFF{\"a\":1}\n", "a", "1@1:1"},
		"bad array": {"[{\"a\":1},{\"a\":x},{\"a\":3}]", "a", "1@1:1\n3@1:3\n2@1!bad_json"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, o := range []Options{{}, {Format: NDJSON}} {
				r, err := Open(iotest.HalfReader(strings.NewReader(c.in)), "x", o)
				if err != nil {
					t.Fatal(err)
				}
				if got := strings.Join(r.Columns(), "|"); got != c.columns {
					t.Errorf("columns %q, want %q", got, c.columns)
				}
				if got := show(all(t, r)); got != c.rows {
					t.Errorf("rows\n%s\nwant\n%s", got, c.rows)
				}
			}
		})
	}
}

func TestJSONKeepsTheRowAsItWas(t *testing.T) {
	t.Parallel()
	in := `{"n": 1.0, "s":"1", "z":null, "l":[1, 2]}`
	rows, _ := all(t, open(t, in+"\n{\"n\":2}\n", "x.ndjson", Options{}))
	if rows[0].Raw != in {
		t.Fatalf("%q, want %q", rows[0].Raw, in)
	}
}

func TestJSONColumnsMayComeLate(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&in, "{\"a\":%d}\n", i)
	}
	in.WriteString("{\"late\":\"x\"}\n")
	r := open(t, in.String(), "x.ndjson", Options{})
	if len(r.Columns()) != 1 {
		t.Fatalf("columns %q", r.Columns())
	}
	rows, bad := all(t, r)
	last := rows[len(rows)-1]
	if len(bad) > 0 || len(rows) != 3001 || strings.Join(r.Columns(), "|") != "a|late" || strings.Join(last.Cells, "|") != "|x" {
		t.Fatalf("%d rows, %d bad, columns %q, last %q", len(rows), len(bad), r.Columns(), last.Cells)
	}
}

func TestJSONRowOverTheLimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 10_000)
	for _, layout := range []string{"{\"a\":1}\n{\"a\":\"%s\"}\n{\"a\":3}\n", "[{\"a\":1},\n{\"a\":\"%s\"},\n{\"a\":3}]"} {
		rows, bad := all(t, open(t, fmt.Sprintf(layout, long), "x.json", Options{MaxRow: 1000}))
		if want := "1@1:1\n3@3:3\n2@2!too_large"; show(rows, bad) != want {
			t.Errorf("%s, want %s", show(rows, bad), want)
		}
	}
}

func TestJSONTooManyColumns(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	for i := range 3 {
		in.WriteByte('{')
		for k := range 6000 {
			fmt.Fprintf(&in, "\"k%d\":1,", i*6000+k)
		}
		in.WriteString("\"z\":1}\n")
	}
	rows, bad := all(t, open(t, in.String(), "x.ndjson", Options{}))
	if len(rows) != 2 || len(bad) != 1 || bad[0].Code != RowTooWide {
		t.Fatalf("%d rows, %v", len(rows), bad)
	}
}

func TestWhatCannotBeReadIsSaidPlainly(t *testing.T) {
	t.Parallel()
	for code, head := range map[string]string{
		"old_excel": "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", "parquet": "PAR1\x15\x00", "compressed": "\x1F\x8B\x08", "pdf": "%PDF-1.7",
		"binary": strings.Repeat("\x01\x02\x03\x00abc", 100), "empty": "", "empty ": "\n\n\n", "damaged": "PK\x03\x04 and nothing",
	} {
		_, err := Open(strings.NewReader(head), code, Options{})
		if p := fault.ProblemOf(err); !fault.Is(err, fault.Invalid) || len(p.Errors) != 1 || p.Errors[0].Code != strings.TrimSpace(code) {
			t.Errorf("%s: %v", code, err)
		}
	}
	_, err := Open(strings.NewReader("a,"+strings.Repeat("b", 100)+"\n1,2\n"), "x.csv", Options{MaxRow: 50})
	if p := fault.ProblemOf(err); len(p.Errors) != 1 || p.Errors[0].Code != "header" {
		t.Errorf("a header that is too large: %v", err)
	}
	for _, o := range []Options{{Encoding: "klingon"}, {Format: "doc"}, {Format: Parquet}, {Format: XLSX}} {
		if _, err := Open(strings.NewReader("a,b\n1,2\n"), "x", o); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", o, err)
		}
	}
}
