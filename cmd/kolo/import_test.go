package main

import (
	"strings"
	"testing"
	"time"

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
