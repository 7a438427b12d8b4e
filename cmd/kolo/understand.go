package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"os"
	"runtime"

	"kolo/internal/foundation/jsonread"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
)

type understandCommand struct{}

// Run reads NDJSON and answers each line with one, in the same order. A line that cannot be read is answered too.
func (understandCommand) Run(e *env) error {
	if err := text.Ready(); err != nil {
		return err
	}
	r, err := reading.New()
	if err != nil {
		return err
	}
	return understand(e, r, os.Stdin, os.Stdout)
}

// understood is a line of the answer.
type understood struct {
	Language           string            `json:"language"`
	LanguageConfidence float64           `json:"language_confidence"`
	Sentiment          reading.Sentiment `json:"sentiment"`
	Score              float64           `json:"score"`
	Confidence         float64           `json:"confidence"`
	Unsure             bool              `json:"unsure"`
	Themes             []themeLine       `json:"themes"`
	Clauses            []clauseLine      `json:"clauses"`
	Masked             string            `json:"masked"`
	Model              string            `json:"model"`
}

type themeLine struct {
	Theme      string            `json:"theme"`
	Sentiment  reading.Sentiment `json:"sentiment"`
	Confidence float64           `json:"confidence"`
}

type clauseLine struct {
	Start      int               `json:"start"` // bytes of the text
	End        int               `json:"end"`
	Text       string            `json:"text"`
	Sentiment  reading.Sentiment `json:"sentiment"`
	Score      float64           `json:"score"`
	Confidence float64           `json:"confidence"`
	Themes     []themeLine       `json:"themes"`
}

// batch is how many bytes of lines, about, are handed to a core at a time.
const batch = 64 << 10

// understand answers lines in their order, on all cores, holding a bounded number of them.
func understand(ctx context.Context, r *reading.Reader, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type work struct {
		lines [][]byte
		done  chan []byte
	}
	cores := runtime.GOMAXPROCS(0)
	todo, order := make(chan work), make(chan work, 2*cores)
	for range cores {
		go func() {
			for w := range todo {
				var b []byte
				for _, line := range w.lines {
					b = append(answer(b, r, line), '\n')
				}
				w.done <- b
			}
		}()
	}
	written := make(chan struct{})
	go func() {
		defer close(written)
		for w := range order {
			if _, err := out.Write(<-w.done); err != nil {
				cancel(err)
				for w := range order { // let go of those who still hand work in
					<-w.done
				}
				return
			}
		}
	}()
	flush := func(lines [][]byte) {
		w := work{lines, make(chan []byte, 1)}
		order <- w
		todo <- w
	}
	src := bufio.NewReaderSize(in, 1<<16)
	var lines [][]byte
	size := 0
	var err error
	for ctx.Err() == nil {
		var line []byte
		line, err = src.ReadBytes('\n')
		if line = jsonread.Line(line); len(line) > 0 {
			lines, size = append(lines, line), size+len(line)
		}
		// What has come in is answered before waiting for more: a pipe may be a conversation.
		if size >= batch || len(lines) > 0 && (err != nil || src.Buffered() == 0) {
			flush(lines)
			lines, size = nil, 0
		}
		if err != nil {
			break
		}
	}
	close(todo)
	close(order)
	<-written
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	return context.Cause(ctx)
}

// answer appends the answer to one line.
func answer(b []byte, r *reading.Reader, line []byte) []byte {
	var in struct {
		Text     *string `json:"text"`
		Language string  `json:"language"`
	}
	var reply any
	err := json.Unmarshal(line, &in)
	switch {
	case err != nil:
		reply = map[string]string{"error": badLine(err)}
	case in.Text == nil:
		reply = map[string]string{"error": "this line has no text"}
	default:
		reply = understoodOf(r, *in.Text, in.Language)
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(reply); err != nil { // cannot happen: these are plain values
		return append(b, `{"error":"the answer cannot be written"}`...)
	}
	return append(b, bytes.TrimRight(buf.Bytes(), "\n")...)
}

// badLine says what is wrong with a line that could not be read.
func badLine(err error) string {
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) && wrong.Field != "" {
		return wrong.Field + " must be a string"
	}
	return "this line is no JSON object with a text"
}

func understoodOf(r *reading.Reader, s, language string) understood {
	x := r.Read(s, language)
	u := understood{x.Language, round(x.LanguageConfidence), x.Sentiment, round(x.Score), round(x.Confidence), x.Unsure, themeLines(x.Themes),
		make([]clauseLine, 0, len(x.Clauses)), text.Mask(s, text.Personal(s, x.Language)), x.Model}
	for _, c := range x.Clauses {
		u.Clauses = append(u.Clauses, clauseLine{c.Start, c.End, c.Of(s), c.Sentiment, round(c.Score), round(c.Confidence), themeLines(c.Themes)})
	}
	return u
}

func themeLines(labels []reading.ThemeLabel) []themeLine {
	out := make([]themeLine, 0, len(labels))
	for _, t := range labels {
		out = append(out, themeLine{t.Theme, t.Sentiment, round(t.Confidence)})
	}
	return out
}

// round leaves as many figures as mean something.
func round(x float64) float64 { return math.Round(x*1e4) / 1e4 }
