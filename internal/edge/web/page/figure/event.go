package figure

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"kolo/internal/edge/web/ui"
)

// EventName is what people call an event: those that most companies have in the reader's language, others as they were named, with
// spaces for underscores.
func EventName(e ui.Env, name string) string {
	if e.Has("event_name." + strings.ToLower(name)) {
		return e.T("event_name." + strings.ToLower(name))
	}
	made := strings.ReplaceAll(name, "_", " ")
	first, size := utf8.DecodeRuneInString(made)
	return string(unicode.ToUpper(first)) + made[size:]
}
