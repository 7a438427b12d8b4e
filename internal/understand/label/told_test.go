package label_test

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"kolo/internal/listen/feedback"
	"kolo/internal/understand/label"
	"kolo/internal/understand/reading"
	"kolo/internal/understand/text"
)

// TestTold: places are characters of the text beside them, also behind something masked and in texts of several bytes a letter.
func TestTold(t *testing.T) {
	t.Parallel()
	const said = "השליח איחר, כתבו ל-dana@example.com מיד. תודה!"
	cut := strings.Index(said, ",") + 1
	last := strings.Index(said, "תודה")
	l := label.Label{Hash: label.HashOf(said), Reading: reading.Reading{Language: "he", Model: "m", Clauses: []reading.Clause{
		{Span: text.Span{Start: 0, End: cut}, Sentiment: reading.Negative, Themes: []reading.ThemeLabel{{Theme: "old", Sentiment: reading.Negative}, {Theme: "delivery"}, {Theme: "gone"}}},
		{Span: text.Span{Start: cut, End: last}}, {Span: text.Span{Start: last, End: len(said)}, Sentiment: reading.Positive}}}}
	f := feedback.Feedback{Text: said}
	resolve := func(id string) string { return map[string]string{"old": "delivery", "delivery": "delivery"}[id] }
	for _, mask := range []bool{false, true} {
		told := label.Tell(f, "he", mask, nil)
		if strings.Contains(told.Text, "dana@") == mask || mask && !strings.Contains(told.Text, "[email]") {
			t.Fatalf("mask %v: %q", mask, told.Text)
		}
		u := told.Understanding(l, resolve)
		letters := []rune(told.Text)
		whole := ""
		for i, c := range u.Clauses {
			if got := string(letters[c.Start:c.End]); got != c.Text || !utf8.ValidString(c.Text) {
				t.Errorf("mask %v: clause %d is %q, at its place stands %q", mask, i, c.Text, got)
			}
			whole += c.Text
			if sp, ok := told.Clause(l, c.Start, c.End); !ok || sp != l.Clauses[i].Span {
				t.Errorf("mask %v: clause %d is found at %v", mask, i, sp)
			}
		}
		if whole != told.Text {
			t.Errorf("the clauses together are %q", whole)
		}
		if x := u.Clauses[0].Themes; len(x) != 1 || x[0].Theme != "delivery" {
			t.Errorf("themes %v", x)
		}
	}
	plain := label.Tell(f, "he", false, nil)
	l.Hash++
	if u := plain.Understanding(l, resolve); len(u.Clauses) != 0 {
		t.Error("clauses of an earlier text are told")
	}
}

// TestMaskedNames: what a contact is called is masked in all that they said.
func TestMaskedNames(t *testing.T) {
	t.Parallel()
	f := feedback.Feedback{Text: "Zelda again", Touchpoint: "call of quux", Answers: []feedback.Answer{{Question: "Why, Zelda?", Value: "ask Quux"}, {Value: []any{"zelda", 3.0}}},
		Attributes: map[string]string{"note": "ask Zelda"}}
	names := []string{"Zelda Quux"}
	got := fmt.Sprintf("%+v", label.Masked(f, label.Tell(f, "", true, names), true, nil))
	if s := strings.ToLower(got); strings.Contains(s, "zelda") || strings.Contains(s, "quux") || !strings.Contains(s, "[name] again") {
		t.Error(got)
	}
}

// TestMaskedFacts: what senders may write at will beside a text says nobody's address either.
func TestMaskedFacts(t *testing.T) {
	t.Parallel()
	f := feedback.Feedback{Source: "form of ann@example.com", ExternalID: "ann@example.com", Touchpoint: "call 052-123-4567", Survey: "for ann@example.com",
		Scores: []feedback.Score{{Metric: "nps", Question: "Would ann@example.com recommend us?"}}, Answers: []feedback.Answer{{Question: "ann@example.com, why?", Value: "ask ann@example.com"}},
		Attributes: map[string]string{"by": "ann@example.com"}}
	before := fmt.Sprintf("%+v", f)
	got := label.Masked(f, label.Tell(f, "", true, nil), true, nil)
	if s := fmt.Sprintf("%+v", got); strings.Contains(s, "ann@") || strings.Contains(s, "4567") || got.Scores[0].Question != "Would [email] recommend us?" {
		t.Errorf("%+v", got)
	}
	if after := fmt.Sprintf("%+v", f); after != before {
		t.Errorf("the original was changed: %s", after)
	}
	for _, id := range []string{"import-4580123456789012-17", "order 17", "0198c5b0-7a1e-7cc3-98c4-dc0c0c07398f"} {
		if got := label.Facts(feedback.Feedback{ExternalID: id}, nil); got.ExternalID != id {
			t.Errorf("%q became %q", id, got.ExternalID)
		}
	}
}
