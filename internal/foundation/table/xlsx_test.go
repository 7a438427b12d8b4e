package table

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"kolo/internal/foundation/fault"
)

// build makes a workbook with excelize.
func build(t *testing.T, f func(x *excelize.File)) []byte {
	t.Helper()
	x := excelize.NewFile()
	f(x)
	var out bytes.Buffer
	if err := x.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func set(t *testing.T, x *excelize.File, sheet, ref string, v any, format string) {
	t.Helper()
	if err := x.SetCellValue(sheet, ref, v); err != nil {
		t.Fatal(err)
	}
	if format != "" {
		style, err := x.NewStyle(&excelize.Style{CustomNumFmt: &format})
		if err != nil {
			t.Fatal(err)
		}
		if err := x.SetCellStyle(sheet, ref, ref, style); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWorkbookOfExcelize(t *testing.T) {
	t.Parallel()
	moment := time.Date(2025, 12, 31, 12, 30, 15, 0, time.UTC)
	file := build(t, func(x *excelize.File) {
		for i, name := range []string{"text", "n", "when", "ok", ""} {
			set(t, x, "Sheet1", fmt.Sprintf("%c2", 'A'+i), name, "")
		}
		set(t, x, "Sheet1", "A3", "שלום & <עולם>\nx", "")
		set(t, x, "Sheet1", "B3", 1234567.5, "#,##0.00")
		set(t, x, "Sheet1", "C3", moment, "dd/mm/yy hh:mm")
		set(t, x, "Sheet1", "D3", true, "")
		set(t, x, "Sheet1", "A5", " two ", "")
		set(t, x, "Sheet1", "B5", 1e21, "")
		set(t, x, "Sheet1", "C5", 46022, "d mmm yyyy")
		set(t, x, "Sheet1", "E5", "far", "")
		set(t, x, "Sheet1", "A6", 0.75, "h:mm")
		set(t, x, "Sheet1", "B6", 1.5, "[h]:mm:ss")
		set(t, x, "Sheet1", "C6", 0.5, `"day" 0.0`)
		set(t, x, "Sheet1", "D6", 46022.5, `[Red]General`)
		set(t, x, "Sheet1", "E6", 46022.000000001, "yyyy-mm-dd")
		if _, err := x.NewSheet("שני"); err != nil {
			t.Fatal(err)
		}
		set(t, x, "שני", "A1", 5, "")
		set(t, x, "שני", "B1", "first", "")
		set(t, x, "שני", "A2", 6, "")
		if _, err := x.NewSheet("hidden"); err != nil {
			t.Fatal(err)
		}
		if err := x.SetSheetVisible("hidden", false); err != nil {
			t.Fatal(err)
		}
	})
	g, err := Inspect(bytes.NewReader(file), int64(len(file)), "x.xlsx", Options{})
	want := Guess{Format: XLSX, Sheets: []string{"Sheet1", "שני", "hidden"}, Header: true, Columns: []string{"text", "n", "when", "ok", "column 5"}}
	if err != nil || !reflect.DeepEqual(g, want) {
		t.Errorf("%+v %v", g, err)
	}
	for _, stream := range []io.Reader{bytes.NewReader(file), io.MultiReader(bytes.NewReader(file))} {
		r, err := Open(stream, "any name", Options{})
		if err != nil {
			t.Fatal(err)
		}
		rows, bad := all(t, r)
		want := "1@3:שלום & <עולם>\nx|1234567.5|2025-12-31T12:30:15|true|\n" +
			"3@5: two |1000000000000000000000|2025-12-31||far\n" +
			"4@6:18:00:00|36:00:00|0.5|46022.5|2025-12-31"
		if got := show(rows, bad); got != want {
			t.Errorf("%s\nwant\n%s", got, want)
		}
	}
	r, err := Open(bytes.NewReader(file), "", Options{Sheet: "שני"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := show(all(t, r)), "1@1:5|first\n2@2:6|"; got != want {
		t.Errorf("%s", got)
	}
	if _, err := Open(bytes.NewReader(file), "", Options{Sheet: "none"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an unknown sheet: %v", err)
	}
	if _, err := Open(bytes.NewReader(file), "", Options{Sheet: "hidden"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an empty sheet: %v", err)
	}
}

// Shared strings, rich text, dates counted from 1904, prefixes, values to the right of the header: by hand, because
// excelize does not write them.
func TestWorkbookByHand(t *testing.T) {
	t.Parallel()
	file := pack(t, map[string]string{
		"xl/worksheets/sheet1.xml": `<?xml version="1.0"?><!-- <row r="9"> --><x:worksheet xmlns:x="u"><x:cols><x:col min="1"/></x:cols><x:sheetData>
			<x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c><x:c t="inlineStr"><x:is><x:t>b</x:t></x:is></x:c></x:row>
			<x:row r="2"><x:c r="A2" t="s"><x:v>1</x:v></x:c><x:c r="B2" s="1"><x:f>TODAY()</x:f><x:v>0</x:v></x:c></x:row>
			<x:row r="3"/>
			<x:row><x:c r="B4" t="str"><x:f>"x"</x:f><x:v>a &#x5d0; _x000A_</x:v></x:c><x:c r="A4" t="e"><x:v>#N/A</x:v></x:c></x:row>
			<x:row r="7" spans="1:4"><x:c r="D7" t="inlineStr"><x:is><x:t><![CDATA[late <b>]]></x:t></x:is></x:c><x:c r="A7" t="s"><x:v>99</x:v></x:c></x:row>
			<x:row r="8"><x:c r="ZZZZ8"><x:v>1</x:v></x:c></x:row>
			<x:row r="9"><x:c t="d" r="A9"><x:v>2025-01-02T03:04:05Z</x:v></x:c><x:c r="B9"><x:v>1.1000000000000001</x:v></x:c><x:c><x:v>0.30000000000000004</x:v></x:c><x:c t="str"><x:v>n&#0;l</x:v></x:c></x:row>
			</x:sheetData><x:row r="10"><x:c><x:v>1</x:v></x:c></x:row></x:worksheet>`,
		"xl/sharedStrings.xml": `<sst count="2"><si><t>text</t></si><si><r><t xml:space="preserve">a </t></r><r><rPr><sz val="1"/></rPr><t>&lt;b&gt;</t></r>` +
			`<rPh sb="0"><t>hint</t></rPh></si></sst>`,
	})
	r, err := Open(bytes.NewReader(file), "", Options{})
	if err != nil {
		t.Fatal(err)
	}
	columns := strings.Join(r.Columns(), "|")
	if columns != "text|b|column 3|column 4" {
		t.Errorf("columns %q", columns)
	}
	want := "1@2:a <b>|1904-01-01||\n3@4:|a א \n||\n6@7:|||late <b>\n8@9:2025-01-02T03:04:05Z|1.1|0.3|nl\n7@8!bad_sheet"
	if got := show(all(t, r)); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// pack makes a workbook of raw parts.
func pack(t *testing.T, parts map[string]string) []byte {
	t.Helper()
	for name, text := range map[string]string{
		"xl/workbook.xml": `<workbook xmlns:r="u"><workbookPr date1904="1"/><sheets><sheet name="One" sheetId="1" r:id="a"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="a" Type="x/worksheet" Target="worksheets/sheet1.xml"/>` +
			`<Relationship Id="b" Type="x/sharedStrings" Target="/xl/sharedStrings.xml"/><Relationship Id="c" Type="x/styles" Target="styles.xml"/></Relationships>`,
		"xl/styles.xml": `<styleSheet><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
	} {
		if parts[name] == "" {
			parts[name] = text
		}
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range parts {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestDamagedWorkbooks(t *testing.T) {
	t.Parallel()
	rows := "<row r=\"1\"><c t=\"inlineStr\"><is><t>a</t></is></c></row><row r=\"2\"><c><v>1</v></c></row>"
	whole := build(t, func(x *excelize.File) {
		for i := range 2000 {
			set(t, x, "Sheet1", fmt.Sprintf("A%d", i+1), fmt.Sprint("text ", i*i), "")
		}
	})
	flipped := bytes.Clone(whole)
	for i := len(flipped) / 3; i < len(flipped)/3+200; i++ {
		flipped[i] ^= 0xA5
	}
	for name, file := range map[string][]byte{
		"cut sheet":   pack(t, map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + rows}),
		"cut row":     pack(t, map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + rows + "<row r=\"3\"><c>"}),
		"cut strings": pack(t, map[string]string{"xl/worksheets/sheet1.xml": "<sheetData>" + rows + "</sheetData>", "xl/sharedStrings.xml": "<sst><si>"}),
		"bad styles":  pack(t, map[string]string{"xl/worksheets/sheet1.xml": "<sheetData>" + rows + "</sheetData>", "xl/styles.xml": "<a><b></a>"}),
		"no sheet":    pack(t, map[string]string{"xl/other.xml": ""}),
		"cut file":    whole[:len(whole)/2],
		"flipped":     flipped,
	} {
		r, err := Open(bytes.NewReader(file), name, Options{})
		for err == nil {
			var bad *RowError
			if _, err = r.Next(); errors.As(err, &bad) {
				err = nil
			}
		}
		if !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWorkbookBombs(t *testing.T) {
	t.Parallel()
	for _, p := range []partReader{{done: ratioFrom, packed: ratioFrom / maxRatio / 2}, {done: maxUnpacked, packed: maxUnpacked}} {
		p.ReadCloser = io.NopCloser(strings.NewReader("one byte more"))
		if _, err := p.Read(make([]byte, 1)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%d bytes out of %d: %v", p.done, p.packed, err)
		}
	}
	p := partReader{ReadCloser: io.NopCloser(strings.NewReader("x")), done: 20 * ratioFrom, packed: ratioFrom}
	if _, err := p.Read(make([]byte, 1)); err != nil {
		t.Errorf("a large sheet: %v", err)
	}
}

// Shared strings that do not fit into memory are read from a temporary file, which Close removes.
func TestManySharedStrings(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	const n = 200
	var sst, rows strings.Builder
	sst.WriteString("<sst>")
	for i := range n {
		fmt.Fprintf(&sst, "<si><t>%d%s</t></si>", i, strings.Repeat("x", 1000))
		fmt.Fprintf(&rows, "<row r=\"%d\"><c t=\"s\"><v>%d</v></c></row>", i+1, n-1-i)
	}
	sst.WriteString("</sst>")
	file := pack(t, map[string]string{"xl/sharedStrings.xml": sst.String(), "xl/worksheets/sheet1.xml": "<sheetData>" + rows.String() + "</sheetData>"})
	r, err := Open(io.MultiReader(bytes.NewReader(file)), "x.xlsx", Options{Header: new(false), stringsInCore: 100_000})
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 2 {
		t.Errorf("%d temporary files, want the workbook and its strings", len(left))
	}
	got, bad := all(t, r)
	if len(got) != n || len(bad) > 0 || !strings.HasPrefix(got[0].Cells[0], fmt.Sprint(n-1, "x")) || !strings.HasPrefix(got[n-1].Cells[0], "0x") {
		t.Fatalf("%d rows, %v", len(got), bad)
	}
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestDateStyles(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]dateStyle{
		"General": 0, "0.00": 0, "#,##0;[Red]-#,##0": 0, "@": 0, `0.0" days"`: 0, `\d0`: 0, "0.00E+00": 0, "[$-409]d-mmm-yy;@": showsDate,
		"yyyy": showsDate, "mmm": showsDate, "h:mm AM/PM": showsTime, "mm:ss.0": showsTime, "dd/mm/yyyy hh:mm": showsDate | showsTime,
		"[h]:mm": showsElapsed, "[$₪-40D]#,##0": 0, "[Blue]0": 0,
	} {
		if got := dateStyleOf(code); got&^(showsTime) != want&^(showsTime) || (got != 0) != (want != 0) {
			t.Errorf("%s: %b, want %b", code, got, want)
		}
	}
}

// TestTitleAboveASheet: rows of a title are no part of the table below them.
func TestTitleAboveASheet(t *testing.T) {
	t.Parallel()
	file := build(t, func(x *excelize.File) {
		set(t, x, "Sheet1", "A1", "Answers of the winter", "")
		for i, row := range [][]string{{"date", "nps", "comment"}, {"2026-01-31", "10", "Came early"}, {"2026-02-01", "3", "Nobody called"}} {
			for k, cell := range row {
				set(t, x, "Sheet1", fmt.Sprintf("%c%d", 'A'+k, 3+i), cell, "")
			}
		}
	})
	g, err := Inspect(bytes.NewReader(file), int64(len(file)), "titled.xlsx", Options{})
	if err != nil || g.Above != 1 || strings.Join(g.Columns, "|") != "date|nps|comment" {
		t.Errorf("%+v, %v", g, err)
	}
	no := 0
	if g, err = Inspect(bytes.NewReader(file), int64(len(file)), "titled.xlsx", Options{Above: &no}); err != nil || g.Columns[0] != "Answers of the winter" {
		t.Errorf("%+v, %v", g, err)
	}
}

// What stands on a sheet of which nothing can be read is not known: it is not empty.
func TestAnUnreadableSheetIsNotEmpty(t *testing.T) {
	t.Parallel()
	row := `<row r="1"><c r="ZZZZ1"><v>1</v></c></row>`
	for code, rows := range map[string]string{"empty": "", "header": row} {
		file := pack(t, map[string]string{"xl/worksheets/sheet1.xml": "<worksheet><sheetData>" + rows + "</sheetData></worksheet>"})
		_, err := Open(bytes.NewReader(file), "x.xlsx", Options{})
		if all := fault.ProblemOf(err).Errors; len(all) != 1 || all[0].Code != code {
			t.Errorf("%q: %v", rows, err)
		}
	}
}
