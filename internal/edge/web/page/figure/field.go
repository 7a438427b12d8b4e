package figure

import (
	"cmp"
	"strings"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/i18n"
	"kolo/internal/listen/feedback"
)

// FieldNames names fields as the people of a workspace do, whose register it is given; theme.ID is a theme by its name.
func FieldNames(e ui.Env, register []feedback.Field) func(field string) string {
	titles := map[string]string{}
	for _, f := range register {
		if f.Title != "" {
			titles[f.Field+"."+f.Key] = f.Title
		}
	}
	return func(field string) string {
		if id, ok := strings.CutPrefix(field, "theme."); ok {
			return cmp.Or(e.Names[id], id)
		}
		return cmp.Or(titles[field], Field(e, field))
	}
}

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
