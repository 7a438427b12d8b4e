package table

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/xuri/excelize/v2"
)

var sample = []Column{{"text", String}, {"n", Int}, {"x", Float}, {"ok", Bool}, {"at", Time}, {"tags", JSON}, {"text", String}}

var (
	noon = time.Date(2025, 12, 31, 12, 30, 15, 0, time.UTC)
	rows = [][]any{
		{"שלום, \"עולם\"", 7, 1.5, true, noon, []string{"a", "b"}, "سلام\nدنیا"},
		{" spaces ", int64(-3), 1e-7, false, noon.Add(250 * time.Millisecond).UnixMilli(), `{"k": 1}`, "<b>&amp;</b> _x0041_"},
		{nil, nil, nil, nil, nil, nil, "привет"},
		{"=1+1", int64(9007199254740993), 0.1, true, time.Date(1850, 1, 2, 3, 4, 5, 0, time.UTC), nil, "-5"},
	}
)

func write(t *testing.T, f Format, cols []Column, rows [][]any, opts ...WriterOption) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, f, cols, opts...)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// What is written has to be read again as it was, by this package's readers.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	big := "9007199254740993"
	for _, c := range []struct {
		format Format
		want   [][]string
	}{
		{CSV, [][]string{
			{"שלום, \"עולם\"", "7", "1.5", "true", "2025-12-31T12:30:15Z", `["a","b"]`, "سلام\nدنیا"},
			{" spaces ", "-3", "1e-07", "false", "2025-12-31T12:30:15.250Z", `{"k": 1}`, "<b>&amp;</b> _x0041_"},
			{"", "", "", "", "", "", "привет"},
			{"=1+1", big, "0.1", "true", "1850-01-02T03:04:05Z", "", "-5"}}},
		{XLSX, [][]string{
			{"שלום, \"עולם\"", "7", "1.5", "true", "2025-12-31T12:30:15", `["a","b"]`, "سلام\nدنیا"},
			{" spaces ", "-3", "1e-07", "false", "2025-12-31T12:30:15.250", `{"k": 1}`, "<b>&amp;</b> _x0041_"},
			{"", "", "", "", "", "", "привет"},
			{"=1+1", big, "0.1", "true", "1850-01-02T03:04:05Z", "", "-5"}}},
		{NDJSON, [][]string{
			{"שלום, \"עולם\"", "7", "1.5", "true", "2025-12-31T12:30:15Z", `["a","b"]`, "سلام\nدنیا"},
			{" spaces ", "-3", "1e-07", "false", "2025-12-31T12:30:15.250Z", "1", "<b>&amp;</b> _x0041_"},
			{"", "", "", "", "", "", "привет"},
			{"=1+1", big, "0.1", "true", "1850-01-02T03:04:05Z", "", "-5"}}},
	} {
		t.Run(string(c.format), func(t *testing.T) {
			t.Parallel()
			file := write(t, c.format, sample, rows)
			r, err := Open(bytes.NewReader(file), "x"+Extension(c.format), Options{Unguard: true})
			if err != nil {
				t.Fatal(err)
			}
			columns := append([]string(nil), r.Columns()...)
			got, bad := all(t, r)
			if len(bad) > 0 || len(got) != len(c.want) {
				t.Fatalf("%d rows, %v", len(got), bad)
			}
			at := make(map[string]int)
			for i, name := range columns {
				at[name] = i
			}
			for i, want := range c.want {
				for k, name := range []string{"text", "n", "x", "ok", "at", "tags", "text 2"} {
					if c.format == NDJSON && name == "tags" && i == 1 {
						name = "tags.k" // an object is flattened
					}
					if cell := got[i].Cells[at[name]]; cell != want[k] {
						t.Errorf("row %d %s: %q, want %q", i, name, cell, want[k])
					}
				}
			}
		})
	}
}

func TestParquetRoundTrip(t *testing.T) {
	t.Parallel()
	cols := append([]Column{{"z, with a comma", String}, {"a.b", String}}, sample...)
	var in [][]any
	for i := range 5 {
		for _, r := range rows {
			in = append(in, append([]any{"z", i}, r...))
		}
	}
	file := write(t, Parquet, cols, in)
	f, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range f.Schema().Columns() {
		names = append(names, c[0])
	}
	if got := strings.Join(names, "|"); got != "z, with a comma|a.b|text|n|x|ok|at|tags|text 2" {
		t.Errorf("columns %q", got)
	}
	at, _ := f.Schema().Lookup("at")
	if got := at.Node.Type().String(); got != "TIMESTAMP(isAdjustedToUTC=true,unit=MILLIS)" {
		t.Errorf("the time is a %s", got)
	}
	r := parquet.NewReader(f)
	buf := make([]parquet.Row, len(in)+1)
	n, err := r.ReadRows(buf)
	if err != nil && err != io.EOF || n != len(in) {
		t.Fatalf("%d rows: %v", n, err)
	}
	first, empty, last := buf[0], buf[2], buf[3]
	if first[2].String() != "שלום, \"עולם\"" || first[3].Int64() != 7 || first[4].Double() != 1.5 || !first[5].Boolean() ||
		first[6].Int64() != noon.UnixMilli() || first[7].String() != `["a","b"]` {
		t.Errorf("first row %v", first)
	}
	for _, v := range empty[2:8] {
		if !v.IsNull() {
			t.Errorf("%v is not empty", v)
		}
	}
	if last[2].String() != "=1+1" || last[3].Int64() != 9007199254740993 {
		t.Errorf("last row %v", last)
	}
}

