package main

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/imports"
)

// An import says what becomes of each column, and what it makes of rows without a date.
func TestImportSaysWhatItGuessed(t *testing.T) {
	t.Parallel()
	im := imports.Import{Columns: []imports.Column{{Name: "when", Samples: []string{"2026-10-02"}}, {Name: "NPS"}},
		StartedAt: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	im.Mapping.Columns = []imports.Target{{Column: "when", To: "time", Time: "ymd"}, {Column: "NPS", To: "score", Metric: "nps"}}
	say := func(p imports.Preview) string {
		var b strings.Builder
		if err := describeMapping(&b, im, p); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	if got := say(imports.Preview{Sampled: 9}); strings.Count(got, "\n") != 3 || !strings.Contains(got, "time:ymd") || !strings.Contains(got, "score nps") || strings.Contains(got, "no dates") {
		t.Error(got)
	}
	if got := say(imports.Preview{Sampled: 9, Undated: 1}); !strings.Contains(got, "no dates: 1 of the first 9 rows have none, and count as said on 2026-11-23\n") {
		t.Error(got)
	}
	im.Mapping.Columns[0].To = "attribute:when"
	if got := say(imports.Preview{Sampled: 9, Undated: 9}); !strings.Contains(got, "no dates: no column has them, and all rows count as said on 2026-11-23\n") {
		t.Error(got)
	}
}

// An import that ends early says what is kept of it.
func TestImportSaysWhatIsKept(t *testing.T) {
	t.Parallel()
	full := fault.Wrap("imports.RunFile", &fault.Error{Kind: fault.Busy, Op: "store", Msg: "the disk is full: this was not saved"})
	for _, c := range []struct {
		err  error
		rows int64
		want string
	}{
		{full, 32000, "the disk is full: this was not saved; 32000 rows were saved before and are kept. Once that is mended, go on: kolo import --resume big.csv"},
		{full, 0, "the disk is full: this was not saved"},
		{fault.New(fault.Invalid, "table", "row 7 is torn"), 6, "row 7 is torn; 6 rows were saved before and are kept"},
	} {
		var f *fault.Error
		if got := halfway(c.err, imports.Import{Rows: c.rows}, "big.csv"); !errors.As(got, &f) || f.Msg != c.want {
			t.Errorf("%v", got)
		}
	}
	if got := halfway(context.DeadlineExceeded, imports.Import{Rows: 9}, "big.csv"); !errors.Is(got, context.DeadlineExceeded) {
		t.Errorf("%v", got)
	}
}
