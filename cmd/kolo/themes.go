package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/jsonread"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
	"kolo/internal/understand/theme"
	"kolo/internal/understand/theme/discover"
)

type themesCommand struct {
	Discover discoverCommand `cmd:"" help:"Find the themes of texts: NDJSON (text, optional language and id) on standard input; a line for each text with its theme, then one for each theme. A line that cannot be read, be it empty, is answered with the reason, and the command fails in the end."`
}

type discoverCommand struct {
	K        int    `short:"k" placeholder:"N" help:"How many themes to find, as far as the texts have so many; found out by default."`
	Seed     uint64 `default:"1" help:"The same seed finds the same themes in the same texts."`
	Previous string `type:"existingfile" placeholder:"FILE" help:"What this command wrote before: themes that are found again keep their ids. Texts are known again by their id."`
}

func (c discoverCommand) Run(e *env) error {
	if c.K < 0 {
		return fault.New(fault.Invalid, "themes.discover", "--k must be 1 or more, or be left out")
	}
	if err := text.Ready(); err != nil {
		return err
	}
	r, err := reading.New()
	if err != nil {
		return err
	}
	o := discover.Options{K: c.K, Seed: c.Seed}
	if c.Previous != "" {
		f, err := os.Open(c.Previous)
		if err != nil {
			return err
		}
		defer f.Close()
		if o.Previous, err = knownFrom(f); err != nil {
			return err
		}
	}
	found, err := discoverThemes(e, r, os.Stdin, os.Stdout, o)
	if note := short(o, found); note != "" {
		fmt.Fprintln(os.Stderr, "kolo:", note)
	}
	return err
}

// short says why there are fewer themes than were wanted, or more; "" when there are as many.
func short(o discover.Options, found int) string {
	switch {
	case o.K == 0 || found == o.K || found == 0:
		return ""
	case len(o.Previous) > 0:
		return fmt.Sprintf("%d themes instead of %d: those of the previous run are kept, and a new one needs texts that belong to none of them", found, o.K)
	case found > o.K:
		return fmt.Sprintf("%d themes instead of %d: each language has one at least", found, o.K)
	}
	return fmt.Sprintf("%d themes instead of %d: there are no more texts that differ in words which others share", found, o.K)
}

// textLine is the answer to a text.
type textLine struct {
	Kind       string   `json:"kind"` // "text"
	ID         string   `json:"id,omitempty"`
	Theme      string   `json:"theme,omitempty"`
	Confidence *float64 `json:"confidence,omitempty"`
	Error      string   `json:"error,omitempty"`
}

// foundLine describes a theme.
type foundLine struct {
	Kind      string             `json:"kind"` // "theme"
	Theme     string             `json:"theme"`
	Name      string             `json:"name"`
	Names     map[string]string  `json:"names,omitempty"` // in several languages, where it has them
	Phrases   []string           `json:"phrases,omitempty"`
	Quote     string             `json:"quote,omitempty"`
	Count     int                `json:"count"`
	Language  string             `json:"language,omitempty"`
	Under     string             `json:"under,omitempty"` // the starting theme that most of its texts are about
	Sentiment *reading.Sentiment `json:"sentiment,omitempty"`
	Score     *float64           `json:"score,omitempty"` // mean, -1 to 1
}

// other is the theme of texts that say nothing.
const other = "other"

