package model

import (
	"os"
	"path/filepath"
	"testing"
)

// TestFiguresAreOfTheModelsThatAreHere writes figures as a training does: those of another model, or of none, are not told.
func TestFiguresAreOfTheModelsThatAreHere(t *testing.T) {
	t.Parallel()
	if _, err := Measured(); err != nil {
		t.Fatal(err)
	}
	file, err := Files.ReadFile("en.bin")
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	en := Figures{Of: Sum(file), Rounds: 5, Texts: 1900, Plain: 1600, Right: 1400, MacroF1: 0.87}
	if err := Write(folder, map[string]Figures{"en": en, "ru": {Of: Sum(file), Texts: 7}, "xx": {Of: Sum(nil)}}); err != nil {
		t.Fatal(err)
	}
	written, err := os.ReadFile(filepath.Join(folder, figuresFile))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ofThese(written)
	if err != nil || len(got) != 1 || got["en"] != en {
		t.Errorf("%+v %v", got, err)
	}
	if err := Write(folder, nil); err != nil {
		t.Fatal(err)
	}
	if written, _ = os.ReadFile(filepath.Join(folder, figuresFile)); string(written) != "{}\n" {
		t.Errorf("nothing is written as %q", written)
	}
}
