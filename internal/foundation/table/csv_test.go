package table

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"testing/iotest"

	"kolo/internal/foundation/fault"
)

func TestCSVAsItIsFound(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	for name, c := range map[string]struct {
		in      string
		o       Options
		columns string
		rows    string
	}{
		"plain":            {"text,score\nhello,9\nbye,2\n", Options{}, "text|score", "1@2:hello|9\n2@3:bye|2"},
		"no newline":       {"text,score\nhello,9", Options{}, "text|score", "1@2:hello|9"},
		"crlf":             {"text,score\r\nhello,9\r\n\r\nbye,2\r\n", Options{}, "text|score", "1@2:hello|9\n2@4:bye|2"},
		"cr":               {"text,score\rhello,9\r\"a,\rb\",2\r", Options{}, "text|score", "1@2:hello|9\n2@3:a,\rb|2"},
		"bom":              {"\uFEFFtext;score\nhello;9\n", Options{}, "text|score", "1@2:hello|9"},
		"sep line":         {"sep=|\r\ntext|score\r\nhello|9\r\n", Options{}, "text|score", "1@3:hello|9"},
		"tabs":             {"text\tscore\nhello, you\t9\n", Options{}, "text|score", "1@2:hello, you|9"},
		"quoted":           {"text,score\n\"a \"\"b\"\", c\",1\n\"\",2\n", Options{}, "text|score", "1@2:a \"b\", c|1\n2@3:|2"},
		"newline in quote": {"text,score\n\"a\nb\r\nc\",1\nd,2\n", Options{}, "text|score", "1@2:a\nb\r\nc|1\n2@5:d|2"},
		"space after quote": {"text,score\n\"a\" ,1\n\"b\"\t,2\n", Options{}, "text|score",
			"1@2:a|1\n2@3:b|2"},
		"stray quotes":    {"text,score\n5\" pipe,1\n\"a \"b\" c\",2\nsay \"hi\",3\n", Options{}, "text|score", "1@2:5\" pipe|1\n2@3:a \"b\" c|2\n3@4:say \"hi\"|3"},
		"short and long":  {"a,b,c\n1,2,x\n1\n1,2,3,4\n1,2,3,,\n", Options{}, "a|b|c", "1@2:1|2|x\n2@3:1||\n4@5:1|2|3\n3@4!too_wide"},
		"wide":            {"a,b,c\n1,2,x\n1\n1,2,3,4\n1,2,3,,\n", Options{Wide: true}, "a|b|c", "1@2:1|2|x\n2@3:1||\n3@4:1|2|3|4\n4@5:1|2|3||"},
		"empty rows":      {"a,b\n,,\nx,1\n,\n\ny,2\n", Options{}, "a|b", "2@3:x|1\n4@6:y|2"},
		"names":           {"text,,text,\"a\nb\",text 2,text\nx,1,2,3,4,5\n", Options{}, "text|column 2|text 2|a b|text 2 2|text 3", "1@3:x|1|2|3|4|5"},
		"no header":       {"1,hello\n2,bye\n", Options{}, "column 1|column 2", "1@1:1|hello\n2@2:2|bye"},
		"header by order": {"1,2\n3,4\n", Options{Header: &yes}, "1|2", "1@2:3|4"},
		"none by order":   {"a,b\nc,d\n", Options{Header: &no}, "column 1|column 2", "1@1:a|b\n2@2:c|d"},
		"nul and broken":  {"text,n\na\x00b,1\n\xffc,2\n", Options{Encoding: "utf-8"}, "text|n", "1@2:ab|1\n2@3:\uFFFDc|2"},
		"guarded":         {"text,n\n'=1+1,1\n'tis,2\n", Options{Unguard: true}, "text|n", "1@2:=1+1|1\n2@3:'tis|2"},
		"leading blanks":  {"\n\r\ntext,n\nx,1\n", Options{}, "text|n", "1@4:x|1"},
		"one column":      {"text\nhello, world\nfine\n", Options{Delimiter: '\t'}, "text", "1@2:hello, world\n2@3:fine"},
		"unclosed quote": {"id,text\n1,\"open, and on\n2,fine\n3,\"quoted\"\n4,last\n", Options{}, "id|text",
			"2@3:2|fine\n3@4:3|quoted\n4@5:4|last\n1@2!bad_quotes"},
		"unclosed harmless": {"id,text\n1,\"open\n2,fine\n3,\"quoted\"\n4,last\n", Options{}, "id|text",
			"1@2:1|\"open\n2@3:2|fine\n3@4:3|quoted\n4@5:4|last"},
		"unclosed to the end": {"id,text\n1,fine\n2,\"open\n3,more\n4,last\n", Options{}, "id|text",
			"1@2:1|fine\n2@3:2|\"open\n3@4:3|more\n4@5:4|last"},
		"cut off": {"id,text,n\n1,fine,1\n2,\"the file was cut\nhere", Options{}, "id|text|n", "1@2:1|fine|1\n2@3!bad_quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, how := range []func(io.Reader) io.Reader{func(r io.Reader) io.Reader { return r }, iotest.OneByteReader} {
				c.o.Format = CSV
				r, err := Open(how(strings.NewReader(c.in)), "x.csv", c.o)
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

func TestCSVRowOverTheLimit(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("long text, ", 1<<20)
	for name, cell := range map[string]string{
		"quoted":        `"` + strings.ReplaceAll(long, ",", "\n") + `"`,
		"quoted quotes": `"` + strings.ReplaceAll(long, ",", "\n\"\"") + `"`,
		"bare":          strings.ReplaceAll(long, ",", "."),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := "id,text\n1,fine\n2," + cell + "\n3,also fine\n"
			rows, bad := all(t, open(t, in, "x.csv", Options{}))
			line := 4 + strings.Count(cell, "\n")
			if want := fmt.Sprintf("1@2:1|fine\n3@%d:3|also fine\n2@3!too_large", line); show(rows, bad) != want {
				t.Fatalf("%s, want %s", show(rows, bad), want)
			}
			if len(bad[0].Raw) > rawKept || !strings.HasPrefix(bad[0].Raw, "2,") {
				t.Errorf("kept %d bytes of it", len(bad[0].Raw))
			}
		})
	}
}

func TestCSVLargeCellIsRead(t *testing.T) {
	t.Parallel()
	cell := strings.Repeat("a \"quoted\" megabyte,\n", 50_000)
	in := "id,text\n1,\"" + strings.ReplaceAll(cell, `"`, `""`) + "\"\n2,x\n"
	rows, bad := all(t, open(t, in, "x.csv", Options{}))
	if len(bad) > 0 || len(rows) != 2 || rows[0].Cells[1] != cell || rows[1].Line != 50_003 {
		t.Fatalf("%d rows, %d bad", len(rows), len(bad))
	}
}

// A stray quote in a large file must cost its own row and no other, and no quadratic time.
func TestCSVStrayQuotesStayLinear(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	in.WriteString("id,text,n\n")
	const rows = 60_000
	for i := range rows {
		if i%3 == 0 {
			fmt.Fprintf(&in, "%d,\"open,%d\n", i, i)
		} else {
			fmt.Fprintf(&in, "%d,fine,%d\n", i, i)
		}
	}
	got, bad := all(t, open(t, in.String(), "x.csv", Options{Header: new(true), MaxRow: 100_000}))
	if len(got)+len(bad) != rows {
		t.Fatalf("%d rows and %d errors of %d", len(got), len(bad), rows)
	}
	if len(got) < rows*2/3 {
		t.Fatalf("only %d rows of %d were read", len(got), rows)
	}
}

func TestCSVDelimiterMustBeASCII(t *testing.T) {
	t.Parallel()
	for _, d := range "\"\n¦" {
		if _, err := Open(strings.NewReader("a,b\n"), "x.csv", Options{Delimiter: d}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", d, err)
		}
	}
}

// What is well-formed must come out as encoding/csv has it.
func TestCSVAgreesWithTheStandardLibrary(t *testing.T) {
	t.Parallel()
	var in bytes.Buffer
	w := csv.NewWriter(&in)
	texts := []string{"", "a", "a,b", "\"", "\"\"", "a\nb", "\n", "שלום, עולם", "سلام", " a ", "'", "=1", "a\"b\"c", "\t", ";"}
	if err := w.Write([]string{"one", "two", "three"}); err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		if err := w.Write([]string{"k" + texts[i%len(texts)], texts[i/15%len(texts)], texts[i/225%len(texts)]}); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	want, err := csv.NewReader(bytes.NewReader(in.Bytes())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	got, bad := all(t, open(t, in.String(), "x.csv", Options{Delimiter: ','}))
	if len(bad) > 0 || len(got) != len(want)-1 {
		t.Fatalf("%d rows, %d bad, want %d", len(got), len(bad), len(want)-1)
	}
	for i, row := range got {
		if !reflect.DeepEqual(row.Cells, want[i+1]) {
			t.Fatalf("row %d: %q, want %q", i, row.Cells, want[i+1])
		}
	}
}
