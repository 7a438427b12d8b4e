package table

import (
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
