package imports_test

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/listen/imports"
	"kolo/internal/people/identity"
)

// BenchmarkImport imports CSV files from the disk, a row an operation: rows/s is the figure of docs/architecture.md, cpu-µs/row
// what both cores spent on it, heap-MB the most memory that was in use at a checkpoint.
func BenchmarkImport(b *testing.B) {
	for _, shape := range []struct {
		name, header string
		row          func(i int) string
	}{
		{"columns=5", "id,date,nps,comment,country", func(i int) string { return line(i, i) }},
		// Rows in no order of time touch pages all over the index of times: the worst that a file can do.
		{"columns=5/shuffled", "id,date,nps,comment,country", func(i int) string { return line(i, i*7919%1_000_003) }},
		{"columns=6/contact", "id,date,nps,comment,country,email", func(i int) string { return line(i, i) + fmt.Sprintf(",c%d@example.com", i%20000) }},
	} {
		for _, engine := range []string{"sqlite", "postgres"} {
			b.Run(engine+"/"+shape.name, func(b *testing.B) {
				var db *store.DB
				if engine == "sqlite" {
					db = storetest.SQLite(b, clock.System{})
				} else {
					db = storetest.Postgres(b, clock.System{})
				}
				rows := max(b.N, 1)
				path := filepath.Join(b.TempDir(), "bench.csv")
				f, err := os.Create(path)
				if err != nil {
					b.Fatal(err)
				}
				w := bufio.NewWriter(f)
				fmt.Fprintln(w, shape.header)
				for i := range rows {
					fmt.Fprintln(w, shape.row(i))
				}
				if err := w.Flush(); err != nil {
					b.Fatal(err)
				}
				if err := f.Close(); err != nil {
					b.Fatal(err)
				}
				ws := workspace(b, db, "Bench")
				fb := feedback.NewService(db)
				defer fb.Close()
				s := imports.NewService(db, fb, nil)
				var most uint64
				b.ResetTimer()
				begun, spent := time.Now(), cpu(b)
				im, err := s.RunFile(b.Context(), ws, identity.Program(ws, "bench"), path, imports.FileOptions{Progress: func(im imports.Import) {
					if im.Rows%20_000 == 0 {
						var m runtime.MemStats
						runtime.ReadMemStats(&m)
						most = max(most, m.HeapInuse)
					}
				}})
				took, spent := time.Since(begun), cpu(b)-spent
				if err != nil || im.Created != int64(rows) {
					b.Fatalf("%+v: %v", im, err)
				}
				b.ReportMetric(float64(rows)/took.Seconds(), "rows/s")
				b.ReportMetric(float64(spent.Nanoseconds())/1e3/float64(rows), "cpu-µs/row")
				b.ReportMetric(float64(most)/1e6, "heap-MB")
			})
		}
	}
}

func line(i, minute int) string {
	return fmt.Sprintf("r%d,%s,%d,\"The courier was late again, number %d\",%s", i,
		time.Unix(1_600_000_000+int64(minute)*60, 0).UTC().Format(time.DateTime), i%11, i, countries[i%len(countries)])
}

// cpu is the processor time of this process so far, which a busy machine does not stretch as it does the clock on the wall.
func cpu(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

var countries = []string{"IL", "RU", "IR", "US", "DE", "FR"}
