package command

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		counted := func() (n int) {
			for end := time.Now().Add(time.Minute); time.Now().Before(end) && n < 3; time.Sleep(100 * time.Millisecond) {
				var a struct{ Names []struct{ Count int } }
				server.JSON(key, http.MethodGet, "/v1/events/names", nil, &a, http.StatusOK)
				if len(a.Names) == 1 {
					n = a.Names[0].Count
				}
			}
			return n
		}
		file := filepath.Join(t.TempDir(), "events.ndjson")
		if err := os.WriteFile(file, []byte(`{"type":"track","messageId":"1","userId":"a","event":"login"}
{"type":"track","messageId":"2","userId":"b","event":"login"}
{"type":"track","messageId":"2","userId":"b","event":"login"}

{"type":"track","messageId":"3","userId":"a","event":"login"}`), 0o600); err != nil {
			t.Fatal(err)
		}
		if out := k.Run("events", file); !strings.Contains(out, "3 created, 1 delivered before, 0 refused") {
			t.Errorf("%s", out)
		}
		if n := counted(); n != 3 {
			t.Errorf("%d events in the columns", n)
		}
		before := answer()
		server.Stop()
		// More than the 500, where what the ratings taught had all of them read again meanwhile.
		if out := k.Run("admin", "rebuild"); !strings.Contains(out, "00 changes in the columns") {
			t.Errorf("%s", out)
		}
		server = k.Serve()
		if n := counted(); n != 3 {
			t.Errorf("%d events in the columns that were made again", n)
		}
		if after := answer(); after != before || strings.Count(before, `"shop"`)+strings.Count(before, `"attribute.shop"`) != 3 {
			t.Errorf("before:\n%s\nafter:\n%s", before, after)
		}
	})
}
