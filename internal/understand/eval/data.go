package eval

import (
	"bufio"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"kolo/internal/understand/sentiment"
	"kolo/internal/understand/text"
)

// Languages are those with a model of their own.
var Languages = []string{"en", "he", "fa", "ru"}

// Row is a text and what people said of it.
type Row struct {
	Language string
	Text     string
	Source   string
	Label    sentiment.Label
	Themes   []string // nil where nobody said anything
	Clauses  []Labelled
	Style    string // of authored texts: "hard" or "plain"
}

// Labelled is a clause of a Row.
type Labelled struct {
	text.Span
	Label sentiment.Label
	Theme string
}

// Sources of rows.
const (
	Authored = "authored"         // DIR/authored
	Clauses  = "authored_clauses" // DIR/authored_clauses
	Corpus   = "corpus"           // the project's own
)

// fold puts a text into one of n folds, by its hash, so that adding texts moves no other.
func fold(s string, n int) int {
	h := fnv.New64a()
	h.Write([]byte(s))
	return int(h.Sum64() >> 33 % uint64(n))
}

func eachLine(path string, do func(number int, line []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<24)
	for n := 1; sc.Scan(); n++ {
		if err := do(n, sc.Bytes()); err != nil {
			return fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	return sc.Err()
}

// ReadAuthored reads the authored texts of a language.
func ReadAuthored(dir, language string) (rows []Row, err error) {
	err = eachLine(filepath.Join(dir, Authored, language+".jsonl"), func(n int, line []byte) error {
		var x struct {
			Text      string
			Sentiment sentiment.Label
			Themes    []string
		}
		if err := json.Unmarshal(line, &x); err != nil {
			return err
		}
		r := Row{Language: language, Text: x.Text, Source: Authored, Label: x.Sentiment, Themes: x.Themes, Style: "plain"}
		if n <= 300 {
			r.Style = "hard"
		}
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

// ReadClauses reads the authored texts whose clauses are labelled.
func ReadClauses(dir, language string) (rows []Row, err error) {
	err = eachLine(filepath.Join(dir, Clauses, language+".jsonl"), func(n int, line []byte) error {
		var x struct {
			Text    string
			Overall sentiment.Label
			Aspects []struct {
				Theme     string
				Sentiment sentiment.Label
				Quote     string
			}
		}
		if err := json.Unmarshal(line, &x); err != nil {
			return err
		}
		r := Row{Language: language, Text: x.Text, Source: Clauses, Label: x.Overall}
		for _, a := range x.Aspects {
			at := strings.Index(x.Text, a.Quote)
			if at < 0 {
				return fmt.Errorf("the quote %q is not in the text", a.Quote)
			}
			r.Clauses = append(r.Clauses, Labelled{text.Span{Start: at, End: at + len(a.Quote)}, a.Sentiment, a.Theme})
		}
		rows = append(rows, r)
		return nil
	})
	return rows, err
}

// ReadCorpus reads the project's own texts of a language: a line each, "OVERALL clause clause ..." with tabs between and
// each clause "SENTIMENT THEME|words"; sentiments are n, u, p and, for the whole, m. Lines that begin with # say something
// about the file.
func ReadCorpus(dir fs.FS, language string) ([]Row, error) {
	b, err := fs.ReadFile(dir, language+".txt")
	if err != nil {
		return nil, err
	}
	var rows []Row
	for n, line := range strings.Split(string(b), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		r, err := parseCorpus(line)
		if err != nil {
			return nil, fmt.Errorf("%s.txt:%d: %w", language, n+1, err)
		}
		r.Language = language
		rows = append(rows, r)
	}
	return rows, nil
}

var letters = map[string]sentiment.Label{"n": sentiment.Negative, "u": sentiment.Neutral, "p": sentiment.Positive, "m": sentiment.Mixed}

func parseCorpus(line string) (Row, error) {
	fields := strings.Split(line, "\t")
	r := Row{Source: Corpus}
	var ok bool
	if r.Label, ok = letters[fields[0]]; !ok || len(fields) < 2 {
		return r, fmt.Errorf("a line is n, u, p or m, a tab and clauses")
	}
	var b strings.Builder
	for _, f := range fields[1:] {
		label, words, ok1 := strings.Cut(f, "|")
		how, theme, ok2 := strings.Cut(label, " ")
		l, ok3 := letters[how]
		if !ok1 || !ok2 || !ok3 || l == sentiment.Mixed || theme == "" || words == "" {
			return r, fmt.Errorf("%q is no clause: n, u or p, a space, a theme, | and words", f)
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		r.Clauses = append(r.Clauses, Labelled{text.Span{Start: b.Len(), End: b.Len() + len(words)}, l, theme})
		b.WriteString(words)
	}
	r.Text = b.String()
	return r, nil
}
