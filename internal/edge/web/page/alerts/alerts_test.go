package alerts

import (
	"strings"
	"testing"
	"time"

	"kolo/internal/edge/web/ui"
	"kolo/internal/foundation/fault"
	"kolo/internal/foundation/i18n"
	"kolo/internal/understand/alert"
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

// TestWhileNothingIsWatchedThePageSaysWhatItWaitsFor: in every language, with how much history an alarm takes and with the time of the next look.
func TestWhileNothingIsWatchedThePageSaysWhatItWaitsFor(t *testing.T) {
	t.Parallel()
	next := time.Date(2026, 3, 4, 0, 0, 0, 0, time.UTC)
	for _, tag := range []string{"en", "he", "fa", "ru"} {
		e := ui.Env{Locale: i18n.Load().Language(tag)}
		for _, w := range []alert.Waits{{For: alert.ForFeedback}, {For: alert.ForDay, Next: next}, {For: alert.ForLook}, {For: alert.ForRecent, Next: next}} {
			v := waits(e, alert.Watch{Waits: &w})
			if strings.Contains(v.Title+v.Text, "alerts.") || !strings.Contains(v.Text, e.N(12, 0)) || !strings.Contains(v.Text, e.N(42, 0)) {
				t.Errorf("%s, %s: %q, %q", tag, w.For, v.Title, v.Text)
			}
			if !w.Next.IsZero() && !strings.Contains(v.Text, e.DateTime(w.Next)) {
				t.Errorf("%s, %s: %q does not say when it looks", tag, w.For, v.Text)
			}
		}
		if waits(e, alert.Watch{}) != nil {
			t.Errorf("%s: what is watched waits for nothing", tag)
		}
	}
}
