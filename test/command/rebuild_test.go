package command

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"kolo/test/process"
)

// TestColumnsAreMadeAgainFromTheRows: by command, and answers are the same as before.
func TestColumnsAreMadeAgainFromTheRows(t *testing.T) {
	t.Parallel()
	process.EachSetup(t, func(t *testing.T, k *process.Kolo) {
		key := k.Bootstrap("Again", "a@example.com")
		server := k.Serve()
		rows := make([]any, 500)
		for i := range rows {
			rows[i] = map[string]any{"text": "t", "scores": []any{map[string]any{"metric": "nps", "value": i % 11, "min": 0, "max": 10}}, "attributes": map[string]any{"shop": i % 3}}
		}
		server.JSON(key, http.MethodPost, "/v1/feedback", rows, nil, http.StatusOK)
		answer := func() string {
			if n := server.CaughtUp(key, len(rows)); n != len(rows) {
				t.Fatalf("%d in the columns", n)
			}
			var out struct{ Rows, Total json.RawMessage }
			server.JSON(key, http.MethodPost, "/v1/insights/query", map[string]any{"measure": "nps", "by": []string{"attribute.shop"}, "order": "key"}, &out, http.StatusOK)
			return string(out.Rows) + string(out.Total)
		}
		before := answer()
		server.Stop()
		if out := k.Run("admin", "rebuild"); !strings.Contains(out, "500 changes") {
			t.Errorf("%s", out)
		}
		server = k.Serve()
		if after := answer(); after != before || strings.Count(before, `"shop"`)+strings.Count(before, `"attribute.shop"`) != 3 {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
	})
}
