package eval

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
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
	Theme string // "" where only its sentiment was told
}

// themes are those that it is about; nil where nobody said.
func (c Labelled) themes() []string {
	if c.Theme == "" {
		return nil
	}
	return []string{c.Theme}
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

// tellClauses gives authored texts what the project's file says of how their clauses speak: a line each, "HASH clause clause ..." with tabs between and
// each clause "SENTIMENT FROM-TO", in bytes of the text, which is known by the first half of its SHA-256 alone. Not every language has such a file,
// and what it says of texts that are not there is left out.
func tellClauses(rows []Row, dir fs.FS, language string) error {
	name := clausesFile(language)
	b, err := fs.ReadFile(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	at := make(map[string]int, len(rows))
	for i, r := range rows {
		at[textHash(r.Text)] = i
	}
	for n, line := range strings.Split(string(b), "\n") {
		if line == "" || line[0] == '#' {
			continue
		}
		hash, rest, _ := strings.Cut(line, "\t")
		i, ok := at[hash]
		if !ok {
			continue
		}
		if rows[i].Clauses, err = parseClauses(rest, len(rows[i].Text)); err != nil {
			return fmt.Errorf("%s:%d: %w", name, n+1, err)
		}
	}
	return nil
}

func clausesFile(language string) string { return Authored + "." + language + ".txt" }

// textHash is what the labels of clauses know a text by.
func textHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:16])
}

// parseClauses reads how the clauses of a text of a length speak.
func parseClauses(s string, length int) (clauses []Labelled, err error) {
	for f := range strings.SplitSeq(s, "\t") {
		how, where, _ := strings.Cut(f, " ")
		from, to, _ := strings.Cut(where, "-")
		l, ok := letters[how]
		start, bad1 := strconv.Atoi(from)
		end, bad2 := strconv.Atoi(to)
		if !ok || l == sentiment.Mixed || bad1 != nil || bad2 != nil || start < 0 || start >= end || end > length {
			return nil, fmt.Errorf("%q is no clause of a text of %d bytes: n, u or p, a space, where it begins, - and where it ends", f, length)
		}
		clauses = append(clauses, Labelled{Span: text.Span{Start: start, End: end}, Label: l})
	}
	return clauses, nil
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
