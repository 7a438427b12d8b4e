package imports_test

import (
	"strings"
	"testing"

	"kolo/internal/foundation/table"
)

// TestRowsWithMoreCellsThanNamesAreRefused: which cell is of which column, nobody knows, be it in every row.
func TestRowsWithMoreCellsThanNamesAreRefused(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		im := w.bring("visits.csv", "Date,NPS,Comment\n2 Oct 2026,9,Fine and good\n"+strings.Repeat("Oct 2, 2026 9:30 PM,9,Fine\n", 60))
		if im.Created != 1 || im.Refused != 60 || im.Rows != 61 {
			w.Errorf("%+v", im)
		}
		_, err := w.imports.Upload(w.Context(), w.ws, w.actor, "all.csv", strings.NewReader("Date,NPS,Comment\n"+strings.Repeat("Oct 2, 2026 9:30 PM,9,Fine\n", 60)))
		if list := problemsOf(err); len(list) != 1 || list[0].Code != string(table.RowTooWide) || !strings.Contains(list[0].Msg, "4 cells") {
			w.Errorf("every row: %v", err)
		}
		if r := w.refused(im.ID); r[0].Reasons[0].Code != string(table.RowTooWide) || !strings.Contains(r[0].Raw, "2026") {
			w.Errorf("%+v", r[0])
		}
		if im := w.bring("tail.csv", "NPS,Comment\n"+strings.Repeat("9,Fine,\n", 60)); im.Created != 60 {
			w.Errorf("empty cells behind the last name: %+v", im)
		}
	})
}