func TestParquetFlushesGroups(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := newParquetWriter(&out, []Column{{"a", String}})
	w.limit = 32 << 10
	for range 5 {
		if err := w.Write([]any{strings.Repeat("x", 8<<10)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := parquet.OpenFile(bytes.NewReader(out.Bytes()), int64(out.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(f.RowGroups()); n != 2 || f.NumRows() != 5 {
		t.Fatalf("%d groups, %d rows", n, f.NumRows())
	}
}

func TestNothingToWrite(t *testing.T) {
	t.Parallel()
	for _, f := range []Format{CSV, XLSX, NDJSON, Parquet} {
		file := write(t, f, sample, nil)
		if f == Parquet {
			if _, err := parquet.OpenFile(bytes.NewReader(file), int64(len(file))); err != nil {
				t.Error(err)
			}
			continue
		}
		if f == NDJSON {
			if len(file) != 0 {
				t.Errorf("%q", file)
			}
			continue
		}
		r, err := Open(bytes.NewReader(file), "x", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(r.Columns(), "|"); got != "text|n|x|ok|at|tags|text 2" {
			t.Errorf("%s: %q", f, got)
		}
		if got, bad := all(t, r); len(got)+len(bad) > 0 {
			t.Errorf("%s: %v %v", f, got, bad)
		}
	}
}

func TestWriterRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	for _, f := range []Format{CSV, XLSX, NDJSON, Parquet} {
		for _, row := range [][]any{{1}, {"x", 1}, {}, {struct{}{}}} {
			w, err := NewWriter(io.Discard, f, []Column{{"n", Bool}})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Write(row); err == nil {
				t.Errorf("%s took %v", f, row)
			} else if w.Write([]any{true}) == nil || w.Close() == nil {
				t.Errorf("%s went on after an error", f)
			}
		}
	}
	if _, err := NewWriter(io.Discard, "doc", sample); err == nil {
		t.Error("an unknown format was taken")
	}
	if _, err := NewWriter(io.Discard, CSV, nil); err == nil {
		t.Error("no columns were taken")
	}
}

func TestGuard(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"": "", "a": "a", "=1+1": "'=1+1", "+1": "+1", "-1.5": "-1.5", "-": "'-", "--": "'--", "@a": "'@a", "\tx": "'\tx", "\rx": "'\rx",
		"'=x": "''=x", "'": "'", "'tis": "'tis", "-1+1|cmd": "'-1+1|cmd", "+972501234567": "+972501234567", "-.5": "'-.5", "-1.": "'-1.",
		"＝1": "'＝1", "a=1": "a=1", "שלום": "שלום", "''-5": "'''-5",
		"\n=2": "'\n=2", " =1+1": "' =1+1", "\u00a0@a": "'\u00a0@a", "\ufeff=1": "'\ufeff=1", "\u200b\u200f \n-1+1": "'\u200b\u200f \n-1+1", "\x00+a": "'\x00+a", "\u3164=1": "'\u3164=1",
		"' =x": "'' =x", " '=x": " '=x", " a=1": " a=1", "\nx": "\nx", " -1.5": " -1.5", " ": " ", "\n": "\n", "\t-5": "'\t-5", " ＝1": "' ＝1", "7 = 7": "7 = 7", "\u200f": "\u200f",
	} {
		if got := Guard(in); got != want {
			t.Errorf("Guard(%q) = %q, want %q", in, got, want)
		}
		if back := Unguard(Guard(in)); back != in {
			t.Errorf("%q came back as %q", in, back)
		}
	}
}

func TestCSVGuardsHeadersAndTexts(t *testing.T) {
	t.Parallel()
	cols := []Column{{"=cmd", String}, {"n", Int}}
	row := [][]any{{"@SUM(1)", -1}}
	if got, want := string(write(t, CSV, cols, row, WithBOM())), "\uFEFF'=cmd,n\r\n'@SUM(1),-1\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := string(write(t, CSV, cols, row, WithFormulas())), "=cmd,n\r\n@SUM(1),-1\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// Another program has to read what is written.
func TestOthersReadIt(t *testing.T) {
	t.Parallel()
	records, err := csv.NewReader(bytes.NewReader(write(t, CSV, sample, rows))).ReadAll()
	if err != nil || len(records) != 5 || records[1][0] != "שלום, \"עולם\"" || records[1][6] != "سلام\nدنیا" {
		t.Errorf("%q %v", records, err)
	}
	dec := json.NewDecoder(bytes.NewReader(write(t, NDJSON, sample, rows)))
	var first map[string]any
	if err := dec.Decode(&first); err != nil || !reflect.DeepEqual(first, map[string]any{"text": "שלום, \"עולם\"", "n": 7.0, "x": 1.5, "ok": true,
		"at": "2025-12-31T12:30:15Z", "tags": []any{"a", "b"}, "text 2": "سلام\nدنیا"}) {
		t.Errorf("%v %v", first, err)
	}
	zone := time.FixedZone("", 2*3600)
	x, err := excelize.OpenReader(bytes.NewReader(write(t, XLSX, sample, rows, WithZone(zone), WithSheet("a/b: 'c'"))))
	if err != nil {
		t.Fatal(err)
	}
	if got := x.GetSheetList(); len(got) != 1 || got[0] != "a b  'c" {
		t.Errorf("sheets %q", got)
	}
	got, err := x.GetRows("a b  'c")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"שלום, \"עולם\"", "7", "1.5", "TRUE", "2025-12-31 14:30:15", `["a","b"]`, "سلام\nدنیا"}
	if len(got) != 5 || !reflect.DeepEqual(got[1], want) || got[2][0] != " spaces " || got[2][6] != "<b>&amp;</b> _x0041_" || got[4][0] != "=1+1" {
		t.Errorf("%q", got)
	}
	if formula, _ := x.GetCellFormula("a b  'c", "A5"); formula != "" {
		t.Errorf("a text became the formula %q", formula)
	}
}

func TestSheetsOverflow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := writeOptions{zone: time.UTC, sheet: "Feedback"}
	w, err := newSheetWriter(&out, []Column{{"n", Int}}, o)
	if err != nil {
		t.Fatal(err)
	}
	w.limit = 4
	for i := range 7 {
		if err := w.Write([]any{i}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	g, err := Inspect(bytes.NewReader(out.Bytes()), int64(out.Len()), "x.xlsx", Options{})
	if err != nil || strings.Join(g.Sheets, "|") != "Feedback|Feedback 2|Feedback 3" || strings.Join(g.Columns, "|") != "n" {
		t.Fatalf("%+v %v", g, err)
	}
	var got []string
	for _, s := range g.Sheets {
		r, err := Open(bytes.NewReader(out.Bytes()), "x.xlsx", Options{Sheet: s})
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, show(all(t, r)))
	}
	if want := []string{"1@2:0\n2@3:1\n3@4:2", "1@2:3\n2@3:4\n3@4:5", "1@2:6"}; !reflect.DeepEqual(got, want) {
		t.Fatalf("%q", got)
	}
}

func TestCutTextsAreNoted(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := NewWriter(&out, XLSX, []Column{{"n", Int}, {"text", String}})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]any{1, strings.Repeat("😀", 20_000)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Write([]any{2, strings.Repeat("ш", cellUnits)}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if notes := w.Notes(); len(notes) != 1 || !strings.HasPrefix(notes[0], "Sheet1!B2: the text has 40000 characters") {
		t.Fatalf("%q", notes)
	}
	r, err := Open(bytes.NewReader(out.Bytes()), "x.xlsx", Options{})
	if err != nil {
		t.Fatal(err)
	}
	got, _ := all(t, r)
	if got[0].Cells[1] != strings.Repeat("😀", 16_383) || got[1].Cells[1] != strings.Repeat("ш", cellUnits) {
		t.Errorf("%d and %d bytes", len(got[0].Cells[1]), len(got[1].Cells[1]))
	}
	r, err = Open(bytes.NewReader(out.Bytes()), "x.xlsx", Options{Sheet: "Notes"})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := all(t, r); len(got) != 1 || !strings.HasPrefix(got[0].Cells[0], "Sheet1!B2") {
		t.Errorf("%v", got)
	}
}

// The first rows have to leave before the last one is there.
func TestWorkbookIsStreamed(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w, err := NewWriter(&out, XLSX, []Column{{"text", String}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20_000 {
		if err := w.Write([]any{fmt.Sprint("row ", i*7919)}); err != nil {
			t.Fatal(err)
		}
	}
	if out.Len() < 10_000 {
		t.Fatalf("only %d bytes were written before Close", out.Len())
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len())); err != nil {
		t.Fatal(err)
	}
}
