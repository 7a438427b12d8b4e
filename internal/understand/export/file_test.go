package export_test

import (
	"net/url"
	"testing"

	"kolo/internal/foundation/store"
	"kolo/internal/foundation/table"
	"kolo/internal/understand/export"
)

// TestAFileIsCalledByWhoseItIs: by the letters of all scripts in the name of the workspace, and in ASCII by what is in it.
func TestAFileIsCalledByWhoseItIs(t *testing.T) {
	t.Parallel()
	each(t, func(w *world) {
		for called, want := range map[string][2]string{
			"Acme & Sons":         {"acme-sons-feedback-2026-11-23.csv", "acme-sons-feedback-2026-11-23.csv"},
			"Тест Ltd":            {"тест-ltd-feedback-2026-11-23.csv", "feedback-2026-11-23.csv"},
			"לומן / בע\"מ":        {"לומן-בע-מ-feedback-2026-11-23.csv", "feedback-2026-11-23.csv"},
			"کافه\u200cها":        {"کافه\u200cها-feedback-2026-11-23.csv", "feedback-2026-11-23.csv"},
			"Café":                {"café-feedback-2026-11-23.csv", "feedback-2026-11-23.csv"},
			"\u202e../..\u200c #": {"feedback-2026-11-23.csv", "feedback-2026-11-23.csv"},
		} {
			w.must(w.Store.Update(w.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec("UPDATE workspace SET name = $1 WHERE id = $2", called, string(w.ws))
				return err
			}))
			name, plain, err := w.exports.FileName(w.Context(), export.Request{List: "feedback", Format: table.CSV, Workspace: w.ws, Actor: w.owner, Filter: url.Values{}})
			w.must(err)
			if name != want[0] || plain != want[1] {
				w.Errorf("%s: %q and %q, want %q", called, name, plain, want)
			}
		}
	})
}
