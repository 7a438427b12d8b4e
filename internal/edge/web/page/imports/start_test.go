package imports

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
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

// TestTooManyAttributesAreToldWithTheLimit, in every language and without the name that only programs know.
func TestTooManyAttributesAreToldWithTheLimit(t *testing.T) {
	t.Parallel()
	for _, l := range i18n.Load().Locales() {
		e := ui.Env{Locale: l}
		why := teller{e, imports.Import{}}.reason(fault.Field{Path: "attributes", Code: "too_many", Msg: "more than 100 attributes"}, "")
		if !strings.Contains(why, e.N(100, 0)) || strings.Contains(why, "attributes:") {
			t.Errorf("%s: %q", l.Tag(), why)
		}
		m := imports.Mapping{Columns: []imports.Target{{Column: "a", To: "ignore"}}}
		columns := []imports.Column{{Name: "a", Filled: 1}}
		for i := range 100 {
			m.Columns, columns = append(m.Columns, imports.Target{To: fmt.Sprint("attribute:", i)}), append(columns, imports.Column{Filled: 1})
		}
		v := draftView{Import: imports.Import{Columns: columns}, Preview: &imports.Preview{}}
		v.sum(e, m)
		if want := e.T("import.beyond", "count", 1, "most", 100); !slices.Contains(v.Warn, want) {
			t.Errorf("%s: %q", l.Tag(), v.Warn)
		}
	}
}

// TestRowsThatWouldCountTwiceAreToldWithWhatToDo, in every language.
func TestRowsThatWouldCountTwiceAreToldWithWhatToDo(t *testing.T) {
	t.Parallel()
	for _, l := range i18n.Load().Locales() {
		e := ui.Env{Locale: l}
		told := map[string]bool{}
		for _, x := range []imports.Twice{{Advice: imports.MapID}, {Advice: imports.MapID, Source: "crm"}, {Advice: imports.SetTo, Source: "crm"}, {Advice: imports.LeaveOut}} {
			x.Rows, x.Of = 1234, 5678
			v := draftView{Preview: &imports.Preview{Twice: &x}}
			v.sum(e, imports.Mapping{Constants: imports.Constants{Kind: "review"}, Columns: []imports.Target{{Column: "a", To: "time"}}})
			if len(v.Warn) != 1 || !strings.Contains(v.Warn[0], e.N(1234, 0)) || !strings.Contains(v.Warn[0], e.N(5678, 0)) || strings.Contains(v.Warn[0], "crm") != (x.Source != "") {
				t.Errorf("%s, %+v: %q", l.Tag(), x, v.Warn)
				continue
			}
			told[v.Warn[0]] = true
		}
		if len(told) != 4 {
			t.Errorf("%s: %v", l.Tag(), told)
		}
	}
}
