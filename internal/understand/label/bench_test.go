package label_test

import (
	"fmt"
	"log/slog"
	"testing"

	"kolo/internal/foundation/clock"
	"kolo/internal/foundation/store/storetest"
	"kolo/internal/listen/feedback"
	"kolo/internal/people/identity"
	"kolo/internal/understand/label"
	"kolo/internal/understand/reading"
)

// said are texts of about a hundred characters, as customers write them.
var said = []string{
	"The courier was an hour late again, but the woman on the phone was kind and sorted it out at once.",
	"חיכיתי ארבעים דקות על הקו ובסוף ניתקו לי, אבל הטכנאי שהגיע למחרת היה מקצועי ואדיב מאוד.",
	"اپلیکیشن خوب است ولی صورت\u200cحساب ماه پیش اشتباه بود و هنوز کسی جواب درستی به من نداده است.",
	"Подключили за день, скорость отличная, только счёт за первый месяц почему-то пришёл двойной.",
}

// BenchmarkRead is reading alone, on SQLite, from feedback that is kept to labels that are kept: texts a second of all
// processors but one.
func BenchmarkRead(b *testing.B) {
	db := storetest.SQLite(b, clock.System{})
	f := feedback.NewService(db)
	b.Cleanup(f.Close)
	w, _, err := identity.NewService(db, identity.Options{}).CreateWorkspace(b.Context(), identity.NewWorkspace{Name: "Bench", Owner: identity.NewOwner{Name: "B", Email: "b@example.com"}})
	if err != nil {
		b.Fatal(err)
	}
	r, err := reading.New()
	if err != nil {
		b.Fatal(err)
	}
	s := label.NewService(db, f, label.Same(r), slog.New(slog.DiscardHandler))
	const batch = 4000
	for n := range b.N {
		b.StopTimer()
		rows := make([]feedback.Input, batch)
		for i := range rows {
			rows[i] = feedback.Input{Text: fmt.Sprint(said[i%len(said)], " ", n*batch+i)}
		}
		if _, err := f.Receive(b.Context(), w.ID, rows); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if got, err := s.Read(b.Context()); err != nil || got != batch {
			b.Fatal(got, err)
		}
	}
	b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "texts/s")
}
