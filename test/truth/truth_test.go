package truth

import (
	"log/slog"
	"strings"
	"testing"

	"kolo/internal/app"
	"kolo/internal/demo"
	"kolo/internal/foundation/config"
)

func TestReport(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	cfg, _, err := config.Load([]string{"KOLO_DATA=" + t.TempDir(), "KOLO_LISTEN=127.0.0.1:0"}, config.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.Open(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Stop(); err != nil { // the report has started it
			t.Error(err)
		}
	}()
	w, err := Fill(ctx, a, demo.New(demo.Options{Seed: 1, Feedback: 50_000}))
	if err != nil {
		t.Fatal(err)
	}
	list, err := w.Report(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	Print(&text, list)
	t.Logf("read and fed in %s\n%s", w.Took, text.String())
}
