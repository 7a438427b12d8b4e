package insight_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
)

func TestSearch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		said := func(daysAgo int, language, text string) feedback.Input {
			at := today.AddDate(0, 0, -daysAgo)
			return feedback.Input{Channel: "web", Time: &at, Language: language, Text: text}
		}
		in := []feedback.Input{
			said(0, "en", "Deliveries are late, and the money back promise was a joke"),
			said(1, "en", "Late. Late. Late delivery."),
			said(2, "en", "Give me back my money"),
			said(3, "he", "המשלוחים איחרו"),
			said(4, "ru", "Курьеры опоздали с доставкой, а деньги не вернули"),
			said(5, "fa", "ارسال كالا دير بود"),
			said(6, "en", "?!"),
			said(7, "en", "100%_sure it's '; DROP TABLE feedback; --"),
		}
		w.receive(w.ws, in...)
		w.receive(w.workspace("Two"), in...)
		rows := insight.NewService(w.db, nil, w.feedback)
		for query, want := range map[string]string{
			"delivery": "0 1", "late delivery": "0 1", `"money back"`: "0", "money -joke": "2", "deliv*": "0 1", "delivery*": "1", "late -delivery*": "0", "המשלוחים*": "3",
			"доставкой*": "4", "ارسال*": "5", "کالا*": "5", "dea*": "", "משלוח": "3", "доставка": "4", "کالا": "5",
			"delivery -late": "", "": "0 1 2 3 4 5 6 7", " ": "0 1 2 3 4 5 6 7", "?!": "", `"`: "", "-": "", "()": "", "late ()": "0 1", "'; DROP": "7", "100%": "7", "LATE": "0 1",
			`"money back" OR משלוח`: "0 3", "доставка ИЛИ late -money": "1 4", "delivery*  | כלום": "1",
		} {
			cond := insight.Conditions{{Field: "text", Op: "search", Values: []string{query}}}
			find := func(s *insight.Service, how func(*insight.Service) (insight.Found, error)) string {
				t.Helper()
				found, err := how(s)
				must(t, err)
				var at []string
				for _, f := range found.Feedback {
					at = append(at, fmt.Sprint(slices.IndexFunc(in, func(x feedback.Input) bool { return x.Text == f.Text })))
				}
				return strings.Join(at, " ")
			}
			newest := func(s *insight.Service) (insight.Found, error) {
				return s.Find(t.Context(), w.ws, cond, insight.Period{}, "", 20)
			}
			if got := find(w.insight, newest); got != want {
				t.Errorf("%q finds %q, not %q", query, got, want)
			}
			if got := find(rows, newest); got != want {
				t.Errorf("%q finds %q in the rows, not %q", query, got, want)
			}
		}
		cond := insight.Conditions{{Field: "text", Op: "search", Values: []string{"late delivery"}}}
		var at []string
		cursor := ""
		for range 3 {
			found, err := w.insight.Best(t.Context(), w.ws, cond, insight.Period{}, cursor, 1)
			must(t, err)
			for _, f := range found.Feedback {
				at = append(at, f.Text)
			}
			if cursor = found.Next; cursor == "" {
				break
			}
		}
		if len(at) != 2 || at[0] != "Late. Late. Late delivery." {
			t.Errorf("the best are %q", at)
		}
		if _, err := w.insight.Best(t.Context(), w.ws, cond, insight.Period{}, "best_x", 1); err == nil {
			t.Error("a cursor that Kolo did not give")
		}
		if a := w.ask(insight.Query{Measure: insight.Count, Where: cond}); a.Total.N != 2 {
			t.Errorf("%d are counted", a.Total.N)
		}
	})
}

// TestTheShortFormSearches: who writes {"text": "room"} looks for the word, and not for a text that is it.
func TestTheShortFormSearches(t *testing.T) {
	t.Parallel()
	var q insight.Query
	must(t, json.Unmarshal([]byte(`{"measure":"count","where":{"channel":"web","text":"room"},"share":{"text":["a","b"]}}`), &q))
	must(t, q.Validate())
	if len(q.Where) != 2 || q.Where[0].Op != "in" || q.Where[1].Op != "search" || q.Share[0].Op != "search" {
		t.Errorf("%+v", q)
	}
}
