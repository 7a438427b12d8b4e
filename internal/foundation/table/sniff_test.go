package table

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/text/encoding/htmlindex"
)

const (
	hebrewText = "השירות היה מצוין והמשלוח הגיע בזמן, אבל האתר לא עבד טוב והייתי צריך להתקשר שלוש פעמים למוקד"
	// As older programs write Persian in windows-1256, which has no ی.
	persianText = "كيفيت محصول خوب بود ولي پشتيباني تلفني خيلي دير جواب داد و هزينه ارسال هم بيشتر از چيزي بود كه گفته بودند"
	russianText = "Доставка пришла вовремя, но сайт работал плохо, и мне пришлось три раза звонить в поддержку, чтобы узнать статус заказа"
)

func encode(t *testing.T, text, name string) []byte {
	t.Helper()
	enc, err := htmlindex.Get(name)
	if err != nil {
		t.Fatal(err)
	}
	out, err := enc.NewEncoder().Bytes([]byte(text))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return out
}

// Every encoding has to be read through, whatever its length in bytes per character, across the edges of buffers.
func TestEncodedFilesAreRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, name string }{
		{hebrewText, "windows-1255"}, {persianText, "windows-1256"}, {russianText, "windows-1251"}, {hebrewText, "utf-16le"},
		{russianText, "utf-16be"}, {persianText, "utf-8"}, {russianText, "koi8-r"},
	} {
		var in strings.Builder
		in.WriteString("id;text\n")
		const n = 2500
		for i := range n {
			fmt.Fprintf(&in, "%d;\"%s; %d\"\n", i, c.text, i)
		}
		o := Options{}
		if c.name == "koi8-r" {
			o.Encoding = c.name
		}
		r, err := Open(bytes.NewReader(encode(t, in.String(), c.name)), "x.csv", o)
		if err != nil {
			t.Fatal(err)
		}
		rows, bad := all(t, r)
		if len(rows) != n || len(bad) > 0 {
			t.Fatalf("%s: %d rows, %d bad", c.name, len(rows), len(bad))
		}
		for i, row := range rows {
			if row.Cells[1] != fmt.Sprintf("%s; %d", c.text, i) || row.Mended {
				t.Fatalf("%s: row %d is %q", c.name, i, row.Cells[1])
			}
		}
	}
}

// Characters that an encoding lacks, and zero characters, are mended and said.
func TestEncodedFilesAreMended(t *testing.T) {
	t.Parallel()
	zero := encode(t, "id,text\n1,good\n2,z\x00ero\n", "utf-16le")
	lacking := append(encode(t, "id;text\n1;"+hebrewText+"\n2;", "windows-1255"), "\xFF\n"...)
	for name, in := range map[string][]byte{"utf-16le": zero, "windows-1255": lacking} {
		r, err := Open(bytes.NewReader(in), "x.csv", Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows, _ := all(t, r)
		if len(rows) != 2 || rows[0].Mended || !rows[1].Mended || rows[1].Cells[1] != "zero" && rows[1].Cells[1] != "\uFFFD" {
			t.Errorf("%s: %+v", name, rows)
		}
	}
}

func TestSniff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ file, head, want string }{
		"comma":        {"x.csv", "a,b\n1,2\n3,4\n", "csv utf-8 ',' true a|b"},
		"semicolon":    {"x.csv", "a;b\n1,5;2,5\n3,4;4\n", "csv utf-8 ';' true a|b"},
		"tab":          {"x.txt", "a\tb\nhello, you\t2\nno, me; too\t4\n", "csv utf-8 '\\t' true a|b"},
		"pipe":         {"x", "a|b|c\n1|2|3\n", "csv utf-8 '|' true a|b|c"},
		"texts":        {"x.csv", "text\nhello, world\nfine\nall, well, good\n", "csv utf-8 '\\t' true text"},
		"tsv by name":  {"x.tsv", "text\nhello\n", "csv utf-8 '\\t' true text"},
		"quoted":       {"x.csv", "\"a;1\",\"b;2\"\n\"x;y\",\"z\n;\"\n", "csv utf-8 ',' true a;1|b;2"},
		"short header": {"x.csv", "when,nps\n2 Oct,2026,9\n3 Oct,2026,8\n", "csv utf-8 ',' true when|nps"},
		"no header":    {"x.csv", "x@y.com,5,2025-01-01\nz@y.com,6,2025-01-02\n", "csv utf-8 ',' false column 1|column 2|column 3"},
		"labels":       {"x.csv", "good service,positive\nbad,negative\nnice,positive\n", "csv utf-8 ',' false column 1|column 2"},
		"hebrew names": {"x.csv", "טקסט,ציון\nשלום,5\n", "csv utf-8 ',' true טקסט|ציון"},
		"question": {"x.csv", "id,How likely are you to recommend our company to a friend or a colleague, on a scale from 0 (never) to 10?\n1,9\n",
			"csv utf-8 ',' true id|How likely are you to recommend our company to a friend or a colleague| on a scale"},
		"lines": {"x", `{"a":1,"b":{"c":2}}` + "\n", "ndjson utf-8 '\\x00' true a|b.c"},
		"array": {"x.csv", ` [ {"a":1} ]`, "ndjson utf-8 '\\x00' true a"},
		"brace": {"x.csv", "{x},b\n1,2\n", "csv utf-8 ',' true {x}|b"},
		"xlsx":  {"x.bin", "PK\x03\x04....", "xlsx  '\\x00' true "},
	} {
		g, err := Sniff([]byte(c.head), c.file)
		got := fmt.Sprintf("%s %s %q %t %s", g.Format, g.Encoding, g.Delimiter, g.Header, strings.Join(g.Columns, "|"))
		if err != nil || name != "question" && got != c.want || name == "question" && !g.Header {
			t.Errorf("%s: %s %v, want %s", name, got, err, c.want)
		}
	}
}

