package event_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/event"
	"kolo/internal/people/identity"
)

// BenchmarkBatch decodes and keeps batches of 500 messages of 20,000 contacts, as POST /v1/batch does.
func BenchmarkBatch(b *testing.B) {
	for name, open := range map[string]func(testing.TB, clock.Clock) *store.DB{"sqlite": storetest.SQLite, "postgres": storetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			db := open(b, clock.System{})
			s := event.NewService(db)
			b.Cleanup(s.Close)
			ws, _, err := identity.NewService(db, identity.Options{}).CreateWorkspace(b.Context(), identity.NewWorkspace{Name: "One", Zone: "UTC",
				Owner: identity.NewOwner{Name: "Dana", Email: "dana@example.com"}})
			if err != nil {
				b.Fatal(err)
			}
			const size = 500
			n := 0
			for b.Loop() {
				list := make([]string, size)
				for i := range list {
					n++
					list[i] = fmt.Sprintf(`{"type":"track","messageId":"m-%d","userId":"c-%d","event":"delivery","timestamp":%q,"properties":{"country":"IL","courier":"Swift","late":false,"plan":"plus","value":12.5}}`,
						n, n*7919%20_000, time.Now().Add(-time.Duration(n)*time.Second).Format(time.RFC3339))
				}
				in, err := event.DecodeBatch([]byte("[" + strings.Join(list, ",") + "]"))
				if err != nil {
					b.Fatal(err)
				}
				if results, err := s.Receive(b.Context(), ws.ID, in); err != nil || results[0].Status != event.Created {
					b.Fatal(results, err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
