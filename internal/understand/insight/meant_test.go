package insight_test

import (
	"strings"
	"testing"

	"kolo/internal/foundation/fault"
	"kolo/internal/understand/insight"
)

// TestNearMisses: an error names the field that was meant.
func TestNearMisses(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"store":            "did you mean attribute.store, answer.store or contact.store?",
		"Channel":          "did you mean channel?",
		"touch_point":      "did you mean touchpoint?",
		"TouchPoint":       "did you mean touchpoint?",
		"chanel":           "did you mean channel?",
		"themes":           "did you mean theme?",
		"NPS":              "did you mean nps?",
		"attributes.store": "did you mean attribute.store?",
		"Contact.plan":     "did you mean contact.plan?",
		"plan":             "did you mean attribute.plan,",
		"nothing.like.it":  "it is one of kind, channel",
	} {
		q := insight.Query{Measure: insight.Count, By: []string{name}, Where: insight.Conditions{{Field: name, Values: []string{"x"}}}}
		bad := fault.ProblemOf(q.Validate()).Errors
		if len(bad) != 2 || !strings.Contains(bad[0].Msg, want) || !strings.Contains(bad[1].Msg, want) || !strings.HasPrefix(bad[0].Msg, `"`+name+`" is not a field`) {
			t.Errorf("%s: %+v", name, bad)
		}
	}
}
