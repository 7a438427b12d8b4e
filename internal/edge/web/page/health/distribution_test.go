package health

import (
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/health"
)

// The summary of how scores are spread tells scores as scores and customers as customers.
func TestDistributionInWords(t *testing.T) {
	t.Parallel()
	e := ui.Env{Locale: i18n.Load().Language("en")}
	c := distribution(e, health.Summary{Scores: []health.Whole{{Score: 87, N: 1}, {Score: 95, N: 60}, {Score: 96, N: 151}, {Score: 98, N: 2}}})
	if want := "Customers with a score: 214. Scores go from 87 to 98; half of the customers have 96 or less. The most frequent is 96, with 151."; c.Summary != want {
		t.Errorf("%q, want %q", c.Summary, want)
	}
}
