// Package model holds the trained models that come with Kolo, and what is known of how good they are. `kolo eval train` writes both anew.
package model

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
)

// Files has a file NAME.bin for each language that has a model of its own, and any.bin for all others.
//
//go:embed *.bin
var Files embed.FS

// Figures are how good a model is on authored texts, each judged by a model that was trained and calibrated on the others. Shares are
// from 0 to 1.
type Figures struct {
	Of     string `json:"of"`     // Sum of the model's file
	Rounds int    `json:"rounds"` // folds of the cross-validation

	Texts            int     `json:"texts"`
	Plain            int     `json:"plain"`    // of these, negative, neutral or positive
	Right            int     `json:"right"`    // of the plain ones, read as what they are; "mixed" is wrong
	MacroF1          float64 `json:"macro_f1"` // mean F1 of negative, neutral and positive, of the plain ones
	MixedF1          float64 `json:"mixed_f1"` // F1 of mixed, of all texts
	CalibrationError float64 `json:"ece"`      // expected, over ten bins of confidence
	Unsure           float64 `json:"unsure"`   // share of texts of which it says that it is not sure
	UnsureWrong      float64 `json:"unsure_wrong"`
	SureWrong        float64 `json:"sure_wrong"` // of the others

	Clauses         int     `json:"clauses"`
	ClauseSentiment float64 `json:"clause_sentiment"` // share of clauses of which it is right
	ClauseTheme     float64 `json:"clause_theme"`
	ClauseBoth      float64 `json:"clause_both"`

	ThemeMicroF1 float64 `json:"theme_micro_f1"` // of the themes of whole texts
	ThemeMacroF1 float64 `json:"theme_macro_f1"`
}

const figuresFile = "figures.json"

//go:embed figures.json
var measured []byte

// Measured are the figures of the models that are here, by language. What was found of other models is left out: of a language that is
// missing nothing is known.
func Measured() (map[string]Figures, error) { return ofThese(measured) }

func ofThese(figures []byte) (map[string]Figures, error) {
	var all map[string]Figures
	if err := json.Unmarshal(figures, &all); err != nil {
		return nil, err
	}
	for language, f := range all {
		if file, err := Files.ReadFile(language + ".bin"); err != nil || Sum(file) != f.Of {
			delete(all, language)
		}
	}
	return all, nil
}

// Sum is what figures know a model's file by.
func Sum(file []byte) string {
	sum := sha256.Sum256(file)
	return hex.EncodeToString(sum[:])
}

// Write puts figures, by language, into the folder of the models.
func Write(folder string, figures map[string]Figures) error {
	if figures == nil {
		figures = map[string]Figures{}
	}
	b, err := json.MarshalIndent(figures, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, figuresFile), append(b, '\n'), 0o644)
}
