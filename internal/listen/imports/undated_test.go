package imports_test

import (
	"testing"
	"time"

	"kolo/internal/listen/imports"
)

// TestUndatedRowsAreTold before they are brought in and after.
func TestUndatedRowsAreTold(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		w.run()
		w.imports.SetBatch(2)
		day := time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
		native := `{"text":"Fine","time":"2026-10-02T10:00:00Z"}` + "\n" + `{"text":"Good","attributes":{"a":"b"}}` + "\n"
		for name, c := range map[string]struct {
			content string
			undated int64
			at      *time.Time
		}{
			"one.csv":     {"date,nps,comment\n2026-10-02,9,Fine and good\n,8,Good\n2026-10-03,3,Bad\n,x,Worse\n", 1, nil},
			"none.csv":    {"nps,comment\n9,Fine and good\n8,Good\n3,Bad\n", 3, nil},
			"all.csv":     {"date,nps,comment\n2026-10-02,9,Fine and good\n2026-10-03,8,Good\n", 0, nil},
			"said.csv":    {"date,nps,comment\n2026-10-02,9,Fine and good\n,8,Good\n", 1, &day},
			"rows.ndjson": {native, 1, nil},
		} {
			im := w.upload(name, c.content)
			m := im.Mapping
			m.Constants.Time = c.at
			im, err := w.imports.SetMapping(w.Context(), w.ws, w.actor, im.ID, m)
			w.must(err)
			p, err := w.imports.Preview(w.Context(), w.ws, w.actor, im.ID, nil)
			w.must(err)
			_, err = w.imports.Start(w.Context(), w.ws, w.actor, im.ID)
			w.must(err)
			im = w.await(im.ID, imports.State.Ended)
			if int64(p.Undated) != c.undated || im.Undated != c.undated || im.State != imports.Done {
				w.Errorf("%s: %d of the preview, %+v", name, p.Undated, im)
			}
			if at := im.Without(day.Add(time.Hour)); c.at != nil && !at.Equal(day) || c.at == nil && !at.Equal(im.StartedAt) {
				w.Errorf("%s: they count as said on %v", name, at)
			}
		}
		if im := w.bring("one.csv", "date,nps,comment\n2026-10-02,9,Fine and good\n,8,Good\n2026-10-03,3,Bad\n,x,Worse\n"); im.Undated != 0 || im.Duplicates != 3 {
			w.Errorf("what was delivered before: %+v", im)
		}
	})
}
