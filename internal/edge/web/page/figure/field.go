package figure

import (
	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
)

// Difference writes a difference of two values of a measure's unit, "points", "share" or "scale", with its sign.
func Difference(e ui.Env, unit string, d float64) string {
	switch unit {
	case "share":
		return e.T("score.points", "n", i18n.Verbatim(e.Signed(100*d, 1)))
	case "points":
		return e.Signed(d, 1)
	}
	return e.Signed(d, 2)
}
