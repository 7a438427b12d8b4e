package fault

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"kolo/test/process"
)

// What was said is understood once, however often whoever reads it is killed on the way.
func TestKilledWhileReading(t *testing.T) {
	const texts, silent = 24_000, 1000
	process.EachSetup(t, func(t *testing.T, k *process.Kolo) {
		key := k.Bootstrap("Read", "r@example.com")
		server := k.Serve()
		words := []string{"Excellent, thank you so much!", "Terrible. Never again.", "When do you open?", "The food was wonderful but the waiter was rude."}
		for from := 0; from < texts+silent; from += 5000 {
			var lines strings.Builder
			for i := from; i < from+5000; i++ {
				r := row(fmt.Sprint("text-", i))
				if r["text"] = fmt.Sprint(words[i%4], " ", i); i >= texts {
					delete(r, "text")
				}
				b, err := json.Marshal(r)
				if err != nil {
					t.Fatal(err)
				}
				lines.Write(append(b, '\n'))
			}
			status, b, err := server.Call(t.Context(), key, http.MethodPost, "/v1/feedback", "application/x-ndjson", []byte(lines.String()))
			if err != nil || status != http.StatusOK {
				t.Fatalf("status %d: %v %.300s", status, err, b)
			}
		}
		server.Kill()
		for range 8 {
			server = k.Serve()
			time.Sleep(time.Duration(100+rand.IntN(700)) * time.Millisecond) // the moment of the kill is what is random
			server.Kill()
		}
		server = k.Serve()
		if n := server.CaughtUp(key, texts+silent); n != texts+silent {
			t.Fatalf("%d of %d in the columns\n%s", n, texts+silent, server.Log())
		}
		count := func(where ...map[string]any) int {
			var answer struct{ Total struct{ N int } }
			server.JSON(key, http.MethodPost, "/v1/insights/query", map[string]any{"measure": "count", "where": where}, &answer, http.StatusOK)
			return answer.Total.N
		}
		if n := count(map[string]any{"field": "sentiment", "op": "not_empty"}); n != texts {
			t.Errorf("%d of %d texts have a sentiment", n, texts)
		}
		if n := count(map[string]any{"field": "sentiment", "op": "empty"}); n != silent {
			t.Errorf("%d of %d that say nothing in words have none", n, silent)
		}
		if n := count(map[string]any{"field": "text", "op": "search", "values": []string{"waiters"}}); n != texts/4 {
			t.Errorf("%d of %d are found by a word", n, texts/4)
		}
	})
}
