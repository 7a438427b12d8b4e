package fault

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/test/process"
)

// TestEventsOutliveKills sends batches of events while the server is killed, each batch once more when it was answered: what was
// acknowledged is in the rows once, and in the columns once.
func TestEventsOutliveKills(t *testing.T) {
	process.EachSetup(t, func(t *testing.T, k *process.Kolo) {
		key := k.Bootstrap("Kill", "k@example.com")
		var mu sync.Mutex
		acked := map[string]string{} // messageId to id
		sent := 0
		send := func(server *process.Server) {
			for {
				mu.Lock()
				from := sent
				sent += 50
				mu.Unlock()
				rows := make([]string, 50)
				for i := range rows {
					rows[i] = fmt.Sprintf(`{"type":"track","messageId":"m%d","userId":"c%d","event":"login"}`, from+i, (from+i)%7)
				}
				body := []byte(`{"batch":[` + strings.Join(rows, ",") + `]}`)
				for range 2 { // the second delivery changes nothing
					status, b, err := server.Call(t.Context(), key, http.MethodPost, "/v1/batch", "application/json", body)
					if err != nil {
						return
					}
					var a struct{ Results []result }
					if status != http.StatusOK || json.Unmarshal(b, &a) != nil || len(a.Results) != len(rows) {
						t.Errorf("status %d: %.200s", status, b)
						return
					}
					mu.Lock()
					for i, r := range a.Results {
						acked[fmt.Sprint("m", from+i)] = r.ID
					}
					mu.Unlock()
				}
			}
		}
		for range 6 {
			server := k.Serve()
			var wg sync.WaitGroup
			for range 4 {
				wg.Go(func() { send(server) })
			}
			known := func() int {
				mu.Lock()
				defer mu.Unlock()
				return len(acked)
			}
			before := known()
			time.Sleep(time.Duration(100+rand.IntN(400)) * time.Millisecond) // the moment of the kill is what is random
			for end := time.Now().Add(30 * time.Second); known() == before && time.Now().Before(end); {
				time.Sleep(10 * time.Millisecond) // but on a slow machine something has to have come in
			}
			server.Kill()
			wg.Wait()
		}
		if len(acked) < 300 {
			t.Fatalf("only %d acknowledged: there was no load", len(acked))
		}
		server := k.Serve()
		kept := map[string]string{}
		for cursor := ""; ; {
			var page struct {
				Events []struct {
					ID        string `json:"id"`
					MessageID string `json:"messageId"`
				}
				Next string
			}
			server.JSON(key, http.MethodGet, "/v1/events?limit=1000&cursor="+cursor, nil, &page, http.StatusOK)
			for _, e := range page.Events {
				if kept[e.MessageID] != "" {
					t.Fatalf("%s is there twice", e.MessageID)
				}
				kept[e.MessageID] = e.ID
			}
			if cursor = page.Next; cursor == "" {
				break
			}
		}
		for message, id := range acked {
			if kept[message] != id {
				t.Fatalf("%s was acknowledged as %s and is there as %q", message, id, kept[message])
			}
		}
		counted := 0
		for end := time.Now().Add(time.Minute); time.Now().Before(end) && counted < len(kept); time.Sleep(100 * time.Millisecond) {
			var a struct{ Names []struct{ Count int } }
			server.JSON(key, http.MethodGet, "/v1/events/names", nil, &a, http.StatusOK)
			if len(a.Names) > 0 {
				counted = a.Names[0].Count
			}
		}
		t.Logf("%d acknowledged, %d kept, %d in the columns", len(acked), len(kept), counted)
		if counted != len(kept) {
			t.Fatalf("%d in the columns, %d in the rows\n%s", counted, len(kept), server.Log())
		}
	})
}
