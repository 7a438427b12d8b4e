package llm_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/llm"
)

// endpoint is a real server; answers are given in turn, the last one again and again.
func endpoint(t *testing.T, o llm.Options, answers ...http.HandlerFunc) (*llm.Client, *atomic.Int64) {
	var n atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answers[min(int(n.Add(1)), len(answers))-1](w, r)
	}))
	t.Cleanup(s.Close)
	o.URL = s.URL + "/v1?tenant=secret"
	if o.PerMinute == 0 {
		o.PerMinute = 60_000
	}
	return llm.New(o), &n
}

func says(text string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, text) }
}

func status(code int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

const hello = `{"model": "m-2026", "choices": [{"message": {"role": "assistant", "content": " Late parcels \n"}}]}`

func TestCompletes(t *testing.T) {
	t.Parallel()
	c, _ := endpoint(t, llm.Options{Key: "k", Model: "m"}, func(w http.ResponseWriter, r *http.Request) {
		var body struct {
			Model    string
			Messages []struct{ Role, Content string }
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Error(err)
		}
		if r.URL.Path != "/v1/chat/completions" || r.URL.RawQuery != "tenant=secret" || r.Header.Get("Authorization") != "Bearer k" || body.Model != "m" ||
			len(body.Messages) != 2 || body.Messages[0].Role != "system" || body.Messages[1].Content != "texts" {
			t.Errorf("%s %s %+v", r.URL, r.Header, body)
		}
		says(hello)(w, r)
	})
	answer, model, err := c.Complete(t.Context(), "name it", "texts", 20)
	if err != nil || answer != "Late parcels" || model != "m-2026" {
		t.Errorf("%q %q %v", answer, model, err)
	}
}

func TestEmbeds(t *testing.T) {
	t.Parallel()
	c, _ := endpoint(t, llm.Options{Embedding: "e"}, says(`{"data": [{"index": 1, "embedding": [3, 4]}, {"index": 0, "embedding": [1, 2]}]}`),
		says(`{"data": [{"index": 0, "embedding": [1, 2]}]}`))
	v, model, err := c.Embed(t.Context(), []string{"a", "b"})
	if err != nil || model != "e" || v[0][0] != 1 || v[1][1] != 4 {
		t.Errorf("%v %q %v", v, model, err)
	}
	if _, _, err := c.Embed(t.Context(), []string{"a", "b"}); !fault.Is(err, fault.Busy) {
		t.Errorf("a vector that is missing: %v", err)
	}
	plain, n := endpoint(t, llm.Options{}, says(`{}`))
	if _, _, err := plain.Embed(t.Context(), []string{"a"}); !fault.Is(err, fault.Busy) || n.Load() != 0 {
		t.Errorf("without a model: %v", err)
	}
}

func TestTriesAgain(t *testing.T) {
	t.Parallel()
	c, n := endpoint(t, llm.Options{}, status(500), status(429, "Retry-After", "1"), says(hello))
	begin := time.Now()
	if _, _, err := c.Complete(t.Context(), "", "", 1); err != nil || n.Load() != 3 {
		t.Errorf("%d tries: %v", n.Load(), err)
	}
	if d := time.Since(begin); d < time.Second {
		t.Errorf("asked again after %s", d)
	}
}

func TestFailures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		tries  int64
	}{
		"refused":  {status(401), 1},
		"redirect": {status(307, "Location", "http://127.0.0.1:1/v1"), 1},
		"down":     {status(503), 3},
		"rest":     {status(429, "Retry-After", "3600"), 1},
		"garbage":  {says("<html>"), 1},
		"empty":    {says(`{"choices": []}`), 1},
		"huge":     {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, strings.Repeat(" ", 17<<20)) }, 1},
		"slow": {func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
		}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			timeout := 30 * time.Second
			if name == "slow" {
				timeout = 200 * time.Millisecond
			}
			client, n := endpoint(t, llm.Options{Key: "hunter2", Timeout: timeout}, c.answer)
			_, _, err := client.Complete(t.Context(), "", "", 1)
			if !fault.Is(err, fault.Busy) || n.Load() != c.tries {
				t.Errorf("%d tries: %v", n.Load(), err)
			}
			if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("the error tells a secret: %v", err)
			}
		})
	}
}

// A dead endpoint is asked once in a while, not by everybody who would like to know.
func TestRests(t *testing.T) {
	t.Parallel()
	c, n := endpoint(t, llm.Options{}, status(429, "Retry-After", "3600"))
	for range 5 {
		if _, _, err := c.Complete(t.Context(), "", "", 1); !fault.Is(err, fault.Busy) {
			t.Error(err)
		}
	}
	if n.Load() != 1 {
		t.Errorf("asked %d times", n.Load())
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	c, _ := endpoint(t, llm.Options{PerMinute: 600}, says(hello)) // one in 100 ms
	begin := time.Now()
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			if _, _, err := c.Complete(t.Context(), "", "", 1); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if d := time.Since(begin); d < 490*time.Millisecond {
		t.Errorf("six requests within %s", d)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	c, _ := endpoint(t, llm.Options{}, status(500))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if _, _, err := c.Complete(ctx, "", "", 1); err == nil || time.Since(begin) > 5*time.Second {
		t.Errorf("%s: %v", time.Since(begin), err)
	}
}

func TestOff(t *testing.T) {
	t.Parallel()
	c := llm.New(llm.Options{})
	if c.On() || c.Embeds() || c.Name() != "" {
		t.Error("it is on")
	}
	if _, _, err := c.Complete(t.Context(), "", "", 1); !fault.Is(err, fault.Busy) {
		t.Error(err)
	}
}
