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
	"strings"
	"sync/atomic"
	"time"

	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/jsonread"
	"kolo/internal/listen/feedback"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
)

type understandCommand struct{}

// Run reads NDJSON and answers each line with one, in the same order. A line that cannot be read is answered too, and makes the command
// fail once all are answered.
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

// understand answers lines in their order, on all cores, holding a bounded number of them. It is fault.Invalid when some could not be read.
func understand(ctx context.Context, r *reading.Reader, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	type work struct {
		lines [][]byte
		done  chan []byte
	}
	var read, failed atomic.Int64
	cores := runtime.GOMAXPROCS(0)
	todo, order := make(chan work), make(chan work, 2*cores)
	for range cores {
		go func() {
			for w := range todo {
				var b []byte
				for _, line := range w.lines {
					var ok bool
					if b, ok = answer(b, r, line); !ok {
						failed.Add(1)
					}
					b = append(b, '\n')
				}
				read.Add(int64(len(w.lines)))
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
		if len(line) > 0 { // an empty one has its end: it is answered too, so that answers stand at the numbers of their lines
			lines, size = append(lines, jsonread.Line(line)), size+len(line)
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
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return unread(failed.Load(), read.Load())
}

// unread is what a command says in the end when it could not read some lines.
func unread(failed, all int64) error {
	if failed == 0 {
		return nil
	}
	return fault.New(fault.Invalid, "lines", "%d of %d lines could not be read; the answer to each says why", failed, all)
}

// answer appends the answer to one line; ok is false when that says what is wrong with it.
func answer(b []byte, r *reading.Reader, line []byte) (_ []byte, ok bool) {
	var in struct {
		Text     *string `json:"text"`
		Language string  `json:"language"`
	}
	var reply any
	err := json.Unmarshal(line, &in)
	switch {
	case err != nil || in.Text == nil:
		reply = map[string]string{"error": badLine(line, err)}
	case badLanguage(in.Language) != "":
		reply = map[string]string{"error": badLanguage(in.Language)}
	default:
		ok = true
		reply = understoodOf(r, *in.Text, strings.TrimSpace(in.Language))
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(reply); err != nil { // cannot happen: these are plain values
		return append(b, `{"error":"the answer cannot be written"}`...), false
	}
	return append(b, bytes.TrimRight(buf.Bytes(), "\n")...), ok
}

// badLine says what is wrong with a line that could not be read, or that has no text.
func badLine(line []byte, err error) string {
	switch wrong := (*json.UnmarshalTypeError)(nil); {
	case len(line) == 0:
		return "this line is empty"
	case err == nil:
		return "this line has no text"
	case errors.As(err, &wrong) && wrong.Field != "":
		return wrong.Field + " must be a string"
	}
	return "this line is no JSON object with a text"
}

// badLanguage says what is wrong with the language of a line, "" when nothing is: as the intake says it of feedback.
func badLanguage(tag string) string {
	in := feedback.Input{Text: "-", Language: tag}
	for _, f := range fault.ProblemOf(in.Validate(time.Now(), "")).Errors {
		if f.Path == "language" {
			return "language: " + f.Msg
		}
	}
	return ""
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