// discoverThemes answers each line with one, in the same order, and then tells the themes, the largest first. It gives back how many
// were found, and fault.Invalid when some lines could not be read.
func discoverThemes(ctx context.Context, r *reading.Reader, in io.Reader, out io.Writer, o discover.Options) (int, error) {
	var answers []textLine
	var docs []discover.Doc
	var line []int // of each text
	src := bufio.NewReaderSize(in, 1<<16)
	for {
		b, err := src.ReadBytes('\n')
		if len(b) > 0 { // an empty line has its end, and is answered too
			b = jsonread.Line(b)
			var x struct {
				Text     *string         `json:"text"`
				Language string          `json:"language"`
				ID       json.RawMessage `json:"id"`
			}
			a := textLine{Kind: "text"}
			switch err := json.Unmarshal(b, &x); {
			case err != nil || x.Text == nil:
				a.Error = badLine(b, err)
			default:
				a.ID = strings.Trim(string(x.ID), `"`)
				if a.ID == "null" {
					a.ID = ""
				}
				language, _, _ := strings.Cut(strings.ToLower(x.Language), "-")
				docs = append(docs, discover.Doc{ID: a.ID, Text: *x.Text, Language: language})
				line = append(line, len(answers))
			}
			answers = append(answers, a)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	readings, err := readAll(ctx, r, docs)
	if err != nil {
		return 0, err
	}
	for i := range docs {
		docs[i].Language = cmp.Or(docs[i].Language, readings[i].Language)
	}
	o.Guide = func(i int) (string, float64) {
		if t := readings[i].Themes; len(t) > 0 {
			return t[0].Theme, t[0].Confidence
		}
		return "", 0
	}
	o.About = func(i int) []float32 { return r.About(docs[i].Text, docs[i].Language) }
	found, err := discover.Discover(ctx, docs, o)
	if err != nil {
		return 0, err
	}
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	none := 0
	for i, l := range line {
		a, c := &answers[l], round(found.Confidence[i])
		a.Theme, a.Confidence = other, &c
		if t := found.Of[i]; t >= 0 {
			a.Theme = found.Themes[t].ID
		} else {
			none++
		}
	}
	for _, a := range answers {
		if err := enc.Encode(a); err != nil {
			return 0, err
		}
	}
	for _, l := range foundLines(docs, readings, found) {
		if err := enc.Encode(l); err != nil {
			return 0, err
		}
	}
	if none > 0 {
		if err := enc.Encode(foundLine{Kind: "theme", Theme: other, Name: "Other", Count: none}); err != nil {
			return 0, err
		}
	}
	if err := w.Flush(); err != nil {
		return 0, err
	}
	return len(found.Themes), unread(int64(len(answers)-len(docs)), int64(len(answers)))
}

// readAll reads texts on all cores.
func readAll(ctx context.Context, r *reading.Reader, docs []discover.Doc) ([]reading.Reading, error) {
	out := make([]reading.Reading, len(docs))
	var wg sync.WaitGroup
	cores := runtime.GOMAXPROCS(0)
	for w := range cores {
		wg.Go(func() {
			for i := w; i < len(docs) && ctx.Err() == nil; i += cores {
				out[i] = r.Read(docs[i].Text, docs[i].Language)
			}
		})
	}
	wg.Wait()
	return out, ctx.Err()
}

func foundLines(docs []discover.Doc, readings []reading.Reading, found discover.Result) []foundLine {
	lines := make([]foundLine, len(found.Themes))
	counts := make([]map[reading.Sentiment]int, len(lines))
	sums := make([]float64, len(lines))
	for i, t := range found.Of {
		if t < 0 {
			continue
		}
		if counts[t] == nil {
			counts[t] = map[reading.Sentiment]int{}
		}
		counts[t][readings[i].Sentiment]++
		sums[t] += readings[i].Score
	}
	tree := theme.NewTree(nil, 0)
	for i, t := range found.Themes {
		quote := docs[t.Quote].Text
		quote = shorten(text.Mask(quote, text.Personal(quote, t.Language)), 240)
		most := reading.Neutral
		for _, s := range []reading.Sentiment{reading.Negative, reading.Positive, reading.Mixed} {
			if counts[i][s] > counts[i][most] {
				most = s
			}
		}
		score := round(sums[i] / float64(max(1, t.Count)))
		lines[i] = foundLine{Kind: "theme", Theme: t.ID, Name: t.Name, Phrases: t.Phrases, Quote: quote, Count: t.Count, Language: t.Language, Under: t.Key,
			Sentiment: &most, Score: &score}
		if start, ok := tree.Get(t.ID); ok && t.ID == t.Key {
			lines[i].Name, lines[i].Names = start.Name(t.Language), start.Names
		}
	}
	return lines
}

// shorten cuts a text that is longer than so many characters after a word.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n < most {
			n++
			continue
		}
		// In the middle of a word, the whole word goes; but not half of the text for a word without end.
		if k := strings.LastIndexByte(s[:i], ' '); s[i] != ' ' && k > i/2 {
			i = k
		}
		s = s[:i]
		break
	}
	return s + "…"
}

// knownFrom reads the themes of an earlier answer, with the ids of their texts.
func knownFrom(in io.Reader) ([]discover.Known, error) {
	members := map[string][]string{}
	var known []discover.Known
	src := bufio.NewReaderSize(in, 1<<16)
	for n := 1; ; n++ {
		b, err := src.ReadBytes('\n')
		if b = jsonread.Line(b); len(b) > 0 {
			var x struct{ Kind, ID, Theme, Language string }
			if err := json.Unmarshal(b, &x); err != nil {
				return nil, fault.New(fault.Invalid, "themes.discover", "the file of the previous run is no answer of this command: line %d is none of its lines", n)
			}
			switch {
			case x.Kind == "text" && x.Theme != "" && x.ID != "":
				members[x.Theme] = append(members[x.Theme], x.ID)
			case x.Kind == "theme" && x.Theme != other:
				known = append(known, discover.Known{ID: x.Theme, Language: x.Language})
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	for i := range known {
		known[i].Members = members[known[i].ID]
	}
	return known, nil
}
