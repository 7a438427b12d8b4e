package insight_test

import (
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/listen/feedback"
	"kolo/internal/understand/insight"
)

// TestContactsAreNotFoundByWhatIsNotKept: a filter by an address would find nothing, and look like an answer. An attribute may have the name.
func TestContactsAreNotFoundByWhatIsNotKept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, w *world) {
		in := by(1, 9, 1, "web")
		in.Contact.Attributes = feedback.Attributes{"phone": "office"}
		w.receive(w.ws, in)
		for _, name := range []string{"contact.email", "contact.e-mail", "contact.external_id", "contact.name"} {
			c := insight.Conditions{{Field: name, Op: "in", Values: []string{"dana@example.com"}}}
			_, counted := w.insight.Ask(t.Context(), w.ws, insight.Query{Measure: insight.Count, Where: c})
			_, grouped := w.insight.Ask(t.Context(), w.ws, insight.Query{Measure: insight.Count, By: []string{name}})
			_, found := w.insight.Find(t.Context(), w.ws, c, insight.Period{}, "", 10)
			checked := w.insight.Check(t.Context(), w.ws, c, insight.Period{})
			for i, err := range []error{counted, grouped, found, checked} {
				p := fault.ProblemOf(err)
				if !fault.Is(err, fault.Invalid) || len(p.Errors) != 1 || p.Errors[0].Path != name || !strings.Contains(p.Errors[0].Msg, "ask for contact") {
					t.Errorf("%s %d: %v %+v", name, i, err, p.Errors)
				}
			}
		}
		a, err := w.insight.Ask(t.Context(), w.ws, insight.Query{Measure: insight.Count, Where: insight.Conditions{{Field: "contact.phone", Op: "in", Values: []string{"office"}}}})
		must(t, err)
		if a.Total.N != 1 {
			t.Errorf("an attribute called phone: %+v", a.Total)
		}
	})
}
