package app

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"

	"kolo/internal/foundation/config"
)

// BenchmarkIngest is POST /v1/feedback as 128 clients in this process send it, one piece at a time. The clients take
// about as much of the processor as the server does; test/bench measures from another process.
func BenchmarkIngest(b *testing.B) {
	cfg, _, err := config.Load([]string{"KOLO_DATA=" + b.TempDir(), "KOLO_LISTEN=127.0.0.1:0"}, config.Flags{})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	a, err := Open(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	boot, err := a.Identity.Bootstrap(ctx, "Bench", "b@example.com")
	if err != nil {
		b.Fatal(err)
	}
	address := make(chan string, 1)
	ended := make(chan error, 1)
	go func() { ended <- a.Serve(ctx, func(s string) { address <- s }) }()
	url := <-address
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 128}}
	var n atomic.Int64
	b.SetParallelism(64)
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			i := n.Add(1)
			body := fmt.Appendf(nil, `{"channel":"web","source":"bench","external_id":"x%d","text":"The courier was late again but the staff were kind and solved it quickly, thank you","contact":{"external_id":"c%d"},"touchpoint":"delivery","scores":[{"metric":"nps","value":%d,"scale":{"min":0,"max":10}}],"attributes":{"country":"IL","plan":"gold"}}`, i, i%20000, i%11)
			req, _ := http.NewRequest(http.MethodPost, url+"/v1/feedback", bytes.NewReader(body))
			req.Header.Set("Authorization", "Bearer "+boot.Secret)
			req.Header.Set("Content-Type", "application/json")
			res, err := client.Do(req)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
			if res.StatusCode != http.StatusCreated {
				b.Errorf("status %d", res.StatusCode)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	cancel()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}
