package table

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// drain reads all there is and checks what a Reader promises.
func drain(t *testing.T, r Reader) (rows int) {
	t.Helper()
	seen := make(map[string]bool)
	for _, c := range r.Columns() {
		if c == "" || seen[c] {
			t.Fatalf("columns %q", r.Columns())
		}
		seen[c] = true
	}
	number, line := int64(0), int64(0)
	for {
		row, err := r.Next()
		var bad *RowError
		if err == io.EOF {
			break
		} else if errors.As(err, &bad) {
			row.Number, row.Line = bad.Number, bad.Line
		} else if err != nil {
			t.Fatal(err)
		} else {
			rows++
			if len(row.Cells) != len(r.Columns()) {
				t.Fatalf("%d cells for %d columns", len(row.Cells), len(r.Columns()))
			}
			for _, c := range row.Cells {
				if !utf8.ValidString(c) {
					t.Fatalf("%q is no text", c)
				}
			}
		}
		if row.Number <= number || row.Line < line {
			t.Fatalf("row %d at line %d came after row %d at line %d", row.Number, row.Line, number, line)
		}
		number, line = row.Number, row.Line
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func FuzzCSV(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a;b\r\n\"x\ny\";2\r\n", "a\tb\r1\t2\r", "\"a\"\"b\",c\n\"open,\n1,2\n3,4\n", "a,b\n\xff\x00,\"\"\n\"", "a,b\n\"x\"y\",z\n\"p\n,\"q\n",
		"\uFEFFsep=;\na;b\n;;;\n", "\"\r\n\"\r\n\r"} {
		f.Add([]byte(s), uint16(20))
	}
	f.Fuzz(func(t *testing.T, in []byte, limit uint16) {
		whole, err := Open(bytes.NewReader(in), "x.csv", Options{Format: CSV, Encoding: "utf-8", MaxRow: int(limit) + 1})
		if err != nil {
			return
		}
		drain(t, whole)
		// Rows do not depend on the pieces in which bytes arrive.
		o := Options{Format: CSV, Encoding: "utf-8"}
		a, errA := Open(bytes.NewReader(in), "x.csv", o)
		b, errB := Open(&dripping{in}, "x.csv", o)
		if (errA == nil) != (errB == nil) {
			t.Fatalf("%v and %v", errA, errB)
		}
		if errA == nil && show(all(t, a)) != show(all(t, b)) {
			t.Fatal("pieces change the rows")
		}
	})
}

// dripping gives a few bytes at a time.
type dripping struct{ rest []byte }

func (d *dripping) Read(p []byte) (int, error) {
	if len(d.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, d.rest[:min(3, len(d.rest))])
	d.rest = d.rest[n:]
	return n, nil
}

func FuzzNDJSON(f *testing.F) {
	for _, s := range []string{"{\"a\":1}\n{\"b\":{\"c\":[1,{}]}}\n", "[{\"a\":\"x\\\"]\"},{\"b\":null}]", "{\n\"a\":{}\n}\n{\"a\":\"\\ud800\"}", "{\"a\":1}{", "[{\"\":\"\xff\"}"} {
		f.Add([]byte(s), uint16(30))
	}
	f.Fuzz(func(t *testing.T, in []byte, limit uint16) {
		r, err := Open(bytes.NewReader(in), "x.ndjson", Options{Encoding: "utf-8", MaxRow: int(limit) + 1})
		if err == nil {
			drainLoose(t, r)
		}
	})
}

// drainLoose is drain for readers whose columns may grow: the names are checked at the end.
func drainLoose(t *testing.T, r Reader) {
	t.Helper()
	drain(t, r)
	seen := make(map[string]bool)
	for _, c := range r.Columns() {
		if c == "" || seen[c] || !utf8.ValidString(c) {
			t.Fatalf("columns %q", r.Columns())
		}
		seen[c] = true
	}
}

func FuzzSheet(f *testing.F) {
	for _, s := range []string{`<sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c t="inlineStr"><is><t>x</t></is></c></row><row/></sheetData>`,
		`<a:sheetData><a:row r="5"><a:c s="1"><a:v>4.5</a:v></a:c></a:row><!-- --><a:row><a:c r="B6"><a:v>&#x41;&amp;</a:v></a:c></a:row></a:sheetData>`,
		`<sheetData><row><c><v><![CDATA[<]]></v></c></row>`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		x := sheetReader{book: &workbook{strings: &sharedStrings{}, dates: []dateStyle{0, showsDate, showsTime}}, limit: 1000,
			rows: elements{win: newWindow(strings.NewReader(in)), name: "row", list: "sheetData", limit: 4000}}
		for {
			row, err := x.next()
			var bad *RowError
			if err != nil && !errors.As(err, &bad) {
				return
			}
			for _, c := range row.Cells {
				if !utf8.ValidString(c) {
					t.Fatalf("%q is no text", c)
				}
			}
		}
	})
}

func FuzzSniff(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\xff\xfea\x00,\x00b\x00\n\x00", "\xf9\xec\xe5\xed,\xf0\n", "{\"a\":1}\n", "[", "PK\x03\x04", "\"", "sep=\"\n\"", "\xEF\xBB\xBF"} {
		f.Add([]byte(s), "x.csv")
	}
	f.Fuzz(func(t *testing.T, head []byte, name string) {
		g, err := Sniff(head, name)
		if err != nil || g.Format == XLSX {
			return
		}
		r, err := Open(bytes.NewReader(head), name, Options{})
		if err != nil {
			return
		}
		if strings.Join(r.Columns(), "\x00") != strings.Join(g.Columns, "\x00") {
			t.Fatalf("Sniff has %q, Open %q", g.Columns, r.Columns())
		}
		drain(t, r)
	})
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2025-12-31T23:59:58.123+03:30", "31/12/25", "۱۴۰۴/۰۵/۱۲", "Wed, 31 Dec 2025 23:59:58 GMT", "1767225598", "12 במאי 2025", "46022.5", "24:00 1.1.2025"} {
		f.Add(s, "")
	}
	zone := time.FixedZone("", -5*3600-1800)
	f.Fuzz(func(t *testing.T, s, format string) {
		at, err := ParseTime(s, TimeFormat(format), zone)
		if err != nil {
			return
		}
		again, err := ParseTime(at.Format(time.RFC3339Nano), TimeAny, zone)
		if y := at.Year(); y >= 1602 && y < 2999 && (err != nil || again.Sub(at).Abs() > time.Microsecond) {
			t.Fatalf("%q: %s, and again %s (%v)", s, at, again, err)
		}
		kindOf(s)
		_, _ = ParseNumber(s, 0)
	})
}

func FuzzGuard(f *testing.F) {
	for _, s := range []string{"=1", "'=1", "-5", "+", "''@", "＝"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		g := Guard(s)
		if Unguard(g) != s {
			t.Fatalf("%q became %q and then %q", s, g, Unguard(g))
		}
		if g != "" && strings.IndexByte("=@\t\r", g[0]) >= 0 {
			t.Fatalf("%q is not harmless", g)
		}
	})
}
