package alerts

import (
	"testing"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
)

// TestAMissingVerdictIsToldInTheWordsOfThePage: in any language, and other fields keep theirs.
func TestAMissingVerdictIsToldInTheWordsOfThePage(t *testing.T) {
	t.Parallel()
	for tag, want := range map[string]string{
		"en": "Choose what came of it: “Something had happened”, “It was known” or “Nothing had happened”.",
		"ru": "Выберите, что это было: «Что-то случилось», «Это было известно» или «Ничего не случилось».",
	} {
		e := ui.Env{Locale: i18n.Load().Language(tag)}
		_, fields := ui.Refuse(e, []ui.Field{{Name: "verdict"}, {Name: "owner"}},
			fault.Bad("alert.Change", fault.Field{Path: "verdict", Code: "unknown", Msg: "a verdict is true, false or known"}, fault.Field{Path: "owner", Code: "unknown", Msg: "nobody"}))
		other := fields[1].Error
		inWords(e, fields)
		if fields[0].Error != want || fields[1].Error != other {
			t.Errorf("%s: %q, %q", tag, fields[0].Error, fields[1].Error)
		}
	}
}
