//go:build unix

package table

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

var benchColumns = []Column{{"id", Int}, {"at", Time}, {"score", Int}, {"channel", String}, {"country", String}}

func benchRows(n int) [][]any {
	channels, countries := []string{"web", "e-mail", "phone, 2", "אתר"}, []string{"IL", "RU", "IR", "GB", "US"}
	at := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	rows := make([][]any, n)
	for i := range rows {
		rows[i] = []any{i, at.Add(time.Duration(i) * time.Minute), i * 7 % 11, channels[i%4], countries[i%5]}
	}
	return rows
}

func benchFile(b *testing.B, f Format, n int) []byte {
	b.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, f, benchColumns)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range benchRows(n) {
		if err := w.Write(r); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	return out.Bytes()
}

// cpu is the processor time that this process has taken, which, unlike the clock, other processes do not change much.
func cpu() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// measure runs f and reports rows per second of processor time.
func measure(b *testing.B, rows int, f func()) {
	b.ReportAllocs()
	runtime.GC()
	from := cpu()
	for b.Loop() {
		f()
	}
	b.ReportMetric(float64(rows)*float64(b.N)/(cpu()-from).Seconds(), "rows/cpu-s")
	b.ReportMetric(0, "ns/op")
}

func readAll(b *testing.B, file []byte, o Options, want int) {
	measure(b, want, func() {
		r, err := Open(bytes.NewReader(file), "", o)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for ; err == nil; n++ {
			_, err = r.Next()
		}
		if err != io.EOF || n-1 != want {
			b.Fatal(n, err)
		}
	})
}

func BenchmarkReadCSV(b *testing.B) {
	const n = 200_000
	file := benchFile(b, CSV, n)
	text := []byte("id,text\n" + strings.Repeat("1,\"a text of a customer, \"\"quoted\"\", which goes on\nover two lines\"\n", n/4))
	b.Run("short", func(b *testing.B) { readAll(b, file, Options{}, n) })
	b.Run("texts", func(b *testing.B) { readAll(b, text, Options{}, n/4) })
	for name, c := range map[string]struct {
		file []byte
		rows int
	}{"short_encoding_csv": {file, n}, "texts_encoding_csv": {text, n / 4}} {
		b.Run(name, func(b *testing.B) {
			measure(b, c.rows, func() {
				r := csv.NewReader(bytes.NewReader(c.file))
				r.ReuseRecord = true
				for {
					if _, err := r.Read(); err == io.EOF {
						break
					} else if err != nil {
						b.Fatal(err)
					}
				}
			})
		})
	}
}

func BenchmarkReadNDJSON(b *testing.B) {
	const n = 50_000
	file := benchFile(b, NDJSON, n)
	b.Run("table", func(b *testing.B) { readAll(b, file, Options{}, n) })
	b.Run("encoding_json", func(b *testing.B) {
		measure(b, n, func() {
			d := json.NewDecoder(bytes.NewReader(file))
			for {
				var m map[string]any
				if err := d.Decode(&m); err == io.EOF {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func BenchmarkReadXLSX(b *testing.B) {
	const n = 50_000
	file := benchFile(b, XLSX, n)
	b.Run("table", func(b *testing.B) { readAll(b, file, Options{}, n) })
	b.Run("excelize", func(b *testing.B) {
		measure(b, n, func() {
			x, err := excelize.OpenReader(bytes.NewReader(file))
			if err != nil {
				b.Fatal(err)
			}
			rows, err := x.Rows("Sheet1")
			if err != nil {
				b.Fatal(err)
			}
			for rows.Next() {
				if _, err := rows.Columns(); err != nil {
					b.Fatal(err)
				}
			}
		})
	})
}

func BenchmarkWrite(b *testing.B) {
	const n = 50_000
	rows := benchRows(n)
	for _, f := range []Format{CSV, NDJSON, XLSX, Parquet} {
		b.Run(string(f), func(b *testing.B) {
			measure(b, n, func() {
				w, err := NewWriter(io.Discard, f, benchColumns)
				if err != nil {
					b.Fatal(err)
				}
				for _, r := range rows {
					if err := w.Write(r); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Close(); err != nil {
					b.Fatal(err)
				}
			})
		})
	}
	b.Run("encoding_csv", func(b *testing.B) {
		record := make([]string, len(benchColumns))
		measure(b, n, func() {
			w := csv.NewWriter(io.Discard)
			for _, r := range rows {
				for i, v := range r {
					if t, ok := v.(time.Time); ok {
						record[i] = t.Format(time.RFC3339)
					} else {
						record[i] = fmt.Sprint(v)
					}
				}
				if err := w.Write(record); err != nil {
					b.Fatal(err)
				}
			}
			w.Flush()
		})
	})
	b.Run("excelize", func(b *testing.B) {
		measure(b, n, func() {
			x := excelize.NewFile()
			w, err := x.NewStreamWriter("Sheet1")
			if err != nil {
				b.Fatal(err)
			}
			for i, r := range rows {
				if err := w.SetRow(fmt.Sprint("A", i+1), r); err != nil {
					b.Fatal(err)
				}
			}
			if err := w.Flush(); err != nil {
				b.Fatal(err)
			}
			if err := x.Write(io.Discard); err != nil {
				b.Fatal(err)
			}
		})
	})
}

func BenchmarkParse(b *testing.B) {
	for _, s := range []string{"2025-12-31T23:59:58Z", "31.12.2025 14:05", "31 דצמבר 2025", "۱۴۰۴/۰۵/۱۲", "1767225598"} {
		b.Run(s, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseTime(s, TimeAny, time.UTC); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("number", func(b *testing.B) {
		for b.Loop() {
			if _, err := ParseNumber("1 234,5", 0); err != nil {
				b.Fatal(err)
			}
		}
	})
}
