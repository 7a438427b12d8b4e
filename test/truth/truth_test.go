package truth

import (
	"log/slog"
	"strings"
	"testing"

	"kolo/internal/app"
	"kolo/internal/demo"
	"kolo/internal/foundation/config"
	"kolo/internal/foundation/raced"
)

// TestReport takes the demo company in, has all of it understood, and holds the segments, drivers, early warnings and reasons for leaving
// that are found against the truth.
func TestReport(t *testing.T) {
	t.Parallel()
	if testing.Short() || raced.On {
		t.Skip("two years take a minute, and many with the race detector")
	}
	ctx := t.Context()
	cfg, _, err := config.Load([]string{"KOLO_DATA=" + t.TempDir(), "KOLO_LISTEN=127.0.0.1:0"}, config.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w, err := Fill(ctx, a, demo.New(demo.Options{Seed: 1, Feedback: 50_000}))
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.Report(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Stop(); err != nil {
		t.Error(err)
	}
	var text strings.Builder
	Print(&text, list)
	t.Logf("read and fed in %s\n%s", w.Took, text.String())
	areas := map[string]int{}
	for _, f := range list {
		if areas[f.Area]++; !f.Right() {
			t.Errorf("%s, %s: planted %v, found %v: %s", f.Area, f.What, f.Planted, f.Found, f.Detail)
		}
	}
	if areas["segments"] < 6 || areas["drivers"] < 9 || areas["early warning"] < 12 || areas["leaving"] < 4 {
		t.Errorf("there is less to find than there was: %v", areas)
	}
}
