package alerts

import (
	"strings"
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/alert"
)

// TestSharesEndAtAll: what is usual of a share goes no further than a share can, and points and counts go as far as they do.
func TestSharesEndAtAll(t *testing.T) {
	t.Parallel()
	e := ui.Env{Locale: i18n.Load().Language("en")}
	if got := band(e, alert.Subject{Measure: "csat"}, .582, 1.004); !strings.Contains(got, "58.2%") || !strings.Contains(got, "100.0%") {
		t.Error(got)
	}
	if got := band(e, alert.Subject{Measure: "nps"}, -12, 30); !strings.Contains(got, "30.0") || !strings.Contains(got, "−12.0") {
		t.Error(got)
	}
}