// A file whose sample ends within a row, a quote or a character must be seen as the whole file would be.
func TestSniffOfABeginning(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	in.WriteString("id,text,score\n")
	for i := range 20_000 {
		fmt.Fprintf(&in, "%d,\"%s\n second, line\",%d\n", i, russianText, i%11)
	}
	for cut := SniffSize; cut < SniffSize+300; cut += 29 {
		g, err := Sniff([]byte(in.String()[:cut]), "x.csv")
		if err != nil || g.Delimiter != ',' || strings.Join(g.Columns, "|") != "id|text|score" || g.Encoding != "utf-8" {
			t.Fatalf("%+v %v", g, err)
		}
	}
}

func TestNamesStayUnique(t *testing.T) {
	t.Parallel()
	got := strings.Join(columnNames([]string{"a", "a 2", "a", "a", " ", "\u200fb\t c", "column 5"}, 8), "|")
	if want := "a|a 2|a 3|a 4|column 5|b c|column 5 2|column 8"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	same := make([]string, MaxColumns)
	for i := range same {
		same[i] = "x"
	}
	seen := make(map[string]bool)
	for _, n := range columnNames(same, len(same)) {
		if seen[n] {
			t.Fatalf("%q twice", n)
		}
		seen[n] = true
	}
}

// A title has one cell, and names stand below it; whatever else is narrower than the rows below names columns itself.
func TestTitlesAreToldFromNames(t *testing.T) {
	t.Parallel()
	const texts = "Good place,Paris,Ann,x1,blue\nBad place,Rome,Bob,x2,red\nSo so,Oslo,Cid,x3,green\nFine,Bonn,Dan,x4,black\n"
	const figures = "date,nps,comment\n2026-01-31,10,Came early\n2026-02-01,3,Nobody called\n2026-02-02,7,It was fine\n"
	const named = "comment,city,name\nGood place,Paris,Ann\nBad place,Rome,Bob\nSo so,Oslo,Cid\n"
	for name, c := range map[string]struct {
		in    string
		above int
		first string
	}{
		"some names":           {"comment,city,,,\n" + texts, 0, "comment"},
		"some names, narrow":   {"comment,city\n" + texts, 0, "comment"},
		"one name":             {"comment\nGood,very\nBad,too\nFine,also\n", 0, "comment"},
		"one name of five":     {"comment,,,,\n" + texts, 0, "comment"},
		"one name of scores":   {"comment,nps\nGood,9,Ann,Paris\nBad,3,Bob,Rome\n", 0, "comment"},
		"title and some names": {"Answers\ncomment,city,,,\n" + texts, 0, "Answers"},
		"title":                {"Answers\n" + figures, 1, "date"},
		"title, filled up":     {"Answers,,\n,,\n" + figures, 2, "date"},
		"title and facts":      {"Answers of the winter\nMade by,Dana\n" + figures, 2, "date"},
		"title of texts":       {"Answers of the winter\n" + named, 1, "comment"},
		"titles of texts":      {"Answers of the winter\nAll of them,,\n" + named, 2, "comment"},
		"a question":           {"How was your stay?\nGood,very\nBad,too\nFine,also\n", 0, "How was your stay?"},
		"a word above texts":   {"Answers\n" + named, 0, "Answers"},
	} {
		if g, err := Sniff([]byte(c.in), "x.csv"); err != nil || g.Above != c.above || !g.Header || g.Columns[0] != c.first {
			t.Errorf("%s: %d %v %q %v", name, g.Above, g.Header, g.Columns, err)
		}
	}
}
