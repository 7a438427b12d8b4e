package columntest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"kolo/internal/foundation/column"
	"kolo/internal/foundation/id"
	"time"
)

// Wide is a table of 25 columns, as feedback has about as many.
var Wide = column.Table{
	Name: "wide",
	Columns: []column.Column{
		{Name: "workspace", Type: column.UUID}, {Name: "id", Type: column.Text}, {Name: "said_at", Type: column.Int},
		{Name: "kind", Type: column.Text}, {Name: "channel", Type: column.Text}, {Name: "source", Type: column.Text},
		{Name: "contact", Type: column.Text}, {Name: "account", Type: column.Text, Nullable: true}, {Name: "touchpoint", Type: column.Text, Nullable: true},
		{Name: "survey", Type: column.Text, Nullable: true}, {Name: "survey_version", Type: column.Small, Nullable: true}, {Name: "lang", Type: column.Text},
		{Name: "words", Type: column.Text}, {Name: "folded", Type: column.Text}, {Name: "nps", Type: column.Small, Nullable: true},
		{Name: "csat", Type: column.Float, Nullable: true}, {Name: "ces", Type: column.Float, Nullable: true}, {Name: "star", Type: column.Small, Nullable: true},
		{Name: "sentiment", Type: column.Float, Nullable: true}, {Name: "confidence", Type: column.Float, Nullable: true}, {Name: "urgent", Type: column.Small},
		{Name: "masked", Type: column.Small}, {Name: "model", Type: column.Text}, {Name: "received", Type: column.Int}, {Name: "extra", Type: column.Texts},
	},
	Key: []string{"workspace", "said_at", "id"}, ID: "id", Extra: "extra",
}

// WideRows makes n rows of a company's feedback, beginning with the one at number from; the same every time but for ids.
func WideRows(from, n int) []column.Row {
	r := rand.New(rand.NewPCG(1, uint64(from)))
	begin := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	pick := func(s ...string) string { return s[r.IntN(len(s))] }
	rows := make([]column.Row, n)
	for i := range rows {
		at := begin.Add(time.Duration(from+i) * 5 * time.Second)
		words := pick("The courier came two hours late and nobody answered the phone", "Great service, thank you", "השירות היה מצוין אבל המחיר גבוה",
			"اپلیکیشن خیلی کند است و قطع می\u200cشود", "Приложение не открывается после обновления") + fmt.Sprintf(" (%d)", r.IntN(1000))
		var nps any
		if r.IntN(5) > 0 {
			nps = r.IntN(11)
		}
		rows[i].Values = []any{W, id.New(at), at.UnixMilli(), pick("response", "review", "message"), pick("web", "email", "sms", "phone"),
			pick("site", "app", "shop"), fmt.Sprintf("c%07d", r.IntN(100_000)), nil, pick("delivery", "support", "checkout"), pick("relationship", "after-visit"), 3, pick("en", "he", "fa", "ru"),
			words, words, nps, float64(r.IntN(5)) + 1, nil, nil, r.Float64()*2 - 1, r.Float64(), r.IntN(20) == 0, false, "m1", at.UnixMilli(),
			map[string]string{"country": pick("IL", "IR", "RU", "US", "DE"), "plan": pick("free", "pro", "team"), "age": fmt.Sprint(18 + r.IntN(60))}}
	}
	return rows
}

// Bench measures appends in batches of 10,000 rows, one of replaced rows, and questions over a million rows. Its figures
// are rows (or questions) a second and a question's time.
func Bench(b *testing.B, open func(b *testing.B) *column.DB) {
	ctx := b.Context()
	fill := func(b *testing.B, db *column.DB, n int) {
		b.Helper()
		if err := db.Ensure(ctx, Wide); err != nil {
			b.Fatal(err)
		}
		for from := 0; from < n; from += 50_000 {
			if err := db.Append(ctx, "s", int64(from), int64(from+50_000), column.Batch{Table: "wide", Rows: WideRows(from, 50_000)}); err != nil {
				b.Fatal(err)
			}
		}
	}
	for _, size := range []int{1_000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("Append/%d", size), func(b *testing.B) {
			db := open(b)
			if err := db.Ensure(ctx, Wide); err != nil {
				b.Fatal(err)
			}
			for _, k := range []string{"country", "plan"} {
				if err := db.Promote(ctx, "wide", k); err != nil {
					b.Fatal(err)
				}
			}
			rows := WideRows(0, size)
			n := int64(0)
			for b.Loop() {
				if err := db.Append(ctx, "s", n, n+1, column.Batch{Table: "wide", Rows: rows}); err != nil {
					b.Fatal(err)
				}
				n++
			}
			b.ReportMetric(float64(int(n)*size)/b.Elapsed().Seconds(), "rows/s")
		})
	}
	db := open(b)
	fill(b, db, 1_000_000)
	b.Run("Replace/5000of1M", func(b *testing.B) {
		mark, _ := db.Watermark(ctx, "s")
		for b.Loop() {
			b.StopTimer()
			rows, err := db.All(ctx, "SELECT id FROM wide ORDER BY id LIMIT 5000 OFFSET 500000")
			if err != nil {
				b.Fatal(err)
			}
			again := WideRows(500_000, 5000)
			for i := range again {
				again[i].Replace = true
				again[i].Values[1] = rows[i][0]
			}
			b.StartTimer()
			if err := db.Append(ctx, "s", mark, mark+1, column.Batch{Table: "wide", Rows: again}); err != nil {
				b.Fatal(err)
			}
			mark++
		}
		b.ReportMetric(5000*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	})
	ask := func(name string, sql func(d column.Dialect) string, args ...any) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := db.All(ctx, sql(db.Dialect()), args...); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	nps := func(d column.Dialect) string {
		return "SELECT " + d.IntDiv("said_at", "604800000") + " AS week, " + d.Extra("wide", "country") + ` AS country, count(nps) AS n,
			sum(CASE WHEN nps >= 9 THEN 1 WHEN nps <= 6 THEN -1 ELSE 0 END) AS net FROM wide WHERE workspace = $1 AND nps IS NOT NULL GROUP BY week, country ORDER BY week, country`
	}
	ws := W
	ask("NPSByWeekAndCountry/CatchAll", nps, ws)
	b.Run("Promote", func(b *testing.B) {
		n := 0
		for b.Loop() {
			n++
			if err := db.Promote(ctx, "wide", []string{"plan", "age"}[n%2]+fmt.Sprint(n)); err != nil {
				b.Fatal(err)
			}
		}
	})
	if err := db.Promote(ctx, "wide", "country"); err != nil {
		b.Fatal(err)
	}
	ask("NPSByWeekAndCountry/Promoted", nps, ws)
	ask("ContactsByMonth", func(d column.Dialect) string {
		return "SELECT " + d.IntDiv("said_at", "2592000000") + " AS month, " + d.CountDistinct("contact") + " FROM wide WHERE workspace = $1 GROUP BY month ORDER BY month"
	}, ws)
	ask("Contains", func(d column.Dialect) string {
		return "SELECT count(*) FROM wide WHERE workspace = $1 AND " + d.Contains("folded", "$2")
	}, ws, "courier")
}
