package main

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"kolo/internal/app"
	"kolo/internal/demo"
	"kolo/internal/foundation/config"
	"kolo/test/truth"
)

// truth has all of a demo company understood and asks for what was planted in it: how much of it is found, and how much that is not
// there.
func (b *bench) truth(size int) error {
	cfg, _, err := config.Load([]string{"KOLO_DATA=" + filepath.Join(b.dir, "truth"), "KOLO_LISTEN=127.0.0.1:0"}, config.Flags{})
	if err != nil {
		return err
	}
	a, err := app.Open(b, cfg, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})))
	if err != nil {
		return err
	}
	w, err := truth.Fill(b, a, demo.New(demo.Options{Seed: 1, Feedback: size}))
	if err != nil {
		return err
	}
	list, err := w.Report(b)
	if err != nil {
		return err
	}
	truth.Print(os.Stderr, list)
	right := 0
	for _, f := range list {
		if f.Right() {
			right++
		}
	}
	b.add(line{fmt.Sprintf("what was planted in %d pieces of feedback is found, and nothing else", size), fmt.Sprintf("%d of %d", right, len(list)), "all", "", right == len(list)})
	return a.Stop()
}
