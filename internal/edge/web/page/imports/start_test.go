package imports

import (
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/listen/imports"
)

// TestTheButtonCountsTheFile and not the rows that were looked at: where the file's are not known, it tells no number.
func TestTheButtonCountsTheFile(t *testing.T) {
	t.Parallel()
	e := ui.Env{Locale: i18n.Load().Language("en")}
	for _, c := range []struct {
		total                 int64
		sampled, valid, again int
		want                  string
	}{
		{20, 20, 18, 1, "Import 17 rows"},
		{4000, 1000, 500, 0, "Import about 2,000 rows"},
		{0, 1000, 1000, 0, e.T("import.start")}, // a workbook
	} {
		v := draftView{Import: imports.Import{Total: c.total}, Preview: &imports.Preview{Sampled: c.sampled, Valid: c.valid, Again: c.again}, Start: e.T("import.start")}
		v.sum(e, imports.Mapping{})
		if v.Start != c.want {
			t.Errorf("%+v: %q", c, v.Start)
		}
	}
}
