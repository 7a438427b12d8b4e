// Package fault kills the real program under load and looks at what is left.
package fault

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"kolo/test/process"
)

func TestMain(m *testing.M) {
	code := m.Run()
	process.Cleanup()
	os.Exit(code)
}

// rounds is how often the server is killed on each set-up.
const rounds = 20

// sender sends feedback until the server is gone, and remembers what was acknowledged.
type sender struct {
	mu    sync.Mutex
	acked map[string]string // external id to id
	sent  int
}

func (s *sender) next() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent++
	return fmt.Sprint("row-", s.sent)
}

func (s *sender) ack(external, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.acked[external] = id
}

func row(external string) map[string]any {
	return map[string]any{"source": "kill", "external_id": external, "text": "is it there? " + external, "channel": "web",
		"contact": map[string]any{"external_id": "c" + external[len(external)-1:]},
		"scores":  []any{map[string]any{"metric": "nps", "value": 9, "scale": map[string]any{"min": 0, "max": 10}}}}
}

type result struct{ Status, ID string }

// single sends one at a time.
func (s *sender) single(t *testing.T, server *process.Server, key string) {
	for {
		external := s.next()
		body, _ := json.Marshal(row(external))
		status, b, err := server.Call(t.Context(), key, http.MethodPost, "/v1/feedback", "application/json", body)
		if err != nil {
			return
		}
		var r result
		if status != http.StatusCreated || json.Unmarshal(b, &r) != nil {
			t.Errorf("status %d: %s", status, b)
			return
		}
		s.ack(external, r.ID)
	}
}

// stream sends a hundred at a time as NDJSON, and once more when no answer came: the second delivery of what was kept
// must change nothing.
func (s *sender) stream(t *testing.T, server *process.Server, key string) {
	for {
		var lines strings.Builder
		externals := make([]string, 100)
		for i := range externals {
			externals[i] = s.next()
			b, _ := json.Marshal(row(externals[i]))
			lines.Write(append(b, '\n'))
		}
		status, b, err := server.Call(t.Context(), key, http.MethodPost, "/v1/feedback", "application/x-ndjson", []byte(lines.String()))
		if err != nil {
			return
		}
		answers := strings.Split(strings.TrimSpace(string(b)), "\n")
		if status != http.StatusOK || len(answers) != len(externals) {
			t.Errorf("status %d, %d lines", status, len(answers))
			return
		}
		for i, a := range answers {
			var r result
			if err := json.Unmarshal([]byte(a), &r); err != nil || r.ID == "" {
				t.Errorf("line %d: %s", i, a)
				return
			}
			s.ack(externals[i], r.ID)
		}
	}
}

func TestKilledTwentyTimesUnderLoad(t *testing.T) {
	process.EachSetup(t, func(t *testing.T, k *process.Kolo) {
		key := k.Bootstrap("Kill", "k@example.com")
		s := &sender{acked: map[string]string{}}
		for range rounds {
			server := k.Serve()
			var wg sync.WaitGroup
			for range 6 {
				wg.Go(func() { s.single(t, server, key) })
			}
			for range 2 {
				wg.Go(func() { s.stream(t, server, key) })
			}
			time.Sleep(time.Duration(50+rand.IntN(450)) * time.Millisecond) // the moment of the kill is what is random
			server.Kill()
			wg.Wait()
		}
		if len(s.acked) < rounds {
			t.Fatalf("only %d acknowledged: there was no load", len(s.acked))
		}
		server := k.Serve()
		kept := list(t, server, key)
		for external, id := range s.acked {
			if got := kept[external]; len(got) != 1 || got[0] != id {
				t.Fatalf("%s was acknowledged as %s and is there as %v", external, id, got)
			}
		}
		for external, ids := range kept {
			if len(ids) != 1 {
				t.Fatalf("%s is there %d times", external, len(ids))
			}
		}
		columns := server.CaughtUp(key, len(kept))
		t.Logf("%d acknowledged, %d kept, %d in the columns", len(s.acked), len(kept), columns)
		if columns != len(kept) {
			t.Fatalf("%d in the columns, %d in the rows\n%s", columns, len(kept), server.Log())
		}
	})
}

// list reads all feedback page by page: external id to ids.
func list(t *testing.T, server *process.Server, key string) map[string][]string {
	t.Helper()
	kept := map[string][]string{}
	for cursor := ""; ; {
		var page struct {
			Feedback []struct {
				ID         string `json:"id"`
				ExternalID string `json:"external_id"`
			}
			Next string
		}
		server.JSON(key, http.MethodGet, "/v1/feedback?limit=1000&cursor="+cursor, nil, &page, http.StatusOK)
		for _, f := range page.Feedback {
			kept[f.ExternalID] = append(kept[f.ExternalID], f.ID)
		}
		if cursor = page.Next; cursor == "" {
			return kept
		}
	}
}
