package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/understand/reading"
)

// understandAll gives the answer to each line; failed is what the command says in the end, "" for nothing.
func understandAll(t *testing.T, in io.Reader, failed string) []map[string]any {
	t.Helper()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := understand(t.Context(), r, in, &out); fault.ProblemOf(err).Detail != failed || (err != nil) != (failed != "") {
		t.Fatal(err)
	}
	var answers []map[string]any
	for line := range strings.SplitSeq(strings.TrimSuffix(out.String(), "\n"), "\n") {
		var a map[string]any
		if err := json.Unmarshal([]byte(line), &a); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		answers = append(answers, a)
	}
	return answers
}

func TestUnderstandAnswersInOrder(t *testing.T) {
	t.Parallel()
	var in strings.Builder
	const n = 3000
	for i := range n {
		fmt.Fprintf(&in, `{"text": "Visit number %d was lovely", "language": "en", "more": [1, {}]}`+"\n", i)
	}
	answers := understandAll(t, strings.NewReader(in.String()), "")
	if len(answers) != n {
		t.Fatalf("%d answers to %d lines", len(answers), n)
	}
	for i, a := range answers {
		if want := fmt.Sprintf("Visit number %d was lovely", i); a["masked"] != want || a["sentiment"] != "positive" {
			t.Fatalf("answer %d is %v", i, a)
		}
	}
}

func TestUnderstandAnswersBadLines(t *testing.T) {
	t.Parallel()
	lines := []struct {
		in  string
		bad string
	}{
		{`{"text": "Great service, but the app is broken", "language": "EN-gb"}`, ""},
		{`not JSON`, "this line is no JSON object with a text"},
		{`{"text": 5}`, "text must be a string"},
		{`{}`, "this line has no text"},
		{`[]`, "this line is no JSON object with a text"},
		{`{"text": "a", "language": ["en"]}`, "language must be a string"},
		{"{\"text\": \"broken \xff\xfe bytes\"}", ""},
		{`{"text": "half a pair \ud83d"}`, ""},
		{`{"text": ""}`, ""},
		{`{"text": "mail me at jo@example.com"}`, ""},
		{`{"text": "` + strings.Repeat("long ", 50_000) + `"}`, ""}, // longer than any buffer
		{`{"text": "a", "language": "no language"}`, `language: "no language" is not a language tag such as he or pt-BR`},
	}
	var in strings.Builder
	for _, l := range lines {
		in.WriteString(l.in + "\n \n") // empty lines are answered too
	}
	answers := understandAll(t, strings.NewReader("\ufeff"+strings.TrimSpace(in.String())), "17 of 23 lines could not be read; the answer to each says why") // a mark at the beginning, and no line break at the end
	if len(answers) != 2*len(lines)-1 {
		t.Fatalf("%d answers to %d lines", len(answers), len(lines))
	}
	for i, a := range answers {
		line, want := "", "this line is empty"
		if i%2 == 0 {
			line, want = lines[i/2].in, lines[i/2].bad
		}
		if bad, _ := a["error"].(string); bad != want {
			t.Errorf("%.60s: %v", line, a)
		}
	}
	first := answers[0]
	if first["language"] != "en" || first["language_confidence"] != 1.0 || len(first["clauses"].([]any)) != 2 {
		t.Errorf("%v", first)
	}
	if masked := answers[18]["masked"].(string); strings.Contains(masked, "jo@example.com") {
		t.Errorf("masked: %s", masked)
	}
}

func TestUnderstandStopsWhenNobodyListens(t *testing.T) {
	t.Parallel()
	r, err := reading.New()
	if err != nil {
		t.Fatal(err)
	}
	in := strings.NewReader(strings.Repeat(`{"text": "good", "language": "en"}`+"\n", 20_000))
	if err := understand(t.Context(), r, in, closedWriter{}); err == nil {
		t.Error("writing failed, and nobody said so")
	}
}

type closedWriter struct{}

func (closedWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
