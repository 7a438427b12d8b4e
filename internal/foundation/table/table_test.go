package table

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// all reads a whole file: the rows, and the rows that could not be read.
func all(t *testing.T, r Reader) (rows []Row, bad []*RowError) {
	t.Helper()
	for {
		row, err := r.Next()
		var e *RowError
		switch {
		case err == io.EOF:
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
			return rows, bad
		case errors.As(err, &e):
			bad = append(bad, e)
		case err != nil:
			t.Fatal(err)
		default:
			row.Cells = append([]string(nil), row.Cells...)
			rows = append(rows, row)
		}
	}
}

// open opens text, failing the test when that fails.
func open(t *testing.T, text, name string, o Options) Reader {
	t.Helper()
	r, err := Open(strings.NewReader(text), name, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// show is rows and errors in a form that is easy to compare: "number@line:cell|cell", "number@line!code".
func show(rows []Row, bad []*RowError) string {
	var out []string
	for _, r := range rows {
		out = append(out, fmt.Sprintf("%d@%d:%s", r.Number, r.Line, strings.Join(r.Cells, "|")))
	}
	for _, e := range bad {
		out = append(out, fmt.Sprintf("%d@%d!%s", e.Number, e.Line, e.Code))
	}
	return strings.Join(out, "\n")
}

func TestFormatsAreNamed(t *testing.T) {
	t.Parallel()
	for _, f := range []Format{CSV, XLSX, NDJSON, Parquet} {
		if ContentType(f) == "application/octet-stream" || Extension(f) != "."+string(f) {
			t.Errorf("%s: %s %s", f, ContentType(f), Extension(f))
		}
	}
	if Extension("exe") != "" {
		t.Error("an unknown format has no extension")
	}
}

// A progress bar needs to know how far reading is, whatever the format and the way the file comes.
func TestOffset(t *testing.T) {
	t.Parallel()
	cols, rows := []Column{{"id", Int}, {"text", String}}, make([][]any, 20_000)
	for i := range rows {
		rows[i] = []any{i, fmt.Sprint("text number ", i*i)}
	}
	for _, f := range []Format{CSV, NDJSON, XLSX} {
		file := write(t, f, cols, rows)
		r, err := Open(bytes.NewReader(file), "x"+Extension(f), Options{})
		if err != nil {
			t.Fatal(err)
		}
		early, total := r.Offset()
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		all(t, r)
		late, same := r.Offset()
		if total == 0 || total != same || early >= late || late > total || late < total*9/10 {
			t.Errorf("%s: %d and then %d of %d", f, early, late, total)
		}
	}
}
