package demo

import (
	"testing"

	"kolo/internal/listen/feedback"
)

func BenchmarkFeedback(b *testing.B) {
	c := New(Options{Seed: 1, Feedback: max(b.N, 1000)})
	b.ReportAllocs()
	b.ResetTimer()
	if err := c.Feedback(func(feedback.Input) error { return nil }); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkTruth(b *testing.B) {
	c := New(Options{Seed: 1, Feedback: max(b.N, 1000)})
	b.ReportAllocs()
	b.ResetTimer()
	c.Truth()
}

// BenchmarkEvents is of the events that come with b.N pieces of feedback, about eight of each.
func BenchmarkEvents(b *testing.B) {
	c := New(Options{Seed: 1, Feedback: max(b.N, 1000)})
	b.ReportAllocs()
	b.ResetTimer()
	n := 0
	if err := c.Events(func(Event) error { n++; return nil }); err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/event")
}
