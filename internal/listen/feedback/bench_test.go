package feedback_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
)

func input(n int64) feedback.Input {
	return feedback.Input{Channel: "web", Source: "bench", ExternalID: fmt.Sprint("x", n), Touchpoint: "delivery",
		Text:       "The courier was late again but the staff were kind and solved it quickly, thank you",
		Contact:    &feedback.Who{ExternalID: fmt.Sprint("c", n%20000)},
		Scores:     []feedback.Score{{Metric: "nps", Value: float64(n % 11), Scale: feedback.Scale{Max: 10}}},
		Attributes: feedback.Attributes{"country": "IL", "plan": "gold"}}
}

// BenchmarkReceive is the intake alone, on SQLite: single pieces of feedback by 128 callers, and batches by one.
func BenchmarkReceive(b *testing.B) {
	db := storetest.SQLite(b, clock.System{})
	s := feedback.NewService(db)
	b.Cleanup(s.Close)
	w, _, err := identity.NewService(db, identity.Options{}).CreateWorkspace(b.Context(), identity.NewWorkspace{Name: "Bench", Owner: identity.NewOwner{Name: "B", Email: "b@example.com"}})
	if err != nil {
		b.Fatal(err)
	}
	var n atomic.Int64
	receive := func(batch ...feedback.Input) {
		got, err := s.Receive(b.Context(), w.ID, batch)
		if err != nil || got[0].Status != feedback.Created {
			b.Fatal(got, err)
		}
	}
	b.Run("single", func(b *testing.B) {
		b.SetParallelism(64)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				receive(input(n.Add(1)))
			}
		})
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	b.Run("batch", func(b *testing.B) {
		for range b.N {
			batch := make([]feedback.Input, 2000)
			for i := range batch {
				batch[i] = input(n.Add(1))
			}
			receive(batch...)
		}
		b.ReportMetric(float64(2000*b.N)/b.Elapsed().Seconds(), "rows/s")
	})
}
